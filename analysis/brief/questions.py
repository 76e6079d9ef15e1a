"""Every measure under the three questions of results-based accountability: how much, how well, is anyone better off."""

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.markup import Html
from analysis.brief.numbers import Numbers
from analysis.brief.standings import missed_standard
from analysis.quality.cards import Card, target_for
from analysis.quality.measures.outcomes import RELIABLE
from analysis.quality.scales import chance_share
from analysis.tables import STATEWIDE

QUESTIONS = {
    "how_much": "How much did we do?",
    "how_well": "How well did we do it?",
    "better_off": "Is anyone better off?",
}

RATED_TWICE = {"worker": "rated_twice_worker_share", "parent": "rated_twice_parent_share"}


def three_questions(numbers: Numbers, *, site: str = STATEWIDE) -> Html:
    """One folded table a question: each measure that the study has, in the period and over the year."""
    tables = [_one(numbers, asks, words, site) for asks, words in QUESTIONS.items()]
    return markup.together(
        markup.paragraph("Each question opens its table. On paper, the figures are in the workbook."), *tables
    )


def _one(numbers: Numbers, asks: str, words: str, site: str) -> Html:
    chosen = [
        name for name, card in numbers.cards.cards.items()
        if card.asks == asks and card.unit != "mix" and numbers.row(name, numbers.windows.year, site=site) is not None
    ]  # fmt: skip
    if not chosen:
        return markup.paragraph(f"{words} These data hold no measure for it.")
    statewide = site == STATEWIDE
    headers = [
        "Measure",
        *([numbers.windows.now.words] if statewide else []),
        "Year",
        "95% range",
        "Standard",
        "Not measurable",
    ]
    lines = [_line(numbers, name, site, statewide) for name in chosen]
    caption = f"{words.rstrip('?')}: {panels.place_name(numbers, site)}, year {numbers.windows.year.words}"
    return markup.details(
        f"{words} ({len(chosen)} measures)",
        markup.table(lines, caption=caption, headers=headers, numeric=headers[1:]),
        on_paper=False,
    )


def _line(numbers: Numbers, measure: str, site: str, statewide: bool) -> tuple[str, ...]:
    card, year = numbers.cards.cards[measure], numbers.windows.year
    row = numbers.row(measure, year, site=site)
    target = target_for(card, year) if card.unit == "share" else None
    standard = markup.percent(target.share, 1) if target else ""
    title = card.title
    if measure in RELIABLE:
        title, standard = _beside_chance(numbers, measure, row, site)
    now = [_value(card, numbers.row(measure, numbers.windows.now, site=site))] if statewide else []
    spanned = pd.notna(row["low"]) and card.unit not in ("count", "number", "portion")
    return (
        title,
        *now,
        _value(card, row),
        wording.range_words(row, card.unit, missed=missed_standard(numbers, row)) if spanned else "",
        standard,
        markup.number(row["not_measurable"]) if pd.notna(row["not_measurable"]) else "",
    )


def _beside_chance(numbers: Numbers, measure: str, row: pd.Series, site: str) -> tuple[str, str]:
    """What a share of reliable change cannot be read without: from what change on, of how many stays, and what chance alone gives."""
    code, rater = RELIABLE[measure]
    scale, stays = numbers.cards.scales[code], numbers.row(RATED_TWICE[rater], numbers.windows.year, site=site)
    limit = f"{markup.number(scale.threshold, decimals=1)} points or more{', an illustrative limit' if scale.illustrative else ''}"
    rated = "how many were rated twice can’t be shown"
    twice = _rated_twice(numbers, measure, site)
    if twice is not None and stays is not None and not stays["hidden"] and stays["denominator"] > 0:
        share = markup.percent(twice / stays["denominator"], stays["denominator"])
        rated = f"rated twice: {markup.x_of_n(twice, stays['denominator'])} stays ({share})"
    title = numbers.cards.cards[measure].title
    return f"{title} ({limit}; {rated})", f"by chance alone {markup.number(100 * chance_share(scale), decimals=1)}%"


def _rated_twice(numbers: Numbers, measure: str, site: str) -> float | None:
    """Stays of the year rated twice on the measure's scale by its rater, as the rows that are shown say it; None where none is.

    Those better and those worse are of the same stays, so the one that is shown says for both what anybody can read there.
    """
    alike = [measure, *(name for name, of in RELIABLE.items() if of == RELIABLE[measure])]
    for row in (numbers.row(name, numbers.windows.year, site=site) for name in alike):
        if row is not None and not row["hidden"] and pd.notna(row["not_measurable"]):
            return row["denominator"] + row["not_measurable"]
    return None


def _value(card: Card, row: pd.Series | None) -> str:
    if row is None or pd.isna(row["value"]):
        return wording.shown_value(row, card.unit)
    return wording.value_words(row, card.unit)
