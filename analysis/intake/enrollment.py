"""Enrollment in its three forms (months, spans, years of twelve columns) as one row per child and month."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.intake.fates import ACCEPTED
from analysis.intake.mapping import Covers
from analysis.intake.people.links import People
from analysis.intake.references import CHILD
from analysis.intake.rows import Sorted
from analysis.intake.schema import at_rest
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
    # Typed first: an empty form or column would change the types of the others.
    rows = pd.concat(
        [at_rest(each, ENROLLMENT, time_zone="UTC", key_type="string") for each in found], ignore_index=True
    )
    rows = rows.assign(child=people.child_of(rows[CHILD]), row=np.arange(len(rows)))
    best = rows.sort_values(["child", "month_on", "days", "row"], ascending=[True, True, False, True], kind="stable")
    kept = best.drop_duplicates(["child", "month_on"]).sort_values("row", kind="stable")
    return kept[ENROLLMENT.names].reset_index(drop=True)


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
    rows = spans[[CHILD, *BESIDE]].iloc[at].reset_index(drop=True)
    rows = rows.assign(child=people.child_of(rows[CHILD]), month_on=month.astype("datetime64[us]"),
                       start=start.astype(np.int64), end=end.astype(np.int64))  # fmt: skip
    rows = rows.sort_values(["child", "month_on", "start", "end"], kind="stable")
    reached = rows.groupby(["child", "month_on"])["end"].cummax().groupby([rows["child"], rows["month_on"]]).shift()
    new_from = np.maximum(rows["start"], reached.fillna(rows["start"] - 1) + 1)
    rows["days"] = (rows["end"] - new_from + 1).clip(lower=0).astype("Int64")
    days = rows.groupby(["child", "month_on"])["days"].transform("sum")
    return rows.assign(days=days).drop_duplicates(["child", "month_on"])[ENROLLMENT.names]


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
