"""What was known of each child before the first response, as a table shows it: small groups added up, what would tell a small count left out."""

from calendar import month_name
from dataclasses import dataclass

import pandas as pd

from analysis.brief.linked.sources import Linked
from analysis.brief.small_counts.groups import add_up_small, is_small
from analysis.effect.balance import NOT_KNOWN, balance
from analysis.params import disclosure
from analysis.tables import AGE_BANDS, ARMS, COHORT, DIAGNOSIS_FAMILIES, RACES, SEXES

# T-MSIS data dictionary, ELIGIBILITY-GROUP, the groups of children, and the short names that a study may give them; another code
# stands as it is.
ELIGIBILITY_GROUPS = {
    "tanf": "children under 19 of low-income families",
    "foster": "foster care, adoption assistance or guardianship",
    "ssi": "disability (SSI)",
    "chip": "CHIP",
    "07": "children under 19 of low-income families",
    "08": "foster care, adoption assistance or guardianship",
    "11": "disability (SSI)",
    "61": "CHIP",
}


@dataclass(frozen=True)
class Characteristic:
    """One thing that is known of each child.

    Attributes
    ----------
    column : str
        The column of COHORT that it is made of.
    kind : str
        "flag" (any at all), "number" or "category".
    words, unit : str
        What a page calls it; the unit of a number.
    within : str
        Name of another flag that holds for every child for whom this one holds: what lies between the two must not be small either.
    asked_of : str
        The word of study.yml's ask_before under which it is not shown.
    """

    name: str
    column: str
    kind: str
    words: str
    unit: str = ""
    within: str = ""
    asked_of: str = ""


CHARACTERISTICS = (
    Characteristic("age", "age_years", "number", "Age", "years"),
    Characteristic("age_band", "age_years", "category", "Age group", asked_of="age_band"),
    Characteristic("sex", "sex", "category", "Sex", asked_of="sex"),
    Characteristic("race_ethnicity", "race_ethnicity", "category", "Race and ethnicity", asked_of="race_ethnicity"),
    Characteristic("site", "site_id", "category", "Site that covers the home county"),
    Characteristic("half_year", "index_on", "category", "Half-year of the crisis"),
    Characteristic("diagnosis_family", "diagnosis_family", "category", "Kind of crisis, by that day’s claims"),
    Characteristic("eligibility_group", "eligibility_group", "category", "Medicaid eligibility group"),
    Characteristic("in_foster_care", "in_foster_care", "flag", "In foster care the day before"),
    Characteristic("months_enrolled", "months_enrolled_before", "number", "Time on Medicaid in the 24 months before", "months"),
    Characteristic("ed_365", "prior_ed_365", "flag", "Any emergency visit in the 365 days before"),
    Characteristic("ed_180", "prior_ed_180", "flag", "Any emergency visit in the 180 days before", within="ed_365"),
    Characteristic("ed_30", "prior_ed_30", "flag", "Any emergency visit in the 30 days before", within="ed_180"),
    Characteristic("bh_ed_365", "prior_bh_ed_365", "flag", "Any behavioral-health emergency visit in the 365 days before", within="ed_365"),
    Characteristic("bh_ed_180", "prior_bh_ed_180", "flag", "Any behavioral-health emergency visit in the 180 days before", within="bh_ed_365"),
    Characteristic("hospital", "prior_inpatient_nights_365", "flag", "Any behavioral-health hospital night in the 365 days before"),
    Characteristic("residential", "prior_residential_nights_365", "flag", "Any night in residential treatment in the 365 days before"),
    # As a mean: children with any such night are nearly those in care the day before, and the difference would show a few.
    Characteristic("placed", "prior_placement_nights_365", "number", "Nights placed in care in the 365 days before", "nights"),
    Characteristic("detained", "prior_detention_nights_365", "flag", "Any night in detention in the 365 days before"),
    Characteristic("outpatient", "prior_outpatient_180", "number", "Outpatient behavioral-health days in the 180 days before", "days"),
    Characteristic("cost", "prior_cost_365_usd", "number", "Paid by Medicaid in the 365 days before", "dollars"),
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """One characteristic as it may be shown.

    Attributes
    ----------
    levels : tuple of (words, count of the first arm, count of the second)
        The groups of a category; one entry for a flag.
    groups : tuple of tuple of str
        Of a category, the names behind each of the levels: several where they were added up.
    numbers : tuple of dict
        For a number, by arm: mean, sd, median, low and high quartile.
    known : tuple of int
        Children of each arm of whom it is known.
    difference : float
        Standardized difference, the team's group less the other; missing where nothing may be shown.
    why_not : str
        Why nothing is shown; empty where something is.
    """

    what: Characteristic
    known: tuple[int, int]
    levels: tuple[tuple[str, int, int], ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()
    numbers: tuple[dict, ...] = ()
    difference: float = float("nan")
    why_not: str = ""


HIDDEN, ASK_FIRST, NO_SOURCE = "hidden", "not shown until those whom it describes have been asked", "no data"


def known_before(linked: Linked) -> pd.DataFrame:
    """One row per child: arm, and every characteristic by its name, as flag, number or words; missing where not known."""
    children = linked.tables.children
    sites = dict(zip(linked.tables.sites["site_id"], linked.tables.sites["name"], strict=True))
    codes = {"sex": SEXES, "race_ethnicity": RACES, "diagnosis_family": DIAGNOSIS_FAMILIES, "site": sites}
    made = {
        "age_band": children["age_years"].map(_age_band),
        "half_year": children["index_on"].map(
            lambda day: half_year_words(day, pd.Timestamp(linked.study.cohort.index_from), pd.Timestamp(linked.study.cohort.index_to))
        ),
    }  # fmt: skip
    values = {}
    for each in CHARACTERISTICS:
        column = made.get(each.name, children[each.column])
        if each.kind == "flag":
            column = _flag(column)
        elif each.name in codes:
            column = column.map(codes[each.name])
        elif each.name == "eligibility_group":
            column = column.replace(ELIGIBILITY_GROUPS)
        values[each.name] = column
    return pd.DataFrame({"arm": children["arm"], **values})


def half_year_words(day: pd.Timestamp, first: pd.Timestamp, last: pd.Timestamp) -> str:
    """The half-year of the day, or the months of it that lie within the days that bring a child in (`first` to `last`).

    >>> first, last = pd.Timestamp("2022-07-01"), pd.Timestamp("2026-03-31")
    >>> half_year_words(pd.Timestamp("2026-02-03"), first, last), half_year_words(pd.Timestamp("2022-08-01"), first, last)
    ('January to March 2026', 'July to December 2022')
    >>> half_year_words(pd.Timestamp("2026-01-03"), first, pd.Timestamp("2026-01-31"))
    'January 2026'
    """
    half = pd.Period(year=day.year, month=1 if day.month <= 6 else 7, freq="M")
    begin, end = max(half, first.to_period("M")), min(half + 5, last.to_period("M"))
    until = end.strftime("%B %Y")
    return until if begin == end else f"{begin.strftime('%B')} to {until}"


def _flag(column: pd.Series) -> pd.Series:
    """True where the column is above zero, missing where it is."""
    numbers = pd.to_numeric(column.astype("object"), errors="raise").astype("Float64")
    return (numbers > 0).astype("object").where(numbers.notna(), None)


def _age_band(years: float) -> str | None:
    """The words of the band; missing where the age is.

    >>> _age_band(17.0)
    '12 to 17'
    """
    return next((f"{low} to {high}" for low, high in AGE_BANDS.values() if low <= years < high + 1), None)


def shown_before(linked: Linked) -> list[Shown]:
    """Every characteristic of the study as it may be shown, in the order of CHARACTERISTICS."""
    values, smallest = known_before(linked), disclosure().smallest_shown
    hidden = hidden_flags(values, smallest)
    return [_shown(each, values, linked, hidden, smallest) for each in CHARACTERISTICS]


def _shown(each: Characteristic, values: pd.DataFrame, linked: Linked, hidden: set[str], smallest: int) -> Shown:
    own, arms = values[each.name], [values["arm"].eq(arm) for arm in ARMS]
    known = tuple(int(own[arm].notna().sum()) for arm in arms)
    if own.isna().all() and not COHORT.column(each.column).required and each.kind != "category":
        return Shown(each, known, why_not=NO_SOURCE)
    if each.asked_of and each.asked_of in linked.study.ask_before:
        return Shown(each, known, why_not=ASK_FIRST)
    if each.kind == "category":
        return _category(each, own, arms, smallest)
    apart = float(balance(values, [each.name], arms[0])[each.name])
    if each.kind == "flag":
        counts = tuple(int(own[arm].eq(True).sum()) for arm in arms)
        shown = Shown(each, known, levels=((each.words, *counts),), difference=apart)
        return Shown(each, known, why_not=HIDDEN) if each.name in hidden else shown
    if any(is_small(pd.Series([own[arm].gt(0).sum(), own[arm].isna().sum()]), smallest).any() for arm in arms):
        return Shown(each, known, why_not=HIDDEN)
    return Shown(each, known, numbers=tuple(_summary(own[arm]) for arm in arms), difference=apart)


def _category(each: Characteristic, own: pd.Series, arms: list[pd.Series], smallest: int) -> Shown:
    """Groups in the order of their codes, small ones added up; the difference is that of the groups as they are shown."""
    own = own.astype(object).where(own.notna(), NOT_KNOWN)
    counts = pd.DataFrame({at: own[arm].value_counts() for at, arm in enumerate(arms)}).fillna(0).astype(int)
    counts = counts.loc[sorted(counts.index, key=lambda words: _order(each, words))]
    groups = add_up_small(counts, smallest=smallest)
    known = tuple(int(arm.sum()) for arm in arms)
    if not groups:
        return Shown(each, known, why_not=HIDDEN)
    together = {name: ", ".join(names) for names, _ in groups for name in names}
    apart = balance(pd.DataFrame({"shown": own.map(together)}), ["shown"], arms[0])["shown"]
    levels = tuple((", ".join(names), *map(int, row)) for names, row in groups)
    return Shown(each, known, levels=levels, groups=tuple(names for names, _ in groups), difference=float(apart))


def _order(each: Characteristic, words: str) -> tuple:
    """Where a group stands: by its code set where there is one, by age or time, else by name; not known last."""
    sets = {"sex": SEXES, "race_ethnicity": RACES, "diagnosis_family": DIAGNOSIS_FAMILIES}
    place = list(sets[each.name].values()).index(words) if each.name in sets and words != NOT_KNOWN else 0
    year = words[-4:] if each.name == "half_year" else ""
    if each.name == "half_year" and words != NOT_KNOWN:
        place = list(month_name).index(words.split()[0])
    first = int(words.split()[0]) if each.name == "age_band" and words != NOT_KNOWN else 0
    return words == NOT_KNOWN, year, place, first, words


def _summary(values: pd.Series) -> dict:
    numbers = values.dropna().astype(float)
    low, median, high = numbers.quantile([0.25, 0.5, 0.75])
    return {"mean": numbers.mean(), "sd": numbers.std(), "median": median, "low": low, "high": high}


def hidden_flags(values: pd.DataFrame, smallest: int) -> set[str]:
    """The flags of which a count, the rest of the group, the unknown, or what lies between it and a wider shown flag is small in an arm.

    Takes what `known_before` gives. A flag that is hidden takes its difference with it, from which the count would follow.
    """
    flags = {each.name: each for each in CHARACTERISTICS if each.kind == "flag"}
    counts = pd.DataFrame(
        {
            name: [values.loc[values["arm"].eq(arm), name].eq(True).sum() for arm in ARMS]
            + [values.loc[values["arm"].eq(arm), name].eq(False).sum() for arm in ARMS]
            + [values.loc[values["arm"].eq(arm), name].isna().sum() for arm in ARMS]
            for name in flags
        }
    )
    hidden = {name for name in flags if is_small(counts[name], smallest).any()}
    for name in flags:  # a wider flag stands before those within it
        wider = flags[name].within
        while wider in hidden:
            wider = flags[wider].within
        if wider and is_small((counts[wider] - counts[name]).iloc[: len(ARMS)], smallest).any():
            hidden.add(name)
    return hidden
