"""Rooms import one way only: tables, params, periods <- demo, intake <- cohort <- effect <- savings <- brief; intake <- quality <- brief."""

import ast

import pytest

from analysis.params import ROOT

MAY_IMPORT = {
    "": {""},
    "demo": {"", "demo"},
    "intake": {"", "intake"},
    "cohort": {"", "intake", "cohort"},
    "effect": {"", "intake", "cohort", "effect"},
    "savings": {"", "intake", "cohort", "effect", "savings"},
    "quality": {"", "intake", "quality"},
    "brief": {"", "intake", "cohort", "effect", "savings", "quality", "brief"},
}
MODULES = sorted((ROOT / "analysis").rglob("*.py"))


def room(path) -> str:
    inside = path.relative_to(ROOT / "analysis").parts
    return inside[0] if len(inside) > 1 else ""


def rooms_imported(path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports by dots"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in names if name.split(".")[0] == "analysis"]
    return {part[1] if len(part) > 1 and (ROOT / "analysis" / part[1]).is_dir() else "" for part in parts}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_room_imports_only_what_lies_before_it(path):
    assert rooms_imported(path) <= MAY_IMPORT[room(path)]


def test_every_room_is_in_the_rule():
    assert {room(path) for path in MODULES} <= set(MAY_IMPORT)


def test_only_the_made_up_state_and_the_tests_know_its_truth():
    knowing = {path.relative_to(ROOT).as_posix() for path in MODULES if "truth" in path.read_text(encoding="utf-8")}
    assert {name for name in knowing if not name.startswith("analysis/demo/")} == set()
