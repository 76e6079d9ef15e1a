"""Columns of text as categories: a claims file repeats few texts a million times, so each is kept, and looked at, once."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd


def as_texts(values: pd.Series) -> pd.Series:
    """The values as categories; missing stays missing.

    >>> as_texts(pd.Series(["b", None, "a", "b"])).cat.codes.tolist()
    [0, -1, 1, 0]
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values
    number, different = pd.factorize(values)
    return _texts(number, np.asarray(different, dtype=object), values.index)


def nothing(index: pd.Index) -> pd.Series:
    """A column of text that says nothing in any row."""
    return _texts(np.full(len(index), -1), np.empty(0, dtype=object), index)


def of_each(values: pd.Series, said: Callable[[str], str | None]) -> pd.Series:
    """What `said` makes of each value, asked once for each spelling, as categories; missing stays missing.

    >>> of_each(pd.Series(["a", None, "a", "?"]), {"a": "A"}.get).tolist()
    ['A', nan, 'A', nan]
    """
    values = _with_own(as_texts(values))
    answers = [*map(said, values.cat.categories)]
    if answers == list(values.cat.categories):
        return values
    number, different = pd.factorize(np.array([*answers, None], dtype=object))  # the last is the missing value's
    return _texts(number.take(values.cat.codes), different, values.index)


def read_each(values: pd.Series, reader: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """What `reader` makes of a column, in its type, shown each spelling once; missing stays missing.

    >>> read_each(pd.Series(["7", None, "7"]), lambda text: pd.to_numeric(text).astype("Int64")).tolist()
    [7, <NA>, 7]
    """
    values = _with_own(as_texts(values))
    read = reader(pd.Series(values.cat.categories, dtype="string"))
    return pd.Series(read.array.take(values.cat.codes.to_numpy(), allow_fill=True), index=values.index)


def plain(values: pd.Series) -> pd.Series:
    """Categories as a column of strings; any other column as it is.

    >>> plain(as_texts(pd.Series(["b", None]))).tolist()
    ['b', <NA>]
    """
    return read_each(values, lambda text: text) if isinstance(values.dtype, pd.CategoricalDtype) else values


def where(condition: pd.Series, one: pd.Series, other: pd.Series) -> pd.Series:
    """The first column's value where the condition holds, else the other's; texts stay categories.

    >>> where(pd.Series([True, False]), as_texts(pd.Series(["a", "b"])), as_texts(pd.Series(["c", "d"]))).tolist()
    ['a', 'd']
    """
    if not isinstance(one.dtype, pd.CategoricalDtype):
        return one.where(condition, other)
    (first, second), different = common_codes([one, other])
    return _texts(np.where(condition, first, second), different, one.index)


def throughout(text: str, index: pd.Index) -> pd.Series:
    """One text in every row, as a category.

    >>> throughout("a.csv", pd.RangeIndex(2)).tolist()
    ['a.csv', 'a.csv']
    """
    return _texts(np.zeros(len(index), dtype=np.int8), np.array([text], dtype=object), index)


def below(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The frames one below the other, numbered anew; what is text in one of them stays categories in all."""
    if len(frames) == 1:
        return frames[0].reset_index(drop=True)
    stacked = pd.concat([frame.select_dtypes(exclude="category") for frame in frames], ignore_index=True)
    for name in dict.fromkeys(name for frame in frames for name in frame.select_dtypes("category")):
        codes, different = common_codes([frame[name] if name in frame else nothing(frame.index) for frame in frames])
        stacked[name] = _texts(np.concatenate(codes), different, stacked.index)
    return stacked[list(dict.fromkeys(name for frame in frames for name in frame))]


def common_codes(columns: Sequence[pd.Series]) -> tuple[list[np.ndarray], np.ndarray]:
    """Several columns of texts as numbers of one list of texts, -1 where missing; and that list.

    >>> [codes.tolist() for codes in common_codes([pd.Series(["a", "b"]), pd.Series(["b", None])])[0]]
    [[0, 1], [1, -1]]
    """
    columns = [as_texts(column) for column in columns]
    known = [column.cat.categories for column in columns]
    if all(each is known[0] for each in known):
        return [column.cat.codes.to_numpy() for column in columns], known[0]
    number, different = pd.factorize(np.concatenate([np.asarray(each, dtype=object) for each in known]))
    parts = np.split(number, np.cumsum([len(each) for each in known])[:-1])
    return [np.append(part, -1).take(column.cat.codes) for part, column in zip(parts, columns, strict=True)], different


def _with_own(values: pd.Series) -> pd.Series:
    """A few rows of a longer column without the texts of the others."""
    return values.cat.remove_unused_categories() if len(values) < len(values.cat.categories) else values


def _texts(codes: np.ndarray, different: np.ndarray, index: pd.Index) -> pd.Series:
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(different, dtype=object)), index=index)
