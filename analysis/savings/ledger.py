"""A ledger's lines: a quantity at a price, split over its payers on its day, each amount the product of its own row."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date

import pandas as pd

from analysis.params import ParamsError
from analysis.savings.prices import BASES, FUNDS, Price
from analysis.savings.shares import PROGRAMS, TO_ROUNDING, EnhancedMatch
from analysis.savings.sheets import place
from analysis.tables import SAVINGS_TABLE

PROGRAM_COST, PAYER, SOCIETAL = "program_cost", "payer", "societal"
EVERYONE = "everyone"
MONTHS_A_YEAR = 12

# When a line falls, seen from the enhanced match; "always" where the match plays no part.
ALWAYS, BEFORE, INSIDE, AFTER = "always", "before", "inside", "after"

# Nobody pays a charge, and no budget holds what else could have been done.
REFUSED_BASES = {PAYER: ("charge", "opportunity"), SOCIETAL: ("charge",)}


class LedgerError(ValueError):
    """A sentence about a ledger whose lines do not agree."""


@dataclass(frozen=True)
class Quantity:
    """How many units fewer, with the range, and the day that decides who pays; below 0 where there are more."""

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
    """One line of a ledger, in the columns of savings.csv: amount_usd = quantity x unit_usd x share.

    In the ledgers "payer" and "societal" an amount is what is not spent, below 0 where more is; in "program_cost" it is
    what the service costs. low and high are the least and the most that the ranges of quantity and price allow.
    `cashable` says whether the amount is money at all, and when: never add amounts of two kinds.
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
    cashable: str
    timing: str
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
    timing: str = ALWAYS,
) -> list[Line]:
    """A quantity at a price, one line a payer; the lines add up to quantity x price.

    `shares` are those of `program` on the quantity's day (payer_shares). Refused, with a ParamsError: a charge or an
    opportunity cost, a price of nobody's budget, a program of another fund. Shares that do not add up to 1: LedgerError.

    >>> from analysis.savings.prices import one_cost, price_in, read_costs, read_indices
    >>> price = price_in(one_cost(read_costs("demo"), "ed_visit"), 2025, read_indices())
    >>> lines = payer_lines(Quantity(10, -2, 20, date(2026, 1, 1)), price, {"medicaid_federal": 0.7166, "state_general_fund": 0.2834},
    ...                     program="medicaid_services", route=Route("borrowed", "ed_visit", 548), fiscal_year_starts=7)
    >>> [(line.payer, round(line.amount_usd, 2)) for line in lines]   # 10 x 332.40, times 0.7166 and 0.2834
    [('medicaid_federal', 2381.98), ('state_general_fund', 942.02)]
    """
    check_basis(price, PAYER)
    check_fund(price, program)
    total = sum(shares.values())
    if abs(total - 1) > TO_ROUNDING:
        raise LedgerError(f"{price.item}: the payers' shares add up to {total:.4f}. Allowed is a sum of 1.")
    year = fiscal_year(quantity.on, starts=fiscal_year_starts)
    return [_line(quantity, price, PAYER, payer, shares[payer], route, year, timing) for payer in sorted(shares)]


def societal_line(
    quantity: Quantity, price: Price, *, route: Route, fiscal_year_starts: int, timing: str = ALWAYS
) -> Line:
    """A quantity at a price, once for everyone together: never to be added to the payers' ledgers. A charge is refused.

    >>> from analysis.savings.prices import one_cost, price_in, read_costs, read_indices
    >>> price = price_in(one_cost(read_costs("demo"), "ed_visit_cost"), 2017, read_indices())
    >>> societal_line(Quantity(10, 4, 16, date(2026, 1, 1)), price, route=Route("borrowed", "ed_visit", 548), fiscal_year_starts=7).amount_usd
    5200.0
    """
    check_basis(price, SOCIETAL)
    year = fiscal_year(quantity.on, starts=fiscal_year_starts)
    return _line(quantity, price, SOCIETAL, EVERYONE, 1.0, route, year, timing)


def _line(
    quantity: Quantity, price: Price, ledger: str, payer: str, share: float, route: Route, year: str, timing: str
) -> Line:
    # The ends of a product of two ranges lie at their corners: a quantity below 0 is least at the highest price.
    corners = [units * usd for units in (quantity.low, quantity.high) for usd in (price.low_usd, price.high_usd)]
    return Line(
        **asdict(route), fiscal_year=year, ledger=ledger, payer=payer, item=price.item, quantity=quantity.best,
        unit_usd=price.value_usd, share=share, cashable=price.cost.cashability, timing=timing,
        amount_usd=quantity.best * price.value_usd * share, low=min(corners) * share, high=max(corners) * share,
        price_year=price.price_year,
    )  # fmt: skip


def check_basis(price: Price, ledger: str) -> None:
    """ParamsError where a price is of a kind that a ledger does not hold."""
    cost = price.cost
    if cost.basis in REFUSED_BASES[ledger]:
        allowed = " and ".join(basis for basis in BASES if basis not in REFUSED_BASES[ledger])
        raise ParamsError(
            f"{place(cost)}, item {cost.item}: the basis is {cost.basis} ({BASES[cost.basis]}); a {ledger} ledger allows "
            f"{allowed}. Find what is paid, or leave the item out of the ledger."
        )


def check_fund(price: Price, program: str) -> None:
    """ParamsError where a price is not of the fund whose dollars a program splits."""
    cost, fund = price.cost, PROGRAMS[program]
    if cost.payer_paid_by != fund:
        raise ParamsError(
            f"{place(cost)}, item {cost.item}: the price is that of {FUNDS[cost.payer_paid_by]}; {program} allows prices of "
            f"{FUNDS[fund]}. Use that fund's own price, or a program of the price's fund."
        )


def fiscal_year(day: date, *, starts: int) -> str:
    """The state fiscal year of a day, named by the year in which it ends; `starts` is its first month.

    >>> fiscal_year(date(2025, 6, 30), starts=7), fiscal_year(date(2025, 7, 1), starts=7), fiscal_year(date(2025, 7, 1), starts=1)
    ('SFY2025', 'SFY2026', 'SFY2025')
    """
    first = pd.Period(year=day.year, month=day.month, freq="M") + (MONTHS_A_YEAR + 1 - starts) % MONTHS_A_YEAR
    return f"SFY{first.year}"


def timing_of(day: date, enhanced: EnhancedMatch | None) -> str:
    """Where a day lies, seen from the enhanced match: before, inside or after it; "always" where there is none.

    >>> match = EnhancedMatch("NM", date(2024, 1, 1), date(2026, 12, 31))
    >>> timing_of(date(2023, 12, 31), match), timing_of(date(2026, 12, 31), match), timing_of(date(2027, 1, 1), match), timing_of(date(2027, 1, 1), None)
    ('before', 'inside', 'after', 'always')
    """
    if enhanced is None:
        return ALWAYS
    if day < enhanced.from_on:
        return BEFORE
    return INSIDE if day <= enhanced.to_on else AFTER


def ledger_table(lines: Iterable[Line]) -> pd.DataFrame:
    """The lines as savings.csv has them: one row a key of the table, checked (check_ledger), in the order of the key.

    Lines of several days that share a key become one: their quantities and amounts add up, and the share is that of the
    dollars, so that a row is still the product of its parts. Their ends add up as if all were hit together.

    >>> ledger_table([]).columns.tolist() == SAVINGS_TABLE.names
    True
    """
    table = pd.DataFrame([asdict(line) for line in lines], columns=SAVINGS_TABLE.names)
    _check_alike(table)
    key, whole = list(SAVINGS_TABLE.key), _whole()
    parts = table.groupby(key, as_index=False, sort=True).agg(
        unit_usd=("unit_usd", "first"), share=("share", "sum"), cashable=("cashable", "first"),
        amount_usd=("amount_usd", "sum"), low=("low", "sum"), high=("high", "sum"), price_year=("price_year", "first"),
    )  # fmt: skip
    dollars = parts.groupby(whole)["amount_usd"].transform("sum")
    # Without a dollar in it, a line has the plain mean of its days' shares.
    plain = parts["share"] / parts.groupby(whole)["share"].transform("sum")
    parts["share"] = (parts["amount_usd"] / dollars).where(dollars.ne(0), plain)
    parts["quantity"] = (dollars / parts["unit_usd"]).where(parts["unit_usd"].ne(0), 0.0)
    parts = parts[SAVINGS_TABLE.names]
    check_ledger(parts)
    return parts


def check_ledger(table: pd.DataFrame) -> None:
    """LedgerError unless each row is the product of its parts, the payers' shares of an item add up to 1, and their
    dollars to quantity x unit_usd, the whole that all payers spend or do not spend.

    One row a key of savings.csv in.

    >>> check_ledger(ledger_table([]))
    """
    _check_alike(table)
    product = table["quantity"] * table["unit_usd"] * table["share"]
    for row in table[(product - table["amount_usd"]).abs().gt(TO_ROUNDING * product.abs().clip(lower=1))].itertuples():
        raise LedgerError(f"{_named(row)}: the line of {row.payer} has {row.amount_usd:.4f}, its row gives {product[row.Index]:.4f}.")  # fmt: skip
    for _, group in table.groupby(_whole(), sort=True):
        row = next(group.itertuples())
        shares, dollars, whole = group["share"].sum(), group["amount_usd"].sum(), row.quantity * row.unit_usd
        if abs(shares - 1) > TO_ROUNDING:
            raise LedgerError(f"{_named(row)}: the payers' shares add up to {shares:.4f}. Allowed is a sum of 1.")
        if abs(dollars - whole) > TO_ROUNDING * max(1.0, abs(whole)):
            raise LedgerError(f"{_named(row)}: the payers' dollars add up to {dollars:.4f}, the whole is {whole:.4f}.")


def _check_alike(table: pd.DataFrame) -> None:
    """The dollars of one table are of one year, and an item has one price and one cashability in a fiscal year."""
    if len(years := sorted(table["price_year"].unique())) > 1:
        raise LedgerError(f"The ledger mixes dollars of {', '.join(map(str, years))}. Move all prices to one year.")
    for _, group in table.groupby(_whole(), sort=True):
        for name in ("unit_usd", "cashable"):
            if len(found := sorted(group[name].unique())) > 1:
                told = f"{_named(next(group.itertuples()))}: {name} takes several values"
                raise LedgerError(f"{told} ({', '.join(map(str, found))}). Use one.")


def _whole() -> list[str]:
    return [name for name in SAVINGS_TABLE.key if name != "payer"]


def _named(row) -> str:
    return f"{row.item} in {row.fiscal_year} ({row.ledger}; {row.design}, {row.route}, {row.horizon_days} days, {row.timing})"


def count_by_fiscal_year(table: pd.DataFrame) -> pd.DataFrame:
    """Each ledger's dollars by payer, fiscal year and timing, cash and the rest apart.

    One row a line in (ledger_table); one row a design, ledger, payer, fiscal year, timing and cashability out
    (amount_usd, low, high, price_year). The ends are added as if all lines hit theirs together: at least as wide as an
    interval of the sum.

    >>> count_by_fiscal_year(ledger_table([])).empty
    True
    """
    by = ["design", "ledger", "payer", "fiscal_year", "timing", "cashable", "price_year"]
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
