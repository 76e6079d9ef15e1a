"""Enrollment in its three forms (months, spans, years of twelve columns) as one row per child and month."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.intake.fates import ACCEPTED
from analysis.intake.mapping import Covers
from analysis.intake.people.links import People
from analysis.intake.references import CHILD
from analysis.intake.rows import Sorted
from analysis.intake.texts import below
from analysis.tables import ENROLLMENT

FORMS = ("enrollment", "enrollment_spans", "enrollment_years")
BESIDE = ("county_fips", "eligibility_group", "plan_type")
MONTHS = [f"{month:02d}" for month in range(1, 13)]


def enrolled_months(tables: Mapping[str, Sorted], people: People, covers: Mapping[str, Covers]) -> pd.DataFrame:
    """One row per child and month (child_id still as a key of one of its systems, and what enrollment has).

    `covers` are the days that each form's files hold: a span that still lasts runs to the last of them. Where a child has several
    rows for a month (two ids, two forms), the month has the days of the longest, and what stands beside comes from that one.
    """
    made = {
        "enrollment": lambda rows: rows,
        "enrollment_spans": lambda rows: months_of_spans(rows, people, covers["enrollment_spans"]),
        "enrollment_years": months_of_years,
    }
    found = [made[form](tables[form].with_fate(ACCEPTED)) for form in FORMS if form in tables]
    # An empty form would change the types of the others.
    rows = below(
        [each[ENROLLMENT.names] for each in found if len(each)] or [found[0].reindex(columns=ENROLLMENT.names)]
    )
    known = pd.DataFrame({"child": people.child_of(rows[CHILD]), "month_on": rows["month_on"]})
    several = known.duplicated(keep=False)
    if not several.any():
        return rows
    known = known[several].assign(days=rows["days"])
    best = known.sort_values(["child", "month_on", "days"], ascending=[True, True, False], kind="stable")
    kept = best.drop_duplicates(["child", "month_on"]).index
    return rows[~several | rows.index.isin(kept)].reset_index(drop=True)


def months_of_spans(spans: pd.DataFrame, people: People, covers: Covers) -> pd.DataFrame:
    """Each month that a child's spans touch, with the days enrolled in it: a day that two spans hold counts once.

    Takes one row per span (child_id, from_on, to_on; both days included). What stands beside the days is that of the first span.
    """
    if not len(spans):
        return spans.reindex(columns=ENROLLMENT.names)
    from_on = spans["from_on"].to_numpy().astype("datetime64[D]")
    to_on = spans["to_on"].fillna(pd.Timestamp(covers.to_on)).to_numpy().astype("datetime64[D]")
    first, last = from_on.astype("datetime64[M]"), to_on.astype("datetime64[M]")
    times = np.maximum((last - first).astype(np.int64) + 1, 0)
    at = np.repeat(np.arange(len(spans)), times)
    month = first[at] + (np.arange(len(at)) - np.repeat(np.cumsum(times) - times, times)).astype("timedelta64[M]")
    start = np.maximum(from_on[at], month.astype("datetime64[D]"))
    end = np.minimum(to_on[at], (month + 1).astype("datetime64[D]") - np.timedelta64(1, "D"))
    child = people.child_of(spans[CHILD]).to_numpy(dtype=np.int64)[at]
    order = np.lexsort((end, start, month, child))
    at, child, month, start, end = (each[order] for each in (at, child, month, start, end))
    begins = np.append(True, (child[1:] != child[:-1]) | (month[1:] != month[:-1]))[: len(at)]
    days = (end - start).astype(np.int64) + 1
    several = ~begins | np.append(~begins[1:], False)
    days[several] = _days_once(np.cumsum(begins)[several], start[several], end[several])
    rows = spans[[CHILD, *BESIDE]].iloc[at[begins]].reset_index(drop=True)
    days = (
        pd.array(np.add.reduceat(days, np.flatnonzero(begins)), dtype="Int64")
        if len(at)
        else pd.array([], dtype="Int64")
    )
    return rows.assign(month_on=month[begins].astype("datetime64[us]"), days=days)[ENROLLMENT.names]


def _days_once(group: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The days of each span that no earlier one of its group holds; the spans of a group come in the order of their starts.

    >>> _days_once(np.array([0, 0, 1]), *np.array([["2025-05-01", "2025-05-03", "2025-05-03"],
    ...            ["2025-05-04", "2025-05-05", "2025-05-05"]], dtype="datetime64[D]")).tolist()
    [4, 1, 3]
    """
    first, last = pd.Series(start.astype(np.int64)), pd.Series(end.astype(np.int64))
    reached = last.groupby(group).cummax().groupby(group).shift()
    new_from = np.maximum(first, reached.fillna(first - 1) + 1)
    return (last - new_from + 1).clip(lower=0).to_numpy(dtype=np.int64)


def months_of_years(years: pd.DataFrame) -> pd.DataFrame:
    """Each month of a year with at least one day, from the twelve columns."""
    made = []
    for number, month in enumerate(MONTHS, start=1):
        there = years[years[f"days_{month}"].gt(0).fillna(False)]
        on = pd.to_datetime(pd.DataFrame({"year": there["year"].astype(int), "month": number, "day": 1}))
        made.append(pd.DataFrame({
            CHILD: there[CHILD], "month_on": on.astype("datetime64[us]"), "county_fips": there["county_fips"],
            "days": there[f"days_{month}"].clip(upper=on.dt.days_in_month),
            "eligibility_group": there[f"eligibility_group_{month}"], "plan_type": there[f"plan_type_{month}"],
        }))  # fmt: skip
    return below([each for each in made if len(each)] or made[:1])
