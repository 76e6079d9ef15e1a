"""A site's worklist: what one made-up child's record lacks, from which day on, and that the list stays inside."""

import csv
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from analysis import params
from analysis.brief.meeting import worklist
from analysis.brief.meeting.promises import Collaborative
from analysis.brief.meeting.referrers import referrers, who_called
from analysis.brief.meeting.unfinished import CONTACT, SiteRecords, not_checked, unfinished
from analysis.params import ROOT, ParamsError
from analysis.periods import period
from analysis.quality.cards import choices_for, read_cards
from analysis.quality.measures import MEASURES, Choices
from analysis.quality.rows import of_episodes
from analysis.tables import CONTACTS, EPISODES, SCALES_TABLE

AS_OF = pd.Timestamp("2026-10-31")
RECORDED = frozenset(EPISODES.names)


def child(**given) -> dict:
    """A child met in person on 1 September, with a plan, a stay from that day that has ended, and nothing missing."""
    plain = {
        "episode_id": 7, "site_id": "north", "file": "episodes.csv", "row_number": 12, "counted_on": "2026-09-01", "response_mode": "mobile", "attempt_result": "contact",
        "arrived_at": "2026-09-01 14:00", "arrived_at_note": "time", "safety_plan": True, "enrolled_on": "2026-09-01", "discharged_on": "2026-10-01",
        "discharge_reason": "goals_met", "living_at_discharge": "family",
    }  # fmt: skip
    return {**plain, **given}


LIMIT = params.StayLimit(days=56, source="made up", from_on="2020-01-01")


def records(
    *children: dict, contacts=(), ratings=(), as_of=AS_OF, recorded=RECORDED, limits=(LIMIT,), counted=None
) -> SiteRecords:
    """`counted` gives the days that count the episodes of contacts which are not among the children."""
    rows = pd.DataFrame([*children] or [child()])
    days = {
        name: pd.to_datetime(rows[name]).astype("datetime64[ns]")
        for name in ("counted_on", "enrolled_on", "discharged_on")
    }
    arrived = pd.to_datetime(rows["arrived_at"]).dt.tz_localize("America/Denver")
    rows = rows.assign(**days, arrived_at=arrived, safety_plan=rows["safety_plan"].astype("boolean"))
    log = pd.DataFrame(contacts, columns=["episode_id", "contacted_on", "result"])
    of_episode = {**{8: AS_OF}, **dict(zip(rows["episode_id"], rows["counted_on"], strict=True)), **(counted or {})}
    log = log.assign(
        site_id="north", contacted_on=pd.to_datetime(log["contacted_on"]), counted_on=pd.to_datetime(log["episode_id"].map(of_episode))
    )  # fmt: skip
    rated = pd.DataFrame(ratings, columns=["episode_id", "scale", "rater", "occasion"])
    return SiteRecords(
        rows, rated, recorded, Choices(days=3, stay_limits=limits, beside={"contacts": log}, last_on=as_of)
    )


KEPT = [(7, "2026-09-02", "kept")]
OTHER = (9, "2026-09-20", "kept")  # of another child, in the month of September: the site sends contacts


def gaps(*children: dict, contacts=KEPT, **given) -> list[tuple[str, str, str]]:
    table = unfinished(records(*children, contacts=contacts, **given))
    return [(row.missing, f"{row.since:%Y-%m-%d}", row.do) for row in table.itertuples()]


def test_a_record_with_nothing_missing_is_not_on_the_list():
    assert gaps(child()) == []


@pytest.mark.parametrize(
    ("who", "listed"),
    [
        ({"arrived_at": None, "arrived_at_note": "missing"}, [("time of arrival", "2026-09-01", "Enter")]),
        ({"arrived_at": None, "arrived_at_note": "date_only"}, [("time of arrival (only the day is there)", "2026-09-01", "Enter")]),
        ({"arrived_at": None, "response_mode": "phone", "attempt_result": None, "enrolled_on": None, "discharged_on": None}, []),  # nobody went
        ({"arrived_at": None, "attempt_result": "cancelled", "enrolled_on": None, "discharged_on": None}, []),  # called off
        ({"safety_plan": None}, [("whether there is a safety plan", "2026-09-01", "Enter")]),
        ({"safety_plan": False}, []),  # the stay is over: no plan can be made any more
        ({"safety_plan": False, "discharged_on": None}, [("safety plan with the family", "2026-09-01", "Make"), ("last day of the stay (open for 60 days)", "2026-10-27", "Close")]),
        ({"safety_plan": None, "attempt_result": "not_found"}, []),  # nobody to make one with
        ({"discharge_reason": None}, [("why the stay ended", "2026-10-01", "Enter")]),
        ({"living_at_discharge": None}, [("where the child lives at the end", "2026-10-01", "Enter")]),
        ({"living_at_discharge": None, "discharge_reason": "lost"}, []),  # nobody can know
    ],
)  # fmt: skip
def test_what_one_record_lacks(who, listed):
    assert gaps(child(**who)) == listed


@pytest.mark.parametrize(
    ("as_of", "past"),
    [("2026-10-27", False), ("2026-10-28", True)],  # 56 days after 1 September is 27 October, still inside the limit
)
def test_a_stay_is_past_its_limit_the_day_after(as_of, past):
    listed = gaps(child(discharged_on=None), as_of=pd.Timestamp(as_of))
    assert (listed == [("last day of the stay (open for 57 days)", "2026-10-27", "Close")]) == past
    assert bool(listed) == past


def test_the_limit_is_the_one_that_held_on_the_first_day_of_the_stay():
    dated = (
        params.StayLimit(days=42, source="made up", from_on="2020-01-01", to_on="2026-09-01"),
        params.StayLimit(days=60, source="made up", from_on="2026-09-02"),
    )
    early, late = child(discharged_on=None), child(episode_id=8, enrolled_on="2026-09-02", discharged_on=None)
    kept = [*KEPT, (8, "2026-09-02", "kept")]
    assert gaps(early, late, contacts=kept, limits=dated) == [
        ("last day of the stay (open for 60 days)", "2026-10-13", "Close")
    ]
    assert gaps(early, late, contacts=kept, limits=dated[1:]) == []  # no limit held on the first day


def test_a_study_that_sets_no_limit_is_told_so():
    bare = records(child(discharged_on=None), contacts=KEPT, limits=())
    assert unfinished(bare).empty
    assert not_checked(bare) == [
        "Open stays are not looked at: this study sets no limit to how many days a stay may last."
    ]


LATE = [("contact with the family within 72 hours", "2026-09-04", "Enter")]


@pytest.mark.parametrize(
    ("contacts", "listed"),
    [
        ([(7, "2026-09-04", "kept")], []),  # the third day
        ([(7, "2026-09-01", "kept")], []),  # the day itself
        ([(7, "2026-09-05", "kept")], LATE),  # late: if one was in time, enter it
        ([(7, "2026-09-02", "missed")], LATE),
        ([(7, "2026-09-02", None)], [("what came of the contact within 72 hours", "2026-09-04", "Enter")]),
        ([(7, "2026-09-05", None), OTHER], LATE),  # too late, whatever came of it
        ([(7, "2026-08-31", "kept")], LATE),  # of before the crisis
        ([OTHER], LATE),  # another child's
        ([], []),  # the site sent no contacts in that month: nobody knows, and the measure does not count it
    ],
)
def test_the_contact_within_72_hours(contacts, listed):
    assert gaps(child(), contacts=contacts, counted={9: pd.Timestamp("2026-09-20")}) == listed


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ({"response_mode": "phone", "attempt_result": None}, True),  # spoken to; a blank result counts as reached
        ({"attempt_result": "not_found"}, False),
        ({"response_mode": "none", "attempt_result": None}, False),
        ({"counted_on": "2026-10-29"}, False),  # its three days are not over
        ({"counted_on": "2026-10-28"}, True),  # the third is the last day of the records
    ],
)
def test_the_list_expects_a_contact_of_whom_the_measure_does(who, expected):
    no_stay = child(enrolled_on=None, discharged_on=None, **who)
    day = pd.Timestamp(no_stay["counted_on"])
    of = records(no_stay, contacts=[(9, str(day.date()), "kept")], counted={9: day})
    measured = MEASURES[CONTACT](of.episodes, of.choices)
    assert (len(measured) == 1) == expected
    listed = unfinished(of)["missing"].eq("contact with the family within 72 hours").sum()
    assert listed == measured.eq(False).sum() == int(expected)


def test_a_family_that_nobody_has_reached_is_called_while_the_stay_goes_on_and_not_before_the_third_day_is_over():
    new = child(counted_on="2026-10-27", arrived_at="2026-10-27 14:00", enrolled_on="2026-10-27", discharged_on=None)
    of_another = {"contacts": [(9, "2026-10-20", "kept")], "counted": {9: pd.Timestamp("2026-10-20")}}
    assert gaps(new, **of_another, as_of=pd.Timestamp("2026-10-29")) == []
    assert gaps(new, **of_another, as_of=pd.Timestamp("2026-10-30")) == [
        ("contact with the family within 72 hours", "2026-10-30", "Call")
    ]


@pytest.mark.parametrize(
    ("ratings", "lacking"),
    [
        ([("ohio_problems", "parent", "intake")], 1),
        ([("ohio_problems", "parent", "intake"), ("ohio_problems", "parent", "discharge")], 0),
        ([("ohio_problems", "parent", "intake"), ("ohio_problems", "worker", "discharge")], 1),  # another rater
        ([("ohio_problems", "parent", "discharge")], 0),  # no first one to compare with
    ],
)
def test_the_second_rating_is_by_the_same_rater_on_the_same_scale(ratings, lacking):
    listed = gaps(child(), ratings=[(7, *rating) for rating in ratings])
    assert (
        listed
        == [("second rating (Ohio Scales, Problem Severity, parent or caregiver)", "2026-10-01", "Rate")] * lacking
    )


@pytest.mark.parametrize(("as_of", "do"), [("2026-10-31", "Rate"), ("2026-11-01", "Enter")])
def test_after_thirty_days_a_rating_can_only_be_entered_and_one_child_is_one_line(as_of, do):
    ratings = [(7, "ohio_problems", "worker", "intake"), (7, "cans", "worker", "intake")]
    ((missing, _, verb),) = gaps(child(), ratings=ratings, as_of=pd.Timestamp(as_of))
    assert missing == "second rating (CANS, total of the needs items, worker; Ohio Scales, Problem Severity, worker)"
    assert verb == do


def test_a_rating_while_the_stay_goes_on_is_not_late():
    assert (
        gaps(child(discharged_on=None), ratings=[(7, "cans", "worker", "intake")], as_of=pd.Timestamp("2026-10-20"))
        == []
    )


def test_what_can_still_help_a_family_stands_first_then_the_oldest_and_order_of_rows_does_not_matter():
    some = [
        child(episode_id=number, counted_on=f"2026-0{month}-01", arrived_at=None)
        for number, month in ((3, 9), (1, 8), (2, 8))
    ]
    late = child(episode_id=4, discharged_on=None)
    kept = [(number, "2026-09-02", "kept") for number in (3, 4)] + [(number, "2026-08-02", "kept") for number in (1, 2)]
    table = unfinished(records(*some, late, contacts=kept))
    assert table[["do", "episode_id"]].to_numpy().tolist() == [["Close", 4], ["Enter", 1], ["Enter", 2], ["Enter", 3]]
    pd.testing.assert_frame_equal(table, unfinished(records(*[*some, late][::-1], contacts=kept)))


def test_what_a_study_does_not_record_is_missing_in_no_record_and_the_list_says_so():
    bare = records(
        child(safety_plan=None, enrolled_on=None, discharged_on=None),
        recorded=RECORDED - {"safety_plan", "enrolled_on"},
    )
    bare = SiteRecords(bare.episodes, None, bare.recorded, Choices(days=3, stay_limits=(LIMIT,), last_on=AS_OF))
    assert unfinished(bare).empty
    assert not_checked(bare) == [
        "Safety plans are not looked at: safety_plan is not recorded in these data.",
        "Contacts within 72 hours are not looked at: these data have no table of contacts.",
        "Open stays are not looked at: enrolled_on is not recorded in these data.",
        "Second ratings are not looked at: these data have no table of scales.",
    ]


def test_the_columns_that_the_checks_read_are_those_of_the_contract():
    assert {"episode_id", "contacted_on", "result"} <= set(CONTACTS.names)
    assert {"episode_id", "scale", "rater", "occasion"} <= set(SCALES_TABLE.names)


# --- the files -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def root(demo_root, tmp_path_factory):
    """A workspace whose tables may be read and whose outputs are its own."""
    folder = tmp_path_factory.mktemp("worklists")
    for name in ("params", "data/processed"):
        shutil.copytree(demo_root / name, folder / name)
    return folder


def test_the_worklist_lies_in_runs_and_nowhere_else_and_says_that_it_stays_inside(root):
    table, page = worklist.write_worklist("demo", "site-01", "2026-10", root=root)
    made = sorted(path.relative_to(root).as_posix() for path in (root / "outputs").rglob("*") if path.is_file())
    assert made == [f"outputs/demo/runs/2026-10/site-01/worklist.{form}" for form in ("csv", "html")]
    with table.open(encoding="utf-8", newline="") as file:
        first, headers, *lines = csv.reader(file)
    assert first == ["Inside only: about children. Do not send."]
    assert headers == ["episode_id", "file", "row_number", "crisis_on", "missing", "since", "do"]
    assert first[0] in page.read_text(encoding="utf-8")
    episodes = pd.read_parquet(root / "data" / "processed" / "demo" / "episodes.parquet")
    own = episodes[episodes["site_id"].eq("site-01") & episodes["counted_on"].gt("2025-10-31")]
    went = own["response_mode"].isin(["mobile", "deferred_mobile"]) & ~own["attempt_result"].eq("cancelled").fillna(
        False
    )
    lacking = own[went & own["arrived_at"].isna()]
    assert sorted((line[1], int(line[2])) for line in lines if line[4].startswith("time of arrival")) == sorted(
        zip(lacking["file"], lacking["row_number"], strict=True)
    )
    assert len(lacking)


def test_the_worklist_of_a_site_holds_no_other_site_s_record(root):
    table, _ = worklist.write_worklist("demo", "site-06", "2026-10", root=root)
    listed = pd.read_csv(table, skiprows=1)
    episodes = pd.read_parquet(root / "data" / "processed" / "demo" / "episodes.parquet").set_index("episode_id")
    assert set(episodes.loc[listed["episode_id"], "site_id"]) <= {"site-06"}


@pytest.mark.parametrize("site", ["site-01", "site-13"])
def test_every_contact_that_the_measure_misses_is_on_the_list(root, site):
    study = params.study("demo", root=root)
    of = worklist.read_records(study, site, study.period("2026-10"), root=root)
    tables = {name: pd.read_parquet(root / "data/processed/demo" / f"{name}.parquet") for name in ("episodes", "contacts")}  # fmt: skip
    log = of_episodes(tables, "contacts")
    card = read_cards(study, root=root).cards[CONTACT]
    measured = MEASURES[CONTACT](tables["episodes"], choices_for(card, study, beside={"contacts": log}, last_on=AS_OF))
    missed = tables["episodes"].loc[measured.index[measured.eq(False).fillna(False)]]
    own = missed[missed["site_id"].eq(site) & missed["counted_on"].gt("2025-10-31")]
    listed = unfinished(of)
    listed = listed[listed["missing"].eq("contact with the family within 72 hours") & listed["crisis_on"].gt("2025-10-31")]  # fmt: skip
    assert len(own)
    assert sorted(listed["episode_id"]) == sorted(own["episode_id"])


def test_a_site_that_has_closed_has_a_worklist(root):
    table, page = worklist.write_worklist("demo", "site-13", "2026-10", root=root)
    # Five months after, records can be completed, and a stay that nobody closed can be closed in them.
    assert set(pd.read_csv(table, skiprows=1)["do"]) <= {"Enter", "Close"}
    assert "Hand the list of school contacts" in page.read_text(encoding="utf-8")


def test_a_list_without_a_line_is_a_page_that_says_so():
    study, whole = params.study("demo"), records(child(), contacts=KEPT)
    page = worklist.page(study, "North", "north", study.period("2026-10"), whole, unfinished(whole), Collaborative())
    assert "Nothing is missing in what was looked at." in page.text
    assert worklist.table_text(unfinished(whole)).count("\n") == 2  # the sentence and the headers


def test_two_runs_give_the_same_bytes(root):
    first = [path.read_bytes() for path in worklist.write_worklist("demo", "site-03", root=root)]
    assert [path.read_bytes() for path in worklist.write_worklist("demo", "site-03", "2026-10", root=root)] == first


@pytest.mark.parametrize(
    ("site", "period", "sentence"),
    [
        ("", "", "none was named. Name it: make worklist SITE=site-01"),
        ("site-1", "", '"site-1" is not one (did you mean "site-'),
        ("statewide", "", "A worklist is one site's own"),
        ("../site-01", "", "is not one"),
        ("site-01", "2026-13", '"2026-13" is not a period'),
        ("site-01", "2031-01", "nothing of January 2031"),
    ],
)
def test_a_mistake_is_one_sentence_and_writes_nothing(root, site, period, sentence):
    before = sorted((root / "outputs").rglob("*")) if (root / "outputs").exists() else []
    with pytest.raises(ParamsError) as caught:
        worklist.write_worklist("demo", site, period, root=root)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (sorted((root / "outputs").rglob("*")) if (root / "outputs").exists() else []) == before


def test_the_command_ends_with_one_and_a_sentence(tmp_path):
    command = [sys.executable, "-m", "analysis.brief.meeting.worklist", "dmeo", "site-01"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert 'There is no study "dmeo" (did you mean "demo"?)' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cell_that_a_spreadsheet_would_run_stays_text():
    table = pd.DataFrame(
        [
            {
                "episode_id": 1,
                "file": "=cmd.csv",
                "row_number": 2,
                "crisis_on": AS_OF,
                "missing": "x",
                "since": AS_OF,
                "do": "Enter",
            }
        ]
    )
    assert "'=cmd.csv" in worklist.table_text(table)


# --- who called, by name -----------------------------------------------------------------------------------------------


def called(*rows) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["referral_source", "referrer", "counted_on"])
    return table.astype({"referrer": "string"}).assign(counted_on=lambda rows: pd.to_datetime(rows["counted_on"]))


def test_schools_that_stopped_calling_come_first_and_spellings_of_one_name_are_one():
    rows = called(
        ("school", "Oak  school", "2025-12-03"), ("school", "Oak School", "2026-10-31"), ("school", "Oak School", "2025-10-31"),
        ("school", "Elm school", "2025-01-10"), ("school", "Elm school", "2024-10-31"), ("school", None, "2026-01-01"),
        ("school", "Elm school", "2024-11-01"), ("school", "Ash school", "2026-11-01"),
    )  # fmt: skip
    found = referrers(rows, period("2026-10"))
    assert found[["name", "before", "now"]].to_numpy().tolist() == [["Elm school", 2, 0], ["Oak School", 1, 2]]
    assert found["last_on"].dt.date.astype(str).tolist() == ["2025-01-10", "2026-10-31"]


def test_the_worklist_names_the_schools_and_no_brief_does(root):
    _, page = worklist.write_worklist("demo", "site-01", "2026-10", root=root)
    episodes = pd.read_parquet(root / "data" / "processed" / "demo" / "episodes.parquet")
    named = episodes["referrer"].dropna().unique()
    assert len(named) > 50
    assert set(episodes.loc[episodes["referrer"].notna(), "referral_source"].dropna()) == {"school"}
    assert any(name in page.read_text(encoding="utf-8") for name in named)
    code = [
        path
        for folder in ("brief", "quality", "effect", "savings")
        for path in (ROOT / "analysis" / folder).rglob("*.py")
    ]
    reads = {path.name for path in code if '["referrer"]' in path.read_text(encoding="utf-8")}
    assert reads == {"referrers.py", "picture.py"}  # the second asks only whether there is one


def test_records_that_name_nobody_are_said_to(root):
    assert "do not name the schools" in who_called(called(("school", None, "2026-01-01")), period("2026-10")).text
