"""Late records: how long after a crisis its record is entered, and how much a young month will still gain.

A month that is looked at early holds only the records that were quick. The delays of young days are cut off (right truncation):
a delay of 30 days cannot have been seen for a crisis of last week, so averages over all records make entry look quicker than it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.intervals import Interval
from analysis.periods import Period

FEWEST_RECORDS = 100  # illustrative: with fewer, the tail of the curve rests on a handful of records
FEWEST_AT_RISK = 20  # illustrative: the curve ends where fewer records are old enough to have been seen so late
LONGEST_DELAY = 180  # days; a record entered later is rare, and counts as if it never came
PROVISIONAL_BELOW = 0.95  # illustrative: a month stays provisional until this share of its records has usually come
WITHIN_DAYS = (10, 30, 60)
Z = 1.96  # 95% of a normal distribution


@dataclass(frozen=True)
class Curve:
    """The share of records that are entered within each number of days, out of those entered within the longest.

    Attributes
    ----------
    share : numpy.ndarray
        `share[d]`: entered d days after the crisis or sooner, for d from 0 to `longest`; the last is 1.
    spread : numpy.ndarray
        Variance of log(share[d]); independent increments, so that of two days is the smaller one.
    records : int
        Records with a delay behind it.
    """

    share: np.ndarray
    spread: np.ndarray
    records: int

    @property
    def longest(self) -> int:
        """The longest delay that the curve knows, in days."""
        return len(self.share) - 1

    def days_until(self, share: float) -> int:
        """The first day by which that share of the records has come."""
        return int(np.argmax(self.share >= share))


def delays(episodes: pd.DataFrame) -> pd.DataFrame:
    """One row per record whose day of entry is known and not before its crisis: counted_on, delay (days).

    A record entered before the crisis is a slip of a date; `slips` counts them.
    """
    known = episodes[episodes["entered_on"].notna() & episodes["counted_on"].notna()]
    days = (known["entered_on"] - known["counted_on"]).dt.days
    return pd.DataFrame({"counted_on": known["counted_on"], "delay": days})[days.ge(0)]


def slips(episodes: pd.DataFrame) -> int:
    """How many records say that they were entered before their crisis."""
    return int((episodes["entered_on"] < episodes["counted_on"]).sum())


def loaded_on(episodes: pd.DataFrame, last_covered: pd.Timestamp) -> pd.Timestamp:
    """The day on which the records were taken out: the last day covered, or the last day of entry where that is later."""
    last = episodes["entered_on"].max()
    return last_covered if pd.isna(last) else max(last_covered, last)


def reporting_curve(known: pd.DataFrame, as_of: pd.Timestamp, *, longest: int = LONGEST_DELAY) -> Curve | None:
    """How quickly records come, corrected for those that have not come yet.

    Takes rows of `delays` and the day on which the records were taken out. Time runs backward from the longest delay: of the records
    that had come by day d, among crises at least d days old, the part that came on day d itself is the reverse-time hazard, and
    the share by day d is the product over the later days of one less that part (Kalbfleisch and Lawless 1991, Statistica
    Sinica 1:19-32; Lawless 1994, Canadian Journal of Statistics 22:15-31; by days the same as the chain ladder of insurers).
    Greenwood's sum gives the spread. It takes for granted that entry has been as quick in every month, and says nothing of delays
    longer than `longest`, or than 20 of the records are old.

    None with fewer than FEWEST_RECORDS records.

    >>> rows = pd.DataFrame({"counted_on": pd.to_datetime(["2026-10-01"] * 100 + ["2026-10-02"] * 80 + ["2026-10-03"] * 50),
    ...                      "delay": [0] * 60 + [1] * 30 + [2] * 10 + [0] * 40 + [1] * 40 + [0] * 50})
    >>> curve = reporting_curve(rows, pd.Timestamp("2026-10-03"))    # by day 1: 1 - 10/100; at once: that x (1 - 70/170)
    >>> curve.share.round(4).tolist()
    [0.5294, 0.9, 1.0]
    """
    age = (as_of - known["counted_on"]).dt.days.to_numpy()
    delay = known["delay"].to_numpy()
    if len(delay) < FEWEST_RECORDS:
        return None
    longest = min(longest, int(np.sort(age)[-FEWEST_AT_RISK]))
    inside = delay <= longest
    age, delay = age[inside], delay[inside]
    came = np.bincount(delay, minlength=longest + 1).astype(float)
    # In the risk set of day d: came by d, and old enough for a delay of d to have been seen.
    at_risk = np.array([np.count_nonzero((delay <= day) & (age >= day)) for day in range(longest + 1)], dtype=float)
    part = np.divide(came, at_risk, out=np.zeros_like(came), where=at_risk > 0)
    part[0] = 0.0
    left = np.where(part < 1, 1 - part, 1.0)  # a day by which nothing had come sooner: the curve has no foot there
    terms = np.divide(part, at_risk * left, out=np.zeros_like(part), where=at_risk > 0)
    later = np.arange(longest + 1) + 1
    products = np.append(np.cumprod((1 - part)[::-1])[::-1], 1.0)
    sums = np.append(np.cumsum(terms[::-1])[::-1], 0.0)
    return Curve(products[later], sums[later], len(delay))


def complete_share(curve: Curve, month: Period, as_of: pd.Timestamp) -> Interval:
    """The 95% interval of `expected_share`, by the normal approximation."""
    share, variance = _mean_share(curve, month, as_of)
    half = Z * np.sqrt(variance)
    return Interval(max(share - half, 0.0), min(share + half, 1.0))


def expected_share(curve: Curve, month: Period, as_of: pd.Timestamp) -> float:
    """The share of a month's records that have usually come when it is looked at on `as_of`; every day weighs the same.

    >>> curve = Curve(np.array([0.5, 0.8, 1.0]), np.zeros(3), 200)
    >>> from analysis.periods import period
    >>> round(expected_share(curve, period("2026-09"), pd.Timestamp("2026-09-30")), 4)   # 28 whole days, 0.8 and 0.5 of one
    0.9767
    """
    return _mean_share(curve, month, as_of)[0]


def _mean_share(curve: Curve, month: Period, as_of: pd.Timestamp) -> tuple[float, float]:
    """The mean over the month's days of the share come by then, and its variance (delta method)."""
    days = pd.date_range(month.from_on, min(month.to_on, as_of))
    at = np.minimum((as_of - days).days.to_numpy(), curve.longest)
    shares = curve.share[at]
    both = np.minimum.outer(curve.spread[at], curve.spread[at])
    return float(shares.mean()), float((np.outer(shares, shares) * both).mean())


def gain(share: float) -> float:
    """How many more percent come, when this share has come: 80 of 100 are to become 100, a quarter more.

    >>> gain(0.8)
    25.0
    """
    return 100 * (1 / share - 1)


def gains(
    known: pd.DataFrame, months: Iterable[Period], month: Period, as_of: pd.Timestamp, *, fewest: int
) -> pd.Series:
    """By how many percent each earlier month grew after the point at which `month` stands on `as_of`: how much months differ.

    Takes rows of `delays`. A month counts that is old enough for `within_days`, and of which at least `fewest` records had come by its
    point; where `month` is not over, that point lies as many days before the end of the other. Records that came later than as_of are
    not known, so a month of 60 days may gain a little more.

    >>> from analysis.periods import period
    >>> rows = pd.DataFrame({"counted_on": pd.to_datetime(["2026-06-10"] * 12 + ["2026-07-10"] * 10),
    ...                      "delay": [3] * 10 + [30] * 2 + [3] * 8 + [40] * 2})
    >>> some = [period("2026-06"), period("2026-07"), period("2026-09")]
    >>> gains(rows, some, period("2026-10"), pd.Timestamp("2026-10-31"), fewest=8).round(6).to_dict()
    {'2026-06': 20.0, '2026-07': 25.0}
    """
    after, found = as_of - month.to_on, {}
    for each in months:
        point = each.to_on + after
        here = known[known["counted_on"].between(each.from_on, min(each.to_on, point))]
        came = int((here["counted_on"] + pd.to_timedelta(here["delay"], unit="D")).le(point).sum())
        if (as_of - each.to_on).days >= max(WITHIN_DAYS) and came >= fewest:
            found[each.name] = gain(came / len(here))
    return pd.Series(found, dtype=float)


def is_provisional(curve: Curve, month: Period, as_of: pd.Timestamp) -> bool:
    """True while the month's last day is younger than the day by which 95 of 100 records have come."""
    return (as_of - month.to_on).days < curve.days_until(PROVISIONAL_BELOW)


def young_months(episodes: pd.DataFrame, months: Iterable[Period], last_covered: pd.Timestamp) -> dict[str, float]:
    """The months that are still filling up, each with the share of its records that has usually come; none where days of entry are not known.

    Takes one row per episode and single months. A number of a young month is too small by what has not come, so it is not judged.
    """
    if "entered_on" not in episodes or episodes["entered_on"].isna().all():
        return {}
    as_of = loaded_on(episodes, last_covered)
    curve = reporting_curve(delays(episodes), as_of)
    if curve is None:
        return {}
    begun = [month for month in months if month.from_on <= as_of]
    return {month.name: expected_share(curve, month, as_of) for month in begun if is_provisional(curve, month, as_of)}


def within_days(known: pd.DataFrame, months: list[Period], as_of: pd.Timestamp) -> pd.DataFrame:
    """Records by month and how many were entered within 10, 30 and 60 days: month, records, within_10, within_30, within_60.

    A month whose last day is less than 60 days old has no such share: its late records are not there to be counted.

    >>> from analysis.periods import period
    >>> rows = pd.DataFrame({"counted_on": pd.to_datetime(["2026-06-02"] * 4), "delay": [3, 10, 11, 61]})
    >>> within_days(rows, [period("2026-06"), period("2026-09")], pd.Timestamp("2026-10-31"))[["records", "within_10", "within_60"]]
       records  within_10  within_60
    0        4          2          3
    1     <NA>       <NA>       <NA>
    """
    lines = []
    for month in months:
        of_month = known.loc[known["counted_on"].between(month.from_on, month.to_on), "delay"]
        old_enough = (as_of - month.to_on).days >= max(WITHIN_DAYS)
        counts = [len(of_month), *(int(of_month.le(days).sum()) for days in WITHIN_DAYS)]
        lines.append((month.name, *(counts if old_enough else [pd.NA] * len(counts))))
    names = ["month", "records", *(f"within_{days}" for days in WITHIN_DAYS)]
    return pd.DataFrame(lines, columns=names).astype(dict.fromkeys(names[1:], "Int64"))
