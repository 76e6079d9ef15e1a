"""One month's look at every site: how few episodes, how likely at an ordinary site, and the chance that the site is low."""

from dataclasses import dataclass

import numpy as np

from analysis.quality.utilization.dispersion import between_sites, lower_tail, month_shocks, shocks_variance
from analysis.quality.utilization.parameters import LowUse
from analysis.quality.utilization.posterior import Grid, chance_below, grid, posterior


@dataclass(frozen=True)
class Look:
    """One month's look at every site: arrays of (sites), behind them whatever repetitions there are; shocks and spread one a repetition."""

    observed: np.ndarray
    expected: np.ndarray
    variance: np.ndarray  # what month shocks add over the longer window
    window: np.ndarray
    observed_window: np.ndarray
    expected_window: np.ndarray
    variance_window: np.ndarray
    shocks: np.ndarray
    spread: np.ndarray
    tail: np.ndarray
    watch: np.ndarray

    def tail_at(self, spread: float) -> np.ndarray:
        """The tail, were this the spread between ordinary sites."""
        return lower_tail(
            self.observed_window, self.expected_window, self.variance_window + (spread * self.expected_window) ** 2
        )


def look(observed: np.ndarray, expected: np.ndarray, *, rule: LowUse) -> Look:
    """The look at the last of the months given, over arrays that end in (sites, months); 0 expected where a site was not open.

    Watch: the tail over the last 6 months is below 0.025, over 12 where 6 expect fewer than 15; and at least 12 were expected in 12
    months. The spread between sites and the month shocks are estimated from all months given.

    >>> from analysis.quality.utilization.parameters import read_low_use
    >>> ten = np.full((6, 24), 10.0)
    >>> seen = ten.copy(); seen[0, -6:] = 3          # 18 of 60 in the last six months
    >>> found = look(seen, ten, rule=read_low_use())
    >>> found.watch.tolist(), found.window[0].item(), round(found.tail[0].item(), 4)
    ([True, False, False, False, False, False], 6, 0.0)
    """
    windows = rule.windows
    observed, expected = (each[..., -windows.history_months :] for each in (observed, expected))
    shocks = month_shocks(observed, expected, rule=rule)
    spread = between_sites(observed, expected, shocks, rule=rule)
    short, long = (totals(observed, expected, shocks, months) for months in (windows.months, windows.longer_months))
    longer = short[1] < windows.longer_below_expected
    o, e, variance = (np.where(longer, b, a) for a, b in zip(short, long, strict=True))
    tail = lower_tail(o, e, variance + (spread[..., None] * e) ** 2)
    enough = long[1] >= rule.classes.least_expected
    return Look(
        observed=long[0],
        expected=long[1],
        variance=long[2],
        window=np.where(longer, windows.longer_months, windows.months),
        observed_window=o,
        expected_window=e,
        variance_window=variance,
        shocks=shocks,
        spread=spread,
        tail=tail,
        watch=enough & (tail < rule.classes.tail),
    )


def totals(observed: np.ndarray, expected: np.ndarray, shocks: np.ndarray, months: int) -> tuple[np.ndarray, ...]:
    last = expected[..., -months:]
    return observed[..., -months:].sum(axis=-1), last.sum(axis=-1), shocks_variance(last, shocks)


def ratio_grid(rule: LowUse) -> Grid:
    """The grid whose bins end at the two ratios of the rule."""
    return grid((rule.classes.low_ratio, rule.leaving.ratio), rule.spread.prior)


def chance_low(seen: Look, *, rule: LowUse) -> np.ndarray:
    """The chance of each site that its rate ratio over the longer window is below `low_ratio`; from all sites at once."""
    prior = ratio_grid(rule)
    return chance_below(
        posterior(seen.observed, seen.expected, seen.variance, prior), rule.classes.low_ratio, prior
    )  # fmt: skip


def mean_ratio(seen: Look, *, rule: LowUse) -> np.ndarray:
    """The mean of each site's true rate ratio, given its longer window and all other sites': what to await of it without a change.

    >>> from analysis.quality.utilization.parameters import read_low_use
    >>> ten = np.full((6, 24), 10.0)
    >>> seen = ten.copy(); seen[0] = 5
    >>> mean_ratio(look(seen, ten, rule=read_low_use()), rule=read_low_use())[0].round(2).item()   # half was seen
    0.56
    """
    prior = ratio_grid(rule)
    found = posterior(seen.observed, seen.expected, seen.variance, prior)
    return found @ np.exp(prior.middles)
