"""What the linked study's made-up children are drawn from: params/demo/scenarios.yml as one frozen record, by scenario."""

import zlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from analysis.demo.parts import Between, Length, Positive, mix_of
from analysis.demo.scenario import Scenario, read_scenario
from analysis.params import ROOT, Dated, ParamsError, Record, Share, Words, as_record, did_you_mean, read_yaml, shown
from analysis.tables import LIVING_SITUATIONS

FILE = Path("params") / "demo" / "scenarios.yml"

GROUPS = {"tanf": "low-income families", "chip": "CHIP", "ssi": "disability", "foster": "foster care"}
TIERS = ("a", "b", "c", "d")
COUNTED = 2  # of the tiers: what the study counts as a behavioral ED visit is A or B
PLACED_IN = ("kin", "foster", "treatment_foster", "group_home", "residential")

DIRT = (
    "adjusted", "denied", "repeated", "zeros_lost", "second_id", "twins", "county_name", "county_short", "across_border", "unlinked",
    "no_foster_id",
)  # fmt: skip

Rate = Annotated[float, Field(ge=0)]
PlacedIn = Literal[PLACED_IN]


class Population(Record):
    """Who has Medicaid, and by which eligibility group."""

    medicaid: Share
    groups: mix_of(GROUPS)


class Severity(Record):
    """A child's severity, of which no agency keeps a record: mean 0 and variance 1 over all children."""

    persistence: Share
    at_crisis: float


class CrisisRates(Record):
    """How many crises of the kind that an ED sees, and how many of them the service takes over."""

    per_1000: Positive
    county_spread: Rate
    displaced: Share
    fewest_left: Share


class Assignment(Record):
    """Log-odds of a mobile response as the first contact."""

    level: float
    night: float
    distance: float
    age: float
    girls: float
    foster: float
    prior_ed: float
    prior_stay: float
    severe: float
    severity: float


class VisitRates(Record):
    """BH-ED visits, before and after the index crisis."""

    before: Rate
    after: Rate
    decline: Positive
    by_severity: float
    frailty: Positive
    girls: float
    severe: float
    social: float
    foster: float
    per_year_of_age: float
    site_spread: Rate
    washout_days: Annotated[int, Field(ge=0)]
    tiers: mix_of(dict.fromkeys(TIERS, ""))


class StayRates(Record):
    """Boarding, hospital and residential stays."""

    from_visit: Share
    by_severity: float
    direct: Rate
    residential: Share
    hospital_nights: Length
    residential_nights: Length
    boards: Share
    boarding_nights: Between
    index_stay: Share


class Removals(Record):
    """Removals from home, the placements that follow and the return."""

    per_day: Rate
    by_severity: float
    foster: float
    short_hold: Share
    nights: Length
    first_setting: mix_of({code: LIVING_SITUATIONS[code] for code in PLACED_IN})
    moves: Share


class Bookings(Record):
    """Detention."""

    per_day: Rate
    by_severity: float
    youngest: Annotated[int, Field(ge=0)]
    nights: Length


class Effect(Record):
    """Log-ratios of mobile first against ED first, and the shares of what only the ED does at the index crisis."""

    visits: float
    stays: float
    removals: float
    bookings: float
    outpatient: float
    index_stay: Share
    index_boarding: Share
    full_days: Positive
    fade_days: Positive
    by_age: float


class Rollout(Record):
    """Factors of the effects: of sites that opened in the first and in the second half, and by months of service."""

    early: Rate
    late: Rate
    grows_over_months: Rate


class LinkedStabilization(Record):
    """Stabilization as claims show it."""

    share: Share
    within_days: Annotated[int, Field(ge=1)]
    every_days: Annotated[int, Field(ge=1)]
    last_days: Between
    stops_at_visit: bool


class Hazards(Record):
    """Coming to Medicaid, leaving it, coming back, and death."""

    leaves: dict[Literal[tuple(GROUPS)], Share]
    comes: dict[Literal[tuple(GROUPS)], Share]
    back_after_months: Positive
    back: Share
    by_prior_use: float
    mobile: float
    dies: Rate


class UnitPrices(Record):
    """Dollars a unit."""

    ed_visit: Rate
    boarding_night: Rate
    hospital_night: Rate
    residential_night: Rate
    outpatient_visit: Rate
    office_visit: Rate
    mobile_response: Rate
    first_contact: Share
    stabilization_day: Rate
    detention_night: Rate
    placement_night: dict[PlacedIn, Rate]
    spread: Rate


class Outpatient(Record):
    """Behavioral health care between crises, visits a month."""

    per_month: Rate
    by_severity: float
    after_crisis: float


class Injuries(Record):
    """ED visits that the service cannot move."""

    per_1000: Rate


class Ordinary(Record):
    """Care that has nothing to do with a crisis."""

    visits_a_year: Rate


class Counties(Record):
    """Removals and bookings per 1,000 children a year in the agencies' own counts; the service moves neither."""

    removals_per_1000: Rate
    bookings_per_1000: Rate


class Linked(Record):
    """One scenario of params/demo/scenarios.yml: `base` with what the scenario changes.

    `dispatch` names the scenario of params/demo/state.yml whose episodes the mobile-first children are taken from; `size`
    is the part of the state that there is, its dispatch records among it.
    """

    name: str
    seed: Annotated[int, Field(ge=0)]
    dispatch: Words
    size: Annotated[float, Field(gt=0, le=1)]
    children: Annotated[int, Field(ge=1)]
    claims: Dated
    population: Population
    severity: Severity
    crises: CrisisRates
    assignment: Assignment
    visits: VisitRates
    stays: StayRates
    removals: Removals
    bookings: Bookings
    effect: Effect
    rollout: Rollout
    ends_in_ed: Share
    stabilization: LinkedStabilization
    enrollment: Hazards
    prices: UnitPrices
    outpatient: Outpatient
    injuries: Injuries
    ordinary: Ordinary
    counties: Counties
    dirt: dict[Literal[DIRT], Share]
    run_out: tuple[Share, ...]

    @property
    def first_day(self) -> date:
        """The first day of claims; days are counted from it."""
        return self.claims.from_on

    @property
    def last_day(self) -> int:
        """The number of the last day of claims, counted from 0 on the first."""
        return (self.claims.to_on - self.claims.from_on).days

    def stream(self, part: str, block: int = 0) -> np.random.Generator:
        """The random stream of a part and block of children: no part moves the draws of another, no block those of the next.

        >>> linked = read_linked("default")
        >>> bool(linked.stream("visits", 1).random() == linked.stream("visits", 2).random())
        False
        """
        return np.random.default_rng([self.seed, zlib.crc32(part.encode()), block])

    def dispatch_scenario(self, root: Path = ROOT) -> Scenario:
        """The scenario of params/demo/state.yml behind it, with `size` of its crises.

        >>> read_linked("small_state").dispatch_scenario().use.by_age["12-17"]   # a tenth of 13.5
        1.35
        """
        whole = read_scenario(self.dispatch, root=root)
        if self.size == 1:
            return whole
        by_age = {band: rate * self.size for band, rate in whole.use.by_age.items()}
        return whole.model_copy(update={"use": whole.use.model_copy(update={"by_age": by_age})})


def read_linked(name: str = "default", *, seed: int | None = None, root: Path = ROOT) -> Linked:
    """The linked study's scenario of that name; `seed` replaces its own.

    Raises ParamsError for a name that the file does not hold, a key that `base` does not have, and every other fault.

    >>> read_linked("null").effect.visits, read_linked("null").effect.full_days
    (0.0, 180.0)
    >>> read_linked("nul")
    Traceback (most recent call last):
    analysis.params.ParamsError: params/demo/scenarios.yml: there is no scenario "nul" (did you mean "null"?). It holds:
    default, null, confounded, unmeasured, immortal_time, regression_to_the_mean, informative_disenrollment,
    heterogeneous_rollout, small_state.
    """
    path = root / FILE
    content = read_yaml(path)
    scenarios, base = content.get("scenarios") or {}, content.get("base") or {}
    changed = {"name": name, **_named(scenarios, name, path), **({} if seed is None else {"seed": seed})}
    before = changed.pop("as_in", None)
    start = base if before is None else merged(base, _named(scenarios, before, path))
    return as_record(merged(start, changed), Linked, where=shown(path))


def _named(scenarios: Mapping, name: str, path: Path) -> dict:
    if name not in scenarios:
        raise ParamsError(
            f'{shown(path)}: there is no scenario "{name}"{did_you_mean(name, list(scenarios))}. It holds: {", ".join(scenarios) or "none"}.'
        )
    return scenarios[name]


def merged(base: Mapping, changed: Mapping) -> dict:
    """`base` with what `changed` names, part by part.

    >>> merged({"effect": {"visits": -0.3, "stays": -0.1}, "size": 1}, {"effect": {"visits": 0}})
    {'effect': {'visits': 0, 'stays': -0.1}, 'size': 1}
    """
    inside = {
        key: merged(base[key], value) if isinstance(value, Mapping) and isinstance(base.get(key), Mapping) else value
        for key, value in changed.items()
    }
    return {**base, **inside}
