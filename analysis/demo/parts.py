"""The parts of params/demo/state.yml as frozen records: shares, mixes and lengths that the made-up state is drawn from."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from analysis.params import Ages, Record, Share, Words
from analysis.tables import (
    AGE_BANDS,
    ATTEMPT_RESULTS,
    COUNTERFACTUALS,
    DISCHARGE_REASONS,
    DISPOSITIONS,
    LIVING_SITUATIONS,
    PRESENTING_PROBLEMS,
    REFERRAL_SOURCES,
    RESPONSE_LOCATIONS,
    RESPONSE_MODES,
    URGENCIES,
)

Positive = Annotated[float, Field(gt=0)]
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


def mix_of(codes: dict[str, str]) -> type:
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
    age_shares: mix_of({band: band for band, (_, oldest) in AGE_BANDS.items() if oldest < 18})
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
    """When children are in school, and which; and how many schools a county has that may call."""

    a_county: Annotated[int, Field(ge=1, le=99)]
    breaks: tuple[Break, ...]
    opens_hour: Annotated[int, Field(ge=0, le=23)]
    closes_hour: Annotated[int, Field(ge=1, le=24)]
    ages: Ages


class Referrals(Record):
    """Who asks for help."""

    school_hours: mix_of(REFERRAL_SOURCES)
    otherwise: mix_of(REFERRAL_SOURCES)


class Problems(Record):
    """First problems of younger and older children, and how often a second is named."""

    oldest_of_younger: int
    younger: mix_of(PRESENTING_PROBLEMS)
    older: mix_of(PRESENTING_PROBLEMS)
    second_share: Share


class Modes(Record):
    """What was asked for and what was given."""

    phone_wished: Share
    later_wished: Share
    urgency_at_once: mix_of(URGENCIES)
    urgency_by_phone: mix_of(URGENCIES)
    seen_at_once: mix_of(RESPONSE_MODES)
    seen_later: mix_of(RESPONSE_MODES)
    not_seen: mix_of(RESPONSE_MODES)
    phone_given: mix_of(RESPONSE_MODES)
    attempt_result: mix_of(ATTEMPT_RESULTS)
    cancelled_share: Share


class Locations(Record):
    """Where teams go when a school asked, and otherwise."""

    school: mix_of(RESPONSE_LOCATIONS)
    otherwise: mix_of(RESPONSE_LOCATIONS)


class Endings(Record):
    """Weights of the dispositions: `base`, times those of the problem and of the place."""

    base: mix_of(DISPOSITIONS)
    by_problem: dict[Literal[tuple(PRESENTING_PROBLEMS)], dict[Literal[tuple(DISPOSITIONS)], Positive]]
    by_place: dict[Literal[tuple(RESPONSE_LOCATIONS)], dict[Literal[tuple(DISPOSITIONS)], Positive]]


class Length(Record):
    """A lognormal length: its middle in the unit of its part, the sd of its log."""

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
    visit: Length
    no_contact_stay: Between


class WouldHaveGone(Record):
    """The chance of an ED visit, without the service, at a crisis that ends without one with it.

    `ordinary` is the chance where no factor is named; factors multiply its odds, so no chance passes 1.
    """

    ordinary: Annotated[float, Field(gt=0, lt=1)]
    by_referral: dict[Literal[tuple(REFERRAL_SOURCES)], Positive]
    by_problem: dict[Literal[tuple(PRESENTING_PROBLEMS)], Positive]
    by_place: dict[Literal[tuple(RESPONSE_LOCATIONS)], Positive]


class IndexCrisis(Record):
    """Whether the crisis comes to an ED visit without the service and with it."""

    would_have_gone: WouldHaveGone
    through_ed: Share
    sent_only_by_team: Share


class Answers(Record):
    """What callers say they would have done: how often they are asked, by who asked for help, and how far it is true."""

    asked: dict[Literal[tuple(REFERRAL_SOURCES)], Share]
    asked_otherwise: Share
    says_ed_and_would: Share
    says_ed_and_would_not: Share
    says_else: mix_of({code: words for code, words in COUNTERFACTUALS.items() if code != "emergency_department"})


class Living(Record):
    """Where children live at the call: the mix of the place wins over that of the referrer, that over the ordinary one."""

    ordinary: mix_of(LIVING_SITUATIONS)
    by_referral: dict[Literal[tuple(REFERRAL_SOURCES)], mix_of(LIVING_SITUATIONS)]
    by_place: dict[Literal[tuple(RESPONSE_LOCATIONS)], mix_of(LIVING_SITUATIONS)]


class Stabilization(Record):
    """How many of those met in person stay in care, how long, why it ends and where the child lives then.

    `moves` is the chance to be elsewhere, by reason, `goes_to` where; whoever does not live with family may go back there
    first.
    """

    share: Share
    shortest_days: Annotated[int, Field(ge=1)]
    days: Length
    reason: mix_of(DISCHARGE_REASONS)
    back_home: Share
    moves: dict[Literal[tuple(DISCHARGE_REASONS)], Share]
    goes_to: dict[Literal[tuple(DISCHARGE_REASONS)], mix_of(LIVING_SITUATIONS)]

    @model_validator(mode="after")
    def _every_reason(self) -> Self:
        for name in ("moves", "goes_to"):
            if absent := [reason for reason in self.reason if reason not in getattr(self, name)]:
                raise ValueError(f"{name} says nothing about {absent[0]}, which reason has")
        return self


class Program(Record):
    """What the service costs a month: a published contract cut into teams, and the rest made up."""

    contract_usd: Positive
    contract_months: Positive
    contract_teams: Positive
    children_a_team: Positive
    smallest_step: Positive
    start_up_months: Positive
    call_center_usd: Positive
    variable_usd_per_response: Positive
    source: Words
