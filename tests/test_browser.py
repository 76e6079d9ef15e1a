"""Pages in a browser: they fetch nothing, everyone can read them on a phone and at a desk, and they print on few sheets."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from conftest import bare

from analysis.brief import figures, markup
from analysis.brief.packet.paper import print_page
from analysis.brief.press.pages import shell
from analysis.params import ROOT

HERE = ROOT / "tests" / "browser"
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LETTER = "0 0 612 792"  # points
SITES, PLANNED = "site-01 site-04 site-12 site-15", "site-04 site-12"  # large and small ones; those with a plan
# Sheets of paper; what is not named here may be as long as its tables. The brief of the state has five since its sites stand side by side.
MOST_SHEETS = {
    "collaborative_brief": 5,
    "site_scorecard": 3,
    "agenda": 2,
    "partner_page": 1,
    "support_plan": 6,
    "support_plans_overview": 4,
}
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
    command = ["make", "briefs", "partner", "plans", "cohort", f"SITES={SITES}", f"PLANNED={PLANNED}"]
    made = subprocess.run(command, cwd=ROOT, env=bare(), capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    briefs = ROOT / "outputs" / "demo" / "briefs"
    plan = (ROOT / "data" / "processed" / "demo" / "plan.mk").read_text(encoding="utf-8")
    month = re.search(r"^LAST_MONTH\s*:?=\s*(\S+)", plan, re.MULTILINE)[1]
    # The month's own and those of the span that ends with it.
    statewide = {path.stem: path for path in sorted(briefs.glob(f"*{month}/statewide/*.html"))}
    of_sites = {}
    for name, sites in (("site_scorecard", SITES), ("partner_page", SITES), ("support_plan", PLANNED)):
        made = [briefs / month / site / f"{name}.html" for site in sites.split()]
        by_size = sorted(made, key=lambda path: (path.stat().st_size, path))
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
    chromium()
    return look({**made_up_pages(), "hostile": hostile_page(tmp_path_factory.mktemp("hostile"))})


def look(pages: dict[str, Path]) -> dict[str, dict]:
    looked = subprocess.run(
        ["node", str(HERE / "look.mjs"), *map(str, pages.values())],
        env={**os.environ, "CHROMIUM": chromium()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert looked.returncode == 0, looked.stderr
    found = json.loads(looked.stdout)
    return {name: found[str(path)] for name, path in pages.items()}


@pytest.mark.browser
def test_every_kind_of_page_is_opened(seen):
    assert {"index", "packet", "data_quality", "collaborative_brief", "tiny site_scorecard", "large site_scorecard", "hostile"} <= set(seen)  # fmt: skip


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
    assert (
        len(sheets) == 9
    )  # the collaborative brief, the agenda, the overview, and the smallest and largest of three site pages
    assert {name: found for name, found in sheets.items() if found[0] > found[1]} == {}


@pytest.mark.browser
def test_a_second_checker_finds_nothing_either(seen):
    assert {name: page["sniffed"] for name, page in seen.items() if page["sniffed"]} == {}


# --- the keyboard --------------------------------------------------------------------------------------------------------


def backward(page: dict) -> list[tuple[str, str]]:
    """Neighbors on the way of the Tab key of which the second stands above the first, or before it in its line."""
    places = [((stop["top"], stop["left"]), stop["name"][:40]) for stop in page["keyboard"]["visited"]]
    return [(a, b) for (at, a), (then, b) in pairwise(places) if then < at]


@pytest.mark.browser
def test_tab_stops_at_every_link_fold_and_table_once_from_top_to_bottom(seen):
    stops = {name: (page["keyboard"]["stops"], len(page["keyboard"]["visited"])) for name, page in seen.items()}
    assert {name: found for name, found in stops.items() if found[0] != found[1]} == {}
    assert max(most for most, _ in stops.values()) > 50  # the packet
    assert {name: backward(page) for name, page in seen.items() if backward(page)} == {}


@pytest.mark.browser
def test_no_stop_jumps_the_queue_and_each_has_a_name(seen):
    visited = {name: page["keyboard"]["visited"] for name, page in seen.items()}
    assert {name for name, stops in visited.items() for stop in stops if stop["tabindex"] != 0} == set()
    assert {name for name, stops in visited.items() for stop in stops if not stop["name"]} == set()


@pytest.mark.browser
def test_what_scrolls_can_be_reached_by_keyboard_and_has_a_name(seen):
    assert {name: page["keyboard"]["outOfReach"] for name, page in seen.items() if page["keyboard"]["outOfReach"]} == {}


UNFIT = """<!DOCTYPE html><html lang="en"><head><title>Unfit</title></head><body><main><h1>Unfit</h1>
<a href="#b" style="position:absolute; top:400px">second</a><a href="#a" style="position:absolute; top:200px">first</a>
<a href="#c" tabindex="3">jumps</a><img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">
<div style="overflow-x:auto; width:100px"><p style="width:900px">wide</p></div></main></body></html>"""


@pytest.mark.browser
def test_an_unfit_page_is_found_out(tmp_path):
    (tmp_path / "unfit.html").write_text(UNFIT, encoding="utf-8")
    page = look({"unfit": tmp_path / "unfit.html"})["unfit"]
    assert any("H37" in issue for issue in page["sniffed"])  # a picture without words
    assert backward(page)
    assert 3 in {stop["tabindex"] for stop in page["keyboard"]["visited"]}
    assert len(page["keyboard"]["outOfReach"]) == 1


# --- paper ---------------------------------------------------------------------------------------------------------------


def poppler(program: str, *arguments: str) -> str:
    """What one of Poppler's programs prints; the test is skipped, saying so, where they are missing."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed (poppler-utils): no PDF is looked into.")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout


def sheets_of(paper: Path) -> list[list[str]]:
    """The words of each sheet, in the order in which they are drawn."""
    return [sheet.split() for sheet in poppler("pdftotext", "-raw", str(paper), "-").split("\f")[:-1]]


def cut_figures(page: str, sheets: list[list[str]]) -> list[str]:
    """The captions of figures on a sheet that lacks a word of them. Captions that are alike are told apart by their order."""
    needed: dict[int, Counter[str]] = {}
    captions: dict[int, list[str]] = {}
    at = (0, 0)
    for caption, drawing in re.findall(
        r"<figcaption>(.*?)</figcaption>\s*(?:<div[^>]*>\s*)?(<svg.*?</svg>)", page, flags=re.DOTALL
    ):
        at = find_words(sheets, html.unescape(caption).split(), at)
        texts = re.findall(r"<text\b[^>]*>(.*?)</text>", drawing, flags=re.DOTALL)
        needed.setdefault(at[0], Counter()).update(word for text in texts for word in html.unescape(text).split())
        captions.setdefault(at[0], []).append(caption)
    return [each for here, words in needed.items() if words - Counter(sheets[here]) for each in captions[here]]


def on_paper(packet: Path) -> str:
    """The packet's page without what is left to the screen."""
    page = BeautifulSoup(packet.with_suffix(".html").read_text(encoding="utf-8"), "html.parser")
    for part in page.select(".screen"):
        part.decompose()
    return str(page)


def find_words(sheets: list[list[str]], some: list[str], start: tuple[int, int]) -> tuple[int, int]:
    """The sheet on which these words stand next, from that sheet and word on, and the place of the word behind them."""
    for sheet in range(start[0], len(sheets)):
        for here in range(start[1] if sheet == start[0] else 0, len(sheets[sheet]) - len(some) + 1):
            if sheets[sheet][here : here + len(some)] == some:
                return sheet, here + len(some)
    raise AssertionError(f"{' '.join(some)} is on no sheet.")


@pytest.fixture(scope="module")
def packet(seen) -> Path:
    """The made-up state's packet on paper."""
    return next((ROOT / "outputs" / "demo" / "briefs").glob("*/statewide/packet.pdf"))


@pytest.mark.browser
def test_the_packet_on_paper_is_tagged_letter_sized_and_named(packet):
    told = dict(line.split(":", 1) for line in poppler("pdfinfo", str(packet)).splitlines() if ":" in line)
    assert told["Tagged"].strip() == "yes"
    assert told["Page size"].strip() == "612 x 792 pts (letter)"
    assert told["Title"].strip().startswith("For the meeting: ")
    assert "JavaScript" not in told or told["JavaScript"].strip() == "no"


@pytest.mark.browser
def test_headings_tables_and_pictures_are_tagged_and_pictures_have_their_words(packet):
    structure = poppler("pdfinfo", "-struct", str(packet))
    kinds = set(re.findall(r"^\s*([A-Z]\w*)\b", structure, re.MULTILINE))
    assert {"H1", "H2", "H3", "L", "Table", "TH", "TD", "Figure", "Caption"} <= kinds
    spoken = re.findall("/Alt [(<]", packet.read_bytes().decode("latin1"))
    assert len(spoken) == on_paper(packet).count("<svg ") > 10


@pytest.mark.browser
def test_printing_twice_gives_the_same_text_and_the_same_bytes(packet, tmp_path):
    again = print_page(packet.with_suffix(".html"), tmp_path / "again.pdf", chromium())
    assert sheets_of(again) == sheets_of(packet)
    # The packet was printed from its copy in the folder that is sent; a page names itself nowhere by its address.
    assert again.read_bytes() == packet.read_bytes()


@pytest.mark.browser
def test_each_part_of_the_packet_begins_on_a_sheet_of_its_own(packet):
    page, sheets = packet.with_suffix(".html").read_text(encoding="utf-8"), sheets_of(packet)
    titles = [html.unescape(re.sub(r"<[^>]*>", "", inner)).split() for inner in re.findall(r"<h2\b[^>]*>(.*?)</h2>", page, flags=re.DOTALL)]  # fmt: skip
    firsts = [next(here for here, sheet in enumerate(sheets) if sheet[: len(title)] == title) for title in titles]
    assert firsts == sorted(set(firsts))


@pytest.mark.browser
def test_no_figure_is_cut_over_two_sheets(packet):
    page = on_paper(packet)
    assert page.count("<figcaption>") > 10
    assert cut_figures(page, sheets_of(packet)) == []


@pytest.mark.browser
def test_a_figure_that_is_cut_is_found_out(tmp_path):
    drawing = (
        '<svg viewBox="0 0 100 100" width="400" height="400"><text y="9">top</text><text y="95">bottom</text></svg>'
    )
    page = f'<title>x</title><style>@page {{ size: letter; }} figure {{ break-inside: auto; margin: 0; }} svg {{ display: block; }}</style><div style="height: 640px"></div><figure><figcaption>Calls by month</figcaption>\n{drawing}</figure>'
    pages = {"cut": page, "whole": page.replace("640px", "9px")}
    found = {}
    for name, text in pages.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
        found[name] = cut_figures(
            text, sheets_of(print_page(tmp_path / f"{name}.html", tmp_path / f"{name}.pdf", chromium()))
        )
    assert found == {"cut": ["Calls by month"], "whole": []}


@pytest.mark.browser
def test_the_room_is_sent_the_packet_on_paper(packet):
    send = ROOT / "outputs" / "demo" / "send" / packet.parents[1].name
    assert "Tagged:          yes" in poppler("pdfinfo", str(send / "statewide" / "packet.pdf"))


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
