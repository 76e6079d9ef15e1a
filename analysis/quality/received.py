"""The tables of data/processed/<study>/ that measures are counted from."""

from pathlib import Path

import pandas as pd

from analysis.quality.claims_visits import READ
from analysis.tables import RECEIVED


def read_received(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table that the study has received, by name; of the claims, the lines of children whom the service has met, as far as read.

    No measure counts another child's claims, and they are most of them.
    """
    paths = {name: folder / f"{name}.parquet" for name in RECEIVED}
    tables = {name: pd.read_parquet(path) for name, path in paths.items() if name != "claims" and path.exists()}
    if paths["claims"].exists():
        met = tables["episodes"]["child_id"].dropna().unique().tolist()
        tables["claims"] = pd.read_parquet(paths["claims"], columns=list(READ), filters=[("child_id", "in", met)])
    return tables
