"""One column of the contract, read from the text of a raw file: its values, and why a row cannot be used."""

import functools
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from analysis.intake import clocks
from analysis.intake.codes import SEVERAL, to_code_lists, to_codes, unmapped, without
from analysis.intake.mapping import ColumnSource, Source, spellings_of
from analysis.intake.people.keys import person_keys
from analysis.intake.problems import Findings
from analysis.intake.raw import IntakeError, spelled, squeezed
from analysis.intake.schema import AT_REST
from analysis.intake.spreadsheets import NO_VALUE
from analysis.intake.texts import as_texts, below, nothing, of_each, plain, read_each, throughout, where
from analysis.tables import SITE_ID_PATTERN, UNREADABLE_STOPS_AT, Column

FLAGS = {"true": True, "yes": True, "y": True, "1": True, "false": False, "no": False, "n": False, "0": False}
# Spreadsheets keep 15 digits of a number and show long ones in this form: what it stood for cannot be told any more.
DIGITS_LOST = r"\d(?:[.,]\d+)?[eE]\+\d+|\d{16,}\.0"
# Above this a number of the file is no count of anything, and no longer exact.
LARGEST_COUNT = 2**53

PATTERN_WORDS = {
    SITE_ID_PATTERN: "small letters, digits, - and _, at most 40 of them, beginning with a letter or digit",
    r"\d{5}": "five digits",
}
KIND_WORDS = {
    "number": "not a number",
    "count": "not a whole number",
    "share": "not a share between 0 and 1",
    "flag": "neither yes nor no",
    "day": "not a date in the declared format",
    "texts": "not a text but the mark of a failed formula",
    "text": "not a text but the mark of a failed formula",
    "key": "not a whole identifier (a spreadsheet has cut its digits, or a formula has failed)",
}


@dataclass(frozen=True)
class ColumnRead:
    """One column of every raw row.

    Attributes
    ----------
    text : Series
        As the file writes it (several columns joined by "|"), missing where the study says that a spelling means missing.
    typed : Series
        In the contract's type (text as categories), missing where the text is missing or cannot be read.
    faults : mapping of str to Series
        The rows that must be rejected, by reason.
    """

    text: pd.Series
    typed: pd.Series
    faults: Mapping[str, pd.Series]


def read_column(
    column: Column, field: ColumnSource | None, raw: pd.DataFrame, source: Source, findings: Findings
) -> ColumnRead:
    """The column from every raw row; a clock's values stay text, since clocks are read together."""
    if field is None:
        text = nothing(raw.index)
        kind = AT_REST.get(column.kind) if column.kind != "key" else None
        return ColumnRead(text, pd.Series(pd.NA, index=raw.index, dtype=object).astype(kind) if kind else text, {})
    if field.first_of:
        return _first_of(column, field, raw, source, findings)
    parts = _parts(raw, field, source)
    text = _one_text(parts, column)
    if column.kind == "clock":
        return ColumnRead(text, text, {})
    if column.kind == "texts":
        values = to_code_lists([part.mask(part.isin(NO_VALUE)) for part in parts])
    elif column.kind in ("code", "codes"):
        values = _coded(column, field, parts, source, findings)
    elif column.kind == "text":
        values = _text(column, field, text, source, findings)
    else:
        if column.kind == "day":
            values = read_dates(column, field, text, raw["file"], source, findings).dt.normalize()
        elif column.kind == "key":
            values = of_each(text, _whole_key)
        else:
            values = read_each(text, functools.partial(READERS[column.kind], column))
        findings.unreadable(column, int((text.notna() & values.isna()).sum()))
        if field.system:
            values = person_keys(column, field.system, values, source.person_keys[field.system], findings)
    return ColumnRead(text, values, _faults(column, field, values, text.notna()))


def _faults(column: Column, field: ColumnSource, values: pd.Series, written: pd.Series) -> dict[str, pd.Series]:
    """Rows without a value that they need, by reason."""
    if not column.required:
        return {}
    return {not_allowed(column, field): written & values.isna(), f"{column.name} is missing": ~written}


def _first_of(column: Column, field: ColumnSource, raw: pd.DataFrame, source: Source, findings: Findings) -> ColumnRead:
    """The value of the first place that holds one; a row is at fault only where none does."""
    optional = replace(column, required=False)
    places = [read_column(optional, place, raw, source, findings) for place in field.first_of]
    text, values = places[0].text, places[0].typed
    for place in places[1:]:
        text = where(values.notna() | place.typed.isna(), text, place.text)
        values = where(values.notna(), values, place.typed)
    written = functools.reduce(operator.or_, [place.text.notna() for place in places])
    return ColumnRead(text, values, _faults(column, field, values, written))


def _parts(raw: pd.DataFrame, field: ColumnSource, source: Source) -> list[pd.Series]:
    """The text of each column that feeds this one, missing where the study says that a spelling means missing."""
    if field.constant is not None:
        return [throughout(field.constant, raw.index)]
    means_missing = {spelled(word) for word in ("", *source.missing, *field.missing)}
    return [without(raw[squeezed(name)], means_missing) for name in field.from_columns]


def _one_text(parts: list[pd.Series], column: Column) -> pd.Series:
    if len(parts) == 1:
        return parts[0]
    parts = [plain(part) for part in parts]
    if column.kind == "clock":
        return as_texts(clocks.joined_day_and_time(*parts))
    joined, missing = parts[0].fillna(""), parts[0].isna()
    for part in parts[1:]:
        joined, missing = joined + SEVERAL + part.fillna(""), missing & part.isna()
    return as_texts(joined.mask(missing))


def not_allowed(column: Column, field: ColumnSource) -> str:
    """Why a value of a required column cannot be used, without the value."""
    if column.kind in ("code", "codes") or field.codes or any(place.codes for place in field.first_of):
        return f"{column.name} has a spelling that no code stands for"
    if column.pattern:
        return f"{column.name} is not made of {PATTERN_WORDS.get(column.pattern, column.pattern)}"
    limits = [
        f"{word} {limit:g}"
        for word, limit in (("at least", column.at_least), ("at most", column.at_most))
        if limit is not None and column.kind != "share"
    ]
    return f"{column.name} is {' of '.join([KIND_WORDS[column.kind], *[' and '.join(limits)] * bool(limits)])}"


# --- by kind ---------------------------------------------------------------------------------------------------------


def _text(column: Column, field: ColumnSource, values: pd.Series, source: Source, findings: Findings) -> pd.Series:
    """Text as it is; with codes, the code of each spelling; with a pattern, missing where it does not fit."""
    codes = spellings_of(field, source)
    read = values.mask(values.isin(NO_VALUE))
    if codes:
        read = to_codes(values, codes, dict.fromkeys(codes, ""))
        findings.spellings(column, values, read)
        findings.unmapped(column, unmapped(values, read))
    if column.pattern:
        read = of_each(read, lambda text: text if re.fullmatch(column.pattern, text) else None)
    if not codes:
        findings.unreadable(column, int((values.notna() & read.isna()).sum()))
    return read


def _coded(
    column: Column, field: ColumnSource, parts: list[pd.Series], source: Source, findings: Findings
) -> pd.Series:
    codes = spellings_of(field, source)
    coded = [to_codes(part, codes, column.codes) for part in parts]
    written, every = (below([each.to_frame("value") for each in several])["value"] for several in (parts, coded))
    findings.spellings(column, written, every)
    findings.unmapped(column, unmapped(written, every))
    return to_code_lists(coded) if column.kind == "codes" else coded[0]


def _numbers(column: Column, text: pd.Series) -> pd.Series:
    read = pd.to_numeric(text, errors="coerce").astype("Float64")
    read = read.where(read.abs().lt(LARGEST_COUNT))
    if column.kind == "count":
        read = read.where(read.eq(read.round()))
    if column.at_least is not None:
        read = read.where(read.ge(column.at_least))
    if column.at_most is not None:
        read = read.where(read.le(column.at_most))
    return read.astype("Int64") if column.kind == "count" else read


def _flags(column: Column, text: pd.Series) -> pd.Series:
    return pd.Series([FLAGS.get(spelled(form)) for form in text], index=text.index, dtype="boolean")


def _whole_key(text: str) -> str | None:
    """An identifier as text: 1234567890.0 is 1234567890; one whose digits a spreadsheet has dropped is unreadable."""
    if text.isalnum() and "E" not in text.upper():
        return text
    whole = re.sub(r"^(\d{1,15})\.0$", r"\1", text)
    return None if re.fullmatch(DIGITS_LOST, whole) or whole in NO_VALUE else whole


READERS: dict[str, Callable[[Column, pd.Series], pd.Series]] = {
    "number": _numbers, "count": _numbers, "share": _numbers, "flag": _flags,
}  # fmt: skip


# --- dates -----------------------------------------------------------------------------------------------------------


def read_dates(
    column: Column, field: ColumnSource, text: pd.Series, files: pd.Series, source: Source, findings: Findings
) -> pd.Series:
    """Local times in the declared formats; stops where a whole file is written in another one."""
    times = _times(text, field.format, source)
    lost = text.notna() & times.isna()
    if not lost.any():
        return times
    other_way = [clocks.with_day_and_month_exchanged(form) for form in field.format if "%d" in form and "%m" in form]
    exchanged = _times(text, other_way, source) if other_way else times
    for file in files[lost].unique():
        here = files.eq(file) & text.notna()
        _stop_if_another_format(column, field, file, lost[here], exchanged[here].notna(), other_way)
    findings.exchanged(column, int((lost & exchanged.notna()).sum()))
    return times


def _times(text: pd.Series, formats: Sequence[str], source: Source) -> pd.Series:
    """Each different text is read once: a claims file has few days and many lines."""
    return read_each(text, lambda forms: clocks.read_times(forms, formats, time_zone=source.time_zone))


def _stop_if_another_format(
    column: Column, field: ColumnSource, file: str, lost: pd.Series, exchanged: pd.Series, other_way: list[str]
) -> None:
    """A file that reads whole the other way round is written that way: its days up to the 12th would all be misread."""
    swapped = bool(other_way) and exchanged.all()
    if lost.mean() <= UNREADABLE_STOPS_AT and not swapped:
        return
    declared = " or ".join(f'"{form}"' for form in field.format) or "2026-10-31 or 2026-10-31 13:29 (ISO)"
    remedy = (
        f'Day and month are exchanged: all of them read as "{other_way[0]}". Write that as its format in source.yml; if other '
        "files of the table are right as declared, ask the sender for one form."
        if swapped
        else 'Correct its format in source.yml ("%m/%d/%Y %H:%M" reads 10/31/2026 13:29).'
    )
    origin = " and ".join(f'"{name}"' for name in field.from_columns) or "constant"
    raise IntakeError(
        f"{file}: {int(lost.sum()):,} of {len(lost):,} values of {column.name} (column {origin}) are not dates in the form "
        f"{declared}. {remedy}"
    )
