"""Figures: each gives its SVG and the sentence that a screen reader speaks. They draw what is shown, never what is hidden."""

import io
import re
from dataclasses import dataclass, field

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis.brief import markup

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
# Inches and points: half a printed page and a phone's width show the figure at about its own size, so that 8 points stay 8 points.
WIDTH, HEIGHT, BARS_HEIGHT, SMALL = 3.5, 1.75, 1.35, 8
# The same margins in every figure over time, so that a month stands at the same place in all of them; parts of the width.
LEFT, RIGHT = 0.145, 0.745
LABEL_LINE, LABELS_OVER = 0.17, 0.1  # inches
LINE_OF_AXIS = 0.14  # part of the axis that a line of text takes
FOOT = 0.2  # part of the axis that a note at its foot takes with its surroundings
ROOM_FOR_LABELS = 150  # points along the time axis
STEPS = (1, 2, 3, 4, 6, 12)  # a label at every so many periods
ALT_LIMIT = 250

CHART_COLUMNS = ("centre", "lower", "upper", "mark")  # what a control chart adds to the points
BAND = "#e4e4e4"
# Shape before color: each is told apart in grey.
MARKS = {"improvement": ("^", BLUE), "concern": ("s", ORANGE), "high": ("D", INK), "low": ("D", INK)}

COMPLETE, INCOMPLETE, HIDDEN, NO_RECORDS = "complete", "incomplete", "hidden", "no records"


@dataclass(frozen=True)
class Drawing:
    """An SVG and its alternative text; the figure itself, for those who need it in dots."""

    svg: str
    alt: str
    figure: Figure | None = field(default=None, repr=False, compare=False)

    def png(self, *, inches: float, dpi: int = 200) -> bytes:
        """The figure as a PNG that is shown `inches` wide, without date or program: the same bytes every time."""
        if self.figure is None:
            raise ValueError("The drawing was made without its figure, so it has no dots. Give it the figure.")
        dots = io.BytesIO()
        with matplotlib.rc_context(STYLE):
            self.figure.savefig(
                dots, format="png", dpi=dpi * inches / self.figure.get_figwidth(), metadata={"Software": None}
            )
        return dots.getvalue()


def draw_months(
    points: pd.DataFrame,
    *,
    unit: str,
    title: str,
    place: str,
    target: float | None = None,
    finding: str = "",
    events: dict[int, str] | None = None,
) -> Drawing:
    """A line of one figure over time: months, or quarters where months would show small counts.

    Takes one row per point in order of time (label, value, low, high, state, note, definition; and centre, lower, upper, mark where
    a control chart was worked out). `state` is complete, incomplete (drawn hollow and joined to nothing: part of a month is no
    fall), hidden or no records (a gap). Where there are limits, the grey band is what is usual and its middle line the centre;
    else the bars at each point are its 95% interval. A point that is more than chance has a shape of its own: a triangle where
    it is good, a square where it is a concern, a diamond where neither. The dashed line is the standard. Where the definition
    changes the line breaks and a dotted line says so: the two sides don't measure the same. `events` numbers dated events by
    the position of their point.
    """
    gap = points["state"].isin([HIDDEN, NO_RECORDS])
    points = points.assign(**{name: points[name].mask(gap) for name in ("value", "low", "high")})
    figure, axes = _canvas(HEIGHT, LEFT, RIGHT, lines_under=2)
    points = points.reindex(columns=[*points.columns, *(name for name in CHART_COLUMNS if name not in points)])
    _draw_limits(axes, points)
    _draw_line(axes, points)
    _draw_gaps(axes, gap, half_width=0.5)
    for start, words in _new_definitions(points):
        late = start > len(points) / 2
        axes.axvline(start - 0.5, color=INK, lw=0.9, ls=":", zorder=1)
        axes.annotate(words, (start - 0.5, 0), xytext=(-3 if late else 3, 4), textcoords="offset points", zorder=4,
                      ha="right" if late else "left", fontsize=SMALL, bbox={"fc": "white", "ec": "none", "pad": 0.5, "alpha": 0.85})  # fmt: skip
    _time_axis(axes, points["label"].tolist())
    _value_axis(axes, unit, points, target)
    _draw_incomplete(axes, points)
    _draw_events(axes, events or {})
    if target is not None:
        axes.axhline(target, color=ORANGE, lw=1.2, ls=(0, (5, 3)), zorder=1)
    _end_labels(axes, points, unit, target)
    return Drawing(_svg(figure), _months_alt(points, unit, title, place, target, finding), figure)


def draw_bars(bars: pd.DataFrame, *, title: str, place: str) -> Drawing:
    """Upright bars of shares, in the order given. Takes one row per bar (label, value); a missing value is drawn as a gap."""
    figure, axes = _canvas(BARS_HEIGHT, 0.02, 0.98, lines_under=1)
    at = pd.RangeIndex(len(bars))
    axes.bar(at, bars["value"].fillna(0), color=BLUE, width=0.72)
    _draw_gaps(axes, bars["value"].isna(), half_width=0.36)
    axes.set_xticks(at, bars["label"], fontsize=SMALL)
    top = bars["value"].max() if bars["value"].notna().any() else 1
    axes.set_ylim(0, top * 1.15)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(length=0)
    for here, value in zip(at, bars["value"], strict=True):
        if pd.notna(value):
            axes.annotate(
                _said(value, "share"),
                (here, value),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=SMALL,
            )
    shown = bars.dropna(subset=["value"])
    most = shown.loc[shown["value"].idxmax()] if len(shown) else None
    finding = (
        f"Most often {most['label']}: {_said(most['value'], 'share')}." if most is not None else "Nothing can be shown."
    )
    return Drawing(_svg(figure), f"Bar chart: {title}, {place}. {finding}"[:ALT_LIMIT], figure)


# --- what is drawn ---------------------------------------------------------------------------------------------------


def _draw_line(axes: Axes, points: pd.DataFrame) -> None:
    """The complete points with their intervals, joined as long as they are measured in one way."""
    at, usable = pd.RangeIndex(len(points)), points["state"].eq(COMPLETE)
    line = points["value"].where(usable)
    for _, part in line.groupby(points["definition"].ne(points["definition"].shift()).cumsum()):
        axes.plot(part.index, part, color=BLUE, lw=1.4, marker="o", ms=3.2, zorder=3)
    drawn = usable & points["low"].notna() & points["lower"].isna() & points["upper"].isna()
    axes.vlines(at[drawn], points.loc[drawn, "low"], points.loc[drawn, "high"], color=BLUE, lw=1, alpha=0.45, zorder=2)


def _draw_limits(axes: Axes, points: pd.DataFrame) -> None:
    """The band of what is usual with its centre, broken where the limits were set anew; and the marked points."""
    at = np.arange(len(points))
    section = points["centre"].isna() | points["centre"].ne(points["centre"].shift())
    lower, upper = points["lower"].astype(float), points["upper"].astype(float)
    for _, part in points.groupby(section.cumsum()):
        here = at[part.index]
        edges = np.append(here - 0.5, here[-1] + 0.5)
        low, high = lower[part.index].to_numpy(), upper[part.index].to_numpy()
        if not (np.isnan(low).all() and np.isnan(high).all()):
            low, high = (
                np.nan_to_num(low, nan=0.0),
                np.where(np.isnan(high), np.nanmax(high) if not np.isnan(high).all() else low, high),
            )
            axes.fill_between(
                edges, np.append(low, low[-1]), np.append(high, high[-1]), step="post", color=BAND, lw=0, zorder=0
            )
        if part["centre"].notna().any():
            axes.hlines(part["centre"].iloc[0], edges[0], edges[-1], color=GREY, lw=0.8, zorder=1)
    for mark, (shape, color) in MARKS.items():
        here = points["mark"].eq(mark) & points["state"].eq(COMPLETE)
        axes.plot(
            at[here], points.loc[here, "value"], ls="", marker=shape, ms=6, color=color, mec="white", mew=0.6, zorder=5
        )


def _draw_events(axes: Axes, events: dict[int, str]) -> None:
    """Dated events as numbers over a thin line; the note under the figure says what each was."""
    for here, number in sorted(events.items()):
        axes.axvline(here - 0.5, color=INK, lw=0.9, zorder=1)
        axes.annotate(number, (here - 0.5, 1), xycoords=("data", "axes fraction"), xytext=(2, -7), textcoords="offset points", fontsize=SMALL)  # fmt: skip


def _draw_incomplete(axes: Axes, points: pd.DataFrame) -> None:
    """Part of a period, hollow and with its last day, so that nobody reads a fall."""
    part = points.reset_index(drop=True).loc[lambda rows: rows["state"].eq(INCOMPLETE) & rows["value"].notna()]
    axes.plot(part.index, part["value"], ls="", marker="o", ms=4.5, mfc="white", mec=BLUE, zorder=3)
    for here, value, note in zip(part.index, part["value"], part["note"], strict=True):
        # At the foot of the axis, where no line runs, unless the point itself is there.
        foot = value > FOOT * axes.get_ylim()[1]
        axes.annotate(note, (here, 0 if foot else value), xytext=(0, 4 if foot else 6), textcoords="offset points", color=GREY,
                      fontsize=SMALL, ha="right" if here > len(points) / 2 else "left")  # fmt: skip


def _draw_gaps(axes: Axes, missing: pd.Series, *, half_width: float) -> None:
    """Hatching where nothing may or can be given."""
    for gap in pd.RangeIndex(len(missing))[missing]:
        axes.axvspan(gap - half_width, gap + half_width, facecolor="none", edgecolor="#c8c8c8", hatch="////", lw=0, zorder=0)  # fmt: skip


def _end_labels(axes: Axes, points: pd.DataFrame, unit: str, target: float | None) -> None:
    """The last complete value and the standard, named at the right of the axis, one above the other where they are close."""
    labels = []
    usable = points[points["state"].eq(COMPLETE)].dropna(subset=["value"])
    if len(usable):
        last = usable.iloc[-1]
        # A value that is not of the last period says of which it is.
        when = "" if last.name == points.index[-1] else f"\n({last['label'].splitlines()[0]})"
        labels.append((last["value"], f"{_said(last['value'], unit)}{when}", {"color": BLUE, "fontweight": "bold"}))
    if target is not None:
        labels.append((target, f"standard {_said(target, unit)}", {"color": ORANGE, "fontsize": SMALL}))
    labels.sort(key=lambda label: label[0])
    lines = sum(words.count("\n") + 1 for _, words, _ in labels)
    heights = _apart([value / axes.get_ylim()[1] for value, _, _ in labels], by=LINE_OF_AXIS * lines / 2)
    for height, (_, words, style) in zip(heights, labels, strict=True):
        axes.annotate(words, (1, height), xycoords="axes fraction", xytext=(5, 0), textcoords="offset points",
                      va="center", annotation_clip=False, **style)  # fmt: skip


def _apart(heights: list[float], *, by: float) -> list[float]:
    """One or two heights on the axis, in rising order and no closer than `by`.

    >>> _apart([0.5], by=0.1), _apart([0.2, 0.8], by=0.1), [round(height, 2) for height in _apart([0.87, 0.89], by=0.1)]
    ([0.5], [0.2, 0.8], [0.83, 0.93])
    """
    if len(heights) < 2 or heights[1] - heights[0] >= by:
        return heights
    middle = sum(heights) / 2
    return [middle - by / 2, middle + by / 2]


# --- axes ------------------------------------------------------------------------------------------------------------


def _canvas(height: float, left: float, right: float, *, lines_under: int) -> tuple[Figure, Axes]:
    """A figure of that height in inches, its axes between two parts of the width, with room for the labels under them."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height))
        FigureCanvasSVG(figure)
        bottom, top = (0.06 + LABEL_LINE * lines_under) / height, 1 - LABELS_OVER / height
        return figure, figure.add_axes((left, bottom, right - left, top - bottom))


def _time_axis(axes: Axes, labels: list[str]) -> None:
    """A small tick for every period; a label on as many of them as stand clear of each other, counted back from the last."""
    longest = max(len(line) for label in labels for line in label.split("\n"))
    fit = ROOM_FOR_LABELS / (0.62 * SMALL * longest + SMALL)
    step = next((step for step in STEPS if len(labels) <= step * int(fit)), STEPS[-1])
    at = list(range(len(labels) - 1, -1, -step))
    axes.set_xticks(at, [labels[here] for here in at], fontsize=SMALL)
    axes.set_xticks(range(len(labels)), minor=True)
    axes.set_xlim(-0.5 - 0.02 * len(labels), len(labels) - 0.5)


def _new_definitions(points: pd.DataFrame) -> list[tuple[int, str]]:
    """Where a figure begins to be measured in another way, and the words that say so."""
    changed = points["definition"].ne(points["definition"].shift()) & (points.index > 0)
    return [(int(here), "measured differently\nfrom here on") for here in points.index[changed]]


def _value_axis(axes: Axes, unit: str, points: pd.DataFrame, target: float | None) -> None:
    if unit == "share":
        axes.set_ylim(0, 1.04)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"], fontsize=SMALL)
    else:
        limited = points["upper"].notna().any()
        tops = points["upper"] if limited else points["high"]
        top = max([*tops.dropna(), *points["value"].dropna(), target or 0, 1])
        axes.set_ylim(0, top * 1.1)
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.tick_params(axis="y", labelsize=SMALL)
    axes.grid(axis="y", color="#ececec", lw=0.7)
    axes.set_axisbelow(True)


def _said(value: float, unit: str) -> str:
    """A value as its label prints it; a share never rounds to 0% or 100% unless it is.

    >>> _said(0.997, "share"), _said(1.0, "share"), _said(34.0, "minutes"), _said(1234, "count")
    ('>99%', '100%', '34 min', '1,234')
    """
    if unit == "share":
        return markup.percent(value, 1).replace("less than ", "<").replace("more than ", ">")
    if unit == "minutes":
        return f"{value:.0f} min"
    if unit == "score":
        return markup.signed(value)
    return f"{value:,.1f}" if unit == "rate" else f"{value:,.0f}"


def _months_alt(points: pd.DataFrame, unit: str, title: str, place: str, target: float | None, finding: str) -> str:
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
    text = f"Line chart: {title}, {place}, {span}. Between {low} and {high}; {_said(last['value'], unit)} at the end{', ' if finding else ''}{finding}.{against}{missing}{partial}"
    return text[:ALT_LIMIT]


def _svg(figure: Figure) -> str:
    """The figure as an SVG element without date, metadata or document type: the same bytes every time."""
    text = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    # The page sets the font; blanks between elements are not drawn.
    svg = re.sub(r">\s+<", "><", re.sub(r"font-family: [^;\"]*;? ?", "", svg))
    # A hundredth of a point is below what any screen or paper shows, and a third of the drawing's size.
    return re.sub(r"-?\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), svg)
