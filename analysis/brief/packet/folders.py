"""Folders to send: one for each site and one for the meeting, each with a line on everything in it."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from analysis.brief.packet.binding import OUTSIDE, Token, attributes, read_tokens, with_attributes

README = "README.txt"


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write the files, named by their paths below the folder, and give the folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_readme(folder: Path, heading: str, says: Mapping[str, str]) -> Path:
    """Say in README.txt what is in the folder: `says` has a line for each name that may be there, and only those that are get one."""
    there = [name for name in says if (folder / name).exists()]
    width = max(map(len, there), default=0) + 2
    lines = [heading, "", *(f"{name:<{width}}{says[name]}" for name in there), ""]
    (folder / README).write_text("\n".join(lines), encoding="utf-8")
    return folder / README


def put_in_place(new: Path, place: Path) -> None:
    """Put the new folder where the old one was, in one move: nobody meets half of either."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def on_its_own(page: str) -> str:
    """The page without links to files beside it, which whoever is sent the page does not have; their words stay.

    >>> on_its_own('<a href="../statewide/x.html">the state</a> <a href="#a">here</a> <a href="https://example.org">there</a>')
    '<a>the state</a> <a href="#a">here</a> <a href="https://example.org">there</a>'
    """
    return "".join(_own_link(token) for token in read_tokens(page))


def _own_link(token: Token) -> str:
    leaves = any(
        name == "href" and not value.startswith("#") and not OUTSIDE.match(value) for name, value in attributes(token)
    )
    if token.tag != "a" or not leaves:
        return token.text
    return with_attributes(token, lambda name, value: None if name == "href" else value)
