"""How far the service has come: sites open, who is ready and certified, and which counties and children are not covered yet."""

from collections.abc import Mapping

import pandas as pd

from analysis.params import Ages
from analysis.quality.exposure import children_by_county
from analysis.tables import IN_PERSON_MODES

Tables = Mapping[str, pd.DataFrame]


def count_sites(tables: Tables, day: pd.Timestamp) -> pd.DataFrame:
    """Where each site stands on a day: one row a site with a page of its own, by name.

    Gives site_id, name, hub_id, opened_on, closed_on, state ("open", "not open yet" or "closed"), ready (share of the items met
    at the last readiness assessment until that day), assessed_on, staff, certified (staff certified by then), first_response_on (the
    first visit), and days_to_first_response (from the first readiness assessment to the first visit). What the study has no
    table for is missing. A site without an opening day has been open since before the records begin; on its last day it is open.
    """
    sites = tables["sites"]
    sites = sites[sites["has_scorecard"].astype(bool)].sort_values(["name", "site_id"]).set_index("site_id")
    not_yet, closed = sites["opened_on"].gt(day), sites["closed_on"].lt(day)
    state = pd.Series("open", index=sites.index).mask(not_yet, "not open yet").mask(closed, "closed")
    seen = tables["episodes"]
    seen = seen[seen["response_mode"].isin(IN_PERSON_MODES) & seen["counted_on"].le(day)]
    first = seen.groupby("site_id")["counted_on"].min().reindex(sites.index)
    ready = _readiness(tables, day).reindex(sites.index)
    people = _people(tables, day).reindex(sites.index)
    found = sites[["name", "hub_id", "opened_on", "closed_on"]].assign(state=state).join(ready).join(people)
    found = found.assign(first_response_on=first, days_to_first_response=(first - found["first_assessed_on"]).dt.days)
    return found.drop(columns="first_assessed_on").reset_index()


def _readiness(tables: Tables, day: pd.Timestamp) -> pd.DataFrame:
    """By site: ready, assessed_on (the last assessment), first_assessed_on."""
    if "readiness" not in tables:
        return pd.DataFrame(
            {"ready": pd.Series(dtype=float), "assessed_on": pd.NaT, "first_assessed_on": pd.NaT}
        ).astype({"assessed_on": "datetime64[ns]", "first_assessed_on": "datetime64[ns]"})
    rows = tables["readiness"]
    rows = rows[rows["assessed_on"].le(day)]
    days = rows.groupby("site_id")["assessed_on"].agg(assessed_on="max", first_assessed_on="min")
    last = rows[rows["assessed_on"].eq(rows["site_id"].map(days["assessed_on"]))]
    items = last.groupby("site_id")[["items_met", "items"]].sum()
    return days.assign(ready=items["items_met"].astype(float) / items["items"].astype(float))


def _people(tables: Tables, day: pd.Timestamp) -> pd.DataFrame:
    """By site: staff employed on the day, and those of them certified by then."""
    if "staff" not in tables:
        return pd.DataFrame({"staff": pd.Series(dtype="Int64"), "certified": pd.Series(dtype="Int64")})
    rows = tables["staff"]
    there = rows[rows["hired_on"].le(day) & ~rows["left_on"].lt(day)]
    certified = there["certified_on"].le(day)
    return pd.DataFrame(
        {"staff": there.groupby("site_id").size(), "certified": certified.groupby(there["site_id"]).sum()}
    ).astype("Int64")


def uncovered_counties(tables: Tables, day: pd.Timestamp, *, ages: Ages) -> pd.DataFrame:
    """Counties of which some children are in no open site's care on a day, the most children first.

    Gives county_fips, county_name, children (of the service's ages), covered (share in care, 0 to 1) and not_covered (children in
    nobody's care). The children are those of the latest year of the population table that is not after the day. Two sites' shares
    of one county are added up, to 1 at most.
    """
    care = tables["site_counties"].merge(tables["sites"][["site_id", "opened_on", "closed_on"]], on="site_id")
    first = care[["from_on", "opened_on"]].max(axis=1)
    last = care[["to_on", "closed_on"]].min(axis=1)
    now = care[~first.gt(day) & ~last.lt(day)]
    children = children_by_county(tables["population"], ages=ages, year=day.year)
    covered = now.groupby("county_fips")["share"].sum().clip(upper=1.0).reindex(children.index, fill_value=0.0)
    names = tables["population"].drop_duplicates("county_fips").set_index("county_fips")["county_name"]
    found = pd.DataFrame({"county_name": names.reindex(children.index), "children": children, "covered": covered})
    found = (
        found.assign(not_covered=found["children"] * (1 - found["covered"])).rename_axis("county_fips").reset_index()
    )
    found = found[found["covered"].lt(1 - 1e-9)]
    return found.sort_values(["not_covered", "county_fips"], ascending=[False, True], ignore_index=True)
