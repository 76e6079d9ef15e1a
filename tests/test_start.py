"""A new study's folder: complete, refused where it would overwrite, readable once it is filled in."""

import re
from pathlib import Path

import pytest

from analysis import params
from analysis.brief.meeting.promises import Agreement, Collaborative, Promise, Timings, read_collaborative
from analysis.intake.source import TO_FILL_IN, read_source
from analysis.intake.start import collaborative_text, main, source_text, start_study, study_text
from analysis.tables import SENT

FILLED_IN = {
    "title": "New Mexico", "service": "MRSS", "time_zone": "America/Denver", "files": "episodes.csv", "site_id: FILL IN": "site_id: north",
    "name": "North", "covers": "{from: 2024-07-01, to: 2026-06-30}", "episode_id": "{from: Case}",
    "site_id: {": "site_id: {from: Site}", "requested_at": "{from: Called}",
}  # fmt: skip


def filled_in(text: str) -> str:
    """The text with a value wherever one is asked for."""
    lines = []
    for line in text.splitlines():
        if TO_FILL_IN in line and not line.lstrip().startswith("#"):
            indent, key = re.match(r"( *)(\w+):", line).groups()
            kind = f"{key}: {{" if f"{key}: {{" in line else f"{key}: {TO_FILL_IN}"
            line = f"{indent}{FILLED_IN[kind]}" if kind in FILLED_IN else f"{indent}{key}: {FILLED_IN[key]}"
        lines.append(line)
    return "\n".join(lines)


def uncommented(text: str) -> str:
    """The text with the # taken off every line that only waits for it; ## explains and stays."""
    return re.sub(r"^( *)#(?!#)", r"\1", text, flags=re.MULTILINE)


def write(root: Path, study: str, source: str) -> None:
    folder = root / "params" / "nm"
    folder.mkdir(parents=True)
    (folder / "study.yml").write_text(study, encoding="utf-8")
    (folder / "source.yml").write_text(source, encoding="utf-8")


def test_as_written_it_says_what_is_to_be_filled_in(tmp_path):
    start_study("nm", root=tmp_path)
    with pytest.raises(
        params.ParamsError, match=r"params/nm/study\.yml is not filled in yet: title \(line 4\), service"
    ):
        read_source("nm", root=tmp_path)
    (tmp_path / "params" / "nm" / "study.yml").write_text(filled_in(study_text("nm")), encoding="utf-8")
    asked = r"source\.yml is not filled in yet: covers \(.*time_zone.*files.*episode_id.*site_id.*requested_at.*site_id.*name"
    with pytest.raises(params.ParamsError, match=asked):
        read_source("nm", root=tmp_path)


def test_the_two_edits_make_it_load(tmp_path):
    write(tmp_path, filled_in(study_text("nm")), filled_in(source_text("nm")))
    assert params.study("nm", root=tmp_path).title == "New Mexico"
    source = read_source("nm", root=tmp_path)
    assert set(source.tables) == {"episodes", "sites"}
    assert set(source.tables["episodes"].columns) == {"episode_id", "site_id", "requested_at"}


def test_with_every_line_uncommented_it_holds_every_table_and_column_that_can_be_mapped(tmp_path):
    write(tmp_path, filled_in(study_text("nm")), uncommented(filled_in(source_text("nm"))))
    source = read_source("nm", root=tmp_path)
    mapped = {
        name: set(table.columns) | {key for row in table.rows for key in row} for name, table in source.tables.items()
    }
    assert mapped == {name: {column.name for column in table.mapped} for name, table in SENT.items()}


def test_with_every_line_uncommented_the_study_holds_every_key(tmp_path):
    write(tmp_path, uncommented(filled_in(study_text("nm"))), "")
    study = params.study("nm", root=tmp_path)
    assert study.model_fields_set == set(params.Study.model_fields)
    assert study.clocks[0].model_fields_set == set(params.Clock.model_fields)
    assert study.cohort.model_fields_set == set(params.Cohort.model_fields)
    assert study.stay_limits[0].model_fields_set == set(params.StayLimit.model_fields)
    assert study.utilization_target[0].model_fields_set == set(params.UseTarget.model_fields)
    assert study.targets["in_person_share"][0].model_fields_set == set(params.Target.model_fields)


def test_the_file_of_the_meetings_says_nothing_as_written_and_names_what_lies_beside_it(tmp_path):
    folder = start_study("nm", root=tmp_path)
    assert read_collaborative("nm", ["north"], root=tmp_path) == Collaborative()
    text = (folder / "collaborative.yml").read_text(encoding="utf-8")
    assert "rebases.yml" in text
    assert "make release STUDY=nm" in text


def test_with_every_line_uncommented_the_meetings_have_every_key(tmp_path):
    folder = start_study("nm", root=tmp_path)
    (folder / "collaborative.yml").write_text(uncommented(collaborative_text("nm")), encoding="utf-8")
    rules = read_collaborative("nm", ["north"], root=tmp_path)
    assert rules.model_fields_set == set(Collaborative.model_fields)
    assert rules.agreement.model_fields_set == set(Agreement.model_fields)
    assert rules.minutes.model_fields_set == set(Timings.model_fields)
    assert rules.promises[0].model_fields_set == set(Promise.model_fields)


def test_one_line_taken_off_is_enough(tmp_path):
    folder = start_study("nm", root=tmp_path)
    text = collaborative_text("nm").replace("#name_peers: true", "name_peers: false")
    (folder / "collaborative.yml").write_text(text, encoding="utf-8")
    assert read_collaborative("nm", ["north"], root=tmp_path).name_peers is False


def test_every_column_says_what_it_means_and_every_code_its_words():
    text = " ".join(source_text("nm").replace("##", " ").split())
    for table in SENT.values():
        for column in table.mapped:
            assert f": {column.means}." in text, column.name
            assert [
                f"{code} = {words}" for code, words in column.codes.items() if f"{code} = {words}" not in text
            ] == []


def test_what_is_left_commented_is_asked_of_nobody():
    required = [
        line for line in source_text("nm").splitlines() if TO_FILL_IN in line and not line.lstrip().startswith("#")
    ]
    assert len(required) == 8  # covers, time zone, files, three columns, a site's id and name


@pytest.mark.parametrize(("name", "says"), [
    ("demo", "demo is the made-up state. Name the new study"),
    ("../nm", '"../nm" cannot be the name of a study: use letters, digits, - and _'),
    ("new mexico", "cannot be the name of a study"),
    ("-nm", "cannot be the name of a study"),
    ("", "cannot be the name of a study"),
    ("lane_county", "params/lane_county/ exists already and stays as it is"),
])  # fmt: skip
def test_a_name_that_cannot_be_used_is_refused(name, says, capsys):
    assert main([name]) == 1
    assert says in capsys.readouterr().err


def test_it_writes_three_files_and_says_what_to_do_next_in_three_lines(tmp_path, capsys):
    assert main(["nm"], root=tmp_path) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line[:2] for line in said] == ["1.", "2.", "3."]
    assert "data/raw/nm/" in said[0]
    assert "make data STUDY=nm" in said[2]
    made = sorted(path.name for path in (tmp_path / "params" / "nm").iterdir())
    assert made == ["collaborative.yml", "source.yml", "study.yml"]
