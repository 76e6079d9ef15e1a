"""Notebooks are thin, stripped and parameterized alike."""

import json
import re
import subprocess
import sys

import pytest

from analysis.brief.press.made_from import params_read
from analysis.params import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def cells(path, kind: str) -> list[dict]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def code(path) -> list[str]:
    """Code cells without the parameters cell."""
    return [
        "".join(cell["source"]) for cell in cells(path, "code") if "parameters" not in cell["metadata"].get("tags", [])
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_output_is_saved(path):
    saved = [cell for cell in cells(path, "code") if cell["outputs"] or cell["execution_count"] is not None]
    assert saved == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_parameters_are_three_plain_strings_that_run_by_hand(path):
    tagged = [cell for cell in cells(path, "code") if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    lines = "".join(tagged[0]["source"]).splitlines()
    assert [re.fullmatch(r'(study|period|site) = "[\w-]+"', line)[1] for line in lines] == ["study", "period", "site"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_holds_no_logic(path):
    logic = (
        r"^\s*(?:def|class|for|while|if|try|with|lambda)\b|\bexcept\b|\.merge\(|\.groupby\(|\.query\(|\[\[|\blambda\b"
    )
    assert [source for source in code(path) if re.search(logic, source, re.MULTILINE)] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_number_is_typed_into_code_or_prose(path):
    prose = ["".join(cell["source"]) for cell in cells(path, "markdown")]
    # A 95% interval is the one number that every brief explains in words.
    assert [text for text in [*code(path), *prose] if re.search(r"\d", text.replace("95% interval", ""))] == []


def test_every_notebook_stands_in_the_makefile():
    listed = subprocess.run(
        ["make", "--silent", "--eval=names: ; @echo $(STATEWIDE_NOTEBOOKS) $(SITE_NOTEBOOKS) $(PARTNER_NOTEBOOKS) $(PLAN_NOTEBOOKS) $(PLANS_NOTEBOOKS) $(ROI_NOTEBOOKS) $(LINKED_NOTEBOOKS)", "names"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert sorted(listed.stdout.split()) == [path.stem for path in NOTEBOOKS]


READ_BY_HAND = """
import json, sys
from pathlib import Path
opened = set()
params = Path("params").resolve()
sys.addaudithook(lambda event, given: opened.add(str(given[0])) if event == "open" else None)
cells = [cell for cell in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
names = {}
for cell in cells:
    source = "".join(cell["source"])
    exec(source, names)
read = {Path(name).resolve() for name in opened}
print(json.dumps(sorted(p.relative_to(params.parent).as_posix() for p in read if p.is_relative_to(params) and p.is_file())))
"""


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_makefile_names_every_params_file_that_a_notebook_reads(path):
    if not (ROOT / "data" / "processed" / "demo" / "plan.mk").exists():
        subprocess.run(["make", "data"], cwd=ROOT, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-c", READ_BY_HAND, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    read = set(json.loads(done.stdout.splitlines()[-1]))
    listed = subprocess.run(
        ["make", "--silent", f"--eval=names: ; @echo $(call reads_{path.stem},demo)", "names"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    declared = {path.relative_to(ROOT).as_posix() for path in params_read("demo", path.stem)}
    # A page without measures opens no list of codes of claims, and source.yml names some of the layouts.
    idle = {name for name in declared if name == "params/bh_codes.yml" or name.startswith("params/sources/")}
    assert read <= declared == set(listed.stdout.split())
    assert declared - read <= idle
