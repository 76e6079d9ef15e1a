"""When a plan may end: on the evidence that began it, reversed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.quality.utilization.dispersion import month_shocks
from analysis.quality.utilization.expected import SiteMonths
from analysis.quality.utilization.look import ratio_grid, totals
from analysis.quality.utilization.parameters import LowUse
from analysis.quality.utilization.posterior import chance_below, posterior


@dataclass(frozen=True)
class Ending:
    """Whether a plan may end, by its site's use: `probability` is the chance that the rate ratio is above 0.85."""

    may_end: bool
    probability: float
    why: str


def plan_may_end(use: SiteMonths, site: str, *, started: pd.Period, month: pd.Period, rule: LowUse) -> Ending:
    """The evidence that began a plan, reversed: over the last 6 months, all since the plan's first month, the rate ratio is
    above 0.85 with a chance of 0.7 or more. Never on fewer months.

    Raises ValueError where the site or the month is not in `use`.
    """
    names, months, need = use.sites, use.months, rule.leaving.months
    if site not in names or month not in months:
        raise ValueError(f"{site} in {month} is not in the table of sites and months.")
    since = (month - started).n + 1
    if since < need:
        return Ending(False, np.nan, f"{max(since, 0)} of {need} months since the start have passed")
    end = months.index(month) + 1
    observed, expected = (use.by_site(name)[:, :end] for name in ("observed", "expected"))
    if np.isnan(expected[names.index(site), -need:]).any():
        return Ending(False, np.nan, use.missing.get(site, "no other site was open in some of the months"))
    observed, expected = (np.where(np.isnan(expected), 0.0, each) for each in (observed, expected))
    shocks = month_shocks(
        observed[:, -rule.windows.history_months :], expected[:, -rule.windows.history_months :], rule=rule
    )
    o, e, variance = totals(observed, expected, shocks, need)
    prior = ratio_grid(rule)
    chance = 1 - float(chance_below(posterior(o, e, variance, prior), rule.leaving.ratio, prior)[names.index(site)])
    if chance >= rule.leaving.chance - 1e-9:
        return Ending(True, chance, "")
    return Ending(False, chance, "the last six months do not show use as expected")
