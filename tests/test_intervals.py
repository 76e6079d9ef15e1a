"""Intervals against published numbers and against sums done another way."""

from math import comb

import numpy as np
import pytest

from analysis.intervals import (
    clopper_pearson,
    garwood,
    order_statistic_ranks,
    rate_ratio,
    share_difference,
    wilson,
)

# Newcombe 1998, Statistics in Medicine 17:857-872, table I: methods 3 (score) and 5 (Clopper-Pearson), 95 %.
NEWCOMBE_SINGLE = [
    (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20, (0.0000, 0.1611), (0.0000, 0.1684)),
    (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
]

# Newcombe 1998, Statistics in Medicine 17:873-890, table II: method 10, 95 %.
NEWCOMBE_DIFFERENCE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0000),
]


@pytest.mark.parametrize(("yes", "total", "score", "exact"), NEWCOMBE_SINGLE)
def test_share_intervals_match_newcombe(yes, total, score, exact):
    shown, decided = wilson(yes, total, confidence=0.95), clopper_pearson(yes, total, confidence=0.95)
    assert (shown.low, shown.high) == pytest.approx(score, abs=5e-5)
    assert (decided.low, decided.high) == pytest.approx(exact, abs=5e-5)


def test_none_of_ten_and_ten_of_ten_mirror_each_other():
    exact = clopper_pearson([0, 10], [10, 10], confidence=0.95)
    # no event: upper end 1 - 0.025^(1/10) = 0.3085
    assert exact.high[0] == pytest.approx(1 - 0.025**0.1)
    assert exact.low.tolist() == pytest.approx([0, 1 - exact.high[0]])
    assert exact.high[1] == 1
    shown = wilson([0, 10], [10, 10], confidence=0.95)
    assert shown.low[0] == 0
    assert shown.high[1] == 1


def test_share_of_nobody_has_no_interval():
    for interval in (wilson([0, 5], [0, 10], confidence=0.95), clopper_pearson([0, 5], [0, 10], confidence=0.95)):
        assert np.isnan([interval.low[0], interval.high[0]]).all()
        assert 0 < interval.low[1] < 0.5 < interval.high[1] < 1


@pytest.mark.parametrize(
    ("events", "low", "high"),
    [(0, 0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.39)],  # Garwood 1936; any table of exact Poisson limits
)
def test_garwood_matches_published_limits(events, low, high):
    interval = garwood(events, confidence=0.95)
    assert float(interval.low) == pytest.approx(low, rel=1e-3)
    assert float(interval.high) == pytest.approx(high, rel=1e-3)


def at_most(successes: int, trials: int, chance: float) -> float:
    """Binomial chance of at most `successes`, term by term."""
    return sum(comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(successes + 1))


@pytest.mark.parametrize("quantile", [0.5, 0.9])
@pytest.mark.parametrize("confidence", [0.95, 0.99])
@pytest.mark.parametrize("cases", [8, 36, 51, 120])
def test_ranks_are_the_tightest_whose_tails_are_small_enough(cases, quantile, confidence):
    low, high = (int(rank) for rank in order_statistic_ranks(cases, quantile=quantile, confidence=confidence))
    tail = (1 - confidence) / 2
    if low == 0:  # no case is far enough out on one side: the sample's lowest or highest leaves more than the tail
        too_few = at_most(0, cases, quantile) > tail or 1 - at_most(cases - 1, cases, quantile) > tail
        assert too_few
        assert high == 0
        return
    # The quantile lies below the low-th case when fewer than `low` cases lie below it, and above the high-th likewise.
    assert at_most(low - 1, cases, quantile) <= tail < at_most(low, cases, quantile)
    assert 1 - at_most(high - 1, cases, quantile) <= tail < 1 - at_most(high - 2, cases, quantile)


@pytest.mark.parametrize(
    ("cases", "quantile", "confidence", "there_is"),
    [
        (5, 0.5, 0.95, False),  # 2 * 0.5^5 = 0.0625 is outside even from first to last
        (6, 0.5, 0.95, True),  # 2 * 0.5^6 = 0.03125
        (7, 0.5, 0.99, False),  # 2 * 0.5^7 = 0.0156
        (8, 0.5, 0.99, True),  # 2 * 0.5^8 = 0.0078
        (35, 0.9, 0.95, False),  # 0.9^35 = 0.02503 above the last
        (36, 0.9, 0.95, True),  # 0.9^36 = 0.02253
        (0, 0.5, 0.95, False),
    ],
)
def test_fewest_cases_for_an_interval_of_a_quantile(cases, quantile, confidence, there_is):
    low, high = order_statistic_ranks(cases, quantile=quantile, confidence=confidence)
    assert (low > 0, high > 0) == (there_is, there_is)


@pytest.mark.parametrize(("yes", "total", "before", "total_before", "low", "high"), NEWCOMBE_DIFFERENCE)
def test_difference_of_shares_matches_newcombe(yes, total, before, total_before, low, high):
    interval = share_difference(yes, total, before, total_before, confidence=0.95)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


def test_rate_ratio_matches_the_example_of_r_poisson_test():
    # help page of poisson.test: 11 in 800 against 6 + 8 + 7 in 1083 + 1050 + 878; prints 0.8584264 4.2772659
    interval = rate_ratio(11, 800, 21, 3011, confidence=0.95)
    assert (interval.low, interval.high) == pytest.approx((0.8584264, 4.2772659), abs=5e-8)


def test_rate_ratio_after_no_event_has_no_upper_end():
    interval = rate_ratio(12, 1, 0, 1, confidence=0.95)
    assert interval.high == np.inf
    assert interval.low > 1
