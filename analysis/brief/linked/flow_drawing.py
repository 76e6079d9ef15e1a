"""The flow diagram as SVG: narrow enough for a phone, in lines and words that print, with the sentence that a screen reader speaks."""

import textwrap
from dataclasses import dataclass
from html import escape

from analysis.brief import markup
from analysis.brief.figures import ALT_LIMIT, BLUE, GREY, INK, Drawing

WIDTH, GAP, PAD = 420, 9, 8
FONT, LINE = 13, 16  # at 368 points, a phone's width, a letter is still 11 high
SPINE, SIDE = 24, 52  # where the line down runs, and where the boxes beside it begin
LETTER = 7.1  # width of a letter of a wide font at that size, so that no word leaves its box
SIDE_NUMBER = 54  # room for a count in front of its reason


@dataclass(frozen=True)
class Part:
    """A count and its words."""

    count: int
    words: str


@dataclass(frozen=True)
class Flow:
    """What is drawn: where it begins, what is left out in order, what is left, the two groups, and of each those alike in kind."""

    begin: Part
    left_out: tuple[Part, ...]
    end: Part
    arms: tuple[Part, Part]
    alike: tuple[Part, ...] = ()


def draw_flow(flow: Flow) -> Drawing:
    """The diagram: one box on top, one for everything left out beside the line down, the children who remain, the groups.

    >>> drawn = draw_flow(Flow(Part(90, "crises"), (Part(30, "Too young"),), Part(60, "children"), (Part(20, "team"), Part(40, "ED"))))
    >>> drawn.alt
    'Flow diagram. Of 90 crises, 30 are left out. Largest step, 30: too young. 60 children remain: 20 with a team as the first response, 40 with an emergency department.'
    """
    shapes: list[str] = []
    at = _box(shapes, 0, WIDTH, 0, flow.begin, strong=True)
    top = at
    for part in flow.left_out:
        middle = _box(shapes, SIDE, WIDTH - SIDE, at + GAP, part, beside=True, only_height=True) / 2 + at + GAP
        shapes.append(_line(SPINE, middle, SIDE - 2, middle, arrow=True))
        at = _box(shapes, SIDE, WIDTH - SIDE, at + GAP, part, beside=True)
    shapes.append(_line(SPINE, top, SPINE, at + GAP + 4, arrow=True))
    at = _box(shapes, 0, WIDTH, at + GAP + 6, flow.end, strong=True)
    half = (WIDTH - GAP) / 2
    for row in (flow.arms, flow.alike):
        if row:
            at = _pair(shapes, row, at, half)
    body = "".join(shapes)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 {WIDTH + 2} {at + 2:g}" width="{WIDTH + 2}" height="{at + 2:g}" '
        f'font-size="{FONT}" fill="{INK}"><defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0 8 4 0 8z" fill="{GREY}"/></marker></defs>{body}</svg>'
    )
    return Drawing(svg, _alt(flow))


def _pair(shapes: list[str], row: tuple[Part, ...], top: float, half: float) -> float:
    """Two boxes side by side under an arrow each, of one height; gives where they end."""
    height = max(_box(shapes, 0, half, 0, part, only_height=True) for part in row)
    for place, part in enumerate(row):
        left = place * (half + GAP)
        shapes.append(_line(left + half / 2, top, left + half / 2, top + GAP + 4, arrow=True))
        _box(shapes, left, half, top + GAP + 6, part, height=height)
    return top + GAP + 6 + height


def _box(
    shapes: list[str], left: float, width: float, top: float, part: Part, *, strong: bool = False, beside: bool = False,
    only_height: bool = False, height: float | None = None,
) -> float:  # fmt: skip
    """Draw a box and give where it ends; or give its height alone. `beside` puts the count in front of its words, else above them."""
    room = width - 2 * PAD - (SIDE_NUMBER if beside else 0)
    lines = textwrap.wrap(part.words, int(room / LETTER))
    needed = 2 * PAD + LINE * (len(lines) + (not beside)) - 4
    if only_height:
        return needed
    tall = height or needed
    fill, stroke = ("#f4f5f6", "#c3c8cc") if beside else ("#fff", BLUE)
    shapes.append(
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{tall:g}" rx="3" fill="{fill}" stroke="{stroke}" '
        f'stroke-width="{2 if strong else 1.2}"/>'
    )
    first = top + PAD + FONT - 3
    shapes.append(_text(left + PAD, first, markup.number(part.count), bold=True))
    across = left + PAD + (SIDE_NUMBER if beside else 0)
    for place, line in enumerate(lines):
        shapes.append(_text(across, first + LINE * (place + (not beside)), line))
    return top + tall


def _text(left: float, base: float, words: str, *, bold: bool = False) -> str:
    weight = ' font-weight="650"' if bold else ""
    return f'<text x="{left:g}" y="{base:g}"{weight}>{escape(words)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, *, arrow: bool = False) -> str:
    tip = ' marker-end="url(#tip)"' if arrow else ""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{GREY}" stroke-width="1.2"{tip}/>'


def _alt(flow: Flow) -> str:
    """The diagram in one breath, from its numbers."""
    most = max(flow.left_out, key=lambda part: part.count)
    gone = sum(part.count for part in flow.left_out)
    team, ed = (markup.number(part.count) for part in flow.arms)
    begin, end, said = (
        f"Flow diagram. Of {markup.number(flow.begin.count)} crises, {markup.number(gone)} are left out.",
        f" {markup.number(flow.end.count)} children remain: {team} with a team as the first response, {ed} with an emergency department.",
        f" Largest step, {markup.number(most.count)}: {most.words[0].lower()}{most.words[1:]}.",
    )
    return f"{begin}{said if len(begin + said + end) <= ALT_LIMIT else ''}{end}"
