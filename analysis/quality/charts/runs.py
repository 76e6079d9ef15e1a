"""Runs about a line: Anhoej's two rules for a section, and candidate new medians for a person to accept."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.quality.charts.records import CANDIDATE, Chart, side_of
from analysis.quality.charts.subgroups import one_point_a_row

CROSSINGS_TAIL = 0.05  # Anhoej and Olesen 2014, after Chen 2010, Journal of Quality Technology 42(2):180-189, rule 7

# runcharter's defaults. Thirteen points for a median, and nine on one side of it: 1 in 256 by chance.
CANDIDATE_BASELINE = 13
CANDIDATE_RUN = 9


@dataclass(frozen=True)
class Runs:
    """Runs of one section about its line. A point on the line is not useful and is passed over.

    Attributes
    ----------
    points, useful : int
        Points of the section, and those off the line.
    longest, longest_allowed : float
        Points of the longest run, and the most that chance explains; missing where no point is useful.
    crossings, crossings_needed : float
        Times that the line is crossed, and the fewest that chance explains.
    signal : bool
        Longer or fewer than that: the section as a whole is not stable.
    """

    points: int
    useful: int
    longest: float
    longest_allowed: float
    crossings: float
    crossings_needed: float
    signal: bool


def longest_allowed(useful: int) -> int:
    """The longest run that chance explains among `useful` points: round(log2 n) + 3. Schilling 2012.

    >>> [longest_allowed(n) for n in (10, 12, 24, 36)]
    [6, 7, 8, 8]
    """
    return round(float(np.log2(useful))) + 3


@cache
def crossings_needed(useful: int) -> int:
    """The fewest crossings that chance explains: the lower 5% of a binomial with n - 1 trials of one half. Chen 2010.

    >>> [crossings_needed(n) for n in (1, 10, 12, 24, 36)]
    [0, 2, 3, 8, 13]
    """
    return 0 if useful <= 1 else int(stats.binom.ppf(CROSSINGS_TAIL, useful - 1, 0.5))


def runs_about(values: np.ndarray, line: np.ndarray | float) -> Runs:
    """Count the runs of one section. Anhoej and Olesen 2014.

    Missing values and points on the line are passed over, so a run may span them. Works from about 10 useful points.

    >>> runs_about(np.array([1, 1, 3, 2, 3, 3, 1]), 2.0)
    Runs(points=7, useful=6, longest=3, longest_allowed=6, crossings=2, crossings_needed=1, signal=False)
    """
    side = side_of(values, line)
    side = side[np.abs(side) == 1]
    if len(side) == 0:
        return Runs(len(values), 0, np.nan, np.nan, np.nan, np.nan, False)
    longest, crossings = int(stretches(side).max()), int(np.count_nonzero(np.diff(side)))
    allowed, needed = longest_allowed(len(side)), crossings_needed(len(side))
    return Runs(len(values), len(side), longest, allowed, crossings, needed, longest > allowed or crossings < needed)


def stretches(values: np.ndarray) -> np.ndarray:
    """The length of the stretch of equal values that each belongs to; a missing value is a stretch of its own.

    >>> stretches(np.array([1.0, 1.0, -1.0, np.nan, np.nan])).tolist()
    [2, 2, 1, 1, 1]
    """
    if len(values) == 0:
        return np.array([], dtype=int)
    begins = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    lengths = np.diff(np.append(begins, len(values)))
    return np.repeat(lengths, lengths)


def run_lengths(values: np.ndarray, line: np.ndarray | float) -> np.ndarray:
    """The length of the run that each point belongs to; 0 for a point on the line or without a value.

    >>> run_lengths(np.array([1.0, 3.0, 2.0, 4.0]), 2.0).tolist()   # the third is on the line and ends nothing
    [1, 2, 0, 2]
    """
    side = side_of(values, line)
    useful = np.abs(side) == 1
    lengths = np.zeros(len(side), dtype=int)
    lengths[useful] = stretches(side[useful])
    return lengths


def candidate_rebase(
    table: pd.DataFrame,
    *,
    value: str,
    date: str,
    facet: str | None = None,
    baseline_points: int = CANDIDATE_BASELINE,
    run_length: int = CANDIDATE_RUN,
    direction: Literal["above", "below", "both"] = "both",
) -> Chart:
    """Where a run chart's median could be drawn anew: candidates, for a person to accept with a date and a reason.

    The median of the first `baseline_points` holds until `run_length` useful points lie on one side of it (`direction`). The
    candidate is the median of that run, from its first point; the search goes on after its last. Points on the line are passed over.
    runcharter 0.2. Nothing is rebased by this chart; Wheeler asks four things first: is the process different, is the
    cause known, is it wanted, will it last?

    `sections` has one row per median: facet, median, start, end (of the points that it was computed from), holds_until, and what
    it is ("baseline" or "sustained"). A facet with fewer points than the baseline has none.

    >>> months = pd.DataFrame({"month": range(1, 13), "n": [5, 7, 6, 5, 7, 6, 9, 9, 8, 9, 8, 9]})
    >>> candidate_rebase(months, value="n", date="month", baseline_points=6, run_length=5).sections[["median", "start", "end", "what"]].values.tolist()
    [[6.0, 1, 6, 'baseline'], [9.0, 7, 11, 'sustained']]
    """
    if direction not in ("above", "below", "both"):
        raise ValueError(f'direction is "{direction}". It may be above, below or both.')
    points = one_point_a_row(table, value, x=date, n=None, facet=facet, period=None, aggregate="mean")
    last = points["x"].max()
    found = [
        row
        for name, rows in points.groupby("facet1", sort=True)
        for row in _medians(name, rows, baseline_points, run_length, direction)
    ]
    medians = pd.DataFrame(found, columns=["facet", "round", "median", "start", "end", "what"])
    medians["holds_until"] = medians.groupby("facet")["start"].shift(-1).fillna(last) if len(medians) else []
    points = points.rename(columns={"facet1": "facet"}).drop(columns="facet2")
    return Chart(
        kind="candidate_rebase",
        points=_with_medians(points, medians),
        sections=medians.sort_values(["round", "facet"], kind="stable").drop(columns="round").reset_index(drop=True),
        rule_set=CANDIDATE,
        baseline=f"the first {baseline_points} points of each group",
        n_points=int(points["y"].notna().sum()),
        screened=False,
    )


def _medians(name: object, rows: pd.DataFrame, baseline_points: int, run_length: int, direction: str) -> list[tuple]:
    """(facet, round, median, first, last, what) of one facet, in order."""
    if len(rows) < baseline_points:
        return []
    first = rows.iloc[:baseline_points]
    middle, found = float(first["y"].dropna().median()), []
    found.append((name, 0, middle, first["x"].iloc[0], first["x"].iloc[-1], "baseline"))
    rest = rows.iloc[baseline_points:] if len(rows) >= baseline_points + run_length else rows.iloc[:0]
    while len(rest) >= run_length:
        side = pd.Series(side_of(rest["y"], middle), index=rest.index)
        side = side[side.notna() & (side != 0)]
        nth = side.groupby(side.ne(side.shift()).cumsum()).cumcount() + 1
        wanted = {"above": side > 0, "below": side < 0, "both": side != 0}[direction]
        ends = np.flatnonzero((nth == run_length) & wanted)
        if len(ends) == 0:
            break
        run = rest.loc[side.index[ends[0] - run_length + 1 : ends[0] + 1]]
        middle = float(run["y"].median())
        found.append((name, len(found), middle, run["x"].iloc[0], run["x"].iloc[-1], "sustained"))
        rest = rest[rest["x"] > run["x"].iloc[-1]]
    return found


def _with_medians(points: pd.DataFrame, medians: pd.DataFrame) -> pd.DataFrame:
    """The median in force at each point, and the points that a sustained median was computed from."""
    points = points.assign(center=np.nan, signal="")
    for row in medians.itertuples():
        here = (points["facet"] == row.facet) & (points["x"] >= row.start)
        points.loc[here, "center"] = row.median
        if row.what == "sustained":
            points.loc[here & (points["x"] <= row.end), "signal"] = "sustained run"
    return points
