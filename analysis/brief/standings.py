"""How each measure of page one stands: its figure, what its chart says, the months before, its standard."""

from dataclasses import dataclass

import pandas as pd

from analysis.brief import markup, panels, signals, wording
from analysis.brief.numbers import Numbers
from analysis.brief.series import GROWS, TOO_EARLY
from analysis.brief.signals import Signal
from analysis.periods import Period
from analysis.quality.cards import Card, target_for
from analysis.quality.comparisons import Change, against_target, bounds, change
from analysis.quality.counts import WHY_MISSING
from analysis.quality.late_records import gain


@dataclass(frozen=True)
class Standing:
    """One measure in the period.

    Attributes
    ----------
    now, before : row of Numbers.shown
        The period, and the months before it (None where too few are whole).
    window : Period or None
        The month that `now` is of, where it is not the period: a figure that has to wait (linked within 60 days) is given for the
        last month that has waited long enough and can be shown.
    hidden_since : bool
        Whether a later month than that one is hidden: then it is no more than the last that can be shown.
    gain : float or None
        How many more percent late records usually add to a number of a month that is still filling up; such a number is not judged.
    signal : Signal or None
        What the chart over time says of the period; None where the period is no single whole month.
    change : Change or None
        The period beside the months before, only where the chart has no rule yet: one figure is judged by one rule.
    target, verdict : float, str or None
        The standard, and whether the period meets it.
    """

    measure: str
    now: pd.Series
    before: pd.Series | None
    signal: Signal | None
    change: Change | None
    target: float | None
    verdict: str | None
    window: Period | None = None
    gain: float | None = None
    hidden_since: bool = False

    @property
    def kind(self) -> str:
        """ "improvement", "concern", "high", "low", "none" or "cannot_tell", by whichever rule judges the figure."""
        if self.signal is not None and self.signal.has_rules:
            return self.signal.kind
        return {"higher": "high", "lower": "low", "no_more_than_chance": "none"}.get(
            self.change.kind if self.change is not None else "", "cannot_tell"
        )


def standing(numbers: Numbers, measure: str) -> Standing | None:
    """How a measure stands; None where the study cannot have it."""
    cut = numbers.windows
    now, before = numbers.row(measure, cut.now), numbers.row(measure, cut.before)
    if now is None:
        return None
    card = numbers.cards.cards[measure]
    window = None
    if now["why_missing"] == TOO_EARLY and not now["hidden"]:
        window = next((each for each in reversed(cut.months) if pd.notna(numbers.row(measure, each)["value"])), None)
        now = numbers.row(measure, window) if window is not None else now
    share = numbers.young.get(cut.now.name) if card.unit in GROWS else None
    single = cut.now.first == cut.now.last and cut.complete and share is None
    found = signals.signal(numbers, measure) if single else None
    changed = None
    if (
        window is None
        and card.unit in ("share", "minutes")
        and before is not None
        and not (found is not None and found.has_rules)
    ):
        changed = (
            change(now, before, numbers.cards)
            if cut.complete
            else Change("cannot_tell", why="the period is not complete")
        )
    target = target_for(card, window or cut.now) if card.unit == "share" else None
    verdict = against_target(now, target.share, numbers.cards) if target and card.better != "neither" else None
    return Standing(
        measure,
        now,
        before,
        found,
        changed,
        target.share if target else None,
        verdict,
        window,
        gain(share) if share else None,
        window is not None
        and any(numbers.row(measure, each)["hidden"] for each in cut.months if each.first > window.last),
    )


def standings(numbers: Numbers) -> list[Standing]:
    """Every measure of page one that the study has, in its order."""
    found = [standing(numbers, measure) for measure in numbers.cards.page_one]
    return [each for each in found if each is not None]


def worse(numbers: Numbers, each: Standing) -> bool:
    """True where the figure has got worse by more than chance."""
    better = numbers.cards.cards[each.measure].better
    return each.kind == signals.BAD or each.kind == {"higher": "low", "lower": "high"}.get(better)


def why_not_given(numbers: Numbers, each: Standing) -> str:
    """Why a figure of the period is not given: hidden, left blank too often, or nothing there."""
    row = each.now
    if row["hidden"]:
        return panels.hidden_note()
    if numbers.cards.cards[each.measure].unit == "share" and row["why_missing"] == "not_recorded":
        return wording.withheld_words(row, bounds(row, numbers.cards))
    return WHY_MISSING.get(row["why_missing"], "nothing recorded")


def standing_line(numbers: Numbers, each: Standing) -> str:
    """The figure, and what can be said of it beside earlier months: short sentences, as they go on after the measure's name."""
    if pd.isna(each.now["value"]):
        return f"not given. {wording.sentence(why_not_given(numbers, each))}"
    unit = numbers.cards.cards[each.measure].unit
    waited = ""
    if each.window is not None:
        last = "can be shown" if each.hidden_since else "has waited long enough"
        waited = f" This is {each.window.words}, the last month that {last}."
    return f"{wording.value_words(each.now, unit)}.{waited} {beside_sentence(numbers, each)}"


def beside_sentence(numbers: Numbers, each: Standing) -> str:
    """`beside_words` as a sentence of its own, after the figure."""
    said = beside_words(numbers, each)
    return wording.sentence(said) if each.kind == "cannot_tell" else f"That is {said}."


def beside_words(numbers: Numbers, each: Standing) -> str:
    """What can be said of a figure that is given beside earlier months."""
    cut = numbers.windows
    unit = numbers.cards.cards[each.measure].unit
    if each.gain is not None:
        return f"not judged yet: late records usually add about {markup.number(each.gain)} percent"
    if each.signal is not None and each.signal.has_rules:
        return signals.say(numbers, each.signal)
    if each.change is not None:
        return wording.change_words(each.change, each.before, unit)
    if not cut.complete:
        return "not compared with the months before: the period is not complete"
    if cut.now.first != cut.now.last:
        return "what is usual is known of single months, so a longer period is not held against it"
    if each.signal is not None:
        return signals.say(numbers, each.signal)
    return "no earlier months to compare with"


def target_line(each: Standing) -> str:
    """How the figure stands against its standard; empty where it has none."""
    if each.target is None or each.verdict is None or pd.isna(each.now["value"]):
        return ""
    said = wording.target_words(each.verdict, each.target)
    return f"It {said}." if each.verdict == "met" else f"It is {said}."


def standard_changed(card: Card, period: Period) -> str:
    """Why nothing is held against a standard in a period in which it changed, in words; empty where one holds, or none ever did.

    >>> from datetime import date
    >>> from analysis import params, periods
    >>> from analysis.quality.cards import read_cards
    >>> card = read_cards(params.study("demo")).cards["in_person_share"]
    >>> standard_changed(card, periods.period("2026-10"))
    ''
    """
    if card.unit != "share" or card.better == "neither" or target_for(card, period) is not None:
        return ""
    within = [each for each in card.targets if any(each.holds_on(day.date()) for day in (period.from_on, period.to_on))]
    return f"the {'response clock' if card.clocks else 'standard'} changed in that time" if within else ""


def missed_standard(numbers: Numbers, row: pd.Series) -> float | None:
    """The standard that a share of the year misses by more than chance; None where it misses none, or has none."""
    card = numbers.cards.cards[row["measure"]]
    if card.unit != "share" or card.better == "neither":
        return None
    target = target_for(card, numbers.windows.year)
    return target.share if target and against_target(row, target.share, numbers.cards) == "missed" else None


def level(row: pd.Series) -> str:
    """A share as the short form of a sentence."""
    return markup.percent(row["value"], row["denominator"]) if pd.notna(row["value"]) else "not given"
