"""Many spellings to one code: white space squeezed, case folded; a spelling that nobody has mapped is listed, never guessed."""

from collections.abc import Mapping

import pandas as pd

from analysis.intake.raw import spelled, squeezed
from analysis.intake.texts import as_texts, of_each

SEVERAL = "|"
# Listed under a code, it stands for every spelling that stands under no other.
ANY_OTHER = "*"


def without(values: pd.Series, words: set[str]) -> pd.Series:
    """The values without those that are spelled like one of the words.

    >>> without(pd.Series(["17", " N/A ", "x"]), {"n/a", ""}).tolist()
    ['17', nan, 'x']
    """
    values, longest = as_texts(values), max(map(len, words))
    # What is longer and holds no white space is none of them; most texts of a long file are such keys.
    lost = [
        form
        for form in values.cat.categories
        if not (len(form) > longest and form.isalnum()) and spelled(form) in words
    ]
    return values.mask(values.isin(lost)) if lost else values


def to_codes(values: pd.Series, spellings: Mapping[str, tuple[str, ...]], codes: Mapping[str, str]) -> pd.Series:
    """The code of each value, missing where it is missing or where its spelling is not mapped.

    A code's own name is one of its spellings, with blanks for underscores too, unless the study lists it under another code. "*"
    under a code stands for every other spelling.

    >>> to_codes(pd.Series(["Face to  FACE", "phone", "carrier pigeon", None]),
    ...          {"mobile": ("face to face",)}, {"mobile": "in person", "phone": "by phone"}).tolist()
    ['mobile', 'phone', nan, nan]
    >>> to_codes(pd.Series(["542", "1", None]), {"denied": ("542",), "paid": ("*",)}, {"denied": "", "paid": ""}).tolist()
    ['denied', 'paid', nan]
    """
    known = {spelled(form): code for code in codes for form in (code, code.replace("_", " "))}
    known |= {spelled(form): code for code, forms in spellings.items() for form in forms}
    any_other = known.pop(ANY_OTHER, None)
    return of_each(values, lambda text: known.get(spelled(text), any_other))


def to_code_lists(columns: list[pd.Series]) -> pd.Series:
    """Several columns of codes as one text a row, joined by "|", each code once, in the order given; missing where none is.

    >>> to_code_lists([pd.Series(["trauma", None]), pd.Series(["trauma", None]), pd.Series(["grief", None])]).tolist()
    ['trauma|grief', nan]
    """
    rows = zip(*(column.tolist() for column in columns), strict=True)
    joined = [SEVERAL.join(dict.fromkeys(code for code in row if pd.notna(code))) for row in rows]
    return as_texts(pd.Series([text or None for text in joined], index=columns[0].index, dtype=object))


def unmapped(values: pd.Series, coded: pd.Series) -> pd.Series:
    """Rows by spelling that no code stands for, most frequent first.

    >>> unmapped(pd.Series(["a", "b", "b", None]), pd.Series(["A", None, None, None])).to_dict()
    {'b': 2}
    """
    lost = of_each(values[coded.isna() & values.notna()], squeezed)
    counts = lost.astype(object).value_counts().rename_axis("value").reset_index(name="rows")
    return counts.sort_values(["rows", "value"], ascending=[False, True]).set_index("value")["rows"]
