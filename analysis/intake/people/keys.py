"""The keys that one system gives to children, as they are compared: leading zeros, blanks, capitals, hyphens as declared."""

import pandas as pd

from analysis.intake.mapping import PersonKey
from analysis.intake.problems import Findings
from analysis.intake.raw import squeezed
from analysis.intake.texts import of_each
from analysis.tables import Column

# What stands between the system and the key; no system's name holds it.
MARK = ":"
# All zeros, or all nines from this length on, is how systems write that they have no key: it would make one child of many.
NINES = 4


def compared(text: str, ignore: tuple[str, ...]) -> str | None:
    """One key as it is compared; None where it stands for no key.

    >>> compared(" 00-17a ", ("leading_zeros", "blanks", "capitals", "hyphens")), compared("0017", ())
    ('17a', '0017')
    >>> compared("000000000", ("leading_zeros",)), compared("99999", ()), compared("999", ())
    (None, None, '999')
    """
    key = squeezed(text)
    if "blanks" in ignore:
        key = key.replace(" ", "")
    if "hyphens" in ignore:
        key = key.replace("-", "")
    if "capitals" in ignore:
        key = key.casefold()
    different = set(key) - {" ", "-"}
    if different <= {"0"} or (different == {"9"} and key.count("9") >= NINES):
        return None
    return key.lstrip("0") if "leading_zeros" in ignore else key


def person_keys(column: Column, system: str, values: pd.Series, rules: PersonKey, findings: Findings) -> pd.Series:
    """Each key as it is compared, after its system's name: the keys of two systems are never the same; missing where it is none."""
    keys = of_each(values, lambda text: (key := compared(text, rules.ignore)) and system + MARK + key)
    nobody = int((values.notna() & keys.isna()).sum())
    if nobody:
        findings.add("all zeros or all nines: stands for no key, treated as missing", column.name, raw=nobody, left=0)
    spelled, different = values[keys.notna()].nunique(), keys.nunique()
    if spelled > different:
        findings.add("spellings of keys; the keys that they stand for", column.name, raw=spelled, left=different)
    return keys


def system_of(keys: pd.Series) -> pd.Series:
    """The system of each key.

    >>> system_of(pd.Series(["medicaid:17", "dispatch:A:1"])).tolist()
    ['medicaid', 'dispatch']
    """
    return keys.str.split(MARK, n=1).str[0]
