"""The made-up state on disk: raw files as its record system exports them, and the truth beside them."""

import csv
import gzip
import io
import json
import os
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd

from analysis.demo.companions import dirt as companions_dirt
from analysis.demo.companions.files import SHEET, WORKBOOK, write_out
from analysis.demo.crises import make_children
from analysis.demo.dirt import add_dirt, count_dirt
from analysis.demo.draws import day_text
from analysis.demo.linked.names import LINKED_FILES
from analysis.demo.scenario import Export, RawFile, Scenario
from analysis.demo.state import State
from analysis.tables import CLOCKS, EPISODES

DAY_FORMAT = "%Y-%m-%d"
DAYS = [column.name for column in EPISODES.mapped if column.kind == "day"]
FLAGS = [column.name for column in EPISODES.mapped if column.kind == "flag"]


class RawFolderError(ValueError):
    """A sentence about data/raw/demo/ that a user can act on."""


# Files other than the episodes: the record system's own headers for the contract's columns.
PLACE_HEADERS = {
    "sites": {
        "site_id": "Site", "name": "Site Name", "opened_on": "Opened", "closed_on": "Closed", "hub_id": "Hub",
        "has_scorecard": "Scorecard",
    },
    "site_counties": {
        "site_id": "Site", "county_fips": "County", "from_on": "From", "to_on": "To", "share": "Share",
    },
    "population": {
        "county_fips": "County", "county_name": "County Name", "year": "Year", "age_band": "Age Band",
        "children": "Children", "children_in_poverty": "In Poverty", "source": "Source",
    },
}  # fmt: skip

# A workbook's own dates: fixed, so that the same rows give the same bytes. Zip archives begin with 1980.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
WRITTEN_AT = "2026-11-01T00:00:00Z"


def write_raw(state: State, folder: Path, *, beside: Callable[[Path], None] | None = None) -> dict[str, int]:
    """Write the raw files of a state to `folder` and give the rows of each kind of dirt in them.

    The files are four of episodes (one a fiscal year), one of each other table. What is wrong with the tables beside the episodes
    is counted by `count_companion_dirt`. `beside` writes the files of the linked study, where they are wanted, to the folder that it is
    given. The folder is replaced as a whole once all are written, so it never holds half of them. The same state gives the same bytes.
    Raises RawFolderError where the folder holds something that is not among these files.
    """
    raw = make_raw_episodes(state)
    files = _episode_files(raw, state.scenario) | {
        f"{name}.csv": _as_csv(_place_rows(getattr(state, name), headers), ",", "utf-8")
        for name, headers in PLACE_HEADERS.items()
    }
    files |= _companion_files(state)
    _replace_folder(folder, files, beside)
    return count_dirt(raw)


def write_truth(state: State, dirt: dict[str, int], path: Path) -> None:
    """Write the truth to `path` (summary.json) and children.parquet beside it.

    The summary holds what the state was drawn from and the rows of each kind of dirt; the other file has one row per child, as
    `make_children` gives it, of the clean episodes.
    """
    companions = {"companions": state.companions_truth, "companions_dirt": count_companion_dirt(state)}
    truth = state.truth | companions | {"dirt": dirt, "unmapped_columns": [state.scenario.export.columns["vehicle"]]}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    # The summary comes last: where it stands, the children stand beside it.
    make_children(state.outcomes).to_parquet(part, index=False)
    os.replace(part, path.with_name("children.parquet"))
    part.write_text(json.dumps(truth, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, path)


def make_raw_episodes(state: State) -> pd.DataFrame:
    """The raw episodes with their dirt: one row per line of a file, in the order of the files.

    Columns are the keys of export.columns (clocks and days as times, the rest as text, "" where missing) and those of `add_dirt`.
    """
    export, rng = state.scenario.export, state.scenario.stream("export")
    raw = state.episodes.copy()
    problems = raw.pop("presenting_problems").str.split("|", expand=True).reindex(columns=[0, 1])
    raw = raw.drop(columns="presenting_problem").assign(problem_1=problems[0], problem_2=problems[1])
    for column in raw.columns.intersection([*export.words, "problem_1", "problem_2"]):
        words = export.words["presenting_problem" if column.startswith("problem") else column]
        raw[column] = raw[column].map({code: usual for code, (usual, *_) in words.items()}).fillna("")
    for column in FLAGS:
        raw[column] = raw[column].astype(object).map({True: "Yes", False: "No"}).fillna("")
    for column in ("age_years", "team_size"):
        raw[column] = raw[column].astype("string").astype(object).fillna("")
    raw["referrer"] = raw["referrer"].fillna("")
    raw["site_name"] = raw["site_id"].map(state.scenario.of_sites("name"))
    raw["clerk"] = rng.choice(export.clerks, len(raw))
    raw["vehicle"] = np.where(raw["arrived_at"].notna(), rng.choice(export.vehicles, len(raw)), "")
    raw = add_dirt(raw, state.scenario)
    # Ids are given in order, so a copy comes after its original; the repeated row stays beside its own.
    return raw.sort_values(["asked_at", "episode_id"], kind="stable", ignore_index=True)


def make_raw_companions(state: State) -> dict[str, pd.DataFrame]:
    """The raw tables beside the episodes with their dirt, by name: the contract's columns and values, and `dirt`."""
    return companions_dirt.add_dirt(state.companions, state.scenario)


def count_companion_dirt(state: State) -> dict[str, dict[str, int]]:
    """Rows of each kind of dirt by table, of all tables beside the episodes."""
    return companions_dirt.count_dirt(make_raw_companions(state))


# --- files -----------------------------------------------------------------------------------------------------------


def _episode_files(raw: pd.DataFrame, scenario: Scenario) -> dict[str, bytes]:
    export = scenario.export
    # The fiscal year that ends in June is named by that June.
    fiscal_year = raw["asked_at"].dt.to_period("Q-JUN").dt.qyear
    return {
        file.name: _as_file(raw.loc[fiscal_year.eq(year), list(export.columns)], file, export)
        for year, file in export.files.items()
    }


def _companion_files(state: State) -> dict[str, bytes]:
    written = write_out(make_raw_companions(state), state.scenario.export.day_format)
    return {
        f"{name}.xlsx" if name == WORKBOOK else f"{name}.csv": _as_workbook(rows, SHEET)
        if name == WORKBOOK
        else _as_csv(rows, ",", "utf-8")
        for name, rows in written.items()
    }


def _as_file(rows: pd.DataFrame, file: RawFile, export: Export) -> bytes:
    if file.sheet is not None:
        return _as_workbook(rows.rename(columns=export.columns), file.sheet)
    forms = dict.fromkeys(CLOCKS, export.clock_format) | dict.fromkeys(DAYS, export.day_format)
    as_text = {column: day_text(rows[column], form) for column, form in forms.items()}
    content = _as_csv(rows.assign(**as_text).rename(columns=export.columns), file.separator, file.encoding)
    return gzip.compress(content, mtime=0) if file.name.endswith(".gz") else content


def _place_rows(table: pd.DataFrame, headers: dict[str, str]) -> pd.DataFrame:
    """A table as text: days as 2024-07-01, flags as true and false, missing as an empty field."""
    text = pd.DataFrame(index=table.index)
    for column in headers:
        values = table[column]
        if pd.api.types.is_datetime64_any_dtype(values):
            text[column] = values.dt.strftime(DAY_FORMAT).fillna("")
        elif pd.api.types.is_bool_dtype(values):
            text[column] = values.map({True: "true", False: "false"})
        else:
            text[column] = values.map(str, na_action="ignore").fillna("")
    return text.rename(columns=headers)


def _as_csv(rows: pd.DataFrame, separator: str, encoding: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(rows.columns)
    writer.writerows(rows.itertuples(index=False, name=None))
    return text.getvalue().encode(encoding)


def _as_workbook(rows: pd.DataFrame, sheet: str) -> bytes:
    """An Excel workbook with date cells for clocks and days and text for the rest; empty cells where nothing is written."""
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(sheet)
    page.append(list(rows.columns))
    filled = rows.astype(object).where(rows.notna() & rows.ne(""), None)
    for row in filled.itertuples(index=False, name=None):
        page.append([value.to_pydatetime() if isinstance(value, pd.Timestamp) else value for value in row])
    content = io.BytesIO()
    book.save(content)
    return _with_fixed_dates(content)


def _with_fixed_dates(workbook: io.BytesIO) -> bytes:
    """The workbook with one date for every part and for its creation, in place of the time of writing."""
    settled = io.BytesIO()
    with zipfile.ZipFile(workbook) as written, zipfile.ZipFile(settled, "w") as fixed:
        for name in written.namelist():
            part = written.read(name)
            if name == "docProps/core.xml":
                part = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", WRITTEN_AT.encode(), part)
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            fixed.writestr(entry, part, compress_type=zipfile.ZIP_DEFLATED)
    return settled.getvalue()


def _replace_folder(folder: Path, files: dict[str, bytes], beside: Callable[[Path], None] | None) -> None:
    """Put the files in place of the folder's own in one move; a folder with anything else in it is left alone."""
    there = sorted(path.name for path in folder.glob("*") if not path.name.startswith("."))
    if foreign := [name for name in there if name not in files and name not in LINKED_FILES]:
        raise RawFolderError(
            f"{folder.name}/ holds {foreign[0]}, which the made-up state does not write ({len(foreign)} such in all). "
            "Move it elsewhere: the folder is replaced as a whole."
        )
    part, old = (folder.with_name(f".{folder.name}.{word}") for word in ("part", "old"))
    for left_behind in (part, old):
        shutil.rmtree(left_behind, ignore_errors=True)
    part.mkdir(parents=True)
    for name, content in files.items():
        (part / name).write_bytes(content)
    if beside is not None:
        beside(part)
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
