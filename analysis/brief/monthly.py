"""The statewide brief of one period: what happened, how sure that is, what to look at next."""

from dataclasses import dataclass

import pandas as pd

from analysis import params
from analysis.brief import markup, panels, wording
from analysis.brief.markup import Html
from analysis.brief.numbers import Numbers, open_numbers
from analysis.intervals import Interval
from analysis.quality.cards import Card, target_for
from analysis.quality.comparisons import Change, against_target, bounds, change
from analysis.quality.counts import WHY_MISSING
from analysis.tables import STATEWIDE

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
# What a headline says of the first of these that can be given.
REACHED = {
    "in_person_share": "families that asked for a visit were seen in person",
    "response_in_time_share": "responses reached the person in time",
}
BY_SITE = ("episodes", "episodes_per_1000", "in_person_share", "response_in_time_share", "response_minutes_median")
TRENDS = ("episodes", "in_person_share", "contact_share", "response_in_time_share")
MIXES = ("disposition", "referral_source", "presenting_problem")
MOST_NEXT = 3
NOT_SAID = "a number of crises that can't be shown"


@dataclass(frozen=True)
class Standing:
    """One measure in the period: its row, the row before, what has changed, and how it stands against its standard."""

    measure: str
    now: pd.Series
    before: pd.Series | None
    change: Change | None
    target: float | None
    verdict: str | None


def open_brief(study: str, period: str) -> Numbers:
    """The numbers of the brief."""
    chosen = params.study(study)
    return open_numbers(chosen, chosen.period(period))


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


def title(numbers: Numbers) -> Html:
    """The page's heading."""
    study, now = numbers.study, numbers.windows.now
    first, last = (wording.day_words(day) for day in numbers.covers)
    open_now = _open_places(numbers)
    under = f"{study.title}. Monthly brief. Records from {first} to {last}; {open_now}."
    return panels.title(study, f"{study.service}, {now.words}", under)


def _open_places(numbers: Numbers) -> str:
    """How many of the sites with a page were open at any time in the period."""
    sites, now = numbers.pages, numbers.windows.now
    opened = sites["opened_on"].fillna(pd.Timestamp.min).le(now.to_on)
    still = sites["closed_on"].fillna(pd.Timestamp.max).ge(now.from_on)
    return f"{int((opened & still).sum())} of {len(sites)} {numbers.study.place}s were open"


def headline(numbers: Numbers) -> Html:
    """One sentence: how many, how they were reached, and whether that is news."""
    now, last_on = numbers.windows.now, numbers.covers[1]
    when = (
        f"In {now.words}"
        if numbers.windows.complete
        else f"From {wording.day_words(now.from_on)} to {wording.day_words(last_on)}"
    )
    count = numbers.row("episodes", now)
    many = f"{wording.shown_value(count, 'count')} crises" if pd.notna(count["value"]) else NOT_SAID
    sentence = f"{when}, teams responded to {many}"
    reached = next(
        (each for each in standings(numbers) if each.measure in REACHED and pd.notna(each.now["value"])), None
    )
    if reached is not None:
        said = f"{markup.x_of_n(reached.now['numerator'], reached.now['denominator'])} {REACHED[reached.measure]}"
        compared = wording.change_words(reached.change, reached.before, "share")
        sentence += f"; {said} ({markup.percent(reached.now['value'], reached.now['denominator'])}), {compared}"
    return Html(f'<p class="headline">{markup.escaped(sentence)}.</p>')


def key_figures(numbers: Numbers) -> Html:
    """The figures of page one as cards: value, and under it the range and what it is out of."""
    return markup.cards([_card(numbers, each) for each in standings(numbers) if each.measure != "response_minutes_p90"])


def _card(numbers: Numbers, each: Standing) -> tuple[str, str, str]:
    card, row = numbers.cards.cards[each.measure], each.now
    value = wording.shown_value(row, card.unit)
    if pd.isna(row["value"]):
        return card.title, value, _why_not_given(numbers, each)
    span = (
        f"range {markup.interval(row['low'], row['high'], card.unit)}"
        if pd.notna(row["low"])
        else "too few for a range"
    )
    if card.unit == "share":
        within = f", within {_threshold(numbers, each)} minutes" if card.clocks else ""
        return card.title, value, f"{markup.x_of_n(row['numerator'], row['denominator'])}{within}; {span}"
    if card.unit == "minutes":
        return card.title, value, f"half of {markup.number(row['denominator'])} waits were shorter; {span}"
    if card.unit == "rate":
        return card.title, value, "at this month’s pace"
    return card.title, value, _count_note(numbers, each.measure, row)


def _why_not_given(numbers: Numbers, each: Standing) -> str:
    row = each.now
    if row["hidden"]:
        return panels.hidden_note()
    if numbers.cards.cards[each.measure].unit == "share" and row["why_missing"] == "not_recorded":
        return wording.withheld_words(row, bounds(row, numbers.cards))
    return WHY_MISSING.get(row["why_missing"], "nothing recorded")


def _threshold(numbers: Numbers, each: Standing) -> str:
    """The minutes of the clocks that hold at the end of the period."""
    day = numbers.windows.now.to_on.date()
    minutes = {clock.threshold_minutes for clock in numbers.cards.cards[each.measure].clocks if clock.holds_on(day)}
    return " or ".join(markup.number(each) for each in sorted(minutes))


def _count_note(numbers: Numbers, measure: str, row: pd.Series) -> str:
    usual = panels.usual_months(numbers, measure)
    if usual is None:
        return ""
    where = "within" if usual.low <= row["value"] <= usual.high else "outside"
    return f"{where} the usual range, {-int(-usual.low // 1):,} to {int(usual.high // 1):,}"


def what_changed(numbers: Numbers) -> Html:
    """What changed and what did not, one line a measure; then the line on false alarms."""
    lines, counts, others = [], 0, 0
    for each in standings(numbers):
        card = numbers.cards.cards[each.measure]
        if card.unit == "count":
            usual = panels.usual_months(numbers, each.measure)
            counts += usual is not None
            lines.append(f"{card.title}: {_count_line(numbers, each, usual)}.")
        elif card.unit in ("share", "minutes") and each.measure != "response_minutes_p90":
            others += each.change is not None and each.change.kind != "cannot_tell"
            against = f" It {_stands(each)}." if each.target is not None and pd.notna(each.now["value"]) else ""
            lines.append(f"{card.title}: {_change_line(numbers, each)}.{against}")
    return markup.together(markup.list_of(lines), _false_alarms(numbers, counts, others))


def _count_line(numbers: Numbers, each: Standing, usual: Interval | None) -> str:
    """Where a count lies against its usual range, or why nobody can say."""
    cut = numbers.windows
    if not cut.complete:
        return "not compared with the months before: the period is not complete"
    if cut.now.first != cut.now.last:
        return "the usual range is one of single months, so a longer period is not held against it"
    if pd.isna(each.now["value"]):
        return _why_not_given(numbers, each)
    return wording.count_words(each.now, usual, _months_before(numbers))


def _stands(each: Standing) -> str:
    said = wording.target_words(each.verdict, each.target)
    return said if each.verdict == "met" else f"is {said}"


def _change_line(numbers: Numbers, each: Standing) -> str:
    unit = numbers.cards.cards[each.measure].unit
    if pd.isna(each.now["value"]):
        return f"not given: {_why_not_given(numbers, each)}"
    return f"{wording.value_words(each.now, unit)}, {wording.change_words(each.change, each.before, unit)}"


def _months_before(numbers: Numbers) -> int:
    return len(numbers.windows.before.months) if numbers.windows.before else 0


def _false_alarms(numbers: Numbers, counts: int, others: int) -> Html:
    before = numbers.windows.before
    if before is None:
        return markup.paragraph("There are too few earlier months to compare with.")
    said = f"“Before” means {before.words}."
    if counts + others:
        said = f"{said} {wording.false_alarm_words(counts, others, numbers.cards.change_confidence)}"
    return Html(f'<p class="note">{markup.escaped(said)}</p>')


def what_next(numbers: Numbers) -> Html:
    """At most three things to look at, the ones that concern families first; each with the question for the room."""
    found = [*_moved(numbers), *_below(numbers), *_withheld(numbers), *_unusual(numbers), *_unmeasured(numbers)]
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
                f"{numbers.cards.cards[each.measure].title}: {_change_line(numbers, each)}. What was different this time?"
            )
    return said


def _below(numbers: Numbers) -> list[str]:
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
        said.append(f"{card.title}: {state}. {_sites_sentence(numbers, below, missed=missed)}")
    return said


def _sites_sentence(numbers: Numbers, below: list[str], *, missed: bool) -> str:
    place = numbers.study.place
    if not below:
        return f"No single {place} is below it for certain: look for what all {place}s share."
    many = wording.and_list(below)
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
        f"{numbers.cards.cards[each.measure].title}: {_why_not_given(numbers, each)}. Who enters it, and since when is it left blank?"
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
    words = wording.count_words(count, usual, _months_before(numbers))
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


def all_figures(numbers: Numbers) -> Html:
    """Every figure of page one with its range, the months before, its standard and the number not measurable."""
    lines = [_line(numbers, each) for each in standings(numbers)]
    headers = ["Measure", numbers.windows.now.words, "95% range", "Months before", "Standard", "Not measurable"]
    return markup.table(
        lines, caption=f"All figures, {panels.place_name(numbers, STATEWIDE)}", headers=headers, numeric=headers[1:]
    )


def _line(numbers: Numbers, each: Standing) -> tuple[str, ...]:
    card, row, before = numbers.cards.cards[each.measure], each.now, each.before
    given = pd.notna(row["value"])
    return (
        card.title,
        wording.value_words(row, card.unit) if given else wording.shown_value(row, card.unit),
        markup.interval(row["low"], row["high"], card.unit)
        if given and pd.notna(row["low"]) and card.unit not in ("count", "rate")
        else "",
        _before_words(before, card),
        markup.percent(each.target, 1) if each.target is not None else "",
        markup.number(row["not_measurable"]) if pd.notna(row["not_measurable"]) else "",
    )


def _before_words(before: pd.Series | None, card: Card) -> str:
    if before is None or pd.isna(before["value"]):
        return ""
    unit = card.unit
    if unit == "count":
        if not card.adds_up:  # a year's children over twelve are fewer than a month's
            return ""
        return f"{markup.number(before['value'] / before['months'])} a month" if before["months"] else ""
    if unit == "share":
        return markup.percent(before["value"], before["denominator"])
    return wording.value_words(before, unit)


def by_site(numbers: Numbers) -> Html:
    """One row per site, by name, over the year: no rank, since the order of small sites is mostly chance."""
    chosen = [measure for measure in BY_SITE if measure not in dict(numbers.off)]
    heads = [numbers.cards.cards[measure].short for measure in chosen]
    place = numbers.study.place
    places = [(site.name, site.site_id) for site in numbers.pages.itertuples(index=False)]
    places.append((panels.place_name(numbers, STATEWIDE).capitalize(), STATEWIDE))
    lines = [(name, *(site_cell(numbers, measure, site) for measure in chosen)) for name, site in places]
    note = (
        f"In brackets: 95% range. {_mark_note(numbers, chosen)}{place.capitalize()}s stand by name: "
        f"the order of small {place}s is mostly chance. {panels.hidden_note()}"
    )
    return markup.together(
        markup.headline(f"By {place}"),
        markup.table(lines, caption=numbers.windows.year.words, headers=[place.capitalize(), *heads], numeric=heads),
        Html(f'<p class="note">{markup.escaped(note)}</p>'),
    )


def _mark_note(numbers: Numbers, measures: list[str]) -> str:
    standards = [target_for(numbers.cards.cards[measure], numbers.windows.year) for measure in measures]
    return "▼ below the standard by more than chance. " if any(standards) else ""


def site_cell(numbers: Numbers, measure: str, site: str) -> str:
    """A place's figure over the year as a cell: value, range, and a mark where it is below the standard for certain."""
    row, unit = numbers.row(measure, numbers.windows.year, site=site), numbers.cards.cards[measure].unit
    if row is None or pd.isna(row["value"]):
        return wording.shown_value(row, unit)
    span = f" ({markup.interval(row['low'], row['high'], unit)})" if unit != "count" and pd.notna(row["low"]) else ""
    target = target_for(numbers.cards.cards[measure], numbers.windows.year) if unit == "share" else None
    mark = " ▼" if target is not None and against_target(row, target.share, numbers.cards) == "missed" else ""
    return f"{wording.shown_value(row, unit)}{span}{mark}"


def trends(numbers: Numbers) -> Html:
    """The figures over time that the study can have."""
    drawn = (panels.trend(numbers, measure) for measure in TRENDS if measure not in dict(numbers.off))
    return Html(f'<div class="pair">{"".join(f"<div>{figure}</div>" for figure in drawn)}</div>')


def mixes(numbers: Numbers) -> Html:
    """How visits ended, who asked for help and why."""
    tables = [panels.mix_table(numbers, measure) for measure in MIXES if measure not in dict(numbers.off)]
    return Html(f'<div class="pair">{"".join(f"<div>{table}</div>" for table in tables)}</div>')


def about(numbers: Numbers) -> Html:
    """Definitions, what the data cannot give, and notes of the study."""
    study = numbers.study
    notes = list(study.notes)
    if study.complete_from is not None:
        notes.append(f"Months before {study.complete_from.day:%B %Y} are left out: {study.complete_from.why}")
    if numbers.windows.partial is not None:
        notes.append(wording.partial_words(numbers.windows.partial, numbers.covers[1]))
    return markup.together(
        markup.list_of(notes),
        panels.switched_off(numbers),
        panels.definitions(numbers, [*PAGE_ONE, *MIXES]),
        panels.small_counts_note(),
    )


def publish(numbers: Numbers) -> None:
    """Stage the numbers of this brief as a table that may be sent on, for the state and every site."""
    panels.stage_measures(numbers, numbers.shown, notebook="collaborative_brief", site=STATEWIDE)
