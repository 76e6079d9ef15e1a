"""The rule for low use on simulated states, beside the figures that it was chosen by.

    python -m tests.bench.low_use_rates [REPLICATES]

Fifteen sites of 2,300 to 148,000 children with 4 episodes per 1,000 a year, ordinary sites that differ by 0.15, month shocks of size
25, two sites at half. "Published" are the project's own earlier figures, from other code and seeds. The rule is run in
three ways: as then (one pooled dispersion, the reference without the two lowest and two highest sites, the spread taken for 0.15), with
month shocks as mean^2 / size and every site's reference all the others, and as it stands (the spread between sites fitted as well).
docs/calibration.md keeps what this prints.
"""

import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.quality.utilization.dispersion import lower_tail
from analysis.quality.utilization.error_rates import ErrorRates, State, draw, error_rates, reference
from analysis.quality.utilization.look import chance_low, look, ratio_grid
from analysis.quality.utilization.parameters import LowUse, read_low_use
from analysis.quality.utilization.posterior import chance_below, posterior

SEED = 20261202
REPLICATES = 400
CHILDREN = (
    148_000, 52_000, 41_000, 38_000, 30_000, 24_500, 19_800, 17_200, 14_900, 12_600, 9_800, 7_400, 5_600, 3_900, 2_300,
)  # fmt: skip
PER_1000 = 4
BENIGN, WIDE, SIZE = 0.15, 0.30, 25
HISTORY, AFTER = 12, 24
DEFAULT_PHI = 1.3  # with fewer than 3 months
NAMES = ("large", "mid", "small")
BY_SIZE = {name: slice(5 * at, 5 * at + 5) for at, name in enumerate(NAMES)}

# One look, overdispersed p < 0.025: falsely flagged, any of 15, power small, mid, large; in 100.
ONE_LOOK = {1: (0.6, 8, 0, 7, 22), 3: (0.8, 10, 6, 28, 57), 6: (0.9, 11, 17, 55, 80), 12: (1.0, 12, 35, 82, 95)}
ONE_LOOK_FIGURES = ("falsely flagged", "any of the ordinary", "power small", "power mid", "power large")
# The whole rule: false a site-year, any of 15 a year, and by size (median months, found by 12 in 100).
WHOLE = {
    "watch": (6.7, 68, {"large": ("4-6", (89, 94)), "mid": ("6", (86, 89)), "small": ("13-16", (39, 47))}),
    "below": (3.8, 44, {"large": ("5", (87, 87)), "mid": ("7", (76, 76)), "small": ("19", (33, 33))}),
    "sure": (1.1, 13, {"large": ("10", (76, 76)), "mid": ("12", (63, 63)), "small": (">24", (4, 4))}),
}
RUNS = {"whole rule, false": 200, "whole rule, finds": 70}  # what the published figures stand on
AT_WIDE = (7.8, 70)  # the tail at 0.15 where ordinary sites differ by 0.30: one look or a year was not said


def state(months: int, *, spread: float = BENIGN, per_1000: float = PER_1000) -> State:
    """The simulated state."""
    base = np.repeat(np.array(CHILDREN)[:, None] * per_1000 / 1000 / 12, months, axis=1)
    return State(tuple(f"site-{at:02d}" for at in range(1, len(CHILDREN) + 1)), base, 1 / SIZE, spread)


def fixed_spread(rule: LowUse) -> LowUse:
    """The rule that takes the spread for 0.15, whatever the sites show."""
    return rule.model_copy(update={"spread": rule.spread.model_copy(update={"fewest_sites": 1000})})


def trimmed_reference(observed: np.ndarray, base: np.ndarray) -> np.ndarray:
    """What is expected by the rate of the months given, without the two sites of the lowest and the two of the highest rate."""
    o, e = observed.sum(axis=-1), base.sum(axis=-1)
    rank = (o / e).argsort(axis=-1).argsort(axis=-1)
    kept = (rank >= 2) & (rank < o.shape[-1] - 2)
    rate = np.where(kept, o, 0).sum(axis=-1) / np.where(kept, e, 0).sum(axis=-1)
    return base * rate[..., None, None]


def pooled_phi(observed: np.ndarray) -> np.ndarray:
    """Pearson's dispersion of the months about each site's own mean, pooled over the sites, at least 1; 1.3 under 3 months."""
    if observed.shape[-1] < 3:
        return np.full(observed.shape[:-2], DEFAULT_PHI)
    mean = observed.mean(axis=-1, keepdims=True)
    some = mean > 0
    chi2 = np.where(some, (observed - mean) ** 2 / np.where(some, mean, 1), 0).sum(axis=(-2, -1))
    return np.maximum(chi2 / (some.sum(axis=(-2, -1)) * (observed.shape[-1] - 1)), 1)


def pooled_tail(observed: np.ndarray, expected: np.ndarray, phi: np.ndarray) -> np.ndarray:
    o, e = observed.sum(axis=-1), expected.sum(axis=-1)
    return lower_tail(o, e, (phi[..., None] - 1) * e + (BENIGN * e) ** 2)


def one_look(replicates: int, seed: int = SEED, spread: float = BENIGN) -> pd.DataFrame:
    """Two sites of fifteen at half: one row per way, rule and window, with the five figures and their errors (95%), in 100."""
    rng, rule = np.random.default_rng([seed, 0]), read_low_use()
    made = state(24, spread=spread)
    ratio = np.exp(rng.normal(0, spread, (replicates, len(CHILDREN))))
    low = np.zeros(ratio.shape, dtype=bool)
    np.put_along_axis(
        low, rng.permuted(np.tile(np.arange(len(CHILDREN)), (replicates, 1)), axis=1)[:, :2], True, axis=1
    )
    observed = draw(made, np.where(low, 0.5, ratio)[..., None], rng)
    rows = []
    for months in ONE_LOOK:
        seen = observed[..., -months:]
        trimmed, phi = trimmed_reference(seen, made.base[:, -months:]), pooled_phi(seen)
        flags = {("as then", "tail"): pooled_tail(seen, trimmed, phi) < rule.classes.tail}
        o, e, prior = seen.sum(axis=-1) / phi[:, None], trimmed.sum(axis=-1) / phi[:, None], ratio_grid(rule)
        flags["as then", "P >= 0.7"] = chance_below(posterior(o, e, 0 * e, prior), 0.75, prior) >= rule.classes.sure_low
        one_window = {"months": months, "longer_months": months}
        for way, how in {"mean^2 / size, 0.15": fixed_spread(rule), "as it stands": rule}.items():
            how = how.model_copy(update={"windows": rule.windows.model_copy(update=one_window)})
            found = look(observed, reference(observed, made.base), rule=how)
            flags[way, "tail"] = found.tail < rule.classes.tail
            flags[way, "P >= 0.7"] = chance_low(found, rule=rule) >= rule.classes.sure_low
        rows += [(way, what, months, *_one_look_figures(flag, low)) for (way, what), flag in flags.items()]
    return pd.DataFrame(rows, columns=["way", "rule", "months", *ONE_LOOK_FIGURES, "errors"])


def _one_look_figures(flag: np.ndarray, low: np.ndarray) -> tuple:
    ordinary = flag & ~low
    samples = [flag[~low], ordinary.any(axis=1)] + [
        flag[:, BY_SIZE[name]][low[:, BY_SIZE[name]]] for name in reversed(NAMES)
    ]
    return (*(100 * each.mean() for each in samples), [error(each.mean(), len(each)) for each in samples])


def error(share: float, many: int) -> float:
    """The simulation error of a share, 95%, in 100; of 0 or 1 that of one case more."""
    inside = np.clip(share, 1 / (many + 1), many / (many + 1))
    return 196 * np.sqrt(inside * (1 - inside) / many)


def whole_rule_as_then(replicates: int, seed: int = SEED, spread: float = BENIGN) -> ErrorRates:
    """The whole rule with one pooled dispersion of the last 12 months and the trimmed reference of each window."""
    rule, made = read_low_use(), state(HISTORY + AFTER, spread=spread)
    rng = np.random.default_rng([seed, 1])
    ratio = np.exp(rng.normal(0, spread, (2, replicates, len(CHILDREN))))
    alarms = _alarms_as_then(draw(made, ratio[0][..., None], rng), made.base, rule)
    year = {step: each[..., :12].any(axis=-1) for step, each in alarms.items()}
    steps = pd.DataFrame(
        [(step, each.mean(), each.any(axis=1).mean(), each.sum(axis=1).mean()) for step, each in year.items()],
        columns=["step", "false_a_site_year", "any_a_year", "sites_a_year"],
    )
    which = np.arange(replicates) % len(CHILDREN)
    halved = np.repeat(ratio[1][..., None], HISTORY + AFTER, axis=-1)
    halved[np.arange(replicates), which, HISTORY:] *= 0.5
    alarms = _alarms_as_then(draw(made, halved, rng), made.base, rule)
    rows = []
    for name, members in BY_SIZE.items():
        own = np.flatnonzero((which >= members.start) & (which < members.stop))
        for step, each in alarms.items():
            there = each[own, which[own]]
            first = np.where(there.any(axis=1), there.argmax(axis=1) + 1.0, np.inf)
            rows.append((name, step, 5, np.nan, np.median(first), (first <= 12).mean()))
    columns = ["size", "step", "sites", "expected_a_year", "median_months", "found_by_12"]
    return ErrorRates(spread, len(CHILDREN), replicates, steps, pd.DataFrame(rows, columns=columns))


def _alarms_as_then(observed: np.ndarray, base: np.ndarray, rule: LowUse) -> dict[str, np.ndarray]:
    watches, sure, prior = [], [], ratio_grid(rule)
    for end in range(HISTORY, HISTORY + AFTER + 1):
        year = observed[..., end - 12 : end]
        phi = pooled_phi(year)
        long = trimmed_reference(year, base[:, end - 12 : end])
        short = trimmed_reference(year[..., -6:], base[:, end - 6 : end])
        longer = short.sum(axis=-1) < rule.windows.longer_below_expected
        tail = np.where(longer, pooled_tail(year, long, phi), pooled_tail(year[..., -6:], short, phi))
        watches.append((tail < rule.classes.tail) & (long.sum(axis=-1) >= rule.classes.least_expected))
        o, e = year.sum(axis=-1) / phi[:, None], long.sum(axis=-1) / phi[:, None]
        sure.append(chance_below(posterior(o, e, 0 * e, prior), rule.classes.low_ratio, prior) >= rule.classes.sure_low)
    watch, below = (
        np.stack(watches[1:], axis=-1),
        np.stack([a & b for a, b in pairwise(watches)], axis=-1),
    )
    return {"watch": watch, "below": below, "sure": below & np.stack(sure[1:], axis=-1)}


def whole_rules(replicates: int) -> dict[str, ErrorRates]:
    """The whole rule in three ways, and two of them where ordinary sites differ by 0.30."""
    rule, made = read_low_use(), state(HISTORY + AFTER)
    run = {"replicates": replicates, "seed": SEED, "after": AFTER}
    wide = replace(made, spread=WIDE)
    return {
        "as then": whole_rule_as_then(replicates),
        "mean^2 / size, 0.15": error_rates(made, rule=fixed_spread(rule), **run),
        "as it stands": error_rates(made, rule=rule, **run),
        "as then, sites differ by 0.30": whole_rule_as_then(replicates, spread=WIDE),
        "mean^2 / size, 0.15, sites differ by 0.30": error_rates(wide, rule=fixed_spread(rule), **run),
        "as it stands, sites differ by 0.30": error_rates(wide, rule=rule, **run),
    }


def within(
    ours: float, error_of_ours: float, low: float, high: float, error_of_theirs: float, rounding: float = 0.5
) -> bool:
    """True where the figures differ by no more than the errors of both simulations and the rounding of the published."""
    return (
        low - rounding - np.hypot(error_of_ours, error_of_theirs)
        <= ours
        <= high + rounding + np.hypot(error_of_ours, error_of_theirs)
    )


def say_one_look(found: pd.DataFrame) -> str:
    lines = ["| way | rule | months | " + " | ".join(ONE_LOOK_FIGURES) + " |", "|" + " --- |" * 8]
    for row in found.itertuples(index=False):
        values = row[3:8]
        cells = []
        for value, wide, told in zip(values, row.errors, ONE_LOOK[row.months], strict=True):
            cell = f"{value:.1f} +- {wide:.1f}"
            if row.rule == "tail":
                rounding = 0.05 if isinstance(told, float) else 0.5
                cell += f" ({told}{'' if within(value, wide, told, told, wide, rounding) else ' NOT WITHIN'})"
            cells.append(cell)
        lines.append(f"| {row.way} | {row.rule} | {row.months} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def say_whole(found: dict[str, ErrorRates]) -> str:
    lines = ["| way | step | false a site-year | any of 15 | " + " | ".join(f"{name}: median months, found by 12" for name in NAMES) + " |", "|" + " --- |" * 7]  # fmt: skip
    for way, rates in found.items():
        steps, finds = rates.steps.set_index("step"), rates.finds.set_index(["size", "step"])
        for step, (a_site, any_site, by_size) in WHOLE.items():
            comparable = rates.spread == BENIGN
            cells = []
            for value, told, many, theirs, rounding in (
                (steps.loc[step, "false_a_site_year"], a_site, rates.replicates * rates.sites, 200 * rates.sites, 0.05),
                (steps.loc[step, "any_a_year"], any_site, rates.replicates, 200, 0.5),
            ):
                wide = error(value, many)
                fits = within(100 * value, wide, told, told, error(told / 100, theirs), rounding)
                cells.append(
                    f"{100 * value:.1f} +- {wide:.1f}"
                    + (f" ({told}{'' if fits else ' NOT WITHIN'})" if comparable else "")
                )
            for name, (months, (low, high)) in by_size.items():
                row = finds.loc[(name, step)]
                wide = error(row["found_by_12"], rates.replicates // 3)
                fits = within(
                    100 * row["found_by_12"], wide, low, high, error((low + high) / 200, RUNS["whole rule, finds"])
                )
                median = f"{row['median_months']:.0f}" if np.isfinite(row["median_months"]) else f">{AFTER}"
                told = f"{low}" if low == high else f"{low}-{high}"
                beside = f" ({months}, {told}{'' if fits else ' NOT WITHIN'})" if comparable else ""
                cells.append(f"{median}, {100 * row['found_by_12']:.0f} +- {wide:.0f}{beside}")
            lines.append(f"| {way} | {step} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Print both tables."""
    replicates = int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATES
    print(f"{replicates} replicates, seed {SEED}; in 100; published in brackets\n\nOne look\n")
    print(say_one_look(one_look(5 * replicates)))
    print(f"\nOne look where ordinary sites differ by {WIDE}\n")
    print(
        one_look(5 * replicates, spread=WIDE)
        .query("months == 12")
        .drop(columns="errors")
        .round(1)
        .to_string(index=False)
    )
    print("\nThe whole rule\n")
    print(say_whole(whole_rules(replicates)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
