"""Prices with their source: read strictly, never without one, and moved to the dollars of another year by their own index."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from analysis.params import ROOT, ParamsError, Record, Words, did_you_mean
from analysis.savings.sheets import (
    AtLeastZero,
    Day,
    Dollars,
    DollarsOrNothing,
    Year,
    place,
    read_lines,
    refuse,
    replaced,
)

COSTS = "costs.csv"
INDICES = "price_index.csv"

# Whose money a price is. Only public funds have a ledger: their splits are the programs of params/shares.csv.
FUNDS = {
    "medicaid": "Medicaid",
    "child_welfare": "child welfare",
    "juvenile_justice": "juvenile justice",
    "county": "county",
    "state": "state",
    "hospital": "hospital",
    "societal": "everyone together",
}
BASES = {
    "payment": "what a payer pays",
    "cost": "what it takes to provide",
    "charge": "what a bill asks for",
    "opportunity": "what else could have been done with it",
}
CASHABILITIES = {
    "cashable_now": "money is not spent as soon as the unit is not used",
    "on_step": "money is not spent once a unit closes or a rate is set anew",
    "capacity_released": "time or room comes free; the budget stays",
    "non_cash": "worth something to someone, but no money",
}
EVIDENCE = {
    "measured": "this program's own records",
    "published": "read in a public source",
    "derived": "worked out from figures of a public source; the note has the arithmetic",
    "illustrative": "no source found: a stand-in, and the brief says so",
}
Evidence = Literal[tuple(EVIDENCE)]


class IndexValue(Record):
    """One index in one year."""

    year: Year
    index: Words
    value: AtLeastZero
    base: Words
    source_title: Words
    source_link: Words
    note: str
    file: str
    line: int
    own: bool


class Cost(Record):
    """A price: one unit of something, in the dollars of its year, with whose price it is and where it was read."""

    item: Words
    meaning: Words
    unit: Words
    value_usd: Dollars
    low_usd: DollarsOrNothing
    high_usd: DollarsOrNothing
    distribution: Literal["fixed", "gamma", "lognormal", "triangular"]
    price_year: Year
    index: Words
    payer_paid_by: Literal[tuple(FUNDS)]
    basis: Literal[tuple(BASES)]
    cashability: Literal[tuple(CASHABILITIES)]
    geography: Words
    evidence: Evidence
    source_title: str
    source_link: str
    seen_on: Day
    note: str
    file: str
    line: int
    own: bool

    @model_validator(mode="after")
    def _has_a_source(self) -> Self:
        check_source(self)
        return self

    @model_validator(mode="after")
    def _range_holds_the_value(self) -> Self:
        check_range(self.low_usd, self.value_usd, self.high_usd, self.distribution, unit="_usd")
        return self

    @property
    def low(self) -> float:
        """The lower end in dollars; the price itself where it is fixed."""
        return self.value_usd if self.low_usd is None else self.low_usd

    @property
    def high(self) -> float:
        """The upper end in dollars; the price itself where it is fixed."""
        return self.value_usd if self.high_usd is None else self.high_usd


@dataclass(frozen=True)
class Price:
    """A price in the dollars of `price_year`, with its range; `cost` is the line it is from."""

    item: str
    value_usd: float
    low_usd: float
    high_usd: float
    price_year: int
    cost: Cost


def check_source(line: Record) -> None:
    """ValueError for a line without a public source that is not marked illustrative, or without the note that it needs."""
    if line.evidence == "illustrative":
        if not line.note:
            raise ValueError(
                "note: the cell is empty. An illustrative line says there why the number stands in; write it"
            )
        return
    if not line.source_title or not line.source_link.startswith(("https://", "http://")):
        raise ValueError(
            f"source_title and source_link: found {line.source_title!r} and {line.source_link!r}. No source, no load: "
            "write title and link of the public source, or mark the line illustrative and say why in note"
        )
    if line.evidence == "derived" and not line.note:
        raise ValueError("note: the cell is empty. A derived number has its arithmetic there; write it")


def check_range(low: float | None, value: float, high: float | None, distribution: str, *, unit: str = "") -> None:
    """ValueError for a range on a fixed number, none on any other, or one that does not hold the value."""
    names = f"low{unit} and high{unit}"
    if distribution == "fixed":
        if low is not None or high is not None:
            raise ValueError(
                f"{names}: found {low} and {high} on a fixed number. Leave both empty or name a distribution"
            )
        return
    if low is None or high is None:
        raise ValueError(f"{names}: one is empty. A {distribution} number needs both ends; fill them in or write fixed")
    if not low <= value <= high:
        raise ValueError(f"{names}: found {low} and {high}, which do not hold the value {value}. Correct the three")


def read_indices(*, root: Path = ROOT) -> Mapping[str, Mapping[int, float]]:
    """Every price index by name: its value in each year.

    >>> hospital = read_indices()["cpi_u_hospital_services"]
    >>> min(hospital), max(hospital), hospital[2017]
    (2010, 2025, 318.17)
    """
    lines = replaced(
        read_lines(root / "params" / INDICES, IndexValue), (), key=lambda line: (line.index, str(line.year))
    )
    refuse([
        f"{place(line)}, value: found '0'. Allowed is an index above 0. Correct the cell."
        for line in lines if line.value == 0
    ])  # fmt: skip
    names = dict.fromkeys(line.index for line in lines)
    return {name: {line.year: line.value for line in lines if line.index == name} for name in names}


def read_costs(study: str, *, root: Path = ROOT) -> tuple[Cost, ...]:
    """The prices of a study: params/costs.csv, with the lines of params/<study>/costs.csv in place of those of the same item.

    One record a price; `own` is True for the study's own. No source, no load; an index or a price year that
    params/price_index.csv does not have is refused. All faults come in one ParamsError, by file, line and column.

    >>> ed_visit = one_cost(read_costs("demo"), "ed_visit")
    >>> ed_visit.value_usd, ed_visit.payer_paid_by, ed_visit.basis, ed_visit.own
    (332.4, 'medicaid', 'payment', False)
    """
    own = root / "params" / study / COSTS
    costs = replaced(
        read_lines(root / "params" / COSTS, Cost),
        read_lines(own, Cost, own=True) if own.is_file() else (),
        key=lambda cost: cost.item,
    )
    indices = read_indices(root=root)
    faults = []
    for cost in costs:
        if cost.index not in indices:
            known = sorted(indices)
            faults.append(
                f"{place(cost)}, index: found {cost.index!r}. Allowed: {', '.join(known)}"
                f"{did_you_mean(cost.index, known)}. Write one of them, or add the index to params/{INDICES}."
            )
        elif cost.price_year not in indices[cost.index]:
            faults.append(f"{place(cost)}, price_year: {_years_there_are(cost.price_year, cost.index, indices)}")
    refuse(faults)
    return costs


def one_cost(costs: Iterable[Cost], item: str) -> Cost:
    """The price of that name.

    >>> one_cost(read_costs("demo"), "ed_vist")
    Traceback (most recent call last):
    analysis.params.ParamsError: "ed_vist" is not an item of params/costs.csv (did you mean "ed_visit"?).
    """
    by_item = {cost.item: cost for cost in costs}
    if item not in by_item:
        raise ParamsError(f'"{item}" is not an item of params/{COSTS}{did_you_mean(item, list(by_item))}.')
    return by_item[item]


def in_year(
    usd: float, *, index: str, from_year: int, to_year: int, indices: Mapping[str, Mapping[int, float]]
) -> float:
    """Dollars of one year in those of another: times the index of the one over the index of the other.

    A year that the index does not have is refused, even where both are the same: nothing is extrapolated.
    Which index for what: Dunn, Grosse and Zuvekas 2018, Health Services Research 53:175-196.

    >>> indices = read_indices()
    >>> round(in_year(520, index="cpi_u_hospital_services", from_year=2017, to_year=2025, indices=indices), 2)   # 520 x 433.655 / 318.17
    708.74
    """
    if index not in indices:
        raise ParamsError(f'"{index}" is not an index of params/{INDICES}{did_you_mean(index, sorted(indices))}.')
    for year in (from_year, to_year):
        if year not in indices[index]:
            raise ParamsError(_years_there_are(year, index, indices))
    return usd * indices[index][to_year] / indices[index][from_year]


def price_in(cost: Cost, year: int, indices: Mapping[str, Mapping[int, float]]) -> Price:
    """The price in the dollars of `year`, its range moved by the same factor, by the index that its line names.

    >>> indices, costs = read_indices(), read_costs("demo")
    >>> price = price_in(one_cost(costs, "boarding_day"), 2025, indices)
    >>> round(price.value_usd, 1), price.price_year   # 1,910 x 433.655 / 227.227
    (3645.2, 2025)
    """
    value, low, high = (
        in_year(usd, index=cost.index, from_year=cost.price_year, to_year=year, indices=indices)
        for usd in (cost.value_usd, cost.low, cost.high)
    )
    return Price(cost.item, value, low, high, year, cost)


def _years_there_are(year: int, index: str, indices: Mapping[str, Mapping[int, float]]) -> str:
    years = indices[index]
    return (
        f"found '{year}'. Allowed are the years of {index}, {min(years)} to {max(years)}. "
        f"Add the year to params/{INDICES} with its source, or write a year that is there."
    )
