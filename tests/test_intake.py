"""The rules of intake one by one: clocks, the day that counts, copies, codes, keys, rejects, receipts, writing."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import yaml

from analysis import params
from analysis.intake import store
from analysis.intake.__main__ import main
from analysis.intake.clocks import check_clocks, counted_on
from analysis.intake.extract import Extract, read_extract
from analysis.intake.people.secret import keyed_hash
from analysis.intake.store import write_tables

CLOCKS = {
    "requested_at": "Called", "dispatched_at": "Sent", "arrived_at": "Arrived", "engaged_at": "Met", "departed_at": "Left",
}  # fmt: skip
HEADER = ["ID", "Kid", "Site", *CLOCKS.values(), "Age", "Problem 1", "Problem 2", "Outcome"]
PLAIN = {
    "Site": "north", "Called": "2025-03-14 10:00", "Sent": "2025-03-14 10:10", "Arrived": "2025-03-14 10:50",
    "Met": "2025-03-14 10:55", "Left": "2025-03-14 12:00", "Age": "14", "Problem 1": "Grief", "Outcome": "Home",
}  # fmt: skip


def episode(number: int, **said: str) -> dict[str, str]:
    """One row as the site wrote it: plain, on its own day, but for what is said."""
    own_day = {name: text.replace("03-14", f"03-{number:02d}") for name, text in PLAIN.items()}
    return {"ID": f"CASE-{8800 + number}", "Kid": f"CHILD-{9900 + number}", **own_day, **said}


def write_study(root: Path, rows: list[dict[str, str]], **source: object) -> None:
    """A study of one file with these rows."""
    folder, raw = root / "params" / "state", root / "data" / "raw" / "state"
    folder.mkdir(parents=True, exist_ok=True)
    raw.mkdir(parents=True, exist_ok=True)
    study = {"title": "A state", "service": "MRSS", "people": "children", "place": "site"}
    study["ages"] = {"youngest": 0, "oldest": 20}
    columns = {
        "episode_id": {"from": "ID"}, "child_id": {"from": "Kid"}, "site_id": {"from": "Site"}, "age_years": {"from": "Age"},
        **{clock: {"from": name} for clock, name in CLOCKS.items()},
        "presenting_problem": {"from": "Problem 1"}, "presenting_problems": {"from": ["Problem 1", "Problem 2"]},
        "disposition": {"from": "Outcome", "codes": {"community": ["Home", "Client  stayed home"]}},
    }  # fmt: skip
    mapping = {
        "covers": {"from": date(2025, 1, 1), "to": date(2025, 12, 31)}, "time_zone": "America/Denver",
        "tables": {
            "episodes": {"files": "*.csv", "columns": columns},
            "sites": {"rows": [{"site_id": site, "name": site.title(), "has_scorecard": site != "unknown"} for site in ("south", "north", "unknown")]},
        },
        **source,
    }  # fmt: skip
    (folder / "study.yml").write_text(yaml.safe_dump(study), encoding="utf-8")
    (folder / "source.yml").write_text(yaml.safe_dump(mapping), encoding="utf-8")
    pd.DataFrame(rows, columns=HEADER).to_csv(raw / "export.csv", index=False)


def read(root: Path, rows: list[dict[str, str]], **source: object) -> Extract:
    write_study(root, rows, **source)
    return read_extract(params.study("state", root=root), root=root)


def rows_of(extract: Extract) -> pd.DataFrame:
    return extract.tables["episodes"].rows.set_index("row_number")


# --- clocks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("said", "clock", "note"), [
    ({}, "arrived_at", "time"),
    ({"Arrived": ""}, "arrived_at", "missing"),
    ({"Arrived": "soon"}, "arrived_at", "unreadable"),
    ({"Arrived": "2025-03-05 00:00"}, "arrived_at", "date_only"),         # exactly midnight is not a time
    ({"Arrived": "2025-03-05"}, "arrived_at", "date_only"),
    ({"Arrived": "2005-03-05 10:50"}, "arrived_at", "impossible_date"),
    ({"Arrived": "2025-03-05 10:05"}, "arrived_at", "impossible_order"),  # dispatched at 10:10
    ({"Arrived": "2025-03-05 10:10"}, "arrived_at", "time"),              # at the same minute is no fault
    ({"Met": "2025-03-05 10:40"}, "engaged_at", "impossible_order"),      # arrived at 10:50
    ({"Met": "2025-03-05 12:30"}, "departed_at", "time"),                 # a departure is not held against the first contact
    ({"Called": "2025-03-05 10:30"}, "requested_at", "time"),             # the later of the two is taken for the slip:
    ({"Called": "2025-03-05 10:30"}, "dispatched_at", "impossible_order"),
    ({"Arrived": "2025-03-05 10:05"}, "engaged_at", "time"),              # a blanked clock accuses no other
])  # fmt: skip
def test_each_clock_has_a_note_that_says_what_became_of_it(said, clock, note, tmp_path):
    rows = rows_of(read(tmp_path, [episode(3), episode(4), episode(5, **said)]))
    assert rows.loc[4, f"{clock}_note"] == note
    assert pd.notna(rows.loc[4, clock]) == (note == "time")


@pytest.mark.parametrize(("said", "day", "origin"), [
    ({}, "2025-03-05", "requested_at"),
    ({"Called": ""}, "2025-03-05", "dispatched_at"),
    ({"Called": "2025-03-04", "Sent": "2025-03-05 00:20"}, "2025-03-05", "dispatched_at"),   # a real time before a bare date
    ({"Called": "2025-03-04", "Sent": "", "Arrived": "", "Met": "", "Left": ""}, "2025-03-04", "requested_at"),
    ({"Called": "2052-03-05 10:00"}, "2025-03-05", "dispatched_at"),                         # a slip of the year gives no day
    ({"Called": "", "Sent": "", "Arrived": "2026-01-02 09:00", "Met": "", "Left": "2025-12-31"}, "2025-12-31", "departed_at"),
])  # fmt: skip
def test_an_episode_is_counted_on_its_first_real_time_else_its_first_date(said, day, origin, tmp_path):
    row = rows_of(read(tmp_path, [episode(3), episode(4), episode(5, **said)])).loc[4]
    assert (row["counted_on"].date().isoformat(), row["counted_from"]) == (day, origin)


def test_a_request_ends_with_the_extract_and_a_departure_may_come_eight_weeks_later():
    days = ["2025-12-31 12:00", "2026-01-01 12:00", "2026-02-25 12:00", "2026-02-26 12:00"]  # 31 December + 56 days
    times = pd.DataFrame({clock: pd.to_datetime(days) for clock in ("requested_at", "departed_at")})
    written = times.notna()
    _, notes = check_clocks(
        times, written, first=date(2025, 1, 1), to_on=date(2025, 12, 31), time_zone="America/Denver"
    )
    assert notes["requested_at"].tolist() == ["time", "impossible_date", "impossible_date", "impossible_date"]
    assert notes["departed_at"].tolist() == ["time", "time", "time", "impossible_date"]
    assert counted_on(times, notes, to_on=date(2025, 12, 31))["counted_on"].isna().tolist() == [False, True, True, True]


def test_a_time_with_an_offset_is_moved_to_the_time_zone(tmp_path):
    rows = rows_of(read(tmp_path, [episode(5, Called="2025-03-05T16:30:00Z", Sent="")]))  # Denver is 7 hours behind
    assert rows.loc[2, "requested_at"].isoformat() == "2025-03-05T09:30:00-07:00"


# --- rows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "kept"), [("-1", True), ("0", True), ("20.9", True), ("21", False), ("", True)])
def test_an_age_outside_the_service_is_rejected_and_a_missing_or_unreadable_one_is_not(age, kept, tmp_path):
    assert (rows_of(read(tmp_path, [episode(5, Age=age), episode(6)])).loc[2, "fate"] == "accepted") == kept


def test_a_copy_needs_three_real_clock_times_that_agree(tmp_path):
    midnight = {"Met": "2025-03-05", "Left": "2025-03-05"}
    one_child = {"Kid": "CHILD-9905"}
    three = [episode(5, **midnight, **one_child, ID=number) for number in ("A", "B")]
    two = [
        episode(6, Met="2025-03-06", Left="2025-03-06", Sent="", Kid="CHILD-9906", ID=number) for number in ("C", "D")
    ]
    extract = read(tmp_path, [*three, *two])
    assert rows_of(extract)["fate"].tolist() == ["accepted", "set aside", "accepted", "accepted"]
    folder = write_tables(extract, root=tmp_path)
    assert pd.read_csv(folder / "possible_copies.csv")["row_number"].tolist() == [5]


@pytest.mark.parametrize(
    "other", [{"Problem 1": "Trauma"}, {"Outcome": "Other"}, {"Left": "2025-03-05 12:01"}, {"Kid": "CHILD-1"}]
)
def test_a_row_that_differs_in_a_clock_problem_outcome_or_child_is_no_copy(other, tmp_path):
    rows = rows_of(read(tmp_path, [episode(5), episode(5, ID="CASE-2", **other)]))
    assert rows["fate"].tolist() == ["accepted", "accepted"]


def test_the_same_row_again_is_set_aside_and_another_under_its_number_is_rejected(tmp_path):
    again = episode(5, **{"Problem 2": "Trauma"})
    rows = rows_of(read(tmp_path, [episode(5), episode(5), again]))  # they differ in the second problem only
    assert rows["fate"].tolist() == ["accepted", "set aside", "rejected"]


def test_a_rejected_row_does_not_take_its_number_from_a_good_one(tmp_path):
    rows = rows_of(read(tmp_path, [episode(5, Site="west"), episode(5)]))
    assert rows["fate"].tolist() == ["rejected", "accepted"]


def test_codes_are_read_whatever_their_capitals_and_blanks_and_lists_keep_their_order(tmp_path):
    said = {"Problem 1": "TRAUMA", "Problem 2": "Family  conflict", "Outcome": "client stayed   HOME"}
    row = rows_of(read(tmp_path, [episode(5, **said)])).loc[2]
    assert row["presenting_problems"] == "trauma|family_conflict"
    assert (row["presenting_problem"], row["disposition"]) == ("trauma", "community")


def test_a_site_that_closes_before_it_opens_is_refused(tmp_path):
    site = {
        "site_id": "north",
        "name": "North",
        "has_scorecard": True,
        "opened_on": date(2025, 2, 1),
        "closed_on": date(2025, 1, 1),
    }
    with pytest.raises(params.ParamsError, match=r"tables\.sites\.rows: row 1: closed_on comes before opened_on"):
        read(tmp_path, [episode(5)], tables={"episodes": {"files": "*.csv", "columns": {
            "episode_id": {"from": "ID"}, "site_id": {"from": "Site"}, "requested_at": {"from": "Called"}}}, "sites": {"rows": [site]}})  # fmt: skip


# --- what is written -------------------------------------------------------------------------------------------------

DIRTY = [
    episode(5), episode(6), episode(7), episode(7), episode(6, Age="12"), episode(8, Site="west"),
    episode(9, Kid="CHILD-9905"), episode(9, ID="CASE-1", Kid="CHILD-9905"), episode(10, ID=""), episode(11, Outcome="=1+1"),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path) -> Path:
    """The processed tables of an extract with one row of each kind."""
    return write_tables(read(tmp_path, DIRTY), root=tmp_path)


def written(folder: Path) -> Iterator[tuple[str, bytes, str]]:
    """Every file: its name, its bytes and its content as text."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            shown = pd.read_parquet(path).to_csv() if path.suffix == ".parquet" else path.read_text(encoding="utf-8")
            yield path.relative_to(folder).as_posix(), path.read_bytes(), shown


def test_receipts_add_up(folder):
    receipts = pd.read_csv(folder / "receipts.csv").set_index("table")
    # Rejected: another row under one number, an unknown site, no number. Set aside: one row again, one copy.
    assert receipts.loc["episodes"].tolist() == ["export.csv", 10, 5, 3, 2]
    assert receipts.loc["sites", ["rows_read", "accepted"]].tolist() == [3, 3]
    assert len(pd.read_parquet(folder / "episodes.parquet")) == 5
    assert len(pd.read_parquet(folder / "rejected" / "episodes.parquet")) == 3 + 2


def test_a_rejected_row_keeps_its_place_its_reason_and_no_identifier(folder):
    rejected = pd.read_parquet(folder / "rejected" / "episodes.parquet").set_index("row_number")
    assert rejected["file"].eq("export.csv").all()
    assert rejected["reason"].to_dict() == {
        5: "the same row again, with the same episode_id",
        6: "episode_id already used by an earlier row that says something else",
        7: "site_id is not in the sites table",
        9: "a copy of an earlier row under another id: same clocks, first problem and disposition",
        10: "episode_id is missing",
    }
    hashed = rejected["episode_id"].dropna()
    assert len(hashed) == 4
    assert hashed.str.fullmatch("[0-9a-f]{32}").all()
    assert rejected.loc[7, "site_id"] == "west"


def test_no_agency_identifier_stands_in_any_file(folder):
    for name, content, shown in written(folder):
        assert b"CASE-" not in content, name
        assert b"CHILD-" not in content, name
        assert "CASE-" not in shown, name
        assert "CHILD-" not in shown, name


def test_the_crosswalk_links_numbers_with_keyed_hashes(folder):
    key = os.environ["MRSS_KEY"].encode()
    crosswalk = pd.read_parquet(folder / "crosswalk.parquet")
    child = crosswalk[crosswalk["column"].eq("child_id")].set_index("hash")["number"]
    episodes = pd.read_parquet(folder / "episodes.parquet").set_index("row_number")
    assert child[keyed_hash("CHILD-9905", key)] == episodes.loc[2, "child_id"] == episodes.loc[8, "child_id"]
    assert keyed_hash("CHILD-9905", b"another key") not in child.index


def test_two_runs_give_the_same_bytes(tmp_path):
    first = list(written(write_tables(read(tmp_path, DIRTY), root=tmp_path)))
    second = list(written(write_tables(read(tmp_path, DIRTY), root=tmp_path)))
    assert first == second


def test_another_key_gives_the_same_numbers_and_other_hashes(tmp_path, monkeypatch):
    first = write_tables(read(tmp_path, DIRTY), root=tmp_path)
    tables = [pd.read_parquet(first / name) for name in ("episodes.parquet", "crosswalk.parquet")]
    monkeypatch.setenv("MRSS_KEY", "another key that is just as long as the first")
    second = write_tables(read(tmp_path, DIRTY), root=tmp_path)
    episodes, crosswalk = (pd.read_parquet(second / name) for name in ("episodes.parquet", "crosswalk.parquet"))
    assert episodes.equals(tables[0])
    assert not set(crosswalk["hash"]) & set(tables[1]["hash"])


def test_a_table_that_the_study_no_longer_has_goes_away(folder, tmp_path):
    (folder / "population.parquet").write_bytes(b"from an earlier mapping")
    again = write_tables(read(tmp_path, DIRTY), root=tmp_path)
    assert not (again / "population.parquet").exists()
    assert (again / "episodes.parquet").exists()


def test_the_plan_names_the_last_complete_month_and_the_sites_with_a_page(tmp_path):
    rows = [episode(5)]
    folder = write_tables(
        read(tmp_path, rows, covers={"from": date(2025, 1, 1), "to": date(2025, 12, 17)}), root=tmp_path
    )
    lines = dict(line.split(" := ") for line in (folder / "plan.mk").read_text().splitlines())
    assert (lines["LAST_MONTH"], lines["ALL_SITES"]) == ("2025-11", "north south")


class Killed(BaseException):
    """The run is killed: nothing may catch it."""


@pytest.mark.parametrize("at", ["episodes.parquet", "receipts.csv", "plan.mk"])
def test_a_run_killed_while_writing_leaves_the_last_good_tables(at, folder, tmp_path, monkeypatch):
    good = list(written(folder))
    extract = read(tmp_path, [episode(12)])

    def killed(*given: object, **named: object) -> None:
        raise Killed

    target = {
        "episodes.parquet": (pd.DataFrame, "to_parquet"),
        "receipts.csv": (pd.DataFrame, "to_csv"),
        "plan.mk": (Path, "write_text"),
    }
    with monkeypatch.context() as patched:
        patched.setattr(*target[at], killed)
        with pytest.raises(Killed):
            write_tables(extract, root=tmp_path)
    assert list(written(folder)) == good
    assert len(pd.read_parquet(write_tables(extract, root=tmp_path) / "episodes.parquet")) == 1


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("how", [Killed, OSError])
def test_a_run_cut_off_while_the_tables_change_places_is_made_good(after, how, folder, tmp_path, monkeypatch):
    good = list(written(folder))
    extract = read(tmp_path, [episode(12)])
    replace, calls = os.replace, []

    def cut_off(*paths: object) -> None:
        calls.append(paths)
        if len(calls) > after:
            raise how
        replace(*paths)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", cut_off)
        if after < 2:  # the old tables out, the new ones in
            with pytest.raises(how):
                write_tables(extract, root=tmp_path)
        else:
            write_tables(extract, root=tmp_path)
    beside = folder.with_name(".state.new") / "before"
    if after < 2:
        assert list(written(beside if beside.exists() else folder)) == good  # never a mixture, never nothing
    assert len(pd.read_parquet(write_tables(extract, root=tmp_path) / "episodes.parquet")) == 1
    assert not beside.exists()


def test_tables_left_aside_by_a_killed_run_come_back_before_the_next_one_writes(folder, tmp_path, monkeypatch):
    good = list(written(folder))
    (folder.with_name(".state.new")).mkdir()
    folder.rename(folder.with_name(".state.new") / "before")
    monkeypatch.setattr(store, "number_identifiers", lambda *given: (_ for _ in ()).throw(Killed()))
    with pytest.raises(Killed):
        write_tables(read(tmp_path, [episode(12)]), root=tmp_path)
    assert list(written(folder)) == good


def test_a_file_that_no_table_reads_is_listed(tmp_path):
    (tmp_path / "data" / "raw" / "state").mkdir(parents=True)
    for name in ("notes.docx", "README.md", "~$export.csv", ".hidden"):
        (tmp_path / "data" / "raw" / "state" / name).write_text("x")
    assert read(tmp_path, [episode(5)]).unread_files == ("notes.docx",)


def test_the_command_ends_with_one_sentence_for_a_study_that_is_not_there(capsys):
    assert main("dmeo") == 1
    assert 'There is no study "dmeo" (did you mean "demo"?)' in capsys.readouterr().err
