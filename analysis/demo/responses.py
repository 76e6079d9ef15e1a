"""What came of each request: who asked and why, what was asked for and given, where, and how it ended."""

import numpy as np
import pandas as pd

from analysis.demo.counties import read_counties
from analysis.demo.draws import draw_codes, draw_mix
from analysis.demo.episodes import is_school_day
from analysis.demo.parts import Endings
from analysis.demo.scenario import Scenario
from analysis.tables import DISPOSITIONS, IN_PERSON_MODES


def add_referral(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds referral_source: schools lead for children of school age in school hours on school days."""
    at, ages = episodes["requested_at"], scenario.school.ages
    in_school = (
        is_school_day(at, scenario.school)
        & (at.dt.hour >= scenario.school.opens_hour)
        & (at.dt.hour < scenario.school.closes_hour)
        & episodes["age_years"].between(ages.youngest, ages.oldest)
    )
    mixes = scenario.referral_source
    source = _draw_either(in_school, mixes.school_hours, mixes.otherwise, scenario.stream("referral_source"))
    return episodes.assign(referral_source=source)


def add_referrer(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds referrer, the school that asked: one of its county's, the first called from most often; missing for other callers."""
    places = np.arange(1, scenario.school.a_county + 1)
    number = scenario.stream("referrer").choice(places, len(episodes), p=(1 / places) / (1 / places).sum())
    county = episodes["county_fips"].map(read_counties().set_index("county_fips")["county_name"])
    name = county + " school " + pd.Series(number, index=episodes.index).astype(str)
    return episodes.assign(referrer=name.where(episodes["referral_source"].eq("school")))


def add_problems(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds presenting_problem and presenting_problems (first and second joined by "|", the second never the first again)."""
    mixes, rng = scenario.presenting_problem, scenario.stream("presenting_problem")
    younger = episodes["age_years"] <= mixes.oldest_of_younger
    first = _draw_either(younger, mixes.younger, mixes.older, rng)
    second = _draw_either(younger, mixes.younger, mixes.older, rng)
    named = (rng.random(len(episodes)) < mixes.second_share) & (first != second)
    both = np.where(named, first + "|" + second, first)
    return episodes.assign(presenting_problem=first, presenting_problems=both)


def add_modes(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds urgency, recommended_mode, response_mode and attempt_result.

    Of the episodes that asked to be seen, a site's `in_person` is the chance that the response was in person. A visit
    called off before the team arrived is no response (attempt_result cancelled), so every response in person arrived.
    """
    modes, rng, rows = scenario.modes, scenario.stream("modes"), len(episodes)
    phone, later = rng.random(rows) < modes.phone_wished, rng.random(rows) < modes.later_wished
    at_once_urgency = draw_mix(modes.urgency_at_once, rows, rng)
    phone_urgency = draw_mix(modes.urgency_by_phone, rows, rng)
    seen = rng.random(rows) < episodes["site_id"].map(scenario.of_sites("in_person")).to_numpy()
    given = np.select(
        [phone, ~seen, later],
        [
            draw_mix(modes.phone_given, rows, rng),
            draw_mix(modes.not_seen, rows, rng),
            draw_mix(modes.seen_later, rows, rng),
        ],
        draw_mix(modes.seen_at_once, rows, rng),
    )
    cancelled = (given == "none") & (rng.random(rows) < modes.cancelled_share)
    in_person = np.isin(given, IN_PERSON_MODES)
    return episodes.assign(
        urgency=np.select([phone, later], [phone_urgency, "scheduled"], at_once_urgency),
        recommended_mode=np.select([phone, later], ["phone", "deferred_mobile"], "mobile").astype(object),
        response_mode=given,
        attempt_result=np.select(
            [in_person, cancelled], [draw_mix(modes.attempt_result, rows, rng), "cancelled"], None
        ),
    )


def add_location(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds response_location where the response was in person; others took place nowhere."""
    school = episodes["referral_source"].eq("school")
    mixes = scenario.response_location
    drawn = _draw_either(school, mixes.school, mixes.otherwise, scenario.stream("response_location"))
    return episodes.assign(response_location=np.where(episodes["response_mode"].isin(IN_PERSON_MODES), drawn, None))


def add_disposition(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds ending, drawn for every episode, and disposition, the same where someone was met or spoken to.

    Of the rest nobody knows how it ended: `ending` is then how it would have, had the team reached them.
    """
    chances = disposition_chances(episodes, scenario.disposition)
    drawn = draw_codes(chances.to_numpy(), list(chances.columns), scenario.stream("disposition"))
    return episodes.assign(ending=drawn, disposition=np.where(was_reached(episodes), drawn, None))


def was_reached(episodes: pd.DataFrame) -> pd.Series:
    """True where the team met the person, or spoke with them by video or phone."""
    return episodes["attempt_result"].eq("contact") | episodes["response_mode"].isin(["telehealth", "phone"])


def disposition_chances(episodes: pd.DataFrame, endings: Endings) -> pd.DataFrame:
    """The true chance of each disposition: one row per episode, one column per code, rows adding up to 1.

    The base weights are multiplied by those of the first problem and of the place, then scaled.

    >>> endings = Endings(base={"community": 0.9, "inpatient": 0.1}, by_problem={"psychosis": {"inpatient": 9}}, by_place={})
    >>> episodes = pd.DataFrame({"presenting_problem": ["psychosis", "grief"], "response_location": ["home", None]})
    >>> disposition_chances(episodes, endings)[["community", "inpatient"]].values.tolist()   # 0.9 and 0.1 x 9
    [[0.5, 0.5], [0.9, 0.1]]
    """
    chances = pd.DataFrame({code: endings.base.get(code, 0.0) for code in DISPOSITIONS}, index=episodes.index)
    raised = (("presenting_problem", endings.by_problem), ("response_location", endings.by_place))
    for column, factors_by_code in raised:
        for code, factors in factors_by_code.items():
            rows = episodes[column].eq(code)
            chances.loc[rows, list(factors)] *= np.array(list(factors.values()))
    return chances.div(chances.sum(axis=1), axis=0)


def _draw_either(which: pd.Series, where_true: dict, where_false: dict, rng: np.random.Generator) -> np.ndarray:
    return np.where(which, draw_mix(where_true, len(which), rng), draw_mix(where_false, len(which), rng))
