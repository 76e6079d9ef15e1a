"""A ledger's lines: a quantity at a price, split over its payers on its day, each amount the product of its own row."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date

import pandas as pd

from analysis.params import ParamsError
from analysis.savings.prices import BASES, FUNDS, Price
from analysis.savings.shares import PROGRAMS, TO_ROUNDING
from analysis.savings.sheets import place

PAYER_LEDGER, FISCAL_LEDGER = "payer", "fiscal"
ALL_PAYERS = "all_payers"
MONTHS_A_YEAR = 12

# Of a price, the part that is money not spent at once. A step or time released counts only once the money has moved: the
# caller then says which part has.
CASHABLE = {"cashable_now": 1.0, "on_step": 0.0, "capacity_released": 0.0, "non_cash": 0.0}

# Never in a payer's ledger: nobody pays a charge, and no budget holds what else could have been done.
REFUSED_BASES = ("charge", "opportunity")


class LedgerError(ValueError):
    """A sentence about a ledger whose lines do not agree."""


@dataclass(frozen=True)
class Quantity:
    """How many units, with the range, and the day that decides who pays; below 0 for units more instead of fewer.

    Fewer units are above 0: the amounts of a ledger are above 0 where a payer spends less.
    """

    best: float
    low: float
    high: float
    on: date

    def __post_init__(self) -> None:
        if not self.low <= self.best <= self.high:
            raise ValueError(
                f"A quantity of {self.best} does not lie in its range, {self.low} to {self.high}. Correct one."
            )


@dataclass(frozen=True)
class Route:
    """Which analysis a line is from: its design, the route of the effect (such as ed_visit), the days it looks ahead."""

    design: str
    route: str
    horizon_days: int


@dataclass(frozen=True)
class Line:
    """One line of a ledger, in the columns of savings.csv.

    amount_usd = quantity x unit_usd x share x cashable x timing; low and high are the least and the most that the ranges
    of quantity and price allow. `ledger` is "payer", one line a payer, or "fiscal", all payers in one.
    """

    design: str
    route: str
    horizon_days: int
    fiscal_year: str
    ledger: str
    payer: str
    item: str
    quantity: float
    unit_usd: float
    share: float
    cashable: float
    timing: float
    amount_usd: float
    low: float
    high: float
    price_year: int


def payer_lines(
    quantity: Quantity,
    price: Price,
    shares: Mapping[str, float],
    *,
    program: str,
    route: Route,
    fiscal_year_starts: int,
    cashable: float | None = None,
    timing: float = 1.0,
) -> list[Line]:
    """A quantity at a price as one line a payer, and one fiscal line of all of them.

    `shares` are those of `program` on the quantity's day (payer_shares). `cashable` is by default what the price's own
    cashability gives: 1 for money that is not spent at once, else 0. `timing` is the part that falls into the fiscal year
    of the day. Refused: a charge or an opportunity cost, a price of nobody's budget, and a program of another fund.

    >>> from analysis.savings.prices import one_cost, price_in, read_costs, read_indices
    >>> price = price_in(one_cost(read_costs("demo"), "ed_visit"), 2025, read_indices())
    >>> lines = payer_lines(Quantity(10, -2, 20, date(2026, 1, 1)), price, {"medicaid_federal": 0.7166, "state_general_fund": 0.2834},
    ...                     program="medicaid_services", route=Route("borrowed", "ed_visit", 548), fiscal_year_starts=7)
    >>> [(line.payer, round(line.amount_usd, 2)) for line in lines]   # 10 x 332.40, times 0.7166 and 0.2834
    [('all_payers', 3324.0), ('medicaid_federal', 2381.98), ('state_general_fund', 942.02)]
    """
    check_price(price, program)
    _check_shares(shares, price.item)
    part = CASHABLE[price.cost.cashability] if cashable is None else cashable
    for name, factor in (("cashable", part), ("timing", timing)):
        if not 0 <= factor <= 1:
            raise LedgerError(f"{price.item}: {name} is {factor}. Allowed is a part from 0 to 1.")
    year = fiscal_year(quantity.on, starts=fiscal_year_starts)
    payers = [(FISCAL_LEDGER, ALL_PAYERS, 1.0), *((PAYER_LEDGER, payer, shares[payer]) for payer in sorted(shares))]
    least, most = _ends(quantity, price)
    return [
        Line(
            **asdict(route), fiscal_year=year, ledger=ledger, payer=payer, item=price.item, quantity=quantity.best,
            unit_usd=price.value_usd, share=share, cashable=part, timing=timing,
            amount_usd=quantity.best * price.value_usd * share * part * timing,
            low=least * share * part * timing, high=most * share * part * timing, price_year=price.price_year,
        )
        for ledger, payer, share in payers
    ]  # fmt: skip


def check_price(price: Price, program: str) -> None:
    """ParamsError where a price may not enter the ledger of a program's payers, and why."""
    cost, fund = price.cost, PROGRAMS[program]
    where = f"{place(cost)}, item {cost.item}"
    if cost.basis in REFUSED_BASES:
        raise ParamsError(
            f"{where}: the basis is {cost.basis} ({BASES[cost.basis]}); a payer's ledger allows payment and cost. "
            "Find what the payer pays, or leave the item out of the ledger."
        )
    if cost.payer_paid_by != fund:
        raise ParamsError(
            f"{where}: the price is that of {FUNDS[cost.payer_paid_by]}; {program} allows prices of {FUNDS[fund]}. "
            "Use that fund's own price, or a program of the price's fund."
        )


def _check_shares(shares: Mapping[str, float], item: str) -> None:
    total = sum(shares.values())
    if abs(total - 1) > TO_ROUNDING:
        raise LedgerError(f"{item}: the payers' shares add up to {total:.4f}. Allowed is a sum of 1.")


def _ends(quantity: Quantity, price: Price) -> tuple[float, float]:
    # The ends of a product of two ranges lie at their corners: a quantity below 0 is least at the highest price.
    corners = [units * usd for units in (quantity.low, quantity.high) for usd in (price.low_usd, price.high_usd)]
    return min(corners), max(corners)


def fiscal_year(day: date, *, starts: int) -> str:
    """The state fiscal year of a day, named by the year in which it ends; `starts` is its first month.

    >>> fiscal_year(date(2025, 6, 30), starts=7), fiscal_year(date(2025, 7, 1), starts=7), fiscal_year(date(2025, 7, 1), starts=1)
    ('SFY2025', 'SFY2026', 'SFY2025')
    """
    first = pd.Period(year=day.year, month=day.month, freq="M") + (MONTHS_A_YEAR + 1 - starts) % MONTHS_A_YEAR
    return f"SFY{first.year}"


def check_ledger(lines: Iterable[Line]) -> None:
    """LedgerError unless the payers of every item add up to its fiscal line, in shares and in dollars, in one price year.

    Lines belong together that share design, route, days ahead, fiscal year and item; several days' lines may be among them.

    >>> check_ledger([])
    """
    lines = list(lines)
    if len(years := sorted({line.price_year for line in lines})) > 1:
        raise LedgerError(f"The ledger mixes dollars of {', '.join(map(str, years))}. Move all prices to one year.")
    groups: dict[tuple, list[Line]] = {}
    for line in lines:
        key = (line.design, line.route, line.horizon_days, line.fiscal_year, line.item)
        groups.setdefault(key, []).append(line)
    for key, group in groups.items():
        where = f"{key[-1]} in {key[-2]} ({key[0]}, {key[1]}, {key[2]} days)"
        for name, value in _SUMMED.items():
            payers = sum(value(line) for line in group if line.ledger == PAYER_LEDGER)
            whole = sum(value(line) for line in group if line.ledger == FISCAL_LEDGER)
            if abs(payers - whole) > TO_ROUNDING * max(1.0, abs(whole)):
                raise LedgerError(
                    f"{where}: {name} of the payers add up to {payers:.4f}, the fiscal line has {whole:.4f}."
                )
        for line in group:
            product = line.quantity * line.unit_usd * line.share * line.cashable * line.timing
            if abs(product - line.amount_usd) > TO_ROUNDING * max(1.0, abs(product)):
                raise LedgerError(f"{where}: the line of {line.payer} has {line.amount_usd:.4f}, its row gives {product:.4f}.")  # fmt: skip


_SUMMED = {
    "the shares": lambda line: line.share,
    "the dollars": lambda line: line.amount_usd,
    "the lower ends": lambda line: line.low,
    "the upper ends": lambda line: line.high,
}


def ledger_table(lines: Iterable[Line]) -> pd.DataFrame:
    """The lines as savings.csv has them, checked and in a fixed order.

    One row a line. The order is total: by every column that names a line, then by its numbers.

    >>> ledger_table([]).columns.tolist()[:4]
    ['design', 'route', 'horizon_days', 'fiscal_year']
    """
    lines = list(lines)
    check_ledger(lines)
    columns = [field.name for field in fields(Line)]
    table = pd.DataFrame([asdict(line) for line in lines], columns=columns)
    return table.sort_values(columns, ignore_index=True)


def count_by_fiscal_year(table: pd.DataFrame) -> pd.DataFrame:
    """What each payer spends less, by fiscal year, in dollars.

    One row a line in; one row a design, ledger, payer and fiscal year out (amount_usd, low, high, price_year). The ends
    are added as if all lines hit theirs together: at least as wide as an interval of the sum.

    >>> count_by_fiscal_year(ledger_table([])).empty
    True
    """
    by = ["design", "ledger", "payer", "fiscal_year", "price_year"]
    return table.groupby(by, as_index=False, sort=True)[["amount_usd", "low", "high"]].sum()


@dataclass(frozen=True)
class Balance:
    """What something is worth and what it takes, in dollars of one year and of one payer or of all."""

    worth_usd: float
    cost_usd: float

    @property
    def net_usd(self) -> float:
        """Worth less cost."""
        return self.worth_usd - self.cost_usd

    @property
    def return_on_dollar(self) -> float | None:
        """Worth per dollar of cost (the net return is this less one); None where nothing is spent. Show it beside the net.

        >>> round(Balance(1391, 1407).return_on_dollar, 4)   # WSIPP program 289, taxpayers alone, 2022 dollars
        0.9886
        """
        return self.worth_usd / self.cost_usd if self.cost_usd else None
