"""Draw by lot which site's plan starts first: python -m analysis.brief.support.lots STUDY WORDS SITE SITE [SITE ...].

The lot is written down once, in params/<study>/lots/, with its words and the sites that were eligible, so that anybody can draw it
again; only sites that were all eligible and not all able to start at once belong in one.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from analysis import params
from analysis.brief.plans.files import known_of
from analysis.params import ROOT, ParamsError, Record, Words, did_you_mean, read_record
from analysis.quality.turning.lot import draw_order


class Lot(Record):
    """A lot as it was drawn: public words, the sites that were eligible, and the order that they gave."""

    words: Words
    eligible: tuple[str, ...]
    order: tuple[str, ...]


def read_lots(study: str, *, root: Path = ROOT) -> tuple[Lot, ...]:
    """Every lot of the study; a sentence (ParamsError) where one is not the order that its words give."""
    found = []
    for path in sorted((root / "params" / study / "lots").glob("*.yml")):
        lot = read_record(path, Lot)
        if list(lot.order) != draw_order(lot.eligible, lot.words):
            raise ParamsError(
                f"{path.relative_to(root)}: order: its words do not give this order. Draw the lot again with make lot, or correct the file."
            )
        found.append(lot)
    return tuple(found)


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Exit status 0, or 1 with one sentence on what to correct. A lot with the same sites is drawn once and never again."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    study, words, sites = (given[0], given[1], given[2:]) if len(given) > 1 else ("demo", "", [])
    try:
        known = known_of(params.study(study, root=root), root=root)
        if unknown := [site for site in sites if site not in known.sites]:
            raise ParamsError(
                f'"{unknown[0]}" is not a site of this study{did_you_mean(unknown[0], list(known.sites))}.'
            )
        order = draw_order(sites, words)
        path = _write(study, sites, words, order, root)
    except (ParamsError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    for place, site in enumerate(order, 1):
        print(f"{place}. {site} {known.sites[site].name}")
    print(f"Written down: {path.relative_to(root)}")
    return 0


def _write(study: str, sites: list[str], words: str, order: list[str], root: Path) -> Path:
    folder = root / "params" / study / "lots"
    path = folder / f"{'_'.join(sorted(sites))}.yml"
    if path.exists():
        raise ParamsError(
            f"{path.relative_to(root)}: a lot for these sites is drawn already, and a lot is drawn once. Use its order."
        )
    folder.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Drawn by lot. The same words and sites give the same order whoever draws: make lot.",
        f"words: {_quoted(' '.join(words.split()))}",
        f"eligible: [{', '.join(sorted(sites))}]",
        f"order: [{', '.join(order)}]",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


if __name__ == "__main__":
    sys.exit(main())
