"""Measures, their table, exposure and comparisons, on a few made-up people."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis import params, periods
from analysis.quality.cards import read_cards
from analysis.quality.comparisons import against_target, bounds, change
from analysis.quality.counts import WORKING_COLUMNS, by_measure_place_period
from analysis.quality.exposure import child_years, months_of_service
from analysis.quality.measures import MEASURES, Choices
from analysis.tables import AGE_BANDS, MEASURES_TABLE

STUDY = params.Study(
    name="made_up", title="Made up", service="MRSS", people="children", place="site",
    ages=params.Ages(youngest=0, oldest=20),
    clocks=(
        params.Clock(from_on=date(2020, 1, 1), to_on=date(2025, 12, 31), start="requested_at", stop="arrived_at",
                     threshold_minutes=90, target_share=0.8, modes=("mobile",), source="made up"),
        params.Clock(from_on=date(2026, 1, 1), start="requested_at", stop="arrived_at",
                     threshold_minutes=60, target_share=0.8, modes=("mobile",), source="made up"),
    ),
)  # fmt: skip
CARDS = read_cards(STUDY)
YEAR = (pd.Timestamp("2026-01-01"), pd.Timestamp("2026-12-31"))
CODES = {
    "urgency": "urgent", "recommended_mode": "mobile", "response_mode": "mobile", "attempt_result": "contact",
    "referral_source": "family", "presenting_problem": "anxiety", "disposition": "community",
}  # fmt: skip


def crises(*people: dict) -> pd.DataFrame:
    """One row per person; what is not said is an ordinary visit of 30 minutes at 14:00 on 5 October 2026 in the north."""
    said = pd.DataFrame([{"on": "2026-10-05", "at": "14:00", "wait": 30, "site": "north", **each} for each in people])
    asked = pd.to_datetime(said["on"] + " " + said["at"].fillna("00:00")).dt.tz_localize("America/Denver")
    table = pd.DataFrame({
        "episode_id": pd.array(range(len(said)), dtype="Int64"),
        "child_id": pd.array(said.get("child", pd.Series(range(len(said)))), dtype="Int64"),
        "site_id": said["site"].astype("string"),
        "age_years": pd.array(said.get("age", pd.Series(12.0, said.index)), dtype="Float64"),
        "counted_on": pd.to_datetime(said["on"]).astype("datetime64[us]"),
        "requested_at": asked.where(said["at"].notna()).astype("datetime64[us, America/Denver]"),
        "arrived_at": (asked + pd.to_timedelta(said["wait"], unit="min")).astype("datetime64[us, America/Denver]"),
    })  # fmt: skip
    table["requested_at_note"] = np.where(said["at"].notna(), "time", "date_only")
    table["arrived_at_note"] = np.where(said["wait"].notna(), "time", "missing")
    for column, usual in CODES.items():
        table[column] = [each.get(column, usual) for each in people]
        table[column] = table[column].astype("string")
    return table


def places(**opened_on: str | None) -> pd.DataFrame:
    """Sites with a scorecard and their first day, and "unknown" without one."""
    days = pd.to_datetime(pd.Series([*opened_on.values(), None]))
    return pd.DataFrame({
        "site_id": [*opened_on, "unknown"], "opened_on": days, "closed_on": pd.Series([pd.NaT] * len(days)),
        "has_scorecard": [True] * len(opened_on) + [False],
    })  # fmt: skip


SITES = places(north=None, south=None)


def table_of(people: pd.DataFrame, *names: str, sites: pd.DataFrame = SITES, **given) -> pd.DataFrame:
    asked = [periods.period(name) for name in names or ("2026-10",)]
    return by_measure_place_period(people, sites, asked, **{"study": STUDY, "cards": CARDS, "covers": YEAR, **given})


def figure(table, measure, *, place="north", period="2026-10", stratum="all") -> pd.Series:
    here = table["measure"].eq(measure) & table["site_id"].eq(place) & table["stratum"].eq(stratum)
    rows = table[here & table["period"].eq(period)]
    assert len(rows) == 1
    return rows.iloc[0]


def one(measure: str, **person) -> tuple[int, int, int]:
    """(numerator, denominator, not measurable) of one person alone."""
    row = figure(
        table_of(crises(person, {"site": "south", "child": 2})), measure
    )  # the other keeps every column in use
    return (0 if pd.isna(row["numerator"]) else int(row["numerator"])), int(row["denominator"]), row["not_measurable"]


YES, NO, UNKNOWN, OUT = (1, 1, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)


@pytest.mark.parametrize(("measure", "who", "counts_as"), [
    ("contact_share", {}, YES),
    ("contact_share", {"attempt_result": "not_found"}, NO),
    ("contact_share", {"attempt_result": "cancelled"}, OUT),  # called off: not attempted
    ("contact_share", {"attempt_result": None}, UNKNOWN),  # a blank is not a no
    ("contact_share", {"attempt_result": None, "response_mode": None}, UNKNOWN),
    ("contact_share", {"attempt_result": None, "response_mode": "phone"}, OUT),  # no visit, nothing to record
    ("in_person_share", {}, YES),
    ("in_person_share", {"response_mode": "deferred_mobile"}, YES),  # at a later time the family chose
    ("in_person_share", {"response_mode": "telehealth"}, NO),
    ("in_person_share", {"recommended_mode": "phone", "response_mode": "phone"}, OUT),  # asked for advice only
    ("in_person_share", {"response_mode": None}, UNKNOWN),
    ("in_person_share", {"recommended_mode": None}, UNKNOWN),
    ("response_in_time_share", {"wait": 60}, YES),  # exactly the threshold is in time
    ("response_in_time_share", {"wait": 61}, NO),
    ("response_in_time_share", {"wait": 0}, YES),
    ("response_in_time_share", {"wait": None}, UNKNOWN),
    ("response_in_time_share", {"at": None}, UNKNOWN),  # a date without a time is not a time
    ("response_in_time_share", {"wait": -1}, UNKNOWN),
    ("response_in_time_share", {"wait": 24 * 60}, NO),  # the longest wait that is believed
    ("response_in_time_share", {"wait": 24 * 60 + 1}, UNKNOWN),  # a slip of the date
    ("response_in_time_share", {"response_mode": "deferred_mobile"}, OUT),
    ("response_in_time_share", {"response_mode": None}, UNKNOWN),  # might be one of the clock's
    ("response_minutes_median", {"response_mode": "phone"}, OUT),
    ("response_minutes_p90", {"wait": None}, UNKNOWN),
    ("children_served", {"child": None}, UNKNOWN),
    ("episodes", {"child": None, "attempt_result": None}, YES),
])  # fmt: skip
def test_who_counts_and_who_cannot_be_measured(measure, who, counts_as):
    assert one(measure, **{"child": 1, **who}) == counts_as


@pytest.mark.parametrize(("day", "wait", "in_time"), [
    ("2025-12-31", 90, True),  # the older clock holds to the end of its last day
    ("2025-12-31", 91, False),
    ("2026-01-01", 90, False),  # the newer from its first
    ("2026-01-01", 60, True),
])  # fmt: skip
def test_each_episode_is_held_to_the_clock_of_its_own_day(day, wait, in_time):
    value = MEASURES["response_in_time_share"](crises({"on": day, "wait": wait}), Choices(clocks=STUDY.clocks))
    assert value.tolist() == [in_time]


def test_clocks_side_by_side_take_each_their_own_urgency():
    urgent, emergent = (
        STUDY.clocks[1].model_copy(update={"urgency": (name,), "threshold_minutes": minutes})
        for name, minutes in (("urgent", 4320), ("emergent", 60))
    )
    people = crises(*({"wait": 100, "urgency": which} for which in ("urgent", "emergent", "scheduled", None)))
    waited = MEASURES["response_in_time_share"](people, Choices(clocks=(urgent, emergent)))
    # the third has no clock, the fourth might have either
    assert waited.astype(object).fillna("unknown").to_dict() == {0: True, 1: False, 3: "unknown"}


def test_a_wait_over_the_change_of_the_clocks_hour_is_the_time_that_passed():
    # 1 November 2026: the hour from 01:00 to 02:00 comes twice, so from 00:30 to 02:15 on the wall are 165 minutes
    people = crises({"on": "2026-11-01", "at": "00:30"})
    people["arrived_at"] = pd.to_datetime(["2026-11-01 02:15"]).tz_localize("America/Denver").as_unit("us")
    assert MEASURES["response_minutes_median"](people, Choices(clocks=STUDY.clocks)).tolist() == [165]


def test_the_first_and_last_day_of_a_month_are_inside_it():
    table = table_of(crises(*({"on": f"2026-{day}"} for day in ("09-30", "10-01", "10-31", "11-01"))))
    assert figure(table, "episodes")["value"] == 2


def test_statewide_is_the_sites_and_those_who_have_no_scorecard():
    people = [{"site": "north"}] * 3 + [{"site": "south"}] * 2 + [{"site": "unknown"}]
    table = table_of(crises(*people))
    by_place = {place: figure(table, "episodes", place=place)["numerator"] for place in ("north", "south", "statewide")}
    assert by_place == {"north": 3, "south": 2, "statewide": 6}
    assert "unknown" not in set(table["site_id"])


def test_a_child_counts_once_a_place_and_period_and_once_statewide():
    table = table_of(crises({"child": 7}, {"child": 7}, {"child": 7, "site": "south"}, {"child": 8}))
    assert figure(table, "children_served")["value"] == 2
    assert figure(table, "children_served")["denominator"] == 3
    assert figure(table, "children_served", place="statewide")["value"] == 2


def test_median_and_ninetieth_percentile_of_eleven_waits():
    row, upper = (
        figure(table_of(crises(*({"wait": 10 * k} for k in range(1, 12)))), measure)
        for measure in ("response_minutes_median", "response_minutes_p90")
    )
    # the 6th of 11; 2nd and 10th: P(B <= 1) = 12/2048 = 0.0059, P(B <= 2) = 67/2048 = 0.033
    assert (row["value"], row["low"], row["high"]) == (60, 20, 100)
    assert (row["denominator"], pd.isna(row["numerator"])) == (11, True)
    # the 10th of 11 (1 + 10 * 0.9); fewer than 36 waits have no interval
    assert upper["value"] == 100
    assert pd.isna(upper[["low", "high"]]).all()


def test_five_waits_have_a_median_without_an_interval():
    row = figure(table_of(crises(*({"wait": each} for each in (10, 20, 31, 40, 50)))), "response_minutes_median")
    assert row["value"] == 31
    assert pd.isna(row[["low", "high"]]).all()


def test_a_mix_adds_up_to_those_known():
    people = [{"referral_source": "school"}] * 3 + [{"referral_source": "police"}] * 5 + [{"referral_source": None}]
    table = table_of(crises(*people))
    mix = table[table["measure"].eq("referral_source") & table["site_id"].eq("north")].set_index("stratum")
    assert mix["numerator"].sum() == 8
    assert set(mix["denominator"]) == {8.0}
    assert set(mix["not_measurable"]) == {1}
    assert mix.loc["school", "value"] == 3 / 8
    assert mix.loc["tribal_program", "value"] == 0


@pytest.mark.parametrize(("who", "stratum"), [
    ({"at": "03:59"}, "00:00-03:59"), ({"at": "04:00"}, "04:00-07:59"), ({"at": "23:59"}, "20:00-23:59"),
])  # fmt: skip
def test_hours_fall_in_bands_of_local_time(who, stratum):
    assert figure(table_of(crises(who)), "hour_of_day", stratum=stratum)["numerator"] == 1


def test_a_monday_is_a_monday():
    assert figure(table_of(crises({"on": "2026-10-05"})), "day_of_week", stratum="monday")["numerator"] == 1


def test_blanks_instead_of_no_do_not_become_a_low_share():
    # September: 70 of 100 met. October: staff write down a "no" only, and leave blanks for the rest.
    september = [{"on": "2026-09-10", "attempt_result": "contact" if k < 70 else "not_found"} for k in range(100)]
    october = [{"attempt_result": "contact"}] + [{"attempt_result": "not_found"}] * 9 + [{"attempt_result": None}] * 90
    table = table_of(crises(*september, *october), "2026-09", "2026-10")
    before, now = (figure(table, "contact_share", period=month) for month in ("2026-09", "2026-10"))
    assert before["value"] == 0.7
    assert pd.isna(now[["value", "low", "high"]]).all()
    assert now["why_missing"] == "not_recorded"
    assert bounds(now, CARDS) == (0.01, 0.91)  # 1 of 100; 1 + 90 of 100
    assert change(now, before, CARDS).kind == "cannot_tell"
    assert against_target(now, 0.9, CARDS) == "cannot_tell"


@pytest.mark.parametrize(("blanks", "shown"), [(2, True), (3, False)])
def test_a_fifth_may_be_unmeasured_and_no_more(blanks, shown):
    table = table_of(crises(*[{}] * (10 - blanks), *[{"wait": None, "disposition": None}] * blanks))
    for measure, stratum in (("response_minutes_median", "all"), ("disposition", "community")):
        assert pd.notna(figure(table, measure, stratum=stratum)["value"]) == shown


def test_a_month_with_none_is_zero_where_open_and_a_gap_where_not():
    sites = places(north=None, south="2026-10-01")
    table = table_of(crises({}, {"site": "south"}), "2026-09", "2026-10", sites=sites)
    north, south = (figure(table, "episodes", place=place, period="2026-09") for place in ("north", "south"))
    assert (north["value"], north["low"], north["why_missing"]) == (0, 0, "")
    assert north["high"] == pytest.approx(3.689, abs=1e-3)
    assert (pd.isna(south["value"]), south["why_missing"]) == (True, "not_covered")
    assert figure(table, "contact_share", period="2026-09")["why_missing"] == "no_episodes"


def test_a_month_outside_the_extract_is_a_gap_not_a_zero():
    table = table_of(crises({"on": "2026-09-20"}, {}), "2026-08", "2026-09", covers=None)
    assert figure(table, "episodes", period="2026-08", place="statewide")["why_missing"] == "not_covered"
    assert figure(table, "episodes", period="2026-09", place="statewide")["months"] == 1


def test_a_place_with_no_episode_has_a_row_for_everything():
    table = table_of(crises({}))
    rows = table["site_id"].value_counts()
    assert rows["north"] == rows["south"] == rows["statewide"] >= table["measure"].nunique() > 10
    assert table["value"][table["site_id"].eq("south") & table["measure"].ne("episodes")].dropna().tolist() == [0.0]


def test_shuffled_rows_give_the_same_table():
    many = [{"site": ("north", "south")[k % 2], "wait": 7 * k % 95, "child": k % 11} for k in range(60)]
    people = crises(*many)
    shuffled = table_of(people.sample(frac=1, random_state=5), "2026-10", "2026Q3", sites=SITES.iloc[::-1])
    pd.testing.assert_frame_equal(table_of(people, "2026-10", "2026Q3"), shuffled)


def test_the_table_has_the_columns_of_the_contract_and_one_row_a_key():
    table = table_of(crises({}), "2026-10", "2026Q3")
    assert list(table.columns) == [*MEASURES_TABLE.names, *WORKING_COLUMNS]
    assert not table.duplicated(list(MEASURES_TABLE.key)).any()
    assert not table["hidden"].any()
    inside = table.dropna(subset=["value", "low", "high"])
    assert (inside["low"].le(inside["value"]) & inside["value"].le(inside["high"])).all()


def test_a_period_asked_for_twice_is_refused():
    with pytest.raises(ValueError, match="Periods asked for twice: 2026-10"):
        table_of(crises({}), "2026-10", "2026-10")


# --- exposure: 1,000 children in one county, 60 % in the care of the north, 40 % of the south --------------------------

COUNTY = pd.DataFrame({
    "site_id": ["north", "south"], "county_fips": "35001", "from_on": pd.Timestamp("2020-01-01"), "to_on": pd.NaT,
    "share": [0.6, 0.4],
})  # fmt: skip
CHILDREN = pd.DataFrame({"county_fips": "35001", "year": 2022, "age_band": list(AGE_BANDS), "children": 250})
FROM_17_OCTOBER = places(north=None, south="2026-10-17")
OCTOBER = [periods.period("2026-10")]


def years(**given) -> dict[str, float]:
    told = {
        "sites": FROM_17_OCTOBER,
        "site_counties": COUNTY,
        "population": CHILDREN,
        "ages": STUDY.ages,
        "covers": YEAR,
    }
    told = {**told, **given}
    tables = [told.pop(name) for name in ("sites", "site_counties", "population")]
    return child_years(*tables, OCTOBER, **told)["2026-10"].to_dict()


def test_exposure_of_a_shared_county_and_an_opening_within_the_month():
    found = years()
    assert found["north"] == pytest.approx(1000 * 0.6 * 31 / 365.25)
    assert found["south"] == pytest.approx(1000 * 0.4 * 15 / 365.25)  # the 17th to the 31st
    assert found["statewide"] == pytest.approx(found["north"] + found["south"])


def test_exposure_ends_with_the_coverage_and_with_the_extract():
    to_10 = COUNTY.assign(to_on=pd.Timestamp("2026-10-10"))
    assert years(site_counties=to_10)["north"] == pytest.approx(600 * 10 / 365.25)
    assert years(site_counties=to_10)["south"] == 0
    to_20 = (YEAR[0], pd.Timestamp("2026-10-20"))
    assert years(covers=to_20)["south"] == pytest.approx(400 * 4 / 365.25)  # the 17th to the 20th


def test_population_is_of_the_latest_year_not_after_the_period_else_the_earliest():
    later, earlier = (CHILDREN.assign(year=year, children=k) for year, k in ((2027, 900), (2025, 300)))
    assert years(population=pd.concat([CHILDREN, later, earlier]))["north"] == pytest.approx(1200 * 0.6 * 31 / 365.25)
    assert years(population=later)["north"] == pytest.approx(3600 * 0.6 * 31 / 365.25)


def test_a_county_or_band_without_population_is_missing_and_never_too_small():
    assert np.isnan(years(population=CHILDREN[CHILDREN["age_band"].ne("12-17")])["north"])
    elsewhere = COUNTY.assign(county_fips=["35001", "35003"])
    found = years(site_counties=elsewhere)
    assert (found["north"] > 0, np.isnan(found["south"]), np.isnan(found["statewide"])) == (True, True, True)
    assert np.isnan(years(site_counties=COUNTY[COUNTY["site_id"].eq("north")])["statewide"])


def test_rate_per_1000_children_and_year_with_its_exact_interval():
    people = crises(*[{}] * 10, {"age": 34.0}, {"site": "unknown"})
    table = table_of(people, sites=FROM_17_OCTOBER, site_counties=COUNTY, population=CHILDREN)
    row, state = (figure(table, "episodes_per_1000", place=place) for place in ("north", "statewide"))
    base = 0.6 * 31 / 365.25  # in 1,000 child-years; the adult does not count
    assert row["numerator"] == 10
    assert row["value"] == pytest.approx(10 / base)
    assert (row["low"], row["high"]) == pytest.approx((4.795 / base, 18.39 / base), rel=1e-3)
    assert (state["numerator"], state["denominator"]) == (11, pytest.approx(1000 * base + 400 * 15 / 365.25))


def test_months_of_service_count_the_open_days():
    found = months_of_service(FROM_17_OCTOBER, [*OCTOBER, periods.period("2026-08_2026-11")], covers=YEAR)
    assert found.loc["south"].tolist() == pytest.approx([15 / 31, 15 / 31 + 1])
    assert found.loc["statewide"].tolist() == [1, 4]


# --- a change, a target ------------------------------------------------------------------------------------------------


def met(yes: int, total: int, **where) -> list[dict]:
    return [{**where, "attempt_result": "contact" if k < yes else "not_found"} for k in range(total)]


def compared(measure: str, before: list[dict], now: list[dict], *, first: str = "2026-09"):
    people = crises(*({**who, "on": f"{first}-05"} for who in before), *now)
    table = table_of(people, first, "2026-10", covers=(pd.Timestamp("2025-01-01"), YEAR[1]))
    return change(figure(table, measure), figure(table, measure, period=first), CARDS)


@pytest.mark.parametrize(("yes", "kind"), [
    (98, "higher"), (55, "lower"), (70, "no_more_than_chance"), (80, "no_more_than_chance"),
])  # fmt: skip
def test_a_share_changes_only_by_more_than_chance(yes, kind):
    found = compared("contact_share", met(75, 100), met(yes, 100))
    assert found.kind == kind
    assert found.low < found.difference < found.high
    assert found.difference == pytest.approx(yes / 100 - 0.75)


def test_nine_cases_on_one_side_are_too_few_and_ten_are_enough():
    assert compared("contact_share", met(90, 100), met(0, 9)).kind == "cannot_tell"
    assert compared("contact_share", met(90, 100), met(0, 10)).kind == "lower"


def test_counts_are_compared_by_the_month_of_service():
    found = compared("episodes", [{}] * 20, [{}] * 45)
    assert (found.kind, found.ratio, found.difference) == ("higher", 2.25, 25)
    assert 1 < found.ratio_low < 2.25 < found.ratio_high
    assert compared("episodes", [{}] * 20, [{}] * 30).kind == "no_more_than_chance"
    # 30 in the year before and 25 in October: 2.5 a month against 25
    people = crises(*[{"on": "2026-02-05"}] * 30, *[{}] * 25)
    table = table_of(people, "2025-10_2026-09", "2026-10", covers=(pd.Timestamp("2025-10-01"), YEAR[1]))
    found = change(figure(table, "episodes"), figure(table, "episodes", period="2025-10_2026-09"), CARDS)
    assert (found.kind, found.ratio) == ("higher", pytest.approx(10))


def test_children_of_a_month_are_not_compared_with_those_of_a_year():
    people = crises(*({"on": f"2026-{month:02d}-05", "child": k} for month in range(1, 11) for k in range(20)))
    table = table_of(people, "2026-01_2026-09", "2026-09", "2026-10")
    now = figure(table, "children_served")
    assert change(now, figure(table, "children_served", period="2026-01_2026-09"), CARDS).kind == "cannot_tell"
    assert change(now, figure(table, "children_served", period="2026-09"), CARDS).kind == "no_more_than_chance"


def test_a_median_changes_only_where_the_intervals_do_not_overlap():
    short, long = ([{"wait": start + k} for k in range(20)] for start in (10, 60))
    assert compared("response_minutes_median", short, long).kind == "higher"
    assert compared("response_minutes_median", long, short).kind == "lower"
    assert compared("response_minutes_median", short, short).kind == "cannot_tell"


def test_a_new_threshold_is_not_a_change_of_the_service():
    waits = [{"wait": 45 + k} for k in range(30)]  # all within 90 minutes, half within 60
    found = compared("response_in_time_share", waits, waits, first="2025-10")
    assert (found.kind, found.why) == ("cannot_tell", "the response clock is not the same in the two periods")
    # the minutes are the same minutes, whatever counts as in time
    later = [{"wait": 160 + k} for k in range(30)]
    assert compared("response_minutes_median", waits, later, first="2025-10").kind == "higher"


def test_periods_that_overlap_and_places_that_differ_are_refused():
    table = table_of(crises(*met(10, 20)), "2026-10", "2026Q3", "2026-09_2026-10")
    now = figure(table, "contact_share")
    with pytest.raises(ValueError, match="have days in common"):
        change(now, figure(table, "contact_share", period="2026-09_2026-10"), CARDS)
    with pytest.raises(ValueError, match="within one site_id"):
        change(now, figure(table, "contact_share", period="2026Q3", place="south"), CARDS)


@pytest.mark.parametrize(("yes", "total", "verdict"), [
    (100, 100, "met"),  # from 0.025^(1/100) = 0.964 up
    (29, 29, "cannot_tell"),  # 0.025^(1/29) = 0.881 is below 0.90, although all were met
    (36, 36, "met"),  # 0.025^(1/36) = 0.903
    (45, 50, "cannot_tell"),
    (70, 100, "missed"),
])  # fmt: skip
def test_a_target_is_met_or_missed_only_by_the_whole_exact_interval(yes, total, verdict):
    assert against_target(figure(table_of(crises(*met(yes, total))), "contact_share"), 0.9, CARDS) == verdict


def test_where_lower_is_better_the_interval_must_lie_below():
    card = CARDS.cards["contact_share"].model_copy(update={"better": "lower"})
    cards = CARDS.model_copy(update={"cards": {**CARDS.cards, "contact_share": card}})
    few, many = (figure(table_of(crises(*met(yes, 100))), "contact_share") for yes in (2, 30))
    assert (against_target(few, 0.1, cards), against_target(many, 0.1, cards)) == ("met", "missed")


def test_only_a_share_has_a_target_or_bounds():
    row = figure(table_of(crises({})), "response_minutes_median")
    with pytest.raises(ValueError, match="has no target"):
        against_target(row, 0.8, CARDS)
    with pytest.raises(ValueError, match="is not a share"):
        bounds(row, CARDS)
