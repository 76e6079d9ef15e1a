"""The service's other children on Medicaid: those whom no team went to, most of them helped by phone."""

import numpy as np
import pandas as pd

from analysis.demo.linked.frame import YOUNGEST, Frame, draw_births, was_sent
from analysis.demo.linked.settings import Linked
from analysis.tables import RACES, SEXES


def children_by_phone(frame: Frame, linked: Linked) -> pd.DataFrame:
    """One row a child, by child_id: site and county (numbers) of its first episode, born (days from the first day of claims), sex, race.

    Not among them are children who were under YOUNGEST at an episode: months of birth could bring them into the study.
    """
    episodes = frame.state.episodes
    of_child = episodes.assign(sent=was_sent(episodes)).groupby("child_id")
    known = of_child.agg(
        {"insurance": "first", "sent": "any", "age_years": "min", "site_id": "first", "county_fips": "first", "sex": "first", "race_ethnicity": "first"}
    )  # fmt: skip
    known = known[known["insurance"].eq("medicaid") & ~known["sent"] & known["age_years"].ge(YOUNGEST)]
    own = episodes[episodes["child_id"].isin(known.index)]
    born = draw_births(own, linked.stream("births by phone")).loc[known.index].to_numpy()
    numbers = {name: {code: at for at, code in enumerate(codes)} for name, codes in (("sex", SEXES), ("race", RACES))}
    return pd.DataFrame(
        {
            "child_id": known.index,
            "site": known["site_id"].map(list(frame.sites).index).to_numpy(),
            "county": known["county_fips"].map(list(frame.counties).index).to_numpy(),
            "born": (born.astype("datetime64[D]") - np.datetime64(linked.first_day)).astype(int),
            "sex": known["sex"].map(numbers["sex"]).fillna(1).astype(int).to_numpy(),
            "race": known["race_ethnicity"].map(numbers["race"]).fillna(-1).astype(int).to_numpy(),
        }
    )
