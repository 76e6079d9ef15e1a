"""Claims as they end: the last version of each counts, what was voided or denied is set aside, a claim's payment stands once."""

import functools
import operator

import numpy as np
import pandas as pd

from analysis.intake.fates import ACCEPTED, SET_ASIDE, joined
from analysis.intake.people.groups import together
from analysis.intake.problems import Findings
from analysis.intake.references import CHILD
from analysis.intake.texts import as_texts, common_codes, read_each

# Versions of one day, or of none: payers take a claim back and pay it anew in one run, so the void comes before the replacement.
ORDER = {"original": 0, "amount_only": 0, "void": 1, "replacement": 2}
NO_SERVICE = {
    "capitation": "a plan's premium, no service",
    "other": "a payment for no one child's service",
}


def settle_claims(rows: pd.DataFrame, reasons: pd.Series, findings: Findings) -> tuple[pd.DataFrame, pd.Series]:
    """The rows with those set aside that a later version, a denial or their kind leaves without effect; and the reasons.

    Takes one row per claim line (the columns of claims, fate); original_claim_id has then served its turn. A line that is rejected for another reason keeps that reason.
    """
    usable = rows["fate"].eq(ACCEPTED)
    why = {said: usable & rows["payment_kind"].eq(kind) for kind, said in NO_SERVICE.items()}
    why["an amount without a service (a credit or gross adjustment)"] = usable & rows["claim_action"].eq("amount_only")
    live = usable & ~functools.reduce(operator.or_, why.values())
    versions = _versions(rows[live]).reindex(rows.index, fill_value=False)
    why["replaced by a later version of the claim"] = versions["replaced"]
    why["voided: the last version takes the claim back"] = versions["voided"]
    for status, said in (("claim_status", "the claim was denied"), ("line_status", "the line was denied")):
        why[said] = usable & rows[status].eq("denied")
    aside = pd.Series(False, index=rows.index)
    for said, holds in why.items():  # the first that holds is the reason
        reasons = joined(reasons, holds & ~aside, said)
        why[said], aside = holds & ~aside, aside | holds
    rows = rows.assign(fate=rows["fate"].mask(aside, SET_ASIDE))
    for said, holds in sorted(why.items()):
        if holds.any():
            findings.add(f"claim lines set aside: {said}", "rows", raw=int(holds.sum()), left=0)
    rows = _paid_once(rows, findings)
    _count_unpriced(rows, findings)
    return rows.drop(columns="original_claim_id"), reasons


def _versions(lines: pd.DataFrame) -> pd.DataFrame:
    """By line: `replaced` (another version of its claim is the last) and `voided` (the last version is a void).

    Versions of one claim share its number or are linked by the number of the claim that they replace, and are one child's. They
    come in the order of their decision, then original, void, replacement; of two alike the later claim number is the later one.
    """
    version = pd.DataFrame({
        "family": _families(lines["claim_id"], lines["original_claim_id"]),
        "child": as_texts(lines[CHILD]).cat.codes,
        "decided": lines["adjudicated_on"].fillna(pd.Timestamp("1700-01-01")),
        "order": read_each(lines["claim_action"], lambda action: action.map(ORDER)).fillna(0).astype(int),
    }, index=lines.index)  # fmt: skip
    several = version[version.duplicated(["family", "child"], keep=False)]
    several = several.assign(claim=lines.loc[several.index, "claim_id"].astype(object))
    whole, one = list(several), ["family", "child"]
    last = several.drop_duplicates(whole).sort_values(whole, kind="stable").drop_duplicates(one, keep="last")
    ends = several[one].merge(last, on=one, how="left").set_axis(several.index)
    is_last = ends[whole].eq(several).all(axis=1).reindex(lines.index, fill_value=True)
    voided = ends["order"].reindex(lines.index).fillna(version["order"]).eq(ORDER["void"])
    return pd.DataFrame({"replaced": ~is_last & ~voided, "voided": voided})


def _families(claim: pd.Series, original: pd.Series) -> np.ndarray:
    """A number by line that all versions of a claim share.

    >>> _families(pd.Series(["a", "b", "c", "d"]), pd.Series([None, "a", "b", "x"])).tolist()
    [0, 0, 0, 1]
    """
    (here, there), names = common_codes([claim, original])
    linked = (there >= 0) & (there != here)
    pairs = np.column_stack([here, there])[linked]
    return pd.factorize(together(pairs, len(names))[here])[0]


def _paid_once(rows: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Where a claim is paid as a whole, its payment stands at its first line that counts and the other lines hold 0."""
    whole = rows["fate"].eq(ACCEPTED) & rows["payment_level"].eq("claim").fillna(False) & rows["claim_paid_usd"].notna()
    if not whole.any():
        return rows
    first = rows[whole].sort_values(["claim_id", "line"], kind="stable").drop_duplicates("claim_id").index
    paid = pd.Series(0.0, index=rows.index[whole], dtype="Float64")
    paid.loc[first] = rows.loc[first, "claim_paid_usd"]
    findings.add(
        "lines of claims that are paid as a whole: the payment stands at the first", "paid_usd", raw=int(whole.sum())
    )
    return rows.assign(paid_usd=rows["paid_usd"].astype("Float64").mask(whole, paid.reindex(rows.index)))


def _count_unpriced(rows: pd.DataFrame, findings: Findings) -> None:
    """Encounters that a plan paid for without saying how much are kept; how many of them have a price is worth knowing."""
    unpaid = rows["fate"].eq(ACCEPTED) & rows["paid_usd"].fillna(0).eq(0)
    unpaid &= rows["payment_kind"].eq("encounter").fillna(False)
    if unpaid.any():
        priceless = int((unpaid & rows["ffs_equivalent_usd"].isna()).sum())
        findings.add("encounter lines paid 0, kept; left are those without a fee-for-service equivalent", "paid_usd",
                     raw=int(unpaid.sum()), left=priceless)  # fmt: skip
