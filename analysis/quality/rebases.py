"""params/<study>/rebases.yml: where a chart's limits are set anew, each a dated, named and reasoned decision.

No program sets limits anew by itself: Wheeler's four questions (Understanding Variation, 1993) are a person's to answer. Is the
process different now? Is the cause known? Is the change wanted? Will it last?
"""

from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Self

from pydantic import field_validator, model_validator

from analysis.params import ROOT, ParamsError, Record, Study, Words, did_you_mean, read_record
from analysis.tables import STATEWIDE

FILE = "rebases.yml"


class Rebase(Record):
    """One decision: from the month of `from_month` on, the chart of this measure at this place has limits of its own."""

    measure: Words
    site: Words
    from_month: Words
    reason: Words
    decided_by: Words
    decided_on: date

    @field_validator("from_month", mode="before")
    @classmethod
    def _in_quotes(cls, month: object) -> str:
        """A day without quotes is a date to YAML; it is named as it was written."""
        return str(month)

    @model_validator(mode="after")
    def _a_month(self) -> Self:
        try:
            first = date.fromisoformat(f"{self.from_month}-01")
        except ValueError:
            raise ValueError(f'from_month is "{self.from_month}"; write a month like "2026-03", in quotes') from None
        if self.decided_on < first:
            raise ValueError(
                f"was decided on {self.decided_on}, before {self.from_month} began: a change is seen before limits follow it"
            )
        return self


class Rebases(Record):
    """The decisions of one study, in any order."""

    rebases: tuple[Rebase, ...] = ()

    def of(self, measure: str, site: str) -> tuple[Rebase, ...]:
        """Those of one chart, the earliest first."""
        own = [each for each in self.rebases if each.measure == measure and each.site == site]
        return tuple(sorted(own, key=lambda each: each.from_month))


def read_rebases(study: Study, *, measures: Collection[str], sites: Collection[str], root: Path = ROOT) -> Rebases:
    """The study's decisions; none where it has no such file. An unknown measure or site, or a month twice, is a ParamsError.

    >>> from analysis import params
    >>> read_rebases(params.study("lane_county"), measures=[], sites=[]).rebases
    ()
    """
    path = root / "params" / study.name / FILE
    if not path.exists():
        return Rebases()
    where, found = f"params/{study.name}/{FILE}", read_record(path, Rebases)
    for each in found.rebases:
        if each.measure not in measures:
            raise ParamsError(
                f'{where}: "{each.measure}" is not a measure{did_you_mean(each.measure, list(measures))}.'
            )
        if each.site not in (*sites, STATEWIDE):
            raise ParamsError(
                f'{where}: "{each.site}" is not a site{did_you_mean(each.site, list(sites))}, nor {STATEWIDE}.'
            )
    keys = [(each.measure, each.site, each.from_month) for each in found.rebases]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise ParamsError(f"{where}: {twice[0]} at {twice[1]} is set anew twice from {twice[2]}. Keep one.")
    return found
