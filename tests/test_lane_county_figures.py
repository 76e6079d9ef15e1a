"""Figures that the Lane County briefs print, worked out again from the raw sheet in plain pandas."""

import shutil

import pandas as pd
import pytest

from analysis import params
from analysis.brief.numbers import count_numbers
from analysis.effect.index_crisis import bound_diversion, count_index_crises, read_diversion
from analysis.intake.extract import read_extract
from analysis.intake.store import write_tables

pytestmark = pytest.mark.real_data

WORKBOOK = "lane_county_mobile_crisis_2025.xlsx"
REQUEST, DISPATCH, ARRIVAL, CONTACT, DEPARTURE = CLOCKS = [
    "Dispatch Request Date & Time", "Dispatch Date & Time", "Arrival on Scene Date & Time",
    "Engagement with Client Date & Time", "MCIT Departure Date & Time",
]  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory, shared_file):
    root = tmp_path_factory.mktemp("lane_county")
    shutil.copytree(params.ROOT / "params", root / "params")
    (root / "data" / "raw" / "lane_county").mkdir(parents=True)
    shutil.copy(shared_file(f"data/{WORKBOOK}"), root / "data" / "raw" / "lane_county" / WORKBOOK)
    write_tables(read_extract(params.study("lane_county", root=root), root=root), root=root)
    return root


@pytest.fixture(scope="module")
def numbers(root):
    study = params.study("lane_county", root=root)
    return count_numbers(study, study.period("2025-11"), root=root)


@pytest.fixture(scope="module")
def used(shared_file) -> pd.DataFrame:
    """The raw sheet without copies and rows without a date; midnights and impossible orders blanked; with its month."""
    sheet = pd.read_excel(shared_file(f"data/{WORKBOOK}"), sheet_name="Abbrev list")
    real = sheet[CLOCKS].where(sheet[CLOCKS] != sheet[CLOCKS].apply(lambda clock: clock.dt.normalize()))
    copy = sheet.duplicated([*CLOCKS, "Reason for Dispatch #1", "Disposition"]) & real.notna().sum(axis=1).ge(3)
    real.loc[real[DEPARTURE].dt.year.eq(2005), DEPARTURE] = pd.NaT
    first = real.bfill(axis=1).iloc[:, 0].fillna(sheet[CLOCKS].bfill(axis=1).iloc[:, 0])
    real.loc[real[DISPATCH] < real[REQUEST], DISPATCH] = pd.NaT
    real.loc[(real[ARRIVAL] < real[DISPATCH]) | (real[ARRIVAL] < real[REQUEST]), ARRIVAL] = pd.NaT
    wait = (real[ARRIVAL] - real[REQUEST]).dt.total_seconds() / 60
    rows = sheet.assign(month=first.dt.to_period("M"), wait=wait.where(wait <= 24 * 60))
    return rows[first.notna() & ~copy]


def test_rows_used(root, used):
    receipts = (
        pd.read_csv(root / "data" / "processed" / "lane_county" / "receipts.csv").set_index("table").loc["episodes"]
    )
    assert receipts["rows_read"] == 4682
    assert receipts["accepted"] == len(used) == 4547  # 4,682 less 71 without a date less 64 copies


@pytest.mark.parametrize("month", ["2025-01", "2025-05", "2025-11"])
def test_the_wait_of_a_month(numbers, used, month):
    waits = used.loc[used["month"].eq(pd.Period(month)), "wait"].dropna()
    window = next(each for each in numbers.windows.months if each.name == month)
    assert numbers.row("response_minutes_median", window)["value"] == pytest.approx(waits.median(), abs=1e-9)
    assert numbers.row("response_minutes_p90", window)["value"] == pytest.approx(waits.quantile(0.9), abs=1e-9)
    in_time = numbers.row("response_in_time_share", window)
    assert (in_time["numerator"], in_time["denominator"]) == ((waits <= 60).sum(), len(waits))


def test_the_incomplete_month_is_counted_and_compared_with_nothing(numbers, used):
    assert numbers.windows.partial.name == "2025-12"
    assert numbers.row("episodes", numbers.windows.partial)["value"] == used["month"].eq(pd.Period("2025-12")).sum()
    assert numbers.windows.before.last == pd.Period("2025-10")


def test_episodes_by_place_over_the_year(numbers, used):
    year = used[used["month"].between(pd.Period("2025-01"), pd.Period("2025-09"))]
    counts = year["City"].value_counts()
    for site, city in {"eugene": "Eugene", "springfield": "Springfield", "other": "Other"}.items():
        assert numbers.row("episodes", numbers.windows.year, site=site)["value"] == counts[city]
    assert numbers.row("episodes", numbers.windows.year)["value"] == len(year)


def test_contact_is_withheld_once_the_answer_is_left_blank(numbers, used):
    november = used[used["month"].eq(pd.Period("2025-11")) & ~used["End Point of Dispatch"].eq("Cancelled")]
    row = numbers.row("contact_share", numbers.windows.now)
    assert row["not_measurable"] == november["End Point of Dispatch"].isna().sum()
    assert row["numerator"] == november["End Point of Dispatch"].str.lower().eq("engaged client").sum()
    assert pd.isna(row["value"])


def test_how_visits_ended_and_the_bounds_on_ed_visits(root, used):
    episodes = pd.read_parquet(root / "data" / "processed" / "lane_county" / "episodes.parquet")
    bounded = bound_diversion(count_index_crises(episodes), read_diversion(root=root)).loc["all"]
    end = used["End Point of Dispatch"].fillna("").str.lower().str.split().str.join(" ")
    nobody = end.isin([
        "cancelled", "dispatch canceled before arrival", "unable to locate", "unable to locate client", "refused",
        "client declined to engage", "no contact due to safety concern",
    ])  # fmt: skip
    open_to, in_ed = used[~nobody], used.loc[~nobody, "Disposition"].eq("Emergency Department").sum()
    assert (
        episodes["disposition"].eq("emergency_department").sum() == used["Disposition"].eq("Emergency Department").sum()
    )
    assert (bounded["would_low"], bounded["would_high"]) == (0, len(open_to))  # nobody was asked: none, or all
    assert (bounded["were_low"], bounded["were_high"]) == (in_ed, in_ed)
    assert (bounded["fewer_low"], bounded["fewer_high"]) == (-in_ed, len(open_to) - in_ed)
