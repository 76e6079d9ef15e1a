"""What the last point of a measure's chart says: the chosen chart, drawn and judged. This is what a brief calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.quality.charts.choice import (
    FEWEST_FOR_LIMITS,
    FEWEST_FOR_RUNS,
    FREEZE_AT,
    Choice,
    Measured,
    Unit,
    choice_of,
    measured,
)
from analysis.quality.charts.lines import NEED_N, SCREENED, Given, Quirks
from analysis.quality.charts.records import MAKING_DATA_COUNT, THREE_SIGMA_AND_ANHOEJ, RuleSet, side_of
from analysis.quality.charts.runs import run_lengths
from analysis.quality.charts.shewhart import RULES, lines_and_runs
from analysis.quality.charts.subgroups import say_baseline, section_of_values
from analysis.quality.charts.xmr import process_limits, rules_met
from analysis.quality.units import PER_CHILDREN

Better = Literal["higher", "lower", "neither"]
Signal = Literal["improvement", "concern", "high", "low", "none", "cannot_tell"]

LIMITS = ("lower", "upper", "lower_2s", "upper_2s")
AS_CHOSEN = Given(center=None, screen=True, categories=False, quirks=Quirks())

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
    rules : tuple of str
        The rules in the reader's words; none for dots.
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
    rules: tuple[str, ...]
    screened: bool

    @property
    def footer(self) -> str:
        """The line to print under the chart: rules, baseline, points, screening, and that limits are trial limits."""
        parts = [f"Rules: {', '.join(self.rules) or 'none'}"] + (
            [f"Baseline: {self.baseline}"] if self.baseline else []
        )
        last = [f"{self.n_points} point{'' if self.n_points == 1 else 's'}"]
        if self.points["upper"].notna().any():
            last.append("large steps screened once" if self.screened else "no screening")
            if self.choice.stage == "trial":
                last.append(f"trial limits, since there are fewer than {FREEZE_AT}")
        return ". ".join([*parts, ", ".join(last)]) + "."


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
    Of stable charts, 1 to 5 in 100 have a false signal at the last point: params/false_alarms.csv has the rates by unit, points and cases,
    docs/calibration.md what a packet of them gives.

    >>> months = pd.DataFrame({"numerator": [16, 17, 15, 18] * 6 + [8], "denominator": [20] * 25})
    >>> judged = judge("share", "higher", months)
    >>> judged.choice.kind, judged.signal, judged.phrase, judged.center
    ('p', 'concern', 'beyond_low', 0.825)
    """
    if better not in ("higher", "lower", "neither"):
        raise ValueError(f'better is "{better}". It may be higher, lower or neither.')
    rows = measured(unit, points, per=per)
    section = _sections(rows.label, rebases)
    last = section == section.max(initial=1)
    section_points = int(rows.known[last].sum())
    # A new section chooses for itself once it has limits of its own; until then the chart stays what it was.
    choice = choice_of(unit, rows[last] if section_points >= FEWEST_FOR_LIMITS else rows)
    drawn = _drawn(choice.kind, rows, section, per if unit == "rate" else 1.0)
    if unit != "score":
        drawn |= {name: np.maximum(drawn[name], 0) for name in ("lower", "lower_2s")}
    signal, phrase = _last_point(rows.y[last], drawn["signal"][last], choice, section_points, better)
    ruled = choice.kind != "dots" and bool(rows.known.any())
    return Judged(
        choice=choice,
        signal=signal,
        phrase=phrase,
        points=pd.DataFrame(vars(rows) | {"section": section} | drawn | {"signalled": drawn["signal"] != ""}),
        center=float(drawn["center"][-1]) if len(section) else np.nan,
        n_points=int(rows.known.sum()),
        section_points=section_points,
        baseline=say_baseline(drawn | {"section": section, "included": np.ones_like(rows.known)}, FREEZE_AT)
        if ruled
        else "",
        rule_set=_rule_set(choice.kind).name if ruled else "no rules",
        rules=_rule_set(choice.kind).rules if ruled else (),
        screened=ruled and (choice.kind == "xmr" or choice.kind in SCREENED),
    )


def _sections(labels: np.ndarray, rebases: Sequence) -> np.ndarray:
    """The section of each point, from 1; a rebase before the first point, or after the last, begins none."""
    if not len(rebases):
        return np.ones(len(labels), dtype=int)
    if np.issubdtype(labels.dtype, np.number):
        raise ValueError('Rebases are dates, and the points have none: give a column "date" or "label" with dates.')
    moments = pd.DatetimeIndex([_moment(one) for one in labels])
    if not moments.is_monotonic_increasing:
        raise ValueError("The points are not in order of their dates: sort them, earliest first.")
    starts = np.unique(moments.searchsorted(pd.DatetimeIndex([_moment(one) for one in rebases])))
    starts = starts[(starts > 0) & (starts < len(moments))]
    return 1 + np.searchsorted(starts, np.arange(len(moments)), side="right")


def _moment(one: str | pd.Timestamp | pd.Period) -> pd.Timestamp:
    return one.start_time if isinstance(one, pd.Period) else pd.Timestamp(one)


def _rule_set(kind: str) -> RuleSet:
    return MAKING_DATA_COUNT if kind == "xmr" else RULES.get(kind, THREE_SIGMA_AND_ANHOEJ)


def _drawn(kind: str, rows: Measured, section: np.ndarray, per: float) -> dict[str, np.ndarray]:
    """Lines, baseline, the rule that each point meets, and its side of the center."""
    drawn: dict[str, np.ndarray] = {name: np.full(len(section), np.nan) for name in ("center", *LIMITS)}
    drawn |= {"in_baseline": np.zeros(len(section), dtype=bool), "signal": np.full(len(section), "", dtype=object)}
    drawn["side"] = np.full(len(section), np.nan)
    if rows.known.any():
        for number in range(1, section.max() + 1):
            here = section == number
            for name, line in _drawn_section(kind, rows[here], per).items():
                drawn[name][here] = line
    return drawn


def _drawn_section(kind: str, rows: Measured, per: float) -> dict[str, np.ndarray | float]:
    """`_drawn` of one section; a line of dots is drawn as a run chart, and its runs are not looked at."""
    in_baseline = np.arange(len(rows.y)) < FREEZE_AT
    runs = None
    if kind == "xmr":
        limits = process_limits(rows.y[in_baseline])
        drawn = limits.lines | {"signal": rules_met(rows.y, limits).signal}
    else:
        n = np.where(rows.known, rows.denominator, np.nan) if kind in NEED_N else None
        points = section_of_values(rows.y if n is None else rows.numerator, n, freeze=FREEZE_AT)
        found = lines_and_runs("run" if kind == "dots" else kind, points, AS_CHOSEN, 1.0 if n is None else per)
        drawn = {name: getattr(found, name) for name in ("center", *LIMITS, "signal")}
        runs = found.runs if found.runs_signal and kind != "dots" else None
    count = rows.known.sum()
    if count < FEWEST_FOR_LIMITS:
        drawn |= dict.fromkeys(LIMITS, np.nan) | {"signal": np.full(len(rows.y), "", dtype=object)}
    side = side_of(rows.y, drawn["center"])
    if runs is not None and count >= FEWEST_FOR_RUNS:
        in_run = run_lengths(rows.y, drawn["center"]) >= min(runs.longest, runs.longest_allowed + 1)
        for way, sign in (("high", 1), ("low", -1)):
            drawn["signal"][(drawn["signal"] == "") & in_run & (side == sign)] = f"run: {way}"
    return drawn | {"in_baseline": in_baseline, "side": side}


def _last_point(
    y: np.ndarray, met: np.ndarray, choice: Choice, section_points: int, better: Better
) -> tuple[Signal, str]:
    """What the last point of the last section says, and the key of its words."""
    if choice.short_of:
        return "cannot_tell", f"too_few_{choice.short_of}"
    if section_points < (FEWEST_FOR_LIMITS if choice.kind == "xmr" else FEWEST_FOR_RUNS):
        return "cannot_tell", "too_few_points"
    if np.isnan(y[-1]):
        return "cannot_tell", "no_last_point"
    rule, _, way = met[-1].partition(": ")
    if not rule:
        return "none", "signal_earlier" if (met != "").any() else "steady"
    phrase = f"{PHRASES[rule]}_{way}"
    if better == "neither":
        return ("high" if way == "high" else "low"), phrase
    return ("improvement" if (way == "high") == (better == "higher") else "concern"), phrase
