"""Local dates and times: what can be read, what is only a date, what cannot have been, and in which order things happened."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from analysis.tables import CLOCK_WORDS, CLOCKS, CLOCKS_RUN_ON_DAYS, LONGEST_WAIT_HOURS, ORDERED_CLOCKS

ISO = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?"
WITH_OFFSET = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)"
FROM_A_CELL = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?"
# What a two-digit format could not be told from; also the span of datetime64[ns], which reads them.
READABLE = (pd.Timestamp("1700-01-01"), pd.Timestamp("2250-01-01"))


def read_times(values: pd.Series, formats: Sequence[str], *, time_zone: str) -> pd.Series:
    """Local times without a zone (datetime64[us]); missing where the text is missing or in none of the formats.

    Without formats the text must be ISO (2025-05-12, with or without 13:29 or 13:29:00). A spreadsheet's own date cells, and
    times that carry an offset (…Z, …-07:00), are read whatever the formats say.

    >>> read_times(pd.Series(["5/12/2025 13:29", "2025-05-12T00:00:00", "12.5.2025", None]), ["%m/%d/%Y %H:%M"],
    ...            time_zone="America/Denver").tolist()
    [Timestamp('2025-05-12 13:29:00'), Timestamp('2025-05-12 00:00:00'), NaT, NaT]
    """
    read = pd.Series(pd.NaT, index=values.index, dtype="datetime64[ns]")
    text = values.astype("string")
    for pattern in formats:
        read = read.fillna(pd.to_datetime(text[read.isna()], format=pattern, errors="coerce"))
    left = text[read.isna()].dropna()
    iso = left[left.str.fullmatch(FROM_A_CELL if formats else ISO)]
    offset = left[left.str.fullmatch(WITH_OFFSET)]
    if len(iso):
        read = read.fillna(pd.to_datetime(iso, format="ISO8601", errors="coerce"))
    if len(offset):
        moments = pd.to_datetime(offset, format="ISO8601", errors="coerce", utc=True)
        read = read.fillna(moments.dt.tz_convert(time_zone).dt.tz_localize(None))
    return read.where(read.between(*READABLE)).astype("datetime64[us]")


def with_day_and_month_exchanged(pattern: str) -> str:
    """The format that takes the month for the day.

    >>> with_day_and_month_exchanged("%m/%d/%Y %H:%M")
    '%d/%m/%Y %H:%M'
    """
    return pattern.translate(str.maketrans("md", "dm"))


def joined_day_and_time(days: pd.Series, times: pd.Series) -> pd.Series:
    """One text from a column of dates and one of times of day; the date alone where the time is missing.

    >>> joined_day_and_time(pd.Series(["5/12/2025", "2025-05-12T00:00:00"], dtype="string"),
    ...                     pd.Series(["13:29", "1899-12-31T13:29:00"], dtype="string")).tolist()
    ['5/12/2025 13:29', '2025-05-12T13:29:00']
    """
    only_days = days.str.removesuffix("T00:00:00")
    # A spreadsheet's time of day may carry its first day; a date from a cell keeps its T, so that no format is held to it.
    only_times = times.str.replace(r"^(?:1899-12-3[01]|1900-01-0[01])T", "", regex=True)
    joined = only_days + pd.Series(" ", index=days.index).mask(days.ne(only_days).fillna(False), "T") + only_times
    return days.where(times.isna(), joined)


def is_date_only(times: pd.Series) -> pd.Series:
    """True where the time is exactly midnight: a date that somebody entered without a time."""
    return times.notna() & times.eq(times.dt.normalize())


def is_impossible(times: pd.Series, *, first: date, last: date) -> pd.Series:
    """True where the day lies outside `first` to `last`, both included."""
    return times.notna() & ~times.dt.normalize().between(pd.Timestamp(first), pd.Timestamp(last))


def last_possible(clock: str, to_on: date) -> date:
    """The last day on which a clock of an extract that ends on `to_on` can stand: requests end with it, the rest runs on."""
    return to_on if clock == CLOCKS[0] else (pd.Timestamp(to_on) + pd.Timedelta(days=CLOCKS_RUN_ON_DAYS)).date()


def check_clocks(
    times: pd.DataFrame, written: pd.DataFrame, *, first: date, to_on: date, time_zone: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The clocks that can be used, with their zone, and a note for each (`CLOCK_NOTES`).

    Takes local times (one column a clock, NaT where unreadable) and `written`, True where the file held some text.
    A clock earlier than one that is left before it is blanked: the later of the two is taken for the slip.
    """
    notes = pd.DataFrame("time", index=times.index, columns=times.columns, dtype=object)
    for clock in times.columns:
        notes[clock] = np.select(
            [
                ~written[clock],
                times[clock].isna(),
                is_impossible(times[clock], first=first, last=last_possible(clock, to_on)),
                is_date_only(times[clock]),
            ],
            ["missing", "unreadable", "impossible_date", "date_only"],
            default="time",
        )
    kept = localized(times.where(notes.eq("time")), time_zone=time_zone)
    for earlier, later in sorted(ORDERED_CLOCKS, key=lambda pair: (CLOCKS.index(pair[1]), CLOCKS.index(pair[0]))):
        if earlier in kept and later in kept:
            wrong = kept[later] < kept[earlier]
            notes.loc[wrong, later] = "impossible_order"
            kept[later] = kept[later].mask(wrong)
    return kept, notes


def localized(times: pd.DataFrame, *, time_zone: str) -> pd.DataFrame:
    """The clocks with their zone. In the hour that comes twice in autumn a time is taken on its second pass, or on its first where
    the second would put it after a later clock: of the two waits that it could be, the shorter one. A time in the hour that
    spring leaves out moves on to the next that exists.

    >>> night = pd.DataFrame({"requested_at": pd.to_datetime(["2025-11-02 01:50", "2025-11-02 01:10"]),
    ...                       "arrived_at": pd.to_datetime(["2025-11-02 01:20", "2025-11-02 02:05"])})
    >>> there = localized(night, time_zone="America/Denver")
    >>> (there["arrived_at"] - there["requested_at"]).tolist()
    [Timedelta('0 days 00:30:00'), Timedelta('0 days 00:55:00')]
    """
    there = {}
    earliest = pd.Series(pd.NaT, index=times.index, dtype=f"datetime64[us, {time_zone}]")
    for clock in reversed(times.columns):
        first, second = (
            times[clock]
            .dt.tz_localize(time_zone, ambiguous=np.full(len(times), summer), nonexistent="shift_forward")
            .astype(earliest.dtype)
            for summer in (True, False)
        )
        there[clock] = second.where(~(second > earliest), first)
        earliest = earliest.where(there[clock].isna() | (there[clock] > earliest), there[clock])
    return pd.DataFrame(there, index=times.index)[list(times.columns)]


def counted_on(times: pd.DataFrame, notes: pd.DataFrame, *, to_on: date) -> pd.DataFrame:
    """The day whose month counts the episode, and the clock that gave it: the first real time, else the first bare date.

    A clock after `to_on`, the last day covered, gives no day: its month is not in the extract. Missing where every clock is
    missing, unreadable, impossible or later.

    >>> times = pd.DataFrame({"requested_at": [pd.NaT], "arrived_at": pd.to_datetime(["2025-05-12 13:29"])})
    >>> notes = pd.DataFrame({"requested_at": ["missing"], "arrived_at": ["time"]})
    >>> counted_on(times, notes, to_on=date(2025, 5, 31)).iloc[0].tolist()
    [Timestamp('2025-05-12 00:00:00'), 'arrived_at']
    """
    day = pd.Series(pd.NaT, index=times.index, dtype="datetime64[us]")
    origin = pd.Series(pd.NA, index=times.index, dtype="string")
    for note in ("time", "date_only"):
        for clock in times.columns:
            its_day = times[clock].dt.normalize()
            here = day.isna() & notes[clock].eq(note) & its_day.le(pd.Timestamp(to_on))
            day = day.mask(here, its_day)
            origin = origin.mask(here, clock)
    return pd.DataFrame({"counted_on": day, "counted_from": origin})


def order_faults(times: pd.DataFrame) -> dict[str, int]:
    """Rows by impossible order, in words; also requests to arrivals that are negative or longer than a day."""
    named = [pair for pair in ORDERED_CLOCKS[:4] if set(pair) <= set(times.columns)]
    faults = {
        f"{CLOCK_WORDS[later]} before {CLOCK_WORDS[earlier]}": int((times[later] < times[earlier]).sum())
        for earlier, later in named
    }
    if {"requested_at", "arrived_at"} <= set(times.columns):
        wait = times["arrived_at"] - times["requested_at"]
        beyond = (wait < pd.Timedelta(0)) | (wait > pd.Timedelta(hours=LONGEST_WAIT_HOURS))
        faults[f"request to arrival negative or over {LONGEST_WAIT_HOURS} hours"] = int(beyond.sum())
    return faults
