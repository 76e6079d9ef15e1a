"""Later visits of children whose crisis is none of the study's own, given to other children.

The study takes each child's first crisis that meets its rules. A child whose crisis came before its county had a team must not
have a later one that does: it would come in with a past that the rule of assignment never saw. The visits stay where they
are, so that counties keep their counts; the child who makes them is another, too short a time on Medicaid to come in.
"""

import numpy as np

from analysis.demo.linked.claims import NAMES, Lines
from analysis.demo.linked.crises import Crises
from analysis.demo.linked.frame import FIRST_LIVE_DAYS, NEVER, Frame, month_of, month_starts
from analysis.demo.linked.settings import Linked
from analysis.demo.linked.shocks import APART

TOGETHER_DAYS = 40  # claims of one child no further apart go to one other child: a visit, its stay and interim bills
KINDS = [NAMES.index(name) for name in ("ed_facility", "ed_observation", "ed_physician", "hospital", "hospital_physician", "residential")]  # fmt: skip
MONTHS_AROUND = 1  # of Medicaid before and after those claims


def pass_on(lines: Lines, crises: Crises, inside: np.ndarray, enrolled: np.ndarray, frame: Frame, linked: Linked) -> tuple[Lines, np.ndarray, np.ndarray]:  # fmt: skip
    """The lines with some given to other children, who it was, and the others' months on Medicaid.

    `inside` says which children the study takes by their own crisis. Others are numbered from len(crises) on; the second array
    holds, for each of them, the position of the child whose visit it was.
    """
    first_live = np.where(frame.live_from < NEVER, frame.live_from + FIRST_LIVE_DAYS, NEVER)[crises.county]
    child, day = lines["child"], lines["from"]
    later = np.maximum(first_live, crises.day + 1)[child]
    spoils = ~inside[child] & (day >= later) & np.isin(lines["kind"], KINDS) & _behavioral(lines)
    month = month_of(linked, np.minimum(day, linked.last_day))
    spoils &= (day <= linked.last_day) & enrolled[child, month]
    which = np.flatnonzero(spoils)
    which = which[np.lexsort((day[which], child[which]))]
    gap = np.diff(day[which])
    anew = (gap > TOGETHER_DAYS) | ((gap > APART) & (lines["kind"][which][1:] == NAMES.index("ed_facility")))
    apart = np.concatenate([[True], (child[which][1:] != child[which][:-1]) | anew])[: len(which)]
    number = np.cumsum(apart) - 1
    given = child.copy()
    given[which] = len(crises) + number
    others = int(number.max(initial=-1)) + 1
    was = child[which][apart]
    first, last = np.full(others, NEVER), np.zeros(others, dtype=int)
    np.minimum.at(first, number, month[which])
    np.maximum.at(last, number, month[which])
    months = np.arange(len(month_starts(linked)) - 1)[None, :]
    own = (months >= first[:, None] - MONTHS_AROUND) & (months <= last[:, None] + MONTHS_AROUND)
    return lines | {"child": given}, was, own


def _behavioral(lines: Lines) -> np.ndarray:
    """True where a diagnosis is behavioral by the widest definition."""
    first, second = lines["diagnosis_1"].astype("U7"), lines["diagnosis_2"].astype("U7")
    return np.char.startswith(first, "F") | np.char.startswith(second, "F") | (first == "R45.851")
