"""What to ask about a column that is missing more at some sites, or since some month, in words."""

import pandas as pd

from analysis.brief import markup, wording
from analysis.brief.small_counts.groups import is_small
from analysis.quality.unfilled import Change, Unfilled
from analysis.tables import EPISODES


def words(found: Unfilled, names: dict[str, str], *, place: str, smallest: int) -> list[str]:
    """One sentence or two for each cause that was found: sites that never fill the column, a change, else what is uneven.

    `names` are the sites' names by id, empty where sites may not be named to each other; `place` is the study's word for a site. The share
    elsewhere is left out where it would tell that a few episodes of the named sites have the value (fewer than `smallest`).
    """
    what = f"{EPISODES.column(found.column).means} ({found.column})"
    said = []
    if found.never:
        said.append(f"{what} {_never(found, names, place, smallest)}")
    if found.change:
        said.append(f"{what} {_changed(found.change, but=bool(found.never), place=place)}")
    elif found.by_month:
        where = f" at the other {place}s" if found.never else ""
        cause = (
            f"It differs between {place}s. Which of them ask?"
            if found.by_site
            else f"It goes up and down at the same {place}s. What happened then?"
        )
        said.append(f"{what} is missing more in some months than in others{where}, without a lasting change. {cause}")
    return said


def _never(found: Unfilled, names: dict[str, str], place: str, smallest: int) -> str:
    missing, rows = found.elsewhere
    one = len(found.never) == 1
    who = (
        wording.and_list(sorted(names[site] for site in found.never))
        if names
        else f"{markup.number(len(found.never))} {place}{'' if one else 's'}"
    )
    often = "never" if not found.filled_there else "hardly ever"
    told = not is_small(pd.Series([found.filled_there, missing]), smallest).any()
    beside = f"; elsewhere it is missing in {markup.percent(missing / rows, rows)}" if told else ""
    return (
        f"is {often} filled at {who}{beside}. Any figure of all {place}s that rests on it moves with their part of the episodes. "
        f"Does {'its' if one else 'their'} form ask for it?"
    )


def _changed(change: Change, *, but: bool, place: str) -> str:
    def span(first: pd.Period, last: pd.Period) -> str:
        return f"{first.strftime('%B %Y')} to {last.strftime('%B %Y')}"

    before = markup.percent(change.before, change.rows_before)
    after = markup.percent(change.after, change.rows_after)
    others = f" at the other {place}s" if but else ""
    return (
        f"was missing in {before} from {span(change.first, change.month - 1)} and in {after} from {span(change.month, change.last)}{others}, each "
        f"{place} weighted alike in both. Any figure that rests on it would show that as a change. Did the form or the habit change in "
        f"{change.month.strftime('%B %Y')}?"
    )
