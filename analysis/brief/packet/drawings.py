"""Drawings: the statewide figures of the monthly brief, drawn once more for slides and for pictures in dots."""

import pandas as pd

from analysis.brief import figures, panels
from analysis.brief.figures import Drawing
from analysis.brief.monthly import TRENDS
from analysis.brief.numbers import Numbers
from analysis.quality.cards import choices_for, target_for
from analysis.quality.measures import categories
from analysis.tables import STATEWIDE

WHEN = ("hour_of_day", "day_of_week")
FEWEST_POINTS = 2


def statewide_drawings(numbers: Numbers) -> dict[str, Drawing]:
    """Every statewide figure of the brief by the name of its measure, in the brief's order; none that may not be shown."""
    off = dict(numbers.off)
    drawn = {measure: _over_time(numbers, measure) for measure in TRENDS if measure not in off}
    drawn |= {measure: _bars(numbers, measure) for measure in WHEN if measure not in off}
    return {measure: drawing for measure, drawing in drawn.items() if drawing is not None}


def _over_time(numbers: Numbers, measure: str) -> Drawing | None:
    card = numbers.cards.cards[measure]
    grain, points = panels.trend_points(numbers, measure, STATEWIDE)
    if points["value"].notna().sum() < FEWEST_POINTS:
        return None
    targets = {target.share if target else None for target in (target_for(card, each) for each in grain)}
    monthly = card.unit == "count" and grain == numbers.windows.grains[0]
    usual = panels.usual_months(numbers, measure) if monthly else None
    return figures.draw_months(
        points,
        unit=card.unit,
        title=card.title,
        place=panels.place_name(numbers, STATEWIDE),
        target=targets.pop() if len(targets) == 1 else None,
        usual=(usual.low, usual.high) if usual is not None else None,
    )


def _bars(numbers: Numbers, measure: str) -> Drawing | None:
    card, shown = numbers.cards.cards[measure], numbers.shown
    words = categories(measure, choices_for(card, numbers.study))
    here = shown["measure"].eq(measure) & shown["site_id"].eq(STATEWIDE) & shown["period"].eq(numbers.windows.year.name)
    values = shown[here].set_index("stratum")["value"].reindex(list(words)).astype(float)
    if values.notna().sum() < FEWEST_POINTS:
        return None
    # A band of hours needs its beginning, a day its first letters.
    labels = [word[:5] if measure == "hour_of_day" else word[:3] for word in words.values()]
    bars = pd.DataFrame({"label": labels, "value": values.to_numpy()})
    return figures.draw_bars(bars, title=card.title, place=panels.place_name(numbers, STATEWIDE))
