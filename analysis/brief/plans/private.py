"""Who may not be named in a plan: no person, no birth date, no number of a child or record, no address to write or call.

A plan is people's own words, so a check can only be of shapes. It errs toward refusing; a place or program that looks like a
person's name is let through once its name is known (sites, counties, params/<study>/place_names.yml). A name in small letters
cannot be told from a word, nor a single name in the middle of a sentence from a place.
"""

import re
import unicodedata
from collections.abc import Collection

NAME, BIRTH, NUMBER, EMAIL, PHONE = (
    "a person's name",
    "a birth date or an age with a date",
    "a number that may belong to a child or a record",
    "an e-mail address",
    "a telephone number",
)

# Words with a capital that are nobody's name: they begin sentences, or belong to institutions, days and programs.
ORDINARY = frozenset(
    re.findall(
        r"\w+",
        """
    a about after again all also although american an and another any april are as ask asked at august authority autumn
    based because been before began behavioral being better both bring but by call called calls care center centers central
    certified check child children christmas city clinic clinician college community consult council counselor counselors
    county court crisis day days december department did director district diversion do does draft during each early east
    eastern education el elementary emergency ensure enter epic error every executive fall families family february federal few
    find first five follow following for fort four friday from general give given go half have health he hear held help her here
    high hire his home hospital how human hub i if in indian initiative institute is it january july june junior juvenile
    keep la las last law leave let library line list look los made make manager many march may mayor medicaid medical medicare meet mental
    middle mobile monday month months more most mount move mrss municipal nation national native new next night no nobody none north
    northern not note notes november now nurse october of office officer officers on once one only open our out outreach over
    parents partner partners peer people phone plan plans police post practice prep primary program project protective protocol
    public pueblo put quarter read record records referral referrals regional report reports response rio rural saint san santa santo saturday say
    scales school schools second see send sent september service services set seven several she sheriff sheriffs shift show
    since site sites six small so some south southern spring st stabilization staff start started state states statewide still
    study summer sunday supervisor support take team teams tell ten test that the their then there these they third this
    those three thursday to today town train trained training tribal tribe tribes try tuesday two twice under unified union
    united university until us use used valley visit visited wait we wednesday week weeks went west western what when where
    which while who why will winter with within work workers write year years yes yesterday you young youth
    """,
    )
)
# Words that are given names as well: before a word that is nobody's, they are taken for one.
GIVEN_TOO = frozenset({"april", "august", "june", "may", "summer", "will", "young"})

HONORIFIC = re.compile(
    r"(?<!\w)(?:mr|mrs|ms|mx|miss|dr|prof|sgt|lt|rev|sr|sra|srta|señora?|officer|deputy|judge|principal|coach|"
    r"detective|sergeant|pastor|grandma|grandpa|aunt|uncle|named|called)\.?\s+(?P<word>[^\W\d_][^\W\d_'’-]+)",
    re.IGNORECASE,
)
# "Lopez, Maria" as records have it; three and more words between commas are a list of places.
LAST_FIRST = re.compile(
    r"(?<![\w'’-])(?<!, )(?<!and )(?P<last>[^\W\d_]+), (?P<first>[^\W\d_]+)(?![\w'’-])(?!,? (?:and|or) |, [^\W\d_])"
)
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
PARTICLES = frozenset(
    ("de", "del", "la", "las", "los", "y", "van", "von", "der", "den", "bin", "al", "da", "dos", "di")
)
OF_KIN = re.compile(
    r"\b(?:boy|girl|child|teen|mother|father|mom|dad|son|daughter|brother|sister|grandmother|grandfather|student|patient|client)"
    r"(?:,\s*|\s*\(|:\s*|\s+)(?P<word>[^\W\d_][^\W\d_'’-]+)"
)
OF_A_FAMILY = re.compile(
    r"(?<!\w)(?P<word>[^\W\d_]+)(?:['’]s)?\s+(?:family|mother|father|mom|dad|parents|son|daughter|grandmother)\b"
)
AGED = re.compile(
    r"(?<!\w)(?P<word>[^\W\d_]+)(?:,\s*|\s*\(|\s+)(?:aged?\s+)?\d{1,2}(?:\)|[\s-]*(?:years?|yrs?)[\s-]*old|\s*y/?o\b)"
)

MONTH = r"(?<![a-z])(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?"
DAY = rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}|{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{1,2}}\.?\s+{MONTH},?\s+\d{{4}})"
BORN = r"\b(?:born\b|b\.(?=\s*\d)|d\.?\s?o\.?\s?b\b\.?|birth\s?-?(?:da(?:te|y)s?)?\b|bday\b)"
AGE = r"(?:\b(?:aged?|turn(?:ed|s))\s*:?\s*\d{1,2}\b|\b\d{1,2}[\s-]*(?:years?|yrs?)[\s-]*old\b|\b\d{1,2}\s*y/?o\b)"
NEAR = r"[\s\S]{0,60}?"
BIRTHS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{BORN}{NEAR}(?<!\d){DAY}", rf"(?<!\d){DAY}{NEAR}{BORN}", rf"{BORN}\W+(?:in\s+|on\s+)?(?:{MONTH}\s+)?(?:19|20)\d\d\b",
        rf"{AGE}{NEAR}(?<!\d){DAY}", rf"(?<!\d){DAY}{NEAR}{AGE}",
    )
)  # fmt: skip

MAIL = re.compile(r"\S@\S")
CALLED = re.compile(r"(?<![\d.,])\+?\d(?:[\s().-]*\d){6,}(?![\d,])")  # seven digits or more
# Years, months and days in a row hold as many digits as a telephone number, and are none.
CALENDAR = re.compile(r"(?:(?:19|20)\d\d(?:-\d\d?(?:-\d\d?)?)?[\s().–-]*)+|\d{1,2}[-.]\d{1,2}[-.](?:19|20)\d\d")
NUMBERS = (
    re.compile(r"(?<![\d.,$])\d{6,}(?![\d,])"),
    re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    re.compile(
        r"\b(?:child|client|episode|case|chart|member|medicaid|mrn|record|patient|student|ssn|id)\b"
        r"[\s:#.]*(?:ids?|no|nr|number|#)?[\s:#.]*(?!(?:19|20)\d\d\b)[a-z]{0,3}-?\d{3,}",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:child|client|episode|case|chart|member|patient|student)\s+(?:ids?|no|nr|number|#)[\s:#.]*[a-z]{0,3}-?\d{2,}",
        re.IGNORECASE,
    ),
    re.compile(r"\b(?!S?FY\d{4}\b)[A-Za-z]{1,4}-?\d{4,}\b"),
    re.compile(r"\b(?=[A-Za-z]*\d)(?=\d*[A-Za-z])(?:[A-Za-z]*\d){4,}[A-Za-z]*\b"),
)


def identifying(text: str, names: Collection[str] = ()) -> str | None:
    """What kind of thing in the text may point to a person; None where nothing does. `names` are places and programs.

    >>> identifying("We asked Maria Lopez to call."), identifying("Yucca Flats asked the school."), identifying("DOB 3/5/2011")
    ("a person's name", "a person's name", 'a birth date or an age with a date')
    >>> identifying("Yucca Flats asked the school.", ["Yucca Flats"]) is None
    True
    >>> identifying("From 2024-03-01 to 2025-06-30 we saw 1,250 children.") is None
    True
    """
    plain = _plain(text)
    if MAIL.search(plain):
        return EMAIL
    if any(each.search(plain) for each in BIRTHS):
        return BIRTH
    dateless = CALENDAR.sub(" ", plain)
    if any(each.search(dateless) for each in NUMBERS):
        return NUMBER
    if any(not CALENDAR.fullmatch(found[0]) for found in CALLED.finditer(plain)):
        return PHONE
    return NAME if _names_a_person(plain, names) else None


def names_in_role(text: str) -> bool:
    """Whether a role looks like a name. A role is written in small letters; short acronyms stand (CQI lead).

    >>> names_in_role("CQI lead"), names_in_role("program manager"), names_in_role("Maria"), names_in_role("MARIA")
    (False, False, True, True)
    """
    words = [word.rstrip(".") for word in WORD.findall(_plain(text))]
    capitals = [word for word in words if word != word.lower() and not re.fullmatch(r"[A-Z]{2,4}s?", word)]
    return bool(capitals) or not any(word == word.lower() for word in words)


def _plain(text: str) -> str:
    """The text without what looks like nothing on the page: joined digits, blanks without width."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(each for each in folded if unicodedata.category(each) != "Cf")


def _names_a_person(text: str, names: Collection[str]) -> bool:
    # What is known is put in small letters: "yucca flats" is nobody, while "Maria" before a county stays in sight.
    known = sorted((_plain(name) for name in names if name.strip()), key=len, reverse=True)
    several = [name for name in known if " " in name]
    if several:
        text = re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, several))})(?!\w)", lambda found: found[0].lower(), text)
    single = frozenset(name.casefold() for name in known)
    for pattern in (HONORIFIC, OF_KIN, OF_A_FAMILY, AGED):
        if any(_capital(found["word"], single) for found in pattern.finditer(text)):
            return True
    if any(_capital(found["last"], single) and _capital(found["first"], single) for found in LAST_FIRST.finditer(text)):
        return True
    return _two_in_a_row(text, single)


def _two_in_a_row(text: str, single: frozenset[str]) -> bool:
    """Two words with capitals beside each other, at least one of which is neither ordinary nor a known place."""
    before, end = None, 0
    for found in WORD.finditer(text):
        word, gap = found[0], text[end : found.start()]
        adjacent = before is not None and bool(re.fullmatch(r"\s+", gap)) and not _ends_sentence(before)
        if adjacent and word.lower().rstrip(".") in PARTICLES and word == word.lower():
            end = found.end()
            continue
        if adjacent and _makes_a_name(before, word, single):
            return True
        before, end = word, found.end()
    return False


def _makes_a_name(first: str, last: str, single: frozenset[str]) -> bool:
    unknown = _capital(last, single)
    if first.lower() in GIVEN_TOO or re.fullmatch(r"[A-Z]\.", first):
        return unknown and first[:1].isupper()
    surname = _capital(last) or bool(re.fullmatch(r"[A-Z]\.", last))
    return _capital(first) and surname and (unknown or _capital(first, single))


def _ends_sentence(word: str) -> bool:
    return word.endswith(".") and len(word) > 2


def _capital(word: str, single: Collection[str] = ()) -> bool:
    """Whether a word is written like a name: a capital and small letters, or five capitals and more; no ordinary word."""
    bare = word.rstrip(".")
    if bare.casefold() in single or bare.casefold().removesuffix("'s").removesuffix("’s") in single:
        return False
    parts = re.split(r"['’-]", bare.casefold())
    if all(part in ORDINARY or part == "s" for part in parts):
        return False
    small = any(letter.islower() for letter in bare)
    return bare[:1].isupper() and ((small and len(bare) > 1) or len(bare) >= 5)
