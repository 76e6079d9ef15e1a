"""Who the children are: sex, race and ethnicity, and who pays for their care."""

import numpy as np
import pandas as pd

from analysis.demo.draws import at_sites, blank_some, draw_mix
from analysis.demo.scenario import Scenario

WHO = ("sex", "race_ethnicity", "insurance")


def add_children_described(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Adds sex, race_ethnicity and insurance. Takes one row per episode with `child`, a number from 0.

    A child is the same in every episode; a blank is of one episode alone. Not modelled: a change of coverage.
    """
    rng, rows = scenario.stream("children_described"), len(episodes)
    children = int(episodes["child"].max()) + 1 if rows else 0
    blank = at_sites(scenario.first_response.blank, episodes["site_id"])
    of_child = {name: draw_mix(getattr(scenario.children, name), children, rng) for name in WHO}
    told = {name: pd.Series(of_child[name][episodes["child"].to_numpy()], index=episodes.index) for name in WHO}
    return episodes.assign(**{name: blank_some(values, blank, rng) for name, values in told.items()}).replace(
        {name: {np.nan: None} for name in WHO}
    )
