"""Counties by month for the study of the rollout: children, ED visits, removals, bookings, days with a site. No index crisis."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from analysis.cohort import enrollment
from analysis.cohort.ed import behavioral
from analysis.cohort.spans import bridge
from analysis.params import Cohort

COUNTED = ("bh_ed_visits", "injury_ed_visits", "removals", "bookings")


def county_months(sources: Mapping[str, ir.Table], rules: Cohort) -> ir.Table:
    """One row per county and month in which children were enrolled, the columns of COUNTY_MONTHS.

    Takes enrollment, calendar, visits, removals, detentions and site_counties. An event counts where the child was enrolled in its
    month; the county is the one of residence then.
    """
    enrolled, calendar = sources["enrollment"], sources["calendar"]
    residence = enrolled.filter((enrolled.days > 0) & enrolled.county_fips.notnull())
    residence = residence.select("child_id", "month_on", "county_fips")
    cells = residence.group_by(["county_fips", "month_on"]).agg(children=residence.count())
    cells = cells.join(calendar.select("month_on", "next_month_on"), "month_on")
    events = _in_month(_events(sources, rules), calendar)
    placed = residence.join(events, ["child_id", "month_on"])
    counted = placed.group_by(["county_fips", "month_on"]).agg(**{name: placed[name].sum() for name in COUNTED})
    joined = cells.left_join(counted, ["county_fips", "month_on"]).drop("county_fips_right", "month_on_right")
    live = _live_days(cells, sources["site_counties"])
    joined = joined.left_join(live, ["county_fips", "month_on"]).drop("county_fips_right", "month_on_right")
    return joined.mutate(
        site_live_days=joined.live_days.fill_null(0), **{name: joined[name].fill_null(0) for name in COUNTED}
    ).drop("live_days")


def months_as_received(counts: ir.Table, site_counties: ir.Table) -> ir.Table:
    """One row per county and month that the agencies counted, the columns of COUNTY_MONTHS: their counts, and the days with a site."""
    cells = counts.mutate(next_month_on=enrollment.first_of_next_month(counts.month_on))
    live = _live_days(cells, site_counties)
    joined = cells.left_join(live, ["county_fips", "month_on"]).drop("county_fips_right", "month_on_right")
    return joined.mutate(site_live_days=joined.live_days.fill_null(0)).drop("live_days", "next_month_on")


def _events(sources: Mapping[str, ir.Table], rules: Cohort) -> ir.Table:
    """One row per event: child_id, day, and 1 in the column of what it is."""
    visits, removed = sources["visits"], sources["removals"]
    bh = behavioral(visits, rules)
    of_kind = {
        "bh_ed_visits": visits.filter(bh).select("child_id", day="from_on"),
        "injury_ed_visits": visits.filter(visits.injury & ~bh).select("child_id", day="from_on"),
        "removals": removed.filter(~removed.is_hold).select("child_id", day="removed_on"),
        "bookings": sources["detentions"].select("child_id", day="booked_on"),
    }
    several = [
        rows.mutate(**{each: ibis.literal(int(each == name), "int64") for each in COUNTED})
        for name, rows in of_kind.items()
    ]
    return ibis.union(*several)


def _in_month(events: ir.Table, calendar: ir.Table) -> ir.Table:
    """The events summed by child and month."""
    days = events.select("day").distinct()
    dated = days.join(calendar, [days.day >= calendar.month_on, days.day < calendar.next_month_on])
    joined = events.join(dated.select("day", "month_on"), "day")
    return joined.group_by(["child_id", "month_on"]).agg(**{name: joined[name].sum() for name in COUNTED})


def _live_days(cells: ir.Table, site_counties: ir.Table) -> ir.Table:
    """Days of each month on which any site covered the county; a day that two sites share counts once."""
    cover = site_counties.select("from_on", "to_on", served_fips="county_fips")
    joined = cells.join(cover, cells.county_fips == cover.served_fips)
    first = ibis.greatest(joined.from_on, joined.month_on)
    last = ibis.least(joined.to_on.fill_null(2**40), joined.next_month_on - 1)
    spans = joined.select("county_fips", "month_on", from_on=first, to_on=last).filter(ibis._.to_on >= ibis._.from_on)
    whole = bridge(spans, ["county_fips", "month_on"], apart_days=1)
    return whole.group_by(["county_fips", "month_on"]).agg(live_days=(whole.to_on - whole.from_on + 1).sum())
