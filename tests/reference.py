"""What `analysis.quality.charts` gives for the R calls of a reference case, in the tree that the case is graded on.

    python -m tests.reference CASE_DIR OUT_DIR

CASE_DIR holds input.csv and expected.json, or many such folders; OUT_DIR/<case>.json is written for each. Of expected.json only the
calls and the name of the tool are read, never a value that is expected. The packages' quirks, off in our charts, are turned on
here, so that their numbers come out. An option that cannot be honored is an error, not a number.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from tests.r_calls import Call, Name, calls, value
from tests.r_tools import TOOLS


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("Usage: python -m tests.reference CASE_DIR OUT_DIR")
    given, out = Path(sys.argv[1]), Path(sys.argv[2])
    cases = (
        [given]
        if (given / "expected.json").is_file()
        else sorted(path.parent for path in given.glob("*/expected.json"))
    )
    if not cases:
        sys.exit(f"{given} holds no expected.json, nor does a folder in it.")
    out.mkdir(parents=True, exist_ok=True)
    failed = 0
    for case in cases:
        results, problems = results_of(case)
        (out / f"{case.resolve().name}.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
        for problem in problems:
            print(f"{case.name}: {problem}", file=sys.stderr)
        failed += bool(problems)
    sys.exit(1 if failed else 0)


def results_of(case: Path) -> tuple[dict, list[str]]:
    """The tree of one case, and a sentence for each call that could not be honored; such a call has no numbers."""
    table = read_input(case / "input.csv")
    asked = json.loads((case / "expected.json").read_text(encoding="utf-8"))["calls"]
    results, problems = {}, []
    for name, text in asked.items():
        try:
            found = result_of(text, table)
        except ValueError as problem:
            problems.append(f"{name}: {problem}")
            continue
        if len(asked) == 1:
            # A case with one call has its result at the top; under the call's name as well, where that is free.
            results = {name: found} | found
        else:
            results[name] = found
    return results, problems


def read_input(path: Path) -> pd.DataFrame:
    """Columns of numbers as numbers, but codes with leading zeros as text; dates as text like 2026-10-01; "NA" is missing."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=["NA", ""])
    for name in table.columns:
        known = table[name].dropna()
        if known.str.fullmatch(r"0\d+").any():
            continue
        as_numbers = pd.to_numeric(known, errors="coerce")
        if len(known) and as_numbers.notna().all():
            table[name] = pd.to_numeric(table[name])
        elif len(known) and known.isin(["TRUE", "FALSE"]).all():
            table[name] = table[name].map({"TRUE": 1.0, "FALSE": 0.0})
    return table


def result_of(text: str, table: pd.DataFrame) -> dict:
    """The graded tree of one call text: options(), assignments to d, and the one call that draws."""
    screened = None  # not told
    found = None
    for expression in calls(text):
        call = expression
        while isinstance(call, Call) and call.function in (
            "$",
            "as.data.frame",
            "as_tibble",
            "suppressWarnings",
            "suppressMessages",
        ):
            call = call.arguments[0][1]
        if not isinstance(call, Call):
            continue
        if call.function == "<-" and call.arguments[0][1] == Name("d"):
            table = value(call.arguments[1][1], table)
        elif call.function == "<-":
            table = table.assign(**{_target(call.arguments[0][1]): value(call.arguments[1][1], table)})
        elif call.function == "options":
            screened = _screening(call, screened)
        elif call.function in ("library", "require"):
            screened = True if call.arguments[0][1] == Name("qicharts2") else screened
        elif call.function in TOOLS:
            # qicharts2 screens when it is attached: qic(...) then needs no package before it.
            found = TOOLS[call.function](call, table, not call.package if screened is None else screened)
        else:
            raise ValueError(f'The call of "{call.function}" is not one that is understood here.')
    if found is None:
        raise ValueError(f"No chart is drawn by {text!r}.")
    return found


def _target(expression: Any) -> str:
    if isinstance(expression, Call) and expression.function == "$":
        return expression.arguments[1][1].value
    if isinstance(expression, Name):
        return expression.text
    raise ValueError("Something other than a column or d is assigned to.")


def _screening(call: Call, screened: bool | None) -> bool | None:
    for name, inner in call.arguments:
        if name == "qic.screenedmr":
            screened = bool(value(inner, pd.DataFrame()))
        elif not name.startswith("qic."):
            raise ValueError(f"options({name}=...) is not understood here.")
    return screened


if __name__ == "__main__":
    main()
