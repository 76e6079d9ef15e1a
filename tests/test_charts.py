"""Control charts on series short enough to be worked by hand; the arithmetic stands beside the number."""

import re

import numpy as np
import pandas as pd
import pytest

from analysis.quality.charts import KINDS, chart
from analysis.quality.charts.choice import choose_chart
from analysis.quality.charts.judgment import judge
from analysis.quality.charts.lines import LINES
from analysis.quality.charts.runs import runs_about
from analysis.quality.charts.xmr import trends, two_in_three


def months(values: list, **more: list) -> pd.DataFrame:
    return pd.DataFrame({"month": pd.date_range("2024-01-01", periods=len(values), freq="MS"), "y": values} | more)


def xmr(values: list, **options) -> pd.DataFrame:
    return chart("xmr", months(values), value="y", date="month", **options).points


def options_for(kind: str) -> dict:
    """What a table of months (y, n) needs to be charted as each kind."""
    return {
        "xmr": {"value": "y", "date": "month"},
        "candidate_rebase": {"value": "y", "date": "month"},
        "bernoulli_cusum": {"value": "y", "target": 0.1},
        "funnel": {"numerator": "y", "denominator": "n", "group": "month"},
        "kaplan_meier": {"minutes": "y", "arrived": "n"},
    }.get(kind, {"value": "y", "x": "month"} | ({"n": "n"} if kind in ("p", "p_prime", "u", "u_prime") else {}))


# --- a flat series, ties, gaps ---------------------------------------------------------------------------------------


def test_a_flat_series_keeps_its_limits():
    """100% every month: every range is 0, 0 < 0 keeps none, and the limits would vanish."""
    drawn = chart("xmr", months([1.0] * 14), value="y", date="month")
    assert drawn.points[["center", "lower", "upper"]].iloc[0].tolist() == [1.0, 1.0, 1.0]
    assert (drawn.points["signal"] == "").all()
    assert drawn.notes == ("A section does not vary at all: its limits lie on its mean.",)


def test_a_flat_series_loses_its_limits_only_where_the_package_is_followed():
    assert xmr([1.0] * 14, flat_loses_limits=True)["upper"].isna().all()


@pytest.mark.parametrize("kind", ["i", "i_prime", "t"])
def test_a_flat_series_keeps_its_limits_on_other_charts_of_ranges(kind):
    points = chart(kind, months([4.0] * 12), value="y", x="month").points
    np.testing.assert_allclose(points["upper"], 4.0, rtol=1e-12)


def test_a_point_on_the_mean_is_on_no_side_though_floating_point_says_so():
    """Mean of 0.1, 0.2 and 0.3 is 0.20000000000000004: the middle point is a tie."""
    assert xmr([0.1, 0.2, 0.3])["side"].tolist() == [-1, 0, 1]
    assert runs_about(pd.Series([0.1, 0.3]), 0.1 + 0.2).useful == 1


def test_a_month_without_a_denominator_is_a_gap():
    """3 of 4, nothing of nothing, 1 of 4: p = 4 / 8, and the month between has no value and no limits."""
    points = chart("p", months([3, 0, 1], n=[4, 0, 4]), value="y", x="month", n="n").points
    np.testing.assert_allclose(points["y"], [0.75, np.nan, 0.25])
    np.testing.assert_allclose(points["center"], 0.5)
    assert points["upper"].isna().tolist() == [False, True, False]


def test_a_range_does_not_span_a_gap():
    """2, 4, gap, 10, 12: both ranges are 2, not the 6 across the gap. Limits 7 -+ 2.66 x 2."""
    points = xmr([2, 4, np.nan, 10, 12], screen=False)
    np.testing.assert_allclose(points["upper"], 7 + 2.66 * 2)


# --- Making Data Count -----------------------------------------------------------------------------------------------


def test_limits_screen_once_and_leave_the_mean():
    """Ranges 1 x 8 and 11: mean 19 / 9 = 2.11, limit 6.9, so 11 goes and their mean is 1. The mean of the points keeps 16: 61 / 10."""
    points = xmr([5, 6, 5, 6, 5, 6, 5, 6, 5, 16])  # 49 + 16 = 65; 65 / 10
    np.testing.assert_allclose(points["center"], 6.5)
    np.testing.assert_allclose(points["upper"], 6.5 + 2.66)
    np.testing.assert_allclose(points["upper_2s"], 6.5 + 2.66 * 2 / 3)
    assert points["signal"].iloc[-1] == "beyond limit: high"


def test_the_sd_of_the_school_and_the_exact_one_differ_by_sixteen_in_a_hundred_thousand():
    of_the_school, exact = (xmr([5, 7] * 7, per_mean_range=width)["upper"].iloc[0] - 6 for width in (2.66, 3 / 1.128))
    assert of_the_school / exact - 1 == pytest.approx(0.00016, abs=1e-5)


@pytest.mark.parametrize(
    ("values", "marked"),
    [
        ([1, 2, 3, 4, 5, 6, 7], [1] * 7),  # six steps
        ([1, 2, 3, 4, 5, 6, 6], [0] * 7),  # the last step is equal
        ([1, 2, 3, 4, 5, 6], [0] * 6),  # five steps
        ([0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1, 0], [1] * 6 + [-1] * 7),  # the top takes the later direction
    ],
)
def test_a_trend_is_six_steps(values, marked):
    assert trends(pd.Series(values, dtype=float)).tolist() == marked


def test_a_trend_outranks_two_in_three_and_shift_and_is_outranked_by_the_limits():
    """Seven rising points above a mean fixed on twelve of 5 and 7 (limits 6 -+ 5.32): the last is beyond 11.32."""
    signal = xmr([5, 7] * 6 + [6.5, 7, 8, 9, 9.9, 10.5, 12], freeze=12)["signal"]
    assert signal.tolist()[12:] == ["trend: high"] * 6 + ["beyond limit: high"]


def test_an_equal_step_between_two_trends_is_down_only_where_the_package_is_followed():
    """Up to 7, once more 7, up to 13: both trends rise. The package takes the next step, which is neither, for a fall."""
    values = pd.Series([1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10, 11, 12, 13.0])
    assert trends(values).tolist() == [1] * 14
    assert trends(values, by_next_step=True).tolist() == [1] * 6 + [-1] + [1] * 7


def test_two_in_three_needs_all_three_on_one_side_and_marks_the_near_ones():
    side = pd.Series([1.0, 1, 1, 1, -1, 1])
    near = pd.Series([True, False, True, True, False, True])
    assert two_in_three(near, side).tolist() == [True, False, True, True, False, False]


def test_a_shift_is_seven_and_a_point_on_the_mean_breaks_it():
    low = [5, 7] * 6
    assert xmr([*low, *[7.5, 7.4] * 3, 7.5], freeze=12)["signal"].tolist()[12:] == ["shift: high"] * 7
    assert (xmr([*low, 7.5, 7.4, 7.5, 6, 7.4, 7.5, 7.4], freeze=12)["signal"].iloc[12:] == "").all()


def test_a_range_does_not_cross_a_rebase_and_each_section_has_its_own_baseline():
    """Two and four in turn, then 102 and 104: both sections have ranges of 2 only."""
    points = xmr([2, 4] * 7 + [102, 104] * 7, rebase="2025-03-01")
    assert points["section"].tolist() == [1] * 14 + [2] * 14
    np.testing.assert_allclose(points.groupby("section")["center"].first(), [3, 103])
    np.testing.assert_allclose(points["upper"] - points["center"], 2.66 * 2)


def test_a_rebase_between_two_points_begins_at_the_next_unless_the_package_is_followed():
    assert xmr([2, 4] * 7, rebase="2024-06-15")["section"].tolist() == [1] * 6 + [2] * 8
    assert xmr([2, 4] * 7, rebase="2024-06-15", rebase_on_exact_dates=True)["section"].tolist() == [1] * 14


@pytest.mark.parametrize(("target", "direction", "icon"), [
    (20, "increase", "fail"), (20, "decrease", "pass"), (-20, "increase", "pass"), (6, "increase", "hit or miss"), (20, "neutral", "")])  # fmt: skip
def test_assurance_compares_the_target_with_the_limits(target, direction, icon):
    drawn = chart("xmr", months([5, 7] * 7), value="y", date="month", target=target, direction=direction)
    assert drawn.sections["assurance"].tolist() == [icon]


def test_freezing_works_together_with_rebasing():
    """What users of both packages ask for: 12 and 12 points fixed, in two sections."""
    points = xmr([5, 7] * 6 + [30] + [15, 17] * 6 + [30], freeze=12, rebase="2025-02-01")
    np.testing.assert_allclose(points.groupby("section")["center"].first(), [6, 16])
    assert points.groupby("section")["in_baseline"].sum().tolist() == [12, 12]
    with pytest.raises(ValueError, match="12 points or more"):
        xmr([5, 7] * 7, freeze=11)


# --- Shewhart's charts -----------------------------------------------------------------------------------------------


def test_a_c_chart_by_hand():
    """Mean 4, sigma 2: 4 -+ 6, not below 0."""
    points = chart("c", months([3, 5, 4, 4]), value="y", x="month").points
    assert points[["center", "lower", "upper", "lower_2s", "upper_2s"]].iloc[0].tolist() == [4, 0, 10, 0, 8]


def test_a_u_chart_by_hand():
    """8 events over 4 exposures: u 2; sigma sqrt(2 / 2) = 1 for n = 2, 1.414 for n = 1."""
    points = chart("u", months([4, 2, 2], n=[2, 1, 1]), value="y", x="month", n="n").points
    np.testing.assert_allclose(points["upper"], [5, 2 + 3 * np.sqrt(2), 2 + 3 * np.sqrt(2)])
    np.testing.assert_allclose(points["lower"], 0)


def test_laney_limits_are_never_narrower_than_chance_unless_the_package_is_followed():
    """Shares that never move have sigma_z 0: limits on the line, in qicharts2."""
    table = months([5] * 12, n=[10] * 12)
    floored, free = (
        chart("p_prime", table, value="y", x="month", n="n", unfloored_sigma_z=quirk).points for quirk in (False, True)
    )
    plain = chart("p", table, value="y", x="month", n="n").points
    np.testing.assert_allclose(floored["upper"], plain["upper"])
    np.testing.assert_allclose(free["upper"], 0.5)


def test_laney_widens_by_the_ranges_of_z():
    """10 and 30 of 100 in turn: p 0.2, sigma 0.04, z -2.5 and 2.5, ranges 5: sigma_z 5 / 1.128."""
    points = chart("p_prime", months([10, 30] * 6, n=[100] * 12), value="y", x="month", n="n").points
    np.testing.assert_allclose(points["upper"], 0.2 + 3 * 0.04 * 5 / 1.128)


def test_an_i_chart_leaves_excluded_points_out_before_it_takes_ranges():
    """2, 4, 50, 4, 2 without the third: mean 3, ranges 2, 0, 2, mean 4 / 3."""
    points = chart("i", months([2, 4, 50, 4, 2]), value="y", x="month", exclude=3, screen=False).points
    np.testing.assert_allclose(points["upper"], 3 + 3 * (4 / 3) / 1.128)
    assert points["signal"].tolist() == ["", "", "beyond limit: high", "", ""]


def test_moving_ranges_have_a_chart_of_their_own():
    points = chart("mr", months([1, 3, 2]), value="y", x="month").points
    np.testing.assert_allclose(points["y"], [np.nan, 2, 1])
    np.testing.assert_allclose(points["upper"], 3.267 * 1.5)


def test_i_prime_by_hand_and_its_baseline():
    """Means 1 and 3 of n = 1 each: step sqrt(pi / 2) x 2 / sqrt 2 = 1.7725. A third point outside the baseline changes nothing."""
    table = months([1, 3, 90], n=[1, 1, 1])
    ours, packages = (
        chart("i_prime", table, value="y", x="month", n="n", freeze=2, screen=False, i_prime_uses_all=quirk).points
        for quirk in (False, True)
    )
    np.testing.assert_allclose(ours["upper"], 2 + 3 * np.sqrt(np.pi / 2) * np.sqrt(2))
    assert packages["upper"].iloc[0] > 100


def test_a_g_chart_draws_the_mean_and_counts_runs_about_the_median():
    """1, 1, 1, 9: mean 3, sigma sqrt(3 x 4); about the median 1 one point is useful, about the mean all four."""
    table = months([1, 1, 1, 9])
    drawn = chart("g", table, value="y", x="month")
    np.testing.assert_allclose(drawn.points["center"], 3)
    np.testing.assert_allclose(drawn.points["upper"], 3 + 3 * np.sqrt(12))
    assert drawn.sections["useful"].tolist() == [1]
    np.testing.assert_allclose(chart("g", table, value="y", x="month", median_as_center=True).points["center"], 1)


def test_a_t_chart_is_an_i_chart_of_the_root():
    """Days 1 and 2 ** 3.6 in turn are 1 and 2 in roots: 1.5 -+ 3 / 1.128; below 0 there is the limit 0."""
    points = chart("t", months([1, 2**3.6] * 6), value="y", x="month").points
    np.testing.assert_allclose(points["upper"], (1.5 + 3 / 1.128) ** 3.6)
    assert points[["lower", "lower_2s"]].iloc[0].tolist() == [0, 0]
    assert (
        chart("t", months([1, 2**3.6] * 6), value="y", x="month", t_lower_2s_missing=True)
        .points["lower_2s"]
        .isna()
        .all()
    )


@pytest.mark.parametrize("gap", [0, -1])
def test_a_t_chart_refuses_a_gap_of_no_time(gap):
    with pytest.raises(
        ValueError, match=r"^Point 2 has a time between events of 0 or less.*half a day, or count hours\.$"
    ):
        chart("t", months([3, gap, 5]), value="y", x="month")


def test_xbar_and_s_by_hand_and_a_subgroup_of_one_has_no_limits():
    """{1, 3}, {2, 4}, {5}: weighted mean 3; sds 1.414 pooled over 2 degrees of freedom; c4(2) = 0.79788."""
    table = pd.DataFrame({"q": [1, 1, 2, 2, 3], "y": [1, 3, 2, 4, 5]})
    mean, spread = (chart(kind, table, value="y", x="q").points for kind in ("xbar", "s"))
    c4 = np.sqrt(2 / np.pi)
    np.testing.assert_allclose(mean["y"], [2, 3, 5])
    np.testing.assert_allclose(mean["upper"], [3 + 3 * np.sqrt(2) / (c4 * np.sqrt(2))] * 2 + [np.nan])
    np.testing.assert_allclose(spread["upper"], [np.sqrt(2) * (1 + 3 * np.sqrt(1 - c4**2) / c4)] * 2 + [np.nan])


def test_parts_and_freeze_are_kept_together_unless_the_package_is_followed():
    ours, packages = (
        chart("run", months([1, 1, 9, 5, 5, 7]), value="y", x="month", part=3, freeze=2, part_ends_freeze=quirk).points
        for quirk in (False, True)
    )
    assert ours["in_baseline"].tolist() == [True, True, False] * 2
    assert packages["in_baseline"].all()


# --- runs ------------------------------------------------------------------------------------------------------------


def test_anhoej_counts_by_hand():
    """Ten below, ten above the median: longest 10 > round(log2 20) + 3 = 7, and 1 crossing < 6."""
    drawn = chart("run", months([1, 2] * 5 + [8, 9] * 5), value="y", x="month")
    row = drawn.sections.iloc[0]
    assert (row["longest"], row["longest_allowed"], row["crossings"], row["crossings_needed"]) == (10, 7, 1, 6)
    assert row["runs_signal"]


def test_names_on_the_axis_have_no_runs():
    table = pd.DataFrame({"ward": list("abcdefghijklmnopqrst"), "y": [1, 2] * 5 + [8, 9] * 5})
    assert not chart("run", table, value="y", x="ward").sections["runs_signal"].any()


def test_a_candidate_skips_points_on_the_median_and_starts_over_after_its_run():
    """Median 5 of six; then 8, 5 (on it), 9, 8: the run of three spans it, its median is 8, and its last point is the tenth."""
    drawn = chart(
        "candidate_rebase",
        months([4, 6, 5, 4, 6, 5, 8, 5, 9, 8]),
        value="y",
        date="month",
        baseline_points=6,
        run_length=3,
    )
    assert drawn.sections["median"].tolist() == [5, 8]
    assert drawn.sections["start"].dt.month.tolist() == [1, 7]
    below = chart(
        "candidate_rebase",
        months([4, 6, 5, 4, 6, 5, 8, 5, 9, 8]),
        value="y",
        date="month",
        baseline_points=6,
        run_length=3,
        direction="below",
    )
    assert below.sections["what"].tolist() == ["baseline"]


# --- funnels ---------------------------------------------------------------------------------------------------------

SITES = pd.DataFrame({"site": list("abcdef"), "o": [100, 150, 180, 80, 120, 225], "e": [108, 112, 165, 95, 100, 220]})


def funnel(table: pd.DataFrame = SITES, **options):
    return chart("funnel", table, **{"numerator": "o", "denominator": "e", "group": "site"} | options)


def test_square_root_limits_are_drawn_back():
    """One group, E 100, no spread between: 1 -+ 1.96 / 20, squared; FunnelPlotR leaves the square root."""
    one = SITES.assign(o=SITES["e"])
    ours, packages = (funnel(one, method="CQC", square_root_limits=quirk).points for quirk in (False, True))
    at = ours["n"] == 100
    np.testing.assert_allclose(ours.loc[at, "od_upper_95"], (1 + 1.959964 / 20) ** 2)
    np.testing.assert_allclose(packages.loc[at, "od_upper_95"], 1 + 1.959964 / 20)


def test_a_site_without_a_case_is_judged_and_so_are_the_others():
    """FunnelPlotR: log 0 makes phi infinite and flags nobody (its issue 17). Fifteen sites: one at each end is cut off before phi."""
    none = SITES.assign(o=[0, 150, 180, 80, 120, 225])
    packages = funnel(none, log_of_zero=True)
    assert not np.isfinite(packages.figures["phi"])
    assert (packages.points["signal"] == "").all()
    assert np.isfinite(funnel(none).figures["phi"])
    fifteen = pd.DataFrame({"site": list("abcdefghijklmno"), "o": [0, *[95, 105] * 7], "e": 100})
    assert funnel(fifteen).points["signal"].tolist() == ["outside: low"] + [""] * 14


def test_none_where_one_was_expected_is_no_outlier():
    """Every lower limit is above 0, so 0 lies below it; but exp(-1) = 37% of such sites have no case."""
    few = pd.concat([SITES, pd.DataFrame({"site": ["g"], "o": [0], "e": [1.0]})])
    assert funnel(few, adjusted=False, limit=95).points.set_index("facet")["signal"]["g"] == ""


def test_the_real_spread_is_reported_also_where_the_limits_leave_it_out():
    assert funnel(adjusted=False).figures["phi"] == pytest.approx(2.948033, abs=1e-6)
    assert funnel(adjusted=False, zero_spread_unadjusted=True).figures["phi"] == 0


def test_expected_is_rounded_only_where_the_package_is_followed():
    fine = SITES.assign(e=SITES["e"] + 0.004)
    assert funnel(fine).points["n"].tolist() == fine["e"].tolist()
    assert funnel(fine, round_expected=True).points["n"].tolist() == SITES["e"].tolist()


def test_a_ratio_of_counts_has_one_standard_error():
    """Half as many in each: log ratio has variance about 1 / 50 + 1 / 100; the package draws limits with 1 / 400."""
    table = SITES.assign(o=50, e=100)
    ours, packages = (funnel(table, data_type="RC", rc_other_sigma=quirk).points for quirk in (False, True))
    np.testing.assert_allclose(ours["sigma"], ours["own_sigma"])
    np.testing.assert_allclose(packages["sigma"], 0.05)


def test_a_fixed_spread_may_be_given():
    given = funnel(tau2=0.0225)
    np.testing.assert_allclose(given.points["od_upper_95"], np.exp(1.959964 * np.sqrt(1 / SITES["e"] + 0.0225)))


@pytest.mark.parametrize("options", [{}, {"method": "CQC"}, {"data_type": "PR"}, {"data_type": "RC"}])
def test_one_group_alone_has_no_spread_and_is_drawn(options):
    one = pd.DataFrame({"site": ["a"], "o": [9], "e": [10.0]})
    drawn = funnel(one, **options)
    assert drawn.figures["tau2"] == 0
    assert drawn.points["upper"].notna().all()


def test_a_group_with_nothing_expected_is_named_and_changes_nothing():
    more = pd.concat([SITES, pd.DataFrame({"site": ["z"], "o": [0], "e": [0.0]})])
    drawn = funnel(more)
    assert drawn.figures["phi"] == pytest.approx(funnel().figures["phi"])
    assert drawn.notes == ("z: nothing was expected there, so it has no limits.",)


def test_shares_end_at_none_and_all():
    drawn = funnel(SITES.assign(o=[2, 1, 1, 2, 1, 3], e=[3, 3, 3, 3, 3, 4]), data_type="PR")
    assert drawn.sections[["od_lower_998", "lower_998"]].min().min() >= 0
    assert drawn.sections[["od_upper_998", "upper_998"]].max().max() <= 1
    with pytest.raises(ValueError, match="at most its denominator"):
        funnel(SITES, data_type="PR")


# --- rare events and waits -------------------------------------------------------------------------------------------


def test_the_cusum_starts_again_after_a_signal():
    """Chance 0.1, odds doubled: 0.1818; an event adds log 1.818 = 0.5978. Three pass 1.5, the fourth begins anew."""
    points = chart("bernoulli_cusum", pd.DataFrame({"y": [1, 1, 1, 1]}), value="y", target=0.1, limit=1.5).points
    np.testing.assert_allclose(points["cusum_up"], np.array([1, 2, 0, 1]) * np.log(20 / 11))
    assert points["signal"].tolist() == ["", "", "more often: high", ""]


@pytest.mark.parametrize("target", [2, 5, 0])
def test_the_cusum_needs_a_chance_between_none_and_all(target):
    with pytest.raises(ValueError, match=r"between 0 and 1|whole number of cases"):
        chart("bernoulli_cusum", pd.DataFrame({"y": [0, 0, 1]}), value="y", target=target)


def test_a_call_that_was_stood_down_waited_until_then():
    """10 arrived, 20 stood down, 30 arrived: 1/3 by 10; then 1 of 1: not 1/2, as without the stood-down call."""
    points = chart("kaplan_meier", pd.DataFrame({"m": [10, 20, 30], "a": [1, 0, 1]}), minutes="m", arrived="a").points
    np.testing.assert_allclose(points["y"], [0, 1 / 3, 1 / 3, 1])


def test_two_periods_are_compared_by_log_rank():
    """All of one period before all of the other, three and three. Observed in the first 3, expected 3/6 + 2/5 + 1/4 = 1.15; variance
    3/6 x 3/6 + 2/5 x 3/5 + 1/4 x 3/4 = 0.6775: chi2 = 1.85 ** 2 / 0.6775."""
    waits = pd.DataFrame({"m": [1, 2, 3, 11, 12, 13], "a": True, "period": ["now"] * 3 + ["before"] * 3})
    drawn = chart("kaplan_meier", waits, minutes="m", arrived="a", facet="period")
    assert drawn.figures["chi2"] == pytest.approx(1.85**2 / 0.6775)
    assert drawn.sections["median"].tolist() == [12, 2]


def test_a_median_that_was_not_reached_is_missing():
    drawn = chart("kaplan_meier", pd.DataFrame({"m": [10, 20, 30], "a": [1, 0, 0]}), minutes="m", arrived="a")
    assert drawn.sections["median"].isna().all()
    assert (
        not chart("kaplan_meier", pd.DataFrame({"m": [10, 20], "a": [0, 0]}), minutes="m", arrived="a")
        .sections["arrived"]
        .any()
    )


# --- tables as they come ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_an_empty_table_is_one_sentence(kind):
    with pytest.raises(ValueError, match="nothing to chart"):
        chart(kind, months([], n=[]), **options_for(kind))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_column_that_is_not_there_is_one_sentence(kind):
    with pytest.raises(ValueError, match='has no column "'):
        chart(kind, months([1]).drop(columns="y"), **options_for(kind))


@pytest.mark.parametrize("kind", sorted({*LINES, "xmr", "candidate_rebase"}))
def test_all_missing_and_one_point_are_drawn_without_a_signal(kind):
    for values in ([np.nan] * 14, [5.0]):
        drawn = chart(kind, months(values, n=[10] * len(values)), **options_for(kind))
        assert len(drawn.points) == len(values)
        assert drawn.signals.empty
        assert drawn.n_points == (0 if kind == "s" or kind == "mr" else int(np.isfinite(values).sum()))


@pytest.mark.parametrize("kind", sorted({*LINES, "xmr"}))
def test_the_order_of_the_rows_does_not_matter_and_facets_may_differ_in_length(kind):
    one, two = months([5, 7] * 7, n=[10] * 14), months([3, 4, 6], n=[10] * 3)
    both = pd.concat([one.assign(site="a"), two.assign(site="b")])
    options = options_for(kind)
    drawn = chart(kind, both.sample(frac=1, random_state=1), facet="site", **options).points
    for name, alone in (("a", one), ("b", two)):
        wanted = chart(kind, alone, **options).points
        columns = ["y", "center", "lower", "upper", "signal"]
        pd.testing.assert_frame_equal(
            drawn.loc[drawn["facet"] == name, columns].reset_index(drop=True), wanted[columns]
        )


def test_a_date_twice_is_a_subgroup_for_shewhart_and_an_error_for_xmr():
    twice = pd.DataFrame({"month": ["2024-01-01", "2024-01-01", "2024-02-01"], "y": [2, 4, 5]})
    assert chart("i", twice, value="y", x="month").points["y"].tolist() == [3, 5]
    with pytest.raises(ValueError, match="2024-01-01 twice"):
        chart("xmr", twice, value="y", date="month")


@pytest.mark.parametrize(("table", "options", "sentence"), [
    (months(["5", "x"]), {}, r'Column "y", row 2: this is not a number'),
    (months([1, 2], n=[4, -1]), {"n": "n"}, r'Column "n" holds -1'),
    (months([1, 2]), {"aggregate": "mode"}, r'aggregate is "mode"'),
    (months([1, 2]), {"period": "day"}, r'period is "day"'),
    (months([1, 2]), {"part": 1, "rebase": "2024-02-01"}, "not both"),
    (months([1, 2]), {"wide": True}, r'"wide" is not an option'),
    (months([1, 2]), {"freeze": 0}, "1 or more"),
])  # fmt: skip
def test_a_slip_is_answered_in_one_sentence(table, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        chart("i", table, value="y", x="month", **options)


def test_a_kind_and_an_option_that_there_are_not():
    with pytest.raises(ValueError, match='no chart "pareto"'):
        chart("pareto", months([1]))
    with pytest.raises(ValueError, match="cannot be drawn with these options"):
        chart("xmr", months([1]), value="y", date="month", exclude=3)


@pytest.mark.parametrize("kind", sorted({*LINES, "xmr", "candidate_rebase"}))
def test_every_chart_says_its_rules_baseline_points_and_screening(kind):
    drawn = chart(kind, months([5, 7] * 7, n=[10] * 14), **options_for(kind))
    for part in (
        f"Rules: {drawn.rule_set.name}",
        f"Baseline: {drawn.baseline}",
        "14 points" if kind not in ("mr", "s") else "point",
        "screen",
    ):
        assert part in drawn.footer


def test_the_table_is_left_as_it_was():
    table = months([5, 7] * 7)
    before = table.copy()
    chart("xmr", table, value="y", date="month")
    pd.testing.assert_frame_equal(table, before)


# --- which chart, and what the last point says -----------------------------------------------------------------------


def shares(yes: list, of: int) -> pd.DataFrame:
    return pd.DataFrame({"numerator": yes, "denominator": [of] * len(yes)})


@pytest.mark.parametrize(("points", "kind", "stage"), [
    (9, "dots", "dots"), (10, "run", "trial"), (12, "run", "trial"), (13, "p", "trial"), (19, "p", "trial"), (20, "p", "full")])  # fmt: skip
def test_how_many_points_a_chart_needs(points, kind, stage):
    choice = choose_chart("share", shares([16, 17] * 10, 20).head(points))
    assert (choice.kind, choice.stage) == (kind, stage)


@pytest.mark.parametrize(("yes", "of", "kind"), [
    ([4, 5] * 10, 7, "dots"),  # 7 cases a point
    ([4, 5] * 10, 8, "p"),
    ([19, 20] * 10, 20, "dots"),  # 20 x 0.975 x 0.025 = 0.49
    ([400, 401] * 10, 501, "p_prime"),  # n above 500
    ([30, 70] * 10, 100, "p_prime"),  # every point 4 sigma off
])  # fmt: skip
def test_how_many_cases_a_share_needs(yes, of, kind):
    assert choose_chart("share", shares(yes, of)).kind == kind


@pytest.mark.parametrize(("unit", "points", "kind"), [
    ("count", {"numerator": [7, 9, 12, 10, 8, 13, 11, 6, 10, 14] * 2}, "c"),  # variance 6.3 of mean 10
    ("count", {"numerator": [5, 25] * 10}, "xmr"),
    ("count", {"value": [1, 3] * 10}, "run"),  # fewer than 4 a point
    ("rate", {"numerator": [5, 8] * 10, "denominator": [1000] * 20}, "u_prime"),
    ("rate", {"numerator": [1, 3] * 10, "denominator": [1000] * 20}, "run"),
    ("minutes", {"value": [40, 50] * 10, "denominator": [10] * 20}, "xmr"),
    ("minutes", {"value": [40, 50] * 10, "denominator": [10] * 19 + [9]}, "run"),
    ("score", {"value": [20.0, 22.0] * 10}, "xmr"),
])  # fmt: skip
def test_which_chart_for_which_measure(unit, points, kind):
    assert choose_chart(unit, pd.DataFrame(points)).kind == kind


@pytest.mark.parametrize(("better", "signal"), [("higher", "concern"), ("lower", "improvement"), ("neither", "low")])
def test_the_last_point_below_its_limit(better, signal):
    judged = judge("share", better, shares([16, 17] * 10 + [6], 20))
    assert (judged.signal, judged.phrase) == (signal, "beyond_low")
    assert judged.points["signalled"].tolist() == [False] * 20 + [True]


def test_a_change_after_the_baseline_is_no_spread():
    """Twenty points fix the limits; six far below stay signals, and do not turn the p chart into p'."""
    judged = judge("share", "higher", shares([24, 25] * 10 + [8] * 6, 30))
    assert judged.choice.kind == "p"
    assert judged.center == pytest.approx(490 / 600)
    assert judged.points["signalled"].tolist()[-6:] == [True] * 6


def test_a_long_run_inside_the_limits_is_a_signal_where_the_last_point_is_in_it():
    """Nine at 30 of 40 under limits of 0.8 -+ 0.19; of 29 useful points a run of round(log2 29) + 3 = 8 is allowed."""
    points = shares([31, 33] * 10 + [30] * 9, 40)
    assert judge("share", "higher", points).phrase == "run_low"
    back = judge("share", "higher", pd.concat([points, shares([33], 40)]))
    assert (back.signal, back.phrase) == ("none", "signal_earlier")


def test_nothing_is_said_of_few_points_few_cases_and_a_missing_last_point():
    assert judge("share", "higher", shares([8] * 9, 10)).phrase == "too_few_points"
    assert judge("share", "higher", shares([3] * 24, 4)).phrase == "too_few_cases"
    gap = pd.concat([shares([16, 17] * 10, 20), shares([0], 0)])
    assert (judge("share", "higher", gap).signal, judge("share", "higher", gap).phrase) == (
        "cannot_tell",
        "no_last_point",
    )
    empty = judge("share", "higher", shares([], 20))
    assert (empty.signal, empty.n_points) == ("cannot_tell", 0)


def test_a_decided_rebase_begins_a_section_that_must_grow_before_it_speaks():
    points = shares([16, 17] * 10 + [6] * 5, 20).assign(date=pd.date_range("2024-01-01", periods=25, freq="MS"))
    judged = judge("share", "higher", points, rebases=["2025-09-01"])
    assert judged.points["section"].tolist() == [1] * 20 + [2] * 5
    assert (judged.signal, judged.phrase, judged.section_points) == ("cannot_tell", "too_few_points", 5)
    assert judged.points["upper"].notna().tolist() == [True] * 20 + [False] * 5


def test_minutes_follow_making_data_count():
    judged = judge(
        "minutes", "lower", pd.DataFrame({"value": [40, 44] * 10 + [50, 51, 52, 53, 54, 55, 56], "denominator": 20})
    )
    assert (judged.rule_set, judged.signal, judged.phrase) == ("NHS Making Data Count", "concern", "beyond_high")
    assert "20 points" in judged.baseline


@pytest.mark.parametrize("unit", ["share", "minutes", "count", "rate", "score"])
def test_the_line_under_a_chart_says_its_rules_in_words_and_names_no_school(unit):
    points = {"numerator": [16, 17] * 10, "denominator": [2000 if unit == "rate" else 20] * 20}
    if unit in ("minutes", "score"):
        points = {"value": [40, 44] * 10, "denominator": [20] * 20}
    footer = judge(unit, "higher", pd.DataFrame(points)).footer
    assert "beyond a limit, " in footer
    assert not re.search("sigma|Anh|Count", footer)


def test_a_rate_is_drawn_by_the_thousand():
    judged = judge("rate", "neither", pd.DataFrame({"numerator": [5, 7] * 10, "denominator": [2000] * 20}))
    assert judged.center == pytest.approx(3.0)


def test_the_footer_says_trial_limits():
    assert "trial limits" in judge("share", "higher", shares([16, 17] * 7, 20)).footer
    assert "trial limits" not in judge("share", "higher", shares([16, 17] * 10, 20)).footer
    assert judge("share", "higher", shares([8] * 9, 10)).footer == "Rules: none. 9 points."


@pytest.mark.parametrize(("unit", "better", "points", "sentence"), [
    ("share", "higher", {"numerator": [5], "denominator": [4]}, "at most its denominator"),
    ("share", "higher", {"numerator": [5]}, "needs a denominator"),
    ("mix", "higher", {"numerator": [5]}, 'unit is "mix"'),
    ("count", "more", {"numerator": [5]}, 'better is "more"'),
])  # fmt: skip
def test_a_slip_in_judging_is_answered_in_one_sentence(unit, better, points, sentence):
    with pytest.raises(ValueError, match=sentence):
        judge(unit, better, pd.DataFrame(points))


def test_a_withheld_value_is_a_gap_though_its_cases_are_known():
    points = shares([16, 17] * 10 + [3], 20).assign(value=[0.8, 0.85] * 10 + [np.nan])
    assert judge("share", "higher", points).phrase == "no_last_point"
    counts = pd.DataFrame({"numerator": [7, 9] * 10, "value": [7, 9] * 9 + [7, np.nan]})
    assert judge("count", "neither", counts).n_points == 19
