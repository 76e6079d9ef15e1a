"""Low use: what is expected of a site, how few is few, the classes, and when a plan may end."""

import time
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from people import STUDY, rows_of
from scipy import stats

from analysis import params
from analysis.params import ParamsError, as_record
from analysis.quality.utilization.dispersion import between_sites, lower_tail, month_shocks, shocks_variance
from analysis.quality.utilization.expected import SiteMonths, cannot_classify, site_months
from analysis.quality.utilization.leaving import plan_may_end
from analysis.quality.utilization.look import look, ratio_grid
from analysis.quality.utilization.parameters import FILE, LowUse, read_low_use
from analysis.quality.utilization.posterior import SPREADS, chance_below, grid, posterior
from analysis.quality.utilization.rule import CLASSES, COLUMNS, ONLY_A_LARGE_DROP, classify, judge_use, words_of

RULE = read_low_use()
COVERS = (pd.Timestamp("2024-01-01"), pd.Timestamp("2026-12-31"))
MONTH = pd.Period("2026-09")  # of 30 days
MONTH_YEARS = 30 / 365.25 * 12  # child-months of one child in September

# --- how few is few ---------------------------------------------------------------------------------------------------

# The project's own earlier figures: one pooled dispersion of 1.3, sites that differ by 0.15; powers in 100 from a simulation.
EXPECTED = (3, 5, 10, 15, 20, 30, 40, 60, 100, 200, 400)
LARGEST = (None, 0, 2, 5, 9, 15, 22, 36, 65, 137, 283)
POWERS = {
    0.5: {5: 8, 10: 13, 15: 25, 20: 46, 30: 57, 40: 71, 60: 86, 100: 97, 200: 100, 400: 100},
    0.6: {10: 7, 15: 12, 20: 25, 30: 30, 40: 40, 60: 54, 100: 74, 200: 88, 400: 95},
    0.7: {10: 3, 15: 6, 20: 12, 30: 13, 40: 17, 60: 23, 100: 34, 200: 45, 400: 56},
}


def extra(expected: float) -> float:
    return 0.3 * expected + (0.15 * expected) ** 2


@pytest.mark.parametrize(("expected", "largest"), list(zip(EXPECTED, LARGEST, strict=True)))
def test_the_largest_count_that_is_flagged(expected, largest):
    counts = np.arange(expected + 1)
    tails = lower_tail(counts, np.full(len(counts), expected), np.full(len(counts), extra(expected)))
    flagged = counts[tails < RULE.classes.tail]
    assert (flagged.max() if len(flagged) else None) == largest


@pytest.mark.parametrize("ratio", POWERS)
def test_the_power_of_what_is_flagged(ratio):
    """Six months of shocks of size 25 behind the count: within 1.5 of 100 of the simulated figures."""
    for expected, power in POWERS[ratio].items():
        mean, largest = ratio * expected, LARGEST[EXPECTED.index(expected)]
        assert 100 * lower_tail(largest, mean, mean**2 / (6 * 25)) == pytest.approx(power, abs=1.5)


def test_the_tail_is_that_of_a_negative_binomial_and_without_more_spread_of_a_poisson():
    counts, expected, more = (
        np.array([0, 3, 30, 90]),
        np.array([2.0, 9.0, 40.0, 120.0]),
        np.array([1.0, 20.0, 77.0, 400.0]),
    )
    size = expected**2 / more
    np.testing.assert_allclose(
        lower_tail(counts, expected, more), stats.nbinom(size, size / (size + expected)).cdf(counts), rtol=1e-10
    )
    np.testing.assert_allclose(lower_tail(counts, expected, 0 * more), stats.poisson(expected).cdf(counts), rtol=1e-10)
    assert np.isnan(lower_tail(0, 0.0, 0.0))


# --- shocks and spread ------------------------------------------------------------------------------------------------

CHILDREN = np.array([148, 52, 41, 38, 30, 24.5, 19.8, 17.2, 14.9, 12.6, 9.8, 7.4, 5.6, 3.9, 2.3]) * 1000
BASE = np.repeat((CHILDREN * 4 / 12_000)[:, None], 24, axis=1)


def simulated(
    seed: int, number: int, *, spread: float, size: float = 25, low: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Log rate ratios (number, sites) and episodes (number, sites, months); `low` sites of each are at half."""
    rng = np.random.default_rng(seed)
    ratio = np.exp(rng.normal(0, spread, (number, 15)))
    which = rng.permuted(np.tile(np.arange(15), (number, 1)), axis=1)[:, :low]
    np.put_along_axis(ratio, which, 0.5, axis=1)
    shocks = rng.gamma(size, 1 / size, (number, *BASE.shape))
    return np.log(ratio), rng.poisson(BASE * ratio[..., None] * shocks).astype(float)


@pytest.mark.parametrize("size", [10, 25, 100])
def test_month_shocks_come_back(size):
    _, seen = simulated(20261203, 200, spread=0.3, size=size)
    found = month_shocks(seen, np.broadcast_to(BASE, seen.shape), rule=RULE)
    assert found.mean() == pytest.approx(1 / size, rel=0.12)


def test_few_episodes_say_little_of_shocks_and_never_that_there_are_none():
    rng = np.random.default_rng(20261204)
    seen = rng.poisson(0.5, (50, 4, 24)).astype(float)
    assert (month_shocks(seen, np.full(seen.shape, 0.5), rule=RULE) >= 1 / RULE.shocks.size).all()
    nothing = np.zeros((3, 24))
    assert month_shocks(nothing, nothing, rule=RULE) == 1 / RULE.shocks.size


def test_a_month_that_was_not_open_changes_no_estimate():
    _, seen = simulated(20261205, 1, spread=0.15)
    closed = np.concatenate([np.zeros((15, 6)), BASE], axis=1)
    more = np.concatenate([np.zeros((15, 6)), seen[0]], axis=1)
    assert month_shocks(more, closed, rule=RULE) == pytest.approx(month_shocks(seen[0], BASE, rule=RULE))


@pytest.mark.parametrize(
    ("spread", "low", "middle"), [(0.3, 0, (0.27, 0.33)), (0.15, 0, (0.15, 0.18)), (0.15, 3, (0.15, 0.21))]
)
def test_the_spread_between_sites_comes_back_and_low_sites_hardly_widen_it(spread, low, middle):
    _, seen = simulated(20261206, 400, spread=spread, low=low)
    shocks = month_shocks(seen, np.broadcast_to(BASE, seen.shape), rule=RULE)
    found = between_sites(seen, np.broadcast_to(BASE, seen.shape), shocks, rule=RULE)
    assert middle[0] <= np.median(found) <= middle[1]
    assert found.min() >= RULE.spread.at_least


def test_few_sites_have_no_spread_of_their_own():
    seen = np.array([[10.0] * 24, [30.0] * 24, [90.0] * 24])
    assert between_sites(seen, np.full(seen.shape, 40.0), np.array(0.04), rule=RULE) == RULE.spread.at_least


# --- the grid ---------------------------------------------------------------------------------------------------------


def test_the_grid_weighs_every_pair_and_every_bin():
    prior = ratio_grid(RULE)
    assert prior.mass.shape[0] == 12 * 23
    np.testing.assert_allclose(prior.mass.sum(axis=1), 1)
    assert prior.weight.sum() == pytest.approx(1)
    assert {round(np.log(0.75), 9), round(np.log(0.85), 9)} <= set(prior.edges.round(9))
    assert max(SPREADS) < 0.9


def test_chances_agree_with_a_finer_integration():
    """Three sites, integrated anew with 4,000 points a site instead of bins."""
    observed, expected, variance = np.array([20.0, 50, 61]), np.array([45.0, 50, 55]), np.array([12.0, 14.0, 20.0])
    prior = grid((0.75,), 0.4)
    theta = np.linspace(-4, 3, 4001)
    size = (expected**2 / variance)[:, None]
    mean = expected[:, None] * np.exp(theta)
    likelihood = stats.nbinom(size, size / (size + mean)).pmf(observed[:, None])
    spreads, means = (each.ravel() for each in np.meshgrid(SPREADS, np.linspace(-0.55, 0.55, 23), indexing="ij"))
    density = stats.norm(means[:, None], spreads[:, None]).pdf(theta)
    step = theta[1] - theta[0]
    by_pair = likelihood @ density.T * step
    below = (likelihood * (theta < np.log(0.75))) @ density.T * step / by_pair
    weight = np.exp(-((spreads / 0.4) ** 2) / 2) * by_pair.prod(axis=0)
    finer = below @ (weight / weight.sum())
    np.testing.assert_allclose(
        chance_below(posterior(observed, expected, variance, prior), 0.75, prior), finer, atol=0.004
    )


def test_a_site_of_which_nothing_was_expected_says_nothing():
    prior = ratio_grid(RULE)
    three = posterior(np.array([20.0, 50, 0]), np.array([50.0, 50, 0]), np.zeros(3), prior)
    two = posterior(np.array([20.0, 50]), np.array([50.0, 50]), np.zeros(2), prior)
    np.testing.assert_allclose(three[:2], two, atol=1e-12)


def test_a_site_beyond_the_grid_gives_a_chance_and_no_gap():
    prior = ratio_grid(RULE)
    found = posterior(np.array([0.0, 900, 100, 100]), np.array([4000.0, 100, 100, 100]), np.zeros(4), prior)
    assert np.isfinite(found).all()
    assert chance_below(found, 0.75, prior)[[0, 1]] == pytest.approx([1, 0], abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("months", [1, 3, 12])
@pytest.mark.parametrize("spread", [0.15, 0.3])
def test_intervals_of_the_grid_cover(months, spread):
    """90% intervals; earlier figures of the project: 82 to 91 of 100 (60 to 72 where one estimate of the spread is plugged in)."""
    truth, seen = simulated(20261207, 300, spread=spread, low=2)
    seen, base = seen[..., -months:], np.broadcast_to(BASE, seen.shape)[..., -months:]
    prior = ratio_grid(RULE)
    variance = shocks_variance(base, month_shocks(seen, base, rule=RULE))
    below = posterior(seen.sum(axis=-1), base.sum(axis=-1), variance, prior).cumsum(axis=-1)
    low = prior.edges[(below < 0.05).sum(axis=-1)]
    high = prior.edges[np.minimum((below < 0.95).sum(axis=-1) + 1, len(prior.edges) - 1)]
    assert 0.82 <= ((low <= truth) & (truth <= high)).mean() <= 0.93


# --- what is expected -------------------------------------------------------------------------------------------------


def sites_of(*names: str, **opened: str) -> pd.DataFrame:
    return rows_of("sites", *({"site_id": name, "opened_on": opened.get(name, pd.NaT)} for name in names), name="A site", has_scorecard=True)  # fmt: skip


def counties_of(*names: str, **given) -> pd.DataFrame:
    """Each site covers one county of its own, 35001 the first."""
    rows = ({"site_id": name, "county_fips": f"{35001 + 2 * at}"} for at, name in enumerate(names))
    return rows_of("site_counties", *rows, from_on="2020-01-01", share=1.0, **given).astype({"share": "Float64"})


def population_of(*children: dict[str, int]) -> pd.DataFrame:
    rows = [
        {"county_fips": f"{35001 + 2 * at}", "age_band": band, "children": each.get(band, 0)}
        for at, each in enumerate(children) for band in ("0-4", "5-11", "12-17", "18-20")
    ]  # fmt: skip
    return rows_of("population", *rows, year=2026, source="made up")


def crises_of(*groups: tuple) -> pd.DataFrame:
    """Groups of (site, age, number[, day])."""
    rows = [{"site_id": site, "age_years": age, "counted_on": (*day, "2026-09-10")[0]} for site, age, number, *day in groups for _ in range(number)]  # fmt: skip
    return rows_of("episodes", *rows)


NAMES = ("a", "b", "c")
TEENS = {"12-17": 1000}


def expected_of(
    crises: pd.DataFrame, sites=None, counties=None, population=None, *, months=(MONTH,), study=STUDY, covers=COVERS
) -> SiteMonths:
    return site_months(
        crises, sites_of(*NAMES) if sites is None else sites, counties_of(*NAMES) if counties is None else counties,
        population_of(TEENS, TEENS, TEENS) if population is None else population, list(months),
        study=study, covers=covers, rule=RULE,
    )  # fmt: skip


def of(use: SiteMonths, column: str = "expected") -> list[float]:
    return use.table[column].round(6).tolist()


def test_a_site_is_never_its_own_reference():
    use = expected_of(crises_of(("a", 14, 10), ("b", 14, 20), ("c", 14, 60)))
    assert of(use, "observed") == [10, 20, 60]
    assert of(use) == [40, 35, 15]  # (20 + 60) / 2, (10 + 60) / 2, (10 + 20) / 2: all have as many children
    assert of(use, "child_months") == [round(1000 * MONTH_YEARS, 6)] * 3


def test_children_are_compared_with_children_of_their_age():
    # a: 1,000 teens and 1,000 small children; teens elsewhere 30 of 1,000, small children elsewhere 4 of 2,000.
    children = ({"0-4": 1000, "12-17": 1000}, {"12-17": 1000}, {"0-4": 2000})
    use = expected_of(
        crises_of(("a", 14, 9), ("a", 3, 2), ("b", 14, 30), ("c", 3, 4)), population=population_of(*children)
    )
    assert of(use)[0] == 30 + 2
    assert of(use)[1] == 9
    assert of(use)[2] == 4  # twice as many as at a, where 2 came


def test_an_age_that_was_not_recorded_counts_on_both_sides():
    use = expected_of(
        crises_of(("a", 14, 10), ("a", None, 2), ("b", 14, 15), ("b", None, 5), ("c", 14, 15), ("c", None, 5))
    )
    assert of(use, "observed") == [12, 20, 20]
    assert of(use) == [20, 16, 16]  # 30 known of 40; 25 of 32
    assert use.unknown_age == 12
    nobody = expected_of(crises_of(("a", None, 4), ("b", None, 6), ("c", None, 8)))
    assert of(nobody) == [7, 6, 5]


def test_an_episode_that_no_site_with_children_has_is_left_out_and_told():
    crises = crises_of(
        ("a", 14, 4), ("b", 14, 4), ("c", 14, 4), ("elsewhere", 14, 3), ("a", 30, 2), ("a", 14, 5, "2026-10-01")
    )
    use = expected_of(crises)
    assert of(use, "observed") == [4, 4, 4]
    assert (use.unknown_site, use.outside_ages, use.not_open) == (3, 2, 0)


def test_a_site_that_opened_in_the_middle_of_a_month_has_its_children_from_that_day():
    crises = crises_of(("a", 14, 5), ("b", 14, 30), ("c", 14, 30), ("a", 14, 1, "2026-08-31"))
    use = expected_of(crises, sites_of(*NAMES, a="2026-09-16"), months=(MONTH - 1, MONTH))
    a = use.table[use.table["site_id"].eq("a")]
    assert a["child_months"].round(6).tolist() == [0, round(500 * MONTH_YEARS, 6)]  # 15 of 30 days
    assert a["expected"].tolist() == [0, pytest.approx(15)]
    assert a["observed"].tolist() == [0, 5]
    assert use.not_open == 1
    b = use.table[use.table["site_id"].eq("b")]
    assert b["expected"].iloc[-1] == pytest.approx(35 / 1.5)  # a's half month and c's whole


def test_days_outside_the_extract_are_no_exposure():
    use = expected_of(crises_of(("a", 14, 1)), covers=(COVERS[0], pd.Timestamp("2026-09-15")))
    assert of(use, "child_months")[0] == pytest.approx(500 * MONTH_YEARS, abs=1e-6)


def test_a_shared_county_counts_by_its_shares():
    counties = counties_of(*NAMES)
    counties.loc[[0, 1], "county_fips"] = "35001"
    counties.loc[[0, 1], "share"] = [0.75, 0.25]
    use = expected_of(crises_of(("a", 14, 30), ("b", 14, 10), ("c", 14, 20)), counties=counties)
    assert of(use)[0] == pytest.approx(0.75 * 30 / 1.25)


def test_a_site_without_known_children_is_missing_with_its_reason_and_is_no_reference():
    crises = crises_of(("a", 14, 10), ("b", 14, 20), ("c", 14, 60))
    use = expected_of(crises, counties=counties_of("a", "b"))
    assert use.missing == {"c": "no county is named for this site, so the number of children in its care is not known"}
    assert of(use)[:2] == [20, 10]
    assert np.isnan(of(use)[2])
    assert use.unknown_site == 60
    use = expected_of(crises, population=population_of(TEENS, TEENS))
    assert use.missing == {"c": "the number of children in one of its counties is not known"}


def test_a_month_in_which_no_other_site_was_open_expects_nothing_that_is_known():
    use = expected_of(crises_of(("a", 14, 10)), sites_of(*NAMES, b="2026-10-01", c="2026-10-01"))
    assert np.isnan(of(use)[0])
    assert use.missing == {}


def test_what_the_program_means_to_reach_stands_beside_on_the_days_on_which_it_holds():
    """A state that is low everywhere has no low site by its own rates: 12 a year for each 1,000 is 1 a month."""
    target = params.UseTarget(from_on=date(2026, 9, 1), episodes_per_1000=12, source="made up")
    study = STUDY.model_copy(update={"utilization_target": (target,)})
    crises = crises_of(*((name, 14, 10, day) for name in NAMES for day in ("2026-08-10", "2026-09-10")))
    use = expected_of(crises, months=(MONTH - 1, MONTH), study=study)
    a = use.table[use.table["site_id"].eq("a")]
    assert np.isnan(a["expected_at_target"].iloc[0])
    assert a["expected_at_target"].iloc[1] == pytest.approx(MONTH_YEARS)
    assert a["expected"].iloc[1] == pytest.approx(10)


def test_an_uncertain_number_of_children_is_shown_a_fifth_either_way():
    study = STUDY.model_copy(update={"uncertain_exposure": ("a",)})
    use = expected_of(crises_of(("a", 14, 10), ("b", 14, 20), ("c", 14, 60)), study=study)
    assert (of(use, "expected_low")[0], of(use, "expected_high")[0]) == (32, 48)
    assert use.table[["expected_low", "expected_high"]].iloc[1:].isna().all(axis=None)
    with pytest.raises(ParamsError, match='uncertain_exposure: "nort" is not a site'):
        expected_of(crises_of(("a", 14, 1)), study=STUDY.model_copy(update={"uncertain_exposure": ("nort",)}))


def test_a_service_that_records_only_the_place_cannot_be_classified():
    why = cannot_classify(STUDY, None, None)
    assert "site_counties and population" in why
    assert "(population). Ask for it." in cannot_classify(STUDY, counties_of("a"), None)
    assert "Add ages" in cannot_classify(
        STUDY.model_copy(update={"ages": None}), counties_of("a"), population_of(TEENS)
    )
    assert cannot_classify(STUDY, counties_of("a"), population_of(TEENS)) is None
    use = site_months(
        crises_of(("a", 14, 10)), sites_of(*NAMES), None, None, [MONTH], study=STUDY, covers=COVERS, rule=RULE
    )
    assert use.missing == dict.fromkeys(NAMES, why)
    judged = judge_use(use, sites_of(*NAMES), month=MONTH, complete=dict.fromkeys(NAMES, True), rule=RULE)
    assert judged["class"].isna().all()
    assert judged["why"].tolist() == [why] * 3
    assert judged[["expected", "ratio", "tail_probability", "probability_low"]].isna().all(axis=None)


def test_the_order_of_rows_changes_nothing():
    rng = np.random.default_rng(20261208)
    crises = crises_of(*((name, age, 7) for name in NAMES for age in (2, 8, 14, 19)))
    one = expected_of(crises)
    other = expected_of(
        crises.iloc[rng.permutation(len(crises))], sites_of(*NAMES).iloc[[2, 0, 1]], counties_of(*NAMES).iloc[[1, 2, 0]]
    )
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)


# --- the classes ------------------------------------------------------------------------------------------------------


def class_of(**given) -> str:
    ordinary = {"expected": 60.0, "watches": [False, False], "complete": True, "chance_of_low": 0.0, "rule": RULE}
    return classify(**{**ordinary, **given})[0]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"expected": 12.0}, "expected_range"),
        ({"expected": 11.999}, "cant_tell_yet"),  # nothing is said, whatever was seen
        ({"expected": 11.999, "watches": [True, True]}, "cant_tell_yet"),
        ({"watches": [True, False]}, "watch"),
        ({"watches": [True, True]}, "below_expected"),
        ({"watches": [True, True], "complete": False}, "watch"),
        ({"watches": [False, True], "chance_of_low": 0.2}, "expected_range"),  # last month's watch is over
        ({"chance_of_low": 0.2}, "expected_range"),  # exactly 0.8
        ({"chance_of_low": 0.2001}, "cant_tell_yet"),
    ],
)
def test_where_a_class_ends(given, found):
    assert class_of(**given) == found


def test_the_expected_range_is_said_only_where_a_halving_would_show():
    assert words_of("expected_range", 50, rule=RULE) == "in the expected range"
    assert words_of("expected_range", 49.99, rule=RULE) == ONLY_A_LARGE_DROP
    assert words_of("below_expected", 20, rule=RULE) == CLASSES["below_expected"]


def use_of(observed: np.ndarray, expected: np.ndarray, *, last: pd.Period = MONTH) -> SiteMonths:
    """A table of sites a, b, c ... from arrays of (sites, months)."""
    names = [f"{chr(97 + at)}" for at in range(len(observed))]
    months = list(pd.period_range(last - observed.shape[1] + 1, last, freq="M"))
    table = pd.DataFrame({"site_id": np.repeat(names, len(months)), "month": months * len(names)})
    table = table.assign(child_months=1000.0, observed=observed.ravel(), expected=expected.ravel())
    return SiteMonths(table.assign(expected_at_target=np.nan, expected_low=np.nan, expected_high=np.nan), {})


def steady(sites: int = 6, months: int = 25, a_month: float = 10.0) -> tuple[np.ndarray, np.ndarray]:
    return np.full((sites, months), a_month), np.full((sites, months), a_month)


def judged(use: SiteMonths, sites: pd.DataFrame | None = None, **given) -> pd.DataFrame:
    told = {"month": MONTH, "complete": dict.fromkeys(use.sites, True), "rule": RULE, **given}
    return judge_use(use, sites_of(*use.sites) if sites is None else sites, **told).set_index("site_id")


def test_one_row_a_site_in_order_of_its_name():
    found = judge_use(
        use_of(*steady()), sites_of(*"fedcba"), month=MONTH, complete=dict.fromkeys("abcdef", True), rule=RULE
    )
    assert found.columns.tolist() == COLUMNS
    assert found["site_id"].tolist() == list("abcdef")
    assert not [name for name in COLUMNS if "rank" in name]
    assert set(found["words"]) == {"in the expected range"}


def test_the_interval_is_garwoods():
    observed, expected = steady()
    observed[0, -12:] = 7
    row = judged(use_of(observed, expected)).loc["a"]
    assert (row["observed"], row["expected"], row["ratio"]) == (84, 120, 0.7)
    assert row["low"] == pytest.approx(stats.chi2.ppf(0.025, 168) / 2 / 120)
    assert row["high"] == pytest.approx(stats.chi2.ppf(0.975, 170) / 2 / 120)


def test_watch_then_below():
    observed, expected = steady()
    observed[0, -6:] = [10, 9, 8, 5, 4, 0]  # 36 of 60; a month ago 46
    use = use_of(observed, expected)
    row, before = judged(use).loc["a"], judged(use, month=MONTH - 1).loc["a"]
    assert not before["watch_this_month"]
    assert (row["class"], row["why"], row["watch_last_month"]) == ("watch", "this month only", False)
    observed[0, -6:] = 3
    found = judged(use_of(observed, expected))
    assert found.loc["a", "class"] == "below_expected"
    assert found.loc["a", "watch_last_month"]
    # 18 of 60 in six months, 78 of 120 in twelve: low enough for a plan.
    assert found.loc["a", "sure"] == (found.loc["a", "probability_low"] >= 0.7)
    incomplete = judged(use_of(observed, expected), complete={**dict.fromkeys("bcdef", True), "a": False}).loc["a"]
    assert (incomplete["class"], incomplete["why"]) == ("watch", "the records of the months are not complete")
    assert not incomplete["sure"]


def test_six_months_that_expect_too_little_give_way_to_twelve():
    for a_month, window in ((2.5, 6), (2.49, 12)):  # 15, and 14.94 in six months
        row = judged(use_of(*steady(a_month=a_month))).loc["a"]
        assert (row["window"], row["expected_window"]) == (window, pytest.approx(window * a_month))


@pytest.mark.parametrize(("a_month", "needed", "to_come", "flag"), [(0.5, 100, 75, np.nan), (1.0, 50, 25, 0), (2.5, 20, 0, 0), (5.0, 10, 0, 0)])  # fmt: skip
def test_how_long_until_a_site_can_be_judged(a_month, needed, to_come, flag):
    """Of a site open for the 25 months of the table; at one every second month twelve are never expected in a year."""
    observed, expected = steady()
    observed[0], expected[0] = a_month, a_month
    row = judged(use_of(observed, expected)).loc["a"]
    assert (row["months_needed"], row["months_until_judgeable"]) == (needed, to_come)
    assert row["months_until_flag_possible"] == pytest.approx(flag, nan_ok=True)


def test_months_to_fifty_expected_episodes_are_the_published_ones():
    published = [1, 3, 4, 4, 5, 6, 8, 9, 10, 12, 15, 20, 27, 38, 65]
    assert (50 / BASE[:, 0]).round().astype(int).tolist() == published


def test_a_young_site_is_shown_and_not_judged():
    observed, expected = steady()
    observed[0, -12:] = 0
    sites = sites_of(*"abcdef", a="2025-12-02", b="2025-12-01")
    found = judged(use_of(observed, expected), sites)
    assert found.loc["a", ["class", "why", "watch_this_month", "sure"]].tolist() == ["cant_tell_yet", "opened too recently", False, False]  # fmt: skip
    assert found.loc["a", "months_open"] == pytest.approx(9.97)
    assert (found.loc["b", "months_open"], found.loc["b", "class"]) == (10, "expected_range")


def test_a_closed_site_and_one_that_is_not_open_yet_are_not_judged():
    sites = sites_of(*"abcdef", b="2026-10-01").assign(closed_on=pd.to_datetime(["2026-09-30", *[None] * 5]))
    found = judged(use_of(*steady()), sites)
    assert found["class"].isna().tolist() == [True, True, False, False, False, False]
    assert found["why"].tolist()[:2] == ["closed", "not open yet"]
    assert judged(use_of(*steady()), sites, month=MONTH - 1)["class"].notna()["a"]


def test_both_tails_of_other_spreads_stand_beside():
    observed, expected = steady()
    observed[0, -6:] = 5
    row = judged(use_of(observed, expected)).loc["a"]
    assert row["spread"] == 0.15
    assert row["tail_probability"] == row["tail_at_least_spread"] < row["tail_at_wide_spread"]
    shocks = 100 / row["shocks_size"]  # 10^2 of each month
    assert row["tail_at_wide_spread"] == pytest.approx(lower_tail(30, 60.0, 6 * shocks + (0.3 * 60) ** 2))


def test_what_cannot_be_answered_is_refused_in_a_sentence():
    use = use_of(*steady())
    with pytest.raises(ValueError, match="2027-01 is not among the months"):
        judged(use, month=pd.Period("2027-01"))
    with pytest.raises(ValueError, match="whether the records of f are complete"):
        judged(use, complete=dict.fromkeys("abcde", True))


def test_judging_twice_gives_the_same_and_takes_no_time():
    _, seen = simulated(20261209, 1, spread=0.15)
    observed, expected = np.c_[seen[0], seen[0][:, :1]], np.c_[BASE, BASE[:, :1]]
    use, one = use_of(observed, expected), None
    one = judged(use)
    started = time.process_time()
    other = judged(use)
    assert time.process_time() - started < 0.3
    pd.testing.assert_frame_equal(one, other, check_exact=True)


# --- when a plan may end ----------------------------------------------------------------------------------------------


def test_a_plan_ends_on_six_months_since_it_began_and_on_no_fewer():
    observed, expected = steady()
    observed[0, :-6] = 4
    use = use_of(observed, expected)
    five = plan_may_end(use, "a", started=MONTH - 4, month=MONTH, rule=RULE)
    assert (five.may_end, five.why) == (False, "5 of 6 months since the start have passed")
    six = plan_may_end(use, "a", started=MONTH - 5, month=MONTH, rule=RULE)
    assert six.may_end
    assert six.probability >= 0.7
    observed[0, -6:] = 7
    low = plan_may_end(use_of(observed, expected), "a", started=MONTH - 5, month=MONTH, rule=RULE)
    assert not low.may_end
    assert low.probability < 0.7


def test_a_plan_of_a_site_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="z in 2026-09 is not in the table"):
        plan_may_end(use_of(*steady()), "z", started=MONTH, month=MONTH, rule=RULE)


# --- the constants ----------------------------------------------------------------------------------------------------


def read_as(**changed) -> LowUse:
    given = params.read_yaml(params.ROOT / FILE)
    for group, keys in changed.items():
        given[group] = {key: value for key, value in {**given[group], **keys}.items() if value is not None}
    return as_record(given, LowUse, where=FILE.as_posix())


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"classes": {"source": None}}, "params/low_use.yml: classes.source is missing."),
        ({"classes": {"tails": 0.01}}, 'params/low_use.yml: "classes.tails" is not a key used here (did you mean "tail"?).'),
        ({"windows": {"months": 13}}, "params/low_use.yml: windows: months, longer_months and history_months are each at least the one before."),
        ({"classes": {"judgeable_expected": 11}}, "params/low_use.yml: classes: judgeable_expected is at least least_expected."),
        ({"classes": {"low_ratio": 1.2}}, "params/low_use.yml: classes.low_ratio: input should be less than 1, found 1.2."),
    ],
)  # fmt: skip
def test_a_fault_in_the_constants_is_one_sentence(changed, sentence):
    with pytest.raises(ParamsError) as fault:
        read_as(**changed)
    assert str(fault.value) == sentence


def test_every_group_of_constants_names_its_source():
    assert read_as() == RULE
    assert all(getattr(RULE, group).source for group in LowUse.model_fields)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ({"from": "2026-01-01", "episodes_per_1000": 4.0}, "utilization_target.0.source is missing"),
        ({"from": "2026-01-01", "episodes_per_1000": 0, "source": "x"}, "input should be greater than 0, found 0"),
        ({"from": "2026-01-01", "to": "2025-01-01", "episodes_per_1000": 4.0, "source": "x"}, "ends on 2025-01-01, before it starts"),
    ],
)  # fmt: skip
def test_a_fault_in_the_programs_target_is_one_sentence(target, sentence):
    study = {
        "name": "nm",
        "title": "x",
        "service": "x",
        "people": "children",
        "place": "site",
        "utilization_target": [target],
    }
    with pytest.raises(ParamsError, match=sentence):
        as_record(study, params.Study, where="params/nm/study.yml")


def test_a_look_over_repetitions_is_the_look_of_each():
    _, seen = simulated(20261210, 5, spread=0.2)
    together = look(seen, np.broadcast_to(BASE, seen.shape), rule=RULE)
    for at in range(5):
        alone = look(seen[at], BASE, rule=RULE)
        np.testing.assert_allclose(together.tail[at], alone.tail, rtol=1e-12)
        assert together.watch[at].tolist() == alone.watch.tolist()


def test_nothing_given_is_changed():
    observed, expected = steady()
    use = use_of(observed, expected)
    before = use.table.copy()
    judged(use)
    pd.testing.assert_frame_equal(use.table, before)
    assert replace(use, unknown_age=1).table is use.table
