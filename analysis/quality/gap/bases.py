"""Referrals out of those who could make them: a kind of caller's crises per its own base, here and at comparable sites.

Schools out of children of school age, 988 out of its contacts, child welfare and foster parents out of children in placement, EDs
out of their behavioral-health visits. A base that the study has no table for is named, never guessed.
"""

from collections.abc import Collection, Mapping

import pandas as pd

from analysis.intervals import garwood
from analysis.params import Ages
from analysis.periods import Period
from analysis.quality.exposure import Days, child_years

SCHOOL_AGES = Ages(youngest=5, oldest=17)
PER = {"school": 1000, "line_988": 100}
BASES = {
    "school": "children of school age and year",
    "line_988": "contacts with 988",
    "emergency_department": "behavioral-health visits to emergency departments",
    "child_welfare": "children in placement",
}
LACKING = {
    "emergency_department": "claims",
    "child_welfare": "placements",
}


def count_by_base(
    tables: Mapping[str, pd.DataFrame],
    sites: Collection[str],
    comparable: Collection[str],
    window: Period,
    covers: Days,
) -> pd.DataFrame:
    """One row per site and kind of caller with a base: site_id, source, number, base, rate, low, high, middle.

    `number` are the site's episodes of the window that this kind of caller brought, `base` those who could have (child-years, contacts),
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
    return bases


def lacking(tables: Mapping[str, pd.DataFrame]) -> list[tuple[str, str]]:
    """The kinds of callers whose base the study has no table for, with that table.

    >>> lacking({"placements": pd.DataFrame()})
    [('emergency_department', 'claims')]
    """
    return [(source, table) for source, table in LACKING.items() if table not in tables]
