"""The numbers of a period: their windows, what is kept, and an attack on everything that is shown of one measure."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from threading import Barrier

import numpy as np
import pandas as pd
import pytest
from attack import small_finds
from many import many

from analysis import params, periods
from analysis.brief import kept
from analysis.brief.figures import HIDDEN
from analysis.brief.hiding import hidden, hide_rows
from analysis.brief.kept import open_numbers
from analysis.brief.numbers import Numbers, count_numbers, covered_days
from analysis.brief.panels import trend
from analysis.brief.signals import begins, signal
from analysis.brief.windows import Windows, windows
from analysis.params import ParamsError
from analysis.quality.cards import read_cards
from analysis.quality.claims_visits import READ, admissions, ed_visits
from analysis.quality.pools import hubs
from analysis.quality.received import read_received
from analysis.tables import MEASURES_TABLE, STATEWIDE

SEED = 20261122
STUDY = params.study("demo")
CARDS = read_cards(STUDY)
RULE = params.disclosure()
ELSEWHERE = "(elsewhere)"
NUMBERS = ["numerator", "denominator", "value", "low", "high", "not_measurable", "low_for_change", "high_for_change"]
TWO_YEARS = (pd.Timestamp("2024-11-01"), pd.Timestamp("2026-10-31"))


# --- windows ---------------------------------------------------------------------------------------------------------


def cut_of(period: str, first: str = "2024-11-01", last: str = "2026-10-31", study=STUDY) -> Windows:
    return windows(study, study.period(period), (pd.Timestamp(first), pd.Timestamp(last)))


@pytest.mark.parametrize(
    ("period", "before", "year", "last_block"),
    [
        ("2026-10", "2025-10_2026-09", "2025-10_2026-09", "2026-07_2026-09"),  # October's quarter is not over
        ("2026Q3", "2025-07_2026-06", "2025-10_2026-09", "2026-07_2026-09"),
        ("SFY2026", "2024-11_2025-06", "2025-07_2026-06", "2026-04_2026-06"),  # the records begin in November 2024
        ("2026-09_2026-10", "2025-09_2026-08", "2025-10_2026-09", "2026-07_2026-09"),
    ],
)
def test_windows_of_each_form_of_period(period, before, year, last_block):
    cut = cut_of(period)
    assert (cut.now.name, cut.before.name, cut.year.name, cut.blocks[-1].name) == (period, before, year, last_block)


def test_quarters_and_the_year_of_them_move_with_the_quarter_alone():
    august, september, october = (cut_of(period) for period in ("2026-08", "2026-09", "2026-10"))
    assert (august.year.name, august.blocks[-1].name) == ("2025-07_2026-06", "2026-04_2026-06")
    assert (september.year, september.blocks) == (october.year, october.blocks)
    assert september.year.name == "2025-10_2026-09"


def test_a_fiscal_year_from_september_has_its_own_quarters():
    cut = cut_of("2026-10", study=STUDY.model_copy(update={"fiscal_year_starts": 9}))
    assert (cut.blocks[-1].name, cut.year.name) == ("2026-06_2026-08", "2025-09_2026-08")


def test_the_year_is_what_there_is_where_the_records_are_younger():
    young = cut_of("2026-10", first="2026-05-01")
    assert (young.year.name, [block.name for block in young.blocks]) == ("2026-07_2026-09", ["2026-07_2026-09"])
    younger = cut_of("2026-10", first="2026-08-01")
    assert (younger.year.name, younger.blocks) == ("2026-08_2026-10", ())


def test_a_period_before_the_extract_is_a_sentence():
    with pytest.raises(
        ParamsError, match=r"holds 2024-11-01 to 2026-10-31, nothing of October 2024\. Name a PERIOD inside"
    ):
        cut_of("2024-10")


def test_a_period_after_the_extract_is_a_sentence():
    with pytest.raises(ParamsError, match="nothing of November 2026"):
        cut_of("2026-11")


def test_a_month_that_the_extract_ends_in_is_partial_after_the_period_and_incomplete_as_the_period():
    after, inside = cut_of("2026-09", last="2026-10-17"), cut_of("2026-10", last="2026-10-17")
    assert (after.partial.name, after.complete) == ("2026-10", True)
    assert (inside.partial, inside.complete) == (None, False)


def test_a_month_that_the_extract_begins_in_is_left_out():
    assert cut_of("2026-10", first="2026-03-02").months[0].name == "2026-04"
    assert cut_of("2026-10", first="2026-03-01").months[0].name == "2026-03"


def test_fewer_than_three_whole_months_are_no_comparison():
    assert cut_of("2026-10", first="2026-08-01").before is None
    assert cut_of("2026-10", first="2026-07-01").before.name == "2026-07_2026-09"


def test_only_spans_that_no_site_is_shown_in_are_extra():
    assert cut_of("2026-10").extra == ()  # the months before are the year
    assert [window.name for window in cut_of("2026-09").extra] == ["2025-09_2026-08"]
    assert [window.name for window in cut_of("2026Q3").extra] == ["2026Q3", "2025-07_2026-06"]


# --- an attack on what is shown --------------------------------------------------------------------------------------


def made_up_counts(rng: np.random.Generator, *, sites: int, months: int, elsewhere: bool, mean: float) -> pd.DataFrame:
    """Episodes by site (rows) and month (columns): sites of very unequal size, half of them opened late."""
    names = [f"site-{number:02d}" for number in range(sites)] + ([ELSEWHERE] if elsewhere else [])
    size = mean * np.exp(rng.normal(0, 1.4, len(names)))
    opened = rng.integers(0, months, len(names)) * (rng.random(len(names)) < 0.5)
    counts = rng.poisson(size[:, None], (len(names), months)) * (np.arange(months) >= opened[:, None])
    return pd.DataFrame(counts, index=names, columns=pd.period_range("2026-10", periods=months, freq="M") - months + 1)


def measures_of(counts: pd.DataFrame, yes: pd.DataFrame, cut: Windows, measure: str, *, more=()) -> pd.DataFrame:
    """The rows of one measure, nothing hidden, as `by_measure_place_period` gives them."""
    rows = []
    for window in [*cut.all, *more]:
        inside = (counts.columns >= window.first) & (counts.columns <= window.last)
        top, bottom = (each.loc[:, inside].sum(axis=1) for each in (yes, counts))
        rows.append((measure, "all", STATEWIDE, window.name, top.sum(), bottom.sum()))
        rows += [(measure, "all", site, window.name, top[site], bottom[site]) for site in counts.index.drop(ELSEWHERE, errors="ignore")]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["measure", "stratum", "site_id", "period", "numerator", "denominator"])
    return frame.assign(value=0.5, low=0.1, high=0.9, not_measurable=0, hidden=False)[MEASURES_TABLE.names]


def with_opening_days(shown: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """What an attacker knows who has read on the pages since when each site is open: there was nothing before."""
    opened = counts.gt(0).idxmax(axis=1)
    last = {name: periods.period(name).last for name in shown["period"].unique()}
    before = shown["period"].map(last) < shown["site_id"].map(opened)
    filled = {name: shown[name].mask(before, 0) for name in ("numerator", "denominator", "not_measurable")}
    return shown.assign(**filled, hidden=shown["hidden"] & ~before)


KINDS = [("episodes", "people", 1.0), ("contact_share", "people", 0.8), ("contact_share", "all", 0.6)]


def finds(seed: int, *, sites: int, elsewhere: bool, tables: int) -> tuple[list[str], int]:
    """What the attack finds in so many random states, and how many of their rows were hidden."""
    rng, found, hid = np.random.default_rng(seed), [], 0
    for number in range(tables):
        period = ("2026-10", "2026-08_2026-10", "2026-09_2026-10")[number % 3]
        months, mean = (12, 10, 18)[number % 3], (2, 5, 10, 30)[number % 4]
        cut = windows(STUDY, periods.period(period), (TWO_YEARS[1] - pd.DateOffset(months=months), TWO_YEARS[1]))
        counts = made_up_counts(rng, sites=sites, months=months, elsewhere=elsewhere, mean=mean)
        measure, hide, share = KINDS[number % len(KINDS)]
        card = CARDS.cards[measure].model_copy(update={"hide": hide})
        rows = measures_of(counts, counts.map(lambda n, share=share: rng.binomial(n, share)), cut, measure)
        shown = hidden(rows, CARDS.model_copy(update={"cards": {measure: card}}), cut, STUDY, rule=RULE)
        hid += int(shown["hidden"].sum())
        for known in (shown, with_opening_days(shown, counts)):
            found += small_finds(known, RULE, hide=hide, unit=card.unit, elsewhere=elsewhere)
    return found, hid


@pytest.mark.parametrize("elsewhere", [False, True], ids=["every place has a page", "places without a page"])
@pytest.mark.parametrize("sites", [3, 6, 15])
def test_no_small_count_of_a_random_state_is_given_away(sites, elsewhere):
    """Sites, the state, months, blocks, the year and the months before: no sum of what is shown is one hidden 1 to 10."""
    found, hid = finds(SEED + sites, sites=sites, elsewhere=elsewhere, tables=2 if sites == 15 else 3)
    assert hid > 50  # there was something to find
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("sites", [2, 3, 6, 15])
def test_no_small_count_of_many_random_states_is_given_away(sites, elsewhere):
    assert finds(SEED, sites=sites, elsewhere=elsewhere, tables=many(8))[0] == []


def test_the_attack_finds_what_a_hidden_month_alone_leaves():
    """A small month of the state follows from its block where no second month is hidden."""
    cut = cut_of("2026-10", first="2026-08-01")
    counts = pd.DataFrame({"a": [30, 30, 4], "b": [30, 30, 3]}, index=pd.period_range("2026-08", periods=3, freq="M")).T
    rows = measures_of(counts, counts, cut, "episodes")
    october = rows["period"].eq("2026-10")
    found = small_finds(hide_rows(rows, october), RULE, hide="people", unit="count")
    assert "all / statewide / 2026-10: the hidden numerator must be 7." in found
    shown = hidden(
        rows, CARDS.model_copy(update={"cards": {"episodes": CARDS.cards["episodes"]}}), cut, STUDY, rule=RULE
    )
    assert small_finds(shown, RULE, hide="people", unit="count") == []


# --- the made-up state as it is published ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def study(demo_root):
    return params.study("demo", root=demo_root)


@pytest.fixture(scope="module")
def numbers(study, demo_root):
    return count_numbers(study, study.period("2026-10"), root=demo_root)


def of(numbers, measure: str) -> pd.DataFrame:
    return numbers.shown[numbers.shown["measure"].eq(measure)]


@pytest.mark.parametrize("made_by", [ed_visits, admissions])
def test_claims_of_children_whom_the_service_never_met_change_no_measure(demo_root, study, made_by):
    folder = demo_root / "data" / "processed" / "demo"
    tables, covers = read_received(folder), covered_days(study, root=demo_root)
    every = {**tables, "claims": pd.read_parquet(folder / "claims.parquet", columns=list(READ))}
    assert len(tables["claims"]) < len(every["claims"])
    found = made_by(tables, covers)
    assert len(found) > 100
    pd.testing.assert_frame_equal(found, made_by(every, covers))


@pytest.mark.parametrize("measure", ["episodes", "contact_share", "in_person_share", "response_in_time_share"])
def test_no_small_count_of_the_made_up_state_is_given_away(numbers, measure):
    card, rows = numbers.cards.cards[measure], of(numbers, measure)
    assert rows["hidden"].any()
    # Every episode is at a site with a page.
    pools = [(pool.pool_id, pool.sites) for pool in hubs(numbers.sites)]
    assert small_finds(rows[MEASURES_TABLE.names], RULE, hide=card.hide, unit=card.unit, pools=pools) == []


def test_no_small_count_of_children_of_the_made_up_state_is_given_away(numbers):
    """Over the year: children who came twice are in several months, so its parts say little, and the search is long."""
    rows, year = of(numbers, "children_served"), numbers.windows.year
    rows = rows[rows["first_on"].ge(year.from_on) & rows["last_on"].le(year.to_on)]
    assert rows["hidden"].any()
    assert small_finds(rows[MEASURES_TABLE.names], RULE, hide="all", unit="count", adds_up=False) == []


def test_measures_of_the_same_waits_hide_the_same_cells(numbers):
    key = ["site_id", "period"]
    hid = {
        measure: set(of(numbers, measure).loc[of(numbers, measure)["hidden"], key].itertuples(index=False, name=None))
        for measure in ("response_minutes_median", "response_minutes_p90", "response_in_time_share")
    }
    assert len(set(map(frozenset, hid.values()))) == 1
    assert hid["response_minutes_median"]


def test_what_is_hidden_of_the_episodes_is_hidden_of_every_measure_that_counts_children(numbers):
    shown = numbers.shown[numbers.shown["stratum"].eq("all")].set_index(["measure", "site_id", "period"])["hidden"]
    episodes = shown["episodes"]
    of_children = [name for name in shown.index.unique("measure") if numbers.cards.cards[name].hide != "none"]
    assert len(of_children) > 40
    for measure in of_children:
        own = shown[measure]
        assert own[episodes.reindex(own.index)].all(), measure


def test_what_counts_no_children_is_shown_whole(numbers):
    others = numbers.shown[
        numbers.shown["measure"].map({n: card.hide for n, card in numbers.cards.cards.items()}).eq("none")
    ]
    assert others["measure"].nunique() == 7
    assert not others["hidden"].any()
    assert others["denominator"].between(1, 10).any()


def test_a_place_whose_year_is_hidden_has_no_mix():
    cut = cut_of("2026-10", first="2025-11-01")
    counts = pd.DataFrame({month: [4, 20, 60] if month.month == 1 else [0, 20, 60] for month in pd.period_range("2025-11", "2026-10", freq="M")}, index=["a", "b", "c"])  # fmt: skip
    rows = measures_of(counts, counts, cut, "episodes")
    year = rows[rows["period"].eq(cut.year.name)]
    weekdays = pd.concat([year.assign(measure="day_of_week", stratum=day, numerator=year["denominator"] * part) for day, part in (("monday", 0.75), ("friday", 0.25))])  # fmt: skip
    cards = CARDS.model_copy(update={"cards": {name: CARDS.cards[name] for name in ("episodes", "day_of_week")}})
    shown = hidden(pd.concat([rows, weekdays], ignore_index=True), cards, cut, STUDY, rule=RULE)
    # Site a has 4 in the year, and b covers for it; how many b has must not stand under the days of the week.
    of_year = shown[shown["period"].eq(cut.year.name)]
    hid = of_year.groupby("site_id")["hidden"].agg(["all", "any"])
    assert hid.loc[["a", "b"], "all"].all()
    assert not hid.loc[["c", STATEWIDE], "any"].any()


def test_a_few_episodes_without_a_child_are_not_shown_where_everything_counts_children():
    cut = cut_of("2026-10", first="2025-11-01")
    counts = pd.DataFrame(50, index=["a", "b"], columns=pd.period_range("2025-11", "2026-10", freq="M"))
    rows = measures_of(counts, counts - 20, cut, "children_served").assign(not_measurable=3)
    cards = CARDS.model_copy(update={"cards": {"children_served": CARDS.cards["children_served"]}})
    shown = hidden(rows, cards, cut, STUDY, rule=RULE)
    assert shown["not_measurable"].isna().all()
    assert not shown["hidden"].any()


# --- what is kept ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept_root(study, demo_root, tmp_path_factory):
    """The made-up state's workspace after its first brief."""
    root = tmp_path_factory.mktemp("kept")
    shutil.copytree(demo_root / "params", root / "params")
    shutil.copytree(demo_root / "data" / "processed" / "demo", root / "data" / "processed" / "demo")
    open_numbers(study, study.period("2026-10"), root=root)
    return root


@pytest.fixture
def root(kept_root, tmp_path):
    """The same, and its files may be changed."""
    return shutil.copytree(kept_root, tmp_path / "root")


def kept_file(root):
    return root / "outputs" / "demo" / "runs" / "2026-10" / "numbers.parquet"


def test_numbers_are_kept_and_read_again(study, root, numbers):
    written = kept_file(root).stat().st_mtime_ns
    again = open_numbers(study, study.period("2026-10"), root=root)
    assert kept_file(root).stat().st_mtime_ns == written
    pd.testing.assert_frame_equal(again.shown, numbers.shown)
    assert (again.windows, again.off, again.covers) == (numbers.windows, numbers.off, numbers.covers)
    beside = ["arrivals.parquet", "groups.parquet", "numbers.parquet", "signals.parquet"]
    assert sorted(path.name for path in kept_file(root).parent.iterdir()) == beside  # nothing temporary is left
    for name in ("groups", "arrivals"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(numbers, name), check_dtype=False)
    # Every chart that a page may show is kept, and is what it would be worked out to be.
    places = ["statewide", *numbers.pages["site_id"]]
    assert {(measure, site) for site in places for measure in numbers.cards.scorecard} <= set(again.looked)
    for (measure, site), chart in again.looked.items():
        worked_out = signal(numbers, measure, site)
        assert (chart.kind, chart.phrase, chart.rules, chart.grain) == (worked_out.kind, worked_out.phrase, worked_out.rules, worked_out.grain)  # fmt: skip
        pd.testing.assert_frame_equal(chart.points, worked_out.points, check_dtype=False)


@pytest.mark.parametrize(("holding", "times"), [(kept._alone, 1), (lambda _: nullcontext(), 2)])
def test_two_briefs_at_the_same_time_work_the_numbers_out_once(study, root, numbers, monkeypatch, holding, times):
    both_asked, both_inside, worked_out = Barrier(2), Barrier(times), []

    def count(*_, **__) -> Numbers:
        worked_out.append(1)
        both_inside.wait(timeout=60)  # where nothing holds the other back, it comes here too, however slowly
        return replace(numbers, looked={})

    def inputs(*_) -> str:
        both_asked.wait()
        return "changed"

    monkeypatch.setattr(kept, "_alone", holding)
    monkeypatch.setattr(kept, "count_numbers", count)
    monkeypatch.setattr(kept, "_inputs", inputs)
    if times == 2:  # two threads of one process would write under one temporary name; two processes do not
        monkeypatch.setattr(kept, "_write", lambda *_: None)
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(open_numbers, study, study.period("2026-10"), root=root) for _ in range(2)]
        one, other = (each.result() for each in asked)
    assert len(worked_out) == times
    pd.testing.assert_frame_equal(one.shown, other.shown)


@pytest.mark.parametrize(
    "changed", ["params/measures.yml", "params/demo/source.yml", "data/processed/demo/sites.parquet"]
)
def test_numbers_are_worked_out_again_when_an_input_changes(study, root, changed):
    written = kept_file(root).stat().st_mtime_ns
    if changed.endswith(".yml"):
        (root / changed).write_text((root / changed).read_text(encoding="utf-8") + "\n# looked at\n", encoding="utf-8")
    else:
        sites = pd.read_parquet(root / changed)
        sites.assign(name=sites["name"].str.upper()).to_parquet(root / changed)
    again = open_numbers(study, study.period("2026-10"), root=root)
    assert kept_file(root).stat().st_mtime_ns > written
    assert again.sites["name"].str.isupper().all() == changed.endswith(".parquet")


def test_a_stricter_rule_of_the_workspace_is_the_one_that_hides(study, root, numbers):
    rule = root / "params" / "disclosure.yml"
    text = rule.read_text(encoding="utf-8")
    rule.write_text(text.replace("smallest_shown: 11", "smallest_shown: 31"), encoding="utf-8")
    strict = open_numbers(study, study.period("2026-10"), root=root)
    assert of(numbers, "episodes")["numerator"].between(11, 30).any()
    assert not of(strict, "episodes")["numerator"].between(1, 30).any()


def test_no_hidden_row_keeps_a_number(kept_root):
    kept = pd.read_parquet(kept_file(kept_root))
    assert kept["hidden"].any()
    assert kept.loc[kept["hidden"], NUMBERS].isna().all(axis=None)


def test_hiding_rows_leaves_the_others_as_they_are(numbers):
    some = numbers.shown["site_id"].eq("site-01")
    hid = hide_rows(numbers.shown, some)
    pd.testing.assert_frame_equal(hid[~some], numbers.shown[~some])
    assert hid.loc[some, "hidden"].all()


def test_a_chart_whose_history_begins_later_says_so_and_judges_nothing_before(study, root):
    numbers = open_numbers(study, study.period("2026-10"), root=root)
    charts = [
        chart
        for (_, site), chart in numbers.looked.items()
        if chart is not None and site in numbers.pages["site_id"].tolist()
    ]
    later = [chart for chart in charts if 0 < begins(chart.points) < len(chart.points) and chart.phrase != "not_shown"]
    assert {chart.grain for chart in later} == {numbers.windows.months, numbers.windows.blocks}
    for chart in later:
        start, name = begins(chart.points), "months" if chart.grain == numbers.windows.months else "quarters"
        before, after = chart.points.iloc[:start], chart.points.iloc[start:]
        assert before["state"].eq(HIDDEN).all()
        assert not after["state"].eq(HIDDEN).any()
        assert (
            before[["value", "numerator", "denominator", "section", "centre", "lower", "upper"]].isna().all(axis=None)
        )
        said = f"Shown from {chart.grain[start].first.strftime('%B %Y')} on; earlier {name} are hidden."
        assert said in str(trend(numbers, chart.measure, site=chart.site))
    assert "Shown from" not in str(trend(numbers, "episodes", site="site-01"))


def test_a_period_without_any_episode_has_numbers(study, root):
    """The tables are there, the period lies in the extract, and nobody called."""
    file = root / "data" / "processed" / "demo" / "episodes.parquet"
    episodes = pd.read_parquet(file)
    episodes[episodes["counted_on"].lt("2025-11-01")].to_parquet(file)
    numbers = count_numbers(study, study.period("2026-10"), root=root)
    assert numbers.row("episodes", numbers.windows.now)["value"] == 0
    assert pd.isna(numbers.row("in_person_share", numbers.windows.now)["value"])
