"""The same row under another id."""

import pandas as pd

from analysis.tables import CLOCKS, COPY_NEEDS_CLOCKS

# Two children of one call are two episodes: where the extract knows the child, it has to be the same.
AGREE = ("child_id", *CLOCKS, "presenting_problem", "disposition")


def copies(written: pd.DataFrame, real_clocks: pd.Series) -> pd.DataFrame:
    """Which rows repeat an earlier one in every clock time, first problem and disposition, of the same child where it is known.

    Takes one row per raw row: the columns of `AGREE` that the study has, as the file writes them (missing equals missing), and
    the number of real clock times in each. Gives `later` (an earlier row is equal), `in_group` (any other row is equal) and
    `set_aside` (later, with at least three real clock times to agree in; the others are possible copies and stay).

    >>> rows = pd.DataFrame({"requested_at": ["a", "a", None, None], "disposition": ["x", "x", "x", "x"]})
    >>> copies(rows, pd.Series([3, 3, 0, 0])).astype(int).values.tolist()
    [[0, 1, 0], [1, 1, 1], [0, 1, 0], [1, 1, 0]]
    """
    there = [column for column in AGREE if column in written]
    if not there:
        return pd.DataFrame(False, index=written.index, columns=["later", "in_group", "set_aside"])
    group = written[there].astype(object).groupby(there, dropna=False, sort=False).ngroup()
    later = group.duplicated(keep="first")
    return pd.DataFrame(
        {
            "later": later,
            "in_group": group.duplicated(keep=False),
            "set_aside": later & real_clocks.ge(COPY_NEEDS_CLOCKS),
        }
    )
