"""A regular text file, read as whole columns: UTF-8, a row to a line, quotes only around whole fields. Any other file is refused."""

import codecs
import csv

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.csv

from analysis.intake.texts import of_each

# Bytes that are looked at, or read, at a time.
BLOCK = 2**24
QUOTE, END_OF_LINE = ord('"'), ord("\n")


def read_regular(content: bytes, codec: str, delimiter: str, fields: int, places: list[int]) -> pd.DataFrame | None:
    r"""The fields at `places` of each row below a header in line 1, as categories by place; the index is the line.

    None where the file is not regular: what it holds, or what is wrong with it, is then for `delimited` to say.

    >>> read_regular(b'ID,City\n1,"Eugene, OR"\n2, Bend\n', "utf-8", ",", 2, [1])[1].to_dict()
    {2: 'Eugene, OR', 3: 'Bend'}
    >>> read_regular(b'ID,City\n1,"Eugene,\nOR"\n', "utf-8", ",", 2, [1]) is None
    True
    """
    codec = codecs.lookup(codec).name
    if codec not in ("utf-8", "utf-8-sig") or not delimiter.isascii() or not places:
        return None
    if codec == "utf-8-sig":
        content = content.removeprefix(codecs.BOM_UTF8)
    if b"\0" in content or content.count(b"\r") != content.count(b"\r\n") or not _one_row_a_line(content, delimiter):
        return None
    try:
        table = _table(content, delimiter, fields, places)
    except pyarrow.ArrowException:
        return None
    columns = {place: _stripped(table.column(str(place))) for place in places}
    blank = np.all([column.codes == column.categories.get_indexer([""])[0] for column in columns.values()], axis=0)
    if blank.any():  # perhaps an empty line, which is no row
        return None
    return pd.DataFrame(columns, index=pd.RangeIndex(2, table.num_rows + 2, name="row_number"), copy=False)


def _one_row_a_line(content: bytes, delimiter: str) -> bool:
    """True where every quotation mark opens a field at its start or closes it at its end, in one line, and no line is too long."""
    edge = np.zeros(256, dtype=bool)
    edge[[ord(delimiter), ord("\r"), END_OF_LINE]] = True
    start = 0
    while start < len(content):
        end = content.rfind(b"\n", start, start + BLOCK) + 1 if len(content) - start > BLOCK else len(content)
        if not end:
            return False
        block = np.frombuffer(b"\n" + content[start:end] + b"\n", dtype=np.uint8)
        quotes, ends = np.flatnonzero(block == QUOTE), np.flatnonzero(block == END_OF_LINE)
        if (
            len(quotes) % 2
            or not edge[block[quotes[0::2] - 1]].all()
            or not edge[block[quotes[1::2] + 1]].all()
            or (np.searchsorted(quotes, ends) % 2).any()
            or np.diff(ends).max() > csv.field_size_limit()
        ):
            return False
        start = end
    return True


def _table(content: bytes, delimiter: str, fields: int, places: list[int]) -> pyarrow.Table:
    names = [str(place) for place in range(fields)]
    text = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    return pyarrow.csv.read_csv(
        pyarrow.BufferReader(content),
        read_options=pyarrow.csv.ReadOptions(skip_rows=1, column_names=names, block_size=BLOCK, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=[str(place) for place in places], column_types=dict.fromkeys(names, text), null_values=[]
        ),
    )


def _stripped(column: pyarrow.ChunkedArray) -> pd.Categorical:
    """The column as categories, without white space around them."""
    if not column.num_chunks:
        return pd.Categorical.from_codes([], pd.Index([], dtype=object))
    coded = column.unify_dictionaries().combine_chunks()
    written = pd.Series(pd.Categorical.from_codes(coded.indices, pd.Index(coded.dictionary.to_pylist(), dtype=object)))
    return of_each(written, str.strip).array
