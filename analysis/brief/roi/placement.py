"""The placement brief from episodes alone: where children lived at the call and at discharge. Never an effect."""

from pathlib import Path

import pandas as pd

from analysis.brief import markup
from analysis.brief.markup import Html
from analysis.brief.roi import accruals
from analysis.brief.roi.accruals import Accrual
from analysis.effect.placements import began_at_home, followed_children, moved_away, moves_by_start, placement_bounds
from analysis.params import ROOT, disclosure
from analysis.tables import LIVING_SITUATIONS

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
        f"restrictive setting. {markup.number(found['lost'])} of them were lost to follow-up: none of those, or all, may have moved."
    )
    home = int(began_at_home(accrual.episodes, as_of=accrual.covers[1]).sum())
    rest = (
        f"{markup.number(home)} episodes began with the child at home; for {markup.number(home - found['children'])} nobody recorded a discharge, so nothing is known "
        "of them and they are not in the range. The last eight weeks are left out: of them only short episodes have ended."
    )
    return markup.together(Html(f'<p class="headline">{markup.escaped(said)}</p>'), markup.paragraph(rest))


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
    note = "Less and more restrictive: in the order parents, kin, foster home, treatment foster home, group home, residential treatment, hospital, detention, run away."
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

    The smallest row joins the next smallest first, since rows matter less than where children went.
    """
    shown = table.copy()
    while ((shown > 0) & (shown < smallest)).any().any():
        if len(shown) > 1:
            shown = _join_smallest(shown)
        elif shown.shape[1] > 2:
            shown = _join_smallest(shown.T).T
        else:
            return None
    return shown


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
