"""What to look at next: at most three things for the state, the ones that concern families first."""

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.markup import Html
from analysis.brief.numbers import Numbers
from analysis.brief.standings import change_line, months_before, standings, why_not_given
from analysis.quality.cards import target_for
from analysis.quality.comparisons import against_target
from analysis.tables import STATEWIDE

MOST_NEXT = 3


def what_next(numbers: Numbers, *, name_sites: bool = True) -> Html:
    """At most three things to look at, the ones that concern families first; each with the question for the room.

    Sites are counted instead of named where `name_sites` is False.
    """
    found = [
        *_moved(numbers),
        *_below(numbers, name_sites=name_sites),
        *_withheld(numbers),
        *_unusual(numbers),
        *_unmeasured(numbers),
    ]
    if not found:
        return markup.paragraph(
            "Nothing stands out: no standard is missed by more than chance over the year, and no figure has moved by more than chance."
        )
    return markup.list_of(found[:MOST_NEXT], ordered=True)


def _moved(numbers: Numbers) -> list[str]:
    """Shares that got worse by more than chance."""
    said = []
    for each in standings(numbers):
        worse = {"higher": "lower", "lower": "higher"}.get(numbers.cards.cards[each.measure].better)
        if each.change is not None and each.change.kind == worse:
            said.append(
                f"{numbers.cards.cards[each.measure].title}: {change_line(numbers, each)}. What was different this time?"
            )
    return said


def _below(numbers: Numbers, *, name_sites: bool) -> list[str]:
    """Standards that the state or a site misses over the year by more than chance."""
    said, year = [], numbers.windows.year
    for each in standings(numbers):
        card, target = numbers.cards.cards[each.measure], target_for(numbers.cards.cards[each.measure], year)
        if target is None:
            continue
        whole, below = numbers.row(each.measure, year), sites_below(numbers, each.measure)
        missed = against_target(whole, target.share, numbers.cards) == "missed"
        if not missed and not below:
            continue
        where = panels.place_name(numbers, STATEWIDE)
        level = markup.percent(whole["value"], whole["denominator"]) if pd.notna(whole["value"]) else "not given"
        state = (
            f"{where} {level} over the year, below the standard of {markup.percent(target.share, 1)}"
            if missed
            else (
                f"{where} {level} over the year, not below the standard of {markup.percent(target.share, 1)} for certain"
            )
        )
        said.append(f"{card.title}: {state}. {_sites_sentence(numbers, below, missed=missed, named=name_sites)}")
    return said


def _sites_sentence(numbers: Numbers, below: list[str], *, missed: bool, named: bool) -> str:
    place = numbers.study.place
    if not below:
        return f"No single {place} is below it for certain: look for what all {place}s share."
    counted = f"1 {place}" if len(below) == 1 else f"{len(below)} {place}s"
    many = wording.and_list(below) if named else counted
    verb = "is" if len(below) == 1 else "are"
    rest = (
        "What stands in their way, and what do the others do?"
        if missed
        else "What do the others do that could be tested there?"
    )
    return f"{many} {verb} below it by more than chance. {rest}"


def sites_below(numbers: Numbers, measure: str) -> list[str]:
    """Names of the sites whose year lies wholly below the standard, by name."""
    target = target_for(numbers.cards.cards[measure], numbers.windows.year)
    if target is None:
        return []
    rows = [
        (site.name, numbers.row(measure, numbers.windows.year, site=site.site_id))
        for site in numbers.pages.itertuples(index=False)
    ]
    return [
        name for name, row in rows if row is not None and against_target(row, target.share, numbers.cards) == "missed"
    ]


def _withheld(numbers: Numbers) -> list[str]:
    return [
        f"{numbers.cards.cards[each.measure].title}: {why_not_given(numbers, each)}. Who enters it, and since when is it left blank?"
        for each in standings(numbers)
        if numbers.cards.cards[each.measure].unit == "share"
        and each.now["why_missing"] == "not_recorded"
        and not each.now["hidden"]
    ]


def _unusual(numbers: Numbers) -> list[str]:
    count = numbers.row("episodes", numbers.windows.now)
    usual = panels.usual_months(numbers, "episodes")
    if usual is None or pd.isna(count["value"]) or usual.low <= count["value"] <= usual.high:
        return []
    words = wording.count_words(count, usual, months_before(numbers))
    return [f"The number of crises is {words}. What happened in {numbers.windows.now.words}?"]


def _unmeasured(numbers: Numbers) -> list[str]:
    """The measure of page one of which the largest part could not be measured, where that is half of what is tolerated."""
    parts = []
    for each in standings(numbers):
        part = panels.unmeasured_part(numbers, each.measure, each.now)
        if part >= panels.WORTH_ASKING * numbers.cards.most_unmeasured(each.measure):
            lacking = each.now["not_measurable"]
            parts.append((part, each.measure, markup.x_of_n(lacking, lacking + each.now["denominator"])))
    if not parts:
        return []
    _, measure, said = max(parts)
    return [
        f"{numbers.cards.cards[measure].title} could not be measured for {said}. Which entries are missing, and where?"
    ]
