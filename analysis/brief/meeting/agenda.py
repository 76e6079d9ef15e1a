"""The page of the meeting: what was promised, what the data ask, who could tell the others something, what to bring next time."""

import pandas as pd

from analysis.brief import attention, markup, panels, wording
from analysis.brief.false_alarms import expected_words
from analysis.brief.markup import Html
from analysis.brief.meeting import learning, submissions
from analysis.brief.meeting.promises import Promise, before_meeting
from analysis.brief.meeting.restated import lines as restated_lines
from analysis.brief.meeting.sources import Meeting
from analysis.params import disclosure
from analysis.tables import STATEWIDE

PARTS = {
    "promises": "What was promised",
    "questions": "What the data ask",
    "learning": "Sites to learn from",
    "records": "Records",
    "next_time": "What to bring next time",
}
EMPTY_LINES = 3
NOT_WRITTEN = "not yet written"
STANDS = {"yes": "done", "partly": "partly done", "no": "not done", "open": "not yet reported"}


def title(meeting: Meeting) -> Html:
    """The page's heading."""
    numbers = meeting.numbers
    under = (
        f"{numbers.study.title}. Agenda of the meeting that looks at {numbers.windows.now.words}. "
        f"Records to {wording.day_words(meeting.as_of)}."
    )
    return panels.title(numbers.study, f"Meeting about {numbers.windows.now.words}", under)


def headline(meeting: Meeting) -> Html:
    """How many of the promises of last time are done, and for how many of these and of older ones the day has passed."""
    last, older = _promises(meeting)
    said = f"{_headline(meeting, last)}{_older_words(sum(each.overdue(meeting.as_of) for each in older))}"
    return Html(f'<p class="headline">{markup.escaped(said)}</p>')


def _older_words(late: int) -> str:
    """How many promises of earlier meetings are overdue.

    >>> _older_words(0), _older_words(1), _older_words(2)
    ('', ' Of older promises, 1 is overdue.', ' Of older promises, 2 are overdue.')
    """
    return f" Of older promises, {late} {'is' if late == 1 else 'are'} overdue." if late else ""


def _headline(meeting: Meeting, last: list[Promise]) -> str:
    if not last:
        return "No promise of an earlier meeting is on file, so the meeting starts with what the data ask."
    done = sum(each.done == "yes" for each in last)
    late = sum(each.overdue(meeting.as_of) for each in last)
    many = "The 1 promise" if len(last) == 1 else f"All {len(last)} promises"
    if done == len(last):
        return f"{many} of last time {'is' if done == 1 else 'are'} done."
    passed = f"; for {late} the day has passed" if late else ""
    return f"Last time {len(last)} promises were made: {done} {'is' if done == 1 else 'are'} done{passed}."


def _promises(meeting: Meeting) -> tuple[list[Promise], list[Promise]]:
    return before_meeting(meeting.rules, meeting.numbers.windows.now.last)


def timings(meeting: Meeting) -> Html:
    """The parts of the meeting and their minutes."""
    minutes = meeting.rules.minutes.model_dump()
    lines = [(words, minutes[part]) for part, words in PARTS.items()]
    lines.append(("Together", sum(minutes.values())))
    return markup.table(lines, caption="How long each part takes", headers=["Part", "Minutes"], numeric=["Minutes"])


def promises(meeting: Meeting) -> Html:
    """The promises of last time, then older ones that are not done: site, promise, role, day, where it stands."""
    last, older = _promises(meeting)
    if not last:
        return markup.paragraph("Nothing was promised, or nobody wrote it down. This meeting can start the list.")
    month = pd.Period(last[0].meeting).strftime("%B %Y")
    parts = [_table(meeting, last, f"Promised at the meeting about {month}")]
    if older:
        parts.append(_table(meeting, older, "Older promises that are not done"))
    return markup.together(*parts)


def _table(meeting: Meeting, some: list[Promise], caption: str) -> Html:
    place = meeting.numbers.study.place.capitalize()
    lines = [
        (meeting.called(each.site), each.promise, each.owner_role, _by_when(each), _stands(meeting, each))
        for each in some
    ]
    return markup.table(lines, caption=caption, headers=[place, "Promise", "Who", "By when", "Where it stands"])


def _by_when(each: Promise) -> str:
    return wording.day_words(each.due_on) if each.due_on else "no day was set"


def _stands(meeting: Meeting, each: Promise) -> str:
    said = STANDS[each.done]
    if each.done_on:
        said += f" on {wording.day_words(each.done_on)}"
    if each.overdue(meeting.as_of):
        said += "; the day has passed"
    if each.done != "yes" and each.site in _closed(meeting):
        said += "; the site has closed since. Who takes it on?"
    return f"{said}. {each.note}" if each.note else said


def _closed(meeting: Meeting) -> list[str]:
    """Sites that have closed by the last day of the records."""
    sites = meeting.numbers.sites
    return sites.loc[sites["closed_on"].le(meeting.as_of), "site_id"].tolist()


def questions(meeting: Meeting) -> Html:
    """What the data ask of the room."""
    return attention.what_next(meeting.numbers)


def to_learn_from(meeting: Meeting) -> Html:
    """Invitations to sites where a figure got better by more than chance."""
    found = learning.invitations(meeting)
    said = markup.list_of(found) if found else markup.paragraph("No site’s figures got better by more than chance.")
    return markup.together(said, Html(f'<p class="note">{markup.escaped(expected_words(meeting.numbers))}</p>'))


def restated(meeting: Meeting) -> Html:
    """What late records have changed in figures that were released before."""
    return markup.list_of(restated_lines(meeting.numbers, meeting.ledger, disclosure()))


def last_records(meeting: Meeting) -> Html:
    """How long ago each site sent its last record; how many sites where they are not named."""
    words = submissions.last_records(meeting.numbers, meeting.episodes)
    place = meeting.numbers.study.place.capitalize()
    caption = f"Last record, counted back from {wording.day_words(meeting.as_of)}"
    if not meeting.rules.name_peers:
        counted = words.value_counts()
        kinds = [*submissions.BANDS.values(), submissions.NONE_YET, submissions.CLOSED, submissions.NOT_OPEN]
        lines = [(kind, int(counted[kind])) for kind in kinds if kind in counted]
        return markup.table(lines, caption=caption, headers=["Last record", f"{place}s"], numeric=[f"{place}s"])
    no_sign = submissions.no_sign(meeting.numbers, meeting.episodes, meeting.a_month)
    lines = [
        (meeting.called(site), f"{said}; {submissions.NO_SIGN}" if said in submissions.LATE and no_sign[site] else said)
        for site, said in words.items()
    ]
    return markup.table(lines, caption=caption, headers=[place, "Last record"])


def next_time(meeting: Meeting) -> Html:
    """What each site is asked to bring, then empty lines for what is promised today."""
    lines = [(NOT_WRITTEN,) * 4] * EMPTY_LINES
    headers = [meeting.numbers.study.place.capitalize(), "Promise", "Who (a role)", "By when"]
    return markup.together(
        markup.list_of(_to_bring(meeting)), markup.table(lines, caption="Promised today", headers=headers)
    )


def _to_bring(meeting: Meeting) -> list[str]:
    last, older = _promises(meeting)
    still = [each for each in (*last, *older) if each.done != "yes" and each.site not in _closed(meeting)]
    said = ["Everyone: one thing that you tried, what you thought would happen, and what did."]
    if still:
        said.append(f"{_who(meeting, still)}: how far what was promised has come.")
    words = submissions.last_records(meeting.numbers, meeting.episodes)
    no_sign = submissions.no_sign(meeting.numbers, meeting.episodes, meeting.a_month)
    late = [site for site, said_of in words.items() if said_of in submissions.LATE and not no_sign[site]]
    if late and meeting.rules.name_peers:
        said.append(f"{wording.and_list([meeting.called(site) for site in late])}: the records since your last one.")
    return said


def _who(meeting: Meeting, some: list[Promise]) -> str:
    if not meeting.rules.name_peers:
        return "Whoever still has a promise open"
    names = sorted({meeting.called(each.site) for each in some if each.site != STATEWIDE})
    office = ["the state office"] if any(each.site == STATEWIDE for each in some) else []
    said = wording.and_list([*names, *office])
    return f"{said[0].upper()}{said[1:]}"


def about(meeting: Meeting) -> Html:
    """How to read the page."""
    agreement = meeting.rules.agreement
    notes = [
        "Days since the last record are given in weeks, since one child’s day stands behind a single record.",
        "A site is invited to speak where a share got better by more than chance. That is no praise and no blame.",
    ]
    if agreement is not None:
        notes.append(f"Agreement signed on {wording.day_words(agreement.signed_on)}: {agreement.allows}")
    if not meeting.rules.name_peers:
        notes.append("Sites have agreed that pages for everyone name none of them.")
    return markup.together(markup.list_of(notes), panels.small_counts_note())
