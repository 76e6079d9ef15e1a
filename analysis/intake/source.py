"""params/<study>/source.yml: which file and column feed which table and field, with every decision in the open."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pandas as pd
from pydantic import BeforeValidator, Field, field_validator, model_validator

from analysis.intake.raw import spelled
from analysis.params import ROOT, ParamsError, Record, Words, did_you_mean, read_record
from analysis.tables import CLOCKS, RECEIVED, REQUIRED_TABLES, Column, Table

# Stands in a new study's folder wherever a value has to be written before anything can be read.
TO_FILL_IN = "FILL IN"

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

    Several columns are joined: a date and a time into one clock, several problems into one list.
    """

    from_columns: Several = Field(default=(), alias="from")
    constant: Text | None = None
    codes: Annotated[str | Spellings, BeforeValidator(_spellings)] = {}
    format: Several = ()
    partial: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if bool(self.from_columns) == (self.constant is not None):
            raise ValueError('needs either "from" (a column of the file) or "constant", and not both')
        return self

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


class TableSource(Record):
    """Where one table comes from: files below data/raw/<study>/, or rows written in source.yml itself."""

    files: Several = ()
    rows: tuple[dict[str, str | int | float | bool | date | None], ...] = ()
    sheet: Text | None = None
    header_row: Annotated[int, Field(ge=1)] = 1
    encoding: str | None = None
    delimiter: str | None = None
    columns: dict[str, ColumnSource] = {}
    ignored: Annotated[tuple[str, ...], BeforeValidator(_several)] = ()

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if bool(self.files) == bool(self.rows):
            raise ValueError('needs either "files" or "rows", and not both')
        if self.rows and self.columns:
            raise ValueError('"columns" belongs to "files": rows name their columns themselves')
        return self

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


class Source(Record):
    """params/<study>/source.yml."""

    covers: Covers
    time_zone: str
    missing: Annotated[tuple[str, ...], BeforeValidator(_several)] = ("",)
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


def read_source(study: str, *, root: Path = ROOT) -> Source:
    """The study's source.yml, checked against the contract: its tables, columns and codes exist and can be mapped."""
    _need_filled_in(root / "params" / study, study)
    source = read_record(root / "params" / study / "source.yml", Source)
    faults = [*_unknown_tables(source)]
    for name, table in source.tables.items():
        if name in RECEIVED:
            faults += [f"tables.{name}{fault}" for fault in _table_faults(RECEIVED[name], table, source)]
    if faults:
        raise ParamsError("\n".join(f"params/{study}/source.yml: {fault}" for fault in faults))
    return source


def spellings_of(field: ColumnSource, source: Source) -> Spellings:
    """The field's spellings by code, from its own list or the named one."""
    return source.code_lists[field.codes] if isinstance(field.codes, str) else field.codes


def _need_filled_in(folder: Path, study: str) -> None:
    """A new study's files say what is still to be written, and where."""
    for name in ("study.yml", "source.yml"):
        path = folder / name
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
        waiting = [
            f"{line.split(':')[0].strip(' -{')} (line {number})"
            for number, line in enumerate(lines, start=1)
            if re.search(rf":[^#]*\b{TO_FILL_IN}\b", line) and not line.lstrip().startswith("#")
        ]
        if waiting:
            raise ParamsError(
                f"params/{study}/{name} is not filled in yet: {', '.join(waiting)}. Write your own value wherever it says "
                f'"{TO_FILL_IN}"; the comment above each says what it means.'
            )


# --- held against the contract ---------------------------------------------------------------------------------------


def _unknown_tables(source: Source) -> list[str]:
    unknown = [
        f'tables: "{name}" is not a table of the contract{did_you_mean(name, list(RECEIVED))}. '
        f"Tables: {', '.join(RECEIVED)}."
        for name in source.tables
        if name not in RECEIVED
    ]
    absent = [
        f"tables: {name} is missing; every study needs it." for name in REQUIRED_TABLES if name not in source.tables
    ]
    return unknown + absent


def _table_faults(table: Table, table_source: TableSource, source: Source) -> Iterator[str]:
    mappable = {column.name: column for column in table.mapped}
    where = ".rows" if table_source.rows else ".columns"
    given = {key for row in table_source.rows for key in row} | set(table_source.columns)
    for name in sorted(given - set(mappable)):
        yield f'{where}: "{name}" is not a column that can be mapped{did_you_mean(name, list(mappable))}.'
    for column in table.mapped:
        if column.required and column.name not in given:
            yield f"{where}: {column.name} is missing; every row needs it ({column.means[0].lower()}{column.means[1:]})."
    if table.name == "episodes" and not given & set(CLOCKS):
        yield f"{where}: no clock is mapped, so no month is known. Map {CLOCKS[0]} or another of {', '.join(CLOCKS[1:])}."
    for name, field in table_source.columns.items():
        if name in mappable:
            yield from (f"{where}.{name}: {fault}" for fault in _field_faults(mappable[name], field, source))


def _field_faults(column: Column, field: ColumnSource, source: Source) -> Iterator[str]:
    if isinstance(field.codes, str) and field.codes not in source.code_lists:
        lists = list(source.code_lists)
        yield f'codes: "{field.codes}" is not one of code_lists{did_you_mean(field.codes, lists)}.'
        return
    yield from _code_faults(column, spellings_of(field, source))
    if (field.format or field.partial) and column.kind not in ("clock", "day"):
        yield f"format and partial belong to dates, this is a {column.kind} column."
    if len(field.from_columns) > 1 and column.kind not in ("clock", "codes"):
        yield f"only a clock or a list of codes can come from several columns, this is a {column.kind} column."
    if len(field.from_columns) > 2 and column.kind == "clock":
        yield "a clock comes from one column, or from two: a date and a time."


def _code_faults(column: Column, codes: Spellings) -> Iterator[str]:
    if codes and column.kind not in ("code", "codes", "text"):
        yield f"codes do not belong to a {column.kind} column."
        return
    for code in codes:
        if column.kind != "text" and code not in column.codes:
            yield (
                f'codes: "{code}" is not a code of this column{did_you_mean(code, list(column.codes))}. '
                f"Codes: {', '.join(column.codes)}."
            )
        if column.pattern and not re.fullmatch(column.pattern, code):
            yield f'codes: "{code}" does not have the form that {column.name} needs, {column.pattern}.'
    owner: dict[str, str] = {}
    for code, forms in codes.items():
        for form in forms:
            first = owner.setdefault(spelled(form), code)
            if first != code:
                yield (
                    f'codes: the spelling "{form}" stands under both {first} and {code}, which is ambiguous (capitals and '
                    "blanks make no difference). Leave it under one of them."
                )
