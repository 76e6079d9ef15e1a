"""The parts of params/demo/state.yml that the first response and the tables beside the episodes are drawn from."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from analysis.demo.parts import Between, Length, Positive, mix_of
from analysis.params import Record, Share, Words
from analysis.tables import (
    CALL_CHANNELS,
    CALL_OUTCOMES,
    CONTACT_MODES,
    CONTACT_RESULTS,
    INSURANCES,
    OUTREACH_AUDIENCES,
    PRESENTING_PROBLEMS,
    RACES,
    READINESS_DOMAINS,
    REFERRAL_SOURCES,
    REFERRED_TO,
    SEXES,
    STAFF_ROLES,
    TRAINING_MODULES,
    WEEKDAYS,
)

Days = Annotated[int, Field(ge=0)]
Hour = Annotated[int, Field(ge=0, le=24)]


class BySite(Record):
    """A share at an ordinary site, and at those that differ."""

    ordinary: Share
    by_site: dict[str, Share] = {}


class TimesBySite(Record):
    """A number at an ordinary site, and at those that differ."""

    ordinary: Annotated[float, Field(ge=0)]
    by_site: dict[str, Annotated[float, Field(ge=0)]] = {}


class Children(Record):
    """Who the children are; a child is the same in every episode."""

    sex: mix_of(SEXES)
    race_ethnicity: mix_of(RACES)
    insurance: mix_of(INSURANCES)


class Screen(Record):
    """The suicide screen: how often it is done, how often declined, and how often it finds a risk, by first problem."""

    done: BySite
    declined: Share
    positive: Share
    positive_by_problem: dict[Literal[tuple(PRESENTING_PROBLEMS)], Share]


class Change(Record):
    """A share that is another one at a site from a day on, for good."""

    column: Literal["crisis_assessment", "safety_plan"]
    site_id: Words
    from_on: date = Field(alias="from")
    share: Share


class FirstResponse(Record):
    """Who goes, and what is done when the child is met. `blank` is the share of each column's values that nobody wrote down."""

    team_size: dict[Annotated[int, Field(ge=1, le=20)], Share]
    clinician: BySite
    peer: BySite
    police: Share
    police_where_they_asked: Share
    phone_support: BySite
    crisis_assessment: BySite
    safety_plan: BySite
    screen: Screen
    completed_after_days: dict[Days, Share]
    blank: BySite
    changes: tuple[Change, ...] = ()


class Entry(Record):
    """How many days after the request a record is entered: the mean of a geometric wait, a site's own or the ordinary one."""

    mean_days: TimesBySite


class Enrollment(Record):
    """The first day of stabilization after the visit, and the stays that nobody ever closed in the records."""

    after_days: dict[Days, Share]
    never_closed: Share


class Contacts(Record):
    """Follow-ups after the first response, and contacts in stabilization."""

    within_three_days: BySite
    later: Share
    every_days: Annotated[int, Field(ge=3)]
    unclosed_last_days: Between
    mode: mix_of(CONTACT_MODES)
    result: mix_of(CONTACT_RESULTS)
    result_of_the_lost: mix_of(CONTACT_RESULTS)
    minutes: dict[Literal[tuple(CONTACT_MODES)], Positive]
    minutes_spread: Positive


class Scale(Record):
    """One scale: its middle and sd at intake, the true mean change, and the sd of the change."""

    mean: float
    sd: Positive
    true_change: float
    change_sd: Positive
    parent_differs: float


class Scales(Record):
    """Ratings: `retest` is the test-retest correlation; a discharge rating's odds fall for children who do worse and short stays."""

    retest: Annotated[float, Field(gt=0, lt=1)]
    problems: Scale
    functioning: Scale
    at_intake: dict[Literal["worker", "parent"], BySite]
    at_discharge: dict[Literal["worker", "parent"], Annotated[float, Field(gt=0, lt=1)]]
    odds_per_sd_better: Positive
    odds_of_short_stay: Positive
    short_stay_days: Annotated[int, Field(ge=1)]
    odds_of_lost: Positive


class ReferralsMade(Record):
    """Referrals to other services."""

    share: Share
    second_share: Share
    service: mix_of(REFERRED_TO)
    linked: BySite
    wait: Length
    wait_times: dict[Literal[tuple(REFERRED_TO)], Positive]
    wait_times_by_site: dict[str, Positive]


class Calls(Record):
    """Calls to the lines: those that opened an episode, and those beside them."""

    channel: mix_of(CALL_CHANNELS)
    channel_of: dict[Literal[tuple(REFERRAL_SOURCES)], Literal[tuple(CALL_CHANNELS)]]
    not_linked: Share
    beside: TimesBySite
    beside_channel: mix_of(CALL_CHANNELS)
    line_988_times: TimesBySite
    outcome: mix_of(CALL_OUTCOMES)
    no_place: Share
    outside_all_care: Share


class Staff(Record):
    """Members of staff, their training and the positions."""

    children_a_position: Positive
    positions_at_least: Annotated[int, Field(ge=1)]
    roles: Annotated[tuple[Literal[tuple(STAFF_ROLES)], ...], Field(min_length=1)]
    no_peers: tuple[Words, ...]
    tenure_days: Positive
    vacancy_days: TimesBySite
    module_hours: dict[Literal[tuple(TRAINING_MODULES)], Positive]
    module_gap_days: Positive
    module_skipped: BySite
    certified: Share
    certified_after: Between

    @model_validator(mode="after")
    def _every_module(self) -> Self:
        if absent := [module for module in TRAINING_MODULES if module not in self.module_hours]:
            raise ValueError(f"module_hours says nothing about {absent[0]}")
        return self


class Stopped(Record):
    """A site that holds no more events from a day on."""

    site_id: Words
    from_on: date = Field(alias="from")


class Outreach(Record):
    """Outreach events."""

    a_month: TimesBySite
    audience: mix_of(OUTREACH_AUDIENCES)
    attendees: Length
    stopped: tuple[Stopped, ...]


class Readiness(Record):
    """Readiness assessments: before opening and every year after; the share of items met grows."""

    items: dict[Literal[tuple(READINESS_DOMAINS)], Annotated[int, Field(ge=1)]]
    days_before_opening: Annotated[int, Field(ge=1)]
    met: BySite
    growth_a_year: Share


class Satisfaction(Record):
    """Surveys of families, youth and referrers: how often sent and answered, and the mean score on 1 to 5."""

    sent: dict[Literal["family", "referrer"], Share]
    youth_share: Share
    youth_from_age: Annotated[int, Field(ge=0)]
    answered: BySite
    mean: dict[Literal["family", "youth", "referrer"], Annotated[float, Field(ge=1, le=5)]]
    sd: Positive


class Pattern(Record):
    """Hours on weekdays and at weekends; none where nobody can go out."""

    weekdays: tuple[Literal[tuple(WEEKDAYS)], ...]
    from_hour: Hour
    to_hour: Hour

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to_hour <= self.from_hour:
            raise ValueError(f"ends at {self.to_hour}, not after {self.from_hour}")
        return self


class Held(Record):
    """The pattern of a site from its opening or a day on."""

    pattern: Words
    from_on: date | None = Field(default=None, alias="from")


class Hours(Record):
    """Hours of cover."""

    patterns: dict[str, tuple[Pattern, ...]]
    ordinary: Words
    by_site: dict[str, tuple[Held, ...]]

    @model_validator(mode="after")
    def _known_patterns(self) -> Self:
        named = [self.ordinary, *(held.pattern for spans in self.by_site.values() for held in spans)]
        if unknown := [name for name in named if name not in self.patterns]:
            raise ValueError(f"{unknown[0]} is not one of patterns")
        return self


class Companions(Record):
    """Everything that the tables beside the episodes are drawn from."""

    contacts: Contacts
    scales: Scales
    referrals: ReferralsMade
    calls: Calls
    staff: Staff
    outreach: Outreach
    readiness: Readiness
    satisfaction: Satisfaction
    hours: Hours
    dirt: dict[str, dict[str, Annotated[int, Field(ge=0)]]]
