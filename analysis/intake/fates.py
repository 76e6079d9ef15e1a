"""What became of a row, and why: accepted, rejected, or set aside (a copy, or what a later row has replaced)."""

import pandas as pd

ACCEPTED, REJECTED, SET_ASIDE = "accepted", "rejected", "set aside"
FATE = pd.CategoricalDtype([ACCEPTED, REJECTED, SET_ASIDE])


def fates(index: pd.Index, fate: str = ACCEPTED) -> pd.Series:
    """One fate for every row, as one of the three categories."""
    return pd.Series(
        pd.Categorical.from_codes([FATE.categories.get_loc(fate)], dtype=FATE).repeat(len(index)), index=index
    )


def joined(reasons: pd.Series, those: pd.Series, reason: str) -> pd.Series:
    """The reasons with one more in those rows, after what stands there; a missing condition does not hold.

    >>> joined(pd.Series(["no day", "", ""]), pd.Series([True, True, False]), "no child").tolist()
    ['no day; no child', 'no child', '']
    """
    holds = those.to_numpy(dtype=bool, na_value=False)
    if not holds.any():
        return reasons
    there = reasons[holds]
    return reasons.mask(holds, (there + "; ").mask(there.eq(""), "") + reason)
