"""A real dispatch extract: every figure counted on the raw sheet is found by intake, and again here in plain pandas."""

import shutil

import pandas as pd
import pytest

from analysis import params
from analysis.intake.extract import Extract, read_extract
from analysis.intake.store import write_tables
from analysis.quality.unfilled import unfilled
from analysis.tables import EPISODES

pytestmark = pytest.mark.real_data

WORKBOOK = "lane_county_mobile_crisis_2025.xlsx"
REQUEST, DISPATCH, ARRIVAL = "Dispatch Request Date & Time", "Dispatch Date & Time", "Arrival on Scene Date & Time"
CONTACT, DEPARTURE = "Engagement with Client Date & Time", "MCIT Departure Date & Time"
CLOCKS = [REQUEST, DISPATCH, ARRIVAL, CONTACT, DEPARTURE]


@pytest.fixture(scope="module")
def root(tmp_path_factory, shared_file):
    """A workspace with the workbook and the project's own mapping of it."""
    root = tmp_path_factory.mktemp("lane_county")
    shutil.copytree(params.ROOT / "params" / "lane_county", root / "params" / "lane_county")
    (root / "data" / "raw" / "lane_county").mkdir(parents=True)
    shutil.copy(shared_file(f"data/{WORKBOOK}"), root / "data" / "raw" / "lane_county" / WORKBOOK)
    return root


@pytest.fixture(scope="module")
def extract(root) -> Extract:
    return read_extract(params.study("lane_county", root=root), root=root)


@pytest.fixture(scope="module")
def folder(root, extract):
    return write_tables(extract, root=root)


@pytest.fixture(scope="module")
def found(folder) -> pd.DataFrame:
    """problems.csv by problem and place."""
    return pd.read_csv(folder / "problems.csv").set_index(["problem", "where"])[["raw", "without_partial", "left"]]


@pytest.fixture(scope="module")
def raw(root) -> pd.DataFrame:
    """The raw sheet, one row a dispatch, clocks as dates (unreadable ones missing)."""
    sheet = pd.read_excel(root / "data" / "raw" / "lane_county" / WORKBOOK, sheet_name="Abbrev list")
    return sheet.assign(**{clock: pd.to_datetime(sheet[clock], errors="coerce") for clock in CLOCKS})


@pytest.fixture(scope="module")
def timed(raw) -> pd.DataFrame:
    """The clocks without those that are exactly midnight."""
    return raw[CLOCKS].where(raw[CLOCKS] != raw[CLOCKS].apply(lambda clock: clock.dt.normalize()))


MIDNIGHT = "date without a time (exactly midnight)"


@pytest.mark.parametrize(("problem", "where", "rows"), [
    ("later copies of a row under another id", "rows", 113),
    ("rows in all that have such a copy", "rows", 190),
    ("of the later copies, those without any clock time", "rows", 48),
    ("request time missing", "requested_at", 77),
    (f"request: {MIDNIGHT}", "requested_at", 23),
    (f"dispatch: {MIDNIGHT}", "dispatched_at", 83),
    (f"arrival: {MIDNIGHT}", "arrived_at", 186),
    (f"first contact: {MIDNIGHT}", "engaged_at", 833),
    (f"departure: {MIDNIGHT}", "departed_at", 137),
    ("departure: outside the days covered", "departed_at", 1),  # a departure in the year 2005
    ("dispatch before request", "clocks", 83),
    ("arrival before dispatch", "clocks", 130),
    ("first contact before arrival", "clocks", 687),
    ("departure before arrival", "clocks", 63),
    ("request to arrival negative or over 24 hours", "clocks", 206),
    ("spellings in the file; codes they stand for", "attempt_result", 11),
])  # fmt: skip
def test_problems_are_counted_as_on_the_raw_sheet(problem, where, rows, found):
    assert found.loc[(problem, where), "raw"] == rows


@pytest.mark.parametrize(("problem", "rows"), [
    ("dispatch before request", 22),
    ("arrival before dispatch", 25),
    ("first contact before arrival", 27),
    ("departure before arrival", 22),
    ("request to arrival negative or over 24 hours", 46),
])  # fmt: skip
def test_order_faults_are_counted_again_once_midnights_are_blanked(problem, rows, found):
    assert found.loc[(problem, "clocks"), "without_partial"] == rows


def test_eleven_spellings_of_the_end_point_have_six_meanings(found, raw):
    assert raw["End Point of Dispatch"].nunique() == 11
    assert found.loc[("spellings in the file; codes they stand for", "attempt_result"), "left"] == 6


def test_the_same_counts_in_plain_pandas(raw, timed, found):
    same = [*CLOCKS, "Reason for Dispatch #1", "Disposition"]
    later = raw.duplicated(same)
    assert (len(raw), raw["ID"].nunique()) == (4682, 4682)
    assert (later.sum(), raw.duplicated(same, keep=False).sum()) == (113, 190)
    assert (later & raw[CLOCKS].isna().all(axis=1)).sum() == 48
    assert raw[REQUEST].isna().sum() == 77
    assert (raw[CLOCKS].notna() & timed.isna()).sum().tolist() == [23, 83, 186, 833, 137]
    assert (raw[DEPARTURE].dt.year == 2005).sum() == 1
    pairs = [(REQUEST, DISPATCH), (DISPATCH, ARRIVAL), (ARRIVAL, CONTACT), (ARRIVAL, DEPARTURE)]
    assert [(raw[late] < raw[early]).sum() for early, late in pairs] == [83, 130, 687, 63]
    assert [(timed[late] < timed[early]).sum() for early, late in pairs] == [22, 25, 27, 22]
    day = pd.Timedelta(hours=24)
    waits = [clocks[ARRIVAL] - clocks[REQUEST] for clocks in (raw, timed)]
    assert [((wait < pd.Timedelta(0)) | (wait > day)).sum() for wait in waits] == [206, 46]


def test_places_end_points_and_dispositions_are_those_of_the_sheet(raw, extract):
    rows = extract.tables["episodes"].rows
    assert raw["City"].value_counts().to_dict() == {
        "Eugene": 3630,
        "Other": 519,
        "Springfield": 362,
        "Unknown": 170,
        "Out of County": 1,
    }
    assert rows["site_id"].value_counts().to_dict() == {
        "eugene": 3630,
        "other": 519,
        "springfield": 362,
        "unknown": 170,
        "out_of_county": 1,
    }
    assert rows["attempt_result"].isna().sum() == raw["End Point of Dispatch"].isna().sum() == 1592
    ends = rows["disposition"].value_counts()
    assert ends[["community", "emergency_department", "other", "sobering", "detention"]].tolist() == [
        3750,
        652,
        230,
        28,
        16,
    ]
    assert ends["respite"] + ends["crisis_stabilization"] == 6


def test_every_row_is_accounted_for(raw, extract, folder):
    receipt = extract.receipts.set_index("table").loc["episodes"]
    assert receipt["rows_read"] == len(raw) == 4682
    assert receipt["accepted"] + receipt["rejected"] + receipt["set_aside"] == 4682
    accepted = pd.read_parquet(folder / "episodes.parquet")["row_number"]
    left = pd.read_parquet(folder / "rejected" / "episodes.parquet")["row_number"]
    assert sorted([*accepted, *left]) == list(range(2, 4684))  # row 1 is the header


def test_the_month_of_each_accepted_row_is_that_of_its_first_real_time_else_its_first_date(raw, timed, folder):
    first, last, last_late = (
        pd.Timestamp("2024-08-01"),
        pd.Timestamp("2025-12-18"),
        pd.Timestamp("2026-02-12"),
    )  # 17 December + 56 days
    inside = raw[CLOCKS].apply(
        lambda clock: clock.between(first, last if clock.name == REQUEST else last_late, inclusive="left")
    )
    times = timed.where(inside)
    for (
        early
    ) in CLOCKS:  # a clock before one that is left before it is no time; a departure is not held against the contact
        for late in CLOCKS[CLOCKS.index(early) + 1 :]:
            if (early, late) != (CONTACT, DEPARTURE):
                times[late] = times[late].mask(times[late] < times[early])
    counted = [
        clocks.where(clocks < last).bfill(axis=1).iloc[:, 0]
        for clocks in (times, raw[CLOCKS].where(inside & timed.isna()))
    ]
    month = counted[0].fillna(counted[1]).dt.to_period("M")
    accepted = pd.read_parquet(folder / "episodes.parquet")
    expected = month.set_axis(raw.index + 2).loc[accepted["row_number"]]
    assert accepted["counted_on"].dt.to_period("M").tolist() == expected.tolist()


def test_nothing_was_dispatched_between_october_2024_and_january_2025(raw, folder):
    months = pd.read_parquet(folder / "episodes.parquet")["counted_on"].dt.to_period("M")
    assert not months.between(pd.Period("2024-11", "M"), pd.Period("2024-12", "M")).any()
    requested = raw[REQUEST].fillna(raw[CLOCKS].bfill(axis=1).iloc[:, 0]).dt.to_period("M")
    assert requested.between(pd.Period("2024-08", "M"), pd.Period("2024-10", "M")).sum() == 273


def test_the_end_point_is_asked_about_as_a_change_with_its_month(folder):
    episodes = pd.read_parquet(folder / "episodes.parquet")
    year = list(pd.period_range("2025-01", "2025-12", freq="M"))
    months = dict.fromkeys(EPISODES.names, year)
    found = {each.column: each for each in unfilled(episodes, months, by_more_than=0.2, fewest=11, confidence=0.99)}
    assert set(found) == {"attempt_result"}
    assert found["attempt_result"].never == ()
    assert found["attempt_result"].change.month == pd.Period("2025-07")
