"""params/actions.yml: what can be done for a site that reaches few children, what was done elsewhere, and what came of it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from analysis.params import ROOT, Record, Words, read_record
from analysis.tables import REFERRAL_SOURCES

FILE = Path("params") / "actions.yml"
OWN_IDEA = "own_idea"  # stands for whatever a site thinks of itself; nothing proposes it

# From the first call to lasting help, and what stands around it. A referral source is a step of its own.
STEPS = {
    "contacts": "people call",
    "kept_on_phone": "calls end on the phone",
    "dispatched": "a team is sent",
    "arrived": "the team arrives",
    "opened": "help begins at the visit",
    "stabilization": "the family goes on with help for some weeks",
    "linked": "the first appointment elsewhere is kept",
    "hours_of_cover": "hours in which a team can go out",
    "distance": "how far the team has to go",
    "staffing": "people to fill the posts",
    "records": "visits are written down",
    **{f"referral_{code}": f"calls that come from: {words}" for code, words in REFERRAL_SOURCES.items()},
}

# In the order in which a draft proposes actions.
EVIDENCE = {
    "measured_before_after": "counted before and after, without a comparison",
    "described": "described by those who did it; effect not measured",
    "untested": "nothing counted yet",
}

Name = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]*$", max_length=40)]
Address = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


class Action(Record):
    """One thing that can be done: the steps it acts on, what was done elsewhere, what came of it, and how sure that is.

    `illustrative` marks words that stand in no public page that was read; only such an action may lack a source.
    """

    name: Words
    acts_on: Annotated[tuple[Literal[tuple(STEPS)], ...], Field(min_length=1)]
    done_elsewhere: Words
    came_of_it: Words
    evidence: Literal[tuple(EVIDENCE)]
    strength: Words
    sources: tuple[Address, ...] = ()
    law: Words | None = None
    illustrative: bool = False

    @model_validator(mode="after")
    def _sourced(self) -> Self:
        if not self.sources and not self.law and not self.illustrative:
            raise ValueError("names no source. Give the address of a public page, or a law, or say illustrative: true")
        if self.illustrative and self.evidence == "measured_before_after":
            raise ValueError("is illustrative, so nothing was measured. Say untested or described")
        return self


class Library(Record):
    """The actions by their ids."""

    actions: Annotated[dict[Name, Action], Field(min_length=1)]


def read_actions(*, root: Path = ROOT) -> dict[str, Action]:
    """The library by action id; a ParamsError with one sentence a fault.

    >>> read_actions()["school_diversion"].evidence
    'measured_before_after'
    """
    return read_record(root / FILE, Library).actions


def acting_on(actions: Mapping[str, Action], steps: Iterable[str]) -> list[str]:
    """The ids of the actions that act on any of these steps, the better measured first, then as the library has them.

    >>> acting_on(read_actions(), ["kept_on_phone"])[0]
    'just_go'
    """
    wanted, order = set(steps), list(EVIDENCE)
    found = [name for name, action in actions.items() if wanted & set(action.acts_on) and name != OWN_IDEA]
    return sorted(found, key=lambda name: order.index(actions[name].evidence))
