"""Claims as they end: the last version of each counts, what was voided or denied is set aside, a claim's payment stands once."""

import numpy as np
import pandas as pd

from analysis.intake.fates import ACCEPTED, SET_ASIDE, joined
from analysis.intake.people.groups import together
from analysis.intake.problems import Findings
from analysis.intake.references import CHILD

# Versions of one day, or of none: payers take a claim back and pay it anew in one run, so the void comes before the replacement.
ORDER = {"original": 0, "amount_only": 0, "void": 1, "replacement": 2}
NO_SERVICE = {
    "capitation": "a plan's premium, no service",
    "other": "a payment for no one child's service",
}


def settle_claims(rows: pd.DataFrame, reasons: pd.Series, findings: Findings) -> tuple[pd.DataFrame, pd.Series]:
    """The rows with those set aside that a later version, a denial or their kind leaves without effect; and the reasons.

    Takes one row per claim line (the columns of claims, fate). A line that is rejected for another reason keeps that reason.
    """
    usable = rows["fate"].eq(ACCEPTED)
    why = pd.Series("", index=rows.index)
    for kind, said in NO_SERVICE.items():
        why = why.mask(why.eq("") & rows["payment_kind"].eq(kind).fillna(False), said)
    amount = rows["claim_action"].eq("amount_only").fillna(False)
    why = why.mask(why.eq("") & amount, "an amount without a service (a credit or gross adjustment)")
    live = usable & why.eq("")
    versions = _versions(rows[live])
    why = why.mask(
        versions["replaced"].reindex(rows.index, fill_value=False), "replaced by a later version of the claim"
    )
    why = why.mask(
        versions["voided"].reindex(rows.index, fill_value=False), "voided: the last version takes the claim back"
    )
    for status, said in (("claim_status", "the claim was denied"), ("line_status", "the line was denied")):
        why = why.mask(why.eq("") & rows[status].eq("denied").fillna(False), said)
    why = why.where(usable, "")
    rows = rows.assign(fate=rows["fate"].mask(why.ne(""), SET_ASIDE))
    for said, count in why[why.ne("")].value_counts().sort_index().items():
        findings.add(f"claim lines set aside: {said}", "rows", raw=int(count), left=0)
    rows = _paid_once(rows, findings)
    _count_unpriced(rows, findings)
    return rows, joined(reasons, why)


def _versions(lines: pd.DataFrame) -> pd.DataFrame:
    """By line: `replaced` (another version of its claim is the last) and `voided` (the last version is a void).

    Versions of one claim share its number or are linked by the number of the claim that they replace, and are one child's. They
    come in the order of their decision, then original, void, replacement; of two alike the later claim number is the later one.
    """
    claim, original = lines["claim_id"].astype(object), lines["original_claim_id"].astype(object)
    family = _families(claim.to_numpy(), original.to_numpy())
    order = lines["claim_action"].astype(object).map(ORDER).fillna(0).astype(int)
    decided = lines["adjudicated_on"].fillna(pd.Timestamp("1700-01-01"))
    version = pd.DataFrame({"family": family, "child": lines[CHILD].astype(object), "decided": decided, "order": order,
                            "claim": claim}, index=lines.index)  # fmt: skip
    whole = ["family", "child", "decided", "order", "claim"]
    several = version[version.duplicated(["family", "child"], keep=False)]
    ordered = several.drop_duplicates(whole).sort_values(whole, kind="stable")
    last = ordered.drop_duplicates(["family", "child"], keep="last").set_index(["family", "child"])
    ends = last.reindex(pd.MultiIndex.from_frame(version[["family", "child"]]))
    alone = ends["order"].isna().to_numpy()
    is_last = alone | (
        (ends["decided"].to_numpy() == version["decided"].to_numpy())
        & (ends["order"].to_numpy() == order.to_numpy())
        & (ends["claim"].to_numpy() == claim.to_numpy())
    )
    ended = np.where(alone, order, ends["order"].to_numpy())
    voided = ended == ORDER["void"]
    return pd.DataFrame({"replaced": ~is_last & ~voided, "voided": voided}, index=lines.index)


def _families(claim: np.ndarray, original: np.ndarray) -> np.ndarray:
    """A number by line that all versions of a claim share.

    >>> _families(np.array(["a", "b", "c", "d"]), np.array([None, "a", "b", "x"], dtype=object)).tolist()
    [0, 0, 0, 1]
    """
    number, names = pd.factorize(np.concatenate([claim.astype(object), original]))
    here, there = number[: len(claim)], number[len(claim) :]
    pairs = np.unique(np.column_stack([here, there])[there >= 0], axis=0)
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
