"""Who called, who was reached, and how many: calls, episodes, children, outreach, and what the calls were about."""

import pandas as pd

from analysis.quality.measures.choices import Choices, yes_or_no
from analysis.quality.waits import is_real_time
from analysis.tables import IN_PERSON_MODES, WEEKDAYS

LINE_988 = "line_988"  # the code of tables.CALL_CHANNELS
TEAM_SENT = "dispatched"  # the code of tables.CALL_OUTCOMES
NOT_ANSWERED = "abandoned"  # the same


def episodes(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Crisis episodes: every accepted one, under its episode_id."""
    return episodes["episode_id"]


def children_served(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children with an episode, each counted once a place and period; an episode without a child_id is not measurable.

    A child whom two sites served counts at both, once statewide: sites add up to more than the state. No table tells which
    children are of one family, so families served are not counted: they are at most as many as the children.
    """
    return episodes["child_id"]


def episodes_per_child(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """The child of each episode: the episodes of a place and period over its different children.

    A child who comes back in the next month counts in both months, so a month lies nearer to 1 than its year.
    """
    return episodes["child_id"]


def episodes_per_1000(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Episodes of children of the service's ages, the top of the rate.

    An age that was recorded outside the ages does not belong: the bottom of the rate does not hold that child. An age
    that was not recorded counts, because the service is for these ages. `oldest` lasts to the day before the next birthday.

    >>> from analysis.params import Ages
    >>> people = pd.DataFrame({"episode_id": [1, 2, 3], "age_years": pd.array([20.9, 21.0, None], dtype="Float64")})
    >>> episodes_per_1000(people, Choices(ages=Ages(youngest=0, oldest=20))).tolist()
    [1, 3]
    """
    age = episodes["age_years"]
    outside = age.lt(choices.ages.youngest) | age.ge(choices.ages.oldest + 1)
    return episodes["episode_id"][~outside.fillna(False).astype(bool)]


def episodes_per_1000_in_poverty(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """The same episodes, of children in poverty or not: the bottom of the rate alone is children below the poverty line."""
    return episodes_per_1000(episodes, choices)


def calls(calls: pd.DataFrame, choices: Choices) -> pd.Series:
    """Calls to any line about a child, under their call_id, whether or not a team was sent."""
    return calls["call_id"]


def call_channel(calls: pd.DataFrame, choices: Choices) -> pd.Series:
    """By which way each call came."""
    return calls["channel"]


def call_outcome(calls: pd.DataFrame, choices: Choices) -> pd.Series:
    """How each call ended."""
    return calls["outcome"]


def line_988_dispatch_share(calls: pd.DataFrame, choices: Choices) -> pd.Series:
    """Calls to 988 to which a team was sent, out of those that asked for a visit, at once or later.

    Not measurable where the ending, or what the call asked for, was not recorded; a call that ended before it was answered asked
    for nothing, so its blank does not belong. A call whose way in is not recorded may or
    may not be one of 988's: not measurable, unless it asked for advice only.

    >>> calls = pd.DataFrame({"channel": ["line_988", "line_988", "text", None], "recommended_mode": ["mobile", "phone", "mobile", "mobile"],
    ...                       "outcome": ["dispatched", "by_phone", "dispatched", "dispatched"]})
    >>> line_988_dispatch_share(calls, Choices()).tolist()
    [True, <NA>]
    """
    channel, asked, ended = calls["channel"], calls["recommended_mode"], calls["outcome"]
    unheard = asked.isna() & ended.eq(NOT_ANSWERED).fillna(False)
    belongs = (channel.isna() | channel.eq(LINE_988)) & (asked.isna() | asked.isin(IN_PERSON_MODES)) & ~unheard
    known = channel.notna() & asked.notna() & ended.notna()
    return yes_or_no(ended.eq(TEAM_SENT), known=known)[belongs.fillna(False).astype(bool)]


def outreach_events(outreach: pd.DataFrame, choices: Choices) -> pd.Series:
    """Outreach events, under their event_id."""
    return outreach["event_id"]


def outreach_people(outreach: pd.DataFrame, choices: Choices) -> pd.Series:
    """People who came to each event; whoever came to two counts twice."""
    return outreach["attendees"].astype("Float64")


def referral_source(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Who asked for help."""
    return episodes["referral_source"]


def presenting_problem(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """The first problem named at the call."""
    return episodes["presenting_problem"]


def hour_of_day(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """The band of hours, local time, in which help was asked for; unknown where only a date was recorded.

    >>> calls = pd.DataFrame({"requested_at": pd.to_datetime(["2026-10-03 03:59", "2026-10-03 04:00"]).tz_localize("America/Denver"),
    ...                       "requested_at_note": "time"})
    >>> hour_of_day(calls, Choices(hours=(0, 4, 8))).tolist()
    ['00:00-03:59', '04:00-07:59']
    """
    hour = episodes["requested_at"].dt.hour
    band = pd.cut(hour, [*choices.hours, 24], right=False, labels=list(hour_bands(choices)))
    return band.astype("string").where(is_real_time(episodes, "requested_at"))


def day_of_week(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """The weekday of the day that counts the episode."""
    return episodes["counted_on"].dt.dayofweek.map(dict(enumerate(WEEKDAYS)))


def hour_bands(choices: Choices) -> dict[str, str]:
    """The bands between the hours, in order, as they are named.

    >>> list(hour_bands(Choices(hours=(0, 8, 16))))
    ['00:00-07:59', '08:00-15:59', '16:00-23:59']
    """
    ends = [*choices.hours[1:], 24]
    names = [f"{first:02d}:00-{end - 1:02d}:59" for first, end in zip(choices.hours, ends, strict=True)]
    return {name: name for name in names}
