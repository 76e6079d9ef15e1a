"""Causes and steps in the words of the page, and the steps of the library of actions that fit them."""

import pandas as pd

from analysis.quality.gap.account import WHOLE
from analysis.tables import REFERRAL_SOURCES

PATH_WORDS = {
    "contacts": "People call",
    "recommended": "A visit is agreed on",
    "dispatched": "A team is sent",
    "arrived": "The team arrives",
    "met": "The team meets the child",
    "stabilization": "The family goes on with help for some weeks",
    "linked": "The first appointment elsewhere is kept",
}
# Where families are lost, by the cause of the account (analysis.quality.gap.account).
LOST_WORDS = {
    "hours": "Calls in hours when the site's own team does not go out",
    "recommended": "Calls that end on the phone",
    "dispatched": "Visits agreed on to which no team is sent",
    "arrived": "Teams sent that do not arrive",
    "met": "Visits at which the child is not met",
}
LIBRARY_STEPS = {
    "hours": ("hours_of_cover",),
    "recommended": ("kept_on_phone",),
    "dispatched": ("dispatched",),
    "arrived": ("arrived", "distance"),
    "met": ("opened",),
}
MOST_LEADING = 3
SURE_OF_THE_CAUSE = (
    0.8  # of the draws; from here on the cause named is the true one nearly always (docs/calibration.md)
)
MOST_OF_THE_GAP = 0.8  # the leading causes together make up this part of it, or there are three of them


def asked_words(source: str) -> str:
    """Crises of one kind of caller, in words.

    >>> asked_words("school"), asked_words("family")
    ('Crises for which the call comes from: school', 'Crises for which the call comes from: self or family')
    """
    return (
        f"Crises for which the call comes from: {REFERRAL_SOURCES.get(source, 'callers whose kind nobody wrote down')}"
    )


def lost_words(cause: str) -> str:
    """What families are lost to, in words.

    >>> lost_words("asks:school"), lost_words("hours")
    ('Too few calls from: school', "Calls in hours when the site's own team does not go out")
    """
    if cause.startswith("asks:"):
        code = cause.removeprefix("asks:")
        return f"Too few calls from: {REFERRAL_SOURCES.get(code, 'callers whose kind nobody wrote down')}"
    return LOST_WORDS[cause]


def library_steps(cause: str) -> tuple[str, ...]:
    """The steps of params/actions.yml on which an action would have to act.

    >>> library_steps("asks:school"), library_steps("recommended"), library_steps("asks:not_known")
    (('referral_school',), ('kept_on_phone',), ('records',))
    """
    if cause.startswith("asks:"):
        code = cause.removeprefix("asks:")
        return (f"referral_{code}",) if code in REFERRAL_SOURCES else ("records",)
    return LIBRARY_STEPS[cause]


def worth_saying(lead: pd.DataFrame) -> pd.DataFrame:
    """The leading causes that make up half a family a month or more: less would read as none.

    >>> worth_saying(pd.DataFrame({"cause": ["asks:school", "asks:911"], "a_month": [5.7, 0.3]}))["cause"].tolist()
    ['asks:school']
    """
    return lead[lead["a_month"].ge(0.5)]


def leading(account: pd.DataFrame) -> pd.DataFrame:
    """The two or three causes that make up most of the gap, largest first; none where nothing is missing beyond chance.

    Takes an account of the gap. A cause belongs where its range lies above zero. Where the largest leads in fewer than 8 of 10 draws
    none is named: then the gap is spread, and the largest of them is a guess.
    """
    parts = account[account["cause"].ne(WHOLE)]
    if parts.empty or parts["leads"].iloc[0] < SURE_OF_THE_CAUSE:
        return parts.head(0)
    parts = parts[parts["low"].gt(0) & parts["a_month"].gt(0)].head(MOST_LEADING)
    if parts.empty:
        return parts
    whole = account.loc[account["cause"].eq(WHOLE), "a_month"].iloc[0]
    enough = parts["a_month"].cumsum().shift(fill_value=0.0).lt(MOST_OF_THE_GAP * whole)
    return parts[enough]
