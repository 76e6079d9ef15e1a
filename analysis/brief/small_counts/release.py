"""Release a period: write into the ledger what its briefs show, so that later briefs give nothing away beside it.

python -m analysis.brief.small_counts.release STUDY PERIOD [again]
"""

import hashlib
import json
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

import pandas as pd

from analysis import params
from analysis.brief.kept import open_numbers
from analysis.brief.numbers import Numbers
from analysis.brief.press.made_from import made_from
from analysis.brief.press.runs import Run
from analysis.brief.small_counts.ledger import (
    Entry,
    Figure,
    Release,
    add_entry,
    entries,
    entry_of,
    read_ledger,
    release_of,
)
from analysis.brief.small_counts.shareable import write_table
from analysis.params import ROOT, Disclosure, ParamsError
from analysis.quality.pools import hubs
from analysis.tables import MEASURES_TABLE, STATEWIDE

FIGURE = ["measure", "stratum", "site_id", "period"]


def release(study_name: str, period: str, *, again: bool = False, root: Path = ROOT) -> list[str]:
    """Add the period to the ledger and give the lines to print; a ParamsError where its briefs are missing, stale or not whole.

    What was released already is not added twice. Where the figures are others now, a ParamsError says how many, and `again` adds
    them as a restated release: both stay, since the first one is out.
    """
    study = params.study(study_name, root=root)
    now = study.period(period)
    numbers = open_numbers(study, now, root=root)
    if not numbers.windows.complete:
        raise ParamsError(f"The records of {study.name} end inside {now.words}. Release it when they hold all of it.")
    tables = _check_briefs(numbers, root)
    ledger = read_ledger(study, root=root)
    entry = entry_of(
        numbers.shown, numbers.windows.all, now=now, records_to=numbers.covers[1], tables=tables, beside=ledger,
        pools=hubs(numbers.sites),
    )  # fmt: skip
    before = entries(study, now, root=root)
    where = f"params/{study.name}/releases/{now.name}.json"
    if any((each.figures, each.windows) == (entry.figures, entry.windows) for each in before):
        return [f"{now.name} is released already, and shows the same. {where} stays as it is."]
    if before and not again:
        raise ParamsError(
            f"{where} holds a release of {now.words} with other figures: {_what_changed(before[-1], entry, numbers, where)}. If it is to be "
            f"released again, both stay in the ledger: make release STUDY={study.name} PERIOD={now.name} AGAIN=yes."
        )
    add_entry(study, entry, root=root)
    shown = int((~numbers.shown["hidden"].astype(bool)).sum())
    return [f"{where}: {shown:,} figures of {len(numbers.shown):,} are shown. Commit it.", *numbers.given_away]


def _check_briefs(numbers: Numbers, root: Path) -> str:
    """The sha256 of the table of measures; a ParamsError where a brief is missing, or is not what would be made now."""
    study, now = numbers.study, numbers.windows.now
    places = {STATEWIDE: "collaborative_brief", **dict.fromkeys(numbers.pages["site_id"], "site_scorecard")}
    make = f"make collaborative STUDY={study.name} PERIOD={now.name}"
    stamp = made_from(study.name, root=root)
    for site, notebook in places.items():
        run = Run(study.name, now.name, site, notebook, root)
        for path in (run.brief, run.made_from, run.tables / "measures.csv"):
            if not path.exists():
                raise ParamsError(
                    f"{run.shown(path)} is missing, so {now.words} cannot be released. Make the briefs: {make}."
                )
        made = json.loads(run.made_from.read_text(encoding="utf-8"))
        rows = numbers.shown if site == STATEWIDE else numbers.shown[numbers.shown["site_id"].eq(site)]
        same = (made["params"], made["data"]) == (stamp["params"], stamp["data"])
        if not same or (run.tables / "measures.csv").read_bytes() != _table_bytes(numbers, rows, root):
            raise ParamsError(
                f"{run.shown(run.brief)} is older than its data or params. Make the briefs again: {make}."
            )
    return hashlib.sha256(_table_bytes(numbers, numbers.shown, root)).hexdigest()


def _table_bytes(numbers: Numbers, rows: pd.DataFrame, root: Path) -> bytes:
    """The table as a brief writes it."""
    cards = numbers.cards.cards
    with tempfile.TemporaryDirectory() as aside:
        path = write_table(
            rows[MEASURES_TABLE.names], Path(aside) / "measures.csv", table=MEASURES_TABLE, rule=params.disclosure(root=root),
            hide={name: card.hide for name, card in cards.items()}, units={name: card.unit for name, card in cards.items()},
        )  # fmt: skip
        return path.read_bytes()


def _what_changed(old: Entry, new: Entry, numbers: Numbers, where: str) -> str:
    """How many figures are new, no longer shown, or others; no number of children."""
    one, other = (dict(_by_figure(release_of(each, 1, numbers.study, where=where))) for each in (old, new))
    changed = sum(one[key] != other[key] for key in one.keys() & other.keys())
    return f"{changed} changed, {len(other.keys() - one.keys())} are shown now and were not, {len(one.keys() - other.keys())} no longer"


def _by_figure(release: Release) -> Iterator[tuple[tuple[str, ...], Figure]]:
    """Each figure under its measure, stratum, place and window."""
    for measure, places in release.figures.items():
        for (stratum, place), by_window in places.items():
            yield from (((measure, stratum, place, window), figure) for window, figure in by_window.items())


def restated(study_name: str, period: str, *, root: Path = ROOT) -> pd.DataFrame:
    """How the figures of a period's brief differ from those of the last release before it, for records that came late.

    One row per measure, stratum, site_id and period (window) shown in both: `release`, the change of the numerator and denominator
    (`numerator`, `denominator`), missing where it may not be shown, and both `in_words`. A change is shown where it is none, or at
    least the smallest count shown: a smaller one is a few children. See `docs/methods.md` on what two releases give away.
    """
    study = params.study(study_name, root=root)
    numbers = open_numbers(study, study.period(period), root=root)
    return changes(numbers, read_ledger(study, root=root), params.disclosure(root=root))


def changes(numbers: Numbers, ledger: Collection[Release], rule: Disclosure) -> pd.DataFrame:
    """As `restated`, from numbers and releases at hand."""
    now = numbers.windows.now
    pools = {pool.pool_id: pool.sites for pool in hubs(numbers.sites)}
    last: dict[tuple, tuple[str, Figure]] = {}
    for release in ledger:
        if release.period.last < now.last:
            # A hub that has another site since then is another place.
            others = {name for name, sites in release.pools.items() if pools.get(name) != sites}
            last |= {
                key: (release.name, figure)
                for key, figure in _by_figure(release)
                if key[-1] in release.whole and key[2] not in others
            }
    given = numbers.shown[~numbers.shown["hidden"].astype(bool)]
    rows = []
    for *key, top, bottom in given[[*FIGURE, "numerator", "denominator"]].itertuples(index=False, name=None):
        if tuple(key) not in last:
            continue
        name, old = last[tuple(key)]
        by = [
            None if was is None or pd.isna(new) else float(new) - was
            for new, was in zip((top, bottom), old, strict=True)
        ]
        rows.append((name, *key, *_may_be_shown(by, rule), _words(by, rule)))
    return pd.DataFrame(rows, columns=["release", *FIGURE, "numerator", "denominator", "in_words"])


def _may_be_shown(by: list[float | None], rule: Disclosure) -> list[float | None]:
    """The changes, without any that is small or leaves a small one beside the other."""
    top, bottom = by
    if top is not None and bottom is not None and _is_small(bottom - top, rule):
        top = None
    return [None if each is None or _is_small(each, rule) else each for each in (top, bottom)]


def _is_small(change: float, rule: Disclosure) -> bool:
    return 0 < abs(change) < rule.smallest_shown


def _words(by: list[float | None], rule: Disclosure) -> str:
    """What a page says of a change: the denominator's where there is one, else the numerator's.

    >>> rule = Disclosure(smallest_shown=11, hidden_words="1 to 10 (hidden)")
    >>> [_words(by, rule) for by in ([0.0, 0.0], [3.0, 14.0], [2.0, 3.0], [-12.0, None], [4.0, 0.0])]
    ['no change', '14 more', 'changed by fewer than 11', '12 fewer', 'changed by fewer than 11']
    """
    known = [each for each in by[::-1] if each is not None]
    change = next((each for each in known if each), 0.0)
    if not change:
        return "no change"
    if _is_small(change, rule):
        return f"changed by fewer than {rule.smallest_shown}"
    return f"{abs(change):,.0f} {'more' if change > 0 else 'fewer'}"


def main(arguments: list[str]) -> int:
    """Exit status 0, or 1 with one sentence."""
    try:
        if len(arguments) not in (2, 3):
            raise ParamsError("Name a period, as in make release STUDY=nm PERIOD=2026-10.")
        study, period, *again = arguments
        if again not in ([], ["yes"]):
            raise ParamsError(f'AGAIN is "{again[0]}"; write AGAIN=yes, or leave it out.')
        lines = release(study, period, again=bool(again))
    except ValueError as error:  # ParamsError, and what is no period
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
