"""Pages in a browser: they fetch nothing, everyone can read them on a phone and at a desk, and they print on few sheets."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis.brief import figures, markup
from analysis.brief.press.pages import shell
from analysis.params import ROOT

HERE = ROOT / "tests" / "browser"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LETTER = "0 0 612 792"  # points
# Sheets of paper, definitions and all; what is not named here may be as long as its tables.
MOST_SHEETS = {"collaborative_brief": 4, "site_scorecard": 3, "agenda": 2, "partner_page": 1}
SMALLEST_ON_A_PHONE = 9  # pixels of a letter in a figure
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>' + "Llanfairpwllgwyngyll" * 6


def chromium() -> str:
    """The browser's program, CHROMIUM where that is set; the test is skipped, saying so, where something is missing."""
    named = os.environ.get("CHROMIUM")
    program = next(filter(None, map(shutil.which, [named] if named else PROGRAMS)), None)
    if program is None:
        pytest.skip("Chromium is not installed: no page is opened.")
    if shutil.which("node") is None:
        pytest.skip("node is not installed: no page is opened.")
    if not (HERE / "node_modules").is_dir():
        pytest.skip("tests/browser/node_modules is missing (npm ci --prefix tests/browser): no page is opened.")
    return program


def made_up_pages() -> dict[str, Path]:
    """The made-up state's index, its statewide briefs, and the site pages that show most and least."""
    bare = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "PERIOD", "SITES", "STUDY")}
    made = subprocess.run(["make", "briefs"], cwd=ROOT, env=bare, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    briefs = ROOT / "outputs" / "demo" / "briefs"
    plan = (ROOT / "data" / "processed" / "demo" / "plan.mk").read_text(encoding="utf-8")
    month = re.search(r"^LAST_MONTH\s*:?=\s*(\S+)", plan, re.MULTILINE)[1]
    # The month's own and those of the span that ends with it.
    statewide = {path.stem: path for path in sorted(briefs.glob(f"*{month}/statewide/*.html"))}
    of_sites = {}
    for name in ("site_scorecard", "partner_page"):
        by_size = sorted(briefs.glob(f"{month}/site-*/{name}.html"), key=lambda path: (path.stat().st_size, path))
        of_sites |= {f"tiny {name}": by_size[0], f"large {name}": by_size[-1]}
    return {"index": briefs / "index.html", **statewide, **of_sites}


def hostile_page(folder: Path) -> Path:
    """A page in a brief's shell about a site whose name is markup, without a blank to break at."""
    months = pd.DataFrame({"label": ["Sep\n2026", "Oct\n2026"], "value": [0.90, 0.91], "low": [0.8, 0.8], "high": [0.95, 0.96],
                           "state": figures.COMPLETE, "note": "", "definition": ""})  # fmt: skip
    drawing = figures.draw_months(months, unit="share", title="Seen in person", place=HOSTILE[:60], target=0.9)
    body = markup.together(
        markup.headline(HOSTILE, level=1),
        markup.paragraph(HOSTILE),
        markup.table([(HOSTILE, 12)], caption=HOSTILE, headers=["Site", "Crises"], numeric=["Crises"]),
        markup.figure(drawing.svg, alt=drawing.alt, caption=HOSTILE),
    )
    page = folder / "hostile.html"
    page.write_text(shell(body.text, name="hostile.html"), encoding="utf-8")
    return page


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """What each page did in the browser, by its name."""
    program = chromium()
    pages = {**made_up_pages(), "hostile": hostile_page(tmp_path_factory.mktemp("hostile"))}
    looked = subprocess.run(
        ["node", str(HERE / "look.mjs"), *map(str, pages.values())],
        env={**os.environ, "CHROMIUM": program},
        capture_output=True,
        text=True,
        check=False,
    )
    assert looked.returncode == 0, looked.stderr
    found = json.loads(looked.stdout)
    return {name: found[str(path)] for name, path in pages.items()}


@pytest.mark.browser
def test_every_kind_of_page_is_opened(seen):
    assert {"index", "data_quality", "collaborative_brief", "tiny site_scorecard", "large site_scorecard", "hostile"} <= set(seen)  # fmt: skip


@pytest.mark.browser
def test_a_page_asks_for_nothing_but_itself(seen):
    assert {name: page["requests"] for name, page in seen.items() if page["requests"]} == {}


@pytest.mark.browser
def test_a_page_runs_without_an_error_a_warning_or_a_dialog(seen):
    assert {name: page["errors"] for name, page in seen.items() if page["errors"]} == {}


@pytest.mark.browser
@pytest.mark.parametrize("width", ["phone", "desk"])
def test_axe_finds_nothing_with_every_fold_open(seen, width):
    assert {name: page["violations"][width] for name, page in seen.items() if page["violations"][width]} == {}


@pytest.mark.browser
@pytest.mark.parametrize("width", ["phone", "desk"])
def test_no_page_scrolls_sideways(seen, width):
    assert {name: page["overhang"][width] for name, page in seen.items() if page["overhang"][width] > 0} == {}


@pytest.mark.browser
def test_every_drawing_is_a_picture_with_a_name(seen):
    assert {name: page["unnamed"] for name, page in seen.items() if page["unnamed"]} == {}


@pytest.mark.browser
@pytest.mark.parametrize("width", ["phone", "desk"])
def test_no_word_of_a_figure_is_cut_off_at_its_edge(seen, width):
    cut = {name: [text["words"] for text in page["texts"][width] if text["cut"] > 0] for name, page in seen.items()}
    assert {name: words for name, words in cut.items() if words} == {}


@pytest.mark.browser
def test_the_words_of_a_figure_can_be_read_on_a_phone(seen):
    pixels = [text["pixels"] for page in seen.values() for text in page["texts"]["phone"]]
    assert min(pixels) >= SMALLEST_ON_A_PHONE


@pytest.mark.browser
def test_a_page_prints_on_letter_paper_and_on_few_sheets(seen):
    assert {size for page in seen.values() for size in page["sizes"]} == {LETTER}
    sheets = {name: (page["sheets"], MOST_SHEETS[name.split()[-1]]) for name, page in seen.items() if name.split()[-1] in MOST_SHEETS}  # fmt: skip
    assert len(sheets) == 6  # the collaborative brief, the agenda, and the smallest and largest of two site pages
    assert {name: found for name, found in sheets.items() if found[0] > found[1]} == {}


SKIPS = {
    "in a test": "@pytest.mark.browser\ndef test_page():\n    pytest.skip('no browser here')",
    "in a module": "pytest.skip('no browser here', allow_module_level=True)",
}


@pytest.mark.parametrize(
    ("skipped", "required", "ends_with"),
    [
        ("in a test", "", 0),  # a machine without a browser skips
        ("in a test", "spark", 0),  # another need is required
        ("in a test", "spark,browser", 1),  # this one is
        ("in a test", "bowser", 4),  # a slip of the pen is no silent pass
        ("in a module", "", 5),  # a module may skip itself: nothing is left to run
        ("in a module", "browser", 2),  # which must not hide what is required
    ],
)
def test_a_skip_is_a_failure_where_require_names_its_marker(tmp_path, skipped, required, ends_with):
    shutil.copy(ROOT / "tests" / "required.py", tmp_path / "conftest.py")
    (tmp_path / "test_skips.py").write_text(f"import pytest\n{SKIPS[skipped]}\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-W", "ignore::pytest.PytestUnknownMarkWarning"],
        env={**os.environ, "REQUIRE": required},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == ends_with, run.stdout
    assert ("no browser here" in run.stdout) == (ends_with != 4)
