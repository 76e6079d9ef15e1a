"""Pages: one file, read anywhere, that loads nothing, runs nothing and shows text as text; and the index of them."""

import re

import nbformat
import pandas as pd
import pytest

from analysis.brief.press.index import write_index
from analysis.brief.press.pages import PageError, check_page, outline, page, words_of_markdown

NAME = "outputs/demo/briefs/2026-10/site-04/calls.html"
DRAWING = (
    '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n'
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><metadata>when</metadata><defs><clipPath id="c"/></defs></svg>'
)


def shows(data: dict[str, str], metadata: dict | None = None, kind: str = "display_data") -> nbformat.NotebookNode:
    """An executed code cell with one output."""
    extra = {"execution_count": 1} if kind == "execute_result" else {}
    output = nbformat.v4.new_output(kind, data=data, metadata=metadata or {}, **extra)
    return nbformat.v4.new_code_cell("secret_source = 1", execution_count=1, outputs=[output])


def markdown(source: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(source)


def made(*cells: nbformat.NotebookNode) -> str:
    return page(nbformat.v4.new_notebook(cells=[markdown("# Calls in October"), *cells]), name=NAME)


def test_a_page_has_language_title_viewport_one_main_and_one_first_heading():
    text = made(markdown("Teams met 40 of 52 families."))
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert "<title>Calls in October</title>" in text
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    assert text.count("<main>") == 1
    assert text.count("<h1") == 1
    assert f"<footer>\n<p>{NAME}</p>" in text


def test_the_empty_page_weighs_under_15_kb_and_asks_the_network_for_nothing():
    text = made()
    assert len(text.encode()) < 15_000
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<script|<link", text)


def test_code_prints_and_bare_text_are_not_on_the_page():
    printed = nbformat.v4.new_code_cell("secret_source = 1", execution_count=1)
    printed.outputs = [nbformat.v4.new_output("stream", name="stdout", text="printed 3 children")]
    text = made(printed, shows({"text/plain": "bare 4 children"}, kind="execute_result"))
    for hidden in ("secret_source", "printed", "bare 4", "In ["):
        assert hidden not in text


def test_what_a_cell_displays_or_ends_with_is_on_the_page():
    html = {"text/html": "<p>Shown by a cell</p>", "text/plain": "<HTML object at 0x7f>"}
    assert "<p>Shown by a cell</p>" in made(shows(html))
    assert "<p>Shown by a cell</p>" in made(shows(html, kind="execute_result"))
    assert "<strong>bold</strong>" in made(shows({"text/markdown": "**bold**"}))


@pytest.mark.parametrize(
    "source", ["<script>alert(1)</script>", "text <img src=x onerror=alert(1)>", "<style>@import 'x'</style>"]
)
def test_html_in_markdown_is_text(source):
    text = made(markdown(source))
    assert "&lt;" in text
    assert source not in text


def test_a_script_in_the_title_is_text():
    notebook = nbformat.v4.new_notebook(cells=[markdown("# <script>alert(1)</script> & calls")])
    text = page(notebook, name=NAME)
    assert "<title>&lt;script&gt;alert(1)&lt;/script&gt; &amp; calls</title>" in text
    assert "<script" not in text


def test_a_link_to_a_script_goes_nowhere():
    assert "javascript:" not in words_of_markdown("[here](javascript:alert(1))")


def test_dollars_in_a_sentence_are_not_mathematics():
    assert words_of_markdown("From $5 to **$7**.") == "<p>From $5 to <strong>$7</strong>.</p>\n"


@pytest.mark.parametrize(
    ("html", "sentence"),
    [
        ("<script>alert(1)</script>", "holds <script>"),
        ('<p onclick="go()">x</p>', "holds <p>, or a script in it"),
        ('<iframe src="data:,x"></iframe>', "holds <iframe>"),
        ('<link rel="stylesheet" href="a.css">', "holds <link>"),
        ('<img alt="A map" src="https://example.org/map.png">', "would load https://example.org/map.png"),
        ('<img alt="A map" src="map.png">', "would load map.png"),
        (
            '<svg aria-label="A map"><image xlink:href="http://example.org/a.png"/></svg>',
            "would load http://example.org/a.png",
        ),
        ("<style>@import 'a.css';</style>", "A style on the page loads something"),
        ('<p style="background: url(https://example.org/a.png)">x</p>', "A style on the page loads something"),
        ('<a href="JavaScript:go()">x</a>', "A link on the page runs a script"),
        ('<img alt="" src="data:image/png;base64,AA==">', "no words for those who cannot see it"),
        ("<svg></svg>", "no words for those who cannot see it"),
        ('<table border="1" class="dataframe"><tr><td>3</td></tr></table>', "as pandas prints it"),
    ],
)
def test_what_runs_loads_or_hides_from_some_is_refused(html, sentence):
    with pytest.raises(PageError, match=re.escape(sentence)):
        made(shows({"text/html": html}))


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://example.org/">a source</a>',
        '<img alt="A map" src="data:image/png;base64,AA==">',
        '<svg aria-hidden="true"><use xlink:href="#dot"/><path style="clip-path: url(#c)"/></svg>',
    ],
)
def test_what_a_reader_follows_or_the_page_carries_is_fine(html):
    assert check_page(html) is None


def test_a_drawing_speaks_its_words_and_keeps_its_letters():
    text = made(shows({"image/svg+xml": DRAWING}, {"image/svg+xml": {"alt": 'Calls "up" <here>'}}))
    assert '<svg role="img" aria-label="Calls &quot;up&quot; &lt;here&gt;" xmlns=' in text
    assert "viewBox" in text
    assert "clipPath" in text
    assert "DOCTYPE svg" not in text
    assert "when" not in text


def test_a_drawing_without_words_is_refused():
    with pytest.raises(PageError, match="Give it an alt text"):
        made(shows({"image/svg+xml": DRAWING}))


@pytest.mark.parametrize(("headings", "found"), [("", 0), ("# One\n\n# Two", 2)])
def test_a_page_needs_exactly_one_first_heading(headings, found):
    with pytest.raises(PageError, match=f"has {found} first headings"):
        page(nbformat.v4.new_notebook(cells=[markdown(headings)]), name=NAME)


def test_five_sections_get_a_list_of_them_and_four_do_not():
    sections = [f"## Part {number}" for number in range(1, 6)]
    assert "<nav" not in made(markdown("\n\n".join(sections[:4])))
    text = made(markdown("\n\n".join(sections)))
    assert text.index("</h1>") < text.index("<nav") < text.index("<h2")
    assert text.count('<li><a href="#s-part-') == 5


def test_sections_of_one_name_have_two_anchors_and_given_ones_are_kept():
    body = outline(
        '<h1>T</h1><h2>North</h2><h2>North</h2><h2 id="mine">South &lt;b&gt;</h2><h2>A</h2><h2>&amp;</h2>'
    ).body
    assert re.findall(r'<h2 id="([^"]+)"', body) == ["s-north", "s-north-2", "mine", "s-a", "s-section"]
    assert '<li><a href="#mine">South &lt;b&gt;</a></li>' in body


def test_a_table_scrolls_in_a_named_region_and_not_in_two():
    table = "<table><caption>Calls &amp; visits</caption><tr><td>12</td></tr></table>"
    wrapped = '<div class="scroll" role="region" aria-label="Calls &amp; visits" tabindex="0">'
    assert outline(f"<h1>T</h1>{table}").body == f"<h1>T</h1>{wrapped}{table}</div>"
    own = f'<div role="region" tabindex="0" aria-label="x">{table}</div>'
    assert outline(f"<h1>T</h1>{own}").body == f"<h1>T</h1>{own}"


def test_the_last_line_moves_to_the_footer():
    text = made(shows({"text/html": '<p class="made-from">Made from study demo.</p>'}), markdown("After it."))
    assert re.search(
        rf"<footer>\n<p>Made from study demo\. Shown: [0-9a-f]{{12}}\.</p>\n<p>{re.escape(NAME)}</p>", text
    )
    assert text.count("Made from study demo.") == 1


def test_the_last_line_tells_pages_apart_that_show_something_else():
    line = '<p class="made-from">Made from study demo.</p>'
    one, same, other = (outline(f"<h1>T</h1><p>{words}</p>{line}").last_line for words in ("12", "12", "13"))
    assert one == same != other


# --- the index -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path):
    (tmp_path / "params" / "demo").mkdir(parents=True)
    (tmp_path / "params" / "demo" / "study.yml").write_text(
        "title: Small & far\nservice: Mobile response\nmade_up: Made up, <all> of it.\npeople: children\nplace: site\n"
    )
    return tmp_path


def put_brief(root, path: str, title: str) -> None:
    file = root / "outputs" / "demo" / "briefs" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"<title>{title}</title>")


def test_the_index_lists_newest_first_statewide_first_then_sites_by_name(root):
    put_brief(root, "2026-09/site-02/scorecard.html", "Scorecard")
    put_brief(root, "2026-10/site-01/scorecard.html", "Scorecard")
    put_brief(root, "2026-10/site-02/scorecard.html", "Scorecard")
    put_brief(root, "2026-10/statewide/overview.html", "Overview")
    sites = root / "data" / "processed" / "demo" / "sites.parquet"
    sites.parent.mkdir(parents=True)
    pd.DataFrame({"site_id": ["site-01", "site-02"], "name": ["Valley", "<b>Hills</b>"]}).to_parquet(sites)
    text = write_index("demo", root=root).read_text()
    order = ["October 2026", "Statewide", ">Overview<", "&lt;b&gt;Hills&lt;/b&gt;", "Valley", "September 2026"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert '<a href="2026-10/statewide/overview.html">Overview</a>' in text
    assert "<b>Hills" not in text


def test_the_index_carries_the_studys_title_and_that_it_is_made_up(root):
    text = write_index("demo", root=root).read_text()
    assert "<h1>Small &amp; far: briefs</h1>" in text
    assert '<p class="madeup" role="note">Made up, &lt;all&gt; of it.</p>' in text
    assert "There is no brief yet." in text


def test_a_title_with_a_script_is_text_in_the_index(root):
    put_brief(root, "2026-10/site-01/scorecard.html", "&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; more")
    text = write_index("demo", root=root).read_text()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; more</a>" in text
    assert "<script" not in text


def test_unfinished_briefs_and_folders_that_are_no_period_are_not_listed(root):
    put_brief(root, "2026-10/site-01/.scorecard.part.html", "Half")
    put_brief(root, "old/site-01/scorecard.html", "Old")
    text = write_index("demo", root=root).read_text()
    assert "Half" not in text
    assert "Old" not in text


def test_the_same_files_give_the_same_index(root):
    put_brief(root, "2026-10/site-01/scorecard.html", "Scorecard")
    first = write_index("demo", root=root).read_bytes()
    assert write_index("demo", root=root).read_bytes() == first
