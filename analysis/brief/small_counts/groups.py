"""Groups of people in one table: those with a small count are added up with others, so that nothing is hidden and nothing can be subtracted."""

import pandas as pd


def is_small(counts: pd.DataFrame | pd.Series, smallest: int) -> pd.DataFrame | pd.Series:
    """True for counts from 1 up to below the smallest that is shown."""
    return (counts > 0) & (counts < smallest)


def add_up_small(counts: pd.DataFrame, *, smallest: int) -> list[tuple[tuple[str, ...], pd.Series]]:
    """The groups in their order, each with its counts; those with a small count added up as one, last, with all their names.

    Takes one row per group; every column is a count that a reader can see or work out. Where the added-up row has a small count
    itself, the smallest of the shown groups joins it, until it has none. No row at all where even all together have one.

    >>> counts = pd.DataFrame({"team": [40, 12, 3], "ed": [50, 30, 2]}, index=["girls", "boys", "other"])
    >>> [(names, row.tolist()) for names, row in add_up_small(counts, smallest=11)]
    [(('girls',), [40, 50]), (('boys', 'other'), [15, 32])]
    """
    rest = list(counts.index[is_small(counts, smallest).any(axis=1)])
    size = counts.sum(axis=1)
    while rest and is_small(counts.loc[rest].sum(), smallest).any():
        shown = [name for name in counts.index if name not in rest]
        if not shown:
            return []
        rest.append(min(shown, key=lambda name: (size[name], list(counts.index).index(name))))
    alone = [((name,), counts.loc[name]) for name in counts.index if name not in rest]
    together = tuple(name for name in counts.index if name in rest)
    return [*alone, (together, counts.loc[list(together)].sum())] if rest else alone


def join_steps(lost: pd.DataFrame, *, smallest: int) -> list[list[int]]:
    """Consecutive steps joined until no count of a joined step is small; positions of the steps, one list a joined step.

    Takes one row per step in order, each column a count that was lost at it. A last stretch that stays small joins what is before it;
    an empty list where even all steps together have a small count.

    >>> join_steps(pd.DataFrame({"team": [40, 3, 20, 0], "ed": [0, 30, 5, 6]}), smallest=11)      # 3 and 20 are 23, 30 and 5 are 35
    [[0], [1, 2, 3]]
    """
    joined: list[list[int]] = []
    open_: list[int] = []
    for at in range(len(lost)):
        open_.append(at)
        if not is_small(lost.iloc[open_].sum(), smallest).any():
            joined.append(open_)
            open_ = []
    while open_ and joined:
        open_ = [*joined.pop(), *open_]
        if not is_small(lost.iloc[open_].sum(), smallest).any():
            joined.append(open_)
            open_ = []
    return [] if open_ else joined
