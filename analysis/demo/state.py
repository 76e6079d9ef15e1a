"""The made-up state as clean tables with their truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from analysis.demo.children import add_children_described
from analysis.demo.clocks import add_clocks, find_boundaries, keep_off_boundaries, keep_off_midnight
from analysis.demo.companions.tables import make_companions
from analysis.demo.counties import make_population
from analysis.demo.crises import add_answers, add_outcomes, count_outcomes
from analysis.demo.episodes import add_children, add_expected, draw_requests
from analysis.demo.first_response import add_entry, add_first_response
from analysis.demo.lost import REASONS, add_lost
from analysis.demo.placement import add_discharge, add_enrollment, add_living_at_start, count_settings
from analysis.demo.responses import (
    add_disposition,
    add_location,
    add_modes,
    add_problems,
    add_referral,
    add_referrer,
    disposition_chances,
    was_reached,
)
from analysis.demo.scenario import Scenario
from analysis.demo.sites import count_children_by_site, count_children_in_care, make_site_counties, make_sites
from analysis.tables import DISPOSITIONS, EPISODES, IN_PERSON_MODES

# What only the made-up state knows of an episode.
KNOWN_TO_NOBODY = [
    "episode_id", "child_id", "site_id", "started_in_ed", "ed_without", "ed_with", "lived_at_discharge", "stabilized_on",
]  # fmt: skip

SITE_TRUTH_NEEDS = ["site_id", "recommended_mode", "response_mode", "requested_at", "arrived_at"]


@dataclass(frozen=True, eq=False)
class State:
    """A made-up state before anything is wrong with its records; the tables have the contract's columns.

    `episodes` has the columns that a source can be mapped to. `outcomes` has a row for each of its rows, in the same order: is
    the crisis an ED visit without the service and with it, and where did a discharged child truly live? `kept_on_phone` has a row
    for each request that the call center wrongly settled by itself. `truth` is what summary.json under data/truth/ holds,
    without the counts of dirt.
    """

    scenario: Scenario
    sites: pd.DataFrame
    site_counties: pd.DataFrame
    population: pd.DataFrame
    episodes: pd.DataFrame
    outcomes: pd.DataFrame
    kept_on_phone: pd.DataFrame
    truth: dict

    @property
    def companions(self) -> Mapping[str, pd.DataFrame]:
        """The tables beside the episodes by name: contacts, scales, referrals, calls, staff and the rest."""
        return self._companions[0]

    @property
    def companions_truth(self) -> dict:
        """What is true of them."""
        return self._companions[1]

    @cached_property
    def _companions(self) -> tuple[dict[str, pd.DataFrame], dict]:
        # Made when first asked for: a study of many states needs their episodes alone.
        children = count_children_by_site(self.site_counties, self.population, self.scenario)
        return make_companions(
            self.episodes, self.outcomes, self.kept_on_phone, self.sites, self.site_counties, children, self.scenario
        )


def make_state(scenario: Scenario) -> State:
    """The made-up state of a scenario; the same scenario gives the same tables.

    One episode is one row of `episodes`, ordered by request and numbered in that order.

    >>> from analysis.demo.scenario import read_scenario
    >>> state = make_state(read_scenario("base"))
    >>> len(state.sites), state.population["county_fips"].nunique()
    (15, 33)
    """
    sites, site_counties, population = make_sites(scenario), make_site_counties(scenario), make_population(scenario)
    expected = count_children_in_care(site_counties, population, scenario).pipe(add_expected, scenario)
    requests = make_requests(expected, scenario)
    drawn = make_episodes(requests[requests["lost_to"].isna()], scenario)
    episodes, outcomes = drawn[[column.name for column in EPISODES.mapped]], drawn[KNOWN_TO_NOBODY]
    truth = summarize(expected, requests, episodes, scenario) | {
        "index_crisis": count_outcomes(drawn, scenario),
        "living_at_discharge": count_settings(drawn),
    }
    kept_on_phone = requests.loc[requests["lost_to"].eq("kept_on_phone"), ["requested_at", "site_id", "county_fips"]]
    return State(scenario, sites, site_counties, population, episodes, outcomes, kept_on_phone, truth)


def make_requests(expected: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Every request, those that never became an episode among them: takes one row per site, county, day and age band."""
    return (
        draw_requests(expected, scenario)
        .pipe(add_referral, scenario)
        .pipe(add_problems, scenario)
        .pipe(add_modes, scenario)
        .pipe(add_lost, scenario)
    )


def make_episodes(requests: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """The episodes: takes one row per request that became one, gives one per episode.

    Beside the contract's columns there are those that only the made-up state knows.
    """
    episodes = (
        requests.reset_index(drop=True)
        .pipe(add_location, scenario)
        .pipe(add_disposition, scenario)
        .pipe(add_clocks, scenario)
        .pipe(keep_off_midnight)
        .pipe(keep_off_boundaries, find_boundaries(scenario))
        .pipe(add_children, scenario)
        .pipe(add_outcomes, scenario)
        .pipe(add_answers, scenario)
        .pipe(add_living_at_start, scenario)
        .pipe(add_discharge, scenario)
        .pipe(add_enrollment, scenario)
        .pipe(add_children_described, scenario)
        .pipe(add_first_response, scenario)
        .pipe(add_entry, scenario)
        .pipe(add_referrer, scenario)
    )
    number = pd.Series(range(1, len(episodes) + 1), index=episodes.index)
    episodes["episode_id"] = "E" + number.astype(str).str.zfill(6)
    episodes["child_id"] = "C" + episodes["child"].add(1).astype(str).str.zfill(6)
    return episodes


def summarize(expected: pd.DataFrame, requests: pd.DataFrame, episodes: pd.DataFrame, scenario: Scenario) -> dict:
    """The truth: what the state was drawn from, and beside it (`in_clean`) what the draws happened to give.

    Rates are of requests, per 1,000 child-years of a site's days of service (365.25 days a year), before the months' shocks;
    `rate_per_1000_by_age` is that of an ordinary site in full use. Shares are
    0 to 1: `in_person_share` of the episodes that asked to be seen, `within_threshold_share` of responses at once,
    dispositions of the episodes in which someone was met or spoken to.
    """
    chances = disposition_chances(episodes, scenario.disposition)[was_reached(episodes)].mean()
    asked, at_once = _asked_to_be_seen(episodes), episodes["response_mode"].eq("mobile")
    by_site = episodes["site_id"]
    use = expected.groupby("site_id")[["child_years", "expected"]].sum()
    use["kept"] = 1 - requests.groupby("site_id")["chance_lost"].mean()
    lost = requests.groupby(["site_id", "lost_to"]).size()
    needed = episodes[SITE_TRUTH_NEEDS]
    drawn_from = {
        "in_person_share": by_site[asked].map(scenario.of_sites("in_person")).mean(),
        "within_threshold_share": by_site[at_once].map(scenario.of_sites("within_threshold")).mean(),
    }
    return {
        "scenario": scenario.name,
        "seed": scenario.seed,
        "covers": {"from": str(scenario.covers.from_on), "to": str(scenario.covers.to_on)},
        "threshold_minutes": scenario.threshold_minutes,
        "rate_per_1000_by_age": dict(scenario.use.by_age),
        "episodes": len(episodes),
        "children": int(episodes["child_id"].nunique()),
        **{name: _rounded(value) for name, value in drawn_from.items()},
        "in_clean": _shares_in(episodes, scenario),
        "dispositions": {code: _rounded(chances[code]) for code in DISPOSITIONS},
        "dispositions_in_clean": _disposition_shares_in(episodes),
        "sites": [
            _site_truth(site_id, use.loc[site_id], lost.get(site_id, {}), needed, scenario)
            for site_id in scenario.of_sites("name")
        ],
    }


def _site_truth(
    site_id: str, use: pd.Series, lost: Mapping[str, int], episodes: pd.DataFrame, scenario: Scenario
) -> dict:
    """`use_ratio` is the site's true use against an ordinary site's: its rate ratio times the part of requests that is not lost."""
    own = episodes[episodes["site_id"].eq(site_id)]
    child_years, requests = use["child_years"], use["expected"]
    return {
        "site_id": site_id,
        "child_years": _rounded(child_years),
        "expected_requests": _rounded(requests),
        "rate_per_1000": _rounded(requests / child_years * 1000),
        "rate_ratio": scenario.of_sites("rate_ratio")[site_id],
        "use_ratio": _rounded(scenario.of_sites("rate_ratio")[site_id] * use["kept"]),
        "lost": {reason: int(lost[reason]) for reason in REASONS if reason in lost},
        "in_person_share": scenario.of_sites("in_person")[site_id],
        "within_threshold_share": scenario.of_sites("within_threshold")[site_id],
        "episodes": len(own),
        "in_clean": _shares_in(own, scenario),
    }


def _asked_to_be_seen(episodes: pd.DataFrame) -> pd.Series:
    return episodes["recommended_mode"].isin(IN_PERSON_MODES)


def _shares_in(episodes: pd.DataFrame, scenario: Scenario) -> dict:
    asked = episodes[_asked_to_be_seen(episodes)]
    at_once = episodes[episodes["response_mode"].eq("mobile")]
    wait = (at_once["arrived_at"] - at_once["requested_at"]) / pd.Timedelta(minutes=1)
    return {
        "in_person_share": _share_of(asked["response_mode"].isin(IN_PERSON_MODES)),
        "within_threshold_share": _share_of(wait <= scenario.threshold_minutes),
    }


def _disposition_shares_in(episodes: pd.DataFrame) -> dict:
    known = episodes["disposition"].dropna()
    return {code: _share_of(known.eq(code)) for code in DISPOSITIONS}


def _share_of(happened: pd.Series) -> dict:
    return {
        "numerator": int(happened.sum()),
        "denominator": len(happened),
        "share": _rounded(happened.mean()) if len(happened) else None,
    }


def _rounded(value: float) -> float:
    return round(float(value), 6)
