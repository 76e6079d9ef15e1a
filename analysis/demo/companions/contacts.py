"""Follow-ups after the first response, and the contacts of stabilization."""

import numpy as np
import pandas as pd

from analysis.demo.companions.care import numbered
from analysis.demo.draws import at_sites, draw_mix
from analysis.demo.scenario import Scenario
from analysis.tables import CONTACTS

FOLLOW_UP_DAYS = 3
LATE_DAYS = (4, 10)


def make_contacts(care: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """The contacts table: one row per contact, ordered by day; takes care as `find_care` gives it.

    A follow-up within three days of the response, or one on days 4 to 10, or none; then one about every week of stabilization.
    """
    parts, rng = scenario.companions.contacts, scenario.stream("contacts")
    planned = pd.concat([_follow_ups(care, scenario, rng), _weekly(care, scenario, rng)], ignore_index=True)
    planned = planned[planned["contacted_on"].le(pd.Timestamp(scenario.covers.to_on))]
    planned = planned.sort_values(["contacted_on", "episode_id"], kind="stable", ignore_index=True)
    rows = len(planned)
    mode = draw_mix(parts.mode, rows, rng)
    usual, of_lost = draw_mix(parts.result, rows, rng), draw_mix(parts.result_of_the_lost, rows, rng)
    result = np.where(planned["lost"], of_lost, usual)
    took = np.rint(pd.Series(mode).map(parts.minutes).to_numpy() * rng.lognormal(0, parts.minutes_spread, rows))
    contacts = planned[["episode_id", "contacted_on"]].assign(
        mode=mode, result=result, minutes=pd.Series(np.maximum(took, 1)).where(result == "kept").astype("Int64")
    )
    return numbered(contacts, "contact_id", "K")[CONTACTS.names]


def count_follow_ups(care: pd.DataFrame, contacts: pd.DataFrame) -> dict[str, dict[str, int]]:
    """By site: episodes reached (denominator), and of these those with a kept contact within three days (numerator)."""
    kept = contacts[contacts["result"].eq("kept")].merge(care[["episode_id", "seen_on"]], on="episode_id")
    in_time = kept[(kept["contacted_on"] - kept["seen_on"]).dt.days.between(1, FOLLOW_UP_DAYS)]
    happened = care["episode_id"].isin(in_time["episode_id"])
    return {
        site_id: {"numerator": int(own.sum()), "denominator": len(own)}
        for site_id, own in happened.groupby(care["site_id"])
    }


def _follow_ups(care: pd.DataFrame, scenario: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    parts, rows = scenario.companions.contacts, len(care)
    soon = rng.random(rows) < at_sites(parts.within_three_days, care["site_id"])
    late = ~soon & (rng.random(rows) < parts.later)
    days = np.where(soon, rng.integers(1, FOLLOW_UP_DAYS + 1, rows), rng.integers(LATE_DAYS[0], LATE_DAYS[1] + 1, rows))
    followed = care.assign(contacted_on=care["seen_on"] + pd.to_timedelta(days, unit="D"))
    return followed.loc[soon | late, ["episode_id", "contacted_on", "lost"]]


def _weekly(care: pd.DataFrame, scenario: Scenario, rng: np.random.Generator) -> pd.DataFrame:
    parts = scenario.companions.contacts
    stays = care.dropna(subset=["from_on"])
    number = ((stays["until_on"] - stays["from_on"]).dt.days // parts.every_days).clip(lower=0).to_numpy()
    each = stays.loc[stays.index.repeat(number)]
    week = each.groupby(level=0).cumcount().to_numpy() + 1
    around = rng.integers(-2, 3, len(each))
    on = each["from_on"] + pd.to_timedelta(week * parts.every_days + around, unit="D")
    return each.assign(contacted_on=on.clip(upper=each["until_on"]))[["episode_id", "contacted_on", "lost"]]
