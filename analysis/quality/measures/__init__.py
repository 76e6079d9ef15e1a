"""The measures: one function each, named like its card in params/measures.yml, by the collaborative's questions.

reach.py           who called and who was reached
response.py        how the call was answered, and how soon
first_response.py  what was done, by whom, and how it ended
stabilization.py   what followed
outcomes.py        whether anyone is better off
workforce.py       who is there to respond
claims_followup.py what the claims say of the way on from the hospital

Every function takes the rows that its card counts (analysis/quality/rows.py: one row per crisis episode unless the card says
`of:` something else) and its `Choices`, and gives one value for each row that belongs to the measure, on the rows' own index:

    count, rate, per_child   the id that is counted (the same id twice counts once)
    share                    True or False
    minutes                  the wait
    score, number            the number
    mix                      the category
    portion                  two columns: part, whole

A value is missing where the row belongs but cannot be measured. A row that does not belong is not in the result.
"""

from collections.abc import Callable, Mapping

import pandas as pd

from analysis.quality.measures import (
    claims_followup,
    first_response,
    outcomes,
    reach,
    response,
    stabilization,
    workforce,
)
from analysis.quality.measures.choices import Choices
from analysis.tables import (
    CALL_CHANNELS,
    CALL_OUTCOMES,
    DISPOSITIONS,
    LIVING_SITUATIONS,
    PRESENTING_PROBLEMS,
    REFERRAL_SOURCES,
    WEEKDAYS,
)

__all__ = ["CATEGORIES", "MEASURES", "Choices", "categories"]

CATEGORIES = {
    "call_channel": CALL_CHANNELS,
    "call_outcome": CALL_OUTCOMES,
    "disposition": DISPOSITIONS,
    "referral_source": REFERRAL_SOURCES,
    "presenting_problem": PRESENTING_PROBLEMS,
    "day_of_week": WEEKDAYS,
    "living_at_discharge": LIVING_SITUATIONS,
}


def categories(measure: str, choices: Choices) -> Mapping[str, str]:
    """The categories of a mix in their order, each with the words for it; empty for a measure that is not a mix.

    >>> list(categories("day_of_week", Choices()).values())[:2]
    ['Monday', 'Tuesday']
    """
    if measure == reach.hour_of_day.__name__:
        return reach.hour_bands(choices)
    return CATEGORIES.get(measure, {})


Measure = Callable[[pd.DataFrame, Choices], pd.Series | pd.DataFrame]

MEASURES: Mapping[str, Measure] = {
    measure.__name__: measure
    for measure in (
        reach.episodes,
        reach.children_served,
        reach.episodes_per_child,
        reach.episodes_per_1000,
        reach.episodes_per_1000_in_poverty,
        reach.calls,
        reach.call_channel,
        reach.call_outcome,
        reach.line_988_dispatch_share,
        reach.outreach_events,
        reach.outreach_people,
        response.contact_share,
        response.in_person_share,
        response.phone_only_share,
        response.as_asked_share,
        response.response_minutes_median,
        response.response_minutes_p90,
        response.response_in_time_share,
        response.emergent_minutes_median,
        response.emergent_in_time_share,
        response.urgent_minutes_median,
        response.urgent_in_time_share,
        response.phone_support_share,
        first_response.crisis_assessment_share,
        first_response.suicide_screen_share,
        first_response.safety_plan_share,
        first_response.first_response_complete_share,
        first_response.completed_in_72_hours_share,
        first_response.team_of_two_share,
        first_response.clinician_share,
        first_response.peer_share,
        first_response.police_present_share,
        first_response.disposition,
        first_response.stayed_in_community_share,
        stabilization.follow_up_72_hours_share,
        stabilization.enrolled_share,
        stabilization.contacts_per_stay,
        stabilization.stay_in_limit_share,
        stabilization.open_past_limit_share,
        stabilization.referred_share,
        stabilization.linked_60_days_share,
        stabilization.back_in_180_days_share,
        reach.referral_source,
        reach.presenting_problem,
        reach.hour_of_day,
        reach.day_of_week,
        outcomes.living_at_discharge,
        outcomes.no_more_restrictive_share,
        outcomes.rated_twice_worker_share,
        outcomes.rated_twice_parent_share,
        outcomes.problems_change_worker,
        outcomes.problems_change_parent,
        outcomes.functioning_change_worker,
        outcomes.functioning_change_parent,
        outcomes.problems_better_worker_share,
        outcomes.problems_better_parent_share,
        outcomes.problems_worse_worker_share,
        outcomes.problems_worse_parent_share,
        outcomes.functioning_better_worker_share,
        outcomes.functioning_better_parent_share,
        outcomes.functioning_worse_worker_share,
        outcomes.functioning_worse_parent_share,
        outcomes.cans_change,
        outcomes.cans_better_share,
        outcomes.cans_worse_share,
        outcomes.family_answered_share,
        outcomes.family_satisfied_share,
        outcomes.referrer_answered_share,
        outcomes.referrer_satisfied_share,
        workforce.certified_share,
        workforce.trained_share,
        workforce.vacant_share,
        workforce.ready_share,
        workforce.covered_share,
        claims_followup.fum_7_days_share,
        claims_followup.fum_30_days_share,
        claims_followup.fuh_7_days_share,
        claims_followup.fuh_30_days_share,
    )
}
