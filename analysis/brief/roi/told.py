"""What may be told of the visits at the crisis itself: small parts joined with others, or the reason why nothing is told."""

from dataclasses import dataclass

import pandas as pd

from analysis.brief import markup
from analysis.brief.roi.accruals import Accrual
from analysis.brief.small_counts.groups import is_small
from analysis.effect.index_crisis import ANSWERS, ENDINGS, IN_ED, OUTSIDE, TOTAL, bound_diversion, count_index_crises
from analysis.effect.joined_cells import ALONE, Block, Joined, join_small
from analysis.params import disclosure

FEW_CRISES = "There are too few crises in this span to show."
FEW_OUTSIDE = "Too few crises had begun in an emergency department or met nobody: what is left would give their number away, so nothing is shown."
FEW_APART = (
    "Too few crises differ in what callers said, or in how they ended: told together, the rest says nothing, and told apart, the "
    "few would show."
)
NAME_LONGER = "A longer PERIOD may show more."


@dataclass(frozen=True)
class Told:
    """The crises of the span with their bounds; `joined` says which parts are told together, `withheld` why nothing is."""

    row: pd.Series
    joined: Joined
    withheld: str | None

    def count(self, block: Block) -> int:
        """The crises of some parts together."""
        return int(self.row[list(block)].sum())

    @property
    def open_to_change(self) -> int:
        """The crises in which a team may have made a difference."""
        return self.count(ANSWERS)


def tell(accrual: Accrual) -> Told:
    """What this page, its tables and the dollars page may tell of the span."""
    counted = count_index_crises(accrual.episodes)
    row, smallest = counted.loc[TOTAL], disclosure().smallest_shown
    joined = join_small(
        _outside(accrual.episodes, row), row[list(ANSWERS)].to_frame().T, _endings(accrual.episodes, row), smallest=smallest
    )  # fmt: skip
    reason = None
    if row["episodes"] < smallest:
        reason = FEW_CRISES
    elif 0 < row[list(OUTSIDE)].sum() < smallest or 0 < row[list(ANSWERS)].sum() < smallest:
        reason = FEW_OUTSIDE
    elif joined is None or not joined.says_something:
        reason = FEW_APART
    if reason and not _whole_extract(accrual):
        reason = f"{reason} {NAME_LONGER}"
    joined = ALONE if joined is None else joined
    return Told(bound_diversion(counted, accrual.rules, joined).loc[TOTAL], joined, reason)


def _whole_extract(accrual: Accrual) -> bool:
    return accrual.period.from_on <= accrual.covers[0] and accrual.period.to_on >= accrual.covers[1]


def _outside(episodes: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """Those outside; then what is left of those in an ED once a row of the group tables is taken away: referred there, answered there."""
    here = [int(episodes[column].eq(IN_ED).sum()) for column in ("referral_source", "response_location")]
    in_ed = row["already_in_ed"]
    printed = [in_ed, *(in_ed - count for count in here if count), *([sum(here) - in_ed] if all(here) else [])]
    return pd.DataFrame({"already_in_ed": printed, "no_contact": row["no_contact"]}).astype(int)


def _endings(episodes: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """How the crises open to change ended, and the others: the page counts all of them by ending, so that the others follow."""
    ending = episodes["disposition"]
    everybody = pd.Series(
        {
            "ended_ed": ending.eq(IN_ED).sum(),
            "ended_inpatient": ending.eq("inpatient").sum(),
            "ended_unknown": ending.isna().sum(),
        }
    )
    everybody["ended_elsewhere"] = len(episodes) - everybody.sum()
    open_to = row[list(ENDINGS)]
    return pd.DataFrame([open_to, everybody[list(ENDINGS)] - open_to]).astype(int)


def unrecorded(accrual: Accrual) -> int:
    """Crises open to change of which nobody wrote down whether anyone was met; 0 where they or the others are too few to say."""
    blank = accrual.episodes["attempt_result"].isna() & accrual.episodes["response_mode"].isna()
    if not blank.any():
        return 0
    count = int(count_index_crises(accrual.episodes[blank]).loc[TOTAL, list(ANSWERS)].sum())
    others = int(count_index_crises(accrual.episodes).loc[TOTAL, list(ANSWERS)].sum()) - count
    return 0 if is_small(pd.Series([count, others]), disclosure().smallest_shown).any() else count


def listed(words: list[str]) -> str:
    """Several parts as one.

    >>> listed(["a", "b", "c"])
    'a, b or c'
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def span(row: pd.Series, stem: str) -> str:
    """The two ends of a bound, one number where they are the same.

    >>> span(pd.Series({"were_low": 430.0, "were_high": 657.0}), "were")
    '430 to 657'
    """
    low, high = markup.number(row[f"{stem}_low"]), markup.number(row[f"{stem}_high"])
    return low if low == high else f"{low} to {high}"
