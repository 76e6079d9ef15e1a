"""python -m analysis.cohort STUDY: the derived tables beside the others in data/processed/<study>/; ENGINE=spark for Spark."""

import shutil
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from analysis import params
from analysis.claim_codes import ClaimCodes, read_claim_codes
from analysis.cohort.build import DERIVED_TABLES, NEEDED, SOURCES, build
from analysis.cohort.engine import connect, from_frame, read_tables, write
from analysis.params import ROOT, ParamsError
from analysis.tables import ATTRITION, TABLES

DERIVED = "derived.csv"
EPISODE_COLUMNS = ["child_id", "counted_on", "dispatched_at", "response_mode", "referral_source", "response_location"]


def derive(name: str, *, root: Path = ROOT, engine: str | None = None) -> list[str]:
    """Write the derived tables of the study; their names. None where the study has no linked tables, or no `cohort` in study.yml.

    Worked out in a scratch folder beside the tables, which is gone afterwards: what memory does not hold goes there. The list of
    what was derived is written last: where it stands, all of it is there.
    """
    study, folder = params.study(name, root=root), root / "data" / "processed" / name
    for old in (DERIVED, *(f"{each}.parquet" for each in (*DERIVED_TABLES, "attrition"))):
        (folder / old).unlink(missing_ok=True)
    lacking = [each for each in NEEDED if not (folder / f"{each}.parquet").exists()]
    written = [] if lacking or study.cohort is None else _derive(study, folder, read_claim_codes(root), engine)
    rows = [(each, pq.read_metadata(folder / f"{each}.parquet").num_rows) for each in written]
    unfinished = folder / f".{DERIVED}.new"
    pd.DataFrame(rows, columns=["table", "rows"]).to_csv(unfinished, index=False, lineterminator="\n")
    unfinished.replace(folder / DERIVED)
    return written


def _derive(study: params.Study, folder: Path, codes: ClaimCodes, engine: str | None) -> list[str]:
    scratch = folder.with_name(f".{folder.name}.cohort.new")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        connection = connect(scratch, engine=engine)
        tables = read_tables(connection, folder, SOURCES)
        episodes = pd.read_parquet(folder / "episodes.parquet", columns=EPISODE_COLUMNS)
        derived, steps = build(connection, tables, episodes, study.cohort, codes)
        derived["attrition"] = from_frame(connection, "attrition", steps, ATTRITION)
        for each, expression in derived.items():
            write(expression, TABLES[each], folder)
        connection.disconnect()
    finally:
        shutil.rmtree(scratch)
    return list(derived)


def main(name: str) -> int:
    """Exit status 0, or 1 with one sentence on what to correct."""
    try:
        written = derive(name)
    except ParamsError as error:
        print(error, file=sys.stderr)
        return 1
    if not written:
        print(
            f"No derived tables for {name}: claims, enrollment and children (data/processed/{name}/) or the windows (cohort: in "
            f"params/{name}/study.yml) are not there. With them, later ED visits, hospital and placement nights and dollars of each "
            "child could be compared with those of children whom an emergency department met first."
        )
    for row in pd.read_csv(ROOT / "data" / "processed" / name / DERIVED).itertuples():
        print(f"{row.table}: {row.rows:,} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else "Name one study: python -m analysis.cohort demo")
