"""Awkward months on made-up people: no data, a site that opens, closes or is renamed, a standard or a clock that changes."""

import re
from datetime import date

import pandas as pd
import pytest
from test_briefs import (
    a_clock,
    a_study,
    cells,
    crises,
    months_of,
    numbered,
    numbers_of,
    said,
    site_page,
    statewide_page,
)
from test_intake import episode, read

from analysis import params
from analysis.brief import figures, monthly, scorecard, signals
from analysis.brief.numbers import Numbers

ALL = months_of()
OTHERS = (crises("south", ALL, 60), crises("cover", ALL, 40))
# What a missing number looks like where nobody took care of it.
UNCARED = re.compile(r"\bnan\b|\bNaN\b|\bNaT\b|<NA>|\binf\b|(?<!\. )\bNone\b")


def pages(numbers: Numbers, site: str = "north") -> tuple[str, str]:
    """The statewide page and the site's, neither with a number that nobody took care of."""
    made = statewide_page(numbers), site_page(numbers, site)
    for page in made:
        assert not UNCARED.search(said(page))
        assert not re.search(r"\bnan\b|\binf\b", page.partition("<main")[2], flags=re.IGNORECASE)
    return made


def top(numbers: Numbers, site: str | None = None) -> str:
    """The first lines of a page."""
    shown = monthly.headline(numbers) if site is None else scorecard.headline(numbers, site)
    return said(f"<main>{shown}").strip()


def point(numbers: Numbers, measure: str, site: str, month: str) -> pd.Series:
    found = signals.signal(numbers, measure, site)
    at = [window.name for window in found.grain].index(month)
    return found.points.iloc[at]


# --- no data -----------------------------------------------------------------------------------------------------------


def test_a_month_without_data_is_a_gap_of_its_shares_and_no_fall():
    numbers = numbers_of(numbered(crises("north", [month for month in ALL if month != "2026-07"], 40), *OTHERS))
    state, own = pages(numbers)
    july = point(numbers, "in_person_share", "north", "2026-07")
    assert (july["state"], july["mark"]) == (figures.NO_RECORDS, "")
    assert pd.isna(july["value"])
    drawn = re.search(r'aria-label="(Line chart: Seen in person, North[^"]*)"', own)[1]
    assert "1 period not shown." in drawn
    assert "Between 90% and 90%" in drawn  # the gap is neither 0 nor 100
    assert cells(own, "Seen in person")[:2] == ["90%", "396 of 440 (90.0%)"]  # 11 x 40
    assert "North" not in top(numbers)  # it has records of October
    assert "higher" not in said(state) + said(own)
    assert "lower" not in said(state) + said(own)


def test_a_month_in_which_a_site_sent_nothing_is_named_and_its_shares_are_not_judged():
    numbers = numbers_of(numbered(crises("north", ALL[:-1], 40), *OTHERS))
    _, own = pages(numbers)
    assert re.search(r"no record from [^.]*\bNorth\b", top(numbers))
    assert "In October 2026, teams responded to 100 crises." in top(numbers)
    found = signals.signal(numbers, "in_person_share", "north")
    assert (found.kind, signals.say(numbers, found)) == ("cannot_tell", "not given for the last month")
    assert cells(own, "Seen in person")[4] == "… too few to tell"


def test_where_peers_are_not_named_a_silent_site_is_counted():
    numbers = numbers_of(numbered(crises("north", ALL[:-1], 40), *OTHERS), name_peers=False)
    assert "no record from 3 sites." in top(numbers)  # and the two that never had any
    assert "North" not in said(statewide_page(numbers))


def test_a_month_of_the_state_without_any_record_reads_as_one():
    numbers = numbers_of(numbered(crises("north", ALL[:-1], 40)))
    state, _ = pages(numbers)
    assert top(numbers).startswith(
        "In October 2026, no crisis was recorded. Crisis episodes: 0. That is below its usual"
    )
    assert re.search(r"<li>Seen in person: not given\. Nothing to measure\.</li>", monthly.what_changed(numbers).text)
    card = re.search(r"<dt>Seen in person</dt>(.*?)</div>", state, flags=re.DOTALL)[1]
    assert "%" not in card


# --- a site that opens, one that closes --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened() -> Numbers:
    """North opened on 3 October and has its first 25 crises."""
    return numbers_of(numbered(crises("north", ["2026-10"], 25), *OTHERS), sites={"north": {"opened_on": "2026-10-03"}})


def test_a_site_opened_this_month_says_when_its_figures_come(opened):
    _, own = pages(opened)
    assert top(opened, "north") == (
        "North opened on 3 October 2026, after the year that this page shows. Its figures stand here once a whole quarter is over."
    )
    assert "Nothing can be said of a year in which the site was not open." in said(own)
    assert cells(own, "Seen in person") == ["not open", "", "90.0%", "not open, or not in the extract"]
    assert "How the visit ended, North: nothing recorded from October 2025 to September 2026." in said(own)
    # It is neither small nor without crises: it is new.
    assert not re.search(r"too few (crises|families)|responded to", said(own).partition("About")[0])


def test_the_statewide_brief_says_that_a_site_opened_and_shows_no_zero_for_it(opened):
    state, _ = pages(opened)
    assert "5 of 5 sites were open; North opened on 3 October 2026" in top(opened)
    assert cells(state, "North") == ["not open"] * 4
    assert "teams responded to 125 crises." in top(opened)  # its crises count at once


@pytest.mark.parametrize("measure", ["episodes", "children_served"])
def test_the_part_of_a_month_after_opening_is_no_low_point(measure):
    early = [month for month in ALL if month > "2025-06"]
    people = numbered(crises("north", ["2025-06"], 12), crises("north", early, 40), *OTHERS)
    numbers = numbers_of(people, sites={"north": {"opened_on": "2025-06-04"}})
    first = point(numbers, measure, "north", "2025-06")
    assert (first["state"], first["value"], first["mark"]) == (figures.INCOMPLETE, 12, "")
    found = signals.signal(numbers, measure, "north")
    assert found.n_points == len(early)
    assert found.points["centre"].dropna().unique().tolist() == [40.0]
    before = point(numbers, measure, "north", "2025-05")
    assert before["state"] == figures.NO_RECORDS  # not open is no zero


@pytest.fixture(scope="module")
def closed() -> Numbers:
    """North closed on 7 September with 12 crises in its last week; the brief is October's."""
    people = numbered(crises("north", ALL[:-2], 40), crises("north", ["2026-09"], 12), *OTHERS)
    return numbers_of(people, sites={"north": {"closed_on": "2026-09-07"}})


def test_a_site_closed_last_month_keeps_its_year_and_is_not_judged_by_its_last_week(closed):
    _, own = pages(closed)
    assert "Closed on 7 September 2026." in said(own)
    assert "North responded to 452 crises." in top(closed, "north")  # 11 x 40 + 12
    for measure in ("episodes", "in_person_share"):
        found = signals.signal(closed, measure, "north")
        assert found.kind == "cannot_tell"
        assert not found.points["mark"].any()
    last = point(closed, "episodes", "north", "2026-09")
    assert (last["state"], last["value"]) == (figures.INCOMPLETE, 12)
    assert point(closed, "episodes", "north", "2026-10")["state"] == figures.NO_RECORDS


def test_the_statewide_brief_counts_the_open_sites_and_says_which_closed(closed):
    pages(closed)
    assert "4 of 5 sites were open; North closed on 7 September 2026" in top(closed)
    assert not re.search(r"no record from [^.]*North", top(closed))  # it need not send any


def test_in_the_month_of_its_closing_a_count_is_not_compared():
    people = numbered(crises("north", ALL[:-2], 40), crises("north", ["2026-09"], 12), *OTHERS)
    numbers = numbers_of(people, "2026-09", sites={"north": {"closed_on": "2026-09-07"}})
    pages(numbers)
    found = signals.signal(numbers, "episodes", "north")
    assert signals.say(numbers, found) == "not given, since it was not open for all of it"


def test_a_site_closed_before_the_year_says_so():
    people = numbered(crises("north", [month for month in ALL if month < "2025-08"], 40), *OTHERS)
    numbers = numbers_of(people, sites={"north": {"closed_on": "2025-07-31"}})
    pages(numbers)
    assert top(numbers, "north") == (
        "North closed on 31 July 2025, before the year that this page shows. There is nothing new to look at."
    )


# --- nothing to divide by ----------------------------------------------------------------------------------------------


def test_a_measure_with_no_denominator_is_not_given_and_says_why():
    nobody_asked = [part.assign(recommended_mode="phone") for part in (crises("north", ALL, 40), *OTHERS)]
    numbers = numbers_of(numbered(*nobody_asked))
    state, own = pages(numbers)
    assert "Seen in person: not given. Nothing to measure." in said(state)
    assert "Seen in person, statewide: nothing to draw over time." in said(state)
    assert cells(own, "Seen in person")[:3] == ["not given", "not given", ""]
    assert cells(own, "Seen in person")[-1] == "nothing to measure"
    # The headline goes on with what can be given.
    assert "140 of 140 visits made at once came in time (100%)." in top(numbers)
    assert "480 of 480 visits made at once came in time (100%)." in top(numbers, "north")
    for page in (state, own):
        card = re.search(r"<dt>Seen in person</dt>(.*?)</div>", page, flags=re.DOTALL)
        assert card is None or "%" not in card[1]


# --- a standard and a clock that change --------------------------------------------------------------------------------


def changing_standard() -> params.Study:
    old = params.Target(from_on=date(2020, 1, 1), to_on=date(2026, 3, 31), share=0.9, source="an old page")
    new = params.Target(from_on=date(2026, 4, 1), share=0.95, source="a new page")
    return a_study(targets={"in_person_share": (old, new)})


def test_a_standard_changed_in_the_year_is_no_standard_for_the_year_and_says_so():
    numbers = numbers_of(numbered(crises("north", ALL, 40, met=0.7), *OTHERS), study=changing_standard())
    state, own = pages(numbers)
    assert cells(own, "Seen in person")[-1] == "no standard: the standard changed in that time"
    assert "It is held against no standard: the standard changed in that time." in top(numbers, "north")
    assert "Seen in person has no mark: the standard changed in that time." in said(state)
    assert "▼" not in "".join(cells(state, "North"))
    # 118 of 140 in October: 77 to 89 of 100, wholly below the one that holds then.
    assert (
        "Seen in person: statewide 84% in October 2026, below the standard of 95%. "
        "The year is held against none: the standard changed in that time." in top(numbers)
    )
    drawn = re.search(r'aria-label="(Line chart: Seen in person, statewide[^"]*)"', state)[1]
    assert "Standard" not in drawn  # no single line holds over all of it


def test_a_standard_that_changed_before_the_year_is_the_one_it_is_held_against():
    numbers = numbers_of(numbered(crises("north", ALL, 40, met=0.7), *OTHERS), study=a_study(targets={
        "in_person_share": (
            params.Target(from_on=date(2020, 1, 1), to_on=date(2025, 9, 30), share=0.5, source="an old page"),
            params.Target(from_on=date(2025, 10, 1), share=0.95, source="a new page"),
        )}))  # fmt: skip
    _, own = pages(numbers)
    assert cells(own, "Seen in person")[-1] == "below the standard of 95%"


@pytest.fixture(scope="module")
def new_clock() -> Numbers:
    """Everybody at North waits 80 minutes: in time under a clock of 90, late under that of 60 from July on."""
    clocks = (a_clock(90, last="2026-06-30"), a_clock(60, first="2026-07-01"))
    people = numbered(crises("north", ALL, 40, wait=80), crises("south", ALL, 60, wait=30))
    return numbers_of(people, study=a_study(clocks=clocks))


def test_limits_never_span_a_change_of_the_clock(new_clock):
    pages(new_clock)
    for site in ("statewide", "north"):
        points = signals.signal(new_clock, "response_in_time_share", site).points
        by_definition = points.groupby("definition")["section"]
        assert by_definition.nunique().tolist() == [1, 1]
        assert points["section"].nunique() == 2
        assert not points["mark"].any()  # another clock is no change of the service
    centres = signals.signal(new_clock, "response_in_time_share", "north").points.groupby("section")["centre"].unique()
    assert [list(each) for each in centres] == [[1.0], [0.0]]  # each stands on its own months


def test_a_clock_changed_in_the_year_is_compared_with_nothing_and_says_so(new_clock):
    state, own = pages(new_clock)
    assert cells(own, "Reached in time")[-1] == "no standard: the response clock changed in that time"
    assert cells(state.partition("All figures, statewide")[2], "Reached in time")[2] == "measured differently"
    assert "Reached in time has no mark: the response clock changed in that time." in said(state)
    line = re.search(r"<li>(Reached in time: .*?)</li>", monthly.what_changed(new_clock).text)[1]
    assert not re.search(r"higher|lower|usual range", line)


# --- a site renamed ----------------------------------------------------------------------------------------------------


def test_a_renamed_site_has_its_new_name_everywhere_and_its_history():
    people = numbered(crises("north", ALL, 40), *OTHERS)
    was, now = numbers_of(people), numbers_of(people, sites={"north": {"name": "Upper Valley"}})
    for old, new in zip(pages(was), pages(now), strict=True):
        assert "North" in said(old)
        assert "North" not in said(new)
        assert "Upper Valley" in said(new)
    assert top(now, "north") == top(was, "north").replace("North", "Upper Valley")
    old, new = (signals.signal(numbers, "in_person_share", "north").points for numbers in (was, now))
    pd.testing.assert_frame_equal(old, new)


def study_with_sites(sites: dict) -> dict:
    columns = {"site_id": {"from": "Site"}, "episode_id": {"from": "ID"}, "requested_at": {"from": "Called"}}
    return {"tables": {"episodes": {"files": "export.csv", "columns": columns}, "sites": sites}}


NAMED_TWICE = [{"site_id": "north", "name": "North"}, {"site_id": "north", "name": "Upper Valley"}]


def test_two_names_for_one_site_in_the_study_are_refused_with_the_row(tmp_path):
    sites = {"rows": [{**row, "has_scorecard": True} for row in NAMED_TWICE]}
    with pytest.raises(
        params.ParamsError, match="row 2: site_id already used by an earlier row that says something else"
    ):
        read(tmp_path, [episode(1)], **study_with_sites(sites))


def test_two_names_for_one_site_in_the_data_keep_the_first_and_reject_the_other_for_a_reason(tmp_path):
    raw = tmp_path / "data" / "raw" / "state"
    raw.mkdir(parents=True)
    pd.DataFrame(NAMED_TWICE).assign(page="yes").to_csv(raw / "places.csv", index=False)
    columns = {"site_id": {"from": "site_id"}, "name": {"from": "name"}, "has_scorecard": {"from": "page"}}
    extract = read(tmp_path, [episode(1)], **study_with_sites({"files": "places.csv", "columns": columns}))
    rows = extract.tables["sites"].rows
    assert rows["fate"].tolist() == ["accepted", "rejected"]
    assert rows["reason"].iloc[1] == "site_id already used by an earlier row that says something else"
    assert rows["name"].tolist() == ["North", "Upper Valley"]
