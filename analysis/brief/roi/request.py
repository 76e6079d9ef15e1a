"""The data request: which tables would narrow the answer, with columns, years and codes, written from the contract.

python -m analysis.brief.roi.request STUDY writes outputs/<study>/request/data_request.md.
"""

import sys
from pathlib import Path

import pandas as pd

from analysis import params
from analysis.brief.numbers import covered_days
from analysis.brief.roi.accruals import ASKED, on_hand
from analysis.params import ROOT, ParamsError
from analysis.tables import Table

REQUEST_FILE = Path("params") / "request.yml"


class Request(params.Record):
    """params/request.yml: what to ask of each agency, how far back and on, and which codes."""

    months_before: int
    months_after: int
    run_out_months: int
    why: dict[str, params.Words]
    ask: dict[str, params.Words]
    codes: dict[str, dict[str, params.Words]]
    sources: tuple[params.Words, ...]


def read_request(*, root: Path = ROOT) -> Request:
    """The rules of params/request.yml.

    >>> read_request().months_before
    18
    """
    return params.read_record(root / REQUEST_FILE, Request)


def write_request(study: str, *, root: Path = ROOT) -> Path:
    """Write the request for a study and give its path. It holds no data, only what to ask for."""
    chosen, rules = params.study(study, root=root), read_request(root=root)
    first, last = covered_days(chosen, root=root)
    path = root / "outputs" / study / "request" / "data_request.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(request(chosen.title, rules, first, last, here=on_hand(study, root=root)), encoding="utf-8")
    return path


def request(title: str, rules: Request, first: pd.Timestamp, last: pd.Timestamp, *, here: tuple[str, ...] = ()) -> str:
    """The request as Markdown: purpose, years, how children are linked, and one section a table that is not on hand (`here`).

    >>> text = request("A state", read_request(), pd.Timestamp("2023-07-01"), pd.Timestamp("2026-10-31"), here=("claims",))
    >>> "1 January 2022 to 30 April 2028" in text       # 18 months before, 18 after
    True
    >>> "## claims:" in text, "## placements:" in text, "On hand already: claims." in text
    (False, True, True)
    """
    start = first - pd.DateOffset(months=rules.months_before)
    end = last + pd.DateOffset(months=rules.months_after)
    years = f"{start.day} {start:%B %Y} to {end.day} {end:%B %Y}"
    missing = [table for table in ASKED if table.name not in here]
    sections = "\n".join(_section(table, rules, years) for table in missing)
    sources = "\n".join(f"- {source}" for source in rules.sources)
    would = (
        "The tables below would. They are listed in the order in\nwhich they would narrow the answer."
        if missing
        else "The tables that would are on hand; nothing is asked for but the days that they lack."
    )
    held = (
        f"\n\nOn hand already: {', '.join(here)}. Of these, ask only for the days below that they lack." if here else ""
    )
    return f"""# Data request: {title}

The crisis episodes from {first.day} {first:%B %Y} to {last.day} {last:%B %Y} are in hand. They can't show what happened to the children
afterwards, or to children who went to an emergency department first. {would}{held}

**Children.** All with a crisis episode, and all with a behavioral-health emergency department visit in the same months and counties.

**Link.** The agency links its records to the episodes and replaces its identifiers with keyed hashes, the same in every table. No
names, no addresses.

**Years.** Service dates {years}: {rules.months_before} months before the first crisis and {rules.months_after} after the last, extracted at least
{rules.run_out_months} months after the last service date so that late claims are in. What lies ahead can follow in a second delivery.

{sections}
## Where these rules are from

{sources}
"""


def _section(table: Table, rules: Request, years: str) -> str:
    rows = [
        f"| `{column.name}` | {column.means} | {column.known_as} | {'yes' if column.required else ''} |"
        for column in table.mapped
    ]
    codes = [f"| {what} | {listed} |" for what, listed in rules.codes.get(table.name, {}).items()]
    code_table = ["", "| which rows | codes |", "| --- | --- |", *codes] if codes else []
    lines = [
        f"## {table.name}: {rules.ask[table.name]}",
        "",
        f"{rules.why[table.name]} One row is {table.row}. Dates: {years}.",
        "",
        "| column | what it is | known as | needed |",
        "| --- | --- | --- | --- |",
        *rows,
        *code_table,
        "",
    ]
    return "\n".join(lines)


def main(study: str) -> int:
    """Exit status 0, or 1 with one sentence."""
    try:
        path = write_request(study)
    except ParamsError as error:
        print(error, file=sys.stderr)
        return 1
    print(path.relative_to(ROOT).as_posix())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
