"""Emergency department visits: lines of claims to visits of children."""

import ibis
import ibis.expr.types as ir

from analysis.claim_codes import ClaimCodes
from analysis.cohort.diagnoses import bare, begins_like, first_named, is_injury, name_at, others, tiers
from analysis.cohort.spans import number_visits
from analysis.params import Cohort

TIERS = ("tier_a", "tier_b", "tier_c", "tier_d")


def is_ed_line(claims: ir.Table, codes: ClaimCodes) -> ir.BooleanValue:
    """True for a line of an emergency department.

    A revenue code is enough on any claim. A facility's claim (it has a type of bill or revenue codes) needs the procedure or the
    place, a professional's both.
    """
    rule = codes.ed_visit
    revenue = claims.revenue_code.isin(rule.revenues).fill_null(False)
    procedure = claims.procedure_code.isin([*rule.procedure, *rule.critical_care]).fill_null(False)
    place = claims.place_of_service.isin(rule.place_of_service).fill_null(False)
    facility = claims.bill_type.notnull() | claims.revenue_code.notnull()
    return revenue | (procedure & place) | (facility & (procedure | place))


def keep_ed_lines(claims: ir.Table, codes: ClaimCodes) -> ir.Table:
    """One row per line of an ED or of observation: child_id, claim_id, from_on, to_on, is_ed, first, rest (diagnoses).

    Of an inpatient claim the ED's part ends on the day of admission.
    """
    rule = codes.observation
    ed = is_ed_line(claims, codes)
    watched = (
        claims.revenue_code.isin(rule.revenues).fill_null(False)
        | claims.procedure_code.isin(rule.procedure).fill_null(False)
    ) & (claims.file_type != "inpatient")
    lines = claims.mutate(is_ed=ed).filter(ed | watched)
    last = ibis.ifelse(
        lines.file_type == "inpatient", lines.service_from_on, lines.service_to_on.fill_null(lines.service_from_on)
    )
    return lines.select(
        "child_id",
        "claim_id",
        "is_ed",
        from_on=lines.service_from_on,
        to_on=ibis.greatest(last, lines.service_from_on),
        first=bare(lines.diagnosis_1),
        rest=others(lines),
    )


def merge_visits(lines: ir.Table, rules: Cohort, codes: ClaimCodes) -> ir.Table:
    """One row per visit, the columns of ED_VISITS but becomes_stay and is_index.

    Takes what `keep_ed_lines` gives. Claims of one child whose starts lie within `visit_merge_days` of the one before are one visit;
    a span of observation alone is none.
    """
    claims = _by_claim(lines, codes)
    numbered = number_visits(claims, ["child_id"], merge_days=rules.visit_merge_days)
    order = ibis.window(group_by=["child_id", "island"], order_by=["unlike", "from_on", "claim_id"])
    ranked = numbered.mutate(place=ibis.row_number().over(order))
    lead = ranked.place == 0
    visits = ranked.group_by(["child_id", "island"]).agg(
        from_on=ranked.from_on.min(),
        last_on=ranked.to_on.max(),
        claims=ranked.count(),
        is_ed=ranked.is_ed.max(),
        injury=ranked.injury.max(),
        diagnosis=ranked["first"].max(where=lead),
        **{tier: ranked[tier].max() for tier in TIERS},
    )
    return _describe(visits.filter(visits.is_ed == 1), rules, codes)


def _by_claim(lines: ir.Table, codes: ClaimCodes) -> ir.Table:
    """One row per claim: its days and what its diagnoses say, 1 for yes (every engine can take the largest of numbers)."""
    said = lines.mutate(**tiers(lines["first"], lines.rest, codes), injury=is_injury(lines["first"], lines.rest, codes))
    flags = {name: ibis.ifelse(said[name], 1, 0).max() for name in (*TIERS, "injury", "is_ed")}
    claims = said.group_by(["child_id", "claim_id"]).agg(
        from_on=said.from_on.min(), to_on=said.to_on.max(), first=said["first"].min(), **flags
    )
    return claims.mutate(unlike=1 - claims.tier_b)


def _describe(visits: ir.Table, rules: Cohort, codes: ClaimCodes) -> ir.Table:
    families, controls = codes.family_patterns(), codes.control_patterns()
    longest = visits.from_on + rules.boarding_longest_midnights
    visits = visits.mutate(to_on=ibis.least(visits.last_on, longest))
    midnights = visits.to_on - visits.from_on
    in_order = ibis.window(group_by="child_id", order_by=["from_on"])
    flags = {name: visits[name] == 1 for name in (*TIERS, "injury")}
    return visits.select(
        "child_id",
        "from_on",
        "to_on",
        "claims",
        "diagnosis",
        visit=(ibis.row_number().over(in_order) + 1).cast("int64"),
        **flags,
        diagnosis_family=name_at(first_named(visits.diagnosis, families), list(families), "none"),
        control=name_at(first_named(visits.diagnosis, controls), list(controls), None),
        midnights_boarded=ibis.ifelse(midnights >= rules.boarding_midnights, midnights, 0),
    )


def mark_admissions(visits: ir.Table, stays: ir.Table, rules: Cohort) -> ir.Table:
    """The visits with becomes_stay: an admission began on a day of the visit, or within `admission_within_days` after it.

    Takes stays of the kinds inpatient and residential (child_id, from_on).
    """
    began = stays.select("child_id", admitted_on="from_on")
    found = visits.join(
        began,
        [
            visits.child_id == began.child_id,
            began.admitted_on >= visits.from_on,
            began.admitted_on <= visits.to_on + rules.admission_within_days,
        ],
    )
    admitted = found.select("child_id", "visit").distinct().mutate(admitted=1)
    joined = visits.left_join(admitted, ["child_id", "visit"])
    return joined.select(*visits.columns, becomes_stay=joined.admitted.notnull())


def behavioral(visits: ir.Table, rules: Cohort) -> ir.BooleanValue:
    """True for the visits that the study's tier counts as behavioral."""
    return visits[f"tier_{rules.ed_tier}"]


def is_outpatient(claims: ir.Table, codes: ClaimCodes) -> ir.BooleanValue:
    """True for a line of an outpatient behavioral visit: the service is on the list, the principal diagnosis of tier B, no ED."""
    groups = codes.diagnoses
    principal = begins_like(bare(claims.diagnosis_1), f"{groups.mental.pattern}|{groups.substance.pattern}")
    service = claims.procedure_code.re_search(f"^(?:{codes.outpatient.procedure_like})$").fill_null(False)
    return service & principal & ~is_ed_line(claims, codes) & (claims.file_type == "other")
