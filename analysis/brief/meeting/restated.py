"""What late records have changed in figures that were released before: a few lines for the meeting."""

from collections.abc import Collection

import pandas as pd

from analysis.brief import panels
from analysis.brief.numbers import Numbers
from analysis.brief.small_counts.ledger import WHOLE, Release
from analysis.brief.small_counts.release import changes
from analysis.params import Disclosure
from analysis.tables import STATEWIDE

LINES = 5
STATE_LINES = 3  # of these: the same late records move every measure of the state, and sites are to be read too
NO_CHANGE = "no change"
FIRST = "episodes"  # how many there were comes first; what they say comes after


def lines(numbers: Numbers, ledger: Collection[Release], rule: Disclosure) -> list[str]:
    """At most five sentences: the state's figures first, then one a site, then how many others have changed.

    Of each measure and place one window stands for all: the one that changed most, the shortest of several. A change is told by the rule
    of `release.changes`. Where sites are not named to each other they are only counted.
    """
    now = numbers.windows.now
    if not any(release.period.last < now.last for release in ledger):
        return [
            "No earlier release is on file to compare with. The one who makes these pages can note this one as the first."
        ]
    found = changes(numbers, ledger, rule)
    # What waits for its days to pass gains cases with every month, late records or none.
    waits = [name for name, card in numbers.cards.cards.items() if card.days is not None]
    changed = found[found["in_words"].ne(NO_CHANGE) & ~found["measure"].isin(waits)]
    if changed.empty:
        return ["No late record has changed a figure that was released before."]
    told = _told(numbers, changed)
    told = told.head(LINES if len(told) == len(changed) and len(told) <= LINES else LINES - 1)
    said = [_sentence(numbers, row) for row in told.to_dict("records")]
    return [*said, *_rest(numbers, changed.drop(told.index))]


def _told(numbers: Numbers, changed: pd.DataFrame) -> pd.DataFrame:
    """One row a measure of the state and one a site, in the order in which they are read."""
    cards = numbers.cards
    order = {name: at for at, name in enumerate(dict.fromkeys((FIRST, *cards.page_one, *cards.scorecard)))}
    rows = changed[changed["stratum"].eq(WHOLE) & changed["measure"].isin(order)]
    rows = rows.assign(
        of_site=rows["site_id"].ne(STATEWIDE),
        size=[_size(*each) for each in rows[["numerator", "denominator"]].itertuples(index=False, name=None)],
        turn=rows["measure"].map(order),
        months=[len(numbers.study.period(name).months) for name in rows["period"]],
    )
    rows = rows.sort_values(["of_site", "size", "months", "turn", "site_id", "period"], ascending=[True, False, True, True, True, False])  # fmt: skip
    state = rows[~rows["of_site"]].drop_duplicates("measure").sort_values("turn", kind="stable").head(STATE_LINES)
    sites = rows[rows["of_site"]].drop_duplicates("site_id") if numbers.name_peers else rows.head(0)
    return pd.concat([state, sites])


def _size(top: float | None, bottom: float | None) -> float:
    """How large a change is that may be told; 0 where its size may not.

    >>> [_size(*by) for by in ((12.0, 14.0), (-12.0, 0.0), (12.0, None), (None, None))]
    [14.0, 12.0, 0.0, 0.0]
    """
    if pd.isna(bottom):
        return 0.0
    return abs(float(bottom or (0.0 if pd.isna(top) else top)))


def _sentence(numbers: Numbers, row: dict) -> str:
    """One change under the measure's title. `release.changes` tells that of the base where it has changed, else that of the number in it."""
    title, window = numbers.cards.cards[row["measure"]].title, numbers.study.period(row["period"]).words
    what = ""
    if row["in_words"].split()[-1] in ("more", "fewer") and numbers.cards.cards[row["measure"]].unit != "count":
        what = " cases behind it" if row["denominator"] else " of those counted in it"
    return f"{title}, {panels.place_name(numbers, row['site_id'])}, {window}: {row['in_words']}{what}."


def _rest(numbers: Numbers, others: pd.DataFrame) -> list[str]:
    if others.empty:
        return []
    many = "1 other figure has" if len(others) == 1 else f"{len(others):,} other figures have"
    sites = others.loc[others["site_id"].ne(STATEWIDE), "site_id"].nunique()
    place = numbers.study.place
    at = f", at {sites} {place}{'' if sites == 1 else 's'}" if sites else ""
    return [f"{many} changed too{at}."]
