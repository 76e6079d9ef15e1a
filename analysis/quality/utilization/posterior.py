"""Chances of a site's rate ratio, from all sites at once: full Bayes on a grid, by quadrature, without random draws.

Log rate ratios are normal with an unknown mean and spread: 12 spreads (half-normal prior) by 23 means (flat), each pair weighted by
how well it explains every site. Intervals that plug in one estimate of the spread are far too short (docs/calibration.md).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

SPREADS = tuple((np.arange(12) + 0.5) * 0.075)  # 0.04 to 0.86
MEANS = tuple(np.linspace(-0.55, 0.55, 23))
LOWEST, HIGHEST, STEP = -2.5, 1.5, 0.025  # of log rate ratios; the ends stand for all beyond: ratios of 0.08 and 4.5
LEAST = 1e-9  # stands for shocks of 0: a negative binomial so near to Poisson that no digit differs
SMALLEST = 1e-300  # a pair that cannot explain a site at all: its weight is then 0, never a division by 0


@dataclass(frozen=True)
class Grid:
    """The prior. `edges` are of log rate ratios, the cuts among them; `mass` has one row a pair, one column a bin, `weight` one a pair."""

    edges: np.ndarray
    middles: np.ndarray
    mass: np.ndarray
    weight: np.ndarray


@lru_cache(maxsize=8)
def grid(cuts: tuple[float, ...], prior_spread: float) -> Grid:
    """The grid whose bins end at each of the rate ratios `cuts`, so that no bin lies on both sides of one."""
    edges = np.union1d(np.linspace(LOWEST, HIGHEST, round((HIGHEST - LOWEST) / STEP) + 1), np.log(cuts))
    spread, mean = (each.ravel() for each in np.meshgrid(SPREADS, MEANS, indexing="ij"))
    below = special.ndtr((edges[1:-1] - mean[:, None]) / spread[:, None])
    below = np.column_stack([np.zeros(len(mean)), below, np.ones(len(mean))])
    weight = np.exp(-((spread / prior_spread) ** 2) / 2)
    return Grid(edges, (edges[1:] + edges[:-1]) / 2, np.diff(below, axis=1), weight / weight.sum())


def posterior(observed: np.ndarray, expected: np.ndarray, variance: np.ndarray, prior: Grid) -> np.ndarray:
    """The chance of each bin of log rate ratios at each site: arrays of (sites) in, (sites, bins) out.

    `variance` is what month shocks add at a rate ratio of 1 (dispersion.shocks_variance): they are a part of the mean, so
    they shrink with it. A site of which nothing was expected says nothing and gets the prior as the others leave it.

    >>> ends = grid((0.75,), 0.4)
    >>> found = posterior(np.array([20.0, 50, 49]), np.array([50.0, 50, 50]), np.zeros(3), ends)
    >>> chance_below(found, 0.75, ends).round(2).tolist()
    [0.99, 0.04, 0.06]
    """
    expected = np.asarray(expected, float)
    some = expected > 0
    safe = np.where(some, expected, 1.0)
    relative = np.maximum(np.where(some, variance, 0.0) / safe**2, LEAST)[..., None]
    mean = safe[..., None] * np.exp(prior.middles)
    count = np.where(some, observed, 0.0)[..., None]
    log = count * prior.middles - (count + 1 / relative) * np.log1p(relative * mean)
    log = np.where(some[..., None], log, 0.0)
    likelihood = np.exp(log - log.max(axis=-1, keepdims=True))
    by_pair = np.maximum(likelihood @ prior.mass.T, SMALLEST)
    together = np.log(by_pair).sum(axis=-2) + np.log(prior.weight)
    weight = np.exp(together - together.max(axis=-1, keepdims=True))
    weight /= weight.sum(axis=-1, keepdims=True)
    return likelihood * ((weight[..., None, :] / by_pair) @ prior.mass)


def chance_below(found: np.ndarray, ratio: float, prior: Grid) -> np.ndarray:
    """The chance that each site's rate ratio is below `ratio`, one of the grid's cuts."""
    return found[..., prior.edges[1:] <= np.log(ratio) + 1e-12].sum(axis=-1)
