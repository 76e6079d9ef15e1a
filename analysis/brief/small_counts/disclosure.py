"""Small counts: which cells of a table of measures are hidden.

Two steps hide. A cell with a small count is hidden (primary), then cells that would give one away (complementary), until no
line of the table (sites of a state, parts of a mix, months of a longer period) has a single hidden cell or hidden cells
that sum to a small count, and no hidden cell follows from several lines taken together. Both steps leave the same mark.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.linalg import lsmr

from analysis.params import Disclosure
from analysis.periods import period
from analysis.tables import MEASURES_TABLE, STATEWIDE

KEY = list(MEASURES_TABLE.key)
HIDES = ("people", "all", "none")
UNITS = ("count", "rate", "share", "minutes", "mix", "score", "mean", "per_child", "number", "portion")
COUNTED = ("count", "rate", "per_child")  # units whose numerator counts people whatever the measure hides
WHOLE = "all"  # the stratum that holds every episode, as the contract's column says
ELSEWHERE = "(elsewhere)"  # episodes in the statewide row of places that have no row; never shown
NUMBERS = ["numerator", "denominator", "value", "low", "high", "not_measurable"]
NOTHING = 1e-9  # counts closer than this are equal
DETERMINED = 1e-6  # a random move of the hidden cells that leaves every shown total alone moves a fixed cell by less
SEED_OF_THE_MOVE = 20261122


def hide_small(
    measures: pd.DataFrame,
    *,
    hide: Mapping[str, str],
    units: Mapping[str, str],
    rule: Disclosure,
    fiscal_year_starts: int = 7,
) -> pd.DataFrame:
    """The measures with every small count hidden, and every cell that would give one away.

    Takes and gives one row per measure, stratum, site_id and period (the contract's `measures`), in the same order. In a
    hidden row the numbers are missing and `hidden` is True.

    `hide` says of each measure whether its denominator alone counts people ("people") or its numerator and complement too
    ("all") or nothing of it does ("none": staff, events, hours; its rows are left alone); `units` whether it is a "count", "rate", "share", "minutes" or "mix". For a count the numerator
    and the episodes behind it count people, for a rate the numerator alone (its denominator is child-years). Zero is shown. Under "all", a small `not_measurable` is hidden alone in a row that is shown.

    Lines are closed by the cheapest cell (smallest line count, then the order of stratum, site and period); a zero covers
    nothing. Where no cell is left to cover with, the line's total is hidden. Where the statewide row holds more than the
    sites' rows, the difference counts as a hidden cell. Parts that exceed their total (children seen at two sites) are no sum: such a
    line is left alone. Measures are looked at one by one: two with the same denominators are not compared.

    Raises ValueError for a measure that `hide` or `units` does not know, and for two rows with one key.

    Sources: CMS cell size suppression policy (no value of 1 to 10 shown or derivable); Cox, Suppression methodology and
    statistical disclosure control, JASA 75 (1980), 377-385.

    >>> rule = Disclosure(smallest_shown=11, hidden_words="1 to 10 (hidden)")
    >>> sites = pd.DataFrame({"measure": "seen", "stratum": "all", "site_id": ["a", "b", "c", "statewide"],
    ...     "period": "2026-10", "numerator": [3, 12, 20, 35], "denominator": [4, 14, 30, 48], "value": 0.5, "low": 0.1,
    ...     "high": 0.9, "not_measurable": 0, "hidden": False})
    >>> hide_small(sites, hide={"seen": "people"}, units={"seen": "share"}, rule=rule)["denominator"].tolist()
    [nan, nan, 30.0, 48.0]
    """
    check_kinds(measures, hide, units)
    open_ = measures["measure"].map(hide).eq("none")
    if open_.any():
        closed = hide_small(measures[~open_], hide=hide, units=units, rule=rule, fiscal_year_starts=fiscal_year_starts)
        return pd.concat([measures[open_], closed]).loc[measures.index]
    rows = measures.reset_index(drop=True)
    gone = _hidden_rows(rows, hide, units, rule.smallest_shown, fiscal_year_starts)
    lacking = _hidden_lacking(rows, gone, hide, units, rule.smallest_shown, fiscal_year_starts)
    shown = rows.copy()
    for name in NUMBERS:
        if pd.api.types.is_integer_dtype(shown[name]) and not pd.api.types.is_extension_array_dtype(shown[name]):
            shown[name] = shown[name].astype(float)  # plain integers cannot be missing
        shown[name] = shown[name].mask(gone | lacking if name == "not_measurable" else gone)
    shown["hidden"] = rows["hidden"].astype(bool) | gone
    return shown.set_axis(measures.index)


def check_kinds(measures: pd.DataFrame, hide: Mapping[str, str], units: Mapping[str, str]) -> None:
    """ValueError for a measure of which nobody says what it hides or its unit, and for two rows with one key."""
    for name in sorted(measures["measure"].unique()):
        if hide.get(name) not in HIDES:
            raise ValueError(f'"{name}" hides {hide.get(name)!r}; its card must say one of {", ".join(HIDES)}.')
        if units.get(name) not in UNITS:
            raise ValueError(f'"{name}" has the unit {units.get(name)!r}; its card must say one of {", ".join(UNITS)}.')
    if twice := int(measures.duplicated(KEY).sum()):
        first = " / ".join(measures.loc[measures.duplicated(KEY), KEY].iloc[0])
        raise ValueError(f"{twice} rows of the measures stand twice, the first is {first}. Keep one of each.")


def _hidden_lacking(rows, gone, hide, units, smallest, fiscal_year_starts) -> np.ndarray:
    """True for each row whose not_measurable is hidden alone: one figure a block, since the parts of a mix repeat it."""
    children = rows["measure"].map(hide).eq("all")
    mixed = rows["measure"].map(units).eq("mix")
    blocks = rows.assign(stratum=rows["stratum"].mask(mixed, WHOLE), gone=gone, numerator=rows["not_measurable"])
    blocks = blocks[children].groupby(KEY, as_index=False).agg(numerator=("numerator", "max"), gone=("gone", "min"))
    blocks = blocks.assign(denominator=np.nan)
    names = blocks["measure"].unique()
    lost = _hidden_rows(
        blocks, dict.fromkeys(names, "people"), dict.fromkeys(names, "count"), smallest, fiscal_year_starts,
        gone=blocks["gone"].to_numpy(bool), loose=True,
    )  # fmt: skip
    of_row = rows.assign(stratum=rows["stratum"].mask(mixed, WHOLE))[KEY].merge(
        blocks.assign(lost=lost)[[*KEY, "lost"]], on=KEY, how="left"
    )
    return of_row["lost"].eq(True).to_numpy()


@dataclass(frozen=True)
class _Cells:
    """What can be added up: a cell is one count (numerator, complement or denominator) of one measure, place and period.

    Attributes
    ----------
    count, cost : float arrays, one entry a cell; the cost is what hiding it takes from the reader
    loose : bool array; a loose cell must stay unknown only where it is small or covers another
    measure : int array, the cell's measure
    owner : sparse (cells x rows); a cell is shown where any of its rows is
    parts : sparse (lines x cells); total, rest : the line's total cell, and the part of it that has no cell
    """

    count: np.ndarray
    cost: np.ndarray
    loose: np.ndarray
    measure: np.ndarray
    owner: sparse.csr_matrix
    parts: sparse.csr_matrix
    total: np.ndarray
    rest: np.ndarray


def _hidden_rows(rows, hide, units, smallest, fiscal_year_starts, *, gone=None, loose=False) -> np.ndarray:
    """True for each row that is hidden, primary or complementary."""
    if rows.empty:
        return np.zeros(0, bool)
    table = _cell_table(rows, hide, units, loose=loose)
    cells = _cells(table, len(rows), units, fiscal_year_starts)
    small = (cells.count > 0) & (cells.count < smallest)
    primary = (cells.owner.T @ small.astype(int)) > 0
    hiding = _Hiding(cells, primary if gone is None else primary | gone, smallest)
    hiding.close()
    return hiding.gone


def _cell_table(rows, hide, units, *, loose: bool) -> pd.DataFrame:
    """One row per cell and row of the measures that shows it: measure, ledger, stratum, site_id, period, count, cost, loose, row."""
    unit, people = rows["measure"].map(units), rows["measure"].map(hide).eq("people")
    counted, rated, mixed = unit.isin(COUNTED), unit.eq("rate"), unit.eq("mix")
    numerator, denominator = (rows[name].astype(float) for name in ("numerator", "denominator"))
    cost = numerator.where(counted | mixed, denominator)
    base = rows[KEY].assign(row=np.arange(len(rows)))
    # The numerator of a mix's "all" row is its denominator.
    kept = counted | (~people & ~(mixed & rows["stratum"].eq(WHOLE) & numerator.eq(denominator)))
    ledgers = [
        base.assign(ledger="numerator", count=numerator, cost=cost, loose=loose)[kept],
        base.assign(ledger="complement", count=denominator - numerator, cost=cost, loose=loose)[kept & ~people & ~rated],
        base.assign(ledger="denominator", count=denominator, cost=denominator, loose=mixed & ~people,
                    stratum=rows["stratum"].mask(mixed, ""))[~rated & (people | mixed | numerator.isna())],
    ]  # fmt: skip
    return pd.concat(ledgers).dropna(subset="count")


LINE_KEY = ["measure", "ledger", "stratum", "site_id", "period"]


def _cells(table: pd.DataFrame, rows: int, units: Mapping[str, str], fiscal_year_starts: int) -> _Cells:
    """The cells in the order of their key, who shows them, and the lines that they form."""
    table = table.assign(cell=table.groupby(LINE_KEY, sort=True).ngroup())
    cells = table.drop_duplicates("cell").sort_values("cell").reset_index(drop=True)
    cells = pd.concat([cells, _elsewhere(cells)], ignore_index=True).assign(cell=lambda all_: np.arange(len(all_)))
    pairs = pd.concat(
        [_site_lines(cells), _stratum_lines(cells, units), _month_lines(cells, fiscal_year_starts)], ignore_index=True
    )
    line = pairs.groupby(["kind", "total"], sort=True).ngroup().to_numpy(int)
    lines = line.max(initial=-1) + 1
    count = cells["count"].to_numpy(float)
    total = np.zeros(lines, int)
    total[line] = pairs["total"]
    part = pairs["part"].to_numpy(int)
    rest = count[total] - np.bincount(line, weights=count[part], minlength=lines)
    adds_up = rest > -NOTHING
    parts = sparse.csr_matrix((np.ones(len(line)), (line, part)), shape=(lines, len(cells)))[adds_up]
    owner = sparse.csr_matrix((np.ones(len(table), int), (table["cell"], table["row"])), shape=(len(cells), rows))
    rest = np.where(rest < NOTHING, 0, rest)[adds_up]
    cost, loose = cells["cost"].to_numpy(float), cells["loose"].to_numpy(bool)
    return _Cells(count, cost, loose, pd.factorize(cells["measure"])[0], owner, parts, total[adds_up], rest)


def _elsewhere(cells: pd.DataFrame) -> pd.DataFrame:
    """One row per count that the statewide cell has beyond the sites' cells."""
    key = ["measure", "ledger", "stratum", "period"]
    statewide = cells["site_id"].eq(STATEWIDE)
    sites = cells[~statewide].groupby(key, as_index=False)["count"].sum()
    both = cells[statewide].merge(sites, on=key, suffixes=("", "_sites"))
    beyond = both.assign(count=both["count"] - both["count_sites"], site_id=ELSEWHERE, loose=True)
    return beyond.loc[beyond["count"] > NOTHING, cells.columns]


def _pairs(kind: str, totals: pd.DataFrame, parts: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """One row per line and part: kind, total, part (cells)."""
    both = parts[[*on, "cell"]].merge(totals[[*on, "cell"]], on=on, suffixes=("_part", "_total"))
    return pd.DataFrame({"kind": kind, "total": both["cell_total"], "part": both["cell_part"]})


def _site_lines(cells: pd.DataFrame) -> pd.DataFrame:
    statewide = cells["site_id"].eq(STATEWIDE)
    return _pairs("sites", cells[statewide], cells[~statewide], ["measure", "ledger", "stratum", "period"])


def _stratum_lines(cells: pd.DataFrame, units: Mapping[str, str]) -> pd.DataFrame:
    """The numerators of a mix sum to its denominator; the strata of another measure to its "all" row."""
    mixed, whole = cells["measure"].map(units).eq("mix"), cells["stratum"].eq(WHOLE)
    of_mix = _pairs(
        "mix",
        cells[mixed & cells["ledger"].eq("denominator")],
        cells[mixed & cells["ledger"].eq("numerator") & ~whole],
        ["measure", "site_id", "period"],
    )
    of_whole = _pairs(
        "strata", cells[~mixed & whole], cells[~mixed & ~whole], ["measure", "ledger", "site_id", "period"]
    )
    return pd.concat([of_mix, of_whole], ignore_index=True)


def _month_lines(cells: pd.DataFrame, fiscal_year_starts: int) -> pd.DataFrame:
    spans = {name: period(name, fiscal_year_starts=fiscal_year_starts) for name in sorted(cells["period"].unique())}
    single = {span.first: name for name, span in spans.items() if span.first == span.last}
    inside = pd.DataFrame(
        [
            (name, single[month])
            for name, span in spans.items()
            if span.first < span.last
            for month in span.months
            if month in single
        ],
        columns=["longer", "period"],
        dtype=object,
    )
    months = cells.merge(inside, on="period").drop(columns="period").rename(columns={"longer": "period"})
    return _pairs("months", cells, months, LINE_KEY)


class _Hiding:
    """The rows hidden so far, and what follows for the cells; only ever hides more."""

    def __init__(self, cells: _Cells, gone: np.ndarray, smallest: int) -> None:
        self.cells, self.smallest, self.gone = cells, smallest, gone.copy()
        self.rows_of, self.cells_of, self.lines_of = cells.owner, cells.owner.T.tocsr(), cells.parts.T.tocsr()
        self.covers = np.zeros(len(cells.count), bool)
        self.owners = np.asarray(cells.owner @ (~self.gone).astype(int))

    def close(self) -> None:
        """Hide until no line, and no combination of lines, gives a hidden cell away."""
        measure = self.cells.measure
        among = np.ones(len(measure), bool)
        while among.any():
            while len(lines := self.open_lines()):
                for line in lines:
                    self.cover(line)
            known = self.derivable(among)
            self.cover_derivable(known)
            among = np.isin(measure, measure[known])  # one measure's cells fix nothing in another

    def secret(self) -> np.ndarray:
        """The unknown cells that must stay unknown; a zero needs no cover."""
        count = self.cells.count
        firm = ~self.cells.loose | self.covers | (count < self.smallest)
        return (self.owners == 0) & firm & (count > 0)

    def open_lines(self) -> np.ndarray:
        """Lines in which one subtraction gives a hidden cell, or hidden cells that sum to a small count."""
        cells, unknown = self.cells, (self.owners == 0) & (self.cells.count > 0)
        secret, rest = self.secret(), cells.rest
        hidden = cells.parts @ unknown.astype(float) + (rest > 0)
        beyond = cells.parts @ np.where(unknown, cells.count, 0) + rest
        at_stake = (cells.parts @ secret.astype(float) > 0) | ((rest > 0) & (rest < self.smallest))
        total_shown = self.owners[cells.total] > 0
        opened = total_shown & at_stake & ((hidden == 1) | (beyond < self.smallest - NOTHING))
        return np.flatnonzero(opened | (~total_shown & secret[cells.total] & (hidden == 0)))

    def cover(self, line: int) -> None:
        """Hide the cheapest cells that close the line; its total where there are none."""
        cells = self.cells
        part = cells.parts.indices[cells.parts.indptr[line] : cells.parts.indptr[line + 1]]
        count, unknown = cells.count[part], self.owners[part] == 0
        spare = self.cheapest_first(part[~unknown & (count > 0)])
        rest = cells.rest[line]
        hidden, beyond = int((unknown & (count > 0)).sum()) + (rest > 0), count[unknown].sum() + rest
        if self.owners[cells.total[line]] == 0:  # only the total is hidden: any part will do, unless one is by now
            self.hide(spare[: 0 if hidden else 1])
            return
        if hidden > 1 and beyond >= self.smallest - NOTHING:
            return
        enough = (hidden + np.arange(1, len(spare) + 1) > 1) & (
            beyond + np.cumsum(cells.count[spare]) >= self.smallest - NOTHING
        )
        self.hide(spare[: np.argmax(enough) + 1] if enough.any() else cells.total[[line]])

    def cheapest_first(self, some: np.ndarray) -> np.ndarray:
        return some[np.lexsort((some, self.cells.cost[some]))]

    def hide(self, some: Iterable[int]) -> None:
        """Hide these cells: every row that shows one of them, and with the row its other cells."""
        for cell in some:
            self.covers[cell] = True
            for row in self.rows_of.indices[self.rows_of.indptr[cell] : self.rows_of.indptr[cell + 1]]:
                if not self.gone[row]:
                    self.gone[row] = True
                    self.owners[self.cells_of.indices[self.cells_of.indptr[row] : self.cells_of.indptr[row + 1]]] -= 1

    def derivable(self, among: np.ndarray) -> np.ndarray:
        """Secret cells, among these, that several shown totals together fix.

        A random vector is projected on the moves of the hidden cells that leave every shown total alone. A cell that does
        not move is fixed, one that moves is not: all hidden counts are positive, so a short enough move is possible.
        """
        cells, unknown = self.cells, (self.owners == 0) & (self.cells.count > 0) & among
        lines = np.flatnonzero((cells.parts @ unknown.astype(float) + unknown[cells.total]) > 0)
        if not len(lines):
            return lines
        total = sparse.csr_matrix(
            (np.ones(len(lines)), (np.arange(len(lines)), cells.total[lines])), shape=(len(lines), len(unknown))
        )
        rest = sparse.diags((cells.rest[lines] > 0).astype(float))
        equations = sparse.hstack([(cells.parts[lines] - total)[:, unknown], rest]).tocsr()
        start = np.random.default_rng(SEED_OF_THE_MOVE).standard_normal(equations.shape[1])
        solved = lsmr(equations.T, start, atol=1e-12, btol=1e-12, conlim=0, maxiter=5000)[0]
        move = start - equations.T @ solved
        found = np.flatnonzero(unknown)
        return found[(np.abs(move[: len(found)]) < DETERMINED) & self.secret()[found]]

    def cover_derivable(self, known: np.ndarray) -> None:
        """Beside each measure's first fixed cell hide the cheapest in its lines; else their total; else any of the measure."""
        measure = self.cells.measure
        for cell in known[np.unique(measure[known], return_index=True)[1]]:
            lines = self.lines_of.indices[self.lines_of.indptr[cell] : self.lines_of.indptr[cell + 1]]
            lines = np.union1d(lines, np.flatnonzero(self.cells.total == cell)).astype(int)
            beside = np.unique(self.cells.parts[lines].indices)
            for some in (beside, np.unique(self.cells.total[lines]), np.flatnonzero(measure == measure[cell])):
                spare = self.cheapest_first(some[(self.owners[some] > 0) & (self.cells.count[some] > 0)])
                if len(spare):
                    self.hide(spare[:1])
                    break
