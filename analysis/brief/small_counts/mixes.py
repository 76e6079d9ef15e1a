"""Mixes beside earlier releases: two years that overlap, laid side by side, must not give a hidden count of a category away."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from analysis.brief.small_counts.ledger import Release
from analysis.brief.small_counts.sums import FIXED, SEED_OF_THE_MOVE, free_move, weights
from analysis.periods import Period
from analysis.tables import STATEWIDE

Cell = tuple[str, str, str]  # stratum, place, window


@dataclass(frozen=True)
class Mix:
    """One mix in every span between the ends of the years that it was and is shown for.

    Attributes
    ----------
    strata, places : list of str
        Places without a page come last among the places.
    counts : numpy.ndarray
        By stratum, place and span.
    spans : dict
        For each year the spans that it is made of, and each span for itself.
    """

    strata: list[str]
    places: list[str]
    counts: np.ndarray
    spans: dict[str, list[int]]

    def line(self, stratum: str | None, place: str, window: str) -> np.ndarray:
        """1 for each unknown count of the category (None: of all) at the place in the window."""
        belongs = np.zeros(self.counts.shape, bool)
        rows = slice(None) if stratum is None else self.strata.index(stratum)
        columns = slice(None) if place == STATEWIDE else self.places.index(place)
        belongs[rows, columns, self.spans[window]] = True
        return belongs[self.counts > 0].astype(float)

    def count(self, stratum: str, place: str, window: str) -> float:
        """How many the category holds at the place in the window."""
        columns = slice(None) if place == STATEWIDE else self.places.index(place)
        return float(self.counts[self.strata.index(stratum), columns, self.spans[window]].sum())

    def told(self, cells: Iterable[Cell]) -> list[tuple[str | None, str, str]]:
        """What is told by cells that are shown: each of them, and how many their place had in all."""
        ordered = sorted(cells)
        return list(dict.fromkeys([*ordered, *((None, place, window) for _, place, window in ordered)]))


def hide_beside_releases(
    mixed: pd.DataFrame, counted: pd.DataFrame, year: Period, releases: Collection[Release], smallest: int
) -> tuple[pd.Series, set[tuple[str, str]]]:
    """The rows of one mix that are hidden, so that with earlier releases they fix no hidden count; and what those fix alone.

    Takes the rows of the year after hiding, and the counts of every month (stratum, site_id, period, numerator) of the year and of the
    years released. A zero counts as known. Hides the smallest category that takes part in a leak, and looks again.
    """
    hidden = mixed["hidden"].astype(bool).copy()
    measure = mixed["measure"].iloc[0]
    years = {name: each.windows[name] for each in releases for name in each.whole}
    out = {
        (stratum, place, window)
        for each in releases
        for stratum, place, window in each.cells(measure)
        if window in years
    }
    if not out:
        return hidden, set()
    mix = _read_mix(counted, {year.name: year, **{name: years[name] for *_, name in out}})
    out = {cell for cell in out if cell[0] in mix.strata and cell[1] in {STATEWIDE, *mix.places}}
    targets = {
        (stratum, place, window): mix.line(stratum, place, window)
        for window in mix.spans
        for place in [STATEWIDE, *mix.places]
        for stratum in mix.strata
        if 0 < mix.count(stratum, place, window) < smallest and (stratum, place, window) not in out
    }
    keys = zip(mixed["stratum"], mixed["site_id"], mixed["period"], strict=True)
    rows = {cell: index for cell, index in zip(keys, mixed.index, strict=True) if cell[0] in mix.strata}
    every = {key: mix.line(*key) for key in mix.told(out | rows.keys())}
    lost: set[Cell] | None = None
    while True:
        new = {cell for cell, index in rows.items() if not hidden[index]} - out
        lines = {key: every[key] for key in mix.told(out | new) if every[key].any()}
        aims = {cell: line for cell, line in targets.items() if cell not in new and cell not in (lost or ())}
        if (leak := next(iter(_fixed(lines, aims)), None)) is None:
            return hidden, {(place, window) for _, place, window in lost or ()}
        if lost is None:  # looked at once there is a leak: mostly there is none
            lost = set(_fixed({key: every[key] for key in mix.told(out) if every[key].any()}, targets))
            continue
        weight = dict(zip(lines, weights(np.array(list(lines.values())), targets[leak]), strict=True))
        taking_part = [key for key in lines if abs(weight[key]) > FIXED and key not in out]
        cells = [key for key in taking_part if key in new]
        # A place's number in all goes with the last of its categories.
        cells = cells or [cell for cell in new if (None, *cell[1:]) in taking_part] or sorted(new)
        # A zero hides nothing.
        first = min(cells, key=lambda cell: (mix.count(*cell) == 0, cell[1] == STATEWIDE, mix.count(*cell), cell))
        hidden[rows[first]] = True


def _fixed(lines: dict, targets: dict[Cell, np.ndarray]) -> list[Cell]:
    """The targets that the lines fix: a random move of the unknown counts that leaves every line alone leaves them alone."""
    if not lines or not targets:
        return []
    shown, aims = (sparse.csr_matrix(np.array(list(each.values()))) for each in (lines, targets))
    move = free_move(shown, np.random.default_rng(SEED_OF_THE_MOVE).standard_normal(shown.shape[1]))
    return [cell for cell, moved in zip(targets, aims @ move, strict=True) if abs(moved) < FIXED]


def _read_mix(counted: pd.DataFrame, years: dict[str, Period]) -> Mix:
    ends = sorted({edge for window in years.values() for edge in (window.first, window.last + 1)})
    months = {name: pd.Period(name, "M").ordinal for name in counted["period"].unique()}
    month = counted["period"].map(months)
    counts = counted[month.between(ends[0].ordinal, ends[-1].ordinal - 1)]
    at = np.searchsorted([edge.ordinal for edge in ends], month[counts.index], side="right") - 1
    wide = counts["numerator"].astype(float).groupby([counts["stratum"], counts["site_id"], at]).sum()
    strata = sorted(counts["stratum"].unique())
    places = sorted(set(counts["site_id"]) - {STATEWIDE})
    index = pd.MultiIndex.from_product([strata, [*places, STATEWIDE], range(len(ends) - 1)])
    block = wide.reindex(index, fill_value=0).to_numpy(copy=True).reshape(len(strata), len(places) + 1, len(ends) - 1)
    block[:, -1] = np.maximum(block[:, -1] - block[:, :-1].sum(axis=1), 0)  # places without a page
    spans = {
        name: [at for at, edge in enumerate(ends[:-1]) if window.first <= edge <= window.last]
        for name, window in years.items()
    }
    spans |= {f"span {at}": [at] for at in range(len(ends) - 1)}
    return Mix(strata, [*places, "(elsewhere)"], block, spans)
