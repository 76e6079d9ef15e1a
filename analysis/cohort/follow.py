"""What became of each child after the first response: how long watched, why no longer, and the day of each first event."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from analysis.cohort.ed import behavioral
from analysis.cohort.engine import day_number
from analysis.params import Cohort
from analysis.tables import FOLLOW_UP_ENDS


def watched(chosen: ir.Table, rules: Cohort) -> ir.Table:
    """One row per child: child_id, index_on, followed_days, ended_by, death_day.

    The last day watched is the day of death, the day before the birthday at `watched_until_age`, the last day enrolled (short gaps
    bridged) or `data_cut`, whichever comes first; of two on one day the first of FOLLOW_UP_ENDS.

    Takes the crises of `first_eligible`.
    """
    far = 2**40
    born = ibis.date("1970-01-01") + chosen.born_on.as_interval("D")
    # A birthday of 29 February comes on 1 March of a year without that day.
    leap_day = (born.month() == 2) & (born.day() == 29) & (rules.watched_until_age % 4 != 0)
    month, day = ibis.ifelse(leap_day, 3, born.month()), ibis.ifelse(leap_day, 1, born.day())
    birthday = ibis.date(born.year() + rules.watched_until_age, month, day)
    ends = {
        "death": chosen.died_on.fill_null(far),
        "age": birthday.delta(ibis.date("1970-01-01"), unit="day").cast("int64") - 1,
        "disenrolled": chosen.enrolled_to_on,
        "data_cut": ibis.literal(day_number(rules.data_cut)),
    }
    last = ibis.least(*(ends[name] for name in FOLLOW_UP_ENDS))
    ended_by = ibis.cases(*[(ends[name] == last, name) for name in FOLLOW_UP_ENDS], else_="data_cut")
    died = ibis.ifelse(ends["death"] == last, last - chosen.index_on, ibis.null("int64"))
    return chosen.select(
        "child_id", "index_on", followed_days=last - chosen.index_on, ended_by=ended_by, death_day=died
    )


def later(events: ir.Table, seen: ir.Table, day: str) -> ir.Table:
    """The events of watched children with `day_after`, days after the index day, from day 0 to the last day watched."""
    joined = events.join(
        seen.select(index_child="child_id", index_on="index_on", followed_days="followed_days"),
        [("child_id", "index_child")],
    )
    after = joined.mutate(day_after=joined[day] - joined.index_on)
    kept = after.filter((after.day_after >= 0) & (after.day_after <= after.followed_days))
    return kept.select(*events.columns, "day_after", "followed_days")


def follow_up(seen: ir.Table, sources: Mapping[str, ir.Table], rules: Cohort) -> ir.Table:
    """One row per child, the columns of FOLLOW_UP. Takes what `watched` gives, and visits, stays, removals and detentions.

    Day 0 counts: a visit, an admission or a removal on the day of the first response is what came of it. What began before that day
    does not.
    """
    visits, stays, removed, booked = (sources[name] for name in ("visits", "stays", "removals", "detentions"))
    bh_ed = visits.filter(behavioral(visits, rules) & ~visits.is_index)
    no_hold = removed.filter(~removed.is_hold)
    stricter = removed.filter(removed.first_stricter_on.notnull())
    firsts = {
        "first_bh_ed_day": later(bh_ed, seen, "from_on"),
        "first_inpatient_day": later(stays.filter((stays.kind == "inpatient") & stays.behavioral), seen, "from_on"),
        "first_residential_day": later(stays.filter(stays.kind == "residential"), seen, "from_on"),
        "first_placement_day": later(no_hold, seen, "removed_on"),
        "first_stricter_day": later(stricter, seen, "first_stricter_on"),
        "first_detention_day": later(booked, seen, "booked_on"),
    }
    known = seen
    for name, events in firsts.items():
        first = events.group_by("child_id").agg(**{name: events.day_after.min()})
        known = known.left_join(first, "child_id").drop("child_id_right")
    return known
