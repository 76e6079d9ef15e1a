"""The linked state's raw files and its truth on disk, streamed by blocks of children."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from analysis.demo.linked.agencies import write_county_counts, write_crosswalk, write_detentions, write_placements
from analysis.demo.linked.county_months import rollout_truth
from analysis.demo.linked.extracts import write_people
from analysis.demo.linked.roster import People, draw_others
from analysis.demo.linked.settings import Linked
from analysis.demo.linked.spoil import Spoiler
from analysis.demo.linked.state import LinkedState
from analysis.demo.linked.truth import make_potential, summarize

PARQUET_FROM_CHILDREN = 200_000
MEAN_ENROLLED = 0.9  # of the months of a child on the roster, those on Medicaid; about


class Growing:
    """Files of one folder that grow block by block; memory holds the block that is written."""

    def __init__(self, folder: Path, *, parquet: bool) -> None:
        self.folder, self.parquet, self.open = folder, parquet, {}

    def __enter__(self) -> "Growing":
        return self

    def __exit__(self, *error: object) -> None:
        for writer in self.open.values():
            writer.close()

    def add(self, name: str, rows: pd.DataFrame) -> None:
        """Write rows to the end of a file; the first ones decide its columns."""
        if rows.empty:
            return
        table = as_arrow(rows)
        if name not in self.open:
            make = pa.parquet.ParquetWriter if self.parquet else pa.csv.CSVWriter
            path = self.folder / f"{name}.{'parquet' if self.parquet else 'csv'}"
            self.open[name] = make(path, table.schema)
        self.open[name].write_table(table)


def as_arrow(rows: pd.DataFrame) -> pa.Table:
    """Rows with days as dates, text as text and missing text as an empty field."""
    columns = {}
    for name, values in rows.items():
        if pd.api.types.is_datetime64_any_dtype(values):
            columns[name] = pa.array(values.to_numpy().astype("datetime64[D]"), type=pa.date32(), from_pandas=True)
        elif values.dtype == object or pd.api.types.is_string_dtype(values):
            columns[name] = pa.array(values, type=pa.string(), from_pandas=True).fill_null("")
        else:
            columns[name] = pa.array(values.to_numpy())
    return pa.table(columns)


def write_linked(state: LinkedState, folder: Path, *, clean: bool = False) -> dict[str, int]:
    """Write the raw files of the linked state into `folder` and give the rows that each kind of dirt struck.

    Text where there are fewer than PARQUET_FROM_CHILDREN children, Parquet from there on. The same state gives the same bytes.
    """
    linked, counts = state.linked, Counter()
    parquet = linked.children >= PARQUET_FROM_CHILDREN
    with Growing(folder, parquet=parquet) as files:
        for people in everyone(state):
            spoiler = Spoiler(linked, people.block, clean, counts)
            for name, rows in write_people(people, state.frame, linked, spoiler).items():
                files.add(name, rows)
        spoiler = Spoiler(linked, 0, clean, counts)
        # The same draw that gave children of the first block their second identifier; counted there.
        second = Spoiler(linked, 0, clean, Counter()).chosen("second_id", state.people.number.size)
        files.add("placements", write_placements(state))
        files.add("detentions", write_detentions(state))
        files.add("crosswalk", write_crosswalk(state, second, spoiler))
        files.add("county_counts", write_county_counts(state))
    return dict(sorted(counts.items()))


def everyone(state: LinkedState) -> Iterator[People]:
    """The children of the roster, block by block: those with a crisis in one, then the others."""
    people = state.people
    yield people
    others = max(state.linked.children - len(people.number), 0)
    yield from draw_others(len(people.number), others, state.frame, state.linked)


def write_truth(state: LinkedState, dirt: Mapping[str, int], folder: Path) -> None:
    """Write summary.json and children.parquet, the truth of the linked state, to `folder`."""
    potential = make_potential(state)
    summary = {
        "scenario": state.linked.name,
        "seed": state.linked.seed,
        "children": len(potential),
        "mobile_first": int(potential["mobile_first"].sum()),
        "estimands": summarize(potential),
        "rollout": rollout_truth(state.linked),
        "dirt": dict(dirt),
    }
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / ".part"
    # The summary comes last: where it stands, the children stand beside it.
    potential.to_parquet(part, index=False)
    os.replace(part, folder / "children.parquet")
    part.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    os.replace(part, folder / "summary.json")


def with_children(linked: Linked, children: int | None, lines: float | None) -> Linked:
    """The scenario with so many children on the roster, and about so many claim lines a child.

    >>> from analysis.demo.linked.settings import read_linked
    >>> with_children(read_linked("default"), 1_000_000, 100).children
    1000000
    """
    changed = {} if children is None else {"children": children}
    if lines is not None:
        years = (linked.last_day + 1) / 365.25
        changed["ordinary"] = linked.ordinary.model_copy(update={"visits_a_year": lines / years / MEAN_ENROLLED})
    return linked.model_copy(update=changed)
