"""Periods as a path writes them: a month 2026-10, a quarter 2026Q3, a state fiscal year SFY2026, a span 2022-07_2024-12."""

import re
from dataclasses import dataclass

import pandas as pd

FORMS = "a month like 2026-10, a quarter like 2026Q3, a fiscal year like SFY2026 or a span like 2022-07_2024-12"


@dataclass(frozen=True, order=True)
class Period:
    """Whole months, first and last included. `name` is how the path writes it."""

    first: pd.Period
    last: pd.Period
    name: str

    @property
    def months(self) -> list[pd.Period]:
        """Every month of the period, in order."""
        return list(pd.period_range(self.first, self.last, freq="M"))

    @property
    def from_on(self) -> pd.Timestamp:
        """The first day."""
        return self.first.start_time.normalize()

    @property
    def to_on(self) -> pd.Timestamp:
        """The last day."""
        return self.last.end_time.normalize()

    @property
    def words(self) -> str:
        """The period as a sentence says it.

        >>> period("2026-10").words, period("2026Q3").words, period("SFY2026").words, period("2025-11_2026-10").words
        ('October 2026', 'July to September 2026', 'fiscal year 2026', 'November 2025 to October 2026')
        """
        if self.name.startswith("SFY"):
            return f"fiscal year {self.name[3:]}"
        last = self.last.strftime("%B %Y")
        if self.first == self.last:
            return last
        return f"{self.first.strftime('%B' if self.first.year == self.last.year else '%B %Y')} to {last}"

    def before(self, months: int) -> "Period":
        """The `months` months that end just before this period.

        >>> period("2026-10").before(12).name
        '2025-10_2026-09'
        """
        return span(self.first - months, self.first - 1)

    def ending(self, months: int) -> "Period":
        """The `months` months that end with this period's last month.

        >>> period("2026-10").ending(12).name
        '2025-11_2026-10'
        """
        return span(self.last - months + 1, self.last)


def span(first: pd.Period, last: pd.Period) -> Period:
    """The period from one month to another; a single month is written as a month."""
    return Period(first, last, f"{first}" if first == last else f"{first}_{last}")


def quarters(first: pd.Period, last: pd.Period, *, fiscal_year_starts: int = 7) -> list[Period]:
    """The whole quarters of the fiscal year between two months, those included.

    >>> [quarter.name for quarter in quarters(pd.Period("2026-02"), pd.Period("2026-10"))]
    ['2026-04_2026-06', '2026-07_2026-09']
    >>> [quarter.name for quarter in quarters(pd.Period("2026-02"), pd.Period("2026-10"), fiscal_year_starts=9)]
    ['2026-03_2026-05', '2026-06_2026-08']
    """
    begin = first + (fiscal_year_starts - first.month) % 3
    return [span(month, month + 2) for month in pd.period_range(begin, last, freq="M")[::3] if month + 2 <= last]


def period(text: str, *, fiscal_year_starts: int = 7) -> Period:
    """Read a period as the path writes it. SFY2026 with a July start is July 2025 to June 2026.

    >>> period("SFY2026").from_on.date().isoformat(), period("SFY2026").to_on.date().isoformat()
    ('2025-07-01', '2026-06-30')
    >>> period("2026-13")
    Traceback (most recent call last):
    ValueError: "2026-13" is not a period. Write a month like 2026-10, a quarter like 2026Q3, a fiscal year like SFY2026 or a span like 2022-07_2024-12.
    """
    month = r"(\d{4})-(0[1-9]|1[0-2])"
    if re.fullmatch(month, text):
        return Period(pd.Period(text, "M"), pd.Period(text, "M"), text)
    if found := re.fullmatch(r"(\d{4})Q([1-4])", text):
        first = pd.Period(year=int(found[1]), month=3 * int(found[2]) - 2, freq="M")
        return Period(first, first + 2, text)
    if found := re.fullmatch(r"SFY(\d{4})", text):
        last = pd.Period(year=int(found[1]), month=fiscal_year_starts, freq="M") - (
            1 if fiscal_year_starts > 1 else -11
        )
        return Period(last - 11, last, text)
    if re.fullmatch(f"{month}_{month}", text):
        first, last = (pd.Period(part, "M") for part in text.split("_"))
        if first <= last:
            return Period(first, last, text)
    raise ValueError(f'"{text}" is not a period. Write {FORMS}.')


def last_complete_month(to_on: pd.Timestamp) -> pd.Period:
    """The last month that the extract covers to its last day.

    >>> last_complete_month(pd.Timestamp("2025-12-17")), last_complete_month(pd.Timestamp("2026-10-31"))
    (Period('2025-11', 'M'), Period('2026-10', 'M'))
    """
    month = to_on.to_period("M")
    return month if to_on.normalize() == month.end_time.normalize() else month - 1


def first_complete_month(from_on: pd.Timestamp) -> pd.Period:
    """The first month that the extract covers from its first day.

    >>> first_complete_month(pd.Timestamp("2024-08-18")), first_complete_month(pd.Timestamp("2025-01-01"))
    (Period('2024-09', 'M'), Period('2025-01', 'M'))
    """
    day = pd.Timestamp(from_on)
    return day.to_period("M") + int(day.day > 1)
