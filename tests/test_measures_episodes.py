"""Measures of the first response and of what followed, one person at a time."""

import pandas as pd
import pytest
from people import CARDS, NO, OUT, STUDY, UNKNOWN, YEAR, YES, counted, episodes, figure, rows_of, three

ELSEWHERE = {  # keeps every column in use, in the south
    "site_id": "south", "child_id": 99, "discharged_on": "2026-03-20", "living_at_discharge": "kin",
}  # fmt: skip


def one(measure: str, *, tables=None, period="2026-03", **person) -> tuple[int, int, int]:
    people = episodes({"child_id": 1, **person}, ELSEWHERE)
    return three(figure(counted(people, period, tables=tables), measure, period=period))


@pytest.mark.parametrize(("measure", "who", "counts_as"), [
    ("phone_only_share", {"response_mode": "phone"}, YES),
    ("phone_only_share", {"response_mode": "telehealth"}, NO),  # video is not the phone
    ("phone_only_share", {"response_mode": None}, UNKNOWN),
    ("as_asked_share", {}, YES),
    ("as_asked_share", {"recommended_mode": "deferred_mobile"}, NO),  # at once, although the family had chosen its time
    ("as_asked_share", {"recommended_mode": None}, UNKNOWN),
    ("phone_support_share", {}, YES),
    ("phone_support_share", {"phone_support": False}, NO),
    ("phone_support_share", {"phone_support": None}, UNKNOWN),
    ("phone_support_share", {"response_mode": "phone"}, OUT),
    ("crisis_assessment_share", {}, YES),
    ("crisis_assessment_share", {"crisis_assessment": False}, NO),
    ("crisis_assessment_share", {"crisis_assessment": None}, UNKNOWN),
    ("crisis_assessment_share", {"attempt_result": "not_found"}, OUT),
    ("crisis_assessment_share", {"attempt_result": None}, YES),  # not known to have met nobody
    ("crisis_assessment_share", {"response_mode": "telehealth"}, YES),
    ("crisis_assessment_share", {"response_mode": "phone"}, OUT),
    ("crisis_assessment_share", {"response_mode": None}, UNKNOWN),
    ("suicide_screen_share", {"suicide_screen": "positive"}, YES),
    ("suicide_screen_share", {"suicide_screen": "declined"}, NO),
    ("suicide_screen_share", {"suicide_screen": "not_done"}, NO),
    ("suicide_screen_share", {"suicide_screen": None}, UNKNOWN),
    ("safety_plan_share", {"safety_plan": False}, NO),
    ("first_response_complete_share", {}, YES),
    ("first_response_complete_share", {"safety_plan": False, "suicide_screen": None}, NO),  # one no is enough
    ("first_response_complete_share", {"suicide_screen": None}, UNKNOWN),
    ("completed_in_72_hours_share", {"initial_completed_on": "2026-03-05"}, YES),  # the third day after
    ("completed_in_72_hours_share", {"initial_completed_on": "2026-03-06"}, NO),
    ("completed_in_72_hours_share", {"initial_completed_on": "2026-03-01"}, UNKNOWN),
    ("completed_in_72_hours_share", {"initial_completed_on": None}, UNKNOWN),  # late, or not written down
    ("team_of_two_share", {}, YES),
    ("team_of_two_share", {"team_size": 1}, NO),
    ("team_of_two_share", {"team_size": 0}, UNKNOWN),
    ("team_of_two_share", {"attempt_result": "cancelled"}, OUT),
    ("team_of_two_share", {"attempt_result": "not_found"}, YES),  # they went
    ("team_of_two_share", {"response_mode": "telehealth"}, OUT),
    ("clinician_share", {"clinician_present": False}, NO),
    ("peer_share", {"peer_present": None}, UNKNOWN),
    ("police_present_share", {"law_enforcement_present": True}, YES),
    ("stayed_in_community_share", {}, YES),
    ("stayed_in_community_share", {"disposition": "respite"}, NO),
    ("stayed_in_community_share", {"disposition": None}, UNKNOWN),
    ("stayed_in_community_share", {"attempt_result": "not_found"}, OUT),  # an ending of a visit that met nobody
    ("enrolled_share", {}, YES),
    ("enrolled_share", {"enrolled_on": None}, NO),
    ("enrolled_share", {"response_mode": "none"}, OUT),
    ("enrolled_share", {"response_mode": None}, YES),
    ("no_more_restrictive_share", {"discharged_on": "2026-03-31", "living_at_discharge": "family"}, YES),
    ("no_more_restrictive_share", {"discharged_on": "2026-03-31", "living_at_discharge": "group_home"}, NO),
    ("no_more_restrictive_share", {"discharged_on": "2026-03-31", "living_at_discharge": "runaway"}, NO),
    ("no_more_restrictive_share", {"discharged_on": "2026-03-31", "living_at_discharge": "other"}, UNKNOWN),
    ("no_more_restrictive_share", {"discharged_on": "2026-03-31", "living_at_discharge": None}, UNKNOWN),
    ("no_more_restrictive_share", {"discharged_on": "2026-04-01", "living_at_discharge": "family"}, OUT),  # April's
    ("no_more_restrictive_share", {"discharged_on": None}, OUT),
    ("no_more_restrictive_share", {"enrolled_on": None, "discharged_on": "2026-03-31"}, OUT),  # no stabilization
])  # fmt: skip
def test_who_counts_and_who_cannot_be_measured(measure, who, counts_as):
    assert one(measure, **who) == counts_as


@pytest.mark.parametrize(("begun", "ended", "counts_as"), [
    ("2026-01-05", "2026-03-02", YES),  # the 56th day, 2 March, is the last of its limit
    ("2026-01-05", "2026-03-03", NO),
    ("2026-01-05", None, NO),  # it never ended
    ("2026-01-05", "2026-01-06", YES),  # it ended in January, and counts in March, when its limit fell
    ("2026-01-05", "2026-11-30", NO),
    ("2026-01-05", "2027-01-02", NO),  # a day after the extract is no end
    ("2026-01-03", "2026-01-20", OUT),  # the 56th day is 28 February
    ("2026-01-04", None, NO),  # 1 March
    ("2026-02-03", None, NO),  # 31 March
    ("2026-02-04", None, OUT),  # 1 April
    ("2025-12-31", None, OUT),  # the older limit of 42 days fell on 11 February
    ("2026-01-06", "2026-01-05", UNKNOWN),  # ended before it began
    (None, None, OUT),  # no stabilization
])  # fmt: skip
def test_a_stay_counts_on_the_last_day_of_its_limit_ended_or_not(begun, ended, counts_as):
    assert one("stay_in_limit_share", enrolled_on=begun, discharged_on=ended) == counts_as


def test_ten_stays_by_hand_of_which_four_never_closed():
    """Limit days in March: 5 ended by theirs, 1 a day late, 4 are open still: 5 of 10. Of those that ended it would be 5 of 6."""
    in_time = [{"enrolled_on": f"2026-01-{10 + day}", "discharged_on": f"2026-03-{7 + day:02d}"} for day in range(5)]
    late = [{"enrolled_on": "2026-01-20", "discharged_on": "2026-03-18"}]  # the 56th day is the 17th
    never = [{"enrolled_on": f"2026-01-{21 + day}", "discharged_on": None} for day in range(4)]
    row = figure(counted(episodes(*in_time, *late, *never)), "stay_in_limit_share")
    assert (three(row), row["value"]) == ((5, 10, 0), 0.5)


def test_a_limit_that_has_not_fallen_by_the_end_of_the_extract_waits():
    people = episodes({"enrolled_on": "2026-11-05"}, {"enrolled_on": "2026-11-06"}, ELSEWHERE)  # 31 December, 1 January
    assert three(figure(counted(people, "2026-12"), "stay_in_limit_share", period="2026-12")) == NO


@pytest.mark.parametrize(("begun", "ended", "counts_as"), [
    ("2026-02-03", None, NO),  # on 31 March it has lasted 56 days
    ("2026-02-02", None, YES),
    ("2026-02-02", "2026-03-31", OUT),  # it ended on the last day: not open
    ("2026-02-02", "2026-04-01", YES),
    ("2026-04-01", None, OUT),
])  # fmt: skip
def test_open_stays_are_those_of_the_last_day(begun, ended, counts_as):
    assert one("open_past_limit_share", enrolled_on=begun, discharged_on=ended) == counts_as


def test_of_a_quarter_only_its_last_month_is_the_snapshot():
    people = episodes(
        {"enrolled_on": "2026-01-02", "discharged_on": "2026-03-15"}, {"enrolled_on": "2026-01-02"}, ELSEWHERE
    )
    table = counted(people, "2026-02", "2026Q1")
    assert three(figure(table, "open_past_limit_share", period="2026-02"))[:2] == (2, 2)  # 57 days on 28 February
    assert three(figure(table, "open_past_limit_share", period="2026Q1"))[:2] == (1, 1)


def test_a_limit_of_other_responses_leaves_an_unrecorded_response_open():
    video = STUDY.stay_limits[1].model_copy(update={"modes": ("telehealth",)})
    study = STUDY.model_copy(update={"stay_limits": (video,)})
    people = episodes(
        *({"enrolled_on": "2026-01-20", "discharged_on": "2026-03-10", "response_mode": mode} for mode in ("telehealth", "phone", None))
    )  # fmt: skip
    assert three(figure(counted(people, study=study), "stay_in_limit_share")) == (1, 1, 1)


def test_each_response_has_the_limit_of_its_own_kind():
    short = STUDY.stay_limits[1].model_copy(update={"modes": ("phone",), "days": 14})
    study = STUDY.model_copy(
        update={"stay_limits": (short, STUDY.stay_limits[1].model_copy(update={"modes": ("mobile",)}))}
    )
    begun = {"enrolled_on": "2026-01-20", "discharged_on": "2026-03-10"}  # 49 days
    people = episodes({"response_mode": "mobile", **begun}, {"response_mode": "phone", **begun}, ELSEWHERE)
    table = counted(people, "2026-02", "2026-03", study=study)
    assert three(figure(table, "stay_in_limit_share", period="2026-03")) == YES
    assert three(figure(table, "stay_in_limit_share", period="2026-02")) == NO  # the 14th day is 3 February


def contact(day: str, result: str | None = "kept", episode: int = 1) -> dict:
    return {"episode_id": episode, "contacted_on": day, "result": result}


@pytest.mark.parametrize(("contacts", "who", "counts_as"), [
    ([contact("2026-03-02")], {}, YES),  # later on the same day
    ([contact("2026-03-05")], {}, YES),  # the third day after
    ([contact("2026-03-05")], {"response_mode": "phone"}, YES),  # settled by phone: as many nights to come
    ([contact("2026-03-06")], {}, NO),
    ([contact("2026-03-03", "missed"), contact("2026-03-06")], {}, NO),
    ([contact("2026-03-03", None)], {}, UNKNOWN),
    ([contact("2026-03-03", None), contact("2026-03-04")], {}, YES),
    ([contact("2026-03-01")], {}, NO),  # before the response
    ([contact("2026-03-03")], {"attempt_result": "not_found"}, OUT),
    ([], {}, UNKNOWN),  # the north has sent no contact in March
])  # fmt: skip
def test_follow_up_within_three_days(contacts, who, counts_as):
    log = rows_of("contacts", *contacts, contact("2026-03-03", episode=2))
    assert one("follow_up_72_hours_share", tables={"contacts": log}, **who) == counts_as


def test_an_episode_of_the_last_three_days_waits():
    log = rows_of("contacts", contact("2026-12-29"))
    people = episodes({"counted_on": "2026-12-28"}, {"counted_on": "2026-12-29"})
    row = figure(counted(people, "2026-12", tables={"contacts": log}), "follow_up_72_hours_share", period="2026-12")
    assert three(row) == (1, 1, 0)


def test_kept_contacts_of_a_stay_with_their_t_interval():
    stay = {"enrolled_on": "2026-03-04", "discharged_on": "2026-03-20"}
    people = episodes(stay, stay, stay)
    log = rows_of(
        "contacts", *[contact("2026-03-04")] * 2, contact("2026-03-20"), contact("2026-03-21"), contact("2026-03-03"),
        contact("2026-03-10", "missed"), contact("2026-03-10", episode=2),
    )  # fmt: skip
    log["contact_id"] = range(1, len(log) + 1)
    row = figure(counted(people, tables={"contacts": log}), "contacts_per_stay")
    assert (row["value"], row["denominator"], pd.isna(row["numerator"])) == (
        pytest.approx(4 / 3),
        3,
        True,
    )  # 3, 1 and 0
    # sd = sqrt(((5/3)^2 + (1/3)^2 + (4/3)^2) / 2) = 1.5275; t with 2 degrees = 4.3027
    assert (row["low"], row["high"]) == pytest.approx(
        (4 / 3 - 4.3027 * 1.5275 / 3**0.5, 4 / 3 + 4.3027 * 1.5275 / 3**0.5), abs=1e-3
    )


def test_one_stay_has_a_mean_and_no_interval():
    people = episodes({"discharged_on": "2026-03-20"})
    row = figure(counted(people, tables={"contacts": rows_of("contacts", contact("2026-03-05"))}), "contacts_per_stay")
    assert (row["value"], pd.isna(row["low"]), pd.isna(row["high"])) == (1, True, True)


@pytest.mark.parametrize(("later", "counts_as"), [
    ("2026-03-03", YES), ("2026-08-29", YES),  # 180 days after 2 March
    ("2026-08-30", NO), ("2026-03-02", NO),  # the same day is no return
    ("2026-02-28", NO),
])  # fmt: skip
def test_a_child_who_comes_back(later, counts_as):
    people = episodes({"child_id": 1}, {"child_id": 1, "counted_on": later, "site_id": "south"})
    assert three(figure(counted(people), "back_in_180_days_share")) == counts_as


def test_the_latest_half_year_waits_and_says_why():
    people = episodes({"child_id": 1, "counted_on": "2026-07-04"}, {"child_id": None, "counted_on": "2026-07-04"},
                      {"child_id": 2, "counted_on": "2026-07-05"}, {"child_id": 2, "counted_on": "2026-08-01"})  # fmt: skip
    table = counted(people, "2026-07", "2026-08")
    assert three(figure(table, "back_in_180_days_share", period="2026-07")) == (
        0,
        1,
        1,
    )  # 5 July + 180 is 1 January 2027
    row = figure(table, "back_in_180_days_share", period="2026-08")
    assert (three(row), row["why_missing"]) == (OUT, "too_early")


def referral(day: str, kept: str | None, episode: int = 1) -> dict:
    return {"episode_id": episode, "referred_on": day, "first_kept_on": kept}


@pytest.mark.parametrize(("made", "kept", "counts_as"), [
    ("2026-03-10", "2026-05-09", YES),  # the 60th day
    ("2026-03-10", "2026-05-10", NO),
    ("2026-03-10", "2026-03-10", YES),
    ("2026-03-10", None, NO),  # none is known
    ("2026-03-10", "2026-03-09", UNKNOWN),
])  # fmt: skip
def test_a_referral_that_was_kept_within_60_days(made, kept, counts_as):
    log = rows_of("referrals", referral(made, kept), referral("2026-03-10", "2026-03-12", episode=2))
    assert one("linked_60_days_share", tables={"referrals": log}) == counts_as


def test_referrals_of_the_last_60_days_do_not_belong_yet():
    log = rows_of("referrals", referral("2026-11-01", "2026-11-05"), referral("2026-11-02", "2026-11-05"))
    row = figure(counted(episodes({}), "2026-11", tables={"referrals": log}), "linked_60_days_share", period="2026-11")
    assert three(row) == (1, 1, 0)


def test_a_stay_without_a_referral_is_a_no_only_where_referrals_are_sent():
    ended = {"discharged_on": "2026-03-20"}
    people = episodes(ended, ended, {**ended, "site_id": "south"})
    log = rows_of("referrals", referral("2026-03-10", None))
    table = counted(people, tables={"referrals": log})
    assert three(figure(table, "referred_share")) == (1, 2, 0)
    assert three(figure(table, "referred_share", place="south")) == UNKNOWN


def test_where_children_live_when_stabilization_ends():
    ended = {"discharged_on": "2026-03-20"}
    people = episodes(
        {**ended, "living_at_discharge": "kin"},
        {**ended, "living_at_discharge": "kin"},
        ended | {"living_at_discharge": "foster"},
    )
    row = figure(counted(people), "living_at_discharge", stratum="kin")
    assert three(row) == (2, 3, 0)


def test_episodes_per_child_are_all_episodes_over_different_children():
    people = episodes(*({"child_id": child} for child in (1, 1, 1, 2, None)))
    row = figure(counted(people), "episodes_per_child")
    assert (row["value"], three(row)) == (2.0, (2, 4, 1))  # 4 episodes of 2 children


POPULATION = pd.DataFrame({"county_fips": "35001", "year": 2024, "age_band": ["0-4", "5-11", "12-17", "18-20"],
                           "children": 1000, "children_in_poverty": 250})  # fmt: skip
COUNTY = pd.DataFrame(
    {
        "site_id": ["north", "south"],
        "county_fips": "35001",
        "from_on": pd.Timestamp("2020-01-01"),
        "to_on": pd.NaT,
        "share": 0.5,
    }
)


def test_the_rate_of_poor_children_has_the_same_top_and_their_number_below():
    table = counted(episodes({}, {}), site_counties=COUNTY, population=POPULATION)
    every, poor = (figure(table, name) for name in ("episodes_per_1000", "episodes_per_1000_in_poverty"))
    assert every["denominator"] == pytest.approx(2000 * 31 / 365.25)
    assert (poor["numerator"], poor["value"]) == (2, pytest.approx(4 * every["value"]))


def test_every_measure_of_an_empty_month_is_there_and_none_has_a_share():
    table = counted(episodes(ELSEWHERE), "2026-05")
    north = table[table["site_id"].eq("north")]
    assert set(north["measure"]) == set(table["measure"])
    shares = north[
        north["measure"].map({name: card.unit for name, card in CARDS.cards.items()}).isin(["share", "mix", "score"])
    ]
    assert len(shares) > 20
    assert shares["value"].isna().all()
    assert set(shares["why_missing"]) <= {"no_episodes", "none_sent", "too_early"}


def test_shuffled_rows_of_every_table_give_the_same_figures():
    people = episodes(
        *({"child_id": k % 7, "discharged_on": "2026-03-20", "site_id": ("north", "south")[k % 2]} for k in range(30))
    )
    log = rows_of("contacts", *(contact(f"2026-03-{3 + k % 9:02d}", episode=1 + k % 30) for k in range(80)))
    first = counted(people, tables={"contacts": log}, covers=YEAR)
    again = counted(people.sample(frac=1, random_state=1), tables={"contacts": log.sample(frac=1, random_state=2)})
    pd.testing.assert_frame_equal(first, again)
