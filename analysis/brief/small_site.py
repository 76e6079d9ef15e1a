"""A site too small for charts: its crises in whole numbers, its hub's sites together, and one aim for the next month."""

import pandas as pd

from analysis.brief import markup, panels, signals
from analysis.brief.markup import Html
from analysis.brief.numbers import POOLED, Numbers
from analysis.quality.pools import Pool, hubs

SIDE_BY_SIDE = 2  # charts of the hub's sites together: how many came, and one share
# Steps that a team takes itself at every visit, whatever its numbers.
WITHIN_REACH = {
    "safety_plan_share": "make a safety plan with the family at every visit, and write it down",
    "suicide_screen_share": "do the suicide screen at every visit, and write down what came of it",
    "follow_up_72_hours_share": "call or visit every family again within three days",
    "crisis_assessment_share": "do the crisis assessment at every visit, and write it down",
}


def is_small(numbers: Numbers, site: str) -> bool:
    """True where no measure of the scorecard can be shown over time: a page of charts would say "too few" and nothing else."""
    charts = [signals.signal(numbers, measure, site) for measure in numbers.cards.scorecard]
    return not any(chart is not None and chart.points["value"].notna().sum() > 1 for chart in charts)


def page(numbers: Numbers, site: str) -> Html:
    """Its crises, its hub's pooled trend and one aim, in place of charts that could tell nothing."""
    return markup.together(_cases(numbers, site), _pooled(numbers, site), _aim(numbers, site))


def _cases(numbers: Numbers, site: str) -> Html:
    """The year in whole numbers: a percentage of a few families says more than is known."""
    lines = []
    for measure in numbers.cards.scorecard:
        card, row = numbers.cards.cards[measure], numbers.row(measure, numbers.windows.year, site=site)
        if card.unit == "share" and row is not None and pd.notna(row["value"]):
            lines.append(f"{card.title}: {markup.x_of_n(row['numerator'], row['denominator'])}.")
    intro = (
        f"Too few families come here for a chart: from {numbers.windows.year.words}, in whole numbers."
        if lines
        else "Too few families come here for a chart, or for any number of the year to be shown."
    )
    return markup.together(markup.paragraph(intro), markup.list_of(lines))


def _pooled(numbers: Numbers, site: str) -> Html:
    """The sites of its hub taken together over time, or over the year alone where quarters would give a small count away."""
    pool = pool_of(numbers, site)
    if pool is None:
        return Html("")
    place, year = panels.place_name(numbers, pool.pool_id), numbers.windows.year
    years = {measure: numbers.row(measure, year, site=pool.pool_id) for measure in POOLED}
    given = {measure: row for measure, row in years.items() if row is not None and pd.notna(row["value"])}
    drawn = [panels.trend(numbers, measure, site=pool.pool_id) for measure in _charted(numbers, pool)]
    if drawn:
        return markup.together(
            markup.paragraph(f"What can be seen of {place}:"),
            Html(f'<div class="pair">{"".join(f"<div>{figure}</div>" for figure in drawn)}</div>'),
        )
    if not given:
        return markup.paragraph(
            f"Nothing can be shown of {place}. The few crises of one site could be worked out from it."
        )
    return markup.together(
        markup.paragraph(f"What can be seen of {place}:"),
        markup.list_of(_year_words(numbers, measure, row) for measure, row in given.items()),
        markup.paragraph(
            f"This is from {year.words}. Quarters are left out, since the few crises of one site could then be worked out."
        ),
    )


def pooled_charts(numbers: Numbers) -> list[tuple[str, str]]:
    """The charts of hubs that stand on the pages of small sites: measure and pool, each once."""
    small = [site for site in numbers.pages["site_id"] if is_small(numbers, site)]
    pools = {pool.pool_id: pool for site in small if (pool := pool_of(numbers, site)) is not None}
    return [(measure, each) for each, pool in sorted(pools.items()) for measure in _charted(numbers, pool)]


def _charted(numbers: Numbers, pool: Pool) -> list[str]:
    """The measures of the pool that are drawn over time."""
    years = {measure: numbers.row(measure, numbers.windows.year, site=pool.pool_id) for measure in POOLED}
    given = [measure for measure, row in years.items() if row is not None and pd.notna(row["value"])]
    return [measure for measure in given if over_time(numbers, measure, pool)][:SIDE_BY_SIDE]


def over_time(numbers: Numbers, measure: str, pool: Pool) -> bool:
    """True where the pool has two points or more to be drawn."""
    found = signals.signal(numbers, measure, pool.pool_id)
    return found is not None and int(found.points["value"].notna().sum()) > 1


def _year_words(numbers: Numbers, measure: str, row: pd.Series) -> str:
    card = numbers.cards.cards[measure]
    out_of = markup.x_of_n(row["numerator"], row["denominator"]) if card.unit == "share" else f"{row['value']:,.0f}"
    return f"{card.title}: {out_of}."


def pool_of(numbers: Numbers, site: str) -> Pool | None:
    """The pool that the site is in; none where sites may not be named, since less its own number it is the others'."""
    return next((pool for pool in hubs(numbers.sites) if site in pool.sites), None) if numbers.name_peers else None


def _aim(numbers: Numbers, site: str) -> Html:
    """The step within the team's reach that was taken least often, or the first of them where none is known."""
    rows = {measure: numbers.row(measure, numbers.windows.year, site=site) for measure in WITHIN_REACH}
    given = {measure: row for measure, row in rows.items() if row is not None and pd.notna(row["value"])}
    measure = min(given, key=lambda name: given[name]["value"]) if given else next(iter(WITHIN_REACH))
    known = (
        f" In the year it was so for {markup.x_of_n(given[measure]['numerator'], given[measure]['denominator'])}."
        if measure in given
        else ""
    )
    return markup.paragraph(
        f"One aim for next month: {WITHIN_REACH[measure]}.{known} Tick it off at each visit; no chart is needed."
    )
