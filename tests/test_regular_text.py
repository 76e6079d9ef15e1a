"""Reading a text file by whole columns gives what reading it record by record gives, or leaves it to that."""

import dataclasses
import random
from pathlib import Path

import pytest

from analysis.intake import delimited, files
from analysis.intake.mapping import Files
from analysis.intake.raw import IntakeError, RawFile

FIELDS = (
    "",
    " ",
    "1",
    "0017",
    " a b ",
    "Doña Ana",
    "2025-05-12",
    "NULL",
    "NA",
    "true",
    "1e5",
    "-0.50",
    "O'Brien",
    "\u00a0",
    "\ufeffx",
)
QUOTED = ('"a,b"', '"a;b"', '""', '"x"', '" "')
DAMAGE = (
    "\n", "\r", "\r\n", '"', '""', ",", ";", "\0", "\n\n", '"a\nb"', 'a"b', '"a"b', '"a""b"', "\t", "\ufeff", "\u2028", "\x1c", "\x0b",
)  # fmt: skip


def text_of(made: random.Random) -> str:
    """A file with the columns A and B among others; every other one is damaged in up to three places."""
    mark, end = made.choice(",;"), made.choice(["\n", "\r\n"])
    width = made.randint(2, 4)
    header = made.sample(["A", "B", "C", "D"][:width], width)
    quoted = made.random() < 0.5
    rows = [[made.choice((*FIELDS, *QUOTED) if quoted else FIELDS) for _ in header] for _ in range(made.randint(0, 6))]
    rows = [[field if field.startswith('"') else field.replace(mark, "") for field in row] for row in rows]
    text = end.join(mark.join(row) for row in [header, *rows]) + made.choice(["", end])
    for _ in range(made.choice([0, 0, 1, 3])):
        place = made.randint(0, len(text))
        text = text[:place] + made.choice(DAMAGE) + text[place + made.randint(0, 1) :]
    return text


def read(path: Path, table: Files) -> RawFile | str:
    try:
        return files.read_file(path, table, folder=path.parent, wanted=["A", "B"])
    except IntakeError as error:
        return str(error)


@pytest.fixture
def by_record(monkeypatch):
    """Reads a file record by record, whatever it holds."""
    regular = delimited.read_delimited

    def reader(path: Path, table: Files) -> RawFile | str:
        with monkeypatch.context() as patched:
            patched.setattr(files, "read_delimited", lambda *given: dataclasses.replace(regular(*given), columns=None))
            return read(path, table)

    return reader


@pytest.mark.parametrize("seed", range(8))
def test_columns_and_records_give_the_same(seed, tmp_path, by_record):
    made, path = random.Random(seed), tmp_path / "a.csv"
    for _ in range(150):
        text = text_of(made)
        path.write_bytes(text.encode(made.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])))
        table = Files(files="a.csv", encoding=made.choice([None, None, None, "latin-1", "utf-8"]))
        found, expected = read(path, table), by_record(path, table)
        if isinstance(expected, str):
            assert found == expected, text
            continue
        assert (found.rows_read, found.damaged, found.columns) == (
            expected.rows_read,
            expected.damaged,
            expected.columns,
        ), text
        assert found.rows.index.tolist() == expected.rows.index.tolist(), text
        assert found.rows.astype(object).to_numpy().tolist() == expected.rows.astype(object).to_numpy().tolist(), text


def is_read_by_column(content: bytes, monkeypatch, tmp_path) -> bool:
    by_record, read_so = files._by_record, []
    monkeypatch.setattr(files, "_by_record", lambda *given: read_so.append(True) or by_record(*given))
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    read(path, Files(files="a.csv"))
    return not read_so


@pytest.mark.parametrize(
    "content",
    [
        b"A,B\n1,2\n",
        b"A,B\r\n1,2\r\n3,4",
        b'"A","B"\n"a,b",""\n',
        b"\xef\xbb\xbfA;B\n1; 2\n",
        "A,B\nDoña Ana,1\n".encode(),
    ],
)
def test_a_regular_file_is_read_by_column(content, monkeypatch, tmp_path):
    assert is_read_by_column(content, monkeypatch, tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"A,B\n1\n", b"A,B\n1,2,\n", b"A,B\n\n1,2\n", b"A,B\n , \n1,2\n", b'A,B\n"1\n",2\n', b'A,B\n"a""b",2\n', b'A,B\na"b",2\n',
        b"A,B\n1,2\0\n", b"A,B\r1,2\r", b"A,B\n1,\xe9\n", "A,B\n1,2\n".encode("utf-16"), b"\nA,B\n1,2\n",
    ],
)  # fmt: skip
def test_any_other_file_is_read_by_record(content, monkeypatch, tmp_path):
    assert not is_read_by_column(content, monkeypatch, tmp_path)
