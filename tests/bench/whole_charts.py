"""False signals anywhere in a stable chart and at its last point, with the baseline frozen and not: where the last point's rates come from.

    python -m tests.bench.whole_charts

p, u and u' at 24 points: any point beyond a limit, a run that is too long or too few crossings, and both at the last point alone. XmR
of independent normal values: the rule that the last point meets, by the number of points and of those in the baseline.
"""

import sys
from collections import Counter

import numpy as np

from analysis.quality.charts.judgment import AS_CHOSEN
from analysis.quality.charts.runs import run_lengths
from analysis.quality.charts.shewhart import lines_and_runs
from analysis.quality.charts.subgroups import section_of_values
from analysis.quality.charts.xmr import process_limits, rules_met
from tests.bench.packet_false_alarms import table

SEED = 20261127
SERIES = 3000
POINTS = 24
YES = 0.9
EXPOSURE = 1000.0


def stable(kind: str, cases: int, shocks: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """x and n of one stable chart; month shocks of that size, none where it is 0."""
    if kind == "p":
        n = np.maximum(rng.poisson(cases, POINTS), 1)
        return rng.binomial(n, YES).astype(float), n.astype(float)
    means = cases * (rng.gamma(shocks, 1 / shocks, POINTS) if shocks else np.ones(POINTS))
    return rng.poisson(means).astype(float), np.full(POINTS, EXPOSURE)


def whole_chart(kind: str, cases: int, shocks: int, freeze: int) -> dict[str, str]:
    """One row of the first table."""
    rng, seen = np.random.default_rng([SEED, len(kind), cases, shocks]), Counter()
    for _ in range(SERIES):
        drawn = lines_and_runs(kind, section_of_values(*stable(kind, cases, shocks, rng), freeze=freeze), AS_CHOSEN)
        too_long = min(drawn.runs.longest, drawn.runs.longest_allowed + 1)
        seen["any beyond"] += (drawn.signal != "").any()
        seen["runs"] += drawn.runs_signal
        seen["last beyond"] += drawn.signal[-1] != ""
        seen["last in the run"] += drawn.runs_signal and run_lengths(drawn.y, drawn.center)[-1] >= too_long
    row = {"chart": kind, "cases": str(cases), "shocks": str(shocks or "none"), "baseline": str(freeze)}
    return row | {name: f"{100 * many / SERIES:.1f}" for name, many in seen.items()}


def last_of_xmr(points: int, baseline: int) -> dict[str, str]:
    """One row of the second table."""
    rng, rules = np.random.default_rng([SEED, points]), Counter()
    for _ in range(2 * SERIES):
        y = rng.normal(size=points)
        rules[rules_met(y, process_limits(y[:baseline])).signal[-1].partition(":")[0]] += 1
    row = {"points": str(points), "baseline": str(baseline), "false": f"{100 * (1 - rules[''] / (2 * SERIES)):.1f}"}
    names = ("beyond limit", "trend", "two in three", "shift")
    return row | {name: f"{100 * rules[name] / (2 * SERIES):.1f}" for name in names}


def main() -> int:
    """Print both tables: in 100 charts."""
    asked = [("p", 20, 0), ("p", 60, 0), ("u", 20, 0), ("u", 20, 15), ("u_prime", 20, 15), ("u_prime", 60, 15)]
    print(table([whole_chart(*each, freeze) for freeze in (POINTS, 20) for each in asked]))
    lengths = [(13, 13), (20, 20), (24, 24), (24, 20), (24, 12), (36, 36), (36, 20), (36, 12)]
    print("\n" + table([last_of_xmr(*each) for each in lengths]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
