"""The three ROI briefs from episodes alone: bounds hold the made-up truth, no sentence claims an effect, dollars can be walked back."""

import csv
import re
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
from many import many

from analysis.brief.roi import accruals, diversion, diversion_detail, dollars, dollars_detail, dollars_front, placement
from analysis.demo.scenario import read_scenario
from analysis.demo.state import make_state
from analysis.effect.index_crisis import (
    AFTER,
    BEFORE,
    TOTAL,
    bound_diversion,
    count_index_crises,
    pool_small,
    read_diversion,
    told_cells,
)  # fmt: skip
from analysis.effect.placements import followed_children, placement_bounds
from analysis.effect.repeats import repeat_crises
from analysis.params import ROOT, disclosure
from analysis.savings.ledger import check_ledger, ledger_table

CLAIMS = re.compile(
    r"\b(saved|saves|saving|avoided|avoids|averted|averts|because of the service|thanks to)\b", re.IGNORECASE
)
DRAWN_STATES = many(170)


def bounds_and_truth(name: str, seed: int) -> tuple[pd.Series, int]:
    state = make_state(read_scenario(name, seed=seed))
    row = bound_diversion(count_index_crises(state.episodes), read_diversion()).loc[TOTAL]
    truth = int(state.outcomes["ed_without"].sum() - state.outcomes["ed_with"].sum())
    return row, truth


def held(seed: int) -> bool:
    row, truth = bounds_and_truth("base", seed)
    return bool(row["fewer_low"] <= truth <= row["fewer_high"])


@pytest.mark.slow
def test_the_bounds_hold_the_truth_in_at_least_95_of_100_drawn_states():
    with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as pool:
        states = sum(pool.map(held, range(DRAWN_STATES), chunksize=25))
    assert states >= 0.95 * DRAWN_STATES


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_without_any_effect_the_bounds_hold_zero_and_the_grade_says_so(seed):
    row, truth = bounds_and_truth("no_effect", seed)
    assert truth == 0
    assert row["fewer_low"] <= 0 <= row["fewer_high"]
    assert accruals.grade(row["fewer_low"], row["fewer_high"]) == accruals.CANNOT_TELL


# --- the bounds, one rule a case -------------------------------------------------------------------------------------


def crisis(**said) -> dict:
    usual = {"referral_source": "family", "response_location": "home", "attempt_result": "contact", "response_mode": "mobile", "would_have_done": None,
             "disposition": "community"}  # fmt: skip
    return {**usual, **said}


@pytest.mark.parametrize(
    ("who", "before", "after"),
    [
        (crisis(referral_source="emergency_department", disposition="emergency_department"), "already_in_ed", None),
        (crisis(response_location="emergency_department"), "already_in_ed", None),  # the visit had happened
        (
            crisis(attempt_result="not_found", would_have_done="emergency_department"),
            "no_contact",
            None,
        ),  # replaced nothing
        (crisis(response_mode="none", attempt_result=None), "no_contact", None),  # nobody came
        (crisis(would_have_done="emergency_department"), "said_ed", "ended_elsewhere"),
        (crisis(would_have_done="waited", disposition="emergency_department"), "said_other", "ended_ed"),
        (
            crisis(attempt_result=None, disposition="inpatient"),
            "not_asked",
            "ended_inpatient",
        ),  # a blank result is no "nobody"
        (crisis(disposition=None), "not_asked", "ended_unknown"),
    ],
)
def test_every_crisis_is_in_one_part_before_and_one_after(who, before, after):
    row = count_index_crises(pd.DataFrame([who])).loc[TOTAL]
    assert row[list(BEFORE)][row[list(BEFORE)].gt(0)].to_dict() == {before: 1}
    assert row[list(AFTER)][row[list(AFTER)].gt(0)].to_dict() == ({after: 1} if after else {})


def test_pooling_leaves_no_small_cell_and_loses_nobody():
    draws = np.random.default_rng(20261122)
    for _ in range(200):
        sizes = draws.poisson(draws.gamma(1.0, 20.0, size=(8, 1)) * np.ones((1, 9)))
        counted = pd.DataFrame(sizes, columns=[*BEFORE, *AFTER], index=[f"g{number}" for number in range(8)])
        counted.insert(0, "episodes", counted[list(BEFORE)].sum(axis=1))
        pooled = pool_small(counted, smallest=11)
        assert not told_cells(pooled).isin(range(1, 11)).any().any()
        assert pooled.empty or pooled["episodes"].sum() == counted["episodes"].sum()


def test_a_child_not_watched_for_the_whole_window_is_left_out_and_counted():
    calls = pd.DataFrame({"child_id": [1, 2], "counted_on": pd.to_datetime(["2026-01-01", "2026-01-20"])})
    first, last = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-31")
    found = repeat_crises(calls, window_days=30, from_on=first, to_on=last, watched_to=last, confidence=0.95)
    assert (found.children, found.not_watched, found.repeated) == (
        1,
        1,
        0,
    )  # child 2 would have to be watched to 19 February


def test_children_still_open_count_on_neither_side():
    episodes = pd.DataFrame(
        {
            "counted_on": pd.to_datetime(["2026-01-01", "2026-01-01", "2026-01-01", "2026-02-01"]),
            "living_at_start": ["family"] * 4,
            "discharged_on": pd.to_datetime(["2026-01-05", "2026-03-20", None, "2026-02-03"]),
            "discharge_reason": ["goals_met", "goals_met", None, "goals_met"],
            "living_at_discharge": ["residential", "family", None, "family"],
        }
    )
    found = placement_bounds(followed_children(episodes, as_of=pd.Timestamp("2026-03-01")))
    # the second is open on 1 March; the third has no discharge on record; the fourth began in the last eight weeks
    assert (found["children"], found["moved"]) == (1, 1)


# --- the pages of the made-up state ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made():
    """The dollars of the made-up state; its tables are made where they are not there."""
    if not (ROOT / "data" / "processed" / "demo" / "plan.mk").exists():
        pytest.skip("The made-up state's tables are not there: run make data.")
    return dollars.open_dollars("demo", "2022-07_2026-10")


def pages(found) -> dict[str, str]:
    accrual = found.accrual
    return {
        "diversion": "".join(str(part(accrual)) for part in (
            diversion.headline, diversion.grade_line, diversion.rests_on, diversion_detail.by_group, diversion_detail.endings, diversion_detail.repeats,
            diversion.what_narrows)),
        "placement": "".join(str(part(accrual)) for part in (placement.headline, placement.grade_line, placement.settings, placement.published)),
        "dollars": "".join(str(part(found)) for part in (
            dollars_front.headline, dollars_front.grade_line, dollars_front.key_figures, dollars_front.what_it_takes, dollars_front.general_fund, dollars_front.not_known,
            dollars_detail.line_of_pairs, dollars_detail.one_more, dollars_detail.visits_priced, dollars_detail.borrowed, dollars_detail.by_site, dollars_detail.by_month,
            dollars_detail.what_to_ask, dollars_detail.where_from)),
    }  # fmt: skip


def test_no_sentence_claims_an_effect(made):
    for name, text in pages(made).items():
        assert CLAIMS.findall(text) == [], name
        assert "can&#x27;t tell yet" in text, name
    assert "borrowed, not measured here" in pages(made)["dollars"].lower()


def test_the_notebooks_claim_nothing_either():
    for name in ("ed_diversion", "placement_avoidance", "cost_savings"):
        text = (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
        assert CLAIMS.findall(text) == []


def test_every_price_is_walked_back_to_its_line_year_payer_and_source(made):
    lines = (ROOT / "params" / "costs.csv").read_text(encoding="utf-8").splitlines()
    header = next(csv.reader([lines[0]]))
    with (ROOT / "params" / "price_index.csv").open(encoding="utf-8") as file:
        index = {(row["index"], int(row["year"])): float(row["value"]) for row in csv.DictReader(file)}
    for price in made.prices.values():
        row = dict(zip(header, next(csv.reader([lines[price.cost.line - 1]])), strict=True))
        assert row["item"] == price.item
        assert row["source_title"]
        assert row["payer_paid_by"] == "medicaid"
        assert row["basis"] == "payment"
        factor = index[row["index"], made.price_year] / index[row["index"], int(row["price_year"])]
        assert price.value_usd == pytest.approx(float(row["value_usd"]) * factor, rel=1e-12)


def test_the_cost_of_a_response_is_the_program_s_file_over_the_episodes(made):
    program = pd.read_csv(ROOT / "params" / "demo" / "program.csv")
    year = program[program["month"].between("2025-11", "2026-10")]
    month = made.accrual.episodes["counted_on"].dt.strftime("%Y-%m")
    came = made.accrual.episodes["response_mode"].ne("none")
    responses = came & month.between("2025-11", "2026-10") & made.accrual.episodes["site_id"].isin(year["site_id"])
    spent = (
        year["capacity_usd"].sum() + year["call_center_usd"].sum() + responses.sum() * 110
    )  # the same variable cost everywhere
    assert made.last_year["responses"] == responses.sum()
    assert made.last_year["with_call_center_usd"] == pytest.approx(spent / responses.sum(), rel=1e-9)


def test_what_the_state_pays_inside_and_after_the_match(made):
    year = made.last_year
    claimed = year["capacity_usd"] + year["variable_usd"]  # all of it; nothing of the call center
    inside, after = (dollars.state_cost(made, day) for day in dollars.match_days(made).values())
    assert inside == pytest.approx(0.15 * claimed + year["call_center_usd"], rel=1e-12)
    assert after == pytest.approx(
        0.2834 * claimed + year["call_center_usd"], rel=1e-12
    )  # 1 - 0.7166, FFY2027 as FFY2026


def test_the_ledger_s_rows_are_products_and_its_payers_add_up(made):
    table = ledger_table([*dollars.cost_lines(made), *dollars.visit_lines(made)])
    check_ledger(table)
    assert table["amount_usd"].to_numpy() == pytest.approx(
        (table["quantity"] * table["unit_usd"] * table["share"]).to_numpy()
    )
    costs = table[table["ledger"].eq("program_cost")]
    spent = made.months[["capacity_usd", "start_up_usd", "call_center_usd", "variable_usd"]].sum().sum()
    assert costs["amount_usd"].sum() == pytest.approx(spent, rel=1e-9)


def test_the_priced_ends_are_the_bounds_at_the_price(made):
    row = bound_diversion(count_index_crises(made.accrual.episodes), made.accrual.rules).loc[TOTAL]
    table = ledger_table(dollars.visit_lines(made)).groupby("route")["amount_usd"].sum()
    price = made.prices["ed_visit"].value_usd
    assert table["index_crisis_low_bound"] == pytest.approx(row["fewer_low"] * price, rel=1e-9)
    assert table["index_crisis_high_bound"] == pytest.approx(row["fewer_high"] * price, rel=1e-9)


def test_effects_hold_bounds_without_an_estimate(made):
    rows = diversion.effect_rows(made.accrual)
    assert rows["estimate"].isna().all()
    assert rows["grade"].isin([accruals.CANNOT_TELL, accruals.SUGGESTIVE]).all()
    assert not rows["n_treated"].between(1, disclosure().smallest_shown - 1).any()


def test_the_page_in_docs_says_what_the_brief_says(made):
    text = (ROOT / "docs" / "reading_the_dollars_page.md").read_text(encoding="utf-8")
    inside, after = (dollars.state_cost(made, day) for day in dollars.match_days(made).values())
    table = str(dollars_front.what_it_takes(made))
    for said in (
        dollars.usd(made.last_year["with_call_center_usd"]),
        dollars.usd(made.last_year["one_more_usd"]),
        dollars.usd(inside),
        dollars.usd(after),
    ):
        assert said in text
    found = re.search(
        r"([\d,]+) of 100 responses would have to replace a child's year in residential treatment \((\d+)\s+to\s+(\d+)",
        text,
    )
    assert f"{found[1]} ({found[2]} to {found[3]})" in table


def test_a_share_that_is_not_known_stops_the_split_and_nothing_else(made):
    without = replace(
        made, shares=tuple(line for line in made.shares if not line.own)
    )  # federal fiscal year 2027 is not known
    assert dollars.cost_lines(without) == dollars.visit_lines(without) == []
    assert "The federal share of NM for October 2026 is not entered" in str(dollars_front.general_fund(without))
    assert [view.name for view in dollars.views(without)] == [
        "all public funds together"
    ]  # the match ends in that year
    assert "All payers together: between" in str(dollars_detail.visits_priced(without))


def test_a_short_span_shows_no_count_of_a_few(made):
    """In these spans admissions, blanks or the difference of two printed numbers come to fewer than 11."""
    for period in ("2026-10", "2026Q3"):
        accrual = accruals.open_accrual("demo", period)
        assert not diversion.may_show(accrual)
        for part in (diversion.headline, diversion.rests_on, diversion.what_narrows):
            assert diversion.TOO_FEW in str(part(accrual))
        assert diversion.effect_rows(accrual).empty


def test_the_cost_by_month_and_site_shows_no_site_with_a_small_month(made):
    text = str(dollars_detail.by_site_and_month(made))
    least = made.recent.groupby("site_id")["responses"].min()
    names = made.accrual.sites.set_index("site_id")["name"]
    for site, fewest in least.items():
        assert (f">{names[site]}<" in text) == (fewest >= disclosure().smallest_shown)
    north = made.recent[made.recent["site_id"].eq("site-01") & made.recent["month"].eq(pd.Period("2026-10"))].iloc[0]
    assert dollars.usd((north["capacity_usd"] + north["variable_usd"]) / north["responses"]) in text
