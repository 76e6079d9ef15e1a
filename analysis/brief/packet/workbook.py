"""The workbook: the tables of one period as they may be sent, words beside codes, for those who work in a spreadsheet."""

import gc
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from analysis.brief import markup, wording
from analysis.brief.numbers import Numbers
from analysis.brief.panels import place_name
from analysis.brief.small_counts.shareable import refuse_small_counts
from analysis.params import Disclosure, disclosure
from analysis.periods import Period
from analysis.quality.cards import Card, choices_for, target_for
from analysis.quality.measures import categories
from analysis.quality.pools import hubs
from analysis.tables import MEASURES_TABLE, STATEWIDE

COUNTS, RESULTS = ("numerator", "denominator", "not_measurable"), ("value", "low", "high")
FIGURES = ("numerator", "denominator", "value", "low", "high", "not_measurable")
HEADERS = {
    "measure": "measure", "title": "Measure", "stratum": "stratum", "part": "Part", "site_id": "site_id", "site": "Site",
    "period": "period", "months": "Period", "numerator": "numerator", "denominator": "denominator", "value": "value",
    "unit": "Unit", "low": "low", "high": "high", "not_measurable": "not_measurable", "hidden": "hidden",
}  # fmt: skip
UNIT_WORDS = {
    "count": "number", "rate": "for every 1,000 children and year", "share": "share", "mix": "share", "minutes": "minutes",
    "score": "points", "mean": "mean", "per_child": "for each child", "number": "number", "portion": "part",
}  # fmt: skip
FORMS = {
    "count": "#,##0", "rate": "#,##0.0", "minutes": "#,##0", "share": "0%", "mix": "0%", "score": "+0.0;-0.0;0.0", "mean": "0.0",
    "per_child": "0.00", "number": "#,##0", "portion": "0%",
}  # fmt: skip
WIDEST, NARROWEST = 44, 9  # characters


def read_measures(path: Path) -> pd.DataFrame:
    """The table of measures as it was written to be sent: ids as text, counts and figures as numbers, hidden as a flag."""
    text = ["measure", "stratum", "site_id", "period"]
    table = pd.read_csv(
        path, dtype={**dict.fromkeys(text, str), **dict.fromkeys(FIGURES, "Float64"), "hidden": "boolean"}
    )
    return table[MEASURES_TABLE.names].astype({"hidden": bool})


def make_workbook(table: pd.DataFrame, numbers: Numbers, *, rule: Disclosure | None = None) -> bytes:
    """The workbook of one period; the same table gives the same bytes.

    Takes the contract's `measures`, small counts hidden already. Where sites are not to be named to each other it holds the state alone:
    an id without a name would name a site as well, and each site is sent its own figures. A cell that is hidden prints the mark, one that is missing is
    empty, a text is a text and never a formula. Raises ValueError, as for a CSV, where a small count stands in the table.
    """
    rule = rule or disclosure()
    table = table if numbers.name_peers else table[table["site_id"].eq(STATEWIDE)]
    cards = numbers.cards.cards
    kinds = {
        "hide": {name: card.hide for name, card in cards.items()},
        "units": {name: card.unit for name, card in cards.items()},
    }
    refuse_small_counts(table, "measures.xlsx", MEASURES_TABLE, rule, **kinds)
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    # The day to which the records reach, in place of the time of writing.
    book.set_properties({"title": _title(numbers), "author": numbers.study.title, "created": _as_of(numbers)})
    with _without_collector():
        writer = _Writer(book, table, numbers, rule)
        writer.read_me()
        writer.all_figures()
        if numbers.name_peers:
            writer.year_by_site()
        writer.months_statewide()
        book.close()
    return file.getvalue()


@contextmanager
def _without_collector() -> Iterator[None]:
    """No garbage collection meanwhile: it would look at a million cells again and again, and none of them is garbage."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _title(numbers: Numbers) -> str:
    return f"{numbers.study.title}: figures of {numbers.windows.now.words}"


def _as_of(numbers: Numbers) -> datetime:
    return numbers.covers[1].to_pydatetime()


class Cell(NamedTuple):
    """What stands in one cell: a text, a number with its form, or nothing."""

    content: str | float | None
    form: str = ""


class _Writer:
    """One workbook while it is written."""

    def __init__(self, book: xlsxwriter.Workbook, table: pd.DataFrame, numbers: Numbers, rule: Disclosure) -> None:
        # Missing figures as None: asking pandas of each of many hundred thousand cells takes longer than writing them.
        plain = {name: table[name].astype(object).where(table[name].notna(), None) for name in FIGURES}
        self.book, self.table, self.numbers, self.rule = book, table.assign(**plain), numbers, rule
        self.forms: dict[str, Format] = {}
        self.head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.words = book.add_format({"text_wrap": True, "valign": "top"})
        self.names = dict(zip(numbers.sites["site_id"], numbers.sites["name"], strict=True)) | {STATEWIDE: "Statewide"}
        self.names |= {pool.pool_id: place_name(numbers, pool.pool_id) for pool in hubs(numbers.sites)}
        # Each said once: there are tens of thousands of rows, and few periods and parts.
        self.periods = {name: Cell(numbers.study.period(name).words) for name in table["period"].unique()}
        parts = table[["measure", "stratum"]].drop_duplicates().itertuples(index=False, name=None)
        self.parts = {(measure, stratum): Cell(self._part(measure, stratum)) for measure, stratum in parts}

    # --- sheets ---

    def read_me(self) -> None:
        """What this is, what a hidden cell is, and every measure's definition."""
        page = self.book.add_worksheet("Read me")
        lines = self._about()
        for at, (label, said) in enumerate(lines):
            page.write_string(at, 0, label, self.head)
            page.merge_range(at, 1, at, 5, said, self.words)
            page.set_row(at, 15 * (1 + len(said) // 120))
        start = len(lines) + 1
        headers = ["Measure", "Counts", "Out of", "Standard", "Source", "measure"]
        for column, header in enumerate(headers):
            page.write_string(start, column, header, self.head)
        cards = {name: card for name, card in self.numbers.cards.cards.items() if name in set(self.table["measure"])}
        for at, (name, card) in enumerate(cards.items(), start + 1):
            said = [
                card.title,
                card.counts,
                card.out_of,
                standard_words(card, self.numbers.windows.now),
                card.source,
                name,
            ]
            for column, words in enumerate(said):
                page.write_string(at, column, words, self.words)
        for column, width in enumerate((26, 40, 40, 40, 40, 26)):
            page.set_column(column, column, width)
        page.hide_gridlines(2)
        _on_paper(page)

    def all_figures(self) -> None:
        """Every figure, one a row, with the contract's columns and words beside codes."""
        cards = self.numbers.cards.cards
        rows = [
            [self._tidy(name, row, cards[row["measure"]]) for name in HEADERS] for row in self.table.to_dict("records")
        ]
        self._sheet("All figures", list(HEADERS.values()), rows, stay=0)

    def year_by_site(self) -> None:
        """One row a site, the year that ends with the period; the state first."""
        year = self.numbers.windows.year
        sites = [STATEWIDE, *self.numbers.pages["site_id"]]
        heads = [[Cell(site), Cell(self.names[site])] for site in sites]
        self._wide("Year by site", ["site_id", f"Site ({year.words})"], heads, [(site, year.name) for site in sites])

    def months_statewide(self) -> None:
        """One row a month, the state as a whole."""
        months = self.numbers.windows.months
        heads = [[Cell(month.name), Cell(month.words)] for month in months]
        self._wide("Months statewide", ["period", "Month"], heads, [(STATEWIDE, month.name) for month in months])

    # --- cells ---

    def _about(self) -> list[tuple[str, str]]:
        numbers, rule = self.numbers, self.rule
        first, last = (wording.day_words(day) for day in numbers.covers)
        made_up = [("Made up", numbers.study.made_up)] if numbers.study.made_up else []
        return [
            ("Figures of", f"{numbers.windows.now.words}. {numbers.study.title}, {numbers.study.service}"),
            ("Records", f"From {first} to {last}"),
            *made_up,
            (
                "Hidden cells",
                f"“{rule.mark}” stands where fewer than {rule.smallest_shown} people are behind a figure, and where another could "
                "be worked out from it. One mark for both: a hidden cell may hold more. Totals may be hidden as well.",
            ),
            *(
                []
                if numbers.name_peers
                else [
                    (
                        "Sites",
                        f"By agreement no {numbers.study.place} is named to the others: each has its own figures in its folder",
                    )
                ]
            ),
            ("Empty cells", "Nothing was recorded, or too much was left blank for a figure to be given."),
            ("Ranges", f"low and high are the ends of the {numbers.cards.confidence:.0%} range of chance."),
        ]

    def _tidy(self, name: str, row: dict, card: Card) -> Cell:
        match name:
            case "title":
                return Cell(card.title)
            case "part":
                return self.parts[row["measure"], row["stratum"]]
            case "site":
                return Cell(self.names.get(row["site_id"], row["site_id"]))
            case "months":
                return self.periods[row["period"]]
            case "unit":
                return Cell(UNIT_WORDS[card.unit])
            case "hidden":
                return Cell("yes" if row["hidden"] else "no")
            case _ if name in FIGURES:
                return self._figure(name, row, card)
        return Cell(row[name])

    def _part(self, measure: str, stratum: str) -> str:
        card = self.numbers.cards.cards[measure]
        return (
            ""
            if card.unit != "mix"
            else categories(measure, choices_for(card, self.numbers.study)).get(stratum, stratum)
        )

    def _figure(self, name: str, row: dict | None, card: Card) -> Cell:
        """A number as it may be read; the mark where the row is hidden, nothing where there is none."""
        if row is None or row[name] is None:
            return Cell(self.rule.mark if row is not None and row["hidden"] else None)
        if name in COUNTS:
            return Cell(float(row[name]), "#,##0.0" if card.unit == "rate" and name == "denominator" else "#,##0")
        many = card.unit in ("share", "mix") and name == "value" and row["denominator"] >= markup.ONE_DECIMAL_FROM
        return Cell(float(row[name]), "0.0%" if many else FORMS[card.unit])

    def _wide(self, sheet: str, headers: list[str], heads: list[list[Cell]], places: list[tuple[str, str]]) -> None:
        """One row for each place and period, four columns for each measure that is a single figure."""
        single = {name: card for name, card in self.numbers.cards.cards.items() if card.unit != "mix"}
        kept = self.table[self.table["stratum"].eq("all")].to_dict("records")
        found = {(row["measure"], row["site_id"], row["period"]): row for row in kept}
        measures = [name for name in single if any(name == measure for measure, _, _ in found)]
        rows = heads
        for name in measures:
            columns = _columns(single[name])
            headers = [*headers, *columns.values()]
            rows = [
                [*row, *(self._figure(column, found.get((name, *place)), single[name]) for column in columns)]
                for row, place in zip(rows, places, strict=True)
            ]
        self._sheet(sheet, headers, rows, stay=2)

    def _sheet(self, name: str, headers: list[str], rows: list[list[Cell]], *, stay: int) -> None:
        """A sheet with a header that stays in view, filters, and columns as wide as what is in them."""
        page = self.book.add_worksheet(name)
        for column, header in enumerate(headers):
            page.write_string(0, column, header, self.head)
            page.set_column(column, column, _width(header, [row[column] for row in rows]))
        for at, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                self._write(page, at, column, cell)
        page.freeze_panes(1, stay)
        page.autofilter(0, 0, max(len(rows), 1), len(headers) - 1)
        page.repeat_rows(0)
        _on_paper(page)

    def _write(self, page: Worksheet, at: int, column: int, cell: Cell) -> None:
        if isinstance(cell.content, str):
            page.write_string(at, column, cell.content)
        elif cell.content is not None:
            if cell.form not in self.forms:
                self.forms[cell.form] = self.book.add_format({"num_format": cell.form})
            page.write_number(at, column, cell.content, self.forms[cell.form])


def standard_words(card: Card, now: Period) -> str:
    """The standard that holds at the end of the period, with its source; "none" where there is none."""
    held = [clock for clock in card.clocks or () if clock.holds_on(now.to_on.date())]
    if card.clocks:
        return " ".join(wording.clock_words(clock, standard=card.unit == "share") for clock in held) or "none"
    target = target_for(card, now)
    return f"{markup.percent(target.share, 1)}. Source: {target.source}." if target else "none"


def _columns(card: Card) -> dict[str, str]:
    """The columns of a measure in a wide sheet; a count is out of nothing."""
    out_of = {} if card.unit == "count" else {"denominator": f"{card.short}: out of"}
    return {"value": card.short, **out_of, "low": f"{card.short}: low", "high": f"{card.short}: high"}


def _width(header: str, cells: Sequence[Cell]) -> int:
    longest = max((len(cell.content) for cell in cells if isinstance(cell.content, str)), default=0)
    # A header takes up to three lines.
    return min(max(longest + 2, len(header) // 3 + 4, max(map(len, header.split())) + 2, NARROWEST), WIDEST)


def _on_paper(page: Worksheet) -> None:
    page.set_landscape()
    page.set_paper(1)  # letter
    page.fit_to_pages(1, 0)
