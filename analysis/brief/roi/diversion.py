"""Page one of the ED-diversion brief: bounds on the visits at the crisis itself, what they rest on, what would narrow them."""

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.markup import Html
from analysis.brief.roi import accruals, told
from analysis.brief.roi.accruals import Accrual
from analysis.effect.index_crisis import TOTAL, bound_diversion, count_index_crises, part_bounds, pool_small
from analysis.params import disclosure
from analysis.tables import EFFECTS_TABLE

PART_WORDS = {
    "already_in_ed": "had begun in an ED: the visit had happened",
    "no_contact": "met nobody, or nobody came: nothing was replaced",
    "said_ed": "said: gone to an emergency department",
    "said_other": "said something else",
    "not_asked": "were not asked, or no answer was written down",
}
ASKING = "Asking every caller what they would have done, and writing it down"
CLAIMS = "Medicaid claims, which show who had an ED visit, before and after, here and in a comparison group"
BLANK_ENDINGS = "How each visit ended, for the crises where that is blank"
HOSPITALS = "Hospital records, which show whether an admission came through an ED"
WOULD_TELL = {
    "said_ed": CLAIMS, "said_other": CLAIMS, "not_asked": ASKING, "ended_ed": BLANK_ENDINGS, "ended_inpatient": HOSPITALS, "ended_unknown": BLANK_ENDINGS,
    "ended_elsewhere": BLANK_ENDINGS,
}  # fmt: skip


def open_diversion(study: str, period: str) -> Accrual:
    """The episodes of the brief."""
    return accruals.open_accrual(study, period)


def title(accrual: Accrual) -> Html:
    """The page's heading."""
    return accruals.title(accrual, "Emergency department visits at the crisis itself")


def headline(accrual: Accrual) -> Html:
    """One sentence: the range of the difference and its grade."""
    found = told.tell(accrual)
    if found.withheld:
        return Html(f'<p class="headline">{markup.escaped(found.withheld)}</p>')
    row, open_to = found.row, found.open_to_change
    said = (
        f"Of {markup.number(open_to)} crises in which a team may have made a difference, {_range(row, 'would')} would have had an emergency "
        f"department visit without the service, and {_range(row, 'were')} had one. {_difference_words(row)}"
    )
    rest = row["episodes"] - open_to
    unrecorded = told.unrecorded(accrual)
    blank = (
        f" Of the {markup.number(open_to)}, {markup.number(unrecorded)} have no record of whether anyone was met."
        if unrecorded
        else ""
    )
    left = (
        f"{markup.number(row['episodes'])} crises are on record; {markup.number(rest)} had begun in an emergency department or met nobody, and stand on "
        f"neither side.{blank}"
    )
    return markup.together(Html(f'<p class="headline">{markup.escaped(said)}</p>'), markup.paragraph(left))


def _range(row: pd.Series, stem: str) -> str:
    low, high = markup.number(row[f"{stem}_low"]), markup.number(row[f"{stem}_high"])
    return low if low == high else f"between {low} and {high}"


def _difference_words(row: pd.Series) -> str:
    """The difference as a sentence; across zero it is no finding in either direction.

    >>> _difference_words(pd.Series({"fewer_low": -20.0, "fewer_high": 300.0}))
    'These records can’t tell whether there were fewer visits or more: the difference lies between 20 more and 300 fewer.'
    >>> _difference_words(pd.Series({"fewer_low": 12.0, "fewer_high": 300.0}))
    'If the callers’ answers can be taken within the range below, there were between 12 and 300 fewer visits.'
    """
    low, high = row["fewer_low"], row["fewer_high"]
    if low <= 0 <= high:
        least = f"{markup.number(-low)} more" if low < 0 else "none"
        return f"These records can’t tell whether there were fewer visits or more: the difference lies between {least} and {markup.number(high)} fewer."
    word = "fewer" if low > 0 else "more"
    ends = sorted((abs(low), abs(high)))
    return (
        f"If the callers’ answers can be taken within the range below, there were between {markup.number(ends[0])} and "
        f"{markup.number(ends[1])} {word} visits."
    )


def grade_line(accrual: Accrual) -> Html:
    """The grade and the sentence why."""
    row = told.tell(accrual).row
    grade = accruals.grade(row["fewer_low"], row["fewer_high"])
    return Html(f"<p><strong>How sure: {markup.escaped(grade)}.</strong> {markup.escaped(why(accrual))}</p>")


def why(accrual: Accrual) -> str:
    """Why the grade is no better: what is not known, in numbers."""
    found = told.tell(accrual)
    if found.withheld:
        return found.withheld
    open_to = found.open_to_change
    if not open_to:
        return "No crisis was open to change: all had begun in an ED or met nobody."
    if found.joined.of("not_asked") != ("not_asked",):
        return "It rests on what callers said they would have done, which nobody has checked, and on nothing at all for those who were not asked."
    not_asked = found.count(("not_asked",))
    if not_asked == open_to:
        return (
            "Nobody wrote down what callers would have done without the service, so anything from none to all of "
            f"{markup.number(open_to)} crises could have gone to an ED."
        )
    return (
        f"It rests on what {markup.number(open_to - not_asked)} of {markup.number(open_to)} callers said they would have done, which nobody has checked, "
        f"and on nothing at all for the other {markup.number(not_asked)}."
    )


def rests_on(accrual: Accrual) -> Html:
    """The parts of the crises, and the bounds taken for each, with their source; small parts together with others."""
    found, rules = told.tell(accrual), accrual.rules
    if found.withheld:
        return markup.paragraph(found.withheld)
    ends = part_bounds(rules)
    sources = {
        "said_ed": rules.said_emergency_department.source,
        "said_other": rules.said_something_else.source,
        "not_asked": rules.not_asked.source,
    }
    lines = []
    for block in (*found.joined.outside, *found.joined.answers):
        taken = [ends[part] for part in block if part in ends]
        low, high = min((low for low, _ in taken), default=0), max((high for _, high in taken), default=0)
        bounds = f"{markup.percent(low, 1)} to {markup.percent(high, 1)}" if taken else "stands on neither side"
        source = " ".join(sources[part] for part in block if part in sources)
        lines.append(
            (told.listed([PART_WORDS[part] for part in block]), markup.number(found.count(block)), bounds, source)
        )
    table = markup.table(
        lines,
        caption=f"What the range rests on, {markup.number(found.row['episodes'])} crises",
        headers=["Callers who", "Crises", "Would have had a visit", "On what ground"],
        numeric=["Crises"],
    )
    return markup.together(table, _ended(found))


def _ended(found: told.Told) -> Html:
    """How the crises ended that the range of visits is made of, said as far as it is told apart."""
    words = {
        "ended_ed": "ended in an emergency department", "ended_inpatient": "were admitted to a hospital (perhaps through one)",
        "ended_unknown": "have no ending on record", "ended_elsewhere": "ended elsewhere",
    }  # fmt: skip
    said = [
        f"{markup.number(found.count(block))} {told.listed([words[part] for part in block])}"
        for block in found.joined.endings
        if found.count(block)
    ]
    if not said:
        return Html("")
    note = f"Of the {markup.number(found.open_to_change)} crises in which a team may have made a difference: {'; '.join(said)}."
    small = any(len(block) > 1 for block in found.joined.blocks)
    joined = " Where a number would be small it is told together with another." if small else ""
    return Html(f'<p class="note">{markup.escaped(note + joined)}</p>')


def what_narrows(accrual: Accrual) -> Html:
    """What would narrow the range most; parts that are told together are narrowed together."""
    found = told.tell(accrual)
    if found.withheld:
        return markup.paragraph(found.withheld)
    ends = part_bounds(accrual.rules)
    parts: dict[str, float] = {}
    for block in (*found.joined.answers, *found.joined.endings):
        width = max(ends[part][1] for part in block) - min(ends[part][0] for part in block)
        first, *more = dict.fromkeys(WOULD_TELL[part] for part in block)
        what = "; ".join([first, *(each if each == CLAIMS else f"{each[0].lower()}{each[1:]}" for each in more)])
        parts[what] = parts.get(what, 0.0) + width * found.count(block)
    width = found.row["fewer_high"] - found.row["fewer_low"]
    lines = [
        f"{what}: {markup.number(size)} of the {markup.number(width)} visits by which the two ends differ."
        for what, size in sorted(parts.items(), key=lambda pair: (-pair[1], pair[0]))
        if size >= 1
    ]
    here = "claims" in accruals.on_hand(accrual.study.name)
    return markup.together(
        markup.list_of(lines, ordered=True),
        markup.paragraph(accruals.here_for("Medicaid claims")) if here else Html(""),
    )


def publish(accrual: Accrual) -> None:
    """Stage the bounds as effects.csv."""
    accruals.stage(accrual, effect_rows(accrual), EFFECTS_TABLE, notebook="ed_diversion")


def effect_rows(accrual: Accrual) -> pd.DataFrame:
    """The bounds in the contract's form: the total, and the groups that may be shown."""
    rule = disclosure()
    found = told.tell(accrual)
    if found.withheld:
        return accruals.effects([])
    groups = {"all": count_index_crises(accrual.episodes)}
    for column in ("referral_source", "response_location", "site_id"):
        if accrual.episodes[column].notna().any():
            groups[column] = pool_small(
                count_index_crises(accrual.episodes, column), smallest=rule.smallest_shown, joined=found.joined
            )
    rows = []
    for column, counted in groups.items():
        for group, row in bound_diversion(counted, accrual.rules, found.joined).iterrows():
            rows.append(
                {
                    "design": "episodes_alone", "estimand": "ED visits at the index crisis, without less with the service",
                    "estimator": "worst-case bounds", "outcome": "ed_visit_at_index_crisis", "ed_definition": "disposition as recorded",
                    "subgroup": TOTAL if column == "all" else f"{column}={group}", "horizon_days": 0, "scale": "difference", "unit": "visits",
                    "low": row["fewer_low"], "high": row["fewer_high"], "n_treated": row["episodes"],
                    "grade": accruals.grade(row["fewer_low"], row["fewer_high"]), "why_not": why(accrual) if column == "all" else "bounds, not an estimate",
                }
            )  # fmt: skip
    return accruals.effects(rows)


def last_line(accrual: Accrual) -> Html:
    """What the page was made from."""
    return panels.last_line(accrual.study, "ed_diversion")


def open_words(accrual: Accrual) -> Html:
    """Notes of the study."""
    return markup.list_of(
        [
            *accrual.study.notes,
            f"Records from {wording.day_words(accrual.covers[0])} to {wording.day_words(accrual.covers[1])}.",
        ]
    )
