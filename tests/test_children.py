"""Hand-made children, one rule each (tests/children/): every table of the linked study against rows worked by hand."""

from collections.abc import Mapping

import pandas as pd
import pytest
from hand_made import EXPECTED, Child, read_children, tables_of

from analysis import params
from analysis.claim_codes import read_claim_codes
from analysis.cohort.build import build
from analysis.cohort.eligibility import rules_met
from analysis.cohort.engine import connect, from_frame, to_pandas
from analysis.tables import TABLES

CHILDREN = read_children()
RULES = params.study("demo").cohort


@pytest.fixture(scope="module")
def derived(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, pd.DataFrame]:
    """The derived tables of all children together, and `left_out`: the rule that each child's latest crisis fails."""
    connection = connect(tmp_path_factory.mktemp("children"), threads=1)
    frames = tables_of(CHILDREN)
    tables = {
        name: from_frame(connection, f"given_{name}", frame, TABLES[name])
        for name, frame in frames.items()
        if name != "episodes"
    }
    expressions, steps = build(connection, tables, frames["episodes"], RULES, read_claim_codes())
    found = {name: to_pandas(expression, TABLES[name]) for name, expression in expressions.items()}
    marked = connection.table("marked")
    rules = [*rules_met(marked, RULES), "none"]
    crises = marked.select("child_id", "index_on", "passed").to_pandas().sort_values(["child_id", "index_on"])
    latest = crises.groupby("child_id")["passed"].last()
    return {**found, "left_out": latest.map(lambda place: rules[place]), "attrition": steps}


def as_days(value: object, child: Child) -> object:
    """A day as days after the child's day 0, a missing value as None, a number as it is."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and pd.isna(value)):
        return None
    return (value - child.day_0).days if isinstance(value, pd.Timestamp) else value


def rows_of(table: pd.DataFrame, child: Child) -> list[dict[str, object]]:
    own = table[table["child_id"].eq(child.number)]
    return [{name: as_days(value, child) for name, value in row.items()} for row in own.to_dict("records")]


def only(rows: list[dict], expected: list[dict]) -> list[dict]:
    """The rows with the columns that are expected of each."""
    assert len(rows) == len(expected), rows
    return [{name: row[name] for name in wanted} for row, wanted in zip(rows, expected, strict=True)]


@pytest.mark.parametrize("child", CHILDREN, ids=lambda child: child.name)
def test_a_child_comes_out_as_worked_by_hand(child, derived):
    said = child.said
    for name in ("ed_visits", "stays", "removals", "nights_away"):
        if name in said:
            assert only(rows_of(derived[name], child), said[name]) == said[name]
    for name in ("cohort", "follow_up"):
        if name in said:
            assert only(rows_of(derived[name], child), [said[name]]) == [said[name]]
    for month, expected in said.get("months", {}).items():
        rows = [row for row in rows_of(derived["follow_up_months"], child) if row["month"] == month]
        assert only(rows, [expected]) == [expected]
    if "left_out" in said:
        assert derived["left_out"].get(child.number, "no crisis") == said["left_out"]
        assert rows_of(derived["cohort"], child) == []


def test_there_are_forty_children_and_each_table_has_some():
    assert len(CHILDREN) >= 40
    assert len({child.name for child in CHILDREN}) == len(CHILDREN)
    assert {name for child in CHILDREN for name in child.said} >= EXPECTED


def test_the_steps_add_up(derived):
    steps = derived["attrition"]
    assert steps["crises"].iloc[0] - steps["crises_left_out"].sum() == steps["crises"].iloc[-1]
    last = steps[~steps["marked_only"]].iloc[-1]
    assert last["children"] == last["crises"] == len(derived["cohort"])
    assert (steps["mobile_first"] + steps["ed_first"]).iloc[2:].eq(steps["crises"].iloc[2:]).all()


def test_parts_of_a_month_sum_to_the_whole(derived):
    months = derived["follow_up_months"]
    costs = [name for name in months if name.endswith("_cost_usd")]
    pd.testing.assert_series_equal(months[costs].sum(axis=1), months["cost_usd"], check_names=False)
    watched = months.groupby("child_id")["watched_days"].sum()
    followed = derived["follow_up"].set_index("child_id")["followed_days"]
    assert watched.eq((followed + 1).clip(upper=RULES.horizon_days)).all()


def test_no_child_has_two_nights_at_once(derived):
    nights = derived["nights_away"].sort_values(["child_id", "from_on"])
    next_on = nights.groupby("child_id")["from_on"].shift(-1)
    assert (next_on.isna() | next_on.ge(nights["to_on"])).all()
