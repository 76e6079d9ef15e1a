"""The data dictionary, written from the contract: python -m analysis.dictionary [--check]."""

import sys
from pathlib import Path

from analysis.params import ROOT
from analysis.tables import TABLES, Column, Table

PATH = ROOT / "docs" / "data_dictionary.md"

HEAD = """# Data dictionary

Written from `analysis/tables.py` by `make docs`; change it there.

What a source may be mapped to (`params/<study>/source.yml`), and what intake adds. *Required*: a row without it is rejected.
*Identifying*: never in a message, a log or a brief; at rest an integer. *Derived*: made by the workspace.
Dates and times are local, in the study's time zone. At rest every table is `data/processed/<study>/<table>.parquet`.
"""


def dictionary() -> str:
    """The whole dictionary as Markdown: one section per table, one row per column.

    >>> "## episodes" in dictionary()
    True
    """
    return "\n".join([HEAD, *(_section(table) for table in TABLES.values())])


def _section(table: Table) -> str:
    lines = [
        f"## {table.name}",
        "",
        f"One row is {table.row}. Key: {', '.join(f'`{name}`' for name in table.key)}.",
        "",
        "| column | kind | what it is | allowed | |",
        "| --- | --- | --- | --- | --- |",
        *(_row(column) for column in table.columns),
        "",
    ]
    return "\n".join(lines)


def _row(column: Column) -> str:
    marks = {
        "required": column.required,
        "identifying": column.identifying,
        "derived": column.derived,
        "small counts hidden": column.counts_children,
    }
    meaning = column.means + (f" ({column.unit})" if column.unit else "")
    said = ", ".join(mark for mark, holds in marks.items() if holds)
    return f"| `{column.name}` | {column.kind} | {meaning} | {_allowed(column)} | {said} |"


def _allowed(column: Column) -> str:
    if column.codes:
        return "<br>".join(f"`{code}` {words}" for code, words in column.codes.items())
    if column.pattern:
        return f"text like `{column.pattern}`".replace("|", "\\|")
    if column.at_least is not None and column.at_most is not None:
        return f"{column.at_least:g} to {column.at_most:g}"
    if column.at_least is not None:
        return f"{column.at_least:g} or more"
    return ""


def main(arguments: list[str], *, path: Path = PATH) -> int:
    """Write the dictionary; with --check only say whether the file is current (exit status 1 where it is not)."""
    if "--check" not in arguments:
        path.parent.mkdir(exist_ok=True)
        path.write_text(dictionary(), encoding="utf-8")
        print("docs/data_dictionary.md")
        return 0
    if path.exists() and path.read_text(encoding="utf-8") == dictionary():
        return 0
    print("docs/data_dictionary.md is not what analysis/tables.py says. Run make docs and commit it.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
