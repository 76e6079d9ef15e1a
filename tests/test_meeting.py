"""The pages around the monthly meeting, on a few made-up people: promises, who sent records, who rose, what partners are told."""

import html
import re
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from reading import reading
from test_briefs import NAMES, RULE, SCRIPT, a_clock, a_study, crises, months_of, numbered, numbers_of
from test_words import NEVER, words_in

from analysis.brief import attention, markup, signals
from analysis.brief.meeting import agenda, learning, partner, restated, status, submissions
from analysis.brief.meeting.promises import Agreement, Collaborative, Promise, before_meeting, read_collaborative
from analysis.brief.meeting.sources import Meeting, open_meeting
from analysis.brief.press.pages import shell
from analysis.brief.small_counts.ledger import Release, entry_of, release_of
from analysis.params import ParamsError

SITES = list(NAMES)
# Cover is closed over the twelve months that matter to nobody here; three sites are large, one is tiny.
EVERYONE = numbered(
    crises("north", months_of(), 40), crises("south", months_of(), 30), crises("cover", months_of(), 20), crises("tiny", months_of(), 2)
)  # fmt: skip


def meeting(episodes=EVERYONE, *, period="2026-10", rules=None, sites=None, **given) -> Meeting:
    """The meeting as its pages open it; `sites` gives opened_on, closed_on and hub_id by site."""
    rules = rules or Collaborative()
    numbers = numbers_of(episodes, period, name_peers=rules.name_peers, **given)
    for (site, name), value in (sites or {}).items():
        numbers.sites.loc[numbers.sites["site_id"].eq(site), name] = (
            pd.Timestamp(value) if name.endswith("_on") else value
        )
    return Meeting(numbers, rules, episodes)


def promise(site="north", **given) -> Promise:
    plain = {
        "made_on": date(2026, 10, 8),
        "meeting": "2026-09",
        "promise": "Visit two schools.",
        "owner_role": "outreach worker",
    }
    return Promise(site=site, **{**plain, **given})


def promised(*promises: Promise, **given) -> Collaborative:
    return Collaborative(promises=promises, **given)


def said(part) -> str:
    """What a reader meets of a piece of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", str(part))).split())


def agenda_page(of: Meeting) -> str:
    parts = [agenda.title, agenda.headline, agenda.promises, agenda.questions, agenda.to_learn_from, agenda.restated,
             agenda.last_records, agenda.next_time, agenda.timings, agenda.about]  # fmt: skip
    return shell(markup.together(*(part(of) for part in parts)).text, name="a/agenda.html")


def status_page(of: Meeting) -> str:
    parts = [status.title, status.headline, status.who_has_sent, status.late_entry, status.about]
    return shell(markup.together(*(part(of) for part in parts)).text, name="a/status.html")


def partner_text(of: Meeting, site: str, hours=None) -> str:
    page = partner.SitePage(of, site, hours)
    parts = [partner.title, partner.headline, partner.what_it_does, partner.how_to_call, partner.hours_of_cover, partner.how_fast,
             partner.what_came_of_it, partner.who_calls, partner.what_it_cannot_say, partner.about]  # fmt: skip
    return said(
        shell(markup.together(*(part(page) for part in parts)).text, name="a/partner.html").partition("<main")[2]
    )


# --- the file ----------------------------------------------------------------------------------------------------------


def written(folder, text: str):
    (folder / "params" / "made_up").mkdir(parents=True)
    (folder / "params" / "made_up" / "collaborative.yml").write_text(text, encoding="utf-8")
    return read_collaborative("made_up", SITES, root=folder)


ONE = """promises:
  - site: north
    made_on: 2026-10-08
    meeting: "2026-09"
    promise: Visit two schools.
    owner_role: outreach worker
"""


def test_without_a_file_nothing_is_promised_and_peers_are_named(tmp_path):
    rules = read_collaborative("made_up", SITES, root=tmp_path)
    assert (rules.promises, rules.name_peers, rules.contact) == ((), True, {})


def test_a_bare_no_and_yes_are_what_they_say(tmp_path):
    rules = written(
        tmp_path, ONE + "    done: no\n" + ONE.partition("\n")[2] + "    done: yes\n    done_on: 2026-10-20\n"
    )
    assert [each.done for each in rules.promises] == ["no", "yes"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("    note: NO", "promises.0.note: read by YAML as yes or no. Put it in quotation marks, found False"),
        ("    note: 2026-10-09", "read by YAML as a date. Put it in quotation marks"),
        ("    note: 12", "read by YAML as a number"),
        ("    note: ''", "words are needed here"),
        ("    note: Call 505 555 0101 first", "points to a person"),
        ("    note: ask ana@example.org", "points to a person"),
        ("    due_on: 20261023", "a day is written like 2026-09-10"),
        ("    due_on: 2026-02-31", "not readable as YAML"),
        ("    due_on: 2026-10-01", "due_on is 2026-10-01, before the promise was made on 2026-10-08"),
        ("    done_on: 2026-10-20", "done_on is given, but done is open"),
        ("    done: maybe", "promises.0.done"),
        ("\tnote: tab", "line 7"),
        ("    site: south", 'the key "site" stands twice'),
        ("    owner: Ana", '"promises.0.owner" is not a key used here (did you mean "owner_role"?)'),
    ],
)
def test_a_slip_in_the_file_is_one_sentence(tmp_path, line, sentence):
    with pytest.raises(ParamsError, match=re.escape(sentence)) as caught:
        written(tmp_path, f"{ONE}{line}\n")
    assert "params/made_up/collaborative.yml" in str(caught.value) or "collaborative.yml" in str(caught.value)
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    ("was", "becomes", "sentence"),
    [
        ("site: north", "site: nort", '"nort" is not a site of this study (did you mean "north"?)'),
        ("site: north", "site: NO", "read by YAML as yes or no"),
        ('meeting: "2026-09"', "meeting: 2026-09-10", "read by YAML as a date"),
        ('meeting: "2026-09"', 'meeting: "2026-9"', "named by its month, like 2026-09"),
        ("promises:", "name_peers: perhaps\npromises:", "name_peers"),
        (
            "promises:",
            "contact: {nort: call}\npromises:",
            'contact: "nort" is not a site of this study (did you mean "north"?)',
        ),
    ],
)
def test_a_slip_in_a_line_that_must_be_there_is_one_sentence(tmp_path, was, becomes, sentence):
    with pytest.raises(ParamsError, match=re.escape(sentence)):
        written(tmp_path, ONE.replace(was, becomes))


@pytest.mark.parametrize("name", ["Maria Lopez", "Dr. Lopez", "Lopez, Maria", "José Nuñez", "M. Lopez", "MARIA LOPEZ", "Ms O'Neil", "JR",
                                  "program manager (Ana)", "a.lopez@example.org", "505-555-0101"])  # fmt: skip
def test_a_person_is_refused_where_a_role_belongs(name):
    with pytest.raises(ValueError, match=r"looks like a person's name|points to a person"):
        promise(owner_role=name)


@pytest.mark.parametrize(
    "role", ["program manager", "CQI lead", "certified family peer", "lead of the QA team", "clinician"]
)
def test_a_role_passes(role):
    assert promise(owner_role=role).owner_role == role


# --- promises on the agenda ----------------------------------------------------------------------------------------------


def test_no_promise_is_a_sentence_and_the_page_stands():
    page = said(agenda_page(meeting()))
    assert "No promise of an earlier meeting is on file" in page
    assert "Nothing was promised, or nobody wrote it down" in page


def test_all_done_says_so():
    done = {"done": "yes", "done_on": date(2026, 10, 20)}
    assert said(agenda.headline(meeting(rules=promised(promise(**done))))) == "The 1 promise of last time is done."
    two = promised(promise(**done), promise("south", **done))
    assert said(agenda.headline(meeting(rules=two))) == "All 2 promises of last time are done."


def test_the_top_counts_older_promises_whose_day_has_passed_too():
    past, to_come = {"due_on": date(2026, 10, 20)}, {"due_on": date(2026, 11, 20)}
    last = promise(done="yes", done_on=date(2026, 10, 20))
    older = [
        promise(meeting="2026-07", made_on=date(2026, 8, 1), promise=f"Old {n}.", **given)
        for n, given in enumerate((past, past, to_come))
    ]
    assert said(agenda.headline(meeting(rules=promised(last, *older)))) == (
        "The 1 promise of last time is done. Of older promises, 2 are overdue."
    )


@pytest.mark.parametrize(
    ("due", "done", "late"),
    [
        (date(2026, 10, 30), "open", True),
        (date(2026, 10, 31), "open", False),  # the last day of the records is not past
        (date(2026, 10, 30), "no", True),
        (date(2026, 10, 30), "partly", True),
        (date(2026, 10, 30), "yes", False),
        (None, "open", False),  # no day, no delay
    ],
)
def test_the_day_has_passed_only_once_it_has(due, done, late):
    text = said(agenda.promises(meeting(rules=promised(promise(due_on=due, done=done)))))
    assert ("the day has passed" in text) == late
    assert ("no day was set" in text) == (due is None)


def test_a_promise_of_a_site_that_has_closed_asks_who_takes_it_on():
    closed = {("north", "closed_on"): "2026-09-30"}
    of = meeting(rules=promised(promise(due_on=date(2026, 10, 20))), sites=closed)
    assert "the site has closed since. Who takes it on?" in said(agenda.promises(of))
    assert "North" not in said(agenda.next_time(of))
    done = meeting(rules=promised(promise(done="yes")), sites=closed)
    assert "has closed" not in said(agenda.promises(done))


def test_a_month_without_a_meeting_loses_no_promise_and_later_ones_wait():
    rules = promised(
        promise(meeting="2026-07", promise="Old and done.", done="yes"),
        promise(meeting="2026-07", promise="Old and open."),
        promise(meeting="2026-08", promise="Of last time."),
        promise(meeting="2026-10", promise="Not made yet."),
    )
    last, older = before_meeting(rules, pd.Period("2026-10"))
    assert [each.promise for each in last] == ["Of last time."]
    assert [each.promise for each in older] == ["Old and open."]


def test_a_promise_is_text_and_no_markup():
    text = str(agenda.promises(meeting(rules=promised(promise(promise=SCRIPT)))))
    assert "<script" not in text
    assert html.escape(SCRIPT) in text


# --- names ---------------------------------------------------------------------------------------------------------------


def uneven() -> pd.DataFrame:
    """North is seen in person more often in the last three months, South less often than the standard all year."""
    early, late = months_of()[:-3], months_of()[-3:]
    return numbered(
        crises("north", early, 40, met=0.5), crises("north", late, 40, met=0.95), crises("south", months_of(), 40, met=0.4), crises("cover", months_of(), 40)
    )  # fmt: skip


def test_where_peers_are_named_the_agenda_names_them():
    page = said(agenda_page(meeting(uneven(), rules=promised(promise("south")))))
    assert "South is below it by more than chance" in page or "North and South are below it" in page
    assert "North: Seen in person is above its usual range" in page


def test_where_peers_are_not_named_no_name_stands_on_the_agenda_and_no_figure_of_one_site():
    rules = promised(promise("south"), promise("statewide"), name_peers=False)
    text = said(
        agenda_page(meeting(uneven(), rules=rules, sites={("tiny", "closed_on"): "2026-01-31"})).partition("<main")[2]
    )
    assert not [name for name in ("North", "South", "Cover", "Empty") if name in text]
    assert "a site Visit two schools. outreach worker" in text  # the role stands, the site does not
    assert re.search(r"[12] sites? (?:is|are) below it by more than chance", text)
    invited = learning.invitations(meeting(uneven(), rules=rules))
    assert [re.findall(r"\d", words) for words in invited] == [[]]
    status_text = said(status_page(meeting(uneven(), rules=rules)).partition("<main")[2])
    assert not [name for name in ("North", "South", "Cover", "Empty") if name in status_text]


def test_the_questions_for_the_room_count_sites_where_they_are_not_named():
    numbers = numbers_of(uneven())
    assert "South" in said(attention.what_next(numbers))
    counted = said(attention.what_next(numbers_of(uneven(), name_peers=False)))
    assert not [name for name in ("North", "South", "Cover", "Empty") if name in counted]
    assert re.search(r"[12] sites? (?:is|are) below it by more than chance", counted)


# --- sites to learn from -------------------------------------------------------------------------------------------------


def test_a_rise_is_an_invitation_with_its_usual_range_and_no_rank():
    (words,) = learning.invitations(meeting(uneven()))
    # 38 of 40 in each of the last three of 22 months; 20 of 40 in each before. The limits stand on the first 20, the first of the three
    # among them: (19 x 20 + 38) of 800 is 52.25%, -+ 3 x 7.9%
    assert words.startswith("North: Seen in person is above its usual range (29 to 76 of 100), by more than chance.")
    assert words.endswith("Would the team tell us what it tried?")
    assert words_in(words, NEVER) == []
    assert reading(f"<p>{words}</p>").most_words <= 20


@pytest.mark.parametrize(
    ("late", "rises"),
    [
        (crises("north", months_of()[-3:], 40, met=0.1), 0),  # worse is no invitation
        (crises("north", months_of()[-3:], 40, met=0.55), 0),  # 22 of 40 after 20 of 40 is chance
        (crises("north", months_of()[-3:], 40, met=0.95), 1),
    ],
)
def test_only_what_is_better_by_more_than_chance_is_an_invitation(late, rises):
    numbers = numbers_of(
        numbered(crises("north", months_of()[:-3], 40, met=0.5), late, crises("south", months_of(), 40))
    )
    assert len(learning.rises(numbers)) == rises
    assert signals.signal(numbers, "in_person_share", "north").has_rules


def test_a_site_that_is_shown_by_the_year_alone_has_no_chart():
    numbers = numbers_of(
        numbered(crises("north", months_of(), 40), crises("south", months_of(), 40), crises("tiny", months_of(), 1))
    )
    assert signals.signal(numbers, "in_person_share", "tiny").phrase == "not_shown"


def test_another_clock_is_no_rise():
    clocks = (a_clock(20, last="2026-07-31"), a_clock(60, first="2026-08-01"))
    # Everyone waits 30 minutes: late until July, in time from August on.
    numbers = numbers_of(
        numbered(crises("north", months_of(), 40), crises("south", months_of(), 40)), study=a_study(clocks=clocks)
    )
    assert learning.rises(numbers) == []


# --- who has sent records --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last_day", "words"),
    [
        ("2026-10-31", "under a week"),
        ("2026-10-25", "under a week"),
        ("2026-10-24", "1 to 2 weeks"),
        ("2026-10-17", "1 to 2 weeks"),
        ("2026-10-16", "2 to 4 weeks"),
        ("2026-10-03", "2 to 4 weeks"),
        ("2026-10-02", "over 4 weeks"),
        ("2025-03-05", "over 4 weeks"),
    ],
)
def test_the_last_record_is_given_in_weeks_and_never_as_a_day(last_day, words):
    one = crises("south", [last_day[:7]], 1).assign(counted_on=pd.Timestamp(last_day))
    of = meeting(numbered(crises("north", months_of(), 40), one))
    assert submissions.last_records(of.numbers, of.episodes)["south"] == words
    assert not re.search(
        rf"\b{pd.Timestamp(last_day).day} {pd.Timestamp(last_day):%B}",
        said(agenda.last_records(of)).replace("31 October 2026", ""),
    )


def test_a_site_that_opened_this_month_closed_or_has_no_record_says_so():
    sites = {
        ("south", "opened_on"): "2026-10-20",
        ("cover", "closed_on"): "2026-09-30",
        ("tiny", "opened_on"): "2026-11-15",
    }
    new = crises("south", ["2026-10"], 12).assign(counted_on=pd.Timestamp("2026-10-21"))
    of = meeting(numbered(crises("north", months_of(), 40), new), sites=sites)
    last = submissions.last_records(of.numbers, of.episodes)
    assert last.to_dict() == {
        "north": "2 to 4 weeks",
        "south": "1 to 2 weeks",
        "cover": "closed",
        "tiny": "not open yet",
        "empty": "no record yet",
    }
    # Cover has closed and Tiny is not open yet: three are left, of which Empty has sent nothing.
    assert "2 of 3 open sites had sent records of October 2026" in said(status.headline(of))
    assert said(agenda_page(of))
    assert said(status_page(of))


def test_an_empty_month_of_a_site_of_which_few_crises_are_expected_is_no_missing_record():
    quiet = numbered(
        crises("north", months_of(), 40), crises("south", months_of()[:-1], 30), crises("tiny", months_of()[:-2:3], 1)
    )
    of = replace(meeting(quiet), a_month=pd.Series({"north": 40.0, "south": 30.0, "tiny": 0.3}))
    text = said(status_page(of))
    # Of the five, North has sent; of South 30 were to be expected, of Tiny none in 3 months; what Cover and Empty do is not known.
    assert "1 of 5 open sites had sent records of October 2026. Of the others, 3 are missing." in text
    assert "At 1 more, so few crises are to be expected that a month without one is no sign." in text
    assert f"{SCRIPT} no crisis on record; so few are to be expected that a month without one is no sign" in text
    assert "South nothing yet" in text
    page = said(agenda_page(of))
    assert f"{SCRIPT} over 4 weeks; so few are to be expected that this is no sign" in page
    assert "Cover, Empty, North and South: the records since your last one." in page
    # In all that time several were to be expected: the same silence at 2 crises a month is asked about.
    busier = replace(of, a_month=of.a_month.mask(of.a_month.index == "tiny", 2.0))
    assert f"{SCRIPT}, Cover, Empty, North and South: the records since your last one." in said(agenda_page(busier))
    assert "nothing yet" in said(status_page(replace(of, a_month=None)))


def test_what_the_made_up_state_expects_of_its_sites_is_what_the_support_plans_expect():
    a_month = open_meeting("demo", "2026-10").a_month
    assert a_month[["site-14", "site-15"]].between(0.1, 1).all()  # about 3 a year
    assert a_month.drop(["site-14", "site-15"]).gt(3).all()


@pytest.mark.parametrize("each", [2, 5, 12])
def test_who_knows_which_sites_were_silent_cannot_work_out_a_small_count(each):
    """The state less the shown sites is what the hidden ones have together; with one of them left, it must not be small."""
    of = meeting(numbered(crises("north", months_of(), 40), crises("cover", months_of(), 30), crises("south", months_of()[:-1], each),
                          crises("tiny", ["2026-10"], 2)))  # fmt: skip
    now = of.numbers.windows.now
    sent = submissions.sent(of.numbers, of.episodes, now)
    assert (sent["tiny"], sent["south"]) == ("sent", "nothing yet")
    values = {site: of.numbers.row("episodes", now, site=site)["value"] for site in (*sent.index, "statewide")}
    state = values.pop("statewide")
    left = [site for site, value in values.items() if pd.isna(value) and sent[site] == "sent"]
    assert "tiny" in left
    assert pd.isna(state) or len(left) > 1


def test_silence_is_told_where_nothing_can_be_worked_out_from_it():
    of = meeting(numbered(crises("north", months_of(), 40), crises("south", months_of()[:-1], 30)))
    assert submissions.sent(of.numbers, of.episodes, of.numbers.windows.now)["south"] == "nothing yet"


# --- what late records have changed -------------------------------------------------------------------------------------


def released(numbers, number: int = 1) -> Release:
    """The release of those numbers, in the month after its period."""
    cut = numbers.windows
    entry = entry_of(numbers.shown, cut.all, now=cut.now, records_to=cut.now.to_on, tables="0" * 64, beside=[])
    return release_of(entry, number, numbers.study, where=f"params/made_up/releases/{cut.now.name}.json")


def after_late_records(
    *late: pd.DataFrame, name_peers: bool = True, base=EVERYONE, **given
) -> tuple[list[str], Meeting]:
    """The lines of October's agenda where September was released before these records came."""
    release = released(numbers_of(base, "2026-09", covers=("2025-01-01", "2026-09-30")))
    of = replace(meeting(numbered(base, *late), rules=Collaborative(name_peers=name_peers), **given), ledger=(release,))
    return restated.lines(of.numbers, of.ledger, RULE), of


def test_without_a_release_one_sentence_says_so_and_how_to_make_one():
    (line,) = restated.lines(meeting().numbers, (), RULE)
    assert "No earlier release is on file" in line
    assert "can note this one as the first" in line
    assert line in said(agenda.restated(meeting()))


def test_a_release_of_this_month_or_later_is_none_to_compare_with():
    assert "No earlier release" in restated.lines(meeting().numbers, (released(meeting().numbers),), RULE)[0]


def test_records_that_have_not_changed_are_said_to_be_so_though_more_days_have_passed():
    """Whether a child came back within 180 days is known of more children a month later: no late record changed that."""
    assert after_late_records()[0] == ["No late record has changed a figure that was released before."]


def test_a_late_record_that_may_be_told_stands_under_the_state_first_then_its_site():
    lines, of = after_late_records(crises("north", ["2026-08"], 14))
    assert lines[0] == "Crisis episodes, statewide, August 2026: 14 more."
    assert "Crisis episodes, North, August 2026: 14 more." in lines
    assert not [line for line in lines if "South" in line or "Cover" in line]
    assert len(lines) <= 5
    assert re.fullmatch(r"[\d,]+ other figures have changed too, at 1 site\.", lines[-1])
    assert max(len(line.split()) for line in lines) <= 20
    for line in lines:
        assert line in said(agenda.restated(of))


@pytest.mark.parametrize(("late", "words"), [(10, "changed by fewer than 11"), (11, "11 more")])
def test_fewer_than_11_late_records_are_not_counted_out(late, words):
    lines, _ = after_late_records(crises("north", ["2026-08"], late))
    assert lines[0] == f"Crisis episodes, statewide, August 2026: {words}."
    if late < 11:
        assert not [line for line in lines if re.search(r"\b([1-9]|10) (more|fewer)", line)]


def test_the_base_of_a_share_is_said_to_be_one():
    lines, _ = after_late_records(crises("north", ["2026-08"], 20, met=1.0))
    assert "Seen in person, statewide, August 2026: 20 more cases behind it." in lines


def test_at_most_five_lines_where_every_site_has_sent_some_late():
    late = [crises(site, ["2026-08", "2026-09"], 15) for site in ("north", "south", "cover")]
    lines, _ = after_late_records(*late)
    assert len(lines) == 5
    assert lines[0].startswith("Crisis episodes, statewide, ")
    assert lines[0].endswith("July to September 2026: 90 more.")  # 3 x 2 x 15, under the shortest span that holds them
    assert sum("statewide" in line for line in lines[:4]) == 3


def test_sites_are_counted_and_not_named_where_they_may_not_be():
    late = [crises(site, ["2026-08"], 15) for site in ("north", "south")]
    lines, _ = after_late_records(*late, name_peers=False)
    assert not [line for line in lines if "North" in line or "South" in line]
    assert lines[-1].endswith("at 2 sites.")


# --- the page before the meeting -------------------------------------------------------------------------------------------


def entered(episodes: pd.DataFrame, delays: list[int], as_of: str) -> pd.DataFrame:
    """Each record with its day of entry; those that would be entered after `as_of` are not there yet."""
    days = pd.to_timedelta(pd.Series(delays * (len(episodes) // len(delays) + 1))[: len(episodes)], unit="D")
    table = episodes.assign(entered_on=episodes["counted_on"] + days.to_numpy())
    return table[table["entered_on"].le(pd.Timestamp(as_of))].reset_index(drop=True)


def test_without_a_day_of_entry_the_page_says_so_and_shows_what_is_filled_in():
    text = said(status_page(meeting()))
    assert "The day on which a record was entered is not in these data" in text
    assert "How the visit ended" in text
    assert "still filling up" not in text


def test_with_a_day_of_entry_a_young_month_is_still_filling_up_and_an_old_one_settled():
    # Four of five records come after 2 days, one after 40: the crises of the 5th of October have had 26 days.
    of = meeting(entered(EVERYONE, [2, 2, 2, 2, 40], "2026-10-31"))
    text = said(status_page(of))
    assert "Half of all records are entered within 2 days, and 95 of 100 within 40 days." in text
    # 4 of 5 have come on every day that is 2 to 39 days old: about a quarter more, and more for the last two days
    assert re.search(r"October 2026 is still filling up\. A month usually gains about (2[5-9]|3\d) percent", text)
    lines = dict(re.findall(r"<th scope=\"row\">([A-Z]\w+ 202\d)</th>.*?<td>([a-z ]+)</td></tr>", status_page(of)))
    assert (lines["October 2026"], lines["September 2026"], lines["August 2026"]) == (
        "still filling up",
        "still filling up",
        "settled",
    )
    assert "80.0%" in text  # within 10 days, in months that are old enough


def test_the_range_of_what_a_month_gains_is_that_of_earlier_months_and_not_of_their_mean():
    # All on one day, 50 a month. Of odd months 1 of 5 records comes after 40 days, of even ones 2 of 5: a gain of 25 or of 67 percent.
    alike = numbered(crises("north", months_of(), 50))
    odd, even = (alike[alike["counted_on"].dt.month.mod(2).eq(rest)] for rest in (1, 0))
    both = pd.concat([entered(odd, [2, 2, 2, 2, 40], "2026-10-31"), entered(even, [2, 2, 2, 40, 40], "2026-10-31")])
    text = said(status.late_entry(meeting(both.reset_index(drop=True))))
    assert "Months differ: of the last 10 that are old enough, the least gained 25 and the most 67 percent." in text
    usual = int(re.search(r"usually gains about (\d+) percent", text)[1])
    assert 25 < usual < 67
    short = both[both["counted_on"].ge("2026-05-01")].reset_index(drop=True)
    assert "Too few months are old enough to say how much they differ." in said(status.late_entry(meeting(short)))


def test_entry_before_the_crisis_is_a_slip_that_is_counted_and_left_out():
    table = entered(EVERYONE, [2], "2026-10-31")
    slipped = table.assign(entered_on=table["entered_on"].mask(table.index == 0, pd.Timestamp("2020-01-01")))
    assert "1 record says that entry came before the crisis" in said(status_page(meeting(slipped)))


def test_a_month_without_a_record_is_a_page():
    early = numbered(crises("north", months_of()[:-1], 40))
    of = meeting(early)
    assert "0 of 5 open sites had sent records of October 2026" in said(status.headline(of))
    assert said(agenda_page(of))
    assert said(status_page(of))
    assert "Nothing stands out" in said(agenda.questions(of)) or said(agenda.questions(of))


def test_a_study_of_one_site_is_a_page():
    of = meeting(numbered(crises("north", months_of(), 40)))
    alone = replace(of, numbers=replace(of.numbers, sites=of.numbers.sites[of.numbers.sites["site_id"].eq("north")]))
    assert "1 of 1 open sites had sent" in said(status.headline(alone))
    assert said(agenda_page(alone))
    assert "helped in 480 crises" in partner_text(alone, "north")  # 12 x 40


def test_few_records_of_late_entry_are_no_curve():
    few = numbered(crises("north", ["2026-09", "2026-10"], 12))
    of = meeting(entered(few, [2], "2026-10-31"))
    assert "still filling up" not in said(status_page(of))


# --- the page for partners -------------------------------------------------------------------------------------------------


def schools() -> pd.DataFrame:
    """North, South and Cover are called by schools and families; Tiny by the police, three times."""
    large = [
        crises(site, months_of(), each, referral_source=source)
        for site, each, source in (("north", 30, "school"), ("north", 10, "family"), ("south", 20, "school"), ("south", 10, "family"),
                                   ("cover", 20, "school"), ("cover", 10, "family"))
    ]  # fmt: skip
    return numbered(*large, crises("tiny", months_of()[-3:], 1, referral_source="police"))


def test_the_partner_page_gives_shown_counts_in_plain_words():
    text = partner_text(meeting(schools(), rules=Collaborative(contact={"north": "Call 555-0101."})), "north")
    # 12 months x 40, of which 30 were called in by schools; 9 in 10 seen in person
    assert "the team helped in 480 crises, for 480 children" in text
    assert "Schools 360 of 480" in text
    assert "432 of 480 got a team in person" in text
    assert "Half of the waits for the team were shorter than 30 minutes." in text
    assert "In 480 of 480 crises the child stayed at home" in text
    assert "Call 555-0101." in text
    assert words_in(text, NEVER) == []


def test_a_small_site_s_partner_page_shows_no_small_count():
    text = partner_text(meeting(schools()), "tiny")
    assert "whose number is not shown, to protect children" in text
    assert "Not yet written." in text
    assert not re.search(r"\b[1-9] of|\bof ([1-9]|10)\b|Police [1-9]", text)
    assert "How the crises ended is not shown, to protect children." in text


def test_outside_a_share_is_given_only_where_those_counted_and_those_not_are_none_or_enough():
    """Of 60 crises of Cover 5 were not seen in person: sites may see that 55 of 60 were, a partner may not."""
    table = numbered(
        crises("north", months_of(), 40), crises("south", months_of(), 30), crises("cover", months_of(), 5)
    )
    table.loc[table.index[table["site_id"].eq("cover")][-5:], "response_mode"] = "phone"
    table.loc[table.index[table["site_id"].eq("cover")][:-5], "response_mode"] = "mobile"
    of = meeting(table, period="2026-12", covers=("2025-01-01", "2026-12-31"))
    inside = of.numbers.row("in_person_share", of.numbers.windows.year, site="cover")
    assert (inside["numerator"], inside["denominator"]) == (45, 50)
    text = partner_text(of, "cover")
    assert "got a team in person" not in text
    assert "the team helped in 50 crises" in text
    assert "Half of the waits for the team were shorter" in text  # a median prints no count
    assert "432 of 480" not in text
    assert "got a team in person" in partner_text(of, "north")


def test_no_partner_page_of_any_size_prints_a_count_or_a_rest_from_1_to_10():
    for each in range(1, 13):
        for met in (0.0, 0.5, 0.9, 1.0):
            table = numbered(
                crises("north", months_of(), 40),
                crises("south", months_of(), 30),
                crises("cover", months_of()[-each:], each, met=met),
            )
            text = partner_text(meeting(table), "cover")
            for some, of in re.findall(r"([\d,]+|none) of ([\d,]+)", text):
                top, bottom = (0 if word == "none" else int(word.replace(",", "")) for word in (some, of))
                assert not {top, bottom, bottom - top} & set(range(1, 11)), text
            assert not re.search(r"helped in ([1-9]|10) ", text)


def test_a_site_that_has_closed_sends_nobody_to_itself():
    rules = Collaborative(contact={"north": "Call 555-0101."})
    text = partner_text(meeting(schools(), rules=rules, sites={("north", "closed_on"): "2026-09-30"}), "north")
    assert "This team closed on 30 September 2026. Ask the state who covers your county now." in text
    assert "555-0101" not in text
    assert not re.search(
        r"Call when|a team can come|team can go out|next time you call|Ask the team|comes in a crisis", text
    )
    opened = partner_text(meeting(schools(), rules=rules), "north")
    assert all(word in opened for word in ("Call when", "comes in a crisis", "next time you call"))


@pytest.mark.parametrize(("hub_closed", "hub_contact", "named", "turn_to"), [
    (None, "call 555-0102", True, "Turn to South now. Call 555-0102."),
    (None, "call 555-0102", False, "Turn to its lead agency now. Call 555-0102."),
    (None, None, True, "Ask the state who covers your county now."),
    ("2026-08-31", "call 555-0102", True, "Ask the state who covers your county now."),
])  # fmt: skip
def test_a_site_that_has_closed_names_its_hub_where_that_can_be_called(hub_closed, hub_contact, named, turn_to):
    rules = Collaborative(contact={"north": "Call 555-0101."} | ({"south": hub_contact} if hub_contact else {}))
    sites = {("north", "closed_on"): "2026-09-30", ("north", "hub_id"): "south"}
    if hub_closed:
        sites["south", "closed_on"] = hub_closed
    of = meeting(schools(), rules=rules, sites=sites)
    text = partner_text(replace(of, numbers=replace(of.numbers, name_peers=named)), "north")
    assert f"This team closed on 30 September 2026. {turn_to}" in text
    assert "555-0101" not in text


def test_a_site_without_any_record_has_a_partner_page():
    assert "the team has no crisis in its records yet" in partner_text(meeting(schools()), "empty")


def test_hours_of_cover_stand_where_the_table_is_there_and_hold():
    hours = pd.DataFrame(
        [("north", "2025-01-01", "2026-06-30", "monday", 0, 24), ("north", "2026-07-01", None, "monday", 8, 22), ("north", "2026-07-01", None, "tuesday", 0, 24)],
        columns=["site_id", "from_on", "to_on", "weekday", "from_hour", "to_hour"],
    ).astype({"from_on": "datetime64[ns]", "to_on": "datetime64[ns]"})  # fmt: skip
    text = partner_text(meeting(schools()), "north", hours)
    assert (
        "When a team can go out, as of 31 October 2026: Monday 8:00 to 22:00. Tuesday all day. Wednesday to Sunday no team."
        in text
    )
    assert "not in these data. Ask the team" in partner_text(meeting(schools()), "north")
    assert "hours of cover of this team are not" in partner_text(meeting(schools()), "south", hours)


def test_the_pages_read_at_grade_eight_with_short_sentences():
    rules = promised(
        promise(due_on=date(2026, 10, 20)), agreement=Agreement(signed_on=date(2025, 1, 1), allows="All figures.")
    )
    of = meeting(uneven(), rules=rules)
    for page in (agenda_page(of), status_page(meeting(entered(EVERYONE, [2, 2, 2, 2, 40], "2026-10-31")))):
        read = reading(page.partition("<main")[2])
        assert read.grade <= 8
    parts = [
        agenda.headline(of),
        agenda.promises(of),
        agenda.to_learn_from(of),
        agenda.restated(of),
        agenda.next_time(of),
    ]
    assert max(reading(str(part)).most_words for part in parts if reading(str(part)).sentences) <= 20
