"""Identifiers of one table in another: an episode's contacts, a person's training. What belongs to nothing is rejected or unlinked."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.intake.problems import Findings
from analysis.intake.raw import spelled
from analysis.intake.texts import of_each, plain
from analysis.tables import RECEIVED, Table

# A child is known to several agencies, each with a key of its own: no table owns it, the linkage joins it.
CHILD = "child_id"
# Each identifier that is the whole key of a table, by that table: episode_id is the episodes' own.
OWNERS = {
    table.key[0]: table.name
    for table in RECEIVED.values()
    if len(table.key) == 1 and table.column(table.key[0]).kind == "key" and table.key[0] != CHILD
}


@dataclass(frozen=True)
class Known:
    """What is known of the rows accepted before: the sites, each identifier's accepted values, and the days of the episodes.

    Attributes
    ----------
    sites : frozenset of str, or None
        None until the sites are read.
    identifiers : mapping of str to Series
        By column name (episode_id, staff_id): the accepted values, as their own table writes them.
    days : Series
        The day that counts each accepted episode, by episode_id.
    """

    sites: frozenset[str] | None
    identifiers: Mapping[str, pd.Series]
    days: pd.Series


def references(table: Table) -> list[str]:
    """The columns of a table that hold another table's identifiers.

    >>> references(RECEIVED["contacts"]), references(RECEIVED["training"]), references(RECEIVED["episodes"])
    (['episode_id'], ['staff_id'], [])
    """
    return [name for name in table.names if OWNERS.get(name, table.name) != table.name]


def as_the_owner_writes(values: pd.Series, accepted: pd.Series) -> pd.Series:
    """Each identifier as the owning table has it; missing where that has none like it.

    One that differs only in capitals and blanks is taken for the same, where just one of the owner's is like it.

    >>> as_the_owner_writes(pd.Series(["E1", "e 2", "E3", "a4"]), pd.Series(["E1", "E2", "A4", "a 4"])).tolist()
    ['E1', 'E2', <NA>, <NA>]
    """
    alike = pd.Series(accepted.to_numpy(), index=_without_blanks(accepted).to_numpy(), dtype="string")
    alike = alike[~alike.index.duplicated(keep=False)]
    # Looked for as written first: capitals tell identifiers apart in some systems.
    return values.where(values.isin(accepted), _without_blanks(values).map(alike)).astype("string")


def _without_blanks(values: pd.Series) -> pd.Series:
    return plain(of_each(values, lambda text: spelled(text).replace(" ", "")))


def hold_to_owners(
    table: Table, rows: pd.DataFrame, known: Known, findings: Findings
) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    """The rows with identifiers as their owners write them, and by reason the rows that belong to nothing.

    A row that must have the identifier is rejected where the owner accepted none like it. One that need not is kept without it,
    and counted. Where the study has no such table there is nothing to hold the rows against: they stay, and that is listed.
    """
    broken = {}
    for name in references(table):
        given = plain(rows[name])
        if not given.notna().any():
            continue
        accepted = known.identifiers.get(name)
        if accepted is None:
            problem = f"{name} cannot be looked up: this study has no table {OWNERS[name]}"
            findings.add(problem, name, raw=int(given.notna().sum()), left=int(given.notna().sum()))
            continue
        found = as_the_owner_writes(given, accepted)
        if otherwise := int((found.notna() & found.ne(given)).sum()):
            findings.add(f"{name} in other capitals or blanks than in {OWNERS[name]}", name, raw=otherwise, left=0)
        lost = given.notna() & found.isna()
        if table.column(name).required:
            broken[f"{name} is not among the accepted rows of {OWNERS[name]}"] = lost
            rows = rows.assign(**{name: found.fillna(given)})
        else:
            if lost.any():
                problem = f"{name} is not among the accepted rows of {OWNERS[name]}; the row is kept without it"
                findings.add(problem, name, raw=int(lost.sum()), left=0)
            rows = rows.assign(**{name: found})
    return rows, broken
