"""How fine a place's figures may be shown: months give way to blocks of three months, then to the year, then to nothing.

A place is shown at one grain throughout its history, the finest at which no cell of it is small; a single hidden month among
shown ones could be worked out from the year. A place that is shown more coarsely must not be found by subtracting the others
from the state: then the smallest of the others is shown more coarsely as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.tables import STATEWIDE

Grain = Sequence[str]  # names of the windows that belong to it


@dataclass(frozen=True)
class Counts:
    """What one measure counts: `sites` has one array (site, window, cell) a grain, `state` one (window, cell)."""

    names: list[str]
    sites: list[np.ndarray]
    state: list[np.ndarray]


def finest_grains(measures: pd.DataFrame, grains: Sequence[Grain], *, hide: str, unit: str, smallest: int) -> pd.Series:
    """The index in `grains` at which each site may be shown; len(grains) where at none. Index: site_id.

    Takes the rows of one measure (stratum "all"), nothing hidden, with statewide ones. Every grain is finer than the next, and
    the windows of a grain lie inside those of the next or outside them altogether.

    >>> rows = pd.DataFrame({"site_id": ["a"] * 3 + ["b"] * 3 + ["statewide"] * 3, "period": ["2026-01", "2026-02", "2026-01_2026-02"] * 3,
    ...     "numerator": [4, 9, 13, 20, 21, 41, 24, 30, 54], "denominator": [4, 9, 13, 20, 21, 41, 24, 30, 54]})
    >>> finest_grains(rows, [["2026-01", "2026-02"], ["2026-01_2026-02"]], hide="people", unit="count", smallest=11).to_dict()
    {'a': 1, 'b': 1}
    """
    counts = _counts(measures, grains, hide=hide, unit=unit)
    finest = _own_finest(counts, grains, smallest)
    size = counts.sites[-1][..., 0].sum(axis=1)
    while (crossing := _found_by_subtraction(counts, finest, smallest)) is not None:
        shown = np.flatnonzero(finest <= crossing)
        if not len(shown):
            break
        finest[min(shown, key=lambda site: (size[site], counts.names[site]))] = crossing + 1
    return pd.Series(finest, index=counts.names, dtype=int)


def small_state_windows(measures: pd.DataFrame, grains: Sequence[Grain], finest: pd.Series, *, hide: str, unit: str,
                        smallest: int) -> set[str]:  # fmt: skip
    """The windows in which the state's own figure must be hidden: it is small, or it is all that covers one place."""
    counts = _counts(measures, grains, hide=hide, unit=unit)
    found = set()
    for at, (grain, state) in enumerate(zip(grains, counts.state, strict=True)):
        unsafe = _is_small(state, smallest).any(axis=-1) | _unsafe(counts, finest.to_numpy(), at, smallest)
        found |= {name for name, bad in zip(grain, unsafe, strict=True) if bad}
    return found


def _counts(measures: pd.DataFrame, grains: Sequence[Grain], *, hide: str, unit: str) -> Counts:
    """The cells that count people: under "people" one a row, under "all" the numerator, its complement and the denominator.

    The denominator of a count is the episodes behind it, so its complement is the repeat episodes: a few of them are a few
    children who came back.
    """
    top, bottom = (measures[name].astype("Float64").fillna(0).astype(float) for name in ("numerator", "denominator"))
    if hide == "people":
        cells = {"n": top if unit in ("count", "rate") else bottom}
    elif unit in ("rate", "minutes"):
        cells = {"n": top if unit == "rate" else bottom}
    else:
        cells = {"n": bottom, "yes": top, "no": bottom - top}
    wide = pd.DataFrame(cells).set_index([measures["site_id"], measures["period"]])
    names = sorted(set(measures["site_id"]) - {STATEWIDE})

    def block(sites: list[str], grain: Grain) -> np.ndarray:
        index = pd.MultiIndex.from_product([sites, list(grain)])
        return wide.reindex(index).fillna(0).to_numpy().reshape(len(sites), len(grain), len(cells))

    return Counts(names, [block(names, grain) for grain in grains], [block([STATEWIDE], grain)[0] for grain in grains])


def _is_small(counts: np.ndarray, smallest: int) -> np.ndarray:
    return (counts > 0) & (counts < smallest)


def _own_finest(counts: Counts, grains: Sequence[Grain], smallest: int) -> np.ndarray:
    """The finest grain at which a site has no small cell, nor one left over when its grain is taken from the year."""
    finest = np.full(len(counts.names), len(grains))
    for at in range(len(grains) - 1, -1, -1):
        small = _is_small(counts.sites[at], smallest).any(axis=(1, 2))
        inside = [here for here, name in enumerate(grains[at]) if _within(name, grains[-1])]
        left_over = counts.sites[-1].sum(axis=1) - counts.sites[at][:, inside].sum(axis=1)
        small |= _is_small(np.maximum(left_over, 0), smallest).any(axis=1)
        finest = np.where(small | (finest > at + 1), finest, at)
    return finest


def _within(window: str, outer: Grain) -> bool:
    """True where the window's months lie inside one of the outer windows (names are 2026-10 or 2026-08_2026-10)."""
    first, last = window.split("_")[0], window.split("_")[-1]
    return any(name.split("_")[0] <= first and last <= name.split("_")[-1] for name in outer)


def _found_by_subtraction(counts: Counts, finest: np.ndarray, smallest: int) -> int | None:
    """The first grain at which the state less the shown sites gives a small count or one hidden site away."""
    for at in range(len(counts.sites)):
        if (finest <= at).any() and _unsafe(counts, finest, at, smallest).any():
            return at
    return None


def _unsafe(counts: Counts, finest: np.ndarray, at: int, smallest: int) -> np.ndarray:
    """True for each window in which what is left of the state, once the shown sites are taken away, says too much.

    Safe is nothing left; or at least `smallest` from two places or more; or from places without a page alone.
    """
    hidden = finest > at
    sites, state = counts.sites[at], counts.state[at]
    left = state - sites[~hidden].sum(axis=0)
    elsewhere = np.maximum(state - sites.sum(axis=0), 0)
    places = (sites[hidden] > 0).sum(axis=0) + (elsewhere > 0)
    only_elsewhere = (sites[hidden] > 0).sum(axis=0) == 0
    return (_is_small(left, smallest) | ((left > 0) & (places < 2) & ~only_elsewhere)).any(axis=-1)
