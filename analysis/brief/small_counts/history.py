"""From when on a place is shown, grain by grain: every way of showing it, from all of its history to nothing.

A way has one month a grain: the windows of the grain that begin in it or later are shown, those before it are not. A grain's windows are
shown up to the newest one or not at all, and no later than those of the next finer grain.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise, product

import numpy as np

from analysis.brief.small_counts.cells import NEVER, Counts, Grain, is_small

# A history that begins later keeps so many months, else so many quarters. Of twelve months two may still wait for their records: ten points
# are what a rule needs (FEWEST_FOR_RUNS in analysis/quality/charts/choice.py). Eight quarters are two years of a line, without a rule.
FEWEST = (12, 8)


def ways_of(grains: Sequence[Grain]) -> np.ndarray:
    """Every way of showing a place, one a row, in order: those with most grains first, of them those whose quarters begin earliest, and of
    those the ones whose months do; nothing last.

    One column a grain: the ordinal of the month from which on its windows are shown, NEVER where none is.

    >>> from analysis.periods import period
    >>> ways = ways_of([[period("2026-01"), period("2026-02")], [period("2026-01_2026-02")]])
    >>> (ways < NEVER).tolist()  # two months are too few to begin later
    [[True, True], [False, True], [False, False]]
    """
    return _ways(tuple(tuple(window.first.ordinal for window in grain) for grain in grains))


@cache
def _ways(starts: tuple[tuple[int, ...], ...]) -> np.ndarray:
    own = [[*grain, NEVER] for grain in starts[:-1]] + [[starts[-1][0], NEVER]]
    ways = np.array(
        sorted((way for way in product(*own) if _is_way(way, starts)), key=lambda way: (way.count(NEVER), way[::-1]))
    )
    ways.flags.writeable = False  # it is kept
    return ways


def _is_way(way: tuple[int, ...], starts: tuple[tuple[int, ...], ...]) -> bool:
    """True where each grain begins no later than a finer one, and enough of the finest is left."""
    for finer, coarser in combinations(range(len(way)), 2):
        if way[finer] < NEVER and starts[coarser]:
            latest = next((start for start in starts[coarser] if start >= way[finer]), starts[coarser][-1])
            if way[coarser] > latest:
                return False
    at = next((at for at, since in enumerate(way[:-1]) if since < NEVER), None)
    if at is None or way[at] == starts[at][0]:
        return True
    return sum(start >= way[at] for start in starts[at]) >= FEWEST[at]


def with_nothing_left(ways: np.ndarray, grains: Sequence[Grain]) -> np.ndarray:
    """Those of the ways in which no shown window but the longest holds a finer one that is hidden while another is shown."""
    good = np.ones(len(ways), bool)
    for finer, coarser in pairwise(range(len(grains) - 1)):
        starts = np.array([*(window.first.ordinal for window in grains[coarser]), NEVER])
        latest = starts[np.searchsorted(starts, np.minimum(ways[:, finer], NEVER))]
        good &= (ways[:, finer] == NEVER) | (ways[:, coarser] == latest)
    return ways[good]


def fit(counts: Counts, ways: np.ndarray, smallest: int) -> np.ndarray:
    """True for each site and way by which the site alone gives no small count away.

    No shown cell is small, nor what is left of a shown window once the shown finer windows inside it are taken away.
    """
    good = np.ones((len(counts.names), len(ways)), bool)
    for at, starts in enumerate(counts.starts):
        newest_small = np.where(is_small(counts.sites[at], smallest).any(axis=2), starts, -1).max(axis=1, initial=-1)
        good &= ways[:, at] > newest_small[:, None]
        for finer in range(at):
            for number, start in enumerate(starts):
                inside, left = _left_over(counts, at, number, finer)
                first = np.searchsorted(inside, ways[:, finer])
                small = is_small(left, smallest).any(axis=2)[:, first]
                # Of children, who may come twice, the year alone is asked for more than its months say.
                asked = (ways[:, at] <= start) & ((first > 0) | (at == len(counts.starts) - 1))
                good &= ~(small & asked)
    return good


def _left_over(counts: Counts, at: int, number: int, finer: int) -> tuple[np.ndarray, np.ndarray]:
    """The first months of the finer windows inside this one, and what is left of it (site, k, cell) once all but the first k are taken away."""
    starts, ends = counts.starts[finer], counts.ends[finer]
    inside = np.flatnonzero((starts >= counts.starts[at][number]) & (ends <= counts.ends[at][number]))
    parts = counts.sites[finer][:, inside]
    taken = np.zeros((parts.shape[0], len(inside) + 1, parts.shape[2]))
    taken[:, :-1] = parts[:, ::-1].cumsum(axis=1)[:, ::-1]
    return starts[inside], np.maximum(counts.sites[at][:, [number]] - taken, 0)


@dataclass(frozen=True)
class Ways:
    """The ways of `ways_of` and, by site and way, which of them may be chosen; the last, nothing, always may."""

    ways: np.ndarray
    open: np.ndarray

    def first(self) -> np.ndarray:
        """The way of each site that shows most."""
        return self.open.argmax(axis=1)

    def past(self, site: int, here: int, figures: Collection[tuple[int, int]]) -> int:
        """The site's next way after this one that hides one of these figures (grain, first month)."""
        hides = np.zeros(len(self.ways), bool)
        for at, start in figures:
            hides |= self.ways[:, at] > start
        return self._after(site, here, hides)

    def coarser(self, site: int, here: int) -> int:
        """The site's next way after this one that shows fewer grains."""
        grains = (self.ways < NEVER).sum(axis=1)
        return self._after(site, here, grains < grains[here])

    def beyond(self, site: int, here: int, figures: Collection[tuple[int, int]]) -> int:
        """As `past`, but the longest grain is given up last."""
        finer = [(at, start) for at, start in figures if at < self.ways.shape[1] - 1]
        return self.past(site, here, finer) if finer else self.coarser(site, here)

    def _after(self, site: int, here: int, wanted: np.ndarray) -> int:
        later = wanted & self.open[site]
        later[: here + 1] = False
        return int(later.argmax()) if later.any() else len(self.ways) - 1
