"""Sentences that carry numbers. Each says how sure it is; none calls chance a change."""

import re
from collections.abc import Mapping

import pandas as pd

from analysis.brief import markup
from analysis.params import Clock, disclosure
from analysis.periods import Period
from analysis.quality.comparisons import Change
from analysis.tables import CLOCK_WORDS, RESPONSE_MODES, URGENCIES

MOST_DIGITS = 3  # of a range beside a standard that it misses
TOO_WIDE = 0.2  # where a change of 20 of 100 could hide, "about as before" would claim too much


def share_words(row: Mapping) -> str:
    """A share as a page says it: x of n first, then the percentage, then the range.

    >>> share_words({"numerator": 187, "denominator": 205, "value": 187 / 205, "low": 0.866, "high": 0.944})
    '187 of 205 (91.2%; range 87 to 94)'
    """
    said = markup.percent(row["value"], row["denominator"])
    return f"{markup.x_of_n(row['numerator'], row['denominator'])} ({said}; range {markup.interval(row['low'], row['high'], 'share', around=row['value'])})"


def range_words(row: Mapping, unit: str, *, missed: float | None = None) -> str:
    """The range of a figure; of a share that misses the standard `missed`, with as many digits as keep that out of what is printed.

    >>> near = {"value": 0.888, "low": 0.8755, "high": 0.8996}
    >>> range_words(near, "share"), range_words(near, "share", missed=0.9)
    ('88 to 90', '87.55 to 89.96')
    >>> range_words({"value": 0.655, "low": 0.59, "high": 0.72}, "share", missed=0.9)
    '59 to 72'
    """
    plain = markup.interval(row["low"], row["high"], unit, around=row["value"])
    if missed is None or unit != "share":
        return plain
    for digits in range(MOST_DIGITS + 1):
        ends = [markup.number(100 * row[name], decimals=digits) for name in ("low", "high")]
        if not float(ends[0]) <= round(100 * missed, MOST_DIGITS) <= float(ends[1]):
            break
    return " to ".join(ends) if digits else plain


def change_words(change: Change | None, before: Mapping | None, unit: str) -> str:
    """What can be said of a figure beside the months before.

    >>> change_words(Change("no_more_than_chance", 0.01, -0.02, 0.04), {"value": 0.9, "denominator": 2000}, "share")
    'about as before (90.0%): no difference beyond chance'
    >>> change_words(Change("higher", 0.06, 0.01, 0.11), {"value": 0.9, "denominator": 150}, "share")
    'higher than before (90%), by more than chance'
    >>> change_words(Change("cannot_tell", 1.0, why="the ranges overlap"), {"value": 38.0}, "minutes")
    'no difference that these data could show (before: 38 minutes)'
    """
    if change is None or before is None:
        return "no earlier months to compare with"
    if change.kind == "cannot_tell" and pd.isna(change.difference):
        return f"can't be compared: {change.why}"
    level = markup.percent(before["value"], before["denominator"]) if unit == "share" else value_words(before, unit)
    too_wide = unit == "share" and change.high - change.low > TOO_WIDE
    if change.kind == "cannot_tell" or (change.kind == "no_more_than_chance" and too_wide):
        return f"no difference that these data could show (before: {level})"
    if change.kind == "no_more_than_chance":
        return f"about as before ({level}): no difference beyond chance"
    return f"{change.kind} than before ({level}), by more than chance"


def target_words(verdict: str, share: float, *, better: str = "higher") -> str:
    """How a share stands against its standard.

    >>> target_words("missed", 0.9), target_words("met", 0.8), target_words("cannot_tell", 0.8)
    ('below the standard of 90%', 'meets the standard of 80%', 'too close to the standard of 80% to tell')
    """
    standard = f"the standard of {markup.percent(share, 1)}"
    beside = "below" if better == "higher" else "above"
    return {"met": f"meets {standard}", "missed": f"{beside} {standard}"}.get(
        verdict, f"too close to {standard} to tell"
    )


def value_words(row: Mapping, unit: str) -> str:
    """One figure in its unit, without its range.

    >>> value_words({"value": 34.0}, "minutes"), value_words({"value": 4.26}, "rate"), value_words({"value": 1234.0}, "count")
    ('34 minutes', '4.3', '1,234')
    >>> value_words({"value": -6.94}, "score"), value_words({"value": 1.318}, "per_child"), value_words({"value": 0.25}, "portion")
    ('−6.9 points', '1.32', '25%')
    >>> value_words({"value": 0.5, "numerator": 6, "denominator": 12}, "share")
    '6 of 12 (50%)'
    """
    if unit == "minutes":
        return f"{markup.number(row['value'])} minutes"
    if unit == "score":
        return f"{markup.signed(row['value'])} points"
    if unit == "mean":
        return markup.number(row["value"], decimals=1)
    if unit == "portion":
        return markup.percent(row["value"], 1)
    if unit in ("per_child", "number"):
        return markup.number(row["value"], decimals=2 if unit == "per_child" else 0)
    if unit == "rate":
        return markup.number(row["value"], decimals=1)
    if unit == "count":
        return markup.number(row["value"])
    return f"{markup.x_of_n(row['numerator'], row['denominator'])} ({markup.percent(row['value'], row['denominator'])})"


def shown_value(row: Mapping | None, unit: str) -> str:
    """A figure as a card or a cell prints it, without what it is out of; "hidden", "not open" or "not given" where it is missing.

    >>> shown_value({"value": 0.913, "denominator": 150, "hidden": False}, "share"), shown_value({"value": 34.0, "hidden": False}, "minutes")
    ('91%', '34 min')
    >>> shown_value({"value": None, "hidden": True}, "count"), shown_value({"value": None, "hidden": False}, "count"), shown_value(None, "rate")
    ('hidden', 'not given', 'not given')
    """
    if row is None or pd.isna(row["value"]):
        if row is not None and row["hidden"]:
            return disclosure().mark
        return "not open" if row is not None and row.get("months") == 0 else "not given"
    if unit == "share":
        return markup.percent(row["value"], row["denominator"])
    return value_words(row, unit).replace(" minutes", " min")


def withheld_words(row: Mapping, bounds: tuple[float, float]) -> str:
    """Why a share is not given, and what it lies between.

    >>> withheld_words({"numerator": 16, "denominator": 478, "not_measurable": 791}, (16 / 1269, 807 / 1269))
    '791 of 1,269 have no answer recorded. It could be anything from 1 to 64 of 100'
    """
    belong = row["denominator"] + row["not_measurable"]
    return (
        f"{markup.x_of_n(row['not_measurable'], belong)} have no answer recorded. "
        f"It could be anything from {markup.interval(*bounds, 'share')} of 100"
    )


def clock_words(clock: Clock, *, standard: bool) -> str:
    """A response clock as a sentence; with its threshold and target where they are the `standard` of the measure.

    >>> from datetime import date
    >>> clock = Clock(from_on=date(2025, 1, 1), start="requested_at", stop="arrived_at", threshold_minutes=60, target_share=0.8,
    ...               modes=("mobile",), source="a page")
    >>> clock_words(clock, standard=True)
    'From request to arrival, within 60 minutes for 80% of responses, from 1 January 2025; for responses in person, at once. Source: a page.'
    >>> clock_words(clock, standard=False)
    'From request to arrival; for responses in person, at once. No standard.'
    """
    events = f"From {CLOCK_WORDS[clock.start]} to {CLOCK_WORDS[clock.stop]}"
    if not standard:
        return f"{events}{_only(clock)}. No standard."
    share = f" for {markup.percent(clock.target_share, 1)} of responses" if clock.target_share is not None else ""
    until = f" to {day_words(clock.to_on)}" if clock.to_on else ""
    return (
        f"{events}, within {markup.number(clock.threshold_minutes)} minutes{share}, from {day_words(clock.from_on)}{until}"
        f"{_only(clock)}. Source: {clock.source}."
    )


def _only(clock: Clock) -> str:
    kinds = [RESPONSE_MODES[mode] for mode in clock.modes] + [URGENCIES[urgency] for urgency in clock.urgency]
    return f"; for responses {' or '.join(kinds)}" if kinds else ""


def minutes_words(minutes: float) -> str:
    """Minutes in a sentence.

    >>> minutes_words(60.0)
    '60 minutes'
    """
    return f"{minutes:g} minutes"


def day_words(day) -> str:
    """A day as a sentence writes it.

    >>> day_words(pd.Timestamp("2025-12-07"))
    '7 December 2025'
    """
    return f"{day.day} {day:%B %Y}"


def days_in_words(text: str) -> str:
    """The text with its days (2026-10-15) as people write them.

    >>> days_in_words("due on 2026-10-15.")
    'due on 15 October 2026.'
    """
    return re.sub(r"\b\d{4}-\d{2}-\d{2}\b", lambda day: day_words(pd.Timestamp(day[0])), text)


def partial_words(partial: Period, last_on: pd.Timestamp) -> str:
    """The line about a month that the extract ends in.

    >>> from analysis.periods import period
    >>> partial_words(period("2025-12"), pd.Timestamp("2025-12-17"))
    'December 2025 is not complete: the records end on 17 December 2025. It is drawn hollow and compared with nothing.'
    """
    return (
        f"{partial.words} is not complete: the records end on {day_words(last_on)}. "
        "It is drawn hollow and compared with nothing."
    )


MOST_NAMES = 4  # in one sentence


def in_fours(names: list[str]) -> list[list[str]]:
    """The names of a long list, four a sentence.

    >>> in_fours(["a", "b", "c", "d", "e"])
    [['a', 'b', 'c', 'd'], ['e']]
    """
    return [names[at : at + MOST_NAMES] for at in range(0, len(names), MOST_NAMES)]


def lists(names: list[str], more: str) -> str:
    """Names at the end of a sentence; a long list goes on in sentences that begin with `more`. The last one has no stop.

    >>> lists(["a", "b", "c", "d", "e"], "Also at")
    'a, b, c and d. Also at e'
    """
    return f". {more} ".join(and_list(part) for part in in_fours(names))


def first_up(words: str) -> str:
    """The words with a capital first letter.

    >>> first_up("psychiatric hospital stay")
    'Psychiatric hospital stay'
    """
    return f"{words[0].upper()}{words[1:]}"


def sentence(words: str) -> str:
    """Words as a sentence of their own.

    >>> sentence("too few months yet")
    'Too few months yet.'
    """
    return f"{words[0].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"


def and_list(words: list[str]) -> str:
    """A list in a sentence.

    >>> and_list(["a"]), and_list(["a", "b"]), and_list(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
