"""params/<study>/plans/<site_id>.yml as frozen records: every field with the heading under which people write it.

A field left empty is not yet written: nothing but the ids, an aim's days and a row's own key has to be there in a draft. Who says
what is a role, never a name; free text is people's own words and stays as it was written.
"""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from analysis.brief.plans.actions import STEPS
from analysis.brief.plans.private import identifying, names_in_role
from analysis.params import Record

LONGEST = 5000  # characters of one text; a cell of a form holds more
STRENGTHS = {"data": "the records show it", "told": "people told us", "guess": "our guess"}
ACTS = {"adopt": "keep it", "adapt": "change it and test again", "abandon": "drop it"}
STATUSES = {
    "draft": "being written; owners may be missing",
    "agreed": "agreed by site and state",
    "closed": "the site has left the plan",
}
# Leaving takes the evidence that began the plan, reversed; one good month is no reason.
EXIT_RULES = {
    "back_in_range": "over six months since the start it reaches at least 85 of every 100 expected (chance 7 in 10)",
    "two_aims_met": "two of the aims are met by their days",
}


def _text(value: object) -> str:
    """Words that the file's format has not taken for something else.

    >>> _text(datetime(2026, 3, 1))
    Traceback (most recent call last):
    ValueError: a date stands where words are needed. Put it in quotation marks, or write it out
    """
    kinds = ((bool, "yes or no"), ((date, datetime), "a date"), ((int, float), "a number"))
    for kind, read_as in kinds:
        if isinstance(value, kind):
            raise ValueError(f"{read_as} stands where words are needed. Put it in quotation marks, or write it out")
    if not isinstance(value, str) or not value.strip():
        raise ValueError("words are needed here")
    text = re.sub(r"\r\n?|[\x85\u2028\u2029]", "\n", value).replace("\t", " ").strip()
    if re.search(r"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|_x[0-9A-Fa-f]{4}_|x005F_|\ufeff", text):
        raise ValueError("holds a character that cannot be printed. Take it out")
    if len(text) > LONGEST:
        raise ValueError(f"is {len(text):,} characters long; {LONGEST:,} are allowed. Shorten it")
    return text


def _said(value: object, info: ValidationInfo) -> str:
    """People's own words, in which nobody may be found; what is wrong is named by its kind and never repeated."""
    text = _text(value)
    kind = identifying(text, (info.context or {}).get("names", ()))
    if kind is not None:
        raise ValueError(
            f"looks as if it holds {kind}. Take it out, or say the role (a parent, the school counselor){_way_out(kind)}"
        )
    return text


def _way_out(kind: str) -> str:
    return "; list a place or program in place_names.yml beside study.yml" if kind.endswith("name") else ""


def _role(value: object) -> str:
    text = " ".join(_text(value).split())
    if identifying(text) or names_in_role(text):
        raise ValueError(
            "looks like a person's name or number. Write the role in small letters, like program manager, never who it is"
        )
    return text


def _day(value: object) -> object:
    """A day; a number would be read as seconds since 1970."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.strip()):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError:
            raise ValueError("is no day of the calendar. Write one like 2026-03-05") from None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError("a day is written like 2026-03-05")
    if not 2015 <= value.year <= 2100:
        raise ValueError("lies outside 2015 to 2100. Correct the year")
    return value


def _month(value: object) -> str:
    text = str(value).strip()
    if isinstance(value, date) or not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", text):
        raise ValueError("a month is written like 2026-03")
    return text


def _whole(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float) or int(value) != value:
        raise ValueError("a whole number is needed, like 3")
    return int(value)


def _number(value: object) -> float:
    """A number to six decimals, so that a file and a form hold the same."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1_000_000:
        raise ValueError("a number is needed, like 12 or 0.85")
    return round(float(value), 6) + 0.0


def _id(value: object) -> str:
    text = _text(value)
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,49}", text) or re.search(r"\d{5}", text):
        raise ValueError("an id is needed: small letters, digits, - and _, without blanks")
    return text


Text = Annotated[str, BeforeValidator(_text)]
Said = Annotated[str, BeforeValidator(_said)]
Role = Annotated[str, BeforeValidator(_role)]
Day = Annotated[date, BeforeValidator(_day)]
Month = Annotated[str, BeforeValidator(_month)]
Whole = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=999)]
Number = Annotated[float, BeforeValidator(_number)]
Id = Annotated[str, BeforeValidator(_id)]
Step = Literal[tuple(STEPS)]


def _field(title: str, default: Any = None, **more: Any) -> Any:
    return Field(default=default, title=title, **more)


def _in_order(first: date | None, then: date | None, what: str) -> None:
    if first is not None and then is not None and then < first:
        raise ValueError(f"{what}. Correct one of the two days")


class Evidence(Record):
    """Why there is a plan: the measure, the months looked at, the steps where families are lost most, and words."""

    measure: Id | None = _field("Measure")
    months: tuple[Month, ...] = _field("Months looked at", ())
    steps: tuple[Step, ...] = _field("Where most are lost", ())
    words: Said | None = _field("What the records show")


class Cause(Record):
    """One cause as the site sees it: what was seen, how that is known, and how strong it is (data, told, guess)."""

    step: Step | None = _field("Step")
    saw: Said | None = _field("What we saw")
    know: Said | None = _field("How we know")
    strength: Literal[tuple(STRENGTHS)] | None = _field("How strong")


class Story(Record):
    """The site's own words, then cause by cause."""

    own_words: Said | None = _field("The site's own words")
    causes: tuple[Cause, ...] = _field("Causes", ())


class Aim(Record):
    """From how much to how much by when, and why that is enough to see. What is counted is a measure of
    params/measures.yml, or a process in words (`process`: school visits a month), never both."""

    id: Id = Field(title="Aim id")
    measure: Id | None = _field("Measure")
    process: Said | None = _field("Or a count of what is done")
    start: Number | None = _field("From", alias="from")
    to: Number = Field(title="To")
    by: Day = Field(title="By (day)")
    why_enough: Said | None = _field("Why that is enough")

    model_config = {**Record.model_config, "populate_by_name": True}

    @model_validator(mode="after")
    def _counts_one_thing(self) -> Self:
        if (self.measure is None) == (self.process is None):
            raise ValueError("needs either a measure or a process (a count of what is done), and not both")
        return self


class Driver(Record):
    """What has to change for an aim to be met, and the actions that change it."""

    what: Said = Field(title="What has to change")
    aims: tuple[Id, ...] = _field("Aims", ())
    actions: tuple[Id, ...] = _field("Actions", ())


class Doing(Record):
    """One action of the library at this site: who, from when, how much of it, for which aims."""

    action: Id = Field(title="Action")
    owner_role: Role | None = _field("Owner (role)")
    start_on: Day | None = _field("Starts on")
    ended_on: Day | None = _field("Ended on")
    dose: Said | None = _field("How much (visits, schools, hours)")
    aims: tuple[Id, ...] = _field("Aims it serves", ())
    note: Said | None = _field("Note")

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        _in_order(self.start_on, self.ended_on, "ended before it started")
        return self


class Cycle(Record):
    """One test of change. The prediction is written before the test; what to do next only after it was looked at."""

    cycle: Whole = Field(title="Cycle")
    action: Id | None = _field("Action")
    question: Said | None = _field("Question")
    plan: Said | None = _field("Plan: who, where, when")
    prediction: Said | None = _field("Prediction")
    started_on: Day | None = _field("Started on")
    do: Said | None = _field("Do: what happened")
    ended_on: Day | None = _field("Ended on")
    study: Said | None = _field("Study: beside the prediction")
    act: Literal[tuple(ACTS)] | None = _field("Act")

    @model_validator(mode="after")
    def _looked_at_first(self) -> Self:
        _in_order(self.started_on, self.ended_on, "ended before it started")
        if self.act is not None and self.study is None:
            raise ValueError("says what to do next, but study is empty. Write first what was seen, or leave act empty")
        return self


class Owed(Record):
    """What the state gives, who sees to it, by when."""

    what: Said = Field(title="What the state gives")
    owner_role: Role | None = _field("Owner (role)")
    by: Day | None = _field("By (day)")
    done_on: Day | None = _field("Done on")


class ToDo(Record):
    """One of this month's three things at most."""

    what: Said = Field(title="This month")
    owner_role: Role | None = _field("Owner (role)")
    by: Day | None = _field("By (day)")
    done_on: Day | None = _field("Done on")


class Review(Record):
    """A review some days after the start: when it is due, when it was held, what was decided."""

    day: Whole = Field(title="Days after the start")
    due_on: Day | None = _field("Due on")
    held_on: Day | None = _field("Held on")
    decided: Said | None = _field("What was decided")


class Exit(Record):
    """The rule by which the site leaves the plan."""

    rule: Literal[tuple(EXIT_RULES)] | None = _field("Rule for leaving")
    words: Said | None = _field("In words")


class SignOff(Record):
    """Which role agreed, and when."""

    role: Role = Field(title="Role")
    signed_on: Day | None = _field("Signed on")


class Version(Record):
    """One version of the plan: what changed, when, by which role."""

    version: Whole = Field(title="Version")
    changed_on: Day | None = _field("Changed on")
    by_role: Role | None = _field("By (role)")
    what: Said | None = _field("What changed")


class Plan(Record):
    """One site's plan as it stands."""

    site: Text = Field(title="Site id")
    plan_no: Whole = Field(title="Plan number")
    status: Literal[tuple(STATUSES)] = Field(title="Status")
    made_up: Text | None = _field("Made up")
    started_on: Day | None = _field("Started on")
    lead_role: Role | None = _field("Lead at the site (role)")
    coach_role: Role | None = _field("Coach (role)")
    signal: Evidence = _field("Why this plan", Evidence())
    story: Story = _field("The site's story", Story())
    aims: tuple[Aim, ...] = _field("Aims", ())
    drivers: tuple[Driver, ...] = _field("Drivers", ())
    actions: tuple[Doing, ...] = _field("Actions", ())
    cycles: tuple[Cycle, ...] = _field("Tests of change", ())
    balancing: tuple[Id, ...] = _field("Measures that must not get worse", ())
    state_owes: tuple[Owed, ...] = _field("What the state gives", ())
    this_month: Annotated[tuple[ToDo, ...], Field(max_length=3)] = _field("This month, three things at most", ())
    reviews: tuple[Review, ...] = _field("Reviews", ())
    exit: Exit = _field("Leaving the plan", Exit())
    sign_off: tuple[SignOff, ...] = _field("Agreed by", ())
    versions: tuple[Version, ...] = _field("Versions", ())
