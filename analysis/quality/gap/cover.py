"""Hours of the week in which a site's own team goes out, and the demand that falls into the others."""

import numpy as np
import pandas as pd

from analysis.tables import WEEKDAYS

HOURS = 168  # of a week, Monday's midnight first


def hour_of_week(at: pd.Series) -> np.ndarray:
    """0 to 167 for each time, Monday's midnight first; -1 where the time is missing.

    >>> hour_of_week(pd.Series(pd.to_datetime(["2026-10-26 00:30", "2026-11-01 23:00", None]))).tolist()
    [0, 167, -1]
    """
    return (at.dt.dayofweek * 24 + at.dt.hour).fillna(-1).astype(int).to_numpy()


def week_of_duty(hours: pd.DataFrame, site: str, day: pd.Timestamp) -> np.ndarray | None:
    """True for each of the 168 hours in which the site's team is on duty on that day's pattern; None where none is recorded.

    Takes the site_hours table. A pattern holds from its first to its last day, both included; an empty end is open.
    """
    own = hours[hours["site_id"].eq(site)]
    if own.empty:
        return None
    own = own[own["from_on"].fillna(day).le(day) & own["to_on"].fillna(day).ge(day)]
    week = np.zeros((7, 24), dtype=bool)
    for row in own.itertuples():
        week[list(WEEKDAYS).index(row.weekday), int(row.from_hour) : int(row.to_hour)] = True
    return week.ravel()


def covered(at: pd.Series, hours: pd.DataFrame | None, site: str) -> np.ndarray:
    """True for each time at which that site's own team is on duty, wherever the call came from.

    Boundary: before a site's first pattern the first one holds, and after its last the last. Times that are missing, and all
    times where nobody wrote the site's hours down, count as on duty.
    """
    own = None if hours is None else hours[hours["site_id"].eq(site)]
    if own is None or own.empty:
        return np.ones(len(at), dtype=bool)
    starts = sorted(own["from_on"].fillna(pd.Timestamp.min).unique())
    day = at.dt.tz_localize(None)  # the state's own clock
    which, result = hour_of_week(at), np.ones(len(at), dtype=bool)
    for number, start in enumerate(starts):
        week = week_of_duty(hours, site, start)
        since = np.ones(len(at), dtype=bool) if number == 0 else day.ge(start).to_numpy()
        result = np.where(since & (which >= 0), week[which], result)
    return result


def demand_by_hour(episodes: pd.DataFrame, others: list[str]) -> np.ndarray:
    """The part of the comparable sites' episodes that falls into each hour of the week; the 168 parts add up to 1.

    Missing throughout where none of them has an episode with a time.
    """
    at = episodes.loc[episodes["site_id"].isin(others), "requested_at"].dropna()
    counts = np.bincount(hour_of_week(at), minlength=HOURS).astype(float)
    return counts / counts.sum() if counts.sum() else np.full(HOURS, np.nan)
