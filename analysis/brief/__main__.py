"""Build briefs, and packets of them: python -m analysis.brief PATH [PATH ...], or --list FILE with one path a line."""

import argparse
import sys
from pathlib import Path, PurePosixPath

PACKET = "packet.html"


def main(arguments: list[str]) -> int:
    """Build the briefs, then the packets that were named; 0 when all are there, 1 when a notebook failed or something could
    not be printed, 2 when a path is wrong and nothing was run."""
    # Imported here: every kernel of a build imports this module again, and needs none of it.
    from analysis.brief.press.kernels import start_warm_interpreter
    from analysis.params import ROOT

    parser = argparse.ArgumentParser(prog="python -m analysis.brief", description=__doc__)
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help="outputs/<study>/briefs/<period>/<site>/<notebook>.html"
    )
    parser.add_argument("--list", type=Path, metavar="FILE", help="a file with one PATH a line")
    parser.add_argument("--root", type=Path, default=ROOT, help="the workspace; the folder of this one by default")
    given = parser.parse_args(arguments)
    root = given.root.resolve()
    try:
        paths = [*given.paths, *(_read_list(given.list) if given.list else [])]
        if not paths:
            raise ValueError("No brief was named. Name one: outputs/<study>/briefs/<period>/<site>/<notebook>.html.")
        packets = [path for path in dict.fromkeys(paths) if PurePosixPath(path).name == PACKET]
        if len(packets) < len(paths):
            # First of all, so that it imports on one core while this process imports on the other.
            start_warm_interpreter()
        from analysis.brief.packet.meeting import read_meeting
        from analysis.brief.press.runs import build, read_run

        meetings = [read_meeting(path, root=root) for path in packets]
        runs = list(dict.fromkeys(read_run(path, root=root) for path in paths if path not in packets))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        failures = build(runs) if runs else []
        return max(1 if failures else 0, _deliver(meetings, failures) if meetings else 0)
    except KeyboardInterrupt:
        print("Stopped. A brief that was not finished is not there.", file=sys.stderr)
        return 130


def _deliver(meetings: list, failures: list) -> int:
    """Make what goes into the meetings; nothing where a brief of one has failed, since it would lack a part without saying so."""
    # Imported here: a single brief does without the libraries for slides and workbooks.
    from analysis.brief.packet.delivery import prepare
    from analysis.brief.packet.meeting import clear

    status = 0
    for meeting in meetings:
        failed = sum(each.run.study == meeting.study and each.run.period == meeting.period for each in failures)
        try:
            if failed:
                clear(meeting)
                print(f"{meeting.shown(meeting.packet)} was not made: {failed} of its briefs failed.", file=sys.stderr)
            elif prepare(meeting):
                status = 1
        except ValueError as error:
            print(error, file=sys.stderr)
            status = 1
    return status


def _read_list(file: Path) -> list[str]:
    if not file.is_file():
        raise ValueError(f"{file} is missing: --list takes a file with one brief's path a line.")
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
