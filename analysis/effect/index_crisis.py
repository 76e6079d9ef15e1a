"""ED visits at the index crisis: those that would have been without the service, less those that were. Bounds, not an effect."""

from pathlib import Path
from typing import Self

import pandas as pd
from pydantic import model_validator

from analysis.effect.joined_cells import ALONE, ANSWERS, ENDINGS, IN_A_RANGE, OUTSIDE, Joined, added_up, both
from analysis.params import ROOT, Record, Share, Words, read_record

DIVERSION_FILE = Path("params") / "diversion.yml"

# A visit that met nobody replaced nothing: without contact the crisis went the way it would have gone.
NO_CONTACT = ("not_found", "refused", "safety", "cancelled")
IN_ED = "emergency_department"
TOTAL = "all"

# Every episode is in one part of the first set and in one of the second.
BEFORE = (*OUTSIDE, *ANSWERS)
AFTER = ENDINGS


class Part(Record):
    """Smallest and largest part of some callers who would have had an ED visit, with what it rests on."""

    low: Share
    high: Share
    source: Words

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low ({self.low}) is above high ({self.high})")
        return self


class Diversion(Record):
    """params/diversion.yml: how far the caller's answer can be taken, and the windows for a repeat crisis."""

    said_emergency_department: Part
    said_something_else: Part
    not_asked: Part
    admitted_through_ed: Part
    repeat_windows_days: tuple[int, ...]


def read_diversion(*, root: Path = ROOT) -> Diversion:
    """The rules of params/diversion.yml.

    >>> read_diversion().repeat_windows_days
    (30, 90)
    """
    return read_record(root / DIVERSION_FILE, Diversion)


def count_index_crises(episodes: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """How crises began and ended. One row per group (index; TOTAL without `by`): episodes, the parts of BEFORE and of AFTER.

    Takes one row per episode. Both sets of parts add up to the episodes. `already_in_ed`: referred by an ED or answered in one, so
    the visit had happened before the service came. `no_contact`: nobody was met, or nobody responded. The rest said "emergency department",
    said something else, or was not asked (also where nobody asks). After these two, `ended_...` counts the others by how the
    visit ended; for them a blank is unknown.

    >>> crises = pd.DataFrame({"referral_source": ["family", "emergency_department"], "response_location": ["home", "home"],
    ...     "attempt_result": ["contact", "contact"], "response_mode": ["mobile", "mobile"], "would_have_done": ["emergency_department", None],
    ...     "disposition": ["community", "emergency_department"]})
    >>> count_index_crises(crises).loc["all", ["already_in_ed", "said_ed", "ended_elsewhere"]].tolist()
    [1, 1, 1]
    """
    already = episodes["referral_source"].eq(IN_ED) | episodes["response_location"].eq(IN_ED)
    nobody = episodes["attempt_result"].isin(NO_CONTACT) | episodes["response_mode"].eq("none").fillna(False)
    unmet = nobody & ~already.fillna(False)
    settled = (already.fillna(False) | unmet).astype(bool)
    answer, ending = episodes["would_have_done"], episodes["disposition"]
    parts = pd.DataFrame(
        {
            "already_in_ed": already.fillna(False).astype(bool),
            "no_contact": unmet.astype(bool),
            "said_ed": ~settled & answer.eq(IN_ED).fillna(False),
            "said_other": ~settled & answer.notna() & answer.ne(IN_ED).fillna(False),
            "not_asked": ~settled & answer.isna(),
            "ended_ed": ~settled & ending.eq(IN_ED).fillna(False),
            "ended_inpatient": ~settled & ending.eq("inpatient").fillna(False),
            "ended_unknown": ~settled & ending.isna(),
        }
    ).astype(bool)
    parts["ended_elsewhere"] = ~settled & ~parts[["ended_ed", "ended_inpatient", "ended_unknown"]].any(axis=1)
    group = pd.Series(TOTAL, index=episodes.index) if by is None else episodes[by].fillna("not recorded")
    counted = parts.groupby(group).sum().astype(int)
    counted.insert(0, "episodes", group.value_counts().reindex(counted.index).astype(int))
    return counted.rename_axis("group")


def bound_diversion(counted: pd.DataFrame, rules: Diversion, joined: Joined = ALONE) -> pd.DataFrame:
    """Bounds on the ED visits at the index crisis. Same rows as `count_index_crises`, with would_low, would_high (visits without the
    service), were_low, were_high (visits that were), fewer_low, fewer_high (the first less the second; negative: more visits).

    Visits of crises that began in an ED, or met nobody, are the same with and without the service and stand on neither side.
    The bounds hold for the crises counted here (no sampling error is added); they are as wide as what is not known. Worst-case
    bounds of Manski 1989, Journal of Human Resources 24:343-360, narrowed by the shares in params/diversion.yml. Parts that are told
    together (`joined`) have the lowest and the highest bound of any of them: wider, never wrong.

    >>> counted = pd.DataFrame({"said_ed": [40], "said_other": [50], "not_asked": [10], "ended_ed": [6], "ended_inpatient": [2],
    ...                         "ended_elsewhere": [90], "ended_unknown": [2]}, index=["all"])
    >>> bounded = bound_diversion(counted, read_diversion())
    >>> bounded[["would_low", "would_high"]].values.tolist()    # 4 + 0 + 0; 40 + 10 + 10
    [[4.0, 60.0]]
    >>> bounded[["were_low", "were_high"]].values.tolist()      # 6; 6 + 2 + 2
    [[6.0, 10.0]]
    >>> bounded[["fewer_low", "fewer_high"]].values.tolist()    # 4 - 10; 60 - 6
    [[-6.0, 54.0]]
    """
    ends = part_bounds(rules)
    bounds = {}
    for stem, blocks in (("would", joined.answers), ("were", joined.endings)):
        for end, widest in ((0, min), (1, max)):
            weights = {part: widest(ends[each][end] for each in block) for block in blocks for part in block}
            bounds[f"{stem}_{('low', 'high')[end]}"] = sum(
                counted[part] * weight for part, weight in weights.items()
            ).astype(float)
    return counted.assign(
        **bounds,
        fewer_low=bounds["would_low"] - bounds["were_high"],
        fewer_high=bounds["would_high"] - bounds["were_low"],
    )


def part_bounds(rules: Diversion) -> dict[str, tuple[float, float]]:
    """Of each answer the part that would have had a visit, of each ending the part that had one: at least, at most."""
    said = {
        "said_ed": rules.said_emergency_department,
        "said_other": rules.said_something_else,
        "not_asked": rules.not_asked,
        "ended_inpatient": rules.admitted_through_ed,
    }
    settled = {"ended_ed": (1.0, 1.0), "ended_unknown": (0.0, 1.0), "ended_elsewhere": (0.0, 0.0)}
    return {**{name: (part.low, part.high) for name, part in said.items()}, **settled}


def told_cells(counted: pd.DataFrame, joined: Joined = ALONE) -> pd.DataFrame:
    """The counts that a reader of the bounds can work out: what is added up in a bound is not told apart.

    Same rows as `count_index_crises`, a column a told count: those outside (began in an ED or met nobody), said_ed,
    said_other_or_not_asked, ended_ed, ended_inpatient_or_unknown, ended_elsewhere; fewer where more is `joined`.
    """
    return added_up(counted, both(IN_A_RANGE, joined).blocks)


def pool_small(
    counted: pd.DataFrame, *, smallest: int, pooled: str = "others together", joined: Joined = ALONE
) -> pd.DataFrame:
    """The groups of which every told cell is zero or at least `smallest`; the others added up in one row, last.

    Where the added-up row has a small cell itself, the smallest of the shown groups joins it, until it has none. Nothing is
    hidden, so nothing can be found by subtraction. No row at all where even the total has a small cell.

    >>> columns = [*BEFORE, *AFTER]
    >>> counted = pd.DataFrame([[0, 0, 100, 100, 100, 20, 15, 265, 0], [0, 0, 8, 20, 12, 11, 0, 29, 0], [0, 0, 9, 16, 0, 0, 0, 25, 0]],
    ...                        columns=columns, index=["school", "police", "911"])
    >>> pool_small(counted, smallest=11)["said_ed"].to_dict()
    {'school': 100, 'others together': 17}
    """

    def is_small(rows: pd.DataFrame) -> pd.Series:
        cells = told_cells(rows, joined)
        return ((cells > 0) & (cells < smallest)).any(axis=1)

    small = is_small(counted)
    size = counted[list(BEFORE)].sum(axis=1)
    shown = counted[~small].loc[size[~small].sort_values(ascending=False, kind="stable").index]
    rest = counted[small]
    while len(rest) and len(shown) and is_small(rest.sum().to_frame().T).iloc[0]:
        rest, shown = pd.concat([rest, shown.iloc[[-1]]]), shown.iloc[:-1]
    if rest.empty:
        return shown
    total = rest.sum().to_frame(pooled).T.astype(int)
    return counted.iloc[:0] if is_small(total).iloc[0] else pd.concat([shown, total])
