"""The ED-diversion brief from episodes alone: bounds on the visits at the crisis itself, how visits ended, repeat crises."""

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.markup import Html
from analysis.brief.roi import accruals
from analysis.brief.roi.accruals import Accrual
from analysis.brief.small_counts.disclosure import hide_small
from analysis.effect.index_crisis import AFTER, BEFORE, TOTAL, bound_diversion, count_index_crises, pool_small
from analysis.effect.repeats import Repeats, repeat_crises
from analysis.params import disclosure
from analysis.quality.cards import choices_for, switched_off
from analysis.quality.counts import by_measure_place_period
from analysis.quality.measures import categories
from analysis.tables import EFFECTS_TABLE, REFERRAL_SOURCES, RESPONSE_LOCATIONS, STATEWIDE

PART_WORDS = {
    "already_in_ed": "had begun in an ED: the visit had happened",
    "no_contact": "met nobody, or nobody came: nothing was replaced",
    "said_ed": "said: gone to an emergency department",
    "said_other": "said something else",
    "not_asked": "were not asked, or no answer was written down",
}

TOO_FEW = "There are too few crises in this span to show: name a longer PERIOD."


def open_diversion(study: str, period: str) -> Accrual:
    """The episodes of the brief."""
    return accruals.open_accrual(study, period)


def title(accrual: Accrual) -> Html:
    """The page's heading."""
    return accruals.title(accrual, "Emergency department visits at the crisis itself")


def _total(accrual: Accrual) -> pd.Series:
    return bound_diversion(count_index_crises(accrual.episodes), accrual.rules).loc[TOTAL]


def may_show(accrual: Accrual) -> bool:
    """True where no count that this page prints, or that can be worked out from two of them, is small."""
    row, episodes = _total(accrual), accrual.episodes
    in_ed = int(episodes["disposition"].eq("emergency_department").sum())
    cells = [
        *(row[name] for name in (*BEFORE, *AFTER)),
        row["ended_inpatient"] + row["ended_unknown"],
        in_ed - row["ended_ed"],
        _unrecorded(accrual),
    ]
    return not any(0 < cell < disclosure().smallest_shown for cell in cells)


def _unrecorded(accrual: Accrual) -> int:
    """Crises open to change of which nobody wrote down whether anyone was met."""
    blank = accrual.episodes[accrual.episodes["attempt_result"].isna() & accrual.episodes["response_mode"].isna()]
    row = count_index_crises(blank).loc[TOTAL] if len(blank) else None
    return 0 if row is None else int(row["said_ed"] + row["said_other"] + row["not_asked"])


def headline(accrual: Accrual) -> Html:
    """One sentence: the range of the difference and its grade."""
    if not may_show(accrual):
        return Html(f'<p class="headline">{markup.escaped(TOO_FEW)}</p>')
    row = _total(accrual)
    open_to = row["said_ed"] + row["said_other"] + row["not_asked"]
    said = (
        f"Of {markup.number(open_to)} crises in which a team may have made a difference, {_range(row, 'would')} would have had an emergency "
        f"department visit without the service, and {_range(row, 'were')} had one. {_difference_words(row)}"
    )
    rest = row["episodes"] - open_to
    unrecorded = _unrecorded(accrual)
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
    row = _total(accrual)
    grade = accruals.grade(row["fewer_low"], row["fewer_high"])
    return Html(f"<p><strong>How sure: {markup.escaped(grade)}.</strong> {markup.escaped(why(accrual))}</p>")


def why(accrual: Accrual) -> str:
    """Why the grade is no better: what is not known, in numbers."""
    if not may_show(accrual):
        return TOO_FEW
    row = _total(accrual)
    open_to = row["said_ed"] + row["said_other"] + row["not_asked"]
    asked = row["said_ed"] + row["said_other"]
    if not open_to:
        return "No crisis was open to change: all had begun in an ED or met nobody."
    if not asked:
        return (
            "Nobody wrote down what callers would have done without the service, so anything from none to all of "
            f"{markup.number(open_to)} crises could have gone to an ED."
        )
    return (
        f"It rests on what {markup.number(asked)} of {markup.number(open_to)} callers said they would have done, which nobody has checked, "
        f"and on nothing at all for the other {markup.number(row['not_asked'])}."
    )


def rests_on(accrual: Accrual) -> Html:
    """The parts of the crises, and the bounds taken for each, with their source."""
    if not may_show(accrual):
        return markup.paragraph(TOO_FEW)
    row, rules = _total(accrual), accrual.rules
    taken = {
        "said_ed": rules.said_emergency_department,
        "said_other": rules.said_something_else,
        "not_asked": rules.not_asked,
    }
    lines = []
    for name, words in PART_WORDS.items():
        part = taken.get(name)
        bounds = (
            f"{markup.percent(part.low, 1)} to {markup.percent(part.high, 1)}" if part else "stands on neither side"
        )
        lines.append((words, markup.number(row[name]), bounds, part.source if part else ""))
    return markup.table(
        lines,
        caption=f"What the range rests on, {markup.number(row['episodes'])} crises",
        headers=["Callers who", "Crises", "Would have had a visit", "On what ground"],
        numeric=["Crises"],
    )


def by_group(accrual: Accrual) -> Html:
    """The bounds by who asked for help, by place, and by site; small groups added up."""
    names = dict(zip(accrual.sites["site_id"], accrual.sites["name"], strict=True))
    tables = [
        _group_table(accrual, "referral_source", REFERRAL_SOURCES, "who asked for help"),
        _group_table(accrual, "response_location", RESPONSE_LOCATIONS, "where the team went"),
        _group_table(accrual, "site_id", names, f"by {accrual.study.place}"),
    ]
    return markup.together(*tables)


def _group_table(accrual: Accrual, column: str, words: dict[str, str], what: str) -> Html:
    if accrual.episodes[column].isna().all():
        return markup.paragraph(f"By {what.removeprefix('by ')}: not recorded.")
    pooled = pool_small(count_index_crises(accrual.episodes, column), smallest=disclosure().smallest_shown)
    if pooled.empty:
        return markup.paragraph(f"{what.capitalize()}: too few to show.")
    bounded = bound_diversion(pooled, accrual.rules)
    lines = [
        (
            words.get(str(group), str(group)),
            markup.number(row["episodes"]),
            _span(row, "would"),
            _span(row, "were"),
            _fewer_span(row),
        )
        for group, row in bounded.iterrows()
    ]
    heads = ["Crises", "Would have had a visit", "Had one", "Fewer (− means more)"]
    note = "Groups with a small count are added up in the last row. A minus sign means more visits."
    return markup.together(
        markup.table(lines, caption=f"{what[0].upper()}{what[1:]}", headers=["Group", *heads], numeric=heads),
        Html(f'<p class="note">{note}</p>'),
    )


def _span(row: pd.Series, stem: str) -> str:
    low, high = markup.number(row[f"{stem}_low"]), markup.number(row[f"{stem}_high"])
    return low if low == high else f"{low} to {high}"


def _fewer_span(row: pd.Series) -> str:
    low, high = (
        f"−{markup.number(-value)}" if value < 0 else markup.number(value)
        for value in (row["fewer_low"], row["fewer_high"])
    )
    return low if low == high else f"{low} to {high}"


def endings(accrual: Accrual) -> Html:
    """How each visit ended, with intervals, over the span."""
    if "disposition" in dict(switched_off(accrual.cards, accrual.episodes, study=accrual.study)):
        return markup.paragraph("How visits ended was not recorded.")
    cards = accrual.cards.model_copy(update={"cards": {"disposition": accrual.cards.cards["disposition"]}})
    counted = by_measure_place_period(
        accrual.episodes, accrual.sites, [accrual.period], study=accrual.study, cards=cards, covers=accrual.covers
    )
    state = counted[counted["site_id"].eq(STATEWIDE)]
    shown = hide_small(state, hide={"disposition": "all"}, units={"disposition": "mix"}, rule=disclosure())
    words = categories("disposition", choices_for(cards.cards["disposition"], accrual.study))
    rows = shown[shown["numerator"].ne(0).fillna(True)].sort_values(["numerator", "stratum"], ascending=[False, True])
    lines = [_ending_line(row, words) for _, row in rows.iterrows()]
    caption = f"How visits ended, {accrual.period.words}"
    heads = ["Crises", "Share", "95% range"]
    table = markup.table(lines, caption=caption, headers=["Recorded as", *heads], numeric=heads)
    hidden = f" {panels.hidden_note()}" if shown["hidden"].any() else ""
    known = shown["denominator"].max()
    said = f"Of {markup.number(known)} crises for which it is known. How a visit ended is not what would have happened otherwise.{hidden}"
    return markup.together(table, Html(f'<p class="note">{markup.escaped(said)}</p>'))


def _ending_line(row: pd.Series, words: dict[str, str]) -> tuple[str, str, str, str]:
    if pd.isna(row["value"]):
        return words[row["stratum"]], disclosure().mark if row["hidden"] else "not given", "", ""
    share = markup.percent(row["value"], row["denominator"])
    return (
        words[row["stratum"]],
        markup.number(row["numerator"]),
        share,
        markup.interval(row["low"], row["high"], "share"),
    )


def repeats(accrual: Accrual) -> Html:
    """Another crisis of the same child within the windows."""
    found = [_repeat(accrual, days) for days in accrual.rules.repeat_windows_days]
    lines = [_repeat_words(each) for each in found if each is not None]
    if not lines:
        return markup.paragraph(
            "Children can’t be told apart in these records, so nobody can say how many had another crisis."
        )
    note = (
        "Only crises that this service answered are seen. A fall in this figure can mean that families went elsewhere."
    )
    return markup.together(markup.list_of(lines), Html(f'<p class="note">{note}</p>'))


def _repeat(accrual: Accrual, days: int) -> Repeats | None:
    return repeat_crises(
        accrual.all_episodes, window_days=days, from_on=accrual.period.from_on, to_on=accrual.period.to_on,
        watched_to=accrual.covers[1], confidence=accrual.cards.confidence,
    )  # fmt: skip


def _repeat_words(found: Repeats) -> str:
    smallest = disclosure().smallest_shown
    if min(found.repeated, found.children - found.repeated) < smallest:
        return (
            f"Within {found.window_days} days: {disclosure().mark} of {markup.number(found.children)} children."
            if found.children >= smallest
            else f"Within {found.window_days} days: too few children."
        )
    share = markup.percent(found.repeated / found.children, found.children)
    left = (
        f" {markup.number(found.not_watched)} more were not watched that long." if found.not_watched >= smallest else ""
    )
    return (
        f"Within {found.window_days} days of their first crisis, {markup.x_of_n(found.repeated, found.children)} children had another "
        f"({share}; range {markup.interval(found.low, found.high, 'share')}).{left}"
    )


def what_narrows(accrual: Accrual) -> Html:
    """What would narrow the range most."""
    if not may_show(accrual):
        return markup.paragraph(TOO_FEW)
    row = _total(accrual)
    width = row["fewer_high"] - row["fewer_low"]
    rules = accrual.rules
    parts = {
        "Asking every caller what they would have done, and writing it down": row["not_asked"]
        * (rules.not_asked.high - rules.not_asked.low),
        "Medicaid claims, which show who had an ED visit, before and after, here and in a comparison group": (
            row["said_ed"] * (rules.said_emergency_department.high - rules.said_emergency_department.low)
            + row["said_other"] * (rules.said_something_else.high - rules.said_something_else.low)
        ),
        "How each visit ended, for the crises where that is blank": float(row["ended_unknown"]),
        "Hospital records, which show whether an admission came through an ED": (
            row["ended_inpatient"] * (rules.admitted_through_ed.high - rules.admitted_through_ed.low)
        ),
    }
    ranked = sorted(parts.items(), key=lambda pair: (-pair[1], pair[0]))
    lines = [
        f"{what}: {markup.number(size)} of the {markup.number(width)} visits by which the two ends differ."
        for what, size in ranked
        if size >= 1
    ]
    return markup.list_of(lines, ordered=True)


def publish(accrual: Accrual) -> None:
    """Stage the bounds as effects.csv."""
    accruals.stage(accrual, effect_rows(accrual), EFFECTS_TABLE, notebook="ed_diversion")


def effect_rows(accrual: Accrual) -> pd.DataFrame:
    """The bounds in the contract's form: the total, and the groups that may be shown."""
    rule = disclosure()
    if not may_show(accrual):
        return accruals.effects([])
    groups = {"all": pool_small(count_index_crises(accrual.episodes), smallest=rule.smallest_shown)}
    for column in ("referral_source", "response_location", "site_id"):
        if accrual.episodes[column].notna().any():
            groups[column] = pool_small(count_index_crises(accrual.episodes, column), smallest=rule.smallest_shown)
    rows = []
    for column, counted in groups.items():
        for group, row in bound_diversion(counted, accrual.rules).iterrows():
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
