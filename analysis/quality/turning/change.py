"""Interrupted time series of a site's use: observed over expected after a day against before it.

Expected episodes rest on the other sites in the same months, so what moves all sites alike (a season, a campaign, a change of
the line) is no change here. Bernal, Cummins and Gasparrini (2017), Int J Epidemiol 46:348; for counts a Poisson model with the
spread of the months (quasi-likelihood), as there on p. 351.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

FEWEST_BEFORE, FEWEST_AFTER = 6, 3  # months; with fewer the spread of the months is a guess
FEWEST_EPISODES = 11  # on each side: what is smaller is too little to tell, and may not be shown
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Change:
    """Use after the start as a ratio to use before it, each against what was expected; missing where `why_not` says why.

    `months_before` and `months_after` are the months that were looked at; the month of the start is neither.
    """

    ratio: float
    low: float
    high: float
    months_before: int
    months_after: int
    why_not: str | None = None


def change_of_use(series: pd.DataFrame, started_on: pd.Timestamp) -> Change:
    """The step in one site's use at a day. Takes one row a month, in order: month (Period), observed, expected.

    Months without exposure (expected 0 or missing) are left out. log(mean) = log(expected) + a + b x after; the ratio is exp(b),
    its interval from the t distribution on the months less two, with the Pearson dispersion, never below 1.

    >>> months = pd.period_range("2026-01", "2026-09", freq="M")
    >>> series = pd.DataFrame({"month": months, "observed": [5, 5, 5, 5, 5, 5, 9, 10, 10], "expected": 10.0})
    >>> change = change_of_use(series, pd.Timestamp("2026-06-15"))   # June is neither before nor after
    >>> change.months_before, change.months_after, change.why_not
    (5, 3, 'fewer than 6 months before it began')
    """
    known = series[series["expected"].gt(0)]
    start = started_on.to_period("M")
    # A plan that begins on the first of a month has all of it.
    first_after = start if started_on == start.start_time else start + 1
    before, after = known[known["month"].lt(start)], known[known["month"].ge(first_after)]
    if why_not := _too_little(before, after):
        return Change(np.nan, np.nan, np.nan, len(before), len(after), why_not)
    # With one step the quasi-Poisson model has a closed form; tests hold it against statsmodels' fit.
    sides = [(part["observed"].to_numpy(float), part["expected"].to_numpy(float)) for part in (before, after)]
    rates = [observed.sum() / expected.sum() for observed, expected in sides]
    squares = sum(
        ((observed - rate * expected) ** 2 / (rate * expected)).sum()
        for (observed, expected), rate in zip(sides, rates, strict=True)
    )
    freedom = len(before) + len(after) - 2
    error = np.sqrt(max(1.0, squares / freedom) * sum(1 / observed.sum() for observed, _ in sides))
    reach, step = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * error, np.log(rates[1] / rates[0])
    ratio = np.exp([step, step - reach, step + reach])
    return Change(*(float(each) for each in ratio), len(before), len(after))


def _too_little(before: pd.DataFrame, after: pd.DataFrame) -> str | None:
    if len(before) < FEWEST_BEFORE:
        return f"fewer than {FEWEST_BEFORE} months before it began"
    if len(after) < FEWEST_AFTER:
        return f"fewer than {FEWEST_AFTER} whole months since it began"
    if min(before["observed"].sum(), after["observed"].sum()) < FEWEST_EPISODES:
        return f"fewer than {FEWEST_EPISODES} episodes before it or since"
    return None


def changes_elsewhere(by_site: Mapping[str, pd.DataFrame], started_on: pd.Timestamp) -> tuple[float, float, int]:
    """The lowest and the highest ratio of comparable sites at the same day, and how many have one.

    Not a test: a site was picked for being low, the others were not. It shows how far sites move without any plan. Missing ends
    where none has one.
    """
    found = [change_of_use(series, started_on).ratio for _, series in sorted(by_site.items())]
    known = [ratio for ratio in found if not np.isnan(ratio)]
    return (min(known), max(known), len(known)) if known else (np.nan, np.nan, 0)
