"""linkage.csv: who was linked to Medicaid's own tables, by which step, and what was refused; inside only."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.intake.fates import ACCEPTED
from analysis.intake.people.links import People
from analysis.intake.references import CHILD
from analysis.intake.rows import Sorted
from analysis.intake.texts import plain
from analysis.tables import LINKAGE_TABLE

MEDICAID_TABLES = ("claims", "enrollment", "enrollment_spans", "enrollment_years")
REPORTED = ("episodes", "children", *MEDICAID_TABLES, "placements", "detentions")
ALL = "all"


def has_linkage(tables: Mapping[str, Sorted]) -> bool:
    """True where the study holds more than the service's own records."""
    return any(name in tables for name in (*REPORTED[2:], "crosswalk"))


def linkage(tables: Mapping[str, Sorted], people: People) -> pd.DataFrame:
    """One row per table with a child_id, and per site of the episodes: counts of keys and children.

    *Linked* means found in an accepted row of claims or enrollment. A key that the crosswalk alone knows links to nothing.
    """
    there = {"key": np.zeros(len(people.keys), dtype=bool)}
    for name in MEDICAID_TABLES:
        if name in tables:
            known = tables[name].with_fate(ACCEPTED)[CHILD].dropna().unique().astype(object)
            there["key"][people.keys.get_indexer(known)] = True
    for name, group in (("crosswalk", people.by_crosswalk), ("child", people.child)):
        there[name] = np.isin(group, group[there["key"]])
    counted = []
    for name in REPORTED:
        if name in tables:
            rows = tables[name].with_fate(ACCEPTED)
            parts = [(ALL, rows), *(rows.groupby(plain(rows["site_id"])) if name == "episodes" else ())]
            counted += [{"table": name, "site_id": site, **_counts(part[CHILD], people, there)} for site, part in parts]
    return pd.DataFrame(counted, columns=LINKAGE_TABLE.names)


def _counts(keys: pd.Series, people: People, there: Mapping[str, np.ndarray]) -> dict[str, object]:
    at = people.keys.get_indexer(keys.dropna().unique().astype(object))
    child = people.child[at]
    children = len(np.unique(child))
    linked, by_key, by_crosswalk = (len(np.unique(child[there[how][at]])) for how in ("child", "key", "crosswalk"))
    refused = np.unique(np.concatenate([people.keys.get_indexer(those) for those in people.refused.values()]))
    return {
        "system": "|".join(sorted(set(people.systems[at]))),
        "rows_without_key": int(keys.isna().sum()),
        "keys": len(at),
        "children": children,
        "merged_keys": len(at) - children,
        "linked": linked,
        "linked_share": linked / children if children else np.nan,
        "linked_by_same_key": by_key,
        "linked_by_crosswalk": by_crosswalk - by_key,
        "linked_by_name": linked - by_crosswalk,
        "conflicts": int(np.isin(at, refused).sum()),
        "ambiguous_names": int(np.isin(at, people.keys.get_indexer(people.ambiguous)).sum()),
    }
