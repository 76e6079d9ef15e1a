"""Who went out, what was done at the first response, and when it was complete."""

import numpy as np
import pandas as pd

from analysis.demo.companions.parts import BySite
from analysis.demo.draws import DAY, at_sites, blank_some, draw_codes, draw_mix
from analysis.demo.scenario import Scenario
from analysis.tables import IN_PERSON_MODES

RECORDED = (
    "team_size", "clinician_present", "peer_present", "law_enforcement_present", "phone_support", "crisis_assessment",
    "suicide_screen", "safety_plan", "initial_completed_on",
)  # fmt: skip


def add_first_response(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds the team, what was done, and initial_completed_on, each with some blanks.

    The team is of responses in person; assessment, screen, plan and completion are of those in which the child was met. All
    else is missing. A team of one has a clinician or a peer, not both.
    """
    rng = scenario.stream("first_response")
    went = episodes["response_mode"].isin(IN_PERSON_MODES)
    met = went & episodes["attempt_result"].eq("contact")
    drawn = _draw_team(episodes, scenario, rng).where(went)
    drawn = drawn.join(_draw_done(episodes, scenario, rng).where(met))
    blank = at_sites(scenario.first_response.blank, episodes["site_id"])
    return episodes.assign(**{name: blank_some(drawn[name], blank, rng) for name in RECORDED})


def add_entry(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds entered_on, the day on which the record was entered: a geometric wait from the day of the request.

    The extract holds what was entered by its last day, so a wait that would end after it is drawn among those that do not
    (geometric, given that it is short enough): the youngest records look quick, as they do in life.
    """
    asked, rng = episodes["requested_at"].dt.normalize(), scenario.stream("entry")
    left = (pd.Timestamp(scenario.covers.to_on) - asked).dt.days.to_numpy()
    stay = 1 - 1 / (1 + at_sites(scenario.entry.mean_days, episodes["site_id"]))
    # Inverse of the truncated distribution function: P(wait <= d) = (1 - stay^(d + 1)) / (1 - stay^(left + 1)).
    within = rng.random(len(episodes)) * (1 - stay ** (left + 1))
    wait = np.minimum(np.floor(np.log1p(-within) / np.log(stay)), left)
    return episodes.assign(entered_on=asked + pd.to_timedelta(wait, unit="D"))


def true_share(column: str, share: BySite, episodes: pd.DataFrame, scenario: Scenario) -> np.ndarray:
    """The chance of each episode, at its site and on its day: what the known changes have made of it."""
    chance = at_sites(share, episodes["site_id"])
    for change in scenario.first_response.changes:
        if change.column == column:
            since = episodes["requested_at"].ge(pd.Timestamp(change.from_on)) & episodes["site_id"].eq(change.site_id)
            chance = np.where(since, change.share, chance)
    return chance


def _draw_team(episodes: pd.DataFrame, scenario: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    parts, rows, site = scenario.first_response, len(episodes), episodes["site_id"]
    size = draw_mix(parts.team_size, rows, rng).astype("int64")
    clinician, peer, police, phone = rng.random((4, rows))
    clinician = clinician < at_sites(parts.clinician, site)
    peer = (peer < at_sites(parts.peer, site)) & ~(clinician & (size == 1))
    chance = np.where(episodes["referral_source"].eq("police"), parts.police_where_they_asked, parts.police)
    team = pd.DataFrame(index=episodes.index)
    team["team_size"] = pd.Series(size, index=episodes.index, dtype="Int64")
    flags = {
        "clinician_present": clinician,
        "peer_present": peer,
        "law_enforcement_present": police < chance,
        "phone_support": phone < at_sites(parts.phone_support, site),
    }
    return team.assign(**{name: pd.array(flag, dtype="boolean") for name, flag in flags.items()})


def _draw_done(episodes: pd.DataFrame, scenario: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    parts, rows = scenario.first_response, len(episodes)
    assessed, planned = rng.random((2, rows))
    days = draw_mix(parts.completed_after_days, rows, rng).astype("int64")
    completed = episodes["departed_at"].dt.normalize() + days * DAY
    flags = {
        "crisis_assessment": assessed < true_share("crisis_assessment", parts.crisis_assessment, episodes, scenario),
        "safety_plan": planned < true_share("safety_plan", parts.safety_plan, episodes, scenario),
    }
    done = pd.DataFrame({name: pd.array(flag, dtype="boolean") for name, flag in flags.items()}, index=episodes.index)
    # What is complete only after the extract is not in it.
    on_record = completed.where(completed.le(pd.Timestamp(scenario.covers.to_on)))
    return done.assign(suicide_screen=_draw_screens(episodes, scenario, rng), initial_completed_on=on_record)


def _draw_screens(episodes: pd.DataFrame, scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    parts = scenario.first_response.screen
    done = at_sites(parts.done, episodes["site_id"])
    found = episodes["presenting_problem"].map(parts.positive_by_problem).astype(float).fillna(parts.positive)
    declined = np.minimum(parts.declined, 1 - done)
    weights = np.column_stack([done * (1 - found), done * found, declined, 1 - done - declined])
    return draw_codes(weights, ["negative", "positive", "declined", "not_done"], rng)
