"""A plan as an Excel form and back: the same plan, or a sentence that names sheet, row and column."""

import datetime
import io
import random
import re
import shutil
import zipfile

import openpyxl
import pytest
from openpyxl.comments import Comment
from plans import FULL, counties, sites
from plans import known as made_up_known

from analysis import params
from analysis.brief.plans.__main__ import main
from analysis.brief.plans.checking import as_plan
from analysis.brief.plans.files import read_known, read_plan, read_plans
from analysis.brief.plans.filled_in import read_form
from analysis.brief.plans.form import SHEETS, cells_of, make_form, offered, single_cells
from analysis.brief.plans.lines import read_lines
from analysis.brief.plans.records import Plan
from analysis.params import ParamsError


@pytest.fixture(scope="module")
def known():
    return made_up_known()


@pytest.fixture(scope="module")
def plan(known) -> Plan:
    content, locate = read_lines(FULL.encode(), "plan.yml")
    return as_plan(content, known, where="plan.yml", locate=locate)


@pytest.fixture(scope="module")
def blank(plan, known) -> bytes:
    return make_form(plan, known)


def filled(form: bytes, fill) -> bytes:
    """The form after `fill` has written into it, saved as a spreadsheet program would."""
    book = openpyxl.load_workbook(io.BytesIO(form))
    fill(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def put(form: bytes, sheet: str, cell: str, value) -> bytes:
    def fill(book):
        book[sheet][cell] = value

    return filled(form, fill)


def fault(form: bytes, known) -> str:
    with pytest.raises(ParamsError) as raised:
        read_form(form, known)
    return str(raised.value)


def column(sheet: str, key: str) -> str:
    keys = [cell.key for cell in cells_of(SHEETS[sheet][1])]
    return "ABCDEFGHIJKLMNOP"[keys.index(key)]


def row_of(key: str) -> int:
    return [cell.key for _, cell in single_cells()].index(key) + 2


def test_a_plan_comes_back_from_its_form_as_it_was(plan, blank, known):
    assert read_form(blank, known) == plan
    assert read_form(filled(blank, lambda book: None), known) == plan  # saved by another program


def test_the_made_up_plans_and_an_empty_one_come_back_as_they_were(known):
    empty = Plan(site="site-01", plan_no=1, status="draft")
    for each in [*read_plans("demo", known).values(), empty]:
        assert read_form(make_form(each, known), known) == each


TEXTS = [
    "two\nlines", "a\n\n  indented\n- dashed\n# hashed\nkey: value", "=1+1", "+1", "@here is no mail", "'quoted'", '"quoted"', "NO", "2026-03-05 it was",
    "yes", "null", "~", "00012", "1e5", "it's 50%", "a: b # c", "ñandú – “so” €", "\U0001f600 well", "x" * 4000, "tail  \nof blanks", "{a}", "[b]", "---",
    "a\ttab", "%x", "!x", "&x", "*x", "- x", "? x", "| x", "> x", "`x", "\\n", "<b>&amp;</b>", "http://example.org", "  outer  ", "a\r\nb", "........",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_comes_back_from_form_and_file_as_it_was(text, known):
    from analysis.brief.plans.writing import plan_text

    content = {
        "site": "site-04",
        "plan_no": 1,
        "status": "draft",
        "story": {"own_words": text, "causes": [{"saw": text}]},
    }
    plan = as_plan(content, known, where="x", locate=lambda loc: "")
    assert plan.story.own_words == text.strip().replace("\r\n", "\n").replace("\t", " ")
    assert read_form(make_form(plan, known), known) == plan
    found, locate = read_lines(plan_text(plan).encode(), "x")
    assert as_plan(found, known, where="x", locate=locate) == plan


def test_random_plans_come_back_from_form_and_file_as_they_were(plan, known):
    from analysis.brief.plans.writing import plan_text

    draw = random.Random(7)
    lists = ("aims", "drivers", "actions", "cycles", "state_owes", "reviews", "sign_off")
    for _ in range(12):
        kept = {name: getattr(plan, name) * draw.randrange(3) for name in ("state_owes", "sign_off", "reviews")}
        kept |= {"started_on": plan.started_on, "status": "draft", "balancing": plan.balancing[: draw.randrange(3)]}
        kept["aims"] = tuple(
            each.model_copy(
                update={"start": round(draw.uniform(-9, 9), draw.randrange(7)), "to": float(draw.randrange(99))}
            )
            for each in plan.aims
        )
        some = plan.model_copy(update={name: kept.get(name, getattr(plan, name)) for name in (*lists, *kept)})
        assert read_form(make_form(some, known), known) == some
        found, locate = read_lines(plan_text(some).encode(), "x")
        assert as_plan(found, known, where="x", locate=locate) == some


def test_the_same_plan_gives_the_same_bytes(plan, blank, known):
    assert make_form(plan, known) == blank


def test_every_field_of_a_plan_has_its_cell(plan):
    keys = {cell.key for _, cell in single_cells()} | {
        f"{name}.{cell.key}" for name, (_, record) in SHEETS.items() for cell in cells_of(record)
    }
    assert {
        "site",
        "signal.words",
        "story.own_words",
        "exit.rule",
        "balancing",
        "Aims.by",
        "Actions.owner_role",
        "Tests of change.act",
    } <= keys
    record_lists = [loc[-1] for loc, _ in SHEETS.values()]
    assert set(record_lists) | {key.split(".")[0] for key in keys if not key[0].isupper()} >= set(Plan.model_fields)


def test_what_may_be_written_is_unlocked_and_all_else_is_locked(blank, known):
    book = openpyxl.load_workbook(io.BytesIO(blank))
    assert all(page.protection.sheet for page in book)
    for name in SHEETS:
        page = book[name]
        assert [cell.protection.locked for cell in (*page[1], *page[2])] == [True] * 2 * page.max_column
        assert [cell.protection.locked for cell in page[page.max_row]] == [False] * page.max_column
    single = book["Plan"]
    assert {single.cell(row, 3).protection.locked for row in range(2, single.max_row + 1)} == {False}
    assert {single.cell(row, 1).protection.locked for row in range(2, single.max_row + 1)} == {True}


def test_owner_evidence_act_and_ids_offer_their_lists(blank, known):
    book = openpyxl.load_workbook(io.BytesIO(blank))
    for sheet, key, name in [
        ("Actions", "owner_role", "role"), ("Actions", "action", "action"), ("Causes", "strength", "strength"), ("Causes", "step", "step"),
        ("Tests of change", "act", "act"), ("Aims", "measure", "measure"),
    ]:  # fmt: skip
        rules = [each for each in book[sheet].data_validations.dataValidation if f"{column(sheet, key)}3" in each.sqref]
        assert [each.type for each in rules] == ["list"]
        page, area = rules[0].formula1.split("!")
        listed = [row[0].value for row in book[page.strip("=")][area.replace("$", "")]]
        assert listed == list(offered(known)[name])
        assert bool(rules[0].showErrorMessage) == (name != "role")  # a role of one's own may be typed


def test_the_form_tells_how_it_is_filled_in(blank):
    page = openpyxl.load_workbook(io.BytesIO(blank))["Read me"]
    said = " ".join(str(row[0]) for row in page.iter_rows(values_only=True))
    assert "never a name" in said
    assert "2026-03-05" in said
    assert "Yucca Flats" in said


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-12-05", "2026-12-05"), ("2027-3-25", "2027-03-25"), ("3/25/2027", "2027-03-25"), ("25/3/2027", "2027-03-25"), ("4/4/2027", "2027-04-04"),
        ("25.3.2027", "2027-03-25"), (datetime.datetime(2027, 3, 5), "2027-03-05"), (datetime.date(2027, 3, 5), "2027-03-05"), (" 2026-12-05 ", "2026-12-05"),
    ],
)  # fmt: skip
def test_a_day_that_can_be_read_one_way_only_is_taken(typed, day, blank, known):
    read = read_form(put(blank, "Aims", f"{column('Aims', 'by')}3", typed), known)
    assert read.aims[0].by.isoformat() == day


@pytest.mark.parametrize(
    ("sheet", "key", "value", "sentence"),
    [
        ("Aims", "by", "3/5/2026", "this day can be read as March or as May"),
        ("Aims", "by", "31/31/2026", "is no day of the calendar"),
        ("Aims", "by", "soon", "a day is written like 2026-03-05"),
        ("Aims", "by", True, "TRUE or FALSE stands here"),
        ("Aims", "by", datetime.datetime(2027, 3, 5, 10, 30), "a time stands with the day"),
        ("Aims", "by", "=TODAY()", "a formula stands here"),
        ("Aims", "by", None, "is missing. Write it"),
        ("Aims", "to", "eight", "a number is needed"),
        ("Aims", "to", "80%", "a number is needed"),
        ("Aims", "process", 12, "a number or a day stands where words are needed"),
        ("Aims", "process", "=A1", "a formula stands here"),
        ("Aims", "process", "#N/A", "the cell shows an error"),
        ("Actions", "owner_role", None, "is missing: the plan is agreed"),
        ("Actions", "owner_role", "Maria Lopez", "looks like a person's name or number"),
        ("Actions", "action", "school_agrements", 'did you mean "school_agreements"?'),
        ("Actions", "note", "Maria Lopez helped", "looks as if it holds a person's name"),
        ("Tests of change", "act", "maybe", "Allowed: adopt, adapt, abandon"),
        ("Causes", "strength", "sure", "Allowed: data, told, guess"),
        ("Versions", "version", 3, "found 3, where 1 is due"),
        ("Versions", "version", 1.5, "a whole number is needed"),
    ],
)  # fmt: skip
def test_each_fault_names_sheet_row_and_column(sheet, key, value, sentence, blank, known):
    said = fault(put(blank, sheet, f"{column(sheet, key)}3", value), known)
    assert said.startswith(f'The form, sheet "{sheet}", row 3, column {column(sheet, key)}: ')
    assert sentence in said
    assert "Maria" not in said


def test_a_number_in_a_cell_that_is_no_day_any_more_is_a_sentence(blank, known):
    def fill(book):
        cell = book["Aims"][f"{column('Aims', 'by')}3"]
        cell.value, cell.number_format = 46000, "General"

    assert "row 3, column F: by: a number stands where a day is needed" in fault(filled(blank, fill), known)


def test_an_act_in_capitals_a_number_as_text_and_commas_between_ids_are_taken(blank, known):
    form = put(blank, "Tests of change", f"{column('Tests of change', 'act')}3", " Adopt ")
    form = put(form, "Aims", f"{column('Aims', 'to')}3", "8.5")
    form = put(form, "Drivers", f"{column('Drivers', 'aims')}3", "aim-1, aim-2")
    read = read_form(form, known)
    assert (read.cycles[0].act, read.aims[0].to, read.drivers[0].aims) == ("adopt", 8.5, ("aim-1", "aim-2"))


def test_a_blank_row_between_entries_counts_for_nothing_and_the_place_of_a_fault_stays_right(blank, plan, known):
    def fill(book):
        page = book["Agreed by"]
        page["A9"], page["B9"] = "state program lead", datetime.date(2026, 7, 16)

    form = filled(blank, fill)
    assert [each.role for each in read_form(form, known).sign_off] == ["CQI lead", "state program lead"]
    assert fault(put(form, "Agreed by", "A9", "Maria Lopez"), known).startswith(
        'The form, sheet "Agreed by", row 9, column A: sign_off 2, role: '
    )


@pytest.mark.parametrize(
    ("fill", "sentence"),
    [
        (lambda book: book["Actions"].merge_cells("B3:C4"), 'sheet "Actions", row 3, column B: cells are merged'),
        (lambda book: book["Plan"].merge_cells("C3:C4"), 'sheet "Plan", row 3, column C: cells are merged'),
        (lambda book: setattr(book["Aims"]["A3"], "comment", Comment("Maria Lopez said so", "x")), 'sheet "Aims", row 3, column A: a comment would not be read'),
        (lambda book: book["Aims"].__setitem__("J5", "beside"), 'sheet "Aims", row 5, column J: writing beside the form would not be read'),
        (lambda book: book["Plan"].__setitem__("C40", "below"), 'sheet "Plan", row 40, column C: writing beside the form would not be read'),
        (lambda book: book["Aims"].insert_cols(2), 'sheet "Aims", row 1, column B: the key "measure" is expected here'),
        (lambda book: book["Aims"].delete_rows(1), 'sheet "Aims", row 1, column A: the key "id" is expected here'),
        (lambda book: book["Plan"].delete_rows(3), 'sheet "Plan", row 3, column A: the key "plan_no" is expected here'),
        (lambda book: book.create_sheet("Maria Lopez"), "holds a sheet that is not its own"),
        (lambda book: book.remove(book["Aims"]), 'has no sheet "Aims"'),
        (lambda book: setattr(book["Aims"], "title", "Goals"), 'has no sheet "Aims"'),
        (lambda book: book["Aims"].__setitem__("A5000", "x"), 'sheet "Aims": reaches beyond row 1000'),
    ],
)  # fmt: skip
def test_what_would_not_be_read_is_an_error(fill, sentence, blank, known):
    said = fault(filled(blank, fill), known)
    assert sentence in said
    assert "Maria" not in said


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x03\x04", b"\xd0\xcf\x11\xe0" * 200], ids=["empty", "text", "cut off", "locked"]
)
def test_a_file_that_is_no_workbook_is_a_sentence(content, known):
    assert "cannot be read as a workbook" in fault(content, known)


def test_a_file_that_unpacks_to_far_more_is_refused(known):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", b"0" * 60_000_000)
    assert "unpacks to more than" in fault(file.getvalue(), known)


def test_no_damage_of_a_form_gives_anything_but_a_plan_or_a_sentence(blank, known):
    draw = random.Random(20261031)
    ends = {"plan": 0, "sentence": 0}
    with zipfile.ZipFile(io.BytesIO(blank)) as parts:
        inside = {name: parts.read(name) for name in parts.namelist()}
    for attempt in range(60):
        if attempt % 3 == 0:
            damaged = bytearray(blank)
            for _ in range(draw.randint(1, 30)):
                damaged[draw.randrange(len(damaged))] = draw.randrange(256)
            content = bytes(damaged[: draw.randrange(1, len(damaged))] if attempt % 2 else damaged)
        else:
            file, name = io.BytesIO(), draw.choice(sorted(inside))
            part = bytearray(inside[name])
            at = draw.randrange(len(part))
            part[at : at + draw.choice([0, 1, 1, 3])] = draw.choice([b"x", b"9", b"-", b" ", b"<", b"\xff"])
            with zipfile.ZipFile(file, "w") as parts:
                for other, kept in inside.items():
                    parts.writestr(other, bytes(part) if other == name else kept)
            content = file.getvalue()
        try:
            read_form(content, known)
            ends["plan"] += 1
        except ParamsError as error:
            ends["sentence"] += 1
            said = str(error).splitlines()
            ends["else"] = ends.get("else", 0) + sum(
                not line.startswith("The form") or not line.endswith(".") for line in said
            )
    assert ends.pop("else", 0) == 0
    assert min(ends.values()) > 3


# --- by hand ---


@pytest.fixture
def workspace(tmp_path):
    shutil.copytree(params.ROOT / "params", tmp_path / "params")
    folder = tmp_path / "data" / "processed" / "demo"
    folder.mkdir(parents=True)
    sites().to_parquet(folder / "sites.parquet")
    return tmp_path


def test_a_form_goes_out_comes_back_and_the_older_version_is_kept(workspace, capsys):
    before = (workspace / "params/demo/plans/site-04.yml").read_bytes()
    assert main(["form", "demo", "site-04"], root=workspace) == 0
    form = workspace / "outputs/demo/runs/plans/site-04_plan.xlsx"
    assert capsys.readouterr().out == "The form of site-04: outputs/demo/runs/plans/site-04_plan.xlsx\n"
    assert main(["read", "demo", "site-04", str(form)], root=workspace) == 0
    assert "says the same already; nothing was written" in capsys.readouterr().out
    form.write_bytes(put(form.read_bytes(), "Actions", f"{column('Actions', 'dose')}5", "Four hundred cards so far."))
    assert main(["read", "demo", "site-04", str(form)], root=workspace) == 1
    assert "one line more is needed: version 3" in capsys.readouterr().err
    assert (workspace / "params/demo/plans/site-04.yml").read_bytes() == before
    for letter, value in zip("ABCD", (3, datetime.date(2026, 11, 6), "site director", "Cards counted."), strict=True):
        form.write_bytes(put(form.read_bytes(), "Versions", f"{letter}5", value))
    assert main(["read", "demo", "site-04", str(form)], root=workspace) == 0
    assert (workspace / "params/demo/plans/history/site-04.v2.yml").read_bytes() == before
    known = read_known(params.study("demo", root=workspace), sites(), counties=counties(), root=workspace)
    plan = read_plan("demo", "site-04", known, root=workspace)
    assert (plan.actions[2].dose, plan.versions[-1].what) == ("Four hundred cards so far.", "Cards counted.")
    assert sorted(path.name for path in (workspace / "params/demo/plans").iterdir()) == [
        "history",
        "site-04.yml",
        "site-09.yml",
        "site-12.yml",
    ]


def test_a_site_without_a_plan_gets_an_empty_form_and_its_first_plan_from_it(workspace, capsys):
    to = workspace / "form.xlsx"
    assert main(["form", "demo", "site-01", "--to", str(to)], root=workspace) == 0
    to.write_bytes(put(to.read_bytes(), "Plan", f"C{row_of('story.own_words')}", "We would like\nmore calls."))
    assert main(["read", "demo", "site-01", str(to)], root=workspace) == 0
    assert "We would like\n    more calls." in (workspace / "params/demo/plans/site-01.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["form", "demo", "site-99"], '"site-99" is not a site of this study'),
        (["form", "dmeo", "site-04"], 'There is no study "dmeo"'),
        (
            ["form", "lane_county", "site-04"],
            "The sites of lane_county are not known yet. Run make data STUDY=lane_county first.",
        ),
        (["read", "demo", "site-04", "nowhere.xlsx"], "There is no such file"),
    ],
)
def test_a_slip_by_hand_is_a_sentence(arguments, sentence, workspace, capsys):
    assert main(arguments, root=workspace) == 1
    assert sentence in capsys.readouterr().err


def test_the_form_of_another_site_is_refused(workspace, capsys):
    main(["form", "demo", "site-09", "--to", str(workspace / "form.xlsx")], root=workspace)
    assert main(["read", "demo", "site-04", str(workspace / "form.xlsx")], root=workspace) == 1
    assert "The form is of site-09, not of site-04" in capsys.readouterr().err


def test_the_check_says_what_deserves_a_word(workspace, capsys):
    assert main(["check", "demo", "--on", "2026-10-31"], root=workspace) == 0
    said = capsys.readouterr().out
    assert "3 plans, as of 2026-10-31." in said
    assert "site-04, reviews 4: The review after 150 days was due on 2026-09-12 and has not been held." in said
    assert "site-04: not yet written: actions 3, dose." in said


def test_a_listed_town_is_no_name_and_a_wrong_list_is_a_sentence(workspace, capsys):
    path = workspace / "params/demo/plans/site-09.yml"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "what: A line on the call form", "what: A line for Pine Hollow on the call form"
        ),
        encoding="utf-8",
    )
    assert main(["check", "demo", "--on", "2026-10-31"], root=workspace) == 1
    assert re.search(
        r"site-09\.yml, line \d+: state_owes 1, what: looks as if it holds a person's name", capsys.readouterr().err
    )
    (workspace / "params/demo/place_names.yml").write_text("names: [Pine Hollow]\n", encoding="utf-8")
    assert main(["check", "demo", "--on", "2026-10-31"], root=workspace) == 0
    (workspace / "params/demo/place_names.yml").write_text("town: Pine Hollow\n", encoding="utf-8")
    assert main(["check", "demo", "--on", "2026-10-31"], root=workspace) == 1
    assert "is not a key used here" in capsys.readouterr().err
