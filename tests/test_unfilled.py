"""What is left empty, where and since when: sites that never ask, a form that changed, and fields that do not apply."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from analysis import params
from analysis.brief import not_recorded, records
from analysis.quality.cards import read_cards
from analysis.quality.completeness import by_column, to_be_filled
from analysis.quality.unfilled import Unfilled, unfilled
from analysis.tables import EPISODES

FIRST, LAST = "2024-01", "2025-12"
MONTHS = list(pd.period_range(FIRST, LAST, freq="M"))
NAMES = {"a": "Mesa", "b": "Piñon", "late": "Salt Fork"}
FIELD = "would_have_done"


def calls(site: str, first: str, last: str, each: int, empty: int) -> pd.DataFrame:
    """So many episodes a month at a site, the first `empty` of them without the field."""
    months = pd.period_range(first, last, freq="M")
    rows = [(site, month.to_timestamp(), None if k < empty else "ed") for month in months for k in range(each)]
    return pd.DataFrame(rows, columns=["site_id", "counted_on", FIELD])


def found(*parts: pd.DataFrame) -> list[Unfilled]:
    months = dict.fromkeys(EPISODES.names, MONTHS)
    every = pd.concat(parts, ignore_index=True)
    return [
        each for each in unfilled(every, months, by_more_than=0.2, fewest=11, confidence=0.99) if each.column == FIELD
    ]


def said(*parts: pd.DataFrame, names: dict[str, str] = NAMES) -> str:
    return " ".join(
        words for each in found(*parts) for words in not_recorded.words(each, names, place="site", smallest=11)
    )


ALWAYS = (calls("a", FIRST, LAST, 20, 4), calls("b", FIRST, LAST, 20, 4))
OPENED_LATE = calls("late", "2025-01", LAST, 25, 25)


def test_a_site_that_opens_late_and_never_fills_a_field_is_named_and_no_change_is_asked_about():
    text = said(*ALWAYS, OPENED_LATE)
    assert "never filled at Salt Fork; elsewhere it is missing in 20.0%" in text
    assert "Does its form ask for it?" in text
    assert "habit" not in text
    assert "Mesa" not in text


def test_where_sites_may_not_be_named_they_are_counted():
    text = said(*ALWAYS, OPENED_LATE, names={})
    assert "never filled at 1 site;" in text
    assert not any(name in text for name in NAMES.values())


def test_a_field_that_stops_being_written_everywhere_is_a_change_with_its_month():
    stopped = [calls(site, "2025-07", LAST, 20, 19) for site in ("a", "b")]
    text = said(*(calls(site, FIRST, "2025-06", 20, 1) for site in ("a", "b")), *stopped)
    assert "missing in 5.0% from January 2024 to June 2025 and in 95.0% from July 2025 to December 2025" in text
    assert "change in July 2025?" in text
    assert "filled at" not in text


def test_the_month_is_that_of_the_jump_and_not_of_its_first_signs():
    # as in the Lane County extract: none, a few in two months, then most
    counts = dict.fromkeys(MONTHS[:16], 0) | {MONTHS[16]: 1, MONTHS[17]: 4} | dict.fromkeys(MONTHS[18:], 17)
    (one,) = found(*(calls("a", str(month), str(month), 30, empty) for month, empty in counts.items()))
    assert one.change.month == MONTHS[18]


def test_a_site_that_opens_after_the_form_changed_is_not_blamed_for_it():
    stopped = [calls(site, "2025-07", LAST, 20, 20) for site in ("a", "b")]
    (one,) = found(
        *(calls(site, FIRST, "2025-06", 20, 1) for site in ("a", "b")), *stopped, calls("late", "2025-08", LAST, 25, 25)
    )
    assert one.never == ()
    assert one.change.month == pd.Period("2025-07")


def test_both_causes_at_once_are_asked_about_apart():
    stopped = [calls(site, "2025-07", LAST, 20, 14) for site in ("a", "b")]
    text = said(
        *(calls(site, FIRST, "2025-06", 20, 1) for site in ("a", "b")), *stopped, calls("late", "2025-01", LAST, 25, 25)
    )
    assert "never filled at Salt Fork" in text
    assert "change in July 2025?" in text
    assert "at the other sites" in text


def test_a_site_that_fills_less_and_grows_is_no_change():
    # 5% missing at one, 60% at the other, the whole time; the second grows from 10 to 160 a month
    grows = [calls("b", FIRST, "2024-12", 10, 6), calls("b", "2025-01", LAST, 160, 96)]
    (one,) = found(calls("a", FIRST, LAST, 40, 2), *grows)
    assert (one.never, one.change, one.by_site) == ((), None, True)
    assert "It differs between sites" in said(calls("a", FIRST, LAST, 40, 2), *grows)


def test_the_two_extremes_of_a_field_that_is_filled_alike_throughout_are_nothing():
    uneven = [calls("a", str(month), str(month), 20, 3 + at % 3) for at, month in enumerate(MONTHS)]
    assert found(*uneven) == []


def test_some_months_of_one_site_are_asked_about_without_a_month_of_change():
    # empty in two months in the middle and filled again after
    parts = [calls("a", str(month), str(month), 40, 38 if at in (11, 12) else 2) for at, month in enumerate(MONTHS)]
    text = said(*parts)
    assert "goes up and down at the same sites" in text
    assert "Did the form" not in text


@pytest.mark.parametrize("filled", [1, 10])
def test_a_few_filled_episodes_do_not_follow_from_the_share_elsewhere(filled):
    last = OPENED_LATE.assign(would_have_done=[*["ed"] * filled, *[None] * (len(OPENED_LATE) - filled)])
    text = said(*ALWAYS, last)
    assert "hardly ever filled at Salt Fork." in text
    assert "elsewhere" not in text


def test_a_small_site_is_not_named():
    assert found(*ALWAYS, calls("late", "2025-03", "2025-03", 10, 10)) == []


# --- what does not apply --------------------------------------------------------------------------------------------------


def episodes() -> pd.DataFrame:
    """A visit, one without times, one called off, a call by phone, no response, and one of unknown kind."""
    time = pd.Timestamp("2025-03-01 10:00")
    return pd.DataFrame({
        "response_mode": ["mobile", "mobile", "mobile", "phone", "none", None],
        "attempt_result": ["contact", None, "cancelled", None, None, None],
        "dispatched_at": [time, pd.NaT, time, pd.NaT, pd.NaT, pd.NaT],
        "dispatched_at_note": ["time", "missing", "time", "missing", "missing", "missing"],
        "arrived_at": [time, pd.NaT, pd.NaT, pd.NaT, pd.NaT, pd.NaT],
        "arrived_at_note": ["time", "missing", "missing", "missing", "missing", "missing"],
        "safety_plan": [True, None, None, None, None, None],
        "disposition": ["community", None, None, "community", None, None],
        "enrolled_on": [time, pd.NaT, pd.NaT, pd.NaT, pd.NaT, pd.NaT],
        "discharged_on": [time, pd.NaT, pd.NaT, pd.NaT, pd.NaT, pd.NaT],
    })  # fmt: skip


@pytest.mark.parametrize(
    ("column", "usable", "missing", "not_due"),
    [
        ("dispatched_at", 2, 2, 2),
        ("arrived_at", 1, 2, 3),
        ("attempt_result", 2, 2, 2),
        ("safety_plan", 1, 2, 3),
        ("disposition", 2, 2, 2),
        ("enrolled_on", 1, 0, 5),
        ("discharged_on", 1, 0, 5),
        ("response_mode", 5, 1, 0),
    ],
)
def test_a_field_that_does_not_apply_is_not_missing(column, usable, missing, not_due):
    row = by_column(episodes()).set_index("column").loc[column]
    assert (row["usable"], row["missing"], row["not_due"]) == (usable, missing, not_due)
    assert row["usable"] + row["date_only"] + row["missing"] + row["blanked"] == row["rows"] == 6 - not_due


def test_what_stands_in_a_field_counts_whatever_the_response_was():
    odd = episodes().assign(arrived_at_note=["time"] * 3 + ["impossible_order", "missing", "missing"])
    assert to_be_filled(odd, "arrived_at").tolist() == [True, True, True, True, False, True]


def test_where_no_response_is_recorded_every_field_is_to_be_filled():
    bare = episodes().drop(columns=["response_mode", "attempt_result"])
    assert to_be_filled(bare, "arrived_at").all()


# --- on the page ----------------------------------------------------------------------------------------------------------


def record(**given) -> records.Records:
    """As much of the records as a part of the page reads."""
    blank = records.Records(params.study("demo"), read_cards(params.study("demo")), *[None] * 7)
    return replace(blank, **given)


def left_out(*groups: tuple[str, str, str, int]) -> pd.DataFrame:
    rows = [(table, fate, reason) for table, fate, reason, n in groups for _ in range(n)]
    return pd.DataFrame(rows, columns=["table", "fate", "reason"])


def test_the_sentence_on_rows_left_out_says_what_the_table_beside_it_does():
    groups = left_out(("claims", "set_aside", "replaced", 30), ("claims", "rejected", "before birth", 12))
    of = record(left_out=groups)
    (words,) = records._reason_words(of)
    assert "reject a row is “before birth” (12 rows of claims)" in words
    assert "“replaced” (30 rows of claims)" in words
    first = re.search(r"<tbody>.*?<tr>(.*?)</tr>", str(records.reasons(of)), re.DOTALL)[1]
    assert "replaced" in first
    assert "30" in first
    (words,) = records._reason_words(record(left_out=groups[groups["fate"].eq("rejected")]))
    assert "set aside" not in words


@pytest.mark.parametrize(("late", "words"), [(0, "all 2 are of visits"), (1, "2 of 3 are of visits")])
def test_a_visit_that_the_family_put_off_is_no_long_wait_left_standing(late, words):
    asked = pd.Timestamp("2025-03-01 10:00")
    kinds = ["deferred_mobile"] * 2 + ["mobile"] * (1 + late)
    hours = [30, 50, 1, 30][: len(kinds)]
    rows = pd.DataFrame(
        {"requested_at": asked, "arrived_at": asked + pd.to_timedelta(hours, unit="h"), "response_mode": kinds}
    )
    assert words in records._rules_note(record(episodes=rows))


def test_without_a_long_wait_nothing_is_said_of_it():
    asked = pd.Timestamp("2025-03-01 10:00")
    rows = pd.DataFrame({"requested_at": [asked], "arrived_at": [asked], "response_mode": ["mobile"]})
    assert "waits" not in records._rules_note(record(episodes=rows))
