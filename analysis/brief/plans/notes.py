"""What of a plan is not yet written, and what deserves a word though it is no error: a review gone by, a closed site."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from analysis.brief.plans.checking import Known
from analysis.brief.plans.lines import Loc, key_words
from analysis.brief.plans.records import Cycle, Doing, Owed, Plan, Review, ToDo, Version
from analysis.params import Record

NOT_YET = "not yet written"

# Fields that may stay empty for good, or that wait for a day that has not come.
MAY_STAY_EMPTY = {
    Plan: {"made_up"},
    Doing: {"ended_on", "note", "aims"},
    Owed: {"done_on"},
    ToDo: {"done_on"},
    Review: {"held_on", "decided"},
    Cycle: {"action"},
    Version: set(),
}


@dataclass(frozen=True)
class Note:
    """One thing to be said: where in the plan, in words, and what; `late` where a day has gone by, not where something is unwritten."""

    key: str
    words: str
    late: bool = False


def unwritten(plan: Plan) -> tuple[Note, ...]:
    """Every empty field in the order of the plan: its key, and its heading.

    What waits for its day is not missed: a review's decision before it was held, what was learned of a test that still runs.

    >>> [note.key for note in unwritten(Plan(site="north", plan_no=1, status="draft"))][:4]
    ['started_on', 'lead_role', 'coach_role', 'signal, measure']
    """
    return tuple(Note(key_words(loc), title) for loc, title in _empty(plan, ()))


def _empty(record: Record, loc: Loc) -> Iterator[tuple[Loc, str]]:
    stays = MAY_STAY_EMPTY.get(type(record), set()) | _waiting(record)
    for name, field in type(record).model_fields.items():
        value, key = getattr(record, name), (*loc, field.alias or name)
        if value is None or value == ():
            if name not in stays:
                yield key, field.title
        elif isinstance(value, Record):
            yield from _empty(value, key)
        elif isinstance(value, tuple):
            for at, each in enumerate(value):
                if isinstance(each, Record):
                    yield from _empty(each, (*key, at))


def _waiting(record: Record) -> set[str]:
    """What cannot be written yet, and what of an aim its other half says."""
    if isinstance(record, Cycle) and record.ended_on is None:
        return {"do", "ended_on", "study", "act"} if record.started_on is not None else {"ended_on", "study", "act"}
    if isinstance(record, Review) and record.held_on is not None:
        return {"held_on"}
    return {"measure", "process"} if hasattr(record, "process") else set()


def notes(plan: Plan, known: Known, as_of: date) -> tuple[Note, ...]:
    """What a reader should see on the plan's page as of that day; on its own day nothing is late yet.

    >>> late = Plan(site="north", plan_no=1, status="draft", reviews=[Review(day=30, due_on=date(2026, 9, 1))])
    >>> notes(late, Known({}, {}, {}), date(2026, 9, 2))
    (Note(key='reviews 1', words='The review after 30 days was due on 2026-09-01 and has not been held.', late=True),)
    >>> notes(late, Known({}, {}, {}), date(2026, 9, 1))
    ()
    """
    if plan.status == "closed":
        return tuple(_of_the_site(plan, known, as_of))
    return (
        *_of_the_site(plan, known, as_of),
        *_of_aims(plan, as_of),
        *_of_actions(plan, known, as_of),
        *_of_cycles(plan, as_of),
        *_of_tasks(plan, as_of),
        *_of_reviews(plan, as_of),
    )


def _of_the_site(plan: Plan, known: Known, as_of: date) -> Iterator[Note]:
    place = known.sites.get(plan.site)
    if place is not None and place.closed_on is not None and place.closed_on < as_of:
        yield Note(
            "site", f"This site closed on {place.closed_on}. Close the plan, or hand it to the site that took over."
        )


def _of_aims(plan: Plan, as_of: date) -> Iterator[Note]:
    for at, aim in enumerate(plan.aims):
        if aim.by < as_of:
            yield Note(
                key_words(("aims", at)),
                f"The day of this aim, {aim.by}, has gone by. Say whether it was met, or set a new one.",
                late=True,
            )


def _of_actions(plan: Plan, known: Known, as_of: date) -> Iterator[Note]:
    for at, each in enumerate(plan.actions):
        if each.start_on is not None and each.start_on < as_of and each.dose is None:
            name = known.actions[each.action].name.rstrip(".") if each.action in known.actions else each.action
            began = f"It began on {each.start_on}, and how much of it was done is {NOT_YET}."
            yield Note(key_words(("actions", at)), f"Action: {name}. {began}")


def _of_cycles(plan: Plan, as_of: date) -> Iterator[Note]:
    for at, each in enumerate(plan.cycles):
        key = key_words(("cycles", at))
        if each.started_on is not None and each.started_on <= as_of and each.prediction is None:
            yield Note(key, "This test began without a prediction, so nothing can be held beside what happened.")
        if each.ended_on is not None and each.ended_on < as_of and each.act is None:
            yield Note(key, f"This test ended on {each.ended_on}, and what to do next is {NOT_YET}.")


def _of_tasks(plan: Plan, as_of: date) -> Iterator[Note]:
    for part, said in (("state_owes", "What the state gives"), ("this_month", "What was to be done")):
        for at, each in enumerate(getattr(plan, part)):
            if each.by is not None and each.by < as_of and each.done_on is None:
                due = f"It was due on {each.by}, and is not reported as done."
                yield Note(key_words((part, at)), f"{said}: {each.what.rstrip('.')}. {due}", late=True)


def _of_reviews(plan: Plan, as_of: date) -> Iterator[Note]:
    for at, each in enumerate(plan.reviews):
        key = key_words(("reviews", at))
        if each.due_on is not None and each.due_on < as_of and each.held_on is None:
            due = f"The review after {each.day} days was due on {each.due_on} and has not been held."
            yield Note(key, due, late=True)
        if each.held_on is not None and each.decided is None:
            yield Note(
                key, f"The review after {each.day} days was held on {each.held_on}, and what was decided is {NOT_YET}."
            )
