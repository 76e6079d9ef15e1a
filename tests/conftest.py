"""What several tests share: reference files beside the project, the made-up state, and REQUIRE, under which a skip is a failure."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from required import pytest_configure, pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401

from analysis import params
from analysis.brief.kept import open_numbers
from analysis.brief.numbers import Numbers

SHARED = Path(__file__).parents[2] / "shared"
# Files with long tests begin first, so that no process is left alone with one at the end.
LONG = (
    "test_makefile", "test_hidden_identity", "test_killed_data", "test_browser", "test_cohort", "test_histories", "test_releases", "test_roi",
    "test_numbers", "test_pools", "test_words", "test_packet", "test_briefs", "test_meeting", "test_notebooks",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first, in this order; the others stay as they are."""
    place = {name: at for at, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))


@pytest.fixture(scope="session", autouse=True)
def _secret_key() -> None:
    """A key for studies of the tests that are not the made-up state; those that are about the key set their own."""
    os.environ.pop("MRSS_KEY_FILE", None)
    os.environ["MRSS_KEY"] = "a key for tests alone, of no worth to anybody"


@pytest.fixture(scope="session")
def shared_file() -> Callable[[str], Path]:
    """Gives the path of a reference file by its name below `SHARED`; the test is skipped, saying so, where it is not there."""

    def path_of(name: str) -> Path:
        path = SHARED / name
        if not path.is_file():
            pytest.skip(f"{name} is not beside the project: what is tested on it is skipped.")
        return path

    return path_of


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Gives a folder that the first of several test processes to ask for it fills, while the others wait."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder_of(name: str, fill: Callable[[Path], None]) -> Path:
        folder = shared / name
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                part = shared / f"{name}.part"
                shutil.rmtree(part, ignore_errors=True)
                part.mkdir()
                fill(part)
                part.rename(folder)
        return folder

    return folder_of


@pytest.fixture(scope="session")
def demo_root(made_once) -> Path:
    """A workspace with params/ and the made-up state's tables; nothing in it may be changed."""

    def fill(root: Path) -> None:
        shutil.copytree(params.ROOT / "params", root / "params")
        made = subprocess.run(
            ["make", "data"], cwd=params.ROOT, env=bare(), capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stderr
        processed = Path("data") / "processed" / "demo"
        shutil.copytree(params.ROOT / processed, root / processed)

    return made_once("demo_root", fill)


def bare() -> dict[str, str]:
    """The environment without what a make that runs the tests has put into it."""
    made = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PERIOD", "SITES", "STUDY", "SCENARIO")
    return {name: value for name, value in os.environ.items() if name not in made}


DEMO_BRIEFS = [f"outputs/demo/briefs/2026-10/{name}.html" for name in (
    "statewide/collaborative_brief", "statewide/data_quality", "site-12/site_scorecard",
    "statewide/agenda", "statewide/meeting_status", "site-12/partner_page",
    "statewide/support_plans_overview", "site-04/support_plan")]  # fmt: skip


@pytest.fixture(scope="session")
def demo_workspace(demo_root: Path, made_once) -> Path:
    """A copy of the code and notebooks with the made-up state's tables, and eight of its briefs of October 2026.

    Nothing that is there may be changed; a test may add a brief.
    """

    def fill(root: Path) -> None:
        for name in ("analysis", "notebooks"):
            shutil.copytree(
                params.ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "scratch", ".*")
            )
        shutil.copytree(demo_root / "params", root / "params")
        shutil.copytree(demo_root / "data" / "processed", root / "data" / "processed")
        build_briefs(root, DEMO_BRIEFS)

    return made_once("workspace", fill)


@pytest.fixture(scope="session")
def demo_numbers(demo_workspace: Path) -> Numbers:
    """The made-up state's numbers of October 2026, as its briefs have kept them."""
    study = params.study("demo", root=demo_workspace)
    return open_numbers(study, study.period("2026-10"), root=demo_workspace)


def build_briefs(root: Path, paths: list[str]) -> None:
    """Build them as make does, in a process whose workspace is `root`."""
    command = [sys.executable, "-m", "analysis.brief", *paths]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
