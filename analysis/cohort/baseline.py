"""What was known of each child before the first response. Nothing dated on the index day or later can reach a row of it.

Only sources that record both arms alike: claims, enrollment, placements, detentions. What a mobile team alone writes down (who
called, how urgent, a suicide screen) is not here.
"""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from analysis.claim_codes import ClaimCodes
from analysis.cohort.ed import behavioral, is_outpatient, merge_visits
from analysis.cohort.enrollment import MONTHS_LOOKED_BACK
from analysis.cohort.nights import nights_away
from analysis.cohort.removals import arrangements, placed_spans, removals
from analysis.cohort.stays import boarding_stays, bridge_stays
from analysis.params import Cohort
from analysis.tables import PLACED_KINDS

YEAR_DAYS = 365
FAR = 2**40  # a day that never comes
OUTPATIENT_DAYS = 180
ED_WINDOWS = (30, 180, 365)


def baseline(chosen: ir.Table, sources: Mapping[str, ir.Table], rules: Cohort, codes: ClaimCodes) -> ir.Table:
    """One row per child of `chosen` (child_id, index_on): the prior_ columns of COHORT, months_enrolled_before, in_foster_care.

    Takes ed_lines, stay_lines, near_claims (claims of these children), months, placements and detentions. Each is cut to what had begun before
    the index day before anything is merged or counted, so that a later claim cannot change an earlier visit. What still lasted on
    the index day counts to the day before.
    """
    index = chosen.select("child_id", "index_on")
    visits = merge_visits(_cut_at_index(sources["ed_lines"], index, "from_on", "to_on"), rules, codes)
    stays = bridge_stays(_cut_at_index(sources["stay_lines"], index, "from_on", "to_on"), rules)
    placed = _placed_before(sources["placements"], index, rules)
    parts = [
        _count_visits(visits, index, rules),
        _count_nights(visits, stays, placed, sources["detentions"], index, rules),
        _sum_claims(sources["near_claims"], index, codes),
        _count_months(sources["months"], index),
        _in_care(placed, index),
    ]
    known = index
    for part in parts:
        known = known.left_join(part, "child_id").drop("child_id_right")
    filled = {name: known[name].fill_null(0) for name in known.columns if name.startswith(("prior_", "months_"))}
    return known.mutate(**filled, in_foster_care=known.in_foster_care.fill_null(False)).drop("index_on")


def _with_index(rows: ir.Table, index: ir.Table) -> ir.Table:
    joined = rows.join(index.select(index_child="child_id", index_on="index_on"), [("child_id", "index_child")])
    return joined.drop("index_child")


def _count_visits(visits: ir.Table, index: ir.Table, rules: Cohort) -> ir.Table:
    seen = _with_index(visits, index)
    ago = seen.index_on - seen.from_on
    counts = {f"prior_ed_{days}": (ago <= days).sum() for days in ED_WINDOWS}
    counts |= {f"prior_bh_ed_{days}": ((ago <= days) & behavioral(seen, rules)).sum() for days in ED_WINDOWS}
    return seen.group_by("child_id").agg(**counts)


def _count_nights(
    visits: ir.Table, stays: ir.Table, placed: ir.Table, detentions: ir.Table, index: ir.Table, rules: Cohort
) -> ir.Table:
    """Nights of the year before, each once: the last one counted begins on the day before the index day."""
    columns = ["child_id", "kind", "from_on", "to_on", "behavioral"]
    hospital = ibis.union(stays.select(columns), boarding_stays(visits, rules).select(columns))
    held = _cut_at_index(detentions, index, "booked_on", "released_on")
    spans = _with_index(nights_away(hospital, placed, held, cut_on=FAR), index)
    first = ibis.greatest(spans.from_on, spans.index_on - YEAR_DAYS)
    nights = ibis.greatest(ibis.least(spans.to_on, spans.index_on) - first, 0)
    return spans.group_by("child_id").agg(
        prior_inpatient_nights_365=nights.sum(where=spans.kind == "inpatient"),
        prior_residential_nights_365=nights.sum(where=spans.kind == "residential"),
        prior_placement_nights_365=nights.sum(where=spans.kind.isin(PLACED_KINDS)),
        prior_detention_nights_365=nights.sum(where=spans.kind == "detention"),
    )


def _cut_at_index(rows: ir.Table, index: ir.Table, first: str, last: str) -> ir.Table:
    """The rows that began before the index day, ended by it at the latest."""
    seen = _with_index(rows, index)
    seen = seen.filter(seen[first] < seen.index_on)
    return seen.mutate(**{last: ibis.least(seen[last].fill_null(FAR), seen.index_on)}).select(*rows.columns)


def _placed_before(placements: ir.Table, index: ir.Table, rules: Cohort) -> ir.Table:
    """Living arrangements that began before the index day. One that had not ended by then still lasts: nobody knows yet whether
    it is a short hold."""
    seen = _with_index(placements, index)
    seen = seen.filter(seen.from_on < seen.index_on)
    ended = ibis.ifelse(seen.to_on < seen.index_on, seen.to_on, ibis.null("int64"))
    away = arrangements(seen.mutate(to_on=ended).select(*placements.columns), cut_on=FAR)
    return placed_spans(away, removals(away, rules))


def _sum_claims(near: ir.Table, index: ir.Table, codes: ClaimCodes) -> ir.Table:
    """Dollars and outpatient days on lines that had ended before the index day: what a later day completes is not yet paid for."""
    seen = _with_index(near, index)
    seen = seen.filter(seen.service_to_on < seen.index_on)
    ago = seen.index_on - seen.service_from_on
    outpatient = is_outpatient(seen, codes) & (ago <= OUTPATIENT_DAYS)
    return seen.group_by("child_id").agg(
        prior_cost_365_usd=seen.cost_usd.sum(where=ago <= YEAR_DAYS),
        prior_outpatient_180=seen.service_from_on.nunique(where=outpatient),
    )


def _count_months(months: ir.Table, index: ir.Table) -> ir.Table:
    """Enrolled months among the 24 before the month of the index day."""
    seen = _with_index(months, index)
    start = ibis.date("1970-01-01") + seen.index_on.as_interval("D")
    ago = start.year() * 12 + start.month() - 1 - seen.month_number
    return seen.group_by("child_id").agg(months_enrolled_before=ago.between(1, MONTHS_LOOKED_BACK).sum())


def _in_care(placed: ir.Table, index: ir.Table) -> ir.Table:
    """in_foster_care: an arrangement away from home held on the day before the index day, no short hold."""
    seen = _with_index(placed, index)
    held = (seen.from_on < seen.index_on) & (seen.to_on >= seen.index_on - 1) & (seen.kind != "hold")
    return seen.group_by("child_id").agg(in_foster_care=ibis.ifelse(held, 1, 0).max() == 1)
