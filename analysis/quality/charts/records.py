"""What every chart gives back: its points, its sections, and the words that must be printed under it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TypeVar

import numpy as np
import pandas as pd

Record = TypeVar("Record")

NO_FACET = "all"  # the facet of a chart that has only one

SHIFT_POINTS = 7
TREND_POINTS = 7


@dataclass(frozen=True)
class RuleSet:
    """Rules that are applied together, under the name that stands below the chart.

    Attributes
    ----------
    name : str
        As it is printed.
    rules : tuple of str
        In order of precedence: a point takes the first that it meets.
    source : str
        Where the rules come from.
    """

    name: str
    rules: tuple[str, ...]
    source: str


MAKING_DATA_COUNT = RuleSet(
    "NHS Making Data Count",
    (
        "beyond a limit",
        f"trend of {TREND_POINTS} points",
        "two in three near a limit",
        f"shift of {SHIFT_POINTS} points",
    ),
    "NHS England, Making Data Count, as NHSRplotthedots 0.2.2 (2025) applies it; "
    "natural process limits after Wheeler 1993, Understanding Variation",
)
ANHOEJ = RuleSet(
    "Anhoej",
    ("unusually long run", "unusually few crossings"),
    "Anhoej and Olesen 2014, PLoS ONE 9(11):e113825; longest run after Schilling 2012, Mathematics Magazine 85(2):141-149",
)
THREE_SIGMA_AND_ANHOEJ = RuleSet(
    "3 sigma and Anhoej",
    ("beyond a limit", *ANHOEJ.rules),
    "Shewhart 1931, Economic Control of Quality of Manufactured Product; Anhoej and Wentzel-Larsen 2018, BMC Medical "
    "Research Methodology 18:100",
)
THREE_SIGMA = RuleSet(
    "3 sigma", ("beyond a limit",), "Montgomery 2009, Introduction to Statistical Quality Control, 6th ed."
)
CANDIDATE = RuleSet(
    "candidate rebase",
    ("sustained run on one side of the median",),
    "runcharter 0.2 (MacKintosh 2019); a person accepts or refuses each candidate",
)
LIKELIHOOD_RATIO = RuleSet(
    "Bernoulli CUSUM",
    ("sum of log-likelihood ratios at its limit",),
    "Neuburger et al. 2017, BMJ Quality & Safety 26:919-928",
)
FUNNEL_LIMITS = RuleSet(
    "funnel limits",
    ("outside the limits",),
    "Spiegelhalter 2005, Statistics in Medicine 24:1185-1202; Spiegelhalter et al. 2012, JRSS A 175:1-47",
)
LOG_RANK = RuleSet("log-rank", ("difference between curves",), "Mantel 1966, Cancer Chemotherapy Reports 50:163-170")


@dataclass(frozen=True)
class Chart:
    """One chart, ready to be drawn and to be described.

    Attributes
    ----------
    kind : str
        A key of `analysis.quality.charts.KINDS`.
    points : pandas.DataFrame
        One row per point, facet by facet, in the order of the horizontal axis. A series over time has `facet`, `section` (from 1),
        `order` (from 1 in the facet), `x`, `y` (missing for a gap), `center`, `lower`, `upper`, `lower_2s`, `upper_2s` (two
        sigma), `in_baseline`, `included`, `signal` (the rule that the point meets, or ""). What other kinds have stands in their module.
    sections : pandas.DataFrame
        One row per facet and section: points, useful points, runs, and whether the runs signal.
    rule_set : RuleSet
        The rules that were applied.
    baseline : str
        The points that center and limits were computed from, in words.
    n_points : int
        Points with a value.
    screened : bool
        Whether large moving ranges were left out of the spread.
    figures : mapping
        Numbers about the chart as a whole (phi and tau2 of a funnel, p of a log-rank test).
    notes : tuple of str
        What a reader has to know: a fallback that was taken, a group that could not be judged.
    """

    kind: str
    points: pd.DataFrame
    sections: pd.DataFrame
    rule_set: RuleSet
    baseline: str
    n_points: int
    screened: bool
    figures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def signals(self) -> pd.DataFrame:
        """The points that meet a rule. Anhoej's rules speak of a section, not of a point: see `sections.runs_signal`."""
        return self.points[self.points["signal"] != ""]

    @property
    def footer(self) -> str:
        """The line to print under the chart: rules, baseline, points, screening."""
        screening = "large steps screened once" if self.screened else "no screening"
        points = f"{self.n_points} point{'' if self.n_points == 1 else 's'}"
        return f"Rules: {self.rule_set.name}. Baseline: {self.baseline}. {points}; {screening}."


def is_tie(values: np.ndarray, line: np.ndarray | float) -> np.ndarray:
    """True where a point lies on the line, to the last digits that floating point keeps: |y - line| <= 1e-12 |line|.

    Decided on raw numbers, a run of equal means could count as any side (measured: 8 ties counted as none).

    >>> is_tie(np.array([0.1 + 0.2, 0.31]), 0.3).tolist()
    [True, False]
    """
    return np.abs(values - line) <= 1e-12 * np.abs(line)


def side_of(values: np.ndarray, line: np.ndarray | float) -> np.ndarray:
    """+1 above the line, -1 below, 0 on it; missing where there is no value.

    >>> side_of(np.array([1.0, 2.0, 3.0, np.nan]), 2.0).tolist()
    [-1.0, 0.0, 1.0, nan]
    """
    values = np.asarray(values, dtype=float)
    above = (values > line).astype(float) - (values < line)
    above[is_tie(values, line)] = 0.0
    above[np.isnan(values)] = np.nan
    return above


def as_asked(record: type[Record], asked: Mapping[str, bool]) -> Record:
    """A record of switches with those that were asked for turned; a name that it does not have is an error.

    >>> as_asked(RuleSet, {"nam": "x"})
    Traceback (most recent call last):
    ValueError: "nam" is not an option of this chart. It also takes name, rules, source.
    """
    known = [one.name for one in fields(record)]
    if unknown := sorted(set(asked) - set(known)):
        raise ValueError(f'"{unknown[0]}" is not an option of this chart. It also takes {", ".join(known)}.')
    return record(**asked)
