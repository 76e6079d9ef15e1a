"""What is recorded and what is not: by column, and by month where recording changed."""

import pandas as pd

from analysis.intervals import clopper_pearson
from analysis.quality.measures.first_response import CALLED_OFF, FACE_TO_FACE
from analysis.quality.measures.response import MET_THE_PERSON
from analysis.tables import CLOCKS, EPISODES, IN_PERSON_MODES, Column

# Written where an organization asked, and rightly empty elsewhere: more so in the holidays, which is no change of habit.
OF_SOME_CALLERS = {"referrer"}
# What only a response with a team can fill, what needs the team to be there, and what is done with a child who was met.
OF_A_TEAM = {
    "dispatched_at", "arrived_at", "engaged_at", "departed_at", "attempt_result", "response_location", "team_size",
    "clinician_present", "peer_present", "law_enforcement_present", "phone_support",
}  # fmt: skip
ON_SCENE = OF_A_TEAM - {"dispatched_at", "attempt_result"}
AT_FIRST_RESPONSE = {"crisis_assessment", "suicide_screen", "safety_plan", "initial_completed_on"}  # by video, too
OF_THE_DISCHARGED = {"discharge_reason", "living_at_discharge"}
EMPTY_IS_NONE = {
    "enrolled_on"
}  # empty where there was no stabilization: nobody can tell that from a day not written down


def recorded_columns(episodes: pd.DataFrame) -> list[Column]:
    """The columns of the contract that every episode should fill and the study fills at least once, without identifiers and derived ones.

    >>> [column.name for column in recorded_columns(pd.DataFrame({"referrer": ["Oak school"], "disposition": ["community"]}))]
    ['disposition']
    """
    return [
        column
        for column in EPISODES.mapped
        if column.kind != "key"
        and column.name not in OF_SOME_CALLERS
        and column.name in episodes
        and episodes[column.name].notna().any()
    ]


def to_be_filled(episodes: pd.DataFrame, name: str) -> pd.Series:
    """True for the episodes to which the column applies, and wherever something stands in it.

    A team's columns do not apply where no team was to go (phone, video, no response), those of the scene where the visit was called
    off, those of the first response where nobody was seen or met (as the measures of it have it), an ending (disposition) where
    nobody was met or nothing was done, those of a stay where there was none. Where nobody wrote down which it was, the column applies.

    >>> episodes = pd.DataFrame({"response_mode": ["mobile", "phone", None], "team_size": [None, None, None]})
    >>> to_be_filled(episodes, "team_size").tolist()
    [True, False, True]
    """
    expected = pd.Series(True, index=episodes.index)
    if name in OF_A_TEAM:
        expected &= _may_be(episodes, "response_mode", IN_PERSON_MODES)
    if name in AT_FIRST_RESPONSE:
        expected &= _may_be(episodes, "response_mode", FACE_TO_FACE)
    if name in ON_SCENE:
        expected &= ~_is(episodes, "attempt_result", CALLED_OFF)
    if name in AT_FIRST_RESPONSE | {"engaged_at", "disposition"}:
        expected &= _may_be(episodes, "attempt_result", (MET_THE_PERSON,))
    if name == "disposition":
        expected &= ~_is(episodes, "response_mode", "none")
    if name == "discharged_on":
        expected &= _stays(episodes, "enrolled_on")
    if name in OF_THE_DISCHARGED:
        expected &= _stays(episodes, "discharged_on")
    return _written(episodes, name) | expected


def _written(episodes: pd.DataFrame, name: str) -> pd.Series:
    """True where the file held something, be it of use or not."""
    note = f"{name}_note"
    return episodes[note].ne("missing").fillna(False) if note in episodes else episodes[name].notna()


def _is(episodes: pd.DataFrame, name: str, code: str) -> pd.Series:
    if name not in episodes:
        return pd.Series(False, index=episodes.index)
    return episodes[name].eq(code).fillna(False).astype(bool)


def _may_be(episodes: pd.DataFrame, name: str, codes: tuple[str, ...]) -> pd.Series:
    """True where the column holds one of the codes or nothing."""
    if name not in episodes:
        return pd.Series(True, index=episodes.index)
    return episodes[name].isin(codes) | episodes[name].isna()


def _stays(episodes: pd.DataFrame, day: str) -> pd.Series:
    """True where the day is there; everywhere in a study that never has it."""
    if day not in episodes or episodes[day].isna().all():
        return pd.Series(True, index=episodes.index)
    return episodes[day].notna()


def by_column(episodes: pd.DataFrame) -> pd.DataFrame:
    """How complete each column is. One row per recorded column: column, means, usable, rows, date_only, missing, blanked, not_due.

    `rows` are the episodes that are to fill it (`to_be_filled`), `not_due` the others. `usable` counts values that a measure can use; for
    clocks the rest is a bare date, missing, or blanked (unreadable, outside the days covered, before an earlier event); for other
    columns the rest is missing. Of EMPTY_IS_NONE an empty value is not due.

    >>> episodes = pd.DataFrame({"response_mode": ["mobile", "mobile", "phone"], "team_size": [2.0, None, None]})
    >>> by_column(episodes).query("column == 'team_size'")[["usable", "rows", "missing", "not_due"]].values.tolist()
    [[1, 2, 1, 1]]
    """
    lines = []
    for column in recorded_columns(episodes):
        due = _written(episodes, column.name) if column.name in EMPTY_IS_NONE else to_be_filled(episodes, column.name)
        of, rows = episodes[due], int(due.sum())
        usable = int(of[column.name].notna().sum())
        if column.name in CLOCKS:
            notes = of[f"{column.name}_note"].value_counts()
            date_only, missing = int(notes.get("date_only", 0)), int(notes.get("missing", 0))
        else:
            date_only, missing = 0, rows - usable
        blanked = rows - usable - date_only - missing
        lines.append((column.name, column.means, usable, rows, date_only, missing, blanked, len(episodes) - rows))
    names = ["column", "means", "usable", "rows", "date_only", "missing", "blanked", "not_due"]
    return pd.DataFrame(lines, columns=names)


def missing_by_month(episodes: pd.DataFrame, months: list[pd.Period]) -> pd.DataFrame:
    """Episodes that are to fill a column, and those of them without a usable value. One row per recorded column and month: column, month, missing, rows.

    >>> episodes = pd.DataFrame({"counted_on": pd.to_datetime(["2025-06-02", "2025-07-01"]), "disposition": ["community", None]})
    >>> missing_by_month(episodes, [pd.Period("2025-06"), pd.Period("2025-07")])[["missing", "rows"]].values.tolist()
    [[0, 1], [1, 1]]
    """
    month = episodes["counted_on"].dt.to_period("M")
    lines = []
    for column in recorded_columns(episodes):
        due = to_be_filled(episodes, column.name)
        rows, missing = (
            month[which].value_counts().reindex(months, fill_value=0).to_numpy()
            for which in (due, due & episodes[column.name].isna())
        )
        lines.append(pd.DataFrame({"column": column.name, "month": months, "missing": missing, "rows": rows}))
    return pd.concat(lines, ignore_index=True)


def turned(missing: pd.DataFrame, *, by_more_than: float, fewest: int, confidence: float) -> list[str]:
    """The columns whose missing part rose or fell between two months by more than `by_more_than`, the largest difference first.

    Months with fewer than `fewest` episodes are not looked at, and the two months' intervals (Clopper and Pearson, at
    `confidence`) must not overlap: a small month is no change of habit. A column that is always half empty is poor; one that turns
    empty makes every figure that rests on it look like a change of the service.

    >>> months = pd.DataFrame({"column": "disposition", "month": [1, 2, 3], "missing": [2, 120, 1], "rows": [200, 200, 12]})
    >>> turned(months, by_more_than=0.2, fewest=11, confidence=0.99)
    ['disposition']
    >>> turned(months.iloc[1:], by_more_than=0.2, fewest=11, confidence=0.999999)
    []
    """
    seen = missing[missing["rows"].ge(fewest)]
    span = clopper_pearson(seen["missing"], seen["rows"], confidence=confidence)
    seen = seen.assign(part=seen["missing"] / seen["rows"], low=span.low, high=span.high)
    by = seen.groupby("column")
    found = pd.DataFrame(
        {"spread": by["part"].max() - by["part"].min(), "apart": by["low"].max() > by["high"].min()}
    ).reset_index()
    found = found[found["spread"].gt(by_more_than) & found["apart"]].sort_values(
        ["spread", "column"], ascending=[False, True]
    )
    return found["column"].tolist()
