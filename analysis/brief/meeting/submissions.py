"""Who has sent records, and how long ago, in words coarse enough for peers to read."""

import pandas as pd

from analysis.brief.numbers import Numbers
from analysis.periods import Period
from analysis.quality.utilization.expected import QUIET_FROM

DAYS_A_MONTH = 365.25 / 12

# From how many days on each band begins. Bands, because the day of a small site's last record is the day of one child's crisis.
BANDS = {0: "under a week", 7: "1 to 2 weeks", 15: "2 to 4 weeks", 29: "over 4 weeks"}
SENT, NOT_SENT = "sent", "nothing yet"
QUIET = "no crisis on record; so few are to be expected that a month without one is no sign"
NO_SIGN = "so few are to be expected that this is no sign"
CLOSED, NOT_OPEN, NONE_YET = "closed", "not open yet", "no record yet"
LATE = ("2 to 4 weeks", "over 4 weeks", NONE_YET)  # a site that sends every week has been silent twice


def band(days: int) -> str:
    """A number of days as peers read it.

    >>> band(0), band(6), band(7), band(14), band(15), band(28), band(29)
    ('under a week', 'under a week', '1 to 2 weeks', '1 to 2 weeks', '2 to 4 weeks', '2 to 4 weeks', 'over 4 weeks')
    """
    return BANDS[max(start for start in BANDS if start <= days)]


def silent_days(numbers: Numbers, episodes: pd.DataFrame) -> pd.Series:
    """Days from each site's last record to the last day that the extract covers; missing where it has none.

    One value per site with a page of its own, by site_id. The day of a record is the day that counts the episode.
    """
    last = episodes.groupby("site_id")["counted_on"].max().reindex(numbers.pages["site_id"])
    return (numbers.covers[1] - last).dt.days.astype("Int64")


def last_records(numbers: Numbers, episodes: pd.DataFrame) -> pd.Series:
    """How long ago each site's last record is, in words, by site_id; sites that were not open say so instead.

    That a site has none in a month may be told: small counts are hidden as if every reader knew (small_counts/grains.py).
    """
    words = silent_days(numbers, episodes).map(lambda days: NONE_YET if pd.isna(days) else band(days))
    return words.mask(closed(numbers), CLOSED).mask(not_open(numbers), NOT_OPEN)


def few_expected(a_month: pd.Series | None, days: pd.Series) -> pd.Series:
    """True where chance alone may leave a site without a record for so many days: fewer than QUIET_FROM crises were to be expected in them.

    `a_month` is what is expected of each site in a month, by site_id; where that is not known, no silence is put down to chance.

    >>> few_expected(pd.Series({"tiny": 0.25, "north": 9.0}), pd.Series({"tiny": 200, "north": 31, "new": 31})).to_dict()
    {'tiny': True, 'north': False, 'new': False}
    """
    expected = pd.Series(dtype=float) if a_month is None else a_month
    return (expected.reindex(days.index) * days.astype(float) / DAYS_A_MONTH).lt(QUIET_FROM)


def no_sign(numbers: Numbers, episodes: pd.DataFrame, a_month: pd.Series | None) -> pd.Series:
    """True for the sites whose silence up to the last day covered chance alone explains, by site_id.

    One without any record has been silent since it opened, or since the records begin.
    """
    opened = numbers.pages.set_index("site_id")["opened_on"].fillna(numbers.covers[0]).clip(lower=numbers.covers[0])
    days = silent_days(numbers, episodes)
    return few_expected(a_month, days.fillna((numbers.covers[1] - opened).dt.days + 1))


def closed(numbers: Numbers) -> pd.Series:
    """True for the sites that closed before the period began, by site_id."""
    sites = numbers.pages.set_index("site_id")
    return sites["closed_on"].fillna(pd.Timestamp.max).lt(numbers.windows.now.from_on)


def not_open(numbers: Numbers) -> pd.Series:
    """True for the sites that open after the period, by site_id."""
    sites = numbers.pages.set_index("site_id")
    return sites["opened_on"].fillna(pd.Timestamp.min).gt(numbers.windows.now.to_on)


def sent(numbers: Numbers, episodes: pd.DataFrame, window: Period, *, a_month: pd.Series | None = None) -> pd.Series:
    """What each site has sent for the window, by site_id: SENT, NOT_SENT, QUIET where none was to be expected, or that it was not open."""
    here = episodes.loc[episodes["counted_on"].between(window.from_on, window.to_on), "site_id"]
    some = numbers.pages["site_id"].isin(here)
    words = pd.Series(some.map({True: SENT, False: NOT_SENT}).to_numpy(), index=numbers.pages["site_id"])
    days = pd.Series((min(window.to_on, numbers.covers[1]) - window.from_on).days + 1, words.index)
    words = words.mask(words.eq(NOT_SENT) & few_expected(a_month, days), QUIET)
    return words.mask(closed(numbers), CLOSED).mask(not_open(numbers), NOT_OPEN)
