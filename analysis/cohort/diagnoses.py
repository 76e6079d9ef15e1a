"""What a diagnosis code says: behavioral by which tier, of which family, an injury, a negative control."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from analysis.claim_codes import ClaimCodes


def bare(code: ir.StringValue) -> ir.StringValue:
    """The code in capitals without its dot."""
    return code.replace(".", "").upper()


def begins_like(code: ir.StringValue, pattern: str) -> ir.BooleanValue:
    """True where the bare code begins as the pattern says; False for a missing one."""
    return code.re_search(f"^(?:{pattern})").fill_null(False)


def any_begins_like(listed: ir.StringValue, pattern: str) -> ir.BooleanValue:
    """True where one of the bare codes, joined by "|", begins as the pattern says; False for none."""
    return listed.re_search(rf"(?:^|\|)(?:{pattern})").fill_null(False)


def others(claims: ir.Table) -> ir.StringValue:
    """The bare codes of all positions after the principal one, joined by "|"; empty text where there is none."""
    second = bare(claims.diagnosis_2).fill_null("")
    if "other_diagnoses" not in claims.columns:
        return second
    return second + "|" + bare(claims.other_diagnoses).fill_null("")


def tiers(first: ir.StringValue, rest: ir.StringValue, codes: ClaimCodes) -> dict[str, ir.BooleanValue]:
    """tier_a to tier_d of a claim with this principal diagnosis and these `others`, each tier within the next.

    a: principal mental illness. b: or principal substance use. c: or suicidal thoughts or self-harm in any position. d: any of
    these in any position.
    """
    groups = codes.diagnoses
    harm = f"{groups.ideation.pattern}|{groups.self_harm.pattern}"
    mental, substance = groups.mental.pattern, groups.substance.pattern
    a = begins_like(first, mental)
    b = a | begins_like(first, substance)
    c = b | begins_like(first, harm) | any_begins_like(rest, harm)
    return {"tier_a": a, "tier_b": b, "tier_c": c, "tier_d": c | any_begins_like(rest, f"{mental}|{substance}")}


def is_injury(first: ir.StringValue, rest: ir.StringValue, codes: ClaimCodes) -> ir.BooleanValue:
    """True for a principal diagnosis of an injury, unless any position says that it was self-harm."""
    harm = codes.diagnoses.self_harm.pattern
    return begins_like(first, codes.diagnoses.injury.pattern) & ~begins_like(first, harm) & ~any_begins_like(rest, harm)


def first_named(code: ir.StringValue, patterns: Mapping[str, str]) -> ir.IntegerValue:
    """Place of the first pattern that the code, or one of several joined by "|", begins with; as many as patterns where none fits."""
    branches = [(any_begins_like(code, pattern), place) for place, pattern in enumerate(patterns.values())]
    return ibis.cases(*branches, else_=len(patterns))


def name_at(place: ir.IntegerValue, names: list[str], otherwise: str | None) -> ir.StringValue:
    """The name at that place of the list; `otherwise` beyond its end."""
    none = ibis.null("string") if otherwise is None else otherwise
    return ibis.cases(*[(place == number, name) for number, name in enumerate(names)], else_=none)
