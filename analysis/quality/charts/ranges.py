"""Moving ranges: the steps from point to point that the spread of a single series is judged by."""

from dataclasses import dataclass

import numpy as np

# Montgomery 2009, Introduction to Statistical Quality Control, 6th ed., appendix VI, subgroups of two: d2, D4, and the
# upper limit of a moving range (Nelson 1982, Journal of Quality Technology 14(3):172-173).
D2 = 1.128
RANGE_LIMIT = 3.267
RANGE_LIMIT_I_PRIME = 3.2665  # the same, as Taylor 2018 prints it for the normalized individuals chart


@dataclass(frozen=True)
class MeanRange:
    """The mean moving range, and what screening did.

    Attributes
    ----------
    value : float
        Missing where there are fewer than two points in a row.
    ranges, dropped : int
        Ranges that there were, and those that screening left out.
    flat : bool
        Every range is 0: screening would have left none, so nothing was screened.
    """

    value: float
    ranges: int
    dropped: int
    flat: bool


def moving_ranges(values: np.ndarray) -> np.ndarray:
    """|y_i - y_(i-1)|, one fewer than the values; missing on both sides of a gap.

    >>> moving_ranges(np.array([1.0, 4.0, np.nan, 2.0])).tolist()
    [3.0, nan, nan]
    """
    return np.abs(np.diff(np.asarray(values, dtype=float)))


def mean_range(
    ranges: np.ndarray, *, screen: bool, limit: float = RANGE_LIMIT, flat_loses_limits: bool = False
) -> MeanRange:
    """The mean of the ranges; with `screen`, once more without those at or above `limit` times their mean.

    One pass, strictly below is kept, and the center line is not estimated anew. A series without any step (100% every month)
    has a mean range of 0, below which nothing lies: then the unscreened mean stands, unless `flat_loses_limits`, as in NHSRplotthedots
    and qicharts2, where the limits vanish.

    >>> mean_range(np.array([1.0, 1, 1, 1, 1, 1, 1, 12]), screen=True)      # mean 2.375, limit 7.76: 12 goes
    MeanRange(value=1.0, ranges=8, dropped=1, flat=False)
    >>> mean_range(np.array([0.0, 0.0, 0.0]), screen=True)
    MeanRange(value=0.0, ranges=3, dropped=0, flat=True)
    """
    known = ranges[~np.isnan(ranges)]
    if len(known) == 0:
        return MeanRange(np.nan, 0, 0, False)
    mean = float(known.mean())
    flat = mean == 0
    if not screen or (flat and not flat_loses_limits):
        return MeanRange(mean, len(known), 0, flat)
    kept = known[known < limit * mean]
    return MeanRange(float(kept.mean()) if len(kept) else np.nan, len(known), len(known) - len(kept), flat)
