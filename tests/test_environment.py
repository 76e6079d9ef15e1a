"""One set of pins for both ways of setting up."""

import re
import subprocess
import tomllib

import yaml

from analysis import dictionary
from analysis.params import ROOT

LOCKED = dict(re.findall(r"^([a-z0-9.-]+)==([^\s;]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))


def name(requirement: str) -> str:
    return re.split(r"[=<>!;\[ ]", requirement)[0].lower().replace("_", "-")


def test_every_dependency_of_the_project_is_locked_at_a_version_it_allows():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {name(requirement) for requirement in declared} <= set(LOCKED)
    exact = {name(requirement): requirement.split("==")[1] for requirement in declared if "==" in requirement}
    assert {package: LOCKED[package] for package in exact} == exact


def test_environment_yml_installs_the_lock_and_the_pythons_of_the_project():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [line for line in environment["dependencies"] if isinstance(line, str)]
    pip = next(line["pip"] for line in environment["dependencies"] if isinstance(line, dict))
    assert pip == ["--requirement requirements.lock"]
    python = next(line for line in plain if line.startswith("python")).removeprefix("python").strip()
    assert python == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]


def test_every_locked_package_has_hashes_and_the_lock_names_no_index():
    text = (ROOT / "requirements.lock").read_text()
    assert "http://" not in text
    assert "https://" not in text
    blocks = re.split(r"\n(?=[a-z0-9])", text)
    assert [block.split()[0] for block in blocks if "==" in block and "--hash=sha256:" not in block] == []


def test_the_data_dictionary_is_what_the_contract_says():
    assert (ROOT / "docs" / "data_dictionary.md").read_text(encoding="utf-8") == dictionary.dictionary()


def test_make_alone_lists_every_rule_a_person_may_ask_for():
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
    assert [rule for rule in phony if f"make {rule} " not in listed] == []
