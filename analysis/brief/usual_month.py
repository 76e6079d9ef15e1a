"""What a month of records that still come in is held against: the same months on every page."""

import pandas as pd

USUAL_MONTHS = 12


def usual_month(by_month: pd.Series, whole: pd.Period) -> float:
    """The mean of the twelve months that end with `whole`, the last whole one; by_month counts records, a month without one is 0.

    >>> by_month = pd.Series([120, 60], index=pd.PeriodIndex(["2026-05", "2026-07"], freq="M"))
    >>> usual_month(by_month, pd.Period("2026-06"))   # July is not whole
    10.0
    """
    return sum(int(by_month.get(whole - ago, 0)) for ago in range(USUAL_MONTHS)) / USUAL_MONTHS
