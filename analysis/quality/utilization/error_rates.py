"""How often the rule for low use is wrong, and how long it takes to find a halving: simulated for a state's own sites.

The whole rule, looked at every month for a year, with the reference rate, the month shocks and the spread between sites estimated
anew at each look, as a brief does. What is not in it: seasons (a month is compared with the same month elsewhere), an age mix that
moves, records that come late.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.quality.utilization.dispersion import between_sites, month_shocks
from analysis.quality.utilization.expected import SiteMonths
from analysis.quality.utilization.look import Look, look, ratio_grid
from analysis.quality.utilization.parameters import LowUse
from analysis.quality.utilization.posterior import chance_below, posterior

SEED = 20261201
REPLICATES = 200
MONTHS = 24  # a year of history, then a year of looks
LOOKS = 12
HALF = 0.5
SIZES = ("large", "mid", "small")  # thirds of the sites by what is expected of them


@dataclass(frozen=True)
class State:
    """What is simulated. `base` is what is expected of ordinary sites, one row a site, one column a month, 0 where not open."""

    sites: tuple[str, ...]
    base: np.ndarray
    shocks: float
    spread: float


@dataclass(frozen=True)
class ErrorRates:
    """What the rule does to ordinary sites, and to sites whose use halves.

    Attributes
    ----------
    spread : float
        The spread between ordinary sites that was simulated.
    sites, replicates : int
        How many sites were looked at in the year, and how many years were simulated.
    steps : pandas.DataFrame
        One row per step (watch, below, sure): false_a_site_year (the chance that an ordinary site gets there in a year), any_a_year (that any of
        the sites does), sites_a_year (how many do).
    finds : pandas.DataFrame
        One row per size and step: sites, expected_a_year (of its middle site), median_months from the halving to the first alarm (infinite
        where half are not found), found_by_12; and of the sites of which enough is expected to be judged at all: judgeable, least and most
        (what is expected a year of one of them), found_of_judgeable.
    """

    spread: float
    sites: int
    replicates: int
    steps: pd.DataFrame
    finds: pd.DataFrame


def state_of(use: SiteMonths, *, rule: LowUse) -> State:
    """The state as its last 24 months have it: what was expected of each site whose children are known, shocks and spread as fitted.

    A shorter history is gone through again from its end. Raises ValueError where fewer than two sites can be simulated.
    """
    observed, expected = (use.by_site(name)[:, -MONTHS:] for name in ("observed", "expected"))
    observed, expected = (np.where(np.isnan(expected), 0.0, each) for each in (observed, expected))
    shocks = month_shocks(observed, expected, rule=rule)
    spread = between_sites(observed, expected, shocks, rule=rule)
    short = MONTHS - expected.shape[1]
    base = np.pad(expected, ((0, 0), (short, 0)), mode="wrap") if short > 0 else expected
    there = base.sum(axis=1) > 0
    if there.sum() < 2:
        raise ValueError("Error rates are simulated from two or more sites whose children are known; there are fewer.")
    names = tuple(name for name, each in zip(use.sites, there, strict=True) if each)
    return State(names, base[there], float(shocks), float(spread))


def error_rates(
    state: State, *, rule: LowUse, replicates: int = REPLICATES, seed: int = SEED, after: int = LOOKS
) -> ErrorRates:
    """Simulated years of the state's sites under the rule.

    First all sites work as usual. Then, in as many other years, one site's use halves after twelve months: each site in turn. A site
    stands in for one that was open all along where it was open in the first month; else it is looked at from its tenth month on, as
    the rule does. `after` are the months looked at after the halving (12; more need a longer `base`).
    """
    usual = np.random.default_rng([seed, 0])
    ratio = np.exp(usual.normal(0, state.spread, (replicates, len(state.sites))))
    alarms = alarms_of(draw(state, ratio[..., None], usual), state.base, rule=rule, looks=after)
    looked_at = _judged(state.base, rule)[:, -after:][:, :LOOKS].any(axis=1)
    year = {step: each[:, looked_at, :LOOKS].any(axis=-1) for step, each in alarms.items()}
    steps = pd.DataFrame(
        [(step, each.mean(), each.any(axis=1).mean(), each.sum(axis=1).mean()) for step, each in year.items()],
        columns=["step", "false_a_site_year", "any_a_year", "sites_a_year"],
    )
    finds = _finds(state, rule, replicates, [seed, 1], after)
    return ErrorRates(state.spread, int(looked_at.sum()), replicates, steps, finds)


def wide_of(state: State, *, rule: LowUse) -> State:
    """The same state with sites that differ by the wide spread of params/low_use.yml."""
    return replace(state, spread=rule.spread.wide)


def draw(state: State, ratio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Episodes by repetition, site and month: Poisson about base x ratio x month shocks; `ratio` ends in (sites, months or 1)."""
    shape = (*ratio.shape[:-1], state.base.shape[-1])
    moved = rng.gamma(1 / state.shocks, state.shocks, shape) if state.shocks > 0 else 1.0
    return rng.poisson(state.base * ratio * moved).astype(float)


def reference(observed: np.ndarray, base: np.ndarray) -> np.ndarray:
    """What is expected anew: each month's base times what all other sites had of theirs."""
    others, theirs = observed.sum(axis=-2, keepdims=True) - observed, base.sum(axis=-2) - base
    return base * np.divide(others, theirs, out=np.zeros_like(others), where=theirs > 0)


def alarms_of(observed: np.ndarray, base: np.ndarray, *, rule: LowUse, looks: int) -> dict[str, np.ndarray]:
    """Whether each site is on watch, below what is expected, and surely so, at each of the last `looks` months: (repetitions, sites, looks)."""
    expected = reference(observed, base)
    last = base.shape[-1]
    running = rule.classes.months_running
    seen = [
        look(observed[..., :end], expected[..., :end], rule=rule) for end in range(last - looks - running + 2, last + 1)
    ]
    judged = _judged(base, rule)
    watch = [each.watch & judged[:, at] for each, at in zip(seen, range(last - looks - running + 1, last), strict=True)]
    now = range(running - 1, len(seen))
    below = [np.logical_and.reduce(watch[at - running + 1 : at + 1]) for at in now]
    sure = [_surely(seen[at], each, rule) for at, each in zip(now, below, strict=True)]
    found = {"watch": watch[running - 1 :], "below": below, "sure": sure}
    return {step: np.stack(each, axis=-1) for step, each in found.items()}


def _judged(base: np.ndarray, rule: LowUse) -> np.ndarray:
    """By site and month: open then, and for at least ten months, or since before the first month."""
    is_open = base > 0
    return is_open & ((is_open.cumsum(axis=-1) >= rule.classes.least_months_open) | is_open[:, :1])


def _surely(seen: Look, below: np.ndarray, rule: LowUse) -> np.ndarray:
    """Of the sites below, those surely low; chances are computed for the repetitions that have one."""
    some = below.any(axis=-1)
    sure = np.zeros_like(below)
    if some.any():
        prior = ratio_grid(rule)
        found = posterior(seen.observed[some], seen.expected[some], seen.variance[some], prior)
        low = chance_below(found, rule.classes.low_ratio, prior)
        sure[some] = below[some] & (low >= rule.classes.sure_low - 1e-9)
    return sure


def _finds(state: State, rule: LowUse, replicates: int, seed: list[int], after: int) -> pd.DataFrame:
    """The halving of one site in each repetition, each open site in turn."""
    rng = np.random.default_rng(seed)
    months = state.base.shape[-1]
    ends_open = np.flatnonzero(state.base[:, -1] > 0)
    which = ends_open[np.arange(replicates) % len(ends_open)]
    ratio = np.repeat(np.exp(rng.normal(0, state.spread, (replicates, len(state.sites))))[..., None], months, axis=-1)
    ratio[np.arange(replicates), which, months - after :] *= HALF
    alarms = alarms_of(draw(state, ratio, rng), state.base, rule=rule, looks=after)
    yearly = state.base[:, -LOOKS:].sum(axis=1)
    order = ends_open[np.argsort(-yearly[ends_open], kind="stable")]
    rows = []
    for size, members in zip(SIZES, np.array_split(order, len(SIZES)), strict=True):
        own = np.flatnonzero(np.isin(which, members))
        able = members[yearly[members] >= rule.classes.least_expected]
        ends = (yearly[able].min(), yearly[able].max()) if len(able) else (np.nan, np.nan)
        of_able = np.isin(which[own], able)
        for step, each in alarms.items():
            there = each[own, which[own]]
            first = np.where(there.any(axis=1), there.argmax(axis=1) + 1.0, np.inf)
            middle, by_12 = (np.median(first), (first <= LOOKS).mean()) if len(own) else (np.nan, np.nan)
            by_able = (first[of_able] <= LOOKS).mean() if of_able.any() else np.nan
            expected = np.median(yearly[members]) if len(members) else np.nan
            rows.append((size, step, len(members), expected, middle, by_12, len(able), *ends, by_able))
    names = ["size", "step", "sites", "expected_a_year", "median_months", "found_by_12"]
    return pd.DataFrame(rows, columns=[*names, "judgeable", "least", "most", "found_of_judgeable"])


def say_false_plans(fitted: ErrorRates, wide: ErrorRates) -> str:
    """How often the rule offers a plan that is not needed, at the fitted spread between sites and at a wide one, where that is wider.

    >>> def of(spread, many): return ErrorRates(spread, 15, 200, pd.DataFrame({"step": ["below"], "sites_a_year": [many]}), pd.DataFrame())
    >>> print(say_false_plans(of(0.15, 0.57), of(0.30, 1.2)))
    Of 15 sites working as usual, this rule wrongly offers a plan to about one every second year. Were ordinary sites to differ more (a spread of 0.30 instead of 0.15), it would to about one a year.
    """
    sentence = f"Of {fitted.sites} sites working as usual, this rule wrongly offers a plan to {_how_often(fitted)}."
    if wide.spread <= fitted.spread:
        return sentence
    more = f"{sentence} Were ordinary sites to differ more (a spread of {wide.spread:.2f} instead of {fitted.spread:.2f}), "
    if _how_often(wide) == _how_often(fitted):
        return f"{more}it would be wrong about as often."
    return f"{more}it would to {_how_often(wide)}."


def _how_often(rates: ErrorRates) -> str:
    """A number of sites a year in words; beyond what the repetitions can tell apart, only that it is rarer.

    >>> [_how_often(ErrorRates(0.15, 15, 200, pd.DataFrame({"step": ["below"], "sites_a_year": [n]}), pd.DataFrame())) for n in (2.4, 0.3, 0.02, 0)]
    ['about 2 a year', 'about one every third year', 'about one in 50 years', 'fewer than one in 60 years']
    """
    a_year = float(rates.steps.set_index("step").loc["below", "sites_a_year"])
    if a_year == 0:
        return f"fewer than one in {int(rates.replicates / 3 // 10 * 10) or 1} years"  # 3 / n: Hanley and Lippman-Hand 1983, JAMA 249:1743-1745
    if a_year >= 0.75:
        return "about one a year" if a_year < 1.5 else f"about {a_year:.0f} a year"
    years = round(1 / a_year)
    named = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}
    return f"about one every {named[years]} year" if years in named else f"about one in {years} years"
