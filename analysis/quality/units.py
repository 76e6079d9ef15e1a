"""How the values of a measure become a figure in each cell (one place and period): one function a unit of the cards.

`cell` says for each value to which of `n_cells` cells it belongs. Each gives one row per cell, stratum by stratum: denominator,
value, low, high, stratum, numerator, low_for_change, high_for_change.
"""

import numpy as np
import pandas as pd
from scipy import stats

from analysis.intervals import Interval, garwood, order_statistic_ranks, wilson
from analysis.quality.cards import Card, Cards

ALL = "all"  # the stratum of a measure that is not a mix
PER_CHILDREN = 1000  # the base of a rate, as the contract has it


def shares(cell: np.ndarray, code: np.ndarray, n_cells: int, strata: list, cards: Cards) -> pd.DataFrame:
    denominator = np.bincount(cell, minlength=n_cells)
    coded = code >= 0
    numerator = np.bincount(code[coded] * n_cells + cell[coded], minlength=n_cells * len(strata))
    denominator = np.tile(denominator, len(strata))
    value = np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0)
    names = [ALL if stratum is True else stratum for stratum in strata]
    ends = wilson(numerator, denominator, confidence=cards.confidence)
    return frame_of(np.repeat(names, n_cells), numerator, denominator, value, ends)


def counts(
    cell: np.ndarray, ids: np.ndarray, n_cells: int, child_years: np.ndarray | None, card: Card, cards: Cards
) -> pd.DataFrame:
    distinct = pd.DataFrame({"cell": cell, "id": ids}).drop_duplicates()
    numerator = np.bincount(distinct["cell"], minlength=n_cells)
    behind = np.bincount(cell, minlength=n_cells)
    if card.unit == "per_child":
        each = pd.DataFrame({"cell": cell, "id": ids}).groupby(["cell", "id"], sort=True).size()
        mean, ends = mean_and_ends(
            each.index.get_level_values("cell").to_numpy(dtype=int), each.to_numpy(float), n_cells, cards
        )
        return frame_of(ALL, numerator, behind, mean, ends)
    ends = garwood(numerator, confidence=cards.confidence)
    if child_years is None:
        return frame_of(ALL, numerator, behind, numerator.astype(float), ends)
    base = np.where(child_years > 0, child_years, np.nan) / PER_CHILDREN
    return frame_of(ALL, numerator, child_years, numerator / base, Interval(ends.low / base, ends.high / base))


def means(cell: np.ndarray, value: np.ndarray, n_cells: int, card: Card, cards: Cards) -> pd.DataFrame:
    mean, ends = mean_and_ends(cell, value, n_cells, cards)
    return frame_of(ALL, pd.NA, np.bincount(cell, minlength=n_cells), mean, ends)


def mean_and_ends(cell: np.ndarray, value: np.ndarray, n_cells: int, cards: Cards) -> tuple[np.ndarray, Interval]:
    """The mean of each cell with its t interval (Student 1908, Biometrika 6:1-25); none of fewer than two values.

    Values are added up in order of size, so that a sum of floats does not depend on the order of rows in a file.
    """
    order = np.lexsort((value, cell))
    cell, value = cell[order], value[order]
    cases = np.bincount(cell, minlength=n_cells)
    mean = np.divide(
        np.bincount(cell, weights=value, minlength=n_cells), cases, out=np.full(n_cells, np.nan), where=cases > 0
    )
    squares = np.bincount(cell, weights=(value - mean[cell]) ** 2, minlength=n_cells)
    some = cases > 1
    free = np.where(some, cases - 1, 1)
    half = np.where(
        some, stats.t.ppf((1 + cards.confidence) / 2, free) * np.sqrt(squares / free / np.maximum(cases, 1)), np.nan
    )
    return mean, Interval(mean - half, mean + half)


def sums(cell: np.ndarray, value: np.ndarray, n_cells: int, card: Card, cards: Cards) -> pd.DataFrame:
    total = np.bincount(cell, weights=value, minlength=n_cells)
    none = np.full(n_cells, np.nan)
    return frame_of(ALL, total.astype(int), np.bincount(cell, minlength=n_cells), total, Interval(none, none))


def portions(cell: np.ndarray, value: pd.DataFrame, n_cells: int) -> pd.DataFrame:
    order = np.lexsort((value["whole"].to_numpy(float), value["part"].to_numpy(float), cell))
    part, whole = (
        np.bincount(cell[order], weights=value[name].to_numpy(float)[order], minlength=n_cells)
        for name in ("part", "whole")
    )
    share = np.divide(part, whole, out=np.full(n_cells, np.nan), where=whole > 0)
    none = np.full(n_cells, np.nan)
    counted = pd.array(part, dtype="Float64")
    counted[part != np.round(part)] = pd.NA
    return frame_of(ALL, counted.astype("Int64"), whole, share, Interval(none, none))


def quantiles(cell: np.ndarray, minutes: np.ndarray, n_cells: int, card: Card, cards: Cards) -> pd.DataFrame:
    """A quantile between two neighbours is interpolated (Hyndman and Fan 1996, type 7: the usual median)."""
    in_order = np.append(minutes[np.lexsort((minutes, cell))], np.nan)
    cases = np.bincount(cell, minlength=n_cells)
    start = np.cumsum(cases) - cases

    def ranked(rank: np.ndarray) -> np.ndarray:
        return in_order[np.where(rank > 0, start + rank - 1, -1)]

    place = np.maximum(cases - 1, 0) * card.quantile + 1
    below, above = (ranked(np.where(cases > 0, side(place), 0).astype(int)) for side in (np.floor, np.ceil))
    value = below + (above - below) * (place - np.floor(place))
    shown, judged = (
        Interval(*map(ranked, order_statistic_ranks(cases, quantile=card.quantile, confidence=confidence)))
        for confidence in (cards.confidence, cards.change_confidence)
    )
    table = frame_of(ALL, pd.NA, cases, value, shown)
    return table.assign(low_for_change=judged.low, high_for_change=judged.high)


def frame_of(
    stratum: object, numerator: object, denominator: np.ndarray, value: np.ndarray, ends: Interval
) -> pd.DataFrame:
    table = pd.DataFrame({"denominator": denominator.astype(float), "value": value, "low": ends.low, "high": ends.high})
    if not isinstance(numerator, pd.api.extensions.ExtensionArray):
        numerator = pd.array(np.broadcast_to(numerator, len(table)), dtype="Int64")
    return table.assign(
        stratum=stratum,
        numerator=numerator,
        low_for_change=np.nan,
        high_for_change=np.nan,
    )
