"""What the crisis itself comes to, without the service and with it, and what the caller says about the first of the two."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from analysis.demo.draws import draw_mix
from analysis.demo.parts import WouldHaveGone
from analysis.demo.responses import was_reached
from analysis.demo.scenario import Scenario
from analysis.tables import REFERRAL_SOURCES

IN_ED = "emergency_department"


def add_outcomes(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds started_in_ed, ed_without and ed_with: is the crisis an ED visit without the service, and with it?

    Takes one row per episode with `ending`, the disposition drawn for it whether or not anybody was reached. A crisis that the
    ED called about or that was seen there is a visit either way. Where nobody was reached the service changed nothing: with
    it comes to what it would have without. Of the visits that end in the ED a few would not have happened without the team;
    so a diverted visit is not the same as one visit fewer. With scenario.effect 0 the two are equal in every row.
    """
    parts, rng, rows = scenario.index_crisis, scenario.stream("index_crisis"), len(episodes)
    through_ed, added, gone = rng.random((3, rows))
    started = episodes["referral_source"].eq(IN_ED) | episodes["response_location"].eq(IN_ED)
    admitted = episodes["ending"].eq("inpatient") & (through_ed < parts.through_ed)
    ends_there = started | episodes["ending"].eq(IN_ED) | admitted
    of_team = ends_there & ~started & (added < scenario.effect * parts.sent_only_by_team)
    kept_away = ~ends_there & (gone < scenario.effect * chance_of_ed(episodes, parts.would_have_gone))
    without = (ends_there & ~of_team) | kept_away
    return episodes.assign(
        started_in_ed=started, ed_without=without, ed_with=ends_there.where(was_reached(episodes), without)
    )


def chance_of_ed(episodes: pd.DataFrame, parts: WouldHaveGone) -> pd.Series:
    """The chance that a crisis that ends without an ED visit would have come to one without the service, 0 to 1.

    >>> parts = WouldHaveGone(ordinary=0.2, by_referral={"police": 2}, by_problem={"psychosis": 2}, by_place={})
    >>> episodes = pd.DataFrame({"referral_source": ["family", "police"], "presenting_problem": ["grief", "psychosis"],
    ...     "response_location": ["home", None]})
    >>> chance_of_ed(episodes, parts).round(6).tolist()   # odds of 1 to 4; 2 x 2 x 1 to 4
    [0.2, 0.5]
    """
    odds = pd.Series(parts.ordinary / (1 - parts.ordinary), index=episodes.index)
    factors = (
        ("referral_source", parts.by_referral),
        ("presenting_problem", parts.by_problem),
        ("response_location", parts.by_place),
    )
    for column, by_code in factors:
        odds *= episodes[column].map(by_code).astype(float).fillna(1)
    return odds / (1 + odds)


def add_answers(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds would_have_done, missing where the caller was not asked.

    Takes one row per episode with ed_without. Callers do not know what would have been: some who would have gone to the ED
    say something else, and some who would not have say that they would.
    """
    parts, rng, rows = scenario.answers, scenario.stream("answers"), len(episodes)
    asked_share = episodes["referral_source"].map(parts.asked).astype(float).fillna(parts.asked_otherwise)
    asked = (rng.random(rows) < asked_share) & episodes["site_id"].map(scenario.of_sites("asks_caller"))
    says_ed = np.where(episodes["ed_without"], parts.says_ed_and_would, parts.says_ed_and_would_not)
    said = np.where(rng.random(rows) < says_ed, IN_ED, draw_mix(parts.says_else, rows, rng))
    return episodes.assign(would_have_done=np.where(asked, said, None))


def count_outcomes(episodes: pd.DataFrame, scenario: Scenario) -> dict:
    """The true counts at the crisis itself: of the state, by referral source and by site.

    `difference` is ed_without less ed_with: how many ED visits fewer there are with the service, net of those that only the
    team brought about. Takes one row per episode with its outcomes.
    """
    return {
        "effect": scenario.effect,
        **_counts(episodes, pd.Series("all", index=episodes.index), ["all"])["all"],
        "by_referral_source": _counts(episodes, episodes["referral_source"], REFERRAL_SOURCES),
        "by_site": _counts(episodes, episodes["site_id"], scenario.of_sites("name")),
    }


def make_children(outcomes: pd.DataFrame) -> pd.DataFrame:
    """One row per child, ordered by child_id: its first crisis with its outcomes, and the crises and ED visits in all.

    Takes one row per episode, ordered by request (episode_id, child_id, site_id, ed_without, ed_with). Gives child_id,
    site_id, first_episode_id, first_ed_without, first_ed_with, episodes, ed_without, ed_with; the last three are counts.

    >>> two = pd.DataFrame({"episode_id": ["E1", "E2"], "child_id": "C1", "site_id": "site-01",
    ...     "ed_without": [False, True], "ed_with": [False, False]})
    >>> make_children(two).to_csv(index=False).splitlines()[1]
    'C1,site-01,E1,False,False,2,1,0'
    """
    return outcomes.groupby("child_id", as_index=False, sort=True).agg(
        site_id=("site_id", "first"),
        first_episode_id=("episode_id", "first"),
        first_ed_without=("ed_without", "first"),
        first_ed_with=("ed_with", "first"),
        episodes=("episode_id", "size"),
        ed_without=("ed_without", "sum"),
        ed_with=("ed_with", "sum"),
    )


def _counts(episodes: pd.DataFrame, group: pd.Series, names: Iterable[str]) -> dict[str, dict[str, int]]:
    counted = episodes[["started_in_ed", "ed_without", "ed_with"]].groupby(group).sum()
    counted.insert(0, "episodes", group.value_counts())
    counted["difference"] = counted["ed_without"] - counted["ed_with"]
    return counted.reindex(list(names), fill_value=0).astype(int).to_dict("index")
