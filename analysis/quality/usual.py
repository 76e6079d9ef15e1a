"""The usual range of a monthly count: what ordinary months have been, by the spread from month to month."""

import pandas as pd

from analysis.intervals import Interval

PER_MEAN_RANGE = 2.66  # 3 / 1.128: Wheeler 1993, Understanding Variation, natural process limits of an XmR chart
FEWEST_MONTHS = 10


def usual_range(counts: pd.Series) -> Interval | None:
    """The range within which an ordinary month falls; none with fewer than ten months to go by.

    Takes one count per month, in order, without the month that is judged. Mean -+ 2.66 mean moving range, not below 0. It follows
    the spread that the months have shown: a Poisson interval is far too narrow for counts that also move with school terms and
    staffing. Of stable services, 2.0% to 2.5% of months fall outside by chance (simulated: 10 or 12 months before, Poisson and
    gamma-Poisson counts of 10 to 230 a month).

    >>> usual_range(pd.Series([20, 22] * 6))     # mean 21, every step 2
    Interval(low=15.68, high=26.32)
    >>> usual_range(pd.Series([20, 22, 19])) is None
    True
    """
    known = counts.dropna().astype(float)
    if len(known) < FEWEST_MONTHS:
        return None
    middle, step = known.mean(), known.diff().abs().mean()
    return Interval(float(max(0.0, middle - PER_MEAN_RANGE * step)), float(middle + PER_MEAN_RANGE * step))
