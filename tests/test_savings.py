"""Ledgers, the cost of a response, break-even, borrowed effects: sums that can be done on paper, and what is refused."""

from dataclasses import fields, replace
from datetime import date

import pandas as pd
import pytest

from analysis.params import ParamsError
from analysis.savings.assumptions import one_assumption, read_assumptions
from analysis.savings.borrowed import fewer_children_with_a_visit, fewer_visits, risk_under
from analysis.savings.ledger import (
    Balance,
    LedgerError,
    Line,
    Quantity,
    Route,
    check_ledger,
    count_by_fiscal_year,
    ledger_table,
    payer_lines,
    societal_line,
)
from analysis.savings.prices import one_cost, price_in, read_costs, read_indices
from analysis.savings.program import (
    COST_PARTS,
    add_responses,
    count_cost_per_response,
    program_lines,
    read_program,
)
from analysis.savings.shares import enhanced_match, payer_shares, read_shares
from analysis.savings.threshold import (
    Perspective,
    break_even,
    break_even_volume,
    needed_of_100,
    pairs,
    perspectives,
    say_break_even,
)
from analysis.tables import SAVINGS_TABLE, STATEWIDE

INDICES, PRICES, SHARES = read_indices(), read_costs("demo"), read_shares("demo")
MATCH = enhanced_match("NM", date(2024, 1, 1), SHARES)
ROUTE = Route("borrowed", "ed_visit", 548)
MEDICAID = {"medicaid_federal": 0.7, "state_general_fund": 0.3}


def price(item: str, **changes: object):
    """The price of an item in dollars of 2025, with other cells in its line."""
    return price_in(one_cost(PRICES, item).model_copy(update=changes), 2025, INDICES)


def lines(quantity: Quantity, item: str = "ed_visit", **given: object):
    given = {"program": "medicaid_services", "route": ROUTE, "fiscal_year_starts": 7, **given}
    return payer_lines(quantity, price(item), MEDICAID, **given)


TEN = Quantity(10, 4, 16, date(2026, 1, 1))

# --- a line is the product of its row, and payers add up to the whole ---


def test_a_line_has_the_columns_of_savings_csv():
    assert [field.name for field in fields(Line)] == SAVINGS_TABLE.names


def test_each_amount_is_the_product_of_its_row():
    table = ledger_table(lines(TEN))
    row = table[table["payer"].eq("state_general_fund")].iloc[0]
    # 10 x 332.40 x 0.3 = 997.20; ends 4 x 138.24 x 0.3 = 165.888 and 16 x 651.70 x 0.3 = 3,128.16
    assert (row["amount_usd"], row["low"], row["high"]) == pytest.approx((997.2, 165.888, 3128.16))
    assert (row["fiscal_year"], row["price_year"], row["cashable"]) == ("SFY2026", 2025, "cashable_now")


def test_payers_add_up_to_the_whole():
    table = ledger_table(lines(TEN))
    assert table[["share", "amount_usd"]].sum().tolist() == pytest.approx([1, 3324])
    assert table["quantity"].tolist() == pytest.approx([10, 10])


@pytest.mark.parametrize(
    ("low", "best", "high", "least", "most"),
    [
        (4, 10, 16, 4 * 138.24, 16 * 651.70),  # all fewer: low at the low price
        (-4, 10, 16, -4 * 651.70, 16 * 651.70),  # perhaps more: that end is worst at the high price
        (-16, -10, -4, -16 * 651.70, -4 * 138.24),  # all more: the best end is at the low price
        (0, 0, 0, 0, 0),
    ],
)
def test_the_ends_of_a_line_mind_the_sign_of_the_quantity(low, best, high, least, most):
    state = lines(Quantity(best, low, high, date(2026, 1, 1)))[1]
    assert (state.low, state.high) == pytest.approx((least * 0.3, most * 0.3))


def test_twice_the_price_is_twice_the_amount():
    once = payer_lines(TEN, price("ed_visit"), MEDICAID, program="medicaid_services", route=ROUTE, fiscal_year_starts=7)
    dear = replace(price("ed_visit"), value_usd=2 * 332.40, low_usd=2 * 138.24, high_usd=2 * 651.70)
    twice = payer_lines(TEN, dear, MEDICAID, program="medicaid_services", route=ROUTE, fiscal_year_starts=7)
    assert [line.amount_usd for line in twice] == pytest.approx([2 * line.amount_usd for line in once])


def test_a_year_s_days_on_both_sides_of_a_federal_year_take_each_its_share():
    both = []
    for day in (date(2025, 9, 30), date(2025, 10, 1)):
        shares = payer_shares("medicaid_services", "NM", day, SHARES)
        both += payer_lines(Quantity(100, 100, 100, day), price("ed_visit"), shares, program="medicaid_services", route=ROUTE, fiscal_year_starts=7)  # fmt: skip
    state = ledger_table(both).set_index("payer").loc["state_general_fund"]
    # 100 x 332.40 x (0.2832 + 0.2834); both days lie in state fiscal year 2026, so they are one row of 200 x 332.40 x 0.2833
    assert state["amount_usd"] == pytest.approx(33240 * 0.5666)
    assert (state["fiscal_year"], state["quantity"], state["share"]) == (
        "SFY2026",
        pytest.approx(200),
        pytest.approx(0.2833),
    )


def test_a_payer_of_some_days_only_has_its_part_of_all_dollars():
    before, after = ({"state_general_fund": 1.0}, {"county": 0.5, "state_general_fund": 0.5})
    given = {"program": "medicaid_services", "route": ROUTE, "fiscal_year_starts": 7}
    both = [*payer_lines(TEN, price("ed_visit"), before, **given), *payer_lines(TEN, price("ed_visit"), after, **given)]
    table = ledger_table(both).set_index("payer")
    assert table["share"].to_dict() == pytest.approx({"county": 0.25, "state_general_fund": 0.75})
    assert table["quantity"].tolist() == pytest.approx([20, 20])


def test_a_quantity_of_nothing_is_a_row_of_nothing_with_its_shares():
    table = ledger_table(lines(Quantity(0, 0, 0, date(2026, 1, 1))))
    assert table[["quantity", "amount_usd", "share"]].to_numpy().tolist() == [[0, 0, 0.7], [0, 0, 0.3]]


def test_the_order_of_the_lines_does_not_matter():
    some = [*lines(TEN), *lines(TEN, "inpatient_stay")]
    pd.testing.assert_frame_equal(ledger_table(some), ledger_table(reversed(some)))


def test_what_is_no_cash_is_never_added_to_cash():
    detention = {"program": "juvenile_justice_county", "route": ROUTE, "fiscal_year_starts": 7}
    both = [
        line
        for item in ("detention_day", "detention_day_average")
        for line in payer_lines(TEN, price(item), {"county": 1.0}, **detention)
    ]
    kinds = count_by_fiscal_year(ledger_table(both)).set_index("cashable")["amount_usd"]
    # 10 x 225 x 321.943 / 258.811 = 2,798.84; 10 x 657.53 x 321.943 / 255.657 = 8,280.13
    assert kinds.to_dict() == pytest.approx({"cashable_now": 2798.84, "on_step": 8280.13}, abs=0.01)


def test_the_societal_ledger_takes_an_opportunity_cost_and_no_charge():
    given = {"route": ROUTE, "fiscal_year_starts": 7}
    assert societal_line(TEN, price("boarding_day", basis="opportunity"), **given).amount_usd == pytest.approx(
        36451.70, abs=0.01
    )
    with pytest.raises(
        ParamsError, match=r"the basis is charge .*; a societal ledger allows payment and cost and opportunity"
    ):
        societal_line(TEN, price("boarding_day", basis="charge"), **given)


@pytest.mark.parametrize(
    ("item", "changes", "program", "sentence"),
    [
        ("ed_visit", {"basis": "charge"}, "medicaid_services", "the basis is charge .what a bill asks for.; a payer ledger allows payment and cost"),
        ("boarding_day", {"basis": "opportunity"}, "medicaid_services", "the basis is opportunity"),
        ("ed_visit_cost", {}, "medicaid_services", "the price is that of everyone together; medicaid_services allows prices of Medicaid"),
        ("boarding_day", {}, "medicaid_services", "the price is that of hospital"),
        ("foster_care_month", {}, "medicaid_services", "the price is that of child welfare"),
    ],
)  # fmt: skip
def test_a_price_that_is_no_money_of_the_payer_is_refused(item, changes, program, sentence):
    with pytest.raises(ParamsError, match=f"params/costs.csv, line .*item {item}: {sentence}"):
        payer_lines(TEN, price(item, **changes), MEDICAID, program=program, route=ROUTE, fiscal_year_starts=7)


def test_shares_that_leave_a_part_to_nobody_are_refused():
    with pytest.raises(LedgerError, match=r"the payers' shares add up to 0\.9800"):
        payer_lines(TEN, price("ed_visit"), {"medicaid_federal": 0.7, "state_general_fund": 0.28}, program="medicaid_services", route=ROUTE, fiscal_year_starts=7)  # fmt: skip


def test_a_ledger_without_one_of_its_payers_is_refused():
    with pytest.raises(LedgerError, match=r"ed_visit in SFY2026 .*: the payers' shares add up to 0\.7000"):
        check_ledger(ledger_table(lines(TEN)).iloc[:1])


def test_an_amount_that_is_not_its_row_s_product_is_refused():
    table = ledger_table(lines(TEN))
    table["amount_usd"] += [-1, 1]  # the whole still agrees
    with pytest.raises(LedgerError, match=r"the line of medicaid_federal has 2325\.8000, its row gives 2326\.8000"):
        check_ledger(table)


def test_an_item_with_two_prices_in_one_year_is_refused():
    dear = [replace(line, unit_usd=400.0, amount_usd=line.quantity * 400 * line.share) for line in lines(TEN)]
    with pytest.raises(LedgerError, match=r"unit_usd takes several values \(332\.4, 400\.0\)"):
        ledger_table([*lines(TEN), *dear])


def test_dollars_of_two_years_do_not_mix():
    old = [replace(line, price_year=2024) for line in lines(TEN, "inpatient_stay")]
    with pytest.raises(LedgerError, match="mixes dollars of 2024, 2025"):
        ledger_table([*lines(TEN), *old])


def test_a_quantity_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="A quantity of 3 does not lie in its range, 4 to 16"):
        Quantity(3, 4, 16, date(2026, 1, 1))


def test_nothing_spent_has_no_return_on_the_dollar():
    assert Balance(0, 0).return_on_dollar is None


# --- what a response costs ---

HEADER = "site_id,month,capacity_usd,start_up_usd,call_center_usd,variable_usd_per_response,source,note\n"
NORTH = "north,2026-06,9000,30000,600,20,made up,\n"


def write_program(tmp_path, text: str):
    folder = tmp_path / "params" / "nm"
    folder.mkdir(parents=True)
    (folder / "program.csv").write_text(HEADER + text, encoding="utf-8")
    return tmp_path


def months(tmp_path, text: str, given: dict[tuple[str, str], int]) -> pd.DataFrame:
    """The program's months with these responses by site and month."""
    program = read_program("nm", root=write_program(tmp_path, text))
    rows = [(site, pd.Period(month, "M"), number) for (site, month), number in given.items()]
    return add_responses(program, pd.DataFrame(rows, columns=["site_id", "month", "responses"]))


def test_the_parts_of_a_response_s_cost_stand_apart(tmp_path):
    cost = count_cost_per_response(months(tmp_path, NORTH, {("north", "2026-06"): 30})).iloc[0]
    assert cost["average_usd"] == 320  # (9,000 + 30 x 20) / 30
    assert cost["with_call_center_usd"] == 340  # 600 / 30 more
    assert cost["with_start_up_usd"] == 1320  # 30,000 / 30 more
    assert cost["one_more_usd"] == 20


def test_a_month_without_a_response_has_a_cost_and_no_cost_per_response(tmp_path):
    cost = count_cost_per_response(months(tmp_path, NORTH, {})).iloc[0]
    assert (cost["capacity_usd"], cost["responses"]) == (9000, 0)
    assert cost[["average_usd", "with_call_center_usd", "with_start_up_usd", "one_more_usd"]].isna().all()


def test_a_period_is_the_ratio_of_its_sums_and_not_a_mean_of_months(tmp_path):
    text = NORTH + "north,2026-07,9000,,,20,made up,\nsouth,2026-06,5000,,,0,made up,\n"
    given = {("north", "2026-06"): 30, ("north", "2026-07"): 0, ("south", "2026-06"): 20}
    whole = months(tmp_path, text, given)
    by_site = count_cost_per_response(whole, by=["site_id"]).set_index("site_id")
    assert by_site["average_usd"].to_dict() == {"north": 620, "south": 250}  # 18,600 / 30; 5,000 / 20
    state = count_cost_per_response(whole, by=[])
    assert state[["site_id", "average_usd"]].to_dict("records") == [
        {"site_id": STATEWIDE, "average_usd": 472.0}
    ]  # 23,600 / 50
    assert state["one_more_usd"].tolist() == [12]  # (30 x 20 + 20 x 0) / 50


def test_responses_of_a_month_without_a_line_of_cost_are_left_out_and_counted(tmp_path):
    whole = months(tmp_path, NORTH, {("north", "2026-06"): 30, ("north", "2026-07"): 7, ("south", "2026-06"): 5})
    state = count_cost_per_response(whole, by=[]).iloc[0]
    assert (state["responses"], state["responses_without_cost"], state["average_usd"]) == (30, 12, 320)


def test_an_unknown_cost_of_one_more_response_is_not_taken_for_nothing(tmp_path):
    text = NORTH + "south,2026-06,5000,,,,made up,\n"
    whole = months(tmp_path, text, {("north", "2026-06"): 30, ("south", "2026-06"): 20})
    by_site = count_cost_per_response(whole, by=["site_id"]).set_index("site_id")
    assert by_site["variable_known"].to_dict() == {"north": True, "south": False}
    assert by_site["one_more_usd"].isna().to_dict() == {"north": False, "south": True}
    assert count_cost_per_response(whole, by=[])["one_more_usd"].isna().all()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("north,2026-13,9000,,,20,made up,\n", "program.csv, line 2, month: found '2026-13'. Allowed is a month written like 2026-10."),
        ("north,Jun-26,9000,,,20,made up,\n", "program.csv, line 2, month: found 'Jun-26'. Allowed is a month written like 2026-10."),
        ("north,2026-06,-9000,,,20,made up,\n", "program.csv, line 2, capacity_usd: found '-9000'. Allowed is an amount in dollars of 0 or more."),
        ("north,2026-06,9000,,,20,,\n", "program.csv, line 2, source: the cell is empty. Every line needs it; fill it in."),
        (NORTH + NORTH, 'program.csv, line 3: "north, 2026-06" stands already in line 2. Keep one of the two lines.'),
    ],
)  # fmt: skip
def test_a_fault_in_program_csv_is_one_sentence(tmp_path, text, sentence):
    with pytest.raises(ParamsError) as fault:
        read_program("nm", root=write_program(tmp_path, text))
    assert str(fault.value).startswith(sentence)


def cost_by_payer(months: pd.DataFrame, **claimed: float) -> pd.DataFrame:
    """The program's cost as a checked ledger, by payer and timing."""
    lines = program_lines(
        months, claimed=dict.fromkeys(COST_PARTS, 1.0) | claimed, state="NM", shares=SHARES, enhanced=MATCH,
        route=Route("records", "program", 0), fiscal_year_starts=7, price_year=2025,
    )  # fmt: skip
    return count_by_fiscal_year(ledger_table(lines)).set_index(["payer", "timing"])


def test_the_state_s_part_of_the_cost_rises_on_the_day_the_match_ends(tmp_path):
    text = "north,2026-12,1000,,,0,made up,\nnorth,2027-01,1000,,,0,made up,\n"
    cost = cost_by_payer(months(tmp_path, text, {}))
    assert cost["amount_usd"].loc[("state_general_fund", "inside")] == pytest.approx(150)  # 0.15
    assert cost["amount_usd"].loc[("state_general_fund", "after")] == pytest.approx(283.4)  # 1 - 0.7166
    assert cost["amount_usd"].sum() == pytest.approx(2000)
    assert set(cost["fiscal_year"]) == {"SFY2027"}  # both months: July 2026 to June 2027


def test_what_is_not_claimed_is_the_state_s_alone(tmp_path):
    cost = cost_by_payer(
        months(tmp_path, NORTH, {("north", "2026-06"): 30}), start_up_usd=0.0, call_center_usd=0.5
    )["amount_usd"].droplevel("timing")  # fmt: skip
    # claimed 9,000 + 300 + 600 = 9,900; the rest is 30,000 + 300
    assert cost.to_dict() == pytest.approx({"medicaid_federal": 8415, "state_general_fund": 1485 + 30300})


def test_a_claimed_percent_is_refused(tmp_path):
    with pytest.raises(ParamsError, match=r"The claimed share of capacity_usd is 85\. Allowed is a share from 0 to 1"):
        cost_by_payer(months(tmp_path, NORTH, {}), capacity_usd=85)


# --- break-even ---

ALL_FUNDS = Perspective("Medicaid, all funds", 1.0, 1.0, ("medicaid",))


def test_break_even_of_one_item_alone_with_the_range_of_its_price():
    needed = break_even(100, price("ed_visit"), ALL_FUNDS)
    # 10,000 / 332.40; / 651.70; / 138.24
    assert (needed.best, needed.low, needed.high) == pytest.approx((30.0842, 15.3445, 72.3380), abs=1e-4)
    assert needed.reachable


@pytest.mark.parametrize(("usd", "reachable"), [(332.40, True), (332.41, False)])
def test_a_hundred_of_a_hundred_is_the_last_that_can_be_reached(usd, reachable):
    assert break_even(usd, price("ed_visit"), ALL_FUNDS).reachable is reachable


def test_inside_the_match_the_state_needs_fewer_than_all_funds_and_after_it_as_many():
    inside, after = perspectives("NM", SHARES, inside=date(2026, 1, 1), after=date(2027, 1, 1), enhanced=MATCH)[2:]
    stay = price("inpatient_stay")
    whole, before, behind = (break_even(500, stay, view).best for view in (ALL_FUNDS, inside, after))
    assert whole / before == pytest.approx(0.2834 / 0.15)
    assert behind == pytest.approx(whole)


def test_the_views_are_of_days_on_both_sides_of_the_end():
    with pytest.raises(ParamsError, match="2026-01-01 must lie inside it and 2026-06-01 behind it"):
        perspectives("NM", SHARES, inside=date(2026, 1, 1), after=date(2026, 6, 1), enhanced=MATCH)


def test_every_pair_of_the_line_pays_for_the_same_cost():
    visit, stay = price("ed_visit"), price("inpatient_stay")
    for pair in pairs(250, visit, stay, ALL_FUNDS, firsts=[0, 10, 40]):
        assert pair.first * 332.40 + pair.second * 2839.08 == pytest.approx(25000)


def test_the_line_of_pairs_ends_at_the_two_items_alone():
    visit, stay = price("ed_visit"), price("inpatient_stay")
    alone = break_even(250, visit, ALL_FUNDS).best
    first, last = pairs(250, visit, stay, ALL_FUNDS, firsts=[0, alone])
    assert first.second == pytest.approx(break_even(250, stay, ALL_FUNDS).best)
    assert last.second == pytest.approx(0, abs=1e-9)


def test_a_response_replaces_one_thing_so_a_pair_of_more_than_a_hundred_is_out_of_reach():
    visit, stay = price("ed_visit"), price("inpatient_stay")
    # 60,000 - 90 x 332.40 = 30,084, / 2,839.08 = 10.6: 100.6 together
    assert [pair.reachable for pair in pairs(600, visit, stay, ALL_FUNDS, firsts=[80, 90])] == [True, False]


@pytest.mark.parametrize("item", ["ed_visit_cost", "boarding_day", "ambulance_transport"])
def test_a_price_of_no_public_budget_breaks_nothing_even(item):
    views = perspectives("NM", SHARES, inside=date(2026, 1, 1), after=date(2027, 1, 1), enhanced=MATCH)
    with pytest.raises(ParamsError, match=f"item {item}: .* is no dollar of this perspective .all payers."):
        break_even(100, price(item), views[0])


def test_a_charge_breaks_nothing_even():
    with pytest.raises(ParamsError, match="a charge of Medicaid is no dollar of this perspective"):
        break_even(100, price("ed_visit", basis="charge"), ALL_FUNDS)


@pytest.mark.parametrize(
    ("variable", "worth", "volume"),
    [(20, 220, 300), (220, 220, None), (221, 220, None)],  # 60,000 / 200; nothing left; less than nothing
)
def test_the_volume_at_which_it_breaks_even(variable, worth, volume):
    assert break_even_volume(60_000, variable, worth) == volume


def test_a_worthless_event_never_pays():
    assert needed_of_100(1, 0) == float("inf")
    assert needed_of_100(0, 0) == 0


def test_out_of_reach_today_and_never_are_two_sentences():
    needed = break_even(900, price("ed_visit"), ALL_FUNDS)
    today = say_break_even(needed, "an emergency department visit", volume=break_even_volume(60_000, 32.40, 332.40))
    assert today == (
        "Medicaid, all funds: out of reach at today's cost of a response. Even if 100 of 100 responses replaced an "
        "emergency department visit, it would take 200 responses in the period."
    )
    assert "no break-even at any volume" in say_break_even(needed, "an emergency department visit", volume=None)


def test_a_range_that_ends_out_of_reach_says_so():
    # 20,000 / 651.70 = 30.7; 20,000 / 332.40 = 60.2; 20,000 / 138.24 = 144.7
    told = say_break_even(break_even(200, price("ed_visit"), ALL_FUNDS), "an emergency department visit", volume=None)
    assert told.endswith("(31 to out of reach at 100 over the range of its price).")


# --- borrowed ---

ASSUMED = read_assumptions("demo")
RATIO, ODDS = one_assumption(ASSUMED, "ed_visits_ratio"), one_assumption(ASSUMED, "ed_visit_odds_ratio")


@pytest.mark.parametrize(("later", "best"), [(0.25, 55), (0.5, 110), (2, 440), (0, 0)])  # 1,000 x later x 0.22
def test_borrowed_visits_grow_with_the_visits_there_would_have_been(later, best):
    assert fewer_visits(1000, later, RATIO).best == pytest.approx(best)


def test_an_odds_ratio_is_applied_to_odds_and_never_multiplied_as_a_risk():
    # odds 0.3 / 0.7 x 0.75 = 0.32143; 0.32143 / 1.32143 = 0.24324, and not 0.3 x 0.75 = 0.225
    assert risk_under(0.75, 0.30) == pytest.approx(0.243243, abs=1e-6)
    assert (risk_under(0.75, 0), risk_under(0.75, 1)) == (0, 1)


def test_the_ends_of_a_borrowed_effect_are_those_of_its_ratio():
    some = fewer_children_with_a_visit(1000, 0.60, ODDS)
    # 1,000 x (0.6 - 0.84 x 0.6 / 0.904) = 42.48; 1,000 x (0.6 - 0.66 x 0.6 / 0.796) = 102.51
    assert (some.low, some.high) == pytest.approx((42.48, 102.51), abs=0.01)
    assert some.low < some.best < some.high
    assert some.label == "borrowed, not measured here"


def test_a_rate_ratio_and_an_odds_ratio_do_not_stand_in_for_each_other():
    with pytest.raises(ValueError, match="ed_visit_odds_ratio is a odds_ratio; needed is a ratio"):
        fewer_visits(100, 0.5, ODDS)
    with pytest.raises(ValueError, match="ed_visits_ratio is a ratio; needed is a odds_ratio"):
        fewer_children_with_a_visit(100, 0.3, RATIO)
