"""Many spellings to one code: white space squeezed, case folded; a spelling that nobody has mapped is listed, never guessed."""

from collections.abc import Callable, Mapping

import pandas as pd

from analysis.intake.raw import spelled, squeezed

SEVERAL = "|"
# Listed under a code, it stands for every spelling that stands under no other.
ANY_OTHER = "*"


def folded(values: pd.Series) -> pd.Series:
    """Text as spellings are compared: white space squeezed, case folded.

    >>> folded(pd.Series(["Client declined  to Engage "])).tolist()
    ['client declined to engage']
    """
    return of_each_spelling(values, spelled)


def of_each_spelling(values: pd.Series, said: Callable[[str], str | None]) -> pd.Series:
    """What `said` makes of each value, asked once for each spelling; missing stays missing.

    >>> of_each_spelling(pd.Series(["a", None, "a"]), str.upper).tolist()
    ['A', <NA>, 'A']
    """
    number, different = pd.factorize(values)
    answers = pd.array([*map(said, different), None], dtype="string")  # the last, number -1, is the missing value's
    return pd.Series(answers.take(number), index=values.index)


def to_codes(values: pd.Series, spellings: Mapping[str, tuple[str, ...]], codes: Mapping[str, str]) -> pd.Series:
    """The code of each value, missing where it is missing or where its spelling is not mapped.

    A code's own name is one of its spellings, with blanks for underscores too, unless the study lists it under another code. "*"
    under a code stands for every other spelling.

    >>> to_codes(pd.Series(["Face to  FACE", "phone", "carrier pigeon", None]),
    ...          {"mobile": ("face to face",)}, {"mobile": "in person", "phone": "by phone"}).tolist()
    ['mobile', 'phone', <NA>, <NA>]
    >>> to_codes(pd.Series(["542", "1", None]), {"denied": ("542",), "paid": ("*",)}, {"denied": "", "paid": ""}).tolist()
    ['denied', 'paid', <NA>]
    """
    known = {spelled(form): code for code in codes for form in (code, code.replace("_", " "))}
    known |= {spelled(form): code for code, forms in spellings.items() for form in forms}
    any_other = known.pop(ANY_OTHER, None)
    return of_each_spelling(values, lambda text: known.get(spelled(text), any_other))


def to_code_lists(columns: list[pd.Series]) -> pd.Series:
    """Several columns of codes as one text a row, joined by "|", each code once, in the order given; missing where none is.

    >>> to_code_lists([pd.Series(["trauma", None]), pd.Series(["trauma", None]), pd.Series(["grief", None])]).tolist()
    ['trauma|grief', <NA>]
    """
    rows = zip(*(column.tolist() for column in columns), strict=True)
    joined = [SEVERAL.join(dict.fromkeys(code for code in row if pd.notna(code))) for row in rows]
    return pd.Series([text or pd.NA for text in joined], index=columns[0].index, dtype="string")


def unmapped(values: pd.Series, coded: pd.Series) -> pd.Series:
    """Rows by spelling that no code stands for, most frequent first.

    >>> unmapped(pd.Series(["a", "b", "b", None]), pd.Series(["A", None, None, None])).to_dict()
    {'b': 2}
    """
    lost = values[coded.isna() & values.notna()].map(squeezed)
    counts = lost.value_counts().rename_axis("value").reset_index(name="rows")
    return counts.sort_values(["rows", "value"], ascending=[False, True]).set_index("value")["rows"]
