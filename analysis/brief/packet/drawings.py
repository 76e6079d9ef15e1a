"""Drawings: the statewide figures of the monthly brief, drawn once more for slides and for pictures in dots."""

from analysis.brief import panels, signals
from analysis.brief.figures import Drawing
from analysis.brief.monthly import charted
from analysis.brief.numbers import Numbers

FEWEST_POINTS = 2


def statewide_drawings(numbers: Numbers) -> dict[str, Drawing]:
    """Every statewide figure over time of the brief by the name of its measure, in the brief's order; none that may not be shown."""
    found = {measure: signals.signal(numbers, measure) for measure in charted(numbers)}
    return {
        measure: panels.trend_drawing(numbers, one)
        for measure, one in found.items()
        if one is not None and one.points["value"].notna().sum() >= FEWEST_POINTS
    }
