"""Outreach events of the sites."""

import numpy as np
import pandas as pd

from analysis.demo.companions.care import numbered
from analysis.demo.draws import at_sites, draw_mix
from analysis.demo.scenario import Scenario
from analysis.tables import OUTREACH

PARTNERS = 6  # different ones a site and audience


def make_outreach(sites: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """The outreach table: one row per event, ordered by day; a site that has stopped holds none from that day on."""
    parts, rng, last = scenario.companions.outreach, scenario.stream("outreach"), pd.Timestamp(scenario.covers.to_on)
    days = [
        pd.date_range(site.opened_on, last if pd.isna(site.closed_on) else site.closed_on)
        for site in sites.itertuples()
    ]
    each = pd.DataFrame({"site_id": np.repeat(sites["site_id"].to_numpy(), [len(span) for span in days])})
    each["held_on"] = np.concatenate(days)
    workdays = each["held_on"].dt.dayofweek.lt(5)
    # A month has about 21.7 working days.
    number = rng.poisson(at_sites(parts.a_month, each["site_id"]) / 21.7) * workdays
    for stop in parts.stopped:
        number = number.mask(each["site_id"].eq(stop.site_id) & each["held_on"].ge(pd.Timestamp(stop.from_on)), 0)
    events = each.loc[each.index.repeat(number)].reset_index(drop=True)
    rows = len(events)
    audience = draw_mix(parts.audience, rows, rng)
    who = pd.Series(audience).str.replace("_", " ").str.capitalize()
    events = events.assign(
        audience=audience,
        partner=who + " partner " + pd.Series(rng.integers(1, PARTNERS + 1, rows)).astype(str),
        attendees=np.maximum(np.rint(rng.lognormal(np.log(parts.attendees.middle), parts.attendees.spread, rows)), 1),
    ).astype({"attendees": "Int64"})
    events = events.sort_values(["held_on", "site_id"], kind="stable", ignore_index=True)
    return numbered(events, "event_id", "O")[OUTREACH.names]
