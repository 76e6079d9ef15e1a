"""Kernels for notebooks, forked from one warm interpreter that has imported everything once.

Measured on two slow cores, 15 light notebooks: 37 s with ordinary kernels, each importing for itself, 8 s with these.
"""

import gc
import logging
import multiprocessing
import os
import signal
import threading
from multiprocessing import connection, forkserver
from pathlib import Path

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

CONTEXT = multiprocessing.get_context("forkserver")

# What every notebook imports, and the rooms that it calls. A module that is not there yet is passed over by the fork server.
PRELOADED_PACKAGES = (
    "pandas", "pyarrow.parquet", "matplotlib.figure", "matplotlib.backends.backend_svg",
    "matplotlib_inline.backend_inline", "IPython.core.completerlib", "IPython.extensions.storemagic",
    # The debugger that every kernel imports as it starts is most of that start, 0.7 s.
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger",
)  # fmt: skip
PRELOADED_ROOMS = ("quality", "effect", "savings", "brief")

# Modules and rooms that build briefs and that no notebook imports: nbformat and nbconvert take 3 s that the first kernel would
# wait for.
NOT_PRELOADED = frozenset({"__init__", "__main__", "index", "notebooks", "pages", "runs", "packet"})

# The slowest cell of a state's study takes a few minutes; a cell that hangs must not hold up a night's briefs.
CELL_SECONDS = 900

# A forked kernel answers within a second; on a machine that is busy with something else it may take its time.
START_SECONDS = 60


def preloaded_modules() -> list[str]:
    """The modules that the warm interpreter imports: packages first, then every module of the rooms above.

    >>> "analysis.brief.press.kernels" in preloaded_modules(), "analysis.brief.__main__" in preloaded_modules()
    (True, False)
    >>> [name for name in preloaded_modules() if "packet" in name]
    []
    """
    package = Path(__file__).parents[2]
    names = [
        ".".join((package.name, *path.relative_to(package).with_suffix("").parts))
        for room in PRELOADED_ROOMS
        for path in sorted((package / room).rglob("*.py"))
        if not NOT_PRELOADED & {path.stem, path.parent.name}
    ]
    return [*PRELOADED_PACKAGES, *names]


def start_warm_interpreter() -> None:
    """Start importing in the background; kernels asked for meanwhile wait for it. A second call does nothing."""
    # Forked kernels walk sets in the same order in every run.
    os.environ.setdefault("PYTHONHASHSEED", "0")
    # Otherwise the debugger advises, on every start, how to start Python for debugging.
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    CONTEXT.set_forkserver_preload(preloaded_modules())
    forkserver.ensure_running()


def run_kernel(arguments: list[str], env: dict[str, str], folder: str) -> None:
    """Be a kernel: what a forked process does until it is stopped."""
    os.setsid()
    gc.freeze()  # What was imported stays: the collector need not look at it again and again.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # What a cell prints is captured on its way; only the kernel's own notes of its start go nowhere.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(arguments)


def _end_with_parent() -> None:
    # However the build ends, no kernel outlives it, nor does anything that a cell has started.
    connection.wait([multiprocessing.parent_process().sentinel])
    os.killpg(os.getpgrp(), signal.SIGKILL)


class ForkedProcess:
    """A forked kernel with the few methods of `subprocess.Popen` that jupyter_client calls."""

    stdin = stdout = stderr = None

    def __init__(self, process: multiprocessing.process.BaseProcess) -> None:
        self._process = process
        self.pid = process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int | None:
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ForkedProvisioner(LocalProvisioner):
    """Starts a kernel as a child of the warm interpreter; registered as "forked" in pyproject.toml."""

    async def launch_kernel(self, cmd: list[str], **given: object) -> dict:
        start_warm_interpreter()
        env = dict(given.get("env") or os.environ)
        self.cwd = str(given.get("cwd") or Path.cwd())
        process = CONTEXT.Process(target=run_kernel, args=(cmd[cmd.index("-f") :], env, self.cwd))
        process.start()
        self.process = ForkedProcess(process)
        self.pid = self.pgid = process.pid
        return self.connection_info


class WarmKernelManager(AsyncKernelManager):
    """A kernel manager that needs no kernelspec on disk: every name means a forked Python kernel."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(
            argv=["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
            metadata={"kernel_provisioner": {"provisioner_name": "forked"}},
        )


def execute(source: Path, executed: Path, parameters: dict[str, str], *, root: Path, cell_seconds: float) -> None:
    """Run the notebook `source` in a forked kernel whose folder is `root`; papermill writes each step to `executed`.

    A cell that raises, a kernel that dies and a cell over its time are raised as papermill's and nbclient's errors. A kernel
    that does not start is tried once more: its ports are chosen and then opened, and another process can come in between.
    """
    try:
        _execute(source, executed, parameters, root=root, cell_seconds=cell_seconds)
    except (RuntimeError, OSError):
        if started_cells(executed):
            raise
        _execute(source, executed, parameters, root=root, cell_seconds=cell_seconds)


def _execute(source: Path, executed: Path, parameters: dict[str, str], *, root: Path, cell_seconds: float) -> None:
    # Imported here: the warm interpreter gets its head start, and a notebook that imports this room does not wait for it.
    import papermill

    # What these loggers would print is in the error that is raised; asyncio's is about a dead kernel's last message.
    for name in ("papermill", "traitlets", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    papermill.execute_notebook(
        str(source),
        str(executed),
        parameters=parameters,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        start_timeout=START_SECONDS,
        execution_timeout=cell_seconds,
        kernel_manager_class=WarmKernelManager,
        # papermill's own `cwd` would move the whole process, and two notebooks run at a time.
        resources={"metadata": {"path": str(root)}},
        # Nothing is left to save in a kernel whose last cell has ended.
        shutdown_kernel="immediate",
    )


def started_cells(executed: Path) -> list[int]:
    """Positions of the cells of an executed notebook that were begun, in order; none where the kernel never started."""
    import nbformat

    if not executed.exists() or executed.stat().st_size == 0:
        return []
    cells = nbformat.read(executed, as_version=4).cells
    return [place for place, cell in enumerate(cells) if cell.metadata.get("papermill", {}).get("start_time")]
