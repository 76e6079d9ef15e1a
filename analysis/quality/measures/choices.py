"""What a measure's function is given beside its rows, and the few questions that several functions ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from analysis.params import Ages, Clock, StayLimit
from analysis.quality.scales import Scale


@dataclass(frozen=True)
class Choices:
    """What a card and its study leave open, and the tables that a function looks at beside its rows.

    Attributes
    ----------
    clocks, ages, stay_limits : of the study
    hours, days : of the card: where bands of hours begin; the length of a window
    scales : the rating scales of params/scales.yml, by code
    beside : tables by name; those that speak of episodes carry the site_id and counted_on of the episode
    last_on : the last day that the extract covers; none where nothing has to be waited for
    """

    clocks: tuple[Clock, ...] = ()
    hours: tuple[int, ...] = ()
    ages: Ages | None = None
    stay_limits: tuple[StayLimit, ...] = ()
    days: int | None = None
    scales: Mapping[str, Scale] = field(default_factory=dict)
    beside: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    last_on: pd.Timestamp | None = None


def yes_or_no(yes: pd.Series, *, known: pd.Series) -> pd.Series:
    """True or False where it is known, missing elsewhere."""
    return yes.astype("boolean").fillna(False).where(known.fillna(False).astype(bool))


def watched(rows: pd.DataFrame, choices: Choices, *, days: int | None = None) -> pd.Series:
    """True for rows whose window has passed: counted_on + days is no later than the extract's last day.

    The others do not belong yet, whatever has happened to them: to count only those whose "yes" came early would make every
    latest month look good. A month whose window has passed for some rows only holds those.

    >>> rows = pd.DataFrame({"counted_on": pd.to_datetime(["2026-10-01", "2026-10-02"])})
    >>> watched(rows, Choices(days=30, last_on=pd.Timestamp("2026-10-31"))).tolist()
    [True, False]
    """
    length = choices.days if days is None else days
    return rows["counted_on"].add(pd.Timedelta(days=length)).le(choices.last_on)


def sent(rows: pd.DataFrame, log: pd.DataFrame) -> pd.Series:
    """True for rows in the months in which their site was sending the log: from its first month with an entry to its last.

    An episode without an entry is a "no" only where entries were made at all. Outside those months nobody knows: a site that
    has not begun to keep the log, or has stopped, has no follow-up on record, which is not a follow-up that did not happen.

    >>> rows = pd.DataFrame({"site_id": ["a", "a", "b"], "counted_on": pd.to_datetime(["2026-02-01", "2026-03-01", "2026-02-01"])})
    >>> log = pd.DataFrame({"site_id": ["a"], "counted_on": pd.to_datetime(["2026-02-20"])})
    >>> sent(rows, log).tolist()
    [True, False, False]
    """
    entered = _month(log["counted_on"]).groupby(log["site_id"]).agg(["min", "max"])
    first, last = (rows["site_id"].map(entered[end]).astype(float) for end in ("min", "max"))
    return _month(rows["counted_on"]).between(first, last)


def _month(days: pd.Series) -> pd.Series:
    return days.dt.year * 12 + days.dt.month


def days_between(first: pd.Series, last: pd.Series) -> pd.Series:
    """Whole days from one day to another, missing where either is.

    >>> days_between(pd.Series(pd.to_datetime(["2026-10-01"])), pd.Series(pd.to_datetime(["2026-10-04"]))).tolist()
    [3.0]
    """
    return (last - first) / pd.Timedelta(days=1)
