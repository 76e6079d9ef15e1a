"""Histories that begin later: one rule a case, and an attack on random states whose sites grew, or had one bad month."""

from collections.abc import Iterable
from itertools import islice, permutations, product

import numpy as np
import pandas as pd
import pytest
from attack import laid_side_by_side, small_finds
from many import many
from test_grains import BLOCKS, chosen
from test_grains import windows as blocks_and_months
from test_numbers import CARDS, ELSEWHERE, KINDS, RULE, STUDY, made_up_counts, measures_of
from test_pools import pools_of, with_pools

from analysis import periods
from analysis.brief.hiding import hidden_beside
from analysis.brief.numbers import months_before
from analysis.brief.small_counts import covers
from analysis.brief.small_counts.cells import NEVER
from analysis.brief.small_counts.ledger import Release, entry_of, release_of
from analysis.brief.windows import Windows, windows
from analysis.quality.pools import Pool
from analysis.tables import STATEWIDE

SEED = 20261210
MONTHS = 33


# --- one rule a case: 24 months, their 8 blocks and the year of all of them; the smallest shown is 11 -------------------

BIG = {"x": [100] * 24, "y": [200] * 24}  # two sites that cover nothing unless they must


def since(sites: dict[str, list[int]], **given) -> dict[str, list[int | None]]:
    """By site, the position of the month from which on it is shown, by grain; None where never."""
    start = blocks_and_months(24)[0][0].first.ordinal
    found = chosen(sites, months=24, **given).since
    return {
        site: [None if month == NEVER else month - start for month in months] for site, *months in found.itertuples()
    }


def with_bad(*at: int, count: int = 4, usual: int = 20) -> list[int]:
    """Months of the usual number, and so few in these."""
    return [count if month in at else usual for month in range(24)]


@pytest.mark.parametrize(
    ("counts", "begins"),
    [
        (with_bad(), [0, 0, 0]),
        (with_bad(4), [5, 0, 0]),
        (with_bad(2, 4), [5, 0, 0]),
        (with_bad(11), [12, 0, 0]),  # twelve months are left
        (with_bad(12), [None, 0, 0]),  # eleven
        (with_bad(0), [2, 0, 0]),  # from the second month on, the year less the months would be the first, 4
        (with_bad(3), [5, 0, 0]),  # the same of its block: 44 less 20 and 20
        (with_bad(3, 4, count=3, usual=11), [6, 0, 0]),  # a block of 17 less 11
        (with_bad(3, 4, 5, count=3), [6, 6, 0]),  # a block of 9 goes with those before it
        ([1, 1, 1, *[20] * 21], [4, 6, 0]),  # the year less the blocks from the second on would be 3
    ],
)
def test_a_site_is_shown_from_the_first_month_after_which_nothing_is_small(counts, begins):
    assert since({"a": counts, "b": counts, **BIG})["a"] == begins


def test_months_from_the_last_twelve_on_are_preferred_to_every_quarter():
    assert len(blocks_and_months(24)[BLOCKS]) == 8
    assert since({"a": with_bad(11), "b": with_bad(11), **BIG})["b"] == [12, 0, 0]


def test_another_site_covers_in_the_windows_in_which_one_is_hidden_and_in_no_others():
    # Until the fifth month the state less b and c would be a.
    assert since({"a": with_bad(4), "b": [30] * 24, "c": [40] * 24}) == {"a": [5, 0, 0], "b": [5, 0, 0], "c": [0, 0, 0]}


def test_a_site_that_had_nothing_in_a_window_covers_nobody_there():
    # The smallest by far, b, opened later: c covers.
    shown = since({"a": with_bad(1), "b": [0] * 6 + [12] * 18, "c": [40] * 24})
    assert shown == {"a": [2, 0, 0], "b": [0, 0, 0], "c": [2, 0, 0]}


def test_two_sites_that_are_hidden_before_different_months_need_cover_where_only_one_is():
    # To the fifth month both; in the next four a alone, and together they were enough.
    shown = since({"a": with_bad(8), "b": with_bad(4), "c": [90] * 24})
    assert shown == {"a": [9, 0, 0], "b": [9, 0, 0], "c": [0, 0, 0]}


def test_no_measure_is_shown_earlier_than_the_episodes_behind_it():
    floor = chosen({"a": with_bad(4), "b": with_bad(4), **BIG}, months=24)
    whole = {name: [100] * 24 for name in ("a", "b", "x", "y")}
    assert chosen(whole, months=24, no_finer_than=floor).since.equals(floor.since)
    assert chosen(whole, months=24, no_finer_than=chosen(whole, months=24)).since.equals(chosen(whole, months=24).since)


def test_a_hub_with_its_sites_is_shown_from_when_on_it_gives_none_of_them_away():
    # Alone in its hub, a is hidden to its fifth month; d and e cover it in the state.
    sites = {"a": with_bad(4), "h": [60] * 24, "d": with_bad(4), "e": with_bad(4), **BIG}
    found = chosen(sites, months=24, pools=(Pool("h+", ("a", "h")),)).since
    assert found.loc["h+"].tolist() == found.loc["a"].tolist()[:1] + found.loc["h+"].tolist()[1:]
    assert found.loc["h+", 0] == found.loc["a", 0] > found.loc["h", 0]


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


@pytest.mark.parametrize("elsewhere", [False, True], ids=["every place has a page", "places without a page"])
@pytest.mark.parametrize("sites", [3, 5])
def test_no_small_count_is_given_away_by_histories_that_begin_later(sites, elsewhere):
    found, later = finds(SEED, sites=sites, elsewhere=elsewhere, numbers=(0, 1, 7, 13))
    assert later > 4
    assert found == []


def test_no_small_count_is_given_away_by_histories_of_hubs_that_begin_later():
    found, later = finds(SEED, sites=6, elsewhere=False, numbers=(0, 1, 3), pooled=True)
    assert later > 4
    assert found == []


def test_histories_that_nobody_covers_give_small_counts_away(monkeypatch):
    monkeypatch.setattr(covers, "_cover_subtraction", lambda _, ways, way, *__: ways.ways[way])
    monkeypatch.setattr(covers.Sums, "leaks", lambda *_: [])
    assert finds(SEED, sites=5, elsewhere=False, numbers=(0, 3, 7))[0] != []


@pytest.mark.parametrize("elsewhere", [False, True])
def test_no_small_count_is_given_away_by_consecutive_releases_of_such_histories(elsewhere):
    found, later = finds_in_releases(SEED, sites=4, elsewhere=elsewhere, numbers=(0, 1, 4))
    assert later > 10
    assert found == []


def test_without_the_ledger_such_histories_give_small_counts_away():
    assert finds_in_releases(SEED, sites=5, elsewhere=False, numbers=(0, 7), ledger=False)[0] != []


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("sites", [2, 3, 6, 9])
def test_no_small_count_is_given_away_by_many_histories_that_begin_later(sites, elsewhere):
    assert finds(SEED + 1, sites=sites, elsewhere=elsewhere, numbers=range(many(8)), pooled=True)[0] == []
    assert finds_in_releases(SEED + 1, sites=sites, elsewhere=elsewhere, numbers=range(many(4)))[0] == []


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


def another(
    counts: pd.DataFrame, shown: pd.DataFrame, cut: Windows, site: str, month: pd.Period
) -> pd.DataFrame | None:
    """A state with another count of the site in the month, of which the very same is shown; None where the search finds none."""
    hidden = shown.set_index(["site_id", "period"])["hidden"].astype(bool)
    open_ = pd.DataFrame(
        {each: [place == ELSEWHERE or hidden[place, str(each)] for place in counts.index] for each in counts},
        counts.index,
    )
    card = CARDS.cards["episodes"]
    for ring in islice(rings(open_ & counts.gt(0), site, month), 400):
        for step in (1, -1):
            tried = counts.copy()
            for number, (place, each) in enumerate(ring):
                tried.loc[place, each] += step * (-1) ** number
            if (tried.gt(0) == counts.gt(0)).all(axis=None) and shown_of(tried, tried, "episodes", card, cut).equals(
                shown
            ):
                return tried
    return None


@pytest.mark.parametrize(
    ("sites", "elsewhere", "numbers"), [(5, False, (3, 6)), pytest.param(4, True, (0, 30), marks=pytest.mark.slow)]
)
def test_whoever_knows_the_rule_does_not_learn_the_count_of_the_month_before_a_history_begins(
    sites, elsewhere, numbers
):
    """That month is hidden because something there is small; there is another state of which each page says the same."""
    asked = 0
    for number in numbers:
        (counts, *_), *_ = states(SEED, sites=sites, elsewhere=elsewhere, numbers=[number])
        cut = windows(STUDY, periods.period("2026-10"), (counts.columns[0].start_time, pd.Timestamp("2026-10-31")))
        shown = shown_of(counts, counts, "episodes", CARDS.cards["episodes"], cut)
        hidden = shown.set_index(["site_id", "period"])["hidden"].astype(bool)
        for site in counts.index.drop(ELSEWHERE, errors="ignore"):
            dark = [month for month in counts if hidden[site, str(month)]]
            if dark and dark[-1] < counts.columns[-1] and 1 <= counts.loc[site, dark[-1]] < RULE.smallest_shown:
                asked += 1
                assert another(counts, shown, cut, site, dark[-1]) is not None, (number, site, dark[-1])
    assert asked > 3
