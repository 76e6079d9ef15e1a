"""From all crises to the children compared: who is left out, why and how many; steps are joined until no count is small."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.brief import markup, wording
from analysis.brief.linked.baseline import shown_before
from analysis.brief.linked.flow_drawing import Flow, Part, draw_flow
from analysis.brief.linked.sources import Linked
from analysis.brief.markup import Html
from analysis.brief.small_counts.groups import is_small, join_steps
from analysis.params import Cohort, disclosure
from analysis.tables import ARMS, DIAGNOSIS_FAMILIES

TOO_FEW = "There are too few children in the study to show how they came into it."
COUNTED = ["crises", *ARMS, "neither", "children"]  # what a reader sees of a step, or can subtract


def left_out_words(rules: Cohort) -> dict[str, str]:
    """Rule of the attrition -> why a crisis is left out, in words."""
    first, last = (wording.day_words(pd.Timestamp(day)) for day in (rules.index_from, rules.index_to))
    return {
        "in_the_window": f"Began before {first} or after {last}",
        "first_contact_known": "A team met the child in an emergency department, and no claim shows that visit",
        "linked": "The child is not found in Medicaid’s records",
        "age": f"Younger than {rules.ages.youngest} or older than {rules.ages.oldest}",
        "enrolled": "Not on Medicaid that day, or county not known",
        "enrolled_before": f"On Medicaid for less than {rules.enrolled_before_days} days before",
        "both_routes": f"No team in the county yet, or for less than {rules.live_days} days",
        "not_in_a_stay": "In a hospital or in residential treatment already",
        "washout": f"Another crisis in the {rules.washout_days} days before",
        "first_eligible": "Not the child’s first crisis that meets all of this",
    }


@dataclass(frozen=True)
class Step:
    """One step, or several joined: why crises are left out there, how many (by COUNTED), and how many remain."""

    reasons: tuple[str, ...]
    lost: pd.Series
    remain: pd.Series


def steps(attrition: pd.DataFrame, rules: Cohort, *, smallest: int, counted: Sequence[str] = COUNTED) -> list[Step]:
    """The steps as they may be shown; none where even all of them together have a small count, or too few children remain.

    Takes ATTRITION. Steps are joined with the next ones until crises, those of each arm, those of neither and the children left out (what
    `counted` names of them) are each none or at least `smallest`. So nothing is hidden that a total less the others would tell.
    """
    counted = list(counted)
    taken = attrition[~attrition["marked_only"].astype(bool)].reset_index(drop=True)
    taken = taken.assign(neither=taken["crises"] - taken[list(ARMS)].sum(axis=1))
    if taken.empty or is_small(taken[counted].iloc[[0, -1]], smallest).any().any():
        return []
    lost = -taken[counted].diff().iloc[1:]
    words = left_out_words(rules)
    joined = []
    for positions in join_steps(lost, smallest=smallest):
        rows = lost.iloc[positions]
        reasons = tuple(words.get(taken["rule"][at], taken["why"][at]) for at in rows.index if lost.loc[at, "crises"])
        if reasons:
            joined.append(Step(reasons, rows.sum().astype(int), taken.loc[rows.index[-1], counted].astype(int)))
    return joined


def in_band(linked: Linked) -> dict[str, tuple[int, int]] | None:
    """By arm, children whose kind of crisis both groups have, and the others; none where one of the counts is small.

    Nor where kinds of both sorts are added up in one line of Table 1 and the part of it on one side is small: less the lines above it, these
    counts would tell that part.
    """
    children, smallest = linked.tables.children, disclosure().smallest_shown
    inside = children["in_common_band"].astype(bool)
    kinds = next(each for each in shown_before(linked) if each.what.name == "diagnosis_family")
    line = (
        children["diagnosis_family"]
        .map(DIAGNOSIS_FAMILIES)
        .map({name: names for names in kinds.groups for name in names})
    )
    cells = pd.crosstab([line.map(str), children["arm"]], inside)
    counts = {
        arm: (int((inside & own).sum()), int((~inside & own).sum()))
        for arm in ARMS
        for own in [children["arm"].eq(arm)]
    }
    small = is_small(cells, smallest).any().any() or is_small(pd.Series(sum(counts.values(), ())), smallest).any()
    return None if small else counts


def steps_by_arm(linked: Linked) -> list[Step]:
    """The steps as they may be shown with the counts of each arm; none where a small one stays whatever is joined."""
    return steps(linked.tables.attrition, linked.study.cohort, smallest=disclosure().smallest_shown)


def shown_steps(linked: Linked) -> list[Step]:
    """The steps as the page shows them: those with the arms, else without; none where the arms themselves are too small."""
    smallest = disclosure().smallest_shown
    if min(linked.sizes.values()) < smallest:
        return []
    totals = ("crises", "children")
    return steps_by_arm(linked) or steps(
        linked.tables.attrition, linked.study.cohort, smallest=smallest, counted=totals
    )


def may_show(linked: Linked) -> bool:
    """True where the study has tables and its sizes may be shown."""
    return linked.tables is not None and bool(shown_steps(linked))


def start(linked: Linked) -> pd.Series:
    """Crises and children before anything is left out."""
    return linked.tables.attrition.iloc[0]


def diagram(linked: Linked) -> Html:
    """The flow diagram, or a sentence."""
    if linked.tables is None:
        return Html("")
    shown = shown_steps(linked)
    if not shown:
        return markup.paragraph(TOO_FEW)
    drawing = draw_flow(_flow(linked, shown))
    note = "Each crisis is left out at the first reason that holds."
    if any(len(step.reasons) > 1 for step in shown):
        note += " Two reasons stand together where one alone would show a small count."
    caption = f"From {markup.number(start(linked)['crises'])} crises to {markup.number(shown[-1].remain['children'])} children"
    return markup.figure(drawing.svg, alt=drawing.alt, caption=caption, note=note, name="flow")


def _flow(linked: Linked, shown: list[Step]) -> Flow:
    band = in_band(linked)
    sizes = linked.sizes
    arms = (
        Part(sizes["mobile_first"], "children with a team as the first response"),
        Part(sizes["ed_first"], "children with an emergency department as the first"),
    )
    alike = tuple(
        Part(band[arm][0], "of them with a kind of crisis that both groups have") for arm in ARMS
    ) if band else ()  # fmt: skip
    begin = start(linked)
    return Flow(
        begin=Part(int(begin["crises"]), f"crises on record, of {markup.number(begin['children'])} children"),
        left_out=tuple(Part(int(step.lost["crises"]), _or(step.reasons)) for step in shown),
        end=Part(int(shown[-1].remain["children"]), "children in the study, one crisis each"),
        arms=arms,
        alike=alike,
    )


def _or(reasons: tuple[str, ...]) -> str:
    """Reasons that are counted together.

    >>> _or(("Too young", "Not on Medicaid that day"))
    'Too young; or not on Medicaid that day'
    """
    first, *rest = reasons
    return "; or ".join([first, *(f"{words[0].lower()}{words[1:]}" for words in rest)])


def by_arm(linked: Linked) -> Html:
    """Every step with the counts of each arm, as a table."""
    shown = steps_by_arm(linked) if may_show(linked) else []
    if not shown:
        return Html("")
    begin = start(linked)
    neither = int(begin["crises"] - begin[list(ARMS)].sum())
    rows = [
        ("All crises on record", "", *(markup.number(begin[arm]) for arm in ARMS), markup.number(neither), markup.number(begin["crises"]),
         markup.number(begin["children"]))
    ]  # fmt: skip
    for step in shown:
        remain = (markup.number(step.remain[name]) for name in (*ARMS, "neither", "crises", "children"))
        rows.append((_or(step.reasons), markup.number(step.lost["crises"]), *remain))
    heads = ["Left out", "A team first", "ED first", "Not known", "Crises that remain", "Children"]
    return markup.table(
        rows,
        caption="Crises left out at each step, and those that remain, by who came first",
        headers=["Why left out", *heads],
        numeric=heads,
    )
