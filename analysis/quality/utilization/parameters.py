"""params/low_use.yml: the constants of the rule for low use, each group with its source."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from analysis.params import ROOT, Record, Words, read_record

FILE = Path("params") / "low_use.yml"

Chance = Annotated[float, Field(gt=0, lt=1)]
Ratio = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]
Months = Annotated[int, Field(ge=1, le=60)]


class UseWindows(Record):
    """How many months are looked at. `longer_below_expected` is in episodes expected in the shorter window."""

    months: Months
    longer_months: Months
    longer_below_expected: Positive
    history_months: Months
    source: Words

    @model_validator(mode="after")
    def _longer(self) -> Self:
        if not self.months <= self.longer_months <= self.history_months:
            raise ValueError("months, longer_months and history_months are each at least the one before")
        return self


class UseClasses(Record):
    """Where one class ends and another begins; see the comments of the file."""

    least_expected: Positive
    judgeable_expected: Positive
    tail: Annotated[float, Field(gt=0, lt=0.5)]
    months_running: Annotated[int, Field(ge=1, le=12)]
    least_months_open: Annotated[int, Field(ge=0, le=60)]
    low_ratio: Ratio
    sure_low: Chance
    sure_not_low: Chance
    source: Words

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.judgeable_expected < self.least_expected:
            raise ValueError("judgeable_expected is at least least_expected")
        return self


class Leaving(Record):
    """When a plan may end: the chance that the rate ratio is above `ratio`, over `months` from its start."""

    months: Months
    ratio: Ratio
    chance: Chance
    source: Words


class UseSpread(Record):
    """Standard deviations of the logarithm of ordinary sites' rate ratios."""

    at_least: Positive
    wide: Positive
    fewest_sites: Annotated[int, Field(ge=3)]
    prior: Positive
    source: Words


class UseShocks(Record):
    """Month-to-month spread inside a site: variance mean + mean^2 / size."""

    size: Positive
    source: Words


class ExposureBand(Record):
    """By which part the number of children may be wrong where a study calls it uncertain."""

    part: Ratio
    source: Words


class LowUse(Record):
    """The constants of the rule."""

    windows: UseWindows
    classes: UseClasses
    leaving: Leaving
    spread: UseSpread
    shocks: UseShocks
    exposure_band: ExposureBand


def read_low_use(*, root: Path = ROOT) -> LowUse:
    """The constants of params/low_use.yml; a missing source or an unknown key is a ParamsError.

    >>> read_low_use().classes.least_expected
    12.0
    """
    return read_record(root / FILE, LowUse)
