"""A plan as an Excel form for people who do not edit YAML: one sheet for the plan, one for each of its lists, headings locked."""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args, get_origin

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from analysis.brief.plans import records
from analysis.brief.plans.actions import STEPS
from analysis.brief.plans.checking import Known, records_in
from analysis.brief.plans.lines import Loc
from analysis.brief.plans.records import ACTS, EXIT_RULES, STATUSES, STRENGTHS, Plan
from analysis.brief.plans.writing import as_content
from analysis.params import Record

FIXED = datetime(2000, 1, 1)  # in place of the time of writing: the same plan gives the same bytes
READ_ME, SINGLE, LISTS = "Read me", "Plan", "Lists"
FIRST_ENTRY, SPARE, FEWEST = 2, 10, 15  # row of a list's first entry, counted from none; empty rows to write in
SEPARATOR = "; "
ROLES = (
    "program manager", "site director", "CQI lead", "clinical supervisor", "call supervisor", "outreach worker",
    "certified family peer", "hub director", "data analyst", "state coach", "state program lead", "state data lead",
)  # fmt: skip
SHEETS = {
    "Causes": (("story", "causes"), records.Cause),
    "Aims": (("aims",), records.Aim),
    "Drivers": (("drivers",), records.Driver),
    "Actions": (("actions",), records.Doing),
    "Tests of change": (("cycles",), records.Cycle),
    "State gives": (("state_owes",), records.Owed),
    "This month": (("this_month",), records.ToDo),
    "Reviews": (("reviews",), records.Review),
    "Agreed by": (("sign_off",), records.SignOff),
    "Versions": (("versions",), records.Version),
}
ABOUT = (
    "This is the support plan of {name}. Write in the white cells; grey ones are locked, so that the form can be read back.",
    "An empty cell is not yet written, and the plan's page will say so. Nothing has to be complete.",
    "Who does something is a role in small letters (program manager), never a name. No child, no parent and no staff member is named.",
    "No birth date, no number of a child or case, no e-mail address, no telephone number.",
    "Days are written like 2026-03-05. Where several things go into one cell, put a ; between them.",
    "Where a cell offers a list, pick from it; roles of your own may be typed. The sheet Lists says what each word means.",
    "No formulas, no merged cells, no comments, no new sheets or columns: the form is not read back with them.",
    "This month holds three things at most. An aim needs a day, and either a measure or a count of what is done.",
    "Whatever you change, write one more line on the sheet Versions: its number, the day, your role, what changed.",
)  # fmt: skip

Kind = Literal["words", "day", "whole", "number", "several", "choice"]


@dataclass(frozen=True)
class Cell:
    """One field of the form: its key in the file, its heading, what kind of value it takes, and the list that it offers."""

    key: str
    title: str
    kind: Kind
    offers: str | None = None


def cells_of(record: type[Record]) -> list[Cell]:
    """The columns of a list's sheet, in the order of its record.

    >>> [cell.key for cell in cells_of(records.Aim)]
    ['id', 'measure', 'process', 'from', 'to', 'by', 'why_enough']
    """
    return [_cell(name, field) for name, field in record.model_fields.items() if not records_in(field.annotation)]


def single_cells() -> Iterator[tuple[Loc, Cell]]:
    """The fields that stand once in a plan, with where they are in it."""
    for name, field in Plan.model_fields.items():
        inside = records_in(field.annotation)
        if not inside:
            yield (name,), _cell(name, field)
        elif _leaf(field.annotation)[0] is not tuple:
            for key, each in inside[0].model_fields.items():
                if not records_in(each.annotation):
                    yield (name, key), _cell(key, each, prefix=f"{name}.")


def _cell(name: str, field, *, prefix: str = "") -> Cell:
    kind, values = _leaf(field.annotation)
    kinds: dict[object, Kind] = {date: "day", int: "whole", float: "number", tuple: "several", Literal: "choice"}
    offers = next((each for each, said in _fixed_lists().items() if values and set(values) == set(said)), None)
    if offers is None:
        offers = "role" if name.endswith("role") else {"measure": "measure", "action": "action"}.get(name)
    key = f"{prefix}{field.alias or name}"
    return Cell(key, field.title, kinds.get(kind, "words"), offers)


def _leaf(annotation: object) -> tuple[object, tuple]:
    """The one type in an annotation that may be empty, and the values of a choice."""
    origin = get_origin(annotation)
    if origin is Literal:
        return Literal, get_args(annotation)
    if origin is tuple:
        return tuple, ()
    if origin is None:
        return annotation, ()
    found = [_leaf(each) for each in get_args(annotation) if each is not type(None)]
    return found[0]


def _fixed_lists() -> dict[str, Mapping[str, str]]:
    return {"status": STATUSES, "step": STEPS, "strength": STRENGTHS, "act": ACTS, "rule": EXIT_RULES}


def offered(known: Known) -> dict[str, dict[str, str]]:
    """Every list that cells offer, each word with what it means."""
    return {
        **{name: dict(said) for name, said in _fixed_lists().items()},
        "role": dict.fromkeys(ROLES, "or a role of your own"),
        "measure": dict(known.measures),
        "action": {name: action.name for name, action in known.actions.items()},
    }


def make_form(plan: Plan, known: Known) -> bytes:
    """The form of a plan; the same plan gives the same bytes. A text is a text in it, never a formula or a link."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    name = known.sites[plan.site].name
    book.set_properties({"title": f"Support plan: {name}", "author": "", "created": FIXED})
    writer = _Writer(book, offered(known))
    writer.read_me([*([plan.made_up] if plan.made_up else []), *(said.format(name=name) for said in ABOUT)])
    content = as_content(plan)
    writer.single(content)
    for sheet, (loc, record) in SHEETS.items():
        entries = content
        for part in loc:
            entries = entries[part]
        writer.entries(sheet, cells_of(record), entries or [])
    writer.lists()
    book.close()
    return file.getvalue()


class _Writer:
    """One form while it is written."""

    def __init__(self, book: xlsxwriter.Workbook, lists: dict[str, dict[str, str]]) -> None:
        self.book, self.lists_offered = book, lists
        self.key = book.add_format({"font_color": "#595959", "font_size": 8, "bg_color": "#EDEDED", "valign": "top"})
        self.head = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#EDEDED"}
        )
        self.said = book.add_format({"text_wrap": True, "valign": "top"})
        self.forms = {
            kind: book.add_format({"text_wrap": True, "valign": "top", "border": 1, "locked": False, "num_format": form})
            for kind, form in {"words": "@", "several": "@", "choice": "@", "day": "yyyy-mm-dd", "whole": "0", "number": "General"}.items()
        }  # fmt: skip

    def read_me(self, lines: list[str]) -> None:
        page = self.sheet(READ_ME)
        page.set_column(0, 0, 110)
        for row, said in enumerate(lines):
            page.write_string(row, 0, said, self.said)

    def single(self, content: dict) -> None:
        page = self.sheet(SINGLE)
        for column, (heading, width) in enumerate((("key", 20), ("Field", 34), ("Write here", 90))):
            page.write_string(0, column, heading, self.head)
            page.set_column(column, column, width)
        for row, (loc, cell) in enumerate(single_cells(), 1):
            page.write_string(row, 0, cell.key, self.key)
            page.write_string(row, 1, cell.title, self.head)
            value = content
            for part in loc:
                value = value[part]
            self.write(page, row, 2, cell, value)
            self.offer(page, row, 2, row, cell)
        page.freeze_panes(1, 2)

    def entries(self, name: str, cells: list[Cell], entries: list[dict]) -> None:
        page = self.sheet(name)
        last = FIRST_ENTRY + max(len(entries) + SPARE, FEWEST) - 1
        for column, cell in enumerate(cells):
            page.write_string(0, column, cell.key, self.key)
            page.write_string(1, column, cell.title, self.head)
            page.set_column(column, column, 44 if cell.kind == "words" and not cell.offers and cell.key != "id" else 18)
            for row in range(FIRST_ENTRY, last + 1):
                at = row - FIRST_ENTRY
                self.write(page, row, column, cell, entries[at][cell.key] if at < len(entries) else None)
            self.offer(page, FIRST_ENTRY, column, last, cell)
        page.freeze_panes(FIRST_ENTRY, 1)

    def lists(self) -> None:
        page = self.sheet(LISTS)
        for at, (name, said) in enumerate(self.lists_offered.items()):
            page.write_string(0, 2 * at, name, self.head)
            page.write_string(0, 2 * at + 1, "means", self.head)
            page.set_column(2 * at, 2 * at, 24)
            page.set_column(2 * at + 1, 2 * at + 1, 40)
            for row, (word, means) in enumerate(said.items(), 1):
                page.write_string(row, 2 * at, word, self.said)
                page.write_string(row, 2 * at + 1, means, self.said)

    def sheet(self, name: str) -> Worksheet:
        page = self.book.add_worksheet(name)
        page.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})
        page.hide_gridlines(2)
        page.set_landscape()
        page.set_paper(1)  # letter
        page.fit_to_pages(1, 0)
        return page

    def write(self, page: Worksheet, row: int, column: int, cell: Cell, value: object) -> None:
        form: Format = self.forms[cell.kind]
        match value:
            case None:
                page.write_blank(row, column, None, form)
            case date():
                page.write_datetime(row, column, datetime(value.year, value.month, value.day), form)
            case int() | float():
                page.write_number(row, column, value, form)
            case list():
                page.write_string(row, column, SEPARATOR.join(value), form)
            case _:
                page.write_string(row, column, value, form)

    def offer(self, page: Worksheet, first: int, column: int, last: int, cell: Cell) -> None:
        """The list of a cell; a role may be another one, and whatever is typed is checked when the form is read back."""
        if cell.kind == "day":
            page.data_validation(first, column, last, column, {
                "validate": "date", "criteria": "between", "minimum": date(2015, 1, 1), "maximum": date(2100, 12, 31),
                "show_error": False, "input_message": "A day, like 2026-03-05",
            })  # fmt: skip
        elif cell.offers and cell.kind != "several":
            at, length = list(self.lists_offered).index(cell.offers), len(self.lists_offered[cell.offers])
            letter = xlsxwriter.utility.xl_col_to_name(2 * at)
            source = f"={LISTS}!${letter}$2:${letter}${length + 1}"
            page.data_validation(first, column, last, column, {
                "validate": "list", "source": source, "show_error": cell.offers != "role",
                "error_message": f"Pick from the list; the sheet {LISTS} says what each word means.",
            })  # fmt: skip
        elif cell.kind == "several":
            page.data_validation(first, column, last, column, {
                "validate": "any", "input_message": f"Several with a ; between them. {_which(cell)}"[:250],
            })  # fmt: skip


def _which(cell: Cell) -> str:
    by_key = {
        "signal.months": "Months like 2026-03.", "signal.steps": f"Words of the column step on the sheet {LISTS}.",
        "balancing": f"Words of the column measure on the sheet {LISTS}.", "aims": "Ids of the sheet Aims.",
        "actions": f"Words of the column action on the sheet {LISTS}.",
    }  # fmt: skip
    return by_key[cell.key]


def column_letter(column: int) -> str:
    """A column as a spreadsheet names it, counted from none.

    >>> column_letter(0), column_letter(27)
    ('A', 'AB')
    """
    return re.sub(r"\d", "", xlsxwriter.utility.xl_rowcol_to_cell(0, column))
