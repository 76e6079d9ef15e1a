"""Hubs with the sites that belong to them, taken together where one alone is too small to show."""

from dataclasses import dataclass

import pandas as pd

MARK = "+"  # no site id may hold it, so a pool is never taken for a site


@dataclass(frozen=True)
class Pool:
    """A hub and its sites: `pool_id` is the hub's id with a plus, `sites` their ids in order."""

    pool_id: str
    sites: tuple[str, ...]


def hubs(sites: pd.DataFrame) -> list[Pool]:
    """Every hub to which another site belongs, with all of its sites. Takes one row per site (site_id, hub_id, has_scorecard).

    A site without a scorecard counts in the totals only and is in no pool.

    >>> sites = pd.DataFrame({"site_id": ["a", "b", "c"], "hub_id": [None, "a", None], "has_scorecard": True})
    >>> hubs(sites)
    [Pool(pool_id='a+', sites=('a', 'b'))]
    """
    own = sites[sites["has_scorecard"].astype(bool)]
    hub = own["hub_id"].fillna(own["site_id"])
    together = own["site_id"].groupby(hub).agg(lambda ids: tuple(sorted(ids)))
    return [Pool(f"{name}{MARK}", ids) for name, ids in together.items() if len(ids) > 1]
