"""A sheet of parameters: CSV read as text, so that every fault is told with its file, line, column and what to write instead."""

import csv
import io
import re
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, ValidationError

from analysis.params import ParamsError, Record, did_you_mean, shown

# Fields that the reader adds to a line: where it stands and whether it is the study's own.
GIVEN = ("file", "line", "own")

# What a spreadsheet makes of a number that looks like a date: 5-Mar, Mar-05, 3/5/2024, 2024-03-05 00:00:00.
TURNED_INTO_A_DATE = re.compile(
    r"\d{1,2}-[A-Za-z]{3}(-\d{2,4})?|[A-Za-z]{3}-\d{2,4}|\d{1,2}/\d{1,2}(/\d{2,4})?|\d{4}-\d{2}-\d{2}( [\d:]+)?"
)
PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def _number(found: object, wanted: str) -> float:
    text = str(found).strip()
    if TURNED_INTO_A_DATE.fullmatch(text):
        raise ValueError(f"{wanted}. A spreadsheet has turned this cell into a date: type the number again as text")
    if not PLAIN_NUMBER.fullmatch(text):
        raise ValueError(f"{wanted}, without $, % or thousands separators. Type the plain number")
    return float(text)


def _dollars(found: object) -> float:
    usd = _number(found, "Allowed is an amount in dollars of 0 or more, like 1331.99")
    if usd < 0:
        raise ValueError("Allowed is an amount in dollars of 0 or more. Write the amount without its sign")
    return usd


def _share(found: object) -> float:
    text = str(found).strip()
    if text.endswith("%"):
        raise ValueError("Allowed is a share from 0 to 1, like 0.85. Divide the percent by 100")
    share = _number(text, "Allowed is a share from 0 to 1, like 0.85")
    if not 0 <= share <= 1:
        percent = ". This looks like a percent: divide it by 100" if 1 < share <= 100 else ". Correct the cell"
        raise ValueError(f"Allowed is a share from 0 to 1, like 0.85{percent}")
    return share


def _at_least_zero(found: object) -> float:
    number = _number(found, "Allowed is a number of 0 or more, like 0.78")
    if number < 0:
        raise ValueError("Allowed is a number of 0 or more. Correct the cell")
    return number


def _year(found: object) -> int:
    if not re.fullmatch(r"(19|20)\d{2}", str(found).strip()):
        raise ValueError("Allowed is one year of four digits, like 2024. Write the middle year of a span")
    return int(str(found))


def _day(found: object) -> date:
    if isinstance(found, date):
        return found
    try:
        return date.fromisoformat(str(found).strip())
    except ValueError:
        raise ValueError("Allowed is a day written year-month-day, like 2025-10-01. Write the day so") from None


def _or_nothing(read):
    return lambda found: None if found is None or str(found).strip() == "" else read(found)


Dollars = Annotated[float, BeforeValidator(_dollars)]
DollarsOrNothing = Annotated[float | None, BeforeValidator(_or_nothing(_dollars))]
ShareOfOne = Annotated[float, BeforeValidator(_share)]
AtLeastZero = Annotated[float, BeforeValidator(_at_least_zero)]
AtLeastZeroOrNothing = Annotated[float | None, BeforeValidator(_or_nothing(_at_least_zero))]
Year = Annotated[int, BeforeValidator(_year)]
Day = Annotated[date, BeforeValidator(_day)]
DayOrNothing = Annotated[date | None, BeforeValidator(_or_nothing(_day))]


def read_lines(path: Path, record: type[Record], *, own: bool = False) -> tuple:
    """The lines of a sheet as frozen records, in the file's order; each knows its file and line.

    The header holds the record's columns, each once, in any order. A line of empty cells is left out. `own` marks a
    study's own sheet. Every fault of the file is told at once in one ParamsError; the header is line 1.
    """
    lines, faults = [], []
    for number, cells in _cells(path, _columns(record)):
        try:
            lines.append(record.model_validate({**cells, "file": shown(path), "line": number, "own": own}))
        except ValidationError as error:
            faults += [f"{shown(path)}, line {number}, {_sentence(fault)}" for fault in error.errors()]
    refuse(faults)
    return tuple(lines)


def refuse(faults: list[str]) -> None:
    """One ParamsError of all faults, each once; nothing where there is none.

    >>> refuse([])
    """
    if faults:
        raise ParamsError("\n".join(dict.fromkeys(faults)))


def place(line: Record) -> str:
    """Where a line stands, as a message begins: "params/costs.csv, line 7"."""
    return f"{line.file}, line {line.line}"


def replaced(shared: tuple, own: tuple, key) -> tuple:
    """The shared lines with a study's own in the place of those of the same key; its new ones follow.

    A key that stands twice in one sheet is a ParamsError.

    >>> replaced((), (), key=str)
    ()
    """
    faults = []
    for lines in (shared, own):
        first: dict = {}
        for line in lines:
            if key(line) in first:
                faults.append(
                    f"{place(line)}: {_named(key(line))} stands already in line {first[key(line)].line}. Keep one of the two lines."
                )
            first.setdefault(key(line), line)
    refuse(faults)
    merged = {key(line): line for line in shared} | {key(line): line for line in own}
    return tuple(merged.values())


def _named(key: object) -> str:
    return f'"{key}"' if isinstance(key, str) else '"' + ", ".join(str(part) for part in key) + '"'


def _columns(record: type[Record]) -> list[str]:
    return [field.alias or name for name, field in record.model_fields.items() if name not in GIVEN]


def _cells(path: Path, columns: list[str]) -> list[tuple[int, dict[str, str]]]:
    """Line number and cells of every line that is not empty."""
    reader = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(path, header, columns)
        rows, start = [], reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((start, cells))
            start = reader.line_num + 1  # a cell may hold line breaks: a row starts after the row before it
    except csv.Error as error:
        raise ParamsError(
            f"{shown(path)}, line {reader.line_num}: {error}. Close every quotation mark that is opened."
        ) from None
    refuse([
        f"{shown(path)}, line {number}: found {len(cells)} cells; allowed are {len(header)}, one a column. "
        "Put a text that holds a comma in quotation marks."
        for number, cells in rows if len(cells) != len(header)
    ])  # fmt: skip
    return [(number, dict(zip(header, map(str.strip, cells), strict=True))) for number, cells in rows]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ParamsError(f"{shown(path)} is missing.") from None
    except UnicodeDecodeError as error:
        raise ParamsError(f"{shown(path)} is not UTF-8 text (byte {error.start}). Save it as CSV UTF-8.") from None


def _check_header(path: Path, header: list[str], columns: list[str]) -> None:
    where = f"{shown(path)}, line 1"
    refuse(
        [f'{where}: the column "{name}" stands twice. Keep one.' for name in header if header.count(name) > 1]
        + [f'{where}: the column "{name}" is missing. Add it.' for name in columns if name not in header]
        + [
            f'{where}: "{name}" is not a column used here{did_you_mean(name, columns)}. Take it out.'
            for name in header
            if name not in columns
        ]
    )


def _sentence(fault: dict) -> str:
    column, found = ".".join(str(part) for part in fault["loc"]), fault["input"]
    told = re.sub("^Value error, ", "", fault["msg"])
    if not column:  # a rule over several columns names them itself
        return f"{told}."
    if fault["type"] == "literal_error":
        known = re.findall(r"'([^']*)'", fault["ctx"]["expected"])
        told = f"Allowed: {', '.join(known)}{did_you_mean(str(found), known)}. Write one of them"
    elif fault["type"] == "string_too_short" or str(found).strip() == "":
        return (
            f"{column}: the cell is empty. {told if told.startswith('Allowed') else 'Every line needs it; fill it in'}."
        )
    elif fault["type"] == "string_pattern_mismatch":
        told = f"Allowed is text of the form {fault['ctx']['pattern']}. Correct the cell"
    return f"{column}: found {str(found)!r}. {told}."
