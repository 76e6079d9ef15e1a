"""Support plans: read strictly, nobody named, drafted without overwriting, and what is missing is said."""

import random
import re
import time
from datetime import date, timedelta

import pytest
import yaml
from plans import DATA_END, FULL
from plans import known as made_up_known

from analysis import params
from analysis.brief.plans.actions import EVIDENCE, STEPS, Library, read_actions
from analysis.brief.plans.checking import as_plan
from analysis.brief.plans.draft import Aim, Signal, draft, draft_plan, draft_text
from analysis.brief.plans.files import read_plan, read_plans, replace_plan
from analysis.brief.plans.lines import read_lines
from analysis.brief.plans.notes import notes, unwritten
from analysis.brief.plans.private import BIRTH, EMAIL, NAME, NUMBER, PHONE, identifying
from analysis.brief.plans.records import Plan
from analysis.brief.plans.writing import plan_text
from analysis.params import ParamsError


@pytest.fixture(scope="module")
def known():
    return made_up_known()


def read(text: str | bytes, known) -> Plan:
    content = text if isinstance(text, bytes) else text.encode()
    found, locate = read_lines(content, "plan.yml", names=known.names)
    return as_plan(found, known, where="plan.yml", locate=locate)


def fault(text: str | bytes, known) -> str:
    with pytest.raises(ParamsError) as raised:
        read(text, known)
    return str(raised.value)


def changed(old: str, new: str) -> str:
    assert FULL.count(old) >= 1
    return FULL.replace(old, new, 1)


# --- the library ---


def test_the_library_holds_the_actions_that_a_plan_may_name():
    actions = read_actions()
    assert {
        "school_diversion", "school_agreements", "hand_out_number", "just_go", "one_number", "cross_border", "virtual_rural_police",
        "ed_protocol", "line_transfer", "protective_services", "tribal_consultation", "hire_and_cover", "records_in_48_hours",
    } <= set(actions)  # fmt: skip
    assert {step for action in actions.values() for step in action.acts_on} <= set(STEPS)


def test_only_what_was_counted_before_and_after_says_so_and_whatever_has_no_source_says_illustrative():
    actions = read_actions()
    assert [name for name, each in actions.items() if each.evidence == "measured_before_after"] == ["school_diversion"]
    unsourced = [each for each in actions.values() if not each.sources and not each.law]
    assert len(unsourced) >= 5
    assert all(each.illustrative for each in unsourced)
    assert all("not measured" in each.came_of_it for each in actions.values() if each.illustrative)


@pytest.mark.parametrize(
    ("slip", "sentence"),
    [
        ({"acts_on": ["referral_schol"]}, "actions.x.acts_on.0"),
        ({"sources": ["a page"]}, "actions.x.sources.0"),
        ({"sources": []}, "names no source"),
        ({"strengh": "much"}, 'did you mean "strength"?'),
        ({"illustrative": True, "evidence": "measured_before_after"}, "nothing was measured"),
    ],
)
def test_a_slip_in_the_library_is_a_sentence(slip, sentence):
    entry = {"name": "A", "acts_on": ["contacts"], "done_elsewhere": "B", "came_of_it": "C", "evidence": "described",
             "strength": "D", "sources": ["https://example.org"]}  # fmt: skip
    with pytest.raises(ParamsError, match=re.escape(sentence)):
        params.as_record({"actions": {"x": {**entry, **slip}}}, Library, where="params/actions.yml")


# --- reading ---


def test_every_field_is_read_and_none_is_left_unwritten(known):
    plan = read(FULL, known)
    assert unwritten(plan) == ()
    assert (
        plan.story.own_words
        == 'Nobody took over the schools.\n\n  - two had an old number: ours\n# they call "us" late'
    )
    assert (plan.aims[1].start, plan.aims[1].to, plan.aims[0].by) == (3.125, 4.6, date(2026, 12, 31))


def test_a_plan_written_out_reads_as_the_same_plan_and_as_the_same_bytes(known):
    plan = read(FULL, known)
    text = plan_text(plan)
    assert read(text, known) == plan
    assert plan_text(read(text, known)) == text


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("owner_role: site director, start_on", "start_on", "line 22: actions 1, owner_role: is missing: the plan is agreed, so each entry needs an owner"),
        ("owner_role: outreach worker, ", "", "this_month 1, owner_role: is missing"),
        ("by: 2026-08-31, ", "", "state_owes 1, by: is missing"),
        ("lead_role: site director\n", "", "lead_role: is missing, and the plan is agreed"),
        ("by: 2026-12-31, ", "", "line 17: aims 1, by: is missing. Write it"),
        ("by: 2026-12-31, ", "by: , ", "aims 1, by: is missing. Write it"),
        ("to: 8, ", "", "aims 1, to: is missing"),
        ("process: signed agreements, ", "", "aims 1: needs either a measure or a process"),
        ("{action: school_agreements", "{action: school_agrements", 'found "school_agrements" (did you mean "school_agreements"?)'),
        ("actions: [school_agreements]", "actions: [just_goo]", 'drivers 1, actions 1: found "just_goo" (did you mean "just_go"?)'),
        ("balancing: [in_person_share", "balancing: [in_person_shar", 'balancing 1: found "in_person_shar" (did you mean "in_person_share"?)'),
        ("aims: [aim-1], note", "aims: [aim-3], note", 'actions 1, aims 1: found "aim-3" (did you mean'),
        ("site: site-04", "site: site-99", 'line 1: site: found "site-99"'),
        ("status: agreed", "status: agree", 'found "agree" (did you mean "agreed"?). Allowed: draft, agreed, closed'),
        ("act: adopt", "act: adpot", 'found "adpot" (did you mean "adopt"?). Allowed: adopt, adapt, abandon'),
        ("study: Both signed., ", "", "cycles 1: says what to do next, but study is empty"),
        ("ended_on: 2026-08-28", "ended_on: 2026-08-01", "cycles 1: ended before it started"),
        ("by: 2026-12-31", "by: 2026-07-15", "aims 1, by: does not come after the plan's start"),
        ("due_on: 2026-08-14", "due_on: 2025-08-14", "reviews 1, due_on: lies before the plan's start"),
        ("id: aim-2", "id: aim-1", "aims 2, id: \"aim-1\" stands twice"),
        ("version: 1", "version: 2", "versions 1, version: found 2, where 1 is due"),
        ("plan_no: 2", "plan_no: 0", "plan_no: lies outside the allowed range"),
        ("plan_no: 2", "plan_no: two", "plan_no: a whole number is needed"),
        ("to: 8,", "to: eight,", "aims 1, to: a number is needed"),
        ("lead_role: site", "lead_rol: site", '"lead_rol" is not a key used here (did you mean "lead_role"?)'),
        ("aims:\n", "aims: many\nolder:\n", "aims: a list is needed"),
        ("exit: {rule: two_aims_met, words: Both aims.}", "exit: soon", 'exit: lines with "key: value" are needed here'),
        ("sign_off:\n", "sign_off:\n  -\n", "sign_off 1: is empty. Write it, or take the entry out"),
        ("months: [2026-05", "months: [2026-13", "signal, months 1: a month is written like 2026-03"),
    ],
)  # fmt: skip
def test_each_fault_is_a_sentence_with_its_line_and_key(old, new, sentence, known):
    said = fault(changed(old, new), known)
    assert sentence in said
    assert re.match(r"plan\.yml, line \d+: ", said)


def test_four_things_a_month_are_one_too_many(known):
    one = "  - {what: Visit two schools., owner_role: outreach worker, by: 2026-11-13, done_on: 2026-11-12}\n"
    assert len(read(changed(one, one * 3), known).this_month) == 3
    assert "this_month: holds 4 entries; at most 3 are allowed" in fault(changed(one, one * 4), known)


def test_a_draft_may_lack_owners_and_an_aim_without_a_day_is_an_error_even_there(known):
    text = (
        FULL.replace("status: agreed", "status: draft")
        .replace("owner_role: site director, ", "")
        .replace("owner_role: outreach worker, ", "")
    )
    assert read(text, known).actions[0].owner_role is None
    assert "aims 1, by: is missing" in fault(text.replace("by: 2026-12-31, ", ""), known)


def test_all_faults_are_said_at_once(known):
    text = changed("action: school_agreements, owner_role: site director", "action: nothing_known").replace(
        "site: site-04", "site: site-98"
    )
    assert len(fault(text, known).splitlines()) == 3


# --- what YAML would quietly read as something else ---


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("words: Fewer than expected.", "words: 2026-03-01", "signal, words: a date stands where words are needed. Put it in quotation marks"),
        ("what: A letter.", "what: NO", "line 28: state_owes 1, what: NO without quotation marks is read as yes or no"),
        ("what: A letter.", "what: yes", "yes without quotation marks is read as yes or no"),
        ("what: A letter.", "what: on", "on without quotation marks is read as yes or no"),
        ("what: A letter.", "what: 12", "a number stands where words are needed"),
        ("what: A letter.", "what: 10:30", "is read as a number in base 60"),
        ("plan_no: 2", "plan_no: 010", "line 2: plan_no: is read as a number in another base"),
        ("plan_no: 2", "plan_no: 0x10", "is read as a number in another base"),
        ("plan_no: 2", "plan_no: 1_0", "is read as a number in a form of its own"),
        ("plan_no: 2", "plan_no: 1:30", "is read as a number in base 60"),
        ("to: 8,", "to: .inf,", "is read as a number in a form of its own"),
        ("status: agreed", "on: agreed", "the key on is read as yes or no"),
        ("status: agreed", "status: agreed\nstatus: draft", 'line 4: the key "status" stands twice, first in line 3'),
        ("by: 2026-12-31", "by: 2026-02-31", "aims 1, by: is no day of the calendar"),
        ("by: 2026-12-31", 'by: "2026-02-31"', "aims 1, by: is no day of the calendar"),
        ("by: 2026-12-31", "by: 2026-12-31 10:00:00", "is no day of the calendar. Write one like 2026-03-05, without a time"),
        ("by: 2026-12-31", "by: 12/31/2026", "aims 1, by: a day is written like 2026-03-05"),
        ("by: 2026-12-31", "by: 20261231", "aims 1, by: a day is written like 2026-03-05"),
        ("by: 2026-12-31", "by: 1926-12-31", "lies outside 2015 to 2100"),
        ("lead_role: site director", "lead_role: site director #2", "what follows the # is not read"),
        ("lead_role: site director", "lead_role:\tsite director\n\tcoach_role: x", "a tab stands where blanks are needed"),
        ("lead_role: site director", "lead_role: note: site director", "line 5: mapping values are not allowed here"),
        ("lead_role: site director", "lead_role: &a site director\nmade_up: *a", "an alias (*) repeats another place"),
        ("lead_role: site director", "lead_role: !!python/name:os.system x", "has a mark (! or <<) that is not used here"),
        ("lead_role: site director", "<<: {lead_role: site director}", "a key is a word in small letters"),
        ("lead_role: site director", "12: site director", "a key is a word in small letters"),
        ("lead_role: site director", "? [a, b]\n: site director", "a list or brackets stand where a key is needed"),
        ("lead_role: site director", "lead_role: site\x07director", "a character that cannot be printed"),
    ],
)  # fmt: skip
def test_each_trap_of_yaml_is_a_sentence(old, new, sentence, known):
    assert sentence in fault(changed(old, new), known)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", 'must hold "key: value" lines'),
        (b"- a\n- b\n", 'must hold "key: value" lines'),
        ("site: site-04\n".encode("utf-16"), "is not UTF-8 text"),
        (b"site: caf\xe9\n", "is not UTF-8 text"),
        (b"a: " + b"[" * 5000, "lists stand inside lists"),
        (b"a: " + b"{b: " * 60 + b"}" * 60, "lists stand inside lists"),
        (b"- " * 3000, "lists stand inside lists"),
        (b"# x\n" * 200_000, "bytes; a plan has at most"),
        (b"site: a\n---\nsite: b\n", "expected a single document"),
    ],
)
def test_a_file_that_is_no_plan_is_one_sentence(content, sentence, known):
    said = fault(content, known)
    assert sentence in said
    assert "\n" not in said


def test_a_mark_at_the_start_of_a_file_and_lines_from_another_system_are_read(known):
    assert read(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode(), known) == read(FULL, known)


def test_no_damage_of_a_file_gives_anything_but_a_plan_or_a_sentence(known):
    draw = random.Random(20261031)
    small = FULL[: FULL.index("drivers:")]
    pieces = ["\t", ":", "- ", "NO", "\x00", "\ufeff", "é", "[", "}", "|", "&a ", "*a", "!!int ", "\n", "  ", "#", '"', "2026-99-99", "1e9", "~", "%", "---\n", "\ud7ff", "?", "'"]  # fmt: skip
    ends, said = {"plan": 0, "sentence": 0}, []
    for _ in range(500):
        text = list(small)
        for _ in range(draw.randint(1, 6)):
            at = draw.randrange(len(text))
            text[at : at + draw.choice([0, 1, 5, 40])] = draw.choice(pieces)
        content = bytearray("".join(text).encode())
        if draw.random() < 0.2:
            content[draw.randrange(len(content))] = draw.randrange(256)
        try:
            read(bytes(content), known)
            ends["plan"] += 1
        except ParamsError as error:
            ends["sentence"] += 1
            said += str(error).splitlines()
    assert min(ends.values()) > 10
    assert [line for line in said if not line.startswith("plan.yml") or not line.endswith(".")] == []


# --- nobody is named ---

NAMED = {
    NAME: ["Maria Lopez called us.", "We met María de la Cruz.", "J. Lopez said so.", "Maria L. said so.", "MARIA LOPEZ said so.", "Ask Dr. Garcia.",
           "ask judge Garcia", "the Garcia family came", "Maria, 14 years old", "Maria\nLopez", "Ma​ria Lopez", "We saw Maria Sandoval.",
           "April Lopez came.", "a boy named Pedro"],
    BIRTH: ["born 3/5/2011", "DOB: 2011-03-05", "her birthday is March 5, 2011", "14 years old on 2026-03-05", "born in 2011", "5.3.2011 (date of birth)"],
    NUMBER: ["child 12345", "Medicaid number A12345678", "case #4711", "E-00123 came back", "child id: AB-12", "412345", "４１２３４５", "123-45-6789", "AB12X34C5"],
    EMAIL: ["write to lead@agency.org"],
    PHONE: ["call 505-555-0105", "call (505) 555 0105", "call 5 5 5 0 1 0 5"],
}  # fmt: skip
FINE = [
    "Sandoval County schools and Yucca Flats High School signed.", "Call 988 or 911.", "In October 2026 and November 2026 we saw 1,250.",
    "2024-2025 and 2025-2026", "SFY2026 and FY2025", "children aged 12 to 17 since 2024", "ages 5 to 11, from 2026-01-05", "$1,250,000 in 2026",
    "The School-Based Diversion Initiative of New Mexico", "Indian Health Service", "U.S. Department of Education", "births in 2025 rose",
    "Medicaid Managed Care", "from 8:00 to 20:00 on Monday", "1 to 10 (hidden to protect privacy)", "DO NOT CALL POLICE", "Schools in Gallup, Milan and Thoreau signed.", "Los Lunas and Las Cruces", "St. Vincent Hospital", "Yucca Flats's list",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in NAMED.items() for text in texts])
def test_what_may_point_to_a_person_is_refused_by_its_kind_and_never_repeated(kind, text, known):
    assert identifying(text, known.names) == kind
    content = yaml.safe_dump(
        {
            **yaml.safe_load(FULL),
            "sign_off": [],
            "this_month": [{"what": text, "owner_role": "CQI lead", "by": date(2026, 11, 1)}],
        }
    )
    said = fault(content, known)
    assert f"this_month 1, what: looks as if it holds {kind}" in said
    assert not any(word in said for word in re.findall(r"[A-Z]\w+|\d{3,}", text) if word not in ("We", "DOB", "Ask"))


@pytest.mark.parametrize("text", FINE)
def test_places_programs_years_and_numbers_of_things_are_left_alone(text, known):
    assert identifying(text, known.names) is None


@pytest.mark.parametrize(
    "role", ["Maria Lopez", "Maria", "MARIA", "program manager Garcia", "lead@agency.org", "call 505-555-0105"]
)
def test_a_role_that_looks_like_a_name_is_refused_and_never_repeated(role, known):
    said = fault(changed("lead_role: site director", f"lead_role: {role}"), known)
    assert "lead_role: looks like a person's name or number. Write the role in small letters" in said
    assert role not in said
    assert "Maria" not in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("lead_role:", "Maria Lopez: x\nlead_role:"),
        ("status: agreed", "status: Maria Lopez"),
        ("{action: school_agreements", "{action: Maria Lopez"),
        ("site: site-04", "site: Maria Lopez"),
        ("plan_no: 2", "plan_no: Maria Lopez"),
        ("by: 2026-12-31", "by: Maria Lopez"),
        ("lead_role:", "Maria Lopez: x\nMaria Lopez: y\nlead_role:"),
        ("lead_role:", "# Maria Lopez told us\nlead_role:"),
        ("lead_role: site", "lead_role: *MariaLopez"),
        ("lead_role: site", "lead_role: !Maria Lopez"),
        ("status: agreed", "status: x\x07 Maria Lopez"),
        ("lead_role: site", "lead_role: 'Maria Lopez"),
    ],
)
def test_a_name_in_any_other_place_is_not_repeated_either(old, new, known):
    assert "Maria" not in fault(changed(old, new), known)


def test_a_town_is_let_through_once_it_is_listed(known, tmp_path):
    text = changed("what: A letter.", "what: A letter from Pine Hollow.")
    assert "list a place or program in place_names.yml" in fault(text, known)
    assert identifying("A letter from Pine Hollow.", {*known.names, "Pine Hollow"}) is None


# --- notes and what is not yet written ---


def test_a_review_gone_by_an_action_without_dose_and_a_task_not_reported_are_notes(known):
    text = (
        changed("held_on: 2026-08-14, decided: Go on.", "")
        .replace("dose: Two a month., ", "")
        .replace(", done_on: 2026-09-04", "")
    )
    plan = read(text, known)
    action, owed = known.actions[plan.actions[0].action].name.rstrip("."), plan.state_owes[0].what.rstrip(".")
    found = {note.key: note.words for note in notes(plan, known, DATA_END)}
    assert found == {
        "actions 1": f"Action: {action}. It began on 2026-08-01, and how much of it was done is not yet written.",
        "state_owes 1": f"What the state gives: {owed}. It was due on 2026-08-31, and is not reported as done.",
        "reviews 1": "The review after 30 days was due on 2026-08-14 and has not been held.",
    }
    assert {note.key for note in notes(plan, known, DATA_END) if note.late} == {"state_owes 1", "reviews 1"}
    assert [note.key for note in notes(plan, known, date(2026, 8, 1))] == []  # its first day: nothing is late yet


def test_a_closed_site_is_a_note_from_the_day_after(known):
    plan = read(FULL.replace("site-04", "site-13"), known)
    closed = "This site closed on 2026-05-31. Close the plan, or hand it to the site that took over."
    assert closed in [note.words for note in notes(plan, known, date(2026, 6, 1))]
    assert closed not in [note.words for note in notes(plan, known, date(2026, 5, 31))]


def test_a_test_without_prediction_and_one_that_ended_undecided_are_notes(known):
    plan = read(changed("prediction: One signs., ", "").replace(", study: Both signed., act: adopt", ""), known)
    found = [note.words for note in notes(plan, known, DATA_END) if note.key == "cycles 1"]
    assert found == [
        "This test began without a prediction, so nothing can be held beside what happened.",
        "This test ended on 2026-08-28, and what to do next is not yet written.",
    ]
    assert [note.key for note in unwritten(plan)] == ["cycles 1, prediction", "cycles 1, study", "cycles 1, act"]


def test_an_empty_plan_lists_all_that_is_not_yet_written(known):
    empty = {note.key for note in unwritten(Plan(site="site-04", plan_no=1, status="draft"))}
    assert empty == {
        "started_on", "lead_role", "coach_role", "signal, measure", "signal, months", "signal, steps", "signal, words", "story, own_words",
        "story, causes", "aims", "drivers", "actions", "cycles", "balancing", "state_owes", "this_month", "reviews", "exit, rule", "exit, words",
        "sign_off", "versions",
    }  # fmt: skip


# --- the made-up state's own plans ---


def test_the_made_up_plans_hold_a_finished_and_a_running_test_and_a_review_gone_by(known):
    plans = read_plans("demo", known)
    assert list(plans) == ["site-04", "site-09", "site-12"]
    for site, plan in plans.items():
        assert plan.made_up == "Made up"
        assert plan.status == "agreed"
        assert [each.act is not None for each in plan.cycles] == [True, False]
        assert any("has not been held" in note.words for note in notes(plan, known, DATA_END)), site
        assert read(plan_text(plan), known) == plan


# --- files ---


def workspace(tmp_path, name="site-04.yml", text=FULL):
    folder = tmp_path / "params" / "demo" / "plans"
    folder.mkdir(parents=True)
    (folder / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("site-99.yml", 'params/demo/plans/: a plan "site-99" is for no site of this study (did you mean "site-0'),
        ("Maria Lopez.yml", "params/demo/plans/: a plan is for no site of this study. Sites: site-01"),
        ("site-04.yaml", "only plans called <site_id>.yml lie here"),
        ("site-05.yml", "params/demo/plans/site-05.yml, line 1: site: is another site's than the file's name says"),
    ],
)
def test_a_file_that_is_no_plan_of_a_site_is_an_error(name, sentence, known, tmp_path):
    root = workspace(tmp_path, name)
    with pytest.raises(ParamsError, match=re.escape(sentence)) as raised:
        read_plans("demo", known, root=root)
    assert "Maria" not in str(raised.value)


def test_a_folder_where_a_plan_should_be_is_a_sentence(known, tmp_path):
    (tmp_path / "params" / "demo" / "plans" / "site-04.yml").mkdir(parents=True)
    with pytest.raises(ParamsError, match="cannot be read as a file"):
        read_plan("demo", "site-04", known, root=tmp_path)


def test_a_site_without_a_plan_has_none_and_one_that_is_not_there_is_an_error(known, tmp_path):
    assert read_plan("demo", "site-01", known, root=tmp_path) is None
    with pytest.raises(ParamsError, match='"site-4" is not a site of this study \\(did you mean "site-14"'):
        read_plan("demo", "site-4", known, root=tmp_path)


def test_a_newer_version_keeps_the_older_one_and_has_to_say_what_changed(known, tmp_path):
    root = workspace(tmp_path)
    old = read_plan("demo", "site-04", known, root=root)
    assert replace_plan("demo", old, old, plan_text(old), root=root) is None
    new = old.model_copy(update={"coach_role": "another coach"})
    with pytest.raises(ParamsError, match="version 2"):
        replace_plan("demo", old, new, plan_text(new), root=root)
    assert not (root / "params" / "demo" / "plans" / "history").exists()
    added = old.versions[0].model_copy(update={"version": 2, "what": "Another coach."})
    new = new.model_copy(update={"versions": (*old.versions, added)})
    replace_plan("demo", old, new, plan_text(new), root=root)
    assert read_plan("demo", "site-04", known, root=root) == new
    assert (root / "params/demo/plans/history/site-04.v1.yml").read_text(encoding="utf-8") == FULL
    assert list(read_plans("demo", known, root=root)) == ["site-04"]  # history is no plan


# --- drafts ---

SIGNAL = Signal("site-04", "Reaching fewer children than expected", 30, 61.2, 0.49, 0.33, 0.70, "November 2025 to October 2026",
                months=("2026-09", "2026-10"), leading_steps=("referral_school",))  # fmt: skip
AIMS = (Aim("episodes_per_1000", 3.1, 4.6, date(2027, 4, 30), "About the smallest rise that six months can tell."),
        Aim(None, 1.0, 8.0, date(2027, 2, 28), process="signed school agreements"))  # fmt: skip


def test_a_draft_is_read_by_the_strict_reader_and_holds_what_was_handed_in(known, tmp_path):
    path = draft("demo", "site-04", SIGNAL, None, AIMS, known=known, started_on=date(2026, 11, 2), root=tmp_path)
    plan = read_plan("demo", "site-04", known, root=tmp_path)
    assert path == tmp_path / "params/demo/plans/site-04.yml"
    assert plan.status == "draft"
    assert [(aim.measure or aim.process, aim.start, aim.to, aim.by) for aim in plan.aims] == [
        ("episodes_per_1000", 3.1, 4.6, date(2027, 4, 30)), ("signed school agreements", 1, 8, date(2027, 2, 28))]  # fmt: skip
    assert [each.action for each in plan.actions] == ["school_diversion", "school_agreements", "hand_out_number"]
    assert [each.due_on - plan.started_on for each in plan.reviews] == [timedelta(days) for days in (30, 60, 90)]
    assert {"lead_role", "story, own_words", "actions 1, owner_role", "causes"} & {note.key for note in unwritten(plan)} == {
        "lead_role", "story, own_words", "actions 1, owner_role"}  # fmt: skip
    text = path.read_text(encoding="utf-8")
    assert "referrals to the team up 94%" in text
    assert text.count("#") > 20


def test_an_action_on_a_step_is_proposed_the_better_measured_first_and_one_s_own_idea_never_is(known):
    for step in STEPS:
        plan = draft_plan(SIGNAL, [], known, leading_steps=[step], started_on=date(2026, 11, 2))
        acting = {name for name, each in known.actions.items() if step in each.acts_on} - {"own_idea"}
        assert {each.action for each in plan.actions} == acting
        order = [list(EVIDENCE).index(known.actions[each.action].evidence) for each in plan.actions]
        assert order == sorted(order)


def test_a_text_of_one_long_word_is_looked_at_in_no_time(known):
    for word in ("x", "Aa-", "1 ", "jan", "born "):
        started = time.perf_counter()
        identifying((word * 5000)[:5000] + "!", known.names)
        assert time.perf_counter() - started < 2  # squared, it takes twelve seconds


def test_a_draft_never_overwrites_a_plan(known, tmp_path):
    root = workspace(tmp_path)
    with pytest.raises(ParamsError, match=r"params/demo/plans/site-04\.yml exists already and stays as it is"):
        draft("demo", "site-04", SIGNAL, None, AIMS, known=known, started_on=date(2026, 11, 2), root=root)
    assert (root / "params/demo/plans/site-04.yml").read_text(encoding="utf-8") == FULL


def test_a_draft_of_a_site_of_which_nothing_is_known_is_a_plan_all_the_same(known):
    plan = draft_plan(Signal("site-12"), [], known, started_on=date(2026, 11, 2))
    assert plan.signal.words is None
    assert plan.actions == ()
    assert read(draft_text(plan, known), known) == plan


def test_the_same_draft_is_the_same_text_and_every_step_can_lead_one(known):
    for step in STEPS:
        plan = draft_plan(SIGNAL, AIMS, known, leading_steps=[step], started_on=date(2026, 11, 2), made_up=True)
        text = draft_text(plan, known)
        assert text == draft_text(plan, known)
        assert read(text, known) == plan


@pytest.mark.parametrize("observed", range(1, 11))
def test_a_small_count_stands_in_no_draft_nor_what_gives_it_away(observed, known):
    small = Signal("site-12", None, observed, 24.0, observed / 24, 0.11, 0.93, "2026")
    words = draft_plan(small, [], known, started_on=date(2026, 11, 2)).signal.words
    assert words == "2026: 1 to 10 (hidden to protect privacy) crises seen, about 24 expected."
    assert (
        "0 crises seen"
        in draft_plan(
            Signal("site-12", observed=0, expected=24.0), [], known, started_on=date(2026, 11, 2)
        ).signal.words
    )


def test_a_step_that_is_not_on_the_path_is_refused(known):
    with pytest.raises(ValueError, match="is no step of the path"):
        draft_plan(SIGNAL, [], known, leading_steps=["nowhere"], started_on=date(2026, 11, 2))
