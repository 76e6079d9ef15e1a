"""One study's extract: every declared table read, its rows sorted, held against each other."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.intake.fates import ACCEPTED, REJECTED, SET_ASIDE
from analysis.intake.files import find_files, is_left_alone, read_file, wanted_columns
from analysis.intake.headers import join_headers
from analysis.intake.linked import settle_linked
from analysis.intake.mapping import ColumnSource, Source, TableSource
from analysis.intake.people.links import People, link_people
from analysis.intake.people.secret import secret_key
from analysis.intake.raw import IntakeError, RawFile
from analysis.intake.references import OWNERS, Known
from analysis.intake.rows import Part, Sorted, sort_rows
from analysis.intake.source import read_source
from analysis.intake.texts import plain
from analysis.params import ROOT, ParamsError, Study
from analysis.tables import REQUIRED_TABLES, SENT

# Shares that sum to 1 on paper may miss it by this in the machine's arithmetic.
ROUNDED = 1e-9


@dataclass(frozen=True)
class Extract:
    """What intake made of data/raw/<study>/: the sorted rows by table, who is who in them, and the raw files that no table reads."""

    study: Study
    source: Source
    tables: dict[str, Sorted]
    people: People
    unread_files: tuple[str, ...]

    @property
    def receipts(self) -> pd.DataFrame:
        """One row per raw file and the table it feeds: file, table, rows_read, accepted, rejected, set_aside.

        Raises AssertionError if a row has no place: rows read = accepted + rejected + set aside, always.
        """
        fates = (ACCEPTED, REJECTED, SET_ASIDE)
        counted = []
        for name, table in self.tables.items():
            placed = pd.concat([rows[["file", "fate"]].value_counts() for rows in (table.rows, table.headers)])
            placed = placed.groupby(level=["file", "fate"], observed=True).sum()
            counted += [
                {"file": file, "table": name, "rows_read": rows_read}
                | {fate.replace(" ", "_"): int(placed.get((file, fate), 0)) for fate in fates}
                for file, rows_read in sorted(table.rows_read.items())
            ]
        receipts = pd.DataFrame(counted)
        placed = receipts[["accepted", "rejected", "set_aside"]].sum(axis=1)
        assert placed.eq(receipts["rows_read"]).all(), "a row was neither accepted nor rejected nor set aside"
        return receipts


def read_extract(study: Study, *, root: Path = ROOT) -> Extract:
    """Every table of the study's source.yml; a sentence (IntakeError, ParamsError) where the whole cannot be used."""
    source = read_source(study.name, root=root)
    secret_key(study, source, root=root)  # refused before anything is read, not after
    folder = root / "data" / "raw" / study.name
    if not folder.is_dir() and any(table.files for table in source.tables.values()):
        raise IntakeError(f"data/raw/{study.name}/ does not exist. Make it and copy the extract there.")
    tables, read = {}, set()
    # What others refer to comes first: what is said about a site, an episode or a person that is not there is rejected.
    first = ("sites", *OWNERS.values())
    for name in sorted(source.tables, key=lambda name: (first.index(name) if name in first else len(first), name)):
        mapping = source.tables[name]
        if mapping.rows:
            parts = [Part(_as_given(mapping), [_written_in(mapping, study)])]
        else:
            where = f"params/{study.name}/source.yml: tables.{name}"
            parts = [_read_part(part, folder, where, read) for part in mapping.each]
        tables[name] = sort_rows(SENT[name], parts, source, study.ages, _known(tables))
        if mapping.rows:
            _need_all(name, tables[name], study)
        _need_rows(name, tables[name], study)
    _shares_fit(tables)
    people = link_people(tables, source)
    tables = settle_linked(tables, people, source)
    unread = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path not in read and not is_left_alone(path)
    )
    return Extract(study, source, {name: tables[name] for name in source.tables}, people, tuple(unread))


def _read_part(mapping: TableSource, folder: Path, where: str, read: set[Path]) -> Part:
    """One mapping's files as text, its header files joined to them; the paths are added to `read`."""
    paths = find_files(folder, mapping, where=where)
    read |= set(paths)
    if mapping.join is None:
        wanted = wanted_columns(mapping)
        return Part(mapping, [read_file(path, mapping, folder=folder, wanted=wanted) for path in paths])
    found = join_headers(mapping, paths, folder=folder, where=where)
    read |= set(found.paths)
    return Part(mapping, found.lines, found.headers, found.header_rows_read)


def _known(tables: dict[str, Sorted]) -> Known:
    """What the tables read so far hold, for those that refer to them."""
    accepted = {name: table.with_fate(ACCEPTED) for name, table in tables.items()}
    accepted = {
        name: rows.assign(**{column: plain(rows[column]) for column in OWNERS if column in rows})
        for name, rows in accepted.items()
    }
    days = accepted["episodes"].set_index("episode_id")["counted_on"] if "episodes" in accepted else pd.Series()
    return Known(
        sites=frozenset(accepted["sites"]["site_id"]) if "sites" in accepted else None,
        identifiers={column: accepted[name][column] for column, name in OWNERS.items() if name in accepted},
        days=days,
    )


def _written_in(mapping: TableSource, study: Study) -> RawFile:
    """The rows that source.yml itself holds, as text."""
    rows = [
        {
            key: "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in row.items()
        }
        for row in mapping.rows
    ]
    frame = pd.DataFrame(rows, dtype=object).fillna("").astype("category")
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="row_number")
    return RawFile(f"params/{study.name}/source.yml", frame, {})


def _as_given(mapping: TableSource) -> TableSource:
    columns = sorted({key for row in mapping.rows for key in row})
    return mapping.model_copy(update={"columns": {name: ColumnSource(**{"from": name}) for name in columns}})


def _need_all(name: str, table: Sorted, study: Study) -> None:
    """Rows written in source.yml are the study's own words: each must be usable."""
    left = table.rows[table.rows["fate"].ne(ACCEPTED)]
    if len(left):
        said = "; ".join(f"row {row.row_number}: {row.reason}" for row in left.itertuples())
        raise ParamsError(f"params/{study.name}/source.yml: tables.{name}.rows: {said}. Correct what is written there.")


def _need_rows(name: str, table: Sorted, study: Study) -> None:
    """A table that every study needs has at least one row that can be used."""
    if name not in REQUIRED_TABLES or len(table.with_fate(ACCEPTED)):
        return
    read = sum(table.rows_read.values())
    files = ", ".join(f"data/raw/{study.name}/{file}" for file in sorted(table.rows_read))
    if not read:
        raise IntakeError(
            f"{files}: the column names are there, but no rows below them. Ask the sender for the whole file."
        )
    reasons = table.rows["reason"].str.split("; ").explode().value_counts().rename_axis("reason").reset_index()
    most = reasons.sort_values(["count", "reason"], ascending=[False, True]).iloc[0]
    raise IntakeError(
        f"{files}: not one of {read:,} rows can be used for {name}. Most frequent reason: {most['reason']} "
        f"({most['count']:,} rows). Correct the mapping in params/{study.name}/source.yml."
    )


def _shares_fit(tables: dict[str, Sorted]) -> None:
    """The shares of one county's children on any day sum to at most 1."""
    if "site_counties" not in tables:
        return
    spans = tables["site_counties"].with_fate(ACCEPTED)
    for county, days in spans.groupby(plain(spans["county_fips"]))["from_on"]:
        for day in sorted(days.unique()):
            last = spans["to_on"]
            holds = spans["county_fips"].eq(county) & spans["from_on"].le(day) & (last.isna() | last.ge(day))
            total = spans.loc[holds, "share"].sum()
            if total > 1 + ROUNDED:
                raise IntakeError(
                    f"site_counties: the shares of county {county} sum to {total:g} on {day:%Y-%m-%d} (sites "
                    f"{', '.join(sorted(spans.loc[holds, 'site_id']))}); they may sum to 1 at most. Correct share or to_on."
                )
