"""Measures by groups of children: age band, sex, race and ethnicity, insurance; for the whole state, over a year.

What is shown follows a rule fixed beforehand, not a look at the figures. A group stands alone where its cell is at least the
smallest count shown and at least 5 were expected of it, were it like all children. Where some group does not, two years are taken
together; where it still does not, the groups that fail are put together with each other, and with the smallest of the others until
what is together passes; where nothing is left to put with them, nothing is shown. So no group is hidden beside shown ones, where it
could be worked out from the state's total. Groups are told apart by what was recorded; where nothing was, "not_recorded" is a group.

No group is split by nation: that is for the nations to say. `ask_before` of study.yml leaves a whole cut out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.intervals import clopper_pearson, garwood, rate_ratio, share_difference, wilson
from analysis.params import STRATIFIED_BY, Ages, Study
from analysis.periods import Period
from analysis.quality.cards import Card, Cards, switched_off
from analysis.quality.counts import Observed, place_cells
from analysis.quality.exposure import Days, child_years
from analysis.quality.interaction import interaction_p
from analysis.quality.measures import MEASURES
from analysis.quality.units import PER_CHILDREN
from analysis.tables import AGE_BANDS, INSURANCES, MEASURES_TABLE, RACES, SEXES, STATEWIDE

FEWEST_EXPECTED = 5
YEARS_POOLED = 2
NOT_RECORDED = "not_recorded"
OTHERS = "others_together"
TOO_FEW = "too few to show"
GIVES_AWAY = "can’t be shown without giving a small count away"
GROUPS: Mapping[str, tuple[str, ...]] = {
    "age_band": tuple(AGE_BANDS), "sex": tuple(SEXES), "race_ethnicity": tuple(RACES), "insurance": tuple(INSURANCES),
}  # fmt: skip

# Columns beside those of the contract.
WORKING_COLUMNS = [
    "unit",  # share, rate, or part: the group's part of all episodes, where nobody knows how many children it has
    "holds",  # the groups behind the row, joined by "|"; several where they were put together
    "difference",  # of a share, against all others, with its interval
    "difference_low",
    "difference_high",
    "ratio",  # of a rate, against all others, with its interval
    "ratio_low",
    "ratio_high",
    "interaction_p",  # of the whole cut: did the groups move differently from the period before to this one?
    "why_missing",  # TOO_FEW or GIVES_AWAY where the cut is not shown; empty otherwise
]


@dataclass(frozen=True)
class Counts:
    """What was counted of each group in one period.

    Attributes
    ----------
    yes, cases, unmeasured : pandas.Series of int, by group
        For a count or rate the cases are the ids themselves, and yes is all of them.
    child_years : pandas.Series or None
        Children of the group times the years, where a population of the group is known.
    """

    yes: pd.Series
    cases: pd.Series
    unmeasured: pd.Series
    child_years: pd.Series | None = None


def by_measure_group(
    episodes: pd.DataFrame,
    sites: pd.DataFrame,
    year: Period,
    *,
    study: Study,
    cards: Cards,
    covers: Days,
    smallest_shown: int,
    site_counties: pd.DataFrame | None = None,
    population: pd.DataFrame | None = None,
    tables: Mapping[str, pd.DataFrame | None] | None = None,
    test_interaction: tuple[str, ...] = (),
) -> pd.DataFrame:
    """Every measure whose card says `equity`, statewide, by groups of children, against all others; small groups put together.

    Takes the tables as `by_measure_place_period`, and the year in question. Gives one row per measure and group: the columns of
    tables.MEASURES_TABLE (stratum "sex:female", site_id "statewide", period the year or the two that were needed) and
    WORKING_COLUMNS. A share has Newcombe's score interval for its difference from all others; a rate, which only age bands have, the
    exact interval of its ratio to all others; of a count, and of a rate elsewhere, the group's part of the episodes is given and held
    against nothing, because nobody knows how many children the group has.

    `test_interaction` names the measures (shares) whose cuts are tested, once each, for a different move from the equally long
    period before. With the 40 cuts of a year, two come below 0.05 by chance.
    """
    places = {"site_counties": site_counties, "population": population}
    off = dict(switched_off(cards, episodes, study=study, tables=tables, **places))
    given = {
        name: table for name, table in {**(tables or {}), **places, "episodes": episodes}.items() if table is not None
    }
    windows = [year, *_longer(year, covers)]
    observed = Observed(given, sites, windows, covers, study, place_cells(sites, windows, covers))
    rows = []
    for measure, card in cards.cards.items():
        if not card.equity or measure in off:
            continue
        placed = observed.placed(card.of, card.as_of)
        values = MEASURES[measure](placed.rows, observed.choices(card, cards))
        belong = placed.rows.loc[values.index]
        told = pd.DataFrame({"counted_on": belong["counted_on"], "value": values})
        for cut in (each for each in STRATIFIED_BY if each not in study.ask_before):
            group = group_of(belong, cut)
            if group.ne(NOT_RECORDED).any():
                tested = measure in test_interaction and card.unit == "share"
                rows += _cut(
                    measure, card, cut, told.assign(group=group), windows, observed, cards, smallest_shown, tested
                )
    return pd.DataFrame(rows, columns=[*MEASURES_TABLE.names, *WORKING_COLUMNS])


def group_of(rows: pd.DataFrame, cut: str) -> pd.Series:
    """The group of each row's child; an age outside every band, or nothing recorded, is "not_recorded".

    >>> group_of(pd.DataFrame({"age_years": [4.9, 5.0, None, 30.0]}), "age_band").tolist()
    ['0-4', '5-11', 'not_recorded', 'not_recorded']
    """
    if cut != "age_band":
        return (
            rows[cut].astype("object").where(rows[cut].notna(), NOT_RECORDED)
            if cut in rows
            else pd.Series(NOT_RECORDED, rows.index)
        )
    age = np.floor(rows["age_years"].astype(float))
    group = pd.Series(NOT_RECORDED, index=rows.index, dtype=object)
    for band, (first, last) in AGE_BANDS.items():
        group = group.mask(age.between(first, last), band)
    return group


def _longer(year: Period, covers: Days) -> list[Period]:
    """The two years that end with this one, where the extract covers them whole."""
    longer = year.ending(len(year.months) * YEARS_POOLED)
    return [longer] if longer.from_on >= covers[0] else []


def _cut(
    measure: str, card: Card, cut: str, told: pd.DataFrame, windows: list[Period], observed: Observed, cards: Cards,
    smallest: int, tested: bool,
) -> list[dict]:  # fmt: skip
    """The rows of one measure and one cut."""
    for window in windows:
        counts = _count(card, cut, told, window, observed, cards.most_unmeasured(measure), smallest)
        together = [(name,) for name in counts.cases.index]
        if all(_may_stand(_put_together(counts, names), counts, card, smallest) for names in together):
            break
    else:
        together = put_together(counts, card, smallest)
    if not together:
        blank = dict.fromkeys([*MEASURES_TABLE.names, *WORKING_COLUMNS])
        where = {"measure": measure, "stratum": f"{cut}:{OTHERS}", "site_id": STATEWIDE, "period": window.name}
        return [{**blank, **where, "hidden": True, "why_missing": _why_not(counts, card, smallest)}]
    p = _interaction(card, cut, told, window, together, observed) if tested else None
    return [
        {**_row(_put_together(counts, names), counts, card, cards), "measure": measure, "stratum": f"{cut}:{_name(names)}",
         "site_id": STATEWIDE, "period": window.name, "hidden": False, "holds": "|".join(names), "interaction_p": p,
         "why_missing": ""}
        for names in together
    ]  # fmt: skip


def _why_not(counts: Counts, card: Card, smallest: int) -> str:
    """Why a cut is not shown: fewer than two groups are large enough, or they are, and a small number stands beside them.

    Few in time or not, or few of whom it could not be measured, keep a large group from standing.

    >>> from analysis import params
    >>> from analysis.quality.cards import read_cards
    >>> card = read_cards(params.study("demo")).cards["contact_share"]
    >>> cases, blank = pd.Series({"a": 200, "b": 150}), pd.Series({"a": 9, "b": 3})
    >>> _why_not(Counts(cases // 2, cases, blank), card, 11), _why_not(Counts(cases // 50, cases // 15, blank * 0), card, 11)
    ('can’t be shown without giving a small count away', 'too few to show')
    """
    parts = [_put_together(counts, (name,)) for name in counts.cases.index]
    large = [one["cases"] >= smallest and _expected(one, counts, card) >= FEWEST_EXPECTED for one in parts]
    return GIVES_AWAY if sum(large) > 1 else TOO_FEW


def _name(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else OTHERS


def _count(
    card: Card, cut: str, told: pd.DataFrame, window: Period, observed: Observed, most_unmeasured: float, smallest: int
) -> Counts:
    inside = told[told["counted_on"].between(window.from_on, window.to_on)]
    order = [name for name in (*GROUPS[cut], NOT_RECORDED) if name in set(inside["group"])]
    measured = inside[inside["value"].notna()]

    def number(rows: pd.DataFrame) -> pd.Series:
        return rows["group"].value_counts().reindex(order, fill_value=0)

    yes = number(measured[measured["value"].eq(True)]) if card.unit == "share" else number(measured)
    cases = number(measured)
    rated = card.unit == "rate" and cut == "age_band" and _mostly_recorded(cases, most_unmeasured, smallest)
    years = _child_years(card, order, window, observed) if rated else None
    return Counts(yes, cases, number(inside[inside["value"].isna()]), years)


def _mostly_recorded(cases: pd.Series, most_unmeasured: float, smallest: int) -> bool:
    """True where so few ages are blank that a rate of those recorded says something; a few blanks must not be what is left over."""
    blank = int(cases.get(NOT_RECORDED, 0))
    return blank == 0 or (blank >= smallest and blank <= most_unmeasured * cases.sum())


def _child_years(card: Card, order: list[str], window: Period, observed: Observed) -> pd.Series | None:
    """Child-years of each age band as far as the service's ages reach."""
    ages, population = observed.study.ages, observed.tables["population"]
    years = {}
    for band in (name for name in order if name != NOT_RECORDED):
        first, last = max(ages.youngest, AGE_BANDS[band][0]), min(ages.oldest, AGE_BANDS[band][1])
        table = child_years(
            observed.sites, observed.tables["site_counties"], population.assign(children=population[card.per]), [window],
            ages=Ages(youngest=first, oldest=last), covers=observed.covers,
        )  # fmt: skip
        years[band] = table.loc[STATEWIDE, window.name]
    return pd.Series(years)


def _put_together(counts: Counts, names: tuple[str, ...]) -> dict[str, float]:
    some = list(names)
    rated = counts.child_years is not None and NOT_RECORDED not in names
    years = float(counts.child_years[some].sum(skipna=False)) if rated else None
    return {"yes": int(counts.yes[some].sum()), "cases": int(counts.cases[some].sum()),
            "unmeasured": int(counts.unmeasured[some].sum()), "years": years}  # fmt: skip


def _may_stand(one: Mapping, counts: Counts, card: Card, smallest: int) -> bool:
    """Is the cell large enough to be shown, and were enough expected to say anything?

    Neither those with a yes nor those without may be from 1 to the smallest count less one, of a process measure too: a group of
    children is known by more than its site. Expected is what the group would have had, were it like all children. The episodes that
    could not be measured are a cell too.

    A group of whom nothing at all was counted stands nowhere: it has no row.
    """
    cells = [one["cases"], one["yes"], one["cases"] - one["yes"], one["unmeasured"]]
    if one["cases"] < smallest or any(0 < cell < smallest for cell in cells):
        return False
    return _expected(one, counts, card) >= FEWEST_EXPECTED


def _expected(one: Mapping, counts: Counts, card: Card) -> float:
    """What the group would have had, were it like all children; infinite for a part of the whole, which is held against nothing."""
    if one["years"] is not None:
        return float(_with_years(counts) * one["years"] / counts.child_years.sum(skipna=False))
    return float(one["cases"] * counts.yes.sum() / counts.cases.sum()) if card.unit == "share" else np.inf


def put_together(counts: Counts, card: Card, smallest: int) -> list[tuple[str, ...]]:
    """The groups that stand alone and, last, those put together; nothing where even all but one cannot be shown.

    A group that fails alone is not left alone among shown ones: the smallest that stands joins it, and then the next, until what is
    together may stand. At least one group must be left to compare with.

    >>> from analysis import params
    >>> from analysis.quality.cards import read_cards
    >>> card = read_cards(params.study("demo")).cards["contact_share"]
    >>> cases = pd.Series({"a": 200, "b": 40, "c": 30, "d": 4})
    >>> put_together(Counts(cases // 2, cases, cases * 0), card, 11)
    [('a',), ('b',), ('c', 'd')]
    >>> put_together(Counts(cases[["a", "d"]] // 2, cases[["a", "d"]], cases[["a", "d"]] * 0), card, 11)
    []
    """
    alone = {name: _may_stand(_put_together(counts, (name,)), counts, card, smallest) for name in counts.cases.index}
    joined = [name for name, stands in alone.items() if not stands]
    standing = sorted((name for name, stands in alone.items() if stands), key=lambda name: (counts.cases[name], name))
    while standing and not (
        len(joined) > 1 and _may_stand(_put_together(counts, tuple(joined)), counts, card, smallest)
    ):
        joined.append(standing.pop(0))
    if not standing:
        return []
    in_order = list(counts.cases.index)
    return [(name,) for name in in_order if name in standing] + [tuple(name for name in in_order if name in joined)]


def _with_years(counts: Counts) -> int:
    """The episodes of the groups of which the child-years are known."""
    return int(counts.cases[counts.child_years.index].sum())


def _row(one: Mapping, counts: Counts, card: Card, cards: Cards) -> dict:
    """The figure of a group and what it is against all others."""
    if card.unit == "share":
        found = _share(one, counts, cards.confidence)
    elif one["years"] is not None:
        found = _rate(one, counts, cards.confidence)
    else:
        total = int(counts.cases.sum())
        ends = clopper_pearson(one["cases"], total, confidence=cards.confidence)
        found = {"unit": "part", "numerator": one["cases"], "denominator": float(total), "value": one["cases"] / total,
                 "low": float(ends.low), "high": float(ends.high)}  # fmt: skip
    return {**dict.fromkeys(WORKING_COLUMNS), **found, "not_measurable": one["unmeasured"]}


def _share(one: Mapping, counts: Counts, confidence: float) -> dict:
    yes, cases = one["yes"], one["cases"]
    others, others_yes = int(counts.cases.sum()) - cases, int(counts.yes.sum()) - yes
    ends = wilson(yes, cases, confidence=confidence)
    found = {"unit": "share", "numerator": yes, "denominator": float(cases), "value": yes / cases,
             "low": float(ends.low), "high": float(ends.high)}  # fmt: skip
    if not others:
        return found
    between = share_difference(yes, cases, others_yes, others, confidence=confidence)
    return {
        **found,
        "difference": yes / cases - others_yes / others,
        "difference_low": between.low,
        "difference_high": between.high,
    }


def _rate(one: Mapping, counts: Counts, confidence: float) -> dict:
    cases, years = one["cases"], one["years"]
    others, other_years = _with_years(counts) - cases, float(counts.child_years.sum(skipna=False)) - years
    base, exact = years / PER_CHILDREN, garwood(cases, confidence=confidence)
    found = {"unit": "rate", "numerator": cases, "denominator": years, "value": cases / base,
             "low": float(exact.low / base), "high": float(exact.high / base)}  # fmt: skip
    if not others:
        return found
    ratio = rate_ratio(cases, years, others, other_years, confidence=confidence)
    return {
        **found,
        "ratio": (cases / years) / (others / other_years),
        "ratio_low": ratio.low,
        "ratio_high": ratio.high,
    }


def _interaction(
    card: Card, cut: str, told: pd.DataFrame, window: Period, together: list[tuple[str, ...]], observed: Observed
) -> float | None:
    """The test over the window and the equally long period before it; none where the extract does not hold that one."""
    before = window.before(len(window.months))
    if before.from_on < observed.covers[0]:
        return None
    found = [_count(card, cut, told, each, observed, 0, 0) for each in (before, window)]  # of shares: nothing to rate
    cells = []
    for names in together:
        each = [
            {kind: int(getattr(counts, kind).reindex(list(names), fill_value=0).sum()) for kind in ("yes", "cases")}
            for counts in found
        ]
        cells.append([(one["yes"], one["cases"] - one["yes"]) for one in each])
    return interaction_p(np.array(cells, dtype=float))
