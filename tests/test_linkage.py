"""Who is who: keys as they are compared, the crosswalk, conflicts, the step by name, what is written of it."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from linked import COLUMNS, STUDY, as_csv, episodes, mapping, read, taken_in, write_study

from analysis import params
from analysis.intake.__main__ import main
from analysis.intake.people.links import keep_apart
from analysis.intake.people.secret import keyed_hash
from analysis.intake.raw import IntakeError
from analysis.intake.source import read_source
from analysis.intake.store import write_tables
from analysis.params import ROOT, ParamsError


def enrolled(*children: str) -> str:
    return as_csv("enrollment", *(f"{child},2025-01-01,31,35001" for child in children))


def child_of_episode(folder: Path) -> dict[str, int]:
    rows = pd.read_parquet(folder / "episodes.parquet")
    return {f"E{number}": int(child) for number, child in zip(rows["row_number"] - 1, rows["child_id"], strict=True)}


def linkage(folder: Path) -> pd.Series:
    """The report's row of all episodes."""
    report = pd.read_csv(folder / "linkage.csv")
    return report[report["table"].eq("episodes") & report["site_id"].eq("all")].iloc[0]


# --- the crosswalk ---------------------------------------------------------------------------------------------------


def test_the_crosswalk_gives_one_number_to_the_keys_of_one_child(tmp_path):
    files = {
        "episodes.csv": episodes("K-1", "K-2", "K-3"),
        "crosswalk.csv": as_csv("crosswalk", "K-1,0017", "K-2,0018"),
        "enrollment.csv": enrolled(
            "17", " 0018 ", "99"
        ),  # leading zeros and blanks make no difference to Medicaid's keys
    }
    _, folder = taken_in(tmp_path, mapping("crosswalk", "enrollment"), files)
    assert child_of_episode(folder) == {"E1": 1, "E2": 2, "E3": 3}
    assert pd.read_parquet(folder / "enrollment.parquet")["child_id"].tolist() == [1, 2, 4]
    row = linkage(folder)
    assert (row["children"], row["linked"], row["linked_by_crosswalk"], row["linked_by_name"]) == (3, 2, 2, 0)
    assert row["linked_share"] == pytest.approx(2 / 3, abs=1e-4)


def test_one_child_under_two_dispatch_keys_is_one_where_both_lead_to_one_medicaid_key(tmp_path):
    files = {
        "episodes.csv": episodes("K-1", "K-2", "k - 3"),  # capitals and blanks make no difference to the service's keys
        "crosswalk.csv": as_csv("crosswalk", "K-1,17", "K-2,17", "K-3,18"),
        "enrollment.csv": enrolled("17", "18"),
    }
    _, folder = taken_in(tmp_path, mapping("crosswalk", "enrollment"), files)
    assert child_of_episode(folder) == {"E1": 1, "E2": 1, "E3": 2}
    row = linkage(folder)
    assert (row["keys"], row["children"], row["merged_keys"], row["conflicts"]) == (3, 2, 1, 0)


@pytest.mark.parametrize(("crosswalk", "numbers", "conflicts"), [
    # Two Medicaid keys for one dispatch key, and Medicaid gives each child one: nobody knows which is right.
    (["K-1,17", "K-1,18", "K-2,19"], [1, 2, 3], 1),
    # K-1 and K-2 share 17, K-2 also points to 18: K-2's links fall, K-1 keeps its own.
    (["K-1,17", "K-2,17", "K-2,18", "K-3,19"], [1, 2, 3], 1),
    # A key of Medicaid's that stands for no key joins nobody.
    (["K-1,000", "K-2,000", "K-3,9999"], [1, 2, 3], 0),
])  # fmt: skip
def test_conflicts_keep_children_apart_and_are_counted(crosswalk, numbers, conflicts, tmp_path):
    files = {
        "episodes.csv": episodes("K-1", "K-2", "K-3"),
        "crosswalk.csv": as_csv("crosswalk", *crosswalk),
        "enrollment.csv": enrolled("17", "18", "19"),
    }
    _, folder = taken_in(tmp_path, mapping("crosswalk", "enrollment"), files)
    assert list(child_of_episode(folder).values()) == numbers
    assert linkage(folder)["conflicts"] == conflicts


@pytest.mark.parametrize(("born", "linked"), [
    ("2011-04-07", 1),
    ("2012-04-07", 1),  # one of year, month and day: a slip
    ("2011-07-04", 1),  # day and month exchanged
    ("2012-05-07", 0),  # two of the three: another child
    ("", 1),
])  # fmt: skip
def test_a_link_between_children_of_clearly_different_birth_dates_is_refused(born, linked, tmp_path):
    files = {
        "episodes.csv": episodes("K-1"),
        "crosswalk.csv": as_csv("crosswalk", "K-1,17"),
        "enrollment.csv": enrolled("17"),
        "children_dispatch.csv": as_csv("children", "K-1,Ana,Lee,2011-04-07,female"),
        "children_medicaid.csv": as_csv("children", f"17,Ana,Lee,{born},female"),
    }
    _, folder = taken_in(tmp_path, mapping("crosswalk", "enrollment", "children"), files)
    row = linkage(folder)
    assert (row["linked"], row["conflicts"]) == (linked, 1 - linked)


def test_a_chain_that_would_join_two_medicaid_keys_holds_nowhere():
    systems = np.array(["medicaid", "dispatch", "detention", "medicaid"], dtype=object)
    nobody = np.full(4, np.datetime64("NaT", "D"))
    pairs = np.array([[0, 1], [1, 2], [2, 3]])
    kept, refused = keep_apart(pairs, systems, nobody, {"medicaid"})
    assert (kept.tolist(), refused["chain"].tolist()) == ([], [0, 1, 2, 3])
    assert keep_apart(pairs, systems, nobody, set())[0].tolist() == pairs.tolist()


def test_the_order_of_the_crosswalk_changes_nothing(tmp_path):
    rows = ["K-1,17", "K-2,17", "K-3,18", "K-4,18", "K-4,19", "K-5,20"]
    found = []
    for order in (rows, rows[::-1]):
        files = {
            "episodes.csv": episodes("K-1", "K-2", "K-3", "K-4", "K-5"),
            "crosswalk.csv": as_csv("crosswalk", *order),
            "enrollment.csv": enrolled("17", "18", "19", "20"),
        }
        _, folder = taken_in(tmp_path, mapping("crosswalk", "enrollment"), files)
        found.append([pd.read_parquet(folder / f"{name}.parquet") for name in ("episodes", "enrollment")])
    assert all(one.equals(other) for one, other in zip(*found, strict=True))


# --- the step by name and birth date ---------------------------------------------------------------------------------

NAMED = {
    "dispatch": ["K-1,María José,O'Brien,2011-04-07,female", "K-2,Ben,Chee,2012-01-02,male", "K-3,Bo,Chee,2012-01-02,male",
                 "K-4,Al,Roe,2010-05-05,male", "K-5,Al,Roe,2010-05-05,male", "K-6,Baby,Begay,2025-01-01,"],
    "medicaid": ["11,MARIA JOSE,OBRIEN,2011-04-07,female", "12,BEN,CHEE,2012-01-02,male", "14,AL,ROE,2010-05-05,male",
                 "16,BABY,BEGAY,2025-01-01,"],
}  # fmt: skip
# K-3 is the twin of K-2: same surname and day, another given name. K-4 and K-5 share everything. K-6 has no name yet.


@pytest.mark.parametrize(("by_name", "linked", "ambiguous"), [(True, [1, 2], 2), (False, [], 0)])
def test_the_step_by_name_joins_those_who_can_be_told_apart_and_no_one_else(by_name, linked, ambiguous, tmp_path):
    files = {
        "episodes.csv": episodes("K-1", "K-2", "K-3", "K-4", "K-5", "K-6"),
        "enrollment.csv": enrolled("11", "12", "14", "16"),
        **{f"children_{system}.csv": as_csv("children", *rows) for system, rows in NAMED.items()},
    }
    source = mapping("enrollment", "children", **({"link_by_name": True} if by_name else {}))
    _, folder = taken_in(tmp_path, source, files)
    assert list(child_of_episode(folder).values()) == [1, 2, 3, 4, 5, 6]
    enrolled_children = set(pd.read_parquet(folder / "enrollment.parquet")["child_id"])
    assert sorted(enrolled_children & set(range(1, 7))) == linked
    row = linkage(folder)
    assert (row["linked"], row["linked_by_name"], row["ambiguous_names"]) == (len(linked), len(linked), ambiguous)


def test_a_name_joins_no_second_medicaid_key_to_a_child_that_has_one(tmp_path):
    files = {
        "episodes.csv": episodes("K-1"), "crosswalk.csv": as_csv("crosswalk", "K-1,17"), "enrollment.csv": enrolled("17", "18"),
        "children_dispatch.csv": as_csv("children", "K-1,Ana,Lee,2011-04-07,"),
        "children_medicaid.csv": as_csv("children", "18,Ana,Lee,2011-04-07,"),  # the crosswalk says 17
    }  # fmt: skip
    _, folder = taken_in(tmp_path, mapping("crosswalk", "enrollment", "children", link_by_name=True), files)
    assert pd.read_parquet(folder / "enrollment.parquet")["child_id"].tolist() == [1, 2]
    assert linkage(folder)["conflicts"] == 1


# --- what is written -------------------------------------------------------------------------------------------------

SECRETS = ("K-1", "K-2", "K-9", "0017", "O'Brien", "obrien", "María", "2011-04-07", "04/07/2011")


@pytest.fixture
def folder(tmp_path) -> Path:
    files = {
        "episodes.csv": episodes("K-1", "K-2", "K-9"),
        "crosswalk.csv": as_csv("crosswalk", "K-1,0017", "K-2,", "K-9,0018", "K-9,0019"),
        "enrollment.csv": enrolled("0017"),
        "children_dispatch.csv": as_csv(
            "children", "K-1,María,O'Brien,2011-04-07,female", "K-1,Maria,OBrien,2011-04-08,female"
        ),
        "children_medicaid.csv": as_csv("children", "0017,MARIA,OBRIEN,2011-04-07,", "x"),
        "placements.csv": as_csv("placements", "0017,2025-03-01,,foster"),
    }
    return taken_in(tmp_path, mapping("crosswalk", "enrollment", "children", "placements", link_by_name=True), files)[1]


def test_neither_names_nor_birth_dates_nor_keys_stand_in_any_file(folder):
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            shown = pd.read_parquet(path).to_csv() if path.suffix == ".parquet" else path.read_text(encoding="utf-8")
            found = [secret for secret in SECRETS if secret in shown or secret.encode() in path.read_bytes()]
            assert not found, path.name


def test_children_hold_one_row_a_child_with_the_month_of_birth(folder):
    children = pd.read_parquet(folder / "children.parquet")
    assert list(children) == ["child_id", "sex", "race_ethnicity", "died_on", "born_month_on"]
    assert children["child_id"].tolist() == [1]  # its keys of both systems
    assert children["born_month_on"].dt.date.astype(str).tolist() == ["2011-04-01"]
    assert children["sex"].tolist() == ["female"]


def test_the_crosswalk_alone_holds_hashes_by_system(folder):
    crosswalk = pd.read_parquet(folder / "crosswalk.parquet")
    children = crosswalk[crosswalk["column"].eq("child_id")]
    assert children.groupby("system")["number"].apply(lambda numbers: sorted(set(numbers))).to_dict() == {
        "child_welfare": [6], "dispatch": [1, 2, 3], "medicaid": [1, 4, 5],
    }  # fmt: skip
    own = keyed_hash("medicaid:17", os.environ["MRSS_KEY"].encode())
    assert children.loc[children["hash"].eq(own), "number"].tolist() == [1]
    assert not (folder / "enrollment_spans.parquet").exists()


def test_rejected_rows_of_the_crosswalk_and_the_rosters_hold_hashes_and_no_names(folder):
    crosswalk = pd.read_parquet(folder / "rejected" / "crosswalk.parquet")
    assert crosswalk["reason"].tolist() == ["holds the key of one system alone: it joins nothing"]
    assert crosswalk["dispatch_id"].str.fullmatch("[0-9a-f]{32}").all()
    rosters = pd.read_parquet(folder / "rejected" / "children.parquet")
    assert not {"first_name", "last_name", "born_on"} & set(rosters)
    assert len(rosters) == 2


def test_where_all_files_have_one_key_nothing_has_to_be_said(tmp_path):
    source = {key: value for key, value in mapping("enrollment").items() if key != "person_keys"}
    _, folder = taken_in(tmp_path, source, {"episodes.csv": episodes("7", "8"), "enrollment.csv": enrolled("7")})
    row = linkage(folder)
    assert (row["children"], row["linked"], row["linked_by_same_key"]) == (2, 1, 1)


def test_the_report_stands_by_site_and_counts_episodes_that_name_no_child(tmp_path):
    rows = ["E1,K-1,north,2025-01-01 10:00", "E2,K-2,south,2025-01-02 10:00", "E3,,south,2025-01-03 10:00"]
    files = {
        "episodes.csv": as_csv("episodes", *rows),
        "crosswalk.csv": as_csv("crosswalk", "K-1,17", "K-2,18"),
        "enrollment.csv": enrolled("17"),
    }
    _, folder = taken_in(tmp_path, mapping("crosswalk", "enrollment"), files)
    report = pd.read_csv(folder / "linkage.csv").set_index(["table", "site_id"])
    assert report.loc["episodes", "linked_share"].to_dict() == {"all": 0.5, "north": 1.0, "south": 0.0}
    assert report.loc["episodes", "rows_without_key"].to_dict() == {"all": 1, "north": 0, "south": 1}


def test_without_linked_tables_there_is_no_report(tmp_path):
    source = {key: value for key, value in mapping().items() if key != "person_keys"}
    _, folder = taken_in(tmp_path, source, {"episodes.csv": episodes("7")})
    assert not (folder / "linkage.csv").exists()


# --- rows that the linkage shows to be double ------------------------------------------------------------------------


def test_a_stay_that_two_keys_of_a_child_bring_counts_once(tmp_path):
    source = mapping("crosswalk", "placements", "enrollment")
    source["person_keys"] = {**source["person_keys"], "child_welfare": {"several_per_child": True}}
    source["tables"]["crosswalk"]["columns"]["child_welfare_id"] = {"from": "child_welfare_id"}
    files = {
        "episodes.csv": episodes("K-1"), "enrollment.csv": enrolled("17"),
        "crosswalk.csv": "dispatch_id,medicaid_id,child_welfare_id\nK-1,17,F1\nK-1,17,F2\n",
        "placements.csv": as_csv("placements", "F1,2025-03-01,2025-03-05,foster", "F2,2025-03-01,2025-03-05,foster",
                                 "F1,2025-04-01,,foster", "F2,2025-04-01,,kin"),
    }  # fmt: skip
    extract, folder = taken_in(tmp_path, source, files)
    assert extract.tables["placements"].rows["fate"].tolist() == ["accepted", "set aside", "accepted", "rejected"]
    assert pd.read_parquet(folder / "placements.parquet")["child_id"].tolist() == [1, 1]


# --- the secret key --------------------------------------------------------------------------------------------------

PLAIN = {"episodes.csv": episodes("K-1")}


def refused(root: Path) -> str:
    with pytest.raises(IntakeError) as refusal:
        read(root)
    return str(refusal.value)


def test_records_of_real_people_need_a_key(tmp_path, monkeypatch):
    write_study(tmp_path, mapping(), PLAIN)
    monkeypatch.delenv("MRSS_KEY")
    said = refused(tmp_path)
    assert "state maps identifying columns (episodes.child_id, episodes.episode_id) and no secret key is set" in said
    assert "set MRSS_KEY to one, or MRSS_KEY_FILE" in said


def test_the_key_of_earlier_runs_is_pointed_out(tmp_path, monkeypatch):
    write_study(tmp_path, mapping(), {**PLAIN, ".crosswalk.key": "0" * 64})
    monkeypatch.delenv("MRSS_KEY")
    assert "The key of earlier runs lies in data/raw/state/.crosswalk.key: move it out" in refused(tmp_path)


@pytest.mark.parametrize(("environment", "says"), [
    ({"MRSS_KEY": "short"}, "MRSS_KEY holds fewer than 32 characters"),
    ({"MRSS_KEY": "a" * 32, "MRSS_KEY_FILE": "/nowhere"}, "Both MRSS_KEY and MRSS_KEY_FILE are set"),
    ({"MRSS_KEY_FILE": "/nowhere/at/all"}, "names a file that cannot be read"),
    ({"MRSS_KEY": "made-up-people-need-no-secret-so-this-key-is-public"}, "holds the public key of the made-up state"),
])  # fmt: skip
def test_a_key_that_hides_nothing_is_refused_without_being_shown(environment, says, tmp_path, monkeypatch):
    write_study(tmp_path, mapping(), PLAIN)
    monkeypatch.delenv("MRSS_KEY")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    said = refused(tmp_path)
    assert says in said
    assert not any(value in said for value in environment.values())


def test_a_key_file_outside_the_workspace_is_read_and_one_inside_is_refused(tmp_path, monkeypatch):
    root, outside = tmp_path / "workspace", tmp_path / "key.txt"
    write_study(root, mapping(), PLAIN)
    monkeypatch.delenv("MRSS_KEY")
    outside.write_text("a key that is long enough to be one\n")
    monkeypatch.setenv("MRSS_KEY_FILE", str(outside))
    crosswalk = pd.read_parquet(write_tables(read(root), root=root) / "crosswalk.parquet")
    assert keyed_hash("dispatch:k-1", b"a key that is long enough to be one") in set(crosswalk["hash"])
    inside, link = root / "data" / "key.txt", tmp_path / "link.txt"
    inside.write_text(outside.read_text())
    link.symlink_to(inside)
    for path in (inside, link, ROOT / "README.md"):
        monkeypatch.setenv("MRSS_KEY_FILE", str(path))
        assert "names a file inside the workspace" in refused(root)


def test_the_key_is_refused_in_one_sentence_and_never_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("MRSS_KEY")
    monkeypatch.setattr("analysis.intake.__main__.read_extract", lambda study: read(tmp_path))
    write_study(tmp_path, mapping(), PLAIN)
    assert main("demo") == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_made_up_people_and_replaced_identifiers_need_no_key(tmp_path, monkeypatch):
    monkeypatch.delenv("MRSS_KEY")
    write_study(tmp_path, mapping(), PLAIN, study={**STUDY, "made_up": "Nobody is real."})
    assert len(read(tmp_path).tables["episodes"].rows) == 1
    write_study(tmp_path, mapping(replaced_by_sender="The agency; its letter says so"), PLAIN)
    assert len(read(tmp_path).tables["episodes"].rows) == 1
    assert params.study("demo").made_up


# --- what a source.yml may not say -----------------------------------------------------------------------------------


def without(source: dict, key: str) -> dict:
    return {name: value for name, value in source.items() if name != key}


def with_system(source: dict, table: str, system: str) -> dict:
    source["tables"][table]["columns"]["child_id"]["system"] = system
    return source


@pytest.mark.parametrize(("source", "says"), [
    (without(mapping("crosswalk"), "person_keys"), "person_keys is missing: the crosswalk joins"),
    (mapping("enrollment", link_by_name=True), "link_by_name: needs first_name, last_name and born_on"),
    (mapping("enrollment", person_keys={"dispatch": {}}), 'person_keys: "medicaid" is missing, and tables.enrollment.columns.child_id'),
    (with_system(without(mapping("enrollment"), "person_keys"), "enrollment", "medicaid"), "system is given, but person_keys is missing"),
    (mapping("children", replaced_by_sender="The county"), "born_on: replaced_by_sender says that nothing identifying was sent"),
    (mapping(person_keys={"medicad": {}}), "person_keys.medicad"),
    (mapping(person_keys={"dispatch": {"ignore": ["zeros"]}}), "person_keys.dispatch.ignore"),
    (with_system(mapping("enrollment"), "enrollment", "school"), "child_id.system"),
])  # fmt: skip
def test_a_mapping_that_cannot_be_meant_is_refused(source, says, tmp_path):
    write_study(tmp_path, source, {})
    with pytest.raises(ParamsError, match=r"source\.yml") as refusal:
        read_source("state", root=tmp_path)
    assert says in str(refusal.value)


def test_every_table_of_the_tests_is_of_the_contract():
    from analysis.tables import SENT

    assert all(set(columns) <= set(SENT[name].names) for name, columns in COLUMNS.items())
