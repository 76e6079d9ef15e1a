"""How long families wait, as a page shows it: the year's curve beside the year before."""

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.markup import Html
from analysis.brief.numbers import Numbers
from analysis.brief.site_figures import draw_arrivals
from analysis.params import Clock
from analysis.tables import STATEWIDE

NAMES = ("this year", "the year before")
IN_TIME, LATER = "response_in_time_share", "deferred_mobile"
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
        f"This year: {numbers.windows.year.words}. {_compared(rows)} {_beside_the_share(numbers)}"
    ).strip()
    figure = markup.figure(drawing.svg, alt=drawing.alt, caption=f"Reached by then, {panels.place_name(numbers, site)}: {_words(named, threshold)}",
                         note=note, name=f"arrivals-{site}", wide=True)  # fmt: skip
    return markup.on_screen(figure)


def _clocks(numbers: Numbers) -> list[Clock]:
    """The clocks of the share in time that hold at the end of the year."""
    card = numbers.cards.cards.get(IN_TIME)
    day = numbers.windows.year.to_on.date()
    return [clock for clock in (card.clocks or ()) if clock.holds_on(day)] if card else []


def _threshold(numbers: Numbers) -> float | None:
    """The minutes of the clock that holds at the end of the year, where one does."""
    held = {clock.threshold_minutes for clock in _clocks(numbers)}
    return held.pop() if len(held) == 1 else None


def _beside_the_share(numbers: Numbers) -> str:
    """Why the curve at the limit is another number than the share in time; empty where that share is not given.

    The share is of responses given in the modes of the clock. The curve is of those asked for in these modes: one that was put off
    counts until the team came, one that was called off until then.
    """
    clocks = _clocks(numbers)
    if not clocks or IN_TIME in dict(numbers.off):
        return ""
    put_off = all(clock.modes and LATER not in clock.modes for clock in clocks)
    left_out = f"responses that were {'put off to a later time or ' if put_off else ''}called off"
    return f"The share that came in time is another figure: it leaves out {left_out}."


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
