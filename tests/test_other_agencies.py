"""Other agencies' records on the data-quality page: nothing of a few children, and every kind of dirt that can be seen there."""

from io import StringIO

import pandas as pd
import pytest

from analysis import params
from analysis.brief import other_agencies, records
from analysis.tables import LINKAGE_TABLE


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setattr(other_agencies, "ROOT", tmp_path)
    (tmp_path / "data" / "processed" / "demo").mkdir(parents=True)
    return tmp_path / "data" / "processed" / "demo"


def found():
    """As much of the records as the part reads: the study."""
    return records.Records(params.study("demo"), *[None] * 8)


def linkage(keys: int, children: int, linked: int) -> pd.DataFrame:
    row = {
        "table": "claims",
        "site_id": "all",
        "keys": keys,
        "children": children,
        "linked": linked,
        "linked_share": linked / children,
    }
    return pd.DataFrame([row]).reindex(columns=LINKAGE_TABLE.names)  # fmt: skip


def test_without_other_agencies_one_sentence_says_what_they_would_add(workspace):
    assert "could be compared with" in str(other_agencies.whose(found()))
    assert str(other_agencies.coming_in(found())) == ""


@pytest.mark.parametrize(
    ("keys", "children", "linked", "told"),
    [
        (140, 120, 100, ["140", "120", "83%"]),
        (125, 120, 100, ["", "120", "83%"]),  # five keys of children with two
        (140, 120, 115, ["140", "120", ""]),  # five children who are not found
        (140, 120, 4, ["140", "120", ""]),
        (9, 9, 0, ["", "", ""]),
    ],
)
def test_figures_that_would_tell_of_a_few_children_are_left_out(workspace, keys, children, linked, told):
    linkage(keys, children, linked).to_csv(workspace / "linkage.csv", index=False)
    said = pd.read_html(StringIO(str(other_agencies.whose(found()))), keep_default_na=False)[0]
    shown = [str(value).removesuffix(".0") for value in said.iloc[0, 1:]]
    assert [value if value != "nan" else "" for value in shown] == told


def claims_of(workspace, lines: list[int], *, first: str) -> None:
    months = pd.period_range(first, periods=len(lines), freq="M")
    pd.DataFrame({"service_from_on": pd.Series(months.repeat(lines).to_timestamp())}).to_parquet(
        workspace / "claims.parquet"
    )


def test_the_last_months_of_claims_stand_beside_those_a_year_earlier(workspace):
    # from July 2024 on: a summer half of 100 lines a month and a winter half of 200, a tenth less in the second year
    year = [100] * 6 + [200] * 6
    claims_of(workspace, [*year, *(n * 9 // 10 for n in year), 80, 60, 40, 20], first="2024-07")
    said = str(other_agencies.coming_in(found()))
    table = pd.read_html(StringIO(said))[0]
    assert table["Month"].tolist()[0] == "March 2026"
    assert table["Lines so far"].tolist() == [180, 180, 180, 180, 80, 60, 40, 20]
    # against a usual month (the mean of the year, 135) the whole months would read 133%, and July 59%
    assert table["Of the same month a year earlier"].tolist() == ["90%"] * 4 + ["89%", "67%", "44%", "22%"]
    assert table.iloc[:, -1].tolist() == ["yes"] * 4 + ["no"] * 4
    assert "hold 90% of the lines of the twelve before" in said


@pytest.mark.parametrize("few", [19, 7])  # the last month but none; a month whose later one is shown
def test_a_month_with_few_lines_is_not_shown_nor_told_by_the_one_a_year_later(workspace, few):
    lines = [100] * 20
    lines[few] = 3
    claims_of(workspace, lines, first="2025-03")
    assert str(other_agencies.coming_in(found())) == ""


def test_without_a_second_year_before_no_trend_is_told(workspace):
    claims_of(workspace, [100] * 20, first="2025-03")
    said = str(other_agencies.coming_in(found()))
    assert "so that the season is the same." in said
    assert "The trend" not in said
