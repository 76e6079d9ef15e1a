"""The plan as people wrote it: the site's story, aims, actions with what is known of each, tests of change, reviews, signatures."""

from collections.abc import Iterable
from datetime import date

from analysis.brief import markup, wording
from analysis.brief.markup import Html
from analysis.brief.plans.actions import STEPS
from analysis.brief.plans.notes import NOT_YET, unwritten
from analysis.brief.plans.records import ACTS, EXIT_RULES, STRENGTHS, Aim, Plan
from analysis.brief.support.sources import Support


def _plan(support: Support, site: str) -> Plan | None:
    return support.plans.get(site)


def _or(value: object) -> str:
    return NOT_YET if value in (None, "", ()) else str(value)


def day_or_not(day: date | None) -> str:
    """A day as people write it, or that it is not yet written.

    >>> day_or_not(date(2026, 10, 15)), day_or_not(None)
    ('15 October 2026', 'not yet written')
    """
    return NOT_YET if day is None else wording.day_words(day)


def _texts(text: str | None) -> Html:
    """People's own words, a paragraph a line."""
    lines = (text or NOT_YET).splitlines()
    return markup.together(*(markup.paragraph(line) for line in lines if line.strip()))


def story(support: Support, site: str) -> Html:
    """The site's own words, then cause by cause: what was seen, how that is known, how strong it is."""
    if (plan := _plan(support, site)) is None:
        return markup.paragraph(f"The site's own words: {NOT_YET}.")
    causes = [
        (STEPS[each.step] if each.step else NOT_YET, _or(each.saw), _or(each.know), STRENGTHS.get(each.strength, NOT_YET))
        for each in plan.story.causes
    ]  # fmt: skip
    parts = [_texts(plan.story.own_words)]
    if causes:
        parts.append(
            markup.table(
                causes,
                caption="What holds families back, as the site sees it",
                headers=["Where", "What we saw", "How we know", "How strong"],
            )
        )
    return markup.together(*parts)


def aims(support: Support, site: str) -> Html:
    """What is to be reached by when, why that is enough to see, and what has to change for it."""
    if (plan := _plan(support, site)) is None or not plan.aims:
        return markup.paragraph(f"Aims: {NOT_YET}.")
    lines = [
        (
            each.id,
            _counted(support, each),
            _figure(each.start, each),
            _figure(each.to, each),
            day_or_not(each.by),
            _or(each.why_enough),
        )
        for each in plan.aims
    ]
    heads = ["Aim", "What is counted", "From", "To", "By", "Why that is enough"]
    parts = [markup.table(lines, caption="Aims", headers=heads)]
    if plan.drivers:
        actions = support.known.actions
        parts.append(markup.paragraph("What has to change for that:"))
        parts.append(
            markup.list_of([
                f"{wording.sentence(each.what)} {_names(actions[name].name for name in each.actions)}" if each.actions else each.what for each in plan.drivers
            ])
        )  # fmt: skip
    return markup.together(*parts)


def _names(names: Iterable[str]) -> str:
    return " ".join(wording.sentence(name) for name in names)


def _counted(support: Support, aim: Aim) -> str:
    return aim.process if aim.measure is None else support.numbers.cards.cards[aim.measure].title


def _figure(value: float | None, aim: Aim) -> str:
    """A share of a measure as so many of 100, everything else as it stands."""
    if value is None:
        return NOT_YET
    if aim.measure is not None and aim.measure.endswith("_share"):
        return f"{markup.number(100 * value)} of 100"
    return markup.number(value, decimals=0 if value == round(value) else 1)


def actions(support: Support, site: str) -> Html:
    """What is done, by whom, from when and how much of it; and what is known of it from elsewhere."""
    if (plan := _plan(support, site)) is None or not plan.actions:
        return markup.paragraph(f"Actions: {NOT_YET}.")
    library = support.known.actions
    lines = [
        (library[each.action].name, _or(each.owner_role), day_or_not(each.start_on), _or(each.dose))
        for each in plan.actions
    ]
    known = [
        (library[name].name, library[name].came_of_it, _strength(library[name]))
        for name in dict.fromkeys(each.action for each in plan.actions)
    ]
    return markup.together(
        markup.table(lines, caption="What is done", headers=["Action", "Who", "From", "How much"]),
        markup.table(
            known,
            caption="What is known of it from elsewhere",
            headers=["Action", "What came of it", "How strong that is"],
        ),
    )


def _strength(action) -> str:
    mark = " Illustrative: no public page was read." if action.illustrative else ""
    return f"{action.strength}{mark}"


def cycles(support: Support, site: str) -> Html:
    """The tests of change: what was asked and predicted, what happened, what was made of it."""
    if (plan := _plan(support, site)) is None or not plan.cycles:
        return markup.paragraph(f"Small tests of a change: {NOT_YET}.")
    parts = []
    for each in plan.cycles:
        running = each.ended_on is None
        lines = [
            ("Question", _or(each.question)),
            ("Plan", _or(each.plan)),
            ("Prediction", _or(each.prediction)),
            ("Do", "still running" if running and each.do is None else _or(each.do)),
            ("Study", "when it has ended" if running else _or(each.study)),
            ("Act", "when it has ended" if running else wording.sentence(ACTS.get(each.act, NOT_YET))),
        ]
        span = f"{day_or_not(each.started_on)} to {'now' if running else day_or_not(each.ended_on)}"
        parts.append(markup.table(lines, caption=f"Test {each.cycle}, {span}", headers=["Part", "What was written"]))
    return markup.together(*parts)


def guards(support: Support, site: str) -> Html:
    """Measures that must not get worse meanwhile: here over the year, and statewide."""
    if (plan := _plan(support, site)) is None or not plan.balancing:
        return markup.paragraph(f"What must not get worse meanwhile: {NOT_YET}.")
    numbers, lines = support.numbers, []
    for measure in plan.balancing:
        card = numbers.cards.cards[measure]
        here, state = (numbers.row(measure, support.year, site=place) for place in (site, "statewide"))
        lines.append((card.title, *(wording.shown_value(row, card.unit) for row in (here, state))))
    heads = ["Measure", "Here", "Statewide"]
    return markup.table(
        lines, caption=f"What must not get worse meanwhile, {support.year.words}", headers=heads, numeric=heads[1:]
    )


def reviews(support: Support, site: str) -> Html:
    """Reviews held and to come, and when the site leaves the plan."""
    if (plan := _plan(support, site)) is None:
        return Html("")
    lines = [
        (f"After {each.day} days", day_or_not(each.due_on), "not held yet" if each.held_on is None else day_or_not(each.held_on), _or(each.decided) if each.held_on else "")
        for each in plan.reviews
    ]  # fmt: skip
    rule = (
        wording.sentence(EXIT_RULES[plan.exit.rule]) if plan.exit.rule else f"When the site leaves the plan: {NOT_YET}."
    )
    words = (
        markup.together(markup.paragraph("In the site's words:"), _texts(plan.exit.words))
        if plan.exit.words
        else Html("")
    )
    return markup.together(
        markup.table(lines, caption="Reviews", headers=["Review", "Due", "Held", "Decided"])
        if lines
        else markup.paragraph(f"Reviews: {NOT_YET}."),
        markup.paragraph("When the site leaves the plan:") if plan.exit.rule else "",
        markup.paragraph(rule),
        words,
    )


def missing(support: Support, site: str) -> Html:
    """What of the plan nobody has written yet."""
    if (plan := _plan(support, site)) is None:
        return Html("")
    found = unwritten(plan)
    if not found:
        return markup.paragraph("Nothing of the plan is left to write.")
    return markup.together(
        markup.paragraph("Still to be written, together:"),
        markup.list_of([f"{note.words} ({note.key})" for note in found]),
    )


def signatures(support: Support, site: str) -> Html:
    """Lines to sign, by role."""
    plan = _plan(support, site)
    roles = plan.sign_off if plan else ()
    lines = [(each.role, day_or_not(each.signed_on) if each.signed_on else "", "") for each in roles] or [
        ("the site", "", ""),
        ("the state", "", ""),
    ]
    return markup.table(lines, caption="Agreed by", headers=["Role", "Date", "Signature"])
