"""What to look at next: at most three messages for the state, the ones that concern families first."""

from dataclasses import dataclass, replace

import pandas as pd

from analysis.brief import apart, markup, panels, signals, wording
from analysis.brief.markup import Html
from analysis.brief.numbers import Numbers
from analysis.brief.standings import Standing, level, standard_changed, standing_line, standings, worse
from analysis.quality.cards import target_for
from analysis.quality.comparisons import against_target
from analysis.tables import STATEWIDE

MOST_NEXT = 3


@dataclass(frozen=True)
class Message:
    """One thing to look at: what the data say, and the question that it raises for the room; `measure` names its chart.

    `goes_on` says the same in the item of another message of the measure, after its name was given; empty where it stands alone
    or not at all. `also` are the messages that stand in this one's item.
    """

    measure: str
    said: str
    question: str
    goes_on: str = ""
    also: tuple["Message", ...] = ()

    @property
    def words(self) -> str:
        """All that the item says, without its question."""
        return " ".join([self.said, *(each.goes_on for each in self.also)])


def messages(numbers: Numbers) -> list[Message]:
    """At most three, one a measure: a measure's item says its standard first, then what moved.

    Sites are counted instead of named where they may not be named to each other.
    """
    name_sites = numbers.name_peers
    standards = _below(numbers, named=name_sites)
    found = [
        *_worse_statewide(numbers),
        *_worse_at_sites(numbers, named=name_sites),
        *standards,
        *_withheld(numbers),
        *_unusual(numbers),
        *_better(numbers, named=name_sites),
    ]
    # What is the same every month takes the place of no change, good or bad.
    if len({each.measure for each in found}) < MOST_NEXT:
        found += [*_behind_the_others(numbers, named=name_sites), *_unmeasured(numbers)]
    order = list(dict.fromkeys(each.measure for each in found))[:MOST_NEXT]
    return [_one_item([each for each in [*standards, *found] if each.measure == measure]) for measure in order]


def _one_item(of_measure: list[Message]) -> Message:
    """The messages of one measure as one item: the first, and those of the others that go on after it, each once."""
    first, *rest = of_measure
    return replace(first, also=tuple(each for each in dict.fromkeys(rest) if each.goes_on and each != first))


def what_next(numbers: Numbers) -> Html:
    """The messages as a list, each with its question."""
    found = messages(numbers)
    if not found:
        return markup.paragraph(
            "Nothing stands out. No standard is missed by more than chance over the year. No figure has moved by more than chance."
        )
    listed = markup.list_of([f"{each.words} {each.question}" for each in found], ordered=True)
    return markup.together(listed, _standards(numbers, found))


def _standards(numbers: Numbers, found: list[Message]) -> Html:
    """Where the sources of the standards stand that the messages speak of: one of another state is no promise of this one."""
    if not any(target_for(numbers.cards.cards[each.measure], numbers.windows.year) for each in found):
        return Html("")
    said = (
        "Whose standards these are stands under “What each measure counts”. Another state’s is no promise of this one."
    )
    return Html(f'<p class="note">{markup.escaped(said)}</p>')


def _worse_statewide(numbers: Numbers) -> list[Message]:
    return [
        Message(
            each.measure,
            f"{numbers.cards.cards[each.measure].title}: {standing_line(numbers, each)}",
            "What was different, and where?",
            f"Now {standing_line(numbers, each)}",
        )
        for each in standings(numbers)
        if worse(numbers, each)
    ]


def _at_sites(numbers: Numbers, kind: str) -> list[tuple[str, list[signals.Signal]]]:
    """The scorecard measures whose chart gives that signal at some site, with those charts by name of site."""
    found = []
    for measure in numbers.cards.scorecard:
        charts = [signals.signal(numbers, measure, site) for site in numbers.pages["site_id"]]
        moved = [chart for chart in charts if chart is not None and chart.kind == kind]
        if moved:
            found.append((measure, moved))
    return found


def _where(numbers: Numbers, charts: list[signals.Signal], *, named: bool) -> str:
    place = numbers.study.place
    if not named:
        return f"1 {place}" if len(charts) == 1 else f"{len(charts)} {place}s"
    return wording.lists([panels.place_name(numbers, chart.site) for chart in charts], "Also at")


def _worse_at_sites(numbers: Numbers, *, named: bool) -> list[Message]:
    return [
        Message(
            measure,
            f"{numbers.cards.cards[measure].title} has got worse by more than chance at {_where(numbers, charts, named=named)}.",
            "What changed there, and what help is needed?",
            f"The figure has got worse by more than chance at {_where(numbers, charts, named=named)}.",
        )
        for measure, charts in _at_sites(numbers, signals.BAD)
    ]


def _better(numbers: Numbers, *, named: bool) -> list[Message]:
    """Gains beyond chance, of the state and at sites: what can others learn?"""
    statewide = [
        Message(
            each.measure,
            f"{numbers.cards.cards[each.measure].title}: {standing_line(numbers, each)}",
            "What made the difference, and will it last?",
            f"Now {standing_line(numbers, each)}",
        )
        for each in standings(numbers)
        if each.kind == signals.GOOD
    ]
    sites = [
        Message(
            measure,
            f"{numbers.cards.cards[measure].title} has risen by more than chance at {_where(numbers, charts, named=named)}."
            if numbers.cards.cards[measure].better == "higher"
            else f"{numbers.cards.cards[measure].title} has improved by more than chance at {_where(numbers, charts, named=named)}.",
            "What did they do that others could test?",
            f"The figure has got better by more than chance at {_where(numbers, charts, named=named)}.",
        )
        for measure, charts in _at_sites(numbers, signals.GOOD)
    ]
    return [*statewide, *sites]


def _below(numbers: Numbers, *, named: bool) -> list[Message]:
    """Standards that the state or a site misses over the year by more than chance."""
    said, year = [], numbers.windows.year
    for each in standings(numbers):
        card, target = numbers.cards.cards[each.measure], target_for(numbers.cards.cards[each.measure], year)
        if target is None and each.verdict == "missed":
            said.append(_below_now(numbers, each))
        if target is None or card.better == "neither":
            continue
        whole, below = numbers.row(each.measure, year), sites_below(numbers, each.measure)
        missed = against_target(whole, target.share, numbers.cards) == "missed"
        if not missed and not below:
            continue
        where, standard = panels.place_name(numbers, STATEWIDE), markup.percent(target.share, 1)
        side = "below" if card.better == "higher" else "above"
        state = (
            f"{where} {level(whole)} over the year, {side} the standard of {standard}"
            if missed
            else f"{where} {level(whole)} over the year, not {side} the standard of {standard} for certain"
        )
        told, question = _sites_sentence(numbers, below, missed=missed, named=named, side=side)
        said.append(Message(each.measure, f"{card.title}: {state}. {told}".strip(), question))
    return said


def _behind_the_others(numbers: Numbers, *, named: bool) -> list[Message]:
    """Sites that the year sets apart from the others, where no standard says what is enough."""
    said, year = [], numbers.windows.year
    for measure in numbers.cards.scorecard:
        card = numbers.cards.cards[measure]
        if card.unit != "share" or card.better == "neither" or target_for(card, year) or standard_changed(card, year):
            continue
        if not (sites := apart.behind(numbers, measure)):
            continue
        side = "below" if card.better == "higher" else "above"
        place = numbers.study.place
        counted = f"1 {place}" if len(sites) == 1 else f"{len(sites)} {place}s"
        first, *rest = wording.in_fours(sites) if named else [[counted]]
        verb = "is" if len(sites) == 1 else "are"
        also = "".join(f" So {'is' if len(names) == 1 else 'are'} {wording.and_list(names)}." for names in rest)
        words = f"{card.title}: {place}s differ over the year. {wording.and_list(first)} {verb} {side} the others by more than chance.{also}"
        said.append(Message(measure, words, "What do the others do that could be tested there?"))
    return said


def _below_now(numbers: Numbers, each: Standing) -> Message:
    """A standard that the period misses and the year has no single one of."""
    card, now = numbers.cards.cards[each.measure], numbers.windows.now
    side = "below" if card.better == "higher" else "above"
    said = (
        f"{card.title}: {panels.place_name(numbers, STATEWIDE)} {level(each.now)} in {now.words}, {side} the standard of "
        f"{markup.percent(each.target, 1)}. The year is held against none: {standard_changed(card, numbers.windows.year)}."
    )
    return Message(each.measure, said, f"What do all {numbers.study.place}s share?")


def _sites_sentence(numbers: Numbers, below: list[str], *, missed: bool, named: bool, side: str) -> tuple[str, str]:
    place = numbers.study.place
    if not below:
        return f"No single {place} is {side} it for certain.", f"What do all {place}s share?"
    counted = f"1 {place}" if len(below) == 1 else f"{len(below)} {place}s"
    verb = "is" if len(below) == 1 else "are"
    question = (
        "What stands in their way, and what do the others do?"
        if missed
        else "What do the others do that could be tested there?"
    )
    if not named:
        return f"{counted} {verb} {side} it by more than chance.", question
    first, *rest = wording.in_fours(below)
    also = "".join(f" So {'is' if len(names) == 1 else 'are'} {wording.and_list(names)}." for names in rest)
    return f"{wording.and_list(first)} {verb} {side} it by more than chance.{also}", question


def sites_below(numbers: Numbers, measure: str) -> list[str]:
    """Names of the sites whose year lies wholly on the wrong side of the standard, by name."""
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


def _withheld(numbers: Numbers) -> list[Message]:
    return [
        Message(
            each.measure,
            f"{numbers.cards.cards[each.measure].title}: {standing_line(numbers, each)}",
            "Who enters it, and since when is it left blank?",
        )
        for each in standings(numbers)
        if numbers.cards.cards[each.measure].unit == "share"
        and each.now["why_missing"] == "not_recorded"
        and not each.now["hidden"]
    ]


def _unusual(numbers: Numbers) -> list[Message]:
    """Numbers of crises, calls or children that are out of their usual range: neither good nor bad by itself."""
    return [
        Message(
            each.measure,
            f"{numbers.cards.cards[each.measure].title}: {standing_line(numbers, each)}",
            f"What happened in {numbers.windows.now.words}?",
        )
        for each in standings(numbers)
        if each.kind in signals.NEUTRAL
        and numbers.cards.cards[each.measure].better == "neither"
        and pd.notna(each.now["value"])
    ]


def _unmeasured(numbers: Numbers) -> list[Message]:
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
    title = numbers.cards.cards[measure].title
    return [Message(measure, f"{title} could not be measured for {said}.", "Which entries are missing, and where?")]
