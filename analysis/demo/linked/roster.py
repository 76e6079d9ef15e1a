"""The other children on the Medicaid roster: most of them, drawn in blocks so that memory holds one block at a time.

None has a crisis that an agency paid for. The first ones are the service's other children (other_clients.py); it knows none of the rest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.demo.linked.claims import Lines, keep_lines, number_claims, plain_lines
from analysis.demo.linked.frame import Frame, month_starts
from analysis.demo.linked.other_clients import other_clients
from analysis.demo.linked.settings import GROUPS, Linked
from analysis.demo.linked.shocks import draw_plain
from analysis.tables import RACES, SEXES

BLOCK_CHILDREN = 5_000
OLDEST_YEARS = 21


@dataclass(frozen=True, eq=False)
class People:
    """Children of one block: who they are, their months on Medicaid and their claims. `number` is a child's own over all blocks.

    The first `known` are clients of the service; of block 0, with the crises, it says nothing.
    """

    block: int
    number: np.ndarray
    county: np.ndarray
    group: np.ndarray
    sex: np.ndarray
    race: np.ndarray
    born: np.ndarray
    died: np.ndarray
    enrolled: np.ndarray
    lines: Lines
    known: int = 0


def draw_others(first: int, children: int, frame: Frame, linked: Linked) -> Iterator[People]:
    """Children numbered from `first` on, so many in all, block by block; a block is the same whatever comes before it."""
    known = known_others(children, frame, linked)
    blocks = -(-children // BLOCK_CHILDREN)
    for block in range(1, blocks + 1):
        start = (block - 1) * BLOCK_CHILDREN
        size = min(BLOCK_CHILDREN, children - start)
        yield draw_block(block, first + start, size, frame, linked, known=known if block == 1 else None)


def known_others(children: int, frame: Frame, linked: Linked) -> pd.DataFrame:
    """The service's other children who are the first of so many on the roster, as many as one block holds; columns of other_clients."""
    return other_clients(frame, linked).head(min(children, BLOCK_CHILDREN))


def draw_block(
    block: int, first: int, size: int, frame: Frame, linked: Linked, *, known: pd.DataFrame | None = None
) -> People:
    """One block of children without a crisis; `known` are its first ones, if any."""
    rng = linked.stream("others", block)
    county = rng.choice(len(frame.counties), size, p=frame.children / frame.children.sum())
    shares = np.array([linked.population.groups[group] for group in GROUPS])
    group = rng.choice(len(GROUPS), size, p=shares / shares.sum())
    born = linked.last_day // 2 - rng.integers(0, int(OLDEST_YEARS * 365.25), size)
    sex, race = rng.choice(len(SEXES), size, p=SEX_SHARES), rng.choice(len(RACES), size)
    if known is not None:
        for values, name in ((county, "county"), (born, "born"), (sex, "sex"), (race, "race")):
            values[: len(known)] = known[name]
    enrolled = _months(group, linked, rng)
    nobody = {"child": np.array([], dtype=int), "day": np.array([], dtype=int)}
    plain = draw_plain(size, 0, linked.last_day + 1, nobody, linked, rng)
    lines = number_claims(plain_lines(np.zeros(len(plain["day"]), dtype=int), plain))
    people = People(
        block, first + np.arange(size), county, group, sex, race, born, np.full(size, -1), enrolled, lines,
        known=0 if known is None else len(known),
    )  # fmt: skip
    return since_birth(people, linked)


def since_birth(people: People, linked: Linked) -> People:
    """The people without what was drawn for days before they were born; on Medicaid from the month of birth."""
    ends = month_starts(linked)[1:]
    return replace(
        people,
        enrolled=people.enrolled & (people.born[:, None] < ends[None, :]),
        lines=keep_lines(people.lines, people.lines["from"] >= people.born[people.lines["child"]]),
    )


SEX_SHARES = (0.49, 0.51, 0.0)


def _months(group: np.ndarray, linked: Linked, rng: np.random.Generator) -> np.ndarray:
    """Months on Medicaid from the first on: who is on it leaves, who has left comes back, at the group's rates."""
    parts, months = linked.enrollment, len(month_starts(linked)) - 1
    leaves = np.array([parts.leaves[name] for name in GROUPS])[group]
    back = parts.back / parts.back_after_months
    enrolled = np.zeros((len(group), months), dtype=bool)
    now = rng.random(len(group)) < back / (back + leaves)
    for month in range(months):
        enrolled[:, month] = now
        now = np.where(now, rng.random(len(group)) >= leaves, rng.random(len(group)) < back)
    return enrolled
