"""Sites shown taken together: a pool is one more shown sum, admitted where it gives no hidden count away.

What the sites and the state show is settled before, and no pool changes it: pools are tried one after the other, in the order of their
ids, each at the finest grain first and from as early on as may be.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.brief.small_counts.cells import NEVER, Counts, Grain, is_small, unsafe
from analysis.brief.small_counts.history import fit, ways_of, with_nothing_left
from analysis.brief.small_counts.sums import Figure, Sums
from analysis.quality.pools import Pool

Pooled = list[
    tuple[tuple[int, ...], np.ndarray]
]  # the positions of the sites, and from when on they are shown, by grain


@dataclass(frozen=True)
class Settled:
    """What is shown of one measure without any pool: from when on each site is, by grain (site, grain), the hidden windows of the state,
    and by count (as the sums) those that must stay unknown.
    """

    counts: Counts
    grains: Sequence[Grain]
    sums: list[Sums]
    since: np.ndarray
    hidden: Collection[str]
    guarded: list[set[str]]
    smallest: int


def admit_pools(
    pools: Sequence[Pool], settled: Settled, extra: Collection[str], floor: pd.DataFrame | None
) -> dict[str, np.ndarray]:
    """From when on each pool may be shown beside everything that is settled, by grain; by pool_id.

    A pool is shown in a window only where (1) none of its own cells there or in a coarser grain is small; (2) what is left of it once its
    shown sites are taken away is nothing, or at least `smallest` from two sites or more, and so is what is left of the state once the
    pools are taken away too; (3) the system of sums with it fixes no small count that it does not fix without it, be it of a site, of
    the state or of a pool. `extra` names the windows that the state alone is shown in. `floor` is from when on another measure of the same episodes
    is shown, by pool_id: never earlier.
    """
    names = settled.counts.names
    ways = with_nothing_left(ways_of(settled.grains), settled.grains)
    found, pooled = {}, []
    for pool in sorted(pools, key=lambda each: each.pool_id):
        sites = tuple(names.index(each) for each in pool.sites)
        together = settled.counts.among(sites).together(pool.pool_id)
        may = fit(together, ways, settled.smallest)[0]
        if floor is not None and pool.pool_id in floor.index:
            may &= (ways >= floor.loc[pool.pool_id].to_numpy()).all(axis=1)
        elif floor is not None:
            may[:-1] = False
        since = next(way for way in ways[may] if way[-1] == NEVER or _may_join(settled, pooled, (sites, way), extra))
        found[pool.pool_id] = since
        if since[-1] < NEVER:
            pooled.append((sites, since))
    return found


def _may_join(
    settled: Settled, pooled: Pooled, one: tuple[tuple[int, ...], np.ndarray], extra: Collection[str]
) -> bool:
    """True where the pool gives nothing away beside what is settled and the pools before it."""
    every = [*pooled, one]
    if any(_found_by_subtraction(settled, every, at) for at in range(len(settled.grains))):
        return False
    for kind, (sums, guarded) in enumerate(zip(settled.sums, settled.guarded, strict=False)):
        older = [*sums.older, *(cell for sites, _ in every for cell in _small_cells(settled, sites, kind))]
        shown = settled.since, settled.hidden, guarded, extra
        leaks = replace(sums, older=older, pooled=every).leaks(*shown)
        if leaks and set(leaks) - set(replace(sums, older=older, pooled=pooled).leaks(*shown)):
            return False
    return True


def _found_by_subtraction(settled: Settled, pooled: Pooled, at: int) -> bool:
    """True where the pools that are shown in a window of the grain, or the state without them, less the shown sites say too much."""
    counts, since, smallest = settled.counts, settled.since, settled.smallest
    given = np.array([window.name not in settled.hidden for window in settled.grains[at]], bool)
    shown = np.array([counts.starts[at] >= own[at] for _, own in pooled])
    for (sites, _), here in zip(pooled, shown, strict=True):
        if unsafe(counts.among(sites), since[list(sites)], at, smallest)[here].any():
            return True
    for some in np.unique(shown.T, axis=0):  # the pools that are shown together in some of the windows
        inside = sorted(site for (sites, _), one in zip(pooled, some, strict=True) if one for site in sites)
        here = given & (some == shown.T).all(axis=1)
        if inside and unsafe(counts.without(inside), np.delete(since, inside, axis=0), at, smallest)[here].any():
            return True
    return False


def _small_cells(settled: Settled, sites: tuple[int, ...], kind: int) -> list[tuple[Figure, int]]:
    """The small counts of the sites taken together, with the grain of each."""
    return [
        ((sites, window), at)
        for at, grain in enumerate(settled.grains)
        for window, count in zip(grain, settled.counts.sites[at][list(sites), :, kind].sum(axis=0), strict=True)
        if is_small(count, settled.smallest)
    ]
