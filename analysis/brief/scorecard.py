"""One site's page: its year, its last quarter, how sure they are, and what to look at next."""

import pandas as pd

from analysis import params
from analysis.brief import markup, panels, signals, small_site, wording
from analysis.brief.kept import open_numbers
from analysis.brief.markup import Html
from analysis.brief.monthly import MIXES, REACHED
from analysis.brief.numbers import Numbers
from analysis.brief.site_by_site import funnel, measure_of_the_month
from analysis.brief.standings import missed_standard, standard_changed
from analysis.params import one_site
from analysis.quality.cards import target_for
from analysis.quality.comparisons import against_target, bounds
from analysis.quality.counts import WHY_MISSING
from analysis.tables import STATEWIDE

MOST_NEXT = 3
MOST_CHARTS = 4
# A shape with its word: never color alone, and never a verdict on a person.
VARIATION = {
    signals.GOOD: "▲ better than usual",
    signals.BAD: "■ worse than usual",
    "high": "◆ higher than usual",
    "low": "◆ lower than usual",
    "none": "○ as usual",
    "cannot_tell": "… too few to tell",
}
PAST_IS_COUNTED = (
    "How many of all marks against a site’s own past chance alone gives stands at the top of the state’s brief. "
)
STANDARD_IS_NOT = (
    "Those against a standard come on top: of sites just at it, at most 5 in 100 look above or below by chance."
)
TOO_WIDE = 0.2  # a range of more than 20 of 100 leaves nothing to stand out


def open_scorecard(study: str, period: str, site: str) -> Numbers:
    """The numbers of the page; a sentence (ParamsError) where the study has no such site."""
    chosen = params.study(study)
    numbers = open_numbers(chosen, chosen.period(period))
    one_site(site, numbers.pages["site_id"].tolist())
    return numbers


def title(numbers: Numbers, site: str) -> Html:
    """The page's heading: the site, the year that it shows, and when it opened."""
    study, place = numbers.study, panels.place_name(numbers, site)
    row = numbers.pages.set_index("site_id").loc[site]
    opened = f" Open since {wording.day_words(row['opened_on'])}." if pd.notna(row["opened_on"]) else ""
    closed = f" Closed on {wording.day_words(row['closed_on'])}." if pd.notna(row["closed_on"]) else ""
    under = f"{study.service}. {study.title}. One {study.place}'s page.{opened}{closed}"
    return panels.title(study, f"{place}, year to {numbers.windows.year.last.strftime('%B %Y')}", under)


def headline(numbers: Numbers, site: str) -> Html:
    """What a reader should take away: what happened here in the year, and the first thing to look at."""
    first, second = takeaways(numbers, site)
    return Html(f'<p class="headline">{markup.escaped(first)} {markup.escaped(second)}</p>')


def takeaways(numbers: Numbers, site: str) -> tuple[str, str]:
    """The top of the page in short sentences: what happened; the first thing to look at."""
    if (closed := _not_open(numbers, site)) is not None:
        return closed
    found = _asks(numbers, site)
    second = found[0][0] if found else "Nothing here stands out from chance."
    return _what_happened(numbers, site), second


def _what_happened(numbers: Numbers, site: str) -> str:
    year, place = numbers.windows.year, panels.place_name(numbers, site)
    count = numbers.row("episodes", year, site=site)
    if pd.isna(count["value"]):
        # It may be hidden to cover another site's count, so nothing is said of how many there were.
        hidden = (
            f"From {year.words}, {place} responded to crises whose number is hidden, to protect {numbers.study.people}."
        )
        return f"{hidden} So this page can’t say how it is doing."
    sentence = f"From {year.words}, {place} responded to {markup.number(count['value'])} crises."
    for measure, what in REACHED.items():
        row = numbers.row(measure, year, site=site)
        if row is not None and pd.notna(row["value"]):
            said = f"{markup.x_of_n(row['numerator'], row['denominator'])} {what}"
            share = markup.percent(row["value"], row["denominator"])
            span = wording.range_words(row, "share", missed=missed_standard(numbers, row))
            return f"{sentence} {said} ({share}). The range is {span} of 100{_against(numbers, measure, row)}."
    return sentence


def _not_open(numbers: Numbers, site: str) -> tuple[str, str] | None:
    """Why a site has no year, and what comes next: it opened after it, or closed before it; None where it was open in it."""
    year, row = numbers.windows.year, numbers.pages.set_index("site_id").loc[site]
    if pd.notna(row["opened_on"]) and row["opened_on"] > year.to_on:
        said = f"{row['name']} opened on {wording.day_words(row['opened_on'])}, after the year that this page shows."
        return said, "Its figures stand here once a whole quarter is over."
    if pd.notna(row["closed_on"]) and row["closed_on"] < year.from_on:
        said = f"{row['name']} closed on {wording.day_words(row['closed_on'])}, before the year that this page shows."
        return said, "There is nothing new to look at."
    return None


def _against(numbers: Numbers, measure: str, row: pd.Series) -> str:
    target = target_for(numbers.cards.cards[measure], numbers.windows.year)
    if target is None:
        why = standard_changed(numbers.cards.cards[measure], numbers.windows.year)
        return f". It is held against no standard: {why}" if why else ""
    return f": {wording.target_words(against_target(row, target.share, numbers.cards), target.share)}"


def how_sure(numbers: Numbers, site: str) -> Html:
    """What this page can tell and what it cannot, from the range of its own year."""
    if _not_open(numbers, site) is not None:
        return markup.paragraph("How sure is this? Nothing can be said of a year in which the site was not open.")
    given = _given(numbers, site)
    if given is None:
        return markup.paragraph(
            "No share can be shown here. Read what people who work here say, and the longer view next year."
        )
    measure, row = given
    title, span = (
        numbers.cards.cards[measure].title.lower(),
        markup.interval(row["low"], row["high"], "share", around=row["value"]),
    )
    return markup.paragraph(
        f"How sure is this? With {markup.number(row['denominator'])} in the year, chance alone leaves “{title}” open from {span} of 100. "
        "Differences smaller than that, and most single months, prove nothing by themselves."
    )


def _given(numbers: Numbers, site: str) -> tuple[str, pd.Series] | None:
    """The first share of the headline that can be given for the site's year."""
    rows = [(measure, numbers.row(measure, numbers.windows.year, site=site)) for measure in REACHED]
    return next(((measure, row) for measure, row in rows if row is not None and pd.notna(row["value"])), None)


def key_table(numbers: Numbers, site: str) -> Html:
    """At most eight measures: the last quarter, the year with its range, the state's year, the site's own past, the standard."""
    quarter = numbers.windows.blocks[-1] if numbers.windows.blocks else None
    shown = [name for name in numbers.cards.scorecard if numbers.row(name, numbers.windows.year, site=site) is not None]
    small = small_site.is_small(numbers, site)
    lines = [_line(numbers, measure, site, quarter, small) for measure in shown]
    headers = [
        "Measure",
        *([] if small else ["Last quarter"]),
        "Year",
        "95% range",
        panels.place_name(numbers, STATEWIDE).capitalize(),
        *([] if small else ["Against its own past"]),
        "Against the standard",
    ]
    table = markup.table(
        lines,
        caption=f"{panels.place_name(numbers, site)}, {numbers.windows.year.words}",
        headers=headers,
        numeric=headers[1 : 4 if small else 5],
    )
    months = f"The last quarter is {quarter.words}. " if quarter is not None and not small else ""
    note = f"{months}{panels.hidden_note()} {'' if small else PAST_IS_COUNTED}{STANDARD_IS_NOT}"
    return markup.together(table, Html(f'<p class="note">{markup.escaped(note)}</p>'))


def _line(numbers: Numbers, measure: str, site: str, quarter, small: bool) -> tuple[str, ...]:
    card, year = numbers.cards.cards[measure], numbers.windows.year
    row, state = numbers.row(measure, year, site=site), numbers.row(measure, year)
    target = target_for(card, year) if card.unit == "share" and card.better != "neither" else None
    spanned = pd.notna(row["low"]) and card.unit != "count"
    return (
        card.title,
        *(
            []
            if small
            else [wording.shown_value(numbers.row(measure, quarter, site=site), card.unit) if quarter else ""]
        ),
        wording.value_words(row, card.unit) if pd.notna(row["value"]) else wording.shown_value(row, card.unit),
        wording.range_words(row, card.unit, missed=missed_standard(numbers, row)) if spanned else "",
        wording.shown_value(state, card.unit),
        *([] if small else [VARIATION[signals.signal(numbers, measure, site).kind]]),
        _in_words(numbers, measure, row, target),
    )


def _in_words(numbers: Numbers, measure: str, row: pd.Series, target) -> str:
    card = numbers.cards.cards[measure]
    if row["hidden"]:
        return "can’t be shown"
    if pd.isna(row["value"]):
        if card.unit == "share" and row["why_missing"] == "not_recorded":
            return f"not given: {wording.withheld_words(row, bounds(row, numbers.cards))}"
        return WHY_MISSING.get(row["why_missing"], "nothing recorded")
    if target is None:
        why = standard_changed(card, numbers.windows.year)
        return f"no standard: {why}" if why else ""
    return wording.target_words(against_target(row, target.share, numbers.cards), target.share)


def what_next(numbers: Numbers, site: str) -> Html:
    """At most three things for this site, in words that ask and don't judge."""
    if (closed := _not_open(numbers, site)) is not None:
        return markup.paragraph(closed[1])
    found = _asks(numbers, site)
    if not found:
        given = _given(numbers, site)
        if given is None or given[1]["high"] - given[1]["low"] > TOO_WIDE:
            return markup.paragraph("Nothing here can be told from chance. What people here see counts for more.")
        use = numbers.row("episodes_per_1000", numbers.windows.year, site=site)
        known = (
            " Use differs from the state’s by no more than chance."
            if use is not None and pd.notna(use["value"])
            else ""
        )
        return markup.paragraph(
            f"No standard is missed here by more than chance.{known} If people here see it otherwise, believe them and bring it."
        )
    return markup.list_of([f"{said} {question}" for said, question in found[:MOST_NEXT]], ordered=True)


def _asks(numbers: Numbers, site: str) -> list[tuple[str, str]]:
    """What stands out here, each with its question: first what got worse, then standards, use, gaps in the records, gains."""
    return [
        *_moved(numbers, site, signals.BAD, "What changed, and what help is needed?"),
        *_below(numbers, site),
        *_use(numbers, site),
        *_withheld(numbers, site),
        *_moved(numbers, site, signals.GOOD, "What made the difference, and what could others test?"),
        *_unmeasured(numbers, site),
    ]


def _moved(numbers: Numbers, site: str, kind: str, question: str) -> list[tuple[str, str]]:
    found = [signals.signal(numbers, measure, site) for measure in numbers.cards.scorecard]
    return [
        (f"{_last_value(numbers, each)} That is {signals.say(numbers, each)}.", question)
        for each in found
        if each is not None and each.kind == kind
    ]


def _last_value(numbers: Numbers, each: signals.Signal) -> str:
    """The figure that a chart speaks of, with its month or quarter: the year beside it may say something else."""
    card, window = numbers.cards.cards[each.measure], each.grain[each.last]
    row = numbers.row(each.measure, window, site=each.site)
    return f"{card.title} in {window.words}: {wording.value_words(row, card.unit)}."


def _rows(numbers: Numbers, site: str) -> list[tuple[str, pd.Series]]:
    rows = [(measure, numbers.row(measure, numbers.windows.year, site=site)) for measure in numbers.cards.scorecard]
    return [(measure, row) for measure, row in rows if row is not None and not row["hidden"]]


def _below(numbers: Numbers, site: str) -> list[tuple[str, str]]:
    said = []
    for measure, row in _rows(numbers, site):
        card = numbers.cards.cards[measure]
        target = target_for(card, numbers.windows.year) if card.unit == "share" and card.better != "neither" else None
        if target is not None and against_target(row, target.share, numbers.cards) == "missed":
            side = "below" if card.better == "higher" else "above"
            said.append(
                (
                    f"{card.title}: {wording.share_words(row)}. That is {side} the standard of {markup.percent(target.share, 1)} by more than chance.",
                    "What gets in the way: hours, distance, staff, or how the call reaches you?",
                )
            )
    return said


def _use(numbers: Numbers, site: str) -> list[tuple[str, str]]:
    """Use that differs from the state's by more than chance in the count."""
    row, state = (numbers.row("episodes_per_1000", numbers.windows.year, site=place) for place in (site, STATEWIDE))
    if row is None or pd.isna(row["value"]) or pd.isna(state["value"]) or row["low"] <= state["value"] <= row["high"]:
        return []
    fewer = row["high"] < state["value"]
    question = (
        "Do families, schools and the call center know the number, and who else takes these calls?"
        if fewer
        else "What brings the calls here that others could learn from?"
    )
    span = markup.interval(row["low"], row["high"], "rate", around=row["value"])
    said = f"It had {wording.value_words(row, 'rate')} crises for every 1,000 children in the year (range {span}); {panels.place_name(numbers, STATEWIDE)} it was {wording.value_words(state, 'rate')}"
    than = "fewer" if fewer else "more"
    return [
        (
            f"This site has {than} crises for its children than the state as a whole. {said}.",
            f"Sites differ for reasons of their own. {question}",
        )
    ]


def _withheld(numbers: Numbers, site: str) -> list[tuple[str, str]]:
    return [
        (
            f"{numbers.cards.cards[measure].title}: {wording.withheld_words(row, bounds(row, numbers.cards))}.",
            "Who enters it?",
        )
        for measure, row in _rows(numbers, site)
        if numbers.cards.cards[measure].unit == "share" and row["why_missing"] == "not_recorded"
    ]


def _unmeasured(numbers: Numbers, site: str) -> list[tuple[str, str]]:
    """Shares of which half the tolerated part or more could not be measured."""
    said = []
    for measure, row in _rows(numbers, site):
        part = panels.unmeasured_part(numbers, measure, row)
        if numbers.cards.cards[measure].unit == "share" and part >= panels.WORTH_ASKING * numbers.cards.most_unmeasured(
            measure
        ):
            counted = markup.x_of_n(row["not_measurable"], row["not_measurable"] + row["denominator"])
            title = numbers.cards.cards[measure].title
            said.append((f"{title} could not be measured for {counted}.", "Which entries are missing?"))
    return said


def trends(numbers: Numbers, site: str) -> Html:
    """The charts of the scorecard, those that moved first; a small site gets its crises, its hub's pooled trend and one aim."""
    if _not_open(numbers, site) is not None:
        return markup.paragraph("There is nothing to draw of a year in which the site was not open.")
    if small_site.is_small(numbers, site):
        return small_site.page(numbers, site)
    names = [name for name in numbers.cards.scorecard if signals.signal(numbers, name, site) is not None]
    moved = [name for name in names if signals.signal(numbers, name, site).kind in signals.MOVED]
    chosen = list(dict.fromkeys([*moved, *names]))[:MOST_CHARTS]
    drawn = (panels.trend(numbers, measure, site=site) for measure in chosen)
    return Html(f'<div class="pair">{"".join(f"<div>{figure}</div>" for figure in drawn)}</div>')


def beside_the_others(numbers: Numbers, site: str) -> Html:
    """The site in the funnel of the month's measure; nothing where it is too small to be placed."""
    measure = measure_of_the_month(numbers)
    row = numbers.row(measure, numbers.windows.year, site=site) if measure else None
    return funnel(numbers, measure, named=site) if row is not None and pd.notna(row["value"]) else Html("")


def mixes(numbers: Numbers, site: str) -> Html:
    """How visits ended, who asked for help and why, over the year."""
    tables = [panels.mix_table(numbers, measure, site=site) for measure in MIXES if measure not in dict(numbers.off)]
    return markup.on_screen(Html(f'<div class="pair">{"".join(f"<div>{table}</div>" for table in tables)}</div>'))


def about(numbers: Numbers) -> Html:
    """Definitions, what the data cannot give, notes of the study."""
    return markup.together(
        markup.list_of(numbers.study.notes),
        panels.switched_off(numbers),
        panels.definitions(numbers),
        panels.chart_rules_note(),
        panels.small_counts_note(),
    )


def publish(numbers: Numbers, site: str) -> None:
    """Stage this site's numbers as a table that may be sent on."""
    panels.stage_measures(
        numbers, numbers.shown[numbers.shown["site_id"].eq(site)], notebook="site_scorecard", site=site
    )
