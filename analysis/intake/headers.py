"""A file of lines and the file of their headers: each line with its header's columns, and what became of every header."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.intake.fates import ACCEPTED, REJECTED, SET_ASIDE, fates
from analysis.intake.files import find_files, read_file, wanted_columns
from analysis.intake.mapping import TableSource
from analysis.intake.raw import IntakeError, RawFile, column_names, stacked
from analysis.intake.texts import below, of_each
from analysis.params import did_you_mean

HEADER = "header."
NO_HEADER = "its claim has no usable row in the header file"
NO_LINE = "no line belongs to this header"


@dataclass(frozen=True)
class Joined:
    """`lines` carry their header's columns; `headers` has one row per row of a header file: file, row_number, fate, reason."""

    lines: list[RawFile]
    headers: pd.DataFrame
    header_rows_read: dict[str, int]
    paths: list[Path]


def join_headers(mapping: TableSource, paths: list[Path], *, folder: Path, where: str) -> Joined:
    """Read the files of lines and their header files; a line whose header is missing or ambiguous is damaged, with that reason.

    A header that stands twice with the same columns is set aside the second time; two that say different things are rejected
    both, since nobody can tell which one the lines belong to.
    """
    join = mapping.join
    on = column_names(join.by)
    header_paths = find_files(folder, join, where=f"{where}.join")
    mapped = wanted_columns(mapping)
    whole = list(dict.fromkeys([*on, *mapped, *(name.removeprefix(HEADER) for name in mapped)]))
    either = frozenset(whole) - set(on)
    lines = [read_file(path, mapping, folder=folder, wanted=whole, may_lack=either) for path in paths]
    headers = [read_file(path, join, folder=folder, wanted=whole, may_lack=either) for path in header_paths]
    every = stacked(headers)
    columns = [name for name in every if name not in ("row_number", "file", *on)]
    became = _became(every, on, columns)
    usable = every[became["fate"].eq(ACCEPTED)]
    beside = [name for file in headers for name in file.columns]
    has_line = pd.Series(False, index=usable.index)
    with_headers = []
    for file in lines:
        at = _header_of(file.rows, usable, on)
        has_line.iloc[at[at >= 0]] = True
        with_headers.append(_with_headers(file, usable[columns], at, mapped, beside, folder))
    empty = ~has_line.reindex(became.index, fill_value=True)
    became = became.assign(fate=became["fate"].mask(empty, REJECTED), reason=became["reason"].mask(empty, NO_LINE))
    damaged = [(file.name, number, reason) for file in headers for number, reason in file.damaged.items()]
    lost = pd.DataFrame(damaged, columns=["file", "row_number", "reason"])
    if len(lost):
        became = below([became, lost.assign(fate=fates(lost.index, REJECTED))])
    return Joined(with_headers, became, {file.name: file.rows_read for file in headers}, header_paths)


def _header_of(lines: pd.DataFrame, headers: pd.DataFrame, on: list[str]) -> np.ndarray:
    """The position of each line's header, -1 where there is none."""
    if len(on) > 1:
        return pd.MultiIndex.from_frame(headers[on]).get_indexer(pd.MultiIndex.from_frame(lines[on]))
    key = lines[on[0]].cat
    return pd.Index(headers[on[0]].astype(object)).get_indexer(key.categories).take(key.codes)


def _became(headers: pd.DataFrame, on: list[str], columns: list[str]) -> pd.DataFrame:
    """One row per header: file, row_number, fate, reason."""
    blank = headers[on].eq("").any(axis=1)
    shared = headers[headers.duplicated(on, keep=False) & ~blank]
    # A person's key that has lost its zeros on the way makes no other header.
    alike = shared.assign(**{name: of_each(shared[name], lambda text: text.lstrip("0")) for name in columns})
    again = alike.duplicated([*on, *columns])
    different = shared[~again].duplicated(on, keep=False).reindex(headers.index, fill_value=False)
    again = again.reindex(headers.index, fill_value=False)
    words = " and ".join(on)
    fate = fates(headers.index).mask(again, SET_ASIDE).mask(blank | different, REJECTED)
    reason = pd.Series("", index=headers.index).mask(again, f"the same header again, with the same {words}")
    reason = reason.mask(different, f"two headers with the same {words} say different things").mask(
        blank, f"{words} is missing"
    )
    return pd.DataFrame({"file": headers["file"], "row_number": headers["row_number"], "fate": fate, "reason": reason})


def _with_headers(
    file: RawFile, headers: pd.DataFrame, at: np.ndarray, wanted: list[str], beside: list[str], folder: Path
) -> RawFile:
    """The lines with the columns of their headers beside them; a name that both have is the line's."""
    named = {name: name for name in headers if name not in file.rows} | {f"{HEADER}{name}": name for name in headers}
    absent = [name for name in wanted if name not in file.rows and name not in named]
    if absent:
        spare = [name for name in (*file.columns, *beside) if name not in wanted]
        said = ", ".join(f'"{name}"{did_you_mean(name, spare)}' for name in absent)
        raise IntakeError(
            f"data/raw/{folder.name}/{file.name}: neither it nor its header file has the column{'s' * (len(absent) > 1)} {said}. "
            "Correct the mapping in source.yml, or ask the sender for the whole files."
        )
    named = {name: origin for name, origin in named.items() if name in wanted}
    found = file.rows[at >= 0]
    beside = headers[list(named.values())].iloc[at[at >= 0]].set_axis(found.index).set_axis(list(named), axis=1)
    lost = dict.fromkeys(file.rows.index[at < 0], NO_HEADER)
    return dataclasses.replace(file, rows=found.join(beside), damaged={**file.damaged, **lost})
