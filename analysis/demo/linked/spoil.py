"""What is wrong with the linked state's raw files: rates by kind, each struck on its own and counted."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.demo.linked.settings import Linked

BORDER_COUNTIES = ("35013", "35025", "35045")  # Doña Ana, Lea and San Juan send children to TX, AZ and CO
ORIGINAL, VOID, REPLACEMENT = "0", "1", "4"  # adjustment indicators (T-MSIS ADJSTMT_IND)
PAID, DENIED, LINE_PAID, LINE_DENIED = "F1", "F2", "1", "542"  # CLM_STUS_CTGRY_CD and CLL_STUS_CD
ADJUSTED_AFTER = pd.Timedelta(days=45)
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

    An adjusted claim is there three times under one ORGNL_CLM_NUM: as first paid, taken back, and as it should be. A denied claim
    is a copy that pays nothing.
    """
    adjusted = spoiler.chosen("adjusted", len(headers))
    denied, repeated = spoiler.chosen("denied", len(headers)), spoiler.chosen("repeated", len(headers))
    headers = headers.assign(ADJSTMT_IND=ORIGINAL, CLM_STUS_CTGRY_CD=PAID, ORGNL_CLM_NUM=headers["CLM_ID"])
    later = headers["ADJDCTN_DT"] + ADJUSTED_AFTER
    right = headers.assign(
        ADJSTMT_IND=np.where(adjusted, REPLACEMENT, ORIGINAL), ADJDCTN_DT=headers["ADJDCTN_DT"].mask(adjusted, later)
    )
    versions = {
        "A": (_times(headers, ORIGINAL_SHARE), ORIGINAL_SHARE, adjusted),
        "V": (_times(headers, -ORIGINAL_SHARE).assign(ADJSTMT_IND=VOID, ADJDCTN_DT=later), -ORIGINAL_SHARE, adjusted),
        "D": (_times(headers, 0).assign(CLM_STUS_CTGRY_CD=DENIED, ORGNL_CLM_NUM=headers["CLM_ID"] + "D"), 0, denied),
    }
    told, rows = [right], [lines]
    for mark, (version, share, which) in versions.items():
        struck = version[which]
        told.append(struck.assign(CLM_ID=struck["CLM_ID"] + mark))
        own = lines[lines["CLM_ID"].isin(headers.loc[which, "CLM_ID"])]
        status = LINE_DENIED if mark == "D" else LINE_PAID
        rows.append(_times(own, share).assign(CLM_ID=own["CLM_ID"] + mark, CLL_STUS_CD=status))
    told.append(right[repeated])
    rows.append(lines[lines["CLM_ID"].isin(headers.loc[repeated, "CLM_ID"])])
    return pd.concat(told, ignore_index=True), pd.concat(rows, ignore_index=True)


def _times(rows: pd.DataFrame, share: float) -> pd.DataFrame:
    amounts = [name for name in ("TOT_MDCD_PD_AMT", "MDCD_PD_AMT", "MDCD_FFS_EQUIV_AMT") if name in rows]
    return rows.assign(**{name: (rows[name] * share).round(2) for name in amounts})
