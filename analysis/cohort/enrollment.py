"""Enrollment: months with their days to spans of days, and short gaps bridged."""

import ibis
import ibis.expr.types as ir

from analysis.cohort.spans import bridge
from analysis.params import Cohort

MONTHS_LOOKED_BACK = 24


def with_month_end(enrollment: ir.Table) -> ir.Table:
    """The months with next_month_on and month_number (years x 12 + month), for rows with enrolled days."""
    enrolled = enrollment.filter(enrollment.days > 0)
    start = ibis.date("1970-01-01") + enrolled.month_on.as_interval("D")
    number = start.year() * 12 + start.month() - 1
    year, month = (number + 1) // 12, (number + 1) % 12 + 1
    next_on = ibis.date(year, month, 1).delta(ibis.date("1970-01-01"), unit="day").cast("int64")
    return enrolled.mutate(next_month_on=next_on, month_number=number.cast("int64"))


def enrolled_spans(months: ir.Table) -> ir.Table:
    """One row per child and month: child_id, from_on, to_on. Takes what `with_month_end` gives.

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
