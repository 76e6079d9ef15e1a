"""Centers and limits of Shewhart's charts, one function a kind: what a section's points are held against.

Formulas after Montgomery 2009, Introduction to Statistical Quality Control, 6th ed. (equation numbers at each), Laney 2002,
Quality Engineering 14(4):531-537 (p', u'), Taylor 2018 (i'), Provost and Murray 2011, The Health Care Data Guide (g, t).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from analysis.quality.charts.ranges import D2, RANGE_LIMIT, RANGE_LIMIT_I_PRIME, mean_range, moving_ranges
from analysis.quality.charts.subgroups import Section

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

    y: np.ndarray
    center: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    lower_2s: np.ndarray
    upper_2s: np.ndarray
    about: np.ndarray | None = None  # the line that runs are counted about, where it is not the center


@dataclass(frozen=True)
class Given:
    """What the lines of a section are computed with."""

    center: float | None
    screen: bool
    categories: bool  # the axis holds names without an order
    quirks: Quirks


def _three_sigma(
    y: np.ndarray,
    center: np.ndarray,
    sigma: np.ndarray,
    *,
    floor: float = -np.inf,
    ceiling: float = np.inf,
    about: np.ndarray | None = None,
) -> Lines:
    def at(k: int) -> np.ndarray:
        return np.clip(center + k * sigma, floor, ceiling)

    return Lines(y, center, at(-3), at(3), at(-2), at(2), about)


def _level(rows: Section, center: float) -> np.ndarray:
    return np.full(len(rows.y), float(center))


def _center(rows: Section, given: Given, computed: float) -> np.ndarray:
    return _level(rows, computed if given.center is None else given.center)


def _pooled(rows: Section) -> float:
    total = np.nansum(rows.n[rows.base])
    return np.nansum(rows.y_sum[rows.base]) / total if total > 0 else np.nan


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def _median(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


def _sd(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.std(ddof=1)) if len(known) > 1 else np.nan


def _above_0(n: np.ndarray) -> np.ndarray:
    """Sizes to divide by: one that is 0 leaves no limits."""
    return np.where(n > 0, n, np.nan)


def _sigma_by_ranges(values: np.ndarray, given: Given) -> float:
    """Mean moving range / 1.128, Montgomery 6.33."""
    return (
        mean_range(
            moving_ranges(values),
            screen=given.screen,
            limit=RANGE_LIMIT,
            flat_loses_limits=given.quirks.flat_loses_limits,
        ).value
        / D2
    )


def _run(rows: Section, given: Given) -> Lines:
    none = _level(rows, np.nan)
    return Lines(rows.y, _center(rows, given, _median(rows.y[rows.base])), none, none, none, none)


def _i(rows: Section, given: Given) -> Lines:
    center = _center(rows, given, _mean(rows.y[rows.base]))
    return _three_sigma(rows.y, center, _level(rows, _sigma_by_ranges(rows.y[rows.base], given)))


def _mr(rows: Section, given: Given) -> Lines:
    """Moving ranges: 0 and 3.267 times their mean, Montgomery 6.34; never screened."""
    ranges = np.append(np.nan, moving_ranges(rows.y))
    center = _center(rows, given, _mean(ranges[rows.base]))
    zero = _level(rows, 0.0)
    return Lines(ranges, center, zero, RANGE_LIMIT * center, zero, RANGE_LIMIT / 3 * 2 * center)


def _t(rows: Section, given: Given) -> Lines:
    """Times between events: an I chart of y^(1/3.6), drawn back. Provost and Murray 2011, p. 230."""
    if (rows.y <= 0).any():
        at = rows.order[rows.y <= 0][0]
        raise ValueError(
            f"Point {at} has a time between events of 0 or less, which a t chart cannot take. Two events on one day: write half a day, or count hours."
        )
    power = 1 / T_POWER
    center = None if given.center is None else given.center**power
    lines = _i(replace(rows, y=rows.y**power), replace(given, center=center))

    def back(line: np.ndarray) -> np.ndarray:
        return np.maximum(line, 0) ** T_POWER

    lower_2s = back(lines.lower_2s)
    if given.quirks.t_lower_2s_missing:
        lower_2s = np.where(lines.lower_2s >= 0, lower_2s, np.nan)
    return Lines(rows.y, back(lines.center), back(lines.lower), back(lines.upper), lower_2s, back(lines.upper_2s))


def _g(rows: Section, given: Given) -> Lines:
    """Cases between events: sigma sqrt(g (g + 1)), Montgomery p. 319 (Benneyan 2001); runs are counted about the median.

    The mean of a geometric count has 63 of 100 below it, so runs about it would signal by themselves.
    """
    center = _center(rows, given, _mean(rows.y[rows.base]))
    median = _level(rows, _median(rows.y[rows.base])) if given.center is None else 0.693 * center
    lines = _three_sigma(rows.y, center, np.sqrt(center * (center + 1)), floor=0, about=median)
    if given.quirks.median_as_center:
        return Lines(lines.y, median, lines.lower, lines.upper, lines.lower_2s, lines.upper_2s)
    return lines


def _p(rows: Section, given: Given) -> Lines:
    """sqrt(p (1 - p) / n), Montgomery 7.8, within 0 and 1."""
    center = _center(rows, given, _pooled(rows))
    return _three_sigma(rows.y, center, np.sqrt(center * (1 - center) / _above_0(rows.n)), floor=0, ceiling=1)


def _p_prime(rows: Section, given: Given) -> Lines:
    center = _center(rows, given, _pooled(rows))
    sigma = np.sqrt(center * (1 - center) / _above_0(rows.n))
    return _three_sigma(rows.y, center, sigma * _sigma_z(rows, center, sigma, given), floor=0, ceiling=1)


def _c(rows: Section, given: Given) -> Lines:
    """sqrt(c), Montgomery 7.17, not below 0."""
    center = _center(rows, given, _mean(rows.y_sum[rows.base]))
    return _three_sigma(rows.y_sum, center, np.sqrt(center), floor=0)


def _u(rows: Section, given: Given) -> Lines:
    """sqrt(u / n), Montgomery 7.19, not below 0."""
    center = _center(rows, given, _pooled(rows))
    return _three_sigma(rows.y, center, np.sqrt(center / _above_0(rows.n)), floor=0)


def _u_prime(rows: Section, given: Given) -> Lines:
    center = _center(rows, given, _pooled(rows))
    sigma = np.sqrt(center / _above_0(rows.n))
    return _three_sigma(rows.y, center, sigma * _sigma_z(rows, center, sigma, given), floor=0)


def _sigma_z(rows: Section, center: np.ndarray, sigma: np.ndarray, given: Given) -> float:
    """Laney's factor: how much more the points vary than chance alone, by moving ranges of z; never below 1 here.

    Limits narrower than the binomial's or Poisson's own would call chance a cause; qicharts2 does not stop at 1.
    """
    z = ((rows.y - center) / sigma)[rows.base]
    factor = _sd(z) if given.categories else _sigma_by_ranges(z, given)
    return factor if given.quirks.unfloored_sigma_z or np.isnan(factor) else max(1.0, factor)


def _i_prime(rows: Section, given: Given) -> Lines:
    """Normalized individuals: sigma of one unit of n from steps, each allowed for its two sizes. Taylor 2018."""
    n = _above_0(rows.y_length if np.isnan(rows.n).all() else rows.n)
    known = rows.base & ~np.isnan(rows.y)
    center = _center(rows, given, np.nansum((rows.y * n)[known]) / np.nansum(n[known]))
    used = np.full(len(n), True) if given.quirks.i_prime_uses_all else rows.base
    sizes = 1 / n[used]
    steps = np.sqrt(np.pi / 2) * moving_ranges(rows.y[used]) / np.sqrt(sizes[1:] + sizes[:-1])
    mean = mean_range(
        steps, screen=given.screen, limit=RANGE_LIMIT_I_PRIME, flat_loses_limits=given.quirks.flat_loses_limits
    ).value
    return _three_sigma(rows.y, center, mean * np.sqrt(1 / n))


def c4(n: np.ndarray) -> np.ndarray:
    """What a standard deviation of n normal values falls short of sigma by; missing for n = 1. Montgomery, appendix VI.

    >>> c4(np.array([1, 2, 10])).round(4).tolist()
    [nan, 0.7979, 0.9727]
    """
    n = np.where(n > 1, n, np.nan)
    return np.sqrt(2 / (n - 1)) * np.exp(gammaln(n / 2) - gammaln((n - 1) / 2))


def _pooled_sd(rows: Section) -> float:
    """Mean of the sds where subgroups have one size (Montgomery 6.29), else pooled by degrees of freedom (6.31)."""
    size, sd = rows.y_length[rows.base], rows.y_sd[rows.base]
    if (rows.y_length == rows.y_length[0]).all():
        return _mean(sd)
    freedom = np.maximum(size - 1, 0)
    return float(np.sqrt(np.nansum(freedom * sd**2) / freedom.sum())) if freedom.sum() > 0 else np.nan


def _xbar(rows: Section, given: Given) -> Lines:
    """Subgroup means: A3 = 3 / (c4 sqrt n), Montgomery 6.28; a subgroup of one has no limits."""
    size, base = rows.y_length, rows.base
    center = _center(rows, given, np.nansum((size * rows.y_mean)[base]) / size[base].sum())
    return _three_sigma(rows.y_mean, center, _pooled_sd(rows) / (c4(size) * np.sqrt(_above_0(size))))


def _s(rows: Section, given: Given) -> Lines:
    """Subgroup standard deviations: B3 and B4, Montgomery 6.27; a subgroup of one has none."""
    center = _center(rows, given, _pooled_sd(rows))
    short = c4(rows.y_length)
    return _three_sigma(rows.y_sd, center, center * np.sqrt(1 - short**2) / short, floor=0)


LINES: dict[str, Callable[[Section, Given], Lines]] = {
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
