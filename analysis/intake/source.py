"""params/<study>/source.yml, read and held against the contract."""

import re
from pathlib import Path

from analysis.intake.faults import linkage_faults, table_faults, unknown_tables
from analysis.intake.layouts import with_layouts
from analysis.intake.mapping import Source
from analysis.intake.references import CHILD
from analysis.params import ROOT, ParamsError, as_record, read_yaml, shown
from analysis.tables import SENT, SYSTEMS

# Stands in a new study's folder wherever a value has to be written before anything can be read.
TO_FILL_IN = "FILL IN"


def read_source(study: str, *, root: Path = ROOT) -> Source:
    """The study's source.yml, checked against the contract: its tables, columns and codes exist and can be mapped."""
    _need_filled_in(root / "params" / study, study)
    path = root / "params" / study / "source.yml"
    source = as_record(with_layouts(read_yaml(path), root=root, where=shown(path)), Source, where=shown(path))
    faults = [*unknown_tables(source), *linkage_faults(source)]
    for name, table in source.tables.items():
        for number, part in enumerate(table.each if name in SENT else (), start=1):
            where = f"tables.{name}" + (f".parts.{number}" if table.parts else "")
            faults += [f"{where}{fault}" for fault in table_faults(SENT[name], part, source)]
    if faults:
        raise ParamsError("\n".join(f"params/{study}/source.yml: {fault}" for fault in faults))
    return _with_systems(source)


def _with_systems(source: Source) -> Source:
    """The source with the system of each person key written out, where the study tells systems apart."""
    if not source.person_keys:
        return source
    tables = {}
    for name, table in source.tables.items():
        own = {f"{system}_id": system for system in SYSTEMS} if name == "crosswalk" else {CHILD: SENT[name].system}
        parts = tuple(
            part.model_copy(update={"columns": {
                column: field.model_copy(update={"system": field.system or own[column]}) if column in own else field
                for column, field in part.columns.items()
            }})
            for part in table.each
        )  # fmt: skip
        tables[name] = table.model_copy(update={"parts": parts}) if table.parts else parts[0]
    return source.model_copy(update={"tables": tables})


def identifying_columns(source: Source) -> list[str]:
    """The mapped columns that the contract marks identifying, as table.column."""
    return [
        f"{name}.{column}"
        for name, table in source.tables.items()
        for part in table.each
        for column in dict.fromkeys([*part.columns, *(key for row in part.rows for key in row)])
        if SENT[name].column(column).identifying
    ]


def _need_filled_in(folder: Path, study: str) -> None:
    """A new study's files say what is still to be written, and where."""
    for name in ("study.yml", "source.yml"):
        path = folder / name
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
        waiting = [
            f"{line.split(':')[0].strip(' -{')} (line {number})"
            for number, line in enumerate(lines, start=1)
            if re.search(rf":[^#]*\b{TO_FILL_IN}\b", line) and not line.lstrip().startswith("#")
        ]
        if waiting:
            raise ParamsError(
                f"params/{study}/{name} is not filled in yet: {', '.join(waiting)}. Write your own value wherever it says "
                f'"{TO_FILL_IN}"; the comment above each says what it means.'
            )
