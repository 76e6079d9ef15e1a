"""HTML for a brief: tables, figures, lists and cards in which every text is escaped and every chart is spoken.

A text is escaped where it enters; an `Html` is ready and enters as it is.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from html import escape
from numbers import Integral
from xml.etree import ElementTree

import pandas as pd

LONGEST_ALT = 250  # characters; a screen reader speaks it in one breath
PLACEHOLDERS = {
    "", "alt", "alt text", "chart", "description", "fig", "figure", "graph", "image", "n/a", "na", "none", "picture",
    "placeholder", "plot", "svg", "tbd", "text", "title", "todo", "xxx",
}  # fmt: skip
ONE_DECIMAL_FROM = 200  # a share of fewer than this has no decimals
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
UNSPOKEN = ("title", "desc", "metadata")  # matplotlib's own, which a screen reader would read before the alt text


@dataclass(frozen=True)
class Html:
    """Ready markup, escaped already; a notebook shows it."""

    text: str

    def _repr_html_(self) -> str:
        return self.text

    def __str__(self) -> str:
        return self.text


def escaped(content: "str | Html") -> str:
    """The text with its markup characters made harmless; ready Html as it is.

    >>> escaped('<b> & "q"'), escaped(Html("<b>x</b>"))
    ('&lt;b&gt; &amp; &quot;q&quot;', '<b>x</b>')
    """
    if isinstance(content, Html):
        return content.text
    if not isinstance(content, str):
        raise ValueError(
            f"{content!r} is not text. Say it first: number(), percent() or the words for what is missing."
        )
    return escape(content, quote=True)


def together(*parts: str | Html) -> Html:
    """Several pieces, one after the other.

    >>> together(paragraph("one"), paragraph("two")).text
    '<p>one</p>\\n<p>two</p>'
    """
    return Html("\n".join(escaped(part) for part in parts))


def paragraph(*parts: str | Html) -> Html:
    """A paragraph of texts and ready pieces.

    >>> paragraph("11 < 12").text
    '<p>11 &lt; 12</p>'
    """
    return Html(f"<p>{''.join(escaped(part) for part in parts)}</p>")


def headline(text: str | Html, *, level: int = 2) -> Html:
    """A heading; level 1 is the page's title.

    >>> headline("What changed").text
    '<h2>What changed</h2>'
    """
    if level not in range(1, 7):
        raise ValueError(f"A heading has a level from 1 to 6, found {level}.")
    return Html(f"<h{level}>{escaped(text)}</h{level}>")


def list_of(items: Iterable[str | Html], *, ordered: bool = False) -> Html:
    """A list, numbered where the order matters; no items give nothing at all, since an empty list is announced.

    >>> list_of(["call back", "go & see"]).text
    '<ul>\\n<li>call back</li>\\n<li>go &amp; see</li>\\n</ul>'
    """
    lines = [f"<li>{escaped(item)}</li>" for item in items]
    kind = "ol" if ordered else "ul"
    return Html("\n".join([f"<{kind}>", *lines, f"</{kind}>"]) if lines else "")


def details(summary: str | Html, inner: str | Html, *, on_paper: bool = True) -> Html:
    """What is folded away under a summary; on paper it stands open, or is left to the screen where it is an appendix.

    >>> details("The numbers", Html("<p>12</p>")).text
    '<details>\\n<summary>The numbers</summary>\\n<p>12</p>\\n</details>'
    """
    kind = "" if on_paper else ' class="screen"'
    return Html(f"<details{kind}>\n<summary>{escaped(summary)}</summary>\n{escaped(inner)}\n</details>")


def on_screen(inner: str | Html) -> Html:
    """What is left to the screen; on paper one line says where it is.

    >>> on_screen(paragraph("x")).text.startswith('<p class="paper">')
    True
    """
    line = '<p class="paper">This stands in the page on the screen, and its figures in the workbook.</p>'
    return Html(f'{line}\n<div class="screen">{escaped(inner)}</div>')


def cards(entries: Iterable[tuple[str | Html, str | Html, str | Html]]) -> Html:
    """The few numbers at the top of a page: (label, value, note) each; an empty note is left out.

    >>> cards([("Seen in person", "11 of 12", "")]).text
    '<dl class="cards">\\n<div class="card"><dt>Seen in person</dt><dd class="value">11 of 12</dd></div>\\n</dl>'
    """
    lines = []
    for label, value, note in entries:
        said = f'<dd class="note">{escaped(note)}</dd>' if note else ""
        lines.append(f'<div class="card"><dt>{escaped(label)}</dt><dd class="value">{escaped(value)}</dd>{said}</div>')
    return Html("\n".join(['<dl class="cards">', *lines, "</dl>"]) if lines else "")


def notice(text: str | Html) -> Html:
    """The line that says that a page is made up, on top of the page and of its print.

    >>> notice("Made-up data.").text
    '<p class="madeup" role="note">Made-up data.</p>'
    """
    return Html(f'<p class="madeup" role="note">{escaped(text)}</p>')


# --- tables ----------------------------------------------------------------------------------------------------------


def table(
    rows: pd.DataFrame | Iterable[Sequence[object]],
    *,
    caption: str,
    headers: Sequence[str],
    row_header: str | None = "",
    numeric: Iterable[str] = (),
) -> Html:
    """A table that a screen reader can walk: caption, column headers, row headers, and a region that scrolls by keyboard.

    Takes a frame or rows of cells in the order of `headers`. A cell is text, Html or a whole number; anything else is refused,
    because how to round it, or why it is missing, must have been said before. `row_header` names the header of the
    column that heads each row (the first one unless told; None for none), `numeric` the headers of the columns of numbers.
    No rows give one line that says so.

    >>> print(table([("North", 12)], caption="Calls", headers=["Site", "Calls"], numeric=["Calls"]))
    <div role="region" aria-label="Calls" tabindex="0" class="scroll">
    <table>
    <caption>Calls</caption>
    <thead>
    <tr><th scope="col">Site</th><th scope="col" class="n">Calls</th></tr>
    </thead>
    <tbody>
    <tr><th scope="row">North</th><td class="n">12</td></tr>
    </tbody>
    </table>
    </div>
    """
    headers, numeric = list(headers), set(numeric)
    heads = headers[0] if row_header == "" else row_header
    if unknown := sorted(({heads} - {None} | numeric) - set(headers)):
        raise ValueError(f'The table "{caption}" has no column "{unknown[0]}". Its headers are {", ".join(headers)}.')
    _said(caption, "A table needs a caption that says what it shows.")
    kinds = [' class="n"' if header in numeric else "" for header in headers]
    first = "".join(f'<th scope="col"{kind}>{escaped(head)}</th>' for head, kind in zip(headers, kinds, strict=True))
    body = [_row(row, caption, headers, kinds, heads) for row in _rows(rows)]
    body = body or [f'<tr><td colspan="{len(headers)}">Nothing to show.</td></tr>']
    label = escape(caption, quote=True)
    return Html(
        f'<div role="region" aria-label="{label}" tabindex="0" class="scroll">\n<table>\n<caption>{label}</caption>\n'
        f"<thead>\n<tr>{first}</tr>\n</thead>\n<tbody>\n" + "\n".join(body) + "\n</tbody>\n</table>\n</div>"
    )


def _rows(rows: pd.DataFrame | Iterable[Sequence[object]]) -> list[tuple]:
    if isinstance(rows, pd.DataFrame):
        return list(rows.itertuples(index=False, name=None))
    return [tuple(row) for row in rows]


def _row(row: tuple, caption: str, headers: list[str], kinds: list[str], heads: str | None) -> str:
    if len(row) != len(headers):
        raise ValueError(f'A row of the table "{caption}" has {len(row)} cells, its headers are {len(headers)}.')
    cells = []
    for header, kind, value in zip(headers, kinds, row, strict=True):
        whole = isinstance(value, Integral) and not isinstance(value, bool)
        said = number(int(value)) if whole else escaped(value)
        cells.append(f'<th scope="row"{kind}>{said}</th>' if header == heads else f"<td{kind}>{said}</td>")
    return f"<tr>{''.join(cells)}</tr>"


# --- figures ---------------------------------------------------------------------------------------------------------


def figure(svg: str, *, alt: str, caption: str, note: str = "", name: str | None = None, wide: bool = False) -> Html:
    """A chart within the page: its caption first, the drawing with the sentence that a screen reader speaks, then a note.

    A `wide` drawing takes the page's width; on a narrow screen it keeps its size and scrolls, since its words would be too small.

    The drawing loses its own title and metadata, and its ids begin with `name` (made from caption and alt text where none is given), so
    that several charts share a page. Style rules inside it stay inside it.

    Raises ValueError for an alt text that is empty, a placeholder, the caption again or longer than 250 characters, and for a
    drawing that is no SVG or holds a script.

    >>> print(figure('<svg xmlns="http://www.w3.org/2000/svg"><g id="a"/></svg>', alt="Calls rose from 20 to 31.",
    ...     caption="Calls", name="calls"))
    <figure>
    <figcaption>Calls</figcaption>
    <svg xmlns="http://www.w3.org/2000/svg" id="calls-drawing" role="img" aria-label="Calls rose from 20 to 31."><g id="calls-a" /></svg>
    </figure>
    """
    _said(caption, "A figure needs a caption that states the finding.")
    _refuse_alt(alt, caption)
    prefix = _prefix(name or f"figure-{sha256(f'{caption}|{alt}'.encode()).hexdigest()[:8]}")
    said = f'\n<p class="note">{escaped(note)}</p>' if note else ""
    drawing = _drawing(svg, alt, prefix)
    if not wide:
        return Html(f"<figure>\n<figcaption>{escaped(caption)}</figcaption>\n{drawing}{said}\n</figure>")
    label = escape(f"Chart: {caption}", quote=True)
    return Html(
        f'<figure class="wide">\n<figcaption>{escaped(caption)}</figcaption>\n'
        f'<div role="region" aria-label="{label}" tabindex="0" class="scroll">\n{drawing}\n</div>{said}\n</figure>'
    )


def _said(text: str, otherwise: str) -> None:
    if not text.strip():
        raise ValueError(otherwise)


def _refuse_alt(alt: str, caption: str) -> None:
    plain = alt.strip().strip(".!…").casefold()
    if plain in PLACEHOLDERS or plain.startswith(("todo", "placeholder", "lorem ipsum")):
        raise ValueError(
            f'The figure "{caption}" has the alt text "{alt}". Say the chart type, what it shows and the finding.'
        )
    if plain == caption.strip().strip(".!…").casefold():
        raise ValueError(
            f'The figure "{caption}" repeats its caption as alt text. Say what the chart shows that the caption does not.'
        )
    if len(alt) > LONGEST_ALT:
        raise ValueError(
            f'The alt text of "{caption}" has {len(alt)} characters, {LONGEST_ALT} are the most. Move detail to a table.'
        )


def _prefix(name: str) -> str:
    """The name as the beginning of an id: it starts with a letter and holds letters, digits and hyphens alone."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
    return plain if plain[:1].isalpha() else f"f-{plain}"


def _drawing(svg: str, alt: str, prefix: str) -> str:
    try:
        root = ElementTree.fromstring(svg.encode())
    except ElementTree.ParseError as error:
        raise ValueError(f"The drawing is not readable as SVG: {error}. Save the chart as SVG.") from None
    if root.tag not in ("svg", f"{{{SVG}}}svg"):
        raise ValueError(f"The drawing is {root.tag}, not SVG. Save the chart as SVG.")
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{SVG}}}")
        if element.tag == "script":
            raise ValueError("The drawing holds a script. Save the chart without one.")
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag.rpartition("}")[2] in UNSPOKEN]:
            parent.remove(child)
    for element in root.iter():
        _own(element, prefix)
    for name in ("version", "role"):
        root.attrib.pop(name, None)
    root.attrib = {"xmlns": SVG, **root.attrib, "id": f"{prefix}-drawing", "role": "img", "aria-label": alt}
    return ElementTree.tostring(root, encoding="unicode").strip()


def _own(element: ElementTree.Element, prefix: str) -> None:
    """Give the element's id and its references the prefix; drop what a second voice would read."""
    kept = {}
    for name, value in element.attrib.items():
        plain = name.rpartition("}")[2]
        if plain.startswith("aria-") or plain in ("role", "title") or plain.startswith("on"):
            continue
        if plain == "id":
            value = f"{prefix}-{value}"
        elif plain == "href" and value.startswith("#"):
            value = f"#{prefix}-{value[1:]}"
        else:
            value = re.sub(r"url\(\s*(['\"]?)#", rf"url(\1#{prefix}-", value)
        kept[plain if name.startswith(f"{{{XLINK}}}") else name] = value  # HTML reads href without its namespace
    element.attrib = kept
    if element.tag == "style" and element.text:
        element.text = re.sub(
            r"([^{}]+)\{", rf"#{prefix}-drawing \1{{", re.sub(r"#(?=[A-Za-z_][\w-]*\s*\{)", f"#{prefix}-", element.text)
        )


# --- numbers as text -------------------------------------------------------------------------------------------------


def number(value: float, *, decimals: int = 0) -> str:
    """A number with thousands separators; halves go up.

    >>> number(1234), number(12.5), number(0.25, decimals=1)
    ('1,234', '13', '0.3')
    """
    return f"{_rounded(_known(value), decimals):,}"


def signed(value: float, *, decimals: int = 1) -> str:
    """A change of a score with its sign, to one decimal.

    >>> signed(-6.94), signed(2.0), signed(0.01)
    ('−6.9', '+2.0', '0.0')
    """
    rounded = _rounded(_known(value), decimals)
    return f"{rounded:+,}".replace("-", "−") if rounded else f"{rounded:,}"


def percent(share: float, n: int) -> str:
    """A share of n as a percentage: no decimals under 200, one from there on; never all or none unless it is.

    >>> percent(0.913, 150), percent(0.913, 200), percent(0.996, 150), percent(0.003, 150), percent(1, 12)
    ('91%', '91.3%', 'more than 99%', 'less than 1%', '100%')
    """
    if not _known(n) > 0:
        raise ValueError(f"A percentage of {n} says nothing. Say that there were none.")
    return _of_hundred(share, 1 if n >= ONE_DECIMAL_FROM else 0, "%")


def x_of_n(x: int, n: int) -> str:
    """A count out of a count.

    >>> x_of_n(11, 12)
    '11 of 12'
    """
    if any(_known(value) != round(value) or value < 0 for value in (x, n)) or x > n:
        raise ValueError(f"{x} of {n} cannot be: both are whole numbers, the first no larger than the second.")
    return f"{number(x)} of {number(n)}"


def interval(low: float, high: float, unit: str, *, around: float | None = None) -> str:
    """A range in words, without its unit: of 100 for a share or a mix, to one decimal for a rate, else to the whole number.

    One digit more where rounding would leave nothing of the range, or put the figure that it is `around` outside.

    >>> interval(0.71, 0.96, "share"), interval(35.2, 61.8, "minutes"), interval(3.21, 4, "rate"), interval(0.001, 1, "share")
    ('71 to 96', '35 to 62', '3.2 to 4.0', 'less than 1 to 100')
    >>> interval(0.001, 0.004, "share"), interval(0.0055, 0.0092, "share"), interval(0.0055, 0.0162, "share", around=0.008)
    ('less than 1', '0.6 to 0.9', '0.6 to 1.6')
    """
    if unit not in ("count", "rate", "share", "minutes", "mix", "score", "mean", "per_child"):
        raise ValueError(
            f'"{unit}" is not a unit that has a range: count, rate, share, minutes, mix, score, mean or per_child.'
        )
    if _known(low) > _known(high):
        raise ValueError(f"The range {low} to {high} ends before it begins.")
    decimals = {"rate": 1, "mean": 1, "per_child": 2, "score": 1}.get(unit, 0)
    scale = 100 if unit in ("share", "mix") else 1
    figure = None if around is None or pd.isna(around) else around * scale
    if low < high and _too_coarse(low * scale, high * scale, decimals, figure, whole=scale):
        decimals += 1
    if unit in ("share", "mix"):
        ends = [_of_hundred(low, decimals, ""), _of_hundred(high, decimals, "")]
        return ends[0] if ends[0] == ends[1] and not ends[0][0].isdigit() else " to ".join(ends)
    if unit == "score":
        return f"{signed(low, decimals=decimals)} to {signed(high, decimals=decimals)}"
    return f"{number(low, decimals=decimals)} to {number(high, decimals=decimals)}"


def _too_coarse(low: float, high: float, decimals: int, around: float | None, *, whole: int) -> bool:
    """True where the rounded ends are one and the same, or leave the figure outside. Of 100 (`whole`), "less than 1" and "more than 99" are ranges by themselves.

    >>> _too_coarse(0.55, 0.92, 0, None, whole=100), _too_coarse(0.55, 1.62, 0, 0.8, whole=100), _too_coarse(0.1, 0.4, 0, None, whole=100)
    (True, True, False)
    """
    ends = [_rounded(end, decimals) for end in (low, high)]
    if ends[0] == ends[1]:
        return whole != 100 or ends[0] not in (0, 100)
    return around is not None and not ends[0] <= _rounded(around, decimals + 1) <= ends[1]


def _of_hundred(share: float, decimals: int, sign: str) -> str:
    if not 0 <= _known(share) <= 1:
        raise ValueError(f"{share} is not a share: it must lie between 0 and 1.")
    step = Decimal(1).scaleb(-decimals)
    rounded = _rounded(Decimal(str(float(share))) * 100, decimals)
    if rounded == 0 and share > 0:
        return f"less than {step}{sign}"
    if rounded == 100 and share < 1:
        return f"more than {100 - step}{sign}"
    return f"{round(rounded) if rounded in (0, 100) else rounded}{sign}"


def _rounded(value: float | Decimal, decimals: int) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    rounded = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)  # no minus zero


def _known(value: float) -> float:
    if pd.isna(value):
        raise ValueError("A missing number cannot be written as a number. Say why it is missing instead.")
    return value.item() if hasattr(value, "item") else value
