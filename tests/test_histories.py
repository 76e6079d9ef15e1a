"""Histories that begin later: one rule a case, and an attack on random states whose sites grew, or had one bad month."""

from collections.abc import Iterable
from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
from attack import laid_side_by_side, small_finds
from test_numbers import CARDS, KINDS, RULE, STUDY, made_up_counts, measures_of
from test_pools import pools_of, with_pools

from analysis import periods
from analysis.brief.hiding import hidden_beside
from analysis.brief.numbers import months_before
from analysis.brief.small_counts.ledger import Release, entry_of, release_of
from analysis.brief.windows import Windows, windows
from analysis.tables import STATEWIDE

SEED = 20261210
MONTHS = 33


def grown(rng: np.random.Generator, *, sites: int, elsewhere: bool) -> pd.DataFrame:
    """Episodes by site (rows) and month: sites that have been large enough for a while, and were not always."""
    counts = made_up_counts(rng, sites=sites, months=MONTHS, elsewhere=elsewhere, mean=10)
    places = len(counts)
    size = rng.choice([6, 15, 25, 60], places, p=[0.25, 0.25, 0.3, 0.2])
    opened = rng.integers(0, 20, places) * (rng.random(places) < 0.3)
    grew = opened + rng.integers(0, 22, places)
    month = np.arange(MONTHS)
    mean = np.where(month >= grew[:, None], size[:, None], rng.uniform(2, 12, places)[:, None])
    drawn = rng.poisson(mean) * (month >= opened[:, None])
    bad = rng.integers(0, 20, places)
    drawn[np.arange(places), bad] = np.minimum(drawn[np.arange(places), bad], rng.integers(0, 11, places))
    return pd.DataFrame(drawn, counts.index, counts.columns)


def with_zeros(shown: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """What an attacker knows who has been told of every window in which a place had nothing."""
    months = {name: periods.period(name).months for name in shown["period"].unique()}
    none = [
        site != STATEWIDE and site in counts.index and not counts.loc[site].reindex(months[name]).fillna(1).any()
        for site, name in zip(shown["site_id"], shown["period"], strict=True)
    ]
    none = pd.Series(none, index=shown.index)
    filled = {name: shown[name].mask(none, 0) for name in ("numerator", "denominator", "not_measurable")}
    return shown.assign(**filled, hidden=shown["hidden"].astype(bool) & ~none)


def begins_later(shown: pd.DataFrame, cut: Windows) -> int:
    """At how many sites months or quarters are hidden first and shown from then on."""
    hidden = shown.set_index(["site_id", "period"])["hidden"].astype(bool)
    sites = sorted(set(shown["site_id"]) - {STATEWIDE})
    rows = [
        [hidden.get((site, window.name), True) for window in grain]
        for site in sites
        for grain in (cut.months, cut.blocks)
    ]
    return sum(row[0] and not row[-1] for row in rows if row)


def states(seed: int, *, sites: int, elsewhere: bool, numbers: Iterable[int]):
    """Random states: counts, those that are a yes, measure, card."""
    for number in numbers:
        rng = np.random.default_rng([seed, sites, number])
        counts = grown(rng, sites=sites, elsewhere=elsewhere)
        measure, hide, share = KINDS[number % len(KINDS)]
        card = CARDS.cards[measure].model_copy(update={"hide": hide})
        yield counts, pd.DataFrame(rng.binomial(counts, share), counts.index, counts.columns), measure, card


def shown_of(counts, yes, measure, card, cut: Windows, *, pools=(), ledger=()) -> pd.DataFrame:
    rows = with_pools(measures_of(counts, yes, cut, measure, more=months_before(cut, ledger)), pools)
    cards = CARDS.model_copy(update={"cards": {measure: card}})
    return hidden_beside(rows, cards, cut, STUDY, rule=RULE, ledger=ledger, pools=pools)[0]


def finds(
    seed: int, *, sites: int, elsewhere: bool, numbers: Iterable[int], pooled: bool = False
) -> tuple[list[str], int]:
    """What the attack finds, and at how many sites a history began later."""
    found, later = [], 0
    for number, (counts, yes, measure, card) in zip(
        numbers, states(seed, sites=sites, elsewhere=elsewhere, numbers=numbers), strict=True
    ):
        now = periods.period(("2026-10", "2026-09", "2026-08", "2026-09_2026-10")[number % 4])
        cut = windows(STUDY, now, (counts.columns[0].start_time, now.to_on))
        pools = pools_of([name for name in counts.index if not name.startswith("(")]) if pooled else []
        shown = shown_of(counts, yes, measure, card, cut, pools=pools)
        later += begins_later(shown[~shown["site_id"].str.endswith("+")], cut)
        members = [(pool.pool_id, pool.sites) for pool in pools]
        for known in (shown, with_zeros(shown, counts)):
            found += small_finds(known, RULE, hide=card.hide, unit=card.unit, elsewhere=elsewhere, pools=members)
    return found, later


def finds_in_releases(
    seed: int,
    *,
    sites: int,
    elsewhere: bool,
    numbers: Iterable[int],
    ledger: bool = True,
    months=("2026-08", "2026-09", "2026-10"),
) -> tuple[list[str], int]:
    """What the attack finds in three consecutive briefs laid side by side, and at how many sites a history began later."""
    found, later = [], 0
    for counts, yes, measure, card in states(seed, sites=sites, elsewhere=elsewhere, numbers=numbers):
        tables, out = [], []
        for month in months:
            now = periods.period(month)
            cut = windows(STUDY, now, (counts.columns[0].start_time, now.to_on))
            shown = shown_of(counts, yes, measure, card, cut, ledger=out if ledger else ())
            later += begins_later(shown, cut)
            tables.append(shown)
            out.append(released(shown, cut, out))
        known = with_zeros(laid_side_by_side(tables), counts)
        found += small_finds(known, RULE, hide=card.hide, unit=card.unit, elsewhere=elsewhere)
    return found, later


def released(shown: pd.DataFrame, cut: Windows, ledger: list[Release]) -> Release:
    entry = entry_of(shown, cut.all, now=cut.now, records_to=cut.now.to_on, tables="0" * 64, beside=ledger)
    return release_of(entry, 1, STUDY, where=f"params/demo/releases/{cut.now.name}.json")


# --- an attacker who knows the rule -----------------------------------------------------------------------------------


def rings(open_: pd.DataFrame, site: str, month: pd.Period) -> Iterable[list[tuple[str, pd.Period]]]:
    """Hidden cells, this one first, in which a child more, a child less, and so on by turns may leave all that is shown as it was: one or two
    where the state is hidden too, two of one month, or four and six along sites and months by turns.
    """
    others, months = open_.index.drop(site), open_.columns.drop(month)
    beside = [other for other in others if open_.loc[other, month]]
    yield from ([(site, month), (other, month)] for other in beside)
    yield [(site, month)]
    yield from ([(site, month), (site, there)] for there in months if open_.loc[site, there])
    fours = [(other, there) for other in beside for there in months if open_.loc[other, there]]
    yield from (
        [(site, month), (other, month), (other, there), (site, there)]
        for other, there in fours
        if open_.loc[site, there]
    )
    for (other, there), third in product(fours, others):
        if third != other and open_.loc[third, there]:
            yield [(site, month), (other, month), (other, there), (third, there)]
    for other, third in product(beside, others):
        for away, there in permutations(months, 2):
            if third != other and open_.loc[[other, third], away].all() and open_.loc[[third, site], there].all():
                yield [(site, month), (other, month), (other, away), (third, away), (third, there), (site, there)]
