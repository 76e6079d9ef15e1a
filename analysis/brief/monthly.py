"""The statewide brief of one period: what happened, how sure that is, what to look at next."""

import pandas as pd

from analysis import params
from analysis.brief import markup, panels, signals, wording
from analysis.brief.attention import messages
from analysis.brief.false_alarms import expected_words, judged_charts
from analysis.brief.kept import open_numbers
from analysis.brief.markup import Html
from analysis.brief.numbers import Numbers
from analysis.brief.signals import Signal
from analysis.brief.standings import (
    Standing,
    beside_sentence,
    beside_words,
    missed_standard,
    standard_changed,
    standing_line,
    standings,
    target_line,
    why_not_given,
)
from analysis.quality.cards import Card, target_for
from analysis.quality.late_records import gain
from analysis.tables import STATEWIDE

# What a headline says of the first of these that can be given.
REACHED = {
    "in_person_share": "calls that asked for a visit got a team in person",
    "response_in_time_share": "visits made at once came in time",
}
BY_SITE = ("episodes", "episodes_per_1000", "in_person_share", "response_in_time_share", "response_minutes_median")
TRENDS = ("episodes", "in_person_share", "response_in_time_share", "contact_share")
MOST_CHARTS = 4
MIXES = ("disposition", "referral_source", "presenting_problem")
NOT_LISTED = ("response_minutes_p90",)  # stands beside the typical wait, so it is listed only where it changed
NO_SEASONS = "No usual range here knows the seasons: a quiet summer or a busy school year can look like a change."
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
    return f"{len(_open(numbers))} of {len(numbers.pages)} {numbers.study.place}s were open"


def _open(numbers: Numbers) -> list:
    """The sites with a page that were open at any time in the period, as rows."""
    sites, now = numbers.pages, numbers.windows.now
    opened = sites["opened_on"].fillna(pd.Timestamp.min).le(now.to_on)
    still = sites["closed_on"].fillna(pd.Timestamp.max).ge(now.from_on)
    return list(sites[opened & still].itertuples(index=False))


def headline(numbers: Numbers) -> Html:
    """What a reader should take away: what happened, and the first thing to look at."""
    first, second = takeaways(numbers)
    return markup.together(
        Html(f'<p class="headline">{markup.escaped(first)} {markup.escaped(second)}</p>'), _data_line(numbers)
    )


def takeaways(numbers: Numbers) -> tuple[str, str]:
    """The top of the brief in short sentences: what happened; the first thing to look at."""
    first, found = _what_happened(numbers), messages(numbers)
    if not found:
        return first, "No figure has moved by more than chance, and no standard is missed for certain."
    # What the first part has said already is asked about, not said again. Of sites it says nothing.
    head = found[0]
    if _is_said(head.said, first):
        return first, head.question
    return first, " ".join([head.said, *(each.goes_on for each in head.also if not _is_said(each.goes_on, first))])


def _is_said(words: str, first: str) -> bool:
    """Is what the words judge of a share in the first part already?

    >>> _is_said("Now 9 of 10 (90%). That is as usual.", "Teams met 9 of 10 (90%). That is as usual."), _is_said("It fell.", "It fell.")
    (True, False)
    """
    _, bracket, judged = words.rpartition("). ")
    return bool(bracket) and judged in first


def _what_happened(numbers: Numbers) -> str:
    now, last_on = numbers.windows.now, numbers.covers[1]
    when = (
        f"In {now.words}"
        if numbers.windows.complete
        else f"From {wording.day_words(now.from_on)} to {wording.day_words(last_on)}"
    )
    count = numbers.row("episodes", now)
    if not count["hidden"] and count["value"] == 0:
        return f"{when}, no crisis was recorded."
    many = f"{wording.shown_value(count, 'count')} crises" if pd.notna(count["value"]) else NOT_SAID
    sentence = f"{when}, teams responded to {many}."
    if (share := numbers.young.get(now.name)) is not None:
        sentence += f" That is so far: late records usually add about {markup.number(gain(share))} percent."
    reached = next(
        (each for each in standings(numbers) if each.measure in REACHED and pd.notna(each.now["value"])), None
    )
    if reached is not None:
        said = f"{markup.x_of_n(reached.now['numerator'], reached.now['denominator'])} {REACHED[reached.measure]}"
        share = markup.percent(reached.now["value"], reached.now["denominator"])
        sentence += f" {said} ({share}). {beside_sentence(numbers, reached)}"
    return sentence


def _data_line(numbers: Numbers) -> Html:
    """What the page rests on: records, sites, charts judged and the false signals to expect."""
    said = f"Records to {wording.day_words(numbers.covers[1])}; {_open_places(numbers)}{_came_and_went(numbers)}{_silent(numbers)}. {expected_words(numbers)}"
    return Html(f'<p class="note">{markup.escaped(said.strip())}</p>')


def _silent(numbers: Numbers) -> str:
    """The open sites of which the period holds no record."""
    rows = [(site.name, numbers.row("episodes", numbers.windows.now, site=site.site_id)) for site in _open(numbers)]
    silent = [name for name, row in rows if row is not None and not row["hidden"] and row["value"] == 0]
    return f"; no record from {_named(numbers, silent)}" if silent else ""


def _named(numbers: Numbers, names: list[str]) -> str:
    """The sites by name; how many, where they may not be named to each other."""
    if numbers.name_peers:
        return wording.and_list(names)
    return f"{len(names)} {numbers.study.place}{'' if len(names) == 1 else 's'}"


def _came_and_went(numbers: Numbers) -> str:
    """The sites that opened or closed in the period or the month before it: the state's numbers move with them."""
    now, said = numbers.windows.now, []
    since = (now.first - 1).start_time
    for column, verb in (("opened_on", "opened"), ("closed_on", "closed")):
        rows = numbers.pages[numbers.pages[column].between(since, now.to_on)]
        if len(rows) and not numbers.name_peers:
            said.append(f"; {_named(numbers, rows['name'].tolist())} {verb} since {wording.day_words(since)}")
        elif len(rows):
            said += [
                f"; {row.name} {verb} on {wording.day_words(getattr(row, column))}"
                for row in rows.itertuples(index=False)
            ]
    return "".join(said)


def key_figures(numbers: Numbers) -> Html:
    """The figures of page one as cards: value, and under it the range and what it is out of."""
    return markup.cards([_card(numbers, each) for each in standings(numbers) if each.measure != "response_minutes_p90"])


def _card(numbers: Numbers, each: Standing) -> tuple[str, str, str]:
    card, row = numbers.cards.cards[each.measure], each.now
    value = wording.shown_value(row, card.unit)
    if pd.isna(row["value"]):
        return card.title, value, why_not_given(numbers, each)
    span = (
        f"range {wording.range_words(row, card.unit, missed=each.target if each.verdict == 'missed' else None)}"
        if pd.notna(row["low"])
        else "too few for a range"
    )
    if card.unit == "share":
        within = f", within {_threshold(numbers, each)} minutes" if card.clocks else ""
        within += f", {each.window.words}" if each.window is not None else ""
        return card.title, value, f"{markup.x_of_n(row['numerator'], row['denominator'])}{within}; {span}"
    if card.unit == "minutes":
        return card.title, value, f"half of {markup.number(row['denominator'])} waits were shorter; {span}"
    if card.unit == "rate":
        return card.title, value, "at this month’s pace" if each.gain is None else beside_words(numbers, each)
    if card.unit == "score":
        return card.title, value, f"mean of {markup.number(row['denominator'])}; {span}"
    return (
        card.title,
        value,
        beside_words(numbers, each)
        if each.gain is not None or (each.signal is not None and each.signal.has_rules)
        else "",
    )


def _threshold(numbers: Numbers, each: Standing) -> str:
    """The minutes of the clocks that hold at the end of the period."""
    day = numbers.windows.now.to_on.date()
    minutes = {clock.threshold_minutes for clock in numbers.cards.cards[each.measure].clocks if clock.holds_on(day)}
    return " or ".join(markup.number(each) for each in sorted(minutes))


def what_changed(numbers: Numbers) -> Html:
    """What changed by more than chance, statewide and at sites, and what did not; one line a measure."""
    moved, steady = [], []
    for each in standings(numbers):
        if each.measure in NOT_LISTED and each.kind not in signals.MOVED:
            continue
        line = f"{numbers.cards.cards[each.measure].title}: {standing_line(numbers, each)} {target_line(each)}".strip()
        (moved if each.kind in signals.MOVED else steady).append(line)
    moved += [*_moved_at_sites(numbers), *_moved_elsewhere(numbers)]
    nothing = "Nothing changed by more than chance."
    return markup.together(
        markup.list_of(moved) if moved else markup.paragraph(nothing),
        markup.details("What did not change by more than chance", markup.list_of(steady)),
        _before_note(numbers),
    )


def _moved_at_sites(numbers: Numbers) -> list[str]:
    """One line for each chart of a site that is beyond chance, by site and measure; how many, where sites are not named."""
    lines = []
    for site in numbers.pages.itertuples(index=False):
        for measure in numbers.cards.scorecard:
            found = signals.signal(numbers, measure, site.site_id)
            if found is not None and found.kind in signals.MOVED:
                lines.append(_moved_line(numbers, found))
    if numbers.name_peers or not lines:
        return lines
    figures = "figure" if len(lines) == 1 else "figures"
    return [f"{len(lines)} {figures} of single {numbers.study.place}s; each stands on its own page."]


def _moved_line(numbers: Numbers, found: Signal) -> str:
    title, place = numbers.cards.cards[found.measure].title.lower(), panels.place_name(numbers, found.site)
    return f"{wording.first_up(place)}, {title}{signals.judged_on(numbers, found)}: {signals.say(numbers, found)}."


def _moved_elsewhere(numbers: Numbers) -> list[str]:
    """The charts beyond chance that the line on charts counts and nothing above lists: of hubs, and of months before one that fills up."""
    listed = {(each.measure, STATEWIDE) for each in standings(numbers) if each.kind in signals.MOVED}
    listed |= {(measure, site) for site in numbers.pages["site_id"] for measure in numbers.cards.scorecard}
    rest = [each for each in judged_charts(numbers) if each.kind in signals.MOVED]
    rest = [each for each in rest if (each.measure, each.site) not in listed]
    if numbers.name_peers:
        return [_moved_line(numbers, each) for each in rest]
    hubs = [each for each in rest if each.site != STATEWIDE]
    counted = [f"{len(hubs)} of {numbers.study.place}s of a hub taken together."] if hubs else []
    return [_moved_line(numbers, each) for each in rest if each.site == STATEWIDE] + counted


def _before_note(numbers: Numbers) -> Html:
    before = numbers.windows.before
    if before is not None and not any(each.change is not None for each in standings(numbers)):
        return Html("")
    said = (
        f"“Before” means {before.words}." if before is not None else "There are too few earlier months to compare with."
    )
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
        wording.range_words(row, card.unit, missed=each.target if each.verdict == "missed" else None)
        if given and pd.notna(row["low"]) and card.unit not in ("count", "rate")
        else "",
        _before_words(row, before, card),
        markup.percent(each.target, 1) if each.target is not None else "",
        markup.number(row["not_measurable"]) if pd.notna(row["not_measurable"]) else "",
    )


def _before_words(row: pd.Series, before: pd.Series | None, card: Card) -> str:
    if before is None or pd.isna(before["value"]):
        return ""
    if before["definition"] != row["definition"]:
        return "measured differently"
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
    if not numbers.name_peers:
        return Html("")
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
    words = "▼ below the standard by more than chance. " if any(standards) else ""
    cards = [numbers.cards.cards[measure] for measure in measures]
    reasons = [(card.title, standard_changed(card, numbers.windows.year)) for card in cards]
    return words + "".join(f"{title} has no mark: {why}. " for title, why in reasons if why)


def site_cell(numbers: Numbers, measure: str, site: str) -> str:
    """A place's figure over the year as a cell: value, range, and a mark where it is below the standard for certain."""
    row, unit = numbers.row(measure, numbers.windows.year, site=site), numbers.cards.cards[measure].unit
    if row is None or pd.isna(row["value"]):
        return wording.shown_value(row, unit)
    missed = missed_standard(numbers, row)
    span = f" ({wording.range_words(row, unit, missed=missed)})" if unit != "count" and pd.notna(row["low"]) else ""
    return f"{wording.shown_value(row, unit)}{span}{' ▼' if missed is not None else ''}"


def charted(numbers: Numbers) -> list[str]:
    """The measures whose charts stand on the page: those of the messages first, at most four."""
    wanted = [each.measure for each in messages(numbers)] + list(TRENDS)
    known = [name for name in dict.fromkeys(wanted) if name not in dict(numbers.off)]
    return [name for name in known if numbers.cards.cards[name].unit != "mix"][:MOST_CHARTS]


def trends(numbers: Numbers) -> Html:
    """The charts of page one."""
    drawn = [panels.trend(numbers, measure) for measure in charted(numbers)]
    return markup.together(
        Html(f'<p class="note">{markup.escaped(NO_SEASONS)}</p>'),
        Html(f'<div class="pair">{"".join(f"<div>{figure}</div>" for figure in drawn)}</div>'),
    )


def mixes(numbers: Numbers) -> Html:
    """How visits ended, who asked for help and why."""
    tables = [panels.mix_table(numbers, measure) for measure in MIXES if measure not in dict(numbers.off)]
    return markup.on_screen(Html(f'<div class="pair">{"".join(f"<div>{table}</div>" for table in tables)}</div>'))


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
        panels.definitions(numbers),
        panels.chart_rules_note(),
        panels.small_counts_note(),
    )


def publish(numbers: Numbers) -> None:
    """Stage the numbers of this brief as a table that may be sent on, for the state and every site."""
    panels.stage_measures(numbers, numbers.shown, notebook="collaborative_brief", site=STATEWIDE)
