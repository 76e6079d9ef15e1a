"""Who has sent records, and how long ago, in words coarse enough for peers to read."""

from collections.abc import Iterable

import pandas as pd

from analysis.brief.numbers import EVERY_EPISODE, Numbers
from analysis.params import disclosure
from analysis.periods import Period

# From how many days on each band begins. Bands, because the day of a small site's last record is the day of one child's crisis.
BANDS = {0: "under a week", 7: "1 to 2 weeks", 15: "2 to 4 weeks", 29: "over 4 weeks"}
LATE_FROM = 15  # days; a site that sends every week has been silent twice
SENT, NOT_SENT = "sent", "nothing yet"
CLOSED, NOT_OPEN, NONE_YET, CANNOT_SAY = "closed", "not open yet", "no record yet", "can't be shown"


def band(days: int) -> str:
    """A number of days as peers read it.

    >>> band(0), band(6), band(7), band(14), band(15), band(28), band(29)
    ('under a week', 'under a week', '1 to 2 weeks', '1 to 2 weeks', '2 to 4 weeks', '2 to 4 weeks', 'over 4 weeks')
    """
    return BANDS[_begins(days)]


def _begins(days: int) -> int:
    return max(start for start in BANDS if start <= max(days, 0))


def silent_days(numbers: Numbers, episodes: pd.DataFrame) -> pd.Series:
    """Days from each site's last record to the last day that the extract covers; missing where it has none.

    One value per site with a page of its own, by site_id. The day of a record is the day that counts the episode.
    """
    last = episodes.groupby("site_id")["counted_on"].max().reindex(numbers.pages["site_id"])
    return (numbers.covers[1] - last).dt.days.astype("Int64")


def last_records(numbers: Numbers, episodes: pd.DataFrame) -> pd.Series:
    """How long ago each site's last record is, in words, by site_id.

    Sites that were not open say so instead. Where the silence of some would let a reader work out a neighbor's hidden
    count (`told_apart`), it reads "can't be shown".
    """
    days = silent_days(numbers, episodes)
    words = days.map(lambda each: NONE_YET if pd.isna(each) else band(each))
    for window in _published(numbers):
        whole = numbers.covers[1] - window.from_on
        silent = [site for site, each in days.items() if pd.isna(each) or _begins(each) > whole.days]
        if silent and not told_apart(numbers, episodes, window):
            words = words.mask(words.index.isin(silent), CANNOT_SAY)
    return words.mask(closed(numbers), CLOSED).mask(not_open(numbers), NOT_OPEN)


def _published(numbers: Numbers) -> list[Period]:
    return [window for window in (numbers.windows.now, numbers.windows.partial) if window is not None]


def closed(numbers: Numbers) -> pd.Series:
    """True for the sites that closed before the period began, by site_id."""
    sites = numbers.pages.set_index("site_id")
    return sites["closed_on"].fillna(pd.Timestamp.max).lt(numbers.windows.now.from_on)


def not_open(numbers: Numbers) -> pd.Series:
    """True for the sites that open after the period, by site_id."""
    sites = numbers.pages.set_index("site_id")
    return sites["opened_on"].fillna(pd.Timestamp.min).gt(numbers.windows.now.to_on)


def sent(numbers: Numbers, episodes: pd.DataFrame, window: Period) -> pd.Series:
    """What each site has sent for the window, in words by site_id: "sent", "nothing yet", or why neither can be said."""
    some = numbers.pages["site_id"].isin(_counts(episodes, window).index)
    words = pd.Series(some.map({True: SENT, False: NOT_SENT}).to_numpy(), index=numbers.pages["site_id"])
    if not told_apart(numbers, episodes, window):
        words = words.mask(words.index.isin(_unshown(numbers, window, words.index)), CANNOT_SAY)
    return words.mask(closed(numbers), CLOSED).mask(not_open(numbers), NOT_OPEN)


def _counts(episodes: pd.DataFrame, window: Period) -> pd.Series:
    """Episodes of the window by site; a site without one is not in it."""
    return episodes.loc[episodes["counted_on"].between(window.from_on, window.to_on), "site_id"].value_counts()


def _unshown(numbers: Numbers, window: Period, sites: Iterable[str]) -> list[str]:
    """The sites whose number of episodes in the window no page shows."""
    rows = ((site, numbers.row(EVERY_EPISODE, window, site=site)) for site in sites)
    return [site for site, row in rows if row is None or pd.isna(row["value"])]


def told_apart(numbers: Numbers, episodes: pd.DataFrame, window: Period) -> bool:
    """May a page say which of the sites whose count is hidden have a record at all in the window?

    The state's count less the shown ones is what the hidden sites have together. Whoever knows which of them have none could
    narrow the others down: with one left, to its very count. It may be said where each of those left could still have the
    smallest number that is shown, the others one each; and where the state's own count is not shown.
    """
    state = numbers.row(EVERY_EPISODE, window)
    if state is None or pd.isna(state["value"]):
        return True
    counts = _counts(episodes, window)
    unshown = _unshown(numbers, window, counts.index)
    return not unshown or counts[unshown].sum() - (len(unshown) - 1) >= disclosure().smallest_shown
