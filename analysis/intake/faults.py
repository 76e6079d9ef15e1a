"""What a source.yml says that the contract does not know, or leaves out that it needs: one sentence each."""

import re
from collections.abc import Iterator

from analysis.intake.mapping import ColumnSource, Source, Spellings, TableSource, spellings_of
from analysis.intake.raw import spelled
from analysis.intake.references import CHILD
from analysis.params import did_you_mean
from analysis.tables import CLOCKS, REQUIRED_TABLES, SENT, Column, Table


def unknown_tables(source: Source) -> list[str]:
    unknown = [
        f'tables: "{name}" is not a table of the contract{did_you_mean(name, list(SENT))}. Tables: {", ".join(SENT)}.'
        for name in source.tables
        if name not in SENT
    ]
    absent = [
        f"tables: {name} is missing; every study needs it." for name in REQUIRED_TABLES if name not in source.tables
    ]
    return unknown + absent


def linkage_faults(source: Source) -> Iterator[str]:
    """What the linkage of children needs and is not told."""
    mapped = {
        (name, column, field.system)
        for name, table in source.tables.items()
        if name in SENT
        for part in table.each
        for column, field in part.columns.items()
    }
    crossed = {column for name, column, _ in mapped if name == "crosswalk"}
    if crossed and not source.person_keys:
        yield "person_keys is missing: the crosswalk joins the keys of several systems, and nobody says how each is compared."
    if crossed and len(crossed) < 2:
        yield "tables.crosswalk.columns: one column alone joins nothing. Map the keys of two systems or more."
    if source.link_by_name and not {("children", name) for name in ("first_name", "last_name", "born_on")} <= {
        (name, column) for name, column, _ in mapped
    }:
        yield "link_by_name: needs first_name, last_name and born_on of the table children. Map them, or take it out."
    for name, column, system in sorted(mapped, key=str):
        if system and column != CHILD:
            yield f"tables.{name}.columns.{column}: system belongs to child_id alone."
        if not source.person_keys:
            if system:
                yield f"tables.{name}.columns.{column}: system is given, but person_keys is missing."
            continue
        used = system or (SENT[name].system if column == CHILD else column[:-3] if name == "crosswalk" else "")
        if used and used not in source.person_keys:
            yield (
                f'person_keys: "{used}" is missing, and tables.{name}.columns.{column} holds its keys. Write how they are '
                f"compared, as in {used}: {{ignore: [blanks]}}."
            )
    if source.replaced_by_sender:
        for name, column, _ in sorted(mapped, key=str):
            if column in SENT[name].names and not SENT[name].column(column).kept:
                yield f"tables.{name}.columns.{column}: replaced_by_sender says that nothing identifying was sent, but this is."


def table_faults(table: Table, table_source: TableSource, source: Source) -> Iterator[str]:
    mappable = {column.name: column for column in table.mapped}
    where = ".rows" if table_source.rows else ".columns"
    given = {key for row in table_source.rows for key in row} | set(table_source.columns)
    for name in sorted(given - set(mappable)):
        yield f'{where}: "{name}" is not a column that can be mapped{did_you_mean(name, list(mappable))}.'
    for column in table.mapped:
        if column.required and column.name not in given:
            yield f"{where}: {column.name} is missing; every row needs it ({column.means[0].lower()}{column.means[1:]})."
    if table.name == "episodes" and not given & set(CLOCKS):
        yield f"{where}: no clock is mapped, so no month is known. Map {CLOCKS[0]} or another of {', '.join(CLOCKS[1:])}."
    for name, field in table_source.columns.items():
        if name in mappable:
            yield from (f"{where}.{name}: {fault}" for fault in _field_faults(mappable[name], field, source))


def _field_faults(column: Column, field: ColumnSource, source: Source) -> Iterator[str]:
    if field.first_of and column.kind in ("clock", "codes", "texts"):
        yield f"first_of does not belong to a {column.kind} column."
    for place in field.first_of:
        yield from _field_faults(column, place, source)
    if isinstance(field.codes, str) and field.codes not in source.code_lists:
        lists = list(source.code_lists)
        yield f'codes: "{field.codes}" is not one of code_lists{did_you_mean(field.codes, lists)}.'
        return
    yield from _code_faults(column, spellings_of(field, source))
    if (field.format or field.partial) and column.kind not in ("clock", "day"):
        yield f"format and partial belong to dates, this is a {column.kind} column."
    if len(field.from_columns) > 1 and column.kind not in ("clock", "codes", "texts"):
        yield f"only a clock or a list can come from several columns, this is a {column.kind} column."
    if len(field.from_columns) > 2 and column.kind == "clock":
        yield "a clock comes from one column, or from two: a date and a time."


def _code_faults(column: Column, codes: Spellings) -> Iterator[str]:
    if codes and column.kind not in ("code", "codes", "text"):
        yield f"codes do not belong to a {column.kind} column."
        return
    for code in codes:
        if column.kind != "text" and code not in column.codes:
            yield (
                f'codes: "{code}" is not a code of this column{did_you_mean(code, list(column.codes))}. '
                f"Codes: {', '.join(column.codes)}."
            )
        if column.pattern and not re.fullmatch(column.pattern, code):
            yield f'codes: "{code}" does not have the form that {column.name} needs, {column.pattern}.'
    owner: dict[str, str] = {}
    for code, forms in codes.items():
        for form in forms:
            first = owner.setdefault(spelled(form), code)
            if first != code:
                yield (
                    f'codes: the spelling "{form}" stands under both {first} and {code}, which is ambiguous (capitals and '
                    "blanks make no difference). Leave it under one of them."
                )
