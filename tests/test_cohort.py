"""The derived tables as a whole: both engines alike, no row order that matters, nothing after time zero in the baseline."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from bench.cohort_in_pandas import compare
from bench.cohort_scale import draw, take_params
from drawn import clean_tables
from hand_made import read_children, tables_of

from analysis import params
from analysis.claim_codes import read_claim_codes
from analysis.cohort.__main__ import DERIVED, derive, main
from analysis.cohort.build import DERIVED_TABLES, build
from analysis.cohort.engine import ENGINES, connect, from_frame, to_pandas
from analysis.cohort.spans import number_islands, number_visits
from analysis.demo.linked.settings import read_linked
from analysis.demo.linked.state import make_linked
from analysis.intake.schema import schema
from analysis.tables import COHORT, TABLES

RULES = params.study("demo").cohort
CODES = read_claim_codes()
GIVEN = tables_of(read_children())
# What the index day itself decides, beside what stood before it.
DECIDED_ON_THE_DAY = ["diagnosis_family", "in_common_band"]
DAY_COLUMNS = {
    "claims": "service_from_on",
    "placements": "from_on",
    "detentions": "booked_on",
    "enrollment": "month_on",
    "episodes": "counted_on",
}


def derived(folder: Path, given: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every derived table and the attrition, worked out anew."""
    connection = connect(folder, threads=1)
    tables = {
        name: from_frame(connection, f"given_{name}", frame, TABLES[name])
        for name, frame in given.items()
        if name != "episodes"
    }
    expressions, steps = build(connection, tables, given["episodes"], RULES, CODES)
    found = {name: to_pandas(expression, TABLES[name]) for name, expression in expressions.items()}
    return {**found, "attrition": steps}


def assert_alike(one: Mapping[str, pd.DataFrame], other: Mapping[str, pd.DataFrame]) -> None:
    assert set(one) == set(other)
    for name in one:
        pd.testing.assert_frame_equal(one[name], other[name], obj=name)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    return derived(tmp_path_factory.mktemp("plain"), GIVEN)


@pytest.mark.parametrize("name", DERIVED_TABLES)
def test_a_table_is_what_the_contract_says(name, plain):
    table = plain[name].astype(
        {column.name: "string" for column in TABLES[name].columns if column.kind in ("code", "text")}
    )
    assert len(table)
    schema(TABLES[name]).validate(table, lazy=True)


def test_the_order_of_the_rows_changes_nothing(tmp_path, plain):
    rng = np.random.default_rng(20260701)
    shuffled = {name: frame.iloc[rng.permutation(len(frame))].reset_index(drop=True) for name, frame in GIVEN.items()}
    assert_alike(derived(tmp_path, shuffled), plain)


def after_time_zero(given: Mapping[str, pd.DataFrame], cohort: pd.DataFrame, *, from_day: int) -> dict[str, pd.Series]:
    """By table, which rows are of a child in the study and dated `from_day` days after time zero or later."""
    index = cohort.set_index("child_id")["index_on"]
    marked = {}
    for name, day in DAY_COLUMNS.items():
        since = pd.to_datetime(given[name][day]) - given[name]["child_id"].map(index)
        marked[name] = since >= pd.Timedelta(days=from_day)
    return marked


@pytest.fixture
def all_different_later(plain) -> dict[str, pd.DataFrame]:
    """The same children with every record after the index day turned into another, and much more of it."""
    later = after_time_zero(GIVEN, plain["cohort"], from_day=1)
    given = {name: frame.copy() for name, frame in GIVEN.items()}
    claims = given["claims"]
    claims.loc[later["claims"], ["diagnosis_1", "diagnosis_2", "paid_usd"]] = ["F20.9", "X78.1XXA", 99_999.0]
    more = claims[later["claims"]].assign(claim_id=lambda rows: rows["claim_id"] + 10_000, file_type="inpatient")
    given["claims"] = pd.concat([claims, more], ignore_index=True)
    given["placements"].loc[later["placements"], "setting"] = "residential"
    given["detentions"] = given["detentions"][~later["detentions"]]
    given["enrollment"] = given["enrollment"][~later["enrollment"]]
    ended = pd.to_datetime(given["placements"]["to_on"]) >= given["placements"]["child_id"].map(
        plain["cohort"].set_index("child_id")["index_on"]
    )
    given["placements"].loc[ended, "to_on"] = pd.Timestamp("2026-05-01")
    return given


def test_nothing_after_time_zero_reaches_the_baseline(tmp_path, plain, all_different_later):
    changed = derived(tmp_path, all_different_later)
    assert not changed["follow_up"].equals(plain["follow_up"])
    pd.testing.assert_frame_equal(changed["cohort"], plain["cohort"])


def test_claims_of_the_day_itself_decide_the_band_and_nothing_else_of_the_baseline(tmp_path, plain):
    """A mobile team's children: their index day does not hang on a claim."""
    cohort = plain["cohort"]
    mobile = cohort[cohort["arm"].eq("mobile_first")]
    on_day = after_time_zero(GIVEN, mobile, from_day=0)["claims"]
    given = {**GIVEN, "claims": GIVEN["claims"][~on_day]}
    changed = derived(tmp_path, given)["cohort"]
    changed = changed[changed["child_id"].isin(mobile["child_id"])].reset_index(drop=True)
    kept = [name for name in COHORT.names if name not in DECIDED_ON_THE_DAY]
    pd.testing.assert_frame_equal(changed[kept], mobile[kept].reset_index(drop=True))
    assert changed["diagnosis_family"].eq("none").all()


def test_what_a_mobile_team_alone_records_is_no_column_of_the_cohort():
    assert not {"referral_source", "urgency", "suicide_screen", "presenting_problem"} & set(COHORT.names)


def test_without_placements_their_columns_are_empty_and_not_zero(tmp_path, plain):
    without = derived(tmp_path, {name: frame for name, frame in GIVEN.items() if name != "placements"})
    assert without["follow_up_months"]["placement_nights"].isna().all()
    assert without["cohort"]["in_foster_care"].isna().all()
    pd.testing.assert_series_equal(without["follow_up"]["first_bh_ed_day"], plain["follow_up"]["first_bh_ed_day"])


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with the hand-made children's tables at rest."""
    shutil.copytree(params.ROOT / "params", tmp_path / "params")
    at_rest(tmp_path, GIVEN)
    return tmp_path


def at_rest(root: Path, given: Mapping[str, pd.DataFrame]) -> None:
    """Write tables to data/processed/demo/ as intake does."""
    folder = root / "data" / "processed" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in given.items():
        days = {
            column.name: "datetime64[us]"
            for column in TABLES[name].columns
            if column.kind == "day" and column.name in frame
        }
        whole = frame.assign(**{day: pd.to_datetime(frame[day]) for day in days}).astype(days)
        for column in TABLES[name].columns:
            if column.name not in whole:
                whole[column.name] = pd.Series(pd.NA, index=whole.index, dtype="string")
        whole.to_parquet(folder / f"{name}.parquet", index=False)


def with_the_small_state(given: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The hand-made children beside those of the small made-up state, whose numbers follow theirs."""
    drawn = clean_tables(make_linked(read_linked("small_state")))
    both = {}
    for name, rows in given.items():
        more = drawn[name].copy()
        for key in ("child_id", "claim_id"):
            if key in more:
                more[key] = more[key].astype("int64") + 10**6
        both[name] = pd.concat([rows, more[more.columns.intersection(rows.columns)]], ignore_index=True)
    return both


@pytest.mark.slow
@pytest.mark.spark
def test_both_engines_give_the_same_rows(workspace):
    if shutil.which("java") is None:
        pytest.skip("There is no Java here: the cohort on Spark is not compared with the one on DuckDB.")
    pytest.importorskip(
        "pyspark", reason="pyspark is not installed: the cohort on Spark is not compared with DuckDB's."
    )
    folder = workspace / "data" / "processed" / "demo"
    at_rest(workspace, with_the_small_state(GIVEN))
    found = {}
    for engine in ENGINES:
        names = derive("demo", root=workspace, engine=engine)
        found[engine] = {name: pd.read_parquet(folder / f"{name}.parquet") for name in names}
    assert len(found["spark"]["cohort"]) > 600
    assert_alike(found["spark"], found["duckdb"])


def test_the_tables_at_rest_are_the_same_bytes_each_time(workspace, plain):
    folder = workspace / "data" / "processed" / "demo"
    names = derive("demo", root=workspace)
    first = {name: (folder / f"{name}.parquet").read_bytes() for name in names}
    assert derive("demo", root=workspace) == names == [*DERIVED_TABLES, "attrition"]
    assert {name: (folder / f"{name}.parquet").read_bytes() for name in names} == first
    at_rest = pd.read_parquet(folder / "follow_up.parquet")
    pd.testing.assert_frame_equal(at_rest.astype(plain["follow_up"].dtypes), plain["follow_up"])
    assert [path.name for path in folder.parent.iterdir()] == ["demo"]


def test_counts_of_agencies_take_the_place_of_the_children_s_own_records_and_need_none(workspace):
    folder = workspace / "data" / "processed" / "demo"
    county = GIVEN["site_counties"]["county_fips"].iloc[0]
    counts = pd.DataFrame({"county_fips": [county, "99999"], "month_on": pd.to_datetime(["2024-02-01"] * 2), "children": [400, 30],
                           "bh_ed_visits": [7, 0], "injury_ed_visits": [50, 1], "removals": [None, None], "bookings": [2, 0]})  # fmt: skip
    counts.astype({"month_on": "datetime64[us]"}).to_parquet(folder / "county_counts.parquet", index=False)
    derive("demo", root=workspace)
    with_claims = pd.read_parquet(folder / "county_months.parquet")
    (folder / "claims.parquet").unlink()
    assert derive("demo", root=workspace) == ["county_months"]
    alone = pd.read_parquet(folder / "county_months.parquet")
    assert alone.equals(with_claims)
    assert alone["bh_ed_visits"].tolist() == [7, 0]
    assert alone["removals"].isna().all()  # not sent is not zero
    assert alone["site_live_days"].between(0, 29).all()
    assert alone.set_index("county_fips")["site_live_days"]["99999"] == 0


def test_without_claims_nothing_is_derived_and_nothing_stale_stays(workspace):
    folder = workspace / "data" / "processed" / "demo"
    derive("demo", root=workspace)
    (folder / "claims.parquet").unlink()
    assert derive("demo", root=workspace) == []
    assert (folder / DERIVED).read_text() == "table,rows\n"
    assert not (folder / "cohort.parquet").exists()


def test_another_program_in_plain_pandas_finds_the_same_cohort(tmp_path):
    draw(100_000, tmp_path)
    take_params(tmp_path)
    derive("demo", root=tmp_path)
    folder = tmp_path / "data" / "processed" / "demo"
    assert len(pd.read_parquet(folder / "cohort.parquet")) > 100
    compare(folder, RULES)


def test_an_unknown_engine_is_named_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("ENGINE", "sparc")
    with pytest.raises(params.ParamsError, match='ENGINE is "sparc"; allowed are duckdb and spark'):
        connect(tmp_path)


def test_a_study_that_does_not_exist_is_one_sentence(capsys):
    assert main("dmeo") == 1
    assert "There is no study" in capsys.readouterr().err


def test_rows_with_the_same_two_days_share_an_island_however_they_stand():

    days = pd.to_datetime(["2026-01-01"] * 2 + ["2026-03-01"] * 40 + ["2026-05-01"] * 40)
    rng = np.random.default_rng(20261125)
    for _ in range(20):
        spans = pd.DataFrame({"child_id": 1, "row": range(82), "from_on": days, "to_on": days}).iloc[
            rng.permutation(82)
        ]
        table = ibis.memtable(spans.assign(from_on=spans["from_on"].dt.date, to_on=spans["to_on"].dt.date))
        for numbered in (
            number_islands(table, ["child_id"], apart_days=1),
            number_visits(table, ["child_id"], merge_days=1),
        ):
            found = numbered.execute().sort_values("row")
            assert found.groupby("from_on")["island"].nunique().eq(1).all()
            assert found["island"].nunique() == 3
