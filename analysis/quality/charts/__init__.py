"""Control charts, run charts, funnels and waiting curves: one entry point, `chart(kind, table, **options)`.

    KIND                   WHAT A POINT IS                          WHERE
    run                    a number; median and Anhoej's runs       shewhart.py
    xmr                    a number; Making Data Count              xmr.py
    i, mr, i_prime         a number; 3 sigma from moving ranges     shewhart.py
    p, p_prime             x of n                                   shewhart.py
    c, u, u_prime          a count; a count over an exposure        shewhart.py
    g, t                   cases, or time, between rare events      shewhart.py
    xbar, s                mean, or spread, of several scores       shewhart.py
    bernoulli_cusum        one case, with the event or without      rare.py
    candidate_rebase       a number; where a median could be new    runs.py
    funnel                 a place among others at one time         funnel.py
    kaplan_meier           a time by which a share has arrived      arrivals.py

subgroups.py makes points of a table, lines.py has the formulas of shewhart.py, ranges.py moving ranges; runs.py counts runs,
records.py says what a chart is.
choice.py picks the chart for a measure, judgment.py judges its last point: that is what a brief calls. Every departure from the packages that these charts are checked
against is in docs/methods.md, Control charts.
"""

from collections.abc import Callable
from functools import partial
from inspect import signature

import pandas as pd

from analysis.quality.charts.arrivals import kaplan_meier
from analysis.quality.charts.funnel import funnel
from analysis.quality.charts.lines import LINES
from analysis.quality.charts.rare import bernoulli_cusum
from analysis.quality.charts.records import Chart
from analysis.quality.charts.runs import candidate_rebase
from analysis.quality.charts.shewhart import shewhart
from analysis.quality.charts.xmr import xmr

KINDS: dict[str, Callable[..., Chart]] = {
    **{kind: partial(shewhart, kind=kind) for kind in LINES},
    "xmr": xmr,
    "bernoulli_cusum": bernoulli_cusum,
    "candidate_rebase": candidate_rebase,
    "funnel": funnel,
    "kaplan_meier": kaplan_meier,
}


def chart(kind: str, table: pd.DataFrame, **options: object) -> Chart:
    """The chart of one kind from a plain table; the options are those of the function that KINDS names. The table is not changed.

    Raises ValueError for a kind that there is not, an option that the kind does not take, and a table that cannot be charted.

    >>> weeks = pd.DataFrame({"on": pd.date_range("2026-01-05", periods=12, freq="W-MON"), "calls": [9, 7, 8, 6, 9, 7, 8, 9, 6, 7, 8, 9]})
    >>> drawn = chart("run", weeks, value="calls", x="on")
    >>> drawn.points["center"].iloc[0].item(), drawn.footer
    (8.0, 'Rules: Anhoej. Baseline: all points. 12 points; no screening.')
    """
    if kind not in KINDS:
        raise ValueError(f'There is no chart "{kind}". There are {", ".join(sorted(KINDS))}.')
    try:
        signature(KINDS[kind]).bind(table, **options)
    except TypeError as problem:
        raise ValueError(f"A {kind} chart cannot be drawn with these options: {problem}.") from None
    return KINDS[kind](table, **options)
