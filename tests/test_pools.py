"""A hub with its sites taken together: counted, shown where that gives no small count away, attacked, released, named."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import pytest
from attack import small_finds
from test_grains import BIG, BLOCKS, MONTHS, NOWHERE, YEAR, chosen
from test_numbers import CARDS, KINDS, RULE, STUDY, TWO_YEARS, made_up_counts, measures_of, with_opening_days

from analysis import periods
from analysis.brief.hiding import hidden_beside
from analysis.brief.numbers import months_before
from analysis.brief.small_counts import pooled
from analysis.brief.small_counts.ledger import Release
from analysis.brief.windows import Windows, windows
from analysis.quality.pools import Pool

SEED = 20261207
HUB = Pool("h+", ("a", "b", "h"))


def pool_grain(sites: dict[str, list[int]], *pools: Pool, **given) -> dict[str, int]:
    """The grain of each pool; that no site or window changes for its sake is looked at by the way."""
    asked = pools or (HUB,)
    alone, together = chosen(sites, **given), chosen(sites, pools=asked, **given)
    assert together.finest[alone.finest.index].to_dict() == alone.finest.to_dict()
    assert (together.hidden_state, together.given_away) == (alone.hidden_state, alone.given_away)
    return {pool.pool_id: int(together.finest[pool.pool_id]) for pool in asked}


# --- one rule a case: h is a hub, a and b its small sites, x and y two others -----------------------------------------

# Two sites outside that are hidden as well, by month and quarter: what is left of the state is theirs.
REST = {"r": [9, 20, 20], "s": [9, 20, 20]}


def test_sites_that_are_shown_are_shown_together_too():
    assert pool_grain({"a": [20] * 3, "b": [30] * 3, "h": [40] * 3, **BIG}) == {"h+": MONTHS}


def test_two_small_sites_are_shown_with_their_hub_as_finely_as_they_are_enough_together():
    assert pool_grain({"a": [6, 20, 20], "b": [7, 20, 20], "h": [40] * 3, **REST, **BIG}) == {"h+": MONTHS}


def test_a_pool_less_its_shown_site_must_not_be_a_small_count():
    # 4 + 5 in April.
    assert pool_grain({"a": [4, 20, 20], "b": [5, 20, 20], "h": [40] * 3, **REST, **BIG}) == {"h+": BLOCKS}


def test_a_pool_with_one_hidden_site_gives_it_away():
    assert pool_grain({"a": [4, 20, 20], "b": [30] * 3, "h": [40] * 3, **REST, **BIG}) == {"h+": BLOCKS}


def test_a_site_that_was_not_open_covers_nobody_in_a_pool():
    assert pool_grain({"a": [15, 9, 20], "b": [0, 20, 20], "h": [40] * 3, **REST, **BIG}) == {"h+": BLOCKS}


def test_what_is_left_of_the_state_less_the_pool_must_not_be_a_small_count():
    # r and s are 9 in April: hidden among a, b and each other, and alone once a and b are known together.
    assert pool_grain(
        {"a": [6, 20, 20], "b": [7, 20, 20], "h": [40] * 3, "r": [4, 20, 20], "s": [5, 20, 20], **BIG}
    ) == {"h+": BLOCKS}


def test_a_pool_that_is_small_itself_is_not_shown():
    only = {"a": [1, 0, 2], "b": [0, 2, 1], **BIG, "r": [2, 2, 1], "s": [1, 1, 3]}
    assert pool_grain(only, Pool("a+", ("a", "b"))) == {"a+": NOWHERE}


def test_a_pool_is_no_finer_than_the_episodes_behind_it():
    small = {"a": [4, 20, 20], "b": [5, 20, 20], "h": [40] * 3, **REST, **BIG}
    large = {name: [100] * 3 for name in small}
    floor = chosen(small, pools=(HUB,))
    assert chosen(large, pools=(HUB,), no_finer_than=floor).finest["h+"] == BLOCKS
    # What the episodes were not asked for, no other measure shows.
    assert chosen(large, pools=(HUB,), no_finer_than=chosen(small)).finest["h+"] == NOWHERE


def test_children_who_may_come_twice_are_not_added_up_over_sites():
    assert pool_grain({"a": [20] * 3, "b": [30] * 3, "h": [40] * 3, **BIG}, adds_up=False) == {"h+": NOWHERE}


def test_the_first_pool_by_id_is_admitted_and_the_second_only_beside_it():
    # Each alone leaves 20 of two sites or more; both leave r, a single site.
    hidden = {"a": [6, 20, 20], "b": [7, 20, 20], "c": [8, 20, 20], "d": [9, 20, 20], "r": [9, 20, 20]}
    one, other = Pool("1+", ("a", "b")), Pool("2+", ("c", "d"))
    sites = {**hidden, **BIG}
    assert (pool_grain(sites, one), pool_grain(sites, other)) == ({"1+": MONTHS}, {"2+": MONTHS})
    assert pool_grain(sites, one, other) == pool_grain(sites, other, one) == {"1+": MONTHS, "2+": BLOCKS}


def test_sites_that_are_hidden_all_year_are_shown_with_their_hub_over_the_year():
    small = {"a": [2, 2, 2], "b": [1, 3, 2], "h": [40] * 3, "r": [2, 3, 3], "s": [2, 2, 2], **BIG}
    assert chosen(small).finest["a"] == NOWHERE
    assert pool_grain(small) == {"h+": BLOCKS}  # the one block of these three months is their year
    assert YEAR > BLOCKS


# --- an attack on random states ---------------------------------------------------------------------------------------


def pools_of(names: Sequence[str]) -> list[Pool]:
    """Sites three by three, a place of two left over with the last: hubs of a random state."""
    some = [tuple(names[at : at + 3]) for at in range(0, len(names), 3)]
    return [Pool(f"{each[0]}+", each) for each in some if len(each) > 1]


def with_pools(rows: pd.DataFrame, pools: Iterable[Pool]) -> pd.DataFrame:
    """The rows of one measure with those of the pools after them."""
    added = [
        rows[rows["site_id"].isin(pool.sites)]
        .groupby(["measure", "stratum", "period"], as_index=False, sort=False)
        .agg({"numerator": "sum", "denominator": "sum", "value": "first", "low": "first", "high": "first", "not_measurable": "sum", "hidden": "first"})
        .assign(site_id=pool.pool_id)
        for pool in pools
    ]  # fmt: skip
    return pd.concat([rows, *added], ignore_index=True)[rows.columns]


def hubs_with_sites(rng: np.random.Generator, *, sites: int, months: int, elsewhere: bool) -> pd.DataFrame:
    """Episodes by site (rows) and month: hubs of 30 a month with small sites of 5 to 15, a few of which opened late."""
    counts = made_up_counts(rng, sites=sites, months=months, elsewhere=elsewhere, mean=10)
    size = np.where(np.arange(len(counts)) % 3 == 0, 30, rng.uniform(5, 15, len(counts)))
    opened = rng.integers(0, months, len(counts)) * (rng.random(len(counts)) < 0.15)
    drawn = rng.poisson(size[:, None], counts.shape) * (np.arange(months) >= opened[:, None])
    return pd.DataFrame(drawn, counts.index, counts.columns)


def state_of(seed: int, number: int, *, sites: int, elsewhere: bool):
    """A random state: its counts, those that are a yes, measure, card."""
    rng = np.random.default_rng([seed, sites, number])
    counts = hubs_with_sites(rng, sites=sites, months=(12, 24, 15)[number % 3], elsewhere=elsewhere)
    measure, hide, share = KINDS[number % len(KINDS)]
    card = CARDS.cards[measure].model_copy(update={"hide": hide})
    return counts, pd.DataFrame(rng.binomial(counts, share), counts.index, counts.columns), measure, card


def shown_of(counts, yes, measure, card, cut: Windows, *, pools=(), ledger: Sequence[Release] = ()) -> pd.DataFrame:
    rows = with_pools(measures_of(counts, yes, cut, measure, more=months_before(cut, ledger)), pools)
    cards = CARDS.model_copy(update={"cards": {measure: card}})
    return hidden_beside(rows, cards, cut, STUDY, rule=RULE, ledger=ledger, pools=pools)[0]


def finds(seed: int, *, sites: int, elsewhere: bool, states: Iterable[int]) -> tuple[list[str], int, int]:
    """What the attack finds; how many rows of sites or the state were hidden, how many of pools with a hidden site were shown."""
    found, hid, given = [], 0, 0
    for number in states:
        counts, yes, measure, card = state_of(seed, number, sites=sites, elsewhere=elsewhere)
        cut = windows(STUDY, periods.period("2026-10"), (counts.columns[0].start_time, TWO_YEARS[1]))
        pools = pools_of([name for name in counts.index if not name.startswith("(")])
        alone, shown = (shown_of(counts, yes, measure, card, cut, pools=some) for some in ((), pools))
        of_pools = shown["site_id"].isin([pool.pool_id for pool in pools])
        pd.testing.assert_frame_equal(shown[~of_pools].reset_index(drop=True), alone)  # nothing else is changed
        hid += int(alone["hidden"].sum())
        dark = alone[alone["hidden"]].groupby("period")["site_id"].agg(set)
        own = {pool.pool_id: set(pool.sites) for pool in pools}
        lit = shown[of_pools & ~shown["hidden"].astype(bool)]
        given += sum(
            bool(own[place] & dark.get(window, set())) for place, window in lit[["site_id", "period"]].to_numpy()
        )
        members = [(pool.pool_id, pool.sites) for pool in pools]
        for known in (shown, with_opening_days(shown, counts)):
            found += small_finds(known, RULE, hide=card.hide, unit=card.unit, elsewhere=elsewhere, pools=members)
    return found, hid, given


@pytest.mark.parametrize("elsewhere", [False, True], ids=["every place has a page", "places without a page"])
def test_no_small_count_of_a_random_state_is_given_away_by_its_pools(elsewhere):
    found, hid, given = finds(SEED, sites=9, elsewhere=elsewhere, states=range(3))
    assert hid > 50
    assert given > 0  # a pool with a hidden site was shown
    assert found == []


def test_pools_that_are_not_tried_give_small_counts_away(monkeypatch):
    monkeypatch.setattr(pooled, "_may_join", lambda *_: True)
    assert finds(SEED, sites=9, elsewhere=False, states=range(3))[0] != []


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("sites", [4, 6, 9, 15])
def test_no_small_count_of_many_random_states_is_given_away_by_their_pools(sites, elsewhere):
    assert finds(SEED + 1, sites=sites, elsewhere=elsewhere, states=range(24))[0] == []
