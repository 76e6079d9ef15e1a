"""The XmR chart as NHS Making Data Count has it: individual values, natural process limits, four rules, two icons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.quality.charts.ranges import mean_range, moving_ranges
from analysis.quality.charts.records import MAKING_DATA_COUNT, SHIFT_POINTS, TREND_POINTS, Chart, side_of
from analysis.quality.charts.runs import stretches
from analysis.quality.charts.subgroups import (
    Dates,
    add_baseline,
    add_sections,
    check_columns,
    one_point_a_row,
    say_baseline,
)

# Rounded from 3 / 1.128 = 2.65957 by the school that the rule set names (Wheeler 1993); the difference is 0.016% of the width.
PER_MEAN_RANGE = 2.66
FEWEST_FROZEN = 12  # NHSRplotthedots: a baseline of fewer points is refused

# The rule that a point meets, in order of precedence; the last word is the direction.
BEYOND, TREND, NEAR, SHIFT = "beyond limit", "trend", "two in three", "shift"
COLUMNS = ["facet", "section", "order", "x", "y", "center", "lower", "upper", "lower_2s", "upper_2s", "side", "near", "outside",
    "in_baseline", "included", "signal", "point_type", "target"]  # fmt: skip
IMPROVEMENT = {"increase": 1, "decrease": -1, "neutral": 0}


def xmr(
    table: pd.DataFrame,
    *,
    value: str,
    date: str,
    facet: str | None = None,
    freeze: int | None = None,
    rebase: Dates = None,
    direction: Literal["increase", "decrease", "neutral"] = "neutral",
    target: float | Mapping[str, float] | None = None,
    screen: bool = True,
    per_mean_range: float = PER_MEAN_RANGE,
    rebase_on_exact_dates: bool = False,
    flat_loses_limits: bool = False,
    trend_by_next_step: bool = False,
) -> Chart:
    """One row per date and facet in; points with mean, natural process limits and the one rule that each meets out.

    Mean and limits come from the first `freeze` points of each section (12 or more), or from all. A moving range never crosses the
    start of a section. `rebase` are dates, or a mapping of facet to dates. `target` is one number or one per facet.
    `direction` is the one that is an improvement.

    Beside the columns of every chart `points` has `point_type` ("common cause", "improvement", "concern", "high", "low") and `side`
    (+1, 0, -1). `sections` has `variation` (the type of the section's last point) and `assurance` against the limits: "pass",
    "fail", "hit or miss", or "" where neutral or without a target. Only the last section's are icons.

    Quirks of NHSRplotthedots 0.2.2, off by default: `rebase_on_exact_dates` (a date that no point has starts nothing),
    `flat_loses_limits`, `trend_by_next_step` (a point between two trends takes the direction of its next step, an equal one is "down").

    >>> months = pd.DataFrame({"on": pd.date_range("2025-01-01", periods=13, freq="MS"), "n": [5, 7] * 6 + [20]})
    >>> drawn = xmr(months, value="n", date="on", direction="decrease", freeze=12)
    >>> drawn.points[["center", "lower", "upper"]].iloc[-1].round(2).tolist()     # mean 6, every step 2
    [6.0, 0.68, 11.32]
    >>> drawn.points[["signal", "point_type"]].iloc[-1].tolist()
    ['beyond limit: high', 'concern']
    """
    _check(table, value, date, facet, direction, freeze)
    points = one_point_a_row(table, value, x=date, n=None, facet=facet, period=None, aggregate="mean")
    points = add_sections(points, part=None, rebase=rebase, exact_dates=rebase_on_exact_dates)
    points = add_baseline(points, freeze=freeze, exclude=None).rename(columns={"facet1": "facet"})
    given = {"screen": screen, "per_mean_range": per_mean_range, "flat_loses_limits": flat_loses_limits}
    drawn = [_ruled(rows, trend_by_next_step, given) for _, rows in points.groupby(["facet", "section"], observed=True)]
    points = pd.concat([rows for rows, _ in drawn])
    points["point_type"] = point_type(points["signal"], direction)
    points["target"] = _targets(points["facet"], target)
    points = points[COLUMNS].reset_index(drop=True)
    return Chart(
        kind="xmr",
        points=points,
        sections=_sections(points, direction),
        rule_set=MAKING_DATA_COUNT,
        baseline=say_baseline(points, freeze),
        n_points=int(points["y"].notna().sum()),
        screened=screen,
        notes=("A section does not vary at all: its limits lie on its mean.",)
        if any(flat for _, flat in drawn)
        else (),
    )


def _ruled(
    rows: pd.DataFrame, trend_by_next_step: bool, given: Mapping[str, bool | float]
) -> tuple[pd.DataFrame, bool]:
    """The points of one section with its limits and the rule that each meets; and whether it does not vary at all and has limits still."""
    y = rows["y"].to_numpy()
    limits = process_limits(y[rows["in_baseline"]], **given)
    rules = rules_met(y, limits, trend_by_next_step=trend_by_next_step)
    return rows.assign(**limits.lines, **vars(rules)), limits.flat and not given["flat_loses_limits"]


def _check(table: pd.DataFrame, value: str, date: str, facet: str | None, direction: str, freeze: int | None) -> None:
    if direction not in IMPROVEMENT:
        raise ValueError(f'direction is "{direction}". It may be {", ".join(IMPROVEMENT)}.')
    if freeze is not None and freeze < FEWEST_FROZEN:
        raise ValueError(f"freeze is {freeze}. Limits of an XmR chart are fixed on {FEWEST_FROZEN} points or more.")
    check_columns(table, value, date, facet)
    keys = [name for name in (facet, date) if name]
    if (twice := table.duplicated(keys)).any():
        at = table.loc[twice, date].iloc[0]
        raise ValueError(
            f'Column "{date}" holds {at} twice{" in one group" if facet else ""}. An XmR chart has one point a date: add the rows up first.'
        )


@dataclass(frozen=True)
class Limits:
    """Mean, natural process limits and two-sigma limits of one section; `flat` where no point of its baseline differs from the next."""

    center: float
    lower: float
    upper: float
    lower_2s: float
    upper_2s: float
    flat: bool

    @property
    def lines(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in ("center", "lower", "upper", "lower_2s", "upper_2s")}


@dataclass(frozen=True)
class Rules:
    """One value for each point of a section: side of the mean, near a limit, outside it, and the one rule that it meets, or ""."""

    side: np.ndarray
    near: np.ndarray
    outside: np.ndarray
    signal: np.ndarray


def process_limits(
    base: np.ndarray,
    *,
    screen: bool = True,
    per_mean_range: float = PER_MEAN_RANGE,
    flat_loses_limits: bool = False,
) -> Limits:
    """Mean and limits of the points of a baseline in order.

    >>> limits = process_limits(np.array([5.0, 7.0, 5.0, 7.0]))     # mean 6, every step 2
    >>> limits.center, round(limits.lower, 2), round(limits.upper, 2)
    (6.0, 0.68, 11.32)
    """
    known = base[~np.isnan(base)]
    spread = mean_range(moving_ranges(base), screen=screen, flat_loses_limits=flat_loses_limits)
    middle, wide = float(known.mean()) if len(known) else np.nan, per_mean_range * spread.value
    near = wide * 2 / 3
    return Limits(middle, middle - wide, middle + wide, middle - near, middle + near, spread.flat)


def rules_met(y: np.ndarray, limits: Limits, *, trend_by_next_step: bool = False) -> Rules:
    """The one rule that each point of a section meets."""
    side = side_of(y, limits.center)
    outside = (y > limits.upper) | (y < limits.lower)
    if limits.lower == limits.upper:
        # Limits on the mean: a point that is a tie with the mean must not lie outside by a last digit.
        outside &= side != 0
    near = ~outside & ((y < limits.lower_2s) | (y > limits.upper_2s)) & (side != 0)
    rising = trends(y, by_next_step=trend_by_next_step)
    signal = np.full(len(y), "", dtype=object)
    for rule, met, way in (
        (SHIFT, shifts(side), side),
        (NEAR, two_in_three(near, side), side),
        (TREND, rising != 0, rising),
        (BEYOND, outside, side),
    ):
        signal[met & (way > 0)] = f"{rule}: high"
        signal[met & (way < 0)] = f"{rule}: low"
    return Rules(side, near, outside, signal)


def shifts(side: np.ndarray, *, points: int = SHIFT_POINTS) -> np.ndarray:
    """True for each point of `points` or more in a row on one side of the mean; a point on it, or a gap, ends the row.

    >>> shifts(np.array([1, 1, 1, 0, -1, -1.0]), points=3).tolist()
    [True, True, True, False, False, False]
    """
    return (np.abs(side) == 1) & (stretches(side) >= points)


def trends(values: np.ndarray, *, points: int = TREND_POINTS, by_next_step: bool = False) -> np.ndarray:
    """+1 for each point of `points` or more that rise from one to the next, -1 where they fall, else 0.

    An equal step or a gap ends a trend. A point that ends one trend and begins another takes the direction of the later. With
    `by_next_step` a marked point whose next point is marked too takes the sign of the step between them (equal: -1), as NHSRplotthedots does.

    >>> trends(np.array([1, 2, 3, 2, 1, 1.0]), points=3).tolist()     # the top belongs to both, and falls
    [1, 1, -1, -1, -1, 0]
    """
    step = np.append(np.nan, np.sign(np.diff(values)))
    long_enough = (stretches(step) >= points - 1) & (np.abs(step) == 1)
    marked, direction = long_enough.copy(), np.where(long_enough, step, 0.0)
    begins = np.append(long_enough[1:], False)  # the point before a step of a trend belongs to it
    direction = np.where(begins, np.append(direction[1:], 0.0), direction)
    marked |= begins
    if by_next_step:
        next_marked = np.append(marked[1:], False) & marked
        next_step = np.append(step[1:], np.nan)
        taken = np.where(next_marked, next_step, step)
        direction = np.where(marked, np.where(taken == 1, 1, -1), 0)
    return direction.astype(int)


def two_in_three(near: np.ndarray, side: np.ndarray) -> np.ndarray:
    """True for near points of three in a row that all lie on one side of the mean, two or three of them near its limit.

    Near is between two sigma and the limit: a point outside the limit does not count (NHSRplotthedots since 2025).

    >>> two_in_three(np.array([True, False, True, True]), np.array([1.0, 1.0, 1.0, -1.0])).tolist()
    [True, False, True, False]
    """
    found = np.zeros(len(near), dtype=bool)
    if len(near) >= 3:
        close, where = np.asarray(near, dtype=int), np.asarray(side, dtype=float)
        three = (close[:-2] + close[1:-1] + close[2:] >= 2) & (np.abs(where[:-2] + where[1:-1] + where[2:]) == 3)
        for place in range(3):
            found[place : len(near) - 2 + place] |= three
    return near & found


def point_type(signal: pd.Series, direction: str) -> pd.Series:
    """What a signal is worth: improvement or concern; high or low where neither direction is better.

    >>> point_type(pd.Series(["shift: high", "", "trend: low"]), "increase").tolist()
    ['improvement', 'common cause', 'concern']
    """
    way = signal.str.endswith("high").astype(int) - signal.str.endswith("low").astype(int)
    better = IMPROVEMENT[direction]
    words = {1: "improvement", -1: "concern"} if better else {1: "high", -1: "low"}
    return (way * (better or 1)).map({**words, 0: "common cause"})


def _targets(facets: pd.Series, target: float | Mapping[str, float] | None) -> pd.Series:
    if not isinstance(target, Mapping):
        return pd.Series(np.nan if target is None else float(target), index=facets.index)
    if unknown := sorted(set(map(str, target)) - set(map(str, facets))):
        raise ValueError(f'target names "{unknown[0]}", which is not a facet of the chart.')
    return facets.astype(str).map({str(name): float(number) for name, number in target.items()})


def _sections(points: pd.DataFrame, direction: str) -> pd.DataFrame:
    """One row per facet and section (facet, section, points, center, lower, upper, variation, assurance)."""
    groups = points.groupby(["facet", "section"], sort=True, observed=True)
    last = groups.tail(1).set_index(["facet", "section"])
    sections = last[["center", "lower", "upper", "target"]].assign(
        points=groups["y"].count(), variation=last["point_type"]
    )
    above, below = sections["target"] > sections["upper"], sections["target"] < sections["lower"]
    missed, met = (above, below) if direction == "increase" else (below, above)
    judged = sections["target"].notna() & sections["upper"].notna() & (direction != "neutral")
    sections["assurance"] = np.select([~judged, missed, met], ["", "fail", "pass"], "hit or miss")
    return sections.reset_index()
