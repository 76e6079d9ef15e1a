"""The linked state's raw files through intake and the cohort's steps, against what the state was drawn from."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from analysis import params
from analysis.cohort.__main__ import derive
from analysis.demo.__main__ import main
from analysis.demo.linked import direct
from analysis.demo.linked.claims import NAMES
from analysis.demo.linked.extracts import medicaid_id
from analysis.demo.linked.frame import month_starts
from analysis.demo.linked.settings import read_linked
from analysis.demo.linked.spoil import BORDER_COUNTIES
from analysis.demo.linked.state import make_linked
from analysis.intake.extract import read_extract
from analysis.intake.people.secret import keyed_hash
from analysis.intake.store import write_tables
from analysis.params import ROOT
from analysis.tables import TABLES

SCENARIO = "small_state"
DRAWN = ("cohort", "follow_up", "follow_up_months")
# A hold that is under way on the last whole day is not known to be one by claims; the made-up state knows. So a row may differ.
ROWS_THAT_MAY_DIFFER = 1


@pytest.fixture(scope="module")
def state():
    return make_linked(read_linked(SCENARIO))


def first_of_the_month(born_on, first_day):
    """The drawn days of birth as far as intake lets them be known: it keeps the month."""

    def born_month_on(crises):
        month = (first_day + born_on(crises).astype("timedelta64[D]")).astype("datetime64[M]")
        return (month.astype("datetime64[D]") - first_day).astype(int)

    return born_month_on


@pytest.fixture(scope="module")
def drawn(state):
    """The drawn tables by name, without who turned 21 in the month of the crisis."""
    by_month = first_of_the_month(direct.born_on, np.datetime64(state.linked.first_day, "D"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(direct, "born_on", by_month)
        tables = dict(zip(DRAWN, make_linked(state.linked).derived, strict=True))
    too_old = tables["cohort"].loc[tables["cohort"]["age_years"].gt(20), "child_id"]
    age = pd.Series(state.index.crises.age, index=state.child_id)[too_old]
    assert age.between(21 - 31 / 365.25, 21).all()
    assert len(too_old) <= 0.01 * len(
        tables["cohort"]
    )  # ED-first children are drawn from few others, so some are alike
    return {name: table[~table["child_id"].isin(too_old)] for name, table in tables.items()}


@pytest.fixture(scope="module")
def processed(tmp_path_factory):
    """ "clean" and "dirty" -> (folder of tables, rows that each kind of dirt struck) of the state as its agencies send it."""
    made = {}
    for kind, how in (("clean", ["--clean"]), ("dirty", [])):
        root = tmp_path_factory.mktemp(kind)
        shutil.copytree(ROOT / "params", root / "params")
        assert main(["--scenario", SCENARIO, *how], root=root) == 0
        write_tables(read_extract(params.study("demo", root=root), root=root), root=root)
        assert derive("demo", root=root)
        truth = json.loads((root / "data" / "truth" / "demo" / SCENARIO / "summary.json").read_text("utf-8"))
        made[kind] = root / "data" / "processed" / "demo", truth["dirt"]
    return made


def hashes(identifiers):
    """Medicaid's identifiers as the crosswalk holds them."""
    key = yaml.safe_load((ROOT / "params" / "demo" / "public_key.yml").read_text("utf-8"))["public_key"].encode()
    return [keyed_hash(f"medicaid:{one.lstrip('0')}", key) for one in identifiers]


@pytest.fixture(scope="module")
def number_of(state):
    """Gives a child's number in the tables of a folder, by the id that the state gave."""
    sent = hashes(medicaid_id(np.arange(len(state.child_id))))

    def numbers(folder):
        crosswalk = pd.read_parquet(folder / "crosswalk.parquet").query("system == 'medicaid'")
        found = crosswalk.set_index("hash")["number"].reindex(sent)
        assert found.notna().all()
        return pd.Series(found.to_numpy(), index=state.child_id)

    return numbers


def side_by_side(drawn, folder, numbers, name):
    """The drawn and the built rows of one key beside each other, and where each was found."""
    known = drawn[name].assign(child_id=numbers[drawn[name]["child_id"]].to_numpy())
    built = pd.read_parquet(folder / f"{name}.parquet")
    return known.merge(built, on=list(TABLES[name].key), how="outer", indicator="found", suffixes=("_drawn", "_built"))


def without_record(drawn, folder, numbers):
    """Numbers of the mobile-first children whose first response is in no accepted row: the service's own records are never clean."""
    episodes = pd.read_parquet(folder / "episodes.parquet", columns=["child_id", "dispatched_at", "counted_on"])
    sent = episodes["dispatched_at"].dt.tz_localize(None).dt.normalize()
    on = sent.fillna(pd.to_datetime(episodes["counted_on"]))
    met = set(zip(episodes["child_id"], on, strict=True))
    mobile = drawn["cohort"].query("arm == 'mobile_first'")
    child = numbers[mobile["child_id"]].to_numpy()
    return [one for one, day in zip(child, mobile["index_on"], strict=True) if (one, day) not in met]


def differing(rows, column):
    """True where the drawn and the built value of one column differ."""
    one, other = rows[f"{column.name}_drawn"], rows[f"{column.name}_built"]
    if column.kind == "number":
        return ~np.isclose(one.astype(float), other.astype(float), atol=0.011, equal_nan=True)
    if column.kind == "day":
        one, other = pd.to_datetime(one), pd.to_datetime(other)
    elif column.kind in ("text", "code"):
        one, other = (side.astype(object).replace("", None) for side in (one, other))
    else:
        one, other = one.astype("Int64"), other.astype("Int64")
    return (one.ne(other) & ~(one.isna() & other.isna())).fillna(True).to_numpy(dtype=bool)


@pytest.mark.parametrize("name", DRAWN)
def test_clean_raw_files_give_the_tables_that_are_drawn_without_them(name, drawn, processed, number_of):
    folder, _ = processed["clean"]
    numbers = number_of(folder)
    unknown = without_record(drawn, folder, numbers)
    assert len(unknown) <= 3
    rows = side_by_side(drawn, folder, numbers, name)
    rows = rows[~rows["child_id"].isin(unknown)]
    assert len(rows) > 500
    assert rows["found"].eq("both").all()
    for column in TABLES[name].columns:
        if column.name not in TABLES[name].key:
            wrong = differing(rows, column)
            assert wrong.sum() <= ROWS_THAT_MAY_DIFFER, (column.name, rows.loc[wrong].filter(like=column.name).head())


def second_numbers(folder, state):
    """Numbers of the children whose second Medicaid identifier has another number: two children, as far as the records tell."""
    crosswalk = pd.read_parquet(folder / "crosswalk.parquet").query("system == 'medicaid'").set_index("hash")["number"]
    place = np.arange(len(state.child_id))
    first, second = (crosswalk.reindex(hashes(medicaid_id(place, second=more))).to_numpy() for more in (False, True))
    return first[pd.notna(second) & (first != second)]


def test_dirty_raw_files_give_most_children_on_their_day(state, drawn, processed, number_of):
    folder, dirt = processed["dirty"]
    rows = side_by_side(drawn, folder, number_of(folder), "follow_up")
    assert not rows["found"].eq("right_only").any()
    cohort = side_by_side(drawn, folder, number_of(folder), "cohort")
    lost = cohort[cohort["found"].eq("left_only")]
    mobile = lost["arm_drawn"].eq("mobile_first")
    assert mobile.sum() <= dirt["unlinked"] + 3  # and those of whom the service has no record
    # An ED visit is lost across the border, or stands under a second identifier that no agency tied to the first.
    apart = second_numbers(folder, state)
    border = lost.loc[~mobile, "county_fips_drawn"].isin(BORDER_COUNTIES)
    assert (border | lost.loc[~mobile, "child_id"].isin(apart)).all()
    kept = cohort[cohort["found"].eq("both")]
    # What docs/cohort.md says: 2 of 100 come in by a later crisis, since the first was lost. The others' arm is right, but where no
    # link says that a team came before the ED.
    same_day = kept["index_on_drawn"].eq(kept["index_on_built"])
    assert same_day.mean() >= 0.98
    other = kept[same_day & kept["arm_drawn"].ne(kept["arm_built"])]
    assert other["arm_drawn"].eq("mobile_first").all()
    of_service = pd.read_parquet(folder / "episodes.parquet", columns=["child_id"])["child_id"]
    assert not other["child_id"].isin(of_service).any()
    assert len(other) <= 0.005 * len(kept)


# --- events of every child, index or not, worked out one by one ---------------------------------------------------------


def seen_lines(state, *kinds):
    """(child, first day, last day) of the lines of some kinds while the child was on Medicaid, in order."""
    people, linked = state.people, state.linked
    lines, starts = people.lines, month_starts(linked)
    seen = np.isin(np.array(NAMES)[lines["kind"]], kinds) & (lines["from"] >= 0) & (lines["from"] <= linked.last_day)
    child, first, last = (lines[name][seen] for name in ("child", "from", "to"))
    month = np.searchsorted(starts, first, side="right") - 1
    on = people.enrolled[child, month]
    return sorted(zip(child[on].tolist(), first[on].tolist(), last[on].tolist(), strict=True))


def joined_up(spans):
    """Spans of one child that start within a day of one before, or while it lasts, are one: (child, first day)."""
    events = []
    for child, first, last in spans:
        if events and events[-1][0] == child and (first <= events[-1][3] + 1 or first <= events[-1][2]):
            events[-1][2:] = [max(events[-1][2], last), first]
        else:
            events.append([child, first, last, first])
    return [(child, first) for child, first, *_ in events]


def touching(spans):
    """Spans of one child that touch, or lie a day apart, are one: (child, first day)."""
    events = []
    for child, first, last in spans:
        if events and events[-1][0] == child and first <= events[-1][2] + 1:
            events[-1][2] = max(events[-1][2], last)
        else:
            events.append([child, first, last])
    return [(child, first) for child, first, _ in events]


def removed(state):
    """(child, first day) of the removals by the last day of the records, with holds."""
    spans, crises = state.paths.placements, state.index.crises
    day = crises.day[spans["child"]] + spans["removed"]
    begun = crises.day[spans["child"]] + spans["from"] <= state.linked.last_day
    return sorted(set(zip(spans["child"][begun].tolist(), day[begun].tolist(), strict=True)))


EVENTS = {
    "ed_visits": (lambda state: joined_up(seen_lines(state, "ed_facility", "ed_physician", "ed_observation")), "", "from_on"),
    "inpatient": (lambda state: touching(seen_lines(state, "hospital")), "inpatient", "from_on"),
    "residential": (lambda state: touching(seen_lines(state, "residential")), "residential", "from_on"),
    "removals": (removed, "", "removed_on"),
}  # fmt: skip


@pytest.fixture(scope="module", params=EVENTS)
def events(request, state, processed):
    """Kind -> (what befell the children, what was found), sets of (child's place in the state, day)."""
    true_events, kind, day = EVENTS[request.param]
    sent = hashes(medicaid_id(state.people.number))
    found = {}
    for how, (folder, _) in processed.items():
        crosswalk = pd.read_parquet(folder / "crosswalk.parquet").query("system == 'medicaid'")
        number = crosswalk.set_index("hash")["number"].reindex(sent)
        place = pd.Series(np.arange(len(sent)), index=number.to_numpy())
        built = pd.read_parquet(folder / f"{'stays' if kind else request.param}.parquet")
        if kind:
            built = built[built["kind"].eq(kind)]
        built = built[built["child_id"].isin(place.index)]  # the other children of the roster are nobody's crisis
        since = (built[day] - pd.Timestamp(state.linked.first_day)).dt.days
        found[how] = set(zip(place[built["child_id"]].tolist(), since.tolist(), strict=True))
    return request.param, set(true_events(state)), found


def test_clean_claims_and_placements_give_every_event_on_its_day_and_no_other(events):
    _, true, found = events
    assert len(true) > 30
    assert found["clean"] == true


def test_dirty_ones_lose_no_more_events_than_were_struck_and_make_none_up(events, state, processed):
    name, true, found = events
    dirt = processed["dirty"][1]
    cut = (pd.Timestamp(params.study("demo").cohort.data_cut) - pd.Timestamp(state.linked.first_day)).days
    missed = {(child, day) for child, day in true - found["dirty"] if day <= cut}
    made_up = found["dirty"] - true
    # Residential treatment is billed by months: where a first bill has not come in yet, the stay seems to begin with the second.
    if name == "residential":
        made_up = {(child, day) for child, day in made_up if day <= cut}
    assert not made_up
    if name == "removals":
        without_key = {child for child, _ in missed}
        assert len(without_key) <= dirt["no_foster_id"]
    else:
        # What docs/cohort.md says: of the events up to the last whole day, 4 of 100 are missed at most.
        assert len(missed) <= 0.04 * len([1 for _, day in true if day <= cut])
