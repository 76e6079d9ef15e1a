"""How much counts vary without any site being low: month shocks inside sites, and the spread between ordinary sites.

Arrays end in (sites, months); whatever stands before is repetitions. A month in which a site was not open has 0 expected
and 0 observed.
"""

import numpy as np
from scipy import special

from analysis.quality.utilization.parameters import LowUse

WIDEST = 2.0  # the largest spread looked for: sites that differ 7-fold within one standard deviation
HALVINGS = 30  # of the interval from 0 to its square: 9 digits


def month_shocks(observed: np.ndarray, expected: np.ndarray, *, rule: LowUse) -> np.ndarray:
    """1 / size of the month-to-month shocks inside sites, where a month's variance is mean + mean^2 / size; 0 is Poisson.

    Each site's months are held against its own level, O / E times what the month was expected to give, so a site that is
    always low adds nothing. Weighted moments (Breslow 1984, Applied Statistics 33:38-44), with each month's variance at the size of
    params/low_use.yml for its weight. What the reference rate itself moves from month to month is in it: it widens O - E as well.

    Where the estimate is known to less than 1 / that size, the larger of the two is given, never a smaller one by luck.
    Gives one number a repetition.
    """
    prior = 1 / rule.shocks.size
    total = expected.sum(axis=-1, keepdims=True)
    part = np.divide(expected, total, out=np.zeros_like(expected), where=total > 0)
    mean = part * observed.sum(axis=-1, keepdims=True)
    variance = mean + prior * mean**2
    weight = np.divide(1.0, variance, out=np.zeros_like(mean), where=variance > 0)
    beyond = (observed - mean) ** 2 - mean * (1 - part)
    # The variance of a month about the site's own level: v (1 - 2p) + p^2 (sum of v), v = mean^2 / size.
    squares = mean**2 * (1 - 2 * part) + part**2 * (mean**2).sum(axis=-1, keepdims=True)
    bottom = (weight * squares).sum(axis=(-2, -1))
    freedom = np.where(weight > 0, 1 - part, 0.0).sum(axis=(-2, -1))
    some = bottom > 0
    safe = np.where(some, bottom, 1.0)
    estimate = np.maximum((weight * beyond).sum(axis=(-2, -1)) / safe, 0.0)
    rough = ~some | (np.sqrt(2 * freedom) / safe > prior)
    return np.where(some, np.where(rough, np.maximum(estimate, prior), estimate), prior)


def shocks_variance(expected: np.ndarray, shocks: np.ndarray) -> np.ndarray:
    """What month shocks add to the variance of a site's total: the sum of each month's mean^2 / size. Gives (sites).

    >>> shocks_variance(np.array([[10.0, 20.0]]), np.array(0.04)).tolist()      # (100 + 400) / 25
    [20.0]
    """
    return (expected**2).sum(axis=-1) * shocks[..., None]


def between_sites(observed: np.ndarray, expected: np.ndarray, shocks: np.ndarray, *, rule: LowUse) -> np.ndarray:
    """The spread of ordinary sites: the standard deviation of log rate ratios beyond chance and month shocks.

    From the sites above the middle one alone, as if those below were their mirror image: sites that are truly low lie below,
    and would make a low site look ordinary. There the variance between sites is the one at which the sum of
    (log O / E - middle)^2 / (variance inside + between) is the number of sites above (Paule and Mandel 1982, J. Res. Natl. Bur. Stand.
    87:377-385, about the median instead of a weighted mean). Simulated: with three of fifteen sites at half of what is expected, an
    ordinary spread of 0.15 comes out as 0.18; from both sides, the outermost fifth drawn in, as 0.26.

    Sites of which fewer than `least_expected` were expected are left out; one without an episode counts as half of one. Not
    below `at_least`: with fifteen sites an estimate is rough, and 0 often comes by luck. Gives one number a repetition.
    """
    o, e = observed.sum(axis=-1), expected.sum(axis=-1)
    used = e >= rule.classes.least_expected
    safe = np.where(used, e, 1.0)
    inside = 1 / safe + shocks_variance(expected, shocks) / safe**2
    enough = used.sum(axis=-1) >= rule.spread.fewest_sites
    y = np.where(used, np.log(np.maximum(o, 0.5) / safe), np.nan)
    y = np.where(enough[..., None], y, 0.0)  # where there are too few sites no median is taken of nothing
    squared = (y - np.nanmedian(y, axis=-1, keepdims=True)) ** 2
    above = used & (y > np.nanmedian(y, axis=-1, keepdims=True))
    many = above.sum(axis=-1)
    low, high = np.zeros(many.shape), np.full(many.shape, WIDEST**2)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        beyond = np.where(above, squared / (inside + middle[..., None]), 0.0).sum(axis=-1) > many
        low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
    return np.where(enough, np.maximum(np.sqrt(low), rule.spread.at_least), rule.spread.at_least)


def lower_tail(observed: np.ndarray, expected: np.ndarray, extra: np.ndarray) -> np.ndarray:
    """The chance of so few episodes or fewer at an ordinary site: negative binomial with variance expected + extra.

    `extra` is what month shocks and the spread between sites add; 0 is Poisson. Missing where nothing was expected.

    >>> lower_tail(np.array([15, 16]), np.array([30.0, 30.0]), 0.3 * 30 + 0.15**2 * 30**2 * np.ones(2)).round(4).tolist()
    [0.0173, 0.0263]
    """
    observed, expected, extra = np.broadcast_arrays(
        np.asarray(observed, float), np.asarray(expected, float), np.asarray(extra, float)
    )
    some = (expected > 0) & ~np.isnan(expected)
    wide = some & (extra > 1e-12 * np.where(some, expected, 1.0))
    tail = np.full(expected.shape, np.nan)
    size = expected[wide] ** 2 / extra[wide]
    tail[wide] = special.betainc(size, observed[wide] + 1, size / (size + expected[wide]))
    plain = some & ~wide
    tail[plain] = special.pdtr(observed[plain], expected[plain])
    return tail
