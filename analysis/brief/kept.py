"""The numbers of a period as they are kept in runs/: worked out once, small counts hidden already, and read by every page."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.brief import signals
from analysis.brief.meeting.promises import read_collaborative
from analysis.brief.numbers import POOLED, Numbers, count_numbers, covered_days, decided_rebases
from analysis.brief.press.made_from import hash_of, params_read
from analysis.brief.windows import windows
from analysis.params import ROOT, Study
from analysis.periods import Period
from analysis.quality.cards import read_cards
from analysis.quality.pools import hubs
from analysis.tables import STATEWIDE

# Beside the figures themselves: by groups of children, the arrivals, and what the charts say.
BESIDE = ("groups", "arrivals")
CHARTS = "signals"


def open_numbers(study: Study, now: Period, *, root: Path = ROOT) -> Numbers:
    """The numbers of the period: as kept by an earlier brief of the same inputs, else worked out and kept.

    Two briefs that ask at the same time do not both work them out: the second waits for the first.
    """
    folder = root / "outputs" / study.name / "runs" / now.name
    inputs = _inputs(study, root)
    if (kept := _kept(folder, inputs, study, now, root)) is not None:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        # Another brief may have worked them out meanwhile.
        kept = _kept(folder, inputs, study, now, root)
        return kept if kept is not None else _work_out(study, now, folder, inputs, root)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for one process at a time; one that ends, however it does, lets go."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _work_out(study: Study, now: Period, folder: Path, inputs: str, root: Path) -> Numbers:
    """The numbers from the tables of the study, kept in the folder."""
    numbers = count_numbers(study, now, root=root)
    numbers = replace(numbers, name_peers=_named(study, numbers.sites, root))
    look_at_all(numbers)
    told = {
        "inputs": inputs,
        "off": json.dumps(numbers.off),
        "given_away": json.dumps(numbers.given_away),
        "young": json.dumps(numbers.young),
    }
    for name in BESIDE:
        _write(getattr(numbers, name), folder / f"{name}.parquet", {"inputs": inputs})
    _write(signals.as_table(numbers), folder / f"{CHARTS}.parquet", {"inputs": inputs})
    # Last: where the figures are those of the inputs, so is what stands beside them.
    _write(numbers.shown, folder / "numbers.parquet", told)
    return numbers


def _named(study: Study, sites: pd.DataFrame, root: Path) -> bool:
    """May sites be named to each other? As params/<study>/collaborative.yml says; yes where there is none."""
    return read_collaborative(study.name, sites["site_id"].tolist(), root=root).name_peers


def look_at_all(numbers: Numbers) -> None:
    """Work out every chart that a page may show: the state's of page one and of the scorecard, each site's of its scorecard, the pools'."""
    for site in (STATEWIDE, *numbers.pages["site_id"]):
        for measure in dict.fromkeys(
            (*(numbers.cards.page_one if site == STATEWIDE else ()), *numbers.cards.scorecard)
        ):
            signals.signal(numbers, measure, site)
    for pool in hubs(numbers.sites):
        for measure in POOLED:
            if numbers.row(measure, numbers.windows.year, site=pool.pool_id) is not None:
                signals.signal(numbers, measure, pool.pool_id)


def _write(frame: pd.DataFrame, path: Path, told: dict[str, str]) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    more = {name.encode(): words.encode() for name, words in told.items()}
    part = path.with_name(f".{path.name}.{os.getpid()}")
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **more}), part)
    os.replace(part, path)


def _inputs(study: Study, root: Path) -> str:
    """The hashes of every file that the numbers are worked out from."""
    files = [
        *sorted((root / "data" / "processed" / study.name).glob("*.parquet")),
        *params_read(study.name, "collaborative_brief", root=root),
    ]
    code = [path for room in ("quality", "brief") for path in sorted((root / "analysis" / room).rglob("*.py"))]
    return " ".join(hash_of(path) for path in (*files, *code))


def _kept(folder: Path, inputs: str, study: Study, now: Period, root: Path) -> Numbers | None:
    paths = [folder / f"{name}.parquet" for name in ("numbers", *BESIDE, CHARTS)]
    if not all(path.is_file() for path in paths):
        return None
    figures, *beside, charts = (pq.read_table(path) for path in paths)
    if any(table.schema.metadata.get(b"inputs") != inputs.encode() for table in (figures, *beside, charts)):
        return None
    told = figures.schema.metadata
    covers = covered_days(study, root=root)
    sites = pd.read_parquet(root / "data" / "processed" / study.name / "sites.parquet")
    cards = read_cards(study, root=root)
    numbers = Numbers(
        study, cards, windows(study, now, covers), covers, sites, figures.to_pandas(),
        off=tuple((measure, reason) for measure, reason in json.loads(told[b"off"])),
        given_away=tuple(json.loads(told[b"given_away"])),
        young=json.loads(told[b"young"]),
        rebases=decided_rebases(study, cards, sites, root),
        name_peers=_named(study, sites, root),
    )  # fmt: skip
    numbers = replace(numbers, **{name: table.to_pandas() for name, table in zip(BESIDE, beside, strict=True)})
    signals.from_table(numbers, charts.to_pandas())
    return numbers
