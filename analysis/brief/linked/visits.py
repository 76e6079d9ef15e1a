"""Emergency department visits under each of the four definitions: all children with claims, both groups and everybody else together."""

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.linked.sources import Linked
from analysis.brief.markup import Html
from analysis.brief.small_counts.groups import is_small
from analysis.params import disclosure

TIERS = {
    "a": "A: the main diagnosis is a mental illness",
    "b": "B: A, or the main diagnosis is substance use",
    "c": "C: B, or suicidal thoughts or self-harm anywhere on the claim",
    "d": "D: any of these anywhere on the claim",
}
ANY = "Any emergency visit"


def counted(visits: pd.DataFrame) -> pd.DataFrame:
    """One row per definition, the widest last: visits, children. Each holds all visits of the one before it."""
    rows = {tier: visits[visits[f"tier_{tier}"]] for tier in TIERS} | {ANY: visits}
    return pd.DataFrame(
        {tier: {"visits": len(those), "children": those["child_id"].nunique()} for tier, those in rows.items()}
    ).T


def hidden_tiers(counts: pd.DataFrame, smallest: int) -> set[str]:
    """The definitions that may not be shown: a small count, or a small count between it and the next wider one that is shown."""
    hidden, wider = set(), None
    for tier in reversed(counts.index):
        if is_small(counts.loc[tier], smallest).any() or (
            wider and is_small(counts.loc[wider] - counts.loc[tier], smallest).any()
        ):
            hidden.add(tier)
        else:
            wider = tier
    return hidden


def in_days(linked: Linked) -> pd.DataFrame:
    """The visits that began in the study's days: from the first index day to the last day of whole claims."""
    rules = linked.study.cohort
    return linked.tables.visits[
        linked.tables.visits["from_on"].between(pd.Timestamp(rules.index_from), pd.Timestamp(rules.data_cut))
    ]


def by_definition(linked: Linked) -> Html:
    """Visits and children under each definition, with the one that the study uses."""
    if linked.tables is None:
        return Html("")
    rules, rule = linked.study.cohort, disclosure()
    counts = counted(in_days(linked))
    hidden = hidden_tiers(counts, rule.smallest_shown)
    rows = [
        (
            f"{TIERS.get(tier, tier)}{' (used here)' if tier == rules.ed_tier else ''}",
            *(rule.mark if tier in hidden else markup.number(row[name]) for name in ("visits", "children")),
        )
        for tier, row in counts.iterrows()
    ]
    span = " to ".join(wording.day_words(pd.Timestamp(day)) for day in (rules.index_from, rules.data_cut))
    table = markup.table(
        rows,
        caption=f"Emergency department visits of all children with claims, {span}",
        headers=["What counts as a behavioral-health visit", "Visits", "Children"],
        numeric=["Visits", "Children"],
    )
    note = f'<p class="note">{markup.escaped(panels.hidden_note())}</p>' if hidden else ""
    return markup.together(_choice(counts, hidden, rules.ed_tier), table, Html(note), _what_followed(linked, hidden))


def _choice(counts: pd.DataFrame, hidden: set[str], used: str) -> Html:
    """How much the choice of the definition moves the number of visits."""
    narrow, *_, wide = TIERS
    n = counts.loc[used, "visits"]
    if {narrow, wide, used} & hidden or not n:
        return Html("")
    less, more = (n - counts.loc[narrow, "visits"]) / n, (counts.loc[wide, "visits"] - n) / n
    return markup.paragraph(
        f"The study uses definition {used.upper()}. The narrowest counts {markup.number(less * 100)}% fewer visits, the widest "
        f"{markup.number(more * 100)}% more."
    )


def _what_followed(linked: Linked, hidden: set[str]) -> Html:
    """Of the visits that count here, those that became a stay and those with nights of waiting."""
    rules = linked.study.cohort
    visits = in_days(linked)
    visits = visits[visits[f"tier_{rules.ed_tier}"]]
    parts = pd.Series(
        {"stay": int(visits["becomes_stay"].sum()), "waited": int(visits["midnights_boarded"].gt(0).sum())}
    )
    cells = pd.concat([parts, len(visits) - parts])
    if rules.ed_tier in hidden or not len(visits) or is_small(cells, disclosure().smallest_shown).any():
        return Html("")
    n = len(visits)
    return markup.paragraph(
        f"Of the {markup.number(n)} visits that count here, {markup.number(parts['stay'])} ({markup.percent(parts['stay'] / n, n)}) became a hospital stay. "
        f"In {markup.number(parts['waited'])} ({markup.percent(parts['waited'] / n, n)}) the child waited for {rules.boarding_midnights} midnights or more."
    )
