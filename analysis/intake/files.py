"""One raw file as rows of text: CSV of the usual encodings and delimiters, Excel, Parquet, each also as gzip."""

import gzip
import itertools
import zlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from analysis.intake.delimited import read_delimited
from analysis.intake.mapping import Files, TableSource
from analysis.intake.raw import Grid, IntakeError, RawFile, column_names
from analysis.intake.spreadsheets import read_parquet, read_sheet
from analysis.intake.texts import as_texts
from analysis.params import did_you_mean

TEXT_ENDINGS = (".csv", ".txt", ".tsv")
EXCEL_ENDINGS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
PARQUET_ENDING = ".parquet"
# What a file starts with that is no text, whatever its name says.
NOT_TEXT = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"\x1f\x8b": "a gzip file",
    b"PAR1": "a Parquet file",
}


# So many rows below a header are looked at where it lacks a column.
LOOK_BELOW = 20


def find_files(folder: Path, table: Files, *, where: str) -> list[Path]:
    """The files that feed a table, sorted by path; each name or pattern must find at least one."""
    found = []
    for pattern in table.files:
        # A name as it stands comes first: [ and ] are allowed in a file's name and mean something else in a pattern.
        matches = [folder / pattern] if (folder / pattern).is_file() else sorted(folder.glob(pattern))
        files = [path for path in matches if path.is_file() and not is_left_alone(path)]
        if not files:
            raise IntakeError(
                f'{where}.files: "{pattern}" {"is a folder, not a file," if matches else "matches no file"} '
                f"below data/raw/{folder.name}/ (files there: {_listing(folder)}). Copy the extract there or correct the name."
            )
        found += files
    return list(dict.fromkeys(found))


def is_left_alone(path: Path) -> bool:
    """True for what is no extract: hidden files, the lock files of open workbooks, the notes of README.md."""
    return path.name.startswith((".", "~$")) or path.name == "README.md"


def _listing(folder: Path) -> str:
    there = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    return ", ".join(f'"{name}"' for name in there if not is_left_alone(Path(name))) or "none"


def read_file(
    path: Path, table: Files, *, folder: Path, wanted: list[str], may_lack: frozenset[str] = frozenset()
) -> RawFile:
    """The file as text: its wanted columns, each of which stands in the header exactly once; some may not be there at all."""
    name = path.relative_to(folder).as_posix()
    shown = f"data/raw/{folder.name}/{name}"
    content, ending = _content(path, shown)
    if ending in TEXT_ENDINGS:
        _need_text(content, ending, shown)
        grid = read_delimited(content, table, shown, wanted)
    elif ending in EXCEL_ENDINGS:
        grid = read_sheet(content, table, shown)
    elif ending == PARQUET_ENDING:
        grid = read_parquet(content, shown, wanted)
    else:
        allowed = ", ".join((*TEXT_ENDINGS, *EXCEL_ENDINGS, PARQUET_ENDING))
        raise IntakeError(
            f'{shown}: files {f"""ending in "{ending}" """ if ending else "without an ending "}are not read. '
            f"Allowed endings: {allowed}, each also with .gz. Unpack or rename it."
        )
    there = set(column_names(grid.header))
    wanted = [column for column in wanted if column in there or column not in may_lack]
    _check_header(grid, wanted, shown)
    return _as_raw_file(name, grid, wanted)


def _content(path: Path, shown: str) -> tuple[bytes, str]:
    """The file's bytes, unpacked, and the ending that says what they are."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise IntakeError(
            f"{shown}: cannot be opened ({error.strerror}). Close it elsewhere or allow reading."
        ) from None
    ending = path.suffix.lower()
    if ending == ".gz":
        ending = Path(path.stem).suffix.lower()
        try:
            content = gzip.decompress(content)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise IntakeError(
                f"{shown}: is damaged, cut off, or no gzip file. Ask the sender for it again, or take .gz off its name."
            ) from None
    if not content.strip(b"\0 \r\n\t"):
        raise IntakeError(
            f"{shown}: the file is empty. Ask the sender for it again, or take it out of data/raw and source.yml."
        )
    return content, ending


def _need_text(content: bytes, ending: str, shown: str) -> None:
    found = next((kind for mark, kind in NOT_TEXT.items() if content.startswith(mark)), None)
    if found:
        raise IntakeError(
            f"{shown}: ends in {ending} but is {found}. Give it the ending of what it is, here and in source.yml."
        )


def wanted_columns(table: TableSource) -> list[str]:
    """The columns of the file that the mapping names, each once."""
    return list(dict.fromkeys(column_names(name for field in table.columns.values() for name in field.columns)))


def _check_header(grid: Grid, wanted: list[str], shown: str) -> None:
    """Every mapped column stands in the header once.

    Where not one does, the row is not the header but perhaps a record, and where it is longer or shorter than the rows a record may
    have run into it: its values are not repeated in the message.
    """
    names = column_names(grid.header)
    absent = [column for column in wanted if column not in names]
    if wanted and len(absent) == len(wanted):
        listing = ", ".join(f'"{column}"' for column in absent)
        raise IntakeError(
            f"{shown}: none of the mapped columns stands in {grid.place}. Looked for: {listing}. "
            f"Correct {grid.remedy} in source.yml, or the names of the columns."
        )
    twice = [column for column in dict.fromkeys(names) if column and names.count(column) > 1]
    if twice:
        raise IntakeError(
            f'{shown}: the column name "{twice[0]}" stands {names.count(twice[0])} times in the header. '
            "Rename one of them in the file, or ask the sender which one counts."
        )
    below = {len(record) for _, record in itertools.islice(grid.records, LOOK_BELOW)} if absent else set()
    if below and len(names) not in below:
        listing = ", ".join(f'"{column}"' for column in absent)
        raise IntakeError(
            f"{shown}: lacks {listing}, and its header has {len(names)} fields where the rows below have {min(below)}: a line break "
            "or a delimiter is lost in the header, or it stands elsewhere. Ask the sender for the file again."
        )
    if absent:
        spare = [column for column in names if column and column not in wanted]
        listing = ", ".join(f'"{column}"' for column in spare) or "none"
        said = ", ".join(f'"{column}"{did_you_mean(column, spare)}' for column in absent)
        raise IntakeError(
            f"{shown}: lacks {'the column' if len(absent) == 1 else f'{len(absent)} columns:'} {said}. "
            f"Columns of the file that nothing is mapped to: {listing}. "
            "Correct the mapping in source.yml, or ask the sender for the whole file."
        )


def _as_raw_file(name: str, grid: Grid, wanted: list[str]) -> RawFile:
    """Rows with as many fields as the header (empty ones beyond it do no harm); all others are damaged, kept by number."""
    names = [column or f"(column {number})" for number, column in enumerate(column_names(grid.header), start=1)]
    places = [names.index(column) for column in wanted]
    rows, damaged = grid.columns(places) if grid.columns else None, {}
    if rows is None:
        rows, damaged = _by_record(grid.records, len(names), places)
    return RawFile(name=name, rows=rows.set_axis(wanted, axis=1), damaged=damaged, columns=tuple(names))


def _by_record(
    records: Iterable[tuple[int, list[str]]], fields: int, places: list[int]
) -> tuple[pd.DataFrame, dict[int, str]]:
    """The fields at these places, and by number why a row is damaged; of each text only one is kept."""
    numbers, rows, damaged = [], [], {}
    once = {}.setdefault
    for number, record in records:
        if "\0" in "".join(record):
            damaged[number] = "holds NUL bytes: damaged on its way"
        elif len(record) < fields or any(value.strip() for value in record[fields:]):
            damaged[number] = f"has {len(record)} fields where the header has {fields}"
        else:
            numbers.append(number)
            rows.append([once(text, text) for text in [record[place].strip() for place in places]])
    index = pd.Index(numbers, name="row_number", dtype="int64")
    frame = pd.DataFrame(rows, columns=places, index=index, dtype=object)
    return pd.DataFrame({place: as_texts(frame[place]) for place in places}, index=index), damaged
