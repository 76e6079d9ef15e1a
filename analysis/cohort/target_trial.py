"""The target trial: first eligible crisis of each child, its arm and time zero, and the steps on the way there."""

import ibis
import ibis.expr.types as ir

from analysis.claim_codes import ClaimCodes
from analysis.cohort.diagnoses import bare, first_named, name_at, others
from analysis.cohort.eligibility import rules_met
from analysis.params import Cohort

FIRST = "first_eligible"
BAND = "common_band"


def mark_steps(described: ir.Table, rules: Cohort) -> ir.Table:
    """The crises with `passed`: how many rules they meet before the first that they do not; all of them for an eligible one."""
    met = [holds for _, holds in rules_met(described, rules).values()]
    passed = ibis.cases(*[(~holds, place) for place, holds in enumerate(met)], else_=len(met))
    return described.mutate(passed=passed.cast("int64"))


def first_eligible(marked: ir.Table, rules: Cohort) -> ir.Table:
    """One row per child: the first crisis that meets every rule. Takes what `mark_steps` gives."""
    eligible = marked.filter(marked.passed == len(rules_met(marked, rules)))
    order = ibis.window(group_by="child_id", order_by="index_on")
    ranked = eligible.mutate(place=ibis.row_number().over(order))
    return ranked.filter(ranked.place == 0).drop("place", "passed")


def index_families(claims: ir.Table, chosen: ir.Table, codes: ClaimCodes) -> ir.Table:
    """One row per child of `chosen`: diagnosis_family, the gravest on claims that begin on the index day, in any position."""
    patterns = codes.family_patterns()
    day = claims.select(
        "child_id", "service_from_on", listed=bare(claims.diagnosis_1).fill_null("") + "|" + others(claims)
    )
    joined = day.join(
        chosen.select(index_child="child_id", index_on="index_on"),
        [("child_id", "index_child"), ("service_from_on", "index_on")],
    )
    named = joined.select("child_id", gravest=first_named(joined.listed, patterns))
    named = named.group_by("child_id").agg(gravest=named.gravest.min())
    every = chosen.select("child_id").left_join(named, "child_id")
    place = every.gravest.fill_null(len(patterns))
    return every.select("child_id", diagnosis_family=name_at(place, list(patterns), "none"))


def mark_index_visits(visits: ir.Table, chosen: ir.Table, *, chain_days: int) -> ir.Table:
    """The visits with is_index: of an ed_first child, the behavioral visits of the crisis that brought the child in.

    Takes `chosen` with index_on and last_on, the days on which that crisis began and its last contact ended. A visit to which a
    mobile team's response led is no index visit: it counts against the team.
    """
    crisis = chosen.filter(chosen.arm == "ed_first").select("child_id", "index_on", crisis_to_on="last_on")
    joined = visits.left_join(
        crisis,
        [
            visits.child_id == crisis.child_id,
            visits.from_on >= crisis.index_on,
            visits.from_on <= crisis.crisis_to_on + chain_days,
        ],
    )
    return joined.select(*visits.columns, is_index=joined.index_on.notnull())
