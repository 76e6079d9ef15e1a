"""The HTML writer: one rule a case."""

import io
import re

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from analysis.brief.markup import (
    Html,
    cards,
    details,
    escaped,
    figure,
    headline,
    interval,
    list_of,
    notice,
    number,
    paragraph,
    percent,
    table,
    together,
    x_of_n,
)

ATTACK = "<script>alert(\"x\" + 'y')</script> & more"
HARMLESS = "&lt;script&gt;alert(&quot;x&quot; + &#x27;y&#x27;)&lt;/script&gt; &amp; more"
PLAIN = '<svg xmlns="http://www.w3.org/2000/svg"><g id="a"/></svg>'
ALT = "Line chart of calls a month: from 20 in July to 31 in October."


@pytest.mark.parametrize(
    "made",
    [
        paragraph(ATTACK),
        headline(ATTACK),
        list_of([ATTACK]),
        details(ATTACK, ATTACK),
        cards([(ATTACK, ATTACK, ATTACK)]),
        notice(ATTACK),
        table([(ATTACK,)], caption=ATTACK, headers=[ATTACK]),
        figure(PLAIN, alt=ALT, caption=ATTACK, note=ATTACK),
    ],
    ids=["paragraph", "headline", "list", "details", "cards", "notice", "table", "figure"],
)
def test_every_text_is_escaped(made):
    assert "<script" not in made.text
    assert HARMLESS in made.text


def test_quotes_in_an_alt_text_do_not_end_it():
    made = figure(PLAIN, alt='Bars; "North" <b> & South rose.', caption="Calls")
    assert 'aria-label="Bars; &quot;North&quot; &lt;b&gt; &amp; South rose."' in made.text


def test_ready_html_is_not_escaped_again():
    assert paragraph("a < b, ", Html("<em>c</em>")).text == "<p>a &lt; b, <em>c</em></p>"


def test_a_notebook_shows_html():
    assert paragraph("x")._repr_html_() == "<p>x</p>"


@pytest.mark.parametrize("value", [None, np.nan, pd.NA, 0.5, True])
def test_what_has_not_been_said_in_words_is_refused(value):
    with pytest.raises(ValueError, match="is not text"):
        escaped(value)
    with pytest.raises(ValueError, match="is not text"):
        table([(value,)], caption="Calls", headers=["Calls"])


def test_an_empty_list_is_nothing():
    assert list_of([]).text == ""
    assert together(list_of([]), paragraph("x")).text == "\n<p>x</p>"


def test_a_heading_has_a_level_that_html_knows():
    with pytest.raises(ValueError, match="level from 1 to 6, found 7"):
        headline("x", level=7)


# --- tables ----------------------------------------------------------------------------------------------------------


def test_a_frame_becomes_cells_in_the_order_of_its_columns():
    frame = pd.DataFrame({"site": ["North", "South"], "calls": [1234, 0]})
    made = table(frame, caption="Calls", headers=["Site", "Calls"], numeric=["Calls"]).text
    assert '<tr><th scope="row">North</th><td class="n">1,234</td></tr>' in made
    assert '<tr><th scope="row">South</th><td class="n">0</td></tr>' in made  # zero is shown


def test_a_table_scrolls_by_keyboard_and_is_named_once():
    made = table([("North",)], caption='Calls "now"', headers=["Site"]).text
    assert made.startswith('<div role="region" aria-label="Calls &quot;now&quot;" tabindex="0" class="scroll">')
    assert made.count("<caption>Calls &quot;now&quot;</caption>") == 1


def test_the_row_header_may_stand_in_another_column_or_nowhere():
    second = table([(1, "North")], caption="Calls", headers=["Rank", "Site"], row_header="Site").text
    assert '<td>1</td><th scope="row">North</th>' in second
    assert 'scope="row"' not in table([(1, "x")], caption="Calls", headers=["Rank", "Site"], row_header=None).text


def test_a_table_without_rows_says_so():
    assert '<td colspan="2">Nothing to show.</td>' in table([], caption="Calls", headers=["Site", "Calls"]).text


@pytest.mark.parametrize(
    ("rows", "given", "sentence"),
    [
        ([("a", 1)], {"caption": "Calls", "headers": ["Site"]}, "has 2 cells, its headers are 1"),
        ([("a",)], {"caption": "Calls", "headers": ["Site"], "numeric": ["Cals"]}, 'has no column "Cals"'),
        ([("a",)], {"caption": "Calls", "headers": ["Site"], "row_header": "Place"}, 'has no column "Place"'),
        ([("a",)], {"caption": " ", "headers": ["Site"]}, "needs a caption"),
    ],
)
def test_a_table_that_does_not_fit_its_headers_is_refused(rows, given, sentence):
    with pytest.raises(ValueError, match=sentence):
        table(rows, **given)


# --- figures ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drawn():
    """A chart with a clip path, markers and a title of matplotlib's own."""
    from matplotlib.figure import Figure

    chart = Figure()
    axes = chart.subplots()
    axes.plot([1, 2, 3], [20, 25, 31], marker="o")
    axes.set_title("Calls & <more>")
    text = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "calls", "svg.fonttype": "none"}):
        chart.savefig(text, format="svg", metadata={"Title": "a title", "Date": None})
    return text.getvalue()


def test_a_chart_is_spoken_once(drawn):
    made = figure(drawn, alt=ALT, caption="Calls rose").text
    assert made.count('role="img"') == 1
    assert made.count("aria-label=") == 1
    assert not re.search(r"<(title|metadata|desc|\?xml|!DOCTYPE)", made)


def test_two_charts_share_a_page_without_sharing_an_id(drawn):
    one, two = (figure(drawn, alt=ALT, caption="Calls rose", name=name).text for name in ("calls", "2nd chart"))
    ids = [re.findall(r'\sid="([^"]+)"', made) for made in (one, two)]
    assert len(ids[0]) == len(set(ids[0])) > 5
    assert not set(ids[0]) & set(ids[1])
    assert all(re.match("[a-z]", found) for found in ids[1])  # "2nd chart" alone would begin with a digit


def test_references_inside_a_chart_follow_its_ids(drawn):
    made = figure(drawn, alt=ALT, caption="Calls rose", name="calls").text
    ids = set(re.findall(r'\sid="([^"]+)"', made))
    references = re.findall(r'href="#([^"]+)"', made) + re.findall(r"url\(#([^)]+)\)", made)
    assert len(references) > 5
    assert set(references) <= ids


def test_a_charts_style_stays_inside_it(drawn):
    assert "*{stroke-linejoin" in drawn
    assert "#calls-drawing *{stroke-linejoin" in figure(drawn, alt=ALT, caption="Calls rose", name="calls").text


def test_the_same_chart_gives_the_same_markup(drawn):
    assert figure(drawn, alt=ALT, caption="Calls rose") == figure(drawn, alt=ALT, caption="Calls rose")


@pytest.mark.parametrize("alt", ["", "  ", "Chart", "image.", "TODO", "todo: write", "Placeholder text", "n/a"])
def test_an_alt_text_that_says_nothing_is_refused(alt):
    with pytest.raises(ValueError, match="Say the chart type, what it shows and the finding"):
        figure(PLAIN, alt=alt, caption="Calls rose")


def test_an_alt_text_that_repeats_the_caption_is_refused():
    with pytest.raises(ValueError, match="repeats its caption"):
        figure(PLAIN, alt="calls rose.", caption="Calls rose")


def test_an_alt_text_is_at_most_250_characters():
    assert "<figure>" in figure(PLAIN, alt="x " * 124 + "xy", caption="Calls rose").text  # 250
    with pytest.raises(ValueError, match="has 251 characters, 250 are the most"):
        figure(PLAIN, alt="x " * 125 + "y", caption="Calls rose")


@pytest.mark.parametrize(
    ("svg", "sentence"),
    [
        ("<svg", "not readable as SVG"),
        ("<div/>", "is div, not SVG"),
        ('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "holds a script"),
    ],
)
def test_a_drawing_that_is_no_quiet_svg_is_refused(svg, sentence):
    with pytest.raises(ValueError, match=sentence):
        figure(svg, alt=ALT, caption="Calls rose")


# --- numbers as text -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "n", "said"),
    [
        (0.913, 199, "91%"),  # no decimals under 200
        (0.913, 200, "91.3%"),  # one from 200 on
        (0.285, 100, "29%"),  # 28.5 goes up, though 0.285 * 100 is 28.499999999999996
        (0.996, 150, "more than 99%"),
        (0.003, 150, "less than 1%"),
        (0.9996, 3000, "more than 99.9%"),
        (0.0003, 3000, "less than 0.1%"),
        (1, 3000, "100%"),
        (0, 3000, "0%"),
        (np.float64(0.5), np.int64(12), "50%"),
    ],
)
def test_a_percentage_is_as_fine_as_its_n_and_never_all_or_none_unless_it_is(share, n, said):
    assert percent(share, n) == said


@pytest.mark.parametrize(
    ("say", "sentence"),
    [
        (lambda: percent(91.3, 150), "not a share"),
        (lambda: percent(0.5, 0), "percentage of 0"),
        (lambda: percent(np.nan, 12), "missing number"),
        (lambda: number(None), "missing number"),
        (lambda: x_of_n(13, 12), "13 of 12 cannot be"),
        (lambda: x_of_n(1.5, 12), "1.5 of 12 cannot be"),
        (lambda: interval(0.9, 0.1, "share"), "ends before it begins"),
        (lambda: interval(np.nan, 0.1, "share"), "missing number"),
        (lambda: interval(1, 2, "percent"), "not a unit"),
    ],
)
def test_a_number_that_cannot_be_is_refused(say, sentence):
    with pytest.raises(ValueError, match=sentence):
        say()


def test_a_count_out_of_a_count():
    assert x_of_n(11, 12) == "11 of 12"
    assert x_of_n(np.int64(0), 1234) == "0 of 1,234"


@pytest.mark.parametrize(
    ("low", "high", "unit", "said"),
    [
        (0.71, 0.96, "share", "71 to 96"),
        (0.003, 0.998, "share", "less than 1 to more than 99"),
        (0, 1, "mix", "0 to 100"),
        (35.2, 1061.8, "minutes", "35 to 1,062"),
        (3.21, 4.0, "rate", "3.2 to 4.0"),
    ],
)
def test_a_range_has_the_grain_of_its_unit(low, high, unit, said):
    assert interval(low, high, unit) == said


@pytest.mark.parametrize(("value", "said"), [(1234, "1,234"), (-0.2, "0"), (np.float64(2.5), "3"), (0, "0")])
def test_a_number_has_separators_and_no_minus_zero(value, said):
    assert number(value) == said
