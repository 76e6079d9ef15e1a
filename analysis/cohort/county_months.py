"""Counties by month for the study of the rollout: enrolled children, ED visits, removals, bookings, days with a site. No index crisis."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from analysis.cohort.ed import behavioral
from analysis.cohort.spans import bridge
from analysis.params import Cohort


def county_months(sources: Mapping[str, ir.Table], rules: Cohort) -> ir.Table:
    """One row per county and month in which children were enrolled, the columns of COUNTY_MONTHS.

    Takes months (of enrollment), visits, removals, detentions and site_counties. An event counts where the child was enrolled in
    its month; the county is the one of residence then. Months after `data_cut` are not in it.
    """
    months = sources["months"]
    months = months.filter(months.county_fips.notnull()).select("child_id", "county_fips", "month_on", "next_month_on")
    calendar = months.select("month_on", "next_month_on").distinct()
    cells = months.group_by(["county_fips", "month_on", "next_month_on"]).agg(children=months.child_id.nunique())
    visits, removed = sources["visits"], sources["removals"]
    bh = behavioral(visits, rules)
    counted = {
        "bh_ed_visits": visits.filter(bh).select("child_id", day="from_on"),
        "injury_ed_visits": visits.filter(visits.injury & ~bh).select("child_id", day="from_on"),
        "removals": removed.filter(~removed.is_hold).select("child_id", day="removed_on"),
        "bookings": sources["detentions"].select("child_id", day="booked_on"),
    }
    for name, events in counted.items():
        cells = _with_count(cells, name, _in_month(events, calendar), months)
    live = _live_days(cells, sources["site_counties"])
    joined = cells.left_join(live, ["county_fips", "month_on"])
    return joined.mutate(site_live_days=joined.live_days.fill_null(0)).drop(
        "county_fips_right", "month_on_right", "live_days"
    )


def _in_month(events: ir.Table, calendar: ir.Table) -> ir.Table:
    """The events with the month in which they fall."""
    days = events.select("day").distinct()
    dated = days.join(calendar, [days.day >= calendar.month_on, days.day < calendar.next_month_on])
    return events.join(dated.select("day", "month_on"), "day").select("child_id", "month_on")


def _with_count(cells: ir.Table, name: str, events: ir.Table, months: ir.Table) -> ir.Table:
    residence = months.select("child_id", "month_on", "county_fips")
    placed = events.join(residence, ["child_id", "month_on"])
    counted = placed.group_by(["county_fips", "month_on"]).agg(**{name: placed.count()})
    joined = cells.left_join(counted, ["county_fips", "month_on"]).drop("county_fips_right", "month_on_right")
    return joined.mutate(**{name: joined[name].fill_null(0)})


def _live_days(cells: ir.Table, site_counties: ir.Table) -> ir.Table:
    """Days of each month on which any site covered the county; a day that two sites share counts once."""
    cover = site_counties.select("from_on", "to_on", served_fips="county_fips")
    joined = cells.join(cover, cells.county_fips == cover.served_fips)
    first = ibis.greatest(joined.from_on, joined.month_on)
    last = ibis.least(joined.to_on.fill_null(2**40), joined.next_month_on - 1)
    spans = joined.select("county_fips", "month_on", from_on=first, to_on=last).filter(ibis._.to_on >= ibis._.from_on)
    whole = bridge(spans, ["county_fips", "month_on"], apart_days=1)
    return whole.group_by(["county_fips", "month_on"]).agg(live_days=(whole.to_on - whole.from_on + 1).sum())
