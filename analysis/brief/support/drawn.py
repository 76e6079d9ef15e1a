"""Lots that were drawn, and the test that they make lawful once each plan has begun in its turn."""

import numpy as np
import pandas as pd

from analysis.brief import markup, wording
from analysis.brief.markup import Html
from analysis.brief.support.lots import read_lots
from analysis.brief.support.page import name_of
from analysis.brief.support.sources import Support
from analysis.quality.turning.lot import randomization_test


def drawn(support: Support) -> Html:
    """What lots were drawn, and, once each plan has begun in the order drawn, what they make lawful to say."""
    parts = []
    for lot in read_lots(support.numbers.study.name):
        order = wording.and_list([name_of(support, site) for site in lot.order])
        parts.append(
            markup.paragraph(f"The order of starting was drawn by lot: {order}. {_test_of(support, lot.order)}")
        )
    return markup.together(*parts)


def _test_of(support: Support, order: tuple[str, ...]) -> str:
    """The mean change since the starts against what any other order of them would have given; why not, where it cannot be said."""
    begun = {
        site: support.plans[site].started_on
        for site in order
        if site in support.plans and support.plans[site].started_on
    }
    if support.cannot or len(begun) < len(order):
        return "Not every plan of it has begun, so nothing is tested yet."
    if sorted(order, key=begun.get) != list(order):
        return "The plans did not begin in that order, so the lot makes no test lawful."
    if set(order) - set(support.use.sites):
        return "Not every site of it can be judged, so nothing is tested."
    quarters = {site: _by_quarter(support, site) for site in order}
    ends = quarters[order[0]].index
    starts = {
        site: int(ends.searchsorted(pd.Timestamp(day).to_period("Q"), side="right")) for site, day in begun.items()
    }
    if min(starts.values()) < 1 or max(starts.values()) >= len(ends):
        return "Not every plan of it has a whole quarter behind it, so nothing is tested yet."
    mean, chance = randomization_test({site: each.to_numpy() for site, each in quarters.items()}, starts)
    change = 100 * (np.exp(mean) - 1)
    return (
        f"Against what was expected, use since the starts is {markup.number(abs(change))}% {'up' if change >= 0 else 'down'} on before, on "
        f"average; of all orders that the lot could have drawn, {markup.number(100 * chance)} of 100 would show as much."
    )


def _by_quarter(support: Support, site: str) -> pd.Series:
    """The log of observed over expected by whole quarter, half an episode added to each so that a quarter without one has a value."""
    rows = support.series(site)
    sums = rows.groupby(rows["month"].dt.asfreq("Q"))[["observed", "expected"]].agg(["sum", "size"])
    whole = sums[sums[("observed", "size")].eq(3)]
    return np.log((whole[("observed", "sum")] + 0.5) / (whole[("expected", "sum")] + 0.5))
