"""Paper: a page as a tagged PDF, printed by Chromium with no network, where Chromium is installed."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from analysis.brief.packet.meeting import PacketError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ABSENT = "Chromium is not installed, so no PDF was made; everything else is there. Install it, or name it in CHROMIUM."

# A packet prints in about 2 s; a machine that is busy with something else may take its time.
SECONDS = 120
TRIES = 2
# A browser a page: one for all of them prints a page in a quarter of the time, but numbers the tags of a PDF on from page to page,
# so that the same page would give other bytes.
AT_A_TIME = 2

OPTIONS = (
    "--headless", "--disable-gpu", "--generate-pdf-document-outline", "--no-pdf-header-footer",
    # Nothing is asked of the network, neither by the page nor by the browser itself.
    "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-extensions", "--disable-breakpad", "--no-first-run", "--no-default-browser-check",
)  # fmt: skip


def find_chromium(environment: Mapping[str, str] = os.environ) -> str | None:
    """The browser's program: what CHROMIUM names, else the first that the machine has; None where it has none.

    Raises PacketError where CHROMIUM names a program that is not there.
    """
    named = environment.get("CHROMIUM")
    if not named:
        return next(filter(None, (shutil.which(program, path=environment.get("PATH")) for program in PROGRAMS)), None)
    program = shutil.which(named, path=environment.get("PATH"))
    if program is None:
        raise PacketError(f"CHROMIUM names {named}, which is not a program here. Correct it, or unset it.")
    return program


def print_pages(pages: Iterable[tuple[Path, Path]], program: str, *, seconds: float = SECONDS) -> list[PacketError]:
    """Print each page (the HTML file, the PDF to write), two at a time; give back what could not be printed."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        begun = [pool.submit(print_page, page, paper, program, seconds=seconds) for page, paper in pages]
    return [error for error in (each.exception() for each in begun) if error is not None]


def print_page(page: Path, paper: Path, program: str, *, seconds: float = SECONDS) -> Path:
    """Print one page as a tagged PDF with an outline, and give its path; it is complete or absent.

    The same page gives the same bytes with the same browser: the time of printing is taken out. A browser that fails or takes
    longer than `seconds` is tried once more. Raises PacketError when that fails too.
    """
    for _ in range(TRIES):
        with tempfile.TemporaryDirectory(prefix="packet-", ignore_cleanup_errors=True) as folder:
            printed = Path(folder) / "printed.pdf"
            why = _run(page, printed, Path(folder), program, seconds)
            if why is None:
                beside = paper.with_name(f".{paper.name}.part")
                beside.write_bytes(without_times(printed.read_bytes()))
                return beside.replace(paper)
    raise PacketError(f"{paper.name} could not be printed: {why}. Try again with make packet.")


def _run(page: Path, printed: Path, folder: Path, program: str, seconds: float) -> str | None:
    """Why the page was not printed; None where it was."""
    # Chromium refuses its sandbox to root, as whom many a container runs.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    command = [program, *OPTIONS, *as_root, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={printed}"]
    browser = subprocess.Popen(
        [*command, page.resolve().as_uri()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        status = browser.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"Chromium took longer than the {seconds:g} seconds it may"
    finally:
        _end(browser)
    if status != 0 or not printed.is_file():
        return (
            f"Chromium ended with {status} and wrote nothing"
            if not printed.is_file()
            else f"Chromium ended with {status}"
        )
    return None if printed.read_bytes().rstrip().endswith(b"%%EOF") else "Chromium left half a file"


def _end(browser: subprocess.Popen) -> None:
    """End the browser and whatever it has started."""
    # Where it ended by itself, all of its children have ended with it.
    with suppress(ProcessLookupError):
        os.killpg(browser.pid, signal.SIGKILL)
    browser.wait()


def without_times(paper: bytes) -> bytes:
    """The PDF with a fixed date of the same length in place of the time of printing, so that no offset in it moves.

    >>> without_times(b"/CreationDate (D:20261125180124+00'00')")
    b"/CreationDate (D:19800101000000+00'00')"
    """
    return re.sub(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}", rb"\g<1>19800101000000", paper)
