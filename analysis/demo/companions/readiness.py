"""Readiness assessments of the sites: before the opening and every year after."""

import numpy as np
import pandas as pd

from analysis.demo.draws import DAY, at_sites
from analysis.demo.scenario import Scenario
from analysis.tables import READINESS


def make_readiness(sites: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """The readiness table: one row per site, assessment and domain; the true share of items met grows by a step a year."""
    parts, rng, last = scenario.companions.readiness, scenario.stream("readiness"), pd.Timestamp(scenario.covers.to_on)
    rows = []
    for site in sites.itertuples():
        first = site.opened_on - parts.days_before_opening * DAY
        until = last if pd.isna(site.closed_on) else site.closed_on
        for year, day in enumerate(pd.date_range(first, until, freq=pd.DateOffset(years=1))):
            rows += [(site.site_id, day, year, domain, items) for domain, items in parts.items.items()]
    table = pd.DataFrame(rows, columns=["site_id", "assessed_on", "year", "domain", "items"])
    chance = np.minimum(at_sites(parts.met, table["site_id"]) + parts.growth_a_year * table["year"], 1)
    return table.assign(items_met=rng.binomial(table["items"], chance))[READINESS.names]
