"""Pages: an executed notebook as one HTML file that asks nothing of the network, runs no script and can be printed."""

import html
import re
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import mistune
from nbconvert.exporters.templateexporter import TemplateExporter
from nbformat import NotebookNode

from analysis.brief.press.made_from import hash_of_text
from analysis.brief.press.notebooks import RunError

# With fewer sections than this a list of them is longer than the way to them.
CONTENTS_FROM = 5

SHOWN_FORMATS = ["text/html", "text/markdown", "image/svg+xml", "image/png", "text/plain"]

REFUSED_TAGS = frozenset(
    {"script", "iframe", "object", "embed", "link", "base", "form", "audio", "video", "foreignobject"}
)
FETCHING_ATTRIBUTES = frozenset({"src", "srcset", "data", "poster", "background", "action", "formaction", "ping"})


class PageError(RunError):
    """A sentence about something that must not stand in a brief."""


@dataclass(frozen=True)
class Outline:
    """A page's body in its final form: `title` is the text of its one h1, `last_line` what it was made from and what it shows."""

    title: str
    body: str
    last_line: str


def page(notebook: NotebookNode, *, name: str) -> str:
    """The executed notebook as one HTML page; `name`, the brief's path from the root, stands in its footer.

    Markdown cells and what cells display become the page; code, prints and bare text results do not. HTML in markdown is
    shown as text. A page without exactly one first heading, with a script, an outside address that a browser would load, a
    picture without words or a table printed by pandas is refused with a PageError.
    """
    text, _ = _exporter().from_notebook_node(notebook, resources={"brief": name})
    text = f"{text.strip()}\n"
    check_page(text)
    return text


@cache
def _exporter() -> "PageExporter":
    return PageExporter()


class PageExporter(TemplateExporter):
    """nbconvert with the template beside this file.

    Not its HTMLExporter, which passes the page through a parser that writes SVG's viewBox and clipPath in small letters.
    """

    file_extension = ".html"
    output_mimetype = "text/html"

    def __init__(self, **given: object) -> None:
        super().__init__(extra_template_basedirs=[str(Path(__file__).parent)], template_name="template", **given)

    @property
    def default_config(self) -> object:
        config = super().default_config
        config.NbConvertBase.display_data_priority = SHOWN_FORMATS
        return config

    def default_filters(self) -> object:
        yield from super().default_filters()
        yield "words_of_markdown", words_of_markdown
        yield "picture", picture
        yield "outline", outline


def shell(body: str, *, name: str) -> str:
    """A page of our own making in the same shell as a brief; `body` is HTML with one h1."""
    text = _exporter().environment.get_template("shell.html.j2").module.shell(outline(body), name)
    text = f"{text.strip()}\n"
    check_page(text)
    return text


def words_of_markdown(source: str) -> str:
    """Markdown as HTML. HTML in it is shown as text, a dollar sign is a dollar sign, a link to a script goes nowhere.

    >>> words_of_markdown("About $5 to $7 <script>alert(1)</script>")
    '<p>About $5 to $7 &lt;script&gt;alert(1)&lt;/script&gt;</p>\\n'
    """
    return mistune.create_markdown(escape=True, plugins=["table"])(source)


def picture(svg: str, alt: str | None) -> str:
    """An SVG drawing without its prolog and metadata, with the words that a screen reader speaks.

    >>> picture('<?xml version="1.0"?><svg width="1"><metadata>when</metadata></svg>', "A line")
    '<svg role="img" aria-label="A line" width="1"></svg>'
    """
    drawing = re.sub(r"<metadata>.*?</metadata>\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    return drawing.replace("<svg", f'<svg role="img" aria-label="{html.escape(alt)}"', 1) if alt else drawing


def outline(body: str) -> Outline:
    """Add what a body of HTML needs to be a page: anchors, a list of sections before the first of them, tables that scroll by themselves.

    The last line gets a hash of the body: two pages are known to show the same by it, and it tells nothing that they don't.

    >>> outline('<h1>Sites &amp; <em>months</em></h1><p class="made-from">Made from demo.</p>')
    Outline(title='Sites & months', body='<h1>Sites &amp; <em>months</em></h1>', last_line='Made from demo. Shown: ae21366d75f4.')
    """
    headings = re.findall(r"<h1\b[^>]*>(.*?)</h1>", body, flags=re.DOTALL)
    if len(headings) != 1:
        raise PageError(
            f"The page has {len(headings)} first headings (# in markdown); it needs exactly one, its title."
        )
    last = re.findall(r'<p class="made-from">(.*?)</p>', body, flags=re.DOTALL)
    body = re.sub(r'<p class="made-from">.*?</p>', "", body, flags=re.DOTALL)
    body = _with_contents(_with_scrolling_tables(body))
    shown = [f"Shown: {hash_of_text(body)}."] if last else []
    return Outline(_text(headings[0]), body, " ".join([*last, *shown]))


def _with_scrolling_tables(body: str) -> str:
    """A table wider than a phone scrolls inside a named region that the keyboard can reach."""

    def wrapped(found: re.Match) -> str:
        if found[1]:
            return found[0]
        caption = re.search(r"<caption\b[^>]*>(.*?)</caption>", found[2], flags=re.DOTALL)
        label = html.escape(_text(caption[1]) if caption else "Table")
        return f'<div class="scroll" role="region" aria-label="{label}" tabindex="0">{found[2]}</div>'

    return re.sub(r'(<div\b[^>]*role="region"[^>]*>\s*)?(<table\b.*?</table>)', wrapped, body, flags=re.DOTALL)


def _with_contents(body: str) -> str:
    """Every h2 gets an anchor; with more than four of them, a list stands before the first: the finding comes before it."""
    anchors: dict[str, str] = {}

    def anchored(found: re.Match) -> str:
        words = _text(found[2])
        given = re.search(r'\bid="([^"]+)"', found[1])
        anchor = given[1] if given else _new_anchor(words, set(anchors))
        anchors[anchor] = words
        return found[0] if given else f'<h2 id="{anchor}"{found[1]}>{found[2]}</h2>'

    body = re.sub(r"<h2\b([^>]*)>(.*?)</h2>", anchored, body, flags=re.DOTALL)
    if len(anchors) < CONTENTS_FROM:
        return body
    lines = "".join(f'<li><a href="#{anchor}">{html.escape(words)}</a></li>' for anchor, words in anchors.items())
    contents = f'<nav class="contents" aria-label="On this page"><ul>{lines}</ul></nav>'
    return body.replace("<h2", f"{contents}<h2", 1)


def _new_anchor(words: str, taken: set[str]) -> str:
    stem = "-".join(re.findall(r"[a-z0-9]+", words.lower())) or "section"
    names = (f"s-{stem}" if number == 1 else f"s-{stem}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _text(inner: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", inner)).split())


# --- the last look before a page is written ------------------------------------------------------------------------------


def check_page(text: str) -> None:
    """PageError at the first thing on a page that runs, loads something, or shows a picture or table that is not fit to be sent.

    >>> check_page('<p><img src="https://example.org/a.png" alt="A map"></p>')
    Traceback (most recent call last):
    analysis.brief.press.pages.PageError: The page would load https://example.org/a.png; a brief carries everything with it.
    """
    look = _Look()
    look.feed(text)
    look.close()
    if look.faults:
        raise PageError(look.faults[0])


class _Look(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in pairs}
        if tag in REFUSED_TAGS or any(name.startswith("on") for name in attributes):
            self.faults.append(f"The page holds <{tag}>, or a script in it; a brief runs nothing and loads nothing.")
        for name, value in attributes.items():
            self._check_address(tag, name, value)
        self._check_style(attributes.get("style", ""))
        labelled = attributes.get("aria-label") or attributes.get("aria-labelledby") or attributes.get("aria-hidden")
        if (tag == "img" and not attributes.get("alt", "").strip()) or (tag == "svg" and not labelled):
            self.faults.append("A picture on the page has no words for those who cannot see it. Give it an alt text.")
        if tag == "table" and "dataframe" in attributes.get("class", "").split():
            self.faults.append(
                "The page shows a table as pandas prints it, small counts and all. Use the brief's own tables."
            )

    def _check_address(self, tag: str, name: str, value: str) -> None:
        fetches = name in FETCHING_ATTRIBUTES or (name.endswith("href") and tag != "a")
        if fetches and not value.startswith(("data:", "#")):
            self.faults.append(f"The page would load {value}; a brief carries everything with it.")
        if tag == "a" and "script:" in value.lower():
            self.faults.append("A link on the page runs a script; a brief runs nothing.")
        if tag == "meta" and name == "http-equiv":
            self.faults.append("The page holds <meta http-equiv>; a brief loads nothing.")

    def _check_style(self, style: str) -> None:
        if re.search(r"@import|url\(\s*['\"]?(?!#|data:|\s|['\"])", style, flags=re.IGNORECASE):
            self.faults.append("A style on the page loads something; a brief carries everything with it.")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem == "style":
            self._check_style(data)
