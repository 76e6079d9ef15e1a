"""params/measures.yml: strict cards, a study's own clocks and targets, and what is switched off."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml

from analysis import params, periods
from analysis.params import Ages, Clock, ParamsError, StayLimit, Study, Target
from analysis.quality.cards import MEASURES_FILE, off_lines, overdue, read_cards, switched_off, target_for
from analysis.quality.measures import MEASURES
from analysis.tables import EPISODES, RECEIVED

PLAIN = Study(
    name="plain", title="Plain", service="MRSS", people="children", place="site", ages=Ages(youngest=0, oldest=20)
)
CARDS = read_cards(PLAIN)


def clock(first: date, last: date | None = None, **given) -> Clock:
    usual = {"start": "requested_at", "stop": "arrived_at", "threshold_minutes": 60, "source": "made up"}
    return Clock(from_on=first, to_on=last, **{**usual, **given})


def changed(tmp_path: Path, change) -> Path:
    """A copy of the file with one thing changed; gives the root of the copy."""
    content = yaml.safe_load((params.ROOT / MEASURES_FILE).read_text(encoding="utf-8"))
    change(content)
    (tmp_path / "params").mkdir()
    (tmp_path / MEASURES_FILE).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return tmp_path


def test_every_card_has_a_function_and_every_function_a_card():
    assert list(CARDS.cards) == list(MEASURES)


def test_every_study_reads_its_cards():
    for path in sorted((params.ROOT / "params").glob("*/study.yml")):
        assert read_cards(params.study(path.parent.name)).cards.keys() == MEASURES.keys()


def test_page_one_has_plain_words_only():
    words = " ".join(f"{card.page_one} {card.short}" for card in CARDS.cards.values()).lower()
    for jargon in ("mobility", "disposition", "utilization", "episode of care", "diversion"):
        assert jargon not in words


def test_what_a_measure_hides_follows_from_what_it_counts():
    for name, card in CARDS.cards.items():
        of_children = card.of not in ("outreach", "staff", "staffing", "readiness", "site_hours")
        assert (card.hide == "none") != of_children, name
        if card.unit == "mix" or (card.asks == "better_off" and card.unit == "share"):
            assert card.hide == "all", name
        assert card.hide != "all" or card.unit in ("mix", "share", "count", "per_child"), name


def test_every_card_answers_one_question_and_every_question_has_cards():
    asked = [card.asks for card in CARDS.cards.values()]
    assert {question: asked.count(question) >= 9 for question in set(asked)} == {
        "how_much": True, "how_well": True, "better_off": True,
    }  # fmt: skip


def test_every_outcome_of_a_rating_or_survey_stands_after_its_completion():
    order = list(CARDS.cards)
    for completion, figures in {
        "rated_twice_worker_share": ("problems_change_worker", "problems_better_worker_share", "functioning_worse_worker_share"),
        "rated_twice_parent_share": ("problems_change_parent", "problems_better_parent_share", "functioning_worse_parent_share"),
        "family_answered_share": ("family_satisfied_share",), "referrer_answered_share": ("referrer_satisfied_share",),
    }.items():  # fmt: skip
        assert all(order.index(completion) < order.index(figure) for figure in figures)


def test_a_window_of_days_is_in_the_name_of_its_measure():
    windows = {name: card.days for name, card in CARDS.cards.items() if card.days and card.of != "satisfaction"}
    assert all(str(days) in name or str(days * 24) in name for name, days in windows.items())


def test_every_benchmark_names_a_public_page():
    for card in CARDS.cards.values():
        for benchmark in (*card.targets, *(card.clocks or ())):
            assert "https://" in benchmark.source


@pytest.mark.parametrize(("change", "sentence"), [
    (lambda c: c["cards"]["episodes"].update(titel="x"), r'"cards.episodes.titel" is not a key used here \(did you mean "title"\?\)'),
    (lambda c: c["cards"]["episodes"].pop("why"), "cards.episodes.why is missing"),
    (lambda c: c["cards"].update(episode=c["cards"].pop("episodes")), r'the card "episode" has no function .*did you mean "episodes"'),
    (lambda c: c["cards"].pop("day_of_week"), 'the measure "day_of_week" .* has no card'),
    (lambda c: c["cards"]["episodes"].update(needs=["chlid_id"]), "cards.episodes.needs.0"),
    (lambda c: c["cards"]["episodes"].update(review_again_on=date(2026, 11, 22)), "is not after reviewed_on"),
    (lambda c: c["cards"]["episodes"].update(short="Episodes"), "short has 2 to 4 words"),
    (lambda c: c["cards"]["episodes"].update(quantile=0.5), "quantile belongs to a card whose unit is minutes"),
    (lambda c: c["cards"]["response_minutes_p90"].pop("quantile"), "quantile belongs to a card whose unit is minutes"),
    (lambda c: c["cards"]["hour_of_day"].update(hours=[6, 12]), "hours start at 0"),
    (lambda c: c["cards"]["hour_of_day"].update(hours=[0, 12, 12]), "hours start at 0 and increase"),
    (lambda c: c["cards"]["episodes"].pop("asks"), "cards.episodes.asks is missing"),
    (lambda c: c["cards"]["episodes"].update(asks="how_many"), "cards.episodes.asks"),
    (lambda c: c["cards"]["calls"].update(of="phone_calls"), "cards.calls.of"),
    (lambda c: c["cards"]["episodes"].update(per="children"), "per belongs to a card whose unit is rate"),
    (lambda c: c["cards"]["episodes"].update(urgency="urgent"), "urgency restricts the clocks of a card"),
    (lambda c: c["cards"]["calls"].update(equity=True), "equity is for a share, count or rate of episodes or discharges"),
    (lambda c: c["cards"]["episodes"].update(targets=[{"from": date(2020, 1, 1), "share": 0.9, "source": "x"}]), "targets are for a share"),
    (lambda c: c["cards"]["in_person_share"]["targets"][0].update(share=90), "less than or equal to 1, found 90"),
    (lambda c: c["cards"]["in_person_share"]["targets"].append({"from": date(2026, 1, 1), "share": 0.8, "source": "x"}), "still holds on 2026-01-01"),
    (lambda c: c.update(change_confidence=99), "change_confidence"),
])  # fmt: skip
def test_a_fault_in_the_file_is_one_sentence_with_its_place(tmp_path, change, sentence):
    with pytest.raises(ParamsError, match=sentence) as error:
        read_cards(PLAIN, root=changed(tmp_path, change))
    assert str(error.value).startswith("measures.yml")


def test_a_study_puts_its_own_clocks_and_targets_in_place():
    own = clock(date(2026, 1, 1), target_share=0.7)
    target = Target(from_on=date(2026, 1, 1), share=0.95, source="contract")
    cards = read_cards(PLAIN.model_copy(update={"clocks": (own,), "targets": {"in_person_share": (target,)}})).cards
    assert cards["response_minutes_median"].clocks == (own,)
    assert [each.share for each in cards["response_in_time_share"].targets] == [0.7]
    assert [each.share for each in cards["in_person_share"].targets] == [0.95]
    assert cards["contact_share"] == CARDS.cards["contact_share"]


@pytest.mark.parametrize(("name", "sentence"), [
    ("in_person_shaer", r'is not a measure \(did you mean "in_person_share"\?\)'),
    ("response_in_time_share", "Give target_share to its clock"),
    ("episodes", "Only a share has a target"),
])  # fmt: skip
def test_a_target_that_would_be_ignored_is_refused(name, sentence):
    target = Target(from_on=date(2026, 1, 1), share=0.9, source="made up")
    with pytest.raises(ParamsError, match=sentence):
        read_cards(PLAIN.model_copy(update={"targets": {name: (target,)}}))


def test_two_clocks_for_one_episode_are_refused():
    overlapping = (clock(date(2026, 1, 1), date(2026, 6, 30)), clock(date(2026, 6, 30)))
    with pytest.raises(ParamsError, match=r"params/plain/study.yml: clocks: .* still holds on 2026-06-30"):
        read_cards(PLAIN.model_copy(update={"clocks": overlapping}))
    for apart in (
        (clock(date(2026, 1, 1), date(2026, 6, 29)), clock(date(2026, 6, 30))),
        (clock(date(2026, 1, 1), urgency=("urgent",)), clock(date(2026, 1, 1), urgency=("emergent",))),
    ):
        assert read_cards(PLAIN.model_copy(update={"clocks": apart})).cards["response_minutes_p90"].clocks == apart


def test_a_clock_that_cannot_see_its_own_threshold_is_refused():
    # 72 hours to respond, but waits over 24 are not measurable: all that is left would be in time
    far = clock(date(2026, 1, 1), threshold_minutes=72 * 60)
    with pytest.raises(ParamsError, match=r"threshold_minutes of 4320 .* longest_hours of 24"):
        read_cards(PLAIN.model_copy(update={"clocks": (far,)}))
    seen = far.model_copy(update={"longest_hours": 96})
    assert read_cards(PLAIN.model_copy(update={"clocks": (seen,)})).cards["response_minutes_p90"].clocks == (seen,)


@pytest.mark.parametrize(("period", "share"), [
    ("2025-12", 0.8), ("2026-01", 0.9),
    ("2025-12_2026-01", None),  # it changed within
    ("2024-12_2025-01", None),  # it did not hold from the first day on
])  # fmt: skip
def test_a_target_must_hold_on_every_day_of_the_period(period, share):
    targets = (
        Target(from_on=date(2025, 1, 1), to_on=date(2025, 12, 31), share=0.8, source="made up"),
        Target(from_on=date(2026, 1, 1), share=0.9, source="made up"),
    )
    found = target_for(CARDS.cards["contact_share"].model_copy(update={"targets": targets}), periods.period(period))
    assert (found.share if found else None) == share


def test_a_card_is_overdue_on_its_day():
    due = CARDS.cards["episodes"].review_again_on
    assert "episodes" in overdue(CARDS, due)
    assert "episodes" not in overdue(CARDS, date(due.year, due.month, due.day - 1))


# --- switched off ------------------------------------------------------------------------------------------------------

LIMITED = PLAIN.model_copy(update={"stay_limits": (StayLimit(days=56, source="made up", from_on=date(2020, 1, 1)),)})


def full(table: str, *empty: str) -> pd.DataFrame:
    """One row of a table with every column filled but these."""
    return pd.DataFrame({column: [None if column in empty else 1] for column in RECEIVED[table].names})


POPULATION = {name: full(name) for name in ("site_counties", "population")}
OTHERS = {name: full(name) for name in RECEIVED if name not in ("episodes", *POPULATION)}


def off(*empty: str, study: Study = LIMITED, tables: dict = POPULATION, others: dict = OTHERS) -> dict[str, str]:
    return dict(switched_off(read_cards(study), full("episodes", *empty), study=study, tables=others, **tables))


def test_nothing_is_off_where_all_is_recorded():
    assert off() == {}


@pytest.mark.parametrize(("empty", "measures"), [
    ("child_id", {"children_served", "episodes_per_child", "back_in_180_days_share"}),
    ("disposition", {"disposition", "stayed_in_community_share"}),
    ("recommended_mode", {"in_person_share", "as_asked_share"}),
    ("arrived_at", {
        "response_minutes_median", "response_minutes_p90", "response_in_time_share", "emergent_minutes_median",
        "emergent_in_time_share", "urgent_minutes_median", "urgent_in_time_share"}),
    ("urgency", {"emergent_minutes_median", "emergent_in_time_share", "urgent_minutes_median", "urgent_in_time_share"}),
    ("team_size", {"team_of_two_share"}),
    ("living_at_discharge", {"living_at_discharge", "no_more_restrictive_share"}),
    ("engaged_at", set()),  # no clock of this study stops there
])  # fmt: skip
def test_an_empty_column_switches_off_what_needs_it(empty, measures):
    found = off(empty)
    assert set(found) == measures
    assert all(f"No episode has {empty} (" in reason and "\n" not in reason for reason in found.values())


def test_a_clock_restricted_by_an_empty_column_measures_nothing():
    assert "response_mode" in off("response_mode")["response_minutes_median"]
    unrestricted = LIMITED.model_copy(update={"clocks": (clock(date(2020, 1, 1)),)})
    assert not {name for name in off("response_mode", study=unrestricted) if "minutes" in name or "in_time" in name}


def test_a_rate_needs_ages_counties_and_population():
    assert "does not say for which ages" in off(study=LIMITED.model_copy(update={"ages": None}))["episodes_per_1000"]
    assert "no table population" in off(tables={**POPULATION, "population": None})["episodes_per_1000"]
    older = LIMITED.model_copy(update={"ages": Ages(youngest=0, oldest=24)})
    assert "known to age 20 only" in off(study=older)["episodes_per_1000"]


def test_a_rate_of_poor_children_needs_their_number_and_the_other_rate_does_not():
    rich = {**POPULATION, "population": full("population", "children_in_poverty")}
    assert off(tables=rich) == {
        "episodes_per_1000_in_poverty": "The table population does not say how many children live in poverty."
    }


COMPANIONS = {
    "contacts": {"follow_up_72_hours_share", "contacts_per_stay"},
    "scales": {name for name in MEASURES if name.split("_")[0] in ("problems", "functioning", "cans", "rated")},
    "referrals": {"referred_share", "linked_60_days_share"},
    "calls": {"calls", "call_channel", "call_outcome", "line_988_dispatch_share"},
    "outreach": {"outreach_events", "outreach_people"},
    "satisfaction": {
        "family_answered_share", "family_satisfied_share", "referrer_answered_share", "referrer_satisfied_share"},
    "staff": {"certified_share", "trained_share"},
    "training": {"trained_share"},
    "staffing": {"vacant_share"},
    "readiness": {"ready_share"},
    "site_hours": {"covered_share"},
    "claims": {"fum_7_days_share", "fum_30_days_share", "fuh_7_days_share", "fuh_30_days_share"},
}  # fmt: skip


@pytest.mark.parametrize("table", COMPANIONS)
def test_a_table_that_is_not_there_switches_off_its_measures_with_one_reason(table):
    without = {name: rows for name, rows in OTHERS.items() if name != table}
    for others in (without, {**OTHERS, table: full(table).iloc[:0]}):
        found = off(others=others)
        assert found.keys() == COMPANIONS[table]
        assert set(found.values()) == {f"There is no table {table} ({RECEIVED[table].row})."}
        assert len(off_lines(CARDS, found.items())) == 1


def test_an_empty_column_of_another_table_is_named_with_its_table():
    found = off(others={**OTHERS, "calls": full("calls", "channel")})
    assert found == dict.fromkeys(
        ("call_channel", "line_988_dispatch_share"), "No row of calls has channel (by which way)."
    )


def test_a_stay_has_no_limit_where_the_study_sets_none():
    assert off(study=PLAIN).keys() == {"stay_in_limit_share", "open_past_limit_share"}


def test_a_dispatch_export_alone_is_told_once_what_each_missing_table_costs():
    lines = off_lines(CARDS, off(study=PLAIN, others={}).items())
    told = [line for line in lines if line.startswith("There is no table ")]
    assert len(told) == len({line.split()[4] for line in told})
    assert "There is no table scales (" in " ".join(told)


def test_the_clock_of_urgent_calls_is_the_clock_that_holds_for_them():
    both = (
        clock(date(2026, 1, 1), urgency=("urgent",), threshold_minutes=600),
        clock(date(2026, 1, 1), urgency=("emergent", "scheduled")),
    )
    cards = read_cards(PLAIN.model_copy(update={"clocks": both})).cards
    assert [each.threshold_minutes for each in cards["urgent_in_time_share"].clocks] == [600]
    assert [each.urgency for each in cards["emergent_in_time_share"].clocks] == [("emergent",)]


def test_without_an_episode_everything_is_off():
    none = pd.DataFrame(columns=EPISODES.names)
    assert len(switched_off(CARDS, none, study=PLAIN, **POPULATION)) == len(MEASURES)


def test_no_target_for_a_period_in_which_the_clock_changed():
    cards = read_cards(params.study("demo"))  # within 90 minutes to 2024-12-31, 60 minutes from then on
    card = cards.cards["response_in_time_share"]
    assert target_for(card, periods.period("2024-12")).share == target_for(card, periods.period("2025-01")).share == 0.8
    assert target_for(card, periods.period("2024-07_2025-06")) is None


def test_a_share_that_is_a_lower_bound_says_at_least_wherever_it_is_named():
    floor = [card for card in CARDS.cards.values() if "lower bound" in " ".join(card.out_of.split())]
    assert [card.title for card in floor] == ["Linked to services in 60 days, at least"]
    assert all("at least" in words for card in floor for words in (card.title, card.short, card.page_one))


def test_what_counts_visits_and_phone_together_says_so_wherever_it_is_named():
    card = CARDS.cards["follow_up_72_hours_share"]
    assert all(
        "visit" in words and "phone" in words for words in (card.title, card.page_one, " ".join(card.out_of.split()))
    )
