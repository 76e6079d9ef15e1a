"""Who may enter the study: every crisis with a yes or no for each rule, all of them about the day of the first response or before."""

import ibis
import ibis.expr.types as ir

from analysis.cohort.engine import day_number
from analysis.params import Cohort

DAYS_PER_YEAR = 365.25


def describe(
    crises: ir.Table,
    children: ir.Table,
    enrolled: ir.Table,
    bridged: ir.Table,
    months: ir.Table,
    site_counties: ir.Table,
    stays: ir.Table,
) -> ir.Table:
    """The crises with what the rules ask for: birth, county, site, enrollment and stays as they were on the index day.

    Takes spans of enrollment as they are (`enrolled`) and with short gaps bridged, months of enrollment, and stays. One row per crisis
    stays one row.
    """
    known = crises.left_join(
        children.select("child_id", "sex", "race_ethnicity", "died_on", born_on=_born_on(children)), "child_id"
    ).drop("child_id_right")
    known = _with_enrollment(known, enrolled, bridged)
    known = _with_residence(known, months)
    known = _with_site(known, site_counties)
    return _with_stay(known, stays)


def _born_on(children: ir.Table) -> ir.IntegerValue:
    """Day of birth; where intake kept the month alone, its first day: a child is then a year older up to a month too soon."""
    return ibis.coalesce(*(children[name] for name in ("born_on", "born_month_on") if name in children.columns))


def _with_enrollment(crises: ir.Table, enrolled: ir.Table, bridged: ir.Table) -> ir.Table:
    """Adds enrolled_from_on and enrolled_to_on, the bridged span that holds the index day; empty where that day is in a gap."""
    asked = crises.select("child_id", "index_on")
    day = asked.join(
        enrolled,
        [asked.child_id == enrolled.child_id, enrolled.from_on <= asked.index_on, enrolled.to_on >= asked.index_on],
    )
    held = day.select("child_id", "index_on").distinct()
    span = held.join(
        bridged, [held.child_id == bridged.child_id, bridged.from_on <= held.index_on, bridged.to_on >= held.index_on]
    ).select("child_id", "index_on", enrolled_from_on="from_on", enrolled_to_on="to_on")
    return crises.left_join(span, ["child_id", "index_on"]).drop("child_id_right", "index_on_right")


def _with_residence(crises: ir.Table, months: ir.Table) -> ir.Table:
    """Adds county_fips and eligibility_group of the enrolled month that holds the index day."""
    month = months.select("child_id", "county_fips", "eligibility_group", "month_on", "next_month_on")
    joined = crises.left_join(
        month,
        [
            crises.child_id == month.child_id,
            month.month_on <= crises.index_on,
            month.next_month_on > crises.index_on,
        ],
    )
    return joined.drop("child_id_right", "month_on", "next_month_on")


def _with_site(crises: ir.Table, site_counties: ir.Table) -> ir.Table:
    """Adds site_id and live_days: of the sites that cover the county on the index day, the one with the largest share.

    `live_days` are the days since the first site came to the county and stayed to the index day.
    """
    cover = site_counties.select("site_id", "share", served_fips="county_fips", live_from="from_on", live_to="to_on")
    joined = crises.left_join(
        cover,
        [
            crises.county_fips == cover.served_fips,
            cover.live_from <= crises.index_on,
            cover.live_to.fill_null(2**40) >= crises.index_on,
        ],
    )
    one = ["child_id", "index_on"]
    order = ibis.window(group_by=one, order_by=[ibis.desc("share"), "site_id"])
    ranked = joined.mutate(
        place=ibis.row_number().over(order), live_since=joined.live_from.min().over(ibis.window(group_by=one))
    )
    ranked = ranked.mutate(live_days=ranked.index_on - ranked.live_since)
    return ranked.filter(ranked.place == 0).drop("share", "served_fips", "live_from", "live_to", "live_since", "place")


def _with_stay(crises: ir.Table, stays: ir.Table) -> ir.Table:
    """Adds in_stay: a behavioral hospital stay or a residential one began before the index day and had not ended by it."""
    away = stays.filter((stays.kind == "residential") | ((stays.kind == "inpatient") & stays.behavioral))
    away = away.select("child_id", "from_on", "to_on")
    under_way = crises.join(
        away,
        [crises.child_id == away.child_id, away.from_on < crises.index_on, away.to_on >= crises.index_on],
    )
    under_way = under_way.select("child_id", "index_on").distinct().mutate(stayed=1)
    joined = crises.left_join(under_way, ["child_id", "index_on"])
    return joined.select(*crises.columns, in_stay=joined.stayed.notnull())


def rules_met(described: ir.Table, rules: Cohort) -> dict[str, tuple[str, ir.BooleanValue]]:
    """Rule -> (why in words, True where the crisis meets it), in the order in which they are applied."""
    each = described
    age = age_years(each.index_on, each.born_on)
    begins, ends = day_number(rules.index_from), day_number(rules.index_to)
    gap = rules.enrollment_gap_days
    met = {
        "in_the_window": (
            f"began from {rules.index_from} to {rules.index_to}",
            (each.index_on >= begins) & (each.index_on <= ends),
        ),
        "first_contact_known": (
            "a team that met the child in an ED came after a visit of which there is no claim",
            each.arm.notnull(),
        ),
        "linked": ("the child is known to Medicaid, with a day of birth", each.born_on.notnull()),
        "age": (
            f"{rules.ages.youngest} to {rules.ages.oldest} years old on the day",
            (age >= rules.ages.youngest) & (age < rules.ages.oldest + 1),
        ),
        "enrolled": (
            "enrolled on the day, with a county of residence",
            each.enrolled_from_on.notnull() & each.county_fips.notnull(),
        ),
        "enrolled_before": (
            f"enrolled for {rules.enrolled_before_days} days before, without a gap of more than {gap} days",
            each.index_on - each.enrolled_from_on >= rules.enrolled_before_days,
        ),
        "both_routes": (
            f"a site had covered the county for {rules.live_days} days, so that the child could have had either response",
            each.live_days >= rules.live_days,
        ),
        "not_in_a_stay": (
            "not in a hospital for behavioral health or in residential treatment that day",
            ~each.in_stay,
        ),
        "washout": (
            f"no other crisis in the {rules.washout_days} days before",
            each.calm_days.isnull() | (each.calm_days > rules.washout_days),
        ),
    }
    return {name: (why, holds.fill_null(False)) for name, (why, holds) in met.items()}


def age_years(day: ir.IntegerValue, born_on: ir.IntegerValue) -> ir.IntegerValue:
    """Completed years between two days given as whole numbers; a child born on 29 February is a year older on 1 March."""
    today, birth = (ibis.date("1970-01-01") + value.as_interval("D") for value in (day, born_on))
    had_birthday = (today.month() * 100 + today.day()) >= (birth.month() * 100 + birth.day())
    return (today.year() - birth.year() - ibis.ifelse(had_birthday, 0, 1)).cast("int64")
