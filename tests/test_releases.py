"""Releases laid side by side: an attack on two and three consecutive months, the ledger's files, and what is restated."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from attack import laid_side_by_side, small_finds
from many import many
from test_numbers import CARDS, KINDS, RULE, STUDY, made_up_counts, measures_of, with_opening_days

from analysis import params, periods
from analysis.brief.hiding import hidden_beside
from analysis.brief.kept import open_numbers
from analysis.brief.numbers import Numbers, months_before
from analysis.brief.press.made_from import made_from
from analysis.brief.press.runs import Run
from analysis.brief.small_counts.ledger import Release, entry_of, read_ledger, release_of
from analysis.brief.small_counts.release import main, release, restated
from analysis.brief.small_counts.shareable import write_table
from analysis.brief.windows import windows
from analysis.params import ParamsError
from analysis.tables import MEASURES_TABLE, STATEWIDE

SEED = 20261125
MONTHS = ("2026-08", "2026-09", "2026-10")  # a quarter ends with the second


def shown_in(
    counts, yes, period: str, measure: str, card, ledger: list[Release]
) -> tuple[pd.DataFrame, tuple[str, ...], object]:
    """The figures of one measure in the brief of a month, from an extract that ends with it."""
    now = periods.period(period)
    cut = windows(STUDY, now, (counts.columns[0].start_time, now.to_on))
    rows = measures_of(counts, yes, cut, measure, more=months_before(cut, ledger))
    cards = CARDS.model_copy(update={"cards": {measure: card}})
    return *hidden_beside(rows, cards, cut, STUDY, rule=RULE, ledger=ledger), cut


def released(shown: pd.DataFrame, cut, ledger: list[Release]) -> Release:
    entry = entry_of(shown, cut.all, now=cut.now, records_to=cut.now.to_on, tables="0" * 64, beside=ledger)
    number = 1 + sum(release.period == cut.now for release in ledger)
    return release_of(entry, number, STUDY, where=f"params/demo/releases/{cut.now.name}.json")


def side_by_side(
    counts, yes, measure: str, card, *, ledger: bool, months=MONTHS
) -> tuple[list[pd.DataFrame], tuple[str, ...]]:
    """The briefs of consecutive months, each hidden beside those before it, or as if none had been."""
    tables, out, lost = [], [], ()
    for period in months:
        shown, lost, cut = shown_in(counts, yes, period, measure, card, out if ledger else [])
        tables.append(shown)
        out.append(released(shown, cut, out))
    return tables, lost


def finds_in(
    seed: int,
    *,
    sites: int,
    elsewhere: bool,
    states: Iterable[int],
    ledger: bool,
    enough: int | None = None,
    thorough=False,
) -> tuple[list[str], int, int]:
    """What the attack finds in these random states; how many rows of the last brief were hidden and how many shown.

    Stops at `enough` finds. Three releases with the opening days say all that two say, or that three say without; `thorough` tries
    those too.
    """
    found, hid, given = [], 0, 0
    for number in states:
        rng = np.random.default_rng([seed, number])
        months, mean = (26, 14, 11, 9)[number % 4], (3, 6, 12, 30)[number % 4]
        counts = made_up_counts(rng, sites=sites, months=months, elsewhere=elsewhere, mean=mean)
        measure, hide, share = KINDS[number % len(KINDS)]
        card = CARDS.cards[measure].model_copy(update={"hide": hide})
        yes = pd.DataFrame(rng.binomial(counts, share), counts.index, counts.columns)
        tables, lost = side_by_side(counts, yes, measure, card, ledger=ledger)
        assert not (ledger and lost)  # each release was hidden beside those before it
        hid, given = hid + int(tables[-1]["hidden"].sum()), given + int((~tables[-1]["hidden"].astype(bool)).sum())
        for several in (tables[:2], tables) if thorough else (tables,):
            together = laid_side_by_side(several)
            opened = with_opening_days(together, counts)
            for known in (together, opened) if thorough else (opened,):
                found += small_finds(known, RULE, hide=hide, unit=card.unit, elsewhere=elsewhere)
        if enough is not None and len(found) >= enough:
            break
    return found, hid, given


LEAKY = (2, 5, 9, 11)  # of the states of five sites, some that leak where nobody looks at what was released


@pytest.mark.parametrize("elsewhere", [False, True], ids=["every place has a page", "places without a page"])
@pytest.mark.parametrize("sites", [3, 5])
def test_no_small_count_is_given_away_by_two_or_three_consecutive_releases(sites, elsewhere):
    found, hid, given = finds_in(SEED, sites=sites, elsewhere=elsewhere, states=LEAKY, ledger=True)
    assert min(hid, given) > 50
    assert found == []


def test_without_the_ledger_the_same_attack_finds_small_counts():
    found, *_ = finds_in(SEED, sites=5, elsewhere=False, states=LEAKY, ledger=False, enough=1)
    assert found != []


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("sites", [2, 3, 6, 10])
def test_no_small_count_of_many_random_states_is_given_away_by_consecutive_releases(sites, elsewhere):
    assert (
        finds_in(SEED + 1, sites=sites, elsewhere=elsewhere, states=range(many(8)), ledger=True, thorough=True)[0] == []
    )


def sites_of(**counts: list[int]) -> pd.DataFrame:
    """Episodes by site and month, to October 2026."""
    months = max(map(len, counts.values()))
    return pd.DataFrame(counts, index=pd.period_range("2026-10", periods=months, freq="M") - months + 1).T


EPISODES = CARDS.cards["episodes"]


def test_a_quarter_is_not_shown_beside_two_of_its_months():
    """A site shown by month through August has 4 in September: with the quarter shown now, 50 - 23 - 23 would be 4."""
    counts = sites_of(a=[20, 21, 22] * 6 + [23, 23, 4, 20], b=[40] * 22, c=[60] * 22)
    months = ("2026-08", "2026-09")
    alone, _ = side_by_side(counts, counts, "episodes", EPISODES, ledger=False, months=months)
    quarter = alone[1].set_index(["site_id", "period"])["hidden"]
    assert not quarter["a", "2026-07_2026-09"]
    assert "all / a / 2026-09: the hidden numerator must be 4." in small_finds(
        laid_side_by_side(alone), RULE, hide="people", unit="count"
    )
    beside, lost = side_by_side(counts, counts, "episodes", EPISODES, ledger=True, months=months)
    assert beside[1].set_index(["site_id", "period"])["hidden"]["a", "2026-07_2026-09"]
    assert small_finds(laid_side_by_side(beside), RULE, hide="people", unit="count") == []
    assert lost == ()


def test_years_of_a_young_site_do_not_give_its_last_quarter_away():
    """Open since April with 14 in its first quarter: the year to June is 14, the year to September 14 + 6."""
    counts = sites_of(a=[0] * 12 + [5, 5, 4, 2, 2, 2, 3], b=[40] * 19, c=[60] * 19, d=[9, 2, 3] * 6 + [3])
    months = ("2026-06", "2026-09")
    alone, _ = side_by_side(counts, counts, "episodes", EPISODES, ledger=False, months=months)
    opened = with_opening_days(laid_side_by_side(alone), counts)
    assert "all / a / 2026-07_2026-09: the hidden numerator must be 6." in small_finds(
        opened, RULE, hide="people", unit="count"
    )
    beside, _ = side_by_side(counts, counts, "episodes", EPISODES, ledger=True, months=months)
    opened = with_opening_days(laid_side_by_side(beside), counts)
    assert small_finds(opened, RULE, hide="people", unit="count") == []


def test_a_period_built_again_shows_what_was_released_whatever_came_after():
    counts = made_up_counts(np.random.default_rng(SEED), sites=6, months=20, elsewhere=False, mean=8)
    out, tables = [], {}
    for period in MONTHS:
        shown, _, cut = shown_in(counts, counts, period, "episodes", EPISODES, out)
        tables[period] = shown
        out.append(released(shown, cut, out))
    for period, shown in tables.items():
        again, lost, _ = shown_in(counts, counts, period, "episodes", EPISODES, out)
        pd.testing.assert_frame_equal(again, shown)
        assert lost == ()


def test_what_earlier_releases_give_away_alone_is_said_and_not_repaired():
    """July 30, August 30 and the quarter of 64 are out: September is 4, whatever is hidden now."""
    counts = sites_of(a=[20] * 18 + [30, 30, 4, 20], b=[40] * 22, c=[60] * 22)
    careless, _ = side_by_side(counts, counts, "episodes", EPISODES, ledger=False, months=("2026-08", "2026-09"))
    out = []
    for period, shown in zip(("2026-08", "2026-09"), careless, strict=True):
        cut = windows(STUDY, periods.period(period), (counts.columns[0].start_time, periods.period(period).to_on))
        out.append(released(shown, cut, out))
    _, lost, _ = shown_in(counts, counts, "2026-10", "episodes", EPISODES, out)
    assert any("a away (2026-09)" in sentence for sentence in lost)
    assert not any("4" in sentence.replace("2026", "").replace("09", "") for sentence in lost)


def test_the_days_since_an_incomplete_month_are_not_found_by_subtraction():
    """Statewide 20 to the 17th of October and 26 in all of it: six since."""
    counts = sites_of(a=[30] * 17 + [12], b=[40] * 17 + [14])
    now = periods.period("2026-09")
    cut = windows(STUDY, now, (counts.columns[0].start_time, pd.Timestamp("2026-10-17")))
    half = counts.assign(**{"x": 0}).drop(columns="x")
    half[pd.Period("2026-10")] = [9, 11]
    cards = CARDS.model_copy(update={"cards": {"episodes": EPISODES}})
    shown, _ = hidden_beside(measures_of(half, half, cut, "episodes"), cards, cut, STUDY, rule=RULE)
    entry = entry_of(shown, cut.all, now=now, records_to=pd.Timestamp("2026-10-17"), tables="0" * 64, beside=[])
    early = release_of(entry, 1, STUDY, where="params/demo/releases/2026-09.json")
    assert early.figures["episodes"]["all", STATEWIDE]["2026-10"] == (20, 20)
    whole, _, _ = shown_in(counts, counts, "2026-10", "episodes", EPISODES, [early])
    october = whole.set_index(["site_id", "period"])["hidden"]
    assert october[STATEWIDE, "2026-10"]
    assert small_finds(laid_side_by_side([whole]), RULE, hide="people", unit="count") == []


# --- mixes -----------------------------------------------------------------------------------------------------------


def mix_of(counts: dict[str, dict[str, list[int]]], cut, *, more=()) -> pd.DataFrame:
    """Rows of presenting_problem: by category and site, episodes by month to October 2026."""
    months = len(next(iter(next(iter(counts.values())).values())))
    index = pd.period_range("2026-10", periods=months, freq="M") - months + 1
    every = {stratum: pd.DataFrame(sites, index=index).T for stratum, sites in counts.items()}
    rows = []
    for window in [*cut.all, *more]:
        inside = {
            stratum: frame.loc[:, (index >= window.first) & (index <= window.last)].sum(axis=1)
            for stratum, frame in every.items()
        }
        whole = sum(inside.values())
        for stratum, top in inside.items():
            rows.append((stratum, STATEWIDE, window.name, top.sum(), whole.sum()))
            rows += [(stratum, site, window.name, top[site], whole[site]) for site in top.index]
    frame = pd.DataFrame(rows, columns=["stratum", "site_id", "period", "numerator", "denominator"])
    return frame.assign(measure="presenting_problem", value=0.5, low=0.1, high=0.9, not_measurable=0, hidden=False)


def years_of_a_mix(counts, *, ledger: bool) -> list[pd.DataFrame]:
    """The mix as briefs of June and September 2026 show it, the second beside the first where there is a ledger."""
    cards = CARDS.model_copy(update={"cards": {"presenting_problem": CARDS.cards["presenting_problem"]}})
    tables, out = [], []
    for period in ("2026-06", "2026-09"):
        now = periods.period(period)
        cut = windows(STUDY, now, (pd.Timestamp("2025-05-01"), now.to_on))
        rows = mix_of(counts, cut, more=months_before(cut, out if ledger else []))
        shown, _ = hidden_beside(rows, cards, cut, STUDY, rule=RULE, ledger=out if ledger else [])
        tables.append(shown)
        out.append(released(shown, cut, out))
    return tables


def young_site(last_quarter: int) -> dict[str, dict[str, list[int]]]:
    """Site a opened in April 2026 with 36 of anxiety in its first quarter; and so many in the one after, to September."""
    before, after = [0] * 11 + [12, 12, 12], [last_quarter, 0, 0, 5]
    steady = {"b": [20] * 18, "c": [30] * 18}
    return {
        "anxiety": {"a": before + after, **steady},
        "depression": {"a": [0] * 11 + [12] * 7, **steady},
        "school": {"a": [0] * 18, **steady},
    }


def test_two_years_of_a_mix_do_not_give_the_quarter_between_away():
    """36 and 39: the three since would be known, with the 36 of the site's first quarter in both years."""
    key = ("anxiety", "a", "2025-10_2026-09")
    alone = years_of_a_mix(young_site(3), ledger=False)[1].set_index(["stratum", "site_id", "period"])
    beside = years_of_a_mix(young_site(3), ledger=True)[1].set_index(["stratum", "site_id", "period"])
    assert alone.loc[key, "numerator"] == 39
    assert beside.loc[key, "hidden"]
    # Nor may the sum of the categories and the state's row say it.
    hid = beside[beside["hidden"]].index
    assert {stratum for stratum, site, _ in hid if site == "a"} > {"anxiety"}
    assert {site for stratum, site, _ in hid if stratum == "anxiety"} > {"a"}


def test_two_years_of_a_mix_that_differ_by_enough_are_shown():
    shown = years_of_a_mix(young_site(14), ledger=True)[1]
    assert not shown["hidden"].any()


# --- the ledger's files ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def september(demo_root, tmp_path_factory):
    """The made-up state with the briefs of September 2026 as far as a release looks at them; nothing in it may be changed."""
    root = tmp_path_factory.mktemp("september")
    shutil.copytree(demo_root / "params", root / "params")
    shutil.copytree(demo_root / "data" / "processed" / "demo", root / "data" / "processed" / "demo")
    put_briefs(root, "2026-09")
    return root


@pytest.fixture
def workspace(september, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(september, tmp_path / "workspace")


def put_briefs(root: Path, period: str) -> Numbers:
    study = params.study("demo", root=root)
    numbers = open_numbers(study, study.period(period), root=root)
    cards = numbers.cards.cards
    for site in (STATEWIDE, *numbers.pages["site_id"]):
        run = Run("demo", period, site, "collaborative_brief" if site == STATEWIDE else "site_scorecard", root)
        rows = numbers.shown if site == STATEWIDE else numbers.shown[numbers.shown["site_id"].eq(site)]
        write_table(
            rows[MEASURES_TABLE.names], run.tables / "measures.csv", table=MEASURES_TABLE, rule=RULE,
            hide={name: card.hide for name, card in cards.items()}, units={name: card.unit for name, card in cards.items()},
        )  # fmt: skip
        for path, text in ((run.brief, "a page"), (run.made_from, json.dumps(made_from("demo", root=root)))):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return numbers


def late_records(root: Path, many: int) -> None:
    """So many more episodes of site-01 in July 2026, each of a new child."""
    path = root / "data" / "processed" / "demo" / "episodes.parquet"
    episodes = pd.read_parquet(path)
    july = episodes[episodes["site_id"].eq("site-01") & episodes["counted_on"].between("2026-07-01", "2026-07-31")]
    more = july.head(many).assign(
        episode_id=np.arange(many) + episodes["episode_id"].max() + 1,
        child_id=np.arange(many) + episodes["child_id"].max() + 1,
    )
    pd.concat([episodes, more.astype(episodes.dtypes)], ignore_index=True).to_parquet(path)


def test_a_release_keeps_what_was_shown_and_nothing_hidden(workspace):
    numbers = put_briefs(workspace, "2026-09")
    assert len(release("demo", "2026-09", root=workspace)) == 1
    path = workspace / "params" / "demo" / "releases" / "2026-09.json"
    assert path.stat().st_size < 300_000
    (kept,) = read_ledger(numbers.study, root=workspace)
    given = numbers.shown[~numbers.shown["hidden"]]
    assert {(measure, *cell) for measure in kept.figures for cell in kept.cells(measure)} == set(
        given[["measure", "stratum", "site_id", "period"]].itertuples(index=False, name=None)
    )
    for row in given[given["measure"].isin(["episodes", "contact_share", "presenting_problem"])].itertuples():
        assert kept.figures[row.measure][row.stratum, row.site_id][row.period] == (row.numerator, row.denominator)
    assert (
        kept.tables
        == hashlib.sha256((workspace / "outputs/demo/tables/2026-09/statewide/measures.csv").read_bytes()).hexdigest()
    )


def test_a_release_twice_is_one_and_the_briefs_stay_what_they_are(workspace):
    release("demo", "2026-09", root=workspace)
    path = workspace / "params" / "demo" / "releases" / "2026-09.json"
    first = path.read_bytes()
    assert "shows the same" in release("demo", "2026-09", root=workspace)[0]
    assert path.read_bytes() == first


@pytest.mark.slow
def test_other_figures_are_added_only_when_asked_and_both_stay(workspace):
    release("demo", "2026-09", root=workspace)
    late_records(workspace, 14)
    put_briefs(workspace, "2026-09")
    with pytest.raises(ParamsError, match=r"with other figures: \d+ changed, .*AGAIN=yes"):
        release("demo", "2026-09", root=workspace)
    release("demo", "2026-09", again=True, root=workspace)
    first, second = read_ledger(STUDY, root=workspace)
    assert (first.name, second.name, second.beside) == ("2026-09/1", "2026-09/2", ("2026-09/1",))
    july = ("all", "site-01")
    assert second.figures["episodes"][july]["2026-07"][0] - first.figures["episodes"][july]["2026-07"][0] == 14


@pytest.mark.parametrize(
    "lacking", ["briefs/2026-09/site-03/site_scorecard.html", "tables/2026-09/statewide/measures.csv"]
)
def test_a_release_without_its_briefs_is_refused(workspace, lacking):
    (workspace / "outputs" / "demo" / lacking).unlink()
    with pytest.raises(ParamsError, match=r"is missing, so September 2026 cannot be released.*make collaborative"):
        release("demo", "2026-09", root=workspace)


def test_a_release_of_stale_briefs_is_refused(workspace):
    late_records(workspace, 14)
    with pytest.raises(ParamsError, match="is older than its data or params"):
        release("demo", "2026-09", root=workspace)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"period": "2026-09"', '"period": "2026-08"', "holds a release of 2026-08. Call the file 2026-08.json"),
        ('"beside"', '"besides"', "is not a key used here"),
        ('"2026-07",', '"2026-13",', '"2026-13" is not a period'),
        ('"site-01": "', '"site-01": "7 ', "is not one figure a window"),
        ("{", "[", "is not JSON"),
    ],
)
def test_a_ledger_that_was_edited_is_a_sentence(workspace, old, new, sentence):
    release("demo", "2026-09", root=workspace)
    path = workspace / "params" / "demo" / "releases" / "2026-09.json"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ParamsError, match=re.escape(sentence)):
        read_ledger(STUDY, root=workspace)


@pytest.mark.parametrize(
    ("late", "words"), [pytest.param(14, "14 more", marks=pytest.mark.slow), (4, "changed by fewer than 11")]
)
def test_what_is_restated_is_said_where_it_is_no_small_count(workspace, late, words):
    release("demo", "2026-09", root=workspace)
    assert set(restated("demo", "2026-10", root=workspace)["in_words"]) == {"no change"}
    late_records(workspace, late)
    changed = restated("demo", "2026-10", root=workspace).set_index(["measure", "stratum", "site_id", "period"])
    july = changed.loc[("episodes", "all", "site-01", "2026-07")]
    assert (july["release"], july["in_words"]) == ("2026-09/1", words)
    assert pd.isna(july["numerator"]) == (late < 11)
    assert not changed[["numerator", "denominator"]].abs().isin(range(1, 11)).any(axis=None)


def test_the_command_ends_in_a_sentence(capsys):
    assert main(["demo"]) == 1
    assert capsys.readouterr().err == "Name a period, as in make release STUDY=nm PERIOD=2026-10.\n"
    assert main(["demo", "2026-10", "maybe"]) == 1
    assert 'AGAIN is "maybe"' in capsys.readouterr().err
