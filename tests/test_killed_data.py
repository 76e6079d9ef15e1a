"""`make data` killed again and again: the run that comes to its end gives the bytes of a run that nobody disturbed."""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from conftest import bare

from analysis.params import ROOT

COMMAND = ["make", "data", "SCENARIO=small_state"]
KILLS = 20


@pytest.fixture
def workspace(tmp_path):
    """A workspace of its own with this environment: code and params, no data."""
    for name in ("analysis", "params"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def start(folder: Path) -> subprocess.Popen:
    """make in a process group of its own, so that what it starts can be killed with it."""
    return subprocess.Popen(
        COMMAND, cwd=folder, env=bare(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )  # fmt: skip


def written(folder: Path) -> dict[str, bytes]:
    """Every file of data/, with what lies hidden."""
    data = folder / "data"
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file()}


@pytest.mark.slow
def test_make_data_killed_at_random_points_gives_the_same_bytes_in_the_end(workspace):
    began = time.monotonic()
    done = start(workspace)
    said = done.communicate()[1]
    assert done.returncode == 0, said
    whole, good = time.monotonic() - began, written(workspace)
    assert len(good) > 60
    chance, killed = random.Random("killed data"), 0
    shutil.rmtree(workspace / "data")
    for _ in range(KILLS):
        running = start(workspace)
        try:
            running.communicate(timeout=chance.uniform(0, whole))
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()
            killed += 1
        if (workspace / "data" / "processed" / "demo" / "derived.csv").exists():
            # It came to its end: what is there is right, and the next one begins anew.
            assert written(workspace) == good
            shutil.rmtree(workspace / "data")
    assert killed > KILLS / 2
    last = start(workspace)
    said = last.communicate()[1]
    assert last.returncode == 0, said
    assert written(workspace) == good
