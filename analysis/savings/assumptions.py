"""Rates and ratios that are not measured here: read elsewhere, worked out, or illustrative, each with its source or its reason."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from analysis.params import ROOT, ParamsError, Record, Words, did_you_mean
from analysis.savings.prices import Evidence, check_range, check_source
from analysis.savings.sheets import AtLeastZero, AtLeastZeroOrNothing, Day, read_lines, replaced

ASSUMPTIONS = "assumptions.csv"


class Assumption(Record):
    """A number with its range that is not a dollar: a share, a ratio, an odds ratio or a rate."""

    item: Words
    meaning: Words
    kind: Literal["share", "ratio", "odds_ratio", "rate"]
    value: AtLeastZero
    low: AtLeastZeroOrNothing
    high: AtLeastZeroOrNothing
    distribution: Literal["fixed", "beta", "lognormal", "triangular"]
    population: Words
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
        check_range(self.low, self.value, self.high, self.distribution)
        largest = max(number for number in (self.low, self.value, self.high) if number is not None)
        if self.kind == "share" and largest > 1:
            raise ValueError(
                f"value, low and high: found {largest}. Allowed is a share from 0 to 1. Divide a percent by 100"
            )
        return self


def read_assumptions(study: str, *, root: Path = ROOT) -> tuple[Assumption, ...]:
    """The assumptions of a study: params/assumptions.csv, with the lines of params/<study>/assumptions.csv in place of
    those of the same item. `own` is True for the study's own.

    >>> ratio = one_assumption(read_assumptions("demo"), "ed_visits_ratio")
    >>> ratio.value, ratio.low, ratio.high, ratio.evidence
    (0.78, 0.71, 0.87, 'published')
    """
    own = root / "params" / study / ASSUMPTIONS
    return replaced(
        read_lines(root / "params" / ASSUMPTIONS, Assumption),
        read_lines(own, Assumption, own=True) if own.is_file() else (),
        key=lambda line: line.item,
    )


def one_assumption(assumptions: Iterable[Assumption], item: str) -> Assumption:
    """The assumption of that name.

    >>> one_assumption(read_assumptions("demo"), "ed_visit_ratio")
    Traceback (most recent call last):
    analysis.params.ParamsError: "ed_visit_ratio" is not an item of params/assumptions.csv (did you mean "ed_visits_ratio"?).
    """
    by_item = {line.item: line for line in assumptions}
    if item not in by_item:
        raise ParamsError(f'"{item}" is not an item of params/{ASSUMPTIONS}{did_you_mean(item, list(by_item))}.')
    return by_item[item]
