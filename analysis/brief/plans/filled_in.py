"""A filled-in form back into a plan: the same checks as the file, every fault with its sheet, row and column."""

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime

import openpyxl
from openpyxl.cell import Cell as Filled
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from analysis.brief.plans.checking import Known, as_plan
from analysis.brief.plans.form import (
    FIRST_ENTRY,
    LISTS,
    READ_ME,
    SHEETS,
    SINGLE,
    Cell,
    cells_of,
    column_letter,
    single_cells,
)
from analysis.brief.plans.lines import Loc
from analysis.brief.plans.records import Plan
from analysis.params import ParamsError

WHERE = "The form"
LARGEST, LARGEST_INSIDE = 5_000_000, 50_000_000  # bytes, as sent and unpacked
MOST_ROWS, MOST_COLUMNS = 1000, 60


class _Cannot(ValueError):
    """What is wrong with one cell, as a sentence without its place and full stop."""


def read_form(content: bytes, known: Known) -> Plan:
    """The plan in a filled-in form, or one ParamsError with a sentence for every fault.

    Blank rows count for nothing. Numbers and days that were typed as text are taken where they can be read one way only. A
    formula, a merged cell, a comment, writing beside the form or a sheet of one's own is a fault: none of it would be read.
    """
    book = _opened(content)
    names = [READ_ME, SINGLE, *SHEETS, LISTS]
    missing = [name for name in names if name not in book.sheetnames and name not in (READ_ME, LISTS)]
    if missing:
        raise ParamsError(
            f'{WHERE} has no sheet "{missing[0]}". Fill in the form of this plan, without taking sheets out or renaming them.'
        )
    if set(book.sheetnames) - set(names):
        raise ParamsError(
            f"{WHERE} holds a sheet that is not its own, and would not be read. Move what it says into the form, then delete it."
        )
    reader = _Reader(book)
    content_read = reader.read()
    if reader.faults:
        raise ParamsError("\n".join(dict.fromkeys(reader.faults)))
    return as_plan(content_read, known, where=WHERE, locate=reader.locate)


def _opened(content: bytes) -> Workbook:
    if len(content) > LARGEST:
        raise ParamsError(f"{WHERE} has {len(content):,} bytes; a form has at most {LARGEST:,}. Is it the right file?")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(each.file_size for each in parts.infolist()) > LARGEST_INSIDE:
                raise ParamsError(f"{WHERE} unpacks to more than {LARGEST_INSIDE:,} bytes. Is it the right file?")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's, about parts that it leaves out
            return openpyxl.load_workbook(io.BytesIO(content))
    except ParamsError:
        raise
    # A damaged workbook fails wherever the damage is: in the zip, the XML, a style, a number. All mean the same to its sender.
    except Exception:
        raise ParamsError(
            f"{WHERE} cannot be read as a workbook. Open it in a spreadsheet program and save it as .xlsx, without a password."
        ) from None


class _Reader:
    """One form while it is read."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.faults: list[str] = []
        self.places: dict[Loc, str] = {}

    def locate(self, loc: Loc) -> str:
        """', sheet "Actions", row 4, column B' for a key, or for what it should stand in."""
        at = next((loc[:end] for end in range(len(loc), 0, -1) if loc[:end] in self.places), None)
        return "" if at is None else self.places[at]

    def read(self) -> dict:
        content = self.single()
        for name, (loc, record) in SHEETS.items():
            inside = content
            for part in loc[:-1]:
                inside = inside.setdefault(part, {})
            inside[loc[-1]] = self.entries(name, loc, cells_of(record))
        return content

    def single(self) -> dict:
        page, cells = self.page(SINGLE), list(single_cells())
        if page is None or not self.headed(page, [(row, 1, cell.key) for row, (_, cell) in enumerate(cells, 2)]):
            return {}
        self.nothing_beside(page, last_row=len(cells) + 1, last_column=3)
        content: dict = {}
        for row, (loc, cell) in enumerate(cells, 2):
            self.places[loc] = _place(SINGLE, row, 3)
            inside = content
            for part in loc[:-1]:
                inside = inside.setdefault(part, {})
            inside[loc[-1]] = self.value(page, row, 3, cell)
        return content

    def entries(self, name: str, loc: Loc, cells: list[Cell]) -> list[dict]:
        page = self.page(name)
        self.places[loc] = f', sheet "{name}"'
        if page is None or not self.headed(page, [(1, at, cell.key) for at, cell in enumerate(cells, 1)]):
            return []
        self.nothing_beside(page, last_row=MOST_ROWS, last_column=len(cells))
        found: list[dict] = []
        for row in range(FIRST_ENTRY + 1, page.max_row + 1):
            entry = {cell.key: self.value(page, row, at, cell) for at, cell in enumerate(cells, 1)}
            if any(value is not None for value in entry.values()):
                self.places[(*loc, len(found))] = f', sheet "{name}", row {row}'
                for at, cell in enumerate(cells, 1):
                    self.places[(*loc, len(found), cell.key)] = _place(name, row, at)
                found.append(entry)
        return found

    def page(self, name: str) -> Worksheet | None:
        """The sheet, if it is small enough to look at and its cells stand on their own."""
        page = self.book[name]
        if not isinstance(page, Worksheet):
            self.fault(f', sheet "{name}"', "is a chart. Fill in the form of this plan")
            return None
        if page.max_row > MOST_ROWS or page.max_column > MOST_COLUMNS:
            self.fault(
                f', sheet "{name}"',
                f"reaches beyond row {MOST_ROWS} or column {MOST_COLUMNS}. Delete the rows and columns after the last entry",
            )
            return None
        if page.merged_cells.ranges:
            first = min(page.merged_cells.ranges, key=lambda each: (each.min_row, each.min_col))
            self.fault(
                _place(name, first.min_row, first.min_col),
                "cells are merged. Unmerge them, and write in each what belongs to it",
            )
            return None
        return page

    def headed(self, page: Worksheet, keys: list[tuple[int, int, str]]) -> bool:
        """Whether the grey keys are where the form has them."""
        for row, column, key in keys:
            if page.cell(row, column).value != key:
                self.fault(
                    _place(page.title, row, column),
                    f'the key "{key}" is expected here. Rows and columns of the form stay where they are',
                )
                return False
        return True

    def nothing_beside(self, page: Worksheet, *, last_row: int, last_column: int) -> None:
        for cell in _cells(page):
            if cell.value is not None and (cell.row > last_row or cell.column > last_column):
                self.fault(
                    _place(page.title, cell.row, cell.column),
                    "writing beside the form would not be read. Move it into a field",
                )
            if cell.comment is not None:
                self.fault(
                    _place(page.title, cell.row, cell.column),
                    "a comment would not be read. Write it into a field, then delete it",
                )

    def value(self, page: Worksheet, row: int, column: int, cell: Cell) -> object:
        filled = page.cell(row, column)
        try:
            return _value(filled, cell)
        except _Cannot as error:
            self.fault(_place(page.title, row, column), f"{cell.key}: {error}")
            return None

    def fault(self, place: str, problem: str) -> None:
        self.faults.append(f"{WHERE}{place}: {problem}.")


def _cells(page: Worksheet) -> Iterator[Filled]:
    for row in page.iter_rows():
        yield from row


def _place(sheet: str, row: int, column: int) -> str:
    return f', sheet "{sheet}", row {row}, column {column_letter(column - 1)}'


# --- one cell --------------------------------------------------------------------------------------------------------


def _value(filled: Filled, cell: Cell) -> object:
    found = filled.value
    if filled.data_type == "f":
        raise _Cannot("a formula stands here. Write the value itself")
    if filled.data_type == "e":
        raise _Cannot("the cell shows an error. Write the value itself")
    if isinstance(found, str):
        found = found.strip() or None
    if found is None:
        return None
    if isinstance(found, bool):
        raise _Cannot("TRUE or FALSE stands here. Write words, a number or a day")
    match cell.kind:
        case "day":
            return _day(found)
        case "whole" | "number":
            return _number(found)
        case "several":
            return [each.strip() for each in re.split(r"[;,\n]", _words(found)) if each.strip()] or None
        case "choice":
            return _words(found).lower()
    return _words(found)


def _words(found: object) -> str:
    if not isinstance(found, str):
        raise _Cannot(
            "a number or a day stands where words are needed. Write it out, with what is counted (12 school visits)"
        )
    return found


def _number(found: object) -> int | float:
    if isinstance(found, int | float):
        return found
    if isinstance(found, str) and re.fullmatch(r"-?\d{1,7}(\.\d{1,6})?", found):
        return float(found) if "." in found else int(found)
    raise _Cannot("a number is needed, like 12 or 0.85, without words or signs")


def _day(found: object) -> date | str:
    if isinstance(found, datetime):
        if (found.hour, found.minute, found.second, found.microsecond) != (0, 0, 0, 0):
            raise _Cannot("a time stands with the day. Write the day alone, like 2026-03-05")
        return found.date()
    if isinstance(found, date):
        return found
    if not isinstance(found, str):
        raise _Cannot("a number stands where a day is needed. Write one like 2026-03-05")
    return _day_typed(found)


def _day_typed(text: str) -> date:
    """A day that was typed as text, where it can be read one way only.

    >>> _day_typed("2026-03-05"), _day_typed("3/25/2026"), _day_typed("4.4.2026")
    (datetime.date(2026, 3, 5), datetime.date(2026, 3, 25), datetime.date(2026, 4, 4))
    >>> _day_typed("3/5/2026")
    Traceback (most recent call last):
    analysis.brief.plans.filled_in._Cannot: this day can be read as March or as May. Write it with the year first, like 2026-03-05
    """
    iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", text, re.ASCII)
    typed = re.fullmatch(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})", text, re.ASCII)
    if iso:
        ways = {_date(int(iso[1]), int(iso[2]), int(iso[3]))}
    elif typed:
        first, second, year = int(typed[1]), int(typed[3]), int(typed[4])
        ways = {_date(year, first, second), _date(year, second, first)}
    else:
        raise _Cannot("a day is written like 2026-03-05")
    days = sorted(each for each in ways if each is not None)
    if not days:
        raise _Cannot("is no day of the calendar. Write one like 2026-03-05")
    if len(days) > 1:
        months = " or as ".join(f"{day:%B}" for day in days)
        raise _Cannot(f"this day can be read as {months}. Write it with the year first, like 2026-03-05")
    return days[0]


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
