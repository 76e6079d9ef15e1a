"""Binding: the finished briefs of one period as one page, each with its headings one level down and ids of its own."""

import html
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise

from analysis.brief.packet.meeting import PacketError
from analysis.brief.press.pages import shell

# One attribute of a start tag as it is written: the blank before it, name, quote if any, value.
ATTRIBUTE = re.compile(r"""\s+([^\s"'<>/=]+)(\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))""")
REFERS_TO_IDS = frozenset({"for", "headers", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns"})
OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


@dataclass(frozen=True)
class Token:
    """One piece of a page as it is written: `kind` is open, close or other; `tag` in small letters, empty for other."""

    kind: str
    tag: str
    text: str


@dataclass(frozen=True)
class Part:
    """One brief in the packet. `file` is its path from the folder of all briefs, such as 2026-10/site-04/site_scorecard.html."""

    file: str
    text: str


def bind(parts: list[Part], *, title: str, under: str, packet: str, name: str) -> str:
    """The parts, in the order given, as one page with the title as its only first heading and one list of contents.

    `packet` is the packet's own path from the folder of all briefs, `name` the one in its footer. A part begins on a new page;
    its headings go down one level, its ids and what refers to them get a prefix of its own, and a link to another part leads
    to it inside the packet. Everything else, SVG's capitals among it, stays as it was written. Raises PacketError where two
    elements would have one id or a link inside the packet would lead nowhere.
    """
    places = {part.file: number for number, part in enumerate(parts, 1)}
    labels: Counter[str] = Counter()
    bound = [_article(part, places, packet, labels) for part in parts]
    head = f'<h1>{html.escape(title)}</h1>\n<p class="lede">{html.escape(under)}</p>\n'
    text = shell(head + "\n".join(article for _, article in bound), name=name)
    # The list that every long page gets stands inside its first part; the packet's own stands before it, however short.
    text = re.sub(r'<nav class="contents".*?</nav>', "", text, flags=re.DOTALL)
    text = text.replace(
        '<article class="part">', f'{_contents([words for words, _ in bound])}\n<article class="part">', 1
    )
    _check(text)
    return text


def _contents(titles: list[str]) -> str:
    lines = "".join(
        f'<li><a href="#p{number}-top">{html.escape(words)}</a></li>' for number, words in enumerate(titles, 1)
    )
    return f'<nav class="contents of-parts" aria-label="Contents"><ul>{lines}</ul></nav>'


def _article(part: Part, places: Mapping[str, int], packet: str, labels: Counter[str]) -> tuple[str, str]:
    """The part's title, and the part as an article."""
    tokens = read_tokens(part.text)
    if sum(token.tag == "h1" and token.kind == "open" for token in tokens) != 1:
        raise PacketError(f"{part.file} does not have exactly one first heading. Build it again.")
    ids = frozenset(value for token in tokens for name, value in attributes(token) if name == "id")
    names = _Names(f"p{places[part.file]}-", ids, part.file, places, packet)
    body = _without_contents(_inside(tokens, "main", part.file))
    title = _title(body)
    inner = _own_labels("".join(_rewritten(body, names)), title, labels)
    said = "".join(token.text for token in _inside(tokens, "footer", part.file)).replace("<p>", '<p class="note">')
    return title, f'<article class="part">\n{inner}\n{said.strip()}\n</article>'


@dataclass(frozen=True)
class _Names:
    """What a part's ids and addresses are in the packet: `places` has the number of each part by its file."""

    prefix: str
    ids: frozenset[str]
    file: str
    places: Mapping[str, int]
    packet: str

    def changed(self, name: str, value: str) -> str:
        """The value of an attribute."""
        if name == "id":
            return self.prefix + value
        if name in REFERS_TO_IDS:
            return " ".join(self.prefix + each if each in self.ids else each for each in value.split())
        if name in ("href", "xlink:href"):
            return self.address(value)
        return self.in_style(value) if "url(" in value else value

    def in_style(self, text: str) -> str:
        """Rules and references that name an id; a color such as #fff is none."""
        return re.sub(
            r"#([A-Za-z_][\w.-]*)",
            lambda found: f"#{self.prefix}{found[1]}" if found[1] in self.ids else found[0],
            text,
        )

    def address(self, value: str) -> str:
        """Where a link leads: to a part inside the packet, else to where it led from the part's own folder."""
        if value.startswith("#"):
            return f"#{self.prefix}{value[1:] or 'top'}"
        if OUTSIDE.match(value):
            return value
        path, _, anchor = value.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(self.file), path))
        if target in self.places:
            return f"#p{self.places[target]}-{anchor or 'top'}"
        return posixpath.relpath(target, posixpath.dirname(self.packet)) + (f"#{anchor}" if anchor else "")


def read_tokens(text: str) -> list[Token]:
    """The page in pieces that, joined, are the page to the letter.

    >>> [token.text for token in read_tokens('<svg viewBox="0 0 1 1"><clipPath/></svg> a &amp; b')]
    ['<svg viewBox="0 0 1 1">', '<clipPath/>', '</svg>', ' a ', '&amp;', ' b']
    """
    reader = _Reader(text)
    reader.feed(text)
    reader.close()
    starts = [*reader.starts, (len(text), "other", "")]
    return [Token(kind, tag, text[start:end]) for (start, kind, tag), (end, _, _) in pairwise(starts)]


class _Reader(HTMLParser):
    """Notes where each piece of a page starts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self.starts: list[tuple[int, str, str]] = []

    def _note(self, kind: str, tag: str = "") -> None:
        line, column = self.getpos()
        self.starts.append((self.lines[line - 1] + column, kind, tag))

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._note("open", tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self._note("open", tag)

    def handle_endtag(self, tag: str) -> None:
        self._note("close", tag)

    def handle_data(self, data: str) -> None:
        self._note("other")

    handle_entityref = handle_charref = handle_comment = handle_decl = handle_pi = unknown_decl = handle_data


def attributes(token: Token) -> Iterator[tuple[str, str]]:
    """The attributes of a start tag, names in small letters, values without their character references.

    >>> list(attributes(Token("open", "p", '<p ID="a" title=\\'x &amp; y\\' lang=en>')))
    [('id', 'a'), ('title', 'x & y'), ('lang', 'en')]
    """
    if token.kind == "open":
        for found in ATTRIBUTE.finditer(token.text):
            yield found[1].lower(), html.unescape(next(value for value in found.groups()[2:] if value is not None))


def with_attributes(token: Token, changed: Callable[[str, str], str | None]) -> str:
    """The start tag with its attributes' values passed through `changed`; None leaves the attribute out."""

    def one(found: re.Match) -> str:
        value = html.unescape(next(value for value in found.groups()[2:] if value is not None))
        new = changed(found[1].lower(), value)
        if new == value:
            return found[0]
        return "" if new is None else f' {found[1]}="{html.escape(new)}"'

    return ATTRIBUTE.sub(one, token.text)


def _inside(tokens: list[Token], tag: str, file: str) -> list[Token]:
    places = {kind: at for at, token in enumerate(tokens) if token.tag == tag for kind in [token.kind]}
    if set(places) != {"open", "close"}:
        raise PacketError(f"{file} has no <{tag}> that ends. Build it again.")
    return tokens[places["open"] + 1 : places["close"]]


def _without_contents(body: list[Token]) -> list[Token]:
    """The part without its own list of contents: the packet has one."""
    kept, within = [], False
    for token in body:
        if token.tag == "nav" and token.kind == "open" and ("class", "contents") in attributes(token):
            within = True
        if not within:
            kept.append(token)
        within = within and not (token.tag == "nav" and token.kind == "close")
    return kept


def _rewritten(body: list[Token], names: _Names) -> Iterator[str]:
    in_style = False
    for token in body:
        if token.tag == "style":
            in_style = token.kind == "open"
        text = token.text
        if token.kind == "open":
            text = with_attributes(token, names.changed)
        elif in_style:
            text = names.in_style(text)
        yield _one_level_down(token, text, names) if re.fullmatch("h[1-6]", token.tag) else text


def _one_level_down(token: Token, text: str, names: _Names) -> str:
    text = re.sub(r"^(</?)h[1-6]", rf"\g<1>h{min(int(token.tag[1]) + 1, 6)}", text)
    named = any(name == "id" for name, _ in attributes(token))
    return text.replace("<h2", f'<h2 id="{names.prefix}top"', 1) if token.tag == "h1" and not named else text


def _title(body: list[Token]) -> str:
    """The text of the part's first heading."""
    text = "".join(token.text for token in body)
    inner = re.search(r"<h1\b[^>]*>(.*?)</h1>", text, flags=re.DOTALL)[1]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", inner)).split())


def _own_labels(inner: str, title: str, labels: Counter[str]) -> str:
    """Regions that are named as one of an earlier part get the part's title behind their name: landmarks are told apart by it."""

    def named(found: re.Match) -> str:
        labels[found[1]] += 1
        if labels[found[1]] == 1:
            return found[0]
        own = f"{found[1]}, {html.escape(title)}"
        labels[own] += 1
        again = f" ({labels[own]})" if labels[own] > 1 else ""
        return found[0].replace(f'aria-label="{found[1]}"', f'aria-label="{own}{again}"')

    return re.sub(r'<div\b(?=[^>]*role="region")[^>]*aria-label="([^"]*)"[^>]*>', named, inner)


def _check(text: str) -> None:
    pairs = [pair for token in read_tokens(text) for pair in attributes(token)]
    ids = Counter(value for name, value in pairs if name == "id")
    twice = sorted(value for value, times in ids.items() if times > 1)
    if twice:
        raise PacketError(
            f'Two elements of the packet have the id "{twice[0]}". Give them different names in their brief.'
        )
    lost = [value for name, value in pairs if name == "href" and value.startswith("#") and value[1:] not in ids]
    if lost:
        raise PacketError(f"A link in the packet leads to {lost[0]}, which is not in it. Correct it in its brief.")
