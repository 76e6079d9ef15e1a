"""Which codes on a claim make what: params/bh_codes.yml as records and as patterns that pandas and both engines read alike."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, StringConstraints, field_validator

from analysis.params import ROOT, Record, Words, read_record
from analysis.tables import DIAGNOSIS_FAMILIES

FILE = Path("params") / "bh_codes.yml"


def spelled(code: str) -> list[str]:
    """The categories of a range, or the one code, without dots.

    >>> spelled("F08-F10"), spelled("R45.851")
    (['F08', 'F09', 'F10'], ['R45851'])
    >>> spelled("F20-G10")
    Traceback (most recent call last):
    ValueError: is no range of categories of one letter, the lower first, such as F20-F99
    """
    if "-" not in code:
        return [code.replace(".", "")]
    first, last = code.split("-")
    if first[0] != last[0] or not (first[1:].isdigit() and last[1:].isdigit()) or first > last:
        raise ValueError("is no range of categories of one letter, the lower first, such as F20-F99")
    return [f"{first[0]}{number:02d}" for number in range(int(first[1:]), int(last[1:]) + 1)]


def _readable(code: str) -> str:
    spelled(code)
    return code


Diagnosis = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]\d[0-9A-Z](?:-[A-Z]\d[0-9A-Z]|\.?[0-9A-Z]{1,4})?$"),
    AfterValidator(_readable),
]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2,5}$")]
NEVER = r"[^\s\S]"  # matches nothing


class Places(Record):
    """Codes any of which, on a line of a claim, makes it what the entry is named for."""

    revenue: tuple[Code, ...] = ()
    procedure: tuple[Code, ...] = ()
    critical_care: tuple[Code, ...] = ()
    place_of_service: tuple[Code, ...] = ()
    source: Words

    @property
    def revenues(self) -> list[str]:
        """The revenue codes with and without their leading zero.

        >>> Places(revenue=("0450", "1001"), source="x").revenues
        ['0450', '1001', '450']
        """
        return sorted({*self.revenue, *(code.lstrip("0") for code in self.revenue)})


class Services(Record):
    """Procedure codes by a pattern for the whole code."""

    procedure_like: Words
    source: Words

    @field_validator("procedure_like")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"is not a pattern ({error})") from None
        return pattern


class Diagnoses(Record):
    """A set of ICD-10-CM codes; those of `with_intent_2` only where the code says that the harm was meant for oneself."""

    codes: tuple[Diagnosis, ...]
    with_intent_2: tuple[Diagnosis, ...] = ()
    source: Words

    @property
    def pattern(self) -> str:
        """What the beginning of a code without its dot must match."""
        meant = beginning(self.with_intent_2)
        # The sixth character is the intent; in codes of an unspecified substance (T43.9) the fifth is.
        intent = [f"{meant}(?:..2|92)"] if self.with_intent_2 else []
        return "|".join([beginning(self.codes), *intent])


class Groups(Record):
    """Sets of diagnoses: those from which the tiers of an ED visit are made, and the one that follow-up measures use."""

    mental: Diagnoses
    mental_illness: Diagnoses
    substance: Diagnoses
    ideation: Diagnoses
    self_harm: Diagnoses
    injury: Diagnoses


class ClaimCodes(Record):
    """params/bh_codes.yml."""

    ed_visit: Places
    observation: Places
    residential: Places
    crisis: Places
    outpatient: Services
    diagnoses: Groups
    families: dict[str, tuple[Diagnosis, ...]]
    controls: dict[str, tuple[Diagnosis, ...]]

    @field_validator("families")
    @classmethod
    def _known(cls, families: dict) -> dict:
        unknown = [name for name in families if name not in DIAGNOSIS_FAMILIES]
        if unknown:
            raise ValueError(f'"{unknown[0]}" is not a family of the contract ({", ".join(DIAGNOSIS_FAMILIES)})')
        return families

    def family_patterns(self) -> dict[str, str]:
        """Family -> what the beginning of a code must match, the gravest first; self-harm and ideation lead."""
        lead = {"self_harm": self.diagnoses.self_harm.pattern, "suicidality": self.diagnoses.ideation.pattern}
        return lead | {name: beginning(codes) for name, codes in self.families.items()}

    def control_patterns(self) -> dict[str, str]:
        """Negative control -> what the beginning of a code must match."""
        return {name: beginning(codes) for name, codes in self.controls.items()}


def beginning(codes: tuple[str, ...]) -> str:
    """A pattern for the beginning of an ICD-10-CM code written without its dot.

    >>> bool(re.match(beginning(("F20-F99", "R45.851")), "F322")), bool(re.match(beginning(("F20-F99",)), "F101"))
    (True, False)
    """
    every = [each for code in codes for each in spelled(code)]
    return f"(?:{'|'.join(every)})" if every else NEVER


@lru_cache(maxsize=4)
def read_claim_codes(root: Path = ROOT) -> ClaimCodes:
    """The codes of params/bh_codes.yml.

    >>> read_claim_codes().ed_visit.place_of_service
    ('23',)
    """
    return read_record(root / FILE, ClaimCodes)
