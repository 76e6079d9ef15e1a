"""Centers and limits of Shewhart's charts, one function a kind: what a section's points are held against.

Formulas after Montgomery 2009, Introduction to Statistical Quality Control, 6th ed. (equation numbers at each), Laney 2002,
Quality Engineering 14(4):531-537 (p', u'), Taylor 2018 (i'), Provost and Murray 2011, The Health Care Data Guide (g, t).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammaln

from analysis.quality.charts.ranges import D2, RANGE_LIMIT, RANGE_LIMIT_I_PRIME, mean_range, moving_ranges

T_POWER = 3.6  # Nelson 1994, Journal of Quality Technology 26(3):239-241: times between events to the power 1/3.6 are nearly normal


@dataclass(frozen=True)
class Quirks:
    """What a package does and we do not, each off unless asked for (docs/methods.md, Control charts).

    Attributes
    ----------
    part_ends_freeze, unfloored_sigma_z, median_as_center, t_lower_2s_missing, i_prime_uses_all, flat_loses_limits : bool
        qicharts2 0.8.1: freeze is passed over where there are parts; p' and u' may have narrower limits than p and u; a g chart draws the
        median (a given center at 0.693 of it); a lower two-sigma limit of a t chart below 0 is blank; i' passes over freeze and exclude;
        screening a series without steps leaves no limits.
    """

    part_ends_freeze: bool = False
    unfloored_sigma_z: bool = False
    median_as_center: bool = False
    t_lower_2s_missing: bool = False
    i_prime_uses_all: bool = False
    flat_loses_limits: bool = False


@dataclass(frozen=True)
class Lines:
    """Center and limits of one section, one value a point; `sigma` as such where limits are center -+ 2 or 3 of it."""

    y: pd.Series
    center: pd.Series
    lower: pd.Series
    upper: pd.Series
    lower_2s: pd.Series
    upper_2s: pd.Series
    about: pd.Series | None = None  # the line that runs are counted about, where it is not the center


@dataclass(frozen=True)
class Given:
    """What the lines of a section are computed with."""

    center: float | None
    screen: bool
    categories: bool  # the axis holds names without an order
    quirks: Quirks


def _three_sigma(
    y: pd.Series,
    center: pd.Series,
    sigma: pd.Series,
    *,
    floor: float = -np.inf,
    ceiling: float = np.inf,
    about: pd.Series | None = None,
) -> Lines:
    def at(k: int) -> pd.Series:
        return np.clip(center + k * sigma, floor, ceiling)

    return Lines(y, center, at(-3), at(3), at(-2), at(2), about)


def _level(rows: pd.DataFrame, center: float) -> pd.Series:
    return pd.Series(float(center), index=rows.index)


def _center(rows: pd.DataFrame, given: Given, computed: float) -> pd.Series:
    return _level(rows, computed if given.center is None else given.center)


def _pooled(rows: pd.DataFrame, base: pd.Series) -> float:
    total = rows.loc[base, "n"].sum()
    return rows.loc[base, "y_sum"].sum() / total if total > 0 else np.nan


def _sigma_by_ranges(values: pd.Series, given: Given) -> float:
    """Mean moving range / 1.128, Montgomery 6.33."""
    return (
        mean_range(
            moving_ranges(values.to_numpy()),
            screen=given.screen,
            limit=RANGE_LIMIT,
            flat_loses_limits=given.quirks.flat_loses_limits,
        ).value
        / D2
    )


def _run(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    none = _level(rows, np.nan)
    return Lines(rows["y"], _center(rows, given, rows.loc[base, "y"].dropna().median()), none, none, none, none)


def _i(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    center = _center(rows, given, rows.loc[base, "y"].mean())
    return _three_sigma(rows["y"], center, _level(rows, _sigma_by_ranges(rows.loc[base, "y"], given)))


def _mr(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    """Moving ranges: 0 and 3.267 times their mean, Montgomery 6.34; never screened."""
    ranges = rows["y"].diff().abs()
    center = _center(rows, given, ranges[base].mean())
    zero = _level(rows, 0.0)
    return Lines(ranges, center, zero, RANGE_LIMIT * center, zero, RANGE_LIMIT / 3 * 2 * center)


def _t(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    """Times between events: an I chart of y^(1/3.6), drawn back. Provost and Murray 2011, p. 230."""
    if (rows["y"] <= 0).any():
        at = rows.loc[rows["y"] <= 0, "order"].iloc[0]
        raise ValueError(
            f"Point {at} has a time between events of 0 or less, which a t chart cannot take. Two events on one day: write half a day, or count hours."
        )
    power = 1 / T_POWER
    root = rows.assign(y=rows["y"] ** power)
    lines = _i(
        root,
        base,
        Given(None if given.center is None else given.center**power, given.screen, given.categories, given.quirks),
    )

    def back(line: pd.Series) -> pd.Series:
        return line.clip(lower=0) ** T_POWER

    lower_2s = back(lines.lower_2s)
    if given.quirks.t_lower_2s_missing:
        lower_2s = lower_2s.where(lines.lower_2s >= 0)
    return Lines(rows["y"], back(lines.center), back(lines.lower), back(lines.upper), lower_2s, back(lines.upper_2s))


def _g(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    """Cases between events: sigma sqrt(g (g + 1)), Montgomery p. 319 (Benneyan 2001); runs are counted about the median.

    The mean of a geometric count has 63 of 100 below it, so runs about it would signal by themselves.
    """
    center = _center(rows, given, rows.loc[base, "y"].mean())
    median = _level(rows, rows.loc[base, "y"].dropna().median()) if given.center is None else 0.693 * center
    lines = _three_sigma(rows["y"], center, np.sqrt(center * (center + 1)), floor=0, about=median)
    if given.quirks.median_as_center:
        return Lines(lines.y, median, lines.lower, lines.upper, lines.lower_2s, lines.upper_2s)
    return lines


def _p(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    """sqrt(p (1 - p) / n), Montgomery 7.8, within 0 and 1."""
    center = _center(rows, given, _pooled(rows, base))
    return _three_sigma(
        rows["y"], center, np.sqrt(center * (1 - center) / rows["n"].where(rows["n"] > 0)), floor=0, ceiling=1
    )


def _p_prime(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    lines = _p(rows, base, given)
    sigma = np.sqrt(lines.center * (1 - lines.center) / rows["n"].where(rows["n"] > 0))
    return _three_sigma(
        rows["y"], lines.center, sigma * _sigma_z(rows, base, lines.center, sigma, given), floor=0, ceiling=1
    )


def _c(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    """sqrt(c), Montgomery 7.17, not below 0."""
    center = _center(rows, given, rows.loc[base, "y_sum"].mean())
    return _three_sigma(rows["y_sum"], center, np.sqrt(center), floor=0)


def _u(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    """sqrt(u / n), Montgomery 7.19, not below 0."""
    center = _center(rows, given, _pooled(rows, base))
    return _three_sigma(rows["y"], center, np.sqrt(center / rows["n"].where(rows["n"] > 0)), floor=0)


def _u_prime(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    center = _center(rows, given, _pooled(rows, base))
    sigma = np.sqrt(center / rows["n"].where(rows["n"] > 0))
    return _three_sigma(rows["y"], center, sigma * _sigma_z(rows, base, center, sigma, given), floor=0)


def _sigma_z(rows: pd.DataFrame, base: pd.Series, center: pd.Series, sigma: pd.Series, given: Given) -> float:
    """Laney's factor: how much more the points vary than chance alone, by moving ranges of z; never below 1 here.

    Limits narrower than the binomial's or Poisson's own would call chance a cause; qicharts2 does not stop at 1.
    """
    z = ((rows["y"] - center) / sigma)[base]
    factor = z.std(ddof=1) if given.categories else _sigma_by_ranges(z, given)
    return factor if given.quirks.unfloored_sigma_z or np.isnan(factor) else max(1.0, factor)


def _i_prime(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    """Normalized individuals: sigma of one unit of n from steps, each allowed for its two sizes. Taylor 2018."""
    n = rows["n"] if rows["n"].notna().any() else rows["y_length"].astype(float)
    n = n.where(n > 0)
    center = _center(rows, given, (rows["y"] * n)[base].sum() / n[base & rows["y"].notna()].sum())
    used = pd.Series(True, index=rows.index) if given.quirks.i_prime_uses_all else base
    sizes = (1 / n[used]).to_numpy()
    steps = np.sqrt(np.pi / 2) * moving_ranges(rows.loc[used, "y"].to_numpy()) / np.sqrt(sizes[1:] + sizes[:-1])
    mean = mean_range(
        steps, screen=given.screen, limit=RANGE_LIMIT_I_PRIME, flat_loses_limits=given.quirks.flat_loses_limits
    ).value
    return _three_sigma(rows["y"], center, mean * np.sqrt(1 / n))


def c4(n: pd.Series) -> pd.Series:
    """What a standard deviation of n normal values falls short of sigma by; missing for n = 1. Montgomery, appendix VI.

    >>> c4(pd.Series([1, 2, 10])).round(4).tolist()
    [nan, 0.7979, 0.9727]
    """
    n = n.where(n > 1)
    return np.sqrt(2 / (n - 1)) * np.exp(gammaln(n / 2) - gammaln((n - 1) / 2))


def _pooled_sd(rows: pd.DataFrame, base: pd.Series) -> float:
    """Mean of the sds where subgroups have one size (Montgomery 6.29), else pooled by degrees of freedom (6.31)."""
    size, sd = rows.loc[base, "y_length"], rows.loc[base, "y_sd"]
    if (rows["y_length"] == rows["y_length"].iloc[0]).all():
        return sd.mean()
    freedom = (size - 1).clip(lower=0)
    return float(np.sqrt((freedom * sd**2).sum() / freedom.sum())) if freedom.sum() > 0 else np.nan


def _xbar(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    """Subgroup means: A3 = 3 / (c4 sqrt n), Montgomery 6.28; a subgroup of one has no limits."""
    size = rows["y_length"].astype(float)
    center = _center(rows, given, (size * rows["y_mean"])[base].sum() / size[base].sum())
    return _three_sigma(rows["y_mean"], center, _pooled_sd(rows, base) / (c4(size) * np.sqrt(size.where(size > 0))))


def _s(rows: pd.DataFrame, base: pd.Series, given: Given) -> Lines:
    """Subgroup standard deviations: B3 and B4, Montgomery 6.27; a subgroup of one has none."""
    center = _center(rows, given, _pooled_sd(rows, base))
    short = c4(rows["y_length"].astype(float))
    return _three_sigma(rows["y_sd"], center, center * np.sqrt(1 - short**2) / short, floor=0)


LINES: dict[str, Callable[[pd.DataFrame, pd.Series, Given], Lines]] = {
    "run": _run,
    "i": _i,
    "mr": _mr,
    "i_prime": _i_prime,
    "p": _p,
    "p_prime": _p_prime,
    "c": _c,
    "u": _u,
    "u_prime": _u_prime,
    "g": _g,
    "t": _t,
    "xbar": _xbar,
    "s": _s,
}
NEED_N = {"p", "p_prime", "u", "u_prime"}
SCREENED = {"i", "i_prime", "p_prime", "u_prime", "t"}
