"""Mental-health visits after the emergency department and after the hospital, by claims (analysis/quality/claims_visits.py)."""

import pandas as pd

from analysis.quality.claims_visits import ADMITTED_WITHIN_DAYS, YOUNGEST
from analysis.quality.measures.choices import Choices, watched, yes_or_no


def fum_7_days_share(ed_visits: pd.DataFrame, choices: Choices) -> pd.Series:
    """Emergency department visits followed by a mental-health visit within 7 days, the same day and the 7th included."""
    return _seen(ed_visits, choices)


def fum_30_days_share(ed_visits: pd.DataFrame, choices: Choices) -> pd.Series:
    """Emergency department visits followed by a mental-health visit within 30 days, the same day and the 30th included."""
    return _seen(ed_visits, choices)


def fuh_7_days_share(admissions: pd.DataFrame, choices: Choices) -> pd.Series:
    """Discharges followed by a mental-health visit 1 to 7 days later."""
    return _seen(admissions, choices)


def fuh_30_days_share(admissions: pd.DataFrame, choices: Choices) -> pd.Series:
    """Discharges followed by a mental-health visit 1 to 30 days later."""
    return _seen(admissions, choices)


def _seen(rows: pd.DataFrame, choices: Choices) -> pd.Series:
    """Seen within the card's days, of children of 6 or older; an unknown age is not measurable.

    For 7 days too a row belongs only once 30 days have passed: an admission within them takes it out. No visit in the claims is a no.

    >>> rows = pd.DataFrame({"counted_on": pd.to_datetime(["2026-01-01"] * 4), "age_years": [6.0, 5.9, None, 12.0], "seen_after_days": [7, 0, 0, None]})
    >>> fum_7_days_share(rows, Choices(days=7, last_on=pd.Timestamp("2026-12-31"))).tolist()
    [True, <NA>, False]
    """
    age = rows["age_years"]
    belongs = watched(rows, choices, days=ADMITTED_WITHIN_DAYS) & ~age.lt(YOUNGEST)
    return yes_or_no(rows["seen_after_days"].le(choices.days), known=age.notna())[belongs]
