"""How long families wait, as a page shows it: the year's curve beside the year before."""

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.markup import Html
from analysis.brief.numbers import Numbers
from analysis.brief.site_figures import draw_arrivals
from analysis.tables import STATEWIDE

NAMES = ("this year", "the year before")
CHANCE = 0.01  # as a change is judged elsewhere on the page


def curves(numbers: Numbers, *, site: str = STATEWIDE) -> Html:
    """The curves of a place with what they show in words; one line where there are none."""
    rows = numbers.arrivals[numbers.arrivals["site_id"].eq(site)]
    if rows.empty:
        return markup.paragraph(
            "How long families wait can't be shown as a curve: the clock times are not recorded, or too few waited."
        )
    named = [
        (name, rows[rows["period"].eq(period)])
        for name, period in zip(NAMES, sorted(rows["period"].unique(), reverse=True), strict=False)
    ]
    named = [(name, curve) for name, curve in named if len(curve) > 1]
    if not named:
        return markup.paragraph("Too few families waited for a curve.")
    threshold = _threshold(numbers)
    drawing = draw_arrivals(named, title=panels.place_name(numbers, site), threshold=threshold)
    note = (
        f"Every response that was asked for at once, by quarters of an hour; one that was called off counts until then (Kaplan and Meier 1958). "
        f"This year: {numbers.windows.year.words}. {_compared(rows)}"
    )
    figure = markup.figure(drawing.svg, alt=drawing.alt, caption=f"Reached by then, {panels.place_name(numbers, site)}: {_words(named, threshold)}",
                         note=note, name=f"arrivals-{site}", wide=True)  # fmt: skip
    return markup.on_screen(figure)


def _threshold(numbers: Numbers) -> float | None:
    """The minutes of the clock that holds at the end of the year, where one does."""
    card = numbers.cards.cards.get("response_in_time_share")
    day = numbers.windows.year.to_on.date()
    held = [clock.threshold_minutes for clock in (card.clocks or ()) if clock.holds_on(day)] if card else []
    return held[0] if len(set(held)) == 1 else None


def _words(named: list[tuple[str, pd.DataFrame]], threshold: float | None) -> str:
    mark = threshold if threshold is not None else 60
    said = []
    for name, curve in named:
        at = curve[curve["minutes"].le(mark)].iloc[-1]
        said.append(f"{markup.percent(at['reached'], 1)} within {wording.minutes_words(at['minutes'])} {name}")
    return ", ".join(said)


def _compared(rows: pd.DataFrame) -> str:
    p = rows["log_rank_p"].iloc[0]
    if pd.isna(p):
        return ""
    if p < CHANCE:
        return "The two years differ by more than chance (log-rank test)."
    return "The two years do not differ by more than chance (log-rank test)."
