"""Nights away from home over hospital, residential treatment, boarding, care and detention: each night once."""

import ibis
import ibis.expr.types as ir

from analysis.tables import NIGHT_KINDS

PRECEDENCE = list(NIGHT_KINDS)


def nights_away(stays: ir.Table, placed: ir.Table, detentions: ir.Table, *, cut_on: int) -> ir.Table:
    """One row per child and span of nights of one kind, the columns of NIGHTS_AWAY; spans of a child never overlap.

    A night belongs to the day on which it begins. Hospital nights are those of behavioral stays. Where two systems claim one night, the
    kind that comes first in NIGHT_KINDS has it: a foster child's hospital night is a hospital night. Nights end with `cut_on`.
    """
    return _merge(_first_of_kinds(_spans(stays, placed, detentions, cut_on)))


def _spans(stays: ir.Table, placed: ir.Table, detentions: ir.Table, cut_on: int) -> ir.Table:
    """One row per span of any source: child_id, from_on, to_on, rank of its kind; the night of the last day is not in it."""
    hospital = stays.filter((stays.kind != "inpatient") | stays.behavioral)
    held = detentions.select(
        "child_id",
        from_on=detentions.booked_on,
        to_on=detentions.released_on.fill_null(cut_on),
        kind=ibis.literal("detention"),
    )
    columns = ["child_id", "from_on", "to_on", "kind"]
    every = ibis.union(hospital.select(columns), placed.select(columns), held.select(columns))
    every = every.mutate(to_on=ibis.least(every.to_on, cut_on))
    rank = ibis.cases(*[(every.kind == kind, place) for place, kind in enumerate(PRECEDENCE)], else_=len(PRECEDENCE))
    return every.filter(every.to_on > every.from_on).select("child_id", "from_on", "to_on", rank=rank.cast("int64"))


def _first_of_kinds(spans: ir.Table) -> ir.Table:
    """The spans cut at every day on which one begins or ends; of the pieces that cover the same nights the first kind stays."""
    days = ibis.union(spans.select("child_id", day="from_on"), spans.select("child_id", day="to_on"), distinct=True)
    next_day = days.day.lead().over(ibis.window(group_by="child_id", order_by="day"))
    pieces = days.mutate(until=next_day)
    pieces = pieces.filter(pieces.until.notnull())
    covered = pieces.join(
        spans,
        [pieces.child_id == spans.child_id, spans.from_on <= pieces.day, spans.to_on >= pieces.until],
    ).select("child_id", "day", "until", "rank")
    return covered.group_by(["child_id", "day", "until"]).agg(rank=covered["rank"].min())


def _merge(pieces: ir.Table) -> ir.Table:
    """Pieces of one kind that follow on one another, as one span."""
    order = ibis.window(group_by="child_id", order_by="day")
    seen = pieces.mutate(until_before=pieces.until.lag().over(order), rank_before=pieces["rank"].lag().over(order))
    same = (seen.until_before == seen.day) & (seen.rank_before == seen["rank"])
    seen = seen.mutate(starts=ibis.ifelse(same.fill_null(False), 0, 1))
    running = ibis.window(group_by="child_id", order_by="day", rows=(None, 0))
    numbered = seen.mutate(span=seen.starts.sum().over(running))
    spans = numbered.group_by(["child_id", "span"]).agg(
        from_on=numbered.day.min(), to_on=numbered.until.max(), rank=numbered["rank"].min()
    )
    kind = ibis.cases(*[(spans["rank"] == place, kind) for place, kind in enumerate(PRECEDENCE)], else_="hold")
    return spans.select("child_id", "from_on", "to_on", kind=kind, nights=spans.to_on - spans.from_on)
