"""From a table to points: one row per subgroup (a month, a case) and facet, in order, with sections and baseline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.quality.charts.records import NO_FACET

AGGREGATES = {"mean": "mean", "median": "median", "sum": "sum", "sd": "std"}
PERIODS = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}

ISO_DATE = r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?"

Positions = int | Iterable[int] | None
Dates = str | pd.Timestamp | Iterable | Mapping | None


@dataclass(frozen=True)
class Section:
    """The points of one section in order, as arrays of floats with one value a point: what lines and runs are computed from.

    Attributes
    ----------
    order : numpy.ndarray
        Position in the facet, from 1.
    y, n, y_sum, y_length, y_mean, y_sd : numpy.ndarray
        As `one_point_a_row` has them.
    in_baseline, included : numpy.ndarray of bool
        As `add_baseline` has them.
    """

    order: np.ndarray
    y: np.ndarray
    n: np.ndarray
    y_sum: np.ndarray
    y_length: np.ndarray
    y_mean: np.ndarray
    y_sd: np.ndarray
    in_baseline: np.ndarray
    included: np.ndarray

    @property
    def base(self) -> np.ndarray:
        """The points that center and limits are computed from."""
        return self.in_baseline & self.included


def section_of(rows: pd.DataFrame) -> Section:
    """The section of rows with all the columns of a `Section`."""
    numeric = {name: rows[name].to_numpy(dtype=float) for name in ("y", "n", "y_sum", "y_length", "y_mean", "y_sd")}
    return Section(
        rows["order"].to_numpy(), **numeric, in_baseline=rows["in_baseline"].to_numpy(), included=rows["included"].to_numpy()
    )  # fmt: skip


def section_of_values(values: np.ndarray, n: np.ndarray | None, *, freeze: int) -> Section:
    """The section of a series that has one value a point already, with or without denominators; the first `freeze` are the baseline.

    >>> section_of_values(np.array([4.0, np.nan, 3.0]), np.array([8.0, 8.0, 0.0]), freeze=20).y.tolist()
    [0.5, nan, nan]
    """
    order, missing = np.arange(1, len(values) + 1), np.full(len(values), np.nan)
    if n is not None:
        gap = np.isnan(values) | np.isnan(n)
        values, n = np.where(gap, np.nan, values), np.where(gap, 0.0, n)
    return Section(
        order, y=values if n is None else ratio(values, n), n=missing if n is None else n, y_sum=values,
        y_length=(~np.isnan(values)).astype(float), y_mean=values, y_sd=missing,
        in_baseline=order <= freeze, included=np.full(len(values), True),
    )  # fmt: skip


def ratio(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """x of n at each point; missing, a gap, where n is 0: neither 0% nor 100%."""
    return x / np.where(n > 0, n, np.nan)


def one_point_a_row(
    table: pd.DataFrame,
    value: str,
    *,
    x: str | None,
    n: str | None,
    facet: str | Sequence[str] | None,
    period: str | None,
    aggregate: str,
) -> pd.DataFrame:
    """One row per facet and x, sorted by x whatever the order of the table.

    Rows of one facet and x are one subgroup: `y_sum`, `y_length` (values there), `y_mean`, `y_sd`, `n` (sum of denominators) and
    `y`: sum / n where there is a denominator, else the values by `aggregate`. A value without a denominator, or a denominator
    without a value, leaves a gap: neither counts. n = 0 is a gap as well, not a zero and not 100%.

    Raises ValueError for a column that is not there, a value that is not a number, a negative denominator, and an empty table.

    >>> months = pd.DataFrame({"month": [2, 1, 1], "met": [3, 4, 5], "visits": [4, 10, 10]})
    >>> one_point_a_row(months, "met", x="month", n="visits", facet=None, period=None, aggregate="mean")[["x", "y_sum", "n", "y"]].values.tolist()
    [[1.0, 9.0, 20.0, 0.45], [2.0, 3.0, 4.0, 0.75]]
    """
    facets = [facet] if isinstance(facet, str) else list(facet or [])
    if len(facets) > 2:
        raise ValueError(f"facet names {len(facets)} columns ({', '.join(facets)}). A chart is split by one or two.")
    check_columns(table, value, x, n, *facets)
    if aggregate not in AGGREGATES:
        raise ValueError(f'aggregate is "{aggregate}". It may be {", ".join(AGGREGATES)}.')
    rows = pd.DataFrame({"value": numbers(table, value)})
    rows["x"] = _axis(table[x], period) if x else np.arange(1, len(table) + 1)
    rows["n"] = numbers(table, n) if n else np.nan
    for at, name in enumerate([*facets, None, None][:2], start=1):
        rows[f"facet{at}"] = table[name].to_numpy() if name else NO_FACET
    for name, column in ((x, "x"), *((name, f"facet{at}") for at, name in enumerate(facets[:2], start=1))):
        if (blank := rows[column].isna().to_numpy()).any():
            raise ValueError(
                f'Column "{name}", row {int(np.argmax(blank)) + 1}: blank. Every point needs its place on the axis and its group.'
            )
    if n:
        if (rows["n"] < 0).any():
            raise ValueError(f'Column "{n}" holds {rows["n"].min():g}. A denominator is 0 or more: correct the table.')
        gap = rows["value"].isna() | rows["n"].isna()
        rows.loc[gap, ["value", "n"]] = np.nan
    points = _add_up(rows, aggregate, has_n=n is not None)
    points["order"] = points.groupby(["facet2", "facet1"], observed=True).cumcount() + 1
    return points


def _add_up(rows: pd.DataFrame, aggregate: str, *, has_n: bool) -> pd.DataFrame:
    """One row per facet and x of the rows (facet2, facet1, x, value, n)."""
    groups = rows.groupby(["facet2", "facet1", "x"], sort=True, observed=True)
    values = groups["value"]
    points = pd.DataFrame(
        {
            "y_sum": values.sum(min_count=1),
            "y_length": values.count(),
            "y_mean": values.mean(),
            "y_sd": values.std(ddof=1),
            "n": groups["n"].sum(min_count=1),
        }
    )
    if has_n:
        points["n"] = points["n"].fillna(0.0)
        points["y"] = ratio(points["y_sum"], points["n"])
    else:
        points["y"] = values.agg(AGGREGATES[aggregate])
        points.loc[points["y_length"] == 0, "y"] = np.nan
    return points.reset_index()


def check_columns(table: pd.DataFrame, *columns: str | None) -> None:
    """One sentence where a column that was named is not there, or the table has no row.

    >>> check_columns(pd.DataFrame({"a": [1]}), "b", None)
    Traceback (most recent call last):
    ValueError: The table has no column "b". It has a.
    """
    if missing := [name for name in columns if name is not None and name not in table.columns]:
        raise ValueError(f'The table has no column "{missing[0]}". It has {", ".join(map(str, table.columns))}.')
    if len(table) == 0:
        raise ValueError("The table has no row: there is nothing to chart.")


def numbers(table: pd.DataFrame, column: str) -> np.ndarray:
    """The column as floats; what is not a number is an error, not a gap.

    >>> numbers(pd.DataFrame({"a": ["1", None]}), "a").tolist()
    [1.0, nan]
    """
    if table[column].dtype == float:
        return table[column].to_numpy()
    try:
        return pd.to_numeric(table[column]).to_numpy(dtype=float, na_value=np.nan)
    except (ValueError, TypeError):
        given = pd.to_numeric(table[column], errors="coerce")
        at = int(np.argmax((given.isna() & table[column].notna()).to_numpy()))
        raise ValueError(
            f'Column "{column}", row {at + 1}: this is not a number. Correct it, or leave it blank for a gap.'
        ) from None


def _axis(column: pd.Series, period: str | None) -> np.ndarray:
    """The horizontal axis: dates where the column holds dates (also months, and text like 2026-10-01), else as it is."""
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.start_time
    elif isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_localize(None)
    elif not pd.api.types.is_numeric_dtype(column) and column.dropna().astype(str).str.fullmatch(ISO_DATE).all():
        column = pd.to_datetime(column)
    if period is None:
        return column.to_numpy()
    if period not in PERIODS:
        raise ValueError(f'period is "{period}". It may be {", ".join(PERIODS)}.')
    return pd.to_datetime(column).dt.to_period(PERIODS[period]).dt.start_time.to_numpy()


def add_sections(points: pd.DataFrame, *, part: Positions, rebase: Dates, exact_dates: bool = False) -> pd.DataFrame:
    """Number the sections of each facet from 1.

    `part` are positions, each the last of its section, in every facet; `rebase` are dates: each starts a section at the first
    point on or after it, in every facet, or in the facets that a mapping of facet to dates names. `exact_dates`: a date that no
    point has is passed over, as NHSRplotthedots does, and one on the first point is counted.

    >>> months = pd.DataFrame({"facet1": "all", "facet2": "all", "x": [1, 2, 3, 4], "order": [1, 2, 3, 4]})
    >>> add_sections(months, part=2, rebase=None)["section"].tolist()
    [1, 1, 2, 2]
    """
    if part is not None and rebase is not None:
        raise ValueError("Give part (positions) or rebase (dates), not both: each starts sections.")
    points = points.copy()
    points["section"] = 1
    if part is not None:
        ends = np.unique(positions(part, "part"))
        ends = ends[ends > 0]
        points["section"] = 1 + np.searchsorted(ends, points["order"] - 1, side="right")
        return points
    if rebase is None:
        return points
    if isinstance(rebase, Mapping) and (unknown := sorted(set(map(str, rebase)) - set(map(str, points["facet1"])))):
        raise ValueError(f'rebase names "{unknown[0]}", which is not a facet of the chart.')
    by_facet = {str(name): _moments(dates) for name, dates in rebase.items()} if isinstance(rebase, Mapping) else None
    for (_, name), rows in points.groupby(["facet2", "facet1"], observed=True):
        starts = _moments(rebase) if by_facet is None else by_facet.get(str(name), _moments([]))
        points.loc[rows.index, "section"] = _count_starts(rows["x"], starts, exact_dates)
    return points


def _count_starts(x: pd.Series, starts: pd.DatetimeIndex, exact_dates: bool) -> np.ndarray:
    """Sections begun at each point. One that begins at the first point is no second section, unless dates are taken exactly."""
    moments = pd.DatetimeIndex(pd.to_datetime(x))
    if exact_dates:
        return 1 + np.cumsum(moments.isin(starts))
    at = np.unique(moments.searchsorted(starts))
    return 1 + np.searchsorted(at[at > 0], np.arange(len(moments)), side="right")


def _moments(dates: str | pd.Timestamp | Iterable) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(
        pd.to_datetime(
            [dates] if isinstance(dates, (str, pd.Timestamp)) or not isinstance(dates, Iterable) else list(dates)
        )
    )


def positions(given: Positions, name: str) -> np.ndarray:
    """Positions of points, counted from 1, as an array.

    >>> positions(24, "part").tolist(), positions([45, 70], "exclude").tolist()
    ([24], [45, 70])
    """
    if given is None:
        return np.array([], dtype=int)
    found = np.atleast_1d(np.asarray(given if isinstance(given, (int, float)) else list(given), dtype=float))
    if (found != np.floor(found)).any() or (found < 0).any():
        raise ValueError(
            f"{name} counts points from 1 and takes whole numbers; it was given {found[found != np.floor(found)].tolist() or found.tolist()}."
        )
    return found.astype(int)


def add_baseline(points: pd.DataFrame, *, freeze: int | None, exclude: Positions) -> pd.DataFrame:
    """Mark the points that center and limits are computed from: the first `freeze` of each section, without `exclude`.

    `included` is false for the excluded, which take no part in the runs either.
    """
    if freeze is not None and (freeze < 1 or freeze != int(freeze)):
        raise ValueError(f"freeze is {freeze}. It is the number of points in the baseline: 1 or more.")
    points = points.copy()
    within = points.groupby(["facet2", "facet1", "section"], observed=True).cumcount() + 1
    points["in_baseline"] = True if freeze is None else within <= freeze
    points["included"] = ~points["order"].isin(positions(exclude, "exclude"))
    return points


def say_baseline(points: Mapping[str, np.ndarray | pd.Series], freeze: int | None) -> str:
    """The baseline in words, for the line under the chart.

    >>> say_baseline(pd.DataFrame({"section": [1, 1], "in_baseline": [True, True], "included": [True, True]}), None)
    'all points'
    """
    many = points["section"].max() > 1
    within = " of each section" if many else ""
    words = (
        f"all points{within}"
        if freeze is None or bool(points["in_baseline"].all())
        else f"the first {int(freeze)} points{within}"
    )
    left_out = int((~points["included"]).sum())
    return words + (f", {left_out} left out" if left_out else "")
