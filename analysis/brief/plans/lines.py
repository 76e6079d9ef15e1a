"""YAML with the line of every key, and none of its traps: whatever YAML would quietly read as something else is a sentence.

A bare NO is false to YAML 1.1, 010 is eight, 1:30 is ninety, on: is a key named true, and what follows a blank and # is gone.
"""

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import NoReturn

import yaml

from analysis.brief.plans.private import identifying
from analysis.params import ParamsError

LARGEST = 500_000  # bytes; a long plan has some 30,000
DEEPEST = 50
SAFE = re.compile(r"[a-z][a-z0-9_-]{0,39}")  # what a message may repeat: it looks like a key or an id
TAG = "tag:yaml.org,2002:"
HINT = "Text with a colon, a # or quotation marks in it goes in quotation marks, or on its own lines below a |"

Loc = tuple[str | int, ...]


class Lines:
    """The line of every key and entry, and a message's words for where one is."""

    def __init__(self, lines: Mapping[Loc, int]) -> None:
        self.lines = lines

    def __call__(self, loc: Loc) -> str:
        """ ", line 12" for the key, or for what it should stand in."""
        at = next((loc[:end] for end in range(len(loc), -1, -1) if loc[:end] in self.lines), None)
        return "" if at is None else f", line {self.lines[at]}"


def read_lines(content: bytes, where: str, *, names: Collection[str] = ()) -> tuple[dict, Lines]:
    """The mapping in a YAML file with the line of each key; the first trap in it is a ParamsError.
    `names` may stand in comments.

    >>> read_lines(b"site: north\\nwhat: NO\\n", "plan.yml")
    Traceback (most recent call last):
    analysis.params.ParamsError: plan.yml, line 2: what: NO without quotation marks is read as yes or no. Put it in quotation marks, or write it out.
    >>> read_lines(b"aims:\\n  - by: 2026-03-01\\n", "plan.yml")[1](("aims", 0, "by"))
    ', line 2'
    """
    text = _decoded(content, where)
    root = _composed(text, where)
    if not isinstance(root, yaml.MappingNode):
        raise ParamsError(f'{where} must hold "key: value" lines. Start from a draft of this plan.')
    reader = _Reader(text.splitlines(), where)
    found = reader.value(root, ())
    reader.comments(names)
    return found, Lines(reader.lines)


def _decoded(content: bytes, where: str) -> str:
    if len(content) > LARGEST:
        raise ParamsError(f"{where} has {len(content):,} bytes; a plan has at most {LARGEST:,}. Is it the right file?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ParamsError(f"{where} is not UTF-8 text. Open it in an editor and save it as UTF-8.") from None
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"[ -]*\t", line):
            raise ParamsError(f"{where}, line {number}: a tab stands where blanks are needed. Put blanks in its place.")
    return text


def _composed(text: str, where: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        # What stands in quotation marks may be words of the file; marks and YAML's own <words> are not.
        problem = re.sub(r"'[^'<]*[^\W_]{2}[^']*'|\"[^\"]*[^\W_]{2}[^\"]*\"", "...", said)
        raise ParamsError(f"{where}, line {mark.line + 1 if mark else '?'}: {problem}. {HINT}.") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ParamsError(f"{where}, line {line}: a character that cannot be printed. Take it out.") from None
    except RecursionError:
        raise ParamsError(f"{where}: lists stand inside lists too deep. Take the brackets out.") from None


class _Reader:
    """One file while its nodes become values."""

    def __init__(self, text: list[str], where: str) -> None:
        self.text, self.where = text, where
        self.lines: dict[Loc, int] = {}
        self.seen: set[int] = set()

    def value(self, node: yaml.Node, loc: Loc) -> object:
        self.lines.setdefault(loc, node.start_mark.line + 1)
        if id(node) in self.seen:
            self.fault(node, loc, "an alias (*) repeats another place. Write the value out")
        if len(loc) > DEEPEST:
            self.fault(node, loc, "lists stand inside lists too deep. Take the brackets out")
        self.seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, loc)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*loc, at)) for at, each in enumerate(node.value)]
        found, first = {}, {}
        for key_node, value_node in node.value:
            key = self.key(key_node, loc)
            if key in first:
                self.fault(
                    key_node,
                    loc,
                    f"the key{repeated(key)} stands twice, first in line {first[key]}. Keep one of the two",
                )
            first[key] = self.lines[(*loc, key)] = key_node.start_mark.line + 1
            found[key] = self.value(value_node, (*loc, key))
        return found

    def key(self, node: yaml.Node, loc: Loc) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self.fault(node, loc, "a list or brackets stand where a key is needed. Put the text in quotation marks")
        if node.tag == f"{TAG}bool":
            self.fault(node, loc, f"the key {node.value} is read as yes or no. Days have keys like due_on")
        if node.tag != f"{TAG}str":
            self.fault(node, loc, "a key is a word in small letters; found something else")
        return node.value

    def scalar(self, node: yaml.ScalarNode, loc: Loc) -> object:
        self.rest_of_line(node, loc)
        kind, said = node.tag.removeprefix(TAG), node.value
        match kind:
            case "str":
                return said
            case "null":
                return None
            case "bool":
                self.fault(
                    node,
                    loc,
                    f"{said} without quotation marks is read as yes or no. Put it in quotation marks, or write it out",
                )
            case "timestamp":
                return self.day(node, loc)
            case "int" if re.fullmatch(r"0|-?[1-9]\d*", said) and len(said) < 16:
                return int(said)
            case "float" if re.fullmatch(r"-?\d+\.\d+", said) and len(said) < 32:
                return float(said)
            case "int" | "float":
                form = (
                    "base 60"
                    if ":" in said
                    else "another base"
                    if said.lstrip("+-").startswith("0")
                    else "a form of its own"
                )
                self.fault(
                    node,
                    loc,
                    f"is read as a number in {form}. Write a plain number, or put text and times in quotation marks",
                )
        return self.fault(node, loc, "has a mark (! or <<) that is not used here. Take it out")

    def day(self, node: yaml.ScalarNode, loc: Loc) -> date:
        try:
            return date.fromisoformat(node.value)
        except ValueError:
            return self.fault(node, loc, "is no day of the calendar. Write one like 2026-03-05, without a time")

    def rest_of_line(self, node: yaml.ScalarNode, loc: Loc) -> None:
        """A # after words cuts them off without a sign; nobody can tell whether that was meant."""
        end = node.end_mark
        rest = self.text[end.line][end.column :] if end.line < len(self.text) else ""
        plain_words = node.style is None and node.tag == f"{TAG}str"
        if plain_words and re.match(r"\s+#", rest):
            self.fault(
                node,
                loc,
                "what follows the # is not read. Put the text in quotation marks, or the comment on its own line",
            )

    def comments(self, names: Collection[str]) -> None:
        """A comment is read by people as well."""
        for number, line in enumerate(self.text, 1):
            found = re.search(r"(?:^|\s)#(.*)$", line)
            if found and (kind := identifying(found[1], names)) and line.lstrip().startswith("#"):
                raise ParamsError(f"{self.where}, line {number}: the comment looks as if it holds {kind}. Take it out.")

    def fault(self, node: yaml.Node, loc: Loc, problem: str) -> NoReturn:
        key = f"{key_words(loc)}: " if loc else ""
        raise ParamsError(f"{self.where}, line {node.start_mark.line + 1}: {key}{problem}.")


def key_words(loc: Loc) -> str:
    """A key as a message names it; entries of a list are counted from one.

    >>> key_words(("actions", 0, "owner_role"))
    'actions 1, owner_role'
    """
    words = ""
    for part in loc:
        said = str(part + 1) if isinstance(part, int) else part if SAFE.fullmatch(part) else "a key"
        words += said if not words else f" {said}" if isinstance(part, int) else f", {said}"
    return words


def repeated(found: object) -> str:
    """' "x"' where a message may repeat what was found: it looks like a key or an id; nothing else is said again.

    >>> repeated("school_visits"), repeated("Maria Lopez")
    (' "school_visits"', '')
    """
    return f' "{found}"' if isinstance(found, str) and SAFE.fullmatch(found) and not re.search(r"\d{4}", found) else ""
