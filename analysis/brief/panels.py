"""Pieces that several briefs share: title, trend figures, mixes, definitions, the last line."""

from collections.abc import Sequence

import pandas as pd

from analysis.brief import figures, markup, signals, wording
from analysis.brief.markup import Html
from analysis.brief.numbers import Numbers
from analysis.brief.press.made_from import made_from, say_made_from
from analysis.brief.series import GROWS, NOT_THROUGHOUT
from analysis.brief.small_counts.shareable import shown_count, write_table
from analysis.params import ROOT, Disclosure, Study, disclosure
from analysis.periods import Period
from analysis.quality.cards import choices_for, off_lines, target_for
from analysis.quality.counts import WHY_MISSING
from analysis.quality.measures import categories
from analysis.quality.pools import MARK, hubs
from analysis.tables import MEASURES_TABLE, STATEWIDE

# A part that could not be measured is spoken of from half of what is tolerated on: in time, before the figure is withheld.
WORTH_ASKING = 0.5


def title(study: Study, what: str, under: str) -> Html:
    """The page's heading, the line under it, and the notice on a made-up study."""
    parts = [markup.headline(what, level=1), Html(f'<p class="lede">{markup.escaped(under)}</p>')]
    return markup.together(*parts, *([markup.notice(study.made_up)] if study.made_up else []))


def last_line(study: Study, notebook: str) -> Html:
    """What the page was made from: the params that its notebook reads, versions."""
    return Html(f'<p class="made-from">{markup.escaped(say_made_from(made_from(study.name, notebook=notebook)))}</p>')


def unmeasured_part(numbers: Numbers, measure: str, row: pd.Series) -> float:
    """The part of the episodes that belong to a given share or wait but could not be measured; 0 where nothing is given."""
    if (
        numbers.cards.cards[measure].unit not in ("share", "minutes")
        or pd.isna(row["value"])
        or pd.isna(row["not_measurable"])
    ):
        return 0.0
    return float(row["not_measurable"] / (row["not_measurable"] + row["denominator"]))


def place_name(numbers: Numbers, site: str) -> str:
    """The site's name, those of a hub's sites together, or "statewide" (for a service in places: "all places")."""
    if site == STATEWIDE:
        return "statewide" if numbers.study.place == "site" else "all places"
    names = numbers.sites.set_index("site_id")["name"]
    if site.endswith(MARK):
        pool = next(pool for pool in hubs(numbers.sites) if pool.pool_id == site)
        return f"{wording.and_list([names[each] for each in pool.sites])} together"
    return names[site]


# --- figures over time -----------------------------------------------------------------------------------------------


def trend(numbers: Numbers, measure: str, *, site: str = STATEWIDE) -> Html:
    """One measure over time at one place, at the finest grain that may be shown; a line instead where none may."""
    found = signals.signal(numbers, measure, site)
    if found is None:
        return Html("")
    title = numbers.cards.cards[measure].title
    if found.points["value"].notna().sum() < 2:
        few = (
            "too few to show over time"
            if found.points["state"].eq(figures.HIDDEN).any()
            else "nothing to draw over time"
        )
        return markup.paragraph(f"{title}, {place_name(numbers, site)}: {few}.")
    drawing = trend_drawing(numbers, found)
    return markup.figure(
        drawing.svg,
        alt=drawing.alt,
        caption=f"{title}, {place_name(numbers, site)}{signals.judged_on(numbers, found)}: {signals.say(numbers, found)}",
        note=_trend_note(numbers, found),
        name=f"{measure}-{site}",
    )


def trend_drawing(numbers: Numbers, found: signals.Signal) -> figures.Drawing:
    """The chart of a signal, with its standard where one and the same holds over all of it."""
    card = numbers.cards.cards[found.measure]
    return figures.draw_months(
        found.points,
        unit=card.unit,
        title=card.title,
        place=place_name(numbers, found.site),
        target=_standing_target(numbers, found.measure, found.grain),
        finding=f"{signals.say(numbers, found)}{signals.judged_on(numbers, found)}",
        events=signals.events(numbers, found),
    )


def _standing_target(numbers: Numbers, measure: str, grain: Sequence[Period]) -> float | None:
    """The standard where one and the same holds over the whole figure."""
    shares = {
        target.share if target else None
        for target in (target_for(numbers.cards.cards[measure], each) for each in grain)
    }
    return shares.pop() if len(shares) == 1 else None


def _trend_note(numbers: Numbers, found: signals.Signal) -> str:
    limited = found.points["upper"].notna().any()
    unit = numbers.cards.cards[found.measure].unit
    parts = ["Grey: what is usual." if limited else f"Bars: 95% range{' of chance alone' if unit == 'count' else ''}."]
    if found.grain == numbers.windows.blocks:
        parts.append("Whole quarters, since single months would show small counts.")
    start = signals.begins(found.points)
    if start:
        earlier = "months" if found.grain == numbers.windows.months else "quarters"
        parts.append(f"Shown from {found.grain[start].first.strftime('%B %Y')} on; earlier {earlier} are hidden.")
    if found.points["state"].iloc[start:].isin([figures.HIDDEN, figures.NO_RECORDS]).any():
        parts.append("Hatched: cannot be given.")
    part = found.points["state"].eq(figures.INCOMPLETE) & found.points["note"].eq(NOT_THROUGHOUT)
    if part.any():
        parts.append("Hollow: not open for all of it, so compared with nothing.")
    partial = numbers.windows.partial
    if (found.points["state"].eq(figures.INCOMPLETE) & ~part).any() and partial:
        parts.append(wording.partial_words(partial, numbers.covers[1]))
    if numbers.cards.cards[found.measure].unit in GROWS and numbers.windows.now.name in numbers.young:
        parts.append(f"Hollow: {numbers.windows.now.words}, not judged yet, since late records are still to come.")
    return " ".join([*parts, signals.footer(numbers, found)])


# --- mixes -----------------------------------------------------------------------------------------------------------


def mix_table(numbers: Numbers, measure: str, *, site: str = STATEWIDE) -> Html:
    """A mix over the year: each category with its count and share; largest first, those that are hidden or none last."""
    if measure in dict(numbers.off):
        return Html("")
    card, rule = numbers.cards.cards[measure], disclosure()
    rows = _mix(numbers, measure, site)
    if rows["hidden"].all():
        return markup.paragraph(f"{card.title}, {place_name(numbers, site)}: too few to show.")
    if rows["denominator"].fillna(0).eq(0).all() and not rows["hidden"].any():
        return markup.paragraph(
            f"{card.title}, {place_name(numbers, site)}: nothing recorded from {numbers.windows.year.words}."
        )
    lines = [_mix_line(row, rule) for _, row in rows[~rows["none"] & ~rows["hidden"]].iterrows()]
    if rows["hidden"].any():
        lines.append((f"each of: {', '.join(rows.loc[rows['hidden'], 'words'])}", rule.mark, "", ""))
    if rows["none"].any():
        lines.append((f"none: {', '.join(rows.loc[rows['none'], 'words'])}", "0", "", ""))
    caption = f"{card.title}, {place_name(numbers, site)}, {numbers.windows.year.words}"
    table = markup.table(
        lines,
        caption=caption,
        headers=["Recorded as", "Crises", "Share", "95% range"],
        numeric=["Crises", "Share", "95% range"],
    )
    return markup.together(table, _mix_note(rows))


def _mix(numbers: Numbers, measure: str, site: str) -> pd.DataFrame:
    card = numbers.cards.cards[measure]
    words = categories(measure, choices_for(card, numbers.study))
    here = numbers.shown["measure"].eq(measure) & numbers.shown["site_id"].eq(site)
    rows = numbers.shown[here & numbers.shown["period"].eq(numbers.windows.year.name)].set_index("stratum")
    rows = rows.reindex([code for code in words if code in rows.index])
    rows = rows.assign(
        words=[words[code] for code in rows.index], none=rows["numerator"].eq(0).fillna(False).astype(bool)
    )
    order = pd.DataFrame(
        {"size": -rows["numerator"].astype("Float64").fillna(0.5), "at": range(len(rows))}, index=rows.index
    )
    return rows.loc[order.sort_values(["size", "at"]).index]


def _mix_line(row: pd.Series, rule: Disclosure) -> tuple[str, str, str, str]:
    if pd.isna(row["value"]):
        return row["words"], "not given", "", ""
    share = markup.percent(row["value"], row["denominator"])
    return (
        row["words"],
        shown_count(row["numerator"], rule),
        share,
        markup.interval(row["low"], row["high"], "share", around=row["value"]),
    )


def hidden_note() -> str:
    """What the mark of a hidden cell stands for."""
    rule = disclosure()
    return f"“{rule.mark}”: {rule.hidden_words}, or a figure that would give such a count away."


def _mix_note(rows: pd.DataFrame) -> Html:
    row = rows.loc[~rows["hidden"]].iloc[0]
    unknown = row["not_measurable"]
    left = "" if pd.isna(unknown) or not unknown else f"; {markup.number(unknown)} more have none recorded"
    reason = f" {WHY_MISSING['not_recorded'].capitalize()}." if row["why_missing"] == "not_recorded" else ""
    return Html(
        f'<p class="note">Of {markup.number(row["denominator"])} crises for which it is known{left}.{reason}</p>'
    )


def when_figures(numbers: Numbers, *, site: str = STATEWIDE) -> Html:
    """When crises come: hours of the day and days of the week, over the year."""
    parts = []
    for measure, short in (
        ("hour_of_day", _hours_words),
        ("day_of_week", lambda words: words[:3]),
    ):
        if measure in dict(numbers.off):
            continue
        card = numbers.cards.cards[measure]
        words = categories(measure, choices_for(card, numbers.study))
        rows = _mix(numbers, measure, site).reindex(list(words))
        bars = pd.DataFrame(
            {"label": [short(words[code]) for code in words], "value": rows["value"].astype(float).to_numpy()}
        )
        if bars["value"].notna().sum() < 2:
            continue
        drawing = figures.draw_bars(bars, title=card.title, place=place_name(numbers, site))
        note = "Hatched: too few to show." if bars["value"].isna().any() else ""
        parts.append(
            markup.figure(
                drawing.svg,
                alt=drawing.alt,
                caption=f"{card.title}, {numbers.windows.year.words}",
                note=note,
                name=f"{measure}-{site}",
            )
        )
    return (
        markup.on_screen(Html(f'<div class="pair">{markup.together(*parts)}</div>'))
        if parts
        else markup.paragraph("Too few to show when crises come.")
    )


def _hours_words(band: str) -> str:
    """A band of hours as an axis label.

    >>> _hours_words("16:00-19:59")
    '16-20 h'
    """
    start, end = (int(time[:2]) for time in band.split("-"))
    return f"{start}-{end + 1} h"


# --- about the figures -----------------------------------------------------------------------------------------------


def definitions(numbers: Numbers) -> Html:
    """What each measure counts, out of what, its clock and standard with their sources."""
    lines, said = [], ""
    for measure in numbers.cards.cards:
        if measure in dict(numbers.off):
            continue
        card, standard = numbers.cards.cards[measure], _standard_words(numbers, measure)
        # Measures of one clock stand together; its long source is said once.
        repeated = standard == said and standard != "none"
        lines.append((card.title, card.counts, card.out_of, "as above" if repeated else standard))
        said = standard
    headers = ["Measure", "Counts", "Out of", "Standard and its source"]
    return markup.details(
        "What each measure counts", markup.table(lines, caption="Definitions", headers=headers), on_paper=False
    )


def _standard_words(numbers: Numbers, measure: str) -> str:
    card = numbers.cards.cards[measure]
    now = numbers.windows.now
    if card.clocks:
        held = [clock for clock in card.clocks if clock.holds_on(now.to_on.date())]
        return " ".join(wording.clock_words(clock, standard=card.unit == "share") for clock in held)
    target = target_for(card, now)
    return f"{markup.percent(target.share, 1)}. Source: {target.source}." if target else "none"


def switched_off(numbers: Numbers) -> Html:
    """One line for each reason why these data cannot give a measure, with the measures."""
    lines = off_lines(numbers.cards, numbers.off)
    if not lines:
        return Html("")
    return markup.together(markup.paragraph("These data can't give:"), markup.list_of(lines))


def chart_rules_note() -> Html:
    """By which rules a chart over time is judged, under the names that the field has for them."""
    return Html(
        '<p class="note">Charts over time: counts, waits and scores by XmR charts with the rules of NHS Making Data Count; shares, rates and small '
        "counts by limits at 3 sigma (p, u and c charts, Laney’s where the spread asks for it) with the rules for runs of Anhøj and "
        "Olesen (2014).</p>"
    )


def small_counts_note() -> Html:
    """How small counts are hidden."""
    rule = disclosure()
    return Html(
        f'<p class="note">Figures behind which fewer than {rule.smallest_shown} people stand are not shown, nor is one more wherever '
        f"the first could be worked out from it. Of what teams do (a visit, a plan, a call back) it is the number out of which it is "
        f"counted that is protected. Both read “{markup.escaped(rule.mark)}”. Single months give way to whole quarters, "
        "then to a year of four quarters; where only the first months or quarters are too few, all of those are hidden and the later ones "
        "shown.</p>"
    )


# --- what may be sent on ---------------------------------------------------------------------------------------------


def stage_measures(numbers: Numbers, rows: pd.DataFrame, *, notebook: str, site: str) -> None:
    """Write the rows as measures.csv among the notebook's staged tables; the run moves them to tables/ if it ends well."""
    cards = numbers.cards.cards
    folder = ROOT / "outputs" / numbers.study.name / "runs" / numbers.windows.now.name / site / f"{notebook}.tables"
    write_table(
        rows[MEASURES_TABLE.names],
        folder / "measures.csv",
        table=MEASURES_TABLE,
        rule=disclosure(),
        hide={name: card.hide for name, card in cards.items()},
        units={name: card.unit for name, card in cards.items()},
    )
