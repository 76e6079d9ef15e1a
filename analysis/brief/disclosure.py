"""Small counts: which cells of a table of measures are hidden, an attack on the result, and the writer of shareable tables.

Two steps hide. A cell with a small count is hidden (primary), then cells that would give one away (complementary), until no
line of the table (sites of a state, parts of a mix, months of a longer period) has a single hidden cell or hidden cells
that sum to a small count, and no hidden cell follows from several lines taken together. Both steps leave the same mark.
"""

import csv
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import lsmr

from analysis.params import Disclosure
from analysis.periods import period
from analysis.tables import MEASURES_TABLE, STATEWIDE, Table

KEY = list(MEASURES_TABLE.key)
HIDES = ("people", "all")
UNITS = ("count", "rate", "share", "minutes", "mix")
WHOLE = "all"  # the stratum that holds every episode, as the contract's column says
ELSEWHERE = "(elsewhere)"  # episodes in the statewide row of places that have no row; never shown
NUMBERS = ["numerator", "denominator", "value", "low", "high", "not_measurable"]
NOTHING = 1e-9  # counts closer than this are equal
DETERMINED = 1e-6  # a random move of the hidden cells that leaves every shown total alone moves a fixed cell by less
SEED_OF_THE_MOVE = 20261122
WITNESSES = 6  # solutions towards random aims that spare most of the exact searches
NARROW = 3  # a range of fewer values than this is as good as the value (working rule of the attack)
SIGNIFICANT_DIGITS = 6
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs such a cell (OWASP, CSV Injection)


# --- hiding ----------------------------------------------------------------------------------------------------------


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
    ("all"); `units` whether it is a "count", "rate", "share", "minutes" or "mix". For a count the numerator
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
    _known(measures, hide, units)
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


def _known(measures: pd.DataFrame, hide: Mapping[str, str], units: Mapping[str, str]) -> None:
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
    counted, rated, mixed = unit.isin(["count", "rate"]), unit.eq("rate"), unit.eq("mix")
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


# --- an attack on what is shown: shares nothing with the hiding ------------------------------------------------------


def audit(
    shown: pd.DataFrame,
    rule: Disclosure,
    *,
    hide: Mapping[str, str],
    units: Mapping[str, str],
    elsewhere: bool = False,
    fiscal_year_starts: int = 7,
) -> list[str]:
    """One sentence for every hidden count that the shown numbers pin down; an empty list where they pin down none.

    Takes rows of the contract's `measures` after hiding. For each hidden row the smallest and the largest possible count are
    found by linear programming from every shown number: sites sum to the state, the parts of a mix to its denominator,
    strata to "all", months to a longer period; no count is negative and no numerator above its denominator. A range of
    fewer than three whole numbers is reported, except one that holds zero alone, since zero may be shown. The denominator of a mix that
    only counts people in its parts is reported where its range lies within 1 to the largest hidden count.

    `elsewhere` is True where the statewide rows hold episodes of places without a row; an attacker who knows that there
    are none is the stronger one. Months outside the table make a longer period's line an inequality.

    Source: Fischetti and Salazar, Solving the cell suppression problem on tabular data with linear constraints,
    Management Science 47 (2001), 1008-1027 (the attacker's problem).

    >>> rule = Disclosure(smallest_shown=11, hidden_words="1 to 10 (hidden)")
    >>> one_hidden = pd.DataFrame({"measure": "calls", "stratum": "all", "site_id": ["a", "b", "statewide"],
    ...     "period": "2026-10", "numerator": [np.nan, 20, 25], "denominator": np.nan, "not_measurable": np.nan,
    ...     "hidden": [True, False, False]})
    >>> audit(one_hidden, rule, hide={"calls": "people"}, units={"calls": "count"})
    ['calls / all / a / 2026-10: the hidden numerator must be 5.']
    """
    found = []
    for name, rows in shown.groupby("measure", sort=True):
        attack = _Attack(rows, hide[name], units[name], rule.smallest_shown, elsewhere, fiscal_year_starts)
        found += [f"{name} / {sentence}" for sentence in attack.sentences()]
    return found


class _Attack:
    """One measure's shown numbers as equations, and the bounds that they set.

    A quantity is (name, stratum, site_id, period) with the name n, d or t (numerator, denominator, not measurable).
    """

    def __init__(self, rows, hide, unit, smallest, elsewhere, fiscal_year_starts) -> None:
        self.hide, self.unit, self.smallest, self.elsewhere = hide, unit, smallest, elsewhere
        self.rows = rows.sort_values(["stratum", "site_id", "period"])
        self.months = _months_within(rows["period"].unique(), fiscal_year_starts)
        self.number: dict[tuple, float] = {}  # shown
        self.column: dict[tuple, int] = {}  # unknown
        self.read()
        self.equal: list[tuple[dict[int, float], float]] = []
        self.at_most: list[tuple[dict[int, float], float]] = []
        self.add_up()

    def quantity(self, name: str, stratum: str, site: str, span: str) -> tuple:
        return (name, "" if self.unit == "mix" and name in "dt" else stratum, site, span)

    def read(self) -> None:
        """Sort every quantity into shown and unknown."""
        columns = {"n": "numerator"}
        if self.unit != "rate":  # child-years are no count of children
            columns["d"] = "denominator"
        if self.hide == "all":
            columns["t"] = "not_measurable"
        quantities = []
        for name, column in columns.items():
            if self.rows[column].notna().any():
                for stratum, site, span, value in self.rows[["stratum", "site_id", "period", column]].to_numpy(object):
                    one = self.quantity(name, stratum, site, span)
                    quantities.append(one)
                    if not pd.isna(value):
                        self.number[one] = float(value)
        if self.elsewhere:
            quantities += [(q, stratum, ELSEWHERE, span) for q, stratum, site, span in quantities if site == STATEWIDE]
        for one in dict.fromkeys(quantities):
            if one not in self.number:
                self.column[one] = len(self.column)
        self.known = set(self.number) | set(self.column)

    def add_up(self) -> None:
        """Every sum that an attacker can write down."""
        of_sites, of_strata, of_months = defaultdict(list), defaultdict(list), defaultdict(list)
        for one in sorted(self.known):
            name, stratum, site, span = one
            if site != STATEWIDE:
                of_sites[name, stratum, STATEWIDE, span].append(one)
            if self.unit == "mix" and name == "n":
                if stratum != WHOLE:
                    of_strata["d", "", site, span].append(one)
                elif ("d", "", site, span) in self.known:
                    self.keep([one], ("d", "", site, span))
            elif stratum not in (WHOLE, ""):
                of_strata[name, WHOLE, site, span].append(one)
            for longer in self.months["longer"].get(span, ()):
                of_months[name, stratum, site, longer].append(one)
            if name == "n" and self.quantity("d", *one[1:]) in self.known:
                self.keep([one], self.quantity("d", *one[1:]), exact=False)
        for total, parts in [*of_sites.items(), *of_strata.items()]:
            self.keep(parts, total)
        for total, parts in of_months.items():
            self.keep(parts, total, exact=len(parts) == self.months["length"][total[3]])

    def keep(self, parts: list[tuple], total: tuple, *, exact: bool = True) -> None:
        """Parts sum to the total, or to no more than it."""
        if total not in self.known:
            return
        terms: dict[int, float] = defaultdict(float)
        right = 0.0
        for one, sign in [*((part, 1.0) for part in parts), (total, -1.0)]:
            if one in self.column:
                terms[self.column[one]] += sign
            else:
                right -= sign * self.number[one]
        if terms:
            (self.equal if exact else self.at_most).append((dict(terms), right))

    def targets(self) -> list[tuple[str, dict[int, float], bool]]:
        """What an attacker wants: words, the sum of unknowns that it is, and whether only a small value is a find."""
        found = []
        for stratum, site, span, hidden in self.rows[["stratum", "site_id", "period", "hidden"]].to_numpy(object):
            n, d, t = (self.column.get(self.quantity(name, stratum, site, span)) for name in "ndt")
            where = f"{stratum} / {site} / {span}: the hidden"
            if hidden and n is not None and (self.hide == "all" or self.unit in ("count", "rate")):
                found.append((f"{where} numerator", {n: 1.0}, False))
                if d is not None and self.hide == "all":
                    found.append((f"{where} complement", {d: 1.0, n: -1.0}, False))
            if hidden and d is not None:
                loose = self.hide == "all" and n is not None
                found.append((f"{where} denominator", {d: 1.0}, loose))
            if t is not None:
                found.append((f"{where} not_measurable", {t: 1.0}, True))
        return found

    def sentences(self) -> list[str]:
        """One sentence a find."""
        targets = self.targets()
        if not targets:
            return []
        low, high = self.bounds([terms for _, terms, _ in targets])
        found = []
        for (words, _, only_small), least, most in zip(targets, low, high, strict=True):
            within = least >= 1 and most < self.smallest
            if most > 0 and most - least + 1 <= NARROW - 1 and (within or not only_small):
                found.append(f"{words} must be {least:.0f}{'' if least == most else f' to {most:.0f}'}.")
        return found

    def bounds(self, targets: list[dict[int, float]]) -> tuple[np.ndarray, np.ndarray]:
        """The least and largest whole value of each target; one that is seen to vary enough is not searched to its end."""
        goals = _matrix([(terms, 0.0) for terms in targets], len(self.column))
        equal, at_most = _matrix(self.equal, len(self.column)), _matrix(self.at_most, len(self.column))
        linked = sparse.vstack([goals, equal, at_most])
        group = connected_components(sparse.block_array([[None, linked.T], [linked, None]]).tocsr(), directed=False)[1]
        of_column, of_target, of_equal, of_at_most = np.split(
            group, np.cumsum([len(self.column), len(targets), len(self.equal)])
        )
        right, most = (np.array([right for _, right in some]) for some in (self.equal, self.at_most))
        low, high = np.full(len(targets), np.inf), np.full(len(targets), -np.inf)
        for one in np.unique(of_target):  # what is not linked is solved apart
            inside, wanted = np.flatnonzero(of_column == one), np.flatnonzero(of_target == one)
            kept, kept_most = np.flatnonzero(of_equal == one), np.flatnonzero(of_at_most == one)
            limits = {
                "A_eq": equal[kept][:, inside], "b_eq": right[kept],
                "A_ub": at_most[kept_most][:, inside], "b_ub": most[kept_most],
            }  # fmt: skip
            low[wanted], high[wanted] = _extremes(goals[wanted][:, inside], limits)
        return np.ceil(low - 1e-6), np.floor(high + 1e-6)


def _extremes(goals: sparse.csr_matrix, limits: dict) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest value of each goal. Every solution is a witness for all goals: one seen to vary enough is left."""
    low, high = np.full(goals.shape[0], np.inf), np.full(goals.shape[0], -np.inf)
    aside = np.random.default_rng(SEED_OF_THE_MOVE).random((WITNESSES, goals.shape[1])) - 0.5
    for aim in [*aside, *-aside] if goals.shape[0] > 2 * WITNESSES else []:
        if (witness := _least(aim, limits)) is not None:
            low, high = np.minimum(low, goals @ witness), np.maximum(high, goals @ witness)
    for index in range(goals.shape[0]):
        for sign in (1.0, -1.0):
            if high[index] - low[index] >= NARROW:
                break
            witness = _least(sign * goals[[index]].toarray()[0], limits)
            if witness is None:  # no upper end; below, nothing is negative
                high[index] = np.inf
            else:
                low, high = np.minimum(low, goals @ witness), np.maximum(high, goals @ witness)
    return low, high


def _least(aim: np.ndarray, limits: dict) -> np.ndarray | None:
    """The unknowns at which the aim is least; None where it has no end."""
    result = linprog(aim, **limits, method="highs")
    if result.success:
        return result.x
    if result.status == 3:
        return None
    raise ValueError("The shown totals do not add up, so the hidden counts cannot be audited. Check the lines by hand.")


def _matrix(equations: list[tuple[dict[int, float], float]], columns: int) -> sparse.csr_matrix:
    entries = [(row, column, value) for row, (terms, _) in enumerate(equations) for column, value in terms.items()]
    row, column, value = (np.array(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
    return sparse.csr_matrix((value, (row, column)), shape=(len(equations), columns))


def _months_within(names: Iterable[str], fiscal_year_starts: int) -> dict[str, dict]:
    """Of each month's name the longer periods that hold it, and of each longer period its length in months."""
    longer, length = defaultdict(list), {}
    for name in sorted(names):
        months = period(name, fiscal_year_starts=fiscal_year_starts).months
        length[name] = len(months)
        if len(months) > 1:
            for month in months:
                longer[str(month)].append(name)
    return {"longer": longer, "length": length}


# --- one number, one file --------------------------------------------------------------------------------------------


def shown_count(value: float | None, rule: Disclosure, *, hidden: bool = True) -> str:
    """The count as a page prints it, or the words for a hidden one.

    `hidden` says why a count is missing: False stands for a count that nobody recorded, which is not a small one.

    >>> rule = Disclosure(smallest_shown=11, hidden_words="1 to 10 (hidden to protect privacy)")
    >>> shown_count(1234, rule), shown_count(0, rule), shown_count(None, rule), shown_count(None, rule, hidden=False)
    ('1,234', '0', '1 to 10 (hidden to protect privacy)', 'no data')
    """
    if pd.isna(value):
        return rule.hidden_words if hidden else "no data"
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
    _refuse_small(frame, path.name, table, rule, hide, units)
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


def _refuse_small(frame, file: str, table: Table, rule: Disclosure, hide, units) -> None:
    counts = {column.name: frame[column.name].astype(float) for column in table.columns if column.counts_children}
    allowed = {name: pd.Series(False, index=frame.index) for name in counts}
    if table == MEASURES_TABLE:
        if hide is None or units is None:
            raise ValueError(
                f"{file}: whether a small count may stand in measures depends on the cards. Give hide and units."
            )
        _known(frame, hide, units)
        unit, people = frame["measure"].map(units), frame["measure"].map(hide).eq("people")
        counted = unit.isin(["count", "rate"])
        allowed["denominator"] = unit.eq("rate")  # child-years
        allowed["numerator"] = people & ~counted & counts["denominator"].ge(rule.smallest_shown)
        allowed["not_measurable"] = people
        complement = counts["denominator"] - counts["numerator"]
        counts["complement"], allowed["complement"] = complement, people | unit.eq("rate")
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
