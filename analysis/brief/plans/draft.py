"""The first draft of a plan: what the records show is filled in, what only people know is left empty."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from analysis.brief.plans.actions import STEPS, acting_on
from analysis.brief.plans.checking import Known, as_plan
from analysis.brief.plans.files import write_new
from analysis.brief.plans.lines import read_lines
from analysis.brief.plans.records import Plan
from analysis.brief.plans.writing import action_words, as_content, plan_text
from analysis.params import ROOT, Disclosure, ParamsError, disclosure

REVIEW_DAYS = (30, 60, 90)
BALANCING = ("response_in_time_share", "in_person_share", "back_in_180_days_share")


@dataclass(frozen=True)
class Signal:
    """What the records say of one site; None is not known.

    `observed` crises were seen where `expected` would be at the state's rate, over the months of `window`; `ratio` is one by the
    other, `low` to `high` its range. `class_words` is the finding in words, `leading_steps` where most are lost.
    """

    site_id: str
    class_words: str | None = None
    observed: int | None = None
    expected: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    window: str | None = None
    months: tuple[str, ...] = ()
    leading_steps: tuple[str, ...] = ()
    measure: str = "episodes_per_1000"


@dataclass(frozen=True)
class Aim:
    """An aim as it was computed: of a measure, or of a process in words; from how much to how much, by when, why enough."""

    measure: str | None
    start: float | None
    to: float
    by: date
    why_enough: str | None = None
    process: str | None = None


def signal_words(signal: Signal, rule: Disclosure) -> str | None:
    """What the records show in two sentences; where few children are behind it neither the count nor what gives it away.

    >>> seen = Signal("north", "Reaching fewer children than expected", 30, 61.2, 0.49, 0.33, 0.70, "November 2025 to October 2026")
    >>> signal_words(seen, disclosure())
    'Reaching fewer children than expected. November 2025 to October 2026: 30 crises seen, about 61 expected; 49 for every 100 expected (range 33 to 70).'
    >>> signal_words(Signal("north", observed=4, expected=12.0, ratio=0.33, window="October 2026"), disclosure())
    'October 2026: 1 to 10 (hidden to protect privacy) crises seen, about 12 expected.'
    """
    parts, hidden = [], signal.observed is not None and 0 < signal.observed < rule.smallest_shown
    if signal.observed is not None:
        parts.append(f"{rule.hidden_words if hidden else f'{signal.observed:,}'} crises seen")
    if signal.expected is not None:
        parts.append(f"about {signal.expected:,.0f} expected")
    said = ", ".join(parts)
    # Without the count nobody knows whether a ratio would give a small one away.
    if signal.ratio is not None and signal.observed is not None and not hidden:
        said += f"; {100 * signal.ratio:.0f} for every 100 expected"
        if signal.low is not None and signal.high is not None:
            said += f" (range {100 * signal.low:.0f} to {100 * signal.high:.0f})"
    figures = f"{signal.window}: {said}." if said and signal.window else f"{said}." if said else None
    finding = f"{signal.class_words.rstrip('.')}." if signal.class_words else None
    return " ".join(each for each in (finding, figures) if each) or None


def draft_plan(
    signal: Signal, aims: Iterable[Aim], known: Known, *, leading_steps: Iterable[str] | None = None, started_on: date,
    plan_no: int = 1, made_up: bool = False, rule: Disclosure | None = None,
) -> Plan:  # fmt: skip
    """The draft as a record: proposals without owners, aims as they were computed, reviews after 30, 60 and 90 days."""
    steps = tuple(signal.leading_steps if leading_steps is None else leading_steps)
    for step in steps:
        if step not in STEPS:
            raise ValueError(f"{step} is no step of the path. Steps: {', '.join(STEPS)}.")
    aimed = [
        {"id": f"aim-{at}", "measure": each.measure, "process": each.process, "from": each.start, "to": each.to, "by": each.by,
         "why_enough": each.why_enough}
        for at, each in enumerate(aims, 1)
    ]  # fmt: skip
    content = {
        "site": signal.site_id, "plan_no": plan_no, "status": "draft", "made_up": "Made up" if made_up else None,
        "started_on": started_on,
        "signal": {
            "measure": signal.measure if signal.measure in known.measures else None, "months": list(signal.months),
            "steps": list(steps), "words": signal_words(signal, rule or disclosure()),
        },
        "story": {"causes": [{"step": step} for step in steps]},
        "aims": aimed,
        "actions": [{"action": name} for name in acting_on(known.actions, steps)],
        "balancing": [each for each in BALANCING if each in known.measures],
        "reviews": [{"day": days, "due_on": started_on + timedelta(days=days)} for days in REVIEW_DAYS],
        "exit": {"rule": "back_in_range"},
        "versions": [{"version": 1, "changed_on": started_on, "what": "First draft, from the records."}],
    }  # fmt: skip
    return as_plan(content, known, where=f"The draft for {signal.site_id}", locate=lambda loc: "")


def draft(
    study: str, site: str, signal: Signal, leading_steps: Iterable[str] | None, aims: Iterable[Aim], *, known: Known,
    started_on: date, plan_no: int = 1, made_up: bool = False, root: Path = ROOT,
) -> Path:  # fmt: skip
    """Write the first draft to params/<study>/plans/<site>.yml; a plan that is there already stays, and a sentence says so.

    The text is read back before it is written: a draft that the strict reader refuses is never left behind.
    """
    if site != signal.site_id:
        raise ValueError(f"the signal is about {signal.site_id}, not {site}")
    if site not in known.sites:
        raise ParamsError(f'"{site}" is not a site of this study. Sites: {", ".join(known.sites)}.')
    plan = draft_plan(
        signal, aims, known, leading_steps=leading_steps, started_on=started_on, plan_no=plan_no, made_up=made_up
    )
    text = draft_text(plan, known)
    content, locate = read_lines(text.encode(), f"The draft for {site}", names=known.names)
    if as_plan(content, known, where=f"The draft for {site}", locate=locate) != plan:
        raise ValueError(f"the draft for {site} does not read as it was made")
    return write_new(study, site, text, root=root)


def draft_text(plan: Plan, known: Known) -> str:
    """The draft as commented YAML, with what came of each proposed action elsewhere."""
    proposed = [
        "Proposed because they work on the steps where most are lost. Take out what does not fit, add what does.",
        *(action_words(each.action, known.actions[each.action]) for each in plan.actions),
    ]
    written = as_content(plan)
    head = ["Made up: nobody agreed to any of this."] if written["made_up"] else []
    head.append(
        f"{known.sites[plan.site].name}. First draft: what the records show is filled in, the rest is for the site to write."
    )
    return plan_text(plan, head=head, beside={"actions": proposed} if plan.actions else {})
