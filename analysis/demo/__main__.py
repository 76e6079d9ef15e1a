"""python -m analysis.demo: write the made-up state's raw files to data/raw/demo/ and its truth to data/truth/demo/."""

import argparse
import shutil
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
from analysis.params import ROOT, ParamsError


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Exit status 0, or 1 with one sentence on what to correct."""
    parser = argparse.ArgumentParser(prog="python -m analysis.demo", description=__doc__)
    parser.add_argument("--scenario", default="default", help="a scenario of params/demo/scenarios.yml")
    parser.add_argument("--seed", type=int, help="a seed in place of that of the scenario's linked study")
    parser.add_argument("--children", type=int, help="children on the Medicaid roster")
    parser.add_argument("--lines", type=float, help="claim lines a child, about")
    parser.add_argument("--clean", action="store_true", help="claims, enrollment and the like without dirt")
    parser.add_argument("--program", action="store_true", help="write what the service costs, and nothing else")
    given = parser.parse_args(arguments)
    try:
        if given.program:
            write_program(read_scenario("base"), root / "params" / "demo" / "program.csv")
            print("What the made-up service costs: params/demo/program.csv")
        else:
            write_state(given, root)
    except (ParamsError, RawFolderError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def write_state(given: argparse.Namespace, root: Path) -> None:
    """The dispatch records with the linked study's files beside them, and the truth of both.

    data/truth/demo/ holds the truth of the files that lie in data/raw/demo/ and of no others: it goes first and comes last.
    """
    name = given.scenario
    linked = with_children(read_linked(name, seed=given.seed), given.children, given.lines)
    state = make_linked(linked)
    dispatch = state.frame.state
    counted: dict[str, int] = {}
    shutil.rmtree(root / "data" / "truth" / "demo", ignore_errors=True)
    dirt = write_raw(
        dispatch,
        root / "data" / "raw" / "demo",
        beside=lambda part: counted.update(write_linked(state, part, clean=given.clean)),
    )
    truth = root / "data" / "truth" / "demo" / name
    write_truth(dispatch, dirt, truth / "dispatch" / "summary.json")
    # Last: where it stands, all of it is there.
    write_linked_truth(state, counted, truth)
    print(f"{len(dispatch.episodes):,} episodes of the made-up state and {sum(dirt.values())} rows with dirt")
    print(f"{linked.children:,} children on its Medicaid roster, {int(state.inside.sum()):,} of them in the study")
    print(f"Raw files: data/raw/demo/; their truth: data/truth/demo/{name}/")


if __name__ == "__main__":
    sys.exit(main())
