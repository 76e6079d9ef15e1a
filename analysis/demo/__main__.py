"""python -m analysis.demo: write the made-up state's raw files to data/raw/demo/ and its truth to data/truth/demo/."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.demo.linked.disk import with_children, write_linked
from analysis.demo.linked.disk import write_truth as write_linked_truth
from analysis.demo.linked.settings import read_linked
from analysis.demo.linked.state import make_linked
from analysis.demo.program import write_program
from analysis.demo.records import RawFolderError, write_raw, write_truth
from analysis.demo.scenario import read_scenario
from analysis.demo.state import make_state
from analysis.params import ROOT, ParamsError


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Exit status 0, or 1 with one sentence on what to correct."""
    parser = argparse.ArgumentParser(prog="python -m analysis.demo", description=__doc__)
    parser.add_argument(
        "--scenario",
        help="a scenario of params/demo/state.yml (default: base); with --linked one of params/demo/scenarios.yml (default: default)",
    )
    parser.add_argument("--seed", type=int, help="a seed in place of the scenario's own")
    parser.add_argument("--program", action="store_true", help="write what the service costs, and nothing else")
    parser.add_argument(
        "--linked",
        action="store_true",
        help="with claims, enrollment, placements and detentions beside the dispatch records",
    )
    parser.add_argument("--children", type=int, help="with --linked: children on the Medicaid roster")
    parser.add_argument("--lines", type=float, help="with --linked: claim lines a child, about")
    parser.add_argument("--clean", action="store_true", help="with --linked: claims and the like without dirt")
    given = parser.parse_args(arguments)
    try:
        if given.linked:
            return write_linked_state(given, root)
        given.scenario = given.scenario or "base"
        scenario = read_scenario(given.scenario, seed=given.seed)
        if given.program:
            write_program(scenario, root / "params" / "demo" / "program.csv")
            print("What the made-up service costs: params/demo/program.csv")
            return 0
        state = make_state(scenario)
        dirt = write_raw(state, root / "data" / "raw" / "demo")
    except (ParamsError, RawFolderError) as error:
        print(error, file=sys.stderr)
        return 1
    write_truth(state, dirt, root / "data" / "truth" / "demo" / given.scenario / "summary.json")
    rows = len(state.episodes)
    print(f"{rows:,} episodes of the made-up state and {sum(dirt.values())} rows with dirt: data/raw/demo/")
    print(f"Its truth: data/truth/demo/{given.scenario}/summary.json and children.parquet")
    return 0


def write_linked_state(given: argparse.Namespace, root: Path) -> int:
    """The dispatch records with the linked study's files beside them, and its truth."""
    name = given.scenario or "default"
    linked = with_children(read_linked(name, seed=given.seed), given.children, given.lines)
    state = make_linked(linked)
    counted: dict[str, int] = {}
    folder, truth = root / "data" / "raw" / "demo", root / "data" / "truth" / "demo" / name
    write_raw(
        state.frame.state, folder, beside=lambda part: counted.update(write_linked(state, part, clean=given.clean))
    )
    write_linked_truth(state, counted, truth)
    print(
        f"{linked.children:,} children on the Medicaid roster, {int(state.inside.sum()):,} in the study: data/raw/demo/"
    )
    print(f"Its truth: data/truth/demo/{name}/summary.json and children.parquet")
    return 0


if __name__ == "__main__":
    sys.exit(main())
