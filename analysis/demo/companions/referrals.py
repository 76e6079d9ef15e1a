"""Referrals to other services, and the first appointments that were kept."""

import numpy as np
import pandas as pd

from analysis.demo.companions.care import numbered
from analysis.demo.draws import at_sites, draw_mix
from analysis.demo.scenario import Scenario
from analysis.tables import REFERRALS


def make_referrals(care: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """The referrals table: one row per referral, ordered by day; takes care as `find_care` gives it.

    A first kept appointment comes after a lognormal wait; one after the extract's end is not known yet, as is one that never was.
    """
    parts, rng, rows = scenario.companions.referrals, scenario.stream("referrals"), len(care)
    first = rng.random(rows) < parts.share
    both = first & (rng.random(rows) < parts.second_share)
    made = care.loc[care.index.repeat(first.astype("int64") + both)].reset_index(drop=True)
    rows, last = len(made), pd.Timestamp(scenario.covers.to_on)
    # A referral is made at the response, or in stabilization.
    span = (made["until_on"] - made["seen_on"]).dt.days.fillna(0).clip(lower=0)
    after = np.floor(rng.random(rows) ** 3 * (span + 1)).astype("int64")
    on = (made["seen_on"] + pd.to_timedelta(after, unit="D")).clip(upper=last)
    service = pd.Series(draw_mix(parts.service, rows, rng))
    wait = rng.lognormal(np.log(parts.wait.middle), parts.wait.spread, rows)
    wait *= service.map(parts.wait_times).astype(float).fillna(1).to_numpy()
    wait *= made["site_id"].map(parts.wait_times_by_site).astype(float).fillna(1).to_numpy()
    linked = rng.random(rows) < at_sites(parts.linked, made["site_id"])
    kept = on + pd.to_timedelta(np.ceil(wait), unit="D")
    referrals = made[["episode_id"]].assign(
        referred_on=on, service=service, first_kept_on=kept.where(linked & kept.le(last))
    )
    referrals = referrals.sort_values(["referred_on", "episode_id"], kind="stable", ignore_index=True)
    return numbered(referrals, "referral_id", "R")[REFERRALS.names]
