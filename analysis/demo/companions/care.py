"""Whom the service reached, and who stayed in care from when to when: what contacts, ratings and referrals start from."""

import numpy as np
import pandas as pd

from analysis.demo.draws import DAY
from analysis.demo.responses import was_reached
from analysis.demo.scenario import Scenario


def find_care(episodes: pd.DataFrame, outcomes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """One row per episode in which somebody was met or spoken to, in the order of the episodes.

    Gives episode_id, site_id, age_years, referral_source, seen_on (the day on which the first response ended), from_on and
    until_on (of stabilization, missing where there was none), discharged_on, lost. A stay without a discharge goes on to the
    extract's end, or to the last contact where nobody closed it.
    """
    parts, rng = scenario.companions.contacts, scenario.stream("care")
    care = episodes.loc[
        was_reached(episodes), ["episode_id", "site_id", "age_years", "referral_source", "discharged_on"]
    ]
    ended = episodes["departed_at"].fillna(episodes["requested_at"]).dt.normalize()
    care = care.assign(
        seen_on=ended,
        from_on=outcomes["stabilized_on"],
        lost=episodes["discharge_reason"].eq("lost"),
    ).reset_index(drop=True)
    goes_on = rng.uniform(parts.unclosed_last_days.low, parts.unclosed_last_days.high, len(care)).astype("int64")
    open_until = (care["from_on"] + goes_on * DAY).clip(upper=pd.Timestamp(scenario.covers.to_on))
    return care.assign(until_on=care["discharged_on"].fillna(open_until))


def numbered(table: pd.DataFrame, column: str, letter: str) -> pd.DataFrame:
    """The table with an identifier in front that counts its rows: K000001, K000002.

    >>> numbered(pd.DataFrame({"mode": ["phone"]}), "contact_id", "K").values.tolist()
    [['K000001', 'phone']]
    """
    number = pd.Series(np.arange(1, len(table) + 1), index=table.index).astype(str).str.zfill(6)
    table.insert(0, column, letter + number)
    return table
