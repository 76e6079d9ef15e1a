"""The made-up state's sites, the counties in their care, and the children in care on each day."""

import numpy as np
import pandas as pd

from analysis.demo.scenario import Scenario
from analysis.params import ParamsError
from analysis.tables import SITE_COUNTIES, SITES

DAYS_A_YEAR = 365.25  # child-years: the mean calendar year, as intervals of more than a year need


def make_sites(scenario: Scenario) -> pd.DataFrame:
    """The sites table of the contract: one row per site, ordered by site_id."""
    sites = pd.DataFrame(
        [(s.site_id, s.name, s.opened_on, s.closed_on, s.hub_id, True) for s in scenario.sites], columns=SITES.names
    )
    return _as_days(sites, "opened_on", "closed_on").sort_values("site_id", ignore_index=True)


def make_site_counties(scenario: Scenario) -> pd.DataFrame:
    """The site_counties table of the contract: one row per site, county and span of days.

    A span starts with the site's opening and ends with its closing unless state.yml gives days of its own. Raises
    ParamsError where a county and day has more than all of its children in care.
    """
    spans = pd.DataFrame(
        [
            (s.site_id, c.fips, c.from_on or s.opened_on, c.to_on or s.closed_on, c.share)
            for s in scenario.sites
            for c in s.counties
        ],
        columns=SITE_COUNTIES.names,
    )
    spans = _as_days(spans, "from_on", "to_on").sort_values(list(SITE_COUNTIES.key), ignore_index=True)
    cared_for = add_days(spans, scenario).groupby(["county_fips", "day"])["share"].sum()
    if cared_for.gt(1 + 1e-9).any():
        county, day = cared_for.idxmax()
        raise ParamsError(
            f"params/demo/state.yml: sites: county {county} has {cared_for.max():.2f} of its children in care on {day.date()}. "
            "Lower the shares of its sites to at most 1 together."
        )
    return spans


def add_days(spans: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Every day of care: takes one row per site, county and span, gives one per site, county and day (day, share)."""
    last = pd.Timestamp(scenario.covers.to_on)
    days = [pd.date_range(a, b, freq="D") for a, b in zip(spans["from_on"], spans["to_on"].fillna(last), strict=True)]
    repeated = spans.loc[spans.index.repeat([len(span) for span in days]), ["site_id", "county_fips", "share"]]
    return repeated.reset_index(drop=True).assign(day=np.concatenate(days))


def count_children_in_care(spans: pd.DataFrame, population: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Children in a site's care: one row per site, county, day and age band (children, child_years of that day).

    `children` is a part of a count and so not whole where a county is shared.
    """
    days = add_days(spans, scenario)
    days["year"] = days["day"].dt.year.astype("int64")
    in_care = days.merge(population[["county_fips", "year", "age_band", "children"]], on=["county_fips", "year"])
    in_care["children"] = in_care["children"] * in_care["share"]
    in_care["child_years"] = in_care["children"] / DAYS_A_YEAR
    keys = ["site_id", "county_fips", "day", "age_band"]
    return in_care.sort_values(keys, ignore_index=True)[[*keys, "children", "child_years"]]


def count_children_by_site(spans: pd.DataFrame, population: pd.DataFrame, scenario: Scenario) -> pd.Series:
    """Children of any age band in a site's care on its last day of care, by site_id."""
    by_day = count_children_in_care(spans, population, scenario).groupby(["site_id", "day"])["children"].sum()
    return by_day.groupby(level="site_id").last()


def _as_days(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return table.assign(**{column: pd.to_datetime(table[column]).astype("datetime64[ns]") for column in columns})
