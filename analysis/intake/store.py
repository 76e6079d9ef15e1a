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
from analysis.tables import RECEIVED

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
    crosswalk = [_write_table(name, table, extract, fresh, key) for name, table in extract.tables.items()]
    pd.concat(crosswalk, ignore_index=True).to_parquet(fresh / "crosswalk.parquet", index=False)
    _write_findings(extract, fresh)
    extract.receipts.to_csv(fresh / RECEIPTS, index=False, lineterminator="\n")
    (fresh / PLAN).write_text(plan(extract), encoding="utf-8")
    _put_in_place(staged, folder)
    return folder


def _write_table(name: str, table: Sorted, extract: Extract, fresh: Path, key: bytes) -> pd.DataFrame:
    """Write one table's accepted rows and its rejected ones; the part of the crosswalk that its keys need."""
    contract, zone = RECEIVED[name], extract.source.time_zone
    keys = [column.name for column in contract.columns if column.kind == "key"]
    numbered, hashed, links = _numbered_keys(table.rows, name, keys, key)
    accepted = at_rest(numbered[numbered["fate"].eq(ACCEPTED)], contract, time_zone=zone)
    schema(contract).validate(accepted, lazy=True).to_parquet(fresh / f"{name}.parquet", index=False)
    left = hashed[hashed["fate"].ne(ACCEPTED)].sort_values(["file", "row_number"], kind="stable")
    shown = [column for column in contract.columns if not column.identifying or column.kind == "key"]
    typed = at_rest(left, replace(contract, columns=tuple(shown)), time_zone=zone, key_type="string")
    rejected = left[LEAD].reset_index(drop=True).join(typed.drop(columns=LEAD, errors="ignore"))
    rejected.to_parquet(fresh / "rejected" / f"{name}.parquet", index=False)
    return links


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


def _numbered_keys(
    rows: pd.DataFrame, table: str, columns: list[str], key: bytes
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The rows with integers for identifiers, the rows with hashes for them, and the crosswalk between the two.

    Numbers go by first appearance, so the same files give the same numbers.
    """
    numbered, hashed = rows.copy(), rows.copy()
    links = [pd.DataFrame(columns=["table", "column", "hash", "number"])] if not columns else []
    for column in columns:
        known = rows[column].dropna().drop_duplicates().astype(object)
        numbers = pd.Series(range(1, len(known) + 1), index=known, dtype="Int64")
        hashes = pd.Series([keyed_hash(text, key) for text in known], index=known, dtype="string")
        numbered[column] = rows[column].map(numbers).astype("Int64")
        hashed[column] = rows[column].map(hashes).astype("string")
        links.append(
            pd.DataFrame({"table": table, "column": column, "hash": hashes.to_numpy(), "number": numbers.to_numpy()})
        )
    return numbered, hashed, pd.concat(links, ignore_index=True)


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
