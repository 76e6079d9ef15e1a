"""Writing data/processed/<study>/: every file complete under a temporary name first, then all put in place."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.intake.enrollment import FORMS, enrolled_months
from analysis.intake.extract import Extract
from analysis.intake.fates import ACCEPTED
from analysis.intake.linked import one_row_a_child
from analysis.intake.people.report import has_linkage, linkage
from analysis.intake.people.secret import keyed_hashes, secret_key
from analysis.intake.problems import Findings
from analysis.intake.references import CHILD
from analysis.intake.schema import at_rest, schema
from analysis.intake.texts import below, read_each
from analysis.params import ROOT
from analysis.periods import last_complete_month, span
from analysis.tables import ENROLLMENT, SENT, Table

LEAD = ["file", "row_number", "fate", "reason"]
# A cell that begins like this is run as a formula by the spreadsheet that opens the list; a leading ' keeps it text.
FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
RECEIPTS = "receipts.csv"
LINKAGE = "linkage.csv"
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
    numbered = number_identifiers(extract, secret_key(extract.study, extract.source, root=root))
    numbered.drop(columns="identifier").to_parquet(fresh / "crosswalk.parquet", index=False)
    crosswalk = _by_column(numbered, list(extract.tables))
    del numbered
    for name in extract.tables:
        _write_table(name, extract, fresh, crosswalk)
    _write_enrollment(extract, fresh, crosswalk)
    if has_linkage(extract.tables):
        report = linkage(extract.tables, extract.people)
        report.to_csv(fresh / LINKAGE, index=False, lineterminator="\n", float_format="%.4f")
    _write_findings(extract, fresh)
    extract.receipts.to_csv(fresh / RECEIPTS, index=False, lineterminator="\n")
    (fresh / PLAN).write_text(plan(extract), encoding="utf-8")
    _put_in_place(staged, folder)
    return folder


def _write_table(name: str, extract: Extract, fresh: Path, crosswalk: Mapping[str, pd.DataFrame]) -> None:
    """Write one table's accepted rows and its rejected ones, with numbers and hashes in place of identifiers."""
    table, contract, zone = extract.tables[name], SENT[name], extract.source.time_zone
    contract = replace(contract, columns=contract.kept)
    if name == "children":
        _write_accepted(one_row_a_child(table, extract.people), contract, fresh, crosswalk, zone)
    elif not contract.becomes and name not in FORMS:
        _write_accepted(table.with_fate(ACCEPTED), contract, fresh, crosswalk, zone)
    hashed = _coded(table.rows[table.rows["fate"].ne(ACCEPTED)], contract, crosswalk, "hash")
    headers = table.headers[table.headers["fate"].ne(ACCEPTED)]
    left = below([hashed, headers]) if len(headers) else hashed
    left = left.astype({"file": object, "fate": object}).sort_values(["file", "row_number"], kind="stable")
    typed = at_rest(left, contract, time_zone=zone, key_type="string")
    rejected = left[LEAD].reset_index(drop=True).join(typed.drop(columns=LEAD, errors="ignore"))
    rejected.to_parquet(fresh / "rejected" / f"{name}.parquet", index=False)


def _write_accepted(
    rows: pd.DataFrame, contract: Table, fresh: Path, crosswalk: Mapping[str, pd.DataFrame], zone: str
) -> None:
    rows = _coded(rows, contract, crosswalk, "number")
    rows = at_rest(rows, contract, time_zone=zone)
    schema(contract).validate(rows, lazy=True, inplace=True).to_parquet(fresh / f"{contract.name}.parquet", index=False)


def _write_enrollment(extract: Extract, fresh: Path, crosswalk: Mapping[str, pd.DataFrame]) -> None:
    """Write one row per child and month, whatever the form in which enrollment came."""
    if not any(form in extract.tables for form in FORMS):
        return
    covers = {
        form: extract.source.tables[form].covers or extract.source.covers for form in FORMS if form in extract.tables
    }
    months = enrolled_months(extract.tables, extract.people, covers)
    _write_accepted(months, replace(ENROLLMENT, columns=ENROLLMENT.kept), fresh, crosswalk, extract.source.time_zone)


def number_identifiers(extract: Extract, key: bytes) -> pd.DataFrame:
    """The crosswalk: one row per column and identifier (table, column, system, hash, number, identifier), `table` where it stood first.

    A column has one numbering over all tables, so that an episode has the same number in the episodes and in its contacts; every
    key of one child has the child's. Numbers go by first appearance, the episodes first and the rest in the order of source.yml:
    the same files give the same numbers.
    """
    names = sorted(extract.tables, key=lambda name: name != "episodes")
    found = [
        pd.DataFrame({"table": name, "column": _numbered_as(name, column.name), "identifier": known.astype(object)})
        for name in names
        for column in SENT[name].columns
        if column.kind == "key"
        for known in [extract.tables[name].rows[column.name].dropna().drop_duplicates()]
    ]
    crosswalk = pd.concat(found, ignore_index=True).drop_duplicates(["column", "identifier"], ignore_index=True)
    of_children = crosswalk["column"].eq(CHILD)
    at = extract.people.keys.get_indexer(crosswalk.loc[of_children, "identifier"])
    crosswalk["system"] = ""
    crosswalk.loc[of_children, "system"] = extract.people.systems[at]
    crosswalk["system"] = crosswalk["system"].astype("string")
    crosswalk["hash"] = pd.array([*keyed_hashes(crosswalk["identifier"], key)], dtype="string")
    same = crosswalk["identifier"].copy()
    same[of_children] = extract.people.child[at]
    number = same.groupby(crosswalk["column"]).transform(lambda values: pd.factorize(values)[0] + 1)
    crosswalk["number"] = number.astype("Int64")
    return crosswalk[["table", "column", "system", "hash", "number", "identifier"]]


def _by_column(numbered: pd.DataFrame, tables: list[str]) -> dict[str, pd.DataFrame]:
    """Hash and number by identifier, for each column of identifiers in the tables, also one that never holds any."""
    known = numbered.set_index("identifier")[["hash", "number"]]
    columns = {
        _numbered_as(table, column.name) for table in tables for column in SENT[table].columns if column.kind == "key"
    }
    return {column: known[numbered["column"].eq(column).to_numpy()] for column in sorted(columns)}


def _numbered_as(table: str, column: str) -> str:
    return CHILD if table == "crosswalk" else column


def _coded(rows: pd.DataFrame, contract: Table, crosswalk: Mapping[str, pd.DataFrame], by: str) -> pd.DataFrame:
    """The rows with integers (`number`) or hashes (`hash`) for identifiers, and without names, birth dates and the like."""
    kinds = {"number": "Int64", "hash": "string"}
    coded = {}
    for column in contract.columns:
        if column.kind == "key":
            known = crosswalk[_numbered_as(contract.name, column.name)][by].astype(kinds[by])
            coded[column.name] = read_each(
                rows[column.name], lambda texts, known=known: known.reindex(texts.astype(object))
            )
    hidden = [column.name for column in contract.columns if not column.kept]
    return rows.drop(columns=hidden, errors="ignore").assign(**coded)


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
