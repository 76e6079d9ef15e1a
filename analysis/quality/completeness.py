"""What is recorded and what is not: by column, and by month where recording changed."""

import pandas as pd

from analysis.intervals import clopper_pearson
from analysis.tables import CLOCKS, EPISODES, Column

# Written where an organization asked, and rightly empty elsewhere: more so in the holidays, which is no change of habit.
OF_SOME_CALLERS = {"referrer"}


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


def by_column(episodes: pd.DataFrame) -> pd.DataFrame:
    """How complete each column is. One row per recorded column: column, means, usable, rows, date_only, missing, blanked.

    `usable` counts values that a measure can use; for clocks the rest is a bare date, missing, or blanked (unreadable, outside the
    days covered, before an earlier event); for other columns the rest is missing.
    """
    lines = []
    for column in recorded_columns(episodes):
        usable = int(episodes[column.name].notna().sum())
        if column.name in CLOCKS:
            notes = episodes[f"{column.name}_note"].value_counts()
            date_only, missing = int(notes.get("date_only", 0)), int(notes.get("missing", 0))
        else:
            date_only, missing = 0, len(episodes) - usable
        blanked = len(episodes) - usable - date_only - missing
        lines.append((column.name, column.means, usable, len(episodes), date_only, missing, blanked))
    return pd.DataFrame(lines, columns=["column", "means", "usable", "rows", "date_only", "missing", "blanked"])


def missing_by_month(episodes: pd.DataFrame, months: list[pd.Period]) -> pd.DataFrame:
    """Episodes whose value is not usable. One row per recorded column and month: column, month, missing, rows.

    >>> episodes = pd.DataFrame({"counted_on": pd.to_datetime(["2025-06-02", "2025-07-01"]), "disposition": ["community", None]})
    >>> missing_by_month(episodes, [pd.Period("2025-06"), pd.Period("2025-07")])[["missing", "rows"]].values.tolist()
    [[0, 1], [1, 1]]
    """
    month = episodes["counted_on"].dt.to_period("M")
    rows = month.value_counts().reindex(months, fill_value=0)
    lines = []
    for column in recorded_columns(episodes):
        missing = month[episodes[column.name].isna()].value_counts().reindex(months, fill_value=0)
        lines.append(
            pd.DataFrame(
                {"column": column.name, "month": months, "missing": missing.to_numpy(), "rows": rows.to_numpy()}
            )
        )
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
