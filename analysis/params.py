"""Strict reading of params/ into frozen records: an unknown key, a wrong type or a date out of order stops with one sentence."""

import difflib
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from analysis.periods import Period, period
from analysis.tables import (
    ATTEMPT_RESULTS,
    CLOCKS,
    DIAGNOSIS_FAMILIES,
    LONGEST_WAIT_HOURS,
    RESPONSE_MODES,
    STATEWIDE,
    URGENCIES,
)

STRATIFIED_BY = (
    "age_band",
    "sex",
    "race_ethnicity",
    "insurance",
)  # by which a figure may be given for groups of children

ROOT = Path(__file__).parent.parent

Share = Annotated[float, Field(ge=0, le=1)]
Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class ParamsError(ValueError):
    """A sentence about params/ that a user can act on."""


class Record(BaseModel):
    """What every record of params/ has in common: frozen, and no key that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Dated(Record):
    """Something that holds from one day to another; an open end holds still."""

    from_on: date = Field(alias="from")
    to_on: date | None = Field(default=None, alias="to")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to_on is not None and self.to_on < self.from_on:
            raise ValueError(f"ends on {self.to_on}, before it starts on {self.from_on}")
        return self

    def holds_on(self, day: date) -> bool:
        """True from `from` to `to`, both days included."""
        return self.from_on <= day and (self.to_on is None or day <= self.to_on)


class Clock(Dated):
    """A response clock: which event starts and stops it, what counts as in time, and which responses it is for.

    `modes` and `urgency` restrict it to those codes where the column is recorded; empty means every response.
    A wait longer than `longest_hours` is taken for a slip of the date and is not measurable.
    """

    start: Literal[CLOCKS]
    stop: Literal[CLOCKS]
    threshold_minutes: Annotated[float, Field(gt=0)]
    target_share: Share | None = None
    modes: tuple[Literal[tuple(RESPONSE_MODES)], ...] = ()
    urgency: tuple[Literal[tuple(URGENCIES)], ...] = ()
    attempt_results: tuple[Literal[tuple(ATTEMPT_RESULTS)], ...] = ()
    longest_hours: Annotated[float, Field(gt=0)] = LONGEST_WAIT_HOURS
    source: Words

    @model_validator(mode="after")
    def _stops_after_it_starts(self) -> Self:
        if CLOCKS.index(self.stop) <= CLOCKS.index(self.start):
            raise ValueError(f"stops at {self.stop}, which does not come after its start, {self.start}")
        return self


class Target(Dated):
    """A benchmark for a share, with the public source that set it."""

    share: Share
    source: Words


class StayLimit(Dated):
    """How many days stabilization may last: from its first day to its last, the last day of the limit included.

    It holds for the stays that begin while it holds. `modes` restricts it to episodes whose first response was given so;
    empty means every episode.
    """

    days: Annotated[int, Field(ge=1, le=400)]
    modes: tuple[Literal[tuple(RESPONSE_MODES)], ...] = ()
    source: Words


class UseTarget(Dated):
    """How many episodes the program means to reach: per 1,000 children of the service's ages and year, with who set it."""

    episodes_per_1000: Annotated[float, Field(gt=0, le=1000)]
    source: Words


class Ages(Record):
    """The ages that the service is for, both included."""

    youngest: Annotated[int, Field(ge=0, le=120)]
    oldest: Annotated[int, Field(ge=0, le=120)]


class CompleteFrom(Record):
    """The first day from which the records are whole; months before it are left out of every figure over time."""

    day: date
    why: Words


class Money(Record):
    """Whose dollars, of which year, and from which quarter on the state has the enhanced match for mobile crisis.

    `enhanced_from` is the first day of the state's first qualifying fiscal quarter; none where it has none.
    """

    state: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
    price_year: Annotated[int, Field(ge=1990, le=2100)]
    enhanced_from: date | None = None
    enhanced_quarters: Annotated[int, Field(ge=1, le=12)] = 12


class Rollout(Record):
    """How many sites the state means to open, and where it says so."""

    sites_planned: Annotated[int, Field(ge=1, le=500)]
    source: Words


class Cohort(Record):
    """Who is in the linked study, from which day, and how long watched. Days are whole days; both ends of a window count.

    `data_cut` is the last day on which claims are whole: the end of the records less the run-out. `ed_tier` says which ED visits are
    behavioral (params/bh_codes.yml). `common_band` names the families of diagnoses, on the index day's claims, that both arms see.
    """

    index_from: date
    index_to: date
    data_cut: date
    ages: Ages = Ages(youngest=3, oldest=20)
    mobile_modes: tuple[Literal[tuple(RESPONSE_MODES)], ...] = ("mobile", "deferred_mobile")
    ed_tier: Literal["a", "b", "c", "d"] = "b"
    visit_merge_days: Annotated[int, Field(ge=0, le=7)] = 1
    boarding_midnights: Annotated[int, Field(ge=1, le=10)] = 2
    boarding_longest_midnights: Annotated[int, Field(ge=1, le=60)] = 6
    admission_within_days: Annotated[int, Field(ge=0, le=7)] = 1
    stay_bridge_days: Annotated[int, Field(ge=0, le=7)] = 1
    hold_hours: Annotated[int, Field(ge=0, le=240)] = 48
    chain_days: Annotated[int, Field(ge=0, le=7)] = 1
    enrolled_before_days: Annotated[int, Field(ge=0, le=1095)] = 180
    enrollment_gap_days: Annotated[int, Field(ge=0, le=180)] = 45
    live_days: Annotated[int, Field(ge=0, le=365)] = 30
    washout_days: Annotated[int, Field(ge=0, le=365)] = 60
    horizon_days: Annotated[int, Field(ge=30, le=1825)] = 548
    watched_until_age: Annotated[int, Field(ge=1, le=26)] = 21
    common_band: tuple[Literal[tuple(DIAGNOSIS_FAMILIES)], ...]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.index_from <= self.index_to <= self.data_cut:
            raise ValueError(
                f"index_from ({self.index_from}), index_to ({self.index_to}) and data_cut ({self.data_cut}) must come in this order"
            )
        return self


class Study(Record):
    """params/<study>/study.yml: one program's data with its choices.

    `ask_before` names the columns by which no figure is shown until those whom they describe have been asked.
    `uncertain_exposure` names the sites whose number of children is itself uncertain (tribal, frontier, border communities).
    """

    name: str
    title: Words
    service: Words
    made_up: str | None = None
    people: Literal["children", "people"]
    place: Literal["site", "place"]
    ages: Ages | None = None
    fiscal_year_starts: Annotated[int, Field(ge=1, le=12)] = 7
    history_months: Annotated[int, Field(ge=3, le=60)] = 24
    baseline_months: Annotated[int, Field(ge=3, le=36)] = 12
    complete_from: CompleteFrom | None = None
    clocks: tuple[Clock, ...] | None = None
    stay_limits: tuple[StayLimit, ...] = ()
    ask_before: tuple[Literal[STRATIFIED_BY], ...] = ()
    money: Money | None = None
    rollout: Rollout | None = None
    cohort: Cohort | None = None
    targets: dict[str, tuple[Target, ...]] = {}
    utilization_target: tuple[UseTarget, ...] = ()
    uncertain_exposure: tuple[Words, ...] = ()
    notes: tuple[Words, ...] = ()

    def limits_on(self, first: date, last: date | None = None) -> tuple[StayLimit, ...]:
        """The limits of stabilization that hold on that day, or on any day to `last`, the earliest first."""
        until = last or first
        held = [each for each in self.stay_limits if each.from_on <= until and (each.to_on or first) >= first]
        return tuple(sorted(held, key=lambda each: (each.from_on, each.modes)))

    def period(self, text: str) -> Period:
        """Read a period with this state's fiscal year."""
        return period(text, fiscal_year_starts=self.fiscal_year_starts)


class Disclosure(Record):
    """params/disclosure.yml: the smallest count shown, the words for a hidden one, and the mark that stands in a table."""

    smallest_shown: Annotated[int, Field(ge=2)]
    hidden_words: Words
    mark: Words = "hidden"


def study(name: str, *, root: Path = ROOT) -> Study:
    """The study of that name.

    >>> study("demo").people
    'children'
    >>> study("dmeo")
    Traceback (most recent call last):
    analysis.params.ParamsError: There is no study "dmeo" (did you mean "demo"?). Studies are folders of params/ with a study.yml; make study STUDY=dmeo starts one.
    """
    known = sorted(path.parent.name for path in (root / "params").glob("*/study.yml"))
    if name not in known:
        raise ParamsError(
            f'There is no study "{name}"{did_you_mean(name, known)}. '
            f"Studies are folders of params/ with a study.yml; make study STUDY={name} starts one."
        )
    return read_record(root / "params" / name / "study.yml", Study, name=name)


def disclosure(*, root: Path = ROOT) -> Disclosure:
    """The rule for small counts.

    >>> disclosure().smallest_shown
    11
    """
    return read_record(root / "params" / "disclosure.yml", Disclosure)


def one_site(name: str, sites: list[str]) -> str:
    """`name` if it is a site with pages of its own, or "statewide".

    >>> one_site("site-99", ["site-01", "site-02"])
    Traceback (most recent call last):
    analysis.params.ParamsError: "site-99" is not a site of this study (did you mean "site-02"?). Sites: site-01, site-02, or statewide.
    """
    if name != STATEWIDE and name not in sites:
        raise ParamsError(
            f'"{name}" is not a site of this study{did_you_mean(name, sites)}. Sites: {", ".join(sites)}, or {STATEWIDE}.'
        )
    return name


# --- the one strict reader -------------------------------------------------------------------------------------------


class _UniqueKeys(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Safe YAML in which a key written twice is an error instead of the last one winning.

    Read by libyaml where it is there: the cards take 0.03 s instead of 0.3 s, and every page reads them.
    """


def _mapping(loader: _UniqueKeys, node: yaml.MappingNode) -> dict:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f'the key "{key}" stands twice', key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: Path) -> dict:
    """The mapping in a YAML file; a broken file, a key written twice or an empty file is a ParamsError."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)
    except FileNotFoundError:
        raise ParamsError(f"{shown(path)} is missing.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ParamsError(f"{shown(path)}, line {line}: {error.problem}. Correct the YAML there.") from None
    except (
        yaml.YAMLError,
        ValueError,
        TypeError,
    ) as error:  # a day like 2025-02-31; bytes that are no text; a list for a key
        raise ParamsError(f"{shown(path)} is not readable as YAML text: {str(error).splitlines()[0]}.") from None
    if not isinstance(content, dict):
        raise ParamsError(f'{shown(path)} must hold "key: value" lines; found {type(content).__name__}.')
    return content


def read_record(path: Path, record: type[Record], **given: object) -> Record:
    """The file at `path` as a frozen record; `given` adds values that the file does not hold, such as its study's name."""
    return as_record({**read_yaml(path), **given}, record, where=shown(path))


def as_record(content: dict, record: type[Record], *, where: str) -> Record:
    """`content` as a frozen record, or one ParamsError that lists every fault with its key.

    >>> as_record({"smallest_show": 11, "hidden_words": "hidden"}, Disclosure, where="params/disclosure.yml")
    Traceback (most recent call last):
    analysis.params.ParamsError: params/disclosure.yml: smallest_shown is missing.
    params/disclosure.yml: "smallest_show" is not a key used here (did you mean "smallest_shown"?).
    """
    try:
        return record.model_validate(content)
    except ValidationError as error:
        sentences = [_sentence(fault, record, where) for fault in error.errors()]
        raise ParamsError("\n".join(dict.fromkeys(sentences))) from None


def _sentence(fault: dict, record: type[Record], where: str) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "missing":
        return f"{where}: {place} is missing."
    if fault["type"] == "extra_forbidden":
        known = sorted(_keys(record))
        return f'{where}: "{place}" is not a key used here{did_you_mean(str(fault["loc"][-1]), known)}.'
    problem = re.sub("^Value error, ", "", fault["msg"])
    found = "" if isinstance(fault["input"], dict | list) else f", found {fault['input']!r}"
    return f"{where}: {place or 'the file'}: {problem[0].lower()}{problem[1:]}{found}."


def _keys(record: type[Record], known: frozenset[type[Record]] = frozenset()) -> set[str]:
    """Every key that the record and the records inside it use; a record may hold others of its own kind."""
    inside = {kind for field in record.model_fields.values() for kind in _records_in(field.annotation)}
    own = {field.alias or name for name, field in record.model_fields.items()}
    known |= {record}
    return own.union(*(_keys(kind, known) for kind in inside - known))


def _records_in(annotation: object) -> list[type[Record]]:
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return [annotation]
    return [kind for part in getattr(annotation, "__args__", ()) for kind in _records_in(part)]


def shown(path: Path) -> str:
    """The path from the workspace's root, as a message prints it."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def did_you_mean(found: str, known: list[str]) -> str:
    """' (did you mean "x"?)' where one known name is close, else nothing."""
    close = difflib.get_close_matches(str(found), [str(name) for name in known], n=1)
    return f' (did you mean "{close[0]}"?)' if close else ""
