"""How late records come: the curve on paper, against the truth it was drawn from, and what a plain average would say."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from analysis.demo.scenario import read_scenario
from analysis.periods import period
from analysis.quality import late_records
from analysis.quality.late_records import (
    FEWEST_RECORDS,
    complete_share,
    delays,
    expected_share,
    gain,
    is_provisional,
    reporting_curve,
)

AS_OF = pd.Timestamp("2026-10-31")
MEAN_DELAY = 12  # days; geometric


def drawn(seed: int, *, a_day: int = 6, days: int = 300, mean: float = MEAN_DELAY) -> pd.DataFrame:
    """Records of 300 days whose delays are known, all of them: also those that AS_OF has not seen yet."""
    rng = np.random.default_rng(seed)
    counted = np.repeat(pd.date_range(end=AS_OF, periods=days), a_day)
    delay = rng.geometric(1 / (mean + 1), size=len(counted)) - 1
    return pd.DataFrame({"counted_on": counted, "entered_on": counted + pd.to_timedelta(delay, unit="D")})


def seen(episodes: pd.DataFrame) -> pd.DataFrame:
    return episodes[episodes["entered_on"].le(AS_OF)]


def test_the_curve_gives_back_the_truth_that_a_plain_average_misses():
    # P(delay <= 10) of a geometric delay with mean 12: 1 - (12/13)^11
    truth = 1 - (12 / 13) ** 11
    corrected, plain = [], []
    for seed in range(40):
        known = delays(seen(drawn(seed)).tail(60 * 6))  # two months, so that what is cut off weighs
        corrected.append(reporting_curve(known, AS_OF).share[10])
        plain.append(known["delay"].le(10).mean())
    assert np.mean(corrected) == pytest.approx(truth, abs=0.03)
    assert np.mean(plain) > truth + 0.05


def test_the_interval_of_what_has_come_holds_the_truth():
    """October looked at on its last day: the mean over its 31 days of 1 - (12/13)^(age + 1)."""
    ages = np.arange(31)
    truth = float(np.mean(1 - (12 / 13) ** (ages + 1)))
    held = 0
    for seed in range(200):
        curve = reporting_curve(delays(seen(drawn(seed))), AS_OF)
        span = complete_share(curve, period("2026-10"), AS_OF)
        held += span.low <= truth <= span.high
    assert 0.90 <= held / 200 <= 0.99  # 95% of 200 is 190, its own range 183 to 196


def test_what_is_still_to_come_is_what_comes():
    """Of the records of October that will ever be, the part that is there is what the curve says, over many draws."""
    shares, parts = [], []
    for seed in range(60):
        whole = drawn(seed)
        shares.append(expected_share(reporting_curve(delays(seen(whole)), AS_OF), period("2026-10"), AS_OF))
        october = whole[whole["counted_on"].ge(pd.Timestamp("2026-10-01"))]
        parts.append(len(seen(october)) / len(october))
    assert np.mean(shares) == pytest.approx(np.mean(parts), abs=0.02)


def test_records_entered_at_once_leave_nothing_to_come():
    known = delays(seen(drawn(1)).assign(entered_on=lambda rows: rows["counted_on"]))
    curve = reporting_curve(known, AS_OF)
    assert expected_share(curve, period("2026-10"), AS_OF) == 1.0
    assert gain(1.0) == 0
    assert curve.days_until(0.95) == 0
    assert not is_provisional(curve, period("2026-10"), AS_OF)


def test_order_of_rows_does_not_matter():
    known = delays(seen(drawn(3)))
    mixed = known.sample(frac=1, random_state=1)
    assert np.array_equal(reporting_curve(known, AS_OF).share, reporting_curve(mixed, AS_OF).share)


def test_one_old_late_record_does_not_decide_the_curve():
    """The oldest crisis was entered on the last day: alone in its risk set it would say that everything always comes that late."""
    known = delays(seen(drawn(4, days=120)))
    oldest = pd.DataFrame({"counted_on": [AS_OF - pd.Timedelta(days=150)], "delay": [150]})
    curve = reporting_curve(pd.concat([known, oldest]), AS_OF)
    assert curve.longest < 150
    assert curve.share[30] == pytest.approx(reporting_curve(known, AS_OF).share[30], abs=0.01)


@pytest.mark.parametrize(("day", "provisional"), [("2026-11-10", True), ("2026-11-11", False)])
def test_a_month_is_provisional_until_the_day_by_which_95_of_100_have_come(day, provisional):
    # 94 come at once, 6 after 11 days: the curve reaches 95 of 100 on day 11, and October's last day is then 11 days old.
    rows = pd.DataFrame(
        {"counted_on": np.repeat(pd.date_range("2026-06-01", "2026-08-31"), 100), "delay": ([0] * 94 + [11] * 6) * 92}
    )
    curve = reporting_curve(rows, pd.Timestamp(day))
    assert curve.days_until(0.95) == 11
    assert is_provisional(curve, period("2026-10"), pd.Timestamp(day)) == provisional


def test_too_few_records_give_no_curve():
    rows = pd.DataFrame({"counted_on": pd.to_datetime(["2026-10-01"] * 99), "delay": 0})
    assert reporting_curve(rows, AS_OF) is None
    assert reporting_curve(pd.concat([rows, rows.head(1)]), AS_OF) is not None


def test_entry_before_the_crisis_is_a_slip_and_an_unknown_day_is_no_delay():
    rows = pd.DataFrame(
        {
            "counted_on": pd.to_datetime(["2026-10-05"] * 3),
            "entered_on": pd.to_datetime(["2026-10-04", None, "2026-10-05"]),
        }
    )
    assert delays(rows)["delay"].tolist() == [0]
    assert late_records.slips(rows) == 1


def test_records_entered_after_the_last_day_covered_move_the_day_on_which_they_were_taken_out():
    rows = pd.DataFrame({"entered_on": pd.to_datetime(["2026-11-09", None])})
    assert late_records.loaded_on(rows, AS_OF) == pd.Timestamp("2026-11-09")
    assert late_records.loaded_on(rows.tail(1), AS_OF) == AS_OF


@pytest.fixture(scope="module")
def made_up(demo_root) -> pd.DataFrame:
    return pd.read_parquet(demo_root / "data" / "processed" / "demo" / "episodes.parquet")


@pytest.mark.parametrize("late", ["", "site-05"])
def test_the_curve_of_the_made_up_state_holds_the_truth_that_it_was_drawn_from(made_up, late):
    """Geometric waits: 4 days on average, 12 at one site; by day d, 1 - (mean / (mean + 1))^(d + 1) have come."""
    means = read_scenario("base").entry.mean_days
    of_site = made_up["site_id"].eq(late) if late else ~made_up["site_id"].isin(means.by_site)
    mean = means.by_site[late] if late else means.ordinary
    known = delays(made_up[of_site])
    curve = reporting_curve(known, AS_OF)
    assert curve.records == len(known) > 100
    for day in (0, 3, 10, 30):
        truth = 1 - (mean / (mean + 1)) ** (day + 1)
        half = late_records.Z * np.sqrt(curve.spread[day])
        assert curve.share[day] * np.exp(-half) <= truth <= min(curve.share[day] * np.exp(half), 1)
    # A mean of half as long would not do: the interval is narrow enough to tell.
    assert 1 - (mean / 2 / (mean / 2 + 1)) ** 4 > curve.share[3] * np.exp(late_records.Z * np.sqrt(curve.spread[3]))


def test_a_site_of_few_records_has_no_curve_but_its_shares_hold_the_truth(made_up):
    """Closed five months before: all of its records are old, so plain shares do. Geometric waits of 9 days on average."""
    known = delays(made_up[made_up["site_id"].eq("site-13")]).head(FEWEST_RECORDS - 1)
    assert reporting_curve(known, AS_OF) is None
    mean = read_scenario("base").entry.mean_days.by_site["site-13"]
    for day in (0, 3, 10, 30):
        came = binomtest(int(known["delay"].le(day).sum()), len(known)).proportion_ci()
        assert came.low <= 1 - (mean / (mean + 1)) ** (day + 1) <= came.high
