"""A few made-up people and tables for tests of measures: what is not said is ordinary."""

from datetime import date

import pandas as pd

from analysis import params, periods
from analysis.quality.cards import read_cards
from analysis.quality.counts import by_measure_place_period
from analysis.tables import RECEIVED

STUDY = params.Study(
    name="made_up", title="Made up", service="MRSS", people="children", place="site",
    ages=params.Ages(youngest=0, oldest=20),
    stay_limits=(
        params.StayLimit(from_on=date(2020, 1, 1), to_on=date(2025, 12, 31), days=42, source="made up"),
        params.StayLimit(from_on=date(2026, 1, 1), days=56, source="made up"),
    ),
)  # fmt: skip
CARDS = read_cards(STUDY)
YEAR = (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-12-31"))
SITES = pd.DataFrame({
    "site_id": ["north", "south"], "opened_on": pd.NaT, "closed_on": pd.NaT, "has_scorecard": True,
}).astype({"opened_on": "datetime64[us]", "closed_on": "datetime64[us]"})  # fmt: skip

ORDINARY = {
    "site_id": "north", "counted_on": "2026-03-02", "age_years": 12.0, "response_mode": "mobile", "recommended_mode": "mobile",
    "attempt_result": "contact", "urgency": "urgent", "phone_support": True, "crisis_assessment": True, "safety_plan": True,
    "suicide_screen": "negative", "initial_completed_on": "2026-03-03", "team_size": 2, "clinician_present": True,
    "peer_present": True, "law_enforcement_present": False, "disposition": "community", "enrolled_on": "2026-03-04",
    "living_at_start": "family",
}  # fmt: skip
DTYPES = {"key": "Int64", "count": "Int64", "number": "Float64", "flag": "boolean", "day": "datetime64[us]"}


def rows_of(table: str, *rows: dict, **ordinary) -> pd.DataFrame:
    """A table of the contract with these rows, typed as at rest; keys that are not said are 1, 2, 3 ..."""
    contract = RECEIVED[table]
    frame = pd.DataFrame([{**ordinary, **row} for row in rows], columns=contract.names)
    for column in contract.columns:
        if column.name == contract.key[0] and frame[column.name].isna().all() and column.kind == "key":
            frame[column.name] = range(1, len(frame) + 1)
        if column.kind != "clock":
            frame[column.name] = frame[column.name].astype(DTYPES.get(column.kind, "string"))
    return frame


def episodes(*people: dict) -> pd.DataFrame:
    """One row per person; the child is the episode's own number where none is said."""
    table = rows_of("episodes", *people, **ORDINARY)
    if not any("child_id" in person for person in people):
        table["child_id"] = table["episode_id"]
    return table


def counted(people: pd.DataFrame, *names: str, **given) -> pd.DataFrame:
    asked = [periods.period(name) for name in names or ("2026-03",)]
    told = {"study": STUDY, "cards": CARDS, "covers": YEAR, "sites": SITES, **given}
    return by_measure_place_period(people, told.pop("sites"), asked, **told)


def figure(table: pd.DataFrame, measure: str, *, place="north", period="2026-03", stratum="all") -> pd.Series:
    here = table["measure"].eq(measure) & table["site_id"].eq(place) & table["stratum"].eq(stratum)
    rows = table[here & table["period"].eq(period)]
    assert len(rows) == 1, (measure, len(rows))
    return rows.iloc[0]


def three(row: pd.Series) -> tuple[int, int, int]:
    """(numerator, denominator, not measurable)."""
    return (
        (0 if pd.isna(row["numerator"]) else int(row["numerator"])),
        int(row["denominator"]),
        int(row["not_measurable"]),
    )


YES, NO, UNKNOWN, OUT = (1, 1, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)
