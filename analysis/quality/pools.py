"""Hubs with the sites that belong to them, taken together where one alone is too small to show."""

from collections.abc import Iterable
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


def open_spells(pools: Iterable[Pool], sites: pd.DataFrame) -> pd.DataFrame:
    """The spells in which any site of a pool was open, one a row (site_id is the pool's, opened_on, closed_on), none overlapping.

    An empty first day is open since ever, an empty last day still open.

    >>> sites = pd.DataFrame({"site_id": ["a", "b", "c"], "opened_on": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-06-01"]),
    ...     "closed_on": pd.to_datetime(["2026-02-28", "2026-04-30", None])})
    >>> open_spells([Pool("a+", ("a", "b", "c"))], sites).astype(str).to_numpy().tolist()   # all closed in May
    [['a+', '2026-01-01', '2026-04-30'], ['a+', '2026-06-01', 'NaT']]
    """
    spells = []
    for pool in pools:
        own = sites[sites["site_id"].isin(pool.sites)].sort_values("opened_on", na_position="first")
        for opened, closed in zip(own["opened_on"], own["closed_on"], strict=True):
            of_pool = spells and spells[-1][0] == pool.pool_id
            until = spells[-1][2] if of_pool else pd.NaT
            if of_pool and (pd.isna(until) or pd.isna(opened) or opened <= until + pd.Timedelta(days=1)):
                spells[-1][2] = pd.NaT if pd.isna(until) or pd.isna(closed) else max(until, closed)
            else:
                spells.append([pool.pool_id, opened, closed])
    frame = pd.DataFrame(spells, columns=["site_id", "opened_on", "closed_on"])
    return frame.astype({"opened_on": "datetime64[ns]", "closed_on": "datetime64[ns]"})
