"""Why a column is missing more often in some months than in others: sites that never fill it, or a change that every site went through."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd
from scipy.special import xlogy

from analysis.intervals import clopper_pearson
from analysis.quality.completeness import recorded_columns, to_be_filled, turned

NEVER_FROM = 0.95  # of a site's episodes without the value: a field that nobody there fills
FEWEST_MONTHS = 3  # on either side of a change


@dataclass(frozen=True)
class Change:
    """From `month` on the column was missing in `after` instead of `before` (shares, with the sites held fixed; rows looked at)."""

    month: pd.Period
    first: pd.Period
    last: pd.Period
    before: float
    after: float
    rows_before: int
    rows_after: int


@dataclass(frozen=True)
class Unfilled:
    """What is behind a column that some months lack more than others.

    Attributes
    ----------
    never : tuple of str
        Sites that leave it empty always or nearly so, where the others did not in the same months.
    elsewhere : (missing, rows)
        Of the other sites.
    filled_there : int
        Episodes of the sites of `never` that have it.
    change : Change or None
        A lasting change at the other sites.
    by_site, by_month : bool
        Among the other sites, and without a change: missing more at some of them, and more in some months.
    """

    column: str
    never: tuple[str, ...]
    elsewhere: tuple[int, int]
    filled_there: int
    change: Change | None
    by_site: bool
    by_month: bool


def missing_by_site(episodes: pd.DataFrame, name: str, months: list[pd.Period]) -> pd.DataFrame:
    """Episodes of the months that are to fill the column, and those without. One row per site and month: site_id, month, missing, rows."""
    month = episodes["counted_on"].dt.to_period("M")
    due = to_be_filled(episodes, name) & month.isin(months)
    of = pd.DataFrame({"site_id": episodes["site_id"], "month": month, "missing": episodes[name].isna(), "rows": 1})
    return of[due].groupby(["site_id", "month"], as_index=False).sum().astype({"missing": int})


def never_filled(counts: pd.DataFrame, *, by_more_than: float, fewest: int, confidence: float) -> tuple[str, ...]:
    """The sites that leave the column empty in NEVER_FROM of their episodes or more, and more so than the others in the same months.

    Takes what `missing_by_site` gives. A site that opened after a form had changed everywhere is not named: the others leave the field
    empty as well by then.

    >>> counts = pd.DataFrame({"site_id": ["a", "a", "b"], "month": [1, 2, 2], "missing": [2, 3, 40], "rows": [50, 50, 40]})
    >>> never_filled(counts, by_more_than=0.2, fewest=11, confidence=0.99)
    ('b',)
    >>> never_filled(counts.assign(missing=[2, 50, 40]), by_more_than=0.2, fewest=11, confidence=0.99)
    ()
    """
    whole = counts.groupby("site_id")[["missing", "rows"]].sum()
    empty = whole[whole["rows"].ge(fewest) & whole["missing"].ge(NEVER_FROM * whole["rows"])]
    others = counts[~counts["site_id"].isin(empty.index)]
    named = []
    for site, own in empty.iterrows():
        beside = others[others["month"].isin(counts.loc[counts["site_id"].eq(site), "month"])][
            ["missing", "rows"]
        ].sum()
        if beside["rows"] < fewest:
            continue
        span = clopper_pearson(
            [own["missing"], beside["missing"]], [own["rows"], beside["rows"]], confidence=confidence
        )
        apart = own["missing"] / own["rows"] - beside["missing"] / beside["rows"]
        if apart > by_more_than and span.low[0] > span.high[1]:
            named.append(str(site))
    return tuple(sorted(named))


def lasting_change(
    counts: pd.DataFrame, months: list[pd.Period], *, by_more_than: float, fewest: int, confidence: float
) -> Change | None:
    """The month from which on the column is missing more or less often than before with the sites held fixed; None where there is none.

    Takes what `missing_by_site` gives. Each month is tried that leaves FEWEST_MONTHS on either side. Only sites with `fewest` episodes on
    both sides count, each with one weight (its episodes of both sides) before and after, so that sites that open or grow move nothing. The month is the likeliest
    one (two binomial shares a site, before and after); the difference must be more than `by_more_than` and beyond chance (normal, half a case added to each cell) at `confidence`, shared out among the months tried (Bonferroni).

    >>> months = list(range(8))
    >>> counts = pd.DataFrame({"site_id": "a", "month": months, "missing": [1] * 4 + [19] * 4, "rows": 20})
    >>> lasting_change(counts, months, by_more_than=0.2, fewest=11, confidence=0.99).month
    4
    """
    if len(months) < 2 * FEWEST_MONTHS or counts.empty:
        return None
    missing, rows = (
        counts.pivot_table(index="site_id", columns="month", values=name, fill_value=0, aggfunc="sum")
        .reindex(columns=months, fill_value=0)
        .to_numpy(dtype=float)
        for name in ("missing", "rows")
    )
    tried = range(FEWEST_MONTHS, len(months) - FEWEST_MONTHS + 1)
    found = [split for at in tried if (split := _split(missing, rows, at, fewest)) is not None]
    if not found:
        return None
    best = max(found, key=lambda split: split.gain)
    limit = NormalDist().inv_cdf(1 - (1 - confidence) / 2 / len(found)) * best.error
    if abs(best.after - best.before) <= max(by_more_than, limit):
        return None
    return Change(months[best.at], months[0], months[-1], best.before, best.after, *best.rows)


@dataclass(frozen=True)
class _Split:
    """Shares before and from `at` on with the sites held fixed, the standard error of their difference, the rows of both, and how much likelier
    the counts are with two shares a site instead of one (log likelihood)."""

    at: int
    before: float
    after: float
    error: float
    rows: tuple[int, int]
    gain: float


def _split(missing: np.ndarray, rows: np.ndarray, at: int, fewest: int) -> _Split | None:
    n = np.stack([rows[:, :at].sum(axis=1), rows[:, at:].sum(axis=1)])
    both = (n >= fewest).all(axis=0)
    if not both.any():
        return None
    x, n = np.stack([missing[:, :at].sum(axis=1), missing[:, at:].sum(axis=1)])[:, both], n[:, both]
    weights = n.sum(axis=0) / n.sum()
    before, after = (x / n) @ weights
    part = (x + 0.5) / (n + 1)
    error = float(np.sqrt((weights**2 * (part * (1 - part) / n).sum(axis=0)).sum()))
    gain = _log_likelihood(x, n) - _log_likelihood(x.sum(axis=0), n.sum(axis=0))
    return _Split(at, float(before), float(after), error, (int(n[0].sum()), int(n[1].sum())), gain)


def _log_likelihood(x: np.ndarray, n: np.ndarray) -> float:
    """Of x in n, each at its own share; a share of none or all is certain."""
    return float((xlogy(x, x / n) + xlogy(n - x, 1 - x / n)).sum())


def unfilled(
    episodes: pd.DataFrame, months: dict[str, list[pd.Period]], *, by_more_than: float, fewest: int, confidence: float
) -> list[Unfilled]:
    """The columns that are missing more at some sites, since some month or in some months than in others, the most often missing first.

    `months` are the whole months of each column.
    """
    rule = {"by_more_than": by_more_than, "fewest": fewest, "confidence": confidence}
    found = []
    for column in recorded_columns(episodes):
        counts = missing_by_site(episodes, column.name, months[column.name])
        never = never_filled(counts, **rule)
        there = counts["site_id"].isin(never)
        rest, own = counts[~there], counts[there]
        change = lasting_change(rest, months[column.name], **rule)
        uneven = rest.groupby("month", as_index=False)[["missing", "rows"]].sum().assign(column=column.name)
        by_month = change is None and bool(turned(uneven, **rule))
        whole = rest.groupby("site_id", as_index=False)[["missing", "rows"]].sum().assign(column=column.name)
        if never or change or by_month:
            elsewhere = int(rest["missing"].sum()), int(rest["rows"].sum())
            filled = int(own["rows"].sum() - own["missing"].sum())
            by_site = by_month and bool(turned(whole, **rule))
            found.append(Unfilled(column.name, never, elsewhere, filled, change, by_site, by_month))
    return found
