"""What is wrong with the linked state's raw files: rates by kind, each struck on its own and counted."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.demo.linked.settings import Linked

BORDER_COUNTIES = ("35013", "35025", "35045")  # Doña Ana, Lea and San Juan send children to TX, AZ and CO
ORIGINAL, VOID, REPLACEMENT = "0", "1", "4"  # adjustment indicators (T-MSIS ADJSTMT_IND)
ORIGINAL_SHARE = 0.9  # of the right amount, in the claim that was corrected later


@dataclass(frozen=True, eq=False)
class Spoiler:
    """Dirt for one block of children; with `clean` it changes nothing. `counts` adds up what was done."""

    linked: Linked
    block: int
    clean: bool
    counts: Counter

    def chosen(self, kind: str, size: int, rate: float | np.ndarray | None = None) -> np.ndarray:
        """True for the rows that this kind strikes, counted."""
        if self.clean:
            return np.zeros(size, dtype=bool)
        share = self.linked.dirt[kind] if rate is None else rate
        struck = self.linked.stream(f"dirt {kind}", self.block).random(size) < share
        self.counts[kind] += int(struck.sum())
        return struck


def strip_zeros(ids: pd.Series, struck: np.ndarray) -> pd.Series:
    """The ids without their leading zeros where struck, as a spreadsheet leaves them.

    >>> strip_zeros(pd.Series(["0012", "0013"]), np.array([True, False])).tolist()
    ['12', '0013']
    """
    kept = ids.copy()
    kept[struck] = ids[struck].str.lstrip("0")
    return kept


def miss_run_out(day: np.ndarray, linked: Linked) -> np.ndarray:
    """The chance that a claim of each day has not come by the end: it grows over the last months."""
    left = linked.last_day - day
    return np.select([left < 30 * (month + 1) for month in range(len(linked.run_out))], list(linked.run_out), 0.0)


def adjust(headers: pd.DataFrame, lines: pd.DataFrame, spoiler: Spoiler) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The claims with adjustments, denials and repeated ones beside them; takes and gives one row a claim and one a line.

    An adjusted claim is there three times: as first paid, taken back, and as it should be. A denied claim is a copy that pays nothing.
    """
    adjusted = spoiler.chosen("adjusted", len(headers))
    denied, repeated = spoiler.chosen("denied", len(headers)), spoiler.chosen("repeated", len(headers))
    right = headers.assign(ADJSTMT_IND=np.where(adjusted, REPLACEMENT, ORIGINAL), CLM_DND_IND="0")
    first = _times(headers[adjusted], ORIGINAL_SHARE).assign(ADJSTMT_IND=ORIGINAL, CLM_DND_IND="0")
    void = _times(headers[adjusted], -ORIGINAL_SHARE).assign(ADJSTMT_IND=VOID, CLM_DND_IND="0")
    refused = _times(headers[denied], 0).assign(ADJSTMT_IND=ORIGINAL, CLM_DND_IND="1")
    parts = {"": right, "A": first, "V": void, "D": refused}
    told = [part.assign(CLM_ID=part["CLM_ID"] + mark) for mark, part in parts.items()]
    rows = [lines]
    for mark, share, which in (("A", ORIGINAL_SHARE, adjusted), ("V", -ORIGINAL_SHARE, adjusted), ("D", 0, denied)):
        own = lines[lines["CLM_ID"].isin(headers.loc[which, "CLM_ID"])]
        rows.append(_times(own, share).assign(CLM_ID=own["CLM_ID"] + mark))
    again = headers.loc[repeated, "CLM_ID"]
    told.append(right[repeated])
    rows.append(lines[lines["CLM_ID"].isin(again)])
    return pd.concat(told, ignore_index=True), pd.concat(rows, ignore_index=True)


def _times(rows: pd.DataFrame, share: float) -> pd.DataFrame:
    amounts = [name for name in ("TOT_MDCD_PD_AMT", "MDCD_PD_AMT", "MDCD_FFS_EQUIV_AMT") if name in rows]
    return rows.assign(**{name: (rows[name] * share).round(2) for name in amounts})
