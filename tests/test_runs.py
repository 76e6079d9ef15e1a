"""Runs: a brief stands only when everything behind it went well, and whoever asked learns in a sentence when it did not."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from analysis.brief.__main__ import main
from analysis.brief.press import kernels, runs
from analysis.brief.press.made_from import made_from
from analysis.brief.press.notebooks import RunError, check_executed, check_source
from analysis.brief.press.runs import Run, build, read_run
from analysis.params import ParamsError

PARAMETERS = 'study = "demo"\nperiod = "2026-10"\nsite = "statewide"'
STUDY = """\
title: A small state
service: Mobile response
made_up: Made up for a test.
people: children
place: site
"""
TITLE = "from IPython.display import HTML, display\ndisplay(HTML(f'<h1>Calls at {site}, {period}</h1>'))"
TABLE = "open(f'outputs/{study}/runs/{period}/{site}/NAME.tables/calls.csv', 'w').write('calls\\n12\\n')"
FIGURE = """\
import io, matplotlib
from matplotlib.figure import Figure
from IPython.display import SVG
figure, file = Figure(), io.StringIO()
figure.subplots().plot([1, 2, 3])
with matplotlib.rc_context({"svg.hashsalt": "mrss"}):
    figure.savefig(file, format="svg", metadata={"Date": None})
display(SVG(file.getvalue()), metadata={"image/svg+xml": {"alt": "Calls went up from 1 to 3."}})"""

# A cell that waits for ever is stopped after this; the others end long before.
CELL_SECONDS = 4


def notebook(*cells: str, parameters: str = PARAMETERS) -> nbformat.NotebookNode:
    """A stripped notebook: the parameters cell, then code cells."""
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    return nbformat.v4.new_notebook(cells=[first, *(nbformat.v4.new_code_cell(source) for source in cells)])


def workspace(root: Path, **notebooks: nbformat.NotebookNode) -> Path:
    """A workspace with one study and these notebooks."""
    (root / "params" / "demo").mkdir(parents=True)
    (root / "params" / "demo" / "study.yml").write_text(STUDY)
    (root / "notebooks").mkdir()
    for name, node in notebooks.items():
        nbformat.write(node, root / "notebooks" / f"{name}.ipynb")
    return root


def brief(name: str, site: str = "site-04") -> str:
    return f"outputs/demo/briefs/2026-10/{site}/{name}.html"


class Night:
    """One build of everything that can go well or wrong, and what it said."""

    def __init__(self, root: Path) -> None:
        self.root = workspace(
            root,
            calls=notebook(TITLE, FIGURE, TABLE.replace("NAME", "calls")),
            raising=notebook(TITLE, TABLE.replace("NAME", "raising"), 'raise ValueError("no calls\\nin October")'),
            leaving=notebook(TITLE, "import os\nos._exit(3)"),
            quitting=notebook(TITLE, "import sys\nsys.exit(0)", TITLE),
            waiting=notebook(TITLE, "import time\ntime.sleep(600)"),
            warning=notebook(TITLE, 'import warnings\nwarnings.warn("prices are old")'),
            two_titles=notebook(TITLE, TITLE),
            misplaced=notebook(TITLE, PARAMETERS, parameters='study = "demo"\nperiod = "2026-10"\nplace = "statewide"'),
            elsewhere=notebook(
                TITLE, "open(f'outputs/{study}/runs/{period}/{site}/elsewhere.tables/x.json', 'w').close()"
            ),
        )
        names = (
            "calls",
            "raising",
            "leaving",
            "quitting",
            "waiting",
            "warning",
            "two_titles",
            "misplaced",
            "elsewhere",
        )
        self.runs = {name: read_run(brief(name), root=self.root) for name in names}
        self.runs["other_site"] = read_run(brief("calls", "site-05"), root=self.root)
        self._leave_an_older_run(self.runs["raising"])
        self.said: list[str] = []
        self.failures = {
            failure.run.notebook: failure
            for failure in build(list(self.runs.values()), cell_seconds=CELL_SECONDS, say=self.said.append)
        }

    @staticmethod
    def _leave_an_older_run(run: Run) -> None:
        for path in (run.brief, run.executed, run.tables / "last_month.csv"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("older")
        run.made_from.write_text(json.dumps({"tables": ["last_month.csv"]}))


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    return Night(tmp_path_factory.mktemp("night"))


# --- the path is the run -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("outputs/demo/2026-10/site-04/calls.html", "is not the path of a brief"),
        ("outputs/demo/briefs/2026-10/site-04/calls.ipynb", "is not the path of a brief"),
        ("/outputs/demo/briefs/2026-10/site-04/calls.html", "is not the path of a brief"),
        ("outputs/dmeo/briefs/2026-10/site-04/calls.html", 'did you mean "demo"'),
        ("outputs/demo/briefs/2026-13/site-04/calls.html", "is not a period"),
        ("outputs/demo/briefs/2026-10/Site 4/calls.html", "is not a site id"),
        ("outputs/demo/briefs/2026-10/../calls.html", "is not a site id"),
        ("outputs/demo/briefs/2026-10/site-04/cals.html", 'no notebook "cals" (did you mean "calls"?)'),
    ],
)
def test_a_path_that_names_no_run_is_one_sentence(night, path, sentence):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 a RunError, a ParamsError or the period's own sentence
        read_run(path, root=night.root)
    assert sentence in str(caught.value)


def test_one_bad_path_stops_all_before_anything_is_run(tmp_path, capsys):
    root = workspace(tmp_path, calls=notebook(TITLE))
    assert main(["--root", str(root), brief("calls"), brief("cals")]) == 2
    assert capsys.readouterr().err == 'There is no notebook "cals" (did you mean "calls"?). Notebooks: calls.\n'
    assert not (root / "outputs").exists()


def test_a_list_that_is_missing_is_a_sentence(tmp_path, capsys):
    assert main(["--root", str(tmp_path), "--list", str(tmp_path / "sites.txt")]) == 2
    assert "is missing: --list takes a file" in capsys.readouterr().err


# --- what a notebook must be ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        (nbformat.v4.new_notebook(cells=[]), "has 0 cells tagged parameters"),
        (nbformat.v4.new_notebook(cells=[*notebook().cells, *notebook().cells]), "has 2 cells tagged parameters"),
        (
            notebook(parameters='study = "demo"\nperiod = "2026-10"'),
            "each a plain string, and no more",
        ),  # site is missing
        (notebook(parameters=f"{PARAMETERS}\nhorizon = '90'"), "each a plain string, and no more"),  # a fourth name
        (notebook(parameters=f"{PARAMETERS}\nstudy = 'x'"), "each a plain string, and no more"),  # study stands twice
        (notebook(parameters='study = "demo"\nperiod = 2026\nsite = "s"'), "each a plain string"),  # a number
        (
            notebook(parameters='study = "demo"\nperiod = "2026-10"\nsite: str = "s"'),
            "each a plain string",
        ),  # annotated
    ],
)
def test_a_parameters_cell_that_papermill_would_pass_over_is_refused(node, sentence):
    with pytest.raises(RunError, match=sentence):
        check_source(node)


def test_a_comment_in_the_parameters_cell_is_fine():
    assert check_source(notebook(TITLE, parameters=f"# the last complete month\n{PARAMETERS}")) is None


def test_saved_outputs_are_refused_with_their_cell():
    node = notebook(TITLE)
    node.cells[1].outputs = [nbformat.v4.new_output("stream", name="stdout", text="12 children")]
    with pytest.raises(RunError, match="saved with outputs") as caught:
        check_source(node)
    assert caught.value.cell == 2


def test_an_executed_copy_with_a_cell_that_was_not_run_is_refused():
    with pytest.raises(RunError, match="was not run"):
        check_executed(notebook(TITLE))


# --- one night -----------------------------------------------------------------------------------------------------------


def test_the_others_are_built_when_some_fail(night):
    assert night.runs["calls"].brief.exists()
    assert night.runs["other_site"].brief.exists()
    assert "Calls at site-05, 2026-10" in night.runs["other_site"].brief.read_text()


@pytest.mark.parametrize(
    ("name", "cell", "sentence"),
    [
        ("raising", 4, "ValueError: no calls in October"),
        ("leaving", 3, "The kernel died in this cell"),
        ("quitting", 3, "SystemExit: 0"),
        ("waiting", 3, "ran longer than the 4 seconds it may"),
        ("warning", 3, "The cell wrote a warning: UserWarning: prices are old"),
        ("two_titles", None, "The page has 2 first headings"),
        ("misplaced", 1, "must assign study, period and site"),
        ("elsewhere", None, "elsewhere.tables holds x.json"),
    ],
)
def test_a_failure_names_its_cell_keeps_a_log_and_leaves_no_brief(night, name, cell, sentence):
    run, failure = night.runs[name], night.failures[name]
    assert failure.cell == cell
    assert sentence in failure.sentence
    assert not run.brief.exists()
    assert not run.executed.exists()
    assert not run.made_from.exists()
    log = run.log.read_text()
    assert log.startswith(failure.sentence)
    assert "Traceback (most recent call last)" in log
    where = f", cell {cell}" if cell else ""
    line = f"{name}, site-04, 2026-10{where}: {failure.sentence} (outputs/demo/runs/2026-10/site-04/{name}.log)"
    assert line in night.said


def test_the_log_holds_the_line_that_raised(night):
    assert 'raise ValueError("no calls\\nin October")' in night.runs["raising"].log.read_text()
    assert night.runs["raising"].failed.exists()


def test_a_failure_takes_the_older_brief_and_tables_of_its_path_with_it(night):
    run = night.runs["raising"]
    assert not run.brief.exists()
    assert not (run.tables / "last_month.csv").exists()


def test_staged_tables_are_moved_only_on_success(night):
    calls, raising = night.runs["calls"], night.runs["raising"]
    assert (calls.tables / "calls.csv").read_text() == "calls\n12\n"
    assert not calls.staged.exists()
    assert [path.name for path in raising.staged.iterdir()] == ["calls.csv"]
    # Both write calls.csv for site-04; what lies there is the successful one's.
    assert json.loads(calls.made_from.read_text())["tables"] == ["calls.csv"]


def test_nothing_unfinished_lies_about(night):
    assert [path.name for path in (night.root / "outputs").rglob(".*")] == []


def test_progress_is_one_sober_line_a_run_and_the_end_says_where_to_look(night):
    assert sum(line.startswith("[") for line in night.said) == 10
    assert night.said[9].startswith("[10 of 10] ")
    assert any(line.startswith("[") and "calls, site-05, 2026-10 (" in line for line in night.said)
    # 10 runs, 8 of them failures
    assert night.said[-1].startswith("2 of 10 briefs: outputs/demo/briefs/index.html (")


def test_the_executed_notebook_says_what_it_was_run_with_and_when_it_was_not(night):
    text = night.runs["other_site"].executed.read_text()
    assert 'site = \\"site-05\\"' in text
    assert "papermill" not in text
    assert "iopub" not in text


def test_a_brief_and_its_record_name_no_machine_and_no_time(night):
    run = night.runs["calls"]
    for path in (run.brief, run.made_from):
        assert str(night.root) not in path.read_text()
    record = json.loads(run.made_from.read_text())
    assert list(record["notebook"]) == ["notebooks/calls.ipynb"]
    assert record["versions"]["pandas"] == pd.__version__
    assert record["commit"] is None  # no repository there


def test_two_runs_give_the_same_bytes(night):
    run = night.runs["calls"]
    files = (run.brief, run.executed, run.made_from, run.tables / "calls.csv", run.brief.parents[2] / "index.html")
    first = [file.read_bytes() for file in files]
    assert build([run], say=lambda line: None) == []
    assert [file.read_bytes() for file in files] == first


def test_made_from_changes_with_params_and_data_of_its_own_study_only(tmp_path):
    root = workspace(tmp_path)
    before = made_from("demo", root=root)
    other = root / "params" / "other" / "study.yml"
    other.parent.mkdir()
    other.write_text("title: another")
    assert made_from("demo", root=root) == before
    (root / "data" / "processed" / "demo").mkdir(parents=True)
    (root / "data" / "processed" / "demo" / "episodes.parquet").write_bytes(b"12")
    (root / "params" / "measures.yml").write_text("{}")
    after = made_from("demo", root=root)
    # sha256 of the two bytes "12" and of "{}"
    assert after["data"] == {"data/processed/demo/episodes.parquet": "6b51d431df5d"}
    assert after["params"] == {**before["params"], "params/measures.yml": "44136fa355b3"}


def test_a_study_that_does_not_exist_is_the_sentence_of_params(night):
    with pytest.raises(ParamsError, match="There is no study"):
        read_run("outputs/nm/briefs/2026-10/site-04/calls.html", root=night.root)


# --- kernels that do not start ---------------------------------------------------------------------------------------------


def failing_first(monkeypatch, *, before: bool) -> list[str]:
    """Make the first kernel fail, before its first cell or after its last; gives the list of tries."""
    tries, real = [], kernels._execute

    def execute(source, executed, *given, **named):
        tries.append(source.stem)
        if len(tries) > 1 or not before:
            real(source, executed, *given, **named)
        if len(tries) == 1:
            raise RuntimeError("Address already in use")

    monkeypatch.setattr(kernels, "_execute", execute)
    return tries


def test_a_kernel_that_does_not_start_is_tried_once_more(tmp_path, monkeypatch):
    root = workspace(tmp_path, calls=notebook(TITLE))
    tries = failing_first(monkeypatch, before=True)
    assert build([read_run(brief("calls"), root=root)], say=lambda line: None) == []
    assert tries == ["calls", "calls"]
    assert (root / brief("calls")).exists()


def test_a_notebook_whose_cells_have_begun_is_not_run_again(tmp_path, monkeypatch):
    root = workspace(tmp_path, calls=notebook(TITLE))
    tries = failing_first(monkeypatch, before=False)
    failures = build([read_run(brief("calls"), root=root)], say=lambda line: None)
    assert [failure.sentence for failure in failures] == ["RuntimeError: Address already in use"]
    assert tries == ["calls"]


def test_a_kernel_that_never_starts_is_given_up_after_the_second_try(tmp_path, monkeypatch):
    root = workspace(tmp_path, calls=notebook(TITLE))
    tries = []

    def never(source, *given, **named):
        tries.append(source.stem)
        raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr(kernels, "_execute", never)
    failures = build([read_run(brief("calls"), root=root)], say=lambda line: None)
    assert [failure.sentence for failure in failures] == ["RuntimeError: Kernel died before replying to kernel_info"]
    assert tries == ["calls", "calls"]


def test_no_more_than_two_notebooks_run_at_a_time(tmp_path, monkeypatch):
    root, lock, now, most = workspace(tmp_path, calls=notebook(TITLE)), threading.Lock(), [0], [0]

    def count(*given, **named):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.05)
        with lock:
            now[0] -= 1

    monkeypatch.setattr(kernels, "_execute", count)
    monkeypatch.setattr(runs, "check_source", lambda node: None)
    build([read_run(brief("calls", f"site-{number}"), root=root) for number in range(6)], say=lambda line: None)
    assert most == [2]


# --- as a command --------------------------------------------------------------------------------------------------------


def test_the_command_ends_with_one_when_a_notebook_fails_and_builds_the_rest(tmp_path, capsys):
    root = workspace(tmp_path, calls=notebook(TITLE), raising=notebook("1 / 0"))
    (tmp_path / "list.txt").write_text(f"{brief('raising')}\n\n{brief('calls')}\n")
    assert main(["--root", str(root), "--list", str(tmp_path / "list.txt")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert (root / brief("calls")).exists()
    assert len(said) == 4
    assert said[2].startswith("raising, site-04, 2026-10, cell 2: ZeroDivisionError: division by zero (")
    assert said[3].startswith("1 of 2 briefs: outputs/demo/briefs/index.html (")


def test_the_command_ends_with_nought_when_all_is_well(tmp_path):
    root = workspace(tmp_path, calls=notebook(TITLE))
    assert main(["--root", str(root), brief("calls"), f"./{brief('calls')}"]) == 0


@pytest.mark.slow
def test_kill_in_the_middle_leaves_no_brief_and_no_kernel(tmp_path):
    root = workspace(
        tmp_path, calls=notebook(TITLE, "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(600)")
    )
    stale = root / brief("calls")
    stale.parent.mkdir(parents=True)
    stale.write_text("older")
    running = subprocess.Popen([sys.executable, "-m", "analysis.brief", "--root", str(root), brief("calls")])
    _wait_until(lambda: (root / "pid").exists() and (root / "pid").read_text(), seconds=120)
    kernel = int((root / "pid").read_text())
    running.send_signal(signal.SIGKILL)
    running.wait(timeout=30)
    assert not stale.exists()
    _wait_until(lambda: not _is_running(kernel), seconds=20)


def _is_running(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    # Z: it has ended, and only nobody has asked how.
    return bool(state.strip()) and not state.startswith("Z")


def _wait_until(true, *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.2)
