"""The placement brief from episodes alone: where children lived at the call and at discharge. Never an effect."""

from pathlib import Path

import pandas as pd

from analysis.brief import markup
from analysis.brief.markup import Html
from analysis.brief.roi import accruals
from analysis.brief.roi.accruals import Accrual
from analysis.effect.placements import followed_children, placement_bounds, start_by_end
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
        f"Of {markup.number(found['children'])} episodes of children who lived at home and were followed to discharge, between {low} and {high} ended with the "
        f"child in a more restrictive setting. {markup.number(found['lost'])} were lost to follow-up: none of them, or all, may have moved."
    )
    return Html(f'<p class="headline">{markup.escaped(said)}</p>')


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
    """Settings at the call by settings at discharge, small groups added up."""
    if not recorded(accrual):
        return markup.paragraph("Not recorded.")
    followed = _followed(accrual)
    table = start_by_end(followed)
    smallest = disclosure().smallest_shown
    shown = _pooled(table, smallest)
    if shown is None:
        return markup.paragraph("Too few children in each setting to show.")
    words = {**LIVING_SITUATIONS}
    heads = [words.get(column, column) for column in shown]
    lines = [(words.get(row, row), *(markup.number(value) for value in shown.loc[row])) for row in shown.index]
    note = "Rows: where the child lived at the call. Columns: at discharge. Settings with few children are added up, so that nothing is hidden."
    return markup.together(
        markup.table(lines, caption="At the call, and at discharge", headers=["At the call", *heads], numeric=heads),
        Html(f'<p class="note">{note}</p>'),
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
