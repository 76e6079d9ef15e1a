"""A site's plan: this month's three things first, then why there is a plan and how sure that is."""

from collections.abc import Sequence

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.markup import Html
from analysis.brief.plans.notes import NOT_YET, notes
from analysis.brief.plans.records import Owed, Plan, ToDo
from analysis.brief.support import shown, steps
from analysis.brief.support.log import day_or_not
from analysis.brief.support.sources import Support
from analysis.params import ParamsError, disclosure, one_site
from analysis.quality.utilization.error_rates import say_false_plans
from analysis.quality.utilization.rule import ONLY_A_LARGE_DROP
from analysis.tables import STATEWIDE

OFFER = (
    "Help is on offer to every site whose figures are too few to tell. It says nothing about how well the team works."
)


def check_site(support: Support, site: str) -> Support:
    """The same, where the site is one with a page; a sentence (ParamsError) where it is not."""
    if one_site(site, support.sites) == STATEWIDE:
        raise ParamsError("A plan is one site's. Name the site, as in SITE=site-04; the overview is the state's page.")
    return support


def name_of(support: Support, site: str) -> str:
    """The site's name."""
    return panels.place_name(support.numbers, site)


def title(support: Support, site: str) -> Html:
    """The page's heading: whose plan, which one, and since when."""
    plan, study = support.plans.get(site), support.numbers.study
    if plan is None:
        under = f"{study.service}. No plan is written yet; this page holds what the records show."
    else:
        since = f", since {wording.day_words(plan.started_on)}" if plan.started_on else ""
        under = (
            f"{study.service}. Plan {plan.plan_no}{since}. A plan is help: no site is measured against another here."
        )
    return panels.title(study, f"Support plan, {name_of(support, site)}", under)


# --- what to do ------------------------------------------------------------------------------------------------------


def this_month(support: Support, site: str) -> Html:
    """The first screen: the three things to do, who, by when; what the state owes; what is late."""
    plan = support.plans.get(site)
    if plan is None:
        return markup.together(
            Html(f'<p class="headline">{markup.escaped(_no_plan(support, site))}</p>'), _offer(support, site)
        )
    lead = f"This month: {_things(plan)}. The state owes {_owed(plan)}."
    return markup.together(
        Html(f'<p class="headline">{markup.escaped(lead)}</p>'),
        _tasks(plan.this_month, "To do this month"),
        _tasks(plan.state_owes, "What the state owes"),
        _late(support, plan),
    )


def _things(plan: Plan) -> str:
    left = sum(each.done_on is None for each in plan.this_month)
    if not plan.this_month:
        return f"what to do is {NOT_YET}"
    return "all is done" if not left else "one thing to do" if left == 1 else f"{left} things to do"


def _owed(plan: Plan) -> str:
    left = sum(each.done_on is None for each in plan.state_owes)
    if not plan.state_owes:
        return "what is not yet written"
    return "nothing more" if not left else "one thing" if left == 1 else f"{left} things"


def _no_plan(support: Support, site: str) -> str:
    if support.cannot or site not in support.judged.index or support.judged.loc[site, "class"] is None:
        return f"{name_of(support, site)} has no plan, and its use cannot be judged."
    return f"{name_of(support, site)} has no plan yet. What the records say: {support.judged.loc[site, 'words']}."


def _offer(support: Support, site: str) -> Html:
    row = support.judged.loc[site] if site in support.judged.index else None
    if row is None or row["class"] in ("expected_range", None):
        return Html("")
    return markup.paragraph(
        OFFER
        if row["class"] == "cant_tell_yet"
        else "A plan is on offer: the state team writes the first draft with the site."
    )


def _tasks(tasks: Sequence[ToDo | Owed], caption: str) -> Html:
    if not tasks:
        return markup.paragraph(f"{caption}: {NOT_YET}.")
    lines = [
        (each.what, each.owner_role or NOT_YET, day_or_not(each.by), "done" if each.done_on else "open") for each in tasks
    ]  # fmt: skip
    return markup.table(lines, caption=caption, headers=["What", "Who", "By", "Done"])


def _late(support: Support, plan: Plan) -> Html:
    said = [each.words for each in notes(plan, support.known, support.as_of.date())]
    if not said:
        return Html("")
    return markup.together(
        markup.paragraph("To be looked at together:"), markup.list_of([wording.days_in_words(each) for each in said])
    )


# --- why, and how sure -----------------------------------------------------------------------------------------------


def why(support: Support, site: str) -> Html:
    """The class with its evidence, how often the rule is wrong, and what else could explain it; the records come first."""
    if support.cannot:
        return markup.paragraph(support.cannot)
    row = support.judged.loc[site]
    lines = [
        _records(support, site),
        _evidence(support, site, row),
        *_how_sure(support, row),
        *_rise(row, support, site),
    ]
    return markup.together(*(markup.paragraph(line) for line in lines if line), _target(support, site, row))


def _records(support: Support, site: str) -> str:
    wrong = support.complete.get(site, ())
    if wrong:
        return f"First the records: {wording.and_list(list(wrong))}. Until that is put right, a low count may be a gap in the records."
    return (
        "First the records: no month is missing and none is too quiet, so missing records do not explain what follows."
    )


def _evidence(support: Support, site: str, row: pd.Series) -> str:
    if row["class"] is None or pd.isna(row["expected"]):
        return f"{name_of(support, site)} is not judged: {row['why']}."
    seen = shown.observed(support, site)
    place, year = name_of(support, site), support.year.words
    expected = markup.number(row["expected"])
    if pd.isna(seen):
        return f"{wording.first_up(row['words'])}: {row['why']}. From {year}, about {expected} crises were to be expected. How many came is {disclosure().mark}."
    ratio = f"{wording.first_up(shown.in_words(row['ratio']))} what was expected."
    span = f"{markup.number(100 * row['low'])} to {markup.number(100 * row['high'])}"
    why_not = f" ({row['why']})" if row["why"] and row["class"] != "below_expected" else ""
    return (
        f"{ratio} {place} responded to {markup.number(seen)} crises from {year}. An ordinary site with its children would have had "
        f"about {expected}. That is {markup.number(100 * row['ratio'])} for every 100 (range {span}). The finding: {row['words']}{why_not}."
    )


def in_ten(chance: float) -> str:
    """A chance as so many in ten; never a certainty.

    >>> in_ten(0.72), in_ten(0.999), in_ten(0.01)
    ('about 7 in 10', 'more than 9 in 10', 'less than 1 in 10')
    """
    tenths = round(10 * chance)
    return "more than 9 in 10" if tenths >= 10 else "less than 1 in 10" if tenths < 1 else f"about {tenths} in 10"


def _how_sure(support: Support, row: pd.Series) -> list[str]:
    if row["class"] not in ("below_expected", "watch"):
        if row["words"] == ONLY_A_LARGE_DROP or row["class"] == "cant_tell_yet":
            months = row["months_until_judgeable"]
            more = (
                f" About {markup.number(months)} more months are needed before a halving would show."
                if pd.notna(months) and months > 0
                else ""
            )
            return [f"{OFFER}{more}"]
        return []
    said = [
        f"How often is that wrong? {say_false_plans(*support.rates)}",
        f"The chance that this site truly reaches fewer than 75 of every 100 expected is {in_ten(row['probability_low'])}.",
    ]
    if not row["sure"]:
        said.append("That is enough to offer help. It is not enough for anything about money or a contract.")
    said.append("A person decides, with the site: what the records call a site is a question to it.")
    return said


def _rise(row: pd.Series, support: Support, site: str) -> list[str]:
    if row["class"] not in ("below_expected", "watch") or pd.isna(shown.observed(support, site)):
        return []
    awaited = support.awaited(site)
    if awaited is None or awaited.seen == 0:
        return []
    return [
        f"Part of a rise will come by itself. A site is looked at because a spell was low, and some of that was chance. With no help "
        f"at all, about {markup.number(100 * awaited.awaited)} for every 100 expected is likely next, up from "
        f"{markup.number(100 * awaited.seen)}. Only what goes beyond that can be the plan's work."
    ]


def _target(support: Support, site: str, row: pd.Series) -> Html:
    if pd.isna(row["expected_at_target"]):
        return markup.paragraph(
            "“Expected” means: as other sites in the same months, for children of the same ages. Where all sites reach few, none stands out."
        )
    return markup.paragraph(
        f"At what the program means to reach, {markup.number(row['expected_at_target'])} crises would be expected."
    )


def about(support: Support) -> Html:
    """How the figures are worked out, for those who ask."""
    lines = [
        "Expected: children in the site's care by age and days open, times what all other sites have in the same months. "
        f"Counted over {support.year.words}, the last four whole quarters.",
        "The classes, what they rest on and how often they are wrong: docs/methods.md and docs/calibration.md.",
        "Where families drop off: each step out of those who came through the one before, beside the middle of comparable sites; the "
        "families lost at a step are those beyond that middle, times the chance that they would have come through the rest.",
        "A family may call more than once: these are calls and visits, not children.",
    ]
    return markup.together(markup.list_of(lines), panels.small_counts_note())


def leading_steps(support: Support, site: str) -> tuple[str, ...]:
    """The steps of the library that act on what most families are lost to."""
    return tuple(step for cause in steps.leading(support.account(site))["cause"] for step in steps.library_steps(cause))
