"""A first draft of a site's plan from its records: python -m analysis.brief.support.start STUDY SITE [PERIOD]."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from analysis.brief.plans.__main__ import main as plans
from analysis.brief.plans.draft import Signal, draft
from analysis.brief.support import aims, page, shown
from analysis.brief.support.sources import Support, open_support
from analysis.params import ROOT, ParamsError
from analysis.quality.utilization.rule import CLASSES


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0, or 1 with one sentence on what to correct; a plan that is there already stays as it is."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) != 3 or not all(each.strip() for each in given):
        print("Name the site: make plan SITE=site-04.", file=sys.stderr)
        return 1
    study, site, period = given
    try:
        support = page.check_site(open_support(study, period), site)
        path = write_draft(support, site)
    except (ParamsError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"A first draft, for the site to correct and complete: {path.relative_to(ROOT)}")
    return plans(["form", study, site])


def signal_of(support: Support, site: str) -> Signal:
    """What the records say of the site, as the draft writes it down; a hidden count stays out of it with all that would give it away."""
    if support.cannot:
        raise ParamsError(support.cannot)
    row, seen = support.judged.loc[site], shown.observed(support, site)
    hidden = seen != seen
    return Signal(
        site_id=site,
        class_words=None if row["class"] is None else CLASSES[row["class"]].capitalize(),
        observed=None if hidden else int(seen),
        expected=float(row["expected"]) if row["expected"] == row["expected"] else None,
        ratio=None if hidden else float(row["ratio"]),
        low=None if hidden else float(row["low"]),
        high=None if hidden else float(row["high"]),
        window=support.year.words,
        months=tuple(str(month) for month in support.year.months),
        leading_steps=page.leading_steps(support, site),
    )


def write_draft(support: Support, site: str, *, root: Path = ROOT) -> Path:
    """The draft in params/<study>/plans/, beginning on the day after the period."""
    start = (support.as_of + timedelta(days=1)).date()
    return draft(
        support.numbers.study.name, site, signal_of(support, site), None, aims.work_out(support, site, start),
        known=support.known, started_on=start, made_up=support.numbers.study.made_up is not None, root=root,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
