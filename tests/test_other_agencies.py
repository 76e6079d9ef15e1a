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


def test_the_last_months_of_claims_stand_beside_a_usual_one(workspace):
    months = pd.period_range("2025-03", "2026-10", freq="M")
    lines = [100] * 16 + [80, 60, 40, 20]
    days = pd.Series(months.repeat(lines).to_timestamp())
    pd.DataFrame({"service_from_on": days}).to_parquet(workspace / "claims.parquet")
    table = pd.read_html(StringIO(str(other_agencies.coming_in(found()))))[0]
    assert table["Lines so far"].tolist() == [100, 100, 100, 100, 80, 60, 40, 20]
    assert table["Of a usual month"].tolist()[-4:] == ["80%", "60%", "40%", "20%"]
    assert table.iloc[:, -1].tolist() == ["yes"] * 4 + ["no"] * 4


def test_a_month_with_few_lines_is_not_shown(workspace):
    months = pd.period_range("2025-03", "2026-10", freq="M")
    days = pd.Series(months.repeat([100] * 19 + [3]).to_timestamp())
    pd.DataFrame({"service_from_on": days}).to_parquet(workspace / "claims.parquet")
    assert str(other_agencies.coming_in(found())) == ""
