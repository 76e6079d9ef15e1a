"""python -m analysis.intake STUDY: data/raw/<study>/ to data/processed/<study>/, with every problem listed."""

import sys

from analysis import params
from analysis.intake.extract import read_extract
from analysis.intake.raw import IntakeError
from analysis.intake.store import write_tables


def main(name: str) -> int:
    """Exit status 0, or 1 with one sentence on what to correct."""
    try:
        study = params.study(name)
        extract = read_extract(study)
        write_tables(extract)
    except (params.ParamsError, IntakeError) as error:
        print(error, file=sys.stderr)
        return 1
    receipts = extract.receipts
    for row in receipts.itertuples():
        print(
            f"{row.file} -> {row.table}: {row.rows_read:,} rows read = {row.accepted:,} accepted + {row.rejected:,} rejected "
            f"+ {row.set_aside:,} set aside"
        )
    print(f"Tables, rejects and problems: data/processed/{name}/")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if len(sys.argv) == 2 else "Name one study: python -m analysis.intake demo")
