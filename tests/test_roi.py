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

from analysis.brief.roi import (
    accruals,
    diversion,
    diversion_detail,
    dollars,
    dollars_detail,
    dollars_front,
    dollars_sites,
    placement,
    told,
)
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
from analysis.effect.placements import (
    began_at_home,
    followed_children,
    moves_by_start,
    not_followed,
    placement_bounds,
)
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
            dollars_detail.line_of_pairs, dollars_detail.one_more, dollars_detail.visits_priced, dollars_detail.borrowed, dollars_sites.by_site, dollars_sites.by_month,
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


@pytest.mark.parametrize("period", ["2026-10", "2026Q3", "2022-07_2026-10"])
def test_no_span_shows_a_count_of_a_few(made, period):
    """In these spans admissions, blanks or the difference of two printed numbers come to fewer than 11: they are told with others."""
    accrual = accruals.open_accrual("demo", period)
    found = told.tell(accrual)
    if period == "2026-10":
        for part in (
            diversion.headline, diversion.rests_on, diversion.what_narrows, diversion_detail.by_group
        ):  # fmt: skip
            assert found.withheld in str(part(accrual)).replace("&#x27;", "'")
        assert diversion.effect_rows(accrual).empty
        return
    assert found.withheld is None
    few = range(1, disclosure().smallest_shown)
    everybody = accrual.episodes["disposition"].fillna("ended_unknown").replace(
        {"emergency_department": "ended_ed", "inpatient": "ended_inpatient"}
    ).value_counts()  # fmt: skip
    for block in found.joined.blocks:
        assert found.count(block) not in few
    for block in found.joined.endings:
        if "ended_elsewhere" not in block:
            assert everybody.reindex(list(block), fill_value=0).sum() - found.count(block) not in few
    assert found.joined.of("ended_unknown") != ("ended_unknown",)
    rows = diversion.effect_rows(accrual)
    assert not rows["n_treated"].isin(few).any()
    for column in ("referral_source", "response_location", "site_id"):
        pooled = pool_small(count_index_crises(accrual.episodes, column), smallest=11, joined=found.joined)
        assert not told_cells(pooled, found.joined).isin(few).any().any()


def test_a_call_from_an_ed_is_said_to_stand_outside_and_a_blank_place_is_explained(made):
    text = str(diversion_detail.by_group(made.accrual))
    assert re.search(r">emergency department</th>\s*(<td[^>]*>[^<]*</td>\s*)(<td[^>]*>outside</td>\s*){3}", text)
    blank = made.accrual.episodes[made.accrual.episodes["response_location"].isna()]
    off = blank["attempt_result"].eq("cancelled").sum()
    assert f"Not recorded: in {len(blank) - off:,} no team was sent" in text
    assert f"{off} were called off" in text


def test_no_site_within_reach_of_a_cover_is_told_apart(made):
    """A monthly brief hides some sites to cover smaller ones: none with fewer than ten times the smallest number shown has a line."""
    text = str(dollars_sites.by_site(made))
    names = made.accrual.sites.set_index("site_id")["name"]
    for site, number in made.recent.groupby("site_id")["responses"].sum().items():
        assert (f">{names[site]}<" in text) == (number >= 110)
    assert "Sites with fewer than 110 responses are added up." in text


def test_start_up_stands_apart_and_the_state_s_part_is_of_running_costs(made):
    table = ledger_table(dollars.cost_lines(made))
    year = table[table["fiscal_year"].eq("SFY2023")]
    running = year[year["item"].ne("start_up_usd")]
    state = running.loc[running["payer"].eq("state_general_fund"), "amount_usd"].sum()
    text = str(dollars_front.general_fund(made))
    row = text[text.index(">SFY2023") :].split("</tr>")[0]
    for amount in (running["amount_usd"].sum(), state, year.loc[year["item"].eq("start_up_usd"), "amount_usd"].sum()):
        assert f">{dollars.usd(amount)}<" in row
    assert "0% of the call center, 0% of start-up" in text
    assert "the most that it can be" not in text


def test_the_last_column_s_children_agree_with_the_number_beside_them(made):
    said = re.search(
        r"the last column comes to ([\d,]+) children: ([\d.]+) of 100, (\d+) in whole", str(dollars_front.what_it_takes(made))
    )  # fmt: skip
    children, of_100, rounded = int(said[1].replace(",", "")), float(said[2]), int(said[3])
    assert children == pytest.approx(of_100 * made.last_year["responses"] / 100, rel=0.01)
    assert rounded == np.ceil(of_100)


def test_a_month_that_still_fills_up_is_marked_and_the_year_is_dated(made):
    assert list(made.young) == ["2026-10"]
    assert "(November 2025 to October 2026)" in str(dollars_front.headline(made))
    assert "Oct 2026 (still filling)" in str(dollars_sites.by_site_and_month(made))
    assert "Sep 2026 (still filling)" not in str(dollars_sites.by_site_and_month(made))
    assert "Records still come in for October 2026" in str(dollars_sites.by_month(made))


def test_the_visits_name_a_part_of_a_year_as_the_costs_do(made):
    for part in (dollars_detail.visits_priced, dollars_front.general_fund):
        assert "SFY2027 (4 months)" in str(part(made))


def test_what_is_on_hand_is_not_asked_for(made, monkeypatch):
    assert accruals.on_hand("demo") == ("claims", "enrollment", "placements", "detentions")
    text = str(dollars_detail.what_to_ask(made))
    assert "Nothing: what would narrow the answer most is on hand." in text
    assert "make request" not in text
    monkeypatch.setattr(accruals, "on_hand", lambda study: ("claims",))
    text = str(dollars_detail.what_to_ask(made))
    asked, held = text.split("are on hand")
    assert "Child-welfare placements: one child" in asked
    assert "between its two ends" not in asked
    assert "between its two ends" in held
    monkeypatch.setattr(accruals, "on_hand", lambda study: ())
    assert "on hand" not in str(dollars_detail.what_to_ask(made)) + str(dollars_front.not_known(made))


def test_who_has_no_discharge_is_said_by_why(made):
    accrual = made.accrual
    parts = not_followed(accrual.episodes, as_of=accrual.covers[1])
    text = str(placement.headline(accrual))
    assert f"{parts['never']:,} never took up stabilization" in text
    assert f"{parts['open_']} are still open" in text
    children = placement_bounds(followed_children(accrual.episodes, as_of=accrual.covers[1]))["children"]
    assert sum(parts.values()) + children == began_at_home(accrual.episodes, as_of=accrual.covers[1]).sum()


def test_a_setting_without_a_place_in_the_order_is_not_more_restrictive():
    followed = pd.DataFrame({"start": ["family"] * 4, "end": ["family", "other", "residential", "lost to follow-up"]})
    found = placement_bounds(followed)
    assert (found["moved"], found["lost"]) == (1, 2)
    assert moves_by_start(followed).loc["family"].tolist() == [1, 0, 1, 2]


def test_the_cost_by_month_and_site_shows_no_site_with_a_small_month(made):
    text = str(dollars_sites.by_site_and_month(made))
    least = made.recent.groupby("site_id")["responses"].min()
    names = made.accrual.sites.set_index("site_id")["name"]
    for site, fewest in least.items():
        assert (f">{names[site]}<" in text) == (fewest >= disclosure().smallest_shown)
    north = made.recent[made.recent["site_id"].eq("site-01") & made.recent["month"].eq(pd.Period("2026-10"))].iloc[0]
    assert dollars.usd((north["capacity_usd"] + north["variable_usd"]) / north["responses"]) in text
