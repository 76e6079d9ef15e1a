"""Every call to a line: those that opened an episode, and those that were settled, passed on or never answered."""

import numpy as np
import pandas as pd

from analysis.demo.companions.care import numbered
from analysis.demo.counties import read_counties
from analysis.demo.draws import at_sites, draw_codes, draw_mix
from analysis.demo.scenario import Scenario
from analysis.tables import CALLS, IN_PERSON_MODES

TELEPHONE = ("phone", "telehealth")


def make_calls(
    episodes: pd.DataFrame, kept_on_phone: pd.DataFrame, site_counties: pd.DataFrame, scenario: Scenario
) -> pd.DataFrame:
    """The calls table: one row per call, ordered by day. `kept_on_phone` are requests that the call center settled by itself."""
    rng = scenario.stream("calls")
    calls = pd.concat(
        [
            _that_opened(episodes, scenario, rng),
            _beside(episodes, kept_on_phone, site_counties, scenario, rng),
            _kept(kept_on_phone, scenario, rng),
        ],
        ignore_index=True,
    )
    calls = calls.sort_values(["called_on", "site_id", "channel", "episode_id"], kind="stable", ignore_index=True)
    return numbered(calls, "call_id", "T")[CALLS.names]


def _that_opened(episodes: pd.DataFrame, scenario: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    """One call for each episode; of a few nobody wrote down which episode it was."""
    parts, rows = scenario.companions.calls, len(episodes)
    drawn = draw_mix(parts.channel, rows, rng)
    mode = episodes["response_mode"]
    sent = mode.isin(IN_PERSON_MODES) | episodes["attempt_result"].eq("cancelled")
    return pd.DataFrame(
        {
            "called_on": episodes["requested_at"].dt.normalize(),
            "site_id": episodes["site_id"],
            "county_fips": episodes["county_fips"],
            "channel": episodes["referral_source"].map(parts.channel_of).fillna(pd.Series(drawn, index=episodes.index)),
            "recommended_mode": episodes["recommended_mode"],
            "outcome": np.select([sent, mode.isin(TELEPHONE)], ["dispatched", "by_phone"], "referred"),
            "episode_id": episodes["episode_id"].where(rng.random(rows) >= parts.not_linked),
        }
    )


def _kept(kept_on_phone: pd.DataFrame, scenario: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    """Calls that ended on the phone though the family should have been seen; the call center wrote down "phone"."""
    return pd.DataFrame(
        {
            "called_on": kept_on_phone["requested_at"].dt.normalize(),
            "site_id": kept_on_phone["site_id"],
            "county_fips": kept_on_phone["county_fips"],
            "channel": draw_mix(scenario.companions.calls.channel, len(kept_on_phone), rng),
            "recommended_mode": "phone",
            "outcome": "by_phone",
        }
    )


def _beside(
    episodes: pd.DataFrame,
    kept_on_phone: pd.DataFrame,
    site_counties: pd.DataFrame,
    scenario: Scenario,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Calls for other things: as many a site as its requests say, on their days, in their counties."""
    parts = scenario.companions.calls
    called = ["requested_at", "site_id", "county_fips"]
    requests = pd.concat([episodes[called], kept_on_phone[called]], ignore_index=True)
    number = rng.poisson(at_sites(parts.beside, requests["site_id"]))
    like = requests.loc[requests.index.repeat(number)].reset_index(drop=True)
    rows = len(like)
    weights = np.tile(list(parts.beside_channel.values()), (rows, 1))
    weights[:, list(parts.beside_channel).index("line_988")] *= at_sites(parts.line_988_times, like["site_id"])
    nowhere, outside = rng.random((2, rows))
    nowhere, outside = nowhere < parts.no_place, outside < parts.outside_all_care
    counties = read_counties()["county_fips"]
    outcome = draw_mix(parts.outcome, rows, rng)
    elsewhere = rng.choice(counties[~counties.isin(site_counties["county_fips"])].to_numpy(), rows)
    return pd.DataFrame(
        {
            "called_on": like["requested_at"].dt.normalize(),
            "site_id": like["site_id"].mask(nowhere | outside),
            "county_fips": like["county_fips"].mask(outside, pd.Series(elsewhere)).mask(nowhere),
            "channel": draw_codes(weights, list(parts.beside_channel), rng),
            "recommended_mode": np.where(outcome == "abandoned", None, "phone"),
            "outcome": outcome,
        }
    )
