"""Months on Medicaid: spans with gaps around each crisis, forward and back."""

import numpy as np

from analysis.demo.linked.crises import Crises
from analysis.demo.linked.frame import month_of, month_starts
from analysis.demo.linked.paths import Paths
from analysis.demo.linked.settings import GROUPS, Linked

BEFORE_DAYS = 180  # of enrollment that the study asks for before the crisis


def draw_enrolled(
    crises: Crises, mobile: np.ndarray, paths: Paths, linked: Linked, rng: np.random.Generator
) -> np.ndarray:
    """True in the months in which each child is on Medicaid: one row a child, one column a month of the claims.

    All are in the month of their crisis. A placed child, or one in hospital, never leaves. Months are whole. Who had been on
    Medicaid for too short a time at the crisis leaves before that changes: else a later visit would be the one that counts.
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
    return _leave_early(enrolled, crises, linked)


def _leave_early(enrolled: np.ndarray, crises: Crises, linked: Linked) -> np.ndarray:
    starts, months = month_starts(linked), enrolled.shape[1]
    came = came_on(enrolled, crises, linked)
    short = crises.day - came < BEFORE_DAYS
    # The month in which the days would be enough, and all that follow.
    enough = np.searchsorted(starts, came + BEFORE_DAYS, side="right") - 1
    gone = short[:, None] & (
        np.arange(months)[None, :] >= np.maximum(enough, month_of(linked, crises.day) + 1)[:, None]
    )
    return enrolled & ~gone


def came_on(enrolled: np.ndarray, crises: Crises, linked: Linked) -> np.ndarray:
    """The first day of the span of enrollment that holds the crisis; a gap of one month does not end it."""
    starts, months = month_starts(linked), enrolled.shape[1]
    index = month_of(linked, crises.day)
    column = np.arange(months)[None, :]
    before = enrolled | (column >= index[:, None])
    either = before[:, :-1] | before[:, 1:]  # at least one of two neighboring months
    broken = ~either & (column[:, :-1] < index[:, None])
    last = np.where(broken.any(axis=1), months - 2 - broken[:, ::-1].argmax(axis=1), -2)
    first = np.where(last >= -1, last + 2, 0)
    first = np.where(before[np.arange(len(first)), first], first, first + 1)
    return starts[first]


def left_on(enrolled: np.ndarray, crises: Crises, linked: Linked) -> np.ndarray:
    """The last day of the span of enrollment that holds the crisis; a gap of one month does not end it."""
    starts, months = month_starts(linked), enrolled.shape[1]
    index = month_of(linked, crises.day)
    column = np.arange(months)[None, :]
    after = enrolled | (column <= index[:, None])
    either = after[:, :-1] | after[:, 1:]
    broken = ~either & (column[:, :-1] > index[:, None])
    first = np.where(broken.any(axis=1), broken.argmax(axis=1), months)
    last = np.minimum(first - 1, months - 1)
    last = np.where(after[np.arange(len(last)), last], last, last - 1)
    return starts[last + 1] - 1


def placed_months(crises: Crises, paths: Paths, linked: Linked) -> np.ndarray:
    """True in months with a night in care or in a hospital: one row a child, one column a month of the claims."""
    starts = month_starts(linked)
    months = len(starts) - 1
    real = ~paths.placements["hold"]
    child, first, last = (
        np.concatenate([paths.placements[name][real], paths.stays[name]]) for name in ("child", "from", "to")
    )
    first = (crises.day[child] + first).clip(0, linked.last_day)
    last = (crises.day[child] + last).clip(0, linked.last_day)
    steps = np.zeros((len(crises), months + 1), dtype=np.int32)
    np.add.at(steps, (child, np.searchsorted(starts, first, side="right") - 1), 1)
    np.add.at(steps, (child, np.searchsorted(starts, last, side="right")), -1)
    return np.cumsum(steps, axis=1)[:, :-1] > 0
