"""Releases laid side by side: an attack on two and three consecutive months, the ledger's files, and what is restated."""

import numpy as np
import pandas as pd
import pytest
from attack import laid_side_by_side, small_finds
from test_numbers import CARDS, KINDS, RULE, STUDY, made_up_counts, measures_of, with_opening_days

from analysis import periods
from analysis.brief.numbers import hidden_beside, months_before, windows
from analysis.brief.small_counts.ledger import Release, entry_of, release_of

SEED = 20261125
MONTHS = ("2026-08", "2026-09", "2026-10")  # a quarter ends with the second


def shown_in(
    counts, yes, period: str, measure: str, card, ledger: list[Release]
) -> tuple[pd.DataFrame, tuple[str, ...], object]:
    """The figures of one measure in the brief of a month, from an extract that ends with it."""
    now = periods.period(period)
    cut = windows(STUDY, now, (counts.columns[0].start_time, now.to_on))
    rows = measures_of(counts, yes, cut, measure, more=months_before(cut, ledger))
    cards = CARDS.model_copy(update={"cards": {measure: card}})
    return *hidden_beside(rows, cards, cut, STUDY, rule=RULE, ledger=ledger), cut


def released(shown: pd.DataFrame, cut, ledger: list[Release]) -> Release:
    entry = entry_of(shown, cut.all, now=cut.now, records_to=cut.now.to_on, tables="0" * 64, beside=ledger)
    number = 1 + sum(release.period == cut.now for release in ledger)
    return release_of(entry, number, STUDY, where=f"params/demo/releases/{cut.now.name}.json")


def side_by_side(
    counts, yes, measure: str, card, *, ledger: bool, months=MONTHS
) -> tuple[list[pd.DataFrame], tuple[str, ...]]:
    """The briefs of consecutive months, each hidden beside those before it, or as if none had been."""
    tables, out, lost = [], [], ()
    for period in months:
        shown, lost, cut = shown_in(counts, yes, period, measure, card, out if ledger else [])
        tables.append(shown)
        out.append(released(shown, cut, out))
    return tables, lost


def finds_in(seed: int, *, sites: int, elsewhere: bool, states: int, ledger: bool) -> tuple[list[str], int, int]:
    """What the attack finds in so many random states; how many rows of the last brief were hidden and how many shown."""
    rng, found, hid, given = np.random.default_rng(seed), [], 0, 0
    for number in range(states):
        counts = made_up_counts(
            rng, sites=sites, months=(26, 14, 11, 9)[number % 4], elsewhere=elsewhere, mean=(3, 6, 12, 30)[number % 4]
        )
        measure, hide, share = KINDS[number % len(KINDS)]
        card = CARDS.cards[measure].model_copy(update={"hide": hide})
        yes = counts.map(lambda n, share=share: rng.binomial(n, share))
        tables, lost = side_by_side(counts, yes, measure, card, ledger=ledger)
        assert lost == ()  # nothing released could be found before
        hid, given = hid + int(tables[-1]["hidden"].sum()), given + int((~tables[-1]["hidden"].astype(bool)).sum())
        for several in (tables[:2], tables):
            together = laid_side_by_side(several)
            for known in (together, with_opening_days(together, counts)):
                found += small_finds(known, RULE, hide=hide, unit=card.unit, elsewhere=elsewhere)
    return found, hid, given


@pytest.mark.parametrize("elsewhere", [False, True], ids=["every place has a page", "places without a page"])
@pytest.mark.parametrize("sites", [3, 6])
def test_no_small_count_is_given_away_by_two_or_three_consecutive_releases(sites, elsewhere):
    found, hid, given = finds_in(SEED + sites, sites=sites, elsewhere=elsewhere, states=4, ledger=True)
    assert min(hid, given) > 50
    assert found == []


def test_without_the_ledger_the_same_attack_finds_small_counts():
    assert finds_in(SEED + 6, sites=6, elsewhere=False, states=4, ledger=False)[0] != []


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("sites", [2, 3, 6, 10])
def test_no_small_count_of_many_random_states_is_given_away_by_consecutive_releases(sites, elsewhere):
    assert finds_in(SEED, sites=sites, elsewhere=elsewhere, states=32, ledger=True)[0] == []
