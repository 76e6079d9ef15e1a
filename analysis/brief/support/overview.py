"""The state team's page: which sites reach fewer children than expected, how often the rule is wrong, plans, and the rollout."""

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.markup import Html
from analysis.brief.plans.notes import NOT_YET, Note, notes
from analysis.brief.small_counts.shareable import write_table
from analysis.brief.support import shown, steps
from analysis.brief.support.page import OFFER, in_ten, name_of
from analysis.brief.support.sources import Support
from analysis.params import ROOT, disclosure
from analysis.quality.utilization.error_rates import say_false_plans
from analysis.tables import STATEWIDE, UTILIZATION_TABLE

LONG = 120  # months; beyond, the number itself tells nobody anything
NOT_JUDGED = "Nobody can be judged here, for the reason above."


def title(support: Support) -> Html:
    """The page's heading."""
    study = support.numbers.study
    return panels.title(
        study,
        f"Support plans, {study.title}",
        f"{study.service}. For the state team. Sites stand by name; there is no order.",
    )


def headline(support: Support) -> Html:
    """How many sites reach fewer children than expected, and of how many nobody can tell."""
    return Html(f'<p class="headline">{markup.escaped(_found(support))}</p>')


def _found(support: Support) -> str:
    if support.cannot:
        return support.cannot
    classes = support.judged["class"].reindex(support.sites)
    below = [name_of(support, site) for site in support.sites if classes[site] == "below_expected"]
    unsure = sum(classes[site] in ("cant_tell_yet", "watch") for site in support.sites)
    open_notes = [each for site in support.plans for each in _notes(support, site)]
    late = sum(each.late for each in open_notes)
    first = (
        f"{wording.and_list(below)} {'reaches' if len(below) == 1 else 'reach'} fewer children than expected."
        if below
        else "No site is seen to reach fewer children than expected."
    )
    second = f" Of {unsure} more nobody can tell yet; help is on offer to them too." if unsure else ""
    return first + second + _late_words(late, len(open_notes) - late)


def _late_words(late: int, unwritten: int) -> str:
    """How many days of the plans have gone by, and how many things in them are not yet written or settled.

    >>> _late_words(5, 1), _late_words(0, 2), _late_words(1, 0)
    (' 5 things in the plans are late; 1 is still to be written.', ' 2 things in the plans are still to be written.', ' 1 thing in the plans is late.')
    """
    kinds = ((late, "late"), (unwritten, "still to be written"))
    said = [(many, f"{'is' if many == 1 else 'are'} {what}") for many, what in kinds if many]
    if not said:
        return ""
    (many, what), *rest = said
    first = f" {many} {'thing' if many == 1 else 'things'} in the plans {what}"
    return f"{'; '.join([first, *(f'{also} {words}' for also, words in rest)])}."


def _notes(support: Support, site: str) -> tuple[Note, ...]:
    return notes(support.plans[site], support.known, support.as_of.date())


# --- who -------------------------------------------------------------------------------------------------------------


def who(support: Support) -> Html:
    """Every site's crises beside those expected, with the class and what would be needed to tell."""
    if support.cannot:
        return markup.paragraph(NOT_JUDGED)
    table = shown.utilization(support)
    lines = [
        (
            name_of(support, row.site_id),
            shown.count_words(row.observed) if pd.notna(row.observed) else disclosure().mark,
            "not known" if pd.isna(row.expected) else markup.number(row.expected),
            shown.range_words(pd.Series(row._asdict())),
            shown.finding(pd.Series(row._asdict())),
            _months(row),
        )
        for row in table.rename(columns={"class": "found"}).itertuples(index=False)
    ]
    heads = ["Site", "Seen", "Expected", "Seen for every 100 expected (range)", "Finding", "Months more to judge"]
    parts = [
        markup.table(
            lines,
            caption=f"Crises seen and expected, {support.year.words}",
            headers=heads,
            numeric=[*heads[1:4], heads[5]],
        )
    ]
    if table["expected_at_target"].notna().any():
        parts.append(_at_target(support, table))
    return markup.together(*parts, Html(f'<p class="note">{markup.escaped(_who_note(support))}</p>'))


def _months(row) -> str:
    months = row.months_until_judgeable
    if pd.isna(months) or row.why == "closed":
        return "cannot be said"
    if months > LONG:
        return f"more than {LONG // 12} years"
    return "none" if months == 0 else markup.number(months)


def _at_target(support: Support, table: pd.DataFrame) -> Html:
    lines = [
        (name_of(support, row.site_id), "no target" if pd.isna(row.expected_at_target) else markup.number(row.expected_at_target))
        for row in table.itertuples()
    ]  # fmt: skip
    return markup.table(
        lines, caption="Crises at what the program means to reach", headers=["Site", "At target"], numeric=["At target"]
    )


def _who_note(support: Support) -> str:
    use = support.use
    left = []
    if use.unknown_site:
        left.append("Episodes of a place that is no site with known children are left out.")
    return " ".join(
        [
            "Expected: of an ordinary site with this site's children, as all other sites do in the same months.",
            "The last column says how many more months, at this pace, until a halving would show.",
            *left,
            panels.hidden_note(),
        ]
    )


def how_sure(support: Support) -> Html:
    """How often the rule is wrong for these sites, and how well it finds a halving."""
    if support.cannot:
        return markup.paragraph(NOT_JUDGED)
    fitted, wide = support.rates
    finds = fitted.finds[fitted.finds["step"].eq("below")]
    lines = [
        (row.size.capitalize(), str(row.judgeable), _span(row.least, row.most), in_ten(row.found_of_judgeable))
        for row in finds[finds["judgeable"].gt(0)].itertuples()
    ]
    heads = ["Sites", "How many", "Expected a year", "A halving is found within a year"]
    never = int((finds["sites"] - finds["judgeable"]).sum())
    left_out = (
        f"Left out: {never} {'site' if never == 1 else 'sites'} of which fewer than {support.rule.classes.least_expected:g} crises are "
        "expected in a year. There no halving can show."
    )
    return markup.together(
        markup.paragraph(say_false_plans(fitted, wide)),
        markup.table(
            lines, caption="How well the rule finds a site whose use halves", headers=heads, numeric=heads[1:3]
        ),
        *([markup.paragraph(left_out)] if never else []),
        markup.paragraph(OFFER),
    )


def _span(least: float, most: float) -> str:
    """The fewest and the most crises expected of one of the sites.

    >>> _span(104.2, 125.0), _span(52.0, 52.3)
    ('104 to 125', '52')
    """
    ends = dict.fromkeys(markup.number(each) for each in (least, most))
    return " to ".join(ends)


def where_lost(support: Support) -> Html:
    """For the sites that reach fewer children than expected: to what most families are lost."""
    if support.cannot:
        return markup.paragraph(NOT_JUDGED)
    lines = []
    for site in support.sites:
        if support.judged["class"].get(site) not in ("below_expected", "watch"):
            continue
        lead = steps.worth_saying(steps.leading(support.account(site)))
        words = [
            f"{steps.lost_words(row.cause)} (about {markup.number(row.a_month)} families a month)"
            for row in lead.itertuples()
        ]
        lines.append((name_of(support, site), "; ".join(words) or "no step stands out", _plan_words(support, site)))
    if not lines:
        return markup.paragraph("No site is seen to reach fewer children than expected.")
    return markup.table(
        lines, caption="To what most families are lost, by site", headers=["Site", "Most are lost to", "Plan"]
    )


def _plan_words(support: Support, site: str) -> str:
    plan = support.plans.get(site)
    if plan is None:
        return f"none yet: make plan SITE={site} writes a first draft"
    since = f" since {wording.day_words(plan.started_on)}" if plan.started_on else ""
    return f"{plan.status}{since}"


# --- plans -----------------------------------------------------------------------------------------------------------


def plans(support: Support) -> Html:
    """Each plan: since when, the next review, and what is late."""
    if not support.plans:
        return markup.paragraph("No plan is written yet.")
    lines = []
    for site in (each for each in support.sites if each in support.plans):
        plan = support.plans[site]
        due = [each.due_on for each in plan.reviews if each.held_on is None and each.due_on is not None]
        late = [wording.days_in_words(each.words) for each in _notes(support, site)]
        lines.append(
            (
                name_of(support, site),
                plan.status,
                NOT_YET if plan.started_on is None else wording.day_words(plan.started_on),
                wording.day_words(min(due)) if due else "none",
                " ".join(late) or "nothing",
            )
        )
    return markup.table(
        lines, caption="Each plan and what is late", headers=["Site", "Stands", "Since", "Next review", "Late or open"]
    )


# --- about and files -------------------------------------------------------------------------------------------------


def about(support: Support) -> Html:
    """How the figures are worked out."""
    return markup.list_of(
        [
            "A class is a question to the site, never a verdict. A person confirms it, with the site.",
            "It needs two months of watch in a row and whole records; anything about money or a contract needs more (docs/methods.md).",
            "Where several sites may start and not all can at once, the order is drawn by lot: make lot.",
            "A site leaves a plan on the same evidence that began it, over six months, and never on one good month.",
        ]
    )


def publish(support: Support) -> None:
    """Stage utilization.csv; the run moves it to tables/ if it ends well."""
    if support.cannot:
        return
    folder = ROOT / "outputs" / support.numbers.study.name / "runs" / support.numbers.windows.now.name / STATEWIDE
    write_table(
        shown.utilization(support),
        folder / "support_plans_overview.tables" / "utilization.csv",
        table=UTILIZATION_TABLE,
        rule=disclosure(),
    )
