"""What can be told only once it is known which keys are one child's: rows said twice, ends of placements, one row a child."""

import dataclasses
from collections.abc import Mapping

import pandas as pd

from analysis.intake.fates import ACCEPTED, REJECTED, SET_ASIDE, joined
from analysis.intake.mapping import Source
from analysis.intake.people.links import People
from analysis.intake.references import CHILD
from analysis.intake.rows import Sorted
from analysis.tables import CHILDREN, SENT

# A day before the birth on the record may be a birth at midnight; more is another child's claim or a wrong birth date.
BEFORE_BIRTH = pd.Timedelta(days=1)
TOLD_APART_BY_CHILD = ("placements", "detentions")


def settle_linked(tables: Mapping[str, Sorted], people: People, source: Source) -> dict[str, Sorted]:
    """The tables with the rows set aside or rejected that the linkage shows to be double or impossible."""
    settled = dict(tables)
    for name in TOLD_APART_BY_CHILD:
        if name in settled:
            settled[name] = _said_once(settled[name], name, people)
    if "placements" in settled and not any("to_on" in part.columns for part in source.tables["placements"].each):
        settled["placements"] = _ended(settled["placements"], people)
    if "claims" in settled and "children" in settled:
        settled["claims"] = _after_birth(settled["claims"], settled["children"], people)
    return settled


def _said_once(table: Sorted, name: str, people: People) -> Sorted:
    """One row per child and first day, where the child's several keys each brought one."""
    rows, day = table.rows, SENT[name].key[1]
    usable = rows[rows["fate"].eq(ACCEPTED)]
    known = pd.DataFrame({"child": people.child_of(usable[CHILD]), "day": usable[day]})
    again = known.duplicated().reindex(rows.index, fill_value=False)
    if not again.any():
        return table
    said = [column.name for column in SENT[name].mapped if column.name != CHILD]
    same = again & usable[said].assign(child=known["child"]).duplicated().reindex(rows.index, fill_value=False)
    reasons = joined(rows["reason"], same, "the same row again under another key of the child")
    other = f"another key of the child has a row of that {day} that says something else"
    reasons = joined(reasons, again & ~same, other)
    fate = rows["fate"].mask(same, SET_ASIDE).mask(again & ~same, REJECTED)
    return dataclasses.replace(table, rows=rows.assign(fate=fate, reason=reasons))


def _ended(table: Sorted, people: People) -> Sorted:
    """Each living arrangement with the day on which the child left it: the next one's first day or the exit, whichever is first."""
    usable = table.with_fate(ACCEPTED)
    known = (
        usable[["from_on", "exited_on"]].assign(child=people.child_of(usable[CHILD])).sort_values(["child", "from_on"])
    )
    following = known.groupby("child")["from_on"].shift(-1)
    to_on = pd.concat([following, known["exited_on"]], axis=1).min(axis=1).astype("datetime64[us]")
    rows = table.rows.assign(to_on=to_on.reindex(table.rows.index))
    return dataclasses.replace(table, rows=rows)


def _after_birth(claims: Sorted, children: Sorted, people: People) -> Sorted:
    """Claims without those of service before the child was born: another child's, or a wrong birth date."""
    born = children.with_fate(ACCEPTED).dropna(subset=["born_on"])
    first = born.assign(child=people.child_of(born[CHILD])).drop_duplicates("child").set_index("child")["born_on"]
    rows = claims.rows
    own = people.child_of(rows[CHILD]).map(first)
    early = rows["fate"].eq(ACCEPTED) & (pd.to_datetime(own) - rows["service_from_on"] > BEFORE_BIRTH).fillna(False)
    if not early.any():
        return claims
    reasons = joined(rows["reason"], early, "service_from_on comes before the child's birth")
    return dataclasses.replace(claims, rows=rows.assign(fate=rows["fate"].mask(early, REJECTED), reason=reasons))


def one_row_a_child(table: Sorted, people: People) -> pd.DataFrame:
    """One row per child: of each column the first value that its keys' rows hold, in the order of the files."""
    rows = table.with_fate(ACCEPTED)
    month = rows["born_on"].dt.to_period("M").dt.start_time.astype("datetime64[us]")
    rows = rows.assign(born_month_on=month, child=people.child_of(rows[CHILD]))
    return rows.groupby("child", sort=False)[CHILDREN.names].first().reset_index(drop=True)
