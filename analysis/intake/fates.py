"""What became of a row, and why: accepted, rejected, or set aside (a copy, or what a later row has replaced)."""

import pandas as pd

ACCEPTED, REJECTED, SET_ASIDE = "accepted", "rejected", "set aside"


def joined(reasons: pd.Series, more: pd.Series) -> pd.Series:
    """Two reasons of one row as one text.

    >>> joined(pd.Series(["no day", "", ""]), pd.Series(["no child", "no child", ""])).tolist()
    ['no day; no child', 'no child', '']
    """
    both = reasons.ne("") & more.ne("")
    return reasons + pd.Series("; ", index=reasons.index).where(both, "") + more


def only_if(condition: pd.Series, reason: str) -> pd.Series:
    """The reason where the condition holds, else nothing; a missing condition does not hold."""
    return pd.Series(reason, index=condition.index).where(condition.fillna(False).astype(bool), "")
