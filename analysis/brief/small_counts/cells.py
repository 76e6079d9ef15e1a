"""What one measure counts of people, by place and window: the cells whose small counts must not be known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.periods import Period
from analysis.tables import STATEWIDE

Grain = Sequence[Period]  # the windows that belong to it, in order of time
NEVER = 10**6  # the month, by its ordinal, from which on nothing is shown: later than any


@dataclass(frozen=True)
class Counts:
    """What one measure counts: `sites` has one array (site, window, cell) a grain, `state` one (window, cell).

    `starts` and `ends` are the first and last months of the windows, by ordinal, one array a grain.
    """

    names: list[str]
    sites: list[np.ndarray]
    state: list[np.ndarray]
    starts: list[np.ndarray]
    ends: list[np.ndarray]

    def first(self, grains: int) -> "Counts":
        """The first so many grains of them."""
        return Counts(self.names, *(each[:grains] for each in (self.sites, self.state, self.starts, self.ends)))

    def among(self, some: Sequence[int]) -> "Counts":
        """These sites (positions) as if they were all there is."""
        own = [each[list(some)] for each in self.sites]
        return Counts([self.names[at] for at in some], own, [each.sum(axis=0) for each in own], self.starts, self.ends)

    def together(self, name: str) -> "Counts":
        """All its sites as if they were one."""
        return Counts([name], [each[None] for each in self.state], self.state, self.starts, self.ends)

    def without(self, some: Sequence[int]) -> "Counts":
        """Everything but these sites."""
        rest = [at for at in range(len(self.names)) if at not in set(some)]
        less = [whole - each[list(some)].sum(axis=0) for whole, each in zip(self.state, self.sites, strict=True)]
        names, sites = [self.names[at] for at in rest], [each[rest] for each in self.sites]
        return Counts(names, sites, less, self.starts, self.ends)


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
    starts, ends = (
        [np.array([getattr(window, end).ordinal for window in grain], int) for grain in grains]
        for end in ("first", "last")
    )
    return Counts(names, [block[:-1] for block in blocks], [block[-1] for block in blocks], starts, ends)


def is_small(counts: np.ndarray, smallest: int) -> np.ndarray:
    return (counts > 0) & (counts < smallest)


def shown(counts: Counts, since: np.ndarray, at: int) -> np.ndarray:
    """True for each site and window of the grain that is shown: it begins no earlier than the site's grain does (site, grain)."""
    return counts.starts[at] >= since[:, at, None]


def unsafe(counts: Counts, since: np.ndarray, at: int, smallest: int) -> np.ndarray:
    """True for each window and count in which what is left of the state, once the sites shown there are taken away, says too much.

    Safe is nothing left; or at least `smallest` from two places or more; or from places without a page alone.
    """
    given = shown(counts, since, at)[:, :, None]
    sites, state = counts.sites[at], counts.state[at]
    left = state - np.where(given, sites, 0).sum(axis=0)
    elsewhere = np.maximum(state - sites.sum(axis=0), 0)
    hidden = (~given & (sites > 0)).sum(axis=0)
    return is_small(left, smallest) | ((left > 0) & (hidden + (elsewhere > 0) < 2) & (hidden > 0))
