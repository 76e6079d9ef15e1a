"""How the call was answered: in person or not, as asked or not, and how soon."""

import pandas as pd

from analysis.quality.measures.choices import Choices, yes_or_no
from analysis.quality.waits import waits
from analysis.tables import ATTEMPTED_RESULTS, IN_PERSON_MODES

MET_THE_PERSON = "contact"  # the code of tables.ATTEMPT_RESULTS


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
    return yes_or_no(result.isin([MET_THE_PERSON]), known=result.notna())[belongs]


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
    return yes_or_no(given.isin(IN_PERSON_MODES), known=asked.notna() & given.notna())[belongs]


def phone_only_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Episodes answered by phone alone, out of all; video is not the phone, and no response is no answer by phone."""
    given = episodes["response_mode"]
    return yes_or_no(given.eq("phone"), known=given.notna())


def as_asked_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Episodes answered in the way for which the call asked: the same mode exactly, out of all.

    A visit at once where a later one was asked for is a disagreement too: the family had chosen its time.

    >>> calls = pd.DataFrame({"recommended_mode": ["mobile", "deferred_mobile", "phone", None],
    ...                       "response_mode": ["mobile", "mobile", "phone", "mobile"]})
    >>> as_asked_share(calls, Choices()).tolist()
    [True, False, True, <NA>]
    """
    asked, given = episodes["recommended_mode"], episodes["response_mode"]
    return yes_or_no(asked.eq(given), known=asked.notna() & given.notna())


def response_minutes_median(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Minutes on the response clock (analysis/quality/waits.py); the card names the quantile, 0.5."""
    return waits(episodes, choices.clocks)["minutes"]


def response_minutes_p90(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Minutes on the response clock (analysis/quality/waits.py); the card names the quantile, 0.9."""
    return waits(episodes, choices.clocks)["minutes"]


def response_in_time_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Waits that were no longer than the clock's threshold, out of waits that can be measured."""
    return waits(episodes, choices.clocks)["in_time"]


def emergent_minutes_median(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Minutes on the response clock of calls that the caregiver called emergent; the card restricts the clocks to them."""
    return waits(episodes, choices.clocks)["minutes"]


def emergent_in_time_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Emergent calls whose wait was no longer than their clock's threshold.

    A call of which nobody wrote down how pressing it was may be one of them: not measurable.
    """
    return waits(episodes, choices.clocks)["in_time"]


def urgent_minutes_median(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Minutes on the response clock of calls that the caregiver called urgent; the card restricts the clocks to them."""
    return waits(episodes, choices.clocks)["minutes"]


def urgent_in_time_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Urgent calls whose wait was no longer than their clock's threshold; as for emergent ones."""
    return waits(episodes, choices.clocks)["in_time"]


def phone_support_share(episodes: pd.DataFrame, choices: Choices) -> pd.Series:
    """Families with whom somebody stayed by phone until the team came, out of visits, at once or later.

    Not measurable where it was not recorded, or where it was not recorded how the call was answered.

    >>> visits = pd.DataFrame({"response_mode": ["mobile", "deferred_mobile", "phone", None], "phone_support": pd.array([True, None, True, False], dtype="boolean")})
    >>> phone_support_share(visits, Choices()).tolist()    # the third was answered by phone
    [True, <NA>, <NA>]
    """
    given, stayed = episodes["response_mode"], episodes["phone_support"]
    belongs = given.isna() | given.isin(IN_PERSON_MODES)
    return yes_or_no(stayed, known=stayed.notna() & given.notna())[belongs]
