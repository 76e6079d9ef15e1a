"""What was done at the first response, by whom, and how it ended."""

import pandas as pd

from analysis.quality.measures.choices import Choices, days_between, yes_or_no
from analysis.quality.measures.response import MET_THE_PERSON
from analysis.tables import IN_PERSON_MODES, SCREENED

FACE_TO_FACE = (*IN_PERSON_MODES, "telehealth")
CALLED_OFF = "cancelled"  # the code of tables.ATTEMPT_RESULTS
AT_HOME_OR_SCHOOL = "community"  # the code of tables.DISPOSITIONS
SMALLEST_TEAM = 2  # "at least two": New Mexico's state plan, https://www.mintz.com/insights-center/viewpoints/2146/2024-02-21-new-mexico-latest-state-expand-medicaid-behavioral


def disposition(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """How each visit ended. A blank after a visit that is known not to have met the person does not belong.

    >>> visits = pd.DataFrame({"disposition": ["community", None, None, "other"],
    ...                        "attempt_result": ["contact", "contact", "cancelled", None]})
    >>> disposition(visits, Choices()).tolist()   # the second is unknown, the third had no ending
    ['community', None, 'other']
    """
    return episodes["disposition"][episodes["disposition"].notna() | ~_met_nobody(episodes)]


def stayed_in_community_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """First responses after which the child stayed at home, at school or in the community, out of the endings.

    Respite with other family, a crisis center and "other" are endings elsewhere. An ending written for a visit that met nobody
    says nothing about a child, so it does not belong. Blanks are not measurable: `comparisons.bounds` gives what the share could be.

    >>> visits = pd.DataFrame({"disposition": ["community", "respite", None, "community"],
    ...                        "attempt_result": ["contact", "contact", "contact", "not_found"]})
    >>> stayed_in_community_share(visits, Choices()).tolist()
    [True, False, <NA>]
    """
    ended = episodes["disposition"]
    return yes_or_no(ended.eq(AT_HOME_OR_SCHOOL), known=ended.notna())[~_met_nobody(episodes)]


def crisis_assessment_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """First responses, in person or by video, at which a crisis assessment was done."""
    return _at_first_response(episodes, episodes["crisis_assessment"], episodes["crisis_assessment"].notna())


def suicide_screen_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """First responses, in person or by video, at which the child was screened for suicide risk.

    Offered and declined is not screened: nobody knows the risk.

    >>> visits = pd.DataFrame({"response_mode": ["mobile"] * 4, "attempt_result": "contact", "suicide_screen": ["negative", "positive", "declined", None]})
    >>> suicide_screen_share(visits, Choices()).tolist()
    [True, True, False, <NA>]
    """
    came_of = episodes["suicide_screen"]
    return _at_first_response(episodes, came_of.isin(SCREENED), came_of.notna())


def safety_plan_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """First responses, in person or by video, at which a safety plan was made with the family."""
    return _at_first_response(episodes, episodes["safety_plan"], episodes["safety_plan"].notna())


def first_response_complete_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """First responses with all three: crisis assessment, suicide screen, safety plan.

    One recorded "no" is a no, whatever else is blank; a blank among "yes" leaves it open.

    >>> visits = pd.DataFrame({"response_mode": ["mobile"] * 3, "attempt_result": "contact", "suicide_screen": ["negative", "not_done", "negative"],
    ...     "crisis_assessment": pd.array([True, None, None], dtype="boolean"), "safety_plan": pd.array([True, True, True], dtype="boolean")})
    >>> first_response_complete_share(visits, Choices()).tolist()
    [True, False, <NA>]
    """
    screened = episodes["suicide_screen"].isin(SCREENED).astype("boolean").mask(episodes["suicide_screen"].isna())
    parts = (episodes["crisis_assessment"].astype("boolean"), screened, episodes["safety_plan"].astype("boolean"))
    every = parts[0] & parts[1] & parts[2]  # of missing and False, pandas makes False
    return _at_first_response(episodes, every, every.notna())


def completed_in_72_hours_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """First responses complete within three days of the day that counts the episode, out of those with a day of completion.

    In days, because the day alone is recorded: the third day after counts to its end, so up to 95 hours and 59 minutes pass as
    72. A day of completion before the response is a slip. Without one nobody knows: it may be late, or not written down.

    >>> visits = pd.DataFrame({"response_mode": ["mobile"] * 4, "attempt_result": "contact", "counted_on": pd.to_datetime(["2026-10-05"] * 4),
    ...                        "initial_completed_on": pd.to_datetime(["2026-10-08", "2026-10-09", "2026-10-04", None])})
    >>> completed_in_72_hours_share(visits, Choices(days=3)).tolist()
    [True, False, <NA>, <NA>]
    """
    days = days_between(episodes["counted_on"], episodes["initial_completed_on"])
    return _at_first_response(episodes, days.le(choices.days), days.ge(0))


def team_of_two_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Visits to which two or more went. A team of none is a slip of the pen: not measurable."""
    size = episodes["team_size"]
    return _at_visit(episodes, size.ge(SMALLEST_TEAM), size.ge(1))


def clinician_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Visits with a licensed or supervised clinician in the team."""
    return _at_visit(episodes, episodes["clinician_present"], episodes["clinician_present"].notna())


def peer_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Visits with a family, youth or adult peer in the team."""
    return _at_visit(episodes, episodes["peer_present"], episodes["peer_present"].notna())


def police_present_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Visits at which police were there at any time. Who called them is not recorded."""
    return _at_visit(episodes, episodes["law_enforcement_present"], episodes["law_enforcement_present"].notna())


def _met_nobody(episodes: pd.DataFrame) -> pd.Series:
    """True where the result of the visit is known and is another than meeting the person."""
    result = episodes["attempt_result"]
    return result.notna() & ~result.isin([MET_THE_PERSON])


def reached(episodes: pd.DataFrame) -> pd.Series:
    """True for episodes that had a response and are not known to have met nobody; a blank result counts as met."""
    return ~_met_nobody(episodes) & ~episodes["response_mode"].isin(["none"])


def _at_first_response(episodes: pd.DataFrame, yes: pd.Series, known: pd.Series) -> pd.Series:
    """The answer for responses in person or by video that are not known to have met nobody.

    A response of unknown kind may be one of them: not measurable.
    """
    mode = episodes["response_mode"]
    belongs = (mode.isna() | mode.isin(FACE_TO_FACE)) & ~_met_nobody(episodes)
    return yes_or_no(yes, known=known.fillna(False).astype(bool) & mode.notna())[belongs]


def _at_visit(episodes: pd.DataFrame, yes: pd.Series, known: pd.Series) -> pd.Series:
    """The answer for visits in person, whomever they met; one called off before arrival is none."""
    mode = episodes["response_mode"]
    belongs = (mode.isna() | mode.isin(IN_PERSON_MODES)) & ~episodes["attempt_result"].isin([CALLED_OFF])
    return yes_or_no(yes, known=known.fillna(False).astype(bool) & mode.notna())[belongs]
