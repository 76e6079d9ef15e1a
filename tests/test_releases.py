"""Releases laid side by side: an attack on two and three consecutive months, the ledger's files, and what is restated."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest
from attack import laid_side_by_side, small_finds
from test_numbers import CARDS, KINDS, RULE, STUDY, made_up_counts, measures_of, with_opening_days

from analysis import periods
from analysis.brief.numbers import hidden_beside, months_before, windows
from analysis.brief.small_counts.ledger import Release, entry_of, release_of
from analysis.tables import STATEWIDE

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


def finds_in(
    seed: int,
    *,
    sites: int,
    elsewhere: bool,
    states: Iterable[int],
    ledger: bool,
    enough: int | None = None,
    thorough=False,
) -> tuple[list[str], int, int]:
    """What the attack finds in these random states; how many rows of the last brief were hidden and how many shown.

    Stops at `enough` finds. Three releases with the opening days say all that two say, or that three say without; `thorough` tries
    those too.
    """
    found, hid, given = [], 0, 0
    for number in states:
        rng = np.random.default_rng([seed, number])
        months, mean = (26, 14, 11, 9)[number % 4], (3, 6, 12, 30)[number % 4]
        counts = made_up_counts(rng, sites=sites, months=months, elsewhere=elsewhere, mean=mean)
        measure, hide, share = KINDS[number % len(KINDS)]
        card = CARDS.cards[measure].model_copy(update={"hide": hide})
        yes = pd.DataFrame(rng.binomial(counts, share), counts.index, counts.columns)
        tables, lost = side_by_side(counts, yes, measure, card, ledger=ledger)
        assert not (ledger and lost)  # each release was hidden beside those before it
        hid, given = hid + int(tables[-1]["hidden"].sum()), given + int((~tables[-1]["hidden"].astype(bool)).sum())
        for several in (tables[:2], tables) if thorough else (tables,):
            together = laid_side_by_side(several)
            opened = with_opening_days(together, counts)
            for known in (together, opened) if thorough else (opened,):
                found += small_finds(known, RULE, hide=hide, unit=card.unit, elsewhere=elsewhere)
        if enough is not None and len(found) >= enough:
            break
    return found, hid, given


LEAKY = (2, 5, 9, 11)  # of the states of five sites, some that leak where nobody looks at what was released


@pytest.mark.parametrize("elsewhere", [False, True], ids=["every place has a page", "places without a page"])
@pytest.mark.parametrize("sites", [3, 5])
def test_no_small_count_is_given_away_by_two_or_three_consecutive_releases(sites, elsewhere):
    found, hid, given = finds_in(SEED, sites=sites, elsewhere=elsewhere, states=LEAKY, ledger=True)
    assert min(hid, given) > 50
    assert found == []


def test_without_the_ledger_the_same_attack_finds_small_counts():
    found, *_ = finds_in(SEED, sites=5, elsewhere=False, states=LEAKY, ledger=False, enough=1)
    assert found != []


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("sites", [2, 3, 6, 10])
def test_no_small_count_of_many_random_states_is_given_away_by_consecutive_releases(sites, elsewhere):
    assert finds_in(SEED + 1, sites=sites, elsewhere=elsewhere, states=range(24), ledger=True, thorough=True)[0] == []


def sites_of(**counts: list[int]) -> pd.DataFrame:
    """Episodes by site and month, to October 2026."""
    months = max(map(len, counts.values()))
    return pd.DataFrame(counts, index=pd.period_range("2026-10", periods=months, freq="M") - months + 1).T


EPISODES = CARDS.cards["episodes"]


def test_a_quarter_is_not_shown_beside_two_of_its_months():
    """A site shown by month through August has 4 in September: with the quarter shown now, 50 - 23 - 23 would be 4."""
    counts = sites_of(a=[20, 21, 22] * 6 + [23, 23, 4, 20], b=[40] * 22, c=[60] * 22)
    months = ("2026-08", "2026-09")
    alone, _ = side_by_side(counts, counts, "episodes", EPISODES, ledger=False, months=months)
    quarter = alone[1].set_index(["site_id", "period"])["hidden"]
    assert not quarter["a", "2026-07_2026-09"]
    assert "all / a / 2026-09: the hidden numerator must be 4." in small_finds(
        laid_side_by_side(alone), RULE, hide="people", unit="count"
    )
    beside, lost = side_by_side(counts, counts, "episodes", EPISODES, ledger=True, months=months)
    assert beside[1].set_index(["site_id", "period"])["hidden"]["a", "2026-07_2026-09"]
    assert small_finds(laid_side_by_side(beside), RULE, hide="people", unit="count") == []
    assert lost == ()


def test_years_of_a_young_site_do_not_give_its_last_quarter_away():
    """Open since April with 14 in its first quarter: the year to June is 14, the year to September 14 + 6."""
    counts = sites_of(a=[0] * 12 + [5, 5, 4, 2, 2, 2, 3], b=[40] * 19, c=[60] * 19, d=[9, 2, 3] * 6 + [3])
    months = ("2026-06", "2026-09")
    alone, _ = side_by_side(counts, counts, "episodes", EPISODES, ledger=False, months=months)
    opened = with_opening_days(laid_side_by_side(alone), counts)
    assert "all / a / 2026-07_2026-09: the hidden numerator must be 6." in small_finds(
        opened, RULE, hide="people", unit="count"
    )
    beside, _ = side_by_side(counts, counts, "episodes", EPISODES, ledger=True, months=months)
    opened = with_opening_days(laid_side_by_side(beside), counts)
    assert small_finds(opened, RULE, hide="people", unit="count") == []


def test_a_period_built_again_shows_what_was_released_whatever_came_after():
    counts = made_up_counts(np.random.default_rng(SEED), sites=6, months=20, elsewhere=False, mean=8)
    out, tables = [], {}
    for period in MONTHS:
        shown, _, cut = shown_in(counts, counts, period, "episodes", EPISODES, out)
        tables[period] = shown
        out.append(released(shown, cut, out))
    for period, shown in tables.items():
        again, lost, _ = shown_in(counts, counts, period, "episodes", EPISODES, out)
        pd.testing.assert_frame_equal(again, shown)
        assert lost == ()


def test_what_earlier_releases_give_away_alone_is_said_and_not_repaired():
    """July 30, August 30 and the quarter of 64 are out: September is 4, whatever is hidden now."""
    counts = sites_of(a=[20] * 18 + [30, 30, 4, 20], b=[40] * 22, c=[60] * 22)
    careless, _ = side_by_side(counts, counts, "episodes", EPISODES, ledger=False, months=("2026-08", "2026-09"))
    out = []
    for period, shown in zip(("2026-08", "2026-09"), careless, strict=True):
        cut = windows(STUDY, periods.period(period), (counts.columns[0].start_time, periods.period(period).to_on))
        out.append(released(shown, cut, out))
    _, lost, _ = shown_in(counts, counts, "2026-10", "episodes", EPISODES, out)
    assert any("a away (2026-09)" in sentence for sentence in lost)
    assert not any("4" in sentence.replace("2026", "").replace("09", "") for sentence in lost)


def test_the_days_since_an_incomplete_month_are_not_found_by_subtraction():
    """Statewide 20 to the 17th of October and 26 in all of it: six since."""
    counts = sites_of(a=[30] * 17 + [12], b=[40] * 17 + [14])
    now = periods.period("2026-09")
    cut = windows(STUDY, now, (counts.columns[0].start_time, pd.Timestamp("2026-10-17")))
    half = counts.assign(**{"x": 0}).drop(columns="x")
    half[pd.Period("2026-10")] = [9, 11]
    cards = CARDS.model_copy(update={"cards": {"episodes": EPISODES}})
    shown, _ = hidden_beside(measures_of(half, half, cut, "episodes"), cards, cut, STUDY, rule=RULE)
    entry = entry_of(shown, cut.all, now=now, records_to=pd.Timestamp("2026-10-17"), tables="0" * 64, beside=[])
    early = release_of(entry, 1, STUDY, where="params/demo/releases/2026-09.json")
    assert early.figures["episodes"]["all", STATEWIDE]["2026-10"] == (20, 20)
    whole, _, _ = shown_in(counts, counts, "2026-10", "episodes", EPISODES, [early])
    october = whole.set_index(["site_id", "period"])["hidden"]
    assert october[STATEWIDE, "2026-10"]
    assert small_finds(laid_side_by_side([whole]), RULE, hide="people", unit="count") == []
