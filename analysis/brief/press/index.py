"""The index of a study's briefs: what there is on disk, newest period first."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import params
from analysis.brief.press.pages import shell
from analysis.periods import Period
from analysis.tables import STATEWIDE

# What goes into a meeting, in the order in which it is listed; the addresses are from the index.
FOR_THE_MEETING = (
    ("{period}/statewide/packet.html", "Everything on one page"),
    ("{period}/statewide/packet.pdf", "The same for print (PDF)"),
    ("{period}/statewide/slides.pptx", "Slides"),
    ("../tables/{period}/statewide/measures.xlsx", "The figures as a workbook (Excel)"),
    ("../send/{period}/", "Folders to send, one for each site"),
)
PACKET = "packet"


@dataclass(frozen=True)
class Entry:
    """One brief on disk: `address` is its path from the index, `title` the page's own."""

    period: Period
    site: str
    notebook: str
    address: str
    title: str


def write_index(study: str, *, root: Path = params.ROOT) -> Path:
    """Write outputs/<study>/briefs/index.html for the briefs that are there, and give back its path.

    Newest period first; within one, the statewide briefs and then the sites by name. A study without a brief gets a page
    that says so. The same files give the same page.
    """
    choices = params.study(study, root=root)
    folder = root / "outputs" / study / "briefs"
    entries = read_entries(folder, choices)
    names = read_site_names(root / "data" / "processed" / study / "sites.parquet")
    head = f"<h1>{html.escape(choices.title)}: briefs</h1>"
    if choices.made_up:
        head += f'<p class="madeup" role="note">{html.escape(choices.made_up)}</p>'
    sections = "".join(_section(period, entries, names, folder) for period in _newest_first(entries))
    body = head + (sections or "<p>There is no brief yet.</p>")
    file = folder / "index.html"
    folder.mkdir(parents=True, exist_ok=True)
    part = file.with_name(".index.part.html")
    part.write_text(shell(body, name=file.relative_to(root).as_posix()), encoding="utf-8")
    return part.replace(file)


def read_entries(folder: Path, choices: params.Study) -> list[Entry]:
    """Every finished brief under `folder`, by site and title. A folder whose name is no period is not listed."""
    entries = []
    for file in sorted(folder.glob("*/*/*.html")):
        if file.name.startswith(".") or file.stem == PACKET:
            continue
        try:
            period = choices.period(file.parent.parent.name)
        except ValueError:
            continue
        entries.append(Entry(period, file.parent.name, file.stem, file.relative_to(folder).as_posix(), _title(file)))
    return sorted(entries, key=lambda entry: (entry.site, entry.title, entry.address))


def read_site_names(file: Path) -> dict[str, str]:
    """Site id to the name that a brief prints; empty before the tables are made."""
    if not file.exists():
        return {}
    sites = pd.read_parquet(file, columns=["site_id", "name"])
    return dict(zip(sites["site_id"], sites["name"], strict=True))


def _newest_first(entries: list[Entry]) -> list[Period]:
    periods = {entry.period for entry in entries}
    return sorted(periods, key=lambda period: (period.last, period.first, period.name), reverse=True)


def _section(period: Period, entries: list[Entry], names: dict[str, str], folder: Path) -> str:
    ours = [entry for entry in entries if entry.period == period]
    sites = sorted({entry.site for entry in ours} - {STATEWIDE}, key=lambda site: (names.get(site, site), site))
    statewide = "".join(f"<li>{_link(entry)}</li>" for entry in ours if entry.site == STATEWIDE)
    lines = "".join(
        _site_line(names.get(site, site), [entry for entry in ours if entry.site == site]) for site in sites
    )
    words = f"<h2>{html.escape(period.words[0].upper() + period.words[1:])}</h2>"
    meeting = _meeting(period, folder)
    whole = f"<h3>Statewide</h3><ul>{statewide}</ul>" if statewide else ""
    parts = f"<h3>By site</h3><ul>{lines}</ul>" if lines else ""
    return f"<section>{words}{meeting}{whole}{parts}</section>"


def _meeting(period: Period, folder: Path) -> str:
    """What there is for the meeting of the period, with links; nothing where the packet was not made."""
    addresses = [(address.format(period=period.name), words) for address, words in FOR_THE_MEETING]
    there = [(address, words) for address, words in addresses if (folder / address).exists()]
    lines = "".join(f'<li><a href="{html.escape(address)}">{html.escape(words)}</a></li>' for address, words in there)
    return f"<h3>For the meeting</h3><ul>{lines}</ul>" if lines else ""


def _site_line(name: str, entries: list[Entry]) -> str:
    links = "".join(f"<li>{_link(entry)}</li>" for entry in entries)
    return f"<li>{html.escape(name)}<ul>{links}</ul></li>"


def _link(entry: Entry) -> str:
    return f'<a href="{html.escape(entry.address)}">{html.escape(entry.title)}</a>'


def _title(file: Path) -> str:
    found = re.search(r"<title>(.*?)</title>", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    return html.unescape(found[1]) if found else file.stem
