"""What a brief was made from: commit, hashes of params and data, versions. No time, no path of a machine.

The hashes of data are for the record inside runs/ alone: they differ between two states that differ in hidden counts only.
"""

import hashlib
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

from analysis.params import ROOT

PACKAGES = ("pandas", "numpy", "scipy", "statsmodels", "matplotlib", "papermill", "nbconvert")

# Twelve hex digits tell any two versions of a file apart and still fit in a line.
HEX_DIGITS = 12

# Which files of params/ each notebook reads: shared ones, and those of the study's own folder where they are there. The Makefile
# rebuilds by the same lists; a test holds both against the files that are really opened.
LAYOUTS = "sources/*.yml"  # that source.yml may name
EVERY_BRIEF = ("disclosure.yml", "measures.yml", "scales.yml", "bh_codes.yml", LAYOUTS), ("study.yml", "source.yml")
RELEASES = "releases/*.json"  # what was released before: never in what a page prints, or releasing it would change it
MONTHLY = (
    (*EVERY_BRIEF[0], "false_alarms.csv"),
    (*EVERY_BRIEF[1], "collaborative.yml", "rebases.yml", RELEASES),
)
DOLLARS = ("costs.csv", "shares.csv", "assumptions.csv")
MEETING = (*MONTHLY[0], "low_use.yml"), MONTHLY[1]  # of what is expected of a site
PLANS = (
    (*MEETING[0], "actions.yml", "price_index.csv", "costs.csv"),
    (*MONTHLY[1], "costs.csv", "program.csv", "place_names.yml", "plans/*.yml", "lots/*.yml"),
)
READS = {
    "data_quality": (EVERY_BRIEF[0], (*EVERY_BRIEF[1], "collaborative.yml")),
    "collaborative_brief": MONTHLY,
    "site_scorecard": MONTHLY,
    "agenda": MEETING,
    "meeting_status": MEETING,
    "partner_page": MEETING,
    "support_plan": PLANS,
    "support_plans_overview": PLANS,
    "ed_diversion": ((*EVERY_BRIEF[0], "diversion.yml"), EVERY_BRIEF[1]),
    "placement_avoidance": ((*EVERY_BRIEF[0], "diversion.yml", "stayed_home.csv"), EVERY_BRIEF[1]),
    "cost_savings": (
        (*EVERY_BRIEF[0], "diversion.yml", "price_index.csv", *DOLLARS),
        (*EVERY_BRIEF[1], *DOLLARS, "program.csv"),
    ),
    "cohort": (("disclosure.yml", LAYOUTS), (*EVERY_BRIEF[1], "border_counties.csv")),
}


def params_read(study: str, notebook: str, *, root: Path = ROOT) -> list[Path]:
    """The files of params/ that a notebook reads for a study.

    >>> [path.name for path in params_read("demo", "data_quality")]
    ['bh_codes.yml', 'collaborative.yml', 'source.yml', 'study.yml', 'disclosure.yml', 'measures.yml', 'scales.yml', 'afcars_2020.yml', 'tmsis_ip.yml',
     'tmsis_lt.yml', 'tmsis_ot.yml', 'x12_837_flat.yml']
    """
    shared, own = READS[notebook]
    paths = [path for name in shared for path in (root / "params").glob(name)]
    paths += [path for name in own for path in (root / "params" / study).glob(name)]
    return sorted(path for path in paths if path.is_file())


def made_from(study: str, *, notebook: str | None = None, root: Path = ROOT) -> dict:
    """What a brief of a study is made from, as plain values for JSON.

    `params` are the files that the notebook reads; without one, all directly in params/ and in the study's own folder.
    `releases` is the ledger of what was released before, `data` are the Parquet tables of data/processed/<study>/. Each maps a
    path from the root to the first 12 hex digits of its sha256.
    `commit` is None outside a git repository; `tracked_files_changed` says whether the commit is the whole story.

    >>> made = made_from("demo")
    >>> sorted(made)
    ['commit', 'data', 'params', 'releases', 'study', 'tracked_files_changed', 'versions']
    >>> "params/demo/study.yml" in made["params"], "params/lane_county/study.yml" in made["params"]
    (True, False)
    """
    every = [*(root / "params").glob("*"), *(root / "params" / study).rglob("*")]
    used = params_read(study, notebook, root=root) if notebook else [path for path in every if path.is_file()]
    ledger = set((root / "params" / study).glob(RELEASES))
    changes = _git("status", "--porcelain", "--untracked-files=no", root=root)
    return {
        "study": study,
        "commit": _git("rev-parse", "HEAD", root=root),
        "tracked_files_changed": None if changes is None else bool(changes),
        "params": _hashes([path for path in used if path not in ledger], root),
        "releases": _hashes(ledger, root),
        "data": _hashes((root / "data" / "processed" / study).glob("*.parquet"), root),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def say_made_from(made: Mapping) -> str:
    """The last line of a brief: which params and versions made it, and nothing of what is hidden: no hash of the data. Without the
    commit, so a rebuild of the same inputs gives the same page.

    >>> say_made_from({"study": "demo", "params": {"b": "2"}, "versions": {"python": "3.11.7", "pandas": "2.3.3"}})
    'Made from study demo: params 9e099e587dab; python 3.11.7, pandas 2.3.3.'
    """
    versions = ", ".join(f"{name} {number}" for name, number in made["versions"].items())
    return f"Made from study {made['study']}: params {_hash_of_all(made['params'])}; {versions}."


def hash_of(path: Path) -> str:
    """The first 12 hex digits of a file's sha256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:HEX_DIGITS]


def hash_of_text(text: str) -> str:
    """The first 12 hex digits of a text's sha256."""
    return hashlib.sha256(text.encode()).hexdigest()[:HEX_DIGITS]


def _hash_of_all(hashes: Mapping[str, str]) -> str:
    return hash_of_text("".join(f"{name} {digits}\n" for name, digits in sorted(hashes.items())))


def _hashes(paths: Iterable[Path], root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): hash_of(path) for path in sorted(paths)}


def _git(*arguments: str, root: Path) -> str | None:
    """What git prints; None where there is no git, no repository or no commit."""
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
