"""What may be sent on: a count as a page prints it, and tables as files; a table with a small count in it is refused."""

import csv
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pandas as pd

from analysis.brief.small_counts.disclosure import COUNTED, check_kinds
from analysis.params import Disclosure
from analysis.tables import MEASURES_TABLE, Table

SIGNIFICANT_DIGITS = 6
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs such a cell (OWASP, CSV Injection)


def shown_count(value: float | None, rule: Disclosure, *, hidden: bool = True) -> str:
    """The count as a page prints it, or the mark of a hidden one.

    The mark does not say "1 to 10": a cell that is hidden to cover another may hold more.

    `hidden` says why a count is missing: False stands for a count that nobody recorded, which is not a small one.

    >>> rule = Disclosure(smallest_shown=11, hidden_words="1 to 10 (hidden to protect privacy)")
    >>> shown_count(1234, rule), shown_count(0, rule), shown_count(None, rule), shown_count(None, rule, hidden=False)
    ('1,234', '0', 'hidden', 'no data')
    """
    if pd.isna(value):
        return rule.mark if hidden else "no data"
    if value != round(value):
        raise ValueError(f"{value} is not a count. Only whole numbers of episodes or children are printed as one.")
    return f"{round(value):,}"


def write_table(
    frame: pd.DataFrame,
    path: Path,
    *,
    table: Table,
    rule: Disclosure,
    hide: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> Path:
    """Write a table that may be sent on as CSV, and give its path; a table with a small count in it is refused.

    The contract's columns come first and in its order, then others in theirs; rows keep their order. Lines end with LF,
    missing is empty, numbers have six significant digits (whole numbers all of theirs), and text that a spreadsheet would run is
    quoted with an apostrophe. The file is complete or absent: it is written beside its place and then moved.

    For the contract's `measures`, `hide` and `units` are as in `hide_small`; a process measure's numerator may be small
    beside a denominator that is shown. Raises ValueError for a small count, a missing column or an identifying one.
    """
    if lacking := [name for name in table.names if name not in frame.columns]:
        raise ValueError(
            f'{path.name} lacks the column "{lacking[0]}" of the table {table.name}. Add it before writing.'
        )
    if named := [column.name for column in table.columns if column.identifying]:
        raise ValueError(
            f'{path.name} holds "{named[0]}", which identifies children. Leave it out of shareable tables.'
        )
    refuse_small_counts(frame, path.name, table, rule, hide, units)
    columns = [*table.names, *(name for name in frame.columns if name not in table.names)]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(map(_cell, columns))
            writer.writerows(map(_cell, row) for row in zip(*(frame[name].tolist() for name in columns), strict=True))
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def refuse_small_counts(
    frame: pd.DataFrame,
    file: str,
    table: Table,
    rule: Disclosure,
    hide: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> None:
    """ValueError, which names the file, where a table that may be sent on holds a small count; as `write_table` has it."""
    counts = {column.name: frame[column.name].astype(float) for column in table.columns if column.counts_children}
    allowed = {name: pd.Series(False, index=frame.index) for name in counts}
    if table == MEASURES_TABLE:
        if hide is None or units is None:
            raise ValueError(
                f"{file}: whether a small count may stand in measures depends on the cards. Give hide and units."
            )
        check_kinds(frame, hide, units)
        unit, people = frame["measure"].map(units), frame["measure"].map(hide).eq("people")
        counted, nobody = unit.isin(COUNTED), frame["measure"].map(hide).eq("none")
        allowed["denominator"] = unit.eq("rate")  # child-years
        allowed["numerator"] = people & ~counted & counts["denominator"].ge(rule.smallest_shown)
        allowed["not_measurable"] = people
        complement = counts["denominator"] - counts["numerator"]
        counts["complement"], allowed["complement"] = complement, people | unit.eq("rate")
        allowed = {name: rows | nobody for name, rows in allowed.items()}
    for name, values in counts.items():
        small = (values > 0) & (values < rule.smallest_shown) & ~allowed[name]
        if small.any():
            raise ValueError(
                f"{file}: {int(small.sum())} of {len(frame)} rows show a {name} of 1 to {rule.smallest_shown - 1}. "
                "Hide small counts before writing."
            )


def _cell(value: object) -> str:
    """One value as the file holds it.

    >>> _cell(1234567), _cell(0.12345678), _cell(None), _cell(True), _cell("=1+1"), _cell(-0.0), _cell(1e-7)
    ('1234567', '0.123457', '', 'True', "'=1+1", '0', '0.0000001')
    """
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    if pd.isna(value):
        return ""
    if isinstance(value, float):
        if value == round(value):
            return str(round(value))
        return f"{Decimal(f'{value:.{SIGNIFICANT_DIGITS}g}'):f}"
    return str(value)
