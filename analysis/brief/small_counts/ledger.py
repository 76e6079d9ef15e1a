"""The release ledger: what earlier briefs showed, so that the next one gives nothing away beside them.

params/<study>/releases/<period>.json holds one entry a release of that period, the first one first; a restated release is added and
the first one stays, since whoever has it keeps it. An entry holds figures that were shown, never a hidden one:

    period, records_to   what was released, and the last day that its extract covered
    tables               sha256 of the shown table of measures
    beside               the releases that it was hidden beside, as 2026-09/1
    windows              the spans of time that it had, by name
    pools                the sites that were taken together, by the id of the pool; a pool is a place of the figures
    figures              measure -> stratum -> place -> one word a window: "12/30" a numerator and denominator, "12" both the same,
                         "12/" and "/30" one alone, "-3" three windows in a row that were not shown
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated

import pandas as pd
from pydantic import Field, StringConstraints

from analysis.brief.small_counts.grains import Released
from analysis.params import ROOT, ParamsError, Record, Study, as_record, shown
from analysis.periods import Period
from analysis.quality.pools import MARK, Pool
from analysis.tables import STATEWIDE

WHOLE = "all"  # the stratum of a measure that is no mix
Figure = tuple[float | None, float | None]  # numerator, denominator


class Entry(Record):
    """One release as the file has it."""

    period: str
    records_to: date
    tables: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    beside: tuple[str, ...] = ()
    windows: Annotated[tuple[str, ...], Field(min_length=1)]
    pools: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    figures: dict[str, dict[str, dict[str, str]]]


class Page(Record):
    """One file of the ledger: the releases of one period."""

    released: Annotated[tuple[Entry, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Release:
    """One release. `number` counts those of its period from 1.

    `figures` maps a measure to its figures by stratum and place, then window; `whole` names the windows that the records held to
    their end.
    """

    period: Period
    number: int
    records_to: pd.Timestamp
    tables: str
    beside: tuple[str, ...]
    windows: Mapping[str, Period]
    whole: frozenset[str]
    figures: Mapping[str, Mapping[tuple[str, str], Mapping[str, Figure]]]
    pools: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The release as another names it.

        >>> Release(Period(pd.Period("2026-10"), pd.Period("2026-10"), "2026-10"), 1, pd.Timestamp(0), "", (), {}, frozenset(), {}).name
        '2026-10/1'
        """
        return f"{self.period.name}/{self.number}"

    def cells(self, measure: str) -> frozenset[tuple[str, str, str]]:
        """Stratum, place and window of everything that it showed of a measure."""
        return frozenset(
            (stratum, place, window)
            for (stratum, place), by_window in self.figures.get(measure, {}).items()
            for window in by_window
        )


def folder(study: str, *, root: Path = ROOT) -> Path:
    """Where the ledger of a study lies."""
    return root / "params" / study / "releases"


def read_ledger(study: Study, *, root: Path = ROOT) -> tuple[Release, ...]:
    """Every release of the study, by the end of its period. A file that is not as the ledger writes it is a ParamsError."""
    found = [
        release_of(entry, number, study, where=shown(path))
        for path in sorted(folder(study.name, root=root).glob("*.json"))
        for number, entry in enumerate(_page(path).released, 1)
    ]
    return tuple(sorted(found, key=lambda each: (each.period.last, each.period.first, each.name)))


def _page(path: Path) -> Page:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ParamsError(
            f"{shown(path)} is not JSON: {error}. Take it from git again; make release writes it."
        ) from None
    if not isinstance(content, dict):
        raise ParamsError(f"{shown(path)} holds no release. Take it from git again; make release writes it.")
    return as_record(content, Page, where=shown(path))


def release_of(entry: Entry, number: int, study: Study, *, where: str) -> Release:
    """The entry as it is used, the `number`-th of its period; `where` is the file that a ParamsError names."""
    if Path(where).stem != entry.period:
        raise ParamsError(f"{where} holds a release of {entry.period}. Call the file {entry.period}.json.")
    try:
        windows = {name: study.period(name) for name in entry.windows}
        now = study.period(entry.period)
    except ValueError as error:
        raise ParamsError(f"{where}: {error}") from None
    figures = {
        measure: {
            (stratum, place): _decoded(words, entry.windows, f"{where}: {measure}, {stratum}, {place}")
            for stratum, places in strata.items()
            for place, words in places.items()
        }
        for measure, strata in entry.figures.items()
    }
    unknown = {place for places in figures.values() for _, place in places if place.endswith(MARK)} - set(entry.pools)
    if unknown:
        raise ParamsError(
            f"{where} shows {min(unknown)} and does not say which sites those are. Take the file from git again."
        )
    to = pd.Timestamp(entry.records_to)
    whole = frozenset(name for name, window in windows.items() if window.to_on <= to)
    return Release(now, number, to, entry.tables, entry.beside, windows, whole, figures, entry.pools)


def _encoded(by_window: Mapping[str, Figure], windows: Sequence[str]) -> str:
    """One word a window.

    >>> _encoded({"2026-09": (12, 30), "2026-10": (30, 30)}, ["2026-07", "2026-08", "2026-09", "2026-10"])
    '-2 12/30 30'
    """
    words: list[str] = []
    missing = 0
    for window in windows:
        if window not in by_window:
            missing += 1
            continue
        words += [f"-{missing}"] if missing else []
        missing = 0
        top, bottom = (
            "" if each is None else f"{each:g}" if each < 1e6 else f"{each:.0f}" for each in by_window[window]
        )
        words.append(top if top == bottom and top else f"{top}/{bottom}")
    return " ".join([*words, *([f"-{missing}"] if missing else [])])


def _decoded(words: str, windows: Sequence[str], where: str) -> dict[str, Figure]:
    """Numerator and denominator by window.

    >>> _decoded("-2 12/30 30", ["2026-07", "2026-08", "2026-09", "2026-10"], "x")
    {'2026-09': (12.0, 30.0), '2026-10': (30.0, 30.0)}
    """
    found: dict[str, Figure] = {}
    at = 0
    try:
        for word in words.split():
            if word.startswith("-"):
                at += int(word[1:])
                continue
            top, slash, bottom = word.partition("/")
            figure = tuple(float(each) if each else None for each in (top, bottom if slash else top))
            found[windows[at]] = figure
            at += 1
    except (ValueError, IndexError):
        at = -1
    if at != len(windows):
        raise ParamsError(f'{where}: "{words}" is not one figure a window. Take the file from git again.')
    return found


def entry_of(
    table: pd.DataFrame,
    windows: Iterable[Period],
    *,
    now: Period,
    records_to: pd.Timestamp,
    tables: str,
    beside: Iterable[Release],
    pools: Iterable[Pool] = (),
) -> Entry:
    """The entry of a table of measures (the contract's `measures`) after hiding; `pools` are those that it was asked for."""
    names = [window.name for window in windows]
    given = table[~table["hidden"].astype(bool)]
    figures: dict[str, dict[str, dict[str, dict]]] = {}
    for measure, stratum, place, window, top, bottom in given[
        ["measure", "stratum", "site_id", "period", "numerator", "denominator"]
    ].itertuples(index=False, name=None):
        numbers = tuple(None if pd.isna(each) else float(each) for each in (top, bottom))
        # Child-years are no count of children: nothing could be subtracted, and their digits would fill the file.
        numbers = numbers if numbers[1] is None or numbers[1].is_integer() else (numbers[0], None)
        figures.setdefault(measure, {}).setdefault(stratum, {}).setdefault(place, {})[window] = numbers
    words = {
        measure: {
            stratum: {place: _encoded(by_window, names) for place, by_window in sorted(places.items())}
            for stratum, places in sorted(strata.items())
        }
        for measure, strata in sorted(figures.items())
    }
    return Entry(period=now.name, records_to=records_to.date(), tables=tables, beside=tuple(each.name for each in beside),
                 windows=tuple(names), pools={pool.pool_id: pool.sites for pool in pools}, figures=words)  # fmt: skip


def entries(study: Study, now: Period, *, root: Path = ROOT) -> tuple[Entry, ...]:
    """The entries of one period, the first release first."""
    path = folder(study.name, root=root) / f"{now.name}.json"
    return _page(path).released if path.exists() else ()


def add_entry(study: Study, entry: Entry, *, root: Path = ROOT) -> Path:
    """Add an entry to the file of its period: a place a line, so that git shows what changed."""
    path = folder(study.name, root=root) / f"{entry.period}.json"
    now = study.period(entry.period)
    page = Page(released=(*entries(study, now, root=root), entry))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(json.dumps(page.model_dump(mode="json"), indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(part, path)
    return path


# --- what the ledger says of one measure ------------------------------------------------------------------------------


def told_before(ledger: Iterable[Release], measure: str, never: Iterable[str] = ()) -> Released:
    """What these releases showed of a measure, places and windows; windows that the records cut short are left to `never`."""
    figures, windows = set(), set()
    for release in ledger:
        windows |= {release.windows[name] for name in release.whole}
        figures |= {
            (release.pools.get(place, place), release.windows[name])
            for stratum, place, name in release.cells(measure)
            if stratum == WHOLE and name in release.whole
        }
    return Released(frozenset(figures), frozenset(windows), frozenset(never))


def cut_short(ledger: Iterable[Release], rows: pd.DataFrame, measure: str, smallest: int) -> set[str]:
    """Windows of the state of which the days since an incomplete figure was released hold a small count.

    A month shown to its 17th and then whole gives its last days by subtraction.
    """
    found = set()
    state = rows[rows["site_id"].eq(STATEWIDE)].set_index("period")
    for release in ledger:
        for name, (top, bottom) in release.figures.get(measure, {}).get((WHOLE, STATEWIDE), {}).items():
            if name in release.whole or name not in state.index:
                continue
            now = state.loc[name]
            pairs = [(now["numerator"], top), (now["denominator"], bottom)]
            since = [float(new) - old for new, old in pairs if old is not None and pd.notna(new)]
            since += [since[1] - since[0]] if len(since) == 2 else []
            if any(0 < abs(each) < smallest for each in since):
                found.add(name)
    return found
