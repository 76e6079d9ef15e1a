"""What was promised at the meetings of the collaborative, and what may be said of whom: params/<study>/collaborative.yml."""

import re
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import BeforeValidator, Field, model_validator

from analysis.params import ROOT, ParamsError, Record, did_you_mean, read_record, shown
from analysis.tables import STATEWIDE

FILE = "collaborative.yml"
MONTH = r"\d{4}-(0[1-9]|1[0-2])"
EMAIL = re.compile(r"\S@\S")
PHONE = re.compile(r"\d(?:[\s().-]*\d){6,}")  # seven digits or more: a date written out has a month's name in it
ACRONYM = re.compile(r"[A-Z]{2,4}s?")

SOME_SITE, ANOTHER_SITE = "a site", "another site"


def _text(value: object) -> str:
    """Words that YAML has not taken for something else, on one line.

    >>> _text(False)
    Traceback (most recent call last):
    ValueError: read by YAML as yes or no. Put it in quotation marks
    """
    kinds = ((bool, "yes or no"), ((date, datetime), "a date"), ((int, float), "a number"))
    for kind, read_as in kinds:
        if isinstance(value, kind):
            raise ValueError(f"read by YAML as {read_as}. Put it in quotation marks")
    if not isinstance(value, str) or not value.strip():
        raise ValueError("words are needed here")
    return " ".join(value.split())


def _nobody_named(value: object) -> str:
    """Words in which nobody can be reached or called: no e-mail address, no telephone number."""
    said = _text(value)
    if EMAIL.search(said) or PHONE.search(said):
        raise ValueError("an e-mail address or a telephone number points to a person. Leave it out")
    return said


def _role(value: object) -> str:
    """A role, never a name. A role is written in small letters, so a capital letter is taken for a name.

    Short acronyms stand (CQI lead). A name in small letters cannot be told from a role.

    >>> _role("CQI lead")
    'CQI lead'
    >>> _role("Maria Lopez")
    Traceback (most recent call last):
    ValueError: "Maria" looks like a person's name. Write the role in small letters, like program manager, never who it is
    """
    said = _nobody_named(value)
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", said)
    named = [word for word in words if word != word.lower() and not ACRONYM.fullmatch(word)]
    if named or not any(word == word.lower() for word in words):
        raise ValueError(
            f'"{named[0] if named else said}" looks like a person\'s name. '
            "Write the role in small letters, like program manager, never who it is"
        )
    return said


def _month(value: object) -> str:
    said = _text(value)
    if not re.fullmatch(MONTH, said):
        raise ValueError("the meeting is named by its month, like 2026-09")
    return said


def _day(value: object) -> object:
    """A day; a number would be read as seconds since 1970."""
    if isinstance(value, datetime) or not isinstance(value, date | str):
        raise ValueError("a day is written like 2026-09-10")
    return value


def _yes_or_no(value: object) -> object:
    """YAML turns a bare yes or no into true or false; what was meant is plain."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text)]
Unnamed = Annotated[str, BeforeValidator(_nobody_named)]
Role = Annotated[str, BeforeValidator(_role)]
Month = Annotated[str, BeforeValidator(_month)]
Day = Annotated[date, BeforeValidator(_day)]
Done = Annotated[Literal["yes", "partly", "no", "open"], BeforeValidator(_yes_or_no)]
Minutes = Annotated[int, Field(ge=0, le=240)]


class Promise(Record):
    """One promise: who (a site, or statewide; a role) does what by when, and what came of it.

    `meeting` is the month that the meeting looked at, as PERIOD names its agenda; the meeting itself is some weeks later.

    `open` says that nobody has reported yet, `no` that it was reported as not done.
    """

    site: Text
    made_on: Day
    meeting: Month
    promise: Unnamed
    owner_role: Role
    due_on: Day | None = None
    done: Done = "open"
    done_on: Day | None = None
    note: Unnamed | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name, day in (("due_on", self.due_on), ("done_on", self.done_on)):
            if day is not None and day < self.made_on:
                raise ValueError(f"{name} is {day}, before the promise was made on {self.made_on}")
        if self.done_on is not None and self.done not in ("yes", "partly"):
            raise ValueError(f"done_on is given, but done is {self.done}. Say yes or partly, or leave the day out")
        return self

    def overdue(self, as_of: pd.Timestamp) -> bool:
        """Not wholly done, and the day has passed; on the day itself it is not late yet."""
        return self.done != "yes" and self.due_on is not None and pd.Timestamp(self.due_on) < as_of


class Agreement(Record):
    """The signed agreement under which sites see one another's figures: its day, and what it allows in words."""

    signed_on: Day
    allows: Text


class Timings(Record):
    """Minutes of the meeting for each part of the agenda (illustrative; every collaborative sets its own)."""

    promises: Minutes = 15
    questions: Minutes = 20
    learning: Minutes = 10
    records: Minutes = 5
    next_time: Minutes = 10


class Collaborative(Record):
    """params/<study>/collaborative.yml. A study without the file has promised nothing, and names its peers."""

    name_peers: bool = True
    agreement: Agreement | None = None
    minutes: Timings = Timings()
    contact: dict[Text, Text] = {}
    promises: tuple[Promise, ...] = ()


def read_collaborative(study: str, sites: list[str], *, root: Path = ROOT) -> Collaborative:
    """The file of that study, held against its sites; what it says where it is not there, or holds nothing but comments.

    >>> read_collaborative("no_such_study", []).name_peers
    True
    """
    path = root / "params" / study / FILE
    if not path.exists() or _all_comments(path):
        return Collaborative()
    rules = read_record(path, Collaborative)
    for promise in rules.promises:
        _known(promise.site, [*sites, STATEWIDE], f"{shown(path)}: promises")
    for site in rules.contact:
        _known(site, sites, f"{shown(path)}: contact")
    return rules


def _all_comments(path: Path) -> bool:
    lines = path.read_text(encoding="utf-8").splitlines()
    return all(not line.strip() or line.lstrip().startswith("#") for line in lines)


def _known(site: str, sites: list[str], where: str) -> None:
    if site not in sites:
        raise ParamsError(
            f'{where}: "{site}" is not a site of this study{did_you_mean(site, sites)}. Sites: {", ".join(sites)}.'
        )


def before_meeting(rules: Collaborative, meeting: pd.Period) -> tuple[list[Promise], list[Promise]]:
    """The promises of the meeting just before this one, then the older ones that are not done; each by day, site and words.

    The meeting just before is the latest with a promise, so a month without a meeting loses none.
    """
    earlier = sorted(
        (each for each in rules.promises if each.meeting < str(meeting)),
        key=lambda each: (each.meeting, each.site, each.made_on, each.promise),
    )
    last = max((each.meeting for each in earlier), default=None)
    return (
        [each for each in earlier if each.meeting == last],
        [each for each in earlier if each.meeting != last and each.done != "yes"],
    )


def site_words(rules: Collaborative, names: dict[str, str], site: str, *, reader: str = STATEWIDE) -> str:
    """A site as `reader` may read it: by name where peers are named or it is the reader's own.

    Otherwise "another site" on a site's page, and "a site" on a page for everyone.

    >>> unnamed = Collaborative(name_peers=False)
    >>> site_words(unnamed, {"a": "Mesa"}, "a", reader="a"), site_words(unnamed, {"a": "Mesa"}, "a", reader="b")
    ('Mesa', 'another site')
    >>> site_words(unnamed, {"a": "Mesa"}, "a"), site_words(Collaborative(), {"a": "Mesa"}, "a"), site_words(unnamed, {}, "statewide")
    ('a site', 'Mesa', 'statewide')
    """
    if site == STATEWIDE:
        return STATEWIDE
    if rules.name_peers or site == reader:
        return names[site]
    return SOME_SITE if reader == STATEWIDE else ANOTHER_SITE
