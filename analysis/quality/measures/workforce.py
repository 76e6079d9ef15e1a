"""Who is there to respond: staff certified and trained, positions filled, readiness, hours of cover. One snapshot a month."""

import pandas as pd

from analysis.quality.measures.choices import Choices

HOURS_OF_A_WEEK = 168


def certified_share(staff: pd.DataFrame, choices: Choices) -> pd.Series:
    """Staff employed on the last day who were certified by then, that day included. No day of certification means none."""
    return staff["certified_on"].le(staff["counted_on"]).astype("boolean")


def trained_share(staff: pd.DataFrame, choices: Choices) -> pd.Series:
    """Staff employed on the last day whose completed parts of the curriculum came to 40 hours by then; no entry means none."""
    return staff["trained_on"].le(staff["counted_on"]).astype("boolean")


def vacant_share(staffing: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Funded positions that are not filled, in full-time equivalents; more filled than funded is none vacant.

    >>> vacant_share(pd.DataFrame({"funded": [8.0, 4.0], "filled": [6.5, 4.5]}), Choices()).sum().tolist()
    [1.5, 12.0]
    """
    vacant = (staffing["funded"] - staffing["filled"]).clip(lower=0)
    return pd.DataFrame({"part": vacant.astype("Float64"), "whole": staffing["funded"].astype("Float64")})


def ready_share(readiness: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Items met of the latest assessment by the last day, out of its items; more met than there are is not measurable."""
    met, items = (readiness[name].astype("Float64") for name in ("items_met", "items"))
    return pd.DataFrame({"part": met.where(met.le(items)), "whole": items})


def covered_share(site_hours: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Hours of a week in which a team can go out, out of 168; statewide out of 168 a site that names its hours."""
    hours = site_hours["hours"].astype("Float64")
    return pd.DataFrame({"part": hours, "whole": pd.Series(HOURS_OF_A_WEEK, hours.index, dtype="Float64")})
