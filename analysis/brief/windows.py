"""The spans of time that the briefs of one period show."""

from dataclasses import dataclass

import pandas as pd

from analysis.params import ParamsError, Study
from analysis.periods import Period, first_complete_month, quarters, span

YEAR_QUARTERS = 4  # a hidden month gives way to whole quarters, then to a year of them: neither moves with every brief
FEWEST_BASELINE_MONTHS = 3


@dataclass(frozen=True)
class Windows:
    """The spans of time that the briefs of one period show.

    Attributes
    ----------
    now : Period
        The period of the brief.
    before : Period or None
        The months that it is compared with, which end just before it; none where fewer than three are whole.
    year : Period
        The last four whole quarters, fewer where the records are younger; the months there are where no quarter is whole.
    months, blocks : tuple of Period
        Single months, and the whole quarters of the fiscal year, over the history.
    partial : Period or None
        The month after `now` where the extract ends inside it: shown as incomplete.
    complete : bool
        False where the extract ends inside `now` itself.
    """

    now: Period
    before: Period | None
    year: Period
    months: tuple[Period, ...]
    blocks: tuple[Period, ...]
    partial: Period | None
    complete: bool

    @property
    def grains(self) -> tuple[tuple[Period, ...], ...]:
        """Months, blocks, the year: from the finest to the coarsest that a place may be shown at."""
        return self.months, self.blocks, (self.year,)

    @property
    def extra(self) -> tuple[Period, ...]:
        """The windows that belong to no grain, shown of the state alone, the more important first.

        Half a month of a site is nearly always a small count, and would take its whole months with it.
        """
        inside = {window for grain in self.grains for window in grain}
        some = (self.now, self.before, self.partial)
        return tuple(window for window in some if window is not None and window not in inside)

    @property
    def all(self) -> list[Period]:
        """Every window once, by name."""
        some = [self.now, self.before, self.year, *self.blocks, *self.months, self.partial]
        return list({window.name: window for window in some if window is not None}.values())


def windows(study: Study, now: Period, covers: tuple[pd.Timestamp, pd.Timestamp]) -> Windows:
    """The windows of a period, cut to the months for which the records are whole.

    Raises ParamsError where the extract holds no day of the period.

    >>> from analysis import params
    >>> covers = pd.Timestamp("2024-08-18"), pd.Timestamp("2025-12-17")
    >>> cut = windows(params.study("lane_county"), params.study("lane_county").period("2025-11"), covers)
    >>> cut.before.name, cut.year.name, cut.partial.name, cut.complete, cut.blocks[-1].name
    ('2025-01_2025-10', '2025-01_2025-09', '2025-12', True, '2025-07_2025-09')
    """
    first_on, last_on = covers
    if now.to_on < first_on or now.from_on > last_on:
        raise ParamsError(
            f"The extract of {study.name} holds {first_on:%Y-%m-%d} to {last_on:%Y-%m-%d}, nothing of {now.words}. "
            "Name a PERIOD inside it."
        )
    start = first_complete_month(first_on)
    if study.complete_from is not None:
        start = max(start, first_complete_month(study.complete_from.day))
    start = min(start, now.last)
    months = pd.period_range(max(start, now.last - study.history_months + 1), now.last, freq="M")
    whole = quarters(start, now.last, fiscal_year_starts=study.fiscal_year_starts)
    year = whole[-YEAR_QUARTERS:] or [span(start, now.last)]
    baseline = now.before(study.baseline_months)
    first_before = max(baseline.first, start)
    whole_before = (baseline.last - first_before).n + 1 if first_before <= baseline.last else 0
    after = now.last + 1
    return Windows(
        now=now,
        before=span(first_before, baseline.last) if whole_before >= FEWEST_BASELINE_MONTHS else None,
        year=span(year[0].first, year[-1].last),
        months=tuple(span(month, month) for month in months),
        blocks=tuple(quarter for quarter in whole if quarter.first >= months[0]),
        partial=span(after, after) if after.start_time <= last_on < after.end_time.normalize() else None,
        complete=now.to_on <= last_on,
    )
