"""When a team was sent, arrived, met the child and left; and the times that no clock may show."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.demo.draws import MINUTE, minutes
from analysis.demo.parts import Between, Clocks
from analysis.demo.scenario import Scenario
from analysis.tables import CLOCKS, IN_PERSON_MODES

WEEK = pd.Timedelta(days=7)


def add_clocks(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds dispatched_at, arrived_at, engaged_at and departed_at (local, whole minutes, in order; empty where not reached).

    A response at once arrives after a lognormal wait of which a site's `within_threshold` is exactly the share up to the
    threshold: waits are rounded up to minutes, which moves none across it. A later time is one that the family chose, in
    the daytime of that day or the next. Phone and video responses have a request only; a visit called off has a dispatch.
    """
    clocks, rng, rows = scenario.clocks, scenario.stream("clocks"), len(episodes)
    requested, mode = episodes["requested_at"], episodes["response_mode"]
    in_person, contact = mode.isin(IN_PERSON_MODES), episodes["attempt_result"].eq("contact")
    wait = np.maximum(_draw_waits(episodes["site_id"], scenario, rng), clocks.shortest_wait)
    until_sent = np.floor(wait * _between(clocks.dispatched_after, rows, rng))
    chosen = _draw_chosen_times(requested, clocks, rng)
    drive = minutes(np.minimum(wait - until_sent, clocks.longest_drive))
    later = mode.eq("deferred_mobile")
    arrived = (requested + minutes(wait)).mask(later, chosen)
    dispatched = (requested + minutes(until_sent)).mask(later, chosen - drive)
    engaged = arrived + minutes(_between(clocks.engaged_after, rows, rng))
    left_after_visit = engaged + minutes(rng.lognormal(np.log(clocks.visit.middle), clocks.visit.spread, rows))
    left_without = arrived + minutes(_between(clocks.no_contact_stay, rows, rng))
    return episodes.assign(
        dispatched_at=dispatched.where(in_person | episodes["attempt_result"].eq("cancelled")),
        arrived_at=arrived.where(in_person),
        engaged_at=engaged.where(in_person & contact),
        departed_at=left_after_visit.where(contact, left_without).where(in_person),
    )


def keep_off_midnight(episodes: pd.DataFrame) -> pd.DataFrame:
    """The same episodes with no clock at exactly 00:00, which would read as a date without a time.

    All of an episode's clocks move on by a minute together, so every wait stays as drawn.

    >>> night = pd.DataFrame({clock: [pd.Timestamp("2025-03-01 23:58")] for clock in CLOCKS} | {"born_at": [pd.NaT]})
    >>> night["arrived_at"] += pd.Timedelta(minutes=2)
    >>> keep_off_midnight(night)[["requested_at", "arrived_at"]].astype(str).values.tolist()   # not 23:58 and 00:00
    [['2025-03-01 23:59:00', '2025-03-02 00:01:00']]
    """
    moved = ["born_at", *CLOCKS]
    while (at := _any_at_midnight(episodes)).any():
        episodes = episodes.assign(**{clock: episodes[clock].mask(at, episodes[clock] + MINUTE) for clock in moved})
    return episodes


def keep_off_boundaries(episodes: pd.DataFrame, boundaries: pd.DatetimeIndex) -> pd.DataFrame:
    """The same episodes with none under way at a change of the clocks or at the end of the extract.

    Such an episode moves a week back as a whole, so weekday, hour and every wait stay as drawn, local times are as long as
    they look, and no event lies in a skipped hour or after the extract's last day.

    >>> change = pd.DatetimeIndex(["2025-03-09 02:00"])
    >>> night = pd.DataFrame({clock: [pd.Timestamp("2025-03-09 01:30")] for clock in CLOCKS} | {"born_at": [pd.NaT]})
    >>> night["departed_at"] += pd.Timedelta(minutes=45)
    >>> str(keep_off_boundaries(night, change)["departed_at"][0])
    '2025-03-02 02:15:00'
    """
    first = episodes["requested_at"].to_numpy()[:, None]
    last = episodes[list(CLOCKS)].max(axis=1).to_numpy()[:, None]
    hour = np.timedelta64(1, "h")
    # An hour on both sides: the hour that is skipped in spring lies after the change, the one that comes twice before it.
    under_way = ((first < boundaries.to_numpy() + hour) & (last >= boundaries.to_numpy() - hour)).any(axis=1)
    moved = ["born_at", *CLOCKS]
    return episodes.assign(**{clock: episodes[clock].mask(under_way, episodes[clock] - WEEK) for clock in moved})


def find_boundaries(scenario: Scenario) -> pd.DatetimeIndex:
    """The local times at which clocks change inside the extract's days, and the end of its last day.

    >>> from analysis.demo.scenario import read_scenario
    >>> find_boundaries(read_scenario("base"))[[0, 1, -1]].astype(str).tolist()
    ['2022-11-06 02:00:00', '2023-03-12 02:00:00', '2026-11-01 00:00:00']
    """
    hours = pd.date_range(scenario.covers.from_on, pd.Timestamp(scenario.covers.to_on) + pd.Timedelta(days=1), freq="h")
    utc = hours.tz_localize("UTC")
    offset = utc.tz_convert(ZoneInfo(scenario.time_zone)).tz_localize(None) - hours
    changed = np.flatnonzero(offset[1:] != offset[:-1]) + 1
    # The wall time that the old offset would have shown: 02:00 in spring and in autumn.
    return pd.DatetimeIndex([*(hours[changed] + offset[changed - 1]), hours[-1]])


def _any_at_midnight(episodes: pd.DataFrame) -> pd.Series:
    return pd.concat([episodes[clock].eq(episodes[clock].dt.normalize()) for clock in CLOCKS], axis=1).any(axis=1)


def _draw_waits(site_id: pd.Series, scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    """Minutes from request to arrival: log-normal, with P(wait <= threshold) = the site's within_threshold."""
    spread = site_id.map(scenario.of_sites("spread")).to_numpy()
    share = site_id.map(scenario.of_sites("within_threshold")).to_numpy()
    middle = np.log(scenario.threshold_minutes) - spread * norm.ppf(share)
    return rng.lognormal(middle, spread)


def _draw_chosen_times(requested: pd.Series, clocks: Clocks, rng: np.random.Generator) -> pd.Series:
    """A time in the daytime of the request's day or the next; one that would be too soon moves a day on."""
    rows = len(requested)
    days = rng.choice([int(day) for day in clocks.later_days], p=list(clocks.later_days.values()), size=rows)
    time_of_day = np.floor(_between(clocks.later_hours, rows, rng) * 60) * MINUTE
    chosen = requested.dt.normalize() + pd.to_timedelta(days, unit="D") + time_of_day
    too_soon = chosen < requested + clocks.later_not_before * MINUTE
    return chosen.mask(too_soon, chosen + pd.Timedelta(days=1))


def _between(bounds: Between, rows: int, rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(bounds.low, bounds.high, rows)
