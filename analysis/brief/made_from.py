"""What a brief was made from: commit, hashes of params and data, versions. No time, no path of a machine."""

import hashlib
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from analysis.params import ROOT

PACKAGES = ("pandas", "numpy", "scipy", "statsmodels", "matplotlib", "papermill", "nbconvert")

# Twelve hex digits tell any two versions of a file apart and still fit in a line.
HEX_DIGITS = 12


def made_from(study: str, *, root: Path = ROOT) -> dict:
    """What every brief of a study is made from, as plain values for JSON.

    `params` are the files directly in params/ and those of the study's own folder, `data` the Parquet tables of
    data/processed/<study>/; each maps a path from the root to the first 12 hex digits of its sha256. `commit` is None
    outside a git repository; `tracked_files_changed` says whether the commit is the whole story.

    >>> made = made_from("demo")
    >>> sorted(made)
    ['commit', 'data', 'params', 'study', 'tracked_files_changed', 'versions']
    >>> "params/demo/study.yml" in made["params"], "params/lane_county/study.yml" in made["params"]
    (True, False)
    """
    shared = [path for path in (root / "params").glob("*") if path.is_file()]
    own = [path for path in (root / "params" / study).rglob("*") if path.is_file()]
    changes = _git("status", "--porcelain", "--untracked-files=no", root=root)
    return {
        "study": study,
        "commit": _git("rev-parse", "HEAD", root=root),
        "tracked_files_changed": None if changes is None else bool(changes),
        "params": _hashes([*shared, *own], root),
        "data": _hashes((root / "data" / "processed" / study).glob("*.parquet"), root),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def say_made_from(made: Mapping) -> str:
    """The last line of a brief: which data, params and versions made it. Without the commit, so a rebuild of the same
    inputs gives the same page.

    >>> say_made_from({"study": "demo", "data": {"a": "1"}, "params": {"b": "2"}, "versions": {"python": "3.11.7", "pandas": "2.3.3"}})
    'Made from study demo: data 6a03830a1811, params 9e099e587dab; python 3.11.7, pandas 2.3.3.'
    """
    versions = ", ".join(f"{name} {number}" for name, number in made["versions"].items())
    return (
        f"Made from study {made['study']}: data {_hash_of_all(made['data'])}, "
        f"params {_hash_of_all(made['params'])}; {versions}."
    )


def hash_of(path: Path) -> str:
    """The first 12 hex digits of a file's sha256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:HEX_DIGITS]


def _hash_of_all(hashes: Mapping[str, str]) -> str:
    lines = "".join(f"{name} {digits}\n" for name, digits in sorted(hashes.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:HEX_DIGITS]


def _hashes(paths: list[Path], root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): hash_of(path) for path in sorted(paths)}


def _git(*arguments: str, root: Path) -> str | None:
    """What git prints; None where there is no git, no repository or no commit."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
