"""How each measure of page one stands: its figure, the months before, what changed, its standard."""

from dataclasses import dataclass

import pandas as pd

from analysis.brief import panels, wording
from analysis.brief.numbers import Numbers
from analysis.intervals import Interval
from analysis.quality.cards import target_for
from analysis.quality.comparisons import Change, against_target, bounds, change
from analysis.quality.counts import WHY_MISSING

PAGE_ONE = (
    "episodes",
    "children_served",
    "episodes_per_1000",
    "contact_share",
    "in_person_share",
    "response_in_time_share",
    "response_minutes_median",
    "response_minutes_p90",
)


@dataclass(frozen=True)
class Standing:
    """One measure in the period: its row, the row before, what has changed, and how it stands against its standard."""

    measure: str
    now: pd.Series
    before: pd.Series | None
    change: Change | None
    target: float | None
    verdict: str | None


def standing(numbers: Numbers, measure: str) -> Standing | None:
    """How a measure stands; None where the study cannot have it."""
    cut = numbers.windows
    now, before = numbers.row(measure, cut.now), numbers.row(measure, cut.before)
    if now is None:
        return None
    card = numbers.cards.cards[measure]
    changed = None
    if card.unit in ("share", "minutes") and before is not None:
        changed = (
            change(now, before, numbers.cards)
            if cut.complete
            else Change("cannot_tell", why="the period is not complete")
        )
    target = target_for(card, cut.now) if card.unit == "share" else None
    verdict = against_target(now, target.share, numbers.cards) if target else None
    return Standing(measure, now, before, changed, target.share if target else None, verdict)


def standings(numbers: Numbers) -> list[Standing]:
    """Every measure of page one that the study has, in its order."""
    found = [standing(numbers, measure) for measure in PAGE_ONE]
    return [each for each in found if each is not None]


def why_not_given(numbers: Numbers, each: Standing) -> str:
    """Why a figure of the period is not given: hidden, left blank too often, or nothing there."""
    row = each.now
    if row["hidden"]:
        return panels.hidden_note()
    if numbers.cards.cards[each.measure].unit == "share" and row["why_missing"] == "not_recorded":
        return wording.withheld_words(row, bounds(row, numbers.cards))
    return WHY_MISSING.get(row["why_missing"], "nothing recorded")


def count_line(numbers: Numbers, each: Standing, usual: Interval | None) -> str:
    """Where a count lies against its usual range, or why nobody can say."""
    cut = numbers.windows
    if not cut.complete:
        return "not compared with the months before: the period is not complete"
    if cut.now.first != cut.now.last:
        return "the usual range is one of single months, so a longer period is not held against it"
    if pd.isna(each.now["value"]):
        return why_not_given(numbers, each)
    return wording.count_words(each.now, usual, months_before(numbers))


def change_line(numbers: Numbers, each: Standing) -> str:
    """The figure and what can be said of it beside the months before."""
    unit = numbers.cards.cards[each.measure].unit
    if pd.isna(each.now["value"]):
        return f"not given: {why_not_given(numbers, each)}"
    return f"{wording.value_words(each.now, unit)}, {wording.change_words(each.change, each.before, unit)}"


def months_before(numbers: Numbers) -> int:
    """How many months the period is compared with; 0 where too few are whole."""
    return len(numbers.windows.before.months) if numbers.windows.before else 0
