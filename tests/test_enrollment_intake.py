"""Enrollment as spans, as months and as years of twelve columns: one row a child and month, each day once."""

import pandas as pd
import pytest
from linked import as_csv, episodes, mapping, taken_in


def months(folder) -> list[tuple[int, str, int]]:
    rows = pd.read_parquet(folder / "enrollment.parquet")
    rows = rows.assign(month=rows["month_on"].dt.strftime("%y-%m")).sort_values(["child_id", "month"])
    return [tuple(row) for row in rows[["child_id", "month", "days"]].to_numpy().tolist()]


@pytest.mark.parametrize(("spans", "expected"), [
    (["17,2025-01-10,2025-01-10,,"], [(1, "25-01", 1)]),                                      # both days included
    (["17,2025-01-31,2025-03-01,,"], [(1, "25-01", 1), (1, "25-02", 28), (1, "25-03", 1)]),
    (["17,2024-02-01,2024-02-29,,"], [(1, "24-02", 29)]),                                     # a leap year
    (["17,2025-01-01,2025-01-20,,", "17,2025-01-11,2025-01-31,,"], [(1, "25-01", 31)]),       # ten days stand in both
    (["17,2025-01-01,2025-01-31,,", "17,2025-01-05,2025-01-08,,", "17,2025-01-20,2025-01-22,,"], [(1, "25-01", 31)]),
    (["17,2025-01-01,2025-01-05,,", "17,2025-01-20,2025-01-22,,"], [(1, "25-01", 8)]),        # a gap
    (["17,2025-12-30,,,"], [(1, "25-12", 2)]),                                                # still lasting: to the end of the extract
    (["17,2025-12-30,9999-12-31,,"], [(1, "25-12", 2)]),
    (["17,2026-02-01,,,"], []),                                                               # begins after it
    (["17,2025-01-01,2025-01-10,,", "18,2025-01-01,2025-01-04,,"], [(1, "25-01", 10)]),       # two keys of one child
])  # fmt: skip
def test_spans_become_months_in_which_each_day_counts_once(spans, expected, tmp_path):
    source = mapping("crosswalk", "enrollment_spans", missing=["", "9999-12-31"])
    source["person_keys"] = {**source["person_keys"], "medicaid": {"several_per_child": True}}
    files = {
        "episodes.csv": episodes("K-1"), "crosswalk.csv": as_csv("crosswalk", "K-1,17", "K-1,18"),
        "enrollment_spans.csv": as_csv("enrollment_spans", *spans),
    }  # fmt: skip
    _, folder = taken_in(tmp_path, source, files)
    assert months(folder) == expected
    assert not (folder / "enrollment_spans.parquet").exists()


def test_a_span_that_ends_before_it_begins_is_rejected_and_counted(tmp_path):
    files = {
        "episodes.csv": episodes("K-1"),
        "enrollment_spans.csv": as_csv("enrollment_spans", "17,2025-02-01,2025-01-31,,", "17,2025-01-01,2025-01-31,,"),
    }
    _, folder = taken_in(tmp_path, mapping("enrollment_spans"), files)
    receipts = pd.read_csv(folder / "receipts.csv").set_index("table")
    assert receipts.loc["enrollment_spans", ["rows_read", "accepted", "rejected"]].tolist() == [2, 1, 1]
    assert months(folder) == [(2, "25-01", 31)]


def test_what_stands_beside_is_that_of_the_first_span(tmp_path):
    rows = ["17,2025-01-15,2025-01-31,35003,02", "17,2025-01-01,2025-01-14,35001,01"]
    _, folder = taken_in(
        tmp_path,
        mapping("enrollment_spans"),
        {"episodes.csv": episodes("K-1"), "enrollment_spans.csv": as_csv("enrollment_spans", *rows)},
    )
    enrollment = pd.read_parquet(folder / "enrollment.parquet")
    assert enrollment[["county_fips", "plan_type", "days"]].to_numpy().tolist() == [["35001", "01", 31]]


def test_twelve_columns_become_the_months_that_have_days(tmp_path):
    numbers = [f"{month:02d}" for month in range(1, 13)]
    columns = {"child_id": {"from": "ID"}, "year": {"from": "Year"}, "county_fips": {"from": "County"}}
    columns |= {f"{name}_{month}": {"from": f"{name}{month}"} for name in ("days", "plan_type") for month in numbers}
    source = mapping()
    source["tables"]["enrollment_years"] = {"files": "de.csv", "columns": columns}
    row = {
        "ID": "17",
        "Year": "2025",
        "County": "35001",
        **{f"days{m}": "0" for m in numbers},
        **{f"plan_type{m}": "" for m in numbers},
    }
    row |= {"days02": "31", "days03": "10", "days12": "", "plan_type03": "01"}  # 31 days in February are 28
    _, folder = taken_in(tmp_path, source, {"episodes.csv": episodes("K-1"), "de.csv": pd.DataFrame([row])})
    assert months(folder) == [(2, "25-02", 28), (2, "25-03", 10)]
    assert pd.read_parquet(folder / "enrollment.parquet")["plan_type"].fillna("").tolist() == ["", "01"]


def test_months_as_received_stay_and_impossible_ones_are_rejected(tmp_path):
    rows = ["17,2025-01-01,31,35001", "17,2025-02-01,29,35001", "17,2025-03-01,0,35001"]
    extract, folder = taken_in(
        tmp_path,
        mapping("enrollment"),
        {"episodes.csv": episodes("K-1"), "enrollment.csv": as_csv("enrollment", *rows)},
    )
    assert months(folder) == [(2, "25-01", 31), (2, "25-03", 0)]
    assert extract.tables["enrollment"].rows["reason"].tolist()[1] == "days is more than the month has"
