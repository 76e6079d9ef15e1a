"""A study of linked data, small enough to read: its mapping, its raw files from rows, and what intake makes of them."""

import datetime
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import yaml

from analysis import params
from analysis.intake.extract import Extract, read_extract
from analysis.intake.store import write_tables

STUDY = {"title": "A state", "service": "MRSS", "people": "children", "place": "site"}
KEYS = {
    "dispatch": {"ignore": ["blanks", "capitals"], "several_per_child": True},
    "medicaid": {"ignore": ["leading_zeros", "blanks"]},
    "child_welfare": {"ignore": ["leading_zeros"]},
    "detention": {"ignore": ["hyphens"]},
}
SITES = [{"site_id": site, "name": site.title(), "has_scorecard": True} for site in ("north", "south")]
# Each table beside the episodes with the columns of its file in order; a header is the column's own name.
COLUMNS = {
    "episodes": ["episode_id", "child_id", "site_id", "requested_at"],
    "children": ["child_id", "first_name", "last_name", "born_on", "sex"],
    "crosswalk": ["dispatch_id", "medicaid_id"],
    "claims": ["claim_id", "line", "child_id", "file_type", "service_from_on", "service_to_on", "procedure_code", "paid_usd",
               "ffs_equivalent_usd", "claim_paid_usd", "payment_level", "payment_kind", "claim_action", "original_claim_id",
               "adjudicated_on", "claim_status", "line_status"],
    "enrollment": ["child_id", "month_on", "days", "county_fips"],
    "enrollment_spans": ["child_id", "from_on", "to_on", "county_fips", "plan_type"],
    "placements": ["child_id", "from_on", "to_on", "setting"],
    "detentions": ["child_id", "booked_on", "released_on"],
}  # fmt: skip


def mapping(*tables: str, **said: object) -> dict:
    """A source.yml with these tables, each from <table>.csv; `said` adds keys or takes the place of them."""
    mapped = {
        name: {"files": f"{name}.csv", "columns": {column: {"from": column} for column in COLUMNS[name]}}
        for name in ("episodes", *tables)
    }
    if "children" in mapped:  # one roster a system
        columns = mapped["children"]["columns"]
        mapped["children"] = {"parts": [
            {"files": f"children_{system}.csv", "columns": {**columns, "child_id": {"from": "child_id", "system": system}}}
            for system in ("dispatch", "medicaid")
        ]}  # fmt: skip
    return {
        "covers": {"from": datetime.date(2025, 1, 1), "to": datetime.date(2025, 12, 31)}, "time_zone": "America/Denver",
        "person_keys": KEYS, "tables": {**mapped, "sites": {"rows": SITES}}, **said,
    }  # fmt: skip


def write_study(
    root: Path, source: Mapping, files: Mapping[str, str | pd.DataFrame], *, study: Mapping = STUDY
) -> None:
    """The study's params and raw files; a file is its text, or a table written as CSV or Parquet by its name."""
    (root / "params" / "state").mkdir(parents=True, exist_ok=True)
    (root / "params" / "state" / "study.yml").write_text(yaml.safe_dump(dict(study)), encoding="utf-8")
    (root / "params" / "state" / "source.yml").write_text(yaml.safe_dump(dict(source)), encoding="utf-8")
    raw = root / "data" / "raw" / "state"
    raw.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if isinstance(content, str):
            (raw / name).write_text(content, encoding="utf-8")
        elif name.endswith(".parquet"):
            content.to_parquet(raw / name, index=False)
        else:
            content.to_csv(raw / name, index=False)


def as_csv(table: str, *rows: str) -> str:
    """The rows of a table's file below its header; a row is written without blanks between the fields."""
    return "\n".join([",".join(COLUMNS[table]), *rows]) + "\n"


def read(root: Path) -> Extract:
    return read_extract(params.study("state", root=root), root=root)


def taken_in(root: Path, source: Mapping, files: Mapping[str, str | pd.DataFrame]) -> tuple[Extract, Path]:
    """What intake makes of them, and the folder of its tables."""
    write_study(root, source, files)
    extract = read(root)
    return extract, write_tables(extract, root=root)


def episodes(*children: str, site: str = "north") -> str:
    """One episode a child key, in January."""
    rows = [f"E{n},{child},{site},2025-01-{n:02d} 10:00" for n, child in enumerate(children, start=1)]
    return as_csv("episodes", *rows)
