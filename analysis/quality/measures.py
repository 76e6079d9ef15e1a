"""The measures: one function each, named like its card in params/measures.yml.

Every function takes `episodes` (one row per crisis episode, columns of analysis/tables.py) and the `Choices` of its card,
and gives one value for each episode that belongs to the measure, on the episodes' own index:

    count, rate   the id that is counted (the same id twice counts once)
    share         True or False
    minutes       the wait
    mix           the category

A value is missing where the episode belongs but cannot be measured. An episode that does not belong is not in the result.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.params import Ages, Clock
from analysis.quality.waits import is_real_time, waits
from analysis.tables import (
    ATTEMPTED_RESULTS,
    DISPOSITIONS,
    IN_PERSON_MODES,
    PRESENTING_PROBLEMS,
    REFERRAL_SOURCES,
    WEEKDAYS,
)

MET_THE_PERSON = "contact"  # the code of tables.ATTEMPT_RESULTS


@dataclass(frozen=True)
class Choices:
    """What a card and its study leave open: response clocks, the hours at which bands begin, the service's ages."""

    clocks: tuple[Clock, ...] = ()
    hours: tuple[int, ...] = ()
    ages: Ages | None = None


def episodes(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Crisis episodes: every accepted one, under its episode_id."""
    return episodes["episode_id"]


def children_served(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children with an episode, each counted once a place and period; an episode without a child_id is not measurable.

    A child whom two sites served counts at both, once statewide: sites add up to more than the state.
    """
    return episodes["child_id"]


def episodes_per_1000(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Episodes of children of the service's ages, the top of the rate.

    An age that was recorded outside the ages does not belong: the bottom of the rate does not hold that child. An age
    that was not recorded counts, because the service is for these ages. `oldest` lasts to the day before the next birthday.

    >>> people = pd.DataFrame({"episode_id": [1, 2, 3], "age_years": pd.array([20.9, 21.0, None], dtype="Float64")})
    >>> episodes_per_1000(people, Choices(ages=Ages(youngest=0, oldest=20))).tolist()
    [1, 3]
    """
    age = episodes["age_years"]
    outside = age.lt(choices.ages.youngest) | age.ge(choices.ages.oldest + 1)
    return episodes["episode_id"][~outside.fillna(False).astype(bool)]


def contact_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Visits that met the person, out of visits that were attempted.

    A visit called off before arrival was not attempted. A blank result is not a "no": the visit is not measurable, except
    that an episode recorded as answered by phone, video or not at all had no visit, so its blank does not belong.

    >>> visits = pd.DataFrame({"attempt_result": ["contact", "not_found", "cancelled", None, None],
    ...                        "response_mode": ["mobile", "mobile", "mobile", "mobile", "phone"]})
    >>> contact_share(visits, Choices()).tolist()   # 1 of 2 met, 1 not measurable
    [True, False, <NA>]
    """
    result, mode = episodes["attempt_result"], episodes["response_mode"]
    no_visit = result.isna() & mode.notna() & ~mode.isin(IN_PERSON_MODES)
    belongs = (result.isna() | result.isin(ATTEMPTED_RESULTS)) & ~no_visit
    return _yes_or_no(result.isin([MET_THE_PERSON]), known=result.notna())[belongs]


def in_person_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children seen in person, out of calls that asked for a visit, at once or later.

    Not measurable where the response was not recorded, or where it was not recorded what the call asked for.

    >>> calls = pd.DataFrame({"recommended_mode": ["mobile", "mobile", "phone", "deferred_mobile", None],
    ...                       "response_mode": ["deferred_mobile", "phone", "mobile", None, "mobile"]})
    >>> in_person_share(calls, Choices()).tolist()   # the third call asked for advice only
    [True, False, <NA>, <NA>]
    """
    asked, given = episodes["recommended_mode"], episodes["response_mode"]
    belongs = asked.isna() | asked.isin(IN_PERSON_MODES)
    return _yes_or_no(given.isin(IN_PERSON_MODES), known=asked.notna() & given.notna())[belongs]


def response_minutes_median(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Minutes on the response clock (analysis/quality/waits.py); the card names the quantile, 0.5."""
    return waits(episodes, choices.clocks)["minutes"]


def response_minutes_p90(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Minutes on the response clock (analysis/quality/waits.py); the card names the quantile, 0.9."""
    return waits(episodes, choices.clocks)["minutes"]


def response_in_time_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Waits that were no longer than the clock's threshold, out of waits that can be measured."""
    return waits(episodes, choices.clocks)["in_time"]


def disposition(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """How each visit ended. A blank after a visit that is known not to have met the person does not belong.

    >>> visits = pd.DataFrame({"disposition": ["community", None, None, "other"],
    ...                        "attempt_result": ["contact", "contact", "cancelled", None]})
    >>> disposition(visits, Choices()).tolist()   # the second is unknown, the third had no ending
    ['community', None, 'other']
    """
    result = episodes["attempt_result"]
    met_nobody = result.notna() & ~result.isin([MET_THE_PERSON])
    return episodes["disposition"][episodes["disposition"].notna() | ~met_nobody]


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


def _yes_or_no(yes: pd.Series, *, known: pd.Series) -> pd.Series:
    return yes.astype("boolean").where(known)


def hour_bands(choices: Choices) -> dict[str, str]:
    """The bands between the hours, in order, as they are named.

    >>> list(hour_bands(Choices(hours=(0, 8, 16))))
    ['00:00-07:59', '08:00-15:59', '16:00-23:59']
    """
    ends = [*choices.hours[1:], 24]
    names = [f"{first:02d}:00-{end - 1:02d}:59" for first, end in zip(choices.hours, ends, strict=True)]
    return {name: name for name in names}


def categories(measure: str, choices: Choices) -> Mapping[str, str]:
    """The categories of a mix in their order, each with the words for it; empty for a measure that is not a mix.

    >>> list(categories("day_of_week", Choices()).values())[:2]
    ['Monday', 'Tuesday']
    """
    if measure == hour_of_day.__name__:
        return hour_bands(choices)
    return CATEGORIES.get(measure, {})


CATEGORIES = {
    "disposition": DISPOSITIONS,
    "referral_source": REFERRAL_SOURCES,
    "presenting_problem": PRESENTING_PROBLEMS,
    "day_of_week": WEEKDAYS,
}

MEASURES: Mapping[str, Callable[[pd.DataFrame, Choices], pd.Series]] = {
    measure.__name__: measure
    for measure in (
        episodes,
        children_served,
        episodes_per_1000,
        contact_share,
        in_person_share,
        response_minutes_median,
        response_minutes_p90,
        response_in_time_share,
        disposition,
        referral_source,
        presenting_problem,
        hour_of_day,
        day_of_week,
    )
}
