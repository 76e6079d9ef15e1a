"""python -m analysis.cohort STUDY: the derived tables beside the others in data/processed/<study>/; ENGINE=spark for Spark."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ibis
import pandas as pd
import pyarrow.parquet as pq

from analysis import params
from analysis.claim_codes import ClaimCodes, read_claim_codes
from analysis.cohort.build import DERIVED_TABLES, NEEDED, SOURCES, build
from analysis.cohort.county_months import months_as_received
from analysis.cohort.engine import connect, from_frame, read_tables, write
from analysis.params import ROOT, ParamsError
from analysis.tables import ATTRITION, TABLES

DERIVED = "derived.csv"
COUNTED = ("county_counts", "site_counties")  # with these, counties by month
EPISODE_COLUMNS = ["child_id", "counted_on", "dispatched_at", "response_mode", "referral_source", "response_location"]


def derive(name: str, *, root: Path = ROOT, engine: str | None = None) -> list[str]:
    """Write the derived tables of the study; their names. No cohort where the study has no linked tables, or no `cohort` in study.yml.

    The list of what was derived is written last: where it stands, all of it is there.
    """
    study, folder = params.study(name, root=root), root / "data" / "processed" / name
    for old in (DERIVED, *(f"{each}.parquet" for each in (*DERIVED_TABLES, "attrition"))):
        (folder / old).unlink(missing_ok=True)
    there = {path.stem for path in folder.glob("*.parquet")}
    written = []
    if there.issuperset(NEEDED) and study.cohort is not None:
        written = _derive(study, folder, read_claim_codes(root), engine)
    elif there.issuperset(COUNTED):
        written = _derive_counties(folder, engine)
    rows = [(each, pq.read_metadata(folder / f"{each}.parquet").num_rows) for each in written]
    unfinished = folder / f".{DERIVED}.new"
    pd.DataFrame(rows, columns=["table", "rows"]).to_csv(unfinished, index=False, lineterminator="\n")
    unfinished.replace(folder / DERIVED)
    return written


def _derive_counties(folder: Path, engine: str | None) -> list[str]:
    """The counties by month alone, where agencies sent counts and no children's records."""
    with _scratch(folder, engine) as connection:
        tables = read_tables(connection, folder, COUNTED)
        months = months_as_received(tables["county_counts"], tables["site_counties"])
        write(months, TABLES["county_months"], folder)
    return ["county_months"]


@contextmanager
def _scratch(folder: Path, engine: str | None) -> Iterator[ibis.BaseBackend]:
    """The engine, with a folder beside the tables for what memory does not hold; it is gone afterwards."""
    scratch = folder.with_name(f".{folder.name}.cohort.new")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        connection = connect(scratch, engine=engine)
        yield connection
        connection.disconnect()
    finally:
        shutil.rmtree(scratch)


def _derive(study: params.Study, folder: Path, codes: ClaimCodes, engine: str | None) -> list[str]:
    with _scratch(folder, engine) as connection:
        tables = read_tables(connection, folder, SOURCES)
        episodes = pd.read_parquet(folder / "episodes.parquet", columns=EPISODE_COLUMNS)
        derived, steps = build(connection, tables, episodes, study.cohort, codes)
        derived["attrition"] = from_frame(connection, "attrition", steps, ATTRITION)
        for each, expression in derived.items():
            write(expression, TABLES[each], folder)
    return list(derived)


def main(name: str) -> int:
    """Exit status 0, or 1 with one sentence on what to correct."""
    try:
        written = derive(name)
    except ParamsError as error:
        print(error, file=sys.stderr)
        return 1
    if "cohort" not in written:
        print(
            f"No cohort for {name}: claims, enrollment and children (data/processed/{name}/) or the windows (cohort: in "
            f"params/{name}/study.yml) are not there. With them, later ED visits, hospital and placement nights and dollars of each "
            "child could be compared with those of children whom an emergency department met first."
        )
    for row in pd.read_csv(ROOT / "data" / "processed" / name / DERIVED).itertuples():
        print(f"{row.table}: {row.rows:,} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else "Name one study: python -m analysis.cohort demo")
