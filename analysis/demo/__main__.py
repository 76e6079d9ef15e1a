"""python -m analysis.demo: write the made-up state's raw files to data/raw/demo/ and its truth to data/truth/demo/."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.demo.program import write_program
from analysis.demo.records import RawFolderError, write_raw, write_truth
from analysis.demo.scenario import read_scenario
from analysis.demo.state import make_state
from analysis.params import ROOT, ParamsError


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Exit status 0, or 1 with one sentence on what to correct."""
    parser = argparse.ArgumentParser(prog="python -m analysis.demo", description=__doc__)
    parser.add_argument("--scenario", default="base", help="a scenario of params/demo/state.yml (default: base)")
    parser.add_argument("--seed", type=int, help="a seed in place of the scenario's own")
    parser.add_argument("--program", action="store_true", help="write what the service costs, and nothing else")
    given = parser.parse_args(arguments)
    try:
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


if __name__ == "__main__":
    sys.exit(main())
