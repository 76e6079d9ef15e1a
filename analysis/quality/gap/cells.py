"""Who asked, and whether the site's own team was on duty at that hour: a site's episodes against what other sites see."""

from collections.abc import Collection

import pandas as pd

from analysis.periods import Period
from analysis.quality.gap.cover import covered

NOT_KNOWN = "not_known"


def count_cells(
    episodes: pd.DataFrame, hours: pd.DataFrame | None, sites: Collection[str], window: Period
) -> dict[str, pd.DataFrame]:
    """For each site a table of the episodes of all sites in the window, by who asked, split by that site's own hours of duty.

    Gives, by site_id, a table with one row a site of the state and one column a cell (referral source, on duty): the other
    sites' rows show what falls into this site's hours elsewhere. An episode without a time of request counts as on duty, and so
    does every episode where a site's hours are not recorded: nothing is blamed on hours that nobody wrote down.
    """
    own = episodes[episodes["counted_on"].between(window.from_on, window.to_on) & episodes["site_id"].isin(sites)]
    source = own["referral_source"].fillna(NOT_KNOWN)
    tables = {}
    for site in sites:
        on_duty = covered(own["requested_at"], hours, site)
        counts = pd.crosstab(own["site_id"], [source, pd.Series(on_duty, index=own.index)])
        tables[site] = counts.reindex(sorted(sites), fill_value=0)
    return tables


def cause_of(source: str, on_duty: bool) -> str:
    """What a cell's missing calls are laid to: hours without a team come first, then who asks.

    >>> cause_of("school", True), cause_of("school", False)
    ('asks:school', 'hours')
    """
    return f"asks:{source}" if on_duty else "hours"
