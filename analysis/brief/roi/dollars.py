"""What the dollars brief stands on: the cost of a response, prices, shares, and the lines of the ledger."""

import math
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from analysis.brief import markup, panels
from analysis.brief.markup import Html
from analysis.brief.roi import accruals, told
from analysis.brief.roi.accruals import Accrual
from analysis.brief.small_counts.groups import is_small
from analysis.effect.index_crisis import ANSWERS, bound_diversion, count_index_crises, pool_small
from analysis.effect.joined_cells import Joined
from analysis.params import disclosure
from analysis.periods import period
from analysis.quality.late_records import gain, young_months
from analysis.savings.assumptions import Assumption, one_assumption, read_assumptions
from analysis.savings.ledger import Line, Quantity, Route, fiscal_year, ledger_table, payer_lines
from analysis.savings.prices import Cost, Price, one_cost, price_in, read_costs, read_indices
from analysis.savings.program import COST_PARTS, add_responses, count_cost_per_response, program_lines, read_program
from analysis.savings.shares import (
    ENHANCED,
    REGULAR,
    STATE_FUND,
    EnhancedMatch,
    ShareLine,
    enhanced_match,
    payer_shares,
    read_shares,
)
from analysis.savings.threshold import (
    Perspective,
)
from analysis.tables import IN_PERSON_MODES, SAVINGS_TABLE

VISIT, STAY, RESIDENTIAL = "ed_visit", "inpatient_stay", "residential_child_year"
REPLACED = {
    VISIT: "an emergency department visit",
    STAY: "a psychiatric hospital stay",
    RESIDENTIAL: "a child’s year in residential treatment",
}
PAIR_VISITS = (0, 25, 50, 75, 100)  # of 100 responses, for the line of pairs
YEAR_MONTHS = 12
NO_COST = "Nobody has entered what the service costs, so no cost of a response can be worked out."
EVERYBODY = "all public funds together"
NEEDS_COST = markup.paragraph("This needs what the service costs.")


@dataclass(frozen=True)
class Dollars:
    """Everything that the dollars brief stands on. `months` has one row a site and month (analysis.savings.program)."""

    accrual: Accrual
    costs: tuple[Cost, ...]
    prices: dict[str, Price]
    shares: tuple[ShareLine, ...]
    assumptions: tuple[Assumption, ...]
    enhanced: EnhancedMatch | None
    months: pd.DataFrame

    @property
    def price_year(self) -> int:
        return self.accrual.study.money.price_year

    @property
    def has_cost(self) -> bool:
        """True where the study says what its teams cost."""
        return bool(self.months["capacity_usd"].notna().any())

    @property
    def state(self) -> pd.Series:
        """The cost of a response over the span, statewide."""
        return count_cost_per_response(self.months, by=()).iloc[0]

    @property
    def recent(self) -> pd.DataFrame:
        """The last twelve months with a cost, or as many as there are."""
        costed = self.months.loc[self.months["capacity_usd"].notna(), "month"]
        return self.months[self.months["month"].gt(costed.max() - YEAR_MONTHS) & self.months["month"].le(costed.max())]

    @property
    def recent_words(self) -> str:
        """How long that is."""
        months = self.recent.loc[self.recent["capacity_usd"].notna(), "month"].nunique()
        return "twelve months" if months == YEAR_MONTHS else f"{months} months"

    @property
    def recent_span(self) -> str:
        """From which month to which that is."""
        months = self.recent.loc[self.recent["capacity_usd"].notna(), "month"]
        return f"{months.min().strftime('%B %Y')} to {months.max().strftime('%B %Y')}"

    @property
    def young(self) -> dict[str, float]:
        """The months still filling up, by name, each with the share of its records that has usually come (analysis.quality.late_records)."""
        months = [period(str(month)) for month in sorted(self.months["month"].unique())]
        return young_months(self.accrual.all_episodes, months, self.accrual.covers[1])

    @property
    def last_year(self) -> pd.Series:
        """The cost of a response over the recent months: what the running service costs now."""
        return count_cost_per_response(self.recent, by=()).iloc[0]

    @property
    def seen_in_person(self) -> int:
        """Responses in person in the recent months, at sites and in months with a cost; 0 where the mode is not recorded."""
        costed = self.recent.loc[self.recent["capacity_usd"].notna(), ["site_id", "month"]]
        episodes = self.accrual.episodes
        rows = episodes[episodes["response_mode"].isin(IN_PERSON_MODES)].assign(
            month=episodes["counted_on"].dt.to_period("M")
        )
        return len(rows.merge(costed, on=["site_id", "month"]))


def open_dollars(study: str, period: str) -> Dollars:
    """The numbers of the brief; a sentence (ParamsError) where params/ is not sound or names no money."""
    accrual = accruals.open_accrual(study, period)
    money = accrual.study.money
    if money is None:
        raise accruals.ParamsError(
            f"params/{study}/study.yml: money is missing: name the state and the price year for the dollars brief."
        )
    costs, indices, shares = read_costs(study), read_indices(), read_shares(study)
    enhanced = None
    if money.enhanced_from is not None:
        enhanced = enhanced_match(money.state, money.enhanced_from, shares, quarters=money.enhanced_quarters)
    prices = {item: price_in(one_cost(costs, item), money.price_year, indices) for item in REPLACED}
    return Dollars(accrual, costs, prices, shares, read_assumptions(study), enhanced, _months(accrual))


def _months(accrual: Accrual) -> pd.DataFrame:
    """Cost and responses by site and month of the span; a crisis to which nobody responded is no response."""
    program = read_program(accrual.study.name)
    program = program[program["month"].between(accrual.period.first, accrual.period.last)]
    given = accrual.episodes[~accrual.episodes["response_mode"].eq("none").fillna(False)]
    counted = given.assign(month=accrual.episodes["counted_on"].dt.to_period("M"))
    responses = counted.groupby(["site_id", "month"]).size().rename("responses").reset_index()
    return add_responses(program, responses)


def still_filling(dollars: Dollars) -> str:
    """Which months have records to come yet, and what that does to a cost; empty where none has, or nobody can say."""
    said = [
        f"{pd.Period(name).strftime('%B %Y')} (usually about {markup.number(gain(share))}% more)"
        for name, share in dollars.young.items()
    ]
    return (
        f"Records still come in for {' and '.join(said)}, so a response costs less than it looks yet." if said else ""
    )


def part_of_year(dollars: Dollars, year: str) -> str:
    """How many months of the fiscal year the span holds, where it is not all of them."""
    months = dollars.accrual.study.period(year).months
    covered = [month for month in months if dollars.accrual.period.first <= month <= dollars.accrual.period.last]
    return "" if len(covered) == len(months) else f" ({len(covered)} months)"


def usd(amount: float) -> str:
    """Dollars as a sentence prints them: whole dollars, a minus sign in front.

    >>> usd(1519.4), usd(-20.2)
    ('$1,519', '−$20')
    """
    return f"{'−' if round(amount) < 0 else ''}${markup.number(abs(amount))}"


def rounded_up(number: float) -> str:
    """A number of responses, rounded up: one fewer would not do.

    >>> rounded_up(24.2), rounded_up(0.4)
    ('25', 'fewer than 1')
    """
    return f"{math.ceil(number - 1e-9):,}" if number >= 1 else "fewer than 1"


def claimed_parts(dollars: Dollars) -> dict[str, float]:
    """The part of each kind of cost that is claimed from Medicaid as mobile crisis."""
    return {item: one_assumption(dollars.assumptions, f"claimed_{item}").value for item in COST_PARTS}


def share_known(dollars: Dollars, day: date) -> bool:
    """True where params/shares.csv holds the state's regular share of Medicaid on a day."""
    state = dollars.accrual.study.money.state
    return any(line.program == REGULAR and line.state == state and line.holds_on(day) for line in dollars.shares)


def first_unknown_share(dollars: Dollars) -> pd.Period | None:
    """The first month of the span for which the state's share of Medicaid is not known; none where all are."""
    months = dollars.accrual.period.months
    return next((month for month in months if not share_known(dollars, month.start_time.date())), None)


def no_shares(dollars: Dollars) -> str:
    """Why nothing is split over payers, and what to do."""
    state, month = dollars.accrual.study.money.state, first_unknown_share(dollars)
    return (
        f"The federal share of {state} for {month.strftime('%B %Y')} is not entered, so nothing is split over payers. "
        "Enter it with its source."
    )


def cost_lines(dollars: Dollars) -> list[Line]:
    """What the service cost each payer; none where the cost or a month's share is not known."""
    if not dollars.has_cost or first_unknown_share(dollars) is not None:
        return []
    return program_lines(
        dollars.months, claimed=claimed_parts(dollars), state=dollars.accrual.study.money.state, shares=dollars.shares, enhanced=dollars.enhanced,
        route=Route("episodes_alone", "program", 0), fiscal_year_starts=dollars.accrual.study.fiscal_year_starts, price_year=dollars.price_year,
    )  # fmt: skip


def visit_lines(dollars: Dollars) -> list[Line]:
    """The two ends of the ED visits at the crisis, priced, by month and payer; none where shares or counts do not allow it.

    The enhanced match plays no part: it is for the mobile crisis service, not for an ED visit.
    """
    accrual, money = dollars.accrual, dollars.accrual.study.money
    if first_unknown_share(dollars) is not None:
        return []
    found = told.tell(accrual)
    if found.withheld or _gives_away(dollars, found.joined):
        return []
    months = accrual.episodes.assign(month=accrual.episodes["counted_on"].dt.to_period("M").astype(str))
    bounded = bound_diversion(count_index_crises(months, "month"), accrual.rules, found.joined)
    lines = []
    for month, row in bounded.iterrows():
        first = date.fromisoformat(f"{month}-01")
        shares = payer_shares(REGULAR, money.state, first, dollars.shares)
        for end in ("low", "high"):
            number = float(row[f"fewer_{end}"])
            lines += payer_lines(
                Quantity(number, number, number, first), dollars.prices[VISIT], shares, program=REGULAR,
                route=Route("episodes_alone", f"index_crisis_{end}_bound", 0), fiscal_year_starts=accrual.study.fiscal_year_starts,
            )  # fmt: skip
    return lines


def _gives_away(dollars: Dollars, joined: Joined) -> bool:
    """True where a fiscal year's dollars would give a small count away.

    The federal and the state's dollars of a year give the visits of each stretch under one share: those stretches must not have a few
    crises open to change either.
    """
    accrual, state, smallest = dollars.accrual, dollars.accrual.study.money.state, disclosure().smallest_shown
    first = accrual.episodes["counted_on"].dt.to_period("M").dt.start_time.dt.date
    years = {day: fiscal_year(day, starts=accrual.study.fiscal_year_starts) for day in first.unique()}
    by_year = count_index_crises(accrual.episodes.assign(year=first.map(years)), "year")
    if len(pool_small(by_year, smallest=smallest, joined=joined)) < len(by_year):
        return True
    shares = {
        day: f"{year} {payer_shares(REGULAR, state, day, dollars.shares)[STATE_FUND]}" for day, year in years.items()
    }
    stretches = count_index_crises(accrual.episodes.assign(stretch=first.map(shares)), "stretch")
    return bool(is_small(stretches[list(ANSWERS)].sum(axis=1), smallest).any())


def whole_year(dollars: Dollars) -> float:
    """What the last twelve months cost all payers together, without start-up."""
    year = dollars.last_year
    return float(sum(year[item] for item in COST_PARTS if item != "start_up_usd"))


def state_cost(dollars: Dollars, day: date) -> float:
    """What the last twelve months would cost the state's general fund at the shares of a day; what is not claimed is its alone."""
    state = dollars.accrual.study.money.state
    share = payer_shares(ENHANCED, state, day, dollars.shares, enhanced=dollars.enhanced)[STATE_FUND]
    year, claimed = dollars.last_year, claimed_parts(dollars)
    parts = [item for item in COST_PARTS if item != "start_up_usd"]
    return float(sum(year[item] * (claimed[item] * share + 1 - claimed[item]) for item in parts))


def match_days(dollars: Dollars) -> dict[str, date]:
    """The last day of the enhanced match and the day after, by what they are called; those whose shares are known."""
    if dollars.enhanced is None:
        return {}
    ends = dollars.enhanced.to_on
    days = {"inside the enhanced match": ends, "after it": ends + timedelta(days=1)}
    return {name: day for name, day in days.items() if share_known(dollars, day)}


def views(dollars: Dollars) -> tuple[Perspective, ...]:
    """All public funds together, at Medicaid's prices, and the state's general fund on the last day of the enhanced match and the day after.

    The state's part of the cost is what it really bears: what is not claimed from Medicaid is its alone.
    """
    views = [Perspective(EVERYBODY, 1.0, 1.0, ("medicaid",))]
    for name, day in match_days(dollars).items():
        worth = payer_shares(REGULAR, dollars.accrual.study.money.state, day, dollars.shares)[STATE_FUND]
        cost = state_cost(dollars, day) / whole_year(dollars)
        views.append(Perspective(f"state general fund, {name}", cost, worth, ("medicaid",)))
    return tuple(views)


def publish(dollars: Dollars) -> None:
    """Stage savings.csv: the program's cost by payer, and the two ends of the visits at the crisis."""
    accruals.stage(
        dollars.accrual,
        ledger_table([*cost_lines(dollars), *visit_lines(dollars)]),
        SAVINGS_TABLE,
        notebook="cost_savings",
    )


def last_line(dollars: Dollars) -> Html:
    """What the page was made from."""
    return panels.last_line(dollars.accrual.study, "cost_savings")
