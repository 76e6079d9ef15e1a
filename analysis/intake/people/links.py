"""Keys that belong to one child, by the crosswalk: joined where they agree, kept apart and counted where they conflict."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.intake.fates import ACCEPTED
from analysis.intake.mapping import Source
from analysis.intake.people.groups import together
from analysis.intake.people.keys import system_of
from analysis.intake.people.names import clearly_different, name_links
from analysis.intake.references import CHILD
from analysis.intake.rows import Sorted
from analysis.intake.texts import as_texts

CONFLICTS = {
    "birth": "birth dates that are clearly different",
    "several": "one key points to several of a system that gives each child one",
    "chain": "a chain of links that joins several keys of such a system, or clearly different birth dates",
}


@dataclass(frozen=True)
class People:
    """Who is who.

    Attributes
    ----------
    keys : Index
        Every person key of every table, with its system before it where the study tells systems apart.
    systems : array of str
        By key: its system; empty where the study tells none apart.
    by_crosswalk, child : arrays of int
        By key: which belong together by the crosswalk, and in the end; the same number means the same child.
    refused : mapping of str to Index
        By kind of conflict (`CONFLICTS`): the keys some link of which was refused.
    ambiguous : Index
        Keys whose name and birth date fit several children; empty unless the study links by name.
    """

    keys: pd.Index
    systems: np.ndarray
    by_crosswalk: np.ndarray
    child: np.ndarray
    refused: Mapping[str, pd.Index]
    ambiguous: pd.Index

    def child_of(self, keys: pd.Series) -> pd.Series:
        """The child of each key, as a number that has no meaning beyond this run; missing where there is no key."""
        texts = as_texts(keys)
        found = self.keys.get_indexer(texts.cat.categories)
        child = pd.array(self.child.take(found) if len(self.keys) else found, dtype="Int64")
        child[found < 0] = pd.NA
        return pd.Series(child.take(texts.cat.codes.to_numpy(), allow_fill=True), index=keys.index)


def link_people(tables: Mapping[str, Sorted], source: Source) -> People:
    """Every person key of the tables, and which of them are one child's."""
    crosswalk = tables["crosswalk"].with_fate(ACCEPTED) if "crosswalk" in tables else pd.DataFrame()
    id_columns = [name for name in crosswalk if name.endswith("_id")]
    columns = [table.rows[CHILD] for table in tables.values() if CHILD in table.rows]
    columns += [tables["crosswalk"].rows[name] for name in id_columns]
    found = [column.dropna().unique().astype(object) for column in columns]
    keys = pd.Index(pd.unique(np.concatenate([*found, np.empty(0, dtype=object)])), dtype=object)
    nobody = keys[:0]
    if not source.person_keys:
        alone = np.arange(len(keys))
        return People(
            keys, np.full(len(keys), "", dtype=object), alone, alone, dict.fromkeys(CONFLICTS, nobody), nobody
        )
    single = {system for system, rules in source.person_keys.items() if not rules.several_per_child}
    systems = system_of(pd.Series(keys, dtype="string")).to_numpy(dtype=object)
    born = _born(tables, keys)
    pairs = _pairs(crosswalk[id_columns], keys) if len(crosswalk) else np.empty((0, 2), dtype=np.int64)
    kept, refused = keep_apart(pairs, systems, born, single)
    by_crosswalk = together(kept, len(keys))
    child, ambiguous = by_crosswalk, np.empty(0, dtype=np.int64)
    if source.link_by_name:
        children = tables["children"].with_fate(ACCEPTED)
        more, ambiguous = name_links(children, keys, by_crosswalk, systems)
        more, conflicts = _without_bad_groups(more, by_crosswalk, systems, born, single)
        refused["chain"] = np.union1d(refused["chain"], conflicts)
        child = together(np.concatenate([kept, more]), len(keys))
    return People(
        keys,
        systems,
        by_crosswalk,
        child,
        {kind: keys[those] for kind, those in refused.items()},
        keys[np.unique(ambiguous)],
    )


def _born(tables: Mapping[str, Sorted], keys: pd.Index) -> np.ndarray:
    """Date of birth by key, NaT where it is not known."""
    born = np.full(len(keys), np.datetime64("NaT", "D"))
    if "children" in tables:
        known = tables["children"].with_fate(ACCEPTED).dropna(subset=["born_on"])
        born[keys.get_indexer(known[CHILD].astype(object))] = known["born_on"].to_numpy().astype("datetime64[D]")
    return born


def _pairs(rows: pd.DataFrame, keys: pd.Index) -> np.ndarray:
    """Each two keys that stand in one row, once, the smaller position first."""
    at = np.column_stack([keys.get_indexer(rows[name].astype(object)) for name in rows])
    found = [
        at[(at[:, one] >= 0) & (at[:, other] >= 0)][:, [one, other]]
        for one in range(at.shape[1])
        for other in range(one + 1, at.shape[1])
    ]
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0)


def keep_apart(
    pairs: np.ndarray, systems: np.ndarray, born: np.ndarray, single: set[str]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The pairs that can hold, and by kind of conflict the keys whose links were refused.

    A key that points to two keys of a system which gives each child one (`single`) says one thing too many: nobody knows
    which is right, so neither link holds. What a chain of links would do wrong is refused as a whole.

    Dispatch keys 0 and 1 share Medicaid key 2: one child under two ids. Dispatch key 3 points to Medicaid keys 4 and 5.

    >>> systems = np.array(["dispatch", "dispatch", "medicaid", "dispatch", "medicaid", "medicaid"], dtype=object)
    >>> pairs = np.array([[0, 2], [1, 2], [3, 4], [3, 5]])
    >>> kept, refused = keep_apart(pairs, systems, np.full(6, np.datetime64("NaT", "D")), {"medicaid"})
    >>> kept.tolist(), refused["several"].tolist()
    ([[0, 2], [1, 2]], [3, 4, 5])
    """
    wrong = clearly_different(born[pairs[:, 0]], born[pairs[:, 1]])
    refused = {"birth": np.unique(pairs[wrong])}
    pairs = pairs[~wrong]
    several = _points_to_several(pairs, systems, single)
    refused["several"] = np.unique(pairs[several])
    pairs, refused["chain"] = _without_bad_groups(pairs[~several], np.arange(len(systems)), systems, born, single)
    return pairs, refused


def _points_to_several(pairs: np.ndarray, systems: np.ndarray, single: set[str]) -> np.ndarray:
    """True for the pairs of a key with one of several keys of a system that gives each child one."""
    both = pd.DataFrame(np.concatenate([pairs, pairs[:, ::-1]]), columns=["key", "other"])
    both["pair"] = np.tile(np.arange(len(pairs)), 2)
    both["system"] = systems[both["other"]]
    both = both[both["system"].isin(single)]
    many = both.groupby(["key", "system"])["other"].transform("nunique").gt(1)
    wrong = np.zeros(len(pairs), dtype=bool)
    wrong[both.loc[many, "pair"]] = True
    return wrong


def _without_bad_groups(
    pairs: np.ndarray, before: np.ndarray, systems: np.ndarray, born: np.ndarray, single: set[str]
) -> tuple[np.ndarray, np.ndarray]:
    """The pairs without those of groups that cannot be one child; and the keys of these pairs.

    `before` numbers the groups that hold already: pairs join whole groups.
    """
    if not len(pairs):
        return pairs, np.empty(0, dtype=np.int64)
    joined = together(before[pairs], int(before.max()) + 1)[before]
    frame = pd.DataFrame({"group": joined, "system": systems, "born": born.astype("datetime64[s]")})
    of_one = frame[frame["system"].isin(single)].groupby(["group", "system"]).size()
    bad = set(of_one[of_one.gt(1)].index.get_level_values("group"))
    dates = frame.dropna(subset=["born"]).drop_duplicates(["group", "born"])
    for group, known in dates[dates["group"].duplicated(keep=False)].groupby("group")["born"]:
        days = known.to_numpy().astype("datetime64[D]")
        if clearly_different(np.repeat(days, len(days)), np.tile(days, len(days))).any():
            bad.add(group)
    wrong = np.isin(joined[pairs[:, 0]], list(bad))
    return pairs[~wrong], np.unique(pairs[wrong])
