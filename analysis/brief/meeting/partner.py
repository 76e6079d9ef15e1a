"""One page that a site can hand to a school district, an emergency department or the police. It promises nothing that the data don't carry.

It leaves the collaborative, so small counts are hidden by the strict rule for the public (`may_go_out`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

import pandas as pd

from analysis.brief import markup, panels, wording
from analysis.brief.markup import Html
from analysis.brief.meeting.sources import Meeting, open_meeting, open_table
from analysis.params import disclosure, one_site
from analysis.tables import REFERRAL_SOURCES, WEEKDAYS

NOT_WRITTEN = "Not yet written."
# The partners whom the page is for, as a sentence names their callers.
PARTNERS = {
    "school": "Schools",
    "emergency_department": "Emergency departments",
    "police": "Police",
}
ENDINGS = {
    "community": "the child stayed at home, at school or in the community",
    "emergency_department": "the child went to an emergency department",
    "inpatient": "the child went into a hospital",
}


@dataclass(frozen=True)
class SitePage:
    """One site's page: the meeting's sources, the site, and its hours of cover if the study has them."""

    meeting: Meeting
    site: str
    hours: pd.DataFrame | None

    @property
    def name(self) -> str:
        return panels.place_name(self.meeting.numbers, self.site)

    def row(self, measure: str, stratum: str = "all") -> pd.Series | None:
        """The site's year of one measure; None where it can't be shown to the public."""
        numbers = self.meeting.numbers
        row = numbers.row(measure, numbers.windows.year, site=self.site, stratum=stratum)
        if row is None or pd.isna(row["value"]):
            return None
        crises = numbers.row("episodes", numbers.windows.year, site=self.site)
        smallest = disclosure().smallest_shown
        return row if may_go_out(row, None if crises is None else crises["numerator"], smallest) else None

    @property
    def closed_on(self) -> pd.Timestamp | None:
        """The day on which it closed, by the last day of the records; None while it is open."""
        day = self.meeting.numbers.sites.set_index("site_id")["closed_on"][self.site]
        return day if pd.notna(day) and day <= self.meeting.as_of else None


def open_page(study: str, period: str, site: str) -> SitePage:
    """What the page is made from; a sentence (ParamsError) where the study has no such site."""
    meeting = open_meeting(study, period)
    one_site(site, meeting.numbers.pages["site_id"].tolist())
    return SitePage(meeting, site, open_table(study, "site_hours"))


def may_go_out(row: Mapping, crises: float | None, smallest: int) -> bool:
    """May a figure be shown outside? Those counted, the others, both together, and the crises left over are each none or enough.

    Inside the collaborative a process measure's numerator may be small; here 40 of 42 would tell of two children. `crises` are all of
    the place's, which the page prints as well.

    >>> [may_go_out({"numerator": top, "denominator": bottom}, 60, 11) for top, bottom in ((31, 42), (32, 42), (42, 42), (30, 52), (10, 49))]
    [True, False, True, False, False]
    >>> may_go_out({"numerator": None, "denominator": 12}, 60, 11)     # a median prints no count: those behind it are enough
    True
    """
    top, bottom = (None if pd.isna(row[name]) else float(row[name]) for name in ("numerator", "denominator"))
    counts = [top, bottom]
    if top is not None and bottom is not None:
        counts.append(bottom - top)
        counts.append(None if crises is None or pd.isna(crises) else float(crises) - bottom)
    return not any(each is not None and 0 < abs(each) < smallest for each in counts)


def title(page: SitePage) -> Html:
    """The page's heading."""
    numbers = page.meeting.numbers
    under = f"{numbers.study.service}. For schools, emergency departments and the police. Figures from {numbers.windows.year.words}."
    what = "a team that comes in a crisis" if page.closed_on is None else "this team has closed"
    return panels.title(numbers.study, f"{page.name}: {what}", under)


def headline(page: SitePage) -> Html:
    """One sentence: how many in the last year, or that the team has closed and to whom to turn."""
    if page.closed_on is not None:
        said = f"This team closed on {wording.day_words(page.closed_on)}. {_turn_to(page)}"
    else:
        said = f"From {page.meeting.numbers.windows.year.words}, the team {_how_many(page)}."
    return Html(f'<p class="headline">{markup.escaped(said)}</p>')


def _turn_to(page: SitePage) -> str:
    """Whom to turn to in place of a team that has closed: its hub, where that is open and has said how it is called."""
    numbers, contact = page.meeting.numbers, page.meeting.rules.contact
    sites = numbers.sites.set_index("site_id")
    hub = sites["hub_id"][page.site]
    if (
        pd.isna(hub)
        or hub == page.site
        or hub not in contact
        or SitePage(page.meeting, hub, None).closed_on is not None
    ):
        return "Ask the state who covers your county now."
    who = sites["name"][hub] if numbers.name_peers else "its lead agency"
    return f"Turn to {who} now. {wording.sentence(contact[hub])}"


def _how_many(page: SitePage) -> str:
    crises, people = page.row("episodes"), page.row("children_served")
    if crises is not None and not crises["value"]:
        return "has no crisis in its records yet"
    if crises is None:
        # It may be hidden to cover another site's count, so nothing is said of how many there were.
        return f"helped in crises whose number is not shown, to protect {page.meeting.numbers.study.people}"
    times = f"helped in {_many(crises['value'], 'crisis', 'crises')}"
    if people is None or not people["value"]:
        return times
    one = "child" if page.meeting.numbers.study.people == "children" else "person"
    return f"{times}, for {_many(people['value'], one, page.meeting.numbers.study.people)}"


def _many(count: float, one: str, several: str) -> str:
    return f"1 {one}" if count == 1 else f"{markup.number(count)} {several}"


def what_it_does(page: SitePage) -> Html:
    """What the team does, as far as any study can say it; of one that has closed, that it does so no more."""
    if page.closed_on is not None:
        return markup.list_of(
            ["This team takes no calls. Please send no family to it.", "If someone may be hurt right now, call 911."]
        )
    who = "a child" if page.meeting.numbers.study.people == "children" else "someone"
    return markup.list_of(
        [
            f"Call when {who} is in a crisis of feeling or behavior and people on the spot need help.",
            "If the family wishes it, a team can come to where they are.",
            "It helps to calm things down, and talks with the family about what comes next.",
            "If someone may be hurt right now, call 911.",
        ]
    )


def how_to_call(page: SitePage) -> Html:
    """The site's own words on how to call it; nothing of one that has closed."""
    if page.closed_on is not None:
        return Html("")
    return markup.paragraph(page.meeting.rules.contact.get(page.site, NOT_WRITTEN))


def hours_of_cover(page: SitePage) -> Html:
    """When teams can go out, by weekday; another line where nobody recorded it, and nothing of a team that has closed."""
    if page.closed_on is not None:
        return Html("")
    if page.hours is None:
        return markup.paragraph("The hours of cover are not in these data. Ask the team.")
    day = page.meeting.numbers.windows.now.to_on
    held = page.hours[page.hours["site_id"].eq(page.site) & page.hours["from_on"].le(day)]
    held = held[held["to_on"].isna() | held["to_on"].ge(day)].sort_values("from_hour")
    if held.empty:
        return markup.paragraph("The hours of cover of this team are not in these data. Ask the team.")
    by_day = [(words, _stretches(held[held["weekday"].eq(code)])) for code, words in WEEKDAYS.items()]
    first, *others = _weekly(by_day)
    if not others:
        return markup.paragraph(f"A team can go out {first} (as of {wording.day_words(day)}).")
    hours = markup.list_of([f"{each}." for each in (first, *others)])
    return markup.together(markup.paragraph(f"When a team can go out, as of {wording.day_words(day)}:"), hours)


def _weekly(by_day: list[tuple[str, str]]) -> list[str]:
    """Days in a row with the same hours, as one.

    >>> _weekly([("Monday", "all day"), ("Tuesday", "all day"), ("Wednesday", "no team")])
    ['Monday to Tuesday all day', 'Wednesday no team']
    """
    runs = [[day for day, _ in run] + [hours] for hours, run in groupby(by_day, key=lambda each: each[1])]
    if len(runs) == 1:
        return [f"every day, {runs[0][-1]}"]
    return [f"{days[0]}{f' to {days[-1]}' if len(days) > 1 else ''} {hours}" for *days, hours in runs]


def _stretches(hours: pd.DataFrame) -> str:
    """The stretches of a day in words.

    >>> _stretches(pd.DataFrame({"from_hour": [0], "to_hour": [24]})), _stretches(pd.DataFrame({"from_hour": [8, 20], "to_hour": [12, 22]}))
    ('all day', '8:00 to 12:00 and 20:00 to 22:00')
    >>> _stretches(pd.DataFrame({"from_hour": [], "to_hour": []}))
    'no team'
    """
    spans = [(int(row.from_hour), int(row.to_hour)) for row in hours.itertuples()]
    if spans == [(0, 24)]:
        return "all day"
    return wording.and_list([f"{first}:00 to {last}:00" for first, last in spans]) if spans else "no team"


def how_fast(page: SitePage) -> Html:
    """How often families that asked were seen, and how soon the team came."""
    said = []
    seen, wait, in_time = (
        page.row("in_person_share"),
        page.row("response_minutes_median"),
        page.row("response_in_time_share"),
    )
    if seen is not None:
        said.append(f"Of calls that asked for a visit, {_x_of_n(seen)} got a team in person.")
    if wait is not None:
        said.append(f"Half of the waits for the team were shorter than {markup.number(wait['value'])} minutes.")
    if in_time is not None:
        said.append(f"{_limit(page)} in {_x_of_n(in_time)} visits.")
    verb = "comes" if page.closed_on is None else "came"
    return markup.list_of(said or [f"There are too few visits to say how fast the team {verb}."])


def _x_of_n(row: pd.Series) -> str:
    return markup.x_of_n(row["numerator"], row["denominator"])


def _some_of_n(row: pd.Series) -> str:
    return _x_of_n(row) if row["numerator"] else f"none of {markup.number(row['denominator'])}"


def _limit(page: SitePage) -> str:
    """In time, in words: with the minutes where one limit held all year, and for which visits."""
    year = page.meeting.numbers.windows.year
    clocks = page.meeting.numbers.cards.cards["response_in_time_share"].clocks or ()
    first, last = year.from_on.date(), year.to_on.date()
    held = [clock for clock in clocks if clock.from_on <= last and (clock.to_on is None or clock.to_on >= first)]
    minutes, modes = {clock.threshold_minutes for clock in held}, {clock.modes for clock in held}
    who = "Where it was to come at once, the team" if modes == {("mobile",)} else "The team"
    return f"{who} came within {markup.number(minutes.pop())} minutes" if len(minutes) == 1 else f"{who} came in time"


def what_came_of_it(page: SitePage) -> Html:
    """How crises ended, of those of which it is known, where it can be shown."""
    rows = [(words, page.row("disposition", code)) for code, words in ENDINGS.items()]
    said = [f"In {_some_of_n(row)} crises {words}." for words, row in rows if row is not None]
    return markup.list_of(
        said or [f"How the crises ended is not shown, to protect {page.meeting.numbers.study.people}."]
    )


def who_calls(page: SitePage) -> Html:
    """How many calls came from each kind of partner, where it can be shown; then from whom most came."""
    numbers = page.meeting.numbers
    if "referral_source" in dict(numbers.off):
        return markup.paragraph("Who called is not in these data.")
    lines = [(words, _calls(page, code)) for code, words in PARTNERS.items()]
    table = markup.table(
        lines, caption=f"Calls for help, {numbers.windows.year.words}", headers=["From", "Calls"], numeric=["Calls"]
    )
    return markup.together(
        table, Html(f'<p class="note">{markup.escaped(panels.hidden_note())}</p>'), _most_calls(page)
    )


def _calls(page: SitePage, code: str) -> str:
    row = page.row("referral_source", code)
    return disclosure().mark if row is None else _x_of_n(row)


def _most_calls(page: SitePage) -> Html:
    rows = [(words, page.row("referral_source", code)) for code, words in REFERRAL_SOURCES.items()]
    shown = [(int(row["numerator"]), words, row) for words, row in rows if row is not None and row["numerator"] > 0]
    if not shown:
        return markup.paragraph("There are too few calls to say from whom most came.")
    _, words, row = max(shown, key=lambda each: (each[0], each[1]))
    return markup.paragraph(f"The largest source that can be shown: {words} ({_x_of_n(row)}).")


def what_it_cannot_say(page: SitePage) -> Html:
    """The limits of the page."""
    people = page.meeting.numbers.study.people
    next_time = ["It can’t say how soon a team will come the next time you call."] if page.closed_on is None else []
    return markup.list_of(
        [
            f"It can’t say what would have happened to these {people} without the team.",
            "It can’t say how they were some weeks later.",
            *next_time,
            "It can’t say how calls from one school, one hospital or one police force turned out.",
        ]
    )


def about(page: SitePage) -> Html:
    """How to read the page."""
    smallest = disclosure().smallest_shown
    outside = f"This page is stricter still: it gives a share only where those counted, and those not, are none or at least {smallest}."
    return markup.together(panels.small_counts_note(), Html(f'<p class="note">{markup.escaped(outside)}</p>'))
