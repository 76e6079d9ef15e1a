"""Runs: a brief's path says which notebook is run for which study, period and site; a run leaves a brief, or a log and a reason."""

import json
import multiprocessing
import re
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import nbformat

from analysis import params
from analysis.brief.press import kernels
from analysis.brief.press.made_from import hash_of, made_from
from analysis.brief.press.notebooks import (
    PARAMETERS,
    RunError,
    check_executed,
    check_source,
    one_line,
    own_cells,
    settled,
)
from analysis.periods import period
from analysis.tables import SITE_ID_PATTERN

SHAPE = "outputs/<study>/briefs/<period>/<site>/<notebook>.html"
TABLE_FORMS = (".csv", ".xlsx")

# Two cores are what a small machine has; four at a time took longer there than two.
AT_A_TIME = 2


@dataclass(frozen=True)
class Run:
    """One notebook for one study, period and site, and where everything of it lies."""

    study: str
    period: str
    site: str
    notebook: str
    root: Path

    def __str__(self) -> str:
        return f"{self.notebook}, {self.site}, {self.period}"

    def _in(self, room: str) -> Path:
        return self.root / "outputs" / self.study / room / self.period / self.site

    @property
    def source(self) -> Path:
        return self.root / "notebooks" / f"{self.notebook}.ipynb"

    @property
    def brief(self) -> Path:
        return self._in("briefs") / f"{self.notebook}.html"

    @property
    def executed(self) -> Path:
        return self._in("runs") / f"{self.notebook}.ipynb"

    @property
    def failed(self) -> Path:
        """The executed notebook of a run that failed, up to the cell that did."""
        return self._in("runs") / f"{self.notebook}.failed.ipynb"

    @property
    def log(self) -> Path:
        return self._in("runs") / f"{self.notebook}.log"

    @property
    def made_from(self) -> Path:
        return self._in("runs") / f"{self.notebook}.made_from.json"

    @property
    def staged(self) -> Path:
        """Where the notebook writes its shareable tables."""
        return self._in("runs") / f"{self.notebook}.tables"

    @property
    def tables(self) -> Path:
        """Where they go once the brief stands."""
        return self._in("tables")

    def shown(self, path: Path) -> str:
        """The path from the root, as a message prints it."""
        return path.relative_to(self.root).as_posix()


@dataclass(frozen=True)
class Failure:
    """A run that left no brief: its sentence, and the cell (counted from 1) where there is one."""

    run: Run
    sentence: str
    cell: int | None = None

    def __str__(self) -> str:
        where = f"{self.run}, cell {self.cell}" if self.cell else f"{self.run}"
        return f"{where}: {self.sentence} ({self.run.shown(self.run.log)})"


def read_run(path: str, *, root: Path = params.ROOT) -> Run:
    """The run that a brief's path names; a wrong shape, study, period or notebook is one sentence.

    >>> read_run("outputs/demo/2026-10/site-07/site_scorecard.html")
    Traceback (most recent call last):
    analysis.brief.press.notebooks.RunError: outputs/demo/2026-10/site-07/site_scorecard.html is not the path of a brief. Write outputs/<study>/briefs/<period>/<site>/<notebook>.html.
    """
    match PurePosixPath(path).parts:
        case ("outputs", study, "briefs", month, site, file) if file.endswith(".html"):
            run = Run(study, month, site, file.removesuffix(".html"), root)
        case _:
            raise RunError(f"{path} is not the path of a brief. Write {SHAPE}.")
    params.study(study, root=root)
    period(month)
    if not re.fullmatch(SITE_ID_PATTERN, site):
        raise RunError(f'{path}: "{site}" is not a site id. It has small letters, digits, - and _ only.')
    known = sorted(file.stem for file in (root / "notebooks").glob("*.ipynb"))
    if run.notebook not in known:
        raise RunError(
            f'There is no notebook "{run.notebook}"{params.did_you_mean(run.notebook, known)}. '
            f"Notebooks: {', '.join(known) or 'none yet'}."
        )
    return run


# --- one run, and many -------------------------------------------------------------------------------------------------


def build(
    runs: list[Run],
    *,
    cell_seconds: float = kernels.CELL_SECONDS,
    say: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> list[Failure]:
    """Run the notebooks two at a time and write their briefs, tables and index; give back what failed.

    A failure stops nothing but its own brief. `say` gets a line when a run ends, a line for each failure, and where to look.
    """
    began = time.monotonic()
    kernels.start_warm_interpreter()
    from analysis.brief.press.index import write_index

    studies = sorted({(run.study, run.root) for run in runs})
    stamps = {study: made_from(study, root=root) for study, root in studies}
    failures = []
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        begun = [pool.submit(_run_timed, run, stamps[run.study], cell_seconds) for run in runs]
        try:
            for number, ended in enumerate(as_completed(begun), 1):
                run, failure, seconds = ended.result()
                failures += [failure] if failure else []
                say(f"[{number} of {len(runs)}] {run}{' failed' if failure else ''} ({seconds:.0f} s)")
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for kernel in multiprocessing.active_children():
                kernel.kill()
            raise
    order = {run: place for place, run in enumerate(runs)}
    failures.sort(key=lambda failure: order[failure.run])
    for failure in failures:
        say(f"{failure}")
    for study, root in studies:
        index = write_index(study, root=root).relative_to(root).as_posix()
        say(f"{_how_many(study, runs, failures)}: {index} ({time.monotonic() - began:.0f} s)")
    return failures


def _how_many(study: str, runs: list[Run], failures: list[Failure]) -> str:
    asked = sum(run.study == study for run in runs)
    made = asked - sum(failure.run.study == study for failure in failures)
    briefs = "brief" if asked == 1 else "briefs"
    return f"{made} {briefs}" if made == asked else f"{made} of {asked} {briefs}"


def _run_timed(run: Run, stamp: dict, cell_seconds: float) -> tuple[Run, Failure | None, float]:
    began = time.monotonic()
    return run, run_one(run, stamp=stamp, cell_seconds=cell_seconds), time.monotonic() - began


def run_one(run: Run, *, stamp: Mapping, cell_seconds: float = kernels.CELL_SECONDS) -> Failure | None:
    """Run one notebook; either its brief, tables and record stand under their names, or none does and the log says why."""
    clear(run)
    part = _part(run.executed)
    try:
        _write_all(run, part, stamp, cell_seconds)
    # Whatever goes wrong with one notebook is written down with its traceback, and the others are still built.
    except Exception as error:
        failure = _failure(run, part, error, cell_seconds)
        _write(run.log, f"{failure.sentence}\n\n{''.join(traceback.format_exception(error))}")
        if part.exists():
            part.replace(run.failed)
        _part(run.brief).unlink(missing_ok=True)
        return failure
    return None


def clear(run: Run) -> None:
    """Remove what an earlier run of the same path left: if this one fails, its brief and tables would be stale."""
    if run.made_from.exists():
        for name in json.loads(run.made_from.read_text(encoding="utf-8"))["tables"]:
            (run.tables / name).unlink(missing_ok=True)
    for path in (run.brief, run.executed, run.failed, run.log, run.made_from, _part(run.executed), _part(run.brief)):
        path.unlink(missing_ok=True)
    shutil.rmtree(run.staged, ignore_errors=True)
    run.staged.mkdir(parents=True)
    run.brief.parent.mkdir(parents=True, exist_ok=True)


def _write_all(run: Run, part: Path, stamp: Mapping, cell_seconds: float) -> None:
    from analysis.brief.press import pages

    check_source(nbformat.read(run.source, as_version=4))
    values = {name: getattr(run, name) for name in PARAMETERS}
    kernels.execute(run.source, part, values, root=run.root, cell_seconds=cell_seconds)
    notebook = settled(nbformat.read(part, as_version=4))
    check_executed(notebook)
    staged = _staged_tables(run)
    _write(_part(run.brief), pages.page(notebook, name=run.shown(run.brief)))
    record = {
        **stamp,
        "notebook": {run.shown(run.source): hash_of(run.source)},
        "tables": [path.name for path in staged],
    }
    _write(run.made_from, json.dumps(record, indent=1, sort_keys=True) + "\n")
    for path in staged:
        run.tables.mkdir(parents=True, exist_ok=True)
        path.replace(run.tables / path.name)
    run.staged.rmdir()
    nbformat.write(notebook, part)
    part.replace(run.executed)
    _part(run.brief).replace(run.brief)


def _staged_tables(run: Run) -> list[Path]:
    found = sorted(run.staged.iterdir())
    wrong = [path.name for path in found if path.suffix not in TABLE_FORMS or not path.is_file()]
    if wrong:
        raise RunError(f"{run.shown(run.staged)} holds {wrong[0]}; tables that may be sent are .csv or .xlsx files.")
    return found


def _failure(run: Run, part: Path, error: Exception, cell_seconds: float) -> Failure:
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    match error:
        case RunError():
            return Failure(run, str(error), error.cell)
        case PapermillExecutionError():
            sentence = f"{error.ename}: {error.evalue}"
        case CellTimeoutError():
            sentence = f"The cell ran longer than the {cell_seconds:g} seconds it may."
        case DeadKernelError():
            sentence = "The kernel died in this cell: it was ended, or ran out of memory."
        case _:
            sentence = f"{type(error).__name__}: {error}"
    return Failure(run, one_line(sentence), _last_cell(part))


def _last_cell(part: Path) -> int | None:
    """The number, in the notebook as it is edited, of the last cell that was begun."""
    if not kernels.started_cells(part):
        return None
    cells = own_cells(nbformat.read(part, as_version=4))
    return max(n for n, cell in enumerate(cells, 1) if cell.metadata.get("papermill", {}).get("start_time"))


def _part(path: Path) -> Path:
    return path.with_name(f".{path.stem}.part{path.suffix}")


def _write(path: Path, text: str) -> None:
    """Write a text file under a temporary name, then rename it: nobody meets half of it."""
    _part(path).write_text(text, encoding="utf-8")
    _part(path).replace(path)
