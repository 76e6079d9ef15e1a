"""What a notebook must be before it is run, and after; and the executed one without what differs from run to run."""

import ast
import re

from nbformat import NotebookNode

PARAMETERS = ("study", "period", "site")


class RunError(ValueError):
    """A sentence about a notebook or a path that a user can act on; `cell` counts the notebook's cells from 1."""

    def __init__(self, sentence: str, cell: int | None = None) -> None:
        super().__init__(sentence)
        self.cell = cell


def check_source(notebook: NotebookNode) -> None:
    """RunError unless the notebook is stripped and one cell tagged `parameters` assigns study, period and site alone."""
    tagged = [
        (number, cell) for number, cell in enumerate(notebook.cells, 1) if "parameters" in cell.metadata.get("tags", [])
    ]
    if len(tagged) != 1:
        raise RunError(f"The notebook has {len(tagged)} cells tagged parameters; it needs exactly one.")
    number, cell = tagged[0]
    if sorted(_plain_strings(cell.source)) != sorted(PARAMETERS):
        raise RunError(
            "The parameters cell must assign study, period and site, each a plain string, and no more.", number
        )
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code" and (cell.outputs or cell.execution_count):
            raise RunError(
                "The notebook was saved with outputs, which may hold data. Clear them and save again.", number
            )


def _plain_strings(source: str) -> list[str]:
    """Names assigned a plain string; a name `?` for every other statement."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return ["?"]
    names = []
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str())):
                names.append(name)
            case _:
                names.append("?")
    return names


def check_executed(notebook: NotebookNode) -> None:
    """RunError where a cell was not run, holds an error, or wrote to stderr. Takes it without papermill's own cell.

    A warning has paths of the machine in it, and whoever reads the brief would not see what it warns of.
    """
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        if cell.source.strip() and cell.execution_count is None:
            raise RunError("The cell was not run.", number)
        for output in cell.outputs:
            if output.output_type == "error":
                raise RunError(one_line(f"{output.ename}: {output.evalue}"), number)
            if output.output_type == "stream" and output.name == "stderr":
                raise RunError(f"The cell wrote a warning: {_warning(output.text)}", number)


def _warning(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return re.sub(r"^\S+:\d+: ", "", first).strip()


def one_line(text: str) -> str:
    """The text with every run of white space as one space.

    >>> one_line("ValueError: no site\\n  of that name")
    'ValueError: no site of that name'
    """
    return " ".join(text.split())


def settled(notebook: NotebookNode) -> NotebookNode:
    """The executed notebook without what differs from run to run: papermill's metadata, times, random cell ids.

    The cell that papermill adds takes the place of the defaults in the parameters cell, so a cell keeps its number.
    """
    given = [cell.source for cell in notebook.cells if "injected-parameters" in cell.metadata.get("tags", [])]
    kept = NotebookNode(notebook)
    kept.metadata = NotebookNode(kernelspec={"name": "python3", "display_name": "Python 3", "language": "python"})
    kept.cells = [_settled_cell(cell, number, given) for number, cell in enumerate(own_cells(notebook), 1)]
    return kept


def _settled_cell(cell: NotebookNode, number: int, given: list[str]) -> NotebookNode:
    metadata = {key: value for key, value in cell.metadata.items() if key not in ("papermill", "execution")}
    source = given[0] if given and "parameters" in metadata.get("tags", []) else cell.source
    return NotebookNode({**cell, "id": f"cell-{number:03d}", "metadata": NotebookNode(metadata), "source": source})


def own_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that the notebook has as it is edited: papermill adds one with the values, and two where a cell raised."""
    added = {"injected-parameters", "papermill-error-cell-tag"}
    return [cell for cell in notebook.cells if not added & set(cell.metadata.get("tags", []))]
