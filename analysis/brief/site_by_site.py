"""All sites at one time on one measure: small lines side by side, and each site beside the state in a funnel."""

import numpy as np
import pandas as pd

from analysis.brief import markup, panels, signals, wording
from analysis.brief.apart import BEYOND, FEWEST_SITES, judged, year_by_site
from analysis.brief.attention import messages
from analysis.brief.figures import Drawing
from analysis.brief.markup import Html
from analysis.brief.numbers import Numbers
from analysis.brief.site_figures import draw_funnel, draw_small_multiples
from analysis.quality.cards import target_for
from analysis.quality.charts.records import Chart

LINE_POINTS = 90  # corners of a limit of the funnel: more draw the same line


def measure_of_the_month(numbers: Numbers) -> str | None:
    """The share that the messages speak of; else one scorecard share after the other, month by month."""
    shares = [
        name
        for name in numbers.cards.scorecard
        if numbers.cards.cards[name].unit == "share" and name not in dict(numbers.off)
    ]
    if not shares:
        return None
    spoken_of = [each.measure for each in messages(numbers) if each.measure in shares]
    return spoken_of[0] if spoken_of else shares[numbers.windows.now.last.ordinal % len(shares)]


def side_by_side(numbers: Numbers) -> Html:
    """Small lines of the month's measure, a site each, and the funnel of the year."""
    measure = measure_of_the_month(numbers)
    if measure is None or len(numbers.pages) < 2:
        return Html("")
    if not numbers.name_peers:
        return markup.paragraph(
            f"{numbers.study.place.capitalize()}s are not named to each other here. Each has a page of its own."
        )
    card = numbers.cards.cards[measure]
    target = target_for(card, numbers.windows.year)
    places = [(site.name, _small(numbers, measure, site.site_id)) for site in numbers.pages.itertuples(index=False)]
    drawing = draw_small_multiples(places, title=card.title, target=target.share if target else None)
    note = (
        "One line for each place by name, all on one axis: months from when on they may be shown, else whole quarters. "
        "Hollow: out of fewer than 8. A triangle is better, a square worse than usual by more than chance."
    )
    return markup.together(
        markup.figure(drawing.svg, alt=drawing.alt, caption=f"{card.title}, by {numbers.study.place}", note=note,
                      name=f"multiples-{measure}", wide=True),
        funnel(numbers, measure),
    )  # fmt: skip


def _small(numbers: Numbers, measure: str, site: str) -> pd.DataFrame:
    points = signals.signal(numbers, measure, site).points
    return pd.DataFrame({"value": points["value"], "n": points["denominator"], "mark": points["mark"]})


def funnel(numbers: Numbers, measure: str, *, named: str | None = None) -> Html:
    """The year of every site that may be shown against its size; nothing where too few can be.

    With `named` the site is named on its own page; the others are named only where peers may be.
    """
    rows = year_by_site(numbers, measure)
    if len(rows) < FEWEST_SITES:
        return Html("")
    card = numbers.cards.cards[measure]
    drawing, words = funnel_drawing(numbers, measure, rows, named=named)
    note = (
        f"{_limits_note(judged(rows)[1])} Line: the sites together. {numbers.windows.year.words}. "
        f"{len(rows)} of {len(numbers.pages)} can be shown."
    )
    return markup.figure(drawing.svg, alt=drawing.alt, caption=f"{card.title}: {words}", note=note, name=f"funnel-{measure}-{named or 'all'}", wide=True)  # fmt: skip


def funnel_drawing(numbers: Numbers, measure: str, rows: pd.DataFrame, *, named: str | None) -> tuple[Drawing, str]:
    """The funnel and what it shows in words."""
    card = numbers.cards.cards[measure]
    sites, wide = judged(rows)
    own = panels.place_name(numbers, named) if named else None
    others = sites["name"].where(sites["name"].eq(own) | numbers.name_peers, "another site")
    drawing = draw_funnel(
        sites.assign(name=others),
        _lines(wide.sections, adjusted=bool(wide.figures["adjusted"]), largest=sites["n"].max()),
        title=card.title,
        named=[own] if own else [],
        target=float(wide.figures["target"]),
    )
    return drawing, _funnel_words(sites, own, numbers.study.place, numbers.name_peers)


def _limits_note(wide: Chart) -> str:
    """What the limits of the funnel are of: of chance alone, or of sites that differ, where these differ by more than chance."""
    if not wide.figures["adjusted"]:
        return "Grey: 99.8 of 100 sites that work alike would lie there; dotted: 95 of 100 (Spiegelhalter 2005)."
    return (
        "Grey, the wider limits: 99.8 of 100 sites would lie there, were they to differ as much as these do (overdispersion, Spiegelhalter 2005); "
        "dotted: 95 of 100. Limits of chance alone are narrower."
    )


def _lines(lookup: pd.DataFrame, *, adjusted: bool, largest: float) -> pd.DataFrame:
    prefix = "od_" if adjusted else ""
    known = lookup[lookup["n"].between(1, largest * 1.5)].sort_values("n")
    # Narrow steps where the limits bend, wide ones where they are straight.
    at = np.unique(np.geomspace(known["n"].min(), largest * 1.05, LINE_POINTS).round())
    sides = (("low", "lower"), ("high", "upper"))
    lines = {
        f"{ours}{level}": np.interp(at, known["n"], known[f"{prefix}{theirs}_{level}"].astype(float))
        for ours, theirs in sides
        for level in ("95", "998")
    }
    return pd.DataFrame({"n": at, **lines}).replace([np.inf, -np.inf], np.nan).dropna()


def _funnel_words(sites: pd.DataFrame, own: str | None, place: str, name_others: bool) -> str:
    """What the funnel shows: who lies beyond its limits, then who lies beyond limits of chance alone, which are narrower."""
    if own is not None:
        return _own_words(sites[sites["name"].eq(own)])
    beyond = sites["outside"].eq(BEYOND)
    chance = _sides(sites[sites["by_chance"] & ~beyond], place, name_others)
    if not beyond.any() and not chance:
        return f"no {place} differs from the others by more than chance"
    if not beyond.any():
        allowed = f"no {place} lies outside the wider limits, which allow for how much {place}s differ"
        return f"{allowed}. Outside plain chance: {chance}"
    apart = _who(sites[beyond], place, name_others)
    said = f"{apart} {'differs' if beyond.sum() == 1 else 'differ'} from the others by more than chance"
    return f"{said}. Outside plain chance too: {chance}" if chance else said


def _own_words(row: pd.DataFrame) -> str:
    if row.empty:
        return "this site is too small to be placed"
    outside, by_chance = row["outside"].iloc[0], row["by_chance"].iloc[0]
    if outside == BEYOND:
        return "apart from the others by more than chance"
    if by_chance:
        return "apart by more than chance, but no further than these sites differ"
    return "at the edge of what chance explains" if outside else "among the others, as chance alone would have it"


def _sides(some: pd.DataFrame, place: str, named: bool) -> str:
    """The sites below the others, then those above."""
    sides = ((_who(some[some["side"].eq(side)], place, named), words) for side, words in ((-1, "below"), (1, "above")))
    return "; ".join(f"{who} {words}" for who, words in sides if who)


def _who(some: pd.DataFrame, place: str, named: bool) -> str:
    """The sites by name, or how many where they may not be named to each other; empty where there are none."""
    if some.empty:
        return ""
    if not named:
        return f"{len(some)} {place}{'' if len(some) == 1 else 's'}"
    return wording.and_list(some["name"].tolist())
