"""The statewide brief of one period: what happened, how sure that is, what to look at next."""

import pandas as pd

from analysis import params
from analysis.brief import markup, panels, wording
from analysis.brief.markup import Html
from analysis.brief.numbers import Numbers, open_numbers
from analysis.brief.standings import PAGE_ONE, Standing, change_line, count_line, standings, why_not_given
from analysis.quality.cards import Card, target_for
from analysis.quality.comparisons import against_target
from analysis.tables import STATEWIDE

# What a headline says of the first of these that can be given.
REACHED = {
    "in_person_share": "families that asked for a visit were seen in person",
    "response_in_time_share": "responses reached the person in time",
}
BY_SITE = ("episodes", "episodes_per_1000", "in_person_share", "response_in_time_share", "response_minutes_median")
TRENDS = ("episodes", "in_person_share", "contact_share", "response_in_time_share")
MIXES = ("disposition", "referral_source", "presenting_problem")
NOT_SAID = "a number of crises that can't be shown"


def open_brief(study: str, period: str) -> Numbers:
    """The numbers of the brief."""
    chosen = params.study(study)
    return open_numbers(chosen, chosen.period(period))


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
        return card.title, value, why_not_given(numbers, each)
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
            lines.append(f"{card.title}: {count_line(numbers, each, usual)}.")
        elif card.unit in ("share", "minutes") and each.measure != "response_minutes_p90":
            others += each.change is not None and each.change.kind != "cannot_tell"
            against = f" It {_stands(each)}." if each.target is not None and pd.notna(each.now["value"]) else ""
            lines.append(f"{card.title}: {change_line(numbers, each)}.{against}")
    return markup.together(markup.list_of(lines), _false_alarms(numbers, counts, others))


def _stands(each: Standing) -> str:
    said = wording.target_words(each.verdict, each.target)
    return said if each.verdict == "met" else f"is {said}"


def _false_alarms(numbers: Numbers, counts: int, others: int) -> Html:
    before = numbers.windows.before
    if before is None:
        return markup.paragraph("There are too few earlier months to compare with.")
    said = f"“Before” means {before.words}."
    if counts + others:
        said = f"{said} {wording.false_alarm_words(counts, others, numbers.cards.change_confidence)}"
    return Html(f'<p class="note">{markup.escaped(said)}</p>')


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
