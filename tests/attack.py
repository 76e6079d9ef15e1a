"""An attack on what is shown: what an outsider can work out with every sum there is. It shares nothing with the hiding."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog
from scipy.sparse.csgraph import connected_components

from analysis.params import Disclosure
from analysis.periods import period
from analysis.tables import STATEWIDE

WHOLE = "all"  # the stratum that holds every episode
ELSEWHERE = "(elsewhere)"  # episodes in the statewide row of places that have no row
SEED_OF_THE_AIMS = 20261122
WITNESSES = 6  # solutions towards random aims that spare most of the exact searches
NARROW = 3  # a range of fewer values than this is as good as the value (working rule of the attack)


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


def small_finds(
    shown: pd.DataFrame,
    rule: Disclosure,
    *,
    hide: str,
    unit: str,
    elsewhere: bool = False,
    adds_up: bool = True,
    pools: Collection[tuple[str, tuple[str, ...]]] = (),
) -> list[str]:
    """One sentence for every hidden count of one measure that must be one certain number from 1 to the largest hidden.

    As `audit`, for the figures that a brief shows over time: a hidden count that is large may follow, it hides nobody. With
    `adds_up` False (children, who may come twice) a total is no more than its parts together and no less than each. `pools` names
    places that are several sites taken together, with those sites.
    """
    attack = _Attack(shown, hide, unit, rule.smallest_shown, elsewhere, 7, adds_up=adds_up, pools=pools)
    return [
        f"{words} must be {least:.0f}."
        for words, least, most, _ in attack.ranges(enough=1)
        if least == most and 1 <= least < rule.smallest_shown
    ]


def laid_side_by_side(releases: list[pd.DataFrame]) -> pd.DataFrame:
    """What releases of one measure show together: a figure that any of them shows, the last one first, and every month.

    A month that no release has a row for is an unknown of its own: it is part of the longer periods that have.
    """
    every = pd.concat(releases[::-1], ignore_index=True).sort_values("hidden", kind="stable")
    rows = every.drop_duplicates(["stratum", "site_id", "period"])
    months = sorted({str(month) for name in rows["period"].unique() for month in period(name).months})
    places = rows[["measure", "stratum", "site_id"]].drop_duplicates()
    unknown = places.merge(pd.DataFrame({"period": months}), how="cross").assign(hidden=True)
    both = pd.concat([rows, unknown.reindex(columns=rows.columns)], ignore_index=True)
    return both.drop_duplicates(["stratum", "site_id", "period"]).reset_index(drop=True)


class _Attack:
    """One measure's shown numbers as equations, and the bounds that they set.

    A quantity is (name, stratum, site_id, period) with the name n, d or t (numerator, denominator, not measurable).
    """

    def __init__(self, rows, hide, unit, smallest, elsewhere, fiscal_year_starts, *, adds_up=True, pools=()) -> None:
        self.pools = dict(pools)
        self.hide, self.unit, self.smallest, self.elsewhere, self.adds_up = hide, unit, smallest, elsewhere, adds_up
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
            if site != STATEWIDE and site not in self.pools:
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
        sites = set(self.rows["site_id"]) - {STATEWIDE, *self.pools}
        for total, parts in of_sites.items():
            # A span that only the state has a row for says nothing of its sites.
            self.keep(parts, total, exact=sites <= {part[2] for part in parts})
        for name, stratum, pool, span in [one for one in sorted(self.known) if one[2] in self.pools]:
            of_these = [(name, stratum, site, span) for site in self.pools[pool]]
            if self.known.issuperset(of_these):
                self.keep(of_these, (name, stratum, pool, span))
        for total, parts in of_strata.items():
            self.keep(parts, total)
        for total, parts in of_months.items():
            self.keep(parts, total, exact=len(parts) == self.months["length"][total[3]])

    def keep(self, parts: list[tuple], total: tuple, *, exact: bool = True) -> None:
        """Parts sum to the total, or to no more than it."""
        if total not in self.known:
            return
        if not self.adds_up and total[0] == "n" and parts[0][0] == "n":
            for part in parts:
                self.bound([part], total)
            if exact:
                self.bound([total], *parts)
            return
        self.bound(parts, total, exact=exact)

    def bound(self, parts: list[tuple], *totals: tuple, exact: bool = False) -> None:
        """Parts sum to no more than the totals, or to them."""
        terms: dict[int, float] = defaultdict(float)
        right = 0.0
        for one, sign in [*((part, 1.0) for part in parts), *((total, -1.0) for total in totals)]:
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
        found = []
        for words, least, most, only_small in self.ranges():
            within = least >= 1 and most < self.smallest
            if most > 0 and most - least + 1 <= NARROW - 1 and (within or not only_small):
                found.append(f"{words} must be {least:.0f}{'' if least == most else f' to {most:.0f}'}.")
        return found

    def ranges(self, *, enough: int = NARROW) -> list[tuple[str, float, float, bool]]:
        """Of each target: words, the least and the largest that it can be, and whether only a small value is a find.

        A range that is seen to be `enough` wide is not searched to its end.
        """
        targets = self.targets()
        if not targets:
            return []
        low, high = self.bounds([terms for _, terms, _ in targets], enough)
        return [(words, least, most, small) for (words, _, small), least, most in zip(targets, low, high, strict=True)]

    def bounds(self, targets: list[dict[int, float]], enough: int) -> tuple[np.ndarray, np.ndarray]:
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
            low[wanted], high[wanted] = _extremes(goals[wanted][:, inside], limits, enough)
        return np.ceil(low - 1e-6), np.floor(high + 1e-6)


def _extremes(goals: sparse.csr_matrix, limits: dict, enough: int) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest value of each goal. Every solution is a witness for all goals: one seen to vary enough is left."""
    low, high = np.full(goals.shape[0], np.inf), np.full(goals.shape[0], -np.inf)
    aside = np.random.default_rng(SEED_OF_THE_AIMS).random((WITNESSES, goals.shape[1])) - 0.5
    for aim in [*aside, *-aside] if goals.shape[0] > 2 * WITNESSES else []:
        if (witness := _least(aim, limits)) is not None:
            low, high = np.minimum(low, goals @ witness), np.maximum(high, goals @ witness)
    for index in range(goals.shape[0]):
        for sign in (1.0, -1.0):
            if high[index] - low[index] >= enough:
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
