"""How long stabilization may last: the limit of each stay, and the day on which it falls."""

from collections.abc import Iterable

import pandas as pd

from analysis.params import StayLimit


def limits(stays: pd.DataFrame, stay_limits: Iterable[StayLimit]) -> tuple[pd.Series, pd.Series]:
    """The limit of each stay in days, missing where the response that would settle it is not recorded; and whether it has one."""
    days = pd.Series(float("nan"), index=stays.index)
    belongs = pd.Series(False, index=stays.index)
    for each in stay_limits:
        holds = _holds(stays, each)
        fits = stays["response_mode"].isin(each.modes) if each.modes else holds
        days = days.mask(holds & fits, float(each.days))
        belongs |= holds & (fits | (stays["response_mode"].isna() if each.modes else False))
    return days, belongs


def limit_days(stays: pd.DataFrame, stay_limits: Iterable[StayLimit]) -> pd.Series:
    """The last day of each stay's limit, its first day plus the days allowed; missing where it has no limit.

    Where the response that would settle the limit is not recorded, the first day that may be it.

    >>> limit = StayLimit(days=56, source="made up", from_on="2026-01-01")
    >>> stays = pd.DataFrame({"enrolled_on": pd.to_datetime(["2026-01-01", "2025-12-31"]), "response_mode": "mobile"})
    >>> limit_days(stays, [limit]).dt.strftime("%d %B").tolist()
    ['26 February', nan]
    """
    stay_limits = list(stay_limits)
    days, belongs = limits(stays, stay_limits)
    shortest = pd.Series(float("nan"), index=stays.index)
    for each in sorted(stay_limits, key=lambda limit: -limit.days):
        shortest = shortest.mask(_holds(stays, each), float(each.days))
    return stays["enrolled_on"] + pd.to_timedelta(days.fillna(shortest).where(belongs), unit="D")


def _holds(stays: pd.DataFrame, limit: StayLimit) -> pd.Series:
    """True where the limit held on the first day of the stay."""
    holds = stays["enrolled_on"].ge(pd.Timestamp(limit.from_on))
    return holds if limit.to_on is None else holds & stays["enrolled_on"].le(pd.Timestamp(limit.to_on))
