"""Which chart for which measure, and how many points and cases it needs.

Every threshold is a constant with its reason. "Simulated" means 3,000 to 6,000 stable series each, seeds fixed: false alarms of a whole
chart, to about one in a hundred.
"""

from dataclasses import dataclass, fields
from functools import cache
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.quality.charts.subgroups import numbers, ratio
from analysis.quality.units import PER_CHILDREN

Unit = Literal["count", "share", "minutes", "rate", "score"]
Stage = Literal["dots", "trial", "full"]

# Fewer points have no rule that tells signal from chance: Anhoej's works from about 10 useful points (Anhoej and Olesen 2014).
FEWEST_FOR_RUNS = 10
# Limits from 13 points on, as the last form of the Making Data Count tool has it; "trial" until 20 (Wheeler 1993; Provost and Murray
# 2011, ch. 5: 20 or more). Frozen at 12, XmR gives 6 false last points in 100 charts, frozen at 20 under 2 up to
# 20 points and 4 beyond (docs/calibration.md).
FEWEST_FOR_LIMITS = 13
FREEZE_AT = 20
# p: below 8 cases a point, limits flag 34 and runs 39 stable charts in 100 (mean 3, share 90%; at 8: 17 and 4; simulated). One expected
# "no" (and "yes") a point: normal limits need n p (1 - p) of about 1 (Provost and Murray 2011, p charts).
FEWEST_CASES_FOR_P = 8
LEAST_VARIANCE_FOR_P = 1.0
# p': Laney 2002. Binomial limits are too tight where n is large, because the chance itself moves from month to month.
LARGE_N = 500
# "Far more than chance": 24 stable points put about 0.1 beyond p limits (n 20, simulated); 3 or more happen in 2 of 10,000 charts. A tenth of
# the points besides, so that a few in a long chart are read as signals and not as spread.
FLAGS_FAR_ABOVE_CHANCE = 3
PART_FAR_ABOVE_CHANCE = 0.10
# u, u', c: with fewer than 4 events a point the lower limit is 0 and the distribution far from symmetric (Provost and Murray 2011, c charts).
FEWEST_EVENTS = 4
# c only if variance is about the mean: within the central 95% of the dispersion index (k - 1) s^2 / mean, chi-square with k - 1
# (Fisher 1950). A u chart with month-to-month shocks flags 65 of 100 stable charts at 20 a month, u' 15 (simulated; Laney 2002).
DISPERSION_TAIL = 0.025
# Twenty points often miss a spread of twice Poisson's: c charts of larger counts then flag 10 stable charts in 100 (simulated, month
# shocks of size 25). Where counts are large enough for an XmR chart to follow the real spread, it does.
LARGEST_MEAN_FOR_C = 20
# A median of fewer than 10 waits has an interval as wide as its neighbors' differences: then the run chart alone.
FEWEST_WAITS = 10


@dataclass(frozen=True)
class Measured:
    """A measure's points in order, as arrays; a column that was not given is missing throughout.

    Attributes
    ----------
    label : numpy.ndarray
        `label`, else `date`, else the position from 1.
    numerator, denominator, value : numpy.ndarray
        As given.
    y : numpy.ndarray
        What is drawn; missing for a gap.
    """

    label: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray
    value: np.ndarray
    y: np.ndarray

    def __getitem__(self, which: np.ndarray | slice) -> "Measured":
        """Some of the points."""
        return Measured(*(getattr(self, each.name)[which] for each in fields(self)))

    @property
    def known(self) -> np.ndarray:
        """True where there is something to draw."""
        return ~np.isnan(self.y)

    @property
    def pooled(self) -> float:
        """The numerators' sum over the denominators'."""
        return float(np.nansum(self.numerator) / np.nansum(self.denominator))


@dataclass(frozen=True)
class Choice:
    """The chart for a series.

    Attributes
    ----------
    kind : str
        A key of `charts.KINDS`, or "dots": points and a median, no rule, because there are too few points or cases.
    why : str
        One plain sentence.
    stage : str
        "dots", "trial" (fewer than 20 points: limits, if there are any, move with each point) or "full".
    rules : tuple of str
        Names of the rules that are applied: "beyond limit", "trend", "two in three", "shift", "anhoej".
    short_of : str
        What there is too little of for any rule: "points", "cases", or "".
    """

    kind: str
    why: str
    stage: Stage
    rules: tuple[str, ...]
    short_of: str = ""


def choose_chart(unit: Unit, points: pd.DataFrame) -> Choice:
    """The chart for a measure's points so far, by what they are and how many cases stand behind them.

    Takes one row per point in order, with `numerator` and `denominator` (share, rate), `value` or `numerator` (count), `value` and
    `denominator` (the median of so many waits; the mean of so many scores). A point without a denominator is a gap and not counted.

    Spread is judged on the first 20 points, the baseline: a change after it must not be taken for spread.
    Rare events (fewer than 4 a month) are better seen as days between them: chart("t", ...), from 10 gaps on. Single scores of 5 or
    more children a quarter: chart("xbar", ...).

    >>> choose_chart("share", pd.DataFrame({"numerator": [18] * 24, "denominator": [20] * 24}))
    Choice(kind='p', why='Shares of 20 cases a point: a p chart.', stage='full', rules=('beyond limit', 'anhoej'), short_of='')
    >>> choose_chart("share", pd.DataFrame({"numerator": [3] * 24, "denominator": [4] * 24})).why
    'Only 4 cases a point: show x of n or whole quarters, without limits or rules (8 are needed).'
    """
    return choice_of(unit, measured(unit, points))


def choice_of(unit: Unit, points: Measured) -> Choice:
    """`choose_chart` of points that were read already."""
    known = points[points.known]
    count = len(known.y)
    if count < FEWEST_FOR_RUNS:
        return Choice(
            "dots",
            f"Only {count} point{'' if count == 1 else 's'}: no rule can tell a change from chance ({FEWEST_FOR_RUNS} are needed).",
            "dots",
            (),
            "points",
        )
    if unit == "share" and (too_small := _share_too_small(known)):
        return Choice("dots", too_small, "dots", (), "cases")
    stage: Stage = "full" if count >= FREEZE_AT else "trial"
    if count < FEWEST_FOR_LIMITS:
        return Choice(
            "run",
            f"{count} points: runs about the median; limits from {FEWEST_FOR_LIMITS} points on.",
            stage,
            ("anhoej",),
        )
    kind, why = {"share": _share, "count": _count, "rate": _rate, "minutes": _minutes, "score": _score}[unit](
        known[:FREEZE_AT]
    )
    rules = {"xmr": ("beyond limit", "trend", "two in three", "shift"), "run": ("anhoej",)}
    return Choice(kind, why, stage, rules.get(kind, ("beyond limit", "anhoej")))


def measured(unit: Unit, points: pd.DataFrame, *, per: float = PER_CHILDREN) -> Measured:
    """A table of one row per point as arrays, with what is drawn.

    y is numerator / denominator for a share, `per` times it for a rate, the value (else the numerator) for a count, and the value
    for minutes and scores. Without a denominator, or with one of 0, a share or rate is a gap, as is one whose value was withheld (a
    `value` that is blank); a count of 0 is a count.
    """
    if unit not in ("count", "share", "minutes", "rate", "score"):
        raise ValueError(f'unit is "{unit}". It may be count, share, minutes, rate or score.')
    numerator, denominator, value = (
        numbers(points, name) if name in points else np.full(len(points), np.nan)
        for name in ("numerator", "denominator", "value")
    )
    label = next((name for name in ("label", "date") if name in points), None)
    labels = points[label].to_numpy() if label else np.arange(1, len(points) + 1)
    if unit in ("share", "rate"):
        if np.isnan(denominator).all() and not np.isnan(numerator).all():
            raise ValueError(f'A {unit} needs a denominator for each point: fill the column "denominator".')
        y = ratio(numerator, denominator) * (per if unit == "rate" else 1)
        if unit == "share" and (y > 1).any():
            raise ValueError(f"Point {int(np.argmax(y > 1)) + 1}: a share has a numerator of at most its denominator.")
        if "value" in points:
            y = np.where(np.isnan(value), np.nan, y)
    else:
        y = value if "value" in points or unit != "count" else numerator
    return Measured(labels, numerator, denominator, value, y)


def _share_too_small(known: Measured) -> str:
    """Why shares have no limits; empty where they may have them."""
    cases = np.nanmean(known.denominator)
    p = known.pooled
    if cases < FEWEST_CASES_FOR_P:
        return f"Only {cases:.0f} cases a point: show x of n or whole quarters, without limits or rules ({FEWEST_CASES_FOR_P} are needed)."
    if cases * p * (1 - p) < LEAST_VARIANCE_FOR_P:
        rare = "yes" if p < 0.5 else "no"
        return f'Too few cases of "{rare}" a point for limits: show x of n or whole quarters, without limits or rules.'
    return ""


def _share(known: Measured) -> tuple[str, str]:
    cases = np.nanmean(known.denominator)
    if cases > LARGE_N:
        return (
            "p_prime",
            f"Shares of {cases:.0f} cases a point: chance alone is so small there that limits follow the real spread (p').",
        )
    p = known.pooled
    flagged = int(np.sum(np.abs(known.y - p) > 3 * np.sqrt(p * (1 - p) / known.denominator)))
    if flagged >= FLAGS_FAR_ABOVE_CHANCE and flagged > PART_FAR_ABOVE_CHANCE * len(known.y):
        return (
            "p_prime",
            f"A p chart would flag {flagged} of {len(known.y)} points, far more than chance: limits follow the real spread (p').",
        )
    return "p", f"Shares of {cases:.0f} cases a point: a p chart."


def _count(known: Measured) -> tuple[str, str]:
    mean, k = known.y.mean(), len(known.y)
    if mean < FEWEST_EVENTS:
        return "run", f"Fewer than {FEWEST_EVENTS} a point: runs about the median; the days between events say more."
    index = (k - 1) * known.y.var(ddof=1) / mean
    if mean > LARGEST_MEAN_FOR_C:
        return "xmr", f"Counts of more than {LARGEST_MEAN_FOR_C} a point, which move by more than chance: an XmR chart."
    low, high = _dispersion_by_chance(k)
    if low <= index <= high:
        return "c", "Counts that vary as chance alone would let them: a c chart."
    more = "more" if index > high else "less"
    return "xmr", f"Counts that vary {more} than chance alone would let them: an XmR chart."


@cache
def _dispersion_by_chance(k: int) -> tuple[float, float]:
    """The central 95% of the dispersion index of k counts that vary by chance alone."""
    low, high = stats.chi2.ppf([DISPERSION_TAIL, 1 - DISPERSION_TAIL], k - 1)
    return float(low), float(high)


def _rate(known: Measured) -> tuple[str, str]:
    if np.nanmean(known.numerator) < FEWEST_EVENTS:
        return (
            "run",
            f"Fewer than {FEWEST_EVENTS} events a point: runs about the median; the days between events say more.",
        )
    return "u_prime", "Rates that also move with school terms and staffing: limits follow the real spread (u')."


def _minutes(known: Measured) -> tuple[str, str]:
    if (known.denominator >= FEWEST_WAITS).all():
        return "xmr", f"Medians of {FEWEST_WAITS} waits or more at every point: an XmR chart."
    return (
        "run",
        f"Some medians stand on fewer than {FEWEST_WAITS} waits: runs about the median of medians, without limits.",
    )


def _score(known: Measured) -> tuple[str, str]:
    return "xmr", "A mean score a point: an XmR chart."
