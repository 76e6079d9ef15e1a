"""How often a chart of a service that has not changed looks changed at its last point: simulated, kept in params/false_alarms.csv.

python -m analysis.quality.charts.false_alarms writes the file anew (about four minutes). docs/calibration.md prints the rates, holds them against
others' and says what they leave out: seasons, shares that themselves move, sites that differ in more than size.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.params import ROOT
from analysis.quality.charts.choice import Unit
from analysis.quality.charts.judgment import judge

FILE = Path("params") / "false_alarms.csv"
SEED = 20261125
SERIES = 1000  # a rate of 2 in 100 is then known to about 0.9 of 100 (95%)
# Below 10 no rule is applied, below 13 runs alone; at 20 the baseline freezes, and the rate climbs until about 30.
POINTS = (10, 13, 16, 20, 22, 24, 30, 36, 48, 60)
# Shares of about 0.88, as visits in person are (shares of 0.5 to 0.94 give the same rates to 1 in 100); counts and rates with
# month-to-month shocks of size 25 (variance mu^2 / 25: an assumption that a state estimates anew); waits log-normal around 40
# minutes; scores with a standard deviation of 14.
SHARE, SHOCKS, WAIT, SPREAD, SCORE_SD = 0.88, 25, 40.0, 0.6, 14.0
CASES: dict[Unit, tuple[int, ...]] = {
    "share": (10, 15, 20, 30, 60, 250, 800),
    "count": (5, 12, 20, 60, 250),
    "rate": (5, 12, 20, 60, 250),
    "minutes": (5, 12, 20, 40, 150),
    "score": (12, 60),
}
CHILD_YEARS_A_CASE = 200.0  # 5 crises for every 1,000 child-years: only the ratio of the limits to the spread matters


@dataclass(frozen=True)
class FalseAlarms:
    """One row per unit, number of points and cases a point: the part of stable charts with a false signal at the last point."""

    table: pd.DataFrame

    def rate(self, unit: str, n_points: int, cases: float) -> float:
        """The rate of the simulated chart that is next below in points and cases, else of the smallest.

        >>> table = pd.DataFrame({"unit": "share", "points": [13, 24], "cases": 20, "rate": [0.01, 0.02]})
        >>> FalseAlarms(table).rate("share", 30, 25.0), FalseAlarms(table).rate("share", 10, 5.0)
        (0.02, 0.01)
        """
        rows = self.table[self.table["unit"].eq(unit)]
        for column, value in (("points", n_points), ("cases", cases)):
            below = rows.loc[rows[column] <= value, column]
            rows = rows[rows[column].eq(below.max() if len(below) else rows[column].min())]
        return float(rows["rate"].iloc[0])


def read_false_alarms(*, root: Path = ROOT) -> FalseAlarms:
    """The simulated rates of params/false_alarms.csv."""
    return FalseAlarms(pd.read_csv(root / FILE))


def stable_series(unit: Unit, cases: int, points: int, rng: np.random.Generator) -> pd.DataFrame:
    """One service that does not change: numerator, denominator, value, one row a month."""
    shocks = rng.gamma(SHOCKS, 1 / SHOCKS, points)
    if unit in ("count", "rate"):
        events = rng.poisson(cases * shocks).astype(float)
        exposure = np.full(points, cases * CHILD_YEARS_A_CASE)
        return pd.DataFrame({"numerator": events, "denominator": exposure, "value": events})
    n = np.maximum(rng.poisson(cases * shocks), 1)
    if unit == "share":
        yes = rng.binomial(n, SHARE)
        return pd.DataFrame({"numerator": yes.astype(float), "denominator": n.astype(float), "value": yes / n})
    if unit == "minutes":
        value = [float(np.median(rng.lognormal(np.log(WAIT), SPREAD, each))) for each in n]
    else:
        value = rng.normal(0.0, SCORE_SD / np.sqrt(n)).tolist()
    return pd.DataFrame({"numerator": np.nan, "denominator": n.astype(float), "value": value})


def simulate(
    *, series: int = SERIES, seed: int = SEED, points: tuple[int, ...] = POINTS, cases: dict[Unit, tuple[int, ...]] = CASES,
    say: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:  # fmt: skip
    """The table of `FalseAlarms`, with judged (charts to which a rule was applied) and series.

    The rate is out of the charts that a rule was applied to: the others cannot raise an alarm. The series of a unit and size are the
    same whichever lengths and other cells are asked for, and a longer series goes on from a shorter.
    """
    rows = []
    for unit, sizes in cases.items():
        for size in sizes:
            rng = np.random.default_rng([seed, list(CASES).index(unit), size])
            drawn = [stable_series(unit, size, max(POINTS), rng) for _ in range(series)]
            for length in points:
                kinds = [judge(unit, "higher", one.head(length)).signal for one in drawn]
                judged = sum(kind != "cannot_tell" for kind in kinds)
                false = sum(kind in ("improvement", "concern") for kind in kinds)
                rows.append((unit, length, size, false / judged if judged else 0.0, judged, series))
            say(f"{unit}, {size} cases a point")
    return pd.DataFrame(rows, columns=["unit", "points", "cases", "rate", "judged", "series"])


def as_csv(table: pd.DataFrame) -> str:
    """The table as params/false_alarms.csv has it."""
    return table.to_csv(index=False, float_format="%.4f", lineterminator="\n")


def main() -> int:
    """Write the simulated rates."""
    table = simulate(say=lambda line: print(line, file=sys.stderr, flush=True))
    (ROOT / FILE).write_text(as_csv(table), encoding="utf-8")
    print(f"{len(table)} rates: {FILE.as_posix()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
