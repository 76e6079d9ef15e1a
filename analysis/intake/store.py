"""Writing data/processed/<study>/: every file complete under a temporary name first, then all put in place."""

import hashlib
import hmac
import os
import re
import secrets
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.intake.extract import Extract
from analysis.intake.problems import Findings
from analysis.intake.raw import IntakeError
from analysis.intake.rows import ACCEPTED, Sorted
from analysis.intake.schema import at_rest, schema
from analysis.params import ROOT
from analysis.periods import last_complete_month, span
from analysis.tables import RECEIVED, Table

KEY_FILE = ".crosswalk.key"
KEY_BYTES = 32
LEAD = ["file", "row_number", "fate", "reason"]
# A cell that begins like this is run as a formula by the spreadsheet that opens the list; a leading ' keeps it text.
FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
RECEIPTS = "receipts.csv"
# Written last: everything later is built from it, and it may not be older than what it speaks of.
PLAN = "plan.mk"


def write_tables(extract: Extract, *, root: Path = ROOT) -> Path:
    """Write the extract's tables, rejects, crosswalk, problems and receipts; the folder they are in.

    The folder is made anew beside the old one and takes its place as a whole, so that tables of two runs never stand side by
    side; a run that is cut off leaves the last good ones.
    """
    folder = root / "data" / "processed" / extract.study.name
    staged = folder.with_name(f".{folder.name}.new")
    _put_back(staged, folder)
    fresh = staged / "tables"
    (fresh / "rejected").mkdir(parents=True)
    key = crosswalk_key(root / "data" / "raw" / extract.study.name)
    crosswalk = number_identifiers(extract, key)
    for name, table in extract.tables.items():
        _write_table(name, table, extract, fresh, crosswalk)
    crosswalk.drop(columns="identifier").to_parquet(fresh / "crosswalk.parquet", index=False)
    _write_findings(extract, fresh)
    extract.receipts.to_csv(fresh / RECEIPTS, index=False, lineterminator="\n")
    (fresh / PLAN).write_text(plan(extract), encoding="utf-8")
    _put_in_place(staged, folder)
    return folder


def _write_table(name: str, table: Sorted, extract: Extract, fresh: Path, crosswalk: pd.DataFrame) -> None:
    """Write one table's accepted rows and its rejected ones, with numbers and hashes in place of identifiers."""
    contract, zone = RECEIVED[name], extract.source.time_zone
    numbered, hashed = _without_identifiers(table.rows, contract, crosswalk)
    accepted = at_rest(numbered[numbered["fate"].eq(ACCEPTED)], contract, time_zone=zone)
    schema(contract).validate(accepted, lazy=True).to_parquet(fresh / f"{name}.parquet", index=False)
    left = hashed[hashed["fate"].ne(ACCEPTED)].sort_values(["file", "row_number"], kind="stable")
    shown = [column for column in contract.columns if not column.identifying or column.kind == "key"]
    typed = at_rest(left, replace(contract, columns=tuple(shown)), time_zone=zone, key_type="string")
    rejected = left[LEAD].reset_index(drop=True).join(typed.drop(columns=LEAD, errors="ignore"))
    rejected.to_parquet(fresh / "rejected" / f"{name}.parquet", index=False)


def crosswalk_key(raw: Path) -> bytes:
    """The secret under which identifiers are hashed; made once and kept beside the raw files, readable by their owner only."""
    path = raw / KEY_FILE
    raw.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        unfinished = path.with_name(f"{KEY_FILE}.new")
        unfinished.unlink(missing_ok=True)
        with open(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES))
        os.replace(unfinished, path)
    key = path.read_bytes().strip()
    if not re.fullmatch(rb"[0-9a-f]{%d}" % (2 * KEY_BYTES), key):
        raise IntakeError(
            f"data/raw/{raw.name}/{KEY_FILE} is not the key that intake wrote ({2 * KEY_BYTES} hexadecimal digits). Restore it "
            "from a backup, or delete it: the next run makes a new one, and hashes written before no longer match."
        )
    return key


def keyed_hash(identifier: str, key: bytes) -> str:
    """HMAC-SHA256 of an agency's identifier, 32 hexadecimal digits (RFC 2104).

    >>> keyed_hash("A-17", b"secret") == keyed_hash("A-17", b"secret"), keyed_hash("A-17", b"other") == keyed_hash("A-17", b"secret")
    (True, False)
    """
    return hmac.new(key, identifier.encode(), hashlib.sha256).hexdigest()[:32]


def number_identifiers(extract: Extract, key: bytes) -> pd.DataFrame:
    """The crosswalk: one row per column and identifier (table, column, hash, number, identifier), `table` where it stood first.

    A column has one numbering over all tables, so that an episode has the same number in the episodes and in its contacts. Numbers
    go by first appearance, the episodes first and the rest in the order of source.yml: the same files give the same numbers.
    """
    names = sorted(extract.tables, key=lambda name: name != "episodes")
    found = [
        pd.DataFrame({"table": name, "column": column.name, "identifier": known.astype(object)})
        for name in names
        for column in RECEIVED[name].columns
        if column.kind == "key"
        for known in [extract.tables[name].rows[column.name].dropna().drop_duplicates()]
    ]
    crosswalk = pd.concat(found, ignore_index=True).drop_duplicates(["column", "identifier"], ignore_index=True)
    crosswalk["hash"] = pd.array([keyed_hash(text, key) for text in crosswalk["identifier"]], dtype="string")
    crosswalk["number"] = crosswalk.groupby("column").cumcount().add(1).astype("Int64")
    return crosswalk[["table", "column", "hash", "number", "identifier"]]


def _without_identifiers(
    rows: pd.DataFrame, contract: Table, crosswalk: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows with integers for identifiers, and the rows with hashes for them."""
    numbered, hashed = rows.copy(), rows.copy()
    for column in contract.columns:
        if column.kind == "key":
            links = crosswalk[crosswalk["column"].eq(column.name)].set_index("identifier")
            numbered[column.name] = rows[column.name].astype(object).map(links["number"]).astype("Int64")
            hashed[column.name] = rows[column.name].astype(object).map(links["hash"]).astype("string")
    return numbered, hashed


def _write_findings(extract: Extract, fresh: Path) -> None:
    """problems.csv, unmapped.csv, possible_copies.csv: inside only, since a spelling may be free text."""
    found = [table.findings for table in extract.tables.values()]
    unread = Findings("")
    for file in extract.unread_files:
        unread.add("file below data/raw that no table reads", file, raw=1)
    frames = [findings.frame for findings in (*found, unread) if len(findings.frame)]
    problems = pd.concat(frames, ignore_index=True) if frames else unread.frame
    problems.to_csv(fresh / "problems.csv", index=False, lineterminator="\n")
    listed = [findings.unmapped_values for findings in found if len(findings.unmapped_values)]
    values = pd.concat(listed, ignore_index=True) if listed else unread.unmapped_values
    values["value"] = values["value"].map(_as_text_cell)
    values.to_csv(fresh / "unmapped.csv", index=False, lineterminator="\n")
    episodes = extract.tables["episodes"].rows
    possible = episodes.loc[episodes["possible_copy"].eq(True), ["file", "row_number"]]
    possible.to_csv(fresh / "possible_copies.csv", index=False, lineterminator="\n")


def _as_text_cell(value: str) -> str:
    return f"'{value}" if value.startswith(FORMULA_MARKS) else value


def plan(extract: Extract) -> str:
    """What the Makefile needs to know of the data: the last complete month, every month covered, the sites with a page of their own."""
    sites = extract.tables["sites"].with_fate(ACCEPTED)
    named = sorted(sites.loc[sites["has_scorecard"].astype(bool), "site_id"])
    first_on, last_on = pd.Timestamp(extract.source.covers.from_on), pd.Timestamp(extract.source.covers.to_on)
    accrual = span(first_on.to_period("M"), last_on.to_period("M"))
    return f"LAST_MONTH := {last_complete_month(last_on)}\nACCRUAL := {accrual.name}\nALL_SITES := {' '.join(named)}\n"


def _put_in_place(staged: Path, folder: Path) -> None:
    """The fresh tables take the old ones' place; where that fails, the old ones are put back."""
    if folder.exists():
        os.replace(folder, staged / "before")
    try:
        os.replace(staged / "tables", folder)
    except OSError:
        _put_back(staged, folder)
        raise
    shutil.rmtree(staged)


def _put_back(staged: Path, folder: Path) -> None:
    """Undo what a run has left that was cut off: the last good tables in their place, nothing half-made beside them."""
    before = staged / "before"
    if before.exists() and not folder.exists():
        os.replace(before, folder)
    shutil.rmtree(staged, ignore_errors=True)
