"""How long the children of each group are watched, and why no longer. What became of them meanwhile is not looked at here."""

import math

import pandas as pd

from analysis.brief import markup
from analysis.brief.linked import flow
from analysis.brief.linked.sources import ARM_WORDS, Linked
from analysis.brief.markup import Html
from analysis.brief.small_counts.groups import add_up_small, is_small
from analysis.effect.watching import typical_watch, watched_for, why_ended
from analysis.params import disclosure
from analysis.tables import ARMS, FOLLOW_UP_ENDS

HORIZONS = {30: "1 month", 180: "6 months", 365: "12 months"}
DAYS_A_MONTH = 365.25 / 12


def horizons(linked: Linked) -> dict[int, str]:
    """The day counts that the brief shows, with the study's own horizon, and their words."""
    last = linked.study.cohort.horizon_days
    return {
        **{days: words for days, words in HORIZONS.items() if days < last},
        last: f"{round(last / DAYS_A_MONTH)} months",
    }


def shown_horizons(counted: pd.DataFrame, ended: pd.Series, smallest: int) -> pd.DataFrame:
    """The day counts that may be shown: one row per day count, columns (arm, could) and (arm, were).

    Takes what `watched_for` gives, and by arm how many ended for another reason than the end of the records, which the next table tells. Of
    each arm those who were and those who were not are no small count. Nor is what lies between two rows, of those who could and of those who
    were, since a longer row holds some children of a shorter one; nor are those who ended later than the row. The first row that
    breaks this is left out, until none does.
    """
    wide = counted.set_index(["days", "arm"]).unstack("arm")  # noqa: PD010
    while len(wide):
        were, could = wide["were"], wide["could"]
        small = (is_small(were, smallest) | is_small(could - were, smallest)).any(axis=1)
        small |= is_small(ended - (could - were), smallest).any(axis=1)
        for part in (were, could):
            small |= is_small(part.diff().abs().fillna(0), smallest).any(axis=1)
        if not small.any():
            return wide
        wide = wide.drop(index=small.idxmax())
    return wide


def how_long(linked: Linked) -> Html:
    """How many of those who could be watched for so long were, by group."""
    if not flow.may_show(linked):
        return Html("")
    children, cut = linked.tables.children, pd.Timestamp(linked.study.cohort.data_cut)
    words = horizons(linked)
    ended = why_ended(children).drop(index="data_cut").sum()
    shown = shown_horizons(watched_for(children, list(words), data_cut=cut), ended, disclosure().smallest_shown)
    rows = [
        (f"{words[days]} ({days} days)", *(_of(row["were", arm], row["could", arm]) for arm in ARMS))
        for days, row in shown.iterrows()
    ]
    heads = list(ARM_WORDS.values())
    table = markup.table(
        rows,
        caption="Children still watched, of those whose crisis was early enough",
        headers=["For at least", *heads],
        numeric=heads,
    )
    left = "" if len(rows) == len(words) else " A line that would show a small count is left out."
    note = (
        f"Watched: alive, on Medicaid, not yet {linked.study.cohort.watched_until_age}, and within whole records.{left}"
    )
    return markup.together(_typical(linked), table, Html(f'<p class="note">{markup.escaped(note)}</p>'))


def _of(were: float, could: float) -> str:
    return f"{markup.x_of_n(int(were), int(could))} ({markup.percent(were / could, could)})" if could else "none yet"


def _typical(linked: Linked) -> Html:
    """One sentence: half were watched at least so long."""
    children = linked.tables.children
    spans = [typical_watch(children[children["arm"].eq(arm)]) for arm in ARMS]
    if any(math.isinf(span) for span in spans):
        return Html("")
    team, ed = (markup.number(span / DAYS_A_MONTH) for span in spans)
    months = f"{team} months" if team == ed else f"{team} and {ed} months"
    return markup.paragraph(f"Half of the children of each group are watched for at least {months}.")


def why_no_longer(linked: Linked) -> Html:
    """Why watching ended, by group; reasons with few children added up."""
    if not flow.may_show(linked):
        return Html("")
    groups = add_up_small(why_ended(linked.tables.children), smallest=disclosure().smallest_shown)
    if not groups:
        return markup.paragraph("Too few children to show why watching ended.")
    sizes = linked.sizes
    rows = [
        (
            _reasons(names),
            *(f"{markup.number(row[arm])} ({markup.percent(row[arm] / sizes[arm], sizes[arm])})" for arm in ARMS),
        )
        for names, row in sorted(groups, key=lambda group: -int(group[1].sum()))
    ]
    heads = [f"{ARM_WORDS[arm]} ({markup.number(sizes[arm])})" for arm in ARMS]
    return markup.table(rows, caption="Why children are no longer watched", headers=["Reason", *heads], numeric=heads)


def _reasons(names: tuple[str, ...]) -> str:
    """The reasons of one line.

    >>> _reasons(("death", "age"))
    'Died, or turned 21'
    """
    words = ", or ".join(FOLLOW_UP_ENDS[name] for name in names)
    return f"{words[0].upper()}{words[1:]}"
