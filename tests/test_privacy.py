"""No data in git, and nothing that names this or any machine."""

import re
import subprocess

from analysis.params import ROOT

ALLOWED_UNDER_DATA = {"data/raw/README.md", "data/processed/README.md", "outputs/README.md"}


def committed() -> list[str]:
    """Files that git knows or would take with `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_nothing_but_the_readmes_under_data_and_outputs_is_in_git():
    found = {name for name in committed() if name.startswith(("data/", "outputs/"))}
    assert found == ALLOWED_UNDER_DATA


def test_no_data_file_is_in_git_anywhere_else():
    kinds = (".xlsx", ".xls", ".parquet", ".zip", ".gz", ".feather", ".sqlite", ".duckdb", ".sas7bdat", ".rds")
    assert [name for name in committed() if name.endswith(kinds)] == []


def test_a_data_file_dropped_anywhere_in_the_data_folders_is_ignored():
    names = [
        "data/raw/nm/claims.csv",
        "data/processed/nm/episodes.parquet",
        "outputs/nm/briefs/index.html",
        "data/truth/x.json",
    ]
    ignored = subprocess.run(["git", "check-ignore", *names], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ignored.stdout.split() == names


def test_no_file_holds_a_path_of_one_machine_or_an_address_of_a_package_index():
    told = re.compile(r"(?<![\w.])/(?:home|Users|work|root)/\w|pypi\.org|pythonhosted|registry\.npmjs")
    here = ("tests/test_privacy.py",)
    texts = {
        name: (ROOT / name).read_text(encoding="utf-8", errors="replace")
        for name in committed()
        if name not in here and not name.endswith(".png")
    }
    assert [name for name, text in texts.items() if told.search(text)] == []
