"""The placement brief from episodes alone: where children lived at the call and at discharge. Never an effect."""

from pathlib import Path

import pandas as pd

from analysis.brief import markup
from analysis.brief.markup import Html
from analysis.brief.roi import accruals
from analysis.brief.roi.accruals import Accrual
from analysis.effect.placements import (
    followed_children,
    moved_away,
    moves_by_start,
    not_followed,
    placement_bounds,
)
from analysis.params import ROOT, disclosure
from analysis.tables import LIVING_SITUATIONS

MORE = "more restrictive"
STAYED_HOME = Path("params") / "stayed_home.csv"
NO_RECORD = (
    "These records can’t speak to placement: nobody wrote down where children lived at the call and at discharge."
)


def open_placement(study: str, period: str) -> Accrual:
    """The episodes of the brief."""
    return accruals.open_accrual(study, period)


def title(accrual: Accrual) -> Html:
    """The page's heading."""
    return accruals.title(accrual, "Where children lived, at the call and at discharge")


def _followed(accrual: Accrual) -> pd.DataFrame:
    return followed_children(accrual.episodes, as_of=accrual.covers[1])


def recorded(accrual: Accrual) -> bool:
    """True where the study has a setting at the call and at discharge for at least one episode."""
    return bool(
        accrual.episodes["living_at_start"].notna().any() and accrual.episodes["living_at_discharge"].notna().any()
    )


def headline(accrual: Accrual) -> Html:
    """One sentence: the range of the part that moved to a more restrictive setting, and that it is no effect."""
    if not recorded(accrual):
        return Html(f'<p class="headline">{NO_RECORD}</p>')
    found = placement_bounds(_followed(accrual))
    if not _may_show(found):
        return Html('<p class="headline">Too few children to show.</p>')
    low, high = (markup.percent(found[name], found["children"]) for name in ("best", "worst"))
    said = (
        f"Of {markup.number(found['children'])} closed episodes of children who lived at home, between {low} and {high} ended with the child in a more "
        f"restrictive setting. Of {markup.number(found['lost'])} nobody knows (lost to follow-up, or in a setting without a name): none of those, or all, may have moved."
    )
    return markup.together(
        Html(f'<p class="headline">{markup.escaped(said)}</p>'),
        markup.paragraph(_not_closed(accrual, found["children"])),
    )


def _not_closed(accrual: Accrual, closed: int) -> str:
    """Who is not among the closed episodes, and why; numbers that are small, or would give a small one, are left out."""
    parts = not_followed(accrual.episodes, as_of=accrual.covers[1])
    never, open_, smallest = parts["never"], parts["open_"], disclosure().smallest_shown
    left = never + open_
    who = "Closed episodes are those of children who took up stabilization and left it."
    out = "They are not in the range. The last eight weeks are left out: of them only short episodes have ended."
    begun = f"{markup.number(closed + left)} episodes began with the child at home"
    if 0 < left < smallest:
        return f"{who} The few that never took it up, or are still open, have no discharge. {out}"
    if not left:
        return f"{who} {begun}, and all are closed. The last eight weeks are left out: of them only short episodes have ended."
    if accrual.episodes["enrolled_on"].isna().all():
        return f"{who} {begun}; {markup.number(left)} have no discharge on record, and nobody wrote down who took up stabilization. {out}"
    if 0 < never < smallest or 0 < open_ < smallest:
        return f"{who} {begun}; {markup.number(left)} never took it up or are still open, so there is no discharge to record. {out}"
    said = [f"{markup.number(never)} never took up stabilization, so there was no discharge to record"] if never else []
    said += [f"{markup.number(open_)} are still open"] if open_ else []
    return f"{who} {begun}; {', and '.join(said)}. {out}"


def _may_show(found: dict) -> bool:
    smallest = disclosure().smallest_shown
    counts = (found["moved"], found["lost"], found["children"] - found["moved"] - found["lost"])
    return found["children"] >= smallest and not any(0 < count < smallest for count in counts)


def grade_line(accrual: Accrual) -> Html:
    """The grade and the sentence why."""
    reason = NO_RECORD if not recorded(accrual) else (
        "Nobody knows where these children would have lived without the service. Most children in a crisis stay where they are, with or without it."
    )  # fmt: skip
    return Html(f"<p><strong>How sure: {markup.escaped(accruals.CANNOT_TELL)}.</strong> {markup.escaped(reason)}</p>")


def settings(accrual: Accrual) -> Html:
    """What became of children by where they lived at the call, and where those who moved went; small groups added up."""
    if not recorded(accrual):
        return markup.paragraph("Not recorded.")
    followed = _followed(accrual)
    shown = _pooled(moves_by_start(followed), disclosure().smallest_shown)
    if shown is None:
        return markup.paragraph("Too few children in each setting to show.")
    heads = list(shown.columns)
    lines = [
        (LIVING_SITUATIONS.get(row, row), *(markup.number(value) for value in shown.loc[row])) for row in shown.index
    ]
    note = "Less and more restrictive: in the order parents, kin, foster home, treatment foster home, group home, residential treatment, hospital, detention, run away. A setting that is recorded as “other” has no place in that order, so it stands with those of whom nobody knows."
    return markup.together(
        markup.table(
            lines,
            caption="At discharge, by where the child lived at the call",
            headers=["At the call", *heads],
            numeric=heads,
        ),
        Html(f'<p class="note">{note}</p>'),
        _where_to(followed),
    )


def _where_to(followed: pd.DataFrame) -> Html:
    """Where those in a more restrictive setting lived, settings with few children added up."""
    moved = followed[moved_away(followed).fillna(False).astype(bool)]
    counts = moved["end"].value_counts().reindex([name for name in LIVING_SITUATIONS if name in set(moved["end"])])
    smallest = disclosure().smallest_shown
    few = counts[counts < smallest]
    big = counts.drop(few.index)
    while len(few) and few.sum() < smallest and len(big):
        few = pd.concat([few, big.loc[[big.idxmin()]]])
        big = big.drop(big.idxmin())
    if few.sum() and few.sum() < smallest:
        return markup.paragraph("Too few moved to show where they went.")
    lines = [(LIVING_SITUATIONS[name], markup.number(count)) for name, count in big.items()]
    if len(few):
        lines.append(
            (
                " or ".join(LIVING_SITUATIONS[name] for name in LIVING_SITUATIONS if name in few.index),
                markup.number(few.sum()),
            )
        )
    return markup.table(
        lines,
        caption="Those in a more restrictive setting at discharge",
        headers=["Setting", "Episodes"],
        numeric=["Episodes"],
    )


def _pooled(table: pd.DataFrame, smallest: int) -> pd.DataFrame | None:
    """The table with rows, then columns, added up until no cell is small; None where nothing is left to add up.

    The smallest row joins the next smallest first, since rows matter less than where children went. Of the columns, those who moved
    to a more restrictive setting are never added up with others: the headline and the next table tell their number.

    >>> _pooled(pd.DataFrame([[125, 2, 14, 14]], index=["family"], columns=["stayed", "less restrictive", MORE, "lost"]), 11).to_dict("records")
    [{'stayed or less restrictive': 127, 'more restrictive': 14, 'lost': 14}]
    """
    shown = table.copy()
    while ((shown > 0) & (shown < smallest)).any().any():
        if len(shown) > 1:
            shown = _join_smallest(shown)
        elif shown.shape[1] > 2:
            shown = _join_but(shown, MORE)
        else:
            return None
    return shown


def _join_but(table: pd.DataFrame, kept: str) -> pd.DataFrame:
    """The first two columns but the kept one as one: less restrictive with stayed, then with those of whom nobody knows."""
    first, second = [name for name in table.columns if name != kept][:2]
    joined = table.assign(**{first: table[first] + table[second]}).drop(columns=second)
    return joined.rename(columns={first: f"{first} or {second}"})


def _join_smallest(table: pd.DataFrame) -> pd.DataFrame:
    order = table.sum(axis=1).sort_values(kind="stable").index[:2]
    joined = (
        table.loc[order]
        .sum()
        .to_frame(" or ".join(LIVING_SITUATIONS.get(name, name) for name in table.index if name in order))
        .T
    )
    return pd.concat([table.drop(index=order), joined])


def published(accrual: Accrual) -> Html:
    """Published "stayed home" figures, and why none of them is an effect."""
    rows = pd.read_csv(ROOT / STAYED_HOME)
    lines = [
        (
            row.program,
            row.figure,
            row.why_no_effect,
            Html(f'<a href="{markup.escaped(row.source_link)}">{markup.escaped(row.source_title)}</a>'),
        )
        for row in rows.itertuples()
    ]
    return markup.table(
        lines,
        caption="Published figures, and why none of them is an effect",
        headers=["Program", "It says", "Why that is no effect", "Source"],
    )
