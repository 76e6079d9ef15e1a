"""What one measure counts of people, by place and window: the cells whose small counts must not be known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.periods import Period
from analysis.tables import STATEWIDE

Grain = Sequence[Period]  # the windows that belong to it, in order of time


@dataclass(frozen=True)
class Counts:
    """What one measure counts: `sites` has one array (site, window, cell) a grain, `state` one (window, cell)."""

    names: list[str]
    sites: list[np.ndarray]
    state: list[np.ndarray]

    def among(self, some: Sequence[int]) -> "Counts":
        """These sites (positions) as if they were all there is."""
        own = [each[list(some)] for each in self.sites]
        return Counts([self.names[at] for at in some], own, [each.sum(axis=0) for each in own])

    def without(self, some: Sequence[int]) -> "Counts":
        """Everything but these sites."""
        rest = [at for at in range(len(self.names)) if at not in set(some)]
        less = [whole - each[list(some)].sum(axis=0) for whole, each in zip(self.state, self.sites, strict=True)]
        return Counts([self.names[at] for at in rest], [each[rest] for each in self.sites], less)


def read_counts(measures: pd.DataFrame, grains: Sequence[Grain], *, hide: str, unit: str) -> Counts:
    """The cells that count people: under "people" one a row, under "all" the numerator, its complement and the denominator.

    The denominator of a count is the episodes behind it, so its complement is the repeat episodes: a few of them are a few
    children who came back.
    """
    top, bottom = (measures[name].astype("Float64").fillna(0).astype(float) for name in ("numerator", "denominator"))
    if hide == "people":
        cells = {"n": top if unit in ("count", "rate") else bottom}
    elif unit in ("rate", "minutes", "score", "mean"):
        cells = {"n": top if unit == "rate" else bottom}
    else:
        cells = {"n": bottom, "yes": top, "no": bottom - top}
    names = sorted(set(measures["site_id"]) - {STATEWIDE})
    places = pd.Index([*names, STATEWIDE])
    windows = pd.Index(measures["period"].unique())
    cube = np.zeros((len(places), len(windows) + 1, len(cells)))  # the last window is one without a row
    cube[places.get_indexer(measures["site_id"]), windows.get_indexer(measures["period"])] = pd.DataFrame(
        cells
    ).to_numpy()
    blocks = [cube[:, windows.get_indexer([window.name for window in grain])] for grain in grains]
    return Counts(names, [block[:-1] for block in blocks], [block[-1] for block in blocks])


def is_small(counts: np.ndarray, smallest: int) -> np.ndarray:
    return (counts > 0) & (counts < smallest)


def own_finest(counts: Counts, grains: Sequence[Grain], smallest: int) -> np.ndarray:
    """The finest grain at which a site has no small cell, nor one left over when its grain is taken from the year."""
    finest = np.full(len(counts.names), len(grains))
    for at in range(len(grains) - 1, -1, -1):
        small = is_small(counts.sites[at], smallest).any(axis=(1, 2))
        inside = [here for here, window in enumerate(grains[at]) if _within(window, grains[-1])]
        left_over = counts.sites[-1].sum(axis=1) - counts.sites[at][:, inside].sum(axis=1)
        small |= is_small(np.maximum(left_over, 0), smallest).any(axis=1)
        finest = np.where(small | (finest > at + 1), finest, at)
    return finest


def _within(window: Period, outer: Grain) -> bool:
    """True where the window lies inside one of the outer windows."""
    return any(each.first <= window.first and window.last <= each.last for each in outer)


def unsafe(counts: Counts, finest: np.ndarray, at: int, smallest: int) -> np.ndarray:
    """True for each window and count in which what is left of the state, once the shown sites are taken away, says too much.

    Safe is nothing left; or at least `smallest` from two places or more; or from places without a page alone.
    """
    hidden = finest > at
    sites, state = counts.sites[at], counts.state[at]
    left = state - sites[~hidden].sum(axis=0)
    elsewhere = np.maximum(state - sites.sum(axis=0), 0)
    places = (sites[hidden] > 0).sum(axis=0) + (elsewhere > 0)
    only_elsewhere = (sites[hidden] > 0).sum(axis=0) == 0
    return is_small(left, smallest) | ((left > 0) & (places < 2) & ~only_elsewhere)
