"""Sites that others may learn from: where a figure got better by more than chance. An invitation, never a rank."""

from dataclasses import dataclass

import pandas as pd

from analysis.brief import wording
from analysis.brief.meeting.sources import Meeting
from analysis.brief.numbers import Numbers
from analysis.periods import Period, span
from analysis.quality.comparisons import Change, change

BLOCKS_BEFORE = 4  # the twelve months before the last three


@dataclass(frozen=True)
class Rise:
    """A site's share that got better by more than chance: its last three months beside the months before."""

    site_id: str
    measure: str
    now: pd.Series
    before: pd.Series
    before_period: Period
    change: Change


def rises(numbers: Numbers) -> list[Rise]:
    """Every share of a site that got better by more than chance, by the site's name and the order of the cards."""
    return [each for each in compared(numbers) if _better(numbers, each)]


def compared(numbers: Numbers) -> list[Rise]:
    """Every share of an open site whose last three months can be held against up to twelve before.

    Blocks of three months are what most sites are shown at; a site that is shown more coarsely has none to compare.
    """
    if len(numbers.windows.blocks) < 2 or not numbers.windows.complete:
        return []
    *earlier, last = numbers.windows.blocks
    shares = [name for name, card in numbers.cards.cards.items() if card.unit == "share" and card.better != "neither"]
    found = []
    for site in numbers.pages["site_id"]:
        for measure in (each for each in shares if each not in dict(numbers.off)):
            now = numbers.row(measure, last, site=site)
            before = _added_up(numbers, measure, site, earlier[-BLOCKS_BEFORE:])
            if now is None or before is None:
                continue
            moved = change(now, before, numbers.cards)
            if pd.notna(moved.difference):
                found.append(Rise(site, measure, now, before, span(_first(before), earlier[-1].last), moved))
    return found


def _first(before: pd.Series) -> pd.Period:
    return pd.Period(before["first_on"], "M")


def _added_up(numbers: Numbers, measure: str, site: str, blocks: list[Period]) -> pd.Series | None:
    """The blocks before as one figure; only those shown and measured as the last of them is."""
    rows = [numbers.row(measure, block, site=site) for block in blocks]
    rows = [row for row in rows if row is not None and pd.notna(row["value"])]
    rows = [row for row in rows if row["definition"] == rows[-1]["definition"]]
    if not rows:
        return None
    counted = {name: sum(row[name] for row in rows) for name in ("numerator", "denominator")}
    whole = {**rows[-1].to_dict(), **counted, "first_on": rows[0]["first_on"]}
    return pd.Series({**whole, "value": counted["numerator"] / counted["denominator"]}, dtype=object)


def _better(numbers: Numbers, each: Rise) -> bool:
    return each.change.kind == numbers.cards.cards[each.measure].better


def invitations(meeting: Meeting) -> list[str]:
    """One invitation a rise. Where peers are not named, no figure stands in it: its size would name the site."""
    return [_invitation(meeting, each) for each in rises(meeting.numbers)]


def _invitation(meeting: Meeting, each: Rise) -> str:
    title = meeting.numbers.cards.cards[each.measure].title
    moved = f"{title} is {each.change.kind} than before, by more than chance"
    if not meeting.rules.name_peers:
        return f"At one site: {moved}. The site is asked first. Would it tell us what it tried?"
    months = meeting.numbers.windows.blocks[-1].words
    return (
        f"{meeting.called(each.site_id)}: {moved}. It was {wording.value_words(each.now, 'share')} in {months}. "
        f"It was {wording.value_words(each.before, 'share')} in {each.before_period.words}. Would the team tell us what it tried?"
    )


def false_alarms(numbers: Numbers) -> str:
    """How many of these comparisons chance alone would name: half of those outside the interval are better."""
    many = len(compared(numbers))
    one_in = round(2 / (1 - numbers.cards.change_confidence))
    if not many:
        return "No site has enough months on its page to compare."
    figures = "1 figure was" if many == 1 else f"{many} figures were"
    return f"{figures} compared. If nothing had changed, about 1 in {one_in} would still be named."
