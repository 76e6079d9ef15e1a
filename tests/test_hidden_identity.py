"""Nothing that is sent depends on anything hidden: two states that differ in hidden counts alone give the same bytes of all of it."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from conftest import build_briefs

from analysis import params
from analysis.brief import panels, signals
from analysis.brief.numbers import Numbers, count_numbers
from analysis.brief.packet import paper
from analysis.brief.packet.delivery import prepare
from analysis.brief.packet.drawings import statewide_drawings
from analysis.brief.packet.meeting import Meeting
from analysis.brief.packet.workbook import make_workbook
from analysis.brief.small_counts.disclosure import KEY
from analysis.brief.windows import windows
from analysis.quality.cards import read_cards
from analysis.quality.counts import by_measure_place_period
from analysis.tables import MEASURES_TABLE

pytestmark = pytest.mark.slow  # two states with all their pages

PERIOD = "2026-10"
SITES = ("site-12", "site-09")  # small ones, shown by the year alone and by quarters
# Two months of one quarter, on one clock time; long enough ago for whatever is watched for half a year.
EARLY, LATE = ("2026-01-01", "2026-01-31"), ("2026-02-08", "2026-02-28")
BEGIN_LATER = ("site-02", "site-07")  # larger ones, shown by month from later than the following on
FEBRUARY, MARCH = ("2024-02-01", "2024-02-29"), ("2024-03-08", "2024-03-31")  # of one quarter
PAIRS = ((SITES, EARLY, LATE), (BEGIN_LATER, FEBRUARY, MARCH))
PAGES = (
    "statewide/collaborative_brief",
    "statewide/data_quality",
    *(f"{site}/site_scorecard" for site in (*SITES, *BEGIN_LATER)),
)


def one_of(episodes: pd.DataFrame, site: str, span: tuple[str, str]) -> int:
    """The first episode there and then of a child who has no other."""
    alone = ~episodes["child_id"].duplicated(keep=False) & episodes["child_id"].notna()
    return episodes.index[alone & episodes["site_id"].eq(site) & episodes["counted_on"].between(*span)][0]


def alike(episodes: pd.DataFrame, sites: tuple[str, str], first: tuple, second: tuple) -> tuple[pd.DataFrame, int, int]:
    """The episodes with one at each site that are alike in all but child, place and date; whole weeks lie between them."""
    early, late = one_of(episodes, sites[0], first), one_of(episodes, sites[1], second)
    own = ["episode_id", "child_id", "site_id", "county_fips", "file", "row_number"]
    same = episodes.copy()
    weeks = (episodes.loc[late, "counted_on"] - episodes.loc[early, "counted_on"]) // pd.Timedelta(weeks=1)
    for name in episodes.columns.difference(own):
        value = episodes.loc[early, name]
        same.loc[late, name] = value + pd.Timedelta(weeks=weeks) if isinstance(value, pd.Timestamp) else value
    return same, early, late


def swapped(episodes: pd.DataFrame, one: int, other: int) -> pd.DataFrame:
    """The same episodes, each of the two at the other's place."""
    place = ["site_id", "county_fips"]
    exchanged = episodes.copy()
    exchanged.loc[[one, other], place] = episodes.loc[[other, one], place].to_numpy()
    return exchanged


def without_companions(folder: Path, episodes: list[int]) -> None:
    """Take what other tables say of the two episodes away, so that they are alike there too."""
    for path in sorted(folder.glob("*.parquet")):
        table = pd.read_parquet(path)
        if "episode_id" in table and path.stem != "episodes":
            table[~table["episode_id"].isin(episodes)].to_parquet(path)


@pytest.fixture(scope="module")
def states(demo_root, tmp_path_factory) -> tuple[Path, Path]:
    """Two workspaces with their briefs, whose tables differ in the place of two episodes."""
    roots = []
    for number in (1, 2):
        root = tmp_path_factory.mktemp(f"state_{number}")
        for name in ("analysis", "notebooks"):
            shutil.copytree(
                params.ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "scratch", ".*")
            )
        shutil.copytree(demo_root / "params", root / "params")
        shutil.copytree(demo_root / "data" / "processed", root / "data" / "processed")
        path = root / "data" / "processed" / "demo" / "episodes.parquet"
        episodes = pd.read_parquet(path)
        for pair in PAIRS:
            episodes, early, late = alike(episodes, *pair)
            episodes = episodes if number == 1 else swapped(episodes, early, late)
            without_companions(path.parent, episodes.loc[[early, late], "episode_id"].tolist())
        episodes.to_parquet(path)
        build_briefs(root, [f"outputs/demo/briefs/{PERIOD}/{page}.html" for page in PAGES])
        roots.append(root)
    return roots[0], roots[1]


def counted(root: Path) -> tuple[pd.DataFrame, Numbers]:
    """Every figure before anything is hidden, and what is shown of them."""
    study = params.study("demo", root=root)
    numbers = count_numbers(study, study.period(PERIOD), root=root)
    folder = root / "data" / "processed" / "demo"
    episodes, sites, counties, population = (
        pd.read_parquet(folder / f"{name}.parquet") for name in ("episodes", "sites", "site_counties", "population")
    )
    cut = windows(study, study.period(PERIOD), numbers.covers)
    table = by_measure_place_period(
        episodes, sites, cut.all, study=study, cards=read_cards(study, root=root), covers=numbers.covers,
        site_counties=counties, population=population,
    )  # fmt: skip
    return table.set_index(KEY), numbers


@pytest.fixture(scope="module")
def both(states) -> list[tuple[pd.DataFrame, Numbers]]:
    """What `counted` gives of the two states."""
    return [counted(root) for root in states]


def test_hidden_counts_of_the_two_states_differ_and_no_shown_one(both):
    (one, shown), (other, _) = both
    different = one.index[one["denominator"].ne(other["denominator"])]
    single = [key for key in different if key[1] == "all"]
    small = [key for key in single if key[0] == "episodes" and 1 <= one.loc[key, "numerator"] <= 10]
    assert {(key[2], len(shown.study.period(key[3]).months)) for key in small} >= {(site, 1) for site in SITES}
    published = shown.shown.set_index(KEY)["hidden"]
    for site in BEGIN_LATER:
        months = [
            (key[3], published[key])
            for key in published.index
            if key[:3] == ("episodes", "all", site) and len(key[3]) == 7
        ]
        begins = min(month for month, hidden in months if not hidden)
        apart = {key[3] for key in single if key[0] == "episodes" and key[2] == site}
        assert apart == {"2024-02", "2024-03"}
        assert max(apart) < begins
    assert published.reindex(single).all()
    assert not any(key in published.index for key in different.difference(single))  # months of a mix are nowhere


def test_pages_and_tables_of_the_two_states_are_the_same_bytes(states):
    sent = [
        {
            path.relative_to(root / "outputs").as_posix(): path.read_bytes()
            for room in ("briefs", "tables")
            for path in sorted((root / "outputs" / "demo" / room).rglob("*"))
            if path.is_file()
        }
        for root in states
    ]
    kinds = [Path(name).suffix for name in sent[0]]
    assert kinds.count(".html") == len(PAGES) + 1  # and the index
    assert kinds.count(".csv") >= 1 + len(SITES)
    assert sent[0].keys() == sent[1].keys()
    assert [name for name in sent[0] if sent[0][name] != sent[1][name]] == []


def test_a_page_that_printed_a_hash_of_its_data_would_tell_the_two_states_apart(states):
    """What the record inside runs/ holds differs: the test above can fail."""
    records = [next((root / "outputs").rglob("collaborative_brief.made_from.json")).read_bytes() for root in states]
    assert records[0] != records[1]


# --- the packet: workbook, slides and pictures ---------------------------------------------------------------------------


def drawn(numbers: Numbers) -> dict[str, bytes]:
    """Every statewide figure, and those of the small sites' scorecards, as lines (SVG) and as dots (PNG)."""
    drawings = {f"statewide/{measure}": drawing for measure, drawing in statewide_drawings(numbers).items()}
    for site in SITES:
        for measure in numbers.cards.scorecard:
            if (found := signals.signal(numbers, measure, site)) is not None:
                drawings[f"{site}/{measure}"] = panels.trend_drawing(numbers, found)
    lines = {f"{name}.svg": drawing.svg.encode() for name, drawing in drawings.items()}
    return lines | {f"{name}.png": drawing.png(inches=4) for name, drawing in drawings.items()}


def as_if_nothing_were_hidden(counts: pd.DataFrame, numbers: Numbers) -> Numbers:
    """The numbers of a state, every count open of the measures that were counted."""
    shown, counts = numbers.shown, counts.reset_index()
    kinds = {name: kind for name, kind in shown.dtypes.items() if name in counts}
    rest = shown[~shown["measure"].isin(counts["measure"])]
    return replace(numbers, shown=pd.concat([counts.astype(kinds), rest], ignore_index=True), looked={})


def test_packet_workbook_slides_and_pictures_of_the_two_states_are_the_same_bytes(states, both, tmp_path, monkeypatch):
    monkeypatch.setattr(paper, "find_chromium", lambda: None)
    sent = []
    for number, state in enumerate(states):
        root = tmp_path / str(number)
        shutil.copytree(state, root)
        assert prepare(Meeting("demo", PERIOD, root), say=lambda line: None) == []
        meeting = Meeting("demo", PERIOD, root)
        made = [meeting.packet, meeting.slides, meeting.workbook, *sorted(meeting.send.rglob("*"))]
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in made if path.is_file()}
        sent.append(files | drawn(both[number][1]))
    kinds = {Path(name).suffix for name in sent[0]}
    assert kinds >= {".html", ".pptx", ".xlsx", ".csv", ".png", ".svg", ".txt"}
    assert {name.partition("/")[0] for name in sent[0] if name.endswith(".svg")} == {"statewide", *SITES}
    assert sent[0].keys() == sent[1].keys()
    assert [name for name in sent[0] if sent[0][name] != sent[1][name]] == []


def test_workbook_and_pictures_that_showed_everything_would_tell_the_two_states_apart(both):
    """The same files with nothing hidden differ: the test above can fail."""
    one, other = (as_if_nothing_were_hidden(*each) for each in both)
    everything = params.disclosure().model_copy(update={"smallest_shown": 1})
    books = [make_workbook(each.shown[MEASURES_TABLE.names], each, rule=everything) for each in (one, other)]
    assert books[0] != books[1]
    pictures = [drawn(each) for each in (one, other)]
    differ = {name for name in pictures[0] if pictures[0][name] != pictures[1][name]}
    assert differ >= {f"{site}/episodes_per_1000.{kind}" for site in SITES for kind in ("svg", "png")}
