"""Prices, indices, shares and assumptions: what is in params/ holds, and every fault is one sentence that says where."""

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest

from analysis.params import ROOT, ParamsError
from analysis.savings.assumptions import read_assumptions
from analysis.savings.prices import in_year, one_cost, price_in, read_costs, read_indices
from analysis.savings.shares import (
    EnhancedMatch,
    enhanced_match,
    match_multiplier,
    payer_shares,
    read_shares,
)

SHEETS = ("costs.csv", "price_index.csv", "shares.csv", "assumptions.csv")


@pytest.fixture
def root(tmp_path) -> Path:
    """A workspace with the shared sheets and a study `nm` without any of its own."""
    (tmp_path / "params" / "nm").mkdir(parents=True)
    for name in SHEETS:
        shutil.copy(ROOT / "params" / name, tmp_path / "params" / name)
    return tmp_path


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, lines: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


def change(path: Path, which: int, **cells: str) -> None:
    """The sheet with other cells in its line `which`; the header is line 1."""
    lines = lines_of(path)
    lines[which - 2].update(cells)
    write(path, lines)


def say_fault(read, root: Path) -> str:
    with pytest.raises(ParamsError) as fault:
        read("nm", root=root)
    return str(fault.value)


# --- faults of a price: file, line, column, found, allowed, what to do ---


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        pytest.param(
            {"value_usd": "-332.40"},
            "costs.csv, line 2, value_usd: found '-332.40'. Allowed is an amount in dollars of 0 or more. Write the amount without its sign.",
            id="a negative price",
        ),
        pytest.param(
            {"value_usd": "2-Mar"},
            "costs.csv, line 2, value_usd: found '2-Mar'. Allowed is an amount in dollars of 0 or more, like 1331.99. "
            "A spreadsheet has turned this cell into a date: type the number again as text.",
            id="a date that Excel made of a price",
        ),
        pytest.param(
            {"high_usd": "2024-03-05 00:00:00"},
            "costs.csv, line 2, high_usd: found '2024-03-05 00:00:00'. Allowed is an amount in dollars of 0 or more, like 1331.99. "
            "A spreadsheet has turned this cell into a date: type the number again as text.",
            id="a date with a time",
        ),
        pytest.param(
            {"value_usd": "$1,910"},
            "costs.csv, line 2, value_usd: found '$1,910'. Allowed is an amount in dollars of 0 or more, like 1331.99, "
            "without $, % or thousands separators. Type the plain number.",
            id="a price as a page prints it",
        ),
        pytest.param(
            {"value_usd": "nan"},
            "costs.csv, line 2, value_usd: found 'nan'. Allowed is an amount in dollars of 0 or more, like 1331.99, "
            "without $, % or thousands separators. Type the plain number.",
            id="no number",
        ),
        pytest.param(
            {"value_usd": ""},
            "costs.csv, line 2, value_usd: the cell is empty. Allowed is an amount in dollars of 0 or more, like 1331.99, "
            "without $, % or thousands separators. Type the plain number.",
            id="no price",
        ),
        pytest.param(
            {"price_year": "2031"},
            "costs.csv, line 2, price_year: found '2031'. Allowed are the years of cpi_u_hospital_services, 2010 to 2025. "
            "Add the year to params/price_index.csv with its source, or write a year that is there.",
            id="a year outside the index",
        ),
        pytest.param(
            {"price_year": "2009-2010"},
            "costs.csv, line 2, price_year: found '2009-2010'. Allowed is one year of four digits, like 2024. Write the middle year of a span.",
            id="a span of years",
        ),
        pytest.param(
            {"index": "cpi_hospital_services"},
            "costs.csv, line 2, index: found 'cpi_hospital_services'. Allowed: cpi_u_all_items, cpi_u_hospital_services, cpi_u_medical_care, "
            'cpi_u_professional_services, gdp_deflator, pce_deflator, pce_health_services (did you mean "cpi_u_hospital_services"?). '
            "Write one of them, or add the index to params/price_index.csv.",
            id="an unknown index",
        ),
        pytest.param(
            {"payer_paid_by": "medicade"},
            "costs.csv, line 2, payer_paid_by: found 'medicade'. Allowed: medicaid, child_welfare, juvenile_justice, county, state, hospital, societal "
            '(did you mean "medicaid"?). Write one of them.',
            id="an unknown payer",
        ),
        pytest.param(
            {"source_link": ""},
            "costs.csv, line 2, source_title and source_link: found 'Hospital price-transparency files (archive hospital-price-history)' and ''. "
            "No source, no load: write title and link of the public source, or mark the line illustrative and say why in note.",
            id="no source",
        ),
        pytest.param(
            {"evidence": "illustrative", "note": ""},
            "costs.csv, line 2, note: the cell is empty. An illustrative line says there why the number stands in; write it.",
            id="illustrative without a reason",
        ),
        pytest.param(
            {"low_usd": "500"},
            "costs.csv, line 2, low_usd and high_usd: found 500.0 and 651.7, which do not hold the value 332.4. Correct the three.",
            id="a range beside its value",
        ),
        pytest.param(
            {"high_usd": ""},
            "costs.csv, line 2, low_usd and high_usd: one is empty. A triangular number needs both ends; fill them in or write fixed.",
            id="half a range",
        ),
        pytest.param(
            {"distribution": "fixed"},
            "costs.csv, line 2, low_usd and high_usd: found 138.24 and 651.7 on a fixed number. Leave both empty or name a distribution.",
            id="a range on a fixed price",
        ),
    ],
)
def test_a_fault_in_a_price_is_one_sentence(root, cells, sentence):
    change(root / "params" / "costs.csv", 2, **cells)
    assert say_fault(read_costs, root) == sentence


def test_all_faults_of_a_sheet_are_told_at_once_by_their_line(root):
    change(root / "params" / "costs.csv", 2, value_usd="-1")
    change(root / "params" / "costs.csv", 4, price_year="10")
    told = say_fault(read_costs, root).splitlines()
    assert [line.split(":")[0] for line in told] == ["costs.csv, line 2, value_usd", "costs.csv, line 4, price_year"]


def test_a_line_after_a_cell_with_line_breaks_has_its_own_number(root):
    path = root / "params" / "costs.csv"
    change(path, 2, note="Three\nlines\nlong")  # line 2 now ends in line 4 of the file, line 3 begins in line 5
    change(path, 3, value_usd="-1")
    assert say_fault(read_costs, root).startswith("costs.csv, line 5, value_usd: found '-1'.")


def test_a_misspelt_column_is_named_and_the_right_one_missed(root):
    path = root / "params" / "costs.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("low_usd", "lo_usd", 1), encoding="utf-8")
    assert say_fault(read_costs, root).splitlines() == [
        'costs.csv, line 1: the column "low_usd" is missing. Add it.',
        'costs.csv, line 1: "lo_usd" is not a column used here (did you mean "low_usd"?). Take it out.',
    ]


def test_a_comma_that_nobody_quoted_is_a_cell_too_many(root):
    path = root / "params" / "costs.csv"
    path.write_text(path.read_text(encoding="utf-8") + "x,y,z\n", encoding="utf-8")
    last = len(lines_of(path)) + 1
    assert say_fault(read_costs, root).startswith(
        f"costs.csv, line {last}: found 3 cells; allowed are 18, one a column."
    )


def test_a_line_of_empty_cells_and_a_byte_order_mark_are_what_spreadsheets_leave(root):
    path = root / "params" / "costs.csv"
    path.write_text("\ufeff" + path.read_text(encoding="utf-8") + "," * 17 + "\n", encoding="utf-8")
    assert len(read_costs("nm", root=root)) == len(read_costs("demo"))


def test_an_item_that_stands_twice_is_refused(root):
    path = root / "params" / "costs.csv"
    lines = lines_of(path)
    write(path, [*lines, lines[0]])
    assert say_fault(read_costs, root) == (
        f'costs.csv, line {len(lines) + 2}: "ed_visit" stands already in line 2. Keep one of the two lines.'
    )


def test_a_missing_sheet_is_named(root):
    (root / "params" / "costs.csv").unlink()
    assert say_fault(read_costs, root) == "costs.csv is missing."


# --- a study's own lines ---


def test_a_study_s_own_price_stands_in_for_the_shared_one_and_says_so(root):
    own = lines_of(root / "params" / "costs.csv")[0] | {"value_usd": "410", "geography": "NM"}
    write(root / "params" / "nm" / "costs.csv", [own])
    costs = read_costs("nm", root=root)
    visit = one_cost(costs, "ed_visit")
    assert (visit.value_usd, visit.own, visit.line) == (410, True, 2)
    assert [cost.item for cost in costs] == [cost.item for cost in read_costs("demo")]  # in the place of the shared one
    assert [cost.item for cost in costs if cost.own] == ["ed_visit"]


def test_every_shared_number_that_is_not_illustrative_names_where_it_was_read():
    lines = [*read_costs("demo"), *read_shares("demo"), *read_assumptions("demo")]
    assert all(line.source_link.startswith("http") for line in lines if line.evidence != "illustrative")
    assert {cost.item for cost in read_costs("demo") if cost.evidence == "illustrative"} == {
        "foster_care_month", "police_hour",
    }  # fmt: skip


# --- dollars of another year ---


def test_a_price_and_its_range_move_by_one_factor():
    visit, indices = one_cost(read_costs("demo"), "residential_child_year"), read_indices()
    price = price_in(visit, 2025, indices)
    # 180.5729 / 145.4373 = 1.241586
    assert (price.value_usd / 42000, price.low_usd / 24805, price.high_usd / 60000) == pytest.approx((1.241586,) * 3)


def test_a_price_in_its_own_year_stays_as_it_was_read():
    assert price_in(one_cost(read_costs("demo"), "inpatient_day"), 2025, read_indices()).value_usd == 1331.99


@pytest.mark.parametrize("to_year", [2009, 2026])
def test_no_year_beyond_the_index_is_made_up(to_year):
    with pytest.raises(ParamsError, match=f"found '{to_year}'. Allowed are the years of gdp_deflator, 2010 to 2025."):
        in_year(100, index="gdp_deflator", from_year=2020, to_year=to_year, indices=read_indices())


def test_an_index_of_zero_is_refused(root):
    change(root / "params" / "price_index.csv", 2, value="0")
    assert say_fault(read_costs, root).startswith(
        "price_index.csv, line 2, value: found '0'. Allowed is an index above 0."
    )


# --- shares by date ---


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        pytest.param(
            {"share": "72.16"},
            "shares.csv, line 2, share: found '72.16'. Allowed is a share from 0 to 1, like 0.85. This looks like a percent: divide it by 100.",
            id="a percent where a share belongs",
        ),
        pytest.param(
            {"share": "72.16%"},
            "shares.csv, line 2, share: found '72.16%'. Allowed is a share from 0 to 1, like 0.85. Divide the percent by 100.",
            id="a percent with its sign",
        ),
        pytest.param(
            {"share": "0.7016"},  # 0.7016 + 0.2784
            "shares.csv, line 2 and shares.csv, line 3, share: the payers of medicaid_services in NM add up to 0.9800 from 2017-10-01. "
            "Allowed is a sum of 1. Correct a share or add the payer that is missing.",
            id="shares that sum to 0.98",
        ),
        pytest.param(
            {"payer": "federal"},
            "shares.csv, line 2, payer: found 'federal'. Allowed: medicaid_federal, iv_e_federal, state_general_fund, county "
            '(did you mean "iv_e_federal"?). Write one of them.',
            id="an unknown payer",
        ),
        pytest.param(
            {"from": "10/1/2017"},
            "shares.csv, line 2, from: found '10/1/2017'. Allowed is a day written year-month-day, like 2025-10-01. Write the day so.",
            id="a day in another form",
        ),
        pytest.param(
            {"from": "2018-10-01"},
            "shares.csv, line 2, ends on 2018-09-30, before it starts on 2018-10-01.",
            id="a span that ends before it starts",
        ),
    ],
)  # fmt: skip
def test_a_fault_in_a_share_is_one_sentence(root, cells, sentence):
    change(root / "params" / "shares.csv", 2, **cells)
    assert say_fault(read_shares, root) == sentence


def test_spans_of_one_payer_may_not_overlap(root):
    change(root / "params" / "shares.csv", 2, to="2018-10-01")  # line 4 begins on that day
    told = say_fault(read_shares, root)
    assert told.startswith("shares.csv, line 4, from: found '2018-10-01', but shares.csv, line 2 holds to 2018-10-01")


def test_a_study_s_own_share_takes_the_place_of_the_one_that_begins_on_its_day(root):
    shared = lines_of(root / "params" / "shares.csv")[:2]
    write(root / "params" / "nm" / "shares.csv", [shared[0] | {"share": "0.7"}, shared[1] | {"share": "0.3"}])
    lines = read_shares("nm", root=root)
    assert payer_shares("medicaid_services", "NM", date(2018, 1, 1), lines) == {
        "medicaid_federal": 0.7, "state_general_fund": 0.3,
    }  # fmt: skip
    assert sum(line.own for line in lines) == 2


SHARES = read_shares("demo")
MATCH = EnhancedMatch("NM", date(2024, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("program", "day", "federal"),
    [
        ("medicaid_services", date(2025, 9, 30), 0.7168),  # last day of federal fiscal year 2025
        ("medicaid_services", date(2025, 10, 1), 0.7166),  # first day of 2026
        ("medicaid_services", date(2019, 12, 31), 0.7271),  # the day before the increase of the public health emergency
        ("medicaid_services", date(2023, 3, 31), 0.7946),  # the last with 6.2 points on top
        ("medicaid_services", date(2023, 4, 1), 0.7826),  # 5.0
        ("medicaid_services", date(2023, 7, 1), 0.7576),  # 2.5
        ("medicaid_services", date(2024, 1, 1), 0.7259),  # none
        ("mobile_crisis", date(2023, 12, 31), 0.7409),  # the day before the state's first quarter, 1.5 points on top
        ("mobile_crisis", date(2024, 1, 1), 0.85),  # its first day
        ("mobile_crisis", date(2026, 12, 31), 0.85),  # its last
        ("mobile_crisis", date(2027, 1, 1), 0.7166),  # behind it: the regular share
    ],
)
def test_the_share_is_that_of_the_day(program, day, federal):
    parts = payer_shares(program, "NM", day, SHARES, enhanced=MATCH)
    assert parts["medicaid_federal"] == federal
    assert sum(parts.values()) == pytest.approx(1, abs=1e-9)


def test_without_an_enhanced_match_mobile_crisis_has_the_regular_share():
    day = date(2026, 1, 1)
    assert payer_shares("mobile_crisis", "NM", day, SHARES) == payer_shares("medicaid_services", "NM", day, SHARES)


def test_another_state_s_match_is_not_taken():
    other = EnhancedMatch("OH", MATCH.from_on, MATCH.to_on)
    assert payer_shares("mobile_crisis", "NM", date(2026, 1, 1), SHARES, enhanced=other)["medicaid_federal"] == 0.7166


def test_a_fiscal_year_without_a_share_is_refused_by_every_study_but_the_one_that_marks_it_illustrative(root):
    nm = read_shares("nm", root=root)
    with pytest.raises(ParamsError, match="Who pays for medicaid_services in NM on 2026-10-01 is not known"):
        payer_shares("medicaid_services", "NM", date(2026, 10, 1), nm)
    standing_in = [line for line in SHARES if line.program == "medicaid_services" and line.from_on == date(2026, 10, 1)]
    assert [(line.evidence, line.own) for line in standing_in] == [("illustrative", True)] * 2


def test_a_state_that_nobody_entered_is_refused():
    with pytest.raises(ParamsError, match="Who pays for medicaid_services in TX on 2026-01-01 is not known"):
        payer_shares("medicaid_services", "TX", date(2026, 1, 1), SHARES)


@pytest.mark.parametrize(
    ("first", "quarters", "sentence"),
    [
        (date(2022, 1, 1), 12, "the first quarter, 2022Q1, lies outside; allowed are quarters inside 2022-04-01 to 2027-03-31"),
        (date(2027, 4, 1), 1, "the first quarter, 2027Q2, lies outside"),
        (date(2024, 7, 1), 12, "12 quarters from 2024Q3 run to 2027Q2"),  # one quarter behind the window
        (date(2024, 2, 1), 12, "found 2024-02-01; allowed is the first day of a quarter"),
        (date(2024, 1, 1), 13, "found 13 quarters; allowed are 1 to 12"),
    ],
)  # fmt: skip
def test_a_quarter_outside_the_match_window_is_refused(first, quarters, sentence):
    with pytest.raises(ParamsError, match=sentence):
        enhanced_match("NM", first, SHARES, quarters=quarters)


def test_the_last_first_quarter_that_has_all_twelve_ends_with_the_window():
    assert enhanced_match("NM", date(2024, 4, 1), SHARES).to_on == date(2027, 3, 31)


def test_the_state_s_return_falls_to_that_of_all_funds_when_the_match_ends():
    assert match_multiplier("NM", date(2026, 12, 31), SHARES, enhanced=MATCH) == pytest.approx(0.2834 / 0.15)
    assert match_multiplier("NM", date(2027, 1, 1), SHARES, enhanced=MATCH) == 1


def test_an_assumed_percent_is_refused(root):
    path = root / "params" / "assumptions.csv"
    risk = [line["item"] for line in lines_of(path)].index("ed_visit_risk") + 2
    change(path, risk, value="45", high="60")
    assert say_fault(read_assumptions, root) == (
        f"assumptions.csv, line {risk}, value, low and high: found 60.0. Allowed is a share from 0 to 1. Divide a percent by 100."
    )
