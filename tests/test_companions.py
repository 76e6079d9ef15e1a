"""The tables beside the made-up state's episodes: their truth, and what intake makes of their dirt."""

import json

import pandas as pd
import pytest
from scipy.stats import binomtest

from analysis.demo.companions.dirt import KINDS, add_dirt
from analysis.demo.companions.files import HEADERS
from analysis.demo.companions.scales import BETTER
from analysis.demo.records import make_raw_companions, make_raw_episodes, write_raw, write_truth
from analysis.demo.scenario import read_scenario
from analysis.demo.state import make_state
from analysis.params import ROOT, ParamsError
from analysis.tables import RECEIVED, SCALE_RANGES

CERTAIN = 0.999  # of an interval that the truth must lie in: with a fixed seed it does or does not
SCALES = ["ohio_problems", "ohio_functioning"]


@pytest.fixture(scope="module")
def scenario():
    return read_scenario("base")


@pytest.fixture(scope="module")
def state(scenario):
    return make_state(scenario)


@pytest.fixture(scope="module")
def raw(state):
    """The raw tables with their dirt."""
    return make_raw_companions(state)


@pytest.fixture(scope="module")
def of_rejected(state):
    """Clean episodes whose only raw row has no site, so that intake rejects them."""
    episodes = make_raw_episodes(state)
    return set(episodes.loc[episodes["dirt"].eq("no_site"), "episode_id"])


@pytest.fixture(scope="module")
def processed(demo_root):
    return demo_root / "data" / "processed" / "demo"


def table(processed, name):
    return pd.read_parquet(processed / f"{name}.parquet")


def reasons(processed, name):
    """Rejected rows by reason; a row with several counts under each."""
    rejected = pd.read_parquet(processed / "rejected" / f"{name}.parquet")
    return rejected["reason"].str.split("; ").explode().value_counts().to_dict()


def holds(happened, true_share):
    interval = binomtest(int(happened.sum()), len(happened)).proportion_ci(CERTAIN)
    return interval.low <= true_share <= interval.high


# --- clean -----------------------------------------------------------------------------------------------------------


def test_tables_have_the_contracts_columns_codes_and_one_row_a_key(state):
    assert set(state.companions) == set(HEADERS) == set(state.scenario.companions.dirt)
    for name, rows in state.companions.items():
        contract = RECEIVED[name]
        assert list(rows) == contract.names, name
        assert not rows.duplicated(list(contract.key)).any(), name
        for column in contract.columns:
            values = rows[column.name].dropna()
            assert not column.required or len(values) == len(rows), (name, column.name)
            assert not column.codes or set(values) <= set(column.codes), (name, column.name)


def test_every_row_belongs_to_an_episode_or_a_person_that_is_there(state):
    episodes = set(state.episodes["episode_id"])
    for name in ("contacts", "scales", "referrals", "calls", "satisfaction"):
        assert set(state.companions[name]["episode_id"].dropna()) <= episodes, name
    assert set(state.companions["training"]["staff_id"]) <= set(state.companions["staff"]["staff_id"])
    assert state.companions["calls"]["episode_id"].dropna().is_unique


def test_nothing_happens_before_its_episode_or_after_the_extract(state, scenario):
    last, episodes = pd.Timestamp(scenario.covers.to_on), state.episodes.set_index("episode_id")
    asked = episodes["requested_at"].dt.normalize()
    days = {"contacts": "contacted_on", "scales": "rated_on", "referrals": "referred_on", "satisfaction": "sent_on"}
    for name, day in days.items():
        rows = state.companions[name]
        assert (rows[day] >= rows["episode_id"].map(asked)).all(), name
        assert rows[day].max() <= last, name
    assert (episodes["enrolled_on"] < episodes["discharged_on"])[episodes["enrolled_on"].notna() & episodes["discharged_on"].notna()].all()  # fmt: skip
    assert (episodes["initial_completed_on"].dropna() >= asked[episodes["initial_completed_on"].notna()]).all()


def test_a_child_is_the_same_in_every_episode_and_two_sites_write_less_down(state):
    episodes = state.episodes
    for name in ("sex", "race_ethnicity", "insurance"):
        assert episodes.groupby("child_id")[name].nunique().max() == 1
    children = episodes.dropna(subset=["sex"]).drop_duplicates("child_id")
    assert holds(children["sex"].eq("female"), 0.53)
    blank = episodes["sex"].isna().groupby(episodes["site_id"]).mean()
    assert sorted(blank.index[blank.gt(0.08)]) == ["site-05", "site-11"]


def test_peers_are_missing_at_two_sites_and_police_are_there_more_often_where_they_asked(state):
    went = state.episodes.dropna(subset=["peer_present"])
    by_site = went["peer_present"].astype(bool).groupby(went["site_id"]).mean()
    assert by_site.index[by_site.eq(0)].tolist() == ["site-08", "site-14"]
    police = went.dropna(subset=["law_enforcement_present"])
    asked = police["referral_source"].eq("police")
    assert holds(police.loc[asked, "law_enforcement_present"].astype(bool), 0.55)
    assert holds(police.loc[~asked, "law_enforcement_present"].astype(bool), 0.08)


def test_one_site_makes_more_safety_plans_from_a_day_on_and_no_other_changes(state):
    [change] = [c for c in state.companions_truth["known_changes"] if c["table"] == "episodes"]
    assert (change["site_id"], change["from"], change["share_before"], change["share_after"]) == (
        "site-03", "2026-03-01", 0.60, 0.90,
    )  # fmt: skip
    planned = state.episodes.dropna(subset=["safety_plan"])
    since = planned["requested_at"].ge("2026-03-01")
    for site_id, own in planned.groupby("site_id"):
        before, after = own.loc[~since, "safety_plan"].astype(bool), own.loc[since, "safety_plan"].astype(bool)
        share = {"site-03": 0.60, "site-09": 0.58}.get(site_id, 0.88)
        if len(before):
            assert holds(before, share), site_id
        if len(after):
            assert holds(after, 0.90 if site_id == "site-03" else share), site_id


def test_some_stays_run_past_the_eight_weeks_because_nobody_closed_them(state, scenario):
    open_stays = state.episodes[state.episodes["discharged_on"].isna() & state.episodes["enrolled_on"].notna()]
    days = (pd.Timestamp(scenario.covers.to_on) - open_stays["enrolled_on"]).dt.days
    assert 10 < days.gt(56).sum() <= state.companions_truth["past_the_eight_weeks"]
    assert days.le(56).sum() > 50  # and some are simply not over yet


def rated_twice(ratings, scale, rater="worker"):
    """One row per episode with both scores of a rater: intake, discharge."""
    own = ratings[ratings["scale"].eq(scale) & ratings["rater"].eq(rater)]
    return own.pivot_table(index="episode_id", columns="occasion", values="score", aggfunc="first").dropna()


@pytest.mark.parametrize("scale", SCALES)
def test_children_who_did_worse_are_rated_less_often_so_the_rated_look_better_than_all(state, scale):
    truth, ratings = state.companions_truth["scales"][scale], state.companions["scales"]
    both = rated_twice(ratings, scale)
    assert len(both) == truth["rated_twice_by_worker"] < 0.6 * truth["discharged"]
    change = (both["discharge"] - both["intake"]).mean()
    assert change == pytest.approx(truth["mean_change_in_clean"], abs=1e-3)
    # Better by more than a point than the true mean change of all discharged.
    assert BETTER[scale] * (change - truth["true_mean_change"]) > 1


@pytest.mark.parametrize("scale", SCALES)
def test_the_true_mean_change_is_that_of_the_scenario_and_scores_lie_in_their_range(state, scenario, scale):
    parts = {"ohio_problems": scenario.companions.scales.problems, "ohio_functioning": scenario.companions.scales.functioning}[scale]  # fmt: skip
    truth = state.companions_truth["scales"][scale]
    assert truth["true_mean_change"] == pytest.approx(parts.true_change, abs=3.3 * parts.change_sd / truth["discharged"] ** 0.5)  # fmt: skip
    scores = state.companions["scales"].query("scale == @scale")["score"]
    assert scores.between(*SCALE_RANGES[scale]).all()


def test_those_rated_worst_at_intake_fall_back_by_more_than_their_true_change(state):
    both = rated_twice(state.companions["scales"], "ohio_problems")
    change, severe = both["discharge"] - both["intake"], both["intake"].ge(52)
    # Their noise at intake, (1 - 0.85) of the 13 points that they lie above the mean, is gone at discharge: at least a point.
    assert change[severe].mean() < change[~severe].mean() - 1
    short = state.episodes.set_index("episode_id").loc[both.index]
    assert ((short["discharged_on"] - short["enrolled_on"]).dt.days < 21).mean() < 0.25


def test_filled_positions_are_the_people_employed_at_the_months_end(state):
    staff, staffing = state.companions["staff"], state.companions["staffing"]
    row = staffing[staffing["site_id"].eq("site-05") & staffing["month_on"].eq("2026-09-01")].iloc[0]
    own = staff[staff["site_id"].eq("site-05")]
    there = own["hired_on"].le("2026-09-30") & (own["left_on"].isna() | own["left_on"].ge("2026-09-30"))
    assert row["filled"] == there.sum()
    assert (staffing["filled"] <= staffing["funded"]).all()
    assert (staffing["filled"] < staffing["funded"]).any()
    assert staff.loc[staff["site_id"].eq("site-13"), "left_on"].max() == pd.Timestamp("2026-05-31")  # it closed


def test_whoever_is_certified_has_all_forty_hours_before(state):
    staff, training = state.companions["staff"], state.companions["training"]
    hours = training.groupby("staff_id")["hours"].sum()
    certified = staff.dropna(subset=["certified_on"]).set_index("staff_id")
    assert hours[certified.index].eq(40).all()
    assert (training.groupby("staff_id")["completed_on"].max()[certified.index] < certified["certified_on"]).all()
    assert hours.lt(40).any()


def test_outreach_stops_at_one_site_and_one_has_no_cover_at_night_or_at_weekends(state):
    held = state.companions["outreach"].groupby("site_id")["held_on"].max()
    assert held["site-04"] < pd.Timestamp("2025-03-01")
    assert held.drop(["site-04", "site-13"]).min() > pd.Timestamp("2026-07-01")
    hours = state.companions["site_hours"].groupby("site_id")
    assert set(hours.get_group("site-12")["weekday"]) == {"monday", "tuesday", "wednesday", "thursday", "friday"}
    assert hours.get_group("site-12")["to_hour"].max() == 17
    assert hours.get_group("site-10")["from_on"].astype(str).unique().tolist() == ["2024-04-15", "2025-10-01"]


def test_families_are_more_satisfied_than_referrers_and_about_a_third_answer(state):
    surveys = state.companions["satisfaction"]
    scores = surveys.groupby("respondent")["score"].mean()
    assert scores["family"] > scores["youth"] > scores["referrer"]
    assert 0.28 < surveys["answered_on"].notna().mean() < 0.38
    assert surveys["score"].notna().eq(surveys["answered_on"].notna()).all()


def test_988_is_called_most_at_one_site_and_some_calls_have_no_place(state):
    calls = state.companions["calls"]
    beside = calls[calls["episode_id"].isna()]
    by_988 = beside["channel"].eq("line_988").groupby(beside["site_id"]).agg(["sum", "count"])
    weights = state.scenario.companions.calls.beside_channel
    for sites, times in ((by_988.loc[["site-06"]], 1.6), (by_988.drop("site-06"), 1.0)):
        seen = times * weights["line_988"]
        true_share = seen / (sum(weights.values()) - weights["line_988"] + seen)
        interval = binomtest(*map(int, sites.sum())).proportion_ci(CERTAIN)
        assert interval.low <= true_share <= interval.high
    assert beside["site_id"].isna().mean() > 0.04
    assert (calls["site_id"].isna() & calls["county_fips"].notna()).any()  # from a county in no site's care


# --- through intake --------------------------------------------------------------------------------------------------


def test_the_truth_counts_the_dirt_and_every_kind_is_there(state, raw, tmp_path):
    dirt = write_raw(state, tmp_path / "demo")
    write_truth(state, dirt, tmp_path / "truth" / "summary.json")
    truth = json.loads((tmp_path / "truth" / "summary.json").read_text("utf-8"))
    assert truth["companions_dirt"] == state.scenario.companions.dirt
    assert {name: set(kinds) for name, kinds in truth["companions_dirt"].items()} == {name: set(k) for name, k in KINDS.items()}  # fmt: skip
    assert truth["companions"]["rows"] == {name: len(rows) for name, rows in state.companions.items()}
    assert {name: len(rows) for name, rows in raw.items()} == {
        name: len(rows) + truth["companions_dirt"][name].get("repeated_row", 0)
        for name, rows in state.companions.items()
    }


def test_no_row_is_lost(raw, processed):
    receipts = pd.read_csv(processed / "receipts.csv").set_index("table")
    for name, rows in raw.items():
        read, accepted, rejected, aside = receipts.loc[name, ["rows_read", "accepted", "rejected", "set_aside"]]
        assert read == len(rows) == accepted + rejected + aside, name
        assert accepted == len(table(processed, name))


@pytest.mark.parametrize("name", ["contacts", "scales", "referrals"])
def test_orphans_are_those_of_the_dirt_and_those_of_episodes_without_a_site(name, state, raw, of_rejected, processed):
    lost = raw[name]["dirt"].eq("orphan") | raw[name]["episode_id"].isin(of_rejected)
    found = reasons(processed, name)["episode_id is not among the accepted rows of episodes"]
    spelled_otherwise = raw[name].loc[raw[name]["dirt"].eq("other_case"), "episode_id"].str.replace(" ", "").str.upper()
    assert found == lost.sum() + spelled_otherwise.isin(of_rejected).sum()
    assert lost.sum() > raw[name]["dirt"].eq("orphan").sum()


@pytest.mark.parametrize(("name", "kinds", "reason"), [
    ("contacts", ["repeated_row"], "the same row again, with the same contact_id"),
    ("contacts", ["year_off"], "contacted_on comes before its episode"),
    ("scales", ["before_intake"], "rated_on of the discharge comes before that of the intake"),
    ("scales", ["repeated_row"], "the same row again, with the same episode_id and scale and rater and occasion"),
    ("referrals", ["kept_before_referred"], "first_kept_on comes before referred_on"),
    ("referrals", ["year_off"], "referred_on comes before its episode"),
    ("calls", ["year_off"], "called_on outside the days that the extract covers"),
    ("calls", ["unknown_site"], "site_id is not in the sites table"),
    ("calls", ["repeated_row"], "the same row again, with the same call_id"),
    ("staff", ["left_before_hired"], "left_on comes before hired_on"),
    ("training", ["repeated_row"], "the same row again, with the same staff_id and module"),
    ("outreach", ["no_site"], "site_id is missing"),
    ("outreach", ["year_off"], "held_on outside the days that the extract covers"),
    ("readiness", ["unknown_code"], "domain has a spelling that no code stands for"),
    ("readiness", ["more_met_than_items"], "items_met is more than items"),
    ("satisfaction", ["answered_before_sent"], "answered_on comes before sent_on"),
])  # fmt: skip
def test_dirt_is_rejected_or_set_aside_row_for_row(name, kinds, reason, state, processed):
    expected = sum(state.scenario.companions.dirt[name][kind] for kind in kinds)
    assert reasons(processed, name)[reason] == expected


def test_scores_outside_their_scale_are_rejected_whether_or_not_a_number_could_be_one(state, processed):
    found = reasons(processed, "scales")
    outside = (
        found["score is not a number of at least 0 and at most 300"] + found["score outside the range of its scale"]
    )
    assert outside == state.scenario.companions.dirt["scales"]["out_of_range"]


def test_training_of_nobody_is_rejected_and_that_of_a_person_who_was(raw, processed):
    gone = raw["staff"].loc[raw["staff"]["dirt"].eq("left_before_hired"), "staff_id"]
    lost = raw["training"]["dirt"].eq("orphan") | raw["training"]["staff_id"].isin(gone)
    assert reasons(processed, "training")["staff_id is not among the accepted rows of staff"] == lost.sum()


@pytest.mark.parametrize(("name", "kind", "problem", "where"), [
    ("contacts", "other_case", "episode_id in other capitals or blanks than in episodes", "episode_id"),
    ("contacts", "unknown_code", "rows whose spelling no code stands for", "result"),
    ("scales", "other_case", "episode_id in other capitals or blanks than in episodes", "episode_id"),
    ("referrals", "unknown_code", "rows whose spelling no code stands for", "service"),
    ("satisfaction", "out_of_range", "not readable, treated as missing", "score"),
    ("staffing", "filled_over_funded", "more positions filled than funded", "filled"),
])  # fmt: skip
def test_what_costs_no_row_is_counted_as_a_problem(name, kind, problem, where, state, processed):
    problems = pd.read_csv(processed / "problems.csv").set_index(["table", "problem", "where"])["raw"]
    assert problems[name, problem, where] == state.scenario.companions.dirt[name][kind]


@pytest.mark.parametrize("name", ["calls", "satisfaction"])
def test_a_row_that_needs_no_episode_is_kept_without_one_that_is_not_there(name, raw, of_rejected, processed):
    lost = raw[name]["dirt"].eq("orphan") | raw[name]["episode_id"].isin(of_rejected)
    problems = pd.read_csv(processed / "problems.csv").set_index(["table", "problem"])["raw"]
    problem = "episode_id is not among the accepted rows of episodes; the row is kept without it"
    assert problems.loc[[(name, problem)]].tolist() == [lost.sum()]
    assert len(table(processed, name)) > lost.sum() > raw[name]["dirt"].eq("orphan").sum()


def test_weekdays_spelled_otherwise_are_read(state, processed):
    assert len(table(processed, "site_hours")) == len(state.companions["site_hours"])


def test_an_identifier_has_one_number_in_every_table(processed):
    crosswalk = pd.read_parquet(processed / "crosswalk.parquet")
    assert not crosswalk.duplicated(["column", "hash"]).any()
    one_key = crosswalk[crosswalk["column"].ne("child_id")]  # a child has a key in each agency's records
    assert not one_key.duplicated(["column", "number"]).any()
    episodes = table(processed, "episodes").set_index("episode_id")
    for name in ("contacts", "scales", "referrals"):
        assert set(table(processed, name)["episode_id"]) <= set(episodes.index), name
    calls = table(processed, "calls").dropna(subset=["episode_id"])
    own = episodes.loc[calls["episode_id"]]
    # A request that is a bare date is counted by the dispatch, which may come after midnight.
    timed = own["counted_from"].eq("requested_at").to_numpy()
    assert (own["counted_on"].to_numpy() == calls["called_on"].to_numpy())[timed].all()
    assert timed.mean() > 0.99
    assert (own["site_id"].to_numpy() == calls["site_id"].to_numpy()).all()
    assert set(table(processed, "training")["staff_id"]) <= set(table(processed, "staff")["staff_id"])


def test_the_same_state_gives_the_same_bytes_and_no_earlier_draw_moves(state, scenario, tmp_path):
    for name in ("one", "two"):
        write_raw(make_state(scenario), tmp_path / name)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name
    # Each part has a stream of its own: other shares of the first response move no clock and no disposition.
    calm = scenario.first_response.model_copy(update={"police": 0.0})
    other = make_state(scenario.model_copy(update={"first_response": calm})).episodes
    moved = [name for name in state.episodes if not other[name].equals(state.episodes[name])]
    assert moved == ["law_enforcement_present"]


def test_more_dirt_than_rows_can_have_and_unknown_kinds_are_refused(state, scenario):
    def with_dirt(dirt):
        parts = scenario.companions.model_copy(update={"dirt": dirt})
        return add_dirt(state.companions, scenario.model_copy(update={"companions": parts}))

    with pytest.raises(ParamsError, match=r"companions\.dirt\.staff: only \d+ rows can have left_before_hired"):
        with_dirt({"staff": {"left_before_hired": 10**6}})
    with pytest.raises(ParamsError, match=r'"orphn" is not a kind \(did you mean "orphan"\?\)'):
        with_dirt({"contacts": {"orphn": 1}})
    with pytest.raises(ParamsError, match=r'"contact" is not a table \(did you mean "contacts"\?\)'):
        with_dirt({"contact": {"orphan": 1}})


def test_a_site_that_is_not_there_is_refused_wherever_it_is_named(tmp_path):
    text = (ROOT / "params" / "demo" / "state.yml").read_text("utf-8")
    (tmp_path / "params" / "demo").mkdir(parents=True)
    (tmp_path / "params" / "demo" / "state.yml").write_text(text.replace("site-14: 0.0, site-01", "site_14: 0.0, site-01"), "utf-8")  # fmt: skip
    with pytest.raises(ParamsError, match=r'"site_14" is not one of sites \(did you mean "site-14"\?\)'):
        read_scenario("base", root=tmp_path)
