"""Stays in hospital, in residential treatment and waiting in an emergency department, bridged across transfers and interim bills."""

import ibis
import ibis.expr.types as ir

from analysis.claim_codes import ClaimCodes
from analysis.cohort.diagnoses import bare, others, tiers
from analysis.cohort.spans import bridge
from analysis.params import Cohort


def is_residential_line(claims: ir.Table, codes: ClaimCodes) -> ir.BooleanValue:
    """True for a line of residential treatment: the long-term file, or a revenue code, procedure or place on the list."""
    rule = codes.residential
    listed = (
        claims.revenue_code.isin(rule.revenues).fill_null(False)
        | claims.procedure_code.isin(rule.procedure).fill_null(False)
        | claims.place_of_service.isin(rule.place_of_service).fill_null(False)
    )
    return (claims.file_type == "long_term") | (listed & (claims.file_type == "other"))


def keep_stay_lines(claims: ir.Table, codes: ClaimCodes) -> ir.Table:
    """One row per line of a stay: child_id, kind, claim_id, from_on, to_on, behavioral (1 or 0: a diagnosis of tier C)."""
    inpatient = claims.file_type == "inpatient"
    lines = claims.filter(inpatient | is_residential_line(claims, codes))
    return lines.select(
        "child_id",
        "claim_id",
        kind=ibis.ifelse(lines.file_type == "inpatient", "inpatient", "residential"),
        from_on=lines.service_from_on,
        to_on=ibis.greatest(lines.service_to_on.fill_null(lines.service_from_on), lines.service_from_on),
        behavioral=ibis.ifelse(tiers(bare(lines.diagnosis_1), others(lines), codes)["tier_c"], 1, 0),
    )


def bridge_stays(lines: ir.Table, rules: Cohort) -> ir.Table:
    """One row per stay of the kinds inpatient and residential, the columns of STAYS. Takes what `keep_stay_lines` gives.

    A stay that begins at most `stay_bridge_days` after another of its kind ended is the same stay: a transfer, or the next
    interim bill.
    """
    claims = lines.group_by(["child_id", "kind", "claim_id"]).agg(
        from_on=lines.from_on.min(), to_on=lines.to_on.max(), behavioral=lines.behavioral.max()
    )
    stays = bridge(
        claims,
        ["child_id", "kind"],
        apart_days=rules.stay_bridge_days,
        behavioral=lambda each: each.behavioral.max(),
        bridged=lambda each: each.count() - 1,
    )
    return stays.mutate(nights=stays.to_on - stays.from_on, behavioral=stays.behavioral == 1)


def boarding_stays(visits: ir.Table, rules: Cohort) -> ir.Table:
    """One row per visit with boarding, the columns of STAYS. Takes what `merge_visits` gives."""
    boarded = visits.filter(visits.midnights_boarded > 0)
    return boarded.select(
        "child_id",
        "from_on",
        "to_on",
        kind=ibis.literal("boarding"),
        nights=boarded.midnights_boarded,
        behavioral=boarded.tier_c,
        bridged=boarded.claims - 1,
    )
