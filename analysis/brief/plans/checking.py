"""From what was read to a plan: all faults at once, each a sentence with its file, place and key, none repeating what names a person."""

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from pydantic import ValidationError

from analysis.brief.plans.actions import Action
from analysis.brief.plans.lines import Loc, key_words, repeated
from analysis.brief.plans.records import Plan
from analysis.params import ParamsError, Record, did_you_mean

Locate = Callable[[Loc], str]
Fault = tuple[Loc, str]


@dataclass(frozen=True)
class Place:
    """A site as a plan needs it: its name, and its last day where it has closed."""

    name: str
    closed_on: date | None = None


@dataclass(frozen=True)
class Known:
    """What a plan is held against: sites, measures (id to title), actions, and the names that are nobody's."""

    sites: Mapping[str, Place]
    measures: Mapping[str, str]
    actions: Mapping[str, Action]
    names: frozenset[str] = field(default_factory=frozenset)


def as_plan(content: dict, known: Known, *, where: str, locate: Locate) -> Plan:
    """The plan in `content`, or one ParamsError with a sentence for every fault. `locate` says where a key stands.

    >>> known = Known({"north": Place("North")}, {}, {})
    >>> as_plan({"site": "north", "plan_no": 1, "status": "agree"}, known, where="north.yml", locate=lambda loc: "")
    Traceback (most recent call last):
    analysis.params.ParamsError: north.yml: status: found "agree" (did you mean "agreed"?). Allowed: draft, agreed, closed.
    """
    written, faults = _written(content, ())
    try:
        plan = Plan.model_validate(written, context={"names": known.names})
    except ValidationError as error:
        found = [(tuple(fault["loc"]), _said(fault)) for fault in error.errors()]
        raise _all([*faults, *found], where, locate) from None
    faults += list(_unknown(plan, known)) + list(_crossed(plan)) + list(_unowned(plan))
    if faults:
        raise _all(faults, where, locate)
    return plan


def _all(faults: list[Fault], where: str, locate: Locate) -> ParamsError:
    sentences = [f"{where}{locate(loc)}: {key_words(loc) or 'the plan'}: {said}." for loc, said in faults]
    return ParamsError("\n".join(dict.fromkeys(sentences)))


def _written(content: object, loc: Loc) -> tuple[object, list[Fault]]:
    """The content without keys that hold nothing: an empty field is one that is not yet written."""
    faults: list[Fault] = []
    if isinstance(content, dict):
        kept = {}
        for key, value in content.items():
            if value is not None:
                kept[key], found = _written(value, (*loc, key))
                faults += found
        return kept, faults
    if isinstance(content, list):
        kept_list = []
        for at, value in enumerate(content):
            inside, found = _written(value, (*loc, at))
            faults += found
            if inside is None or inside == {}:
                faults.append(((*loc, at), "is empty. Write it, or take the entry out"))
            kept_list.append(inside)
        return kept_list, faults
    return content, faults


def _said(fault: dict) -> str:
    """One fault of pydantic's as a sentence without its full stop."""
    kind, found = fault["type"], fault["input"]
    match kind:
        case "missing":
            return "is missing. Write it"
        case "extra_forbidden":
            key = str(fault["loc"][-1])
            return (
                f"{repeated(key).strip() or 'this'} is not a key used here{_near_key(key)}. Correct it, or take it out"
            )
        case "literal_error":
            allowed = re.findall(r"'([^']*)'", fault["ctx"]["expected"])
            return _choose(found, allowed)
        case "tuple_type":
            return "a list is needed: lines that begin with a dash, or [a, b]"
        case "model_type" | "dict_type" | "model_attributes_type":
            return 'lines with "key: value" are needed here'
        case "too_long":
            return (
                f"holds {len(found)} entries; at most {fault['ctx']['max_length']} are allowed. Keep the most important"
            )
        case "greater_than_equal" | "less_than_equal":
            return "lies outside the allowed range, 1 to 999. Correct it"
    problem = re.sub("^Value error, ", "", fault["msg"])
    return f"{problem[0].lower()}{problem[1:]}"


def _choose(found: object, allowed: Collection[str]) -> str:
    said = repeated(found)
    near = did_you_mean(str(found), list(allowed)) if said else ""
    return f"found{said or ' something else'}{near}. Allowed: {', '.join(allowed)}"


def _near_key(key: str) -> str:
    close = difflib.get_close_matches(key, sorted(_keys(Plan)), n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""


def _keys(record: type[Record]) -> set[str]:
    own = {each.alias or name for name, each in record.model_fields.items()}
    return own.union(*(_keys(kind) for each in record.model_fields.values() for kind in records_in(each.annotation)))


def records_in(annotation: object) -> list[type[Record]]:
    """The records inside a field's type."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return [annotation]
    return [kind for part in getattr(annotation, "__args__", ()) for kind in records_in(part)]


# --- what a plan is held against -------------------------------------------------------------------------------------


def _unknown(plan: Plan, known: Known) -> Iterator[Fault]:
    """Sites, measures and actions that are not there."""
    if plan.site not in known.sites:
        yield ("site",), f"{_choose(plan.site, list(known.sites))}, the sites of this study"
    measures = [(("signal", "measure"), plan.signal.measure)]
    measures += [(("aims", at, "measure"), aim.measure) for at, aim in enumerate(plan.aims)]
    measures += [(("balancing", at), measure) for at, measure in enumerate(plan.balancing)]
    for loc, measure in measures:
        if measure is not None and measure not in known.measures:
            yield (
                loc,
                f"found{repeated(measure)}{did_you_mean(measure, list(known.measures))}. Allowed: the ids of params/measures.yml",
            )
    actions = [(("actions", at, "action"), each.action) for at, each in enumerate(plan.actions)]
    actions += [(("cycles", at, "action"), each.action) for at, each in enumerate(plan.cycles)]
    actions += [
        (("drivers", at, "actions", no), name)
        for at, each in enumerate(plan.drivers)
        for no, name in enumerate(each.actions)
    ]
    for loc, action in actions:
        if action is not None and action not in known.actions:
            yield (
                loc,
                f"found{repeated(action)}{did_you_mean(action, list(known.actions))}. Allowed: the ids of params/actions.yml, own_idea for one's own",
            )


def _crossed(plan: Plan) -> Iterator[Fault]:
    """What does not fit together inside the plan."""
    ids = [aim.id for aim in plan.aims]
    for at, aim in enumerate(plan.aims):
        if aim.id in ids[:at]:
            yield ("aims", at, "id"), f"{repeated(aim.id).strip()} stands twice. Give each aim its own id"
        if plan.started_on is not None and aim.by <= plan.started_on:
            yield ("aims", at, "by"), "does not come after the plan's start. Correct one of the two days"
    named = [
        (("actions", at, "aims", no), name) for at, each in enumerate(plan.actions) for no, name in enumerate(each.aims)
    ]
    named += [
        (("drivers", at, "aims", no), name) for at, each in enumerate(plan.drivers) for no, name in enumerate(each.aims)
    ]
    for loc, name in named:
        if name not in ids:
            yield (
                loc,
                f"found{repeated(name)}{did_you_mean(name, ids)}. Allowed: the ids of this plan's aims ({', '.join(ids) or 'none yet'})",
            )
    for at, each in enumerate(plan.cycles):
        if each.cycle in [other.cycle for other in plan.cycles[:at]]:
            yield ("cycles", at, "cycle"), f"{each.cycle} stands twice. Number the cycles 1, 2, 3"
    for at, version in enumerate(plan.versions, 1):
        if version.version != at:
            yield (
                ("versions", at - 1, "version"),
                f"found {version.version}, where {at} is due. Number the versions 1, 2, 3, the newest last",
            )
    if plan.started_on is not None:
        for at, review in enumerate(plan.reviews):
            for name, day in (("due_on", review.due_on), ("held_on", review.held_on)):
                if day is not None and day < plan.started_on:
                    yield ("reviews", at, name), "lies before the plan's start. Correct one of the two days"


def _unowned(plan: Plan) -> Iterator[Fault]:
    """What a plan that is no draft any more may not lack."""
    if plan.status == "draft":
        return
    for name in ("started_on", "lead_role"):
        if getattr(plan, name) is None:
            yield (name,), f"is missing, and the plan is {plan.status}. Write it, or set status back to draft"
    needed = {"actions": ("owner_role",), "state_owes": ("owner_role", "by"), "this_month": ("owner_role", "by")}
    for part, names in needed.items():
        for at, each in enumerate(getattr(plan, part)):
            for name in names:
                if getattr(each, name) is None:
                    what = "an owner (a role)" if name == "owner_role" else "a day"
                    yield (
                        (part, at, name),
                        f"is missing: the plan is {plan.status}, so each entry needs {what}. Write it, or set status back to draft",
                    )
