"""Text with a delimiter between the fields: its encoding, its delimiter, its quotes."""

import codecs
import csv
import functools
import itertools
import re
from collections.abc import Iterable, Iterator

from analysis.intake.mapping import Files
from analysis.intake.raw import Grid, IntakeError, column_names
from analysis.intake.regular import read_regular

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_delimited(content: bytes, table: Files, name: str, wanted: list[str]) -> Grid:
    """The header and records of a text file.

    >>> grid = read_delimited(b"ID;City\\n1;Eugene\\n", Files(files="a.csv"), "a.csv", ["ID"])
    >>> grid.header, list(grid.records)
    (['ID', 'City'], [(2, ['1', 'Eugene'])])
    """
    text, codec = _decoded(content, table.encoding, name)
    header = next((line for line in _lines(text, table.header_row) if line.strip()), "")
    delimiter = table.delimiter or _delimiter(header, wanted)
    records = _records(_lines(text, table.header_row), delimiter, table.header_row, name)
    number, names = next(records, (0, []))
    if not names:
        raise IntakeError(
            f"{name}: nothing is written from line {table.header_row} on, where the column names should stand. "
            "Correct header_row in source.yml, or ask the sender for the file again."
        )
    if any("\0" in column for column in names):
        raise IntakeError(
            f"{name}: the column names hold NUL bytes. If the file is UTF-16 text without a mark, write encoding: utf-16-le "
            "(or utf-16-be) in source.yml; otherwise ask the sender for the file again."
        )
    return Grid(
        header=names,
        records=records,
        place=f"line {number}, split at each {DELIMITERS.get(delimiter, delimiter)}",
        remedy="header_row (the line of the column names) or delimiter",
        columns=functools.partial(read_regular, content, codec, delimiter, len(names)) if number == 1 else None,
    )


def _decoded(content: bytes, encoding: str | None, name: str) -> tuple[str, str]:
    """The text in the declared encoding; else by byte-order mark, else UTF-8, else Windows-1252, which reads Latin-1 too; and which."""
    marked = next((codec for mark, codec in BYTE_ORDER_MARKS.items() if content.startswith(mark)), None)
    for codec in (encoding,) if encoding else (marked,) if marked else ("utf-8", "cp1252", "latin-1"):
        try:
            return content.decode(codec), codec
        except UnicodeError:
            continue
    raise IntakeError(
        f"{name}: is not text in {encoding or marked}. Correct encoding in source.yml, or take that line out and the usual "
        "encodings are tried."
    )


def _lines(text: str, first: int) -> Iterator[str]:
    """The lines from the `first` on, with their ends.

    As csv counts them: ended by \\n, \\r\\n or \\r and by nothing else, so that a line number is the one an editor shows.
    """
    lines = (line[0] for line in re.finditer(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+", text))
    return itertools.islice(lines, first - 1, None)


def _delimiter(header: str, wanted: list[str]) -> str:
    """The delimiter whose header line names most of the mapped columns; the most frequent where none does."""
    return max(
        DELIMITERS,
        key=lambda mark: (
            len(set(wanted).intersection(column_names(next(csv.reader([header], delimiter=mark))))),
            header.count(mark),
        ),
    )


def _records(lines: Iterable[str], delimiter: str, first_line: int, name: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of each record, the header's first; empty ones are left out."""
    own: list[str] = []  # the lines of this record
    reader = csv.reader((own.append(line) or line for line in lines), delimiter=delimiter, strict=True)
    read, fields = 0, 0
    try:
        for record in reader:
            if any(value.strip() for value in record):
                fields = fields or len(record)
                _need_one_row(record, own, fields, delimiter)
                yield first_line + read, record
            read = reader.line_num
            own.clear()
    except csv.Error as error:
        raise IntakeError(
            f"{name}, line {first_line + read}: a quotation mark is not closed, or more follows where it closes ({error}). "
            "Correct the quotes there, or ask the sender for the file again."
        ) from None


def _need_one_row(record: list[str], lines: list[str], fields: int, delimiter: str) -> None:
    """A text with line breaks in it is fine; an open quote that has swallowed whole rows is not.

    It shows in a wrong number of fields, or in lines each of which would be a row by itself.
    """
    if len(lines) > 1 and (
        len(record) != fields or all(line.count(delimiter) == fields - 1 for line in lines if line.strip())
    ):
        raise csv.Error(f"{len(lines)} lines are read as if they were one row")
