"""Months on Medicaid: spans with gaps around each crisis, forward and back."""

import numpy as np

from analysis.demo.linked.crises import Crises
from analysis.demo.linked.frame import month_of, month_starts
from analysis.demo.linked.paths import Paths
from analysis.demo.linked.settings import GROUPS, Linked


def draw_enrolled(
    crises: Crises, mobile: np.ndarray, paths: Paths, linked: Linked, rng: np.random.Generator
) -> np.ndarray:
    """True in the months in which each child is on Medicaid: one row a child, one column a month of the claims.

    All are in the month of their crisis. A placed child never leaves. Months are whole.
    """
    months = len(month_starts(linked)) - 1
    index, size = month_of(linked, crises.day), len(crises)
    parts = linked.enrollment
    group = np.array(list(GROUPS))
    leaves = np.array([parts.leaves[name] for name in group])[crises.group]
    used = crises.prior["ed_365"] + crises.prior["stay_365"]
    leaves = np.minimum(leaves * np.exp(parts.by_prior_use * used + parts.mobile * mobile), 1)
    comes = np.array([parts.comes[name] for name in group])[crises.group]
    placed = placed_months(crises, paths, linked)
    enrolled = np.zeros((size, months), dtype=bool)
    enrolled[np.arange(size), index] = True
    shocks = rng.random((2, months, size), dtype=np.float32)
    back_rate = parts.back / parts.back_after_months
    now = np.ones(size, dtype=bool)
    for ahead in range(1, months):
        here = index + ahead
        at = np.minimum(here, months - 1)
        stays = (shocks[0, ahead] >= leaves) | placed[np.arange(size), at]
        now = np.where(now, stays, shocks[0, ahead] < back_rate) | placed[np.arange(size), at]
        seen = here < months
        enrolled[np.flatnonzero(seen), at[seen]] = now[seen]
    now = np.ones(size, dtype=bool)
    for back in range(1, months):
        here = index - back
        now = np.where(now, shocks[1, back] >= comes, shocks[1, back] < 1 / parts.back_after_months)
        seen = here >= 0
        enrolled[np.flatnonzero(seen), here[seen]] = now[seen]
    return enrolled


def placed_months(crises: Crises, paths: Paths, linked: Linked) -> np.ndarray:
    """True in months with a night in care: one row a child, one column a month of the claims."""
    starts = month_starts(linked)
    months = len(starts) - 1
    spans = paths.placements
    real = ~spans["hold"]
    child = spans["child"][real]
    first = (crises.day[child] + spans["from"][real]).clip(0, linked.last_day)
    last = (crises.day[child] + spans["to"][real]).clip(0, linked.last_day)
    steps = np.zeros((len(crises), months + 1), dtype=np.int32)
    np.add.at(steps, (child, np.searchsorted(starts, first, side="right") - 1), 1)
    np.add.at(steps, (child, np.searchsorted(starts, last, side="right")), -1)
    return np.cumsum(steps, axis=1)[:, :-1] > 0
