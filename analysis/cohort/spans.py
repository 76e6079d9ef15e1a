"""Spans of days of one child (from_on, to_on): those that touch are one."""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir


def number_islands(spans: ir.Table, by: list[str], *, apart_days: int) -> ir.Table:
    """The spans with `island`, counted from 1 within `by`: spans that lie at most `apart_days` apart share it.

    A span that begins on the day after another ended is one day apart. A span inside a longer one belongs to it, however long
    ago that began.
    """
    ends = spans.mutate(ended_on=_latest_end_before(spans, by))
    apart = ends.ended_on.isnull() | (ends.from_on - ends.ended_on > apart_days)
    return _count_starts(ends.mutate(starts=ibis.ifelse(apart, 1, 0)), by)


def number_visits(spans: ir.Table, by: list[str], *, merge_days: int) -> ir.Table:
    """The spans with `island`: a span shares that of the one before where their starts lie within `merge_days`.

    So does one that begins while an earlier span of the group still lasts.
    """
    order = ibis.window(group_by=by, order_by=["from_on", "to_on"])
    ends = spans.mutate(ended_on=_latest_end_before(spans, by), started_on=spans.from_on.lag().over(order))
    apart = (ends.from_on - ends.started_on > merge_days) & (ends.from_on > ends.ended_on)
    first = ends.started_on.isnull() | apart
    return _count_starts(ends.mutate(starts=ibis.ifelse(first, 1, 0)).drop("started_on"), by)


def _latest_end_before(spans: ir.Table, by: list[str]) -> ir.Value:
    """The latest end among the earlier rows. Rows with the same two days may stand in any order: their island is the same."""
    return spans.to_on.max().over(ibis.window(group_by=by, order_by=["from_on", "to_on"], rows=(None, -1)))


def _count_starts(starts: ir.Table, by: list[str]) -> ir.Table:
    # A range, not rows: two windows may put rows with the same two days in different orders, and a range takes in all of them.
    running = ibis.range_window(group_by=by, order_by=["from_on", "to_on"], preceding=None, following=0)
    return starts.mutate(island=starts.starts.sum().over(running).cast("int64")).drop("starts", "ended_on")


def bridge(spans: ir.Table, by: list[str], *, apart_days: int, **totals: Callable[[ir.Table], ir.Value]) -> ir.Table:
    """One row per group of spans that lie at most `apart_days` apart: `by`, from_on, to_on and what each of `totals` gives."""
    islands = number_islands(spans, by, apart_days=apart_days)
    bridged = islands.group_by([*by, "island"]).agg(
        from_on=islands.from_on.min(),
        to_on=islands.to_on.max(),
        **{name: total(islands) for name, total in totals.items()},
    )
    return bridged.drop("island")
