"""Spreadsheets and Parquet: typed cells as text, with the cells that hold no value told from empty ones."""

import io
import itertools
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
from python_calamine import CalamineError, CalamineWorkbook

from analysis.intake.mapping import Files
from analysis.intake.raw import Grid, IntakeError, column_names
from analysis.params import did_you_mean

# A formula that was never calculated reads as empty; this text keeps it from passing for "missing".
FORMULA_WITHOUT_RESULT = "=formula without a stored result"
# What a cell shows whose formula has failed, here or before an export to text: not a value, and not an empty cell.
ERROR_CELLS = ("#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")
NO_VALUE = (FORMULA_WITHOUT_RESULT, *ERROR_CELLS)
# Above this a spreadsheet's number has lost digits.
EXACT_BELOW = 1e15

_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def read_sheet(content: bytes, table: Files, name: str) -> Grid:
    """The header and rows of one sheet: the declared one, else the first."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = table.sheet or next(iter(book.sheet_names), "")
        there = sheet in book.sheet_names
        grid = book.get_sheet_by_name(sheet).to_python(skip_empty_area=False) if there else []
        no_value = list(_cells_without_value(content, sheet)) if there else []
    except (CalamineError, zipfile.BadZipFile, zlib.error, ElementTree.ParseError, KeyError, ValueError) as error:
        raise IntakeError(
            f"{name}: is not a spreadsheet that can be read: damaged, cut off, locked by a password or of another kind than "
            f"its name says ({type(error).__name__}). Open it, save it anew as .xlsx, or ask the sender for it again."
        ) from None
    if not there:
        listing = ", ".join(f'"{one}"' for one in book.sheet_names) or "none"
        raise IntakeError(
            f'{name}: has no sheet "{sheet}"{did_you_mean(sheet, book.sheet_names)}. Its sheets: {listing}. '
            "Correct sheet in source.yml."
        )
    rows = [[cell_text(value) for value in row] for row in grid]
    for row, column, text in no_value:
        if row <= len(rows) and column <= len(rows[row - 1]) and not rows[row - 1][column - 1]:
            rows[row - 1][column - 1] = text
    numbered = [(number, row) for number, row in enumerate(rows, start=1) if any(row) and number >= table.header_row]
    if not numbered:
        raise IntakeError(
            f'{name}: sheet "{sheet}" is empty from row {table.header_row} on. Correct sheet or header_row in source.yml, or '
            "ask the sender for the file again."
        )
    others = ", ".join(f'"{one}"' for one in book.sheet_names if one != sheet)
    return Grid(
        header=numbered[0][1],
        records=iter(numbered[1:]),
        place=f'sheet "{sheet}", row {numbered[0][0]}',
        remedy=f"header_row (the row of the column names) or sheet{f' (the others are {others})' if others else ''}",
    )


def read_parquet(content: bytes, name: str, wanted: list[str]) -> Grid:
    """The columns and rows of a Parquet file; the first row has number 2, as below a header.

    A column that is not wanted is not read: its fields are empty.
    """
    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        header = file.schema_arrow.names
        read = [column for column, named in zip(header, column_names(header), strict=True) if named in wanted]
        table = file.read(columns=read) if len(set(header)) == len(header) else file.read()
        values = [_texts(table.column(column)) if column in read else None for column in header]
        height = file.metadata.num_rows
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError):
        raise IntakeError(
            f"{name}: is not a Parquet file that can be read: damaged or cut off. Ask the sender for it again."
        ) from None
    whole = all(column is not None for column in values)
    rows = zip(*(itertools.repeat("", height) if column is None else column for column in values), strict=True)
    records = ((number, row) for number, row in enumerate(map(list, rows), start=2) if not whole or any(row))
    return Grid(header, records, "its columns", "the name of the file (files)")


def _texts(column: pyarrow.ChunkedArray) -> list[str]:
    """The column's values as text, each different one made once."""
    try:
        coded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    except pyarrow.ArrowException:  # lists and the like have no dictionary
        return [cell_text(value) for value in column.to_pylist()]
    different = np.array([*(cell_text(value) for value in coded.dictionary.to_pylist()), ""], dtype=object)
    return different[coded.indices.fill_null(len(different) - 1).to_numpy(zero_copy_only=False)].tolist()


def cell_text(value: object) -> str:
    """A spreadsheet's or Parquet's value as text; dates carry a T, so that they cannot be taken for any other format.

    >>> cell_text(1234567890.0), cell_text(datetime(2025, 5, 12, 13, 29)), cell_text(2.5), cell_text(None)
    ('1234567890', '2025-05-12T13:29:00', '2.5', '')
    >>> cell_text(date(2025, 5, 12)), cell_text(timedelta(hours=9, minutes=5))
    ('2025-05-12T00:00:00', '09:05:00')
    """
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < EXACT_BELOW else repr(value)
    if isinstance(value, datetime | time):
        return value.isoformat()
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00"
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
    return str(value)


# --- cells of an .xlsx that read as empty and are not ----------------------------------------------------------------


def _cells_without_value(content: bytes, sheet: str) -> Iterator[tuple[int, int, str]]:
    """Row, column and text of each cell whose formula has failed or was never calculated.

    Only .xlsx and .xlsm tell them apart; in the other kinds such a cell is read as empty. A formula whose result is the
    empty text, as in =IF(A1="","",A1), has a result.
    """
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if "xl/workbook.xml" not in archive.namelist():
            return
        part = archive.read(_part_of(archive, sheet))
    if not re.search(rb"<(\w+:)?f[ >/]|t=[\"']e[\"']", part):
        return
    row, column = 0, 0
    for event, element in ElementTree.iterparse(io.BytesIO(part), events=("start", "end")):
        tag = element.tag.rpartition("}")[2]
        if event == "start" and tag == "row":
            row, column = int(element.get("r", row + 1)), 0
        elif event == "end" and tag == "c":
            column = _column_number(element.get("r")) or column + 1
            if text := _no_value(element):
                yield row, column, text
            element.clear()


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The path of the sheet inside the workbook."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    relations = {one.get("name"): one.get(_RELATION) for one in book.iter() if one.tag.rpartition("}")[2] == "sheet"}
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = {link.get("Id"): link.get("Target", "") for link in links}[relations[sheet]]
    return posixpath.normpath(target.lstrip("/") if target.startswith("/") else f"xl/{target}")


def _column_number(reference: str | None) -> int:
    """The column of a cell reference, 0 where there is none.

    >>> _column_number("B7"), _column_number("AA1"), _column_number(None)
    (2, 27, 0)
    """
    number = 0
    for letter in re.match("[A-Z]*", reference or "")[0]:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def _no_value(cell: ElementTree.Element) -> str:
    parts = {part.tag.rpartition("}")[2]: part.text for part in cell}
    if cell.get("t") == "e":
        return parts.get("v") or ERROR_CELLS[0]
    if "f" in parts and not parts.get("v") and cell.get("t") != "str":
        return FORMULA_WITHOUT_RESULT
    return ""
