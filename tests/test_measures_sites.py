"""Measures of calls, ratings, surveys, staff and sites, on tables made up for each rule."""

import pandas as pd
import pytest
from people import CARDS, OUT, UNKNOWN, YES, counted, episodes, figure, rows_of, three

from analysis.quality.measures.outcomes import RELIABLE

ENDED = {"discharged_on": "2026-03-20"}


def of(table: str, measure: str, *rows: dict, place="north", period="2026-03", stratum="all", people=None, **others):
    tables = {table: rows_of(table, *rows), **others}
    return figure(counted(episodes({}) if people is None else people, period, tables=tables), measure,
                  place=place, period=period, stratum=stratum)  # fmt: skip


# --- calls and outreach ------------------------------------------------------------------------------------------------


def call(**given) -> dict:
    return {
        "called_on": "2026-03-02",
        "site_id": "north",
        "channel": "line_988",
        "recommended_mode": "mobile",
        "outcome": "dispatched",
        **given,
    }


def test_calls_count_at_their_site_and_all_of_them_in_the_state():
    calls = [call(), call(site_id=None), call(called_on="2026-04-01")]
    assert of("calls", "calls", *calls)["value"] == 1
    assert of("calls", "calls", *calls, place="statewide")["value"] == 2


def test_a_site_that_has_never_sent_a_call_has_no_number_of_calls():
    row = of("calls", "calls", call(), place="south")
    assert (pd.isna(row["value"]), row["why_missing"]) == (True, "none_sent")
    quiet = of("calls", "calls", call(), period="2026-05")
    assert (quiet["value"], quiet["why_missing"]) == (0, "")


@pytest.mark.parametrize(("who", "counts_as"), [
    ({}, YES),
    ({"outcome": "by_phone"}, (0, 1, 0)),
    ({"outcome": None}, UNKNOWN),
    ({"recommended_mode": "phone"}, OUT),  # advice was what the caller wanted
    ({"recommended_mode": None}, UNKNOWN),
    ({"recommended_mode": None, "outcome": "abandoned"}, OUT),  # nobody heard what it asked for
    ({"outcome": "abandoned"}, (0, 1, 0)),
    ({"channel": "text"}, OUT),
    ({"channel": None}, UNKNOWN),
])  # fmt: skip
def test_988_calls_to_which_a_team_was_sent(who, counts_as):
    assert three(of("calls", "line_988_dispatch_share", call(**who), call(site_id="south"))) == counts_as


def test_how_calls_came_in_and_ended():
    calls = [
        call(),
        call(channel="text", outcome="abandoned"),
        call(channel=None, outcome="abandoned"),
        call(),
        call(),
        call(),
    ]
    assert three(of("calls", "call_channel", *calls, stratum="text")) == (1, 5, 1)
    assert three(of("calls", "call_outcome", *calls, stratum="abandoned")) == (2, 6, 0)


def test_outreach_events_and_who_came():
    events = [
        {"event_id": k, "site_id": "north", "held_on": "2026-03-05", "attendees": n}
        for k, n in enumerate([12, 30, 0, None, 8, 5])
    ]
    assert of("outreach", "outreach_events", *events)["value"] == 6
    row = of("outreach", "outreach_people", *events)
    assert (row["value"], three(row), pd.isna(row["low"])) == (55, (55, 5, 1), True)
    assert of("outreach", "outreach_people", *events, period="2026-04")["value"] == 0
    assert of("outreach", "outreach_people", *events, place="south")["why_missing"] == "none_sent"


# --- ratings -----------------------------------------------------------------------------------------------------------


def rated(
    intake: float | None, discharge: float | None, *, episode=1, scale="ohio_problems", rater="worker"
) -> list[dict]:
    both = (("intake", intake), ("discharge", discharge))
    return [
        {"episode_id": episode, "scale": scale, "rater": rater, "occasion": when, "score": score}
        for when, score in both
        if score is not None
    ]


def ratings(measure: str, *pairs: tuple, scale="ohio_problems", rater="worker") -> pd.Series:
    people = episodes(*[ENDED] * len(pairs))
    rows = [
        row
        for number, (intake, discharge) in enumerate(pairs, 1)
        for row in rated(intake, discharge, episode=number, scale=scale, rater=rater)
    ]
    return of("scales", measure, *rows, people=people)


def test_completion_counts_every_stay_that_ended():
    pairs = [(40, 20), (40, None), (None, 20), (None, None)]
    assert three(ratings("rated_twice_worker_share", *pairs)) == (1, 4, 0)
    assert three(ratings("rated_twice_parent_share", *pairs)) == (0, 4, 0)  # the parent has not rated anybody


def test_the_mean_change_is_of_those_rated_twice():
    row = ratings("problems_change_worker", (40, 20), (40, 30), (60, None))
    assert (row["value"], row["denominator"]) == (-15, 2)
    # sd 7.07, t with 1 degree 12.706: 12.706 * 7.07 / sqrt(2)
    assert row["high"] == pytest.approx(-15 + 12.706 * 5, abs=0.01)


def test_a_score_outside_the_scale_is_not_measurable():
    assert (
        ratings("problems_change_worker", (40, 20), (101, 20), (40, 30), (40, 30), (40, 30), (40, 30))["not_measurable"]
        == 1
    )


@pytest.mark.parametrize(("measure", "pair", "yes"), [
    ("problems_better_worker_share", (40, 24), 1),  # 16 points; the index is 15.03
    ("problems_better_worker_share", (40, 25), 0),  # 15
    ("problems_better_worker_share", (24, 40), 0),
    ("problems_worse_worker_share", (24, 40), 1),
    ("problems_worse_worker_share", (40, 24), 0),
])  # fmt: skip
def test_a_reliable_change_is_larger_than_the_noise(measure, pair, yes):
    assert three(ratings(measure, pair)) == (yes, 1, 0)


def test_for_functioning_higher_is_better():
    better, worse = ("functioning_better_parent_share", "functioning_worse_parent_share")
    told = {"scale": "ohio_functioning", "rater": "parent"}
    assert three(ratings(better, (30, 50), **told)) == (1, 1, 0)
    assert three(ratings(worse, (50, 30), **told)) == (1, 1, 0)
    assert three(ratings(better, (50, 30), **told)) == (0, 1, 0)


def test_an_episode_that_has_not_ended_has_no_change():
    row = of("scales", "problems_change_worker", *rated(40, 20), people=episodes({}, {**ENDED, "site_id": "south"}))
    assert (row["denominator"], row["why_missing"]) == (0, "no_episodes")


# --- surveys -----------------------------------------------------------------------------------------------------------


def survey(respondent="family", answered="2026-03-10", score: float | None = 5, sent="2026-03-05") -> dict:
    return {"site_id": "north", "respondent": respondent, "sent_on": sent, "answered_on": answered, "score": score}


def test_satisfaction_is_of_the_answers_and_the_answers_of_the_surveys():
    sent = [
        survey(score=4),
        survey(score=3),
        survey("youth"),
        *[survey(answered=None, score=None)] * 3,
        survey("referrer", score=2),
    ]
    assert three(of("satisfaction", "family_answered_share", *sent)) == (3, 6, 0)
    assert three(of("satisfaction", "family_satisfied_share", *sent)) == (2, 3, 0)
    assert three(of("satisfaction", "referrer_satisfied_share", *sent)) == (0, 1, 0)
    assert three(of("satisfaction", "referrer_answered_share", *sent)) == (1, 1, 0)


def test_a_survey_has_28_days_to_be_answered():
    sent = [survey(sent="2026-12-03", answered="2026-12-05"), survey(sent="2026-12-04", answered="2026-12-05")]
    assert three(of("satisfaction", "family_answered_share", *sent, period="2026-12")) == (1, 1, 0)
    assert three(of("satisfaction", "family_satisfied_share", *sent, period="2026-12")) == (1, 1, 0)


@pytest.mark.parametrize("who", ["family", "referrer"])
def test_the_satisfied_are_counted_among_those_who_answered_and_no_others(who):
    """On the last days of the extract too: as many answers with or without a score as surveys answered."""
    late = [survey(who, sent=f"2026-12-{day:02d}", answered="2026-12-31", score=day % 5 + 1) for day in range(1, 10)]
    blank = [
        survey(who, sent="2026-12-02", answered="2026-12-20", score=None),
        survey(who, answered=None, score=None, sent="2026-12-01"),
    ]
    answered, of_all, _ = three(of("satisfaction", f"{who}_answered_share", *late, *blank, period="2026-12"))
    satisfied = of("satisfaction", f"{who}_satisfied_share", *late, *blank, period="2026-12")
    assert (answered, of_all) == (4, 5)  # sent on 1, 2 and 3 December
    assert int(satisfied["denominator"]) + int(satisfied["not_measurable"]) == answered


def test_an_answer_without_a_score_is_not_measurable():
    sent = [survey(), survey(score=None), survey(), survey(), survey(), survey()]
    assert three(of("satisfaction", "family_satisfied_share", *sent)) == (5, 5, 1)


# --- staff and sites ---------------------------------------------------------------------------------------------------


def member(hired="2025-01-01", left=None, certified="2026-01-01", site="north") -> dict:
    return {"site_id": site, "hired_on": hired, "left_on": left, "certified_on": certified}


@pytest.mark.parametrize(("who", "counts_as"), [
    (member(), YES),
    (member(certified=None), (0, 1, 0)),
    (member(certified="2026-03-31"), YES),  # by the last day, that day included
    (member(certified="2026-04-01"), (0, 1, 0)),
    (member(left="2026-03-31"), YES),  # employed on the last day
    (member(left="2026-03-30"), OUT),
    (member(hired="2026-03-31"), YES),
    (member(hired="2026-04-01"), OUT),
])  # fmt: skip
def test_staff_of_the_last_day_of_the_month(who, counts_as):
    assert three(of("staff", "certified_share", who, member(site="south"))) == counts_as


def test_of_a_quarter_the_staff_of_its_last_day_count_once():
    row = of(
        "staff", "certified_share", member(), member(certified="2026-03-15"), member(left="2026-02-10"), period="2026Q1"
    )
    assert three(row) == (2, 2, 0)


def test_a_month_that_the_extract_does_not_cover_to_its_end_has_no_snapshot():
    table = counted(
        episodes({}),
        tables={"staff": rows_of("staff", member())},
        covers=(pd.Timestamp("2026-01-01"), pd.Timestamp("2026-03-30")),
    )
    assert figure(table, "certified_share")["why_missing"] == "no_episodes"


@pytest.mark.parametrize(("parts", "done"), [
    ([("2026-02-01", 30), ("2026-03-31", 10)], 1),
    ([("2026-02-01", 30), ("2026-04-01", 10)], 0),
    ([("2026-02-01", 39.5)], 0),
    ([], 0),
])  # fmt: skip
def test_the_curriculum_is_done_on_the_day_of_its_fortieth_hour(parts, done):
    modules = ("model", "trauma")
    rows = [
        {"staff_id": 1, "module": module, "completed_on": day, "hours": hours}
        for module, (day, hours) in zip(modules, parts, strict=False)
    ]
    training = rows_of("training", *rows, {"staff_id": 2, "module": "model", "completed_on": "2026-01-01", "hours": 40})
    assert three(of("staff", "trained_share", member(), member(site="south"), training=training)) == (done, 1, 0)


def test_vacant_positions_are_full_time_equivalents():
    months = [
        {"site_id": site, "month_on": "2026-03-01", "funded": 8.0, "filled": filled}
        for site, filled in (("north", 6.5), ("south", 8.5))
    ]
    row, state = (of("staffing", "vacant_share", *months, place=place) for place in ("north", "statewide"))
    assert (row["value"], pd.isna(row["numerator"]), row["denominator"]) == (1.5 / 8, True, 8)
    assert (state["value"], state["denominator"], pd.isna(state["low"])) == (1.5 / 16, 16, True)


def test_readiness_is_the_latest_assessment_by_then():
    found = [{"site_id": "north", "assessed_on": day, "domain": domain, "items_met": met, "items": 10}
             for day, domain, met in (("2026-01-10", "hours", 2), ("2026-01-10", "data", 4), ("2026-03-31", "hours", 9), ("2026-04-01", "hours", 10))]  # fmt: skip
    assert three(of("readiness", "ready_share", *found)) == (9, 10, 0)
    assert three(of("readiness", "ready_share", *found, period="2026-02")) == (6, 20, 0)
    assert of("readiness", "ready_share", *found, place="south")["why_missing"] == "none_sent"


def test_more_met_than_there_are_is_not_measurable():
    found = {"site_id": "north", "assessed_on": "2026-01-10", "domain": "hours", "items_met": 11, "items": 10}
    assert three(of("readiness", "ready_share", found)) == UNKNOWN


def test_hours_of_cover_of_a_week():
    def stretch(**given) -> dict:
        return {
            "site_id": "north",
            "from_on": "2026-01-01",
            "to_on": None,
            "weekday": "monday",
            "from_hour": 8,
            "to_hour": 20,
            **given,
        }

    stretches = [stretch(), stretch(from_hour=18, to_hour=24), stretch(weekday="sunday", from_hour=0, to_hour=24),
                 stretch(weekday="friday", from_on="2026-04-01"), stretch(weekday="friday", to_on="2026-03-30")]  # fmt: skip
    row = of("site_hours", "covered_share", *stretches)
    assert (three(row), row["value"]) == ((16 + 24, 168, 0), 40 / 168)  # 18 to 20 o'clock is in two stretches


def test_what_counts_no_children_has_no_interval_of_a_sample():
    assert {name for name, card in CARDS.cards.items() if card.unit == "portion"} == {
        "vacant_share",
        "ready_share",
        "covered_share",
    }


@pytest.mark.parametrize("measure", sorted(RELIABLE))
def test_a_share_of_reliable_change_is_of_the_scale_and_rater_that_its_page_names(measure):
    """A threshold of one scale moves its own measures alone, and only the named rater's forms are in them."""
    scale, rater = RELIABLE[measure]
    toward = CARDS.scales[scale].sign * (1 if "_better_" in measure else -1)
    held = CARDS.scales[scale].model_copy(update={"rule": "points", "points": 5.0})
    for points, counts_as in ((5.0, YES), (5.5, (0, 1, 0))):
        cards = CARDS.model_copy(update={"scales": {**CARDS.scales, scale: held.model_copy(update={"points": points})}})
        forms = rated(40, 40 + 5 * toward, scale=scale, rater=rater)
        people = episodes(ENDED, {**ENDED, "site_id": "south"})
        row = figure(counted(people, tables={"scales": rows_of("scales", *forms)}, cards=cards), measure)
        assert three(row) == counts_as
