"""The linked study's made-up state: its truth by brute force, its tables, its files and what each scenario is for."""

import json
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import poisson

from analysis.demo.__main__ import main
from analysis.demo.linked.agencies import write_crosswalk
from analysis.demo.linked.claims import coded
from analysis.demo.linked.conditions import CONDITIONS
from analysis.demo.linked.county_months import draw_county_months, make_county_months, rollout_truth
from analysis.demo.linked.crises import DETAINED, HOSPITAL, RESIDENTIAL, draw_candidates
from analysis.demo.linked.direct import born_on, is_eligible
from analysis.demo.linked.disk import write_linked
from analysis.demo.linked.extracts import medicaid_id, write_people
from analysis.demo.linked.families import KINDS
from analysis.demo.linked.frame import date_of, make_frame
from analysis.demo.linked.outcomes import NEVER_DAY, first_days, visits_by
from analysis.demo.linked.paths import follow
from analysis.demo.linked.replicate import draw_replicate, study_pool
from analysis.demo.linked.roster import BLOCK_CHILDREN, draw_block, draw_others, known_others
from analysis.demo.linked.settings import FILE, PLACED_IN, read_linked
from analysis.demo.linked.shocks import draw_shocks
from analysis.demo.linked.spoil import Spoiler
from analysis.demo.linked.state import FOLLOWED, make_linked
from analysis.demo.linked.truth import make_potential, potential_outcomes, summarize
from analysis.demo.state import make_state
from analysis.params import ROOT, ParamsError
from analysis.tables import TABLES

SCENARIOS = (
    "default", "null", "confounded", "unmeasured", "immortal_time", "regression_to_the_mean", "informative_disenrollment",
    "heterogeneous_rollout", "small_state",
)  # fmt: skip
# Fendrich et al. 2019, Psychiatric Services 70:881, abstract: any later BH-ED visit, and their number.
ODDS_RATIO, RATE_RATIO = 0.75, 0.78


@pytest.fixture(scope="module")
def small():
    return make_linked(read_linked("small_state"))


@pytest.fixture(scope="module")
def state():
    return make_linked(read_linked("default"))


@pytest.fixture(scope="module")
def potential(small):
    return make_potential(small)


# --- scenarios -------------------------------------------------------------------------------------------------------


def test_every_scenario_is_read_and_changes_only_what_it_names():
    content = yaml.safe_load((ROOT / FILE).read_text(encoding="utf-8"))
    assert tuple(content["scenarios"]) == SCENARIOS
    default = read_linked("default").model_dump()
    for name in SCENARIOS[1:]:
        changed = content["scenarios"][name]
        named = set(changed) | set(content["scenarios"].get(changed.get("as_in"), {})) - {"as_in"}
        other = read_linked(name).model_dump()
        assert {part for part in default if default[part] != other[part]} <= named | {"name"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("as_in: nul", 'there is no scenario "nul" (did you mean "null"?)'),
        ("visist: {}", '"visist" is not a key used here (did you mean "visits"?)'),
        ("ends_in_ed: 2", "ends_in_ed: input should be less than or equal to 1, found 2"),
    ],
)
def test_a_fault_in_a_scenario_is_one_sentence(tmp_path, line, said):
    text = (ROOT / FILE).read_text(encoding="utf-8")
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_text(text.replace("  default: {seed: 2027}", f"  default: {{seed: 2027, {line}}}"), encoding="utf-8")
    with pytest.raises(ParamsError) as error:
        read_linked("default", root=tmp_path)
    assert said in str(error.value)


# --- who is in it ----------------------------------------------------------------------------------------------------


def test_mobile_first_children_are_those_of_the_dispatch_records_on_their_day(small):
    episodes = make_state(small.linked.dispatch_scenario()).episodes
    on = episodes["dispatched_at"].fillna(episodes["requested_at"]).dt.normalize()
    met = set(zip(episodes["child_id"], on, strict=True))
    mobile = small.index.mobile
    day = pd.Timestamp(small.linked.first_day) + pd.to_timedelta(small.index.crises.day, unit="D")
    assert mobile.sum() > 100
    assert all(pair in met for pair in zip(small.child_id[mobile], day[mobile], strict=True))
    assert not set(small.child_id[~mobile]) & set(episodes["child_id"])
    assert len(set(small.child_id)) == len(small.child_id)
    insured = episodes.groupby("child_id")["insurance"].first()
    assert insured[small.child_id[mobile]].eq("medicaid").all()


def test_an_ed_sees_no_crisis_that_is_social_alone(state):
    social = np.array(KINDS)[state.index.crises.family] == "social"
    assert social[state.index.mobile].mean() > 0.1
    assert not social[~state.index.mobile].any()


def test_nobody_has_an_earlier_visit_that_would_have_been_the_crisis_of_the_study(state):
    crises, days = state.index.crises, state.linked.visits.washout_days
    child, ago = crises.past["child"], crises.past["days_before"]
    visit = (crises.past["kind"] == 0) & state.index.live[child]
    live = crises.live_from[child] + 30
    assert not (visit & ((ago <= days) | (crises.day[child] - ago >= live))).any()


def test_the_chance_of_a_mobile_response_is_that_with_which_one_came(state):
    inside = state.index.live & state.index.band
    odds, mobile = state.index.log_odds[inside], state.index.mobile[inside]
    chance = 1 / (1 + np.exp(-odds))
    for low, high in ((0.0, 0.25), (0.25, 0.4), (0.4, 1.0)):
        own = (chance >= low) & (chance < high)
        error = np.sqrt(chance[own].mean() * (1 - chance[own].mean()) / own.sum())
        # Cells of a county and month have expected counts in place of their own: 0.03 beside four standard errors.
        assert mobile[own].mean() == pytest.approx(chance[own].mean(), abs=4 * error + 0.03)


# --- the truth by brute force ----------------------------------------------------------------------------------------


def brute_force(paths, child, horizon):
    """One child's outcomes in one arm from its events, one by one."""
    visits = [
        day
        for who, day, tier, index in zip(*(paths.visits[n] for n in ("child", "day", "tier", "index")), strict=True)
        if who == child and tier <= 1 and not index
    ]
    nights = set()
    for spans in (paths.stays, paths.placements, paths.detentions):
        for who, start, to in zip(spans["child"], spans["from"], spans["to"], strict=True):
            if who == child:
                nights |= set(range(max(start, 0), min(to, horizon)))
    for who, start, to in zip(paths.visits["child"], paths.visits["day"], paths.visits["to"], strict=True):
        if who == child:
            nights |= set(range(start, min(to, horizon)))
    usd = sum(
        usd
        for who, day, usd in zip(*(paths.bills[n] for n in ("child", "day", "usd")), strict=True)
        if who == child and day < horizon
    )
    removed = [
        out
        for who, out, hold in zip(*(paths.placements[n] for n in ("child", "removed", "hold")), strict=True)
        if who == child and not hold and 0 <= out <= horizon
    ]
    return {
        "any_bh_ed": any(day <= horizon for day in visits),
        "bh_ed_visits": sum(day <= horizon for day in visits),
        "nights_away": len(nights),
        "any_placement": bool(removed),
        "cost_usd": usd,
    }


@pytest.mark.parametrize("mobile", [True, False])
def test_potential_outcomes_are_those_counted_event_by_event(small, mobile):
    paths = small.in_arm(mobile)
    outcomes = potential_outcomes(paths)
    busy = np.bincount(paths.stays["child"], minlength=paths.size) + np.bincount(paths.placements["child"], minlength=paths.size)  # fmt: skip
    for child in np.argsort(-busy, kind="stable")[:12].tolist() + list(range(0, paths.size, 160)):
        for horizon in (30, 180, 548):
            for name, value in brute_force(paths, child, horizon).items():
                assert outcomes[f"{name}_{horizon}"][child] == pytest.approx(value, abs=0.011), (child, horizon, name)


def test_estimands_are_weighted_means_over_the_children(potential):
    said = summarize(potential)
    children = [row for row in potential.to_dict("records") if row["in_study"]]
    assert 0.5 * len(potential) < len(children) < len(potential)
    treated = [row for row in children if row["mobile_first"]]
    with_team = sum(row["any_bh_ed_180_mobile_first"] for row in treated) / len(treated)
    without = sum(row["any_bh_ed_180_ed_first"] for row in treated) / len(treated)
    risk = said["att"]["180"]["any_bh_ed"]
    assert (risk["mobile_first"], risk["ed_first"]) == (round(with_team, 6), round(without, 6))
    assert risk["odds_ratio"] == pytest.approx(with_team / (1 - with_team) / (without / (1 - without)), abs=1e-6)
    weighted = total = 0.0
    for row in children:
        weight = row["chance_of_mobile"] * (1 - row["chance_of_mobile"])
        weighted += weight * (row["cost_usd_548_mobile_first"] - row["cost_usd_548_ed_first"])
        total += weight
    assert said["ato"]["548"]["cost_usd"]["difference"] == pytest.approx(weighted / total, abs=1e-6)


def test_the_truth_is_that_of_the_children_whom_the_study_takes(small, potential):
    cohort, _, _ = small.derived
    taken = cohort.loc[cohort["in_common_band"], "child_id"]
    assert sorted(potential.loc[potential["in_study"], "child_id"]) == sorted(taken)


def test_no_stay_reaches_the_crisis_and_none_is_cut_short_by_it():
    """Stays under way at the crisis are left out, not cut: else the days before it would hold most of their ends."""
    linked = read_linked("default")
    crises = draw_candidates(make_frame(linked), linked, np.arange(2_000).repeat(20), np.random.default_rng(31))
    past = crises.past
    for kind in (HOSPITAL, RESIDENTIAL, DETAINED):
        ended = (past["days_before"] - past["nights"])[past["kind"] == kind]
        assert ended.min() >= 3
        # Ends are spread as begins are: no day of the first month holds more than chance gives a tenth of them.
        month = ended[ended < 33]
        assert len(month) > 50
        assert np.bincount(month).max() <= poisson.ppf(0.9999, len(month) / 30)


def test_what_happened_is_the_potential_outcome_of_the_arm_that_a_child_had(small):
    for mobile in (True, False):
        own, real = first_days(small.in_arm(mobile))["bh_ed"], first_days(small.paths)["bh_ed"]
        had = small.index.mobile == mobile
        assert (own[had] == real[had]).all()


def test_under_null_nothing_differs_for_any_child_in_any_outcome():
    null = make_linked(read_linked("null"))
    potential = make_potential(null)
    names = [name.removesuffix("_ed_first") for name in potential if name.endswith("_ed_first")]
    assert len(names) > 70
    for name in names:
        assert potential[f"{name}_mobile_first"].equals(potential[f"{name}_ed_first"]), name
    for estimand in summarize(potential).values():
        assert all(value["difference"] == 0 for horizon in estimand.values() for value in horizon.values())
    assert all(part["difference"] == 0 for part in rollout_truth(null.linked).values())


def test_a_team_only_takes_visits_away_where_the_rate_is_lower(small):
    """Later visits of the mobile-first arm are among those of the ED-first arm, but for what a stay kept from happening."""
    both = [
        {(c, d) for c, d in zip(paths.visits["child"], paths.visits["day"], strict=True) if d > 0}
        for paths in (small.in_arm(True), small.in_arm(False))
    ]
    assert len(both[0]) < len(both[1])
    assert len(both[0] - both[1]) < 0.05 * len(both[0])


def test_the_effect_of_the_rollout_grows_with_the_months_of_service_where_the_scenario_says_so():
    truth = rollout_truth(read_linked("heterogeneous_rollout"))
    assert truth["0-5"]["ratio"] > truth["6-11"]["ratio"] > truth["12-17"]["ratio"]
    assert truth["all"]["difference"] < 0


# --- the clean tables ------------------------------------------------------------------------------------------------


def test_clean_tables_have_the_contracts_columns_and_keys(small):
    for name in ("claims", "enrollment", "placements", "detentions"):
        table, contract = small.tables[name], TABLES[name]
        assert list(table) == contract.names
        assert not table.duplicated(list(contract.key)).any(), name
        for column in contract.columns:
            if column.required:
                assert table[column.name].notna().all(), (name, column.name)
            if column.kind == "code":
                assert set(table[column.name].dropna()) <= set(column.codes)


def test_ed_claims_merged_by_hand_are_the_true_visits(small):
    claims = small.tables["claims"]
    ed = claims[claims["revenue_code"].eq("0450") | claims["place_of_service"].eq("23")]
    plain = ed["diagnosis_1"].isin([one.code for one in CONDITIONS.values()])
    ed = ed[~plain].sort_values(["child_id", "service_from_on"]).drop_duplicates(["child_id", "service_from_on"])
    crises, linked = small.index.crises, small.linked
    place = pd.Series(range(len(small.child_id)), index=small.child_id)
    ed = ed[ed["child_id"].isin(small.child_id[small.inside])]
    day = (ed["service_from_on"] - pd.Timestamp(linked.first_day)).dt.days.to_numpy()
    child = place[ed["child_id"]].to_numpy()
    after = day >= crises.day[child]
    billed = set(zip(child[after], (day - crises.day[child])[after], strict=True))
    visits = small.paths.visits
    own = small.inside[visits["child"]]
    true = set(zip(visits["child"][own], visits["day"][own], strict=True))
    assert billed <= true
    # Not billed: months without Medicaid and visits after the last day of claims.
    for who, on in true - billed:
        at = crises.day[who] + on
        month = np.searchsorted(np.flatnonzero(small.enrolled[who]), 0)
        assert at > linked.last_day or not covered(small, who, at), (who, on, month)


def covered(state, child, day):
    month = pd.Timestamp(state.linked.first_day) + pd.Timedelta(days=int(day))
    number = (month.year - state.linked.first_day.year) * 12 + month.month - state.linked.first_day.month
    return state.enrolled[child, number]


def test_lines_of_a_childs_claims_add_up_to_its_bills(small):
    people, crises = small.people, small.index.crises
    bills = small.paths.bills
    placed = bills["part"] == 5
    due = np.bincount(bills["child"][~placed], bills["usd"][~placed], len(crises))
    lines = people.lines
    own = (lines["child"] < len(crises)) & (lines["from"] >= crises.day[np.minimum(lines["child"], len(crises) - 1)])
    paid = np.bincount(lines["child"][own], lines["cents"][own] / 100, len(crises))
    untouched = np.flatnonzero(small.inside)  # visits of the others may have been passed on
    assert paid[untouched] == pytest.approx(due[untouched], abs=0.02)


def test_placed_children_never_lapse_and_everyone_is_on_medicaid_in_the_month_of_the_crisis(small):
    enrollment, placements = small.tables["enrollment"], small.tables["placements"]
    months = set(zip(enrollment["child_id"], enrollment["month_on"], strict=True))
    day = pd.Timestamp(small.linked.first_day) + pd.to_timedelta(small.index.crises.day, unit="D")
    first = day.to_period("M").to_timestamp()
    assert all(pair in months for pair in zip(small.child_id, first, strict=True))
    inside = set(small.child_id[small.inside])
    short = placements["to_on"] - placements["removed_on"] <= pd.Timedelta(
        days=2
    )  # a hold does not keep a child on Medicaid
    held = placements[placements["child_id"].isin(inside) & ~short]
    for row in held.itertuples():
        if row.from_on >= day[list(small.child_id).index(row.child_id)]:
            assert (row.child_id, row.from_on.to_period("M").to_timestamp()) in months


def test_a_child_whom_the_study_takes_is_taken_by_its_own_crisis_alone(small):
    """No child outside the study has a behavioral ED claim that would bring it in: in a covered county, long enough enrolled."""
    claims, enrollment = small.tables["claims"], small.tables["enrollment"]
    ed = claims[claims["revenue_code"].eq("0450") & claims["diagnosis_1"].str.match("F|R45")]
    ed = ed[~ed["child_id"].isin(small.child_id[small.inside])]
    county = enrollment.groupby("child_id")["county_fips"].first()
    number = {fips: place for place, fips in enumerate(small.frame.counties)}
    day = (ed["service_from_on"] - pd.Timestamp(small.linked.first_day)).dt.days.to_numpy()
    live = day - small.frame.live_since[np.array([number[county[child]] for child in ed["child_id"]]), day] >= 30
    months = {child: set(own["month_on"]) for child, own in enrollment.groupby("child_id")}
    last = pd.Timestamp("2026-03-31")
    for child, on in zip(ed["child_id"][live], ed["service_from_on"][live], strict=True):
        assert on > last or (on - since_when(months[child], on)).days < 180, (child, on)


def since_when(months, on):
    """The first day of the span that holds `on`: back over enrolled months and gaps of one month."""
    month = first = on.to_period("M").to_timestamp()
    while {month - pd.DateOffset(months=1), month - pd.DateOffset(months=2)} & months:
        month -= pd.DateOffset(months=1)
        first = month if month in months else first
    return first


def test_negative_controls_are_fifteen_kinds_or_more_and_no_service_links_to_any(small):
    assert len(CONDITIONS) >= 15
    assert not any(word in name for name in CONDITIONS for word in ("well", "vision", "dental", "tooth"))
    used = set(small.paths.plain["condition"][small.paths.plain["condition"] >= 0])
    assert len(used) == len(CONDITIONS)
    for one, other in zip(small.in_arm(True).plain.values(), small.in_arm(False).plain.values(), strict=True):
        assert (one == other).all()


# --- replicates ------------------------------------------------------------------------------------------------------


def test_a_replicate_is_the_same_for_its_seed_and_another_for_another():
    linked = read_linked("small_state")
    first, again, other = (draw_replicate(linked, seed, children=200) for seed in (1, 1, 2))
    for one, same in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(one, same)
    assert not first[0].equals(other[0])
    counties = [draw_county_months(linked, seed) for seed in (1, 1, 2)]
    pd.testing.assert_frame_equal(counties[0], counties[1])
    assert not counties[0].equals(counties[2])


def test_a_replicate_has_a_row_a_child_and_months_as_long_as_it_was_watched():
    cohort, follow_up, months = draw_replicate(read_linked("default"), 3, children=1500)
    assert len(cohort) == len(follow_up) == 1500
    assert cohort["child_id"].tolist() == follow_up["child_id"].tolist()
    watched = months.groupby("child_id")["watched_days"].sum()
    assert (watched.to_numpy() == np.minimum(follow_up["followed_days"] + 1, 548)).all()
    parts = ["inpatient", "residential", "boarding", "placement", "detention", "hold"]
    assert months["nights_away"].eq(sum(months[f"{part}_nights"] for part in parts)).all()
    assert (months["nights_away"] <= months["watched_days"]).all()
    dollars = [name for name in months if name.endswith("_cost_usd")]
    assert months["cost_usd"].to_numpy() == pytest.approx(months[dollars].sum(axis=1).to_numpy(), abs=0.01)
    for name in ("cohort", "follow_up", "follow_up_months", "county_months"):
        if name in TABLES:
            drawn = {"cohort": cohort, "follow_up": follow_up, "follow_up_months": months}
            assert list(drawn.get(name, draw_county_months(read_linked("default"), 1))) == TABLES[name].names


def test_three_thousand_children_are_drawn_in_less_than_half_a_second():
    linked = read_linked("default")
    draw_replicate(linked, 0)
    took = []
    for seed in (1, 2, 3):
        started = time.process_time()
        draw_replicate(linked, seed)
        took.append(time.process_time() - started)
    assert min(took) < 0.5  # second of the processor; about 0.15


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_replicates_have_the_law_of_the_raw_path(seed):
    """Means by arm of what follows from the raw state against those of replicates of the same sites, in standard errors of both."""
    linked = read_linked("default", seed=seed)
    raw = [table.assign(child_id=table["child_id"].astype(str)) for table in make_linked(linked).derived]
    drawn = draw_replicate(linked, 1, children=24_000, same_sites=True)
    share = [table["arm"].eq("mobile_first").mean() for table in (raw[0], drawn[0])]
    assert share[0] == pytest.approx(share[1], abs=4 * (0.25 / len(raw[0])) ** 0.5)
    for arm in ("mobile_first", "ed_first"):
        ours, theirs = (by_child(*tables, arm) for tables in (raw, drawn))
        for name in ours:
            error = np.hypot(ours[name].std() / len(ours) ** 0.5, theirs[name].std() / len(theirs) ** 0.5)
            assert ours[name].mean() == pytest.approx(theirs[name].mean(), abs=4.5 * error), (arm, name)


def by_child(cohort, follow_up, months, arm):
    """Of the children of one arm: some columns of the cohort, and visits, nights and dollars a watched day."""
    own = cohort[cohort["arm"].eq(arm)].set_index("child_id")
    total = months.groupby("child_id")[
        ["watched_days", "bh_ed_visits", "inpatient_nights", "nights_away", "cost_usd"]
    ].sum()
    rates = total.drop(columns="watched_days").div(total["watched_days"].mean()).reindex(own.index)
    watched = follow_up.set_index("child_id")["followed_days"].clip(upper=548).reindex(own.index)
    before = [
        "age_years",
        "prior_ed_365",
        "prior_inpatient_nights_365",
        "prior_outpatient_180",
        "months_enrolled_before",
    ]
    return own[before].assign(watched=watched, **rates)


@pytest.mark.slow
def test_the_default_scenario_has_the_published_odds_ratio_and_rate_ratio():
    """In expectation, for mobile-first children: the mean over 120,000 of them; two common arms leave little to chance."""
    linked = read_linked("default")
    frame, crises, mobile = study_pool(linked)
    band = np.array(KINDS)[crises.family] != "social"
    rng = np.random.default_rng(20190881)
    who = crises.take(rng.choice(np.flatnonzero(mobile & band), 120_000), past=False)
    shocks = draw_shocks(who, FOLLOWED, frame, linked, rng)
    risk, count = {}, {}
    for arm in (True, False):
        paths = follow(who, shocks, arm, frame, linked)
        risk[arm], count[arm] = (first_days(paths)["bh_ed"] <= 548).mean(), visits_by(paths, 548)
    odds = risk[True] / (1 - risk[True]) / (risk[False] / (1 - risk[False]))
    rate = count[True].mean() / count[False].mean()
    assert odds == pytest.approx(ODDS_RATIO, abs=0.012)
    assert rate == pytest.approx(RATE_RATIO, abs=0.012)
    assert risk[False] == pytest.approx(0.40, abs=0.02)  # about 40%: study_designs, "with a baseline risk near 40%"


# --- what each scenario is for ---------------------------------------------------------------------------------------


def naive_difference(name, seed=1, children=12_000):
    cohort, follow_up, _ = draw_replicate(read_linked(name), seed, children=children)
    watched = follow_up["followed_days"].ge(180)
    seen = follow_up["first_bh_ed_day"].le(180).fillna(False)
    mobile = cohort["arm"].eq("mobile_first") & cohort["in_common_band"]
    ed = cohort["arm"].eq("ed_first")
    return seen[watched & mobile].mean() - seen[watched & ed].mean()


@pytest.mark.slow
def test_confounding_by_what_is_on_record_makes_the_naive_difference_larger_than_the_true_one():
    truth = summarize(make_potential(make_linked(read_linked("confounded"))))["att"]["180"]["any_bh_ed"]["difference"]
    assert naive_difference("confounded") < truth - 0.02


@pytest.mark.slow
def test_severity_that_no_record_holds_sets_the_arms_apart_in_one_scenario_only():
    gap = {}
    for name in ("default", "unmeasured"):
        _, crises, mobile = study_pool(read_linked(name))
        band = np.array(KINDS)[crises.family] != "social"
        # Within one family and without a stay in the year before: what is left is not on record.
        alike = band & (crises.prior["stay_365"] == 0) & (crises.family == 0)
        gap[name] = crises.severity[alike & mobile].mean() - crises.severity[alike & ~mobile].mean()
    assert abs(gap["default"]) < 0.06
    assert gap["unmeasured"] < -0.3


@pytest.mark.slow
def test_who_was_stabilized_seems_to_do_better_where_nothing_has_an_effect():
    linked = read_linked("immortal_time")
    frame, crises, _ = study_pool(linked)
    rng = np.random.default_rng(5)
    who = crises.take(rng.integers(0, len(crises), 20_000), past=False)
    paths = follow(who, draw_shocks(who, FOLLOWED, frame, linked, rng), True, frame, linked)
    served = np.bincount(paths.stabilization["child"], minlength=paths.size) > 0
    seen = first_days(paths)["bh_ed"] <= 90
    assert seen[served].mean() < seen[~served].mean() - 0.05
    assert first_days(follow(who, draw_shocks(who, FOLLOWED, frame, linked, np.random.default_rng(5)), False, frame, linked))["bh_ed"].min() < NEVER_DAY  # fmt: skip


@pytest.mark.slow
def test_severity_falls_back_after_the_crisis_by_itself_most_where_it_persists_least():
    fall = {}
    for name in ("default", "regression_to_the_mean"):
        linked = read_linked(name)
        frame = make_frame(linked)
        who = draw_candidates(frame, linked, np.arange(len(frame.rows)).repeat(6), np.random.default_rng(2))
        shocks = draw_shocks(who, FOLLOWED, frame, linked, np.random.default_rng(1))
        fall[name] = (shocks.severity[:, 0] - shocks.severity[:, 3]).mean()
        # Severity is the same in both directions of time: the rise before is the fall after.
        assert who.before[:, 0].mean() - who.before[:, 3].mean() == pytest.approx(fall[name], abs=0.05)
    # From the mean level at the crisis down to that level times persistence to the third.
    assert fall["default"] == pytest.approx(0.6 * (1 - 0.7**3), abs=0.05)
    assert fall["regression_to_the_mean"] == pytest.approx(1.3 * (1 - 0.35**3), abs=0.05)


@pytest.mark.slow
def test_who_has_used_more_leaves_sooner_where_the_scenario_says_so():
    gap = {}
    for name in ("default", "informative_disenrollment"):
        cohort, follow_up, _ = draw_replicate(read_linked(name), 1, children=12_000)
        left = follow_up["ended_by"].eq("disenrolled")
        used = cohort["prior_inpatient_nights_365"].gt(0)
        gap[name] = left[used].mean() - left[~used].mean()
    assert gap["informative_disenrollment"] > gap["default"] + 0.03


def test_a_tenth_of_the_state_is_about_a_tenth(small, state):
    assert len(small.index) == pytest.approx(len(state.index) / 10, rel=0.15)


def test_counties_never_covered_have_ed_visits_in_every_year_and_no_team(state):
    table = make_county_months(state)
    never = table.groupby("county_fips")["site_live_days"].sum().eq(0)
    assert never.sum() >= 5
    rows = table[table["county_fips"].isin(never.index[never])]
    assert rows.groupby(rows["month_on"].dt.year)["bh_ed_visits"].sum().gt(0).all()


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("linked")
    assert main(["--scenario", "small_state"], root=root) == 0
    return root


def read_file(root, name):
    return pd.read_csv(root / "data" / "raw" / "demo" / f"{name}.csv", dtype=str, keep_default_na=False)


def test_the_command_writes_raw_files_and_truth_and_leaves_no_part_behind(written):
    names = {path.name for path in (written / "data" / "raw" / "demo").iterdir()}
    assert {"episodes_SFY2023.csv", "ot_line.csv", "medicaid_enrollment.csv", "crosswalk.csv"} <= names
    assert not list(written.rglob("*.part"))
    truth = json.loads((written / "data/truth/demo/small_state/summary.json").read_text("utf-8"))
    children = pd.read_parquet(written / "data/truth/demo/small_state/children.parquet")
    assert truth["children"] == len(children)
    assert truth["estimands"] == summarize(children)


def test_the_same_seed_gives_the_same_bytes(written, tmp_path):
    assert main(["--scenario", "small_state"], root=tmp_path) == 0
    files = [path for path in written.rglob("*") if path.is_file()]
    assert len(files) > 25
    for path in files:
        assert (tmp_path / path.relative_to(written)).read_bytes() == path.read_bytes(), path.name
    assert main(["--scenario", "small_state", "--seed", "5"], root=tmp_path) == 0
    other = (tmp_path / "data/raw/demo/ot_line.csv").read_bytes()
    assert other != (written / "data/raw/demo/ot_line.csv").read_bytes()


def test_dirt_is_in_the_files_as_often_as_the_truth_says_and_not_in_clean_ones(written, tmp_path):
    dirt = json.loads((written / "data/truth/demo/small_state/summary.json").read_text("utf-8"))["dirt"]
    assert main(["--scenario", "small_state", "--clean"], root=tmp_path) == 0
    for root, expected in ((written, dirt), (tmp_path, {})):
        headers = pd.concat([read_file(root, f"{file}_header") for file in ("ot", "ip", "lt")])
        spans = read_file(root, "medicaid_enrollment")
        repeated = headers.duplicated(keep="first")
        once = headers[~repeated]
        assert once["ADJSTMT_IND"].eq("1").sum() == expected.get("adjusted", 0)
        assert once["CLM_STUS_CTGRY_CD"].eq("F2").sum() == expected.get("denied", 0)
        assert spans["ELGBL_CNTY_CD"].str.contains("[A-Za-z]").sum() == expected.get("county_name", 0)
        second = read_file(root, "medicaid_children")["MSIS_IDENT_NUM"].str.startswith("9").sum()
        assert second == expected.get("second_id", 0)
        assert headers["MSIS_IDENT_NUM"].str.len().lt(11).any() == bool(expected.get("zeros_lost"))
    assert json.loads((tmp_path / "data/truth/demo/small_state/summary.json").read_text("utf-8"))["dirt"] == {}


def test_late_claims_are_missing_at_the_end_and_more_so_the_later(written, tmp_path):
    assert main(["--scenario", "small_state", "--clean"], root=tmp_path) == 0
    months = {}
    for name, root in (("dirty", written), ("clean", tmp_path)):
        header = read_file(root, "ot_header")
        own = header[header["ADJSTMT_IND"].isin(["0", "4"]) & header["CLM_STUS_CTGRY_CD"].eq("F1")]
        months[name] = own["SRVC_BGNNG_DT"].str[:7].value_counts()
    share = (months["dirty"] / months["clean"])[["2026-05", "2026-08", "2026-09", "2026-10"]]
    assert share.iloc[0] > 0.9 > share.iloc[1] > share.iloc[2] > share.iloc[3]
    assert share.iloc[3] < 0.4


def test_every_line_of_a_claim_has_its_header_and_their_amounts_agree(written):
    for file in ("ot", "ip", "lt"):
        headers, lines = read_file(written, f"{file}_header"), read_file(written, f"{file}_line")
        key = f"{file.upper()}_LINK_KEY"
        assert set(lines[key]) == set(headers[key])
        paid = lines.drop_duplicates().astype({"MDCD_PD_AMT": float}).groupby(key)["MDCD_PD_AMT"].sum()
        said = headers.drop_duplicates(key).astype({"TOT_MDCD_PD_AMT": float}).set_index(key)["TOT_MDCD_PD_AMT"]
        assert paid[said.index].to_numpy() == pytest.approx(said.to_numpy(), abs=0.02)


def test_no_notebook_reads_the_truth_or_knows_the_made_up_state():
    notebooks = sorted((ROOT / "notebooks").rglob("*.ipynb"))
    assert notebooks
    for path in notebooks:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = "".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        assert "truth" not in code, path.name
        assert "analysis.demo" not in code, path.name
        assert "potential" not in code, path.name


# --- size ------------------------------------------------------------------------------------------------------------


def test_a_block_of_children_is_the_same_whatever_was_drawn_before_it(small):
    streamed = list(draw_others(100, BLOCK_CHILDREN + 700, small.frame, small.linked))
    alone = draw_block(2, 100 + BLOCK_CHILDREN, 700, small.frame, small.linked)
    assert [len(people.number) for people in streamed] == [BLOCK_CHILDREN, 700]
    for name in ("number", "county", "group", "sex", "race", "born", "enrolled"):
        assert (getattr(streamed[1], name) == getattr(alone, name)).all(), name
    for name, values in alone.lines.items():
        assert (streamed[1].lines[name] == values).all(), name
    assert len(set(medicaid_id(np.concatenate([people.number for people in streamed])))) == BLOCK_CHILDREN + 700


def completed_years(born, on):
    """By the calendar: 29 February counts as reached on 1 March."""
    had = (on.dt.month * 100 + on.dt.day) >= (born.dt.month * 100 + born.dt.day)
    return (on.dt.year - born.dt.year - ~had).astype(int)


def test_a_child_of_the_study_has_one_day_of_birth_for_all_its_ages_on_record(small):
    crises, linked = small.index.crises, small.linked
    born = pd.Series(date_of(linked, born_on(crises)), index=small.child_id)
    episodes = small.frame.state.episodes
    own = episodes[episodes["child_id"].isin(born.index)]
    assert own["child_id"].duplicated().sum() > 50
    ages = completed_years(born.loc[own["child_id"]].reset_index(drop=True), own["requested_at"].reset_index(drop=True))
    assert ages.tolist() == own["age_years"].tolist()


def test_the_services_other_children_are_on_medicaids_roster_as_it_knows_them(small):
    known = known_others(BLOCK_CHILDREN, small.frame, small.linked)
    episodes = small.frame.state.episodes
    own = episodes[episodes["child_id"].isin(known["child_id"])].merge(known, on="child_id", suffixes=("", "_drawn"))
    assert len(known) > 50
    assert not set(known["child_id"]) & set(small.frame.rows["child_id"])
    assert set(own["insurance"].dropna()) == {"medicaid"}
    born = pd.Timestamp(small.linked.first_day) + pd.to_timedelta(own["born"], unit="D")
    assert completed_years(born, own["requested_at"]).tolist() == own["age_years"].tolist()
    first = next(iter(draw_others(100, BLOCK_CHILDREN, small.frame, small.linked)))
    assert first.born[: len(known)].tolist() == known["born"].tolist()


@pytest.mark.parametrize("clean", [True, False])
def test_the_crosswalk_ties_each_client_to_its_own_number(small, clean):
    children = small.linked.children - len(small.people.number)
    known = known_others(children, small.frame, small.linked)
    spoiler = Spoiler(small.linked, 0, clean, Counter())
    crosswalk = write_crosswalk(small, np.zeros(len(small.people.number), dtype=bool), spoiler)
    of_others = medicaid_id(len(small.people.number) + np.arange(len(known)))
    numbers = [*medicaid_id(np.arange(len(small.child_id))), *of_others]
    own = dict(zip([*small.child_id, *known["child_id"]], numbers, strict=True))
    tied = crosswalk[crosswalk["CLIENT_ID"].ne("")]
    assert crosswalk["MSIS_IDENT_NUM"].ne("").all()
    assert tied["MSIS_IDENT_NUM"].tolist() == [own[client] for client in tied["CLIENT_ID"]]
    dropped = spoiler.counts["unlinked"] + spoiler.counts["unlinked_others"]
    assert (dropped > 0) is not clean
    assert len(tied) == small.index.mobile.sum() + len(known) - dropped


def test_twins_share_a_birthday_and_nobody_has_a_claim_before_birth(small):
    block, counts = next(iter(draw_others(100, 3_000, small.frame, small.linked))), Counter()
    files = write_people(block, small.frame, small.linked, Spoiler(small.linked, 1, False, counts))
    born = files["medicaid_children"].set_index("MSIS_IDENT_NUM")
    first = born.loc[medicaid_id(block.number)]
    same = first["BIRTH_DT"].eq(first["BIRTH_DT"].shift()) & first["LAST_NM"].eq(first["LAST_NM"].shift())
    assert same.sum() >= counts["twins"] > 10
    assert block.known > 50
    assert (first["BIRTH_DT"].to_numpy() == date_of(small.linked, block.born))[: block.known].all()
    headers = files["ot_header"]
    headers = headers[headers["MSIS_IDENT_NUM"].isin(born.index)]  # some have lost their zeros
    assert (headers["SRVC_BGNNG_DT"].to_numpy() >= born.loc[headers["MSIS_IDENT_NUM"], "BIRTH_DT"].to_numpy()).all()


def test_large_rosters_are_written_as_parquet(small, tmp_path, monkeypatch):
    monkeypatch.setattr("analysis.demo.linked.disk.PARQUET_FROM_CHILDREN", 1000)
    write_linked(small, tmp_path, clean=True)
    lines = pd.read_parquet(tmp_path / "ot_line.parquet")
    assert len(lines) > 50_000
    assert not list(tmp_path.glob("*.csv"))


def test_eligibility_needs_half_a_year_of_medicaid(small):
    crises, everyone = small.index.crises, np.ones(len(small.index), dtype=bool)
    always = np.ones_like(small.enrolled)
    never_before = always & (np.arange(always.shape[1])[None, :] >= (crises.day // 30.4375).astype(int)[:, None])
    late = crises.day > 400
    assert is_eligible(crises, everyone, always, small.linked)[late & (crises.day < 2000)].all()
    assert not is_eligible(crises, everyone, never_before, small.linked)[late].any()


def test_lines_are_coded_as_agencies_do(small):
    codes = coded(small.people.lines)
    assert set(codes["file_type"]) <= set(TABLES["claims"].column("file_type").codes)
    settings = set(PLACED_IN)
    assert set(small.tables["placements"]["setting"]) <= settings
    assert replace(small).linked == small.linked
