"""One table: its columns read as the contract says, its rows accepted, rejected or set aside."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.intake import clocks
from analysis.intake.claims import settle_claims
from analysis.intake.columns import read_column, read_dates
from analysis.intake.copies import copies
from analysis.intake.fates import ACCEPTED, REJECTED, SET_ASIDE, fates, joined
from analysis.intake.mapping import Source, TableSource
from analysis.intake.problems import Findings
from analysis.intake.raw import RawFile, column_names, stacked
from analysis.intake.references import Known, hold_to_owners
from analysis.intake.rules import blank_slips, broken_rules
from analysis.intake.texts import as_texts, below, plain
from analysis.params import Ages
from analysis.tables import Table

SENT_AGAIN = ("placements", "detentions")


@dataclass(frozen=True)
class Sorted:
    """A table's raw rows, each in exactly one place.

    Attributes
    ----------
    rows : DataFrame
        Every row that was read: the contract's columns (keys still as text, which is in categories), file, row_number, `fate`
        (accepted, rejected or set aside) and `reason`.
    rows_read : mapping of str to int
        Rows below the header by file, as the reader counted them.
    findings : Findings
        What was found on the way, as counted raw and after the rules.
    headers : DataFrame
        One row per row of a header file (file, row_number, fate, reason): its columns stand in its lines.
    """

    rows: pd.DataFrame
    rows_read: Mapping[str, int]
    findings: Findings
    headers: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=["file", "row_number", "fate", "reason"])
    )

    def with_fate(self, fate: str) -> pd.DataFrame:
        """The rows that ended there."""
        return self.rows[self.rows["fate"].eq(fate)]


@dataclass(frozen=True)
class Part:
    """One mapping of a table and the files that it reads; `headers` is as in `Sorted`."""

    mapping: TableSource
    files: list[RawFile]
    headers: pd.DataFrame | None = None
    header_rows_read: Mapping[str, int] = field(default_factory=dict)


def sort_rows(table: Table, parts: list[Part], source: Source, ages: Ages | None, known: Known) -> Sorted:
    """Read every file of a table and put each row in its place, with the reason where it is not accepted.

    `known` is what the tables read before hold: a row about another site, or about none of their episodes or staff, is rejected.
    """
    findings = Findings(table.name)
    read = [_read_part(table, part, source, ages, known, findings) for part in parts]
    rows, reasons = _below([each[0] for each in read]), _below([each[2] for each in read])
    texts = [each[1] for each in read]
    del read
    if table.name == "claims":
        rows, reasons = settle_claims(rows, reasons, findings)
    rows, reasons = _keys_once(table, rows, texts, reasons)
    if table.name == "episodes":
        rows, reasons = _copies_aside(rows, _below(texts), reasons, findings)
    coded = [column.name for column in table.columns if column.kind in ("code", "codes") and column.name in rows]
    rows = rows.assign(**{name: plain(rows[name]) for name in coded})
    for part in parts:
        for file in part.files:
            findings.columns(file.name, _unmapped_columns(part.mapping, file))
    files = [file for part in parts for file in part.files]
    rows = _with_damaged(rows.assign(reason=reasons), files)
    headers = [part.headers for part in parts if part.headers is not None]
    rows_read = {file.name: file.rows_read for file in files}
    for part in parts:
        rows_read |= part.header_rows_read
    return Sorted(rows, rows_read, findings, *([pd.concat(headers, ignore_index=True)] if headers else []))


def _below(pieces: list) -> pd.DataFrame | pd.Series:
    """The pieces one below the other; empty ones are left out, since they would change the types of the others."""
    full = [piece for piece in pieces if len(piece)] or [pieces[0]]
    if len(full) == 1:
        return full[0]
    return below(full) if isinstance(full[0], pd.DataFrame) else pd.concat(full, ignore_index=True)


def _read_part(
    table: Table, part: Part, source: Source, ages: Ages | None, known: Known, findings: Findings
) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """The rows of one mapping with their fates so far, their text as the files write it, and the reasons."""
    mapping, raw = part.mapping, stacked(part.files)
    read = {
        column.name: read_column(column, mapping.columns.get(column.name), raw, source, findings)
        for column in table.mapped
    }
    text = pd.DataFrame({name: column.text for name, column in read.items()}, index=raw.index)
    rows = pd.DataFrame({name: column.typed for name, column in read.items()}, index=raw.index)
    rows["file"], rows["row_number"] = raw["file"], raw["row_number"]
    reasons = pd.Series("", index=raw.index)
    for column in read.values():
        for reason, those in column.faults.items():
            reasons = joined(reasons, those, reason)
    rows, broken = hold_to_owners(table, rows, known, findings)
    for reason, those in (broken | broken_rules(table.name, rows, source.covers, mapping.covers, known)).items():
        reasons = joined(reasons, those, reason)
    if table.name == "episodes":
        rows, reasons = _episodes(rows, reasons, table, mapping, source, ages, findings)
    rows = blank_slips(table.name, rows, reasons.eq(""), known, findings)
    named = dict.fromkeys([*(column.name for column in table.columns if column.name in rows), "file", "row_number"])
    rows = rows.reindex(columns=list(named))
    rows["fate"] = fates(rows.index).mask(reasons.ne(""), REJECTED)
    return rows, text, reasons


def _with_damaged(rows: pd.DataFrame, files: list[RawFile]) -> pd.DataFrame:
    """The rows and, below them, one for each line that could not be read as fields."""
    damaged = [(file.name, number, reason) for file in files for number, reason in file.damaged.items()]
    if not damaged:
        return rows
    lost = pd.DataFrame(damaged, columns=["file", "row_number", "reason"])
    lost = lost.assign(file=as_texts(lost["file"]), fate=fates(lost.index, REJECTED))
    # Only these are put below: filling whole frames would make objects of the days.
    known = below([rows[list(lost)], lost])
    return rows.reset_index(drop=True).reindex(known.index).assign(**known)


def _unmapped_columns(mapping: TableSource, file: RawFile) -> list[str]:
    if mapping.ignore_others:
        return []
    known = column_names(name for field in mapping.columns.values() for name in field.columns)
    known += column_names(mapping.ignored)
    return [name for name in file.columns if name not in known]


# --- episodes --------------------------------------------------------------------------------------------------------


def _episodes(
    rows: pd.DataFrame, reasons: pd.Series, table: Table, mapping: TableSource, source: Source, ages: Ages | None,
    findings: Findings,
) -> tuple[pd.DataFrame, pd.Series]:  # fmt: skip
    """The clocks, the day that counts the episode, and the ages that the service is for."""
    mapped = [clock for clock in clocks.CLOCKS if clock in mapping.columns]
    written = rows[mapped]
    times = pd.DataFrame(
        {
            clock: read_dates(
                table.column(clock), mapping.columns[clock], written[clock], rows["file"], source, findings
            )
            for clock in mapped
        }
    )
    covers = source.covers
    kept, notes = clocks.check_clocks(
        times, written.notna(), first=covers.from_on, to_on=covers.to_on, time_zone=source.time_zone
    )
    partial = {clock: mapping.columns[clock].partial for clock in mapped}
    findings.clocks(times, kept, notes, partial, source.time_zone)
    rows = rows.drop(columns=list(clocks.CLOCKS)).join(kept).join(notes.add_suffix("_note"))
    rows = rows.join(clocks.counted_on(times, notes, to_on=covers.to_on))
    reasons = joined(
        reasons, rows["counted_on"].isna(), "no clock holds a date inside the days that the extract covers"
    )
    if ages is not None:
        age = rows["age_years"]
        # The last year of age runs to the next birthday: 20.9 years is 20.
        outside = age.notna() & ~age.between(ages.youngest, ages.oldest + 1, inclusive="left")
        reasons = joined(reasons, outside, f"age outside {ages.youngest} to {ages.oldest} years")
    return rows, reasons


def _keys_once(
    table: Table, rows: pd.DataFrame, texts: list[pd.DataFrame], reasons: pd.Series
) -> tuple[pd.DataFrame, pd.Series]:
    """The first row of each key is kept; a later one is set aside where it is the same row again, else rejected.

    Agencies send a placement or a stay again once it has ended: there the rows of the last file that has the key count.
    """
    key = list(table.key)
    if table.name in SENT_AGAIN:
        rows, reasons = _last_file(key, rows, reasons)
    usable = rows.loc[rows["fate"].eq(ACCEPTED), key]
    of_several = usable.duplicated(keep=False).reindex(rows.index, fill_value=False)
    shared = _of_pieces(texts, of_several)
    again = usable.duplicated().reindex(rows.index, fill_value=False)
    same = again & shared.duplicated().reindex(rows.index, fill_value=False)
    if len(key) == len(table.mapped):  # nothing but the key: it cannot say anything else
        same = again
    words = " and ".join(key)
    reasons = joined(reasons, same, f"the same row again, with the same {words}")
    reasons = joined(reasons, again & ~same, f"{words} already used by an earlier row that says something else")
    return rows.assign(fate=rows["fate"].mask(same, SET_ASIDE).mask(again & ~same, REJECTED)), reasons


def _of_pieces(texts: list[pd.DataFrame], those: pd.Series) -> pd.DataFrame:
    """Those rows of pieces that lie one below the other."""
    ends = np.cumsum([len(piece) for piece in texts])[:-1]
    found = zip(texts, np.split(those.to_numpy(), ends), strict=True)
    return pd.concat([piece[here].astype(object) for piece, here in found]).set_axis(those.index[those])


def _last_file(key: list[str], rows: pd.DataFrame, reasons: pd.Series) -> tuple[pd.DataFrame, pd.Series]:
    usable = rows[rows["fate"].eq(ACCEPTED)]
    file = usable["file"].astype(object)
    last = file.groupby([usable[name] for name in key], dropna=False, observed=True).transform("last")
    earlier = file.ne(last).reindex(rows.index, fill_value=False)
    reasons = joined(reasons, earlier, "a later file says it anew")
    return rows.assign(fate=rows["fate"].mask(earlier, SET_ASIDE)), reasons


def _copies_aside(
    rows: pd.DataFrame, text: pd.DataFrame, reasons: pd.Series, findings: Findings
) -> tuple[pd.DataFrame, pd.Series]:
    """Copies under another id: counted among all rows, set aside where the row that they repeat is itself accepted."""
    note_columns = [f"{clock}_note" for clock in clocks.CLOCKS if f"{clock}_note" in rows]
    real = rows[note_columns].isin(["time", "impossible_order"]).sum(axis=1)
    written = text[[name for name in text if text[name].notna().any()]]
    accepted = rows["fate"].eq(ACCEPTED)
    found = copies(written, real)
    aside = copies(written[accepted], real[accepted])["set_aside"].reindex(rows.index, fill_value=False)
    has_clock = written[[name for name in clocks.CLOCKS if name in written]].notna().any(axis=1)
    findings.copies(found, aside, has_clock)
    reasons = joined(
        reasons, aside, "a copy of an earlier row under another id: same clocks, first problem and disposition"
    )
    possible = found["later"] & ~aside & accepted
    return rows.assign(fate=rows["fate"].mask(aside, SET_ASIDE), possible_copy=possible), reasons
