"""Sites that others may learn from: where a chart says better by more than chance. An invitation, never a rank."""

from analysis.brief import signals
from analysis.brief.meeting.sources import Meeting
from analysis.brief.numbers import Numbers
from analysis.brief.signals import Signal


def rises(numbers: Numbers) -> list[Signal]:
    """Every scorecard chart of a site that is better than usual by more than chance, by the site's name and the scorecard's order."""
    found = [
        signals.signal(numbers, measure, site)
        for site in numbers.pages["site_id"]
        for measure in numbers.cards.scorecard
    ]
    return [each for each in found if each is not None and each.kind == signals.GOOD]


def invitations(meeting: Meeting) -> list[str]:
    """One invitation a rise. Where peers are not named, no figure stands in it: its size would name the site."""
    return [_invitation(meeting, each) for each in rises(meeting.numbers)]


def _invitation(meeting: Meeting, each: Signal) -> str:
    title = meeting.numbers.cards.cards[each.measure].title
    if not meeting.rules.name_peers:
        return f"At one site: {title} is better than usual, by more than chance. The site is asked first. Would it tell us what it tried?"
    said = signals.say(meeting.numbers, each)
    return f"{meeting.called(each.site)}: {title} is {said}. Would the team tell us what it tried?"
