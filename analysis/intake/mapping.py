"""What params/<study>/source.yml may say, as records: which file and column feed which table and field."""

from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pandas as pd
from pydantic import BeforeValidator, Field, field_validator, model_validator

from analysis.params import Record, Words, did_you_mean
from analysis.tables import SYSTEMS

# A format has to name all of these, or dates would be invented from what is left.
DATE_PARTS = {"year": ("%Y", "%y"), "month": ("%m", "%b", "%B"), "day": ("%d",)}


def _as_written(given: object) -> object:
    """The value, if YAML has left it text: 007 would be 7, No would be false, and 2025-01-01 would be a day."""
    if not isinstance(given, int | float | date):
        return given
    if isinstance(given, bool):
        raise ValueError(
            'needs quotes: YAML reads Yes, No, On and Off as true or false; write "No" as your file has it'
        )
    kind = "a number" if isinstance(given, int | float) else "a date"
    raise ValueError(f'needs quotes: YAML reads {given} as {kind}, not as text; write "{given}" as your file has it')


def _several(given: object) -> object:
    if not isinstance(given, list | tuple):
        return (_as_written(given),)
    if any(one is None for one in given):
        raise ValueError('needs quotes: YAML reads NULL and ~ as nothing; write "NULL" as your file has it')
    return tuple(map(_as_written, given))


def _spellings(given: object) -> object:
    """Spellings by code with each list as a tuple; the name of one of `code_lists` stays as it is."""
    if not isinstance(given, dict):
        return _as_written(given)
    return {_as_written(code): _several(forms) for code, forms in given.items()}


Text = Annotated[str, BeforeValidator(_as_written)]
Several = Annotated[tuple[Words, ...], BeforeValidator(_several)]
Spellings = dict[str, tuple[str, ...]]


class Covers(Record):
    """The days whose requests the extract holds, both included, as its sender says."""

    from_on: date = Field(alias="from")
    to_on: date = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to_on < self.from_on:
            raise ValueError(f"ends on {self.to_on}, before it starts on {self.from_on}")
        return self


class ColumnSource(Record):
    """Where one column of the contract comes from: columns of the file, or one constant for every row.

    Several columns are joined: a date and a time into one clock, several problems into one list. `first_of` names several
    places, of which the first that holds a value counts. `missing` are spellings that say nothing in this column alone.
    `system` says whose key a child_id is, where it is not that of the table.
    """

    from_columns: Several = Field(default=(), alias="from")
    constant: Text | None = None
    first_of: tuple["ColumnSource", ...] = ()
    codes: Annotated[str | Spellings, BeforeValidator(_spellings)] = {}
    format: Several = ()
    partial: bool = False
    missing: Several = ()
    system: Literal[tuple(SYSTEMS)] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum([bool(self.from_columns), self.constant is not None, bool(self.first_of)]) != 1:
            raise ValueError('needs one of "from" (a column of the file), "constant" and "first_of"')
        if self.first_of and (self.codes or self.format or self.partial or self.missing):
            raise ValueError('has "first_of": codes, format, partial and missing stand with each of its places')
        if any(place.first_of or place.system for place in self.first_of):
            raise ValueError('"first_of" names places with "from" or "constant"')
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the file that it takes part in."""
        return (*self.from_columns, *(name for place in self.first_of for name in place.from_columns))

    @field_validator("format")
    @classmethod
    def _whole_dates(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for form in formats:
            try:
                pd.to_datetime(pd.Series([""]), format=form, errors="coerce")
            except ValueError as error:
                raise ValueError(f'"{form}" is not a date format ({error}); write one like "%m/%d/%Y %H:%M"') from None
            lacking = [part for part, marks in DATE_PARTS.items() if not any(mark in form for mark in marks)]
            if lacking:
                raise ValueError(f'"{form}" names no {" and no ".join(lacking)}; write one like "%m/%d/%Y %H:%M"')
            if "%z" in form or "%Z" in form:
                raise ValueError(f'"{form}": times with an offset (2025-05-12T13:29-07:00) are read without a format')
        return formats


class Files(Record):
    """Files below data/raw/<study>/ and how they are written."""

    files: Several = ()
    sheet: Text | None = None
    header_row: Annotated[int, Field(ge=1)] = 1
    encoding: str | None = None
    delimiter: str | None = None

    @field_validator("files")
    @classmethod
    def _below_raw(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            parts = PurePosixPath(pattern).parts
            if pattern.startswith("/") or not parts or ".." in parts or "\0" in pattern:
                raise ValueError(f'"{pattern}" must be a name or pattern below data/raw/<study>/, such as "2025/*.csv"')
            if any("**" in part and part != "**" for part in parts):
                raise ValueError(
                    f'"{pattern}": ** stands for whole folders, as in "**/*.csv"; write * for part of a name'
                )
        return patterns

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str | None) -> str | None:
        try:
            "".encode(name or "utf-8")
        except (LookupError, UnicodeError, ValueError):
            raise ValueError("is not an encoding of text; write one like utf-8, latin-1, cp1252 or utf-16") from None
        return name

    @field_validator("delimiter")
    @classmethod
    def _one_mark(cls, mark: str | None) -> str | None:
        if mark is not None and (len(mark) != 1 or mark in '"\r\n\0'):
            raise ValueError('must be one character in double quotes, such as ";" or "|" or "\\t" for a tab')
        return mark


class Join(Files):
    """The header file of a file of lines: `by` names the columns, of both files, that say which header a line belongs to.

    A column that stands in both is the line's; the header's own is header.<name>, which always means the header's.
    """

    by: Several = ()


class TableSource(Files):
    """Where one table comes from: files below data/raw/<study>/, rows written in source.yml itself, or several parts.

    `layout` names a mapping of params/sources/ that the study's own keys add to; `covers` the days that the files hold, where
    they are other than the extract's; `ignore_others` says that columns which nothing is mapped to need not be listed.
    """

    rows: tuple[dict[str, str | int | float | bool | date | None], ...] = ()
    columns: dict[str, ColumnSource] = {}
    ignored: Annotated[tuple[str, ...], BeforeValidator(_several)] = ()
    ignore_others: bool = False
    join: Join | None = None
    layout: Text | None = None
    covers: Covers | None = None
    parts: tuple["TableSource", ...] = ()

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if sum([bool(self.files), bool(self.rows), bool(self.parts)]) != 1:
            raise ValueError('needs one of "files", "rows" and "parts"')
        if self.rows and self.columns:
            raise ValueError('"columns" belongs to "files": rows name their columns themselves')
        if self.parts and (self.columns or self.join or self.layout):
            raise ValueError('has "parts": columns, join and layout stand with each of them')
        if any(part.parts or part.rows for part in self.parts):
            raise ValueError('"parts" are made of files')
        if self.join and not (self.join.files and self.join.by):
            raise ValueError('"join" needs "files" (the header files) and "by" (the columns that both files have)')
        return self

    @property
    def each(self) -> tuple["TableSource", ...]:
        """Its parts; itself where it has none."""
        return self.parts or (self,)


class PersonKey(Record):
    """How the keys that one system gives to children are compared, and whether it may have given one child several."""

    ignore: Annotated[
        tuple[Literal["leading_zeros", "blanks", "capitals", "hyphens"], ...], BeforeValidator(_several)
    ] = ()
    several_per_child: bool = False


class Source(Record):
    """params/<study>/source.yml.

    `replaced_by_sender` says who has replaced every identifier before the extract was sent, and how one can know: such a study
    needs no secret key, and may map neither names nor birth dates.
    """

    covers: Covers
    time_zone: str
    missing: Annotated[tuple[str, ...], BeforeValidator(_several)] = ("",)
    replaced_by_sender: Words | None = None
    person_keys: dict[Literal[tuple(SYSTEMS)], PersonKey] = {}
    link_by_name: bool = False
    code_lists: dict[str, Annotated[Spellings, BeforeValidator(_spellings)]] = {}
    tables: dict[str, TableSource]

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            near = did_you_mean(name, sorted(available_timezones()))
            raise ValueError(f'is not a time zone{near}; write one like "America/Denver"') from None
        return name


def spellings_of(field: ColumnSource, source: Source) -> Spellings:
    """The field's spellings by code, from its own list or the named one."""
    return source.code_lists[field.codes] if isinstance(field.codes, str) else field.codes
