"""Where families drop off: the path, who asks at which hour, and the account of the gap. Every call here is invented."""

import numpy as np
import pandas as pd
import pytest

from analysis.periods import period
from analysis.quality.gap.account import Seen, account_for_gap
from analysis.quality.gap.cells import count_cells
from analysis.quality.gap.cover import covered, demand_by_hour, week_of_duty
from analysis.quality.gap.path import STEPS, add_comparison, count_path

WINDOW = period("2026-01_2026-12")


def make_calls(site: str, *, calls: int, recommended: int, dispatched: int, arrived: int, met: int, stays=0, linked=0):
    """Calls of one site that end at each step, with the episodes and referrals behind them."""
    number = np.arange(calls)
    frame = pd.DataFrame(
        {
            "called_on": pd.Timestamp("2026-06-01"),
            "site_id": site,
            "recommended_mode": np.where(number < recommended, "mobile", "phone"),
            "outcome": np.where(number < dispatched, "dispatched", "by_phone"),
            "episode_id": np.where(number < dispatched, [f"{site}-{each}" for each in number], None),
        }
    )
    number = np.arange(dispatched)
    episodes = pd.DataFrame(
        {
            "episode_id": [f"{site}-{each}" for each in number],
            "site_id": site,
            "response_mode": np.where(number < arrived, "mobile", "phone"),
            "attempt_result": np.where(number < met, "contact", np.where(number < arrived, "refused", None)),
            "enrolled_on": pd.to_datetime(np.where(number < stays, "2026-06-03", None)),
        }
    )
    kept = pd.DataFrame(
        {"episode_id": [f"{site}-{each}" for each in range(linked)], "first_kept_on": pd.Timestamp("2026-07-01")}
    )
    return frame, episodes, kept


def tables_of(*sites):
    calls, episodes, referrals = zip(*sites, strict=True)
    return {
        name: pd.concat(parts, ignore_index=True)
        for name, parts in (("calls", calls), ("episodes", episodes), ("referrals", referrals))
    }


ORDINARY = {"calls": 200, "recommended": 100, "dispatched": 90, "arrived": 88, "met": 80, "stays": 40, "linked": 20}


# --- the path --------------------------------------------------------------------------------------------------------


def test_each_step_is_counted_out_of_those_who_came_through_the_one_before():
    path = count_path(tables_of(make_calls("a", **ORDINARY)), ["a"], WINDOW)
    steps = path.steps.set_index("step")
    assert list(steps.index) == list(STEPS)
    assert path.unknown == ()
    assert steps["number"].tolist() == [200, 100, 90, 88, 80, 40, 20]
    assert steps["before"].tolist()[1:] == [200, 100, 90, 88, 80, 40]
    assert pd.isna(steps.loc["contacts", "before"])


def test_a_call_whose_episode_nobody_wrote_down_is_not_known_from_there_on():
    tables = tables_of(make_calls("a", **ORDINARY))
    tables["calls"].loc[:9, "episode_id"] = None
    steps = count_path(tables, ["a"], WINDOW).steps.set_index("step")
    assert steps.loc["arrived", ["before", "number", "not_known"]].tolist() == [80, 78, 10]
    assert steps.loc["dispatched", "number"] == 90  # the call itself says so


def test_an_abandoned_call_was_not_recommended_a_visit_and_a_blank_is_not_known():
    tables = tables_of(make_calls("a", **ORDINARY))
    tables["calls"].loc[190:194, ["recommended_mode", "outcome"]] = [None, "abandoned"]
    tables["calls"].loc[195:, "recommended_mode"] = None
    steps = count_path(tables, ["a"], WINDOW).steps.set_index("step")
    assert steps.loc["recommended", ["before", "number", "not_known"]].tolist() == [195, 100, 5]


def test_calls_outside_the_window_or_of_no_site_do_not_count():
    tables = tables_of(make_calls("a", **ORDINARY))
    tables["calls"].loc[0, "called_on"] = pd.Timestamp("2025-12-31")
    tables["calls"].loc[1, "site_id"] = None
    assert count_path(tables, ["a"], WINDOW).steps.loc[0, "number"] == 198


def test_what_the_study_has_no_table_for_is_said_and_not_invented():
    tables = tables_of(make_calls("a", **ORDINARY))
    without = {name: table for name, table in tables.items() if name != "referrals"}
    path = count_path(without, ["a"], WINDOW)
    assert path.unknown[0][0] == "linked"
    assert "linked" not in set(path.steps["step"])
    nothing = count_path({"episodes": tables["episodes"]}, ["a"], WINDOW)
    assert (len(nothing.steps), nothing.unknown[0][0]) == (0, "contacts")


def test_a_share_stands_beside_the_median_of_the_others():
    sites = [make_calls(name, **ORDINARY | {"recommended": each, "dispatched": 10, "arrived": 10, "met": 10, "stays": 1, "linked": 0})
             for name, each in (("a", 20), ("b", 100), ("c", 110), ("d", 150))]  # fmt: skip
    steps = add_comparison(count_path(tables_of(*sites), ["a", "b", "c", "d"], WINDOW).steps, ["a", "b", "c", "d"])
    own = steps[steps["step"].eq("recommended")].set_index("site_id")
    assert own["share"].tolist() == [0.10, 0.50, 0.55, 0.75]
    assert own["median"].tolist() == pytest.approx([0.55, 0.55, 0.50, 0.50])  # of b, c, d; a, c, d; a, b, d; a, b, c
    assert own.loc["a", "low"] < 0.10 < own.loc["a", "high"]
    assert steps.loc[steps["step"].eq("contacts"), ["share", "low", "median"]].isna().all(axis=None)


# --- hours -----------------------------------------------------------------------------------------------------------

WEEKDAYS_8_TO_17 = pd.DataFrame(
    {
        "site_id": "a",
        "from_on": pd.Timestamp("2026-01-01"),
        "to_on": pd.to_datetime([None] * 5),
        "weekday": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "from_hour": 8,
        "to_hour": 17,
    }
)


def test_a_team_is_on_duty_from_its_first_hour_to_before_its_last():
    at = pd.Series(
        pd.to_datetime(
            ["2026-06-01 07:59", "2026-06-01 08:00", "2026-06-01 16:59", "2026-06-01 17:00", "2026-06-06 12:00", None]
        )
    )
    assert covered(at, WEEKDAYS_8_TO_17, "a").tolist() == [False, True, True, False, False, True]
    assert covered(at, WEEKDAYS_8_TO_17, "b").all()  # nobody wrote down the hours of b
    assert covered(at, None, "a").all()
    assert week_of_duty(WEEKDAYS_8_TO_17, "a", pd.Timestamp("2026-06-01")).sum() == 45
    assert week_of_duty(WEEKDAYS_8_TO_17, "b", pd.Timestamp("2026-06-01")) is None


def test_hours_that_change_hold_from_their_day_on():
    later = WEEKDAYS_8_TO_17.assign(to_on=pd.Timestamp("2027-06-30"), from_on=pd.Timestamp("2026-07-01"), to_hour=24)
    hours = pd.concat([WEEKDAYS_8_TO_17.assign(to_on=pd.Timestamp("2026-06-30")), later])
    at = pd.Series(pd.to_datetime(["2026-06-29 20:00", "2026-07-06 20:00", "2025-12-31 20:00"]))
    assert covered(at, hours, "a").tolist() == [False, True, False]  # before the first pattern the first one holds


def test_the_demand_of_the_others_is_spread_over_the_week():
    episodes = pd.DataFrame(
        {"site_id": ["a", "b", "b"], "requested_at": pd.to_datetime(["2026-06-01 01:00"] * 2 + ["2026-06-02 01:30"])}
    )
    demand = demand_by_hour(episodes, ["b"])
    assert (demand[1], demand[25], demand.sum()) == (0.5, 0.5, 1.0)
    assert np.isnan(demand_by_hour(episodes, ["c"])).all()


# --- the account -----------------------------------------------------------------------------------------------------


def seen(*, low: dict, source_of_low=None, hours=None) -> Seen:
    """Five ordinary sites and one, "low", with the same expected episodes; a call in three comes from a school, one in four at night."""
    names = ["b", "c", "d", "e", "f"]
    sites = [make_calls(name, **ORDINARY) for name in names] + [make_calls("low", **ORDINARY | low)]
    tables = tables_of(*sites)
    episodes = tables["episodes"]
    place = episodes.groupby("site_id").cumcount()
    episodes = episodes.assign(
        counted_on=pd.Timestamp("2026-06-01"),
        referral_source=np.where(place % 3 == 0, "school", "family"),
        requested_at=pd.to_datetime(np.where(place % 4 == 0, "2026-06-01 02:00", "2026-06-01 12:00")),
    )
    if source_of_low is not None:
        episodes = episodes[episodes["site_id"].ne("low") | source_of_low(episodes)]
    every = [*names, "low"]
    cells = count_cells(episodes, hours, every, WINDOW)
    return Seen(count_path(tables, every, WINDOW).steps, cells, pd.Series(100.0, index=every), 12, every)


def test_the_parts_add_up_to_the_gap():
    account = account_for_gap(
        seen(low={"calls": 120, "recommended": 30, "dispatched": 20, "arrived": 18, "met": 12}), "low"
    )
    whole = account.set_index("cause")["a_month"]
    # 200 calls were usual, of which 80 are met: 68 a year are missing.
    assert whole["all"] == pytest.approx((80 - 12) / 12)
    assert whole.drop("all").sum() == pytest.approx(whole["all"])
    # Step by step: 80 calls x 0.4; 120 calls x (0.5 - 0.25) x 0.8; 30 x (0.9 - 20/30) x 80/90; 20 x (88/90 - 0.9) x 80/88; 18 x (80/88 - 12/18).
    assert whole["recommended"] == pytest.approx(120 * 0.25 * 0.8 / 12)
    assert whole["dispatched"] == pytest.approx(30 * (0.9 - 20 / 30) * (80 / 90) / 12)
    assert whole["met"] == pytest.approx(18 * (80 / 88 - 12 / 18) / 12)
    assert whole.filter(like="asks:").sum() == pytest.approx(80 * 0.4 / 12)


def test_a_site_like_the_others_has_no_gap_and_its_interval_holds_zero():
    account = account_for_gap(seen(low={}), "low").set_index("cause")
    assert account.loc["all", "a_month"] == pytest.approx(0)
    assert account.loc["all", "low"] < 0 < account.loc["all", "high"]


def test_calls_kept_on_the_phone_lead_where_few_are_recommended():
    account = account_for_gap(seen(low={"recommended": 40, "dispatched": 36, "arrived": 35, "met": 32}), "low")
    assert account["cause"].tolist()[:2] == ["all", "recommended"]
    assert account["leads"].iloc[1] > 0.95
    assert account["low"].iloc[1] > 0


def test_schools_lead_where_schools_do_not_ask():
    half = {"calls": 134, "recommended": 67, "dispatched": 60, "arrived": 59, "met": 53}
    account = account_for_gap(seen(low=half, source_of_low=lambda rows: rows["referral_source"].ne("school")), "low")
    assert account["cause"].iloc[1] == "asks:school"
    assert account["leads"].iloc[1] > 0.95


def test_hours_lead_where_the_missing_calls_are_those_of_uncovered_hours():
    fewer = {"calls": 150, "recommended": 75, "dispatched": 67, "arrived": 66, "met": 60}
    hours = WEEKDAYS_8_TO_17.assign(site_id="low")
    by_day = account_for_gap(
        seen(low=fewer, hours=hours, source_of_low=lambda rows: rows["requested_at"].dt.hour.eq(12)), "low"
    )
    assert by_day["cause"].iloc[1] == "hours"
    assert by_day["leads"].iloc[1] > 0.9


def test_the_same_draws_give_the_same_account():
    given = seen(low={"calls": 120, "recommended": 60, "dispatched": 50, "arrived": 50, "met": 40})
    pd.testing.assert_frame_equal(account_for_gap(given, "low"), account_for_gap(given, "low"))


def test_without_others_to_compare_with_or_without_calls_there_is_no_account():
    alone = seen(low={})
    assert account_for_gap(Seen(alone.steps, alone.cells, alone.expected, 12, ["low", "b"]), "low").empty
    silent = seen(low={"calls": 0, "recommended": 0, "dispatched": 0, "arrived": 0, "met": 0, "stays": 0, "linked": 0})
    assert account_for_gap(silent, "low").empty
