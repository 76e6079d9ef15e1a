"""What goes into the meeting: complete, in order, the same bytes twice, and no small count in any of it."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from conftest import DEMO_BRIEFS
from pptx import Presentation
from pptx.util import Pt
from test_runs import brief, notebook, workspace

from analysis import params
from analysis.brief.__main__ import main
from analysis.brief.kept import open_numbers
from analysis.brief.numbers import Numbers
from analysis.brief.packet import delivery, paper
from analysis.brief.packet.binding import Part, attributes, bind, read_tokens
from analysis.brief.packet.delivery import current_briefs, prepare
from analysis.brief.packet.drawings import statewide_drawings
from analysis.brief.packet.folders import on_its_own
from analysis.brief.packet.meeting import Meeting, PacketError
from analysis.brief.packet.slides import Slide, make_slides, statewide_slides
from analysis.brief.packet.workbook import make_workbook, read_measures
from analysis.brief.press.pages import check_page, shell

PERIOD = "2026-10"
PACKET = f"outputs/demo/briefs/{PERIOD}/statewide/packet.html"
MADE = [PACKET, PACKET.replace("packet.html", "slides.pptx"), f"outputs/demo/tables/{PERIOD}/statewide/measures.xlsx"]
# High Juniper's page stands for two more, so that there is an order to be held: Blue Heron, High Juniper, Yucca Flats.
COPIES = {"site-10": "Blue Heron", "site-05": "Yucca Flats"}


def put_brief(root: Path, site: str, name: str, text: str) -> None:
    """A finished brief of the data and params of now, with what it was made from."""
    runs, briefs = (root / "outputs" / "demo" / room / PERIOD / site for room in ("runs", "briefs"))
    for folder in (runs, briefs):
        folder.mkdir(parents=True, exist_ok=True)
    (briefs / f"{name}.html").write_text(text, encoding="utf-8")
    shutil.copy(
        root / DEMO_BRIEFS[2].replace("/briefs/", "/runs/").replace(".html", ".made_from.json"),
        runs / f"{name}.made_from.json",
    )


@pytest.fixture(scope="module")
def root(demo_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up state's briefs of October 2026, three scorecards and an agenda among them, and the packet made without Chromium."""
    root = tmp_path_factory.mktemp("meeting") / "workspace"
    shutil.copytree(demo_workspace, root, ignore=shutil.ignore_patterns("__pycache__"))
    page = (root / DEMO_BRIEFS[2]).read_text(encoding="utf-8")
    for site, name in COPIES.items():
        put_brief(root, site, "site_scorecard", page.replace("High Juniper", name))
        shutil.copytree(root / f"outputs/demo/tables/{PERIOD}/site-12", root / f"outputs/demo/tables/{PERIOD}/{site}")
    agenda = '<h1>Agenda</h1><h2 id="s">Start</h2><p><a href="collaborative_brief.html">brief</a> <a href="../site-12/site_scorecard.html">one</a> <a href="data_quality.html">data</a> <a href="#s">start</a></p>'
    put_brief(root, "statewide", "agenda", shell(agenda, name="agenda"))
    return root


@pytest.fixture(scope="module")
def said(root: Path) -> list[str]:
    """What is said where there is no Chromium; after it, everything but the PDFs is there."""
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paper, "find_chromium", lambda: None)
        assert prepare(Meeting("demo", PERIOD, root), say=lines.append) == []
    return lines


@pytest.fixture(scope="module")
def packet(root: Path, said: list[str]) -> str:
    return (root / PACKET).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def numbers(root: Path) -> Numbers:
    study = params.study("demo", root=root)
    return open_numbers(study, study.period(PERIOD), root=root)


@pytest.fixture(scope="module")
def table(root: Path) -> pd.DataFrame:
    return read_measures(root / f"outputs/demo/tables/{PERIOD}/statewide/measures.csv")


# --- the packet ----------------------------------------------------------------------------------------------------------


def words(inner: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", "", inner).split())


def test_the_agenda_comes_first_then_the_state_then_the_sites_by_name(packet):
    titles = [words(inner) for inner in re.findall(r"<h2\b[^>]*>(.*?)</h2>", packet, re.DOTALL)]
    assert titles[0] == "Agenda"
    assert titles[1].startswith("Mobile Response")
    assert [title.partition(",")[0] for title in titles[2:]] == ["Blue Heron", "High Juniper", "Yucca Flats"]
    listed = re.findall(r'<li><a href="#([^"]+)">(.*?)</a></li>', packet.partition("</nav>")[0])
    assert [words(label) for _, label in listed] == titles
    assert [anchor for anchor, _ in listed] == re.findall(r'<h2\b[^>]*\bid="([^"]+)"', packet)


def test_there_is_one_first_heading_and_no_level_is_left_out(packet):
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", packet)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert [(a, b) for a, b in pairwise(levels) if b > a + 1] == []


def test_every_id_is_there_once_and_every_reference_leads_to_one(packet):
    pairs = [pair for token in read_tokens(packet) for pair in attributes(token)]
    ids = Counter(value for name, value in pairs if name == "id")
    assert [value for value, times in ids.items() if times > 1] == []
    references = {value[1:] for name, value in pairs if name.endswith("href") and value.startswith("#")}
    references |= set(re.findall(r"url\(#([^)]+)\)", packet))
    assert len(references) > 30
    assert references - set(ids) == set()


def test_a_drawing_keeps_its_capitals_and_its_own_style(packet, root):
    parts = [root / DEMO_BRIEFS[0], *[root / DEMO_BRIEFS[2]] * 3]
    for name in ("viewBox=", "<clipPath ", "</clipPath>", "preserveAspectRatio="):
        in_parts = sum(part.read_text(encoding="utf-8").count(name) for part in parts)
        assert packet.count(name) == in_parts
    assert packet.count("viewBox=") > 0
    drawings = re.findall(r'<svg\b[^>]*\bid="([^"]+)"', packet)
    assert re.findall(r"<style[^>]*>#([\w-]+) \*", packet) == drawings


def test_the_packet_is_one_page_in_the_briefs_shell_that_loads_and_runs_nothing(packet):
    check_page(packet)
    assert packet.count("<main>") == packet.count("</main>") == 1
    assert packet.count("<footer>") == 1
    assert packet.count(":root {") == 1


def test_a_link_to_a_part_leads_to_it_inside_the_packet(packet):
    agenda = packet.partition('<article class="part">')[2].partition("</article>")[0]
    assert re.findall(r'<a href="([^"]+)">(?:brief|one|data|start)</a>', agenda) == [
        "#p2-top",
        "#p4-top",
        "data_quality.html",
        "#p1-s",
    ]


def test_landmarks_are_told_apart_by_their_names(packet):
    labels = Counter(
        re.findall(r'role="region"[^>]*aria-label="([^"]*)"|aria-label="([^"]*)"[^>]*role="region"', packet)
    )
    assert [label for label, times in labels.items() if times > 1] == []


def test_each_part_says_what_it_was_made_from(packet):
    assert packet.count("Made from study demo") == 4  # the agenda says nothing of it
    assert "site-12/site_scorecard.html</p>" in packet


def part(file: str, body: str) -> Part:
    return Part(f"2026-10/{file}.html", f"<main>{body}</main><footer><p>{file}</p></footer>")


def bound(*parts: Part) -> str:
    return bind(list(parts), title="All", under="x", packet="2026-10/statewide/packet.html", name="packet.html")


def test_two_parts_with_the_same_ids_stay_apart():
    body = '<h1>T</h1><h2 id="a">A</h2><p aria-describedby="a b" id=b><a href="#a">x</a></p><svg aria-label="s"><style>#b *{fill:url(#a); color:#fff} .c{}</style><use xlink:href="#b"/></svg>'
    text = bound(part("statewide/one", body), part("site-01/two", body))
    assert '<h3 id="p1-a">' in text
    assert '<p aria-describedby="p2-a p2-b" id="p2-b"><a href="#p2-a">x</a></p>' in text
    assert "<style>#p2-b *{fill:url(#p2-a); color:#fff} .c{}</style>" in text
    assert '<use xlink:href="#p2-b"/>' in text


def test_words_that_look_like_markup_stay_as_they_are():
    said = "<h1>T &amp; &lt;h2 id=&quot;x&quot;&gt;</h1><p>a { #x } &#x27;q&#x27; 5 > 4</p><!-- <h2> -->"
    assert "<p>a { #x } &#x27;q&#x27; 5 > 4</p><!-- <h2> -->" in bound(part("statewide/one", said))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('<h1>T</h1><p id="a"></p><p id="a"></p>', 'have the id "p1-a"'),
        ('<h1>T</h1><a href="#gone">x</a>', "leads to #p1-gone"),
        ("<h1>T</h1><h1>U</h1>", "exactly one first heading"),
    ],
)
def test_a_part_that_cannot_be_bound_is_a_sentence(body, sentence):
    with pytest.raises(PacketError, match=sentence):
        bound(part("statewide/one", body))


def test_sites_that_are_not_to_be_named_to_each_other_are_not_in_the_packet(root, tmp_path, monkeypatch):
    copy = tmp_path / "workspace"
    shutil.copytree(root, copy)
    monkeypatch.setattr(paper, "find_chromium", lambda: None)
    opened = open_numbers
    monkeypatch.setattr(delivery, "open_numbers", lambda *at, **given: replace(opened(*at, **given), name_peers=False))
    prepare(Meeting("demo", PERIOD, copy), say=lambda line: None)
    titles = re.findall(r"<h2\b[^>]*>(.*?)</h2>", (copy / PACKET).read_text(encoding="utf-8"), re.DOTALL)
    assert len(titles) == 2
    assert (copy / f"outputs/demo/send/{PERIOD}/site-12/scorecard.html").exists()
    study = params.study("demo", root=copy)
    sites = opened(study, study.period(PERIOD), root=copy).sites
    room = copy / f"outputs/demo/send/{PERIOD}/statewide"
    book = openpyxl.load_workbook(room / "measures.xlsx")
    deck = Presentation(room / "slides.pptx")
    texts = [
        str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None
    ]
    for page in deck.slides:
        texts += [shape.text_frame.text for shape in page.shapes if shape.has_text_frame]
        texts += [shape._element.nvPicPr.cNvPr.get("descr") for shape in page.shapes if shape.shape_type == 13]
        texts.append(page.notes_slide.notes_text_frame.text)
    assert book.sheetnames == ["Read me", "All figures", "Months statewide"]
    assert {row["site_id"] for row in rows_of(book, "All figures")} == {"statewide"}
    named = [name for name in (*sites["site_id"], *sites["name"]) if any(name in text for text in texts)]
    assert named == []


# --- which briefs ----------------------------------------------------------------------------------------------------------


def change_record(root: Path, site: str, name: str, **changed: dict) -> None:
    path = root / f"outputs/demo/runs/{PERIOD}/{site}/{name}.made_from.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))


def test_a_brief_of_other_data_is_left_out_and_said(root, tmp_path):
    copy = tmp_path / "workspace"
    shutil.copytree(root, copy)
    change_record(copy, "site-05", "site_scorecard", data={"data/processed/demo/episodes.parquet": "000000000000"})
    lines: list[str] = []
    briefs = current_briefs(Meeting("demo", PERIOD, copy), lines.append)
    assert [each.site for each in briefs if each.notebook == "site_scorecard"] == ["site-10", "site-12"]
    assert lines == [
        f"outputs/demo/briefs/{PERIOD}/site-05/site_scorecard.html was made from other data or params and is left out. Build it again."
    ]


def test_params_that_a_brief_does_not_read_do_not_leave_it_out(root, tmp_path):
    copy = tmp_path / "workspace"
    shutil.copytree(root, copy)
    (copy / "params" / "costs.csv").write_text("changed")
    assert len(current_briefs(Meeting("demo", PERIOD, copy), pytest.fail)) == 5


def test_without_the_statewide_brief_there_is_no_packet(root, tmp_path):
    copy = tmp_path / "workspace"
    shutil.copytree(root, copy)
    (copy / DEMO_BRIEFS[0]).unlink()
    with pytest.raises(PacketError, match="There is no collaborative_brief of 2026-10"):
        current_briefs(Meeting("demo", PERIOD, copy), lambda line: None)


def test_a_failed_brief_takes_the_packet_with_it(tmp_path, capsys):
    root = workspace(tmp_path, raising=notebook("1 / 0"))
    for name in (PACKET, f"outputs/demo/send/{PERIOD}/site-04/scorecard.html"):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("older")
    assert main(["--root", str(root), brief("raising"), PACKET]) == 1
    assert f"{PACKET} was not made: 1 of its briefs failed." in capsys.readouterr().err
    assert not (root / PACKET).exists()
    assert not (root / f"outputs/demo/send/{PERIOD}").exists()


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (PACKET.replace("statewide", "site-04"), "is not the path of a packet"),
        (PACKET.replace("demo", "dmeo"), 'did you mean "demo"'),
        (PACKET.replace(PERIOD, "2026-13"), "is not a period"),
    ],
)
def test_a_packet_s_path_that_is_wrong_stops_all_before_anything_is_run(tmp_path, capsys, path, sentence):
    root = workspace(tmp_path, calls=notebook("1"))
    assert main(["--root", str(root), brief("calls"), path]) == 2
    assert sentence in capsys.readouterr().err
    assert not (root / "outputs").exists()


def test_a_packet_of_no_brief_is_a_sentence(tmp_path, capsys):
    root = workspace(tmp_path)
    assert main(["--root", str(root), PACKET]) == 1
    assert "There is no collaborative_brief of 2026-10" in capsys.readouterr().err


# --- what is sent ------------------------------------------------------------------------------------------------------------


def test_each_site_gets_its_own_page_and_tables_and_nothing_else(root, said):
    send = root / f"outputs/demo/send/{PERIOD}"
    assert sorted(path.name for path in send.iterdir()) == ["site-05", "site-10", "site-12", "statewide"]
    for site in ("site-05", "site-10", "site-12"):
        assert sorted(path.name for path in (send / site).iterdir()) == ["README.txt", "measures.csv", "scorecard.html"]
    assert set(pd.read_csv(send / "site-12" / "measures.csv")["site_id"]) == {"site-12"}
    assert "High Juniper" in (send / "site-12" / "scorecard.html").read_text(encoding="utf-8")


def test_the_meeting_s_folder_holds_all_of_it_and_its_figures_as_pictures(root, said, numbers):
    folder = root / f"outputs/demo/send/{PERIOD}/statewide"
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    figures = sorted(statewide_drawings(numbers))
    assert {"episodes", "in_person_share", "response_in_time_share"} <= set(figures)
    assert files == [
        "README.txt",
        *(f"figures/{name}.png" for name in figures),
        "measures.xlsx",
        "packet.html",
        "slides.pptx",
    ]
    assert all((folder / f"figures/{name}.png").read_bytes().startswith(b"\x89PNG") for name in figures)
    assert (folder / "packet.html").read_bytes() == (root / PACKET).read_bytes()


def test_a_readme_names_what_is_there_and_nothing_that_is_not(root, said):
    for folder in (root / f"outputs/demo/send/{PERIOD}").iterdir():
        lines = (folder / "README.txt").read_text(encoding="utf-8").splitlines()
        assert "Made-up data" in lines[0]
        there = {path.name for path in folder.iterdir()} - {"README.txt"}
        assert {line.split()[0] for line in lines[2:]} == there


def test_without_chromium_one_line_says_so_and_where_the_rest_is(said):
    assert said[0] == paper.ABSENT
    assert len(said) == 2
    assert said[1].startswith(f"For the meeting: {PACKET}, to send: outputs/demo/send/{PERIOD}/ (")


def test_the_index_links_what_is_there_for_the_meeting(root, said):
    text = (root / "outputs/demo/briefs/index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]+)"', text.partition("For the meeting")[2].partition("<h3>")[0])
    assert links == [f"{PERIOD}/statewide/packet.html", f"{PERIOD}/statewide/slides.pptx", f"../tables/{PERIOD}/statewide/measures.xlsx", f"../send/{PERIOD}/"]  # fmt: skip
    assert text.count("packet.html") == 1


def test_a_page_that_is_sent_alone_links_to_no_file_beside_it(root, said):
    page = '<a class="x" href="../statewide/collaborative_brief.html#s">the state</a>'
    assert on_its_own(page) == '<a class="x">the state</a>'
    for path in (root / f"outputs/demo/send/{PERIOD}").glob("site-*/scorecard.html"):
        links = re.findall(r'<a\b[^>]*href="([^"]+)"', path.read_text(encoding="utf-8"))
        assert [link for link in links if not link.startswith(("#", "https:"))] == []


def test_nothing_unfinished_lies_about(root, said):
    assert [path.name for path in (root / "outputs").rglob(".*")] == []


def test_two_runs_give_the_same_bytes(root, said):
    send = root / f"outputs/demo/send/{PERIOD}"
    files = [*(root / name for name in MADE), *(path for path in send.rglob("*") if path.is_file())]
    first = {file: file.read_bytes() for file in files}
    program = "import sys; from analysis.brief.packet import paper; paper.find_chromium = lambda: None; from analysis.brief.__main__ import main; sys.exit(main(sys.argv[1:]))"
    run = subprocess.run([sys.executable, "-c", program, PACKET], cwd=root, env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}, capture_output=True, text=True, check=False)  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert [file for file, content in first.items() if file.read_bytes() != content] == []


# --- the workbook ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book(root: Path, said: list[str]) -> openpyxl.Workbook:
    return openpyxl.load_workbook(root / MADE[2])


def rows_of(book: openpyxl.Workbook, sheet: str) -> list[dict]:
    head, *rows = book[sheet].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_the_workbook_has_its_sheets_with_headers_that_stay_and_filters(book):
    assert book.sheetnames == ["Read me", "All figures", "Year by site", "Months statewide"]
    for name, stay in (("All figures", "A2"), ("Year by site", "C2"), ("Months statewide", "C2")):
        assert book[name].freeze_panes == stay
        assert book[name].auto_filter.ref == book[name].dimensions
        assert all(cell.value for cell in book[name][1])
        assert len({cell.value for cell in book[name][1]}) == book[name].max_column


def test_all_figures_are_the_table_that_may_be_sent(book, table):
    rows = rows_of(book, "All figures")
    assert len(rows) == len(table)
    for row, sent in zip(rows, table.to_dict("records"), strict=True):
        assert [row[name] for name in ("measure", "stratum", "site_id", "period")] == [sent[name] for name in ("measure", "stratum", "site_id", "period")]  # fmt: skip
        for name in ("numerator", "denominator", "value", "low", "high", "not_measurable"):
            missing = "hidden" if sent["hidden"] else None
            assert row[name] == (missing if pd.isna(sent[name]) else pytest.approx(float(sent[name])))
    assert any(row["value"] == "hidden" for row in rows)


def test_codes_have_words_beside_them(book):
    row = next(
        row for row in rows_of(book, "All figures") if row["measure"] == "disposition" and row["site_id"] == "site-12"
    )
    assert (row["Site"], row["Unit"]) == ("High Juniper", "share")
    assert row["Part"] != row["stratum"]
    assert row["Period"] == "October 2025 to September 2026"


def test_the_year_by_site_has_a_row_for_the_state_and_each_site_and_the_brief_s_own_numbers(book, numbers):
    rows = rows_of(book, "Year by site")
    assert [row["site_id"] for row in rows] == ["statewide", *numbers.pages["site_id"]]
    whole = numbers.row("in_person_share", numbers.windows.year)
    assert rows[0]["Seen in person"] == pytest.approx(whole["value"], abs=5e-6)
    assert rows[0]["Seen in person: out of"] == whole["denominator"]


def test_months_statewide_are_the_months_of_the_figures(book, numbers):
    assert [row["period"] for row in rows_of(book, "Months statewide")] == [
        month.name for month in numbers.windows.months
    ]


def test_the_workbook_says_what_hidden_means_and_what_each_measure_counts(book, numbers):
    said = [cell for row in book["Read me"].iter_rows(values_only=True) for cell in row if cell]
    assert any("fewer than 11 people" in cell for cell in said)
    assert numbers.study.made_up.strip() in said
    for name, card in numbers.cards.cards.items():
        assert (card.counts in said) == (name in set(numbers.shown["measure"]))


def test_no_count_of_people_from_1_to_10_stands_in_the_workbook(book, numbers):
    cards = numbers.cards.cards
    small = []
    for row in rows_of(book, "All figures"):
        card = cards[row["measure"]]
        if card.hide == "none":  # of staff, events and hours nothing counts children
            continue
        figures = {
            name: row[name]
            for name in ("numerator", "denominator", "not_measurable")
            if isinstance(row[name], int | float)
        }
        if card.unit == "rate":
            figures.pop("denominator", None)  # child-years
        if card.hide == "people" and card.unit not in ("count", "rate"):  # the denominator alone counts people
            figures = {name: value for name, value in figures.items() if name == "denominator"}
        if card.hide == "people":
            figures.pop("not_measurable", None)
        small += [
            (row["measure"], row["site_id"], row["period"], name) for name, value in figures.items() if 1 <= value <= 10
        ]
    assert small == []


def test_a_small_count_is_refused(table, numbers):
    row = table.index[table["measure"].eq("children_served") & table["site_id"].eq("statewide")][0]
    with pytest.raises(ValueError, match=r"measures\.xlsx: 1 of \d+ rows show a numerator of 1 to 10"):
        make_workbook(table.assign(numerator=table["numerator"].where(table.index != row, 4)), numbers)


def test_a_name_that_looks_like_a_formula_is_a_text(table, numbers):
    sites = numbers.sites.assign(
        name=numbers.sites["name"].where(numbers.sites["site_id"].ne("site-12"), '=HYPERLINK("https://x","y")')
    )
    book = openpyxl.load_workbook(io.BytesIO(make_workbook(table, replace(numbers, sites=sites))))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    assert any(cell.value == '=HYPERLINK("https://x","y")' for cell in cells)


# --- the slides ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def deck(root: Path, said: list[str]) -> Presentation:
    return Presentation(root / MADE[1])


def test_slides_are_wide_and_begin_with_a_title_and_end_with_next_steps(deck, numbers):
    assert deck.slide_width / deck.slide_height == pytest.approx(16 / 9, abs=1e-3)
    titles = [page.shapes.title.text_frame.text for page in deck.slides]
    assert titles[0].endswith("October 2026")
    assert titles[-1] == "Next steps"
    assert all(titles)
    assert len(titles) == len(statewide_slides(numbers)) + 2


def test_a_slide_has_one_chart_one_sentence_one_question_in_the_order_in_which_they_are_read(deck, numbers):
    for page, slide in zip(list(deck.slides)[1:-1], statewide_slides(numbers), strict=True):
        said = [shape.text_frame.text for shape in page.shapes if shape.has_text_frame]
        assert said == [slide.title, slide.sentence, f"Question for the room\n{slide.question}"]
        kinds = ["picture" if shape.shape_type == 13 else "text" for shape in page.shapes]
        assert kinds == ["text", "text", "picture", "text"]


def test_every_picture_has_the_words_of_its_figure(deck, numbers):
    drawn = [slide.drawing.alt for slide in statewide_slides(numbers)]
    told = [
        shape._element.nvPicPr.cNvPr.get("descr")
        for page in deck.slides
        for shape in page.shapes
        if shape.shape_type == 13
    ]
    assert told == drawn
    assert all(20 < len(alt) <= 250 for alt in told)


def test_no_text_on_a_slide_is_smaller_than_18_points_and_all_of_it_has_a_language(deck):
    runs = [run for page in deck.slides for shape in page.shapes if shape.has_text_frame
            for paragraph in shape.text_frame.paragraphs for run in paragraph.runs]  # fmt: skip
    assert min(run.font.size for run in runs) >= Pt(18)
    assert {run.font._element.get("lang") for run in runs} == {"en-US"}


def test_nothing_stands_outside_the_slide_and_no_picture_under_a_text(deck):
    for page in deck.slides:
        boxes = [(shape.left, shape.top, shape.left + shape.width, shape.top + shape.height) for shape in page.shapes]
        assert all(left >= 0 and top >= 0 and right <= deck.slide_width and bottom <= deck.slide_height for left, top, right, bottom in boxes)  # fmt: skip
        overlapping = [(a, b) for at, a in enumerate(boxes) for b in boxes[at + 1 :] if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]]  # fmt: skip
        assert overlapping == []


def test_the_notes_name_source_rule_and_that_it_is_made_up(deck):
    for page in deck.slides:
        notes = page.notes_slide.notes_text_frame.text
        assert "records from 1 July 2022 to 31 October 2026" in notes
        assert "only where its chart says so by the rules" in notes
        assert "Made-up data" in notes


def test_the_file_carries_the_day_of_the_data_and_no_time_of_writing(root, said, deck):
    assert deck.core_properties.modified.isoformat().startswith("2026-10-31T00:00")
    for name in MADE[1:]:
        with zipfile.ZipFile(root / name) as package:
            assert {entry.date_time for entry in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_long_sentence_and_a_slide_without_a_chart_keep_their_place(numbers):
    long = "A sentence that goes on. " * 14
    deck = Presentation(io.BytesIO(make_slides([Slide("Title", long, "Why?")], numbers)))
    page = deck.slides[1]
    assert page.placeholders[1].text_frame.paragraphs[0].runs[0].font.size == Pt(18)
    assert [shape.shape_type for shape in page.shapes if shape.shape_type == 13] == []


# --- paper -----------------------------------------------------------------------------------------------------------------

WHOLE = "%PDF-1.4 /CreationDate (D:20261125180124+00'00') %%EOF"


def program(folder: Path, *lines: str) -> str:
    """A browser for a test: a shell script to which the PDF's path is $out."""
    path = folder / "browser"
    find = 'for each in "$@"; do case "$each" in --print-to-pdf=*) out="${each#--print-to-pdf=}";; esac; done'
    path.write_text("\n".join(["#!/bin/sh", find, *lines, ""]))
    path.chmod(0o755)
    return str(path)


def test_a_browser_that_fails_once_is_tried_again(tmp_path):
    once = f'if [ ! -e "{tmp_path}/tried" ]; then touch "{tmp_path}/tried"; exit 3; fi'
    browser = program(tmp_path, once, f'printf "%s" "{WHOLE}" > "$out"')
    made = paper.print_page(tmp_path / "a.html", tmp_path / "a.pdf", browser)
    assert made.read_bytes() == WHOLE.replace("20261125180124", "19800101000000").encode()


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["exit 3"], "Chromium ended with 3 and wrote nothing"),
        (['echo "%PDF-1.4 half" > "$out"'], "Chromium left half a file"),
        (["sleep 60"], "Chromium took longer than the 0.5 seconds it may"),
    ],
)
def test_a_browser_that_fails_twice_leaves_no_file_and_a_sentence(tmp_path, lines, why):
    tries = f'echo try >> "{tmp_path}/tries"'
    with pytest.raises(PacketError, match=why):
        paper.print_page(tmp_path / "a.html", tmp_path / "a.pdf", program(tmp_path, tries, *lines), seconds=0.5)
    assert (tmp_path / "tries").read_text().split() == ["try", "try"]
    assert [path.name for path in tmp_path.iterdir() if "pdf" in path.name] == []


def test_what_cannot_be_printed_is_given_back_and_the_rest_is_made(root, tmp_path, monkeypatch):
    copy = tmp_path / "workspace"
    shutil.copytree(root, copy)
    (copy / PACKET.replace(".html", ".pdf")).write_text("older")
    monkeypatch.setattr(paper, "find_chromium", lambda: program(tmp_path, "exit 1"))
    failures = prepare(Meeting("demo", PERIOD, copy), say=lambda line: None)
    assert len(failures) == 1  # the packet, which alone is printed
    assert (copy / PACKET).exists()
    assert not (copy / PACKET.replace(".html", ".pdf")).exists()


def test_a_browser_that_is_named_and_not_there_is_a_sentence():
    with pytest.raises(PacketError, match="CHROMIUM names /nowhere/chrome"):
        paper.find_chromium({"CHROMIUM": "/nowhere/chrome", "PATH": ""})
    assert paper.find_chromium({"PATH": ""}) is None
