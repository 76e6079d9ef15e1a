"""The classes of use: can't tell yet, watch, fewer children than expected, in the expected range; and when a plan may end.

A class is a question to the site and no verdict. Every site stands alone: no order, no rank.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.intervals import garwood
from analysis.quality.utilization.dispersion import between_sites, lower_tail, month_shocks, shocks_variance
from analysis.quality.utilization.expected import SiteMonths
from analysis.quality.utilization.parameters import LowUse
from analysis.quality.utilization.posterior import Grid, chance_below, grid, posterior

CONFIDENCE = 0.95  # of the exact interval of observed over expected

CLASSES = {
    "cant_tell_yet": "can't tell yet",
    "watch": "watch",
    "below_expected": "reaching fewer children than expected",
    "expected_range": "in the expected range",
}
ONLY_A_LARGE_DROP = "no sign of low use; only a large drop would show"

COLUMNS = [
    "site_id",
    "class",  # a key of CLASSES; missing for a site that is closed or whose children are not known
    "words",
    "why",  # in a few words, why not judged, why not more, or ""
    "observed",  # episodes of the last 12 months
    "expected",
    "ratio",
    "low",  # exact Poisson interval of the ratio
    "high",
    "expected_at_target",
    "expected_low",  # expected, were there a fifth fewer or more children; of uncertain sites alone
    "expected_high",
    "window",  # months that the watch looks at
    "observed_window",
    "expected_window",
    "tail_probability",  # of so few episodes in the window at an ordinary site, at the fitted spread
    "tail_at_least_spread",
    "tail_at_wide_spread",
    "watch_this_month",
    "watch_last_month",
    "probability_low",  # P(RR < 0.75) on the last 12 months
    "probability_not_low",
    "sure",  # below expected, and sure enough for something with consequences
    "months_open",
    "months_until_judgeable",  # more months like the last ones until 50 episodes were expected; 0 where they were
    "months_until_flag_possible",  # until 12 were expected over 12 months; missing where that never comes
    "spread",  # fitted: the same for every site
    "shocks_size",
]


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
    short, long = (_totals(observed, expected, shocks, months) for months in (windows.months, windows.longer_months))
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


def _totals(observed: np.ndarray, expected: np.ndarray, shocks: np.ndarray, months: int) -> tuple[np.ndarray, ...]:
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


def classify(
    *, expected: float, watches: list[bool], complete: bool, chance_of_low: float, rule: LowUse
) -> tuple[str, str]:  # fmt: skip
    """A class and why, for one site: `expected` over the longer window, `watches` of each month back from this one.

    >>> from analysis.quality.utilization.parameters import read_low_use
    >>> def of(**given): return classify(**{"expected": 60, "watches": [False, False], "complete": True, "chance_of_low": 0.1, "rule": read_low_use(), **given})
    >>> of()[0], of(chance_of_low=0.3)[0], of(expected=11.9, watches=[True, True])[0]
    ('expected_range', 'cant_tell_yet', 'cant_tell_yet')
    >>> of(watches=[True, False])[0], of(watches=[True, True])[0], of(watches=[True, True], complete=False)
    ('watch', 'below_expected', ('watch', 'the records of the months are not complete'))
    """
    classes = rule.classes
    if expected < classes.least_expected:
        return "cant_tell_yet", f"fewer than {classes.least_expected:g} episodes were to be expected in a year"
    if watches[0]:
        if not all(watches):
            return "watch", "this month only"
        return ("below_expected", "") if complete else ("watch", "the records of the months are not complete")
    # Exactly the chance is enough, whatever its last binary digit.
    if 1 - chance_of_low >= classes.sure_not_low - 1e-9:
        return "expected_range", ""
    return "cant_tell_yet", "as few could come from a low site as from an ordinary one"


def words_of(name: str | None, expected: float, *, rule: LowUse) -> str:
    """The class in words; of a site in the expected range where only a large drop would show, those that say so.

    >>> from analysis.quality.utilization.parameters import read_low_use
    >>> words_of("expected_range", 49.9, rule=read_low_use()), words_of("expected_range", 50, rule=read_low_use())
    ('no sign of low use; only a large drop would show', 'in the expected range')
    """
    if name is None:
        return "not judged"
    if name == "expected_range" and expected < rule.classes.judgeable_expected:
        return ONLY_A_LARGE_DROP
    return CLASSES[name]


def months_more(so_far: float, a_month: float, wanted: float) -> float:
    """How many more months, at that pace, until `wanted` episodes were expected; missing where none is expected.

    >>> months_more(0, 4.0, 50), months_more(48, 4.0, 50), months_more(52, 4.0, 50)
    (13.0, 1.0, 0.0)
    """
    if so_far >= wanted:
        return 0.0
    return float(np.ceil((wanted - so_far) / a_month - 1e-9)) if a_month > 0 else np.nan


def judge_use(
    use: SiteMonths, sites: pd.DataFrame, *, month: pd.Period, complete: Mapping[str, bool], rule: LowUse
) -> pd.DataFrame:
    """Every site's class in that month: one row a site, in order of site_id, with COLUMNS.

    `use` holds that month and, for a full judgment, the 24 and one before it; later months are not looked at. `complete` says of each
    site whether its records are whole: open days, records in, the referral line up. A site that was open for fewer than 10
    months by the month's end is shown and not judged; one that closed by then has no class, nor has one whose children are not known.

    Raises ValueError where the month is not in `use`, or a site not in `complete`.
    """
    names, months = use.sites, use.months
    if month not in months:
        raise ValueError(f"{month} is not among the months of the table, {months[0]} to {months[-1]}.")
    if lacking := sorted(set(names) - set(complete)):
        raise ValueError(
            f"Nothing says whether the records of {', '.join(lacking)} are complete. Give a yes or no for each site."
        )
    columns = {name: use.by_site(name)[:, : months.index(month) + 1] for name in ("observed", "expected")}
    unknown = np.isnan(columns["expected"][:, -rule.windows.longer_months :]).any(axis=1)
    columns = {name: np.where(np.isnan(columns["expected"]), 0.0, each) for name, each in columns.items()}
    ends = range(len(months[: months.index(month) + 1]), 0, -1)
    looks = [
        look(columns["observed"][:, :end], columns["expected"][:, :end], rule=rule)
        for end in list(ends)[: rule.classes.months_running]
    ]
    seen, low = looks[0], chance_low(looks[0], rule=rule)
    spans = sites.set_index("site_id").reindex(names)
    rows = []
    for at, name in enumerate(names):
        opened = _months_open(spans["opened_on"].iloc[at], month)
        why = _not_judged(use, name, unknown[at], spans["closed_on"].iloc[at], month)
        if why:
            found, why = None, why
        elif opened < rule.classes.least_months_open:
            found, why = "cant_tell_yet", "opened too recently"
        else:
            found, why = classify(
                expected=seen.expected[at],
                watches=[bool(each.watch[at]) for each in looks] + [False] * (rule.classes.months_running - len(looks)),
                complete=bool(complete[name]),
                chance_of_low=low[at],
                rule=rule,
            )
        rows.append({"site_id": name, "class": found, "why": why, "words": words_of(found, seen.expected[at], rule=rule), "months_open": opened})  # fmt: skip
    table = pd.DataFrame(rows).assign(**_figures(use, month, looks, low, columns["expected"], rule))
    table["sure"] = table["class"].eq("below_expected") & table["probability_low"].ge(rule.classes.sure_low - 1e-9)
    blank = [name for name in COLUMNS if name not in ("site_id", "class", "words", "why", "months_open", "sure", "watch_this_month", "watch_last_month", "spread", "shocks_size")]  # fmt: skip
    table.loc[unknown, blank] = np.nan
    judged = table["class"].notna() & table["why"].ne("opened too recently")
    table[["watch_this_month", "watch_last_month"]] = table[["watch_this_month", "watch_last_month"]].where(
        judged, False
    )
    return table[COLUMNS]


def _not_judged(use: SiteMonths, name: str, unknown: bool, closed_on: pd.Timestamp, month: pd.Period) -> str:
    if name in use.missing:
        return use.missing[name]
    if not pd.isna(closed_on) and closed_on <= month.end_time:
        return "closed"
    return "no other site was open in some of the months" if unknown else ""


def _months_open(opened_on: pd.Timestamp, month: pd.Period) -> float:
    """Months from the first day of service to the month's last day; missing, and then never too few, where it is not known.

    >>> _months_open(pd.Timestamp("2026-01-16"), pd.Period("2026-10")), _months_open(pd.NaT, pd.Period("2026-10"))
    (9.5, nan)
    """
    if pd.isna(opened_on):
        return np.nan
    first = opened_on.to_period("M")
    part = (first.days_in_month - opened_on.day + 1) / first.days_in_month
    return max(0.0, round((month - first).n + part, 1))


def _figures(
    use: SiteMonths, month: pd.Period, looks: list[Look], low: np.ndarray, history: np.ndarray, rule: LowUse
) -> dict[str, np.ndarray]:  # fmt: skip
    """The columns that are the same whatever the class."""
    seen, longer = looks[0], rule.windows.longer_months
    some = np.where(seen.expected > 0, seen.expected, np.nan)
    interval = garwood(seen.observed, confidence=CONFIDENCE)
    year = slice(max(0, use.months.index(month) + 1 - longer), use.months.index(month) + 1)
    last = history[:, -longer:]
    pace = np.divide(last.sum(axis=1), (last > 0).sum(axis=1), out=np.zeros(len(last)), where=(last > 0).any(axis=1))
    so_far = history.sum(axis=1)
    floor = rule.classes.least_expected
    figures = {
        "observed": seen.observed,
        "expected": seen.expected,
        "ratio": seen.observed / some,
        "low": interval.low / some,
        "high": interval.high / some,
        **{name: use.by_site(name)[:, year].sum(axis=1) for name in ("expected_at_target", "expected_low", "expected_high")},
        "window": seen.window.astype(float),
        "observed_window": seen.observed_window,
        "expected_window": seen.expected_window,
        "tail_probability": seen.tail,
        "tail_at_least_spread": seen.tail_at(rule.spread.at_least),
        "tail_at_wide_spread": seen.tail_at(rule.spread.wide),
        "watch_this_month": seen.watch,
        "watch_last_month": looks[1].watch if len(looks) > 1 else np.zeros(len(seen.watch), dtype=bool),
        "probability_low": low,
        "probability_not_low": 1 - low,
        "months_until_judgeable": [months_more(e, p, rule.classes.judgeable_expected) for e, p in zip(so_far, pace, strict=True)],
        "months_until_flag_possible": [
            months_more(e, p, floor) if p * longer >= floor or e >= floor else np.nan
            for e, p in zip(seen.expected, pace, strict=True)
        ],
    }  # fmt: skip
    size = 1 / seen.shocks.item() if seen.shocks.item() > 0 else np.inf
    return figures | {"spread": np.full(len(low), seen.spread.item()), "shocks_size": np.full(len(low), size)}


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
    o, e, variance = _totals(observed, expected, shocks, need)
    prior = ratio_grid(rule)
    chance = 1 - float(chance_below(posterior(o, e, variance, prior), rule.leaving.ratio, prior)[names.index(site)])
    if chance >= rule.leaving.chance - 1e-9:
        return Ending(True, chance, "")
    return Ending(False, chance, "the last months do not yet show that the site reaches as many as expected")
