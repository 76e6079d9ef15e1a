"""Plans by hand: python -m analysis.brief.plans form STUDY SITE, read STUDY SITE FILE.xlsx, check STUDY [--on DAY]."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from analysis import params
from analysis.brief.plans.checking import Known
from analysis.brief.plans.files import known_of, plan_path, read_plan, read_plans, replace_plan
from analysis.brief.plans.filled_in import read_form
from analysis.brief.plans.form import make_form
from analysis.brief.plans.notes import notes, unwritten
from analysis.brief.plans.records import Plan
from analysis.brief.plans.writing import plan_text
from analysis.params import ROOT, ParamsError

MADE_UP = "Made up: nobody agreed to any of this."


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Exit status 0, or 1 with one sentence for each thing to correct; nothing is written then."""
    parser = argparse.ArgumentParser(prog="python -m analysis.brief.plans", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    form = verbs.add_parser("form", help="the plan of a site as an Excel form; an empty one where it has no plan")
    read = verbs.add_parser("read", help="a filled-in form into the site's plan; the older version goes to history/")
    check = verbs.add_parser("check", help="every plan: what is wrong, what deserves a word, what is not yet written")
    for verb in (form, read):
        verb.add_argument("study")
        verb.add_argument("site")
    read.add_argument("file", type=Path)
    form.add_argument(
        "--to", type=Path, help="where the form goes (default: outputs/<study>/runs/plans/, which is not sent)"
    )
    check.add_argument("study")
    check.add_argument(
        "--on", type=date.fromisoformat, default=None, help="as of this day (default: the last day of the records)"
    )
    given = parser.parse_args(arguments)
    try:
        known = known_of(params.study(given.study, root=root), root=root)
        match given.verb:
            case "form":
                print(_form(given.study, given.site, given.to, known, root))
            case "read":
                print(_read(given.study, given.site, given.file, known, root))
            case "check":
                print(_check(given.study, given.on, known, root))
    except ParamsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _form(study: str, site: str, to: Path | None, known: Known, root: Path) -> str:
    plan = read_plan(study, site, known, root=root) or Plan(site=site, plan_no=1, status="draft")
    path = to or root / "outputs" / study / "runs" / "plans" / f"{site}_plan.xlsx"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make_form(plan, known))
    except OSError:
        raise ParamsError(
            "The form cannot be written there. Close it if it is open, or name another place with --to."
        ) from None
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return f"The form of {site}: {shown}"


def _read(study: str, site: str, file: Path, known: Known, root: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError:
        raise ParamsError(
            "There is no such file, or it cannot be read. Name the filled-in form, a file that ends in .xlsx."
        ) from None
    old = read_plan(study, site, known, root=root)
    new = read_form(content, known)
    if new.site != site:
        raise ParamsError(f"The form is of {new.site}, not of {site}. Name the site that it is of.")
    head = [MADE_UP] if new.made_up else []
    written = replace_plan(study, old, new, plan_text(new, head=head), root=root)
    where = plan_path(study, site, root=root).relative_to(root).as_posix()
    return f"{where} says the same already; nothing was written." if written is None else f"The plan of {site}: {where}"


def _check(study: str, on: date | None, known: Known, root: Path) -> str:
    plans = read_plans(study, known, root=root)
    # Imported here: the two other verbs need nothing of the figures.
    from analysis.brief.numbers import covered_days

    as_of = on or covered_days(params.study(study, root=root), root=root)[1].date()
    lines = [f"{len(plans)} plans, as of {as_of}."]
    for site, plan in plans.items():
        lines += [f"{site}, {note.key}: {note.words}" for note in notes(plan, known, as_of)]
        empty = unwritten(plan)
        if empty:
            lines.append(f"{site}: not yet written: {'; '.join(note.key for note in empty)}.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
