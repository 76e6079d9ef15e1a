"""Who was left out on the way from all crises to the cohort, at which step and why."""

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis.cohort.eligibility import rules_met
from analysis.cohort.target_trial import BAND, FIRST
from analysis.params import Cohort
from analysis.tables import ARMS, ATTRITION

START = "all_crises"


def count_steps(marked: ir.Table, cohort: ir.Table, rules: Cohort) -> pd.DataFrame:
    """One row per step, the columns of ATTRITION. Takes the crises of `mark_steps` and the cohort.

    A crisis is left out at the first rule that it does not meet. The last step marks children outside the common band; they stay.
    """
    why = {name: words for name, (words, _) in rules_met(marked, rules).items()}
    rows = [_row(START, "crises that a team or an emergency department met, from the first record on", _count(marked))]
    for place, name in enumerate(why, start=1):
        rows.append(_row(name, why[name], _count(marked.filter(marked.passed >= place))))
    rows.append(_row(FIRST, "the child's first crisis that meets every rule", _count(cohort)))
    band = ", ".join(rules.common_band)
    rows.append(
        _row(
            BAND,
            f"a diagnosis on the index day that both arms see: {band}",
            _count(cohort.filter(cohort.in_common_band)),
        )
    )
    steps = pd.DataFrame(rows)
    steps["step"] = range(1, len(steps) + 1)
    steps["crises_left_out"] = (-steps["crises"].diff()).fillna(0).astype(int)
    steps["marked_only"] = steps["rule"].eq(BAND)
    return steps[ATTRITION.names]


def _count(crises: ir.Table) -> dict[str, int]:
    counted = crises.aggregate(
        crises=crises.count(),
        children=crises.child_id.nunique(),
        **{arm: ibis.ifelse(crises.arm == arm, 1, 0).sum().fill_null(0) for arm in ARMS},
    )
    return {name: int(values.iloc[0]) for name, values in counted.to_pandas().items()}


def _row(rule: str, why: str, counted: dict[str, int]) -> dict[str, object]:
    return {"rule": rule, "why": why, **counted}
