"""A hub with its sites taken together: counted, shown where that gives no small count away, attacked, released, named."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from attack import laid_side_by_side, small_finds
from many import many
from test_grains import BIG, BLOCKS, MONTHS, NOWHERE, YEAR, chosen
from test_measures import crises, places, table_of
from test_numbers import CARDS, KINDS, RULE, STUDY, TWO_YEARS, made_up_counts, measures_of, with_opening_days

from analysis import periods
from analysis.brief import false_alarms, panels, small_site
from analysis.brief.hiding import hidden_beside
from analysis.brief.numbers import POOLED, Numbers, months_before
from analysis.brief.packet.workbook import make_workbook
from analysis.brief.small_counts import pooled
from analysis.brief.small_counts.ledger import Release, entry_of, release_of, told_before
from analysis.brief.windows import Windows, windows
from analysis.params import ParamsError
from analysis.quality.pools import Pool, hubs
from analysis.tables import MEASURES_TABLE, STATEWIDE

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
    assert finds(SEED + 1, sites=sites, elsewhere=elsewhere, states=range(many(8)))[0] == []


# --- beside earlier releases -------------------------------------------------------------------------------------------


def released(shown: pd.DataFrame, cut: Windows, ledger: Sequence[Release], pools: Sequence[Pool]) -> Release:
    entry = entry_of(shown, cut.all, now=cut.now, records_to=cut.now.to_on, tables="0" * 64, beside=ledger, pools=pools)
    return release_of(entry, 1, STUDY, where=f"params/demo/releases/{cut.now.name}.json")


def finds_in_releases(
    states: Iterable[int], *, keep: bool = True, months=("2026-08", "2026-09", "2026-10")
) -> tuple[list[str], int]:
    """What the attack finds in three consecutive briefs with pools, each hidden beside those before it, and how many rows of pools
    the ledger holds; with `keep` False the ledger says nothing of pools.
    """
    found, held = [], 0
    for number in states:
        counts, yes, measure, card = state_of(SEED, number, sites=6, elsewhere=False)
        pools = pools_of(list(counts.index))
        tables, ledger = [], []
        for month in months:
            now = periods.period(month)
            cut = windows(STUDY, now, (counts.columns[0].start_time, now.to_on))
            shown = shown_of(counts, yes, measure, card, cut, pools=pools, ledger=ledger)
            tables.append(shown)
            kept = shown if keep else shown[~shown["site_id"].str.endswith("+")]
            ledger.append(released(kept, cut, ledger, pools))
        held += sum(place in {pool.pool_id for pool in pools} for _, place, _ in ledger[-1].cells(measure))
        members = [(pool.pool_id, pool.sites) for pool in pools]
        together = with_opening_days(laid_side_by_side(tables), counts)
        found += small_finds(together, RULE, hide=card.hide, unit=card.unit, pools=members)
    return found, held


def test_no_small_count_is_given_away_by_pools_of_consecutive_releases():
    found, held = finds_in_releases(range(4))
    assert held > 0
    assert found == []


def by_quarter(quarters: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Episodes by site (rows) and month, 33 months to October 2026: so many in the third quarter of 2024, so many in every other."""
    months = pd.period_range("2023-12", "2026-10", freq="M")
    return pd.DataFrame(
        {
            month: {
                name: (first if month.asfreq("Q") == pd.Period("2024Q3") else later) // 3 + (month.month % 3 == 0)
                for name, (first, later) in quarters.items()
            }
            for month in months
        }
    )


# Until eight quarters have gone by since the third of 2024 both a and b are hidden by quarter, and shown together with h; then b, which is
# large enough by now, is shown by itself from the fourth on.
EIGHT_QUARTERS_ON = by_quarter({"a": (7, 4), "b": (7, 16), "h": (120, 120), "r": (4, 4), "s": (7, 7), "x": (300, 300)})


@pytest.mark.parametrize("told", [True, False])
def test_a_site_that_grew_is_not_shown_beside_the_pool_that_was_released(told):
    pools, card = [HUB], CARDS.cards["episodes"].model_copy(update={"hide": "people"})
    ledger, tables = [], []
    for month in ("2026-08", "2026-10"):
        now = periods.period(month)
        cut = windows(STUDY, now, (EIGHT_QUARTERS_ON.columns[0].start_time, now.to_on))
        shown = shown_of(EIGHT_QUARTERS_ON, EIGHT_QUARTERS_ON, "episodes", card, cut, pools=pools, ledger=ledger)
        tables.append(shown)
        ledger = [released(shown if told else shown[shown["site_id"].ne("h+")], cut, [], pools)]
    quarter = [each[each["period"].eq("2026-04_2026-06")].set_index("site_id") for each in tables]
    assert quarter[0].loc[["a", "b", "h+"], "hidden"].tolist() == [True, True, False]
    assert quarter[1].loc["b", "hidden"] == told
    found = small_finds(laid_side_by_side(tables), RULE, hide="people", unit="count", pools=[("h+", HUB.sites)])
    assert ("all / a / 2026-04_2026-06: the hidden numerator must be 4." in found) != told


def one_release(counts: pd.DataFrame, pools: Sequence[Pool]) -> tuple[pd.DataFrame, Release, Windows]:
    now = periods.period("2026-10")
    cut = windows(STUDY, now, (counts.columns[0].start_time, now.to_on))
    shown = shown_of(counts, counts, "episodes", CARDS.cards["episodes"], cut, pools=pools)
    return shown, released(shown, cut, [], pools), cut


SAFE = by_quarter({"a": (7, 4), "b": (7, 7), "h": (120, 120), "r": (4, 4), "s": (7, 7), "x": (300, 300)})


@pytest.mark.parametrize("asked", [(HUB,), ()], ids=["released with its pool", "released before there was one"])
def test_a_brief_that_is_built_again_has_the_pools_that_were_released(asked):
    shown, out, cut = one_release(SAFE, asked)
    assert shown["site_id"].eq("h+").any() == bool(asked)
    again = shown_of(SAFE, SAFE, "episodes", CARDS.cards["episodes"], cut, pools=[HUB], ledger=[out])
    pd.testing.assert_frame_equal(again, shown)


def test_a_release_says_which_sites_its_pools_were():
    _, out, _ = one_release(SAFE, [HUB])
    assert out.pools == {"h+": ("a", "b", "h")}
    places = {place for place, _ in told_before([out], "episodes").figures}
    assert ("a", "b", "h") in places
    assert "h+" not in places


def test_a_pool_of_the_ledger_without_its_sites_is_a_sentence():
    shown, _, cut = one_release(SAFE, [HUB])
    entry = entry_of(shown, cut.all, now=cut.now, records_to=cut.now.to_on, tables="0" * 64, beside=())
    with pytest.raises(ParamsError, match=r"shows h\+ and does not say which sites those are\. Take the file from git"):
        release_of(entry, 1, STUDY, where="params/demo/releases/2026-10.json")


def test_a_hub_with_another_site_than_when_it_was_released_is_two_sums():
    # The hub had a and b; now s has joined. Shown too, the one less the other would be s, which is 7 a quarter.
    counts = by_quarter(
        {"a": (7, 4), "b": (7, 7), "h": (120, 120), "r": (5, 5), "s": (7, 7), "t": (8, 8), "x": (300, 300)}
    )
    _, out, cut = one_release(counts, [HUB])
    wider = Pool("h+", ("a", "b", "h", "s"))
    quarters = [block.name for block in cut.blocks]

    def given(ledger: Sequence[Release]) -> pd.Series:
        shown = shown_of(counts, counts, "episodes", CARDS.cards["episodes"], cut, pools=[wider], ledger=ledger)
        return shown[shown["site_id"].eq("h+") & shown["period"].isin(quarters) & ~shown["hidden"].astype(bool)][
            "period"
        ]

    assert given([]).tolist() == quarters
    assert given([replace(out, period=periods.period("2026-07"))]).empty  # of an earlier period
    assert given([out]).empty  # of this one


# --- counted and named -------------------------------------------------------------------------------------------------


def test_a_pool_counts_what_its_sites_count_and_is_open_while_any_of_them_is():
    sites = places(a="2026-01-01", h="2026-02-15", x="2026-01-01")
    sites["closed_on"] = sites["closed_on"].where(sites["site_id"].ne("a"), pd.Timestamp("2026-02-14"))
    people = crises(*({"site": site, "on": "2026-02-20"} for site in "aaahhhhxxxxx"))
    alone, both = (
        table_of(people, "2026-02", sites=sites, pools=pools, pooled_measures=["episodes", "calls"])
        for pools in ((), [Pool("h+", ("a", "h"))])
    )
    pd.testing.assert_frame_equal(both.iloc[: len(alone)], alone)
    more = both.iloc[len(alone) :]
    assert more[["measure", "site_id", "numerator", "months"]].to_numpy().tolist() == [["episodes", "h+", 7, 1.0]]


@pytest.fixture
def numbers(demo_numbers) -> Numbers:
    return demo_numbers


def drawn_of(numbers: Numbers, site: str) -> Numbers:
    """The numbers as if the hub's sites could be shown together by month: every figure of theirs is the state's."""
    pool = small_site.pool_of(numbers, site)
    state = numbers.shown["site_id"].eq(STATEWIDE) & numbers.shown["measure"].isin(POOLED)
    others = numbers.shown[numbers.shown["site_id"].ne(pool.pool_id)]
    return replace(
        numbers,
        shown=pd.concat([others, numbers.shown[state].assign(site_id=pool.pool_id)], ignore_index=True),
        looked={},
    )


def test_every_pool_of_the_made_up_state_is_named_and_gives_nothing_away(numbers):
    pools = hubs(numbers.sites)
    assert [panels.place_name(numbers, pool.pool_id) for pool in pools] == [
        "Piñon and Mesa Alta together",
        "Río Claro, Broken Wagon and Turquoise Gap together",
        "Cottonwood, High Juniper and Little Creek together",
    ]
    given = numbers.shown[numbers.shown["site_id"].str.endswith("+")]
    # Each of the other two hubs has a site with a few crises a year: with the others' figures they could be worked out.
    assert set(given["site_id"]) == {"site-01+"}
    assert set(given["measure"]) == set(POOLED)
    members = [(pool.pool_id, pool.sites) for pool in pools]
    rows = numbers.shown[numbers.shown["measure"].eq("episodes")]
    assert small_finds(rows, RULE, hide="people", unit="count", pools=members) == []


def test_a_small_site_s_page_draws_its_hub_where_that_may_be_shown_and_says_why_where_not(numbers):
    # The hub less its larger sites would leave the few crises of the smallest.
    page = small_site.page(numbers, "site-15").text
    assert "Cottonwood, High Juniper and Little Creek together" in page
    assert "Nothing can be shown of Cottonwood, High Juniper and Little Creek together." in page
    assert "<svg" not in page
    drawn = small_site.page(drawn_of(numbers, "site-15"), "site-15").text
    assert drawn.count("<svg") == 2
    assert "Quarters are left out" not in drawn


def test_the_charts_of_a_hub_on_a_small_site_s_page_are_in_the_count_of_false_signals(numbers):
    drawn, pool = drawn_of(numbers, "site-15"), small_site.pool_of(numbers, "site-15").pool_id
    judged = {(chart.measure, chart.site) for chart in false_alarms.judged_charts(drawn)}
    assert {measure for measure, place in judged if place == pool} == {"episodes", "in_person_share"}
    page = small_site.page(drawn, "site-15").text
    assert page.count("<svg") == len([place for _, place in judged if place == pool])
    assert not [
        place for _, place in {(c.measure, c.site) for c in false_alarms.judged_charts(numbers)} if place == pool
    ]


def test_sites_that_may_not_be_named_to_each_other_are_not_shown_together(numbers):
    assert "together" not in small_site.page(replace(numbers, name_peers=False, looked={}), "site-15").text


@pytest.mark.slow
def test_the_workbook_names_a_pool(numbers):
    book = openpyxl.load_workbook(io.BytesIO(make_workbook(numbers.shown[MEASURES_TABLE.names], numbers)))
    rows = list(book["All figures"].iter_rows(values_only=True))
    at = {name: rows[0].index(name) for name in ("site_id", "Site")}
    names = {row[at["site_id"]]: row[at["Site"]] for row in rows[1:]}
    assert names["site-01+"] == "Piñon and Mesa Alta together"
