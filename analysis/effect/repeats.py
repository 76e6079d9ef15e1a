"""Another crisis of the same child within a window."""

from dataclasses import dataclass

import pandas as pd

from analysis.intervals import wilson


@dataclass(frozen=True)
class Repeats:
    """Children with another crisis within `window_days` of their first in the period.

    `children` were watched for the whole window; `not_watched` were not, because the records end before it does.
    """

    window_days: int
    repeated: int
    children: int
    not_watched: int
    low: float
    high: float


def repeat_crises(
    episodes: pd.DataFrame,
    *,
    window_days: int,
    from_on: pd.Timestamp,
    to_on: pd.Timestamp,
    watched_to: pd.Timestamp,
    confidence: float,
) -> Repeats | None:
    """The part of children with another crisis within the window; None where children cannot be told apart.

    Takes one row per episode (child_id, counted_on). A child's first crisis from `from_on` to `to_on` counts; a further one on the
    same day is the same crisis; day `window_days` is inside. Children whose window runs past `watched_to` are left out and
    counted. Only crises that this service answered are seen: a crisis taken elsewhere is not.

    >>> calls = pd.DataFrame({"child_id": [1, 1, 2, 2], "counted_on": pd.to_datetime(["2026-01-01", "2026-01-31", "2026-01-01", "2026-02-01"])})
    >>> jan, end = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-12-31")
    >>> repeat_crises(calls, window_days=30, from_on=jan, to_on=end, watched_to=end, confidence=0.95).repeated   # day 30 yes, day 31 no
    1
    """
    known = episodes.dropna(subset=["child_id"]).sort_values(["child_id", "counted_on"], kind="stable")
    if known.empty:
        return None
    inside = known[known["counted_on"].between(from_on, to_on)]
    first = inside.groupby("child_id")["counted_on"].min()
    later = known.assign(days=(known["counted_on"] - known["child_id"].map(first)).dt.days)
    again = set(later.loc[later["days"].between(1, window_days), "child_id"])
    watched = first[first + pd.Timedelta(days=window_days) <= watched_to]
    repeated = sum(child in again for child in watched.index)
    span = wilson(repeated, len(watched), confidence=confidence)
    return Repeats(window_days, repeated, len(watched), len(first) - len(watched), float(span.low), float(span.high))
