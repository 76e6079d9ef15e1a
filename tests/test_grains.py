"""How fine a place's figures may be shown: one rule a case. Every count here is invented; the smallest shown is 11."""

import numpy as np
import pandas as pd
import pytest

from analysis.brief.small_counts.grains import choose_grains
from analysis.periods import Period, span
from analysis.tables import STATEWIDE

LAST = pd.Period("2026-06", "M")
MONTHS, BLOCKS, YEAR, NOWHERE = 0, 1, 2, 3


def windows(months: int) -> list[list[Period]]:
    """Single months to June 2026, blocks of three counted back from it, and all of them."""
    every = pd.period_range(LAST - months + 1, LAST, freq="M")
    blocks = [span(LAST - 3 * back - 2, LAST - 3 * back) for back in range(months // 3)]
    return [[span(month, month) for month in every], blocks[::-1], [span(every[0], LAST)]]


def table(grains, sites: dict[str, list[int]], elsewhere=(), *, extra=(), yes: dict[str, list[int]] | None = None):
    """The rows of one measure: every site's months and longer windows, and the state's, which holds places without a page."""
    months = [window.first for window in grains[0]]
    out_of = pd.DataFrame(sites, index=months)
    out_of["elsewhere"] = list(elsewhere) or 0
    of_these = pd.DataFrame(yes, index=months).assign(elsewhere=0) if yes else out_of
    rows = []
    for window in [*(window for grain in grains for window in grain), *extra]:
        inside = [month for month in months if window.first <= month <= window.last]
        top, bottom = of_these.loc[inside].sum(), out_of.loc[inside].sum()
        rows += [(site, window.name, top[site], bottom[site]) for site in sites]
        rows.append((STATEWIDE, window.name, top.sum(), bottom.sum()))
    frame = pd.DataFrame(rows, columns=["site_id", "period", "numerator", "denominator"])
    return frame.drop_duplicates(["site_id", "period"])  # one block may be the whole year


def chosen(sites, *, months=3, elsewhere=(), extra=(), yes=None, hide="people", unit="count", **given):
    grains = windows(months)
    rows = table(grains, sites, elsewhere, extra=extra, yes=yes)
    return choose_grains(rows, grains, extra=extra, hide=hide, unit=unit, smallest=11, **given)


def finest(sites, **given) -> dict[str, int]:
    return chosen(sites, **given).finest.to_dict()


BIG = {"x": [100] * 3, "y": [200] * 3}  # two sites that cover nothing unless they must
BIG_6 = {"x": [100] * 6, "y": [200] * 6}


# --- a site by itself ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "grain"),
    [
        ([11, 11, 11, 12, 30, 11], MONTHS),
        ([0, 0, 0, 12, 30, 0], MONTHS),  # a zero may be shown
        ([0] * 6, MONTHS),  # no episode at all
        (
            [10, 20, 20, 20, 20, 20],
            BLOCKS,
        ),  # one small month takes every month with it, or the block would give it away
        ([3, 4, 3, 20, 20, 20], YEAR),  # a block of 10
        ([3, 4, 4, 0, 0, 0], BLOCKS),  # 11
        ([1, 2, 3, 1, 1, 2], NOWHERE),  # 10 in all
    ],
)
def test_a_site_is_shown_at_the_finest_grain_without_a_small_count(counts, grain):
    # Site b is alike, so that nobody has to cover for a.
    assert finest({"a": counts, "b": counts, **BIG_6}, months=6)["a"] == grain


def test_months_outside_the_blocks_must_not_be_left_over_small():
    # Four months, one block: the year less the block is the first month, 5.
    both = {"a": [5, 20, 20, 20], "b": [5, 20, 20, 20]}
    assert finest(both, months=4) == {"a": YEAR, "b": YEAR}


@pytest.mark.parametrize(
    ("hide", "unit", "yes", "out_of", "grain"),
    [
        ("people", "share", 1, 20, MONTHS),  # 20 families; how many of them were met is no count that identifies
        ("people", "share", 1, 10, BLOCKS),
        ("people", "rate", 20, 5, MONTHS),  # 5 child-years are no count of children
        ("people", "rate", 10, 900, BLOCKS),
        ("people", "minutes", 0, 12, MONTHS),
        ("people", "minutes", 0, 9, BLOCKS),
        ("all", "share", 5, 30, BLOCKS),  # the five
        ("all", "share", 25, 30, BLOCKS),  # the five who are not among them
        ("all", "share", 30, 30, MONTHS),  # nobody is not among them
        ("all", "count", 25, 30, BLOCKS),  # 25 children, five of whose episodes are repeats
    ],
)
def test_what_counts_people_depends_on_the_card(hide, unit, yes, out_of, grain):
    sites = {"a": [out_of] * 3, "b": [out_of] * 3}
    assert finest(sites, hide=hide, unit=unit, yes={"a": [yes] * 3, "b": [yes] * 3})["a"] == grain


# --- a site among the others -----------------------------------------------------------------------------------------


def test_the_smallest_of_the_others_covers_a_site_that_stands_alone():
    # The state less b and c would be a.
    assert finest({"a": [5, 20, 20], "b": [30] * 3, "c": [40] * 3}) == {"a": BLOCKS, "b": BLOCKS, "c": MONTHS}


def test_sites_of_one_size_cover_in_the_order_of_their_ids():
    assert finest({"a": [5, 20, 20], "c": [40] * 3, "b": [40] * 3}) == {"a": BLOCKS, "b": BLOCKS, "c": MONTHS}


def test_a_site_without_any_episode_covers_nobody_and_shows_its_zeros():
    shown = finest({"a": [5, 20, 20], "none": [0, 0, 0], "b": [30] * 3, "c": [40] * 3})
    assert shown == {"a": BLOCKS, "none": MONTHS, "b": BLOCKS, "c": MONTHS}


def test_two_hidden_sites_with_a_small_sum_are_covered():
    # April: 4 + 5 = 9.
    sites = {"a": [4, 30, 30], "b": [5, 30, 30], "c": [40] * 3}
    assert finest({**sites, "d": [50] * 3}) == {"a": BLOCKS, "b": BLOCKS, "c": BLOCKS, "d": MONTHS}


def test_two_hidden_sites_with_a_large_sum_need_no_cover():
    assert finest({"a": [5, 30, 30], "b": [6, 30, 30], "c": [40] * 3}) == {"a": BLOCKS, "b": BLOCKS, "c": MONTHS}


def test_places_without_a_page_cover_a_site():
    assert finest({"a": [5, 20, 20], "c": [40] * 3}, elsewhere=[30] * 3) == {"a": BLOCKS, "c": MONTHS}


def test_a_few_episodes_in_places_without_a_page_are_covered():
    # 40 + 60 + 4 in April: all but one of the state are seen, the rest are 4.
    assert finest({"a": [40] * 3, "c": [60] * 3}, elsewhere=[4, 20, 20]) == {"a": BLOCKS, "c": MONTHS}


def test_a_site_that_was_not_open_covers_nobody():
    # b's first two months are none, as its opening day says: a's 5 in April would be the state less c.
    shown = chosen({"a": [5, 20, 20], "b": [0, 0, 15], "c": [40] * 3})
    assert shown.finest["c"] == BLOCKS


def test_what_is_left_over_in_places_without_a_page_is_covered():
    # Five months, one block. With every block and year shown, the first two months hold 4 elsewhere and nobody else unseen.
    small = {"a": [30, 30, 8, 30, 30], "b": [9, 30, 30, 30, 30], "c": [90] * 5}
    shown = chosen(small, months=5, elsewhere=[4, 0, 20, 20, 20])
    assert shown.finest.to_dict() == {"a": YEAR, "b": BLOCKS, "c": MONTHS}


# --- the state -------------------------------------------------------------------------------------------------------


def test_a_small_month_of_the_state_takes_a_second_one_of_its_block():
    # 6 + 20 + 14 = 40, which the block says. No site has one of its months shown.
    shown = chosen({"a": [2, 9, 8], "b": [4, 11, 6]})
    assert shown.hidden_state == {"2026-04", "2026-05"}


def test_a_month_that_is_all_one_hidden_site_is_hidden_statewide():
    # In April only a was open; a is not shown by month.
    shown = chosen({"a": [15, 20, 5], "b": [0, 20, 20]})
    assert "2026-04" in shown.hidden_state


def test_months_before_that_overlap_the_year_do_not_give_a_hidden_month_away():
    # March 8 is hidden, and January with it. The year less the two months of `before` would be March.
    before = span(LAST - 5, LAST - 3)
    whole = {"a": [4, 20, 4, 20, 20, 20], "b": [9, 20, 4, 20, 20, 20]}
    shown = chosen(whole, months=6, extra=[before])
    assert {"2026-03"} < shown.hidden_state - {before.name}
    overlapping = span(LAST - 3, LAST - 1)  # March to May, of which April and May are shown
    assert overlapping.name in chosen(whole, months=6, extra=[overlapping]).hidden_state


def test_a_span_of_shown_months_is_shown():
    assert chosen(BIG_6, months=6, extra=[span(LAST - 3, LAST - 1)]).hidden_state == frozenset()


def test_a_quarter_with_the_months_of_a_hidden_block_is_hidden_with_it():
    quarter = Period(LAST - 2, LAST, "2026Q2")
    shown = chosen({"a": [20, 20, 20, 1, 2, 1], "b": [20, 20, 20, 1, 1, 2]}, months=6, extra=[quarter])
    assert {"2026-04_2026-06", "2026Q2"} <= shown.hidden_state


def test_a_small_span_of_the_state_is_hidden():
    two = span(LAST - 1, LAST)
    shown = chosen({"a": [20, 0, 3], "b": [30, 0, 4]}, extra=[two])
    assert two.name in shown.hidden_state


# --- several measures, and what never changes ------------------------------------------------------------------------


def test_a_measure_is_shown_no_finer_than_the_episodes_behind_it():
    floor = chosen({"a": [5, 20, 20], "b": [30] * 3, "c": [40] * 3})
    same = chosen({"a": [20] * 3, "b": [30] * 3, "c": [40] * 3}, no_finer_than=floor)
    assert same.finest.to_dict() == floor.finest.to_dict()
    hidden = chosen({"a": [2, 9, 8], "b": [4, 11, 6]})
    assert chosen({"a": [30] * 3, "b": [30] * 3}, no_finer_than=hidden).hidden_state >= hidden.hidden_state


def test_children_do_not_add_up_over_months():
    # Statewide 4 of April's 24 episodes are repeats, so April is hidden; May and June say nothing of its children.
    sites, yes = {"a": [12, 30, 30], "b": [12, 30, 30]}, {"a": [10, 20, 20], "b": [10, 20, 20]}
    common = {"yes": yes, "hide": "all", "unit": "count"}
    assert chosen(sites, adds_up=False, **common).hidden_state == {"2026-04"}
    assert chosen(sites, **common).hidden_state > {"2026-04"}


def test_the_order_of_rows_changes_nothing():
    grains, rng = windows(12), np.random.default_rng(20261122)
    rows = table(grains, {f"s{n}": rng.poisson(3 * 2**n, 12).tolist() for n in range(6)}, rng.poisson(5, 12).tolist())
    given = {"hide": "people", "unit": "count", "smallest": 11}
    one, other = (choose_grains(each, grains, **given) for each in (rows, rows.sample(frac=1, random_state=3)))
    assert one.finest.to_dict() == other.finest.to_dict()
    assert one.hidden_state == other.hidden_state
