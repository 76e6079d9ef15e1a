"""Whether anyone is better off: where children live, how ratings changed, what families and referrers say."""

import pandas as pd

from analysis.quality.measures.choices import Choices, watched, yes_or_no
from analysis.tables import LIVING_SITUATIONS

ORDER = {setting: rank for rank, setting in enumerate(LIVING_SITUATIONS)}
NO_PLACE_IN_THE_ORDER = "other"
SATISFIED_FROM = 4  # of 1 to 5
FAMILY = ("family", "youth")
# The shares of reliable change: of which scale, and by whom it is rated.
RELIABLE = {
    "problems_better_worker_share": ("ohio_problems", "worker"),
    "problems_better_parent_share": ("ohio_problems", "parent"),
    "problems_worse_worker_share": ("ohio_problems", "worker"),
    "problems_worse_parent_share": ("ohio_problems", "parent"),
    "functioning_better_worker_share": ("ohio_functioning", "worker"),
    "functioning_better_parent_share": ("ohio_functioning", "parent"),
    "functioning_worse_worker_share": ("ohio_functioning", "worker"),
    "functioning_worse_parent_share": ("ohio_functioning", "parent"),
    "cans_better_share": ("cans", "worker"),
    "cans_worse_share": ("cans", "worker"),
}


def living_at_discharge(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Where the child lived when stabilization ended; lost to follow-up is not measurable."""
    return discharges["living_at_discharge"]


def no_more_restrictive_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Stabilizations at whose end the child lived in a setting no more restrictive than at the call.

    By the order of tables.LIVING_SITUATIONS, in which a child who has run away comes after every setting; "other" has no place in
    it, so it is not measurable, like a blank. A description, never an effect.

    >>> stays = pd.DataFrame({"living_at_start": ["family", "group_home", "kin", "kin"], "living_at_discharge": ["family", "kin", "runaway", "other"]})
    >>> no_more_restrictive_share(stays, Choices()).tolist()
    [True, True, False, <NA>]
    """
    start, end = (
        discharges[when].mask(discharges[when].eq(NO_PLACE_IN_THE_ORDER)).map(ORDER).astype("Float64")
        for when in ("living_at_start", "living_at_discharge")
    )
    return yes_or_no(end.le(start), known=start.notna() & end.notna())


def rated_twice_worker_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Stabilizations that have ended with the worker's problem rating both at intake and at discharge. No rating is a no."""
    return _rated_twice(discharges, choices, "ohio_problems", "worker")


def rated_twice_parent_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """The same for the parent's form. Families who are lost to follow-up are the ones without the second form."""
    return _rated_twice(discharges, choices, "ohio_problems", "parent")


def problems_change_worker(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Problem Severity at discharge less at intake, as the worker rates; below 0 is better. Of children rated twice.

    The form looks back 30 days and most stays are shorter than 60, so the two looks overlap, which damps the change; children
    come at a peak, which inflates it.
    """
    return change(discharges, choices, "ohio_problems", "worker")


def problems_change_parent(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Problem Severity at discharge less at intake, as the parent rates; below 0 is better. Of children rated twice."""
    return change(discharges, choices, "ohio_problems", "parent")


def functioning_change_worker(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Functioning at discharge less at intake, as the worker rates; above 0 is better. Of children rated twice."""
    return change(discharges, choices, "ohio_functioning", "worker")


def functioning_change_parent(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Functioning at discharge less at intake, as the parent rates; above 0 is better. Of children rated twice."""
    return change(discharges, choices, "ohio_functioning", "parent")


def problems_better_worker_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children rated twice whose Problem Severity fell by at least the reliable change, as the worker rates.

    `scales.chance_share` gives the share that would seem to, had nobody changed: hold it against that, not against none.
    """
    return _reliable(discharges, choices, *RELIABLE["problems_better_worker_share"], better=True)


def problems_better_parent_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children rated twice whose Problem Severity fell by at least the reliable change, as the parent rates."""
    return _reliable(discharges, choices, *RELIABLE["problems_better_parent_share"], better=True)


def problems_worse_worker_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children rated twice whose Problem Severity rose by at least the reliable change, as the worker rates."""
    return _reliable(discharges, choices, *RELIABLE["problems_worse_worker_share"], better=False)


def problems_worse_parent_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children rated twice whose Problem Severity rose by at least the reliable change, as the parent rates."""
    return _reliable(discharges, choices, *RELIABLE["problems_worse_parent_share"], better=False)


def functioning_better_worker_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children rated twice whose Functioning rose by at least the reliable change, as the worker rates."""
    return _reliable(discharges, choices, *RELIABLE["functioning_better_worker_share"], better=True)


def functioning_better_parent_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children rated twice whose Functioning rose by at least the reliable change, as the parent rates."""
    return _reliable(discharges, choices, *RELIABLE["functioning_better_parent_share"], better=True)


def functioning_worse_worker_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children rated twice whose Functioning fell by at least the reliable change, as the worker rates."""
    return _reliable(discharges, choices, *RELIABLE["functioning_worse_worker_share"], better=False)


def functioning_worse_parent_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children rated twice whose Functioning fell by at least the reliable change, as the parent rates."""
    return _reliable(discharges, choices, *RELIABLE["functioning_worse_parent_share"], better=False)


def cans_change(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """CANS needs total at discharge less at intake, as the worker rates; below 0 is better. Of children rated twice."""
    return change(discharges, choices, "cans", "worker")


def cans_better_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children rated twice whose CANS needs total fell by at least the reliable change."""
    return _reliable(discharges, choices, *RELIABLE["cans_better_share"], better=True)


def cans_worse_share(discharges: pd.DataFrame, choices: Choices) -> pd.Series:
    """Children rated twice whose CANS needs total rose by at least the reliable change."""
    return _reliable(discharges, choices, *RELIABLE["cans_worse_share"], better=False)


def change(discharges: pd.DataFrame, choices: Choices, scale: str, rater: str) -> pd.Series:
    """Discharge less intake, one for each stay rated twice on the scale by the rater.

    A stay without both ratings does not belong: the share rated twice is a measure of its own, and stands first. A rating
    outside the scale's range is not measurable.
    """
    rated = choices.beside["scales"]
    rated = rated[rated["scale"].eq(scale) & rated["rater"].eq(rater)]
    intake, discharge = (
        discharges["episode_id"].map(rated[rated["occasion"].eq(when)].set_index("episode_id")["score"])
        for when in ("intake", "discharge")
    )
    held = choices.scales[scale]
    inside = intake.between(held.lowest, held.highest) & discharge.between(held.lowest, held.highest)
    twice = intake.notna() & discharge.notna()
    return (discharge - intake).astype("Float64").where(inside)[twice]


def _rated_twice(discharges: pd.DataFrame, choices: Choices, scale: str, rater: str) -> pd.Series:
    twice = discharges.index.isin(change(discharges, choices, scale, rater).index)
    return pd.Series(twice, index=discharges.index, dtype="boolean")


def _reliable(discharges: pd.DataFrame, choices: Choices, scale: str, rater: str, *, better: bool) -> pd.Series:
    moved, held = change(discharges, choices, scale, rater), choices.scales[scale]
    toward = moved * held.sign * (1 if better else -1)
    return yes_or_no(toward.ge(held.threshold), known=moved.notna())


def family_answered_share(satisfaction: pd.DataFrame, choices: Choices) -> pd.Series:
    """Surveys to families and youth that were answered, out of those sent at least 28 days ago. No answer is a no."""
    return _answered(satisfaction, choices, FAMILY)


def family_satisfied_share(satisfaction: pd.DataFrame, choices: Choices) -> pd.Series:
    """Answers of families and youth that give 4 or 5 of 5; an answer without a score is not measurable, no answer does not belong.

    Of the surveys of which `family_answered_share` is, those answered: sent at least 28 days ago. Answers to later ones wait with
    them, else the latest month would hold the quick answers alone.

    >>> surveys = pd.DataFrame({"respondent": ["family", "youth", "family", "referrer"], "counted_on": pd.to_datetime(["2026-10-01"] * 4),
    ...                         "answered_on": pd.to_datetime(["2026-10-05", "2026-10-05", None, "2026-10-05"]), "score": [4, 3, None, 5]})
    >>> family_satisfied_share(surveys, Choices(days=28, last_on=pd.Timestamp("2026-10-29"))).tolist()
    [True, False]
    >>> family_satisfied_share(surveys, Choices(days=28, last_on=pd.Timestamp("2026-10-28"))).tolist()
    []
    """
    return _satisfied(satisfaction, choices, FAMILY)


def referrer_answered_share(satisfaction: pd.DataFrame, choices: Choices) -> pd.Series:
    """Surveys to referrers that were answered, out of those sent at least 28 days ago. No answer is a no."""
    return _answered(satisfaction, choices, ("referrer",))


def referrer_satisfied_share(satisfaction: pd.DataFrame, choices: Choices) -> pd.Series:
    """Answers of referrers that give 4 or 5 of 5, to surveys sent at least 28 days ago."""
    return _satisfied(satisfaction, choices, ("referrer",))


def _answered(surveys: pd.DataFrame, choices: Choices, respondents: tuple[str, ...]) -> pd.Series:
    answered = surveys["answered_on"].notna() | surveys["score"].notna()
    asked = surveys["respondent"].isin(respondents) & watched(surveys, choices)
    return answered.astype("boolean")[asked]


def _satisfied(surveys: pd.DataFrame, choices: Choices, respondents: tuple[str, ...]) -> pd.Series:
    answered = _answered(surveys, choices, respondents)
    score = surveys["score"].astype("Float64")
    satisfied = yes_or_no(score.ge(SATISFIED_FROM), known=score.notna())
    return satisfied[answered.index[answered]]
