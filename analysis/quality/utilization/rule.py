"""The classes of use: can't tell yet, watch, fewer children than expected, in the expected range.

A class is a question to the site and no verdict. Every site stands alone: no order, no rank.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.intervals import garwood
from analysis.quality.utilization.expected import SiteMonths
from analysis.quality.utilization.look import Look, chance_low, look
from analysis.quality.utilization.parameters import LowUse

CONFIDENCE = 0.95  # of the exact interval of observed over expected

CLASSES = {
    "cant_tell_yet": "can't tell yet",
    "watch": "watch",
    "below_expected": "reaching fewer children than expected",
    "expected_range": "in the expected range",
}
TOO_RECENTLY = "opened too recently"
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
    "expected_low",  # expected, were there a fifth fewer or a fifth more children; of uncertain sites alone
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
    "months_needed",  # months like the last ones, in all, that 50 expected episodes take
    "months_until_judgeable",  # of these, those to come; 0 where 12 months are enough
    "months_until_flag_possible",  # until 12 are expected over 12 months; missing where that never comes at this pace
    "spread",  # fitted: the same for every site
    "shocks_size",
]


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

    `use` holds that month and, for a full judgment, the 24 before it; later months are not looked at. `complete` says of each
    site whether its records are whole: open days, records in, the referral line up. A site that was open for fewer than 10
    months by the month's end is shown and not judged; one that closed by then has no class, nor has one whose children are not known.

    Raises ValueError where the month is not in `use`, or a site not in `complete`.
    """
    names, months = use.sites, use.months
    if month not in months:
        raise ValueError(
            f"{month} is not among the months of the table of expected episodes. Count it with that month."
        )
    if lacking := sorted(set(names) - set(complete)):
        raise ValueError(
            f"Nothing says whether the records of {', '.join(lacking)} are complete. Give a yes or no for each site."
        )
    until = months.index(month) + 1
    observed, expected = (use.by_site(name)[:, :until] for name in ("observed", "expected"))
    unknown = np.isnan(expected[:, -rule.windows.longer_months :]).any(axis=1)
    observed, expected = (np.where(np.isnan(expected), 0.0, each) for each in (observed, expected))
    back = range(until, max(0, until - rule.classes.months_running), -1)
    looks = [look(observed[:, :end], expected[:, :end], rule=rule) for end in back]
    low = chance_low(looks[0], rule=rule)
    spans = sites.set_index("site_id").reindex(names)[["opened_on", "closed_on"]]
    opened = np.array([months_open(day, month) for day in spans["opened_on"]])
    rows = []
    for at, name in enumerate(names):
        found, why = None, _not_judged(use, name, unknown[at], opened[at], spans["closed_on"].iloc[at], month)
        if not why and opened[at] < rule.classes.least_months_open:
            found, why = "cant_tell_yet", TOO_RECENTLY
        elif not why:
            watches = [bool(each.watch[at]) for each in looks]
            found, why = classify(
                expected=looks[0].expected[at],
                watches=watches + [False] * (rule.classes.months_running - len(watches)),
                complete=bool(complete[name]),
                chance_of_low=low[at],
                rule=rule,
            )
        rows.append((name, found, words_of(found, looks[0].expected[at], rule=rule), why))
    table = pd.DataFrame(rows, columns=["site_id", "class", "words", "why"])
    figures = _figures(looks, low, rule) | _beside(use, until, expected, opened, rule)
    return _completed(table.assign(**figures, months_open=opened), unknown, rule)


def _not_judged(
    use: SiteMonths, name: str, unknown: bool, opened: float, closed_on: pd.Timestamp, month: pd.Period
) -> str:
    if name in use.missing:
        return use.missing[name]
    if not pd.isna(closed_on) and closed_on <= month.end_time:
        return "closed"
    if opened == 0:
        return "not open yet"
    return "no other site was open in some of the months" if unknown else ""


def months_open(opened_on: pd.Timestamp, month: pd.Period) -> float:
    """Months from the first day of service to the month's last day; missing, and then never too few, where it is not known.

    >>> months_open(pd.Timestamp("2026-01-17"), pd.Period("2026-10")), months_open(pd.Timestamp("2026-11-01"), pd.Period("2026-10"))
    (9.48, 0.0)
    """
    if pd.isna(opened_on):
        return np.nan
    first = opened_on.to_period("M")
    part = (first.days_in_month - opened_on.day + 1) / first.days_in_month
    return max(0.0, round((month - first).n + part, 2))


def _figures(looks: list[Look], low: np.ndarray, rule: LowUse) -> dict[str, object]:
    """The columns of the looks themselves, the same whatever the class."""
    seen = looks[0]
    some = np.where(seen.expected > 0, seen.expected, np.nan)
    interval = garwood(seen.observed, confidence=CONFIDENCE)
    shocks = seen.shocks.item()
    return {
        "observed": seen.observed,
        "expected": seen.expected,
        "ratio": seen.observed / some,
        "low": interval.low / some,
        "high": interval.high / some,
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
        "spread": seen.spread.item(),
        "shocks_size": 1 / shocks if shocks > 0 else np.inf,
    }


def _beside(use: SiteMonths, until: int, expected: np.ndarray, opened: np.ndarray, rule: LowUse) -> dict[str, object]:
    """What the target and an uncertain number of children would give over 12 months, and how long until a site can be judged.

    The pace is that of the months of the last 12 in which the site was open.
    """
    longer, classes = rule.windows.longer_months, rule.classes
    last = expected[:, -longer:]
    year, some = last.sum(axis=1), (last > 0).sum(axis=1)
    pace = np.divide(year, some, out=np.zeros(len(year)), where=some > 0)
    had = np.where(np.isnan(opened), (expected > 0).sum(axis=1), opened)
    needed = np.array([months_more(0, each, classes.judgeable_expected) for each in pace])
    enough = year >= classes.judgeable_expected
    possible = (year >= classes.least_expected) | (pace * longer >= classes.least_expected)
    flag = [months_more(e, p, classes.least_expected) for e, p in zip(year, pace, strict=True)]
    of_year = {
        name: use.by_site(name)[:, max(0, until - longer) : until].sum(axis=1)
        for name in ("expected_at_target", "expected_low", "expected_high")
    }
    return of_year | {
        "months_needed": needed,
        "months_until_judgeable": np.where(enough, 0.0, np.maximum(0.0, np.ceil(needed - had))),
        "months_until_flag_possible": np.where(possible, flag, np.nan),
    }


def _completed(table: pd.DataFrame, unknown: np.ndarray, rule: LowUse) -> pd.DataFrame:
    """With `sure`; no watch where nobody judges, and no figure where the children are not known."""
    judged = table["class"].notna() & table["why"].ne(TOO_RECENTLY)
    watches = ["watch_this_month", "watch_last_month"]
    table[watches] = table[watches].where(judged, False)
    table["sure"] = table["class"].eq("below_expected") & table["probability_low"].ge(rule.classes.sure_low - 1e-9)
    kept = {"site_id", "class", "words", "why", "months_open", "sure", "spread", "shocks_size", *watches}
    table.loc[unknown, [name for name in COLUMNS if name not in kept]] = np.nan
    return table[COLUMNS]
