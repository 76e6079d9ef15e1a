"""The table of measures: a figure with its denominator, interval and number not measurable, by place and period."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.intervals import Interval, garwood, order_statistic_ranks, wilson
from analysis.params import Clock, Study
from analysis.periods import Period
from analysis.quality.cards import Card, Cards, choices_for, switched_off
from analysis.quality.exposure import Days, child_years, months_of_service
from analysis.quality.measures import MEASURES, Choices, categories
from analysis.quality.waits import say_clock
from analysis.tables import MEASURES_TABLE, STATEWIDE

ALL = "all"  # the stratum of a measure that is not a mix
PER_CHILDREN = 1000  # the base of a rate, as the contract has it

# Columns beside those of the contract; for comparisons and notes, not for files that leave.
WORKING_COLUMNS = [
    "first_on",  # first and last day of the period
    "last_on",
    "months",  # of the period in which the place was open and the extract covers
    "definition",  # the clock or clocks in words; empty for a measure without
    "why_missing",  # a key of WHY_MISSING; empty where the value is there
    "low_for_change",  # the interval of a quantile at change_confidence
    "high_for_change",
]

WHY_MISSING = {
    "no_episodes": "no episode to measure",
    "not_recorded": "too many episodes lack what the figure needs",
    "not_covered": "not open, or not in the extract",
    "no_population": "the number of children in the place's care is not known",
}


@dataclass(frozen=True)
class Placed:
    """Every episode in every place and period that counts it. A cell is one place and period, place first.

    Attributes
    ----------
    row, cell : numpy.ndarray
        Position of an episode, and a cell that counts it; statewide and overlapping periods repeat an episode.
    cells : pandas.DataFrame
        One row per cell, in order (site_id, period, first_on, last_on, months).
    """

    row: np.ndarray
    cell: np.ndarray
    cells: pd.DataFrame
    episodes: int


def by_measure_place_period(
    episodes: pd.DataFrame,
    sites: pd.DataFrame,
    periods: list[Period],
    *,
    study: Study,
    cards: Cards,
    site_counties: pd.DataFrame | None = None,
    population: pd.DataFrame | None = None,
    covers: Days | None = None,
) -> pd.DataFrame:
    """Every measure that the study can have, in every place and period, nothing hidden yet.

    Takes the tables of the contract, the periods in the order wanted (they may overlap), and the first and last day that the
    extract `covers`; without it, the whole months from the first to the last episode. Gives one row per measure,
    stratum, site_id (statewide first, then the sites with a scorecard) and period: the columns of
    `tables.MEASURES_TABLE` and `WORKING_COLUMNS`. Statewide counts every episode, a site its own.

    A share is numerator / denominator with a Wilson interval, as is each category of a mix; a count has the exact Poisson
    interval; a rate is per 1,000 children and year, its denominator child-years; minutes have no numerator, and their
    interval is made of two waits. `denominator` of a count is the episodes behind it.

    Value, low and high are missing, and `why_missing` says why, where there is nothing to measure, and where more than
    `most_not_measurable` of the episodes that belong could not be measured: a service that stops writing down a "yes" and
    leaves blanks has no share, not a low one. A count of 0 is a value where the place was open, and missing where it was not.

    Raises ValueError where a period stands twice.
    """
    names = [each.name for each in periods]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"Periods asked for twice: {', '.join(twice)}. Give each once.")
    off = dict(switched_off(cards, episodes, study=study, site_counties=site_counties, population=population))
    on = {measure: card for measure, card in cards.cards.items() if measure not in off}
    if not on or not periods:
        return pd.DataFrame(columns=[*MEASURES_TABLE.names, *WORKING_COLUMNS])
    episodes = episodes.reset_index(drop=True)
    covers = covers or whole_months(episodes["counted_on"])
    placed = _place(episodes, sites, periods, covers)
    exposure = None
    if any(card.unit == "rate" for card in on.values()):
        years = child_years(sites, site_counties, population, periods, ages=study.ages, covers=covers)
        exposure = years.reindex(placed.cells["site_id"].unique()).to_numpy().ravel()
    tables = []
    for measure, card in on.items():
        choices = choices_for(card, study)
        values = MEASURES[measure](episodes, choices)
        table = _figures(measure, values, placed, exposure if card.unit == "rate" else None, choices, cards)
        tables.append(table.assign(definition=table["period"].map({p.name: definition(card, p) for p in periods})))
    table = pd.concat(tables, ignore_index=True)
    return table.assign(hidden=False)[[*MEASURES_TABLE.names, *WORKING_COLUMNS]]


def whole_months(days: pd.Series) -> Days:
    """From the first day of the earliest day's month to the last day of the latest day's month.

    >>> [day.date().isoformat() for day in whole_months(pd.to_datetime(pd.Series(["2026-02-03", "2026-01-31"])))]
    ['2026-01-01', '2026-02-28']
    """
    return days.min().to_period("M").start_time, days.max().to_period("M").end_time.normalize()


def definition(card: Card, period: Period) -> str:
    """The clocks that hold in the period, in words; with their days where they differ, so that no mixture equals another."""
    first, last = period.from_on.date(), period.to_on.date()
    held = [each for each in card.clocks or () if each.from_on <= last and (each.to_on is None or each.to_on >= first)]
    words = {say_clock(clock, with_threshold=card.unit == "share") for clock in held}
    if len(words) <= 1:
        return "".join(words)
    return "; ".join(sorted(_say_clock_and_days(clock, period, card) for clock in held))


def _say_clock_and_days(clock: Clock, period: Period, card: Card) -> str:
    """A clock that holds throughout names no day: two clocks side by side measure the same from period to period."""
    words = say_clock(clock, with_threshold=card.unit == "share")
    first, last = period.from_on.date(), period.to_on.date()
    begins = f" from {clock.from_on}" if clock.from_on > first else ""
    ends = f" to {clock.to_on}" if clock.to_on is not None and clock.to_on < last else ""
    return f"{words}{begins}{ends}"


def _place(episodes: pd.DataFrame, sites: pd.DataFrame, periods: list[Period], covers: Days) -> Placed:
    places = [STATEWIDE, *sorted(sites.loc[sites["has_scorecard"].astype(bool), "site_id"])]
    site = pd.Index(places[1:]).get_indexer(episodes["site_id"]) + 1  # 0 where the episode counts statewide only
    day = episodes["counted_on"].to_numpy()
    rows, cells = [], []
    for number, each in enumerate(periods):
        within = np.flatnonzero((day >= each.from_on.to_numpy()) & (day <= each.to_on.to_numpy()))
        own = within[site[within] > 0]
        rows += [within, own]
        cells += [np.full(len(within), number), site[own] * len(periods) + number]
    months = months_of_service(sites, periods, covers=covers).reindex(places)
    frame = pd.DataFrame(
        [(place, each.name, each.from_on, each.to_on) for place in places for each in periods],
        columns=["site_id", "period", "first_on", "last_on"],
    )
    frame["months"] = months.to_numpy().ravel()
    return Placed(np.concatenate(rows), np.concatenate(cells), frame, len(episodes))


def _figures(
    measure: str,
    values: pd.Series,
    placed: Placed,
    child_years: np.ndarray | None,
    choices: Choices,
    cards: Cards,
) -> pd.DataFrame:
    """One measure in every stratum and cell."""
    card = cards.cards[measure]
    n_cells = len(placed.cells)
    is_in, is_known = np.zeros((2, placed.episodes), dtype=bool)
    is_in[values.index] = True
    is_known[values.index[values.notna()]] = True
    belongs, measured = is_in[placed.row], is_known[placed.row]
    value = values.loc[placed.row[measured]]
    cell = placed.cell[measured]
    unmeasured = np.bincount(placed.cell[belongs & ~measured], minlength=n_cells)

    if card.unit == "minutes":
        table = _quantiles(cell, value.to_numpy(dtype=float), n_cells, card, cards)
    elif card.unit in ("share", "mix"):
        words = [True] if card.unit == "share" else list(categories(measure, choices))
        table = _shares(cell, pd.Index(words).get_indexer(value.tolist()), n_cells, words, cards)
    else:
        table = _counts(cell, value.to_numpy(), n_cells, child_years, cards)
    repeats = len(table) // n_cells
    around = pd.concat([placed.cells] * repeats, ignore_index=True)
    table = pd.concat([around, table], axis=1).assign(measure=measure, not_measurable=np.tile(unmeasured, repeats))
    return _withhold(
        table, np.tile(np.bincount(cell, minlength=n_cells), repeats), card, cards.most_unmeasured(measure)
    )


def _shares(cell: np.ndarray, code: np.ndarray, n_cells: int, strata: list, cards: Cards) -> pd.DataFrame:
    denominator = np.bincount(cell, minlength=n_cells)
    coded = code >= 0
    numerator = np.bincount(code[coded] * n_cells + cell[coded], minlength=n_cells * len(strata))
    denominator = np.tile(denominator, len(strata))
    value = np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0)
    names = [ALL if stratum is True else stratum for stratum in strata]
    ends = wilson(numerator, denominator, confidence=cards.confidence)
    return _frame(np.repeat(names, n_cells), numerator, denominator, value, ends)


def _counts(
    cell: np.ndarray, ids: np.ndarray, n_cells: int, child_years: np.ndarray | None, cards: Cards
) -> pd.DataFrame:
    distinct = pd.DataFrame({"cell": cell, "id": ids}).drop_duplicates()
    numerator = np.bincount(distinct["cell"], minlength=n_cells)
    ends = garwood(numerator, confidence=cards.confidence)
    if child_years is None:
        denominator = np.bincount(cell, minlength=n_cells)
        return _frame(ALL, numerator, denominator, numerator.astype(float), ends)
    base = np.where(child_years > 0, child_years, np.nan) / PER_CHILDREN
    return _frame(ALL, numerator, child_years, numerator / base, Interval(ends.low / base, ends.high / base))


def _quantiles(cell: np.ndarray, minutes: np.ndarray, n_cells: int, card: Card, cards: Cards) -> pd.DataFrame:
    """A quantile between two neighbours is interpolated (Hyndman and Fan 1996, type 7: the usual median)."""
    in_order = np.append(minutes[np.lexsort((minutes, cell))], np.nan)
    cases = np.bincount(cell, minlength=n_cells)
    start = np.cumsum(cases) - cases

    def ranked(rank: np.ndarray) -> np.ndarray:
        return in_order[np.where(rank > 0, start + rank - 1, -1)]

    place = np.maximum(cases - 1, 0) * card.quantile + 1
    below, above = (ranked(np.where(cases > 0, side(place), 0).astype(int)) for side in (np.floor, np.ceil))
    value = below + (above - below) * (place - np.floor(place))
    shown, judged = (
        Interval(*map(ranked, order_statistic_ranks(cases, quantile=card.quantile, confidence=confidence)))
        for confidence in (cards.confidence, cards.change_confidence)
    )
    table = _frame(ALL, pd.NA, cases, value, shown)
    return table.assign(low_for_change=judged.low, high_for_change=judged.high)


def _frame(
    stratum: object, numerator: object, denominator: np.ndarray, value: np.ndarray, ends: Interval
) -> pd.DataFrame:
    table = pd.DataFrame({"denominator": denominator.astype(float), "value": value, "low": ends.low, "high": ends.high})
    return table.assign(
        stratum=stratum,
        numerator=pd.array(np.broadcast_to(numerator, len(table)), dtype="Int64"),
        low_for_change=np.nan,
        high_for_change=np.nan,
    )


def _withhold(table: pd.DataFrame, measured: np.ndarray, card: Card, most_unmeasured: float) -> pd.DataFrame:
    unmeasured = table["not_measurable"].to_numpy()
    belong = measured + unmeasured
    denominator = table["denominator"].to_numpy()
    never = (table["months"].to_numpy() == 0) & (belong == 0)
    conditions = {
        "not_covered": never | ((card.unit == "rate") & (denominator == 0)),
        "no_population": np.isnan(denominator),
        # Exactly the share is allowed, whatever its last binary digit.
        "not_recorded": unmeasured - most_unmeasured * belong > 1e-9,
        "no_episodes": (measured == 0) & (card.unit not in ("count", "rate")),
    }
    why = np.select(list(conditions.values()), list(conditions), default="")
    figures = ["value", "low", "high", "low_for_change", "high_for_change"]
    table.loc[why != "", figures] = np.nan
    return table.assign(why_missing=why, not_measurable=pd.array(unmeasured, dtype="Int64"))
