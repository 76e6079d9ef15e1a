"""The linked state: its children with a crisis, what happens to them in either arm, and clean tables of the arm they had."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.demo.linked.claims import lines_of
from analysis.demo.linked.direct import born_on, is_eligible, make_cohort, make_follow_up, observed, only
from analysis.demo.linked.enrollment import draw_enrolled
from analysis.demo.linked.frame import Frame, make_frame
from analysis.demo.linked.index import Index, draw_index
from analysis.demo.linked.newcomers import pass_on
from analysis.demo.linked.past import Past, draw_past
from analysis.demo.linked.paths import Paths, follow
from analysis.demo.linked.roster import People, since_birth
from analysis.demo.linked.rows import make_children, make_claims, make_detentions, make_enrollment, make_placements
from analysis.demo.linked.settings import Linked
from analysis.demo.linked.shocks import BLOCK, HORIZON, Shocks, draw_shocks

FOLLOWED = -(-HORIZON // BLOCK) * BLOCK  # days that are drawn after the index day: whole months


@dataclass(frozen=True, eq=False)
class LinkedState:
    """Every child with a crisis. `child_id` is that of the episodes for mobile-first children; `paths` is what happened."""

    linked: Linked
    frame: Frame
    index: Index
    child_id: np.ndarray
    shocks: Shocks
    paths: Paths
    enrolled: np.ndarray

    @cached_property
    def inside(self) -> np.ndarray:
        """True for the children whom the study takes."""
        return is_eligible(self.index.crises, self.index.live, self.enrolled, self.linked)

    @cached_property
    def people(self) -> People:
        """The children on the roster: those with a crisis, then others who stand in for a later visit (newcomers.py)."""
        crises, linked = self.index.crises, self.linked
        lines = lines_of(crises, self.index.mobile, self.paths, self.past, linked)
        lines, was, months = pass_on(lines, crises, self.inside, self.enrolled, self.frame, linked)
        who = np.concatenate([np.arange(len(crises)), was])
        everyone = crises.take(who, past=False)
        dead = everyone.day + np.minimum(self.shocks.index["dies"][who], 10**6).astype(int)
        people = People(
            0, np.arange(len(who)), everyone.county, everyone.group, everyone.sex, everyone.race, born_on(everyone),
            np.where(dead <= linked.last_day, dead, -1), np.concatenate([self.enrolled, months]), lines,
        )  # fmt: skip
        return since_birth(people, linked)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Clean children, claims, enrollment, placements and detentions with the contract's columns."""
        people, linked, crises = self.people, self.linked, self.index.crises
        more = len(people.number) - len(crises)
        ids = np.concatenate([self.child_id, [f"C8{number:05d}" for number in range(1, more + 1)]])
        return {
            "children": make_children(people, ids, linked),
            "claims": make_claims(people, ids, linked),
            "enrollment": make_enrollment(people, ids, self.frame.counties, linked),
            "placements": make_placements(crises, self.paths, self.child_id, linked),
            "detentions": make_detentions(crises, self.paths, self.child_id, linked),
        }

    @cached_property
    def past(self) -> Past:
        """Care before the crises that the rule of assignment does not look at."""
        return draw_past(self.index.crises, self.linked, self.linked.stream("past"), days=self.linked.last_day)

    @cached_property
    def derived(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        """cohort, follow_up and follow_up_months as they follow from clean claims, without making any; by child_id."""
        index, linked = self.index, self.linked
        inside = np.flatnonzero(self.inside)
        seen = observed(self.paths, index.crises, self.enrolled, linked)
        cohort = make_cohort(self.child_id, index.crises, index.mobile, self.past, self.enrolled, self.frame, linked)
        dies = self.shocks.index["dies"]
        return only(inside, cohort, *make_follow_up(self.child_id, index.crises, seen, self.enrolled, dies, linked))

    def in_arm(self, mobile: bool) -> Paths:
        """What would happen to every child if a team came first (True), or if the crisis began in an ED."""
        return follow(self.index.crises, self.shocks, mobile, self.frame, self.linked)


def make_linked(linked: Linked) -> LinkedState:
    """The linked state of a scenario; the same scenario gives the same tables.

    >>> from analysis.demo.linked.settings import read_linked
    >>> state = make_linked(read_linked("small_state"))
    >>> sorted(state.tables)
    ['children', 'claims', 'detentions', 'enrollment', 'placements']
    """
    frame, index = make_frame(linked), draw_index(linked)
    shocks = draw_shocks(index.crises, FOLLOWED, frame, linked, linked.stream("shocks"))
    paths = follow(index.crises, shocks, index.mobile, frame, linked)
    enrolled = draw_enrolled(index.crises, index.mobile, paths, linked, linked.stream("enrollment"))
    own = frame.rows["child_id"].to_numpy()[index.crises.row[index.mobile]]
    others = int((~index.mobile).sum())
    # Ids of the other children do not tell that they never met a team.
    drawn = linked.stream("ids").permutation(others) + 1
    ids = np.concatenate([own, [f"C9{number:05d}" for number in drawn]])
    return LinkedState(linked, frame, index, ids, shocks, paths, enrolled)
