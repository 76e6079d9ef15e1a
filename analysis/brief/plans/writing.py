"""A plan as commented YAML that the strict reader takes back as the same plan."""

import re
import textwrap
from collections.abc import Iterable, Mapping

import yaml

from analysis.brief.plans.actions import EVIDENCE, STEPS, Action
from analysis.brief.plans.records import ACTS, EXIT_RULES, STATUSES, STRENGTHS, Plan
from analysis.params import Record

WIDTH = 118
HEAD = (
    "A support plan. An empty field is not yet written; the plan's page says so. Who does something is a role in small letters, "
    "never a name. No child, no birth date, no number of a case, no address or telephone number stands in here. Days are written "
    "like 2026-03-05; text with a colon or a # in it goes in quotation marks."
)
SAID = {
    "status": f"status: {'; '.join(f'{name} = {words}' for name, words in STATUSES.items())}.",
    "started_on": "The day on which the plan began, who leads it at the site, and who coaches from the state.",
    "signal": "Why there is a plan. measure: an id of params/measures.yml. steps: where most families are lost.",
    "story": (
        "The site's own words first, then cause by cause: step, saw (what we saw), know (how we know), strength: "
        f"{'; '.join(f'{name} = {words}' for name, words in STRENGTHS.items())}."
    ),
    "aims": (
        "Each aim: id; measure (an id of params/measures.yml) or process (a count of what is done, in words); from; to; by (a day; an "
        "aim without one is an error); why_enough."
    ),
    "drivers": "What has to change for an aim to be met: what, aims (their ids), actions (their ids).",
    "actions": (
        "action: an id of params/actions.yml, own_idea for one's own. owner_role, start_on, ended_on, dose (how many visits, schools, "
        "hours), aims, note. Once the plan is agreed each needs an owner."
    ),
    "cycles": (
        "Tests of change: cycle (a number), action, question, plan, prediction (before the test), started_on, do, ended_on, study, "
        f"act: {'; '.join(f'{name} = {words}' for name, words in ACTS.items())}; empty = not yet."
    ),
    "balancing": "Measures that must not get worse meanwhile (ids of params/measures.yml).",
    "state_owes": "What the state gives: what, owner_role, by, done_on.",
    "this_month": "Three things at most: what, owner_role, by, done_on.",
    "reviews": "day (after the start), due_on, held_on, decided.",
    "exit": f"The rule for leaving, and words of one's own. rule: {'; '.join(f'{name} = {words}' for name, words in EXIT_RULES.items())}.",
    "sign_off": "Who agreed: role, signed_on.",
    "versions": "version (1, 2, 3), changed_on, by_role, what. Every change adds a line; older versions lie in history/.",
}


class _Dumper(yaml.SafeDumper):
    """Safe YAML with empty fields left empty, ids on one line, and text of several lines below a |."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Entries of a list stand further in than its key."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        """Every value is written out."""
        return True


def _text_node(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


def _number_node(dumper: yaml.SafeDumper, number: float) -> yaml.Node:
    plain = f"{number:.6f}".rstrip("0").rstrip(".")
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in plain else 'int'}", plain)


def _list_node(dumper: yaml.SafeDumper, entries: list) -> yaml.Node:
    return dumper.represent_sequence(
        "tag:yaml.org,2002:seq", entries, flow_style=all(isinstance(each, str) for each in entries)
    )


_Dumper.add_representer(str, _text_node)
_Dumper.add_representer(float, _number_node)
_Dumper.add_representer(list, _list_node)
_Dumper.add_representer(type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", ""))


def as_content(record: Record) -> dict:
    """A record as a file holds it: keys in order, aliases in place of names, an empty list as nothing."""
    return {field.alias or name: _value(getattr(record, name)) for name, field in type(record).model_fields.items()}


def _value(value: object) -> object:
    if isinstance(value, Record):
        return as_content(value)
    if isinstance(value, tuple):
        return [_value(each) for each in value] or None
    return value


def plan_text(plan: Plan, *, head: Iterable[str] = (), beside: Mapping[str, Iterable[str]] | None = None) -> str:
    """The plan as YAML; `head` are comments above it, `beside` comments under the explanation of a key.

    The same plan gives the same text, and the strict reader reads it as the same plan.

    >>> print(plan_text(Plan(site="north", plan_no=1, status="draft")).split("status:")[0].splitlines()[-2])
    plan_no: 1
    """
    lines = [*_comments(HEAD), *(line for said in head for line in _comments(said)), ""]
    for key, value in as_content(plan).items():
        if key == "made_up" and value is None:
            continue
        if key in SAID:
            lines += ["", *_comments(SAID[key])] if key != "status" else _comments(SAID[key])
        lines += [line for said in (beside or {}).get(key, ()) for line in _comments(said)]
        lines += yaml.dump({key: value}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH).splitlines()
    return "\n".join(line if _in_text(line) else line.rstrip() for line in lines) + "\n"


def _in_text(line: str) -> bool:
    return not re.fullmatch(r"\s*(?:- )?[a-z_]+: *", line)


def _comments(said: str) -> list[str]:
    return textwrap.wrap(
        said, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False, break_long_words=False
    )


def action_words(name: str, action: Action) -> str:
    """An action of the library in one comment: what it is, what came of it, and how sure that is."""
    steps = "; ".join(STEPS[step] for step in action.acts_on)
    return f"{name}: {action.name}. Works on: {steps}. {action.came_of_it} How sure: {EVIDENCE[action.evidence]}."
