"""What goes into a meeting: which briefs, in which order, and how all of it is made and put where it is sent from."""

import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from analysis import params
from analysis.brief import wording
from analysis.brief.kept import open_numbers
from analysis.brief.numbers import Numbers
from analysis.brief.packet import paper
from analysis.brief.packet.binding import Part, bind
from analysis.brief.packet.drawings import statewide_drawings
from analysis.brief.packet.folders import on_its_own, put_in_place, write_folder, write_readme
from analysis.brief.packet.meeting import Meeting, PacketError, clear
from analysis.brief.packet.slides import PICTURE, make_slides, statewide_slides
from analysis.brief.packet.workbook import make_workbook, read_measures
from analysis.brief.press.index import write_index
from analysis.brief.press.made_from import READS, made_from, params_read
from analysis.tables import STATEWIDE

FIRST = ("agenda", "collaborative_brief")  # the statewide parts, in this order; then one scorecard a site, by name
SITE_NOTEBOOK = "site_scorecard"
NEEDED = "collaborative_brief"


@dataclass(frozen=True)
class Brief:
    """One finished brief that goes into the meeting."""

    notebook: str
    site: str
    path: Path


def prepare(
    meeting: Meeting,
    *,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> list[PacketError]:
    """Make the packet, its PDF, the workbook, the slides and the folders to send; give back what could not be printed.

    Where the sites are not to be named to each other (params/<study>/collaborative.yml) the packet and the workbook hold the state alone;
    each site's own folder is the same. Raises PacketError where the statewide brief is not there.
    """
    began = time.monotonic()
    study = params.study(meeting.study, root=meeting.root)
    briefs = current_briefs(meeting, say)
    numbers = open_numbers(study, study.period(meeting.period), root=meeting.root)
    order = {site: place for place, site in enumerate(numbers.pages["site_id"])}
    briefs = sorted(briefs, key=lambda brief: (brief.site != STATEWIDE, order.get(brief.site, len(order)), brief.site,
                                               FIRST.index(brief.notebook) if brief.notebook in FIRST else 0))  # fmt: skip
    clear(meeting)
    new = meeting.send.with_name(f".{meeting.send.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    page = _packet(meeting, briefs, numbers).encode()
    # The browser prints on one core what the rest is made beside on the other. The packet alone: fifteen scorecards more would
    # take longer to print than all the rest takes to make.
    program, sheet = paper.find_chromium(), write_folder(new / STATEWIDE, {"packet.html": page}) / "packet.html"
    with ThreadPoolExecutor(1) as beside:
        printing = beside.submit(paper.print_pages, [(sheet, sheet.with_suffix(".pdf"))] if program else [], program)
        table = read_measures(meeting.tables / STATEWIDE / "measures.csv")
        made = {
            "measures.xlsx": make_workbook(table, numbers),
            "slides.pptx": make_slides(statewide_slides(numbers), numbers),
        }
        _write(meeting.workbook, made["measures.xlsx"])
        _write(meeting.slides, made["slides.pptx"])
        folders = _fill(new, meeting, briefs, numbers, made)
        failures = printing.result()
    for line in [str(error) for error in failures] if program else [paper.ABSENT]:
        say(line)
    _send(new, meeting, numbers, folders)
    _write(meeting.packet, page)
    write_index(meeting.study, root=meeting.root)
    say(
        f"For the meeting: {meeting.shown(meeting.packet)}, to send: {meeting.shown(meeting.send)}/ ({time.monotonic() - began:.0f} s)"
    )
    return failures


def current_briefs(meeting: Meeting, say: Callable[[str], None]) -> list[Brief]:
    """The finished briefs of the period that were made from the data and params of now; a line for each that was not."""
    now = made_from(meeting.study, root=meeting.root)
    folder = meeting.briefs / meeting.period
    paths = [folder / STATEWIDE / f"{name}.html" for name in FIRST]
    paths += sorted(path for path in folder.glob(f"*/{SITE_NOTEBOOK}.html") if path.parent.name != STATEWIDE)
    found = [Brief(path.stem, path.parent.name, path) for path in paths if path.is_file()]
    fit = [brief for brief in found if _is_of_now(meeting, brief, now)]
    for brief in found:
        if brief not in fit:
            say(f"{meeting.shown(brief.path)} was made from other data or params and is left out. Build it again.")
    if not any(brief.notebook == NEEDED for brief in fit):
        raise PacketError(
            f"There is no {NEEDED} of {meeting.period} to make a packet of. make collaborative PERIOD={meeting.period}"
        )
    return fit


def _is_of_now(meeting: Meeting, brief: Brief, now: Mapping) -> bool:
    record = meeting.outputs / "runs" / meeting.period / brief.site / f"{brief.notebook}.made_from.json"
    if not record.is_file():
        return False
    made = json.loads(record.read_text(encoding="utf-8"))
    read = params_read(meeting.study, brief.notebook, root=meeting.root) if brief.notebook in READS else []
    names = [meeting.shown(path) for path in read]
    return made["data"] == now["data"] and all(made["params"].get(name) == now["params"].get(name) for name in names)


def _packet(meeting: Meeting, briefs: list[Brief], numbers: Numbers) -> str:
    kept = [brief for brief in briefs if numbers.name_peers or brief.site == STATEWIDE]
    parts = [
        Part(brief.path.relative_to(meeting.briefs).as_posix(), brief.path.read_text(encoding="utf-8"))
        for brief in kept
    ]
    place, scorecards = numbers.study.place, sum(brief.site != STATEWIDE for brief in kept)
    sites = (
        ""
        if not scorecards
        else f", and the page of {'one ' + place if scorecards == 1 else f'each of {scorecards} {place}s'}"
    )
    return bind(
        parts,
        title=f"For the meeting: {numbers.windows.now.words}",
        under=f"{numbers.study.title}, {numbers.study.service}. The state{sites}.",
        packet=meeting.packet.relative_to(meeting.briefs).as_posix(),
        name=meeting.shown(meeting.packet),
    )


# --- what is sent ----------------------------------------------------------------------------------------------------------


def _fill(
    new: Path, meeting: Meeting, briefs: list[Brief], numbers: Numbers, made: Mapping[str, bytes]
) -> dict[str, Path]:
    """Fill the folders beside their place, and give each by its site."""
    dots = {f"figures/{name}.png": drawing.png(inches=PICTURE) for name, drawing in statewide_drawings(numbers).items()}
    folders = {STATEWIDE: write_folder(new / STATEWIDE, {**made, **dots})}
    for brief in briefs:
        if brief.site != STATEWIDE:
            folders[brief.site] = write_folder(new / brief.site, _site_files(meeting, brief))
    return folders


def _send(new: Path, meeting: Meeting, numbers: Numbers, folders: Mapping[str, Path]) -> None:
    """Say in each folder what it holds, and put them all where they are sent from."""
    for site, folder in folders.items():
        write_readme(folder, _heading(numbers, site), _contents(numbers, site, folder))
    if (printed := folders[STATEWIDE] / "packet.pdf").is_file():
        _write(meeting.printed, printed.read_bytes())
    put_in_place(new, meeting.send)


def _site_files(meeting: Meeting, brief: Brief) -> dict[str, bytes]:
    tables = sorted((meeting.tables / brief.site).glob("*.csv"))
    page = on_its_own(brief.path.read_text(encoding="utf-8"))
    return {"scorecard.html": page.encode(), **{path.name: path.read_bytes() for path in tables}}


def _heading(numbers: Numbers, site: str) -> str:
    name = dict(zip(numbers.sites["site_id"], numbers.sites["name"], strict=True)).get(site, "the meeting")
    made_up = f" {numbers.study.made_up}" if numbers.study.made_up else ""
    return f"For {name}: {numbers.windows.now.words}. {numbers.study.title}; records to {wording.day_words(numbers.covers[1])}.{made_up}"


def _contents(numbers: Numbers, site: str, folder: Path) -> dict[str, str]:
    """What each file of a folder is. Small counts are hidden in all of them."""
    hidden = "small counts are hidden"
    if site == STATEWIDE:
        return {
            "packet.html": "everything for the meeting on one page; opens in any browser, without a network",
            "packet.pdf": "the same for print",
            "slides.pptx": "one chart, one sentence and one question a slide",
            "measures.xlsx": f"the figures behind it; {hidden}",
            "figures": "the state's figures as pictures, named by their measure",
        }
    tables = {path.name: f"the figures behind it, for a spreadsheet; {hidden}" for path in sorted(folder.glob("*.csv"))}
    return {
        "scorecard.html": "your site's page; opens in any browser, without a network",
        **tables,
    }


def _write(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it: nobody meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
