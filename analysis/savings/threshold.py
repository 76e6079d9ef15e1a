"""What it would take: of 100 responses, how many would have to replace a visit or a stay for the service to pay for itself.

Only prices and the cost of a response enter, no effect: it holds before anything is measured. Every number here charges the
whole cost of the service to the named item or pair of items. Numbers of single items are the two ends of one line of pairs;
they are alternatives and do not add up.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from analysis.params import ParamsError
from analysis.savings.ledger import PAYER, REFUSED_BASES
from analysis.savings.prices import FUNDS, Price
from analysis.savings.shares import (
    ENHANCED,
    PROGRAMS,
    REGULAR,
    STATE_FUND,
    TO_ROUNDING,
    EnhancedMatch,
    ShareLine,
    payer_shares,
)
from analysis.savings.sheets import place

OF = 100  # responses
NEVER = "no break-even at any volume"
BUDGETS = tuple(dict.fromkeys(PROGRAMS.values()))


@dataclass(frozen=True)
class Perspective:
    """Whose dollars count: the part of the service's cost, and of what is not spent elsewhere, and on which funds' prices."""

    name: str
    cost_share: float
    worth_share: float
    funds: tuple[str, ...]


@dataclass(frozen=True)
class BreakEven:
    """Responses of 100 that would have to replace one unit of `item`; above 100 it can't be reached at this cost.

    `low` holds at the highest price of the item, `high` at the lowest; infinite where the item is worth nothing.
    """

    item: str
    perspective: str
    usd_per_response: float
    best: float
    low: float
    high: float

    @property
    def reachable(self) -> bool:
        """True where 100 of 100 or fewer would do at the item's own price."""
        return self.best <= OF


@dataclass(frozen=True)
class Pair:
    """Two numbers of 100 responses that together pay for the service; reachable where they come to 100 or fewer."""

    first: float
    second: float
    reachable: bool


def perspectives(
    state: str, shares: Iterable[ShareLine], *, inside: date, after: date, enhanced: EnhancedMatch
) -> tuple[Perspective, ...]:
    """The four views of one service: all payers, Medicaid with all its funds, and the state's general fund on two days.

    `inside` is a day of the enhanced match, `after` one behind it. The state's view takes the service to be claimed
    from Medicaid in full: a part that is not claimed is the state's alone and has to be added to its cost.

    >>> from analysis.savings.shares import enhanced_match, read_shares
    >>> shares = read_shares("demo")
    >>> views = perspectives("NM", shares, inside=date(2026, 1, 1), after=date(2027, 1, 1), enhanced=enhanced_match("NM", date(2024, 1, 1), shares))
    >>> [(view.name, round(view.cost_share, 4), round(view.worth_share, 4)) for view in views[2:]]
    [('state general fund, inside the enhanced match', 0.15, 0.2834), ('state general fund, after it', 0.2834, 0.2834)]
    """
    shares = tuple(shares)
    if not enhanced.from_on <= inside <= enhanced.to_on or after <= enhanced.to_on:
        raise ParamsError(
            f"The enhanced match of {state} holds from {enhanced.from_on} to {enhanced.to_on}: {inside} must lie inside it "
            f"and {after} behind it. Choose two such days."
        )
    fund = PROGRAMS[ENHANCED]
    views = [Perspective("all payers", 1.0, 1.0, BUDGETS), Perspective("Medicaid, all funds", 1.0, 1.0, (fund,))]
    for name, day in (("inside the enhanced match", inside), ("after it", after)):
        cost = payer_shares(ENHANCED, state, day, shares, enhanced=enhanced)[STATE_FUND]
        worth = payer_shares(REGULAR, state, day, shares)[STATE_FUND]
        views.append(Perspective(f"state general fund, {name}", cost, worth, (fund,)))
    return tuple(views)


def needed_of_100(usd_per_response: float, usd_per_event: float) -> float:
    """Responses of 100 that would have to replace an event of that worth; infinite where it is worth nothing.

    >>> needed_of_100(150, 600)   # 100 x 150 / 600
    25.0
    """
    if usd_per_response < 0 or usd_per_event < 0:
        raise ValueError(
            f"{usd_per_response} a response and {usd_per_event} an event: allowed are dollars of 0 or more."
        )
    if usd_per_event == 0:
        return math.inf if usd_per_response else 0.0
    return OF * usd_per_response / usd_per_event


def break_even(usd_per_response: float, price: Price, view: Perspective) -> BreakEven:
    """How many of 100 responses would have to replace the priced item alone, for one perspective.

    `usd_per_response` is all of the cost of a response, in dollars of the price's year: the average for "keep the
    service?", that of one more response for "one more child?". Charges, opportunity costs and prices of another budget
    than the perspective's are refused.

    >>> from analysis.savings.prices import one_cost, price_in, read_costs, read_indices
    >>> price = price_in(one_cost(read_costs("demo"), "ed_visit"), 2025, read_indices())
    >>> state = Perspective("state general fund", 0.15, 0.30, ("medicaid",))
    >>> round(break_even(166.20, price, state).best)   # 100 x (166.20 x 0.15) / (332.40 x 0.30)
    25
    """
    cost = usd_per_response * view.cost_share
    best, low, high = (needed_of_100(cost, worth) for worth in _worth(price, view))
    return BreakEven(price.item, view.name, usd_per_response, best, low, high)


def pairs(
    usd_per_response: float, first: Price, second: Price, view: Perspective, *, firsts: Iterable[float]
) -> tuple[Pair, ...]:
    """The line of pairs: for each number of `firsts` of 100, how many of the second item make up the rest of the cost.

    A response replaces one or the other: a visit that ends in an admission belongs to the stay and is not counted twice,
    so a pair of more than 100 together is out of reach.

    >>> from analysis.savings.prices import one_cost, price_in, read_costs, read_indices
    >>> costs, indices = read_costs("demo"), read_indices()
    >>> visit, stay = (price_in(one_cost(costs, item), 2025, indices) for item in ("ed_visit", "inpatient_stay"))
    >>> everyone = Perspective("Medicaid, all funds", 1.0, 1.0, ("medicaid",))
    >>> [round(pair.second, 2) for pair in pairs(500, visit, stay, everyone, firsts=[0, 50])]   # 50,000 / 2,839.08; (50,000 - 16,620) / 2,839.08
    [17.61, 11.76]
    """
    if first.price_year != second.price_year:
        raise ValueError(f"{first.item} is in dollars of {first.price_year}, {second.item} of {second.price_year}.")
    (worth_first, *_), (worth_second, *_) = _worth(first, view), _worth(second, view)
    whole = OF * usd_per_response * view.cost_share
    line = []
    for number in firsts:
        rest = needed_of_100(max(whole - number * worth_first, 0.0) / OF, worth_second)
        line.append(Pair(number, rest, number + rest <= OF))
    return tuple(line)


def break_even_volume(
    fixed_usd: float, variable_usd_per_response: float, worth_usd_per_response: float
) -> float | None:
    """Responses in a period at which the worth of each covers the period's cost; None where no volume is enough.

    The standing cost of the teams over what a response is worth beyond its own cost, all in dollars of one period.
    None means: a response costs at least what it is worth before any team is paid.

    >>> break_even_volume(60_000, 20, 220), break_even_volume(60_000, 220, 220)   # 60,000 / (220 - 20)
    (300.0, None)
    """
    beyond = worth_usd_per_response - variable_usd_per_response
    if beyond <= 0:
        return None
    return fixed_usd / beyond


def say_break_even(needed: BreakEven, replaced: str, *, volume: float | None) -> str:
    """The sentence of a break-even; `replaced` is the unit in words, `volume` the one at which 100 of 100 would do.

    Numbers are rounded up: one response fewer would not do.

    >>> say_break_even(BreakEven("ed_visit", "Medicaid, all funds", 150, 24.2, 20.1, 60.0), "an emergency department visit", volume=90)
    'Medicaid, all funds: pays for itself if 25 of 100 responses replaced an emergency department visit (21 to 60 over the range of its price).'
    >>> say_break_even(BreakEven("ed_visit", "all payers", 900, 270.8, 138.1, 651.0), "an emergency department visit", volume=None)
    'All payers: no break-even at any volume. Even if 100 of 100 responses replaced an emergency department visit, one more response would cost what it is worth or more.'
    """
    who = needed.perspective[0].upper() + needed.perspective[1:]
    if needed.reachable:
        most = _up(needed.high) if needed.high <= OF else f"out of reach at {OF}"
        return (
            f"{who}: pays for itself if {_up(needed.best)} of {OF} responses replaced {replaced} "
            f"({_up(needed.low)} to {most} over the range of its price)."
        )
    even = f"Even if {OF} of {OF} responses replaced {replaced}"
    if volume is None:
        return f"{who}: {NEVER}. {even}, one more response would cost what it is worth or more."
    return f"{who}: out of reach at today's cost of a response. {even}, it would take {_up(volume)} responses in the period."


def _up(number: float) -> str:
    return f"{math.ceil(number - TO_ROUNDING):,}"  # 25 worked out as 25.0000000001 is 25


def _worth(price: Price, view: Perspective) -> tuple[float, float, float]:
    """What one unit is worth to the perspective: at its own price, at the highest, at the lowest."""
    cost = price.cost
    if cost.basis in REFUSED_BASES[PAYER] or cost.payer_paid_by not in view.funds:
        raise ParamsError(
            f"{place(cost)}, item {cost.item}: a {cost.basis} of {FUNDS[cost.payer_paid_by]} is no dollar of this "
            f"perspective ({view.name}). Allowed: payments and costs of {', '.join(FUNDS[fund] for fund in view.funds)}."
        )
    return tuple(usd * view.worth_share for usd in (price.value_usd, price.high_usd, price.low_usd))
