"""Funnels: many places at one time, against limits that widen where little was expected.

Spiegelhalter 2005, Statistics in Medicine 24:1185-1202; Spiegelhalter et al. 2012, JRSS A 175:1-47 (winsorizing, additive spread);
NHS Digital, SHMI methodology (truncation, log scale). As FunnelPlotR 0.6.0, but for the quirks named in `Departures`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from analysis.quality.charts.records import FUNNEL_LIMITS, Chart, as_asked
from analysis.quality.charts.subgroups import check_columns, numbers

Z = {95: 1.959964, 99: 3.090232}  # two-sided 95% and 99.8% (FunnelPlotR's "99")
TAIL = {95: 0.025, 99: 0.001}
PREFIX = {95: "95", 99: "998"}


@dataclass(frozen=True)
class Departures:
    """What FunnelPlotR 0.6.0 does and we do not, each off unless asked for (docs/methods.md, Control charts).

    Attributes
    ----------
    round_expected : bool
        SHMI: what was expected is rounded to 2 decimals before anything is computed from it.
    square_root_limits : bool
        CQC: limits stay on the square-root scale, about half as wide as they should be.
    log_of_zero : bool
        SHMI: a numerator of 0 makes the spread infinite or missing, so that no group at all is flagged.
    zero_spread_unadjusted : bool
        Limits without overdispersion report phi and tau2 as 0.
    rc_other_sigma : bool
        RC: z is computed with one standard error and the limits with another, 1 / (2 sqrt n).
    """

    round_expected: bool = False
    square_root_limits: bool = False
    log_of_zero: bool = False
    zero_spread_unadjusted: bool = False
    rc_other_sigma: bool = False


@dataclass(frozen=True)
class _Scale:
    data_type: str
    method: str
    target: float
    quirks: Departures


def funnel(
    table: pd.DataFrame,
    *,
    numerator: str,
    denominator: str,
    group: str,
    data_type: Literal["SR", "PR", "RC"] = "SR",
    method: Literal["SHMI", "CQC"] = "SHMI",
    limit: Literal[95, 99] = 99,
    adjusted: bool = True,
    trim_by: float = 0.1,
    tau2: float | None = None,
    multiply: float = 1,
    lookup_from: float | None = None,
    lookup_to: float | None = None,
    **quirks: bool,
) -> Chart:
    """One row per group out, with its limits and whether it lies outside them. Rows of one group are added up.

    SR: observed / expected (`denominator`), target 1. PR: x of n, RC: a ratio of counts; target is the pooled figure. phi and the
    variance between groups, tau2, come from z scores trimmed by `trim_by` at each end: truncated for SR by SHMI, else winsorized.
    Without overdispersion (tau2 0), or with `adjusted` off, the limits are unadjusted: exact Poisson for SR. `tau2` may be given
    (fixed or shrunken): with 15 groups an estimate is rough. A group is outside when it is beyond its 95% (`limit` 95, "watch") or
    99.8% (`limit` 99, "act") limits.

    A numerator of 0, on the log scale, counts as one half in z; the group is outside only where no case at all is rarer than the tail
    of the limit (with tau2: gamma-Poisson). A group with nothing expected has no limits and is named in `notes`.

    `points` has facet (the group), numerator, n, y, transformed, z, trimmed, z_kept, sigma, od_lower_95 .. od_upper_998, lower_95 ..
    upper_998, `lower` and `upper` (of the chosen limit), signal. `figures`: phi, tau2, target, adjusted (1 or 0), groups_kept.
    `sections` is the lookup table to draw the lines from: `n`, sigma and the same limits.

    >>> sites = pd.DataFrame({"site": list("abcdef"), "o": [100, 150, 180, 80, 120, 225], "e": [108, 112, 165, 95, 100, 220]})
    >>> drawn = funnel(sites, numerator="o", denominator="e", group="site")
    >>> round(drawn.figures["phi"], 6), drawn.points["signal"].tolist()
    (2.948033, ['', '', '', '', '', ''])
    """
    off = as_asked(Departures, quirks)
    _check_options(data_type, method, limit, trim_by)
    rounded = off.round_expected and (data_type, method) == ("SR", "SHMI")
    points = _by_group(table, numerator, denominator, group, decimals=2 if rounded else None)
    scale = _Scale(data_type, method, 1.0 if data_type == "SR" else _pooled(points[points["n"] > 0]), off)
    points, trimming = _trimmed(_transformed(points, scale), scale, trim_by)
    phi, spread = _spread(points, tau2, off)
    widened, hidden = adjusted and spread != 0, off.zero_spread_unadjusted and not adjusted
    shown = {"phi": 0.0, "tau2": 0.0} if hidden else {"phi": phi, "tau2": spread}
    lookup = limits_at(_grid(points["n"], data_type, lookup_from, lookup_to), scale, shown["tau2"], multiply)
    points = _with_limits(points, lookup, limit, widened=widened)
    points["signal"] = _outside(points, scale, spread if widened else 0.0, limit, multiply)
    return Chart(
        kind="funnel",
        points=points,
        sections=lookup,
        rule_set=FUNNEL_LIMITS,
        baseline=f"{len(points)} groups at one time, {trimming}",
        n_points=int(points["y"].notna().sum()),
        screened=False,
        figures=shown | {"target": scale.target * multiply, "adjusted": float(widened)} | _kept(points),
        notes=_without_limits(points),
    )


def _spread(points: pd.DataFrame, tau2: float | None, off: Departures) -> tuple[float, float]:
    """phi of the groups that were kept, and the variance between groups: the one given, else the estimate."""
    kept = points[points["z_kept"].notna()]
    phi = float((kept["z_kept"] ** 2).mean())
    return phi, between_groups(phi, kept["own_sigma"], as_package=off.log_of_zero) if tau2 is None else float(tau2)


def _kept(points: pd.DataFrame) -> dict[str, float]:
    return {"groups_kept": float(points["z_kept"].count())}


def _with_limits(points: pd.DataFrame, lookup: pd.DataFrame, limit: int, *, widened: bool) -> pd.DataFrame:
    """The groups by name with every limit at their size, and `lower` and `upper`: the chosen one, widened or not."""
    points = points.merge(lookup, on="n", how="left").sort_values("facet", kind="stable").reset_index(drop=True)
    chosen = {side: points[f"{'od_' if widened else ''}{side}_{PREFIX[limit]}"] for side in ("lower", "upper")}
    return points.assign(**chosen)


def _without_limits(points: pd.DataFrame) -> tuple[str, ...]:
    """A sentence for each group with nothing expected."""
    empty = points.loc[~(points["n"] > 0), "facet"]
    return tuple(f"{name}: nothing was expected there, so it has no limits." for name in empty)


def _pooled(points: pd.DataFrame) -> float:
    return points["numerator"].sum() / points["n"].sum() if len(points) else np.nan


def _check_options(data_type: str, method: str, limit: int, trim_by: float) -> None:
    for name, given, allowed in (
        ("data_type", data_type, ("SR", "PR", "RC")),
        ("method", method, ("SHMI", "CQC")),
        ("limit", limit, (95, 99)),
    ):
        if given not in allowed:
            raise ValueError(f"{name} is {given!r}. It may be {', '.join(map(str, allowed))}.")
    if not 0 < trim_by < 0.5:
        raise ValueError(f"trim_by is {trim_by}. It is the part cut at each end: above 0 and below 0.5.")


def _by_group(table: pd.DataFrame, numerator: str, denominator: str, group: str, decimals: int | None) -> pd.DataFrame:
    """One row per group (facet, numerator, n, y), in order of the group's name; n is rounded after y was taken."""
    check_columns(table, numerator, denominator, group)
    rows = pd.DataFrame(
        {
            "facet": table[group].astype(str).to_numpy(),
            "numerator": numbers(table, numerator),
            "n": numbers(table, denominator),
        }
    )
    if (bad := (rows[["numerator", "n"]].isna() | (rows[["numerator", "n"]] < 0)).any(axis=1)).any():
        raise ValueError(
            f"Row {int(np.argmax(bad.to_numpy())) + 1}: a numerator and a denominator are there and 0 or more. Correct the row or leave it out."
        )
    points = rows.groupby("facet", sort=True)[["numerator", "n"]].sum().reset_index()
    points["y"] = points["numerator"] / points["n"].where(points["n"] > 0)
    if decimals is not None:
        points["n"] = [round(float(n), decimals) for n in points["n"]]
    return points


def _transformed(points: pd.DataFrame, scale: _Scale) -> pd.DataFrame:
    """The figure on the scale where its variance is steady, its standard error there, and z."""
    x, n = points["numerator"], points["n"].where(points["n"] > 0)
    with np.errstate(divide="ignore"):
        if scale.data_type == "SR" and scale.method == "SHMI":
            counted = x if scale.quirks.log_of_zero else x.where(x > 0, 0.5)
            y, sigma, target = np.log(counted / n), 1 / np.sqrt(n), 0.0
        elif scale.data_type == "SR":
            y, sigma, target = np.sqrt(x / n), 1 / (2 * np.sqrt(n)), 1.0
        elif scale.data_type == "PR":
            if (x > n).any():
                raise ValueError(
                    f'Group "{points.loc[x > n, "facet"].iloc[0]}": a share has a numerator of at most its denominator.'
                )
            y, sigma, target = np.arcsin(np.sqrt(x / n)), 1 / (2 * np.sqrt(n)), np.arcsin(np.sqrt(scale.target))
        else:
            y, target = np.log((x + 0.5) / (n + 0.5)), np.log(scale.target)
            sigma = np.sqrt(x / (x + 0.5) ** 2 + n / (n + 0.5) ** 2)
    # For SHMI z = sqrt(E) log(O / E), to the last digit as the package computes it.
    z = y * np.sqrt(n) if scale.data_type == "SR" and scale.method == "SHMI" else (y - target) / sigma
    return points.assign(target_transformed=target, transformed=y, z=z, own_sigma=sigma)


def _trimmed(points: pd.DataFrame, scale: _Scale, trim_by: float) -> tuple[pd.DataFrame, str]:
    """Columns rank, class, trimmed (1 or 0) and z_kept, and the trimming in words."""
    z = points["z"]
    percent = f"{trim_by:.0%} at each end"
    if scale.data_type == "SR" and scale.method == "SHMI":
        classes = 1 / trim_by
        rank = z.rank(method="average")
        of = np.floor(rank * classes / (z.notna().sum() + 1))
        cut = ((of <= 0) | (of >= classes - 1)).astype(int)
        return points.assign(
            rank=rank, trim_class=of, trimmed=cut, z_kept=z.where(cut == 0)
        ), f"z truncated by {percent}"
    low, high = np.nanquantile(z, [trim_by, 1 - trim_by]) if z.notna().any() else (np.nan, np.nan)
    inside = (z > low) & (z < high)
    return points.assign(trimmed=(~inside).astype(int), z_kept=z.clip(low, high)), f"z winsorized by {percent}"


def between_groups(phi: float, sigma: pd.Series, *, as_package: bool = False) -> float:
    """The variance between groups beyond chance, DerSimonian and Laird 1986, Controlled Clinical Trials 7:177-188; never below 0.

    One group has none. `as_package`: what is not finite stays as it comes.

    >>> round(between_groups(2.0, pd.Series([0.1, 0.1, 0.1])), 4)      # (3 x 2 - 2) / (300 - 100)
    0.02
    """
    n = len(sigma)
    if not as_package and n < 2:
        return 0.0
    if n == 0 or n * phi < n - 1:
        return 0.0
    weight = (1 / sigma**2).to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.maximum(0, (n * phi - (n - 1)) / (weight.sum() - (weight**2).sum() / weight.sum())))


def _grid(n: pd.Series, data_type: str, first: float | None, last: float | None) -> np.ndarray:
    """Denominators to draw the lines at: a thousand between, and those of the groups. The lines of SR begin at 1.1, of others at 3."""
    n = n[n > 0]
    start = (1.1 if data_type == "SR" else 3.0) if first is None else first
    end = float(np.ceil(n.max())) if last is None and len(n) else (start if last is None else last)
    return np.unique(np.concatenate([np.linspace(start, end, 1000), n.to_numpy()]))


def limits_at(n: np.ndarray, scale: _Scale, tau2: float, multiply: float) -> pd.DataFrame:
    """One row per denominator (n, sigma, od_lower_95 .. od_upper_998, lower_95 .. upper_998); od: widened by tau2."""
    limits = {"n": n, "sigma": _sigma_at(n, scale)}
    for level, z in Z.items():
        low, high = _ends(n, limits["sigma"], z, tau2, scale)
        limits |= {f"od_lower_{PREFIX[level]}": multiply * low, f"od_upper_{PREFIX[level]}": multiply * high}
    for level, z in Z.items():
        if scale.data_type == "SR":
            low, high = stats.chi2.ppf(TAIL[level], 2 * n) / 2 / n, stats.chi2.isf(TAIL[level], 2 * (n + 1)) / 2 / n
        else:
            low, high = _ends(n, limits["sigma"], z, 0.0, scale)
        limits |= {f"lower_{PREFIX[level]}": multiply * low, f"upper_{PREFIX[level]}": multiply * high}
    return pd.DataFrame(limits)


def _sigma_at(n: np.ndarray, scale: _Scale) -> np.ndarray:
    if scale.data_type == "SR" and scale.method == "SHMI":
        return np.sqrt(1 / n)
    if scale.data_type == "RC" and not scale.quirks.rc_other_sigma:
        expected = scale.target * n
        return np.sqrt(expected / (expected + 0.5) ** 2 + n / (n + 0.5) ** 2)
    return 1 / (2 * np.sqrt(n))


def _ends(n: np.ndarray, sigma: np.ndarray, z: float, tau2: float, scale: _Scale) -> tuple[np.ndarray, np.ndarray]:
    """Both limits, drawn back from the transformed scale."""
    wide = z * np.sqrt(sigma**2 + tau2)
    if scale.data_type == "SR" and scale.method == "SHMI":
        return np.exp(-wide), np.exp(wide)
    if scale.data_type == "SR":
        low, high = 1 - wide, 1 + wide
        return (low, high) if scale.quirks.square_root_limits else (np.maximum(low, 0) ** 2, high**2)
    if scale.data_type == "PR":
        middle = np.arcsin(np.sqrt(scale.target))
        # Beyond a quarter turn the sine comes back: the share there is none, or all.
        return np.sin(np.maximum(middle - wide, 0)) ** 2, np.sin(np.minimum(middle + wide, np.pi / 2)) ** 2
    return scale.target * np.exp(-wide), scale.target * np.exp(wide)


def _outside(points: pd.DataFrame, scale: _Scale, tau2: float, limit: int, multiply: float) -> pd.Series:
    value = points["y"] * multiply
    low, high = value < points["lower"], value > points["upper"]
    if scale.data_type == "SR" and not scale.quirks.log_of_zero:
        # Every lower limit above 0 would flag a group without a case, also where one case was expected.
        low &= (points["numerator"] > 0) | (chance_of_none(points["n"], tau2) < TAIL[limit])
    return pd.Series("", index=points.index).mask(low, "outside: low").mask(high, "outside: high")


def chance_of_none(expected: pd.Series, tau2: float) -> pd.Series:
    """The chance of no case where `expected` were: Poisson, or gamma-Poisson where groups differ by variance tau2.

    >>> chance_of_none(pd.Series([1.0, 4.0]), 0).round(4).tolist()
    [0.3679, 0.0183]
    """
    return np.exp(-expected) if tau2 == 0 else (1 + expected * tau2) ** (-1 / tau2)
