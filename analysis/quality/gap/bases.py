"""Referrals out of those who could make them: a kind of caller's crises per its own base, here and at comparable sites.

Schools out of children of school age, 988 out of its contacts, EDs out of the behavioral-health visits of the counties' children, child
welfare out of their removals from home. A base that the study has no table for is named, never guessed.
"""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from analysis.intervals import garwood
from analysis.params import Ages
from analysis.periods import Period
from analysis.quality.exposure import Days, child_years, days_within

SCHOOL_AGES = Ages(youngest=5, oldest=17)
PER = {"school": 1000, "line_988": 100, "emergency_department": 100, "child_welfare": 100}
BASES = {
    "school": "children of school age and year",
    "line_988": "contacts with 988",
    "emergency_department": "behavioral-health visits to emergency departments",
    "child_welfare": "removals of children from home",
}
# Kinds of callers whose base agencies count by county and month: the column of the table.
COUNTED = {"emergency_department": "bh_ed_visits", "child_welfare": "removals"}


def count_by_base(
    tables: Mapping[str, pd.DataFrame],
    sites: Collection[str],
    comparable: Collection[str],
    window: Period,
    covers: Days,
) -> pd.DataFrame:
    """One row per site and kind of caller with a base: site_id, source, number, base, rate, low, high, middle.

    `number` are the site's episodes of the window that this kind of caller brought, `base` those who could have (child-years, contacts, visits),
    `rate` one per the other as PER has it, with its exact 95% interval (Garwood, 1936), `middle` the median of comparable sites, the
    site itself left out. Child-years take sites' counties and openings into account; a contact with 988 is a call on that channel.
    """
    episodes = tables["episodes"]
    year = episodes[episodes["counted_on"].between(window.from_on, window.to_on)]
    found = []
    for source, base in _bases(tables, sites, window, covers).items():
        number = year[year["referral_source"].eq(source)].groupby("site_id").size().reindex(sorted(sites), fill_value=0)
        base = base.reindex(sorted(sites)).astype(float)
        some = base.where(base > 0)
        interval = garwood(number.to_numpy(), confidence=0.95)
        rate = number / some * PER[source]
        others = [site for site in comparable if site in rate.index]
        found.append(
            pd.DataFrame(
                {
                    "site_id": number.index,
                    "source": source,
                    "number": number.to_numpy(),
                    "base": base.to_numpy(),
                    "rate": rate.to_numpy(),
                    "low": interval.low / some.to_numpy() * PER[source],
                    "high": interval.high / some.to_numpy() * PER[source],
                    "middle": [rate[[each for each in others if each != site]].median() for site in number.index],
                }
            )
        )
    columns = ["site_id", "source", "number", "base", "rate", "low", "high", "middle"]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)


def _bases(tables, sites, window, covers) -> dict[str, pd.Series]:
    bases = {}
    if "site_counties" in tables and "population" in tables:
        years = child_years(
            tables["sites"], tables["site_counties"], tables["population"], [window], ages=SCHOOL_AGES, covers=covers
        )
        bases["school"] = years[window.name].reindex(sorted(sites))
    if "calls" in tables:
        calls = tables["calls"]
        own = calls[calls["called_on"].between(window.from_on, window.to_on) & calls["channel"].eq("line_988")]
        bases["line_988"] = own.groupby("site_id").size().reindex(sorted(sites), fill_value=0)
    counts = tables.get("county_counts")
    for source, column in COUNTED.items():
        if counts is not None and counts[column].notna().any() and "site_counties" in tables:
            bases[source] = counted_of_sites(counts, column, tables["site_counties"], window, covers)
    return bases


def counted_of_sites(
    counts: pd.DataFrame, column: str, site_counties: pd.DataFrame, window: Period, covers: Days
) -> pd.Series:
    """What agencies counted in each site's counties while it covered them: by site_id, a sum over the months of the window.

    Takes one row per county and month. A month that a site covers in part counts by its days, a county that it shares by its share.
    Missing, never too small: a site one of whose months was not counted has no base.

    >>> from analysis.periods import period
    >>> counts = pd.DataFrame({"county_fips": "35001", "month_on": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"]), "removals": [31, 28, 31]})
    >>> cover = pd.DataFrame({"site_id": ["north"], "county_fips": "35001", "from_on": pd.to_datetime(["2026-01-22"]), "to_on": pd.to_datetime([None]), "share": 0.5})
    >>> all_days = (pd.Timestamp("2025-01-01"), pd.Timestamp("2026-12-31"))
    >>> counted_of_sites(counts, "removals", cover, period("2026Q1"), all_days).to_dict()   # half of 10 + 28 + 31
    {'north': 34.5}
    """
    months = pd.period_range(window.first, window.last, freq="M")
    first, last = months.start_time.to_numpy(), months.end_time.normalize().to_numpy()
    days = days_within(site_counties["from_on"], site_counties["to_on"], first, last, covers)
    by_month = counts.assign(month=counts["month_on"].dt.to_period("M")).set_index(["county_fips", "month"])[column]
    cells = pd.MultiIndex.from_product([site_counties["county_fips"], months])
    known = by_month.astype(float).reindex(cells).to_numpy().reshape(len(site_counties), len(months))
    weight = days / months.days_in_month.to_numpy() * site_counties["share"].to_numpy(dtype=float)[:, None]
    rows = pd.Series(np.where(weight > 0, known * weight, 0.0).sum(axis=1), index=site_counties["site_id"])
    unknown = rows.isna().groupby(level=0).any()
    return rows.groupby(level=0).sum().mask(unknown)


def lacking(tables: Mapping[str, pd.DataFrame]) -> list[tuple[str, str]]:
    """The kinds of callers whose base the study has no counts for, with the table and column that would hold them.

    >>> lacking({"county_counts": pd.DataFrame({"bh_ed_visits": [4], "removals": [None]})})
    [('child_welfare', 'county_counts.removals')]
    """
    counts = tables.get("county_counts")
    return [
        (source, f"county_counts.{column}")
        for source, column in COUNTED.items()
        if counts is None or counts[column].isna().all()
    ]
