"""A figure over time: one row a window, at the finest grain at which a place may be shown."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.brief import figures
from analysis.brief.numbers import Numbers
from analysis.brief.small_counts.history import FEWEST
from analysis.periods import Period
from analysis.tables import STATEWIDE

COLUMNS = ["label", "value", "low", "high", "state", "note", "definition", "numerator", "denominator"]
TOO_EARLY = "too_early"  # the key of counts.WHY_MISSING for a figure whose days of waiting have not passed
NOT_THROUGHOUT = "part open"  # the note of a window in which a place opened or closed
GROWS = ("count", "rate")  # units whose value grows with each late record
STILL_FILLING = "still filling"
WHOLE_MONTH = 1e-6  # months of service are sums of days over days: a whole month is one to rounding


def trend_points(numbers: Numbers, measure: str, site: str) -> tuple[Sequence[Period], pd.DataFrame]:
    """The grain, and one row per window in it (the state's months, and the part of one after them): label, value, low, high, state, note, definition, numerator, denominator.

    Where a value is withheld, what it is made of is missing too. A count in a window that the place was not open for throughout is
    incomplete: part of a month is no fall.
    """
    rows = numbers.over_time(measure, site)
    *finer, coarsest = numbers.windows.grains
    grain = next(
        (
            windows
            for windows, fewest in zip(finer, FEWEST, strict=False)
            if is_enough(rows["hidden"].reindex(_names(windows)).fillna(True).to_numpy(bool), fewest)
        ),
        coarsest,
    )
    partial = numbers.windows.partial
    more = (partial,) if partial is not None and site == STATEWIDE and grain == numbers.windows.months else ()
    points = [_point(numbers, rows, window) for window in (*grain, *more)]
    return grain, pd.DataFrame(points, columns=COLUMNS)


def is_enough(hidden: np.ndarray, fewest: int) -> bool:
    """True where nothing is hidden, or only what lies before the last so many windows or more.

    >>> is_enough(np.array([True, False, False]), 2), is_enough(np.array([False, True, False]), 1), is_enough(np.array([False, True, False]), 2)
    (True, True, False)
    """
    begins = len(hidden) - int(np.argmax([*hidden[::-1], True]))
    return begins < len(hidden) and (begins == 0 or len(hidden) - begins >= fewest)


def _names(windows: Sequence[Period]) -> list[str]:
    return [window.name for window in windows]


def _point(numbers: Numbers, rows: pd.DataFrame, window: Period) -> tuple:
    row = rows.loc[window.name]
    label = window.last.strftime("%b\n%Y") if window.first == window.last else _block_label(window)
    state, note = figures.COMPLETE, ""
    if row["hidden"]:
        state = figures.HIDDEN
    elif pd.isna(row["value"]):
        # What has to wait for its days to pass is not there yet; that is no gap, and not judged.
        state = figures.INCOMPLETE if row["why_missing"] == TOO_EARLY else figures.NO_RECORDS
    elif window == numbers.windows.partial or window.to_on > numbers.covers[1]:
        state, note = figures.INCOMPLETE, f"to {numbers.covers[1].day} {numbers.covers[1]:%b}"
    value, low, high = (float(row[name]) if pd.notna(row[name]) else float("nan") for name in ("value", "low", "high"))
    numerator, denominator = (
        float(row[name]) if pd.notna(row[name]) and pd.notna(row["value"]) else float("nan")
        for name in ("numerator", "denominator")
    )
    unit = numbers.cards.cards[row["measure"]].unit
    counts = unit == "count"
    if state == figures.COMPLETE and unit in GROWS and window.name in numbers.young:
        state, note = figures.INCOMPLETE, STILL_FILLING
    if state == figures.COMPLETE and counts and row["months"] < len(window.months) - WHOLE_MONTH:
        state, note, numerator = figures.INCOMPLETE, NOT_THROUGHOUT, float("nan")
    return label, value, low, high, state, note, row["definition"], numerator, denominator


def _block_label(window: Period) -> str:
    return f"{window.first.strftime('%b')}-{window.last.strftime('%b')}\n{window.last.strftime('%Y')}"
