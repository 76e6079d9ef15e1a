"""Published arithmetic, to the digits given: index conversions, shares, break-even, the planning tree, benefit and cost."""

import json
from datetime import date

import pytest

from analysis.savings.assumptions import read_assumptions
from analysis.savings.ledger import Balance
from analysis.savings.prices import in_year, read_indices
from analysis.savings.shares import enhanced_match, match_multiplier, payer_shares, read_shares
from analysis.savings.threshold import needed_of_100
from analysis.savings.tree import expected_need

INDICES, SHARES = read_indices(), read_shares("demo")


def factor(index: str, from_year: int, to_year: int = 2025) -> float:
    return in_year(1, index=index, from_year=from_year, to_year=to_year, indices=INDICES)


@pytest.mark.parametrize(
    ("index", "from_2010", "from_2017"),
    [
        ("cpi_u_hospital_services", 1.9085, 1.3630),  # 433.655 / 227.227; / 318.17
        ("cpi_u_medical_care", 1.4934, 1.2204),  # 580.102 / 388.436; / 475.322
        ("cpi_u_all_items", 1.4764, 1.3134),  # 321.943 / 218.056; / 245.12
        ("gdp_deflator", 1.4389, 1.2898),  # 128.97 / 89.629; / 99.995
        ("pce_deflator", 1.4022, 1.2692),  # 126.911 / 90.511; / 99.996
        ("cpi_u_professional_services", 1.3388, 1.1712),  # 439.377 / 328.186; / 375.138
        ("pce_health_services", 1.3271, 1.2096),  # 180.5729 / 136.0701; / 149.2782
    ],
)
def test_index_factors_to_2025(index, from_2010, from_2017):
    assert (factor(index, 2010), factor(index, 2017)) == pytest.approx((from_2010, from_2017), abs=5e-5)


@pytest.mark.parametrize(
    ("usd", "year", "index", "in_2025", "digits"),
    [
        # 520 x 433.655 / 318.17 = 708.742
        (520, 2017, "cpi_u_hospital_services", 708.74, 0.005),
        (520, 2017, "pce_health_services", 629.0, 0.05),
        (520, 2017, "cpi_u_all_items", 683.0, 0.05),
        (1910, 2010, "cpi_u_hospital_services", 3645.2, 0.05),
        # 180.5729 / 136.0701; with the factor cut to 1.3271 it is 2,534.8
        (1910, 2010, "pce_health_services", 2534.68, 0.005),
        (42000, 2015, "pce_health_services", 52147, 0.5),
    ],
)
def test_prices_in_dollars_of_2025(usd, year, index, in_2025, digits):
    assert usd * factor(index, year) == pytest.approx(in_2025, abs=digits)


def test_break_even_in_residential_care_needs_2_9_fewer_of_100():
    care = 42000 * factor("pce_health_services", 2015)  # 52,147
    # 1,407 of 2022 with the factor cut to 1.0798, as published, and whole: 180.5729 / 167.2304 = 1.079785
    assert needed_of_100(1407 * 1.0798, care) == pytest.approx(2.9135, abs=5e-5)
    assert needed_of_100(1407 * factor("pce_health_services", 2022), care) == pytest.approx(2.91344, abs=5e-6)


def test_the_state_s_multiplier_inside_the_match_window():
    match = enhanced_match("NM", date(2024, 1, 1), SHARES)
    assert match_multiplier("NM", date(2026, 1, 1), SHARES, enhanced=match) == pytest.approx(1.8893333, abs=5e-8)
    assert match_multiplier("NM", date(2026, 1, 1), SHARES) == 1


def test_the_planning_tree_for_half_a_million_people():
    need = expected_need(500_000, read_assumptions("demo"))
    # 5 x 230; x 0.32, 0.54, 0.14; 368 x 0.30; 621 + 110.4; x 0.35; x 0.25 + 161
    assert (need.events, need.mobile, need.facility_direct, need.ed) == pytest.approx((1150, 368, 621, 161))
    assert (need.mobile_to_facility, need.facility) == pytest.approx((110.4, 731.4))
    assert (need.short_term_bed, need.inpatient) == pytest.approx((255.99, 224.9975))
    assert need.label == "planning assumption for people of all ages, not measured here"


@pytest.mark.parametrize(
    ("worth", "cost", "net", "ratio"),
    [
        (1578, 1407, 171, 1.12),  # WSIPP program 289, 2022 dollars, as printed
        (1391, 1407, -16, 0.9886),  # the same, taxpayers alone
        (1148400 + 2296800 + 9825, 146079 + 1768536 + 508690 + 6823, 1024897, 1.4217),  # Louisville, 3,455,025 - 2,430,128
    ],
)  # fmt: skip
def test_net_and_return_on_the_dollar(worth, cost, net, ratio):
    balance = Balance(worth, cost)
    assert balance.net_usd == net
    assert balance.return_on_dollar == pytest.approx(ratio, abs=0.005 if ratio == 1.12 else 5e-5)


# --- the same against the reference file ---


@pytest.fixture(scope="module")
def targets(shared_file) -> dict:
    return json.loads(shared_file("economics/reproduce_targets.json").read_text(encoding="utf-8"))


@pytest.mark.reference
def test_reference_federal_shares_of_new_mexico(targets):
    """The targets are the regular shares; on the first of January of 2020 to 2023 the share of the day is 6.2 points above."""
    raised = dict.fromkeys(("2020", "2021", "2022", "2023"), 0.062)
    known = {
        year: payer_shares("medicaid_services", "NM", date(int(year), 1, 1), SHARES)["medicaid_federal"]
        for year in targets["fmap_NM"]
    }
    regular = {year: round(share - raised.get(year, 0), 4) for year, share in known.items()}
    assert regular == targets["fmap_NM"]


@pytest.mark.reference
def test_reference_multiplier(targets):
    match = enhanced_match("NM", date(2024, 1, 1), SHARES)
    inside = match_multiplier("NM", date(2026, 1, 1), SHARES, enhanced=match)
    assert inside == pytest.approx(targets["fmap_multiplier_NM_FFY2026"], abs=5e-8)


@pytest.mark.reference
def test_reference_planning_tree(targets):
    expected = targets["crisis_now_500k"]
    need = expected_need(500_000, read_assumptions("demo"))
    found = {
        "events": need.events, "mobile": need.mobile, "facility_direct": need.facility_direct, "ed": need.ed,
        "mobile_to_facility": need.mobile_to_facility, "facility_total": need.facility, "short_bed": need.short_term_bed,
        "inpatient": need.inpatient,
    }  # fmt: skip
    assert found == pytest.approx(expected)


@pytest.mark.reference
def test_reference_net_and_return_of_louisville(targets):
    expected = targets["louisville"]
    balance = Balance(sum(expected["saving_parts"]), sum(expected["cost_parts"]))
    assert (balance.worth_usd, balance.cost_usd, balance.net_usd) == (
        expected["saving"],
        expected["cost"],
        expected["net"],
    )
    # 3,455,025 / 2,430,128 = 1.42174610; the file's own digits part from it behind the sixth decimal
    assert round(balance.return_on_dollar, 6) == round(expected["bcr"], 6)


@pytest.mark.reference
def test_reference_index_values_are_those_of_the_sheet(shared_file):
    lines = shared_file("economics/price_index.csv").read_text(encoding="utf-8").splitlines()[1:]
    told = {(parts[1], int(parts[0])): float(parts[3]) for parts in (line.split(",") for line in lines)}
    ours = {(index, year): value for index, values in INDICES.items() for year, value in values.items()}
    assert len(ours) == 7 * 16  # seven indices, 2010 to 2025
    assert ours == {key: told[key] for key in ours}
