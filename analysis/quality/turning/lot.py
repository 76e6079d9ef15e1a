"""Which site starts first, drawn by lot: fair where all may and not all can, and the ground of a test that needs no model."""

import hashlib
from collections.abc import Mapping, Sequence
from itertools import permutations
from math import factorial

import numpy as np

MOST_ORDERS = 5040  # of seven sites: all are looked at; of more, as many are drawn
SEED_OF_THE_ORDERS = 20261126


def draw_order(eligible: Sequence[str], words: str) -> list[str]:
    """The eligible sites in the order of starting. `words` are public and fixed before anybody can know what they give.

    The same words and sites give the same order whoever draws, in whatever order the sites are named. Raises ValueError for fewer
    than two sites, for one named twice, and for no words.

    >>> draw_order(["site-04", "site-09", "site-12"], "The state lottery's numbers of 1 November 2026: 3 17 22 40 41")
    ['site-12', 'site-09', 'site-04']
    """
    names = sorted(eligible)
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError("A lot needs two sites or more, each named once.")
    if not words.strip():
        raise ValueError("A lot needs public words that nobody could know beforehand, such as a lottery's numbers.")
    digest = hashlib.sha256(" ".join(words.split()).encode()).digest()
    order = np.random.default_rng(list(digest)).permutation(len(names))
    return [names[at] for at in order]


def randomization_test(logs: Mapping[str, Sequence[float]], starts: Mapping[str, int]) -> tuple[float, float]:
    """The mean change of use after the start, and how often a lot would give one as large by chance (one-sided).

    `logs` has a site's log ratio of observed to expected for each period, `starts` the number of the period in which each began;
    the change of a site is its mean since less its mean before. The lot might have given any site any of these starts: the share
    of these orders with a mean change as large is the p-value (Fisher, 1935; for staggered starts Ji and others 2017, Ann Appl Stat
    11:1). Lawful only where the order was drawn by lot. Raises ValueError where a site has no period before or since a start.

    >>> flat, risen = [0.0, 0.0, 0.0, 0.0], [-0.7, 0.0, 0.0, 0.0]
    >>> randomization_test({"a": risen, "b": flat, "c": flat}, {"a": 1, "b": 2, "c": 3})
    (0.233333, 0.333333)
    """
    sites = sorted(starts)
    series = np.array([logs[site] for site in sites], dtype=float)
    given = [starts[site] for site in sites]
    if any(not 0 < start < series.shape[1] for start in given):
        raise ValueError("Each site needs a period before its start and one from it on.")
    changes = {
        start: series[:, start:].mean(axis=1) - series[:, :start].mean(axis=1) for start in set(given)
    }  # fmt: skip

    def mean_change(order: Sequence[int]) -> float:
        return float(np.mean([changes[start][at] for at, start in enumerate(order)]))

    seen = mean_change(given)
    if factorial(len(given)) <= MOST_ORDERS:
        every = [mean_change(order) for order in permutations(given)]
        return round(seen, 6), round(float(np.mean([each >= seen - 1e-12 for each in every])), 6)
    rng = np.random.default_rng(SEED_OF_THE_ORDERS)
    drawn = [mean_change(rng.permutation(given)) for _ in range(MOST_ORDERS)]
    larger = sum(each >= seen - 1e-12 for each in drawn)
    return round(seen, 6), round((larger + 1) / (MOST_ORDERS + 1), 6)
