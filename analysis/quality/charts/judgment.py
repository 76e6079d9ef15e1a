"""What the last point of a measure's chart says: the chosen chart, drawn and judged. This is what a brief calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.quality.charts import chart
from analysis.quality.charts.choice import (
    FEWEST_FOR_LIMITS,
    FEWEST_FOR_RUNS,
    FREEZE_AT,
    Choice,
    Unit,
    choose_chart,
    measured,
)
from analysis.quality.charts.records import Chart, side_of
from analysis.quality.charts.runs import run_lengths
from analysis.quality.units import PER_CHILDREN

Better = Literal["higher", "lower", "neither"]
Signal = Literal["improvement", "concern", "high", "low", "none", "cannot_tell"]

# The rule that a point meets, as the key of its words begins.
PHRASES = {"beyond limit": "beyond", "trend": "trend", "two in three": "near", "shift": "run", "run": "run"}


@dataclass(frozen=True)
class Judged:
    """A series drawn and judged.

    Attributes
    ----------
    choice : Choice
        The chart and why.
    signal : str
        What the last point says: "improvement", "concern"; "high", "low" where neither direction is better; "none" (no more than chance);
        "cannot_tell".
    phrase : str
        Key of the words for it: "beyond_high", "beyond_low", "trend_high", "trend_low", "near_high", "near_low", "run_high", "run_low",
        "steady", "signal_earlier" (a run signals, but the last point is not in it), "too_few_points", "too_few_cases", "no_last_point".
    points : pandas.DataFrame
        One row per point given, in order (label, numerator, denominator, value, y, section, center, lower, upper, lower_2s, upper_2s,
        in_baseline, signalled, signal, side). Lines are missing where the chart has none.
    center : float
        The center of the last section.
    n_points : int
        Points with a value; those of the last section are `section_points`.
    section_points : int
    baseline : str
        In words; "" where there is no line to compute.
    rule_set : str
        Name of the rules; "no rules" for dots.
    screened : bool
        Whether large steps were screened out of the limits.
    """

    choice: Choice
    signal: Signal
    phrase: str
    points: pd.DataFrame
    center: float
    n_points: int
    section_points: int
    baseline: str
    rule_set: str
    screened: bool

    @property
    def footer(self) -> str:
        """The line to print under the chart: rules, baseline, points, screening, and that limits are trial limits."""
        parts = [f"Rules: {self.rule_set}"] + ([f"Baseline: {self.baseline}"] if self.baseline else [])
        parts.append(f"{self.n_points} point{'' if self.n_points == 1 else 's'}")
        if self.points["upper"].notna().any():
            parts.append("large steps screened once" if self.screened else "no screening")
            if self.choice.stage == "trial":
                parts.append(f"trial limits: fewer than {FREEZE_AT} points")
        return ". ".join(parts) + "."


def judge(
    unit: Unit,
    better: Better,
    points: pd.DataFrame,
    *,
    rebases: Sequence[str | pd.Timestamp | pd.Period] = (),
    per: float = PER_CHILDREN,
) -> Judged:
    """The chosen chart, drawn, and what its last point says.

    Takes the points of `choose_chart`, one row per month in order, with `label` or `date` where there are `rebases`: dated, decided
    starts of a new section, at the first point on or after each. Center and limits stand on the first 20 points of each section (gaps
    counted), or on all while there are fewer. XmR charts follow Making Data Count; the others the limits (if any) and Anhoej's runs. Of a section that has too few
    points for limits (13) or for rules (10) neither is applied; limits are left out there.

    The last point signals where it meets a rule itself, or ends a run that is too long (or, with too few crossings, the longest).
    Of stable charts, 2 to 5 in 100 have a false signal at the last point (simulated, 400 to 450 series each: p 3.3%, c 2.7%, XmR of 24 points
    3.7% and of 30 points 4.8%): 75 charts a month have two to four.

    >>> months = pd.DataFrame({"numerator": [16, 17, 15, 18] * 6 + [8], "denominator": [20] * 25})
    >>> judged = judge("share", "higher", months)
    >>> judged.choice.kind, judged.signal, judged.phrase, judged.center
    ('p', 'concern', 'beyond_low', 0.825)
    """
    if better not in ("higher", "lower", "neither"):
        raise ValueError(f'better is "{better}". It may be higher, lower or neither.')
    rows = measured(unit, points, per=per)
    rows["section"] = _sections(rows["label"], rebases)
    last = rows["section"] == rows["section"].max()
    section_points = int(rows.loc[last, "y"].notna().sum())
    # A new section chooses for itself once it has limits of its own; until then the chart stays what it was.
    choice = choose_chart(unit, points[last.to_numpy()] if section_points >= FEWEST_FOR_LIMITS else points)
    drawn = _drawn(choice.kind, rows, per if unit == "rate" else 1.0)
    rows = _with_lines(rows, drawn, choice.kind)
    if unit != "score":
        rows[["lower", "lower_2s"]] = rows[["lower", "lower_2s"]].clip(lower=0)
    signal, phrase = _last_point(rows[last], choice, section_points, better)
    return Judged(
        choice=choice,
        signal=signal,
        phrase=phrase,
        points=rows,
        center=float(rows["center"].iloc[-1]) if len(rows) else np.nan,
        n_points=int(rows["y"].notna().sum()),
        section_points=section_points,
        baseline="" if drawn is None or choice.kind == "dots" else drawn.baseline,
        rule_set="no rules" if drawn is None or choice.kind == "dots" else drawn.rule_set.name,
        screened=drawn is not None and drawn.screened,
    )


def _sections(labels: pd.Series, rebases: Sequence) -> pd.Series:
    """The section of each point, from 1; a rebase before the first point, or after the last, begins none."""
    if not len(rebases):
        return pd.Series(1, index=labels.index)
    if pd.api.types.is_numeric_dtype(labels):
        raise ValueError('Rebases are dates, and the points have none: give a column "date" or "label" with dates.')
    moments = pd.DatetimeIndex([_moment(one) for one in labels])
    if not moments.is_monotonic_increasing:
        raise ValueError("The points are not in order of their dates: sort them, earliest first.")
    starts = np.unique(moments.searchsorted(pd.DatetimeIndex([_moment(one) for one in rebases])))
    starts = starts[(starts > 0) & (starts < len(moments))]
    return pd.Series(1 + np.searchsorted(starts, np.arange(len(moments)), side="right"), index=labels.index)


def _moment(one: str | pd.Timestamp | pd.Period) -> pd.Timestamp:
    return one.start_time if isinstance(one, pd.Period) else pd.Timestamp(one)


def _drawn(kind: str, rows: pd.DataFrame, per: float) -> Chart | None:
    """The chart over the positions of the points; a line of dots is drawn as a run chart, and its runs are not looked at."""
    if not rows["y"].notna().any():
        return None
    gap = rows["y"].isna()
    table = rows.assign(at=np.arange(1, len(rows) + 1), denominator=rows["denominator"].mask(gap))
    ends = table.groupby("section")["at"].max().iloc[:-1].tolist()
    if kind == "xmr":
        days = pd.date_range("2000-01-01", periods=len(table), freq="D")
        starts = [days[end] for end in ends]
        return chart("xmr", table.assign(at=days), value="y", date="at", freeze=FREEZE_AT, rebase=starts or None)
    options = {"x": "at", "freeze": FREEZE_AT, "part": ends or None}
    if kind in ("p", "p_prime", "u", "u_prime"):
        return chart(kind, table, value="numerator", n="denominator", multiply=per, **options)
    return chart("run" if kind == "dots" else kind, table, value="y", **options)


def _with_lines(rows: pd.DataFrame, drawn: Chart | None, kind: str) -> pd.DataFrame:
    """Lines, and the rule that each point meets, in the order of the points."""
    lines = ["center", "lower", "upper", "lower_2s", "upper_2s"]
    if drawn is None:
        return rows.assign(**dict.fromkeys(lines, np.nan), in_baseline=False, signal="", signalled=False, side=np.nan)
    found = drawn.points.sort_values("order").reset_index(drop=True)
    rows = rows.assign(
        **{name: found[name] for name in lines}, in_baseline=found["in_baseline"], signal=found["signal"]
    )
    measured_points = rows.groupby("section")["y"].transform("count")
    rows.loc[measured_points < FEWEST_FOR_LIMITS, lines[1:]] = np.nan
    rows.loc[measured_points < FEWEST_FOR_LIMITS, "signal"] = ""
    rows["side"] = side_of(rows["y"], rows["center"])
    if kind not in ("xmr", "dots"):
        for section in drawn.sections.itertuples():
            here = rows["section"] == section.section
            if section.runs_signal and measured_points[here].iloc[0] >= FEWEST_FOR_RUNS:
                lengths = run_lengths(rows.loc[here, "y"], rows.loc[here, "center"])
                in_run = lengths >= min(section.longest, section.longest_allowed + 1)
                word = "run: " + rows.loc[here, "side"].map({1.0: "high", -1.0: "low"}).fillna("")
                rows.loc[here, "signal"] = rows.loc[here, "signal"].where(
                    rows.loc[here, "signal"].ne("") | ~in_run, word
                )
    return rows.assign(signalled=rows["signal"] != "")


def _last_point(section: pd.DataFrame, choice: Choice, section_points: int, better: Better) -> tuple[Signal, str]:
    """What the last point of the last section says, and the key of its words."""
    if choice.short_of:
        return "cannot_tell", f"too_few_{choice.short_of}"
    if section_points < (FEWEST_FOR_LIMITS if choice.kind == "xmr" else FEWEST_FOR_RUNS):
        return "cannot_tell", "too_few_points"
    if pd.isna(section["y"].iloc[-1]):
        return "cannot_tell", "no_last_point"
    rule, _, way = section["signal"].iloc[-1].partition(": ")
    if not rule:
        return "none", "signal_earlier" if section["signalled"].any() else "steady"
    phrase = f"{PHRASES[rule]}_{way}"
    if better == "neither":
        return ("high" if way == "high" else "low"), phrase
    return ("improvement" if (way == "high") == (better == "higher") else "concern"), phrase
