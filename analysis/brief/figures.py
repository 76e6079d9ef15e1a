"""Figures: each gives its SVG and the sentence that a screen reader speaks. They draw what is shown, never what is hidden."""

import io
import re
from dataclasses import dataclass

import matplotlib
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

BLUE, GREY, ORANGE, INK = "#0063a6", "#6b6b6b", "#b84a00", "#1b1b1b"  # at least 5:1 on white
STYLE = {
    "svg.fonttype": "none",  # text stays text: searchable, and in the reader's own font
    "svg.hashsalt": "mrss",  # the same ids every time
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
}
WIDTH, HEIGHT = 4.9, 2.2  # inches; wide enough for 24 months, small enough to be read on a phone
ALT_LIMIT = 250

COMPLETE, INCOMPLETE, HIDDEN, NO_RECORDS = "complete", "incomplete", "hidden", "no records"


@dataclass(frozen=True)
class Drawing:
    """An SVG and its alternative text."""

    svg: str
    alt: str


def draw_months(
    points: pd.DataFrame,
    *,
    unit: str,
    title: str,
    place: str,
    target: float | None = None,
    usual: tuple[float, float] | None = None,
) -> Drawing:
    """A line of one figure over time: months, or quarters where months would show small counts.

    Takes one row per point in order of time (label, value, low, high, state, note, definition). `state` is complete, incomplete
    (drawn hollow and joined to nothing: part of a month is no fall), hidden or no records (a gap). The bars at each point are
    its 95% interval; the dashed line is the standard; the grey band is the usual range. Where the definition changes the line
    breaks and a dotted line says so: the two sides don't measure the same.
    """
    figure, axes = _canvas(WIDTH, HEIGHT)
    at = pd.RangeIndex(len(points))
    usable = points["state"].eq(COMPLETE)
    if usual is not None:
        axes.axhspan(*usual, color="#e4e4e4", lw=0, zorder=0)
    line = points["value"].where(usable)
    for _, part in line.groupby(points["definition"].ne(points["definition"].shift()).cumsum()):
        axes.plot(part.index, part, color=BLUE, lw=1.4, marker="o", ms=3.2, zorder=3)
    drawn = usable & points["low"].notna()
    axes.vlines(at[drawn], points.loc[drawn, "low"], points.loc[drawn, "high"], color=BLUE, lw=1, alpha=0.45, zorder=2)
    partial = points["state"].eq(INCOMPLETE)
    axes.plot(at[partial], points.loc[partial, "value"], ls="", marker="o", ms=4.5, mfc="white", mec=BLUE, zorder=3)
    for place_on_axis, note in zip(at[partial], points.loc[partial, "note"], strict=True):
        axes.annotate(note, (place_on_axis, points["value"].iloc[place_on_axis]), xytext=(0, -11), textcoords="offset points",
                      ha="right" if place_on_axis > len(points) / 2 else "left", fontsize=7.5, color=GREY)  # fmt: skip
    for gap in at[points["state"].isin([HIDDEN, NO_RECORDS])]:
        axes.axvspan(gap - 0.5, gap + 0.5, facecolor="none", edgecolor="#c8c8c8", hatch="////", lw=0, zorder=0)
    for start, words in _new_definitions(points):
        axes.axvline(start - 0.5, color=INK, lw=0.9, ls=":", zorder=1)
        axes.annotate(words, (start - 0.5, 0), xytext=(3, 4), textcoords="offset points", fontsize=7.5, color=INK)
    _time_axis(axes, points["label"].tolist())
    _value_axis(axes, unit, points, target)
    if target is not None:
        axes.axhline(target, color=ORANGE, lw=1.2, ls=(0, (5, 3)), zorder=1)
        axes.annotate(f"standard {_said(target, unit)}", (0, target), xytext=(2, 3), textcoords="offset points",
                      color=ORANGE, fontsize=8, xycoords=("axes fraction", "data"))  # fmt: skip
    if usable.any():
        last = at[usable][-1]
        axes.annotate(_said(points["value"].iloc[last], unit), (len(points) - 0.5, points["value"].iloc[last]),
                      xytext=(2, 0), textcoords="offset points", va="center", color=BLUE, fontweight="bold")  # fmt: skip
    return Drawing(_svg(figure), _months_alt(points, unit, title, place, target))


def draw_bars(bars: pd.DataFrame, *, title: str, place: str) -> Drawing:
    """Upright bars of shares, in the order given. Takes one row per bar (label, value); a missing value is drawn as a gap."""
    figure, axes = _canvas(WIDTH / 1.35, HEIGHT / 1.15)
    at = pd.RangeIndex(len(bars))
    axes.bar(at, bars["value"].fillna(0), color=BLUE, width=0.72)
    for gap in at[bars["value"].isna()]:
        axes.axvspan(gap - 0.36, gap + 0.36, facecolor="none", edgecolor="#c8c8c8", hatch="////", lw=0)
    axes.set_xticks(at, bars["label"], fontsize=8)
    top = bars["value"].max() if bars["value"].notna().any() else 1
    axes.set_ylim(0, top * 1.15)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(length=0)
    for here, value in zip(at, bars["value"], strict=True):
        if pd.notna(value):
            axes.annotate(
                f"{value:.0%}", (here, value), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=8
            )
    shown = bars.dropna(subset=["value"])
    most = shown.loc[shown["value"].idxmax()] if len(shown) else None
    finding = f"Most often {most['label']}: {most['value']:.0%}." if most is not None else "Nothing can be shown."
    return Drawing(_svg(figure), f"Bar chart: {title}, {place}. {finding}"[:ALT_LIMIT])


# --- axes ------------------------------------------------------------------------------------------------------------


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        return figure, figure.add_subplot()


def _time_axis(axes: Axes, labels: list[str]) -> None:
    """Every label where they are few; else every third, counted back from the last."""
    step = 1 if len(labels) <= 8 else 3
    at = list(range(len(labels) - 1, -1, -step))
    axes.set_xticks(at, [labels[here] for here in at], fontsize=8)
    axes.set_xlim(-0.6, len(labels) - 0.4 + max(1.2, len(labels) * 0.07))


def _new_definitions(points: pd.DataFrame) -> list[tuple[int, str]]:
    """Where a figure begins to be measured in another way, and the words that say so."""
    changed = points["definition"].ne(points["definition"].shift()) & (points.index > 0)
    return [(int(here), "measured differently\nfrom here on") for here in points.index[changed]]


def _value_axis(axes: Axes, unit: str, points: pd.DataFrame, target: float | None) -> None:
    if unit == "share":
        axes.set_ylim(0, 1.04)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"], fontsize=8)
    else:
        top = max([*points["high"].dropna(), *points["value"].dropna(), target or 0, 1])
        axes.set_ylim(0, top * 1.1)
        axes.tick_params(axis="y", labelsize=8)
    axes.grid(axis="y", color="#ececec", lw=0.7)
    axes.set_axisbelow(True)


def _said(value: float, unit: str) -> str:
    """A value as its label prints it; a share never rounds to 0% or 100% unless it is.

    >>> _said(0.997, "share"), _said(1.0, "share"), _said(34.0, "minutes"), _said(1234, "count")
    ('99%', '100%', '34 min', '1,234')
    """
    if unit == "share":
        percent = round(100 * value)
        return f"{min(percent, 99) if value < 1 else percent}%" if value > 0.005 or value == 0 else "1%"
    if unit == "minutes":
        return f"{value:.0f} min"
    return f"{value:,.1f}" if unit == "rate" else f"{value:,.0f}"


def _months_alt(points: pd.DataFrame, unit: str, title: str, place: str, target: float | None) -> str:
    usable = points[points["state"].eq(COMPLETE)].dropna(subset=["value"])
    if usable.empty:
        return f"Line chart: {title}, {place}. No period can be shown."[:ALT_LIMIT]
    first, last = usable.iloc[0], usable.iloc[-1]
    span = f"{first['label']} to {last['label']}".replace("\n", " ")
    low, high = (_said(value, unit) for value in (usable["value"].min(), usable["value"].max()))
    against = f" Standard: {_said(target, unit)}." if target is not None else ""
    gaps = points["state"].isin([HIDDEN, NO_RECORDS]).sum()
    changes = len(_new_definitions(points))
    gaps_words = {0: "", 1: " 1 period not shown."}.get(int(gaps), f" {gaps} periods not shown.")
    missing = gaps_words + (" Measured differently within the span." if changes else "")
    partial = " The last is incomplete." if points["state"].iloc[-1] == INCOMPLETE else ""
    text = f"Line chart: {title}, {place}, {span}. Between {low} and {high}; {_said(last['value'], unit)} at the end.{against}{missing}{partial}"
    return text[:ALT_LIMIT]


def _svg(figure: Figure) -> str:
    """The figure as an SVG element without date, metadata or document type: the same bytes every time."""
    text = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    return re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
