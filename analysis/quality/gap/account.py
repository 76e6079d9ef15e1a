"""A site's gap in families met a month, shared out over the steps at which they are lost, with its uncertainty.

The gap is what the site would have if each step were as at the comparable sites, less what it has. Step by step, from the
first: the families that a step loses against the median of comparable sites, times the chance, at that median, that they would
have come through the later steps. The parts add up to the gap. What is lost before the first contact is shared out further: over
who asks, and over hours in which the site's own team is not on duty.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.quality.gap.cells import cause_of
from analysis.quality.gap.path import VISIT_STEPS

SEED, DRAWS = 20261125, 1000
EDGES = (0.025, 0.975)
WHOLE = "all"


@dataclass(frozen=True)
class Seen:
    """What is known of the sites of one study over one window of `months`.

    `steps` is path.count_path's table, `cells` cells.count_cells' tables by site, `expected` the expected episodes by site_id,
    `shock_size` the size of the months' shocks (gamma shape; inf for none) and `comparable` the sites that a site is held
    against, itself left out.
    """

    steps: pd.DataFrame
    cells: dict[str, pd.DataFrame]
    expected: pd.Series
    months: float
    comparable: Collection[str]
    shock_size: float = np.inf


def account_for_gap(seen: Seen, site: str) -> pd.DataFrame:
    """The parts of one site's gap, largest first: cause, a_month, low, high (95%), leads.

    One row per cause and one, "all", for the whole gap. Causes are "hours" (the site's own team is not on duty), "asks:" with a
    referral source, and the steps of path.VISIT_STEPS. `a_month` is families met a month; a part below zero is a step that does
    better than the median. `leads` is the share of draws in which the part is the largest: draws of the counts (Poisson, with the
    month's shocks; beta for shares, with half a family added to each side) and of which sites the medians rest on (bootstrap).
    Empty where fewer than two other sites are comparable, or where the site had no call.
    """
    counts = seen.steps.pivot_table(index="site_id", columns="step", values="number")
    before = seen.steps.pivot_table(index="site_id", columns="step", values="before").astype(float)
    others = sorted(each for each in seen.comparable if each != site and counts.loc[each, "contacts"] > 0)
    empty = pd.DataFrame(columns=["cause", "a_month", "low", "high", "leads"])
    if len(others) < 2 or not counts.loc[site, "contacts"] or pd.isna(seen.expected[site]):
        return empty
    rng = np.random.default_rng([SEED, *site.encode()])
    causes, point = _parts(seen, site, others, counts, before, None)
    _, drawn = _parts(seen, site, others, counts, before, rng)
    leads = np.bincount(drawn.argmax(axis=1), minlength=drawn.shape[1]) / len(drawn)
    low, high = np.quantile(drawn, EDGES, axis=0)
    parts = pd.DataFrame({"cause": causes, "a_month": point[0], "low": low, "high": high, "leads": leads})
    parts = parts.sort_values(["a_month", "cause"], ascending=[False, True])
    every = pd.DataFrame(
        [(WHOLE, point[0].sum(), *np.quantile(drawn.sum(axis=1), EDGES), np.nan)], columns=empty.columns
    )
    return pd.concat([every, parts], ignore_index=True)


def _parts(
    seen: Seen,
    site: str,
    others: list[str],
    counts: pd.DataFrame,
    before: pd.DataFrame,
    rng: np.random.Generator | None,
) -> tuple[list[str], np.ndarray]:
    """The causes, and their parts in families a month: one row a draw, one column a cause; without a generator as observed."""
    draws, every = (1 if rng is None else DRAWS), [site, *others]
    contacts = _counts(counts.loc[every, "contacts"].to_numpy(float), seen, rng, draws)
    expected = seen.expected[every].to_numpy(float)
    steps = [step for step in VISIT_STEPS if step in counts]
    shares = np.stack(
        [_shares(counts.loc[every, step], before.loc[every, step], rng, draws) for step in steps], axis=-1
    )
    which = np.arange(len(others))[None, :] if rng is None else rng.integers(0, len(others), (draws, len(others)))
    rows = np.arange(draws)[:, None]
    median = np.nanmedian(shares[rows, 1 + which], axis=1)
    own = np.where(np.isnan(shares[:, 0]), median, shares[:, 0])
    usual_contacts = expected[0] * np.median(contacts[rows, 1 + which] / expected[1 + which], axis=1)
    by_step = [
        contacts[:, 0] * own[:, :at].prod(axis=1) * (median[:, at] - own[:, at]) * median[:, at + 1 :].prod(axis=1)
        for at in range(len(steps))
    ]
    causes, cells = _cells(seen, site, others, which, usual_contacts, contacts, rng)
    # What the cells hold too few, in calls, add up to the calls that are missing.
    parts = np.column_stack([cells * median.prod(axis=1)[:, None], *by_step])
    return [*causes, *steps], parts / seen.months


def _cells(seen, site, others, which, usual_contacts, contacts, rng) -> tuple[list[str], np.ndarray]:
    """By cause, the calls that a site lacks: usual calls in each cell less its own, both as episodes share them out."""
    table = seen.cells[site]
    observed = table.loc[[site, *others]].to_numpy(float)
    number = observed[None] if rng is None else rng.poisson(observed, (len(which), *observed.shape)).astype(float)
    rows = np.arange(len(which))[:, None]
    elsewhere = number[rows, 1 + which].sum(axis=1)
    usual = elsewhere / elsewhere.sum(axis=1, keepdims=True) * usual_contacts[:, None]
    whole = number[:, 0].sum(axis=1, keepdims=True)
    own = np.divide(number[:, 0], whole, out=np.zeros_like(number[:, 0]), where=whole > 0) * contacts[:, [0]]
    missing = usual - own
    of_cause = np.array([cause_of(source, on_duty) for source, on_duty in table.columns])
    names = sorted(set(of_cause))
    return names, np.column_stack([missing[:, of_cause == name].sum(axis=1) for name in names])


def _counts(contacts: np.ndarray, seen: Seen, rng: np.random.Generator | None, draws: int) -> np.ndarray:
    """Contacts by draw and site: as observed, or Poisson around them with the shocks that months have."""
    if rng is None:
        return contacts[None]
    size = seen.shock_size * seen.months
    shock = rng.gamma(size, 1 / size, (draws, len(contacts))) if np.isfinite(size) else 1.0
    return rng.poisson(contacts * shock, (draws, len(contacts))).astype(float)


def _shares(number: pd.Series, before: pd.Series, rng: np.random.Generator | None, draws: int) -> np.ndarray:
    """Shares by draw and site; missing where nobody came to the step before."""
    came, out_of = number.to_numpy(float), before.to_numpy(float)
    some = out_of > 0
    if rng is None:
        return np.divide(came, out_of, out=np.full_like(came, np.nan), where=some)[None]
    drawn = rng.beta(came + 0.5, out_of - came + 0.5, (draws, len(came)))
    return np.where(some, drawn, np.nan)
