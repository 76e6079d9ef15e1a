"""Linked files damaged at random, and runs killed at random: a sentence or counted rows, and in the end the same bytes."""

import multiprocessing
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from linked import as_csv, episodes, mapping, read, write_study

from analysis.intake.raw import IntakeError
from analysis.intake.store import write_tables
from analysis.params import ParamsError

CLAIM = "C{n},1,{child},other,2025-03-{day:02d},,99284,100,,,line,fee_for_service,original,,2025-04-01,paid,paid"
FILES = {
    "episodes.csv": episodes(*(f"K-{n}" for n in range(1, 13))),
    "crosswalk.csv": as_csv("crosswalk", *(f"K-{n},{n:04d}" for n in range(1, 13)), "K-2,0099", "K-13,0012"),
    "claims.csv": as_csv("claims", *(CLAIM.format(n=n, child=n % 12 + 1, day=n % 28 + 1) for n in range(60))),
    "enrollment_spans.csv": as_csv("enrollment_spans", *(f"{n:06d},2025-01-01,2025-09-30,35001,01" for n in range(1, 13))),
    "placements.csv": as_csv("placements", *(f"{n},2025-05-{n:02d},,foster" for n in range(1, 13))),
    "detentions.csv": as_csv("detentions", *(f"D-{n},2025-06-{n:02d},2025-06-{n + 2:02d}" for n in range(1, 13))),
    "children_dispatch.csv": as_csv("children", *(f"K-{n},Ann{n},Roe,2011-02-{n:02d},female" for n in range(1, 13))),
    "children_medicaid.csv": as_csv("children", *(f"{n},ANN{n},ROE,2011-02-{n:02d},female" for n in range(1, 13))),
}  # fmt: skip
NO_SECRETS = ("K-1", "Ann1", "2011-02-0")


def source() -> dict:
    return mapping("crosswalk", "claims", "enrollment_spans", "placements", "detentions", "children", link_by_name=True)


def written(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


# --- damage ----------------------------------------------------------------------------------------------------------


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def _flip(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 12)):
        damaged[chance.randrange(len(damaged))] = chance.choice([0, 9, 10, 34, 44, 48, 57, 45, 63, 0xC3, 0xFF])
    return bytes(damaged)


def _lose_a_column(content: bytes, chance: random.Random) -> bytes:
    rows = [line.split(b",") for line in content.splitlines()]
    lost = chance.randrange(len(rows[0]))
    return b"\n".join(b",".join(row[:lost] + row[lost + 1 :]) for row in rows)


def _mix_rows(content: bytes, chance: random.Random) -> bytes:
    head, *rows = content.splitlines()
    return b"\n".join([head, *chance.choices(rows, k=2 * len(rows))])


def _swap_fields(content: bytes, chance: random.Random) -> bytes:
    head, *rows = [line.split(b",") for line in content.splitlines()]
    for row in rows:
        if chance.random() < 0.3:
            chance.shuffle(row)
    return b"\n".join(b",".join(row) for row in [head, *rows])


def _strange_values(content: bytes, chance: random.Random) -> bytes:
    strange = [
        b"",
        b"NULL",
        b"-1",
        b"1e999",
        b"9999-12-31",
        b"0000-00-00",
        b"=1+1",
        "é".encode(),
        b"1" * 400,
        b"000",
        b"2025-13-45",
        b"nan",
    ]
    head, *rows = [line.split(b",") for line in content.splitlines()]
    for row in rows:
        row[chance.randrange(len(row))] = chance.choice(strange)
    return b"\n".join(b",".join(row) for row in [head, *rows])


DAMAGES: list[Callable[[bytes, random.Random], bytes]] = [
    _cut, _flip, _lose_a_column, _mix_rows, _swap_fields, _strange_values, lambda content, chance: b"",
]  # fmt: skip


def damaged(root: Path, seed: int) -> None:
    """The study with one to three of its files damaged, and what intake says of it held against what it may say."""
    chance = random.Random(f"damage {seed}")
    write_study(root, source(), FILES)
    for name in chance.sample(sorted(FILES), chance.randint(1, 3)):
        path = root / "data" / "raw" / "state" / name
        path.write_bytes(chance.choice(DAMAGES)(path.read_bytes(), chance))
    said, folder = "", None
    try:
        folder = write_tables(read(root), root=root)
    except (IntakeError, ParamsError) as error:
        said = str(error)
    assert not any(secret in said for secret in NO_SECRETS), said
    if folder is None:
        return
    receipts = pd.read_csv(folder / "receipts.csv")
    assert receipts["rows_read"].eq(receipts[["accepted", "rejected", "set_aside"]].sum(axis=1)).all()
    linked = pd.read_csv(folder / "linkage.csv")
    assert linked["linked"].le(linked["children"]).all()
    assert linked["children"].le(linked["keys"]).all()


@pytest.mark.parametrize("seed", range(14))
def test_damaged_linked_files_end_in_a_sentence_or_in_counted_rows(seed, tmp_path):
    damaged(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(14, 214))
def test_many_more_damaged_linked_files(seed, tmp_path):
    damaged(tmp_path, seed)


# --- runs that are killed --------------------------------------------------------------------------------------------

EVENTS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.scandir", "shutil.rmtree")


def _run(root: Path, stop_at: int | None, count: "multiprocessing.connection.Connection") -> None:
    """Take the study in; die by SIGKILL at the given touch of a file of the workspace, or say how many there were."""
    touched = [0]

    def touch(event: str, arguments: tuple) -> None:
        if event in EVENTS and str(root) in str(arguments[0] if arguments else ""):
            touched[0] += 1
            if touched[0] == stop_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(touch)
    write_tables(read(root), root=root)
    count.send(touched[0])


def run_in_a_process(root: Path, stop_at: int | None = None) -> tuple[int | None, int | None]:
    """Exit code of the run, and how often it touched the workspace's files where it came to its end."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(root, stop_at, theirs))
    process.start()
    process.join()
    return process.exitcode, ours.recv() if ours.poll() else None


@pytest.mark.slow
def test_a_run_killed_anywhere_leaves_good_tables_and_the_next_one_gives_the_same_bytes(tmp_path):
    write_study(tmp_path, source(), FILES)
    code, touches = run_in_a_process(tmp_path)
    assert code == 0
    folder = tmp_path / "data" / "processed" / "state"
    good = written(folder)
    chance = random.Random("killed runs")
    points = sorted(chance.sample(range(1, touches + 1), 20))
    for point in points:
        assert run_in_a_process(tmp_path, point)[0] == -signal.SIGKILL
        # The old tables, whole: in their place, or (killed between two renames) set aside until the next run.
        aside = folder.with_name(".state.new") / "before"
        assert written(folder if folder.exists() else aside) == good, point
    assert run_in_a_process(tmp_path)[0] == 0
    assert written(folder) == good
    assert not folder.with_name(".state.new").exists()


@pytest.mark.slow
def test_a_first_run_killed_anywhere_leaves_nothing_that_passes_for_tables(tmp_path):
    write_study(tmp_path / "good", source(), FILES)
    _, touches = run_in_a_process(tmp_path / "good")
    good = written(tmp_path / "good" / "data" / "processed" / "state")
    chance = random.Random("killed first runs")
    for point in chance.sample(range(1, touches + 1), 8):
        root = tmp_path / f"at{point}"
        write_study(root, source(), FILES)
        assert run_in_a_process(root, point)[0] == -signal.SIGKILL
        folder = root / "data" / "processed" / "state"
        assert not folder.exists() or written(folder) == good
        assert run_in_a_process(root)[0] == 0
        assert written(folder) == good
