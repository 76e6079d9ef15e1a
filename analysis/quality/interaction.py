"""Did groups of children move differently from one period to the next? One test for all groups, not one a pair."""

import numpy as np
from scipy import stats

FEWEST_EXPECTED = 5
STEPS = 500
CLOSE = 1e-9


def interaction_p(cells: np.ndarray) -> float | None:
    """Did the groups' odds move differently from one period to the other? One test for all groups.

    Takes counts (group, period, yes or no). Likelihood-ratio test of the log-linear model without the three-way term, fitted by
    iterative proportional fitting, with groups - 1 degrees of freedom (Bishop, Fienberg and Holland 1975, Discrete Multivariate
    Analysis, ch. 3 and 4). None where an expected count is below 5, where the test does not hold.

    >>> same = np.array([[[50, 50], [60, 40]], [[50, 50], [60, 40]]])
    >>> round(interaction_p(same), 3)
    1.0
    >>> round(interaction_p(np.array([[[50, 50], [70, 30]], [[50, 50], [50, 50]]])), 4)
    0.0378
    """
    fitted = np.ones(cells.shape)
    for _ in range(STEPS):
        before = fitted
        for axis in range(3):
            margin, own = cells.sum(axis=axis, keepdims=True), fitted.sum(axis=axis, keepdims=True)
            fitted = fitted * np.divide(margin, own, out=np.zeros(own.shape), where=own > 0)
        if np.abs(fitted - before).max() < CLOSE:
            break
    if fitted.min() < FEWEST_EXPECTED:
        return None
    deviance = 2 * np.sum(np.where(cells > 0, cells * np.log(np.where(cells > 0, cells, 1) / fitted), 0.0))
    return float(stats.chi2.sf(max(deviance, 0.0), df=len(cells) - 1))
