"""Intervals for shares, counts, rates and quantiles of few cases: exact, except Wilson for display.

Every function takes numbers or arrays of one shape and gives arrays of that shape; a cell without a case is missing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint


@dataclass(frozen=True)
class Interval:
    """The two ends of an interval; missing (NaN) where there is none. Arrays, or numbers where numbers were given."""

    low: np.ndarray
    high: np.ndarray


def wilson(yes: ArrayLike, total: ArrayLike, *, confidence: float) -> Interval:
    """Score interval of a share, for display: shorter than the exact one, covers `confidence` on average.

    `yes` of `total`, both counts; ends are shares 0 to 1, missing where `total` is 0.
    Wilson 1927, JASA 22:209-212; recommended by Newcombe 1998, Statistics in Medicine 17:857-872, method 3.

    >>> shown = wilson(81, 263, confidence=0.95)
    >>> round(float(shown.low), 4), round(float(shown.high), 4)
    (0.2553, 0.3662)
    """
    return _share_interval(yes, total, confidence, method="wilson")


def clopper_pearson(yes: ArrayLike, total: ArrayLike, *, confidence: float) -> Interval:
    """Exact interval of a share, for decisions: never covers less than `confidence`.

    `yes` of `total`, both counts; ends are shares 0 to 1, missing where `total` is 0.
    Clopper and Pearson 1934, Biometrika 26:404-413.

    >>> exact = clopper_pearson(81, 263, confidence=0.95)
    >>> round(float(exact.low), 4), round(float(exact.high), 4)
    (0.2527, 0.3676)
    """
    return _share_interval(yes, total, confidence, method="beta")


def _share_interval(yes: ArrayLike, total: ArrayLike, confidence: float, *, method: str) -> Interval:
    yes, total = np.asarray(yes, dtype=float), np.asarray(total, dtype=float)
    some = total > 0
    # One case of none stands in where there is no case, so that nothing is divided by zero; it is masked below.
    low, high = proportion_confint(
        np.where(some, yes, 0), np.where(some, total, 1), alpha=1 - confidence, method=method
    )
    # None and all reach 0 and 1 in both methods; rounding would leave the share itself outside its interval.
    low, high = np.where(yes == 0, 0.0, low), np.where(yes == total, 1.0, high)
    return Interval(np.where(some, low, np.nan), np.where(some, high, np.nan))


def garwood(events: ArrayLike, *, confidence: float) -> Interval:
    """Exact Poisson interval of a count; divide both ends by the exposure for a rate.

    No event gives 0 to 3.69 at 95 %: a month without an episode does not show a rate of zero.
    Garwood 1936, Biometrika 28:437-442; ends are halved chi-square quantiles with 2x and 2x + 2 degrees of freedom.

    >>> count = garwood([0, 10], confidence=0.95)
    >>> count.low.round(3).tolist(), count.high.round(3).tolist()
    ([0.0, 4.795], [3.689, 18.39])
    """
    events = np.asarray(events, dtype=float)
    tail = (1 - confidence) / 2
    # The chi-square distribution has no quantile with 0 degrees of freedom; the lower end of no event is 0.
    low = np.where(events > 0, stats.chi2.ppf(tail, 2 * np.maximum(events, 1)) / 2, 0.0)
    return Interval(low, stats.chi2.ppf(1 - tail, 2 * events + 2) / 2)


def order_statistic_ranks(cases: ArrayLike, *, quantile: float, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Which two cases, in order of size (the first is 1), bound a quantile; 0 and 0 where too few cases can.

    The number of cases below the quantile is binomial, whatever the distribution: each tail outside the two ranks has at
    most (1 - confidence) / 2. A median needs 6 cases for 95 % and 8 for 99 %; a 90th percentile needs 36 for 95 %.
    Conover 1999, Practical Nonparametric Statistics, 3rd ed., p. 143-146.

    >>> low, high = order_statistic_ranks([5, 6, 20], quantile=0.5, confidence=0.95)
    >>> low.tolist(), high.tolist()   # of 20 cases: the 6th and the 15th
    ([0, 1, 6], [0, 6, 15])
    """
    cases = np.asarray(cases, dtype=int)
    tail = (1 - confidence) / 2
    low = stats.binom.ppf(tail, cases, quantile)
    high = stats.binom.ppf(1 - tail, cases, quantile) + 1
    there_is = (low >= 1) & (high <= cases)
    return np.where(there_is, low, 0).astype(int), np.where(there_is, high, 0).astype(int)


def share_difference(yes: int, total: int, yes_before: int, total_before: int, *, confidence: float) -> Interval:
    """Hybrid score interval of one share minus another, from two samples that have no case in common.

    Newcombe 1998, Statistics in Medicine 17:873-890, method 10.

    >>> difference = share_difference(56, 70, 48, 80, confidence=0.95)
    >>> round(difference.low, 4), round(difference.high, 4)
    (0.0524, 0.3339)
    """
    low, high = confint_proportions_2indep(
        yes, total, yes_before, total_before, method="newcomb", compare="diff", alpha=1 - confidence
    )
    return Interval(float(low), float(high))


def rate_ratio(events: int, exposure: float, before: int, exposure_before: float, *, confidence: float) -> Interval:
    """Exact interval of one Poisson rate divided by another; the upper end is infinite where there was none before.

    Given the events of both, those of the first are binomial: the ends of the Clopper-Pearson interval, as odds, times
    the ratio of the exposures. Exposures are in one unit, both above 0.
    Przyborowski and Wilenski 1940, Biometrika 31:313-323.

    >>> ratio = rate_ratio(11, 800, 21, 3011, confidence=0.95)
    >>> round(ratio.low, 4), round(ratio.high, 4)
    (0.8584, 4.2773)
    """
    part = clopper_pearson(events, events + before, confidence=confidence)
    scale = exposure_before / exposure
    low = float(part.low / (1 - part.low)) * scale if part.low < 1 else np.inf
    high = float(part.high / (1 - part.high)) * scale if part.high < 1 else np.inf
    return Interval(low, high)
