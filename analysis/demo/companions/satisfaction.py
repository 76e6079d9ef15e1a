"""Surveys of families, young people and referrers, answered or not."""

import numpy as np
import pandas as pd

from analysis.demo.companions.care import numbered
from analysis.demo.draws import at_sites
from analysis.demo.scenario import Scenario
from analysis.tables import SATISFACTION

OF_THEMSELVES = ("family", "line_988", "line_911")  # who then asked was the family, or nobody who could be asked


def make_surveys(care: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """The satisfaction table: one row per survey sent, ordered by day; takes care as `find_care` gives it.

    Scores are whole numbers from 1 to 5, families' higher than referrers'. An answer after the extract's end is not in it.
    """
    parts, rng, rows = scenario.companions.satisfaction, scenario.stream("satisfaction"), len(care)
    to_family = rng.random(rows) < parts.sent["family"]
    youth = to_family & care["age_years"].ge(parts.youth_from_age) & (rng.random(rows) < parts.youth_share)
    to_referrer = ~care["referral_source"].isin(OF_THEMSELVES) & (rng.random(rows) < parts.sent["referrer"])
    asked = pd.concat(
        [
            care[to_family].assign(respondent=np.where(youth[to_family], "youth", "family")),
            care[to_referrer].assign(respondent="referrer"),
        ],
        ignore_index=True,
    )
    rows, last = len(asked), pd.Timestamp(scenario.covers.to_on)
    sent = asked["seen_on"] + pd.to_timedelta(rng.integers(7, 22, rows), unit="D")
    back = sent + pd.to_timedelta(rng.integers(0, 25, rows), unit="D")
    answered = (rng.random(rows) < at_sites(parts.answered, asked["site_id"])) & back.le(last)
    score = np.clip(np.rint(rng.normal(asked["respondent"].map(parts.mean).to_numpy(), parts.sd)), 1, 5)
    surveys = asked[["site_id", "episode_id", "respondent"]].assign(
        sent_on=sent, answered_on=back.where(answered), score=pd.Series(score).where(answered).astype("Int64")
    )
    surveys = surveys[sent.le(last)].sort_values(
        ["sent_on", "episode_id", "respondent"], kind="stable", ignore_index=True
    )
    return numbered(surveys, "survey_id", "S")[SATISFACTION.names]
