"""Which parts of the crises are told together: a small one is added to its neighbour, and the pair takes the wider of the two bounds.

What is printed is then worked out from the sums alone, so no end of a range gives a small part away.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

OUTSIDE = ("already_in_ed", "no_contact")
ANSWERS = ("said_ed", "said_other", "not_asked")
ENDINGS = ("ended_ed", "ended_inpatient", "ended_unknown", "ended_elsewhere")

# With whom a small part is told, first choice first: where the bounds are most alike. Never by what the numbers are.
PARTNERS = {
    "already_in_ed": ("no_contact",),
    "no_contact": ("already_in_ed",),
    "said_ed": ("not_asked", "said_other"),
    "said_other": ("not_asked", "said_ed"),
    "not_asked": ("said_ed", "said_other"),
    "ended_ed": ("ended_inpatient", "ended_unknown", "ended_elsewhere"),
    "ended_inpatient": ("ended_unknown", "ended_ed", "ended_elsewhere"),
    "ended_unknown": ("ended_inpatient", "ended_ed", "ended_elsewhere"),
    "ended_elsewhere": ("ended_unknown", "ended_inpatient", "ended_ed"),
}

Block = tuple[str, ...]


@dataclass(frozen=True)
class Joined:
    """The parts that are told together, one tuple a printed count; every part stands in one of them."""

    outside: tuple[Block, ...]
    answers: tuple[Block, ...]
    endings: tuple[Block, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All of them."""
        return (*self.outside, *self.answers, *self.endings)

    def of(self, part: str) -> Block:
        """The parts that are told with one.

        >>> ALONE.of("said_ed")
        ('said_ed',)
        """
        return next(block for block in self.blocks if part in block)

    @property
    def says_something(self) -> bool:
        """False where all answers, or all endings, are one: its range would be from none to all."""
        return len(self.answers) > 1 and len(self.endings) > 1


def _alone(parts: Block) -> tuple[Block, ...]:
    return tuple((part,) for part in parts)


ALONE = Joined(_alone(OUTSIDE), _alone(ANSWERS), _alone(ENDINGS))

# What a range tells of one group: no more than these, since the group's crises outside are not printed.
IN_A_RANGE = Joined(
    (OUTSIDE,), (("said_ed",), ("said_other", "not_asked")), (("ended_ed",), ("ended_inpatient", "ended_unknown"), ("ended_elsewhere",)),
)  # fmt: skip


def added_up(counted: pd.DataFrame, blocks: Iterable[Block]) -> pd.DataFrame:
    """The counts of each block, one column a block, its parts' names with "_or_" between them.

    >>> added_up(pd.DataFrame({"said_ed": [3], "not_asked": [9]}), [("said_ed", "not_asked")]).to_dict("list")
    {'said_ed_or_not_asked': [12]}
    """
    return pd.DataFrame({"_or_".join(block): counted[list(block)].sum(axis=1) for block in blocks}, index=counted.index)


def both(one: Joined, other: Joined) -> Joined:
    """The parts that either tells together.

    >>> both(ALONE, IN_A_RANGE) == IN_A_RANGE
    True
    """
    return Joined(
        *(
            _united(getattr(one, side), getattr(other, side), parts)
            for side, parts in (("outside", OUTSIDE), ("answers", ANSWERS), ("endings", ENDINGS))
        )
    )


def _united(one: tuple[Block, ...], other: tuple[Block, ...], order: Block) -> tuple[Block, ...]:
    blocks = list(_alone(order))
    for wanted in (*one, *other):
        meets = [block for block in blocks if set(block) & set(wanted)]
        together = {part for block in meets for part in block}
        blocks = [block for block in blocks if block not in meets] + [tuple(part for part in order if part in together)]
    return tuple(sorted(blocks, key=lambda block: order.index(block[0])))


def join_small(outside: pd.DataFrame, answers: pd.DataFrame, endings: pd.DataFrame, *, smallest: int) -> Joined | None:
    """The parts told together so that no count of a joined part is 1 to below `smallest`; None where no joining does that.

    Takes a table a side: one column a part, each row a count that is printed or that two printed ones give (of endings: the crises open to
    change, and the others). A small part joins its first partner, then the next; the others stay as they are.

    >>> outside = pd.DataFrame({"already_in_ed": [80], "no_contact": [55]})
    >>> answers = pd.DataFrame({"said_ed": [200], "said_other": [300], "not_asked": [4]})
    >>> endings = pd.DataFrame({"ended_ed": [43], "ended_inpatient": [22], "ended_unknown": [7], "ended_elsewhere": [432]})
    >>> found = join_small(outside, answers, endings, smallest=11)
    >>> found.answers, found.endings[1]
    ((('said_ed', 'not_asked'), ('said_other',)), ('ended_inpatient', 'ended_unknown'))
    """
    sides = [_joined(table, smallest) for table in (outside, answers, endings)]
    return None if any(side is None for side in sides) else Joined(*sides)


def _joined(table: pd.DataFrame, smallest: int) -> tuple[Block, ...] | None:
    order = tuple(table.columns)
    blocks = _alone(order)
    while True:
        counts = [table[list(block)].sum(axis=1) for block in blocks]
        small = [block for block, count in zip(blocks, counts, strict=True) if count.between(1, smallest - 1).any()]
        if not small:
            return blocks
        if len(blocks) == 1:
            return None
        block = small[0]
        partner = next(name for part in block for name in PARTNERS[part] if name not in block)
        blocks = _united(blocks, ((*block, partner),), order)
