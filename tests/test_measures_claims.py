"""Follow-up after the emergency department and the hospital, on claims made up for each step."""

import pytest
from people import NO, OUT, UNKNOWN, YES, counted, episodes, figure, rows_of, three

ED = {"file_type": "other", "revenue_code": "0450", "diagnosis_1": "F32.2"}
STAY = {"file_type": "inpatient", "diagnosis_1": "F322"}
VISIT = {"file_type": "other", "procedure_code": "90834", "diagnosis_1": "F41.1"}


def line(kind: dict, day: str, to: str | None = None, **given) -> dict:
    return {"line": 1, "child_id": 1, "service_from_on": day, "service_to_on": to, **kind, **given}


def seen(measure: str, *lines: dict, period="2026-03", **child) -> tuple[int, int, int]:
    claims = rows_of("claims", *lines)
    people = episodes({"child_id": 1, "age_years": 12, "counted_on": "2026-03-02", **child})
    return three(figure(counted(people, period, tables={"claims": claims}), measure, place="statewide", period=period))


@pytest.mark.parametrize(("lines", "counts_as"), [
    ([line(VISIT, "2026-03-05")], YES),  # on the day itself
    ([line(VISIT, "2026-03-12")], YES),  # the 7th day after
    ([line(VISIT, "2026-03-13")], NO),
    ([line(VISIT, "2026-03-04")], NO),  # before
    ([], NO),
    ([line(VISIT, "2026-03-06", child_id=2)], NO),
    ([line(VISIT, "2026-03-06", diagnosis_1="J45")], NO),  # not for mental health
    ([line(VISIT, "2026-03-06", procedure_code="85025")], NO),  # a blood count
    ([line(STAY, "2026-03-05", "2026-03-09")], OUT),  # the visit became an admission
    ([line(STAY, "2026-04-04", "2026-04-05", diagnosis_1="J45")], OUT),  # the 30th day, for whatever reason
    ([line(STAY, "2026-04-05", "2026-04-06")], NO),
])  # fmt: skip
def test_seven_days_after_the_emergency_department(lines, counts_as):
    assert seen("fum_7_days_share", line(ED, "2026-03-05"), *lines) == counts_as


@pytest.mark.parametrize(("visit", "counts_as"), [
    ({}, NO),
    ({"diagnosis_1": "J45"}, OUT),
    ({"diagnosis_1": "S61", "diagnosis_2": "X78.1XXA"}, NO),  # self-harm in any place
    ({"diagnosis_1": "T14.91XA"}, NO),
    ({"diagnosis_1": "T39.1X2A"}, NO),  # poisoning on purpose
    ({"diagnosis_1": "T39.1X1A"}, OUT),  # by accident
    ({"revenue_code": None, "procedure_code": "99284"}, NO),
    ({"revenue_code": "0510"}, OUT),  # a clinic
])  # fmt: skip
def test_which_visits_qualify(visit, counts_as):
    assert seen("fum_30_days_share", line({**ED, **visit}, "2026-03-05"), line(ED, "2026-07-05")) == counts_as


@pytest.mark.parametrize(("child", "counts_as"), [
    ({"age_years": 6}, NO), ({"age_years": 5}, OUT), ({"age_years": None}, UNKNOWN),
    ({"age_years": 5.99, "counted_on": "2026-02-01"}, NO),  # 6 by the day of the visit
])  # fmt: skip
def test_from_six_years_on(child, counts_as):
    assert seen("fum_30_days_share", line(ED, "2026-03-05"), **child) == counts_as


def test_of_visits_within_31_days_the_first_counts_and_an_excluded_one_hides_none():
    visits = [line(ED, day) for day in ("2026-03-01", "2026-03-31", "2026-04-01")]
    assert seen("fum_30_days_share", *visits, period="2026Q1") == (0, 1, 0)
    assert seen("fum_30_days_share", *visits, period="2026-04") == (0, 1, 0)  # 31 days after the first
    admitted = [line(ED, "2026-03-01"), line(STAY, "2026-03-02", "2026-03-04"), line(ED, "2026-03-10")]
    assert seen("fum_30_days_share", *admitted) == (0, 1, 0)


def test_a_visit_of_the_last_30_days_waits_even_for_the_7_day_figure():
    assert seen("fum_7_days_share", line(ED, "2026-12-01"), period="2026-12") == NO
    assert seen("fum_7_days_share", line(ED, "2026-12-02"), period="2026-12") == OUT


@pytest.mark.parametrize(("lines", "counts_as"), [
    ([line(VISIT, "2026-03-16")], YES),  # the 7th day after discharge on the 9th
    ([line(VISIT, "2026-03-17")], NO),
    ([line(VISIT, "2026-03-09")], NO),  # the day of discharge does not count
    ([line(STAY, "2026-04-08", "2026-04-10")], OUT),  # back within 30 days; the second stay ends in April
    ([line(STAY, "2026-04-09", "2026-04-10")], NO),
])  # fmt: skip
def test_seven_days_after_the_hospital(lines, counts_as):
    stay = line({**STAY, "claim_id": 100}, "2026-03-05", "2026-03-09")
    assert seen("fuh_7_days_share", stay, *({**each, "claim_id": 200} for each in lines)) == counts_as


def test_a_stay_of_one_day_does_not_follow_itself():
    assert seen("fuh_30_days_share", line(STAY, "2026-03-09", "2026-03-09"), line(VISIT, "2026-03-20")) == YES


def test_children_whom_the_service_has_not_met_are_not_in_it_and_sites_have_no_figure():
    people = episodes({"child_id": 5})
    claims = rows_of("claims", line(ED, "2026-03-05", child_id=5), line(ED, "2026-03-05", child_id=6))
    table = counted(people, tables={"claims": claims})
    assert three(figure(table, "fum_7_days_share", place="statewide")) == NO
    assert figure(table, "fum_7_days_share", place="north")["why_missing"] == "none_sent"
