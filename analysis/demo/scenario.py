"""What the made-up state is drawn from: params/demo/state.yml as frozen records, and a named random stream for each part."""

import zlib
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import AfterValidator, Field, StringConstraints, model_validator

from analysis.params import (
    ROOT,
    Ages,
    Dated,
    ParamsError,
    Record,
    Share,
    Words,
    as_record,
    did_you_mean,
    read_yaml,
    shown,
)
from analysis.tables import (
    AGE_BANDS,
    ATTEMPT_RESULTS,
    DISPOSITIONS,
    PRESENTING_PROBLEMS,
    REFERRAL_SOURCES,
    RESPONSE_LOCATIONS,
    RESPONSE_MODES,
    SITE_ID_PATTERN,
    URGENCIES,
)

Positive = Annotated[float, Field(gt=0)]
Id = Annotated[str, StringConstraints(pattern=f"^{SITE_ID_PATTERN}$")]
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
TO_ROUNDING = 1e-9  # shares typed in decimals add up to 1 only to rounding


def _sum_to_one(shares: dict[str, float]) -> dict[str, float]:
    if abs(sum(shares.values()) - 1) > TO_ROUNDING:
        raise ValueError(f"the shares add up to {sum(shares.values()):.4f} instead of 1")
    return shares


def _average_one(factors: tuple[float, ...]) -> tuple[float, ...]:
    if abs(sum(factors) - len(factors)) > TO_ROUNDING * len(factors):
        raise ValueError(f"the mean of the factors is {sum(factors) / len(factors):.4f} instead of 1")
    return factors


def _mix(codes: dict[str, str]) -> type:
    """Shares of codes of one set, adding up to 1."""
    return Annotated[dict[Literal[tuple(codes)], Share], AfterValidator(_sum_to_one)]


class Between(Record):
    """A pair of bounds; draws are uniform between them."""

    low: Annotated[float, Field(ge=0)]
    high: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.high < self.low:
            raise ValueError(f"high ({self.high}) is below low ({self.low})")
        return self


class PopulationParts(Record):
    """How the real under-18 counts are split and added to."""

    years: tuple[int, ...]
    age_shares: _mix({band: band for band, (_, oldest) in AGE_BANDS.items() if oldest < 18})
    young_adults: Share
    poverty_shares: Between


class Use(Record):
    """Episodes per 1,000 children a year at an ordinary site, and what moves them."""

    by_age: dict[Literal[tuple(AGE_BANDS)], Positive]
    by_month: Annotated[tuple[Positive, ...], Field(min_length=12, max_length=12), AfterValidator(_average_one)]
    by_weekday: Annotated[tuple[Positive, ...], Field(min_length=7, max_length=7), AfterValidator(_average_one)]
    shock_size: Positive
    at_opening: Share
    growth_months: Positive
    repeat_share: Share
    repeat_after_days: Positive
    repeat_gap_days: Positive
    school_day_hours: Annotated[tuple[Positive, ...], Field(min_length=24, max_length=24)]
    other_day_hours: Annotated[tuple[Positive, ...], Field(min_length=24, max_length=24)]


class Break(Record):
    """Days without school, as month-day, both included; a break may run over the new year."""

    from_day: MonthDay = Field(alias="from")
    to_day: MonthDay = Field(alias="to")


class School(Record):
    """When children are in school, and which."""

    breaks: tuple[Break, ...]
    opens_hour: Annotated[int, Field(ge=0, le=23)]
    closes_hour: Annotated[int, Field(ge=1, le=24)]
    ages: Ages


class Referrals(Record):
    """Who asks for help."""

    school_hours: _mix(REFERRAL_SOURCES)
    otherwise: _mix(REFERRAL_SOURCES)


class Problems(Record):
    """First problems of younger and older children, and how often a second is named."""

    oldest_of_younger: int
    younger: _mix(PRESENTING_PROBLEMS)
    older: _mix(PRESENTING_PROBLEMS)
    second_share: Share


class Modes(Record):
    """What was asked for and what was given."""

    phone_wished: Share
    later_wished: Share
    urgency_at_once: _mix(URGENCIES)
    urgency_by_phone: _mix(URGENCIES)
    seen_at_once: _mix(RESPONSE_MODES)
    seen_later: _mix(RESPONSE_MODES)
    not_seen: _mix(RESPONSE_MODES)
    phone_given: _mix(RESPONSE_MODES)
    attempt_result: _mix(ATTEMPT_RESULTS)
    cancelled_share: Share


class Locations(Record):
    """Where teams go when a school asked, and otherwise."""

    school: _mix(RESPONSE_LOCATIONS)
    otherwise: _mix(RESPONSE_LOCATIONS)


class Endings(Record):
    """Weights of the dispositions: `base`, times those of the problem and of the place."""

    base: _mix(DISPOSITIONS)
    by_problem: dict[Literal[tuple(PRESENTING_PROBLEMS)], dict[Literal[tuple(DISPOSITIONS)], Positive]]
    by_place: dict[Literal[tuple(RESPONSE_LOCATIONS)], dict[Literal[tuple(DISPOSITIONS)], Positive]]


class Visit(Record):
    """A lognormal length: its middle in minutes, the sd of its log."""

    middle: Positive
    spread: Positive


class Clocks(Record):
    """How long things take, in minutes."""

    shortest_wait: Annotated[int, Field(ge=1)]
    dispatched_after: Between
    later_days: Annotated[dict[str, Share], AfterValidator(_sum_to_one)]
    later_hours: Between
    later_not_before: Annotated[int, Field(ge=1)]
    longest_drive: Annotated[int, Field(ge=1)]
    engaged_after: Between
    visit: Visit
    no_contact_stay: Between


class Care(Record):
    """A county in a site's care; without days it holds from opening to closing."""

    fips: Annotated[str, StringConstraints(pattern=r"^\d{5}$")]
    share: Share = 1.0
    from_on: date | None = Field(default=None, alias="from")
    to_on: date | None = Field(default=None, alias="to")


class Site(Record):
    """One site: its days, its counties and its truth."""

    site_id: Id
    name: Words
    opened_on: date
    closed_on: date | None = None
    hub_id: Id | None = None
    rate_ratio: Positive
    in_person: Share
    within_threshold: Annotated[float, Field(gt=0, lt=1)]
    spread: Positive
    counties: tuple[Care, ...]


class RawFile(Record):
    """One raw file of episodes: text with a separator and an encoding, or a workbook with a sheet."""

    name: Words
    separator: str = ","
    encoding: Literal["utf-8", "cp1252"] = "utf-8"
    sheet: str | None = None


class Export(Record):
    """The record system's files, headers and words."""

    files: dict[int, RawFile]
    clock_format: Words
    columns: dict[str, Words]
    clerks: tuple[Words, ...]
    vehicles: tuple[Words, ...]
    words: dict[str, dict[str, tuple[Words, ...]]]


class Scenario(Record):
    """params/demo/state.yml with what one scenario changes: everything that the made-up state is drawn from."""

    name: str
    seed: Annotated[int, Field(ge=0)]
    covers: Dated
    time_zone: Words
    threshold_minutes: Positive
    population: PopulationParts
    use: Use
    school: School
    referral_source: Referrals
    presenting_problem: Problems
    modes: Modes
    response_location: Locations
    disposition: Endings
    clocks: Clocks
    sites: tuple[Site, ...]
    export: Export
    dirt: dict[str, Annotated[int, Field(ge=0)]]

    def stream(self, part: str) -> np.random.Generator:
        """The random stream of that name: a part that comes later does not move the draws of the others.

        >>> scenario = read_scenario("base")
        >>> bool(scenario.stream("clocks").random() == scenario.stream("clocks").random())
        True
        """
        return np.random.default_rng([self.seed, zlib.crc32(part.encode())])

    def of_sites(self, knob: str) -> dict[str, object]:
        """One of the sites' values by site_id.

        >>> read_scenario("base").of_sites("rate_ratio")["site-04"]
        0.5
        """
        return {site.site_id: getattr(site, knob) for site in self.sites}


def read_scenario(name: str = "base", *, seed: int | None = None, root: Path = ROOT) -> Scenario:
    """Everything that the made-up state of that name is drawn from; `seed` replaces the scenario's own.

    Raises ParamsError for a name that params/demo/state.yml does not hold, and for every fault in the file.

    >>> read_scenario("base").seed
    2026
    >>> read_scenario("bse")
    Traceback (most recent call last):
    analysis.params.ParamsError: params/demo/state.yml: there is no scenario "bse" (did you mean "base"?). It holds: base.
    """
    path = root / "params" / "demo" / "state.yml"
    content = read_yaml(path)
    scenarios = content.pop("scenarios", None) or {}
    if name not in scenarios:
        known = ", ".join(scenarios) or "none"
        raise ParamsError(
            f'{shown(path)}: there is no scenario "{name}"{did_you_mean(name, list(scenarios))}. It holds: {known}.'
        )
    changed = {"name": name, **scenarios[name], **({} if seed is None else {"seed": seed})}
    return as_record({**content, **changed}, Scenario, where=shown(path))
