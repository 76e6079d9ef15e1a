"""The service's other children on Medicaid: whom no team could bring into the study, most of them helped by phone."""

import numpy as np
import pandas as pd

from analysis.demo.linked.frame import YOUNGEST, Frame, draw_births
from analysis.demo.linked.settings import Linked
from analysis.demo.sites import DAYS_A_YEAR
from analysis.tables import RACES, SEXES

MONTH_DAYS = 31  # intake keeps the month of birth, so a child turns a year older by so much too soon


def other_clients(frame: Frame, linked: Linked) -> pd.DataFrame:
    """One row a child, by child_id: site and county (numbers) of its first episode, born (days from the first day of claims), sex, race.

    They were helped by phone, met in an ED alone, or were under YOUNGEST. Not among them is who turned YOUNGEST within MONTH_DAYS
    of an episode: the month of birth alone would bring such a child into the study.
    """
    episodes = frame.state.episodes
    known = episodes.groupby("child_id").agg(
        {"insurance": "first", "site_id": "first", "county_fips": "first", "sex": "first", "race_ethnicity": "first"}
    )
    known = known[known["insurance"].eq("medicaid") & ~known.index.isin(frame.rows["child_id"])]
    own = episodes[episodes["child_id"].isin(known.index)]
    born = draw_births(own, linked.stream("births of other clients"))
    short_of = own["child_id"].map(born) + pd.Timedelta(days=YOUNGEST * DAYS_A_YEAR) - own["requested_at"]
    doubtful = own.loc[short_of.between(pd.Timedelta(0), pd.Timedelta(days=MONTH_DAYS)), "child_id"]
    known = known[~known.index.isin(doubtful)]
    days = born.loc[known.index].to_numpy().astype("datetime64[D]") - np.datetime64(linked.first_day)
    numbers = {name: {code: at for at, code in enumerate(codes)} for name, codes in (("sex", SEXES), ("race", RACES))}
    return pd.DataFrame(
        {
            "child_id": known.index,
            "site": known["site_id"].map(list(frame.sites).index).to_numpy(),
            "county": known["county_fips"].map(list(frame.counties).index).to_numpy(),
            "born": days.astype(int),
            "sex": known["sex"].map(numbers["sex"]).fillna(1).astype(int).to_numpy(),
            "race": known["race_ethnicity"].map(numbers["race"]).fillna(-1).astype(int).to_numpy(),
        }
    )
