"""What stands behind a count: months of service, and children in a site's care times the years they were.

A place is open from its first to its last day, both included; an empty end is open. `covers` are the first and last day
that the extract holds. Nothing outside either is exposure.
"""

import numpy as np
import pandas as pd

from analysis.params import Ages
from analysis.periods import Period
from analysis.tables import AGE_BANDS, STATEWIDE

DAYS_PER_YEAR = 365.25  # the mean calendar year, leap days included

Days = tuple[pd.Timestamp, pd.Timestamp]


def months_of_service(sites: pd.DataFrame, periods: list[Period], *, covers: Days) -> pd.DataFrame:
    """How many months of each period each site was open and the extract covers; statewide, how many the extract covers.

    Takes one row per site. Gives one row per site and one for "statewide", one column per period (its name); a month of
    which 10 of 30 days are covered is a third of a month.

    >>> from analysis.periods import period
    >>> sites = pd.DataFrame({"site_id": ["north"], "opened_on": pd.to_datetime(["2026-09-21"]), "closed_on": pd.to_datetime([None])})
    >>> all_days = (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-12-31"))
    >>> months_of_service(sites, [period("2026-09"), period("2026Q3")], covers=all_days).round(3).T.to_dict()
    {'north': {'2026-09': 0.333, '2026Q3': 0.333}, 'statewide': {'2026-09': 1.0, '2026Q3': 3.0}}
    """
    months = pd.period_range(min(each.first for each in periods), max(each.last for each in periods), freq="M")
    first, last = months.start_time.to_numpy(), months.end_time.normalize().to_numpy()
    days = days_within(sites["opened_on"], sites["closed_on"], first, last, covers)
    statewide = days_within(pd.Series([pd.NaT]), pd.Series([pd.NaT]), first, last, covers)
    parts = np.vstack([days, statewide]) / months.days_in_month.to_numpy()
    open_months = {each.name: parts[:, (months >= each.first) & (months <= each.last)].sum(axis=1) for each in periods}
    return pd.DataFrame(open_months, index=[*sites["site_id"], STATEWIDE])


def child_years(
    sites: pd.DataFrame,
    site_counties: pd.DataFrame,
    population: pd.DataFrame,
    periods: list[Period],
    *,
    ages: Ages,
    covers: Days,
) -> pd.DataFrame:
    """Children in a site's care times the years of each period that they were.

    Takes the tables as the contract has them. Gives one row per site and one for "statewide", one column per period (its
    name), in child-years of 365.25 days: over a site's counties, children of the service's ages x the site's share of the
    county x days on which the site was open and covered the county. Statewide is the sum over all sites, so the children of
    covered counties while covered: those whom no site has in its care yet are not in it.

    Missing, never too small: a county whose population is not known makes its sites and the state missing, and so does a
    site with a scorecard but no county, whose episodes would otherwise count without its children.
    """
    covered = site_counties.merge(sites[["site_id", "opened_on", "closed_on"]], on="site_id", how="left")
    first = covered[["from_on", "opened_on"]].max(axis=1)
    last = covered[["to_on", "closed_on"]].min(axis=1)
    days = days_within(
        first,
        last,
        np.array([each.from_on for each in periods], dtype="datetime64[ns]"),
        np.array([each.to_on for each in periods], dtype="datetime64[ns]"),
        covers,
    )
    by_year = {year: children_by_county(population, ages=ages, year=year) for year in {e.last.year for e in periods}}
    children = np.column_stack([by_year[each.last.year].reindex(covered["county_fips"]) for each in periods])
    weight = days * covered["share"].to_numpy(dtype=float)[:, None]
    years = np.where(weight > 0, children * weight / DAYS_PER_YEAR, 0.0)
    by_site = pd.DataFrame(years, columns=[each.name for each in periods])
    by_site.insert(0, "site_id", covered["site_id"].to_numpy())
    # One order, so that a sum of floats does not depend on the order of rows in a file.
    by_site = by_site.sort_values(list(by_site.columns), ignore_index=True).set_index("site_id")
    total = by_site.sum(skipna=False)
    unknown = by_site.isna().groupby(level=0).any()
    by_site = by_site.groupby(level=0).sum().mask(unknown)
    by_site = by_site.reindex(sorted({*sites["site_id"], *by_site.index}))
    lacking = sites["has_scorecard"].astype(bool) & ~sites["site_id"].isin(covered["site_id"])
    by_site.loc[STATEWIDE] = np.nan if lacking.any() else total
    return by_site


def children_by_county(population: pd.DataFrame, *, ages: Ages, year: int) -> pd.Series:
    """Children of those ages in each county, from the latest year that is not after `year`, else from the earliest.

    Takes one row per county, year and age band. Gives one number per county_fips, missing where an age band is. A band that
    the ages cut counts by its years of age inside them, as if each year of age had as many children.

    >>> bands = pd.DataFrame({"county_fips": "35001", "year": [2022, 2022, 2024, 2024], "age_band": ["0-4", "5-11"] * 2, "children": [50, 70, 60, 80]})
    >>> children_by_county(bands, ages=Ages(youngest=3, oldest=11), year=2023).to_dict()   # 2 of 5 years of 50, all of 70
    {'35001': 90.0}
    """
    part = {
        band: max(0, min(last, ages.oldest) - max(first, ages.youngest) + 1) / (last - first + 1)
        for band, (first, last) in AGE_BANDS.items()
    }
    needed = [band for band, each in part.items() if each > 0]
    past = population["year"].where(population["year"] <= year).groupby(population["county_fips"]).max()
    chosen = past.fillna(population.groupby("county_fips")["year"].min())
    rows = population[population["year"].eq(population["county_fips"].map(chosen))]
    wide = rows.pivot_table(index="county_fips", columns="age_band", values="children", aggfunc="sum")
    wide = wide.reindex(columns=needed).astype(float)
    return (wide * pd.Series(part)[needed]).sum(axis=1, skipna=False)


def days_within(opened: pd.Series, closed: pd.Series, first: np.ndarray, last: np.ndarray, covers: Days) -> np.ndarray:
    """Days, both ends included, that each span (a row) shares with each stretch (a column) and with `covers`."""
    opened = opened.astype("datetime64[ns]").fillna(covers[0]).clip(lower=covers[0]).to_numpy()[:, None]
    closed = closed.astype("datetime64[ns]").fillna(covers[1]).clip(upper=covers[1]).to_numpy()[:, None]
    days = (np.minimum(closed, last) - np.maximum(opened, first)) / np.timedelta64(1, "D") + 1
    return np.maximum(days, 0)
