"""What a month of records that still come in is held against: the same month a year earlier, the same on every page.

The season is the same in both, and the trend shows in the twelve whole months, held against the twelve before them; a mean of other
months would mix what is still to come with season and trend.
"""

import pandas as pd

MONTHS = 12


def beside_year_earlier(by_month: pd.Series, month: pd.Period, *, smallest: int) -> float:
    """The records of a month over those of the same month a year earlier; missing where the earlier has fewer than `smallest`.

    by_month counts records; a month without one is 0. A month that may not be shown would follow from the other and the quotient.

    >>> by_month = pd.Series([120, 60], index=pd.PeriodIndex(["2025-07", "2026-07"], freq="M"))
    >>> beside_year_earlier(by_month, pd.Period("2026-07"), smallest=11), beside_year_earlier(by_month, pd.Period("2025-07"), smallest=11)
    (0.5, nan)
    """
    before = int(by_month.get(month - MONTHS, 0))
    return int(by_month.get(month, 0)) / before if before >= smallest else float("nan")


def whole_year(by_month: pd.Series, whole: pd.Period, *, smallest: int) -> float:
    """The records of the twelve months that end with `whole`, the last whole one, over those of the twelve before: the trend.

    Missing where one of the twelve before has fewer than `smallest`: the records begin there.

    >>> months = pd.period_range("2024-07", "2026-06", freq="M")
    >>> whole_year(pd.Series([100] * 12 + [90] * 12, index=months), pd.Period("2026-06"), smallest=11)
    0.9
    """
    now, before = ([int(by_month.get(whole - ago, 0)) for ago in range(start, start + MONTHS)] for start in (0, MONTHS))
    return sum(now) / sum(before) if min(before) >= smallest else float("nan")
