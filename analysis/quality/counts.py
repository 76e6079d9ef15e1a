"""The table of measures: a figure with its denominator, interval and number not measurable, by place and period."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from analysis.params import Clock, Study
from analysis.periods import Period
from analysis.quality import units
from analysis.quality.cards import Card, Cards, choices_for, switched_off
from analysis.quality.exposure import Days, child_years, months_of_service
from analysis.quality.measures import MEASURES, Choices, categories
from analysis.quality.pools import Pool, open_spells
from analysis.quality.rows import KINDS, LOGS, of_episodes
from analysis.quality.units import PER_CHILDREN as PER_CHILDREN  # the charts read it here
from analysis.quality.waits import say_clock
from analysis.tables import MEASURES_TABLE, STATEWIDE

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
    "no_episodes": "nothing to measure",
    "too_early": "too early: the days that the figure waits for have not passed",
    "none_sent": "the place has sent no record of the kind",
    "not_recorded": "too many episodes lack what the figure needs",
    "not_covered": "not open, or not in the extract",
    "no_population": "the number of children in the place's care is not known",
}


# Units of which an empty cell is a zero and not a gap.
COUNTED = ("count", "rate", "number")


@dataclass(frozen=True)
class Placed:
    """Every row of one kind in every place and period that counts it. A cell is one place and period, place first.

    Attributes
    ----------
    rows : pandas.DataFrame
        The rows themselves.
    row, cell : numpy.ndarray
        Position of a row, and a cell that counts it; statewide and overlapping periods repeat a row.
    cells : pandas.DataFrame
        One row per cell, in order (site_id, period, first_on, last_on, months).
    silent : numpy.ndarray
        True for the cells of a site that has no row of this kind at all.
    """

    rows: pd.DataFrame
    row: np.ndarray
    cell: np.ndarray
    cells: pd.DataFrame
    silent: np.ndarray


@dataclass
class Observed:
    """The tables of an extract with its places and periods; what several measures share is worked out once."""

    tables: Mapping[str, pd.DataFrame]
    sites: pd.DataFrame
    periods: list[Period]
    covers: Days
    study: Study
    cells: pd.DataFrame
    pools: Sequence[Pool] = ()  # those among the places of the cells
    _kept: dict = field(default_factory=dict)

    def placed(self, kind: str, as_of: str | None) -> Placed:
        """The rows of a kind in the cells that count them; `as_of` "end": in those that end with their month alone."""
        if ("rows", kind) not in self._kept:
            self._kept["rows", kind] = KINDS[kind].rows(self.tables, self.covers, self.study.stay_limits)
        if (kind, as_of) not in self._kept:
            self._kept[kind, as_of] = _place(
                self._kept["rows", kind], self.periods, self.cells, self.pools, as_of=as_of
            )
        return self._kept[kind, as_of]

    def beside(self, names: tuple[str, ...]) -> dict[str, pd.DataFrame]:
        """The tables of these names; those that speak of episodes with the site and the day of each one's episode."""
        for name in names:
            if ("beside", name) not in self._kept:
                self._kept["beside", name] = of_episodes(self.tables, name) if name in LOGS else self.tables[name]
        return {name: self._kept["beside", name] for name in names}

    def choices(self, card: Card, cards: Cards) -> Choices:
        """What the function of this card is given beside its rows."""
        return choices_for(
            card, self.study, scales=cards.scales, beside=self.beside(card.beside), last_on=self.covers[1]
        )

    def child_years(self, per: str) -> np.ndarray:
        """One number a cell: the children that a rate is per, times the years that they were in the place's care."""
        if ("years", per) not in self._kept:
            population = self.tables["population"]
            population = population.assign(children=population[per])
            years = child_years(
                self.sites,
                self.tables["site_counties"],
                population,
                self.periods,
                ages=self.study.ages,
                covers=self.covers,
            )
            for pool in self.pools:
                years.loc[pool.pool_id] = years.reindex(pool.sites).sum(skipna=False)
            self._kept["years", per] = years.reindex(self.cells["site_id"].unique()).to_numpy().ravel()
        return self._kept["years", per]

    def of_pools(self, pools: Sequence[Pool]) -> "Observed":
        """The same tables with the pools as the only places."""
        rows = {key: kept for key, kept in self._kept.items() if key[0] in ("rows", "beside")}
        return replace(self, cells=pool_cells(pools, self.sites, self.periods, self.covers), pools=pools, _kept=rows)


def by_measure_place_period(
    episodes: pd.DataFrame,
    sites: pd.DataFrame,
    periods: list[Period],
    *,
    study: Study,
    cards: Cards,
    site_counties: pd.DataFrame | None = None,
    population: pd.DataFrame | None = None,
    tables: Mapping[str, pd.DataFrame | None] | None = None,
    covers: Days | None = None,
    pools: Sequence[Pool] = (),
    pooled_measures: Collection[str] = (),
) -> pd.DataFrame:
    """Every measure that the study can have, in every place and period, nothing hidden yet.

    Takes the tables of the contract (those of contacts, calls, staff and the like by name in `tables`), the periods in the
    order wanted (they may overlap), and the first and last day that the extract `covers`; without it, the whole months from the
    first to the last episode. Gives one row per measure, stratum, site_id (statewide first, then the sites with a scorecard) and
    period: the columns of `tables.MEASURES_TABLE` and `WORKING_COLUMNS`. Statewide counts every row, a site its own.

    A share is numerator / denominator with a Wilson interval, as is each category of a mix; a count has the exact Poisson
    interval; a rate is per 1,000 children and year, its denominator child-years; minutes have no numerator, and their
    interval is made of two waits; a score is a mean with its t interval. `denominator` of a count is the episodes behind it. Of
    episodes per child the numerator is the children, the denominator their episodes, and the value the second over the first. A
    number is a sum over `denominator` rows; a portion is numerator / denominator of what there is, without an interval, because
    nothing of it is a sample (its numerator is missing where it is no whole number).

    Value, low and high are missing, and `why_missing` says why, where there is nothing to measure, and where more than
    `most_not_measurable` of the rows that belong could not be measured: a service that stops writing down a "yes" and
    leaves blanks has no share, not a low one. A count of 0 is a value where the place was open, and missing where it was not; of
    calls, outreach and the like also where the place has never sent a row.

    Of the `pooled_measures` there are also rows of the `pools` (site_id is the pool's id, months those in which any of its sites was
    open), after all others; no site may be in two pools.

    Raises ValueError where a period stands twice.
    """
    names = [each.name for each in periods]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"Periods asked for twice: {', '.join(twice)}. Give each once.")
    places = {"site_counties": site_counties, "population": population}
    off = dict(switched_off(cards, episodes, study=study, tables=tables, **places))
    on = {measure: card for measure, card in cards.cards.items() if measure not in off}
    if not on or not periods:
        return pd.DataFrame(columns=[*MEASURES_TABLE.names, *WORKING_COLUMNS])
    given = {**(tables or {}), **places, "episodes": episodes}
    covers = covers or whole_months(episodes["counted_on"])
    observed = Observed(
        {name: table for name, table in given.items() if table is not None}, sites, periods, covers, study,
        place_cells(sites, periods, covers),
    )  # fmt: skip
    counted = [_figures(measure, observed, cards) for measure in on]
    if pools:
        together = observed.of_pools(pools)
        counted += [_figures(measure, together, cards) for measure in on if measure in pooled_measures]
    table = pd.concat(counted, ignore_index=True)
    return table.assign(hidden=False)[[*MEASURES_TABLE.names, *WORKING_COLUMNS]]


def whole_months(days: pd.Series) -> Days:
    """From the first day of the earliest day's month to the last day of the latest day's month.

    >>> [day.date().isoformat() for day in whole_months(pd.to_datetime(pd.Series(["2026-02-03", "2026-01-31"])))]
    ['2026-01-01', '2026-02-28']
    """
    return days.min().to_period("M").start_time, days.max().to_period("M").end_time.normalize()


def _definitions(card: Card, table: pd.DataFrame, periods: list[Period]) -> pd.Series | str:
    return table["period"].map({each.name: definition(card, each) for each in periods}) if card.clocks else ""


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


def place_cells(sites: pd.DataFrame, periods: list[Period], covers: Days) -> pd.DataFrame:
    """One row per place and period, place first, statewide before the sites with a scorecard."""
    places = [STATEWIDE, *sorted(sites.loc[sites["has_scorecard"].astype(bool), "site_id"])]
    return _cells(months_of_service(sites, periods, covers=covers).reindex(places), periods)


def pool_cells(pools: Sequence[Pool], sites: pd.DataFrame, periods: list[Period], covers: Days) -> pd.DataFrame:
    """One row per pool and period, pool first."""
    months = months_of_service(open_spells(pools, sites), periods, covers=covers).groupby(level=0).sum()
    return _cells(months.reindex([pool.pool_id for pool in pools]), periods)


def _cells(months: pd.DataFrame, periods: list[Period]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(place, each.name, each.from_on, each.to_on) for place in months.index for each in periods],
        columns=["site_id", "period", "first_on", "last_on"],
    )
    frame["months"] = months.to_numpy().ravel()
    return frame


def _place(
    rows: pd.DataFrame, periods: list[Period], cells: pd.DataFrame, pools: Sequence[Pool], *, as_of: str | None
) -> Placed:
    places = list(cells["site_id"].unique())
    kinds = _positions(rows["site_id"], places, pools)
    day = rows["counted_on"].to_numpy(dtype="datetime64[ns]")
    row, cell = [np.zeros(0, int)], [np.zeros(0, int)]
    for number, each in enumerate(periods):
        first = each.last.start_time.normalize() if as_of == "end" else each.from_on
        within = np.flatnonzero((day >= first.to_numpy()) & (day <= each.to_on.to_numpy()))
        for place in kinds:
            own = within[place[within] >= 0]
            row.append(own)
            cell.append(place[own] * len(periods) + number)
    silent = ~np.isin(np.arange(len(places)), np.concatenate(kinds)) & (np.array(places) != STATEWIDE)
    return Placed(rows, np.concatenate(row), np.concatenate(cell), cells, np.repeat(silent, len(periods)))


def _positions(site: pd.Series, places: list[str], pools: Sequence[Pool]) -> list[np.ndarray]:
    """Of each row the position of the state, of its site and of its pool among the places; -1 where it is not there."""
    every = [np.full(len(site), places.index(STATEWIDE))] if STATEWIDE in places else []
    sites = {name: at for at, name in enumerate(places) if name != STATEWIDE}
    together = {name: sites[pool.pool_id] for pool in pools for name in pool.sites}
    return [*every, *(site.map(of).fillna(-1).to_numpy(int) for of in (sites, together) if of)]


def _figures(measure: str, observed: Observed, cards: Cards) -> pd.DataFrame:
    """One measure in every stratum and cell."""
    card = cards.cards[measure]
    placed = observed.placed(card.of, card.as_of)
    choices = observed.choices(card, cards)
    values = MEASURES[measure](placed.rows, choices)
    n_cells = len(placed.cells)
    is_in, is_known = np.zeros((2, len(placed.rows)), dtype=bool)
    is_in[values.index] = True
    known = values.notna().all(axis=1) if isinstance(values, pd.DataFrame) else values.notna()
    is_known[values.index[known]] = True
    belongs, measured = is_in[placed.row], is_known[placed.row]
    value = values.loc[placed.row[measured]]
    cell = placed.cell[measured]
    unmeasured = np.bincount(placed.cell[belongs & ~measured], minlength=n_cells)

    if card.unit in ("share", "mix"):
        words = [True] if card.unit == "share" else list(categories(measure, choices))
        table = units.shares(cell, pd.Index(words).get_indexer(value.tolist()), n_cells, words, cards)
    elif card.unit in ("count", "rate", "per_child"):
        years = observed.child_years(card.per) if card.unit == "rate" else None
        table = units.counts(cell, value.to_numpy(), n_cells, years, card, cards)
    elif card.unit == "portion":
        table = units.portions(cell, value, n_cells)
    else:
        table = {"minutes": units.quantiles, "score": units.means, "mean": units.means, "number": units.sums}[
            card.unit
        ](cell, value.to_numpy(dtype=float), n_cells, card, cards)
    repeats = len(table) // n_cells
    around = pd.concat([placed.cells] * repeats, ignore_index=True)
    table = pd.concat([around, table], axis=1).assign(measure=measure, not_measurable=np.tile(unmeasured, repeats))
    cases = np.tile(np.bincount(cell, minlength=n_cells), repeats)
    table = _withhold(
        table, cases, np.tile(placed.silent, repeats), card, cards.most_unmeasured(measure), observed.covers[1]
    )
    return table.assign(definition=_definitions(card, table, observed.periods))


def _withhold(
    table: pd.DataFrame,
    measured: np.ndarray,
    silent: np.ndarray,
    card: Card,
    most_unmeasured: float,
    last_on: pd.Timestamp,
) -> pd.DataFrame:
    unmeasured = table["not_measurable"].to_numpy()
    belong = measured + unmeasured
    denominator = table["denominator"].to_numpy()
    never = (table["months"].to_numpy() == 0) & (belong == 0)
    waits_until = table["first_on"] + pd.Timedelta(days=card.days or 0)
    conditions = {
        "not_covered": never | ((card.unit == "rate") & (denominator == 0)),
        "none_sent": silent & (KINDS[card.of].table != "episodes"),
        "no_population": np.isnan(denominator),
        # Exactly the share is allowed, whatever its last binary digit.
        "not_recorded": unmeasured - most_unmeasured * belong > 1e-9,
        "too_early": (measured == 0) & (card.days is not None) & waits_until.gt(last_on).to_numpy(),
        "no_episodes": (measured == 0) & (card.unit not in COUNTED),
    }
    why = np.select(list(conditions.values()), list(conditions), default="")
    figures = ["value", "low", "high", "low_for_change", "high_for_change"]
    table.loc[why != "", figures] = np.nan
    return table.assign(why_missing=why, not_measurable=pd.array(unmeasured, dtype="Int64"))
