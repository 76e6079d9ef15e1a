"""The Makefile builds what is stale and nothing else; a failing notebook leaves no brief and stops no other."""

import json
import shutil
import subprocess
import time

import pytest
from conftest import bare

from analysis.params import ROOT

PERIOD = "2026-10"
ONE_SITE = ["SITES=site-15", f"PERIOD={PERIOD}"]
# The monthly set; each of them may name sites.
ALL = {"data_quality", "collaborative_brief", "site_scorecard", "agenda", "meeting_status"}


def make(folder, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, check=False, env=bare())


def built(done: subprocess.CompletedProcess) -> set[str]:
    """The notebooks that a run said it built."""
    return {name for name in ALL if f"] {name}," in done.stderr}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of what git knows, with this environment, its briefs of one site made."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    done = make(folder, "briefs", *ONE_SITE)
    assert done.returncode == 0, done.stderr
    assert built(done) == ALL
    return folder


@pytest.mark.slow
def test_a_second_run_does_nothing_in_under_three_seconds(checkout):
    started = time.monotonic()
    done = make(checkout, "briefs", *ONE_SITE)
    assert time.monotonic() - started < 3
    assert done.stdout.startswith("Nothing has changed")


def for_the_meeting(checkout) -> dict[str, int]:
    """When each file that goes into the meeting was written; the PDFs only where Chromium is installed."""
    outputs = checkout / "outputs" / "demo"
    files = [path for path in (outputs / "send" / PERIOD).rglob("*") if path.is_file()]
    files += [outputs / "briefs" / PERIOD / "statewide" / name for name in ("packet.html", "slides.pptx")]
    files += [outputs / "tables" / PERIOD / "statewide" / "measures.xlsx"]
    return {path.relative_to(outputs).as_posix(): path.stat().st_mtime_ns for path in files if path.suffix != ".pdf"}


@pytest.mark.slow
def test_what_goes_into_the_meeting_is_made_with_the_briefs(checkout):
    assert {name for name in for_the_meeting(checkout) if name.startswith("send") and "site" in name} == {
        f"send/{PERIOD}/site-15/{name}" for name in ("README.txt", "measures.csv", "scorecard.html")
    }


@pytest.mark.slow
def test_a_change_of_the_slides_makes_the_packet_again_and_no_brief(checkout):
    before = for_the_meeting(checkout)
    (checkout / "analysis" / "brief" / "packet" / "slides.py").touch()
    done = make(checkout, "briefs", *ONE_SITE)
    assert done.returncode == 0, done.stderr
    assert built(done) == set()
    after = for_the_meeting(checkout)
    assert after.keys() == before.keys()
    assert all(after[name] > before[name] for name in before if not name.endswith("measures.csv"))


@pytest.mark.slow
def test_make_packet_makes_it_again_though_nothing_has_changed(checkout):
    before = for_the_meeting(checkout)
    done = make(checkout, "packet", *ONE_SITE)
    assert done.returncode == 0, done.stderr
    assert built(done) == set()
    page = f"briefs/{PERIOD}/statewide/packet.html"
    assert for_the_meeting(checkout)[page] > before[page]


@pytest.mark.slow
def test_a_changed_notebook_rebuilds_its_own_briefs_alone(checkout):
    before = for_the_meeting(checkout)
    (checkout / "notebooks" / "site_scorecard.ipynb").touch()
    assert built(make(checkout, "briefs", *ONE_SITE)) == {"site_scorecard"}
    page = f"briefs/{PERIOD}/statewide/packet.html"
    assert for_the_meeting(checkout)[page] > before[page]
    assert make(checkout, "briefs", *ONE_SITE).stdout.startswith("Nothing has changed")


@pytest.mark.slow
def test_another_study_s_params_rebuild_nothing(checkout):
    (checkout / "params" / "lane_county" / "study.yml").touch()
    assert make(checkout, "briefs", *ONE_SITE).stdout.startswith("Nothing has changed")


@pytest.mark.slow
def test_changed_cards_rebuild_the_briefs_that_read_them_and_not_the_tables(checkout):
    before = (checkout / "data" / "processed" / "demo" / "plan.mk").stat().st_mtime_ns
    (checkout / "params" / "measures.yml").touch()
    assert built(make(checkout, "briefs", *ONE_SITE)) == ALL
    assert (checkout / "data" / "processed" / "demo" / "plan.mk").stat().st_mtime_ns == before


@pytest.mark.slow
def test_changed_rules_of_the_collaborative_rebuild_all_that_may_name_its_sites(checkout):
    (checkout / "params" / "demo" / "collaborative.yml").touch()
    assert built(make(checkout, "briefs", *ONE_SITE)) == ALL


@pytest.mark.slow
def test_a_worklist_needs_a_site_and_is_no_brief(checkout):
    done = make(checkout, "worklist")
    assert done.returncode != 0
    assert "Name it: make worklist SITE=site-01" in done.stderr
    done = make(checkout, "worklist", *ONE_SITE, "SITE=site-01")
    assert done.returncode == 0, done.stderr
    assert (checkout / "outputs" / "demo" / "runs" / PERIOD / "site-01" / "worklist.csv").exists()
    assert not list((checkout / "outputs" / "demo" / "briefs").rglob("worklist*"))


@pytest.mark.slow
def test_one_brief_is_made_by_its_own_rule(checkout):
    page = f"outputs/demo/briefs/{PERIOD}/site-14/site_scorecard.html"
    done = make(checkout, page)
    assert done.returncode == 0, done.stderr
    assert (checkout / page).exists()


@pytest.mark.slow
def test_a_failing_notebook_leaves_no_brief_and_the_others_are_built(checkout):
    path = checkout / "notebooks" / "collaborative_brief.ipynb"
    sound = path.read_text(encoding="utf-8")
    broken = json.loads(sound)
    broken["cells"][4]["source"] = ["1 / 0"]
    path.write_text(json.dumps(broken), encoding="utf-8")
    (checkout / "notebooks" / "data_quality.ipynb").touch()
    done = make(checkout, "briefs", *ONE_SITE)
    assert done.returncode != 0
    assert "collaborative_brief, statewide, 2026-10, cell 5: ZeroDivisionError" in done.stderr
    folder = checkout / "outputs" / "demo" / "briefs" / PERIOD / "statewide"
    assert not (folder / "collaborative_brief.html").exists()
    assert not (folder / "packet.html").exists()
    assert (folder / "data_quality.html").exists()
    path.write_text(sound, encoding="utf-8")
    assert built(make(checkout, "briefs", *ONE_SITE)) == {"collaborative_brief"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["briefs", "PERIOD=2026-13", "SITES=site-01"], '"2026-13" is not a period'),
        (["briefs", "PERIOD=2031-01", "SITES=site-01"], "nothing of January 2031"),
        (["briefs", f"PERIOD={PERIOD}", "SITES=site-99"], '"site-99" is not a site of this study'),
        (["briefs", "STUDY=dmeo"], 'There is no study "dmeo" (did you mean "demo"?)'),
    ],
)
def test_a_user_s_mistake_ends_in_a_sentence(checkout, arguments, words):
    done = make(checkout, *arguments)
    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
