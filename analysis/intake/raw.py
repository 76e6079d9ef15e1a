"""A raw file as rows of text: the record that every reader gives, and the sentence that refuses one."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from analysis.intake.texts import as_texts, below, throughout


class IntakeError(ValueError):
    """A sentence about a raw file that a user can act on."""


@dataclass(frozen=True)
class Grid:
    """What a reader of one kind of file gives.

    Attributes
    ----------
    header : list of str
        The column names as the file writes them.
    records : iterator of (int, list of str)
        Line (text) or row (spreadsheet) number and fields of every record below the header; empty ones are left out.
    place : str
        Where the header was looked for, in words.
    remedy : str
        What to correct where that was the wrong place.
    columns : callable, or None
        Gives the fields at some places of all records at once, as categories by place with the line for index, where the file is
        so regular that it can; else None, and the records have to be read.
    """

    header: list[str]
    records: Iterator[tuple[int, list[str]]]
    place: str
    remedy: str
    columns: Callable[[list[int]], pd.DataFrame | None] | None = None


@dataclass(frozen=True)
class RawFile:
    """One file as text.

    Attributes
    ----------
    name : str
        Path below data/raw/<study>/.
    rows : DataFrame
        One row per line that has as many fields as the header; of its columns those that are mapped, each different text
        once (categories), "" where empty; the index is the line (CSV) or row (Excel) in the file, the header counted.
    damaged : dict of int to str
        Line number of each row that could not be read as fields, with the reason.
    columns : tuple of str
        Every name in the header.
    """

    name: str
    rows: pd.DataFrame
    damaged: dict[int, str]
    columns: tuple[str, ...] = ()

    @property
    def rows_read(self) -> int:
        """Every row below the header that is not empty."""
        return len(self.rows) + len(self.damaged)


def stacked(files: list[RawFile]) -> pd.DataFrame:
    """The rows of the files one below the other, with `file` and `row_number`; a column that one of them lacks is empty there."""
    named = [throughout(file.name, file.rows.index) for file in files]
    rows = below([file.rows.assign(file=name).reset_index() for file, name in zip(files, named, strict=True)])
    lacking = [name for name in rows if rows[name].hasnans]
    return rows.assign(**{name: as_texts(rows[name].astype(object).fillna("")) for name in lacking})


def squeezed(text: str) -> str:
    """The text with runs of white space as one space and none at the ends.

    >>> squeezed("  Client declined \\n to engage ")
    'Client declined to engage'
    """
    return " ".join(text.replace("\ufeff", "").split())


def spelled(text: str) -> str:
    """The text as spellings are compared: white space squeezed, case folded.

    >>> spelled("Client declined  to Engage ")
    'client declined to engage'
    """
    return squeezed(text).casefold()


def column_names(header: Iterable[str]) -> list[str]:
    """The names of a header as they are compared: white space squeezed."""
    return [squeezed(name) for name in header]
