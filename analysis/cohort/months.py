"""Events, nights and dollars of each child by months of 30 days after the first response."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from analysis.claim_codes import ClaimCodes
from analysis.cohort.ed import behavioral, is_ed_line
from analysis.cohort.follow import later
from analysis.cohort.stays import is_residential_line
from analysis.params import Cohort
from analysis.tables import FOLLOW_UP_MONTHS

MONTH_DAYS = 30
NIGHT_COLUMNS = {
    "inpatient_nights": ("inpatient",),
    "residential_nights": ("residential",),
    "boarding_nights": ("boarding",),
    "placement_nights": ("congregate", "foster", "runaway"),
    "congregate_nights": ("congregate",),
    "detention_nights": ("detention",),
    "hold_nights": ("hold",),
}
NIGHTS_ADDED = [name for name in NIGHT_COLUMNS if name != "congregate_nights"]  # which are placement nights too
COSTS = (
    "ed_cost_usd",
    "inpatient_cost_usd",
    "residential_cost_usd",
    "crisis_cost_usd",
    "other_cost_usd",
    "placement_cost_usd",
)


def follow_up_months(
    seen: ir.Table, sources: Mapping[str, ir.Table], rules: Cohort, codes: ClaimCodes, numbers: ir.Table
) -> ir.Table:
    """One row per child and month for as long as the child was watched, the columns of FOLLOW_UP_MONTHS.

    Takes what `watched` gives; visits, nights, near_claims, placed and enrolled; and `numbers` (month 0, 1, ...). A month holds days 30m
    to 30m + 29; the last one ends with the day before `horizon_days`. Nights and dollars belong to the month of their day.
    """
    months = _months(seen, numbers, rules)
    parts = [
        _enrolled(months, sources["enrolled"]),
        _visits(seen, sources["visits"], rules),
        _nights(months, sources["nights"]),
        _costs(seen, sources["near_claims"], sources["visits"], rules, codes),
        _placement_costs(months, sources["placed"]),
    ]
    known = months
    for part in parts:
        known = known.left_join(part, ["child_id", "month"]).drop("child_id_right", "month_right")
    counted = [name for name in FOLLOW_UP_MONTHS.names if name in known.columns]
    known = known.mutate(**{name: known[name].fill_null(0) for name in counted if name not in ("child_id", "month")})
    return known.mutate(
        nights_away=sum(known[name] for name in NIGHTS_ADDED), cost_usd=sum(known[name] for name in COSTS)
    )


def _months(seen: ir.Table, numbers: ir.Table, rules: Cohort) -> ir.Table:
    """One row per child and watched month, with its first and last day watched: starts_on, ends_on."""
    pairs = seen.cross_join(numbers)
    last = ibis.least(pairs.followed_days, pairs.month * MONTH_DAYS + MONTH_DAYS - 1, rules.horizon_days - 1)
    watched = pairs.mutate(watched_days=last - pairs.month * MONTH_DAYS + 1).filter(ibis._.watched_days > 0)
    first_on = watched.index_on + watched.month * MONTH_DAYS
    return watched.select(
        "child_id", "month", "watched_days", starts_on=first_on, ends_on=first_on + watched.watched_days - 1
    )


def _overlap(months: ir.Table, spans: ir.Table) -> ir.Table:
    """Every month with each span of its child that touches it: the span's columns, child_id, month and `shared`, the days in both.

    The last day of a span counts here; a caller who counts nights ends the span a day early.
    """
    span = spans.rename(span_child="child_id")
    joined = months.join(
        span,
        [months.child_id == span.span_child, span.from_on <= months.ends_on, span.to_on >= months.starts_on],
    )
    shared = ibis.least(joined.to_on, joined.ends_on) - ibis.greatest(joined.from_on, joined.starts_on) + 1
    return joined.mutate(shared=shared)


def _enrolled(months: ir.Table, enrolled: ir.Table) -> ir.Table:
    both = _overlap(months, enrolled.select("child_id", "from_on", "to_on"))
    return both.group_by(["child_id", "month"]).agg(enrolled_days=both.shared.sum())


def _nights(months: ir.Table, nights: ir.Table) -> ir.Table:
    both = _overlap(months, nights.select("child_id", "from_on", "kind", to_on=nights.to_on - 1))
    counts = {name: both.shared.sum(where=both.kind.isin(kinds)) for name, kinds in NIGHT_COLUMNS.items()}
    return both.group_by(["child_id", "month"]).agg(**counts)


def _placement_costs(months: ir.Table, placed: ir.Table) -> ir.Table:
    """Nights of an arrangement times its daily rate; an arrangement of which no rate is known costs nothing here."""
    both = _overlap(months, placed.select("child_id", "from_on", "daily_rate_usd", to_on=placed.to_on - 1))
    return both.group_by(["child_id", "month"]).agg(
        placement_cost_usd=(both.shared * both.daily_rate_usd.fill_null(0.0)).sum()
    )


def _visits(seen: ir.Table, visits: ir.Table, rules: Cohort) -> ir.Table:
    after = later(visits.filter(~visits.is_index), seen, "from_on")
    after = after.filter(after.day_after < rules.horizon_days).mutate(
        month=(after.day_after // MONTH_DAYS).cast("int64")
    )
    bh = behavioral(after, rules)
    return after.group_by(["child_id", "month"]).agg(
        ed_visits=after.count(),
        bh_ed_visits=bh.sum(),
        bh_ed_visits_without_stay=(bh & ~after.becomes_stay).sum(),
    )


def _costs(seen: ir.Table, near: ir.Table, visits: ir.Table, rules: Cohort, codes: ClaimCodes) -> ir.Table:
    """Dollars by what they were paid for, from day 0 on, the index visit with them. Lines belong to the day on which they begin."""
    after = later(near, seen, "service_from_on")
    after = after.filter(after.day_after < rules.horizon_days)
    lines = after.mutate(
        month=(after.day_after // MONTH_DAYS).cast("int64"),
        part=ibis.cases(
            (after.file_type == "inpatient", "inpatient"),
            (is_residential_line(after, codes), "residential"),
            (is_ed_line(after, codes), "ed"),
            (after.procedure_code.isin(codes.crisis.procedure).fill_null(False), "crisis"),
            else_="other",
        ),
    )
    admitted = visits.filter(visits.becomes_stay).select(visit_child="child_id", arrived_on="from_on", left_on="to_on")
    joined = lines.left_join(
        admitted,
        [
            lines.child_id == admitted.visit_child,
            lines.part == "ed",
            lines.service_from_on >= admitted.arrived_on,
            lines.service_from_on <= admitted.left_on,
        ],
    )
    part = ibis.ifelse((joined.part == "ed") & joined.visit_child.notnull(), "inpatient", joined.part)
    paid = {
        f"{name}_cost_usd": joined.cost_usd.sum(where=part == name)
        for name in ("ed", "inpatient", "residential", "crisis", "other")
    }
    return joined.group_by(["child_id", "month"]).agg(**paid)
