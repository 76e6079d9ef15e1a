"""Who pays which part of a dollar on a day: Medicaid's federal share by fiscal year, the enhanced match, the state, a county."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal, Self

import pandas as pd
from pydantic import Field, model_validator

from analysis.params import ROOT, Dated, ParamsError, Words, did_you_mean
from analysis.savings.prices import Evidence, check_source
from analysis.savings.sheets import Day, DayOrNothing, ShareOfOne, place, read_lines, refuse, replaced

SHARES = "shares.csv"
TO_ROUNDING = 1e-9  # shares typed in decimals add up to 1 only to rounding
ANY_STATE = "US"

PAYERS = {
    "medicaid_federal": "federal government, Medicaid",
    "iv_e_federal": "federal government, Title IV-E",
    "state_general_fund": "state general fund",
    "county": "county",
}
STATE_FUND = "state_general_fund"

# A program says how a fund's dollar is split; each belongs to the fund whose prices it may split.
PROGRAMS = {
    "medicaid_services": "medicaid",
    "mobile_crisis": "medicaid",
    "child_welfare_iv_e": "child_welfare",
    "child_welfare_other": "child_welfare",
    "juvenile_justice_county": "juvenile_justice",
    "county": "county",
    "state": "state",
}
# The line of a state's law on the enhanced match, and the program whose shares hold outside it.
ENHANCED, REGULAR = "mobile_crisis", "medicaid_services"
# The first 12 fiscal quarters in which a state qualifies, 42 U.S.C. 1396w-6(c); federal fiscal quarters are calendar quarters.
ENHANCED_QUARTERS = 12


class ShareLine(Dated):
    """One payer's part of a program's dollar in one state over one span of days."""

    payer: Literal[tuple(PAYERS)]
    program: Literal[tuple(PROGRAMS)]
    state: Words = Field(pattern="^[A-Z]{2}$")
    from_on: Day = Field(alias="from")
    to_on: DayOrNothing = Field(alias="to")
    share: ShareOfOne
    evidence: Evidence
    source_title: str
    source_link: str
    note: str
    file: str
    line: int
    own: bool

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        check_source(self)
        return self


@dataclass(frozen=True)
class EnhancedMatch:
    """The days on which a state's qualifying mobile crisis services get the enhanced match, both included."""

    state: str
    from_on: date
    to_on: date


def read_shares(study: str, *, root: Path = ROOT) -> tuple[ShareLine, ...]:
    """The shares of a study: params/shares.csv, with the lines of params/<study>/shares.csv in place of those of the same
    payer, program, state and first day.

    One record a payer, program, state and span of days. Spans of one payer may not overlap, and on every day on which a
    program's shares hold they add up to 1; otherwise a ParamsError says where, how much and since when.

    >>> len({line.program for line in read_shares("demo")})
    6
    """
    own = root / "params" / study / SHARES
    lines = replaced(
        read_lines(root / "params" / SHARES, ShareLine),
        read_lines(own, ShareLine, own=True) if own.is_file() else (),
        key=lambda line: (line.payer, line.program, line.state, line.from_on.isoformat()),
    )
    refuse(_overlaps(lines))
    refuse(_sums(lines))
    return lines


def payer_shares(
    program: str, state: str, day: date, shares: Iterable[ShareLine], *, enhanced: EnhancedMatch | None = None
) -> Mapping[str, float]:
    """Each payer's part of a program's dollar on a day; the parts add up to 1.

    `mobile_crisis` has the enhanced match on the days of `enhanced`, never less than the state's regular share, and the
    shares of medicaid_services on all others and where `enhanced` is None. A day for which nothing is known is refused:
    no year's share is taken for another's. Medicaid's share is that of the federal fiscal year in which a claim is paid.

    >>> shares = read_shares("demo")
    >>> {payer: round(part, 4) for payer, part in payer_shares("medicaid_services", "NM", date(2026, 1, 1), shares).items()}
    {'medicaid_federal': 0.7166, 'state_general_fund': 0.2834}
    """
    shares = tuple(shares)
    if program not in PROGRAMS:
        raise ParamsError(
            f'"{program}" is not a program of params/{SHARES}{did_you_mean(program, list(PROGRAMS))}. Allowed: {", ".join(PROGRAMS)}.'
        )
    if program == ENHANCED:
        regular = payer_shares(REGULAR, state, day, shares)
        if enhanced is None or enhanced.state != state or not enhanced.from_on <= day <= enhanced.to_on:
            return regular
        raised = _on_day(ENHANCED, state, day, shares)
        return max((regular, raised), key=lambda parts: 1 - parts.get(STATE_FUND, 0.0))
    return _on_day(program, state, day, shares)


def enhanced_match(
    state: str, first_day: date, shares: Iterable[ShareLine], *, quarters: int = ENHANCED_QUARTERS
) -> EnhancedMatch:
    """The days of a state's enhanced match: `quarters` fiscal quarters from the first in which it qualifies.

    Every quarter must lie inside the window of the law, which is the span of mobile_crisis in params/shares.csv
    (42 U.S.C. 1396w-6(c)). A state that began too late for 12 quarters says how many it has.

    >>> enhanced_match("NM", date(2024, 1, 1), read_shares("demo")).to_on
    datetime.date(2026, 12, 31)
    >>> enhanced_match("NM", date(2025, 1, 1), read_shares("demo"))
    Traceback (most recent call last):
    analysis.params.ParamsError: The enhanced match of NM: 12 quarters from 2025Q1 run to 2027Q4; allowed are quarters inside 2022-04-01 to 2027-03-31, of which 9 are left from there. Write an earlier first quarter, or 9 quarters.
    """
    window = [line for line in shares if line.program == ENHANCED and line.state in (state, ANY_STATE)]
    if not window:
        raise ParamsError(f'params/{SHARES} has no line of "{ENHANCED}" for {state} or {ANY_STATE}. Add its window.')
    opens, closes = max(line.from_on for line in window), min(line.to_on or date.max for line in window)
    first = pd.Period(first_day, "Q")
    where = f"The enhanced match of {state}"
    inside = f"allowed are quarters inside {opens} to {closes}"
    if first.start_time.date() != first_day:
        raise ParamsError(f"{where}: found {first_day}; allowed is the first day of a quarter, like 2024-01-01.")
    if not 1 <= quarters <= ENHANCED_QUARTERS:
        raise ParamsError(f"{where}: found {quarters} quarters; allowed are 1 to {ENHANCED_QUARTERS}.")
    if first_day < opens or first_day > closes:
        raise ParamsError(f"{where}: the first quarter, {first}, lies outside; {inside}. Write a quarter inside it.")
    last = first + quarters - 1
    if last.end_time.date() > closes:
        left = (pd.Period(closes, "Q") - first).n + 1
        raise ParamsError(
            f"{where}: {quarters} quarters from {first} run to {last}; {inside}, of which {left} are left from there. "
            f"Write an earlier first quarter, or {left} quarters."
        )
    return EnhancedMatch(state, first_day, last.end_time.date())


def match_multiplier(
    state: str, day: date, shares: Iterable[ShareLine], *, enhanced: EnhancedMatch | None = None
) -> float:
    """How many times the return on an all-funds Medicaid dollar the return on the state's own dollar is, on a day.

    The state's part of a Medicaid service over its part of the mobile crisis service: 1 outside the enhanced match.

    >>> shares = read_shares("demo")
    >>> match = enhanced_match("NM", date(2024, 1, 1), shares)
    >>> round(match_multiplier("NM", date(2026, 1, 1), shares, enhanced=match), 4)   # (1 - 0.7166) / (1 - 0.85)
    1.8893
    """
    shares = tuple(shares)
    services = payer_shares(REGULAR, state, day, shares)[STATE_FUND]
    return services / payer_shares(ENHANCED, state, day, shares, enhanced=enhanced)[STATE_FUND]


def _on_day(program: str, state: str, day: date, shares: Iterable[ShareLine]) -> dict[str, float]:
    lines = [line for line in shares if line.program == program and line.state in (state, ANY_STATE)]
    # A state's own lines stand before those that hold in every state.
    lines = [line for line in lines if line.state == state] or lines
    parts = {line.payer: line.share for line in lines if line.holds_on(day)}
    if not parts:
        raise ParamsError(_nobody_pays(program, state, day, lines))
    if abs(sum(parts.values()) - 1) > TO_ROUNDING:
        raise ParamsError(f"The shares of {program} in {state} add up to {sum(parts.values()):.4f} on {day}, not to 1.")
    return parts


def _nobody_pays(program: str, state: str, day: date, lines: list[ShareLine]) -> str:
    known = "nothing"
    if lines:
        known = f"{min(line.from_on for line in lines)} to {max(line.to_on or date.max for line in lines)}"
    return (
        f"Who pays for {program} in {state} on {day} is not known; params/{SHARES} has {known}. "
        f"Add the lines with their source, or, marked illustrative, to the {SHARES} of the study."
    )


def _groups(lines: Iterable[ShareLine], *columns: str) -> dict[tuple, list[ShareLine]]:
    groups: dict[tuple, list[ShareLine]] = {}
    for line in lines:
        groups.setdefault(tuple(getattr(line, column) for column in columns), []).append(line)
    return groups


def _overlaps(lines: Iterable[ShareLine]) -> list[str]:
    faults = []
    for group in _groups(lines, "payer", "program", "state").values():
        group = sorted(group, key=lambda line: line.from_on)
        for before, after in pairwise(group):
            if before.to_on is None or before.to_on >= after.from_on:
                faults.append(
                    f"{place(after)}, from: found '{after.from_on}', but {place(before)} holds to {before.to_on or 'this day'} "
                    f"for the same payer, program and state. Let one end before the other begins."
                )
    return faults


def _sums(lines: Iterable[ShareLine]) -> list[str]:
    """A fault for each first day from which a program's shares do not add up to 1."""
    faults = []
    for (program, state), group in _groups(lines, "program", "state").items():
        changes = {line.from_on for line in group} | {line.to_on + timedelta(days=1) for line in group if line.to_on}
        for day in sorted(changes):
            holding = [line for line in group if line.holds_on(day)]
            total = sum(line.share for line in holding)
            if holding and abs(total - 1) > TO_ROUNDING:
                where = " and ".join(sorted({place(line) for line in holding}))
                faults.append(
                    f"{where}, share: the payers of {program} in {state} add up to {total:.4f} from {day}. "
                    "Allowed is a sum of 1. Correct a share or add the payer that is missing."
                )
    return faults
