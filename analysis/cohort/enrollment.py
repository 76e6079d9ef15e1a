"""Enrollment: months with their days to spans of days, and short gaps bridged."""

import ibis
import ibis.expr.types as ir

from analysis.cohort.spans import bridge
from analysis.params import Cohort

MONTHS_LOOKED_BACK = 24


def calendar(enrollment: ir.Table) -> ir.Table:
    """One row per month in which anybody was enrolled: month_on, next_month_on and month_number (years x 12 + month)."""
    months = enrollment.filter(enrollment.days > 0).select("month_on").distinct()
    return months.mutate(
        next_month_on=first_of_next_month(months.month_on), month_number=_month_number(months.month_on)
    )


def first_of_next_month(day: ir.IntegerValue) -> ir.IntegerValue:
    """The first day of the month after that of each day; days are whole numbers."""
    after = _month_number(day) + 1
    first = ibis.date(after // 12, after % 12 + 1, 1)
    return first.delta(ibis.date("1970-01-01"), unit="day").cast("int64")


def _month_number(day: ir.IntegerValue) -> ir.IntegerValue:
    start = ibis.date("1970-01-01") + day.as_interval("D")
    return (start.year() * 12 + start.month() - 1).cast("int64")


def enrolled_months(enrollment: ir.Table, months: ir.Table) -> ir.Table:
    """The rows with enrolled days, with next_month_on and month_number of `calendar`."""
    enrolled = enrollment.select("child_id", "month_on", "days", "county_fips", "eligibility_group")
    return enrolled.filter(enrolled.days > 0).join(months, "month_on")


def enrolled_spans(months: ir.Table) -> ir.Table:
    """One row per child and month: child_id, from_on, to_on. Takes what `enrolled_months` gives.

    A month that is enrolled in part says how many days, not which. They are its last days where the next month is enrolled and the
    month before is not (the child came in), else its first.
    """
    order = ibis.window(group_by="child_id", order_by="month_on")
    seen = months.mutate(before=months.month_number.lag().over(order), after=months.month_number.lead().over(order))
    came_in = (seen.after - seen.month_number == 1).fill_null(False) & ~(
        seen.month_number - seen.before == 1
    ).fill_null(False)
    return seen.select(
        "child_id",
        from_on=ibis.ifelse(came_in, seen.next_month_on - seen.days, seen.month_on),
        to_on=ibis.ifelse(came_in, seen.next_month_on - 1, seen.month_on + seen.days - 1),
    )


def bridge_gaps(spans: ir.Table, rules: Cohort) -> ir.Table:
    """Spans of enrollment in which no gap is longer than `enrollment_gap_days`: child_id, from_on, to_on."""
    return bridge(spans, ["child_id"], apart_days=rules.enrollment_gap_days + 1)
