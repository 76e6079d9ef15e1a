"""Figures of all sites at one time, and of how long families wait: small multiples, a funnel, a curve of arrivals."""

from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from analysis.brief import markup
from analysis.brief.figures import ALT_LIMIT, BAND, BLUE, GREY, INK, MARKS, ORANGE, SMALL, STYLE, Drawing, _svg

WIDE = 7.2  # inches: the printed page
COLUMNS = 5
PANEL_HEIGHT = 0.92
FUNNEL_HEIGHT = 2.5
ARRIVALS_HEIGHT = 1.9
FEW = 8  # cases under a point that is drawn hollow: spc.md's fewest for limits of a share


def draw_small_multiples(places: Sequence[tuple[str, pd.DataFrame]], *, title: str, target: float | None) -> Drawing:
    """One small line a place on one axis from 0 to 100%, in the order given; a point out of fewer than 8 is hollow.

    Takes (name, points) pairs; points have one row a window (value, n, mark), a missing value where none may be shown.
    """
    rows = -(-len(places) // COLUMNS)
    height = rows * PANEL_HEIGHT + 0.15
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDE, height))
        FigureCanvasSVG(figure)
        for number, (name, points) in enumerate(places):
            column, row = number % COLUMNS, number // COLUMNS
            left, bottom = 0.055 + column * 0.191, 1 - (row + 1) * PANEL_HEIGHT / height + 0.08 / height
            axes = figure.add_axes((left, bottom, 0.165, (PANEL_HEIGHT - 0.36) / height))
            _small_panel(axes, name, points.reset_index(drop=True), target, labelled=column == 0)
    return Drawing(_svg(figure), _multiples_alt(places, title, target), figure)


def _small_panel(axes: Axes, name: str, points: pd.DataFrame, target: float | None, *, labelled: bool) -> None:
    axes.set_title(name, fontsize=SMALL, loc="left", pad=2, color=INK)
    if target is not None:
        axes.axhline(target, color=ORANGE, lw=0.9, ls=(0, (4, 3)), zorder=1)
    few = points["n"].lt(FEW).fillna(False).astype(bool)
    axes.plot(points.index, points["value"], color=BLUE, lw=1, zorder=2)
    axes.plot(points.index[~few], points["value"][~few], ls="", marker="o", ms=2.4, color=BLUE, zorder=3)
    axes.plot(points.index[few], points["value"][few], ls="", marker="o", ms=2.8, mfc="white", mec=BLUE, zorder=3)
    for mark, (shape, color) in MARKS.items():
        here = points["mark"].eq(mark)
        axes.plot(points.index[here], points["value"][here], ls="", marker=shape, ms=4.4, color=color, mec="white", mew=0.5, zorder=4)  # fmt: skip
    axes.set_xlim(-0.7, max(len(points), 2) - 0.3)
    axes.set_ylim(0, 1.06)
    axes.set_xticks([])
    axes.set_yticks([0, 1], ["0%", "100%"] if labelled else ["", ""], fontsize=SMALL - 1)
    axes.tick_params(length=2)
    if points["value"].isna().all():
        axes.annotate("too few to show", (0.5, 0.45), xycoords="axes fraction", ha="center", color=GREY, fontsize=SMALL - 1)  # fmt: skip


def _multiples_alt(places: Sequence[tuple[str, pd.DataFrame]], title: str, target: float | None) -> str:
    last = {name: points["value"].dropna() for name, points in places}
    shown = {name: values.iloc[-1] for name, values in last.items() if len(values)}
    hidden = len(places) - len(shown)
    text = f"{len(places)} small line charts: {title}, one for each site by name."
    if shown:
        low, high = min(shown.values()), max(shown.values())
        text += f" The latest values run from {markup.percent(low, 1)} to {markup.percent(high, 1)}."
    marked = sum(points["mark"].ne("").any() for _, points in places)
    text += f" {marked} with a point beyond chance." if marked else " None with a point beyond chance."
    text += f" Standard: {markup.percent(target, 1)}." if target is not None else ""
    return (text + (f" {hidden} too small to show." if hidden else ""))[:ALT_LIMIT]


def draw_funnel(
    sites: pd.DataFrame, limits: pd.DataFrame, *, title: str, named: Sequence[str], target: float
) -> Drawing:
    """A funnel: each site's share against how many it is out of, between limits that narrow as numbers grow.

    Takes one row per site (name, n, value, outside: "", "95" or "99.8") and one row per point of the limits (n, low95, high95,
    low998, high998). Sites outside the wider limits are named, and those in `named`.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDE, FUNNEL_HEIGHT))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.07, 0.17, 0.9, 0.78))
    axes.fill_between(limits["n"], limits["low998"], limits["high998"], color=BAND, lw=0, zorder=0)
    for name in ("low95", "high95"):
        axes.plot(limits["n"], limits[name], color=GREY, lw=0.9, ls=(0, (2, 2)), zorder=1)
    axes.axhline(target, color=GREY, lw=0.9, zorder=1)
    for outside, shape, size in (("", "o", 4.5), ("95", "D", 5), ("99.8", "s", 6)):
        here = sites["outside"].eq(outside)
        axes.plot(sites.loc[here, "n"], sites.loc[here, "value"], ls="", marker=shape, ms=size,
                  color=BLUE if outside == "" else ORANGE, mec="white", mew=0.6, zorder=3)  # fmt: skip
    for each in sites[sites["outside"].eq("99.8") | sites["name"].isin(list(named))].itertuples(index=False):
        axes.annotate(each.name, (each.n, each.value), xytext=(5, 4), textcoords="offset points", fontsize=SMALL)
    bottom = min(sites["value"].min(), limits["low998"].iloc[len(limits) // 8]) - 0.05
    axes.set_ylim(max(0, bottom), 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlim(0, max(limits["n"].max(), 1.04 * sites["n"].max()))
    axes.set_xlabel("how many it is out of, over the year", fontsize=SMALL)
    axes.tick_params(labelsize=SMALL)
    return Drawing(_svg(figure), _funnel_alt(sites, title, target), figure)


def _funnel_alt(sites: pd.DataFrame, title: str, target: float) -> str:
    outside = sites[sites["outside"].eq("99.8")]
    said = ", ".join(f"{row.name} {markup.percent(row.value, 1)}" for row in outside.itertuples(index=False))
    text = f"Funnel chart: {title} at {len(sites)} sites against their size, around {markup.percent(target, 1)}."
    text += f" Outside the wider limits: {said}." if said else " None lies outside the wider limits."
    return text[:ALT_LIMIT]


def draw_arrivals(curves: Sequence[tuple[str, pd.DataFrame]], *, title: str, threshold: float | None) -> Drawing:
    """The share of families who have been reached, minute by minute: a stepped curve each, with its range.

    Takes (name, curve) pairs; a curve has one row per minute mark (minutes, reached, low, high).
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDE, ARRIVALS_HEIGHT))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.07, 0.2, 0.76, 0.74))
    for (name, curve), (color, style) in zip(curves, ((BLUE, "-"), (GREY, (0, (5, 2)))), strict=False):
        axes.fill_between(curve["minutes"], curve["low"], curve["high"], step="post", color=color, alpha=0.13, lw=0)
        axes.step(curve["minutes"], curve["reached"], where="post", color=color, ls=style, lw=1.5)
        axes.annotate(name, (1, curve["reached"].iloc[-1]), xycoords=("axes fraction", "data"), xytext=(5, 0 if color == BLUE else -10),
                      textcoords="offset points", va="center", color=color, fontsize=SMALL, annotation_clip=False)  # fmt: skip
    longest = max(curve["minutes"].max() for _, curve in curves)
    if threshold is not None:
        axes.axvline(threshold, color=ORANGE, lw=1.1, ls=(0, (5, 3)))
        axes.annotate(f"standard {threshold:g} min", (threshold, 0), xytext=(3, 4), textcoords="offset points", color=ORANGE, fontsize=SMALL)  # fmt: skip
    axes.set_xlim(0, longest)
    axes.set_ylim(0, 1.02)
    axes.set_xticks(np.arange(0, longest + 1, 60 if longest > 150 else 30))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("minutes since the request", fontsize=SMALL)
    axes.tick_params(labelsize=SMALL)
    return Drawing(_svg(figure), _arrivals_alt(curves, title, threshold), figure)


def _arrivals_alt(curves: Sequence[tuple[str, pd.DataFrame]], title: str, threshold: float | None) -> str:
    said = []
    for name, curve in curves:
        mark = threshold if threshold is not None else curve["minutes"].median()
        at = curve[curve["minutes"].le(mark)].iloc[-1]
        said.append(f"{name}: {markup.percent(at['reached'], 1)} within {at['minutes']:g} minutes")
    return f"Step chart of arrivals: {title}. {'; '.join(said)}."[:ALT_LIMIT]
