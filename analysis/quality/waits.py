"""Minutes on a response clock: which episodes it is for, how long each waited, and who was reached in time."""

from collections.abc import Iterable

import pandas as pd

from analysis.params import Clock
from analysis.tables import CLOCK_WORDS

REAL_TIME = "time"  # the note of a clock that is neither missing, a mere date nor impossible

# The columns by which a clock can be restricted, with the field of the clock that lists the codes.
RESTRICTED_BY = {"response_mode": "modes", "urgency": "urgency", "attempt_result": "attempt_results"}


def waits(episodes: pd.DataFrame, clocks: Iterable[Clock]) -> pd.DataFrame:
    """How long each episode waited on the clock that holds on the day that counts it.

    One row per episode in; one row per episode that belongs to a clock out (minutes: Float64; in_time: boolean), both
    missing where the wait is not measurable: an end that is not a real clock time, a wait below zero or above the
    clock's `longest_hours`, or a code by which the clock is restricted that was not recorded, so that nobody can say
    whether the episode belongs. A wait of exactly the threshold is in time.

    An episode whose recorded code is not among the clock's codes does not belong, whatever else is missing.

    >>> from datetime import date
    >>> clock = Clock(start="requested_at", stop="arrived_at", threshold_minutes=60, source="made up", from_on=date(2026, 1, 1))
    >>> times = pd.to_datetime(["2026-10-03 14:00", "2026-10-03 15:00"]).tz_localize("America/Denver")
    >>> one = pd.DataFrame({"counted_on": pd.to_datetime(["2026-10-03"]), "requested_at": times[:1], "arrived_at": times[1:],
    ...                     "requested_at_note": "time", "arrived_at_note": "time"})
    >>> waits(one, [clock]).to_dict("records")
    [{'minutes': 60.0, 'in_time': True}]
    """
    minutes = pd.Series(pd.NA, index=episodes.index, dtype="Float64")
    in_time = pd.Series(pd.NA, index=episodes.index, dtype="boolean")
    belongs = pd.Series(False, index=episodes.index)
    for clock in clocks:
        fits = _fits(episodes, clock)
        surely = fits.fillna(False).astype(bool)
        wait = _wait_minutes(episodes, clock)
        minutes = minutes.mask(surely, wait)
        in_time = in_time.mask(surely, wait.le(clock.threshold_minutes))
        belongs |= fits.fillna(True).astype(bool)
    return pd.DataFrame({"minutes": minutes, "in_time": in_time})[belongs]


def _fits(episodes: pd.DataFrame, clock: Clock) -> pd.Series:
    """Is the episode one of the clock's? True, False, or missing where a code that would settle it is missing."""
    day = episodes["counted_on"]
    holds = day.ge(pd.Timestamp(clock.from_on))
    if clock.to_on is not None:
        holds &= day.le(pd.Timestamp(clock.to_on))
    fits = holds.astype("boolean")
    for column, listed in RESTRICTED_BY.items():
        if codes := getattr(clock, listed):
            fits &= episodes[column].isin(codes).astype("boolean").mask(episodes[column].isna())
    return fits


def _wait_minutes(episodes: pd.DataFrame, clock: Clock) -> pd.Series:
    wait = (episodes[clock.stop] - episodes[clock.start]) / pd.Timedelta(minutes=1)
    real = is_real_time(episodes, clock.start) & is_real_time(episodes, clock.stop)
    return wait.where(real & wait.between(0, clock.longest_hours * 60)).astype("Float64")


def is_real_time(episodes: pd.DataFrame, clock: str) -> pd.Series:
    """True where the clock holds a real time of day, not a mere date and not a gap."""
    return episodes[clock].notna() & episodes[f"{clock}_note"].isin([REAL_TIME])


def clock_columns(clock: Clock) -> list[str]:
    """The columns without which a clock measures nothing.

    >>> clock_columns(Clock(start="requested_at", stop="arrived_at", threshold_minutes=60, modes=["mobile"], source="made up", from_on="2026-01-01"))
    ['requested_at', 'arrived_at', 'response_mode']
    """
    return [clock.start, clock.stop, *(column for column, listed in RESTRICTED_BY.items() if getattr(clock, listed))]


def say_clock(clock: Clock, *, with_threshold: bool) -> str:
    """The clock in words, complete: two clocks with the same words measure the same thing.

    >>> clock = Clock(start="requested_at", stop="arrived_at", threshold_minutes=90, modes=["mobile"], source="made up", from_on="2026-01-01")
    >>> say_clock(clock, with_threshold=True)
    'request to arrival, within 90 minutes, response_mode mobile, waits over 24 hours not measurable'
    """
    parts = [f"{CLOCK_WORDS[clock.start]} to {CLOCK_WORDS[clock.stop]}"]
    if with_threshold:
        parts.append(f"within {clock.threshold_minutes:g} minutes")
    for column, listed in RESTRICTED_BY.items():
        if codes := getattr(clock, listed):
            parts.append(f"{column} {' or '.join(sorted(codes))}")
    return ", ".join([*parts, f"waits over {clock.longest_hours:g} hours not measurable"])
