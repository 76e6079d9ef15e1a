"""The rows that measures count: one frame a kind, each row with the site and the day that counts it.

A card says `of: episodes` or another kind. A kind comes from one table of the contract; a measure whose table is not there
is off. Snapshots (staff, positions, readiness, hours, open stays) have one row a month, on the month's last day.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.params import StayLimit
from analysis.quality.claims_visits import admissions, ed_visits
from analysis.quality.exposure import Days
from analysis.quality.stays import limit_days
from analysis.tables import WEEKDAYS

CURRICULUM_HOURS = 40  # the length of the state's curriculum, https://centerofinnovationnm.org/mrss/

Tables = Mapping[str, pd.DataFrame]


def episodes(tables: Tables, covers: Days) -> pd.DataFrame:
    """One row per crisis episode, on its own day."""
    return tables["episodes"].reset_index(drop=True)


def discharges(tables: Tables, covers: Days) -> pd.DataFrame:
    """One row per stabilization that has ended, on its last day: only what has ended can be told as a whole.

    A stay counts in the month in which it ended, not in the one of the call: the latest calls have only short stays behind
    them. A day after the extract's last is a slip and no end.

    >>> stays = pd.DataFrame({"site_id": "north", "counted_on": pd.to_datetime(["2026-01-05"] * 2), "enrolled_on": pd.to_datetime(["2026-01-07"] * 2),
    ...                       "discharged_on": pd.to_datetime(["2026-02-10", None])})
    >>> discharges({"episodes": stays}, (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-03-31")))["counted_on"].dt.date.astype(str).tolist()
    ['2026-02-10']
    """
    rows = tables["episodes"]
    ended = rows[rows["discharged_on"].notna() & rows["enrolled_on"].notna() & rows["discharged_on"].le(covers[1])]
    return ended.assign(requested_on=ended["counted_on"], counted_on=ended["discharged_on"]).reset_index(drop=True)


def stays_due(tables: Tables, covers: Days, stay_limits: Sequence[StayLimit]) -> pd.DataFrame:
    """One row per stabilization whose limit has fallen, on the last day of that limit, whether it has ended or not.

    Counted so, a stay that never ends is late in the month in which it became so; of those that have ended nobody learns that.
    One whose limit falls after the extract's last day waits.

    >>> stays = pd.DataFrame({"site_id": "north", "counted_on": pd.to_datetime(["2026-01-05"] * 2), "response_mode": "mobile",
    ...                       "enrolled_on": pd.to_datetime(["2026-01-07", "2026-02-20"]), "discharged_on": pd.NaT})
    >>> limit = StayLimit(days=56, source="made up", from_on="2026-01-01")
    >>> covers = (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-03-31"))
    >>> stays_due({"episodes": stays}, covers, [limit])["counted_on"].dt.date.astype(str).tolist()
    ['2026-03-04']
    """
    rows = tables["episodes"]
    due = limit_days(rows, stay_limits)
    fallen = due.le(covers[1])
    return rows[fallen].assign(counted_on=due[fallen]).reset_index(drop=True)


def open_stays(tables: Tables, covers: Days) -> pd.DataFrame:
    """One row per month and stabilization that is open when the month ends; one that ends on that day is not open."""
    rows = tables["episodes"]
    return _at_month_ends(
        rows[rows["enrolled_on"].notna()], "enrolled_on", "discharged_on", covers, last_day_counts=False
    )


def calls(tables: Tables, covers: Days) -> pd.DataFrame:
    """One row per call, on its day; a call whose site nobody knows counts in the state only."""
    return _on(tables["calls"], "called_on")


def referrals(tables: Tables, covers: Days) -> pd.DataFrame:
    """One row per referral, on its day, at the site of its episode."""
    return _on(of_episodes(tables, "referrals").drop(columns="counted_on"), "referred_on")


def outreach(tables: Tables, covers: Days) -> pd.DataFrame:
    """One row per outreach event, on its day."""
    return _on(tables["outreach"], "held_on")


def satisfaction(tables: Tables, covers: Days) -> pd.DataFrame:
    """One row per survey, on the day on which it was sent."""
    return _on(tables["satisfaction"], "sent_on")


def staff(tables: Tables, covers: Days) -> pd.DataFrame:
    """One row per month and member of staff who is employed on the month's last day, that day included.

    `trained_on` is the day on which the parts of the curriculum that the person completed came to 40 hours.
    """
    rows = _at_month_ends(tables["staff"], "hired_on", "left_on", covers, last_day_counts=True)
    training = tables.get("training")
    if training is None:
        return rows
    return rows.merge(trained_on(training), on="staff_id", how="left")


def trained_on(training: pd.DataFrame) -> pd.DataFrame:
    """The day on which each member of staff had completed 40 hours: staff_id, trained_on; nobody who has not.

    >>> parts = pd.DataFrame({"staff_id": [1, 1, 2], "completed_on": pd.to_datetime(["2026-02-01", "2026-01-01", "2026-01-01"]), "hours": [10, 30, 39.5]})
    >>> trained_on(parts)["trained_on"].dt.date.astype(str).tolist()     # 30 hours, then 40; the other stops at 39.5
    ['2026-02-01']
    """
    parts = training.sort_values(["staff_id", "completed_on", "hours"], kind="stable")
    so_far = parts.groupby("staff_id")["hours"].cumsum()
    done = parts[so_far.ge(CURRICULUM_HOURS)].drop_duplicates("staff_id")
    return done[["staff_id", "completed_on"]].rename(columns={"completed_on": "trained_on"})


def staffing(tables: Tables, covers: Days) -> pd.DataFrame:
    """One row per site and month of positions, on the month's last day."""
    rows = tables["staffing"]
    return rows.assign(counted_on=rows["month_on"] + pd.offsets.MonthEnd(0)).reset_index(drop=True)


def readiness(tables: Tables, covers: Days) -> pd.DataFrame:
    """One row per month and site: items met and items of the latest assessment by the month's last day.

    An assessment holds until the next one, however old it is; a site without one has no row.

    >>> found = pd.DataFrame({"site_id": "north", "assessed_on": pd.to_datetime(["2026-01-10", "2026-01-10", "2026-02-20"]), "domain": ["hours", "data", "hours"],
    ...                       "items_met": [1, 2, 3], "items": [4, 4, 4]})
    >>> readiness({"readiness": found}, (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-03-31")))["items_met"].tolist()
    [3, 3, 3]
    """
    by_day = tables["readiness"].groupby(["site_id", "assessed_on"], as_index=False)[["items_met", "items"]].sum()
    by_day["until_on"] = by_day.groupby("site_id")["assessed_on"].shift(-1)  # rows are in order of site and day
    return _at_month_ends(by_day, "assessed_on", "until_on", covers, last_day_counts=False)


def site_hours(tables: Tables, covers: Days) -> pd.DataFrame:
    """One row per month and site: hours of a week in which a team can go out, as they hold on the month's last day.

    An hour that two stretches hold counts once.

    >>> found = pd.DataFrame({"site_id": "north", "from_on": pd.Timestamp("2026-01-15"), "to_on": pd.NaT, "weekday": ["monday", "monday", "sunday"],
    ...                       "from_hour": [8, 12, 0], "to_hour": [16, 20, 24]})
    >>> site_hours({"site_hours": found}, (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-31")))["hours"].tolist()   # 12 + 24
    [36]
    """
    held = _at_month_ends(tables["site_hours"], "from_on", "to_on", covers, last_day_counts=True)
    length = (held["to_hour"] - held["from_hour"]).clip(lower=0).to_numpy(dtype=int)
    line = np.repeat(np.arange(len(held)), length)
    hour = np.arange(len(line)) - np.repeat(np.cumsum(length) - length, length)
    each = held.iloc[line][["site_id", "counted_on", "weekday"]].assign(
        hour=held["from_hour"].to_numpy(dtype=int)[line] + hour
    )
    each = each[each["weekday"].isin(WEEKDAYS)].drop_duplicates()
    return each.groupby(["site_id", "counted_on"], as_index=False).agg(hours=("hour", "size"))


def of_episodes(tables: Tables, name: str) -> pd.DataFrame:
    """The rows of a table that speaks of episodes, with the site and the day of each one's episode.

    A row whose episode is not among those accepted has no place and is left out.
    """
    place = tables["episodes"][["episode_id", "site_id", "counted_on"]]
    return tables[name].drop(columns=["site_id"], errors="ignore").merge(place, on="episode_id", how="inner")


def _on(rows: pd.DataFrame, day: str) -> pd.DataFrame:
    return rows.assign(counted_on=rows[day]).reset_index(drop=True)


def _at_month_ends(rows: pd.DataFrame, first: str, last: str, covers: Days, *, last_day_counts: bool) -> pd.DataFrame:
    """Each row once for every month that the extract covers to its end and on whose last day it holds."""
    months = pd.period_range(covers[0], covers[1], freq="M").end_time.normalize()
    ends = months[months <= covers[1]].to_numpy()
    begin = rows[first].to_numpy(dtype="datetime64[ns]")[:, None]
    end = rows[last].to_numpy(dtype="datetime64[ns]")[:, None]
    still = np.isnat(end) | ((end >= ends) if last_day_counts else (end > ends))
    row, month = np.nonzero((begin <= ends) & still)
    return rows.iloc[row].reset_index(drop=True).assign(counted_on=ends[month])


@dataclass(frozen=True)
class Kind:
    """One kind of row: the table of the contract that it is made from, and how; `limited` where the limits of stays decide it."""

    table: str
    made_by: Callable[..., pd.DataFrame]
    limited: bool = False

    def rows(self, tables: Tables, covers: Days, stay_limits: Sequence[StayLimit]) -> pd.DataFrame:
        """Every row of this kind that the extract holds, with the site and the day that counts it."""
        return self.made_by(tables, covers, stay_limits) if self.limited else self.made_by(tables, covers)


KINDS: Mapping[str, Kind] = {
    made_by.__name__: Kind(table, made_by, limited=made_by is stays_due)
    for table, made_by in (
        ("episodes", episodes),
        ("episodes", discharges),
        ("episodes", stays_due),
        ("episodes", open_stays),
        ("calls", calls),
        ("referrals", referrals),
        ("outreach", outreach),
        ("satisfaction", satisfaction),
        ("staff", staff),
        ("staffing", staffing),
        ("readiness", readiness),
        ("site_hours", site_hours),
        ("claims", ed_visits),
        ("claims", admissions),
    )
}
LOGS = ("contacts", "scales", "referrals")  # tables whose rows speak of an episode
