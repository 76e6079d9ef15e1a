"""Did a plan turn the curve: the step in use, the rise that chance makes, and the lot. Every count here is invented."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.quality.turning.change import change_of_use, changes_elsewhere
from analysis.quality.turning.lot import draw_order, randomization_test
from analysis.quality.turning.rise import rise_by_itself

START = pd.Timestamp("2026-01-01")


def series(before: list[int], after: list[int], expected: float = 10.0) -> pd.DataFrame:
    months = pd.period_range(START.to_period("M") - len(before), periods=len(before) + len(after), freq="M")
    return pd.DataFrame({"month": months, "observed": [*before, *after], "expected": expected})


def test_the_step_is_the_ratio_of_observed_to_expected_after_to_before():
    change = change_of_use(series([4, 6, 5, 5, 4, 6], [8, 12, 10]), START)
    assert change.ratio == pytest.approx((30 / 30) / (30 / 60))
    assert change.low < 2.0 < change.high
    assert (change.months_before, change.months_after, change.why_not) == (6, 3, None)


def test_the_step_is_that_of_a_quasi_poisson_model():
    rows = series([4, 9, 2, 7, 5, 12], [8, 15, 6, 21], expected=10.0)
    x = sm.add_constant(rows["month"].ge(START.to_period("M")).astype(float).to_numpy())
    fit = sm.GLM(rows["observed"], x, family=sm.families.Poisson(), offset=np.log(rows["expected"])).fit(
        scale="X2", use_t=True
    )
    low, high = np.exp(fit.conf_int().to_numpy()[1])
    change = change_of_use(rows, START)
    assert (change.ratio, change.low, change.high) == pytest.approx((np.exp(fit.params.iloc[1]), low, high), rel=1e-6)


def test_months_more_even_than_chance_do_not_make_it_surer_than_chance():
    even = change_of_use(series([5] * 6, [10] * 6), START)
    by_chance = np.sqrt(1 / 30 + 1 / 60)
    assert np.log(even.high / even.ratio) == pytest.approx(2.228139 * by_chance, rel=1e-5)  # t of 10 degrees of freedom


def test_expected_episodes_take_out_what_moves_all_sites():
    rows = series([10] * 6, [20] * 6).assign(expected=[10.0] * 6 + [20.0] * 6)
    assert change_of_use(rows, START).ratio == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ([5] * 5, [5] * 6, "fewer than 6 months before"),
        ([5] * 6, [9] * 2, "fewer than 3 whole months since"),
        ([2, 2, 2, 2, 1, 1], [9] * 3, "fewer than 11 episodes"),  # ten before
    ],
)
def test_too_little_says_so(before, after, why):
    change = change_of_use(series(before, after), START)
    assert why in change.why_not
    assert np.isnan(change.ratio)


def test_the_month_of_a_start_within_it_is_neither_before_nor_after():
    rows = series([5] * 7, [50, 10, 10, 10])
    assert change_of_use(rows, START + pd.Timedelta(days=1)).months_after == 3
    assert change_of_use(rows, START).months_after == 4


def test_a_month_without_exposure_is_left_out():
    rows = series([0, 5, 5, 5, 5, 5, 5], [10] * 3).assign(expected=[0.0] + [10.0] * 9)
    assert change_of_use(rows, START).months_before == 6


def test_the_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(20261125)
    held = 0
    for _ in range(400):
        means = np.r_[np.full(12, 8.0), np.full(6, 12.0)] * rng.gamma(25, 1 / 25, 18)
        rows = series(list(rng.poisson(means[:12])), list(rng.poisson(means[12:])), expected=10.0)
        change = change_of_use(rows, START)
        held += change.low <= 1.5 <= change.high
    assert 0.93 <= held / 400 <= 0.985


def test_changes_elsewhere_are_a_range_and_no_test():
    by_site = {"a": series([10] * 6, [12] * 3), "b": series([10] * 6, [8] * 3), "c": series([1] * 6, [1] * 3)}
    low, high, known = changes_elsewhere(by_site, START)
    assert (low, high, known) == (pytest.approx(0.8), pytest.approx(1.2), 2)
    assert changes_elsewhere({}, START)[2] == 0


def test_a_site_rises_by_itself_towards_what_the_others_make_likely():
    rise = rise_by_itself(12, 24.0, 0.6)
    assert (rise.seen, rise.awaited, rise.in_percent) == (0.5, 0.6, 20.0)
    assert np.isnan(rise_by_itself(0, 24.0, 0.4).in_percent)
    with pytest.raises(ValueError, match="Without expected episodes"):
        rise_by_itself(0, 0.0, 0.4)


# --- the lot ---------------------------------------------------------------------------------------------------------


def test_the_lot_is_the_same_for_everybody_and_depends_on_its_words_alone():
    sites = ["site-04", "site-09", "site-12", "site-10"]
    assert draw_order(sites, "3 17 22") == draw_order(sites[::-1], " 3  17 22 ")
    orders = {tuple(draw_order(sites, str(number))) for number in range(400)}
    assert len(orders) == 24
    firsts = pd.Series([draw_order(sites, str(number))[0] for number in range(2000)]).value_counts()
    assert firsts.between(430, 570).all()  # 500 each, 3.6 standard deviations


@pytest.mark.parametrize(("sites", "words"), [(["a"], "x"), (["a", "a"], "x"), (["a", "b"], "  ")])
def test_a_lot_that_is_none_is_refused(sites, words):
    with pytest.raises(ValueError, match="A lot needs"):
        draw_order(sites, words)


def test_the_lot_test_finds_a_false_effect_as_rarely_as_it_says():
    rng = np.random.default_rng(7)
    sites = ["a", "b", "c", "d", "e"]
    starts = dict(zip(sites, [2, 4, 6, 8, 10], strict=True))
    found = [randomization_test({site: rng.normal(size=12) for site in sites}, starts)[1] <= 0.05 for _ in range(300)]
    assert np.mean(found) <= 0.085


def test_the_lot_test_sees_a_large_effect():
    sites, starts = ["a", "b", "c", "d", "e"], {"a": 2, "b": 4, "c": 6, "d": 8, "e": 10}
    logs = {site: np.where(np.arange(12) >= starts[site], 0.0, -0.7) for site in sites}
    mean, chance = randomization_test(logs, starts)
    assert mean == pytest.approx(0.7)
    assert chance == pytest.approx(1 / 120, abs=1e-6)


def test_a_lot_test_needs_a_time_before_and_since():
    with pytest.raises(ValueError, match="a period before its start"):
        randomization_test({"a": [0, 0], "b": [0, 0]}, {"a": 0, "b": 1})
