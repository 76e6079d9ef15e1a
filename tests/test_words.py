"""Words of the briefs: page one speaks plainly, and no page claims, blames or ranks. Held on the made-up state's pages."""

import html
import re

import pytest
from reading import reading, syllables

from analysis.params import ROOT

APPENDIX_WORDS = ROOT / "docs" / "appendix_words.txt"
PAGES = ["statewide/collaborative_brief", "statewide/data_quality", "site-12/site_scorecard", "statewide/agenda",
         "statewide/meeting_status", "site-12/partner_page", "statewide/support_plans_overview", "site-04/support_plan"]  # fmt: skip
ABOUT = re.compile(r"<h2\b[^>]*>\s*About th(?:ese figures|is page)\s*</h2>")

# A claim needs a design that can carry it, and a difference between two sites is no verdict on people.
NEVER = [
    "saved", "averted", "avoided", "because of the service", "thanks to the service", "prevented",
    "worst", "best", "failing", "failed", "underperforming", "underperformed", "noncompliant", "non-compliant",
    "poor performer", "low performer", "top performer", "rank", "ranks", "ranked", "ranking", "league table", "bottom",
]  # fmt: skip
# "No rank" is what a page may say of itself.
SAYS_THERE_IS_NONE = re.compile(r"\bno rank\b")


def listed() -> list[str]:
    lines = (line.partition("#")[0].strip() for line in APPENDIX_WORDS.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def spoken(text: str) -> str:
    """What a reader meets: text and the words for pictures and tables; no markup, style or address."""
    body = re.sub(r"<style\b.*?</style>", " ", text[text.index("<main") :], flags=re.DOTALL)
    labels = " ".join(re.findall(r'aria-label="([^"]*)"', body))
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", f"{body} {labels}")))


def page_one(text: str, *, names_of_columns: bool = False) -> str:
    """Everything before the section about the figures, without the notes under tables; without tables where a page names
    the columns of the data in them."""
    first = ABOUT.split(text)[0]
    assert first != text, "the page has no section about its figures"
    first = re.sub(r'<p class="note">.*?</p>', " ", first, flags=re.DOTALL)
    return spoken(re.sub(r"<table\b.*?</table>", " ", first, flags=re.DOTALL) if names_of_columns else first)


def words_in(text: str, words: list[str]) -> list[str]:
    """Those of the words that stand in the text as whole words; capitals only as capitals."""
    return [
        word
        for word in words
        if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, 0 if word.isupper() else re.IGNORECASE)
    ]


def test_a_word_is_found_whole_and_an_acronym_in_capitals():
    text = "Their dispositions may leak; it was said with ease. Mobility: Clopper-Pearson, ATT."
    words = ["disposition", "leak", "EASE", "mobility", "Pearson", "Clopper-Pearson", "ATT", "ATE"]
    assert words_in(text, words) == ["leak", "mobility", "Clopper-Pearson", "ATT"]


def test_the_list_names_each_word_once_and_holds_those_that_the_briefs_promise():
    assert len(listed()) == len({word.casefold() for word in listed()})
    assert {"mobility", "disposition", "leak", "low-utilization", "special cause", "gate"} <= set(listed())


@pytest.fixture(scope="module", params=PAGES)
def page(request, demo_workspace) -> tuple[str, str]:
    file = demo_workspace / "outputs" / "demo" / "briefs" / "2026-10" / f"{request.param}.html"
    return request.param, file.read_text(encoding="utf-8")


def test_page_one_uses_no_word_of_the_appendix(page):
    name, text = page
    # The data-quality brief is for the people who send the data: its tables and questions name their columns.
    text = re.sub(r"\([a-z_]+\)|spelling of [a-z_]+", " ", text) if name.endswith("data_quality") else text
    said = page_one(text, names_of_columns=name.endswith("data_quality"))
    assert len(said.split()) > 150  # there was something to read
    assert words_in(said, listed()) == []


# What those who build the pages call it: files of params/, and schools of control charts outside the section on method.
PARAMS_FILES = sorted({path.name for path in (ROOT / "params").rglob("*") if path.suffix in (".yml", ".csv", ".json")})


def test_no_page_names_a_file_of_params(page):
    _, text = page
    assert len(PARAMS_FILES) > 10
    assert [
        name for name in ("params/", *PARAMS_FILES) if re.search(rf"(?<![\w.-]){re.escape(name)}", spoken(text))
    ] == []


def test_schools_of_control_charts_stand_in_the_section_on_method_alone(page):
    name, text = page
    schools = re.compile("sigma|Anhoej|Anhøj|Making Data Count")
    assert schools.findall(spoken(ABOUT.split(text)[0])) == []
    if name in ("statewide/collaborative_brief", "site-12/site_scorecard"):
        assert set(schools.findall(spoken(f"<main>{ABOUT.split(text)[1]}"))) >= {"sigma", "Anhøj", "Making Data Count"}


def test_no_page_claims_blames_or_ranks(page):
    _, text = page
    assert words_in(SAYS_THERE_IS_NONE.sub(" ", spoken(text)), NEVER) == []


def test_no_chance_difference_is_called_a_change(page):
    """The words for a change stand only where something is more than chance."""
    _, text = page
    for said in re.findall(r"(?:higher|lower) than before[^.<]*", spoken(text)):
        assert "by more than chance" in said


# --- how hard a page is to read ----------------------------------------------------------------------------------------

HIGHEST_GRADE = 8
MOST_WORDS = 20  # a sentence


@pytest.mark.parametrize(
    ("word", "count"),
    [("crisis", 2), ("families", 3), ("team", 1), ("made", 1), ("table", 2), ("visits", 2), ("wanted", 2), ("seen", 1),
     ("asked", 1), ("times", 1), ("emergency", 4), ("site’s", 1), ("1,234", 1)],
)  # fmt: skip
def test_syllables_are_counted_as_they_are_spoken(word, count):
    assert syllables(word) == count


def test_the_grade_is_the_published_formula_on_sentences_that_can_be_counted_by_hand():
    read = reading(
        "<h2>Not read</h2><p>The team came. It met ten families in October.</p><table><tr><td>No.</td></tr></table>"
    )
    assert [len(sentence) for sentence in read.sentences] == [3, 6]
    # 9 words in 2 sentences; 1+1+1 + 1+1+1+3+1+3 = 13 syllables: 0.39 x 4.5 + 11.8 x 13/9 - 15.59
    assert read.grade == pytest.approx(0.39 * 4.5 + 11.8 * 13 / 9 - 15.59)
    assert read.most_words == 6


def test_hard_words_and_long_sentences_read_harder():
    easy = reading("<p>The team came in time. It met the child.</p>")
    hard = reading(
        "<p>Utilization of stabilization services demonstrated considerable heterogeneity notwithstanding standardization.</p>"
    )
    assert easy.grade < HIGHEST_GRADE < hard.grade


def first_part(text: str) -> str:
    return ABOUT.split(text[text.index("<main") :])[0]


# The data-quality brief is for the people who send the data: it names columns.
READ = [name for name in PAGES if not name.endswith("data_quality")]


@pytest.fixture(scope="module", params=READ)
def read_page(request, demo_workspace):
    file = demo_workspace / "outputs" / "demo" / "briefs" / "2026-10" / f"{request.param}.html"
    return request.param, reading(first_part(file.read_text(encoding="utf-8")))


def test_page_one_reads_at_grade_eight_or_lower(read_page):
    _, read = read_page
    assert len(read.sentences) >= 5  # there was something to read
    assert read.grade <= HIGHEST_GRADE


def test_no_sentence_of_page_one_is_longer_than_twenty_words(read_page):
    _, read = read_page
    assert read.most_words <= MOST_WORDS, read.longest
