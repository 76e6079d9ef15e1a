"""Shewhart's charts and the run chart: center and limits (lines.py), points beyond three sigma, Anhoej's runs by section."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from analysis.quality.charts.lines import LINES, NEED_N, SCREENED, Given, Quirks
from analysis.quality.charts.records import ANHOEJ, THREE_SIGMA, THREE_SIGMA_AND_ANHOEJ, Chart, RuleSet, as_asked
from analysis.quality.charts.runs import Runs, runs_about
from analysis.quality.charts.subgroups import (
    Dates,
    Positions,
    Section,
    add_baseline,
    add_sections,
    one_point_a_row,
    say_baseline,
    section_of,
)

LINE_NAMES = ("y", "center", "lower", "upper", "lower_2s", "upper_2s")
RULES: dict[str, RuleSet] = {"run": ANHOEJ, "mr": THREE_SIGMA}  # the other kinds: THREE_SIGMA_AND_ANHOEJ


def shewhart(
    table: pd.DataFrame,
    *,
    kind: str,
    value: str,
    x: str | None = None,
    n: str | None = None,
    facet: str | Sequence[str] | None = None,
    freeze: int | None = None,
    part: Positions = None,
    rebase: Dates = None,
    exclude: Positions = None,
    multiply: float = 1,
    center: float | None = None,
    target: float | None = None,
    screen: bool = True,
    aggregate: str = "mean",
    period: str | None = None,
    floor_at_zero: bool = False,
    **quirks: bool,
) -> Chart:
    """A run chart or a control chart of one of the kinds in `LINES`. Points beyond three sigma, and Anhoej's runs by section.

    Takes one row per case or per subgroup (`value`, `x`, and `n` for p, p', u, u' and i'); rows of one x are one subgroup, whatever
    their order. `freeze`: the baseline is the first points of each section. Sections come from `part` (positions, each the last of its
    section) or `rebase` (dates). `exclude` are positions left out of limits and runs; a moving range spans the gap. `period` sums or
    averages dates by week, month, quarter or year. `center` is a center line that was given, `multiply` scales what is drawn.

    `points` has also `y_sum`, `y_length`, `n`, `signal` ("beyond limit: high" or "low"); `sections` the counts of `runs.Runs` and
    `sigma_z` of p' and u'. Runs of categories (an axis of names) and of moving ranges are counted and do not signal.

    >>> visits = pd.DataFrame({"month": [1, 2, 3, 4], "met": [8, 9, 7, 8], "visits": [10, 10, 10, 10]})
    >>> drawn = shewhart(visits, kind="p", value="met", x="month", n="visits")     # p 0.8, sigma 0.1265
    >>> drawn.points[["center", "lower", "upper"]].iloc[0].round(4).tolist()
    [0.8, 0.4205, 1.0]
    """
    quirk = as_asked(Quirks, quirks)
    if n is None and kind in NEED_N:
        raise ValueError(f"A {kind} chart needs a denominator: name its column in n.")
    points = one_point_a_row(table, value, x=x, n=n, facet=facet, period=period, aggregate=aggregate)
    points = add_sections(points, part=part, rebase=rebase)
    freeze = None if quirk.part_ends_freeze and part is not None else freeze
    points = add_baseline(points, freeze=freeze, exclude=exclude)
    given = Given(center, screen, points["x"].dtype == object, quirk)
    done, sections = _by_section(kind, points, given, multiply)
    done["target"] = np.nan if target is None else target
    if floor_at_zero and not (done["y"] < 0).any():
        done[["lower", "lower_2s"]] = done[["lower", "lower_2s"]].clip(lower=0)
    return Chart(
        kind=kind,
        points=done.rename(columns={"facet1": "facet"}),
        sections=sections.rename(columns={"facet1": "facet"}),
        rule_set=RULES.get(kind, THREE_SIGMA_AND_ANHOEJ),
        baseline=say_baseline(done, freeze),
        n_points=int(done["y"].notna().sum()),
        screened=screen and kind in SCREENED,
    )


@dataclass(frozen=True)
class Drawn:
    """Lines of one section as they are drawn, the limit that each point is beyond, and the section's runs. Not finite is missing."""

    y: np.ndarray
    center: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    lower_2s: np.ndarray
    upper_2s: np.ndarray
    signal: np.ndarray
    runs: Runs
    runs_signal: bool


def lines_and_runs(kind: str, section: Section, given: Given, multiply: float = 1) -> Drawn:
    """Lines, signals and runs of one section."""
    with np.errstate(invalid="ignore", divide="ignore"):
        lines = LINES[kind](section, given)
    about = lines.center if lines.about is None else lines.about
    runs = runs_about(lines.y[section.included], about[section.included])
    scaled = {name: getattr(lines, name) * multiply for name in LINE_NAMES}
    scaled = {name: np.where(np.isfinite(line), line, np.nan) for name, line in scaled.items()}
    signal = np.full(len(section.y), "", dtype=object)
    signal[scaled["y"] > scaled["upper"]] = "beyond limit: high"
    signal[scaled["y"] < scaled["lower"]] = "beyond limit: low"
    return Drawn(**scaled, signal=signal, runs=runs, runs_signal=runs.signal and not given.categories and kind != "mr")


def _by_section(kind: str, points: pd.DataFrame, given: Given, multiply: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The points with their lines, and one row per section and facet."""
    keys = ["section", "facet2", "facet1"]
    drawn = [
        _with_lines(rows, lines_and_runs(kind, section_of(rows), given, multiply), dict(zip(keys, name, strict=True)))
        for name, rows in points.groupby(keys, observed=True)
    ]
    points = pd.concat([rows for rows, _ in drawn]).reset_index(drop=True)
    return points, pd.DataFrame([section for _, section in drawn])


def _with_lines(rows: pd.DataFrame, drawn: Drawn, keys: dict) -> tuple[pd.DataFrame, dict]:
    """The rows of one section with what was drawn, and its line in `sections`."""
    section = keys | asdict(drawn.runs) | {"center": float(drawn.center[-1]), "runs_signal": drawn.runs_signal}
    del section["signal"]
    return rows.assign(**{name: getattr(drawn, name) for name in (*LINE_NAMES, "signal")}), section
