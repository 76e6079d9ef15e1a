"""What the charts of a page say, on made-up people: judged from what is shown, spoken of in short sentences, kept as they were."""

import re
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from reading import WORD
from scipy import stats
from test_briefs import a_clock, a_study, cells, crises, months_of, numbered, numbers_of, said
from test_words import NEVER, words_in

from analysis import params, periods
from analysis.brief import (
    apart,
    arrivals,
    attention,
    equity_page,
    false_alarms,
    figures,
    monthly,
    panels,
    questions,
    scorecard,
    signals,
    site_by_site,
    small_site,
)
from analysis.brief.kept import look_at_all
from analysis.brief.numbers import Numbers
from analysis.brief.signals import signal
from analysis.brief.standings import standing_line, standings
from analysis.quality.arrivals import COLUMNS, MARKS, arrival_curves
from analysis.quality.cards import read_cards
from analysis.quality.charts.choice import FEWEST_CASES_FOR_P
from analysis.quality.charts.false_alarms import read_false_alarms
from analysis.quality.charts.judgment import PHRASES
from analysis.quality.comparisons import against_target
from analysis.quality.measures.outcomes import RELIABLE
from analysis.quality.rebases import Rebase, Rebases
from analysis.tables import AGE_BANDS, SEXES

ALL = months_of()  # January 2025 to October 2026: 22 months
SHARE = "in_person_share"


def state(*parts: pd.DataFrame, **given) -> Numbers:
    return numbers_of(numbered(*parts), **given)


def level(site: str, *steps: tuple[str, float], each: int = 60) -> list[pd.DataFrame]:
    """Crises of a site whose share seen in person is `met` from each month on."""
    ends = [*(month for month, _ in steps[1:]), "9999"]
    return [
        crises(site, [month for month in ALL if start <= month < end], each, met=met)
        for (start, met), end in zip(steps, ends, strict=True)
    ]


# --- at which grain ----------------------------------------------------------------------------------------------------


def test_a_large_site_is_judged_by_the_month():
    numbers = state(crises("north", ALL, 60))
    found = signal(numbers, SHARE, "north")
    assert found.grain == numbers.windows.months
    assert (found.n_points, found.cases, found.chart, found.stage) == (22, 60.0, "p", "full")
    assert (found.kind, found.phrase) == ("none", "steady")
    assert found is signal(numbers, SHARE, "north")  # worked out once


def test_a_site_with_one_small_month_is_looked_at_by_the_quarter():
    numbers = state(
        crises("north", ALL, 60), crises("south", ALL, 60), crises("cover", ALL[:-1], 20), crises("cover", ALL[-1:], 4)
    )
    found = signal(numbers, SHARE, "cover")
    assert found.grain == numbers.windows.blocks
    assert found.points["label"].iloc[-1] == "Jul-Sep\n2026"
    assert (found.kind, signals.say(numbers, found)) == (
        "cannot_tell",
        "too few quarters yet to say what is usual",
    )  # 7


def test_a_place_shown_by_the_year_has_no_chart_and_gives_no_month_away():
    numbers = state(crises("north", ALL, 60), crises("south", ALL, 60), crises("tiny", ALL, 1))
    found = signal(numbers, SHARE, "tiny")
    assert (found.kind, found.phrase, found.chart, found.rules) == ("cannot_tell", "not_shown", "", "")
    assert len(found.points) == 1
    assert not found.has_rules
    assert found.since is None
    assert "<svg" not in panels.trend(numbers, SHARE, site="tiny").text


def test_a_hidden_point_is_a_gap_to_the_rules_whatever_stood_there():
    """Of a place's months all are shown or none; were one hidden, it would weigh nothing and be marked nowhere."""
    numbers = state(*level("north", ("2025", 0.9), ("2026-03", 0.1), ("2026-04", 0.9)))
    here = (
        numbers.shown["measure"].eq(SHARE)
        & numbers.shown["site_id"].eq("north")
        & numbers.shown["period"].eq("2026-03")
    )
    assert signal(numbers, SHARE, "north").points["mark"].tolist().count("concern") == 1
    blank = numbers.shown.assign(
        value=numbers.shown["value"].mask(here), why_missing=numbers.shown["why_missing"].mask(here, "not_recorded")
    )
    found = signal(replace(numbers, shown=blank, looked={}), SHARE, "north")
    gap = found.points.iloc[ALL.index("2026-03")]
    assert gap[["value", "numerator", "denominator"]].isna().all()
    assert (gap["mark"], found.n_points) == ("", 21)
    assert found.points["centre"].dropna().unique() == pytest.approx([0.9])


def test_part_of_a_month_is_drawn_and_not_judged():
    people = numbered(crises("north", ALL, 60), crises("north", ["2026-11"], 20, met=0))
    numbers = numbers_of(people, covers=("2025-01-01", "2026-11-12"))
    found = signal(numbers, SHARE)
    partial = found.points.iloc[-1]
    assert (partial["state"], partial["note"], partial["value"], partial["mark"]) == (
        figures.INCOMPLETE,
        "to 12 Nov",
        0.0,
        "",
    )
    assert pd.isna(partial["section"])
    assert (found.last, found.kind, found.n_points) == (21, "none", 22)


def test_a_measure_that_the_study_cannot_have_has_no_chart():
    numbers = state(crises("north", ALL, 60))
    assert signal(numbers, "safety_plan_share", "north") is None
    assert signal(numbers, "disposition", "north") is None  # a mix is no single figure


# --- sections ----------------------------------------------------------------------------------------------------------


def a_rebase(month: str, **given) -> Rebase:
    plain = {"measure": SHARE, "site": "north", "reason": "A second team began.", "decided_by": "the collaborative"}
    return Rebase(from_month=month, decided_on=date(2026, 10, 8), **{**plain, **given})


def test_a_dated_decision_begins_a_section_and_says_who_why_and_when():
    people = level("north", ("2025", 0.5), ("2025-10", 0.9))
    as_it_was, anew = state(*people), state(*people, rebases=Rebases(rebases=(a_rebase("2025-10"),)))
    assert set(signal(as_it_was, SHARE, "north").points["section"]) == {1}
    found = signal(anew, SHARE, "north")
    at = ALL.index("2025-10")
    assert found.points["section"].tolist() == [1] * at + [2] * (22 - at)
    assert found.points.groupby("section")["centre"].unique().map(list).tolist() == [[0.5], [0.9]]
    assert signals.events(anew, found) == {at: "1"}
    note = signals.footer(anew, found)
    assert "1: limits set anew from 2025-10. A second team began. (decided 2026-10-08 by the collaborative)." in note
    assert note.endswith("Data as of 31 October 2026.")
    assert (signal(as_it_was, SHARE, "north").kind, found.kind) == (
        "improvement",
        "none",
    )  # what was decided is usual now


def test_decisions_are_numbered_by_their_month_and_those_of_other_charts_are_theirs():
    decided = (
        a_rebase("2026-01"),
        a_rebase("2025-07"),
        a_rebase("2025-09", site="south"),
        a_rebase("2025-09", measure="episodes"),
    )
    numbers = state(crises("north", ALL, 60), crises("south", ALL, 60), rebases=Rebases(rebases=decided))
    found = signal(numbers, SHARE, "north")
    assert signals.events(numbers, found) == {ALL.index("2025-07"): "1", ALL.index("2026-01"): "2"}
    assert re.findall(r"\d: limits set anew from (\S+)\.", signals.footer(numbers, found)) == ["2025-07", "2026-01"]


def test_a_decision_before_the_chart_or_after_it_splits_nothing():
    for month in ("2024-03", "2026-10"):
        decided = Rebases(rebases=(a_rebase(month),))
        found = signal(state(crises("north", ALL, 60), rebases=decided), SHARE, "north")
        assert found.points["section"].nunique() == (1 if month == "2024-03" else 2)
    assert signals.events(state(crises("north", ALL, 60), rebases=Rebases(rebases=(a_rebase("2024-03"),))), found) == {}


def test_another_clock_begins_a_section_by_itself():
    clocks = (a_clock(90, last="2025-12-31"), a_clock(60, first="2026-01-01"))
    numbers = state(crises("north", ALL, 60, wait=80), study=a_study(clocks=clocks))
    points = signal(numbers, "response_in_time_share", "north").points
    assert points["section"].tolist() == [1] * 12 + [2] * 10


# --- since when --------------------------------------------------------------------------------------------------------


def test_a_run_is_dated_from_its_first_month():
    # 70% for eleven months, 60% from December 2025 on: of 60 a month no point is beyond the limits.
    numbers = state(*level("north", ("2025", 0.7), ("2025-12", 0.6)))
    found = signal(numbers, SHARE, "north")
    assert (found.kind, found.phrase) == ("concern", "run_low")
    assert found.since == periods.period("2025-12")
    assert signals.say(numbers, found) == "lower than usual since December 2025, by more than chance"


def test_a_run_does_not_go_back_over_a_month_on_the_other_side():
    steps = (("2025", 0.7), ("2025-11", 0.6), ("2025-12", 0.7), ("2026-01", 0.6))
    numbers = state(*level("north", *steps))
    found = signal(numbers, SHARE, "north")
    assert found.phrase == "run_low"
    assert found.since == periods.period("2026-01")


def test_a_point_beyond_the_limits_is_its_own_month():
    numbers = state(*level("north", ("2025", 0.9), ("2026-10", 0.5)))
    found = signal(numbers, SHARE, "north")
    assert (found.kind, found.phrase, found.since) == ("concern", "beyond_low", periods.period("2026-10"))
    assert signals.say(numbers, found) == "below its usual range (78 to 100 of 100), by more than chance"
    assert found.points["mark"].tolist() == [""] * 21 + ["concern"]


def test_a_rise_counts_the_months_that_rise():
    """Waits have an XmR chart, and it knows trends: 40 and 44 in turn, then seven months each a little longer."""
    waits = [40, 44] * 7 + [40] + [41, 42, 43, 44, 45, 46, 47]
    numbers = state(*(crises("north", [month], 40, wait=wait) for month, wait in zip(ALL, waits, strict=True)))
    found = signal(numbers, "response_minutes_median")
    assert (found.kind, found.phrase) == ("concern", "trend_high")  # a longer wait is worse
    assert found.one_way == 8  # the month of 40 minutes before them begins the rise
    assert signals.say(numbers, found) == "rising over the last 8 months, by more than chance"


# --- in words ----------------------------------------------------------------------------------------------------------

PHRASE_KEYS = [f"{rule}_{way}" for rule in PHRASES.values() for way in ("high", "low")]
KINDS = [("improvement", key) for key in dict.fromkeys(PHRASE_KEYS)] + [("none", "steady"), ("none", "signal_earlier")]
KINDS += [("cannot_tell", key) for key in ("not_shown", "too_few_points", "too_few_cases", "no_last_point")]


@pytest.fixture(scope="module")
def steady() -> Numbers:
    return state(crises("north", ALL, 60), crises("south", ALL, 60))


@pytest.mark.parametrize(("kind", "phrase"), KINDS)
@pytest.mark.parametrize("by", ["months", "quarters"])
def test_every_phrase_has_a_short_sentence_that_claims_no_more_than_its_rule(steady, kind, phrase, by):
    found = signal(steady, SHARE, "north")
    grain = steady.windows.months if by == "months" else steady.windows.blocks
    points = found.points.iloc[: len(grain)].assign(mark="improvement" if kind == "improvement" else "")
    words = signals.say(
        steady, replace(found, kind=kind, phrase=phrase, grain=grain, points=points, n_points=len(grain))
    )
    sentence = f"Linked to services in 60 days, at least: {words}." if kind != "improvement" else f"That is {words}."
    assert len(WORD.findall(sentence)) <= 20, sentence
    assert ("by more than chance" in words) == (kind == "improvement")
    assert ("month" in words) <= (by == "months" or "since" in words)
    assert words_in(words, NEVER) == []
    assert words[0].islower()
    assert not words.endswith(".")
    high, low = {"above", "higher", "rising", "upper"}, {"below", "lower", "falling"}
    spoken = set(WORD.findall(words))
    assert bool(spoken & high) == phrase.endswith("_high")
    assert bool(spoken & low) == phrase.endswith("_low")


def test_a_share_of_all_is_not_called_few(steady):
    found = signal(steady, "response_in_time_share", "north")  # 60 of 60 each month
    assert found.phrase == "too_few_cases"
    assert found.cases >= FEWEST_CASES_FOR_P
    assert signals.say(steady, found) == "too near to all or none to tell a change from chance"


def test_the_usual_range_is_one_of_whole_crises_and_of_shares_that_can_be(steady):
    # 120 a month, exactly: a count that does not vary has no width; of 60 at 90% the upper limit is beyond 100.
    assert signals.usual_words(steady, signal(steady, "episodes")) == " (120 to 120)"
    assert signals.usual_words(steady, signal(steady, SHARE, "north")) == " (78 to 100 of 100)"


# --- kept --------------------------------------------------------------------------------------------------------------


def test_charts_that_are_kept_come_back_as_they_were():
    decided = Rebases(rebases=(a_rebase("2025-10"),))
    parts = [
        *level("north", ("2025", 0.5), ("2025-10", 0.9)),
        crises("south", ALL, 60),
        crises("tiny", ALL, 1),
        crises("cover", ALL, 4),
    ]
    numbers = state(*parts, rebases=decided)
    look_at_all(numbers)
    assert len(numbers.looked) > 10
    again = replace(numbers, looked={})
    signals.from_table(again, signals.as_table(numbers))
    kept = {key: found for key, found in numbers.looked.items() if found is not None}
    assert list(again.looked) == list(kept)
    for key, found in kept.items():
        got = again.looked[key]
        for name in ("measure", "site", "grain", *signals.ONCE):
            assert getattr(got, name) == getattr(found, name), (key, name)
        pd.testing.assert_frame_equal(got.points, found.points)
        assert signals.say(again, got) == signals.say(numbers, found)


def test_nothing_looked_at_is_an_empty_table_that_is_read(steady):
    bare = replace(steady, looked={})
    assert signals.as_table(bare).empty
    signals.from_table(bare, signals.as_table(bare))
    assert bare.looked == {}


# --- how many by chance ------------------------------------------------------------------------------------------------


def test_the_false_signals_to_expect_are_the_sum_of_the_simulated_rates(steady):
    charts, false = false_alarms.expected(steady)
    judged = false_alarms.judged_charts(steady)
    asked = {(chart.measure, chart.site) for chart in judged}
    assert {(SHARE, "statewide"), (SHARE, "north"), (SHARE, "south"), ("episodes", "statewide")} <= asked
    assert all(chart.has_rules for chart in judged)
    rates = read_false_alarms()
    units = {name: card.unit for name, card in steady.cards.cards.items()}
    by_hand = [rates.rate(units[each.measure], each.n_points, each.cases) for each in judged]
    assert (charts, false) == (len(by_hand), pytest.approx(sum(by_hand)))
    assert f"{charts} charts were judged over time, and none looks changed." in false_alarms.expected_words(steady)
    assert all(0 < rate < 0.12 for rate in by_hand)


def test_every_mark_of_a_scorecard_is_in_the_count_or_the_page_says_that_it_is_not(steady):
    judged = {(chart.measure, chart.site): chart for chart in false_alarms.judged_charts(steady)}
    for site in steady.pages["site_id"]:
        for measure in steady.cards.scorecard:
            chart = signal(steady, measure, site)
            assert ((measure, site) in judged) == (chart is not None and chart.has_rules)
    said_of_state = said(f"<main>{monthly.headline(steady)}")
    assert "That leaves out marks against a standard, and sites held against the state or each other" in said_of_state
    table = said(f"<main>{scorecard.key_table(steady, 'north')}")
    assert "Against the standard" in table
    assert "Those against a standard come on top" in table
    assert "stands at the top of the state’s brief" in table


def test_at_most_five_in_a_hundred_just_at_a_standard_are_marked():
    """What the pages say of chance, worked out exactly: every number that could come, at its probability."""
    cards = read_cards(a_study())
    for of, standard in ((20, 0.9), (60, 0.8), (350, 0.9)):
        x = np.arange(of + 1)
        rows = [{"measure": SHARE, "numerator": n, "denominator": of, "value": n / of} for n in x]
        marked = np.array([against_target(row, standard, cards) != "cannot_tell" for row in rows])
        assert 0 < stats.binom.pmf(x, of, standard)[marked].sum() <= 0.05


def test_the_statewide_page_says_that_no_limit_knows_the_seasons(steady):
    assert "No usual range here knows the seasons" in said(f"<main>{monthly.trends(steady)}")


def test_without_a_chart_no_false_signal_is_spoken_of():
    numbers = numbers_of(numbered(crises("north", ["2026-10"], 40)), covers=("2026-10-01", "2026-10-31"))
    assert false_alarms.expected_words(numbers) == ""


# --- what to look at ---------------------------------------------------------------------------------------------------


def test_messages_are_three_at_most_one_a_measure_and_what_got_worse_is_first():
    late = ALL[-1]
    parts = [*level("north", ("2025", 0.95), (late, 0.3)), *level("south", ("2025", 0.4), (late, 0.9))]
    found = attention.messages(state(*parts))
    assert 1 <= len(found) <= 3
    assert len({each.measure for each in found}) == len(found)
    # The state misses the standard, North got worse and South got better on one measure: one item, the standard first, then the loss.
    first = found[0]
    assert first.measure == SHARE
    assert first.words == (
        "Seen in person: statewide 67.5% over the year, below the standard of 90%. South is below it by more than chance. "
        "The figure has got worse by more than chance at North. The figure has got better by more than chance at South."
    )
    assert first.question == "What stands in their way, and what do the others do?"


def test_where_no_standard_is_missed_what_got_worse_is_told_alone():
    low = params.Target(from_on=date(2020, 1, 1), share=0.5, source="made up")
    parts = [*level("north", ("2025", 0.7), (ALL[-1], 0.4)), *level("south", ("2025", 0.9), each=300)]
    first = attention.messages(state(*parts, study=a_study(targets={SHARE: (low,)})))[0]
    assert (first.measure, first.words) == (SHARE, "Seen in person has got worse by more than chance at North.")
    assert first.question == "What changed there, and what help is needed?"


def test_what_got_worse_statewide_comes_before_what_did_at_one_site():
    late = ALL[-1]
    longer = [crises("cover", ALL[:-1], 60, wait=50), crises("cover", [late], 60, wait=85)]
    level_out = [*level("north", ("2025", 0.95), (late, 0.3)), *level("south", ("2025", 0.4), (late, 0.9))]
    found = attention.messages(state(*level_out, *longer))
    statewide, at_site = found[0], next(each for each in found if each.measure == SHARE)
    assert statewide.measure.startswith("response_")
    assert found.index(at_site) > 0


def test_a_gain_is_told_where_nothing_is_lost():
    # Of 60 at 70% the limits are 52 to 88 of 100; of the state's 360 at 87% they are 81 to 92.
    low = params.Target(from_on=date(2020, 1, 1), share=0.5, source="made up")
    parts = [*level("north", ("2025", 0.7), ("2026-10", 0.95)), *level("south", ("2025", 0.9), each=300)]
    numbers = state(*parts, study=a_study(targets={SHARE: (low,)}))
    kinds = {site: signal(numbers, SHARE, site).kind for site in ("north", "south", "statewide")}
    assert kinds == {"north": "improvement", "south": "none", "statewide": "none"}
    found = next(each for each in attention.messages(numbers) if each.measure == SHARE)
    assert found.words == "Seen in person has risen by more than chance at North."
    assert found.question == "What did they do that others could test?"


def test_a_missed_standard_lies_outside_the_printed_range(steady):
    row = pd.Series(
        {
            "measure": SHARE,
            "numerator": 2326,
            "denominator": 2619,
            "value": 2326 / 2619,
            "low": 0.8755,
            "high": 0.8996,
            "hidden": False,
        }
    )
    near = replace(steady, looked={})
    object.__setattr__(near, "row", lambda *_, **__: row)
    assert monthly.site_cell(near, SHARE, "statewide") == "88.8% (87.55 to 89.96) ▼"
    far = row.mask(row.index == "numerator", 1900).mask(row.index == "value", 1900 / 2619)
    object.__setattr__(near, "row", lambda *_, **__: far.mask(far.index == "low", 0.71).mask(far.index == "high", 0.74))
    assert monthly.site_cell(near, SHARE, "statewide") == "72.5% (71 to 74) ▼"


def test_every_chart_that_the_line_counts_as_changed_is_in_the_list(demo_numbers):
    counted = int(re.search(r"and (\d+) look changed", false_alarms.expected_words(demo_numbers))[1])
    listed = monthly.what_changed(demo_numbers).text.partition("</ul>")[0].count("<li>")
    assert counted == listed > 1
    assert "Wait that 9 in 10 responses stay within: " in monthly.what_changed(demo_numbers).text.partition("</ul>")[0]


def test_a_chart_of_a_hub_that_changed_is_listed_and_counted_where_sites_are_not_named(steady, monkeypatch):
    pooled = replace(signal(steady, SHARE, "north"), kind="concern", phrase="beyond_low", site="north+south")
    monkeypatch.setattr(monthly, "judged_charts", lambda numbers: [pooled])
    monkeypatch.setattr(panels, "place_name", lambda numbers, site: "North and South together")
    assert monthly._moved_elsewhere(steady)[0].startswith(
        "North and South together, seen in person: below its usual range"
    )
    assert monthly._moved_elsewhere(replace(steady, name_peers=False)) == ["1 of sites of a hub taken together."]


def test_the_title_of_a_chart_names_the_month_that_it_judges_where_that_is_not_the_newest(demo_numbers):
    assert demo_numbers.young  # October is still filling up
    crises_chart = said(f"<main>{panels.trend(demo_numbers, 'episodes')}")
    assert crises_chart.strip().startswith("Crisis episodes, statewide, September 2026: within its usual range")
    assert "Hollow: October 2026, not judged yet" in crises_chart
    assert (
        said(f"<main>{panels.trend(demo_numbers, SHARE)}")
        .strip()
        .startswith("Seen in person, statewide: within its usual range")
    )
    assert ", September 2026" in panels.trend_drawing(demo_numbers, signal(demo_numbers, "episodes")).alt


def test_a_figure_that_waits_is_of_the_last_month_that_can_be_shown_where_a_later_one_is_hidden(demo_numbers):
    of_july = next(each for each in standings(demo_numbers) if each.measure == "linked_60_days_share")
    assert demo_numbers.row("linked_60_days_share", periods.period("2026-08"))["hidden"]
    assert "This is July 2026, the last month that can be shown." in standing_line(demo_numbers, of_july)
    waited = replace(of_july, hidden_since=False)
    assert "This is July 2026, the last month that has waited long enough." in standing_line(demo_numbers, waited)


def test_rows_of_the_same_stays_say_the_same_of_how_many_were_rated_twice(demo_numbers):
    page = said(f"<main>{questions.three_questions(demo_numbers)}")
    for scale in ("Problem Severity", "Functioning"):
        rated = re.findall(rf"{scale} (?:better|worse) by more than noise, parent \([^;]*; ([^)]*\))", page)
        assert len(rated) == 2
        assert len(set(rated)) == 1
    year = demo_numbers.windows.year
    assert demo_numbers.row("problems_worse_parent_share", year)["hidden"]  # the row's own figures stay hidden
    hidden = demo_numbers.shown["measure"].isin(RELIABLE)
    none = replace(demo_numbers, shown=demo_numbers.shown.assign(hidden=demo_numbers.shown["hidden"] | hidden))
    assert "rated twice: " not in said(f"<main>{questions.three_questions(none)}")


# --- a site too small for charts ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_tiny() -> Numbers:
    """Tiny has 3 crises a month, 36 in the year; another site must cover for its months."""
    return state(
        crises("north", ALL, 60), crises("south", ALL, 40), crises("cover", ALL, 20), crises("tiny", ALL, 3, met=0.67)
    )


def test_a_small_site_reads_whole_numbers_and_one_aim_in_place_of_charts(with_tiny):
    assert small_site.is_small(with_tiny, "tiny")
    assert not small_site.is_small(with_tiny, "north")
    page = small_site.page(with_tiny, "tiny").text
    assert "<svg" not in page
    text = said(f"<main>{page}")
    assert "Too few families come here for a chart: from October 2025 to September 2026, in whole numbers." in text
    assert "Seen in person: 24 of 36." in text  # 2 of 3 a month
    assert "%" not in text
    assert text.count("One aim for next month:") == 1
    assert all(len(WORD.findall(part)) <= 20 for part in re.split(r"(?<=[.:])\s", text))


def test_a_site_whose_year_is_hidden_gives_no_number():
    numbers = state(
        crises("north", ALL, 60),
        crises("south", ALL, 60),
        crises("tiny", ["2026-03"], 7),
        crises("cover", ["2026-04"], 23),
    )
    text = said(f"<main>{small_site.page(numbers, 'tiny')}")
    assert "Too few families come here for a chart, or for any number of the year to be shown." in text
    assert not re.search(r"\d", text)


# --- the funnel --------------------------------------------------------------------------------------------------------


FIFTEEN = pd.DataFrame(
    [("north", "North", 240, 480), ("south", "South", 432, 480)]
    + [(f"other-{number:02d}", f"Place {number:02d}", 432 + number - 7, 480) for number in range(1, 14)],
    columns=["site_id", "name", "numerator", "denominator"],
).astype({"numerator": float, "denominator": float})


def words_of_funnel(numbers: Numbers, named: str | None = None) -> tuple[str, str]:
    """The words under the funnel of fifteen sites of 480 in the year, North at 50% and the others near 90%; and all its text."""
    drawing, words = site_by_site.funnel_drawing(numbers, SHARE, FIFTEEN, named=named)
    return words, f"{drawing.svg} {drawing.alt}"


def test_the_funnel_names_who_differs_where_peers_may_be_named(steady):
    words, drawn = words_of_funnel(steady)
    assert words == "North differs from the others by more than chance"
    assert "North" in drawn
    assert "Place 01" not in drawn  # of the others no name is needed


def test_the_funnel_counts_where_they_may_not_and_draws_no_name_but_its_own(steady):
    unnamed = replace(steady, name_peers=False)
    words, drawn = words_of_funnel(unnamed)
    assert words == "1 site differs from the others by more than chance"
    assert not [name for name in FIFTEEN["name"] if name in drawn]
    words, drawn = words_of_funnel(unnamed, "south")
    assert [name for name in FIFTEEN["name"] if name in drawn] == ["South"]


def test_a_site_is_told_where_it_stands_itself(steady):
    assert words_of_funnel(steady, "north")[0] == "apart from the others by more than chance"
    assert words_of_funnel(steady, "south")[0] == "among the others, as chance alone would have it"


SPREAD = FIFTEEN.assign(numerator=[300.0, 310, 350, 360, 372, 380, 390, 396, 402, 410, 420, 430, 440, 452, 460])


def test_where_sites_differ_much_the_funnel_says_what_its_limits_allow_for_and_who_lies_outside_chance(
    steady, monkeypatch
):
    """Fifteen sites of 480 from 62% to 96%: limits of chance alone are 78.8 -+ 5.8, those widened for the spread hold them all."""
    sites, wide = apart.judged(SPREAD)
    plain = 3.0902 * np.sqrt((p := SPREAD["numerator"].sum() / (15 * 480)) * (1 - p) / 480)
    assert sites["by_chance"].tolist() == (sites["value"] - p).abs().gt(plain).tolist()
    assert 0 < sites["by_chance"].sum() < 15
    assert (sites["outside"].ne(apart.BEYOND).all(), wide.figures["adjusted"]) == (True, 1.0)
    monkeypatch.setattr(site_by_site, "year_by_site", lambda numbers, measure: SPREAD)
    page = said(f"<main>{site_by_site.funnel(steady, SHARE)}")
    assert (
        "no site lies outside the wider limits, which allow for how much sites differ. Outside plain chance: North, South"
        in page
    )
    assert "were they to differ as much as these do (overdispersion, Spiegelhalter 2005)" in page
    assert "that work alike" not in page
    unnamed = said(f"<main>{site_by_site.funnel(replace(steady, name_peers=False), SHARE)}")
    assert re.search(r"Outside plain chance: \d sites below; \d sites above", unnamed)
    assert "North" not in unnamed
    own = said(f"<main>{site_by_site.funnel(steady, SHARE, named='north')}")
    assert "apart by more than chance, but no further than these sites differ" in own


def test_where_sites_work_alike_the_funnel_is_one_of_chance_alone(steady, monkeypatch):
    alike = FIFTEEN.assign(numerator=[430.0 + at % 3 for at in range(15)])
    monkeypatch.setattr(site_by_site, "year_by_site", lambda numbers, measure: alike)
    page = said(f"<main>{site_by_site.funnel(steady, SHARE)}")
    assert "no site differs from the others by more than chance" in page
    assert "99.8 of 100 sites that work alike would lie there" in page


def test_fewer_than_five_sites_have_no_funnel(steady):
    assert site_by_site.funnel(steady, SHARE).text == ""


# --- how long families wait --------------------------------------------------------------------------------------------


def curves_of(*parts: pd.DataFrame, clock: params.Clock | None = None) -> pd.DataFrame:
    years = [periods.period("2024-10_2025-09"), periods.period("2025-10_2026-09")]
    table = numbered(*parts)
    others = dict.fromkeys(("dispatched_at", "engaged_at", "departed_at"), pd.NaT)
    notes = {f"{name}_note": "" for name in others}
    clocked = table.assign(
        **{name: pd.Series(pd.NaT, index=table.index).dt.tz_localize("America/Denver") for name in others}, **notes
    )
    return arrival_curves(clocked, ["north", "south"], years, (clock or a_clock(),), fewest=11)


def waits(site: str, minutes: list[int], month: str = "2026-03") -> pd.DataFrame:
    return pd.concat([crises(site, [month], 1, met=1, wait=each) for each in minutes])


def test_a_curve_stands_on_the_quarter_hours_alone():
    found = curves_of(waits("north", [7, 22, 38, 52] * 12))
    assert set(found["minutes"]) <= set(MARKS)
    here = found[found["site_id"].eq("north")].set_index("minutes")["reached"]
    # 12 of 48 by each quarter of an hour; nobody before
    assert here.loc[[0, 15, 30, 45, 60]].tolist() == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])


@pytest.mark.parametrize(("number", "drawn"), [(10, False), (11, True)])
def test_no_curve_is_drawn_of_fewer_than_eleven(number, drawn):
    found = curves_of(waits("north", [20] * number), waits("south", [20] * 40))
    assert found["site_id"].eq("north").any() == drawn
    assert found.columns.tolist() == COLUMNS


def test_a_curve_stops_before_fewer_than_eleven_would_be_left():
    # 30 are reached by 15 minutes; of the 14 left 4 by 30, and the 10 after that are too few to stand at a mark.
    found = curves_of(waits("north", [10] * 30 + [20] * 4 + [40] * 10))
    here = found[found["site_id"].eq("north")]
    assert 30 not in here["minutes"].tolist()
    assert here.loc[here["minutes"].eq(15), "reached"].item() == pytest.approx(30 / 44)
    assert not here["reached"].between(0.75, 0.95).any()


def test_a_place_without_a_curve_says_why(steady):
    bare = replace(steady, arrivals=pd.DataFrame(columns=COLUMNS))
    assert "can't be shown as a curve" in said(f"<main>{arrivals.curves(bare)}")


@pytest.mark.parametrize(("modes", "share", "left_out"), [
    (("mobile",), 1.0, "leaves out responses that were put off to a later time or called off"),
    ((), 0.6, "leaves out responses that were called off"),  # it holds those put off, as the curve does
])  # fmt: skip
def test_the_curve_says_why_it_is_not_the_share_in_time(modes, share, left_out):
    months = ALL[-12:]
    at_once, put_off = (
        crises("north", months, 6, met=1),
        crises("north", months, 4, met=1, wait=600, response_mode="deferred_mobile"),
    )
    clock = a_clock().model_copy(update={"modes": modes})
    numbers = numbers_of(numbered(at_once, put_off), study=a_study(clocks=(clock,)))
    numbers = replace(numbers, arrivals=curves_of(at_once, put_off, clock=clock))
    assert numbers.row("response_in_time_share", numbers.windows.year)["value"] == share
    page = said(f"<main>{arrivals.curves(numbers)}")
    assert "60% within 60 minutes this year" in page
    assert f"The share that came in time is another figure: it {left_out}." in page


def test_a_curve_beside_no_share_in_time_explains_none(steady):
    numbers = replace(
        steady, arrivals=curves_of(waits("north", [20] * 40)), off=(("response_in_time_share", "no clock"),)
    )
    assert "another figure" not in said(f"<main>{arrivals.curves(numbers)}")


BAND = list(AGE_BANDS)[1]


# --- groups of children ------------------------------------------------------------------------------------------------


def a_group(stratum: str, **given) -> dict:
    plain = dict.fromkeys(
        ("difference", "difference_low", "difference_high", "ratio", "ratio_low", "ratio_high"), float("nan")
    )
    return {"measure": SHARE, "stratum": stratum, "period": "2025-10_2026-09", "unit": "share", "denominator": 60, "value": 0.5,
            "low": 0.4, "high": 0.6, "why_missing": "", **plain, **given}  # fmt: skip


def test_a_row_of_a_group_says_how_many_its_range_and_how_it_stands(steady):
    rows = [
        a_group("sex:female", difference=-0.1, difference_low=-0.2, difference_high=0.01),
        a_group(f"age_band:{BAND}", unit="rate", value=4.26, low=3.9, high=4.7, ratio=1.25, ratio_low=1.1, ratio_high=1.4),
        a_group("sex:not_recorded"),
        a_group("race_ethnicity:others_together"),
        a_group("insurance:medicaid", value=float("nan"), low=float("nan"), high=float("nan"), denominator=float("nan"), why_missing="too few to show"),
    ]  # fmt: skip
    page = equity_page.groups(replace(steady, groups=pd.DataFrame(rows))).text
    assert cells(page, f"Sex: {SEXES['female']}") == [
        "2025-10 to 2026-09",
        "60",
        "50%",
        "40 to 60",
        "−10 of 100 (−20 to +1)",
    ]
    bands = [name for name in re.findall(r'<th scope="row"[^>]*>(.*?)</th>', page) if name.startswith("Age: ")]
    assert bands == [f"Age: {BAND} years"]
    assert cells(page, bands[0])[1:] == ["60 child-years", "4.3 per 1,000", "3.9 to 4.7", "1.25 times (1.10 to 1.40)"]
    assert cells(page, "Sex: not recorded")[-1] == "not compared"
    assert cells(page, "Race and ethnicity: smaller groups together")[-1] == "not compared"
    hidden = next(
        name for name in re.findall(r'<th scope="row"[^>]*>(.*?)</th>', page) if name.startswith("Insurance: ")
    )
    assert hidden == "Insurance: all groups"
    assert cells(page, hidden) == ["", "", "too few to show", "", ""]
    assert "nan" not in page.lower()
    assert "The rule was fixed before anybody looked." in page


def test_rates_and_parts_of_one_table_are_told_apart(steady):
    rate = a_group(f"age_band:{BAND}", unit="rate", value=12.16, low=11.6, high=12.7)
    part = a_group("sex:female", unit="part", value=0.506, denominator=2979, low=0.49, high=0.52)
    page = equity_page.groups(replace(steady, groups=pd.DataFrame([rate, part]))).text
    assert cells(page, f"Sex: {SEXES['female']}")[1:3] == ["2,979 episodes", "50.6% of all"]
    assert cells(page, f"Age: {BAND} years")[2] == "12.2 per 1,000"
    assert "Elsewhere stands what part of all episodes the group has" in page
    alone = equity_page.groups(replace(steady, groups=pd.DataFrame([a_group("sex:female")]))).text
    assert "part of all episodes" not in alone


def test_a_study_that_says_nothing_of_its_children_has_no_groups(steady):
    bare = replace(steady, groups=pd.DataFrame(columns=["measure"]))
    assert "do not say enough about who the children are" in said(f"<main>{equity_page.groups(bare)}")


# --- sites apart from the others ---------------------------------------------------------------------------------------


SCREEN = "suicide_screen_share"  # a share of the scorecard without a standard


def years(monkeypatch, at_north: int) -> None:
    """Fifteen sites of 480 visits in the year, near 432 of them screened, North that many."""
    rows = FIFTEEN.assign(numerator=FIFTEEN["numerator"].where(FIFTEEN["name"].ne("North"), at_north))
    monkeypatch.setattr(apart, "year_by_site", lambda numbers, measure: rows if measure == SCREEN else rows.iloc[:4])


def told(numbers: Numbers) -> list[str]:
    return [each.said for each in attention.messages(numbers) if each.measure == SCREEN]


def test_a_site_far_below_the_others_is_spoken_of_where_no_standard_says_what_is_enough(steady, monkeypatch):
    years(monkeypatch, 240)
    said_of_north = "Suicide screen done: sites differ over the year. North is below the others by more than chance."
    assert told(steady) == [said_of_north]
    unnamed = "Suicide screen done: sites differ over the year. 1 site is below the others by more than chance."
    assert told(replace(steady, name_peers=False, looked={})) == [unnamed]
    standard = params.Target(from_on=date(2020, 1, 1), share=0.5, source="made up")
    cards = steady.cards.cards | {SCREEN: steady.cards.cards[SCREEN].model_copy(update={"targets": (standard,)})}
    assert told(replace(steady, cards=steady.cards.model_copy(update={"cards": cards}), looked={})) == []


@pytest.mark.parametrize("at_north", [425, 480])  # like the others; above them, which is no gap
def test_a_site_that_chance_explains_or_that_does_better_is_no_gap(steady, monkeypatch, at_north):
    years(monkeypatch, at_north)
    assert told(steady) == []


def test_four_sites_are_too_few_to_be_held_against_each_other(steady, monkeypatch):
    monkeypatch.setattr(apart, "year_by_site", lambda numbers, measure: FIFTEEN.iloc[:4])
    assert told(steady) == []


def test_a_gap_that_stands_takes_the_place_of_no_change(steady, monkeypatch):
    years(monkeypatch, 240)
    assert attention.messages(steady)[-1].measure == SCREEN
    news = [attention.Message(f"measure {number}", "It rose.", "Why?") for number in range(attention.MOST_NEXT)]
    monkeypatch.setattr(attention, "_better", lambda numbers, *, named: news)
    assert told(steady) == []


def test_many_names_and_the_longest_title_are_told_in_short_sentences(steady, monkeypatch):
    names = ["Río Claro", "Yucca Flats", "Red Bluff", "Llano Viejo", "Salt Fork"]
    monkeypatch.setattr(apart, "behind", lambda numbers, measure: names)
    for message in attention._behind_the_others(steady, named=True):
        for sentence in re.split(r"(?<=\.) ", message.said):
            assert len(WORD.findall(sentence)) <= 20, sentence
