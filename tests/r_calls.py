"""The R calls that reference numbers were made with, read as text: enough of R's grammar for their arguments.

    calls("options(a=TRUE); f(d, x, k=c(1, 2))$part")   ->  the calls with their arguments, unevaluated
    value(argument, table)                              ->  what an argument stands for, columns of the table by name

Nothing is guessed: what the grammar does not know is a ValueError that shows the text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

TOKEN = re.compile(
    r"""\s*(?:(?P<comment>\#[^\n]*)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?L?)|(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"""|(?P<name>`[^`]*`|[A-Za-z.][\w.]*(?:::[A-Za-z.][\w.]*)?)|(?P<mark><-|<=|>=|==|!=|&&|\|\||%in%|\[\[|\]\]|[-+*/^()\[\],=<>$;:~&|!]))"""
)
TABLES = {"d", "df", "dat", "data", "dt"}  # what the input is called where a name of a column could stand
WORDS = {
    "TRUE": True,
    "T": True,
    "FALSE": False,
    "F": False,
    "NULL": None,
    "NA": np.nan,
    "NA_real_": np.nan,
    "Inf": np.inf,
}
BINDS = {
    "<-": 1,
    "~": 2,
    "||": 3,
    "|": 3,
    "&&": 4,
    "&": 4,
    "==": 6,
    "!=": 6,
    "<": 6,
    ">": 6,
    "<=": 6,
    ">=": 6,
    "+": 8,
    "-": 8,
    "*": 9,
    "/": 9,
    "%in%": 10,
    ":": 11,
    "^": 13,
}


@dataclass(frozen=True)
class Name:
    """A bare word: a column, or a thing outside the table."""

    text: str


@dataclass(frozen=True)
class Constant:
    """A number, a text, TRUE, FALSE, NULL or NA."""

    value: Any


@dataclass(frozen=True)
class Call:
    """A function, or an operator, with its arguments in order: (name or "", expression); `package` where it is written before ::."""

    function: str
    arguments: tuple[tuple[str, Any], ...]
    package: str = ""


def calls(text: str) -> list[Any]:
    """The expressions of a text, separated by semicolons or lines.

    >>> [one.function for one in calls("options(qic.screenedmr=TRUE); qic(i, n, data=d)  # a comment")]
    ['options', 'qic']
    """
    tokens = list(_tokens(text))
    found, at = [], 0
    while at < len(tokens):
        if tokens[at][1] == ";":
            at += 1
            continue
        expression, at = _expression(tokens, at, 0, text)
        found.append(expression)
    return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text.rstrip()):
        if not (match := TOKEN.match(text, at)):
            raise ValueError(f"This R call cannot be read from here on: {text[at : at + 40]!r}.")
        if match.lastgroup != "comment":
            yield match.lastgroup, match.group(match.lastgroup)
        at = match.end()


def _expression(tokens: list, at: int, binding: int, text: str) -> tuple[Any, int]:
    left, at = _operand(tokens, at, text)
    while at < len(tokens):
        kind, mark = tokens[at]
        if kind != "mark" or mark not in BINDS or BINDS[mark] < binding:
            break
        right, at = _expression(tokens, at + 1, BINDS[mark] + (mark not in ("<-", "^")), text)
        left = Call(mark, (("", left), ("", right)))
    return left, at


def _operand(tokens: list, at: int, text: str) -> tuple[Any, int]:
    if at >= len(tokens):
        raise ValueError(f"This R call ends too early: {text!r}.")
    kind, word = tokens[at]
    at += 1
    if kind == "number":
        found = Constant(float(word.rstrip("L")))
    elif kind == "text":
        found = Constant(re.sub(r"\\(.)", r"\1", word[1:-1]))
    elif kind == "name":
        if word == "same" and at < len(tokens) and tokens[at][0] == "name":  # "same denom": the column as it was
            word, at = tokens[at][1], at + 1
        found = Constant(WORDS[word]) if word in WORDS else Name(word.strip("`"))
    elif word in "-+!~":
        inner, at = _expression(tokens, at, 2 if word == "~" else 12 if word in "-+" else 5, text)
        found = Call(word, (("", inner),))
    elif word == "(":
        found, at = _expression(tokens, at, 0, text)
        at = _closing(tokens, at, ")", text)
    else:
        raise ValueError(f"This R call has {word!r} where a value should stand: {text!r}.")
    return _followed(found, tokens, at, text)


def _followed(found: Any, tokens: list, at: int, text: str) -> tuple[Any, int]:
    """Arguments, indices and parts that follow an operand: f(x), d[i, j], d[[i]], d$part."""
    while at < len(tokens) and tokens[at][1] in ("(", "[", "[[", "$") and tokens[at][0] == "mark":
        mark = tokens[at][1]
        if mark == "$":
            found, at = Call("$", (("", found), ("", Constant(tokens[at + 1][1].strip("`'\""))))), at + 2
            continue
        given, at = _arguments(tokens, at + 1, {"(": ")", "[": "]", "[[": "]]"}[mark], text)
        if mark == "(":
            if not isinstance(found, Name):
                raise ValueError(f"This R call calls something without a name: {text!r}.")
            package, _, function = found.text.rpartition("::")
            found = Call(function, given, package)
        else:
            found = Call(mark, (("", found), *given))
    return found, at


def _arguments(tokens: list, at: int, closing: str, text: str) -> tuple[tuple, int]:
    given: list[tuple[str, Any]] = []
    while at < len(tokens) and tokens[at][1] != closing:
        if tokens[at][1] == ",":
            given.append(("", Constant(None)))
            at += 1
            continue
        name = ""
        if tokens[at][0] in ("name", "text") and at + 1 < len(tokens) and tokens[at + 1] == ("mark", "="):
            name, at = tokens[at][1].strip("`'\""), at + 2
        expression, at = _expression(tokens, at, 0, text)
        given.append((name, expression))
        if at < len(tokens) and tokens[at][1] == ",":
            at += 1
            if tokens[at : at + 1] and tokens[at][1] == closing:
                given.append(("", Constant(None)))  # d[rows, ]
    return tuple(given), _closing(tokens, at, closing, text)


def _closing(tokens: list, at: int, closing: str, text: str) -> int:
    if at >= len(tokens) or tokens[at][1] != closing:
        raise ValueError(f"This R call lacks a {closing!r}: {text!r}.")
    return at + 1


def value(expression: Any, table: pd.DataFrame) -> Any:
    """What an argument stands for: numbers and texts as they are, c(...) a list, list(a=...) a dict, a column as a Series.

    >>> value(calls("c(45, 70)")[0], pd.DataFrame()), value(calls("list(a=as.Date('2020-01-01'))")[0], pd.DataFrame())
    ([45.0, 70.0], {'a': '2020-01-01'})
    >>> value(calls("2:4")[0], pd.DataFrame()), value(calls("y / 2")[0], pd.DataFrame({"y": [1, 3]})).tolist()
    ([2.0, 3.0, 4.0], [0.5, 1.5])
    """
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Name):
        if expression.text in table.columns:
            return table[expression.text]
        if expression.text in TABLES:
            return table
        raise ValueError(
            f'"{expression.text}" is neither a column of the input nor a value. Columns: {", ".join(map(str, table.columns))}.'
        )
    if expression.function in ("subset", "filter") or expression.function == "[":
        return _part(expression, table)
    names = [name for name, _ in expression.arguments]
    given = [value(inner, table) for _, inner in expression.arguments] if expression.function != "$" else []
    match expression.function, given:
        case (("c" | "list" | "ptd_rebase" | "ptd_target"), _) if any(names):
            return dict(zip(names, given, strict=True))
        case (("list" | "ptd_rebase" | "ptd_target"), [one]):
            return one
        case (("c" | "list"), _):
            return [item for one in given for item in (one if isinstance(one, (list, pd.Series)) else [one])]
        case (("ptd_rebase" | "ptd_target"), []):
            return None
        case (
            ("as.Date" | "as.POSIXct" | "ymd" | "as_date" | "to_datetime" | "factor" | "as.factor" | "as.character"),
            [one, *_],
        ):
            return one.astype(str) if isinstance(one, pd.Series) and "char" in expression.function + "factor" else one
        case (("as.numeric" | "as.integer" | "as.double"), [one]):
            return pd.to_numeric(one) if isinstance(one, pd.Series) else float(one)
        case (("seq_len" | "seq_along"), [one]):
            return [float(k) for k in range(1, int(one if isinstance(one, float) else len(one)) + 1)]
        case "rep", [one, times]:
            return (one if isinstance(one, list) else [one]) * int(times)
        case "seq", [first, last, *step]:
            return list(np.arange(first, last + 1e-9, step[0] if step else 1.0))
        case "nrow", [one]:
            return float(len(one))
        case ":", [first, last]:
            return [float(k) for k in range(int(first), int(last) + 1)]
        case "-", [one]:
            return -one
        case "!", [one]:
            return ~one if isinstance(one, pd.Series) else not one
        case "%in%", [one, several]:
            return one.isin(several if isinstance(several, list) else [several])
        case operator, [left, right] if operator in ARITHMETIC:
            return ARITHMETIC[operator](left, right)
        case "$", _:
            return whole(expression.arguments[0][1], table)[expression.arguments[1][1].value]
    raise ValueError(f'The R function "{expression.function}" is not one that is understood here.')


ARITHMETIC = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
}


def _part(expression: Call, table: pd.DataFrame) -> Any:
    """Rows of a table, d[rows, ] or subset(d, rows); items of a vector, v[1:12]."""
    of = whole(expression.arguments[0][1], table) if is_table(expression) else value(expression.arguments[0][1], table)
    chosen = [value(inner, of if isinstance(of, pd.DataFrame) else table) for _, inner in expression.arguments[1:]]
    if not chosen or len(chosen) > 2 or (len(chosen) == 2 and chosen[1] is not None):
        raise ValueError("A part of a table is read here by rows only, as in d[rows, ] or subset(d, rows).")
    rows = chosen[0]
    if isinstance(rows, pd.Series) and rows.dtype == bool:
        return of[rows.to_numpy()].reset_index(drop=True)
    at = [int(k) - 1 for k in (rows if isinstance(rows, list) else [rows])]
    return of.iloc[at].reset_index(drop=True) if isinstance(of, (pd.DataFrame, pd.Series)) else [of[k] for k in at]


def is_table(expression: Any) -> bool:
    """Whether this is a table and not one of its columns: d, subset(d, ...), d[rows, ]."""
    if isinstance(expression, Name):
        return expression.text in TABLES
    if not isinstance(expression, Call):
        return False
    return expression.function in ("subset", "filter") or (
        expression.function == "[" and len(expression.arguments) == 3
    )


def whole(expression: Any, table: pd.DataFrame) -> pd.DataFrame:
    """The table that an expression is, under whatever name it goes.

    >>> len(whole(calls("subset(cases, n > 1)")[0], pd.DataFrame({"n": [1, 2, 3]})))
    2
    """
    if isinstance(expression, Name):
        return table
    if is_table(expression):
        return _part(expression, table)
    raise ValueError("Something other than a table stands where the table is named.")


def columns_of(formula: Any) -> list[str]:
    """The names in a formula, in order: infection ~ hospital.

    >>> columns_of(calls("infection ~ hospital")[0]), columns_of(calls("~ ward")[0])
    (['infection', 'hospital'], ['ward'])
    """
    if isinstance(formula, Name):
        return [] if formula.text == "." else [formula.text]
    if isinstance(formula, Call):
        return list(dict.fromkeys(name for _, inner in formula.arguments for name in columns_of(inner)))
    return []
