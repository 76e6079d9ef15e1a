"""Words of the briefs: page one speaks plainly, and no page claims, blames or ranks. Held on the made-up state's pages."""

import html
import re

import pytest

from analysis.params import ROOT

APPENDIX_WORDS = ROOT / "docs" / "appendix_words.txt"
PAGES = ["statewide/collaborative_brief", "statewide/data_quality", "site-12/site_scorecard"]
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


def test_no_page_claims_blames_or_ranks(page):
    _, text = page
    assert words_in(SAYS_THERE_IS_NONE.sub(" ", spoken(text)), NEVER) == []


def test_no_chance_difference_is_called_a_change(page):
    """The words for a change stand only where something is more than chance."""
    _, text = page
    for said in re.findall(r"(?:higher|lower) than before[^.<]*", spoken(text)):
        assert "by more than chance" in said
