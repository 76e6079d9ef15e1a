"""Figures: what is drawn is what may be shown, and the words for it say the same."""

import re
from xml.etree import ElementTree

import pandas as pd
import pytest

from analysis.brief.figures import (
    ALT_LIMIT,
    COMPLETE,
    HIDDEN,
    INCOMPLETE,
    NO_RECORDS,
    draw_bars,
    draw_months,
)

NAN = float("nan")
MONTHS = ["Jan\n2026", "Feb\n2026", "Mar\n2026", "Apr\n2026", "May\n2026", "Jun\n2026"]
HALF_A_PIXEL = 0.5


def months(*values: float, states: dict[int, str] | None = None, definitions: list[str] | None = None, width=0.05):
    """One point per value, complete and with a range unless told otherwise."""
    points = pd.DataFrame({"label": MONTHS[: len(values)], "value": [float(value) for value in values]})
    points = points.assign(
        low=points["value"] * (1 - width), high=points["value"] * (1 + width), state=COMPLETE, note=""
    )
    for here, state in (states or {}).items():
        points.loc[here, "state"] = state
    return points.assign(definition=definitions or "")


def drawn(points, *, unit="count", **given):
    return draw_months(points, unit=unit, **{"title": "Crises", "place": "statewide", **given})


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()).strip() for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("}text")]  # fmt: skip


def lines(svg: str) -> list[list[tuple[float, float]]]:
    """The corners of each blue line of two points or more: the line over time, not the bars of the ranges."""
    found = []
    for element in ElementTree.fromstring(svg).iter():
        style = element.get("style", "")
        if element.tag.endswith("}path") and "stroke: #0063a6" in style and "stroke-width: 1.4" in style:
            for part in element.get("d").split("M")[1:]:
                found.append([(float(x), float(y)) for x, y in re.findall(r"(\S+) (\S+) *(?:L|$)", part.strip())])
    return found


def markers(svg: str) -> list[dict]:
    """Every point that is drawn: where it stands and how it is filled."""
    return [
        {"x": float(use.get("x")), "style": use.get("style", "")}
        for use in ElementTree.fromstring(svg).iter()
        if use.tag.endswith("}use") and "#0063a6" in use.get("style", "")
    ]


# --- the same every time ---------------------------------------------------------------------------------------------


def test_a_figure_has_the_same_bytes_twice():
    points = months(20, 25, 22, 31, 28, 24, states={5: INCOMPLETE}, definitions=["a"] * 3 + ["b"] * 3)
    assert drawn(points) == drawn(points.copy())
    bars = pd.DataFrame({"label": ["Mon", "Tue"], "value": [0.6, 0.4]})
    assert draw_bars(bars, title="Day", place="statewide") == draw_bars(bars.copy(), title="Day", place="statewide")


def test_a_figure_holds_no_date_and_no_address():
    svg = drawn(months(20, 25, 22)).svg
    assert svg.startswith("<svg")
    assert not re.search(r"<metadata|dc:date|matplotlib\.org|<!DOCTYPE", svg)


# --- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "label"),
    [(0.997, ">99%"), (0.9999, ">99%"), (1.0, "100%"), (0.003, "<1%"), (0.0, "0%"), (0.885, "89%")],
)
def test_a_share_is_labelled_all_or_none_only_where_it_is(value, label):
    svg = drawn(months(0.5, value, width=0), unit="share").svg
    axis = {"0%", "25%", "50%", "75%", "100%"}
    own = [text for text in texts(svg) if text.endswith("%")]
    assert label in own
    assert set(own) - axis == {label} - axis
    assert own.count("100%") == 1 + (label == "100%")  # the axis has one of its own


def test_bars_are_labelled_all_or_none_only_where_they_are():
    bars = pd.DataFrame({"label": ["day", "night", "dawn"], "value": [0.997, 0.003, 0.0]})
    drawing = draw_bars(bars, title="Time of day", place="statewide")
    assert [text for text in texts(drawing.svg) if "%" in text] == [">99%", "<1%", "0%"]
    assert "99%" in drawing.alt


def test_the_last_complete_value_is_the_one_that_is_named():
    labels = texts(drawn(months(201, 251, 222, 104, states={3: INCOMPLETE})).svg)
    assert any(label.startswith("222") for label in labels)
    assert not any(label.startswith("104") for label in labels)


# --- what is not drawn -----------------------------------------------------------------------------------------------


def test_an_incomplete_month_is_hollow_and_joined_to_nothing():
    drawing = drawn(months(20, 25, 22, 4, states={3: INCOMPLETE}))
    hollow = [marker for marker in markers(drawing.svg) if "fill: #ffffff" in marker["style"]]
    assert len(hollow) == 1
    assert len(markers(drawing.svg)) == 4
    assert [len(line) for line in lines(drawing.svg)] == [3]
    last_of_line = max(x for line in lines(drawing.svg) for x, _ in line)
    assert hollow[0]["x"] > last_of_line + HALF_A_PIXEL
    assert "The last is incomplete" in drawing.alt


def test_an_incomplete_first_month_is_not_joined_either():
    svg = drawn(months(4, 25, 22, 27, states={0: INCOMPLETE})).svg
    assert [len(line) for line in lines(svg)] == [3]


@pytest.mark.parametrize("state", [HIDDEN, NO_RECORDS])
def test_a_gap_breaks_the_line_and_holds_no_value(state):
    """A gap has no value; were one handed over by mistake, it would not be drawn, spoken or set the axis."""
    gap = months(20, 25, NAN, 22, 27, states={2: state})
    mistaken = months(20, 25, 777, 22, 27, states={2: state})
    for points in (gap, mistaken):
        drawing = drawn(points)
        assert [len(line) for line in lines(drawing.svg)] == [2, 2]
        assert len(markers(drawing.svg)) == 4
        assert "1 period not shown" in drawing.alt
        assert "777" not in drawing.svg + drawing.alt
    assert drawn(gap).svg == drawn(mistaken).svg


def test_a_missing_bar_is_a_gap():
    bars = pd.DataFrame({"label": ["Mon", "Tue", "Wed"], "value": [0.6, NAN, 0.1]})
    drawing = draw_bars(bars, title="Day of the week", place="statewide")
    assert [text for text in texts(drawing.svg) if "%" in text] == ["60%", "10%"]


# --- a new definition ------------------------------------------------------------------------------------------------


def test_a_new_definition_breaks_the_line_and_says_so():
    drawing = drawn(months(0.8, 0.81, 0.79, 0.6, 0.62, 0.61, definitions=["90"] * 3 + ["60"] * 3), unit="share")
    left, right = lines(drawing.svg)
    assert (len(left), len(right)) == (3, 3)
    assert left[-1][0] < right[0][0] - HALF_A_PIXEL
    assert "measured differently" in " ".join(texts(drawing.svg))
    assert "Measured differently within the span" in drawing.alt


def test_one_definition_throughout_is_one_line():
    drawing = drawn(months(0.8, 0.81, 0.79, definitions=["60"] * 3), unit="share")
    assert [len(line) for line in lines(drawing.svg)] == [3]
    assert "ifferently" not in drawing.alt + " ".join(texts(drawing.svg))


# --- the sentence that is spoken -------------------------------------------------------------------------------------


def test_the_alt_text_says_chart_measure_place_span_range_end_and_standard():
    alt = drawn(months(0.8, 0.9, 0.85), unit="share", title="Seen in person", place="Red Bluff", target=0.9).alt
    for said in ("Line chart", "Seen in person", "Red Bluff", "Jan 2026 to Mar 2026", "Between 80% and 90%", "85% at the end", "90%"):  # fmt: skip
        assert said in alt


def test_the_alt_text_of_nothing_says_so():
    points = months(NAN, NAN, states={0: HIDDEN, 1: HIDDEN})
    assert "No period can be shown" in drawn(points).alt
    assert (
        "Nothing can be shown"
        in draw_bars(pd.DataFrame({"label": ["Mon"], "value": [NAN]}), title="Day", place="x").alt
    )


def test_an_alt_text_is_never_longer_than_one_breath():
    place = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch " * 6
    assert len(drawn(months(20, 25), place=place).alt) <= ALT_LIMIT
    assert len(draw_bars(pd.DataFrame({"label": ["Mon"], "value": [1.0]}), title="Day", place=place).alt) <= ALT_LIMIT


def test_the_alt_text_does_not_take_a_gap_for_the_lowest_value():
    alt = drawn(months(20, 3, 25, states={1: HIDDEN})).alt
    assert "Between 20 and 25" in alt


# --- limits and marks ------------------------------------------------------------------------------------------------


def limited(*values, marks: dict[int, str] | None = None):
    points = months(*values).assign(centre=0.8, lower=0.7, upper=0.9, mark="")
    for here, mark in (marks or {}).items():
        points.loc[here, "mark"] = mark
    return points


def shapes(svg: str) -> int:
    """How many different shapes mark points."""
    root = ElementTree.fromstring(svg)
    used = {use.get("{http://www.w3.org/1999/xlink}href") for use in root.iter() if use.tag.endswith("}use")}
    paths = {path.get("id"): path.get("d") for path in root.iter() if path.tag.endswith("}path") and path.get("id")}
    return len({paths.get((name or "").removeprefix("#")) for name in used})


def test_a_point_beyond_chance_has_a_shape_of_its_own():
    plain = drawn(limited(0.8, 0.81, 0.79, 0.8), unit="share").svg
    marked = drawn(limited(0.8, 0.81, 0.95, 0.6, marks={2: "improvement", 3: "concern"}), unit="share").svg
    assert shapes(marked) == shapes(plain) + 2


def test_limits_take_the_place_of_ranges():
    plain, ranged = drawn(limited(0.8, 0.81, 0.79), unit="share").svg, drawn(months(0.8, 0.81, 0.79), unit="share").svg
    assert "LineCollection" in ranged
    assert "#e4e4e4" in plain
    assert "#e4e4e4" not in ranged


def test_limits_with_one_side_only_are_drawn():
    points = limited(0.8, 0.81, 0.79).assign(lower=NAN)
    assert "#e4e4e4" in drawn(points, unit="share").svg


def test_a_dated_event_stands_as_a_number():
    assert "1" in texts(drawn(limited(0.8, 0.81, 0.79), unit="share", events={1: "1"}).svg)
