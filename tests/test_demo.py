"""The made-up state: what the other rooms build on, and that its raw files are as dirty as its truth says."""

import csv
import gzip
import io
import time
from collections import Counter
from dataclasses import replace
from datetime import date, datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest
import yaml
from scipy.stats import binomtest

from analysis.demo.__main__ import main
from analysis.demo.counties import add_up_exactly, read_counties
from analysis.demo.crises import make_children
from analysis.demo.dirt import KINDS
from analysis.demo.episodes import add_expected
from analysis.demo.program import make_program, write_program
from analysis.demo.records import RawFolderError, write_raw, write_truth
from analysis.demo.scenario import read_scenario
from analysis.demo.sites import count_children_by_site, count_children_in_care, make_site_counties
from analysis.demo.state import make_requests, make_state
from analysis.params import ROOT, ParamsError
from analysis.tables import CLOCKS, CLOCKS_RUN_ON_DAYS, EPISODES, IN_PERSON_MODES, POPULATION, SITE_COUNTIES, SITES

REAL_CHILDREN = 473_478  # under 18, ACS 2018-2022 via CDC/ATSDR SVI 2022, E_AGE17: the state total of the 33 counties
CERTAIN = 0.999  # of an interval that the truth must lie in: with a fixed seed it does or does not


@pytest.fixture(scope="module")
def scenario():
    return read_scenario("base")


@pytest.fixture(scope="module")
def state(scenario):
    return make_state(scenario)


@pytest.fixture(scope="module")
def no_effect():
    return make_state(read_scenario("no_effect"))


@pytest.fixture(scope="module")
def folder(state, tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw") / "demo"
    write_raw(state, folder)
    return folder


@pytest.fixture(scope="module")
def rows(folder):
    """Every line of the four episode files as header -> text, read without pandas."""
    return [row for file in sorted(folder.glob("episodes_*")) for row in read_rows(file)]


def read_rows(file):
    content = file.read_bytes()
    if file.suffix == ".xlsx":
        return read_workbook(content)
    if file.suffix == ".gz":
        content = gzip.decompress(content)
    encoding, mark = ("cp1252", ";") if "SFY2025" in file.name else ("utf-8", ",")
    return list(csv.DictReader(io.StringIO(content.decode(encoding), newline=""), delimiter=mark))


def read_workbook(content):
    header, *lines = openpyxl.load_workbook(io.BytesIO(content))["Episodes"].iter_rows(values_only=True)
    return [dict(zip(header, [as_text(value) for value in line], strict=True)) for line in lines]


def as_text(value):
    if isinstance(value, datetime):
        return value.strftime("%m/%d/%Y %H:%M")
    return value or ""


def at(text):
    return datetime.strptime(text, "%m/%d/%Y %H:%M")


# --- the place -------------------------------------------------------------------------------------------------------


def test_children_under_18_are_the_real_counts_in_every_year(state):
    under_18 = state.population[state.population["age_band"].ne("18-20")]
    by_county_year = under_18.groupby(["year", "county_fips"])["children"].sum()
    assert by_county_year.groupby("year").sum().to_dict() == dict.fromkeys(
        [2022, 2023, 2024, 2025, 2026], REAL_CHILDREN
    )
    real = read_counties().set_index("county_fips")["under_18"]
    assert by_county_year[2026].to_dict() == real.to_dict()
    assert real["35001"] == 142_032  # Bernalillo, as published


def test_largest_remainder_gives_a_tie_to_the_earlier_share():
    # 1 child in halves: 0.5 and 0.5; then 3 in quarters: 0.75 four times, so the last goes without.
    assert add_up_exactly([0.5, 0.5], np.array([1])).tolist() == [[1, 0]]
    assert add_up_exactly([0.25] * 4, np.array([3])).tolist() == [[1, 1, 1, 0]]


def test_population_says_in_each_row_what_is_real_and_what_is_made_up(state):
    source, young_adults = state.population["source"], state.population["age_band"].eq("18-20")
    assert source[young_adults].str.startswith("Made up from").all()
    assert source[~young_adults].str.contains("real.*E_AGE17.*made up").all()
    assert (state.population["children_in_poverty"] <= state.population["children"]).all()


def test_no_county_has_more_than_all_its_children_in_care_on_any_day(state):
    in_care = Counter()
    for care in state.site_counties.itertuples():
        last = date(2026, 10, 31) if pd.isna(care.to_on) else care.to_on.date()
        for day in pd.date_range(care.from_on, last):
            in_care[care.county_fips, day] += care.share
    assert max(in_care.values()) <= 1
    assert in_care["35001", pd.Timestamp("2022-07-01")] == 0.65  # before the second site opened
    assert in_care["35001", pd.Timestamp("2026-10-31")] == pytest.approx(0.95)  # 0.65 + 0.30


def test_shares_of_more_than_a_whole_county_are_refused(scenario):
    sites = [site.model_copy(update={"counties": scenario.sites[0].counties}) for site in scenario.sites[:2]]
    with pytest.raises(ParamsError, match=r"county 35001 has 1\.30 of its children in care on 2023-04-03"):
        make_site_counties(scenario.model_copy(update={"sites": tuple(sites)}))  # 0.65 + 0.65 from the second opening


def test_five_to_eight_counties_are_never_covered_and_one_of_them_is_mid_sized(state):
    counties = read_counties().set_index("county_fips")["under_18"]
    never = counties.drop(state.site_counties["county_fips"].unique())
    assert 5 <= len(never) <= 8
    assert never.gt(5_000).sum() == 1
    assert never.lt(2_500).sum() == len(never) - 1


def test_sites_open_one_after_another_and_one_closes_for_good(state):
    opened = state.sites["opened_on"]
    assert (len(opened), opened.min(), opened.max()) == (15, pd.Timestamp("2022-07-01"), pd.Timestamp("2025-01-06"))
    assert opened.dt.to_period("M").nunique() >= 12
    assert state.sites["closed_on"].dropna().astype(str).tolist() == ["2026-05-31"]


def test_counties_are_shared_joined_part_covered_and_changed(state):
    care = state.site_counties
    whole_life = care["from_on"].eq(care["site_id"].map(state.sites.set_index("site_id")["opened_on"]))
    assert care["county_fips"].duplicated().any()  # two sites in one county
    assert care["site_id"].value_counts().max() >= 3  # one site in several
    assert care.groupby("county_fips")["share"].sum().lt(0.7).any()  # a county of which only a part is covered
    assert care.loc[~whole_life, "site_id"].unique().tolist() == ["site-08"]  # the one that takes on a county later
    assert care.loc[care["to_on"].eq("2025-06-30"), "site_id"].tolist() == ["site-08"]  # and gives one up


def test_sites_differ_in_size_as_small_sites_do(state):
    served = pd.Series({site["site_id"]: site["child_years"] / site["rate_ratio"] for site in state.truth["sites"]})
    assert served.max() / served.min() > 30


def test_three_sites_are_truly_low_for_different_reasons_and_two_are_only_small(state):
    truth = {site["site_id"]: site for site in state.truth["sites"]}
    low = {site_id: list(site["lost"]) for site_id, site in truth.items() if site["lost"]}
    assert low == {"site-04": ["school_never_asks"], "site-09": ["kept_on_phone"], "site-12": ["outside_hours"]}
    assert all(0.45 < truth[site_id]["use_ratio"] < 0.60 for site_id in low)
    assert all(site["use_ratio"] == site["rate_ratio"] >= 0.90 for site_id, site in truth.items() if site_id not in low)
    children = count_children_by_site(state.site_counties, state.population, state.scenario)
    assert children.index[children < 700].tolist() == ["site-14", "site-15"]
    for site in truth.values():
        assert sum(site["lost"].values()) == 0 or 0.2 < sum(site["lost"].values()) / site["expected_requests"] < 0.7


def test_a_lost_request_is_lost_for_its_reason_alone(scenario, state):
    in_care = count_children_in_care(state.site_counties, state.population, scenario).pipe(add_expected, scenario)
    requests = make_requests(in_care, scenario)
    lost = requests[requests["lost_to"].notna()]
    assert set(lost["site_id"]) == {"site-04", "site-09", "site-12"}
    assert set(lost.loc[lost["site_id"].eq("site-04"), "referral_source"]) == {"school"}
    assert set(lost.loc[lost["site_id"].eq("site-09"), "recommended_mode"]) <= set(IN_PERSON_MODES)
    at = lost.loc[lost["site_id"].eq("site-12"), "requested_at"]
    assert (at.dt.dayofweek.ge(5) | ~at.dt.hour.between(8, 16)).all()
    assert len(requests) - len(lost) == len(state.episodes)
    kept = state.companions["calls"]
    kept = kept[kept["site_id"].eq("site-09") & kept["outcome"].eq("by_phone") & kept["episode_id"].isna()]
    assert len(kept) > len(state.kept_on_phone) == lost["lost_to"].eq("kept_on_phone").sum()


# --- the clean episodes ----------------------------------------------------------------------------------------------


def test_tables_have_the_contracts_columns_and_codes(state):
    assert list(state.sites) == SITES.names
    assert list(state.site_counties) == SITE_COUNTIES.names
    assert list(state.population) == POPULATION.names
    assert list(state.episodes) == [column.name for column in EPISODES.mapped]
    for column in EPISODES.mapped:
        if column.kind in ("code", "codes"):
            said = state.episodes[column.name].dropna().str.split("|").explode()
            assert set(said) <= set(column.codes), column.name


def test_ages_lie_in_the_service_and_a_child_ages_with_the_calendar(state):
    episodes = state.episodes.sort_values(["child_id", "requested_at"])
    assert episodes["age_years"].between(0, 20).all()
    by_child = episodes.groupby("child_id")
    older = by_child["age_years"].diff().dropna()
    years = by_child["requested_at"].diff().dropna() / pd.Timedelta(days=365.25)
    assert older.ge(0).all()
    assert (older - years).between(-1, 1).all()  # whole years are at most a year off


def test_clocks_are_in_order_and_a_contact_has_all_five(state):
    episodes = state.episodes
    for number, earlier in enumerate(CLOCKS):
        for later in CLOCKS[number + 1 :]:
            both = episodes[[earlier, later]].dropna()
            assert (both[later] >= both[earlier]).all(), (earlier, later)
    met = episodes["attempt_result"].eq("contact")
    assert episodes.loc[met, list(CLOCKS)].notna().all(axis=None)
    assert episodes["arrived_at"].notna().eq(episodes["response_mode"].isin(IN_PERSON_MODES)).all()


def test_no_clean_clock_is_midnight_or_in_an_hour_that_is_skipped_or_comes_twice(state):
    for clock in CLOCKS:
        times = state.episodes[clock].dropna()
        assert not times.eq(times.dt.normalize()).any()
        times.dt.tz_localize("America/Denver", nonexistent="raise", ambiguous="raise")


def test_no_elapsed_time_hides_a_change_of_the_clocks(state):
    local = state.episodes[["requested_at", "departed_at"]].dropna()
    zoned = local.apply(lambda times: times.dt.tz_localize("America/Denver"))
    assert (zoned["departed_at"] - zoned["requested_at"]).eq(local["departed_at"] - local["requested_at"]).all()


def test_every_event_lies_in_the_covered_days_and_every_request_in_its_sites_care(state):
    episodes = state.episodes
    for clock in CLOCKS:
        assert episodes[clock].dropna().between("2022-07-01", "2026-10-31 23:59").all(), clock
    care = episodes.merge(state.site_counties, on=["site_id", "county_fips"], how="left")
    day = care["requested_at"].dt.normalize()
    cared_for = (day >= care["from_on"]) & (care["to_on"].isna() | (day <= care["to_on"]))
    assert len(care) == len(episodes)
    assert cared_for.all()


def test_every_record_was_entered_between_its_request_and_the_last_day_of_the_extract(state, scenario):
    episodes = state.episodes
    assert episodes["entered_on"].notna().all()
    assert (episodes["entered_on"] >= episodes["requested_at"].dt.normalize()).all()
    assert episodes["entered_on"].max() == pd.Timestamp(scenario.covers.to_on)
    assert (episodes["entered_on"] == episodes["entered_on"].dt.normalize()).all()


def test_two_sites_enter_their_records_later_than_the_others(state, scenario):
    """Mean days of records old enough to have been entered whatever their wait; three standard errors of a geometric wait."""
    episodes = state.episodes
    wait = (episodes["entered_on"] - episodes["requested_at"].dt.normalize()).dt.days
    old = episodes["requested_at"].lt(pd.Timestamp(scenario.covers.to_on) - pd.Timedelta(days=180))
    means = scenario.entry.mean_days
    late = episodes["site_id"].isin(means.by_site)
    for rows, mean in ((old & ~late, means.ordinary), *((old & episodes["site_id"].eq(site), mean) for site, mean in means.by_site.items())):  # fmt: skip
        error = np.sqrt(mean * (mean + 1) / rows.sum())
        assert wait[rows].mean() == pytest.approx(mean, abs=3 * error)


def test_a_child_has_about_one_and_a_third_episodes_a_year_clustered_in_time(state):
    episodes = state.episodes.sort_values(["child_id", "requested_at"])
    fiscal_year = episodes["requested_at"].dt.to_period("Q-JUN").dt.qyear
    complete = episodes[fiscal_year.isin([2024, 2025, 2026])].assign(fiscal_year=fiscal_year)
    child_years = complete[["fiscal_year", "child_id"]].drop_duplicates()
    assert len(complete) / len(child_years) == pytest.approx(1.3, abs=0.05)
    wait = episodes.groupby("child_id")["requested_at"].diff().dropna()
    assert wait.min() >= pd.Timedelta(days=4)
    assert wait.median() < pd.Timedelta(days=90)  # evenly spread over 1,200 days it would be several hundred


def test_schools_ask_most_in_term_and_use_falls_in_summer(state):
    episodes = state.episodes
    month = episodes["requested_at"].dt.month
    in_term = month.isin([1, 2, 3, 4, 9, 10, 11])
    assert episodes.loc[in_term, "referral_source"].eq("school").mean() == pytest.approx(0.40, abs=0.04)
    two_years = episodes[episodes["requested_at"].between("2024-09-01", "2026-08-31 23:59")]
    by_month = two_years["requested_at"].dt.month.value_counts()
    assert by_month[[6, 7]].mean() < 0.75 * by_month[[9, 10]].mean()  # drawn from 0.70 and 1.15: 0.61


# --- the truth comes back --------------------------------------------------------------------------------------------


def test_every_sites_true_shares_are_recovered_from_its_clean_episodes(state):
    for site in state.truth["sites"]:
        own = state.episodes[state.episodes["site_id"].eq(site["site_id"])]
        asked = own[own["recommended_mode"].isin(IN_PERSON_MODES)]
        at_once = own[own["response_mode"].eq("mobile")]
        in_time = (at_once["arrived_at"] - at_once["requested_at"]) <= pd.Timedelta(minutes=60)
        for happened, true_share in (
            (asked["response_mode"].isin(IN_PERSON_MODES), site["in_person_share"]),
            (in_time, site["within_threshold_share"]),
        ):
            interval = binomtest(int(happened.sum()), len(happened)).proportion_ci(CERTAIN)
            assert interval.low <= true_share <= interval.high, site["site_id"]


def test_the_states_true_in_person_share_and_endings_are_recovered(state):
    asked = state.episodes[state.episodes["recommended_mode"].isin(IN_PERSON_MODES)]
    seen = asked["response_mode"].isin(IN_PERSON_MODES)
    assert seen.mean() == pytest.approx(state.truth["in_person_share"], abs=0.012)  # 3.3 x sqrt(0.89 x 0.11 / 7,500)
    known = state.episodes["disposition"].dropna()
    assert sum(state.truth["dispositions"].values()) == pytest.approx(1, abs=1e-5)
    for code, true_share in state.truth["dispositions"].items():
        interval = binomtest(int(known.eq(code).sum()), len(known)).proportion_ci(CERTAIN)
        assert interval.low <= true_share <= interval.high, code


def test_every_sites_true_rate_is_recovered_within_its_months_shocks(state, scenario):
    in_care = count_children_in_care(state.site_counties, state.population, scenario).pipe(add_expected, scenario)
    by_site_month = in_care.groupby(["site_id", in_care["day"].dt.to_period("M")])["expected"].sum()
    for site in state.truth["sites"]:
        months = by_site_month[site["site_id"]]
        # Negative binomial months of mean m and size 25: variance m + m^2/25.
        sd = np.sqrt((months + months**2 / 25).sum())
        requests = site["episodes"] + sum(site["lost"].values())
        assert abs(requests - site["expected_requests"]) < 3.3 * sd, site["site_id"]
        assert site["rate_per_1000"] == pytest.approx(1000 * months.sum() / site["child_years"], rel=1e-5)


def test_a_site_expects_its_ratio_of_the_requests_that_it_would_have_at_one(scenario):
    ordinary = tuple(site.model_copy(update={"rate_ratio": 1.0}) for site in scenario.sites)
    low, usual = make_state(scenario).truth, make_state(scenario.model_copy(update={"sites": ordinary})).truth
    expected = {site["site_id"]: site["expected_requests"] for site in usual["sites"]}
    for site in low["sites"]:
        assert site["expected_requests"] == pytest.approx(site["rate_ratio"] * expected[site["site_id"]], rel=1e-6)


def test_the_states_rate_lies_in_the_range_of_published_services(state):
    episodes = sum(site["episodes"] for site in state.truth["sites"])
    child_years = sum(site["child_years"] for site in state.truth["sites"])
    assert 4 <= 1000 * episodes / child_years <= 7


def holds(happened, true_share):
    interval = binomtest(int(happened.sum()), len(happened)).proportion_ci(CERTAIN)
    return interval.low <= true_share <= interval.high


# --- the crisis itself, without the service and with it ----------------------------------------------------------------

COUNTED = ["started_in_ed", "ed_without", "ed_with"]


def was_reached(episodes):
    return episodes["attempt_result"].eq("contact") | episodes["response_mode"].isin(["telehealth", "phone"])


def test_the_true_counts_add_up_over_referral_sources_sites_and_children(state):
    truth, outcomes = state.truth["index_crisis"], state.outcomes
    assert outcomes["episode_id"].tolist() == state.episodes["episode_id"].tolist()
    assert [truth[name] for name in COUNTED] == outcomes[COUNTED].sum().tolist()
    for parts in (truth["by_referral_source"].values(), truth["by_site"].values()):
        for name in ("episodes", *COUNTED, "difference"):
            assert sum(part[name] for part in parts) == truth[name]
        assert all(part["difference"] == part["ed_without"] - part["ed_with"] for part in parts)
    children = make_children(outcomes)
    assert len(children) == state.truth["children"]
    totals = children[["episodes", "ed_without", "ed_with"]].sum().tolist()
    assert totals == [truth[name] for name in ("episodes", "ed_without", "ed_with")]


def test_the_services_effect_is_of_a_believable_size(state):
    truth = state.truth["index_crisis"]
    assert 0.10 < truth["difference"] / truth["episodes"] < 0.25  # of 100 crises, 10 to 25 ED visits fewer


def test_without_an_effect_the_two_outcomes_are_equal_in_every_episode(state, no_effect):
    assert no_effect.outcomes["ed_with"].equals(no_effect.outcomes["ed_without"])
    truth = no_effect.truth["index_crisis"]
    parts = [truth, *truth["by_referral_source"].values(), *truth["by_site"].values()]
    assert {part["difference"] for part in parts} == {0}
    assert truth["ed_with"] > truth["started_in_ed"] > 0


def test_without_an_effect_the_records_look_as_good_as_ever_but_for_the_callers_answers(state, no_effect):
    told = [name for name in state.episodes if name != "would_have_done"]
    assert no_effect.episodes[told].equals(state.episodes[told])


def test_a_crisis_that_began_in_the_ed_is_a_visit_without_the_service_and_with_it(state):
    episodes, outcomes = state.episodes, state.outcomes
    began = episodes["referral_source"].eq("emergency_department") | episodes["response_location"].eq(
        "emergency_department"
    )
    assert outcomes["started_in_ed"].eq(began).all()
    assert outcomes.loc[began, ["ed_without", "ed_with"]].all(axis=None)


def test_dispositions_agree_with_what_came_of_the_crisis(state, scenario):
    ended, ed_with = state.episodes["disposition"], state.outcomes["ed_with"]
    elsewhere = ~state.outcomes["started_in_ed"]
    assert ed_with[ended.eq("emergency_department")].all()
    assert not ed_with[elsewhere & ended.notna() & ~ended.isin(["emergency_department", "inpatient"])].any()
    assert holds(ed_with[elsewhere & ended.eq("inpatient")], scenario.index_crisis.through_ed)


def test_where_nobody_was_reached_the_service_changed_nothing(state):
    unreached = state.outcomes[~was_reached(state.episodes)]
    assert unreached["ed_with"].equals(unreached["ed_without"])
    assert unreached["ed_with"].any()


def test_some_visits_happen_only_because_of_the_team(state, scenario):
    outcomes = state.outcomes[was_reached(state.episodes) & ~state.outcomes["started_in_ed"]]
    assert holds(~outcomes.loc[outcomes["ed_with"], "ed_without"], scenario.index_crisis.sent_only_by_team)


def test_callers_overstate_as_the_scenario_says(state, scenario):
    asked = state.episodes["would_have_done"].notna()
    says_ed, would = state.episodes["would_have_done"].eq("emergency_department"), state.outcomes["ed_without"]
    assert scenario.answers.says_ed_and_would == 0.85
    assert scenario.answers.says_ed_and_would_not == 0.20
    assert holds(says_ed[asked & would], 0.85)
    assert holds(says_ed[asked & ~would], 0.20)
    # 0.85 of the 34 in 100 who would have gone and 0.20 of the other 66: 42 in 100 say so.
    assert says_ed[asked].mean() > would[asked].mean()


def test_two_sites_never_ask_and_families_are_asked_more_often_than_schools_and_the_police(state):
    asked = state.episodes["would_have_done"].notna()
    by_site = asked.groupby(state.episodes["site_id"]).mean()
    assert by_site.index[by_site.eq(0)].tolist() == ["site-08", "site-11"]
    assert 0.65 <= asked.mean() <= 0.75
    by_source = asked.groupby(state.episodes["referral_source"]).mean()
    assert by_source["family"] > by_source["school"] > by_source["police"] > 0


# --- where children live ---------------------------------------------------------------------------------------------


def test_stabilization_lasts_at_most_eight_weeks_and_outlasts_the_visit(state):
    closed = state.episodes.dropna(subset=["discharged_on"])
    days = (closed["discharged_on"] - closed["requested_at"].dt.normalize()).dt.days
    assert days.max() == CLOCKS_RUN_ON_DAYS == 56
    assert (closed["discharged_on"] > closed["departed_at"]).all()
    assert closed["attempt_result"].eq("contact").all()
    assert closed["discharged_on"].max() <= pd.Timestamp("2026-10-31")


def test_three_in_five_of_those_met_are_stabilized_and_the_last_are_still_open(state):
    met = state.episodes[state.episodes["attempt_result"].eq("contact")]
    settled = met["requested_at"] < pd.Timestamp("2026-10-31") - pd.Timedelta(days=CLOCKS_RUN_ON_DAYS)
    assert holds(met.loc[settled, "discharged_on"].notna(), 0.60)
    assert met.loc[~settled, "discharged_on"].notna().mean() < 0.40  # most of the last eight weeks are open


def test_a_lost_child_has_a_reason_and_a_true_setting_but_no_recorded_one(state):
    episodes, lived = state.episodes, state.outcomes["lived_at_discharge"]
    closed, lost = episodes["discharged_on"].notna(), episodes["discharge_reason"].eq("lost")
    assert closed.eq(episodes["discharge_reason"].notna()).all()
    assert closed.eq(lived.notna()).all()
    assert episodes["living_at_discharge"].notna().eq(closed & ~lost).all()
    recorded = episodes["living_at_discharge"].dropna()
    assert recorded.equals(lived[recorded.index])
    assert holds(lost[closed], 0.12)


def test_the_true_settings_add_up_and_the_lost_fared_worse_than_the_records_tell(state):
    truth = state.truth["living_at_discharge"]
    assert sum(truth["true"].values()) == truth["discharged"]
    assert sum(truth["lost"].values()) == truth["lost_to_follow_up"]
    assert truth["true"] == {code: truth["lost"][code] + truth["in_clean"][code] for code in truth["true"]}
    everyone, recorded = truth["left_home"], truth["left_home_in_clean"]
    assert everyone["numerator"] / everyone["denominator"] > recorded["numerator"] / recorded["denominator"]
    for code in ("hospital", "residential", "detention", "runaway"):
        assert 0 < truth["true"][code] / truth["discharged"] < 0.05


def test_most_children_live_with_family_and_those_seen_in_a_foster_or_group_home_live_there(state):
    start = state.episodes["living_at_start"]
    assert 0.75 < start.eq("family").mean() < 0.85
    there = start[state.episodes["response_location"].eq("foster_or_group_home")]
    assert set(there) == {"foster", "treatment_foster", "group_home"}


def test_a_child_at_home_lives_in_the_same_setting_in_every_episode(state):
    elsewhere = state.episodes["referral_source"].isin(["foster_parent", "child_welfare"]) | state.episodes[
        "response_location"
    ].isin(["foster_or_group_home", "shelter"])
    assert state.episodes[~elsewhere].groupby("child_id")["living_at_start"].nunique().max() == 1


# --- what the service costs ------------------------------------------------------------------------------------------


def test_the_committed_costs_are_those_that_the_program_writes(scenario, tmp_path):
    write_program(scenario, tmp_path / "program.csv")
    committed = ROOT / "params" / "demo" / "program.csv"
    assert committed.read_bytes() == (tmp_path / "program.csv").read_bytes()


def test_every_site_has_costs_from_the_month_of_its_opening_to_that_of_its_closing(state, scenario):
    costs = make_program(scenario)
    assert list(costs) == [
        "site_id", "month", "capacity_usd", "start_up_usd", "call_center_usd", "variable_usd_per_response", "source", "note",
    ]  # fmt: skip
    assert not costs.duplicated(["site_id", "month"]).any()
    for site in state.sites.itertuples():
        last = "2026-10" if pd.isna(site.closed_on) else f"{site.closed_on:%Y-%m}"
        months = costs.loc[costs["site_id"].eq(site.site_id), "month"].tolist()
        assert months == pd.period_range(f"{site.opened_on:%Y-%m}", last, freq="M").astype(str).tolist()


def test_a_team_costs_a_sixth_of_the_published_contract_and_larger_sites_have_more(scenario):
    july = make_program(scenario).query("month == '2026-07'").set_index("site_id")
    # $4,937,943 over 18 months is $274,330 a month; six teams: $45,722 each.
    assert july.loc["site-12", "capacity_usd"] == 45_722  # 17,617 children: 0.59 of 30,000, rounded up to one team
    assert july.loc["site-15", "capacity_usd"] == 22_861  # 504 children: half a team
    assert july.loc["site-01", "capacity_usd"] == 182_887  # 108,015 children: 3.6 of 30,000, four teams
    assert july["source"].str.startswith("made up; order of magnitude from San Mateo County").all()


def test_start_up_stands_in_the_first_month_and_the_call_center_is_shared_out_whole(scenario):
    costs = make_program(scenario)
    first = ~costs["site_id"].duplicated()
    assert costs["start_up_usd"].gt(0).eq(first).all()
    assert costs.groupby("month")["call_center_usd"].sum().eq(60_000).all()


# --- the raw files ---------------------------------------------------------------------------------------------------

USUAL_RESPONSES = {"Face to face", "Face to face later", "Video", "Phone only", "No response"}
SELDOM_REFERRERS = {"Parent", "School staff", "Law enforcement", "988 line"}
RAW_CLOCKS = ("Call Received", "Team Dispatched", "Arrived", "First Contact", "Team Left")


def count_dirt_in_files(rows):
    once = {tuple(row.items()): row for row in rows}.values()
    by_content = {}
    for row in once:
        content = tuple(value for header, value in row.items() if header != "Episode No")
        by_content.setdefault(content, []).append(row)
    copied = [same[0] for same in by_content.values() for _ in same[1:]]
    clocks = [sum(bool(row[clock]) for clock in RAW_CLOCKS) for row in copied]

    def is_midnight(text):
        return text.endswith("00:00")

    def arrived_early(row):
        sent, came = row["Team Dispatched"], row["Arrived"]
        return bool(sent and came) and not is_midnight(came) and at(came) < at(sent)

    return {
        "case_and_space": sum(row["Response"] not in USUAL_RESPONSES for row in once),
        "other_wording": sum(row["Referred By"] in SELDOM_REFERRERS for row in once),
        "unmapped_code": sum(row["Outcome"] == "See narrative" for row in once),
        "midnight_request": sum(is_midnight(row["Call Received"]) for row in once),
        "midnight_arrival": sum(is_midnight(row["Arrived"]) for row in once),
        "arrived_before_dispatch": sum(arrived_early(row) for row in once),
        "departed_wrong_decade": sum(bool(row["Team Left"]) and at(row["Team Left"]).year < 2020 for row in once),
        "exact_copy": sum(number >= 3 for number in clocks),
        "near_copy": sum(number < 3 for number in clocks),
        "repeated_row": len(rows) - len(once),
        "adult": sum(row["Age"] in ("34", "45") for row in once),
        "no_site": sum(row["Site"] == "" for row in once),
        "missing_as_na": sum(row["Age"] == "NA" for row in once),
        "missing_as_empty": sum(row["Age"] == "" for row in once),
        "missing_as_unknown": sum(row["Age"] == "unknown" for row in once),
    }


def test_the_truth_counts_exactly_the_dirt_that_lies_in_the_files(state, rows, tmp_path):
    dirt = write_raw(state, tmp_path / "demo")
    write_truth(state, dirt, tmp_path / "truth" / "summary.json")
    truth = yaml.safe_load((tmp_path / "truth" / "summary.json").read_text(encoding="utf-8"))
    assert truth["dirt"] == count_dirt_in_files(rows)
    assert all(truth["dirt"].values())
    assert set(truth["dirt"]) == set(KINDS)


def test_the_files_hold_every_clean_episode_and_nothing_but_the_counted_rows_beside(state, rows):
    dirt = count_dirt_in_files(rows)
    beside = dirt["exact_copy"] + dirt["near_copy"] + dirt["repeated_row"] + dirt["adult"]
    assert len(rows) == len(state.episodes) + beside
    assert set(state.episodes["episode_id"]) <= {row["Episode No"] for row in rows}


def test_rows_without_dirt_say_what_the_clean_episodes_say(state, rows):
    clean = state.episodes.set_index("episode_id")
    arrivals = clean["arrived_at"].dt.strftime("%m/%d/%Y %H:%M").fillna("")
    off = [row for row in rows if row["Arrived"] != arrivals.get(row["Episode No"])]
    # 25 bare dates, 14 changed places with the dispatch; copies (12 + 8) and adults (10) have ids of their own.
    assert len(off) == 25 + 14 + 12 + 8 + 10


def test_each_fiscal_year_has_a_file_in_its_own_format(folder):
    names = [path.name for path in sorted(folder.iterdir())]
    assert names == [
        "calls.csv", "contacts.csv",
        "episodes_SFY2023.csv", "episodes_SFY2024.csv", "episodes_SFY2025.csv", "episodes_SFY2026.csv.gz", "episodes_SFY2027.xlsx",
        "outreach.xlsx", "population.csv", "readiness.csv", "referrals.csv", "satisfaction.csv", "scales.csv",
        "site_counties.csv", "site_hours.csv", "sites.csv", "staff.csv", "staffing.csv", "training.csv",
    ]  # fmt: skip
    with pytest.raises(UnicodeDecodeError):
        (folder / "episodes_SFY2025.csv").read_bytes().decode("utf-8")
    assert "Piñon" in (folder / "episodes_SFY2025.csv").read_bytes().decode("cp1252")
    for year, file in zip((2023, 2024, 2025, 2026, 2027), sorted(folder.glob("episodes_*")), strict=True):
        days = [at(row["Call Received"]).date() for row in read_rows(file)]
        assert date(year - 1, 7, 1) <= min(days)
        assert max(days) <= date(year, 6, 30)


def test_the_workbooks_clocks_are_date_cells(folder):
    page = openpyxl.load_workbook(folder / "episodes_SFY2027.xlsx")["Episodes"]
    header, *lines = page.iter_rows(values_only=True)
    requests = [line[header.index("Call Received")] for line in lines]
    assert all(isinstance(request, datetime) for request in requests)
    assert all(request.second == 0 and request.microsecond == 0 for request in requests)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(scenario, folder, tmp_path):
    for name, seed in (("same", scenario.seed), ("other", scenario.seed + 1)):
        write_raw(make_state(read_scenario("base", seed=seed)), tmp_path / name)
    for file in folder.iterdir():
        assert (tmp_path / "same" / file.name).read_bytes() == file.read_bytes(), file.name
    for file in folder.glob("episodes_*"):
        assert (tmp_path / "other" / file.name).read_bytes() != file.read_bytes(), file.name


def test_source_maps_every_header_but_one_and_every_word_but_one(rows):
    source = yaml.safe_load((ROOT / "params" / "demo" / "source.yml").read_text(encoding="utf-8"))
    episodes = source["tables"]["episodes"]
    listed, words = set(episodes["ignored"]), {}
    for field in episodes["columns"].values():
        headers = field["from"] if isinstance(field["from"], list) else [field["from"]]
        listed |= set(headers)
        codes = field.get("codes", {})
        codes = source["code_lists"][codes] if isinstance(codes, str) else codes
        for header in headers if codes else []:
            words.setdefault(header, set()).update(word.casefold() for said in codes.values() for word in said)
    assert set(rows[0]) - listed == {"Vehicle"}
    missing = {word.casefold() for word in source["missing"]}
    said = {(header, " ".join(row[header].split()).casefold()) for row in rows for header in words}
    assert {(header, word) for header, word in said if word not in words[header] | missing} == {
        ("Outcome", "see narrative")
    }


def test_a_folder_with_someone_elses_file_is_left_alone(state, tmp_path):
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "our_extract.csv").write_text("kept", encoding="utf-8")
    with pytest.raises(RawFolderError, match=r"our_extract\.csv, which the made-up state does not write"):
        write_raw(state, tmp_path / "demo")
    assert [path.name for path in tmp_path.rglob("*.*")] == ["our_extract.csv"]


def test_more_dirt_than_rows_can_have_is_refused(state, tmp_path):
    greedy = replace(state, scenario=state.scenario.model_copy(update={"dirt": {"unmapped_code": 10**6}}))
    with pytest.raises(
        ParamsError, match="rows of the made-up state can have unmapped_code, and 1000000 are asked for"
    ):
        write_raw(greedy, tmp_path / "demo")


def test_a_kind_of_dirt_that_nobody_knows_is_refused(state, tmp_path):
    misspelt = replace(state, scenario=state.scenario.model_copy(update={"dirt": {"adlut": 1}}))
    with pytest.raises(ParamsError, match=r'"adlut" is not a kind \(did you mean "adult"\?\)'):
        write_raw(misspelt, tmp_path / "demo")


def test_the_command_writes_the_files_and_the_truth_and_leaves_no_part_behind(tmp_path):
    assert main(["--scenario", "small_state"], root=tmp_path) == 0
    assert main(["--scenario", "small_state"], root=tmp_path) == 0  # again, over its own files
    written = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert len(written) == 19 + 12 + 4  # raw files of the service, those of the other agencies, and the truth of both
    assert [name.removeprefix("data/truth/demo/small_state/") for name in written[-4:]] == [
        "children.parquet", "dispatch/children.parquet", "dispatch/summary.json", "summary.json",
    ]  # fmt: skip
    assert not list(tmp_path.rglob(".*"))


def test_the_command_writes_the_costs_and_nothing_else(tmp_path):
    (tmp_path / "params" / "demo").mkdir(parents=True)
    assert main(["--program"], root=tmp_path) == 0
    assert [path.name for path in tmp_path.rglob("*.*")] == ["program.csv"]


def test_the_truth_of_a_state_without_effect_says_so(no_effect, tmp_path):
    write_truth(no_effect, {}, tmp_path / "summary.json")
    truth = yaml.safe_load((tmp_path / "summary.json").read_text("utf-8"))
    children = pd.read_parquet(tmp_path / "children.parquet")
    assert truth["scenario"] == "no_effect"
    assert truth["index_crisis"]["difference"] == 0
    assert len(children) == truth["children"]
    assert children["ed_with"].equals(children["ed_without"])


def test_a_scenario_changes_only_what_it_names():
    base, no_effect = read_scenario("base"), read_scenario("no_effect")
    assert no_effect == base.model_copy(update={"name": "no_effect", "effect": 0.0})


def test_the_command_names_a_scenario_that_is_not_there(tmp_path, capsys):
    assert main(["--scenario", "smal_state"], root=tmp_path) == 1
    assert 'no scenario "smal_state" (did you mean "small_state"?)' in capsys.readouterr().err


def test_five_hundred_states_can_be_made_in_minutes(scenario):
    took = []
    for seed in (1, 2, 3):
        started = time.process_time()
        make_state(read_scenario("base", seed=seed))
        took.append(time.process_time() - started)
    assert min(took) < 1  # second of the processor; about 0.4
