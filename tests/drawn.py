"""The clean tables of a drawn linked state as intake would leave them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.demo.linked.state import LinkedState


def clean_tables(state: LinkedState, more: Mapping[str, pd.DataFrame] | None = None) -> dict[str, pd.DataFrame]:
    """Claims, enrollment, children, placements, detentions, counties of sites and episodes of a state, and `more` tables with them.

    Identifiers are whole numbers, in one order over all tables; an empty text is missing.
    """
    episodes = state.frame.state.episodes.assign(counted_on=lambda rows: rows["requested_at"].dt.normalize())
    tables = {**state.tables, **(more or {}), "episodes": episodes, "site_counties": state.frame.state.site_counties}
    ids = pd.unique(pd.concat([table["child_id"] for table in tables.values() if "child_id" in table]))
    number = pd.Series(np.arange(1, len(ids) + 1), index=np.sort(ids.astype(str)))
    known = {}
    for name, table in tables.items():
        table = table.assign(child_id=number[table["child_id"]].to_numpy()) if "child_id" in table else table
        known[name] = table.replace("", None)
    known["claims"]["claim_id"] = known["claims"]["claim_id"].str[1:].astype(int)
    return known
