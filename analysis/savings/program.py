"""What a response costs: the teams' capacity by site and month over the responses it gave, on average and for one more."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import AfterValidator, Field

from analysis.params import ROOT, ParamsError, Record, Words
from analysis.savings.ledger import PROGRAM_COST, Line, Route, fiscal_year, timing_of
from analysis.savings.shares import ENHANCED, STATE_FUND, EnhancedMatch, ShareLine, payer_shares
from analysis.savings.sheets import Dollars, DollarsOrNothing, read_lines, replaced
from analysis.tables import SITE_ID_PATTERN, STATEWIDE

PROGRAM = "program.csv"
COST_PARTS = ("capacity_usd", "start_up_usd", "call_center_usd", "variable_usd")


def _month(text: str) -> str:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise ValueError("Allowed is a month written like 2026-10. Write the month so")
    return text


class ProgramMonth(Record):
    """One site in one month: what its teams cost, whatever they were called to do.

    `capacity_usd` stands in dollars of the month; `variable_usd_per_response` is what one response adds to it (empty
    where not known, 0 where nothing).
    """

    site_id: Words = Field(pattern=f"^{SITE_ID_PATTERN}$")
    month: Annotated[Words, AfterValidator(_month)]
    capacity_usd: Dollars
    start_up_usd: DollarsOrNothing
    call_center_usd: DollarsOrNothing
    variable_usd_per_response: DollarsOrNothing
    source: Words
    note: str
    file: str
    line: int
    own: bool


def read_program(study: str, *, root: Path = ROOT) -> pd.DataFrame:
    """What the teams cost, by site and month; without a row where the study has no params/<study>/program.csv.

    One row a site and month (site_id, month as a period, capacity_usd, start_up_usd, call_center_usd, variable_usd_per_response,
    source), dollars of the month. An empty start-up or call center is 0; an empty cost of one response stays missing.

    >>> read_program("lane_county").empty
    True
    """
    path = root / "params" / study / PROGRAM
    lines = read_lines(path, ProgramMonth, own=True) if path.is_file() else ()
    lines = replaced(lines, (), key=lambda line: (line.site_id, line.month))
    columns = [name for name in ProgramMonth.model_fields if name not in ("file", "line", "own", "note")]
    table = pd.DataFrame([line.model_dump(include=set(columns)) for line in lines], columns=columns)
    usd = [name for name in columns if "_usd" in name]
    table = table.assign(
        month=pd.PeriodIndex(table["month"], freq="M"),
        **{name: table[name].astype(float) for name in usd},
    )
    table[["start_up_usd", "call_center_usd"]] = table[["start_up_usd", "call_center_usd"]].fillna(0.0)
    return table.sort_values(["site_id", "month"], ignore_index=True)


def add_responses(program: pd.DataFrame, responses: pd.DataFrame) -> pd.DataFrame:
    """The program's months with the responses given in each.

    One row a site and month in both (`responses`: site_id, month as a period, responses; each once). One row a site and
    month of either out, with responses (0 where none) and variable_usd, the responses' own cost; a month with responses
    and no line of cost has its costs missing, and count_cost_per_response leaves it out and says how many.

    >>> program = pd.DataFrame({"site_id": ["north"], "month": pd.PeriodIndex(["2026-10"], freq="M"), "capacity_usd": [9000.0],
    ...                         "start_up_usd": [0.0], "call_center_usd": [600.0], "variable_usd_per_response": [20.0], "source": ["made up"]})
    >>> responses = pd.DataFrame({"site_id": ["north"], "month": pd.PeriodIndex(["2026-10"], freq="M"), "responses": [30]})
    >>> add_responses(program, responses)["variable_usd"].tolist()   # 30 x 20
    [600.0]
    """
    both = program.merge(responses, on=["site_id", "month"], how="outer", validate="one_to_one")
    both["responses"] = both["responses"].astype("float64").fillna(0).astype("int64")
    # No response costs nothing more, also where the cost of one is not known.
    variable = (both["responses"] * both["variable_usd_per_response"]).mask(
        both["responses"].eq(0) & both["capacity_usd"].notna(), 0.0
    )
    both["variable_usd"] = variable
    return both.sort_values(["site_id", "month"], ignore_index=True)


def count_cost_per_response(months: pd.DataFrame, *, by: Iterable[str] = ("site_id", "month")) -> pd.DataFrame:
    """What a response cost: the average with its parts apart, and one more.

    One row a site and month in (add_responses); out one row a group of `by` (columns of the input; none for the state).
    `average_usd` is capacity and the responses' own cost over responses; `with_call_center_usd` and `with_start_up_usd`
    add one part each. All three are missing where no response was given, the first where the responses' own cost is not
    known is capacity alone (`variable_known` False). `one_more_usd` is what one more response adds while the teams have
    room; missing where not known. `responses_without_cost` were given in months without a line of cost and are left out.

    >>> one = pd.DataFrame({"site_id": ["north"], "month": pd.PeriodIndex(["2026-10"], freq="M"), "capacity_usd": [9000.0], "start_up_usd": [0.0],
    ...                     "call_center_usd": [600.0], "variable_usd_per_response": [20.0], "responses": [30], "variable_usd": [600.0]})
    >>> count_cost_per_response(one)[["average_usd", "with_call_center_usd", "one_more_usd"]].to_dict("records")   # 9,600 / 30; 10,200 / 30
    [{'average_usd': 320.0, 'with_call_center_usd': 340.0, 'one_more_usd': 20.0}]
    """
    by = list(by)
    costed = months["capacity_usd"].notna()
    known = months["variable_usd"].notna() | ~costed
    rows = months.assign(
        **{name: months[name].where(costed, 0.0).fillna(0.0) for name in COST_PARTS},
        responses=months["responses"].where(costed, 0),
        responses_without_cost=months["responses"].mask(costed, 0),
        unknown=~known,
    )
    if not by:
        rows, by = rows.assign(site_id=STATEWIDE), ["site_id"]
    summed = ["responses", "responses_without_cost", *COST_PARTS, "unknown"]
    groups = rows.groupby(by, as_index=False, sort=True)[summed].sum()
    groups["variable_known"] = groups.pop("unknown").eq(0)
    some = groups["responses"].where(groups["responses"].gt(0))
    running = groups["capacity_usd"] + groups["variable_usd"]
    return groups.assign(
        average_usd=running / some,
        with_call_center_usd=(running + groups["call_center_usd"]) / some,
        with_start_up_usd=(running + groups["start_up_usd"]) / some,
        one_more_usd=(groups["variable_usd"] / some).where(groups["variable_known"]),
    )


def program_lines(
    months: pd.DataFrame,
    *,
    claimed: Mapping[str, float],
    state: str,
    shares: Iterable[ShareLine],
    enhanced: EnhancedMatch | None,
    route: Route,
    fiscal_year_starts: int,
    price_year: int,
) -> list[Line]:
    """What the service cost each payer, as lines of the program_cost ledger: the enhanced match stops on a day.

    One row a site and month in (add_responses); out one line a fiscal year, timing, part of the cost and payer, its
    quantity 1 and its unit_usd the whole part. `claimed` names, for each of capacity_usd, start_up_usd, call_center_usd and
    variable_usd, the share that is claimed from Medicaid as mobile crisis; the rest is the state's alone. A month has the
    shares of its first day: shares change on the first of a month. The dollars are taken as program.csv has them;
    `price_year` says which year's they are taken to be. Months of a site without a line of cost add nothing.

    >>> empty = pd.DataFrame(columns=["site_id", "month", *COST_PARTS])
    >>> program_lines(empty, claimed=dict.fromkeys(COST_PARTS, 1.0), state="NM", shares=(), enhanced=None,
    ...               route=Route("records", "program", 0), fiscal_year_starts=7, price_year=2025)
    []
    """
    _check_claimed(claimed)
    shares, spent = tuple(shares), {}
    for month, costs in months.groupby("month", sort=True)[list(COST_PARTS)].sum().iterrows():  # calendar months, few
        first = date(month.year, month.month, 1)
        parts = payer_shares(ENHANCED, state, first, shares, enhanced=enhanced)
        when = (fiscal_year(first, starts=fiscal_year_starts), timing_of(first, enhanced))
        for item in COST_PARTS:
            payers = spent.setdefault((*when, item), {})
            for payer in sorted({*parts, STATE_FUND}):
                own = 1 - claimed[item] if payer == STATE_FUND else 0.0
                part = claimed[item] * parts.get(payer, 0.0) + own
                payers[payer] = payers.get(payer, 0.0) + costs[item] * part
    return [
        _cost_line(route, key, payer, usd, sum(payers.values()), price_year)
        for key, payers in sorted(spent.items()) for payer, usd in payers.items() if sum(payers.values())
    ]  # fmt: skip


def _cost_line(route: Route, key: tuple[str, str, str], payer: str, usd: float, whole: float, price_year: int) -> Line:
    year, timing, item = key
    return Line(
        **asdict(route), fiscal_year=year, ledger=PROGRAM_COST, payer=payer, item=item, quantity=1.0, unit_usd=whole,
        share=usd / whole, cashable="cashable_now", timing=timing, amount_usd=usd, low=usd, high=usd, price_year=price_year,
    )  # fmt: skip


def _check_claimed(claimed: Mapping[str, float]) -> None:
    if set(claimed) != set(COST_PARTS):
        raise ParamsError(f"The claimed shares name {', '.join(sorted(claimed))}; needed are {', '.join(COST_PARTS)}.")
    for name, share in claimed.items():
        if not 0 <= share <= 1:
            raise ParamsError(f"The claimed share of {name} is {share}. Allowed is a share from 0 to 1.")
