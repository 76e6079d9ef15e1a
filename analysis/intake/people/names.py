"""The step by name and birth date: exact once spelling is set aside, counted, and never between twins."""

import unicodedata

import numpy as np
import pandas as pd

from analysis.intake.references import CHILD
from analysis.intake.texts import of_each

# What is written where a child has no name yet, or nobody asked: it would link strangers.
NO_NAME = frozenset({
    "baby", "babyboy", "babygirl", "boy", "girl", "infant", "newborn", "twin", "twina", "twinb", "unknown", "unk", "none",
    "noname", "test", "doe", "johndoe", "janedoe", "minor", "child",
})  # fmt: skip


def bare(name: str) -> str | None:
    """A name as it is compared: letters alone, without accents, capitals, blanks, hyphens, apostrophes; None where it is none.

    >>> bare(" O'Brien-Núñez "), bare("ANA  MARÍA"), bare("Baby Girl"), bare("?")
    ('obriennunez', 'anamaria', None, None)
    """
    letters = "".join(mark for mark in unicodedata.normalize("NFKD", name).casefold() if mark.isalpha())
    return None if not letters or letters in NO_NAME else letters


def clearly_different(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """True for two dates of birth that no slip of the pen explains; false where either is missing.

    A slip is one of year, month and day, or day and month exchanged.

    >>> days = np.array(["2011-04-07", "2012-04-07", "2011-07-04", "2011-05-08", "NaT"], dtype="datetime64[D]")
    >>> clearly_different(np.repeat(days[:1], 5), days).tolist()
    [False, False, False, True, False]
    """
    first, second = pd.DatetimeIndex(one), pd.DatetimeIndex(other)
    agree = sum((getattr(first, part) == getattr(second, part)).astype(int) for part in ("year", "month", "day"))
    exchanged = (first.year == second.year) & (first.month == second.day) & (first.day == second.month)
    return np.asarray(~(first.isna() | second.isna()) & (agree < 2) & ~exchanged)


def name_links(
    children: pd.DataFrame, keys: pd.Index, group: np.ndarray, systems: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of keys with the same given name, surname and date of birth; and the keys where these fit more than one child.

    Takes one row per key (child_id, first_name, last_name, born_on). `group` numbers what the crosswalk has joined, by key.
    Twins have different given names, so nothing joins them. Where two children of one system share all three (a name given
    twice, or one child under two ids: nobody can tell) none of that name and day is joined by it.
    """
    same = pd.DataFrame({
        "key": keys.get_indexer(children[CHILD].astype(object)),
        "first": of_each(children["first_name"], bare).astype(object),
        "last": of_each(children["last_name"], bare).astype(object),
        "born": children["born_on"],
    }).dropna()  # fmt: skip
    same = same.assign(group=group[same["key"]], system=systems[same["key"]])
    person = ["first", "last", "born"]
    within = same.groupby([*person, "system"])["group"].transform("nunique").gt(1)
    unclear = within.groupby([same[name] for name in person]).transform("any")
    clear = same[~unclear].sort_values([*person, "key"])
    before = clear.groupby(person)["key"].shift()
    pairs = pd.DataFrame({"one": before, "other": clear["key"]}).dropna().astype(np.int64)
    pairs = pairs[group[pairs["one"]] != group[pairs["other"]]]
    return pairs.to_numpy(), same.loc[unclear, "key"].to_numpy()
