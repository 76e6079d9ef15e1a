"""The numbers of one period: every measure in the windows that the briefs show, small counts hidden, worked out once."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from analysis import params
from analysis.brief.small_counts.disclosure import hide_small
from analysis.brief.small_counts.grains import Grains, Released, choose_grains
from analysis.brief.small_counts.ledger import Release, cut_short, read_ledger, told_before
from analysis.brief.small_counts.mixes import hide_beside_releases
from analysis.intake.source import read_source
from analysis.params import ROOT, Disclosure, ParamsError, Study
from analysis.periods import Period, first_complete_month, quarters, span
from analysis.quality.arrivals import arrival_curves
from analysis.quality.cards import Card, Cards, read_cards, switched_off
from analysis.quality.counts import by_measure_place_period
from analysis.quality.equity import by_measure_group
from analysis.quality.rebases import Rebases, read_rebases
from analysis.tables import RECEIVED, STATEWIDE

YEAR_QUARTERS = 4  # a hidden month gives way to whole quarters, then to a year of them: neither moves with every brief
FEWEST_BASELINE_MONTHS = 3
EVERY_EPISODE = "episodes"  # the measure that counts every episode: what it hides of a place, no other measure shows


@dataclass(frozen=True)
class Windows:
    """The spans of time that the briefs of one period show.

    Attributes
    ----------
    now : Period
        The period of the brief.
    before : Period or None
        The months that it is compared with, which end just before it; none where fewer than three are whole.
    year : Period
        The last four whole quarters, fewer where the records are younger; the months there are where no quarter is whole.
    months, blocks : tuple of Period
        Single months, and the whole quarters of the fiscal year, over the history.
    partial : Period or None
        The month after `now` where the extract ends inside it: shown as incomplete.
    complete : bool
        False where the extract ends inside `now` itself.
    """

    now: Period
    before: Period | None
    year: Period
    months: tuple[Period, ...]
    blocks: tuple[Period, ...]
    partial: Period | None
    complete: bool

    @property
    def grains(self) -> tuple[tuple[Period, ...], ...]:
        """Months, blocks, the year: from the finest to the coarsest that a place may be shown at."""
        return self.months, self.blocks, (self.year,)

    @property
    def extra(self) -> tuple[Period, ...]:
        """The windows that belong to no grain, shown of the state alone, the more important first.

        Half a month of a site is nearly always a small count, and would take its whole months with it.
        """
        inside = {window for grain in self.grains for window in grain}
        some = (self.now, self.before, self.partial)
        return tuple(window for window in some if window is not None and window not in inside)

    @property
    def all(self) -> list[Period]:
        """Every window once, by name."""
        some = [self.now, self.before, self.year, *self.blocks, *self.months, self.partial]
        return list({window.name: window for window in some if window is not None}.values())


@dataclass(frozen=True)
class Numbers:
    """What the briefs of one study and period are made from.

    `shown` has one row per measure, stratum, place and window (the contract's `measures` and the working columns of
    analysis.quality.counts), small counts hidden. `off` names the measures that the study cannot have, with the reason; `looked` keeps
    the charts that were worked out (analysis.brief.signals); `name_peers` says whether sites may be named to each other.
    `given_away` has one sentence a hidden count that earlier releases alone fix: inside only, it says where to look.
    """

    study: Study
    cards: Cards
    windows: Windows
    covers: tuple[pd.Timestamp, pd.Timestamp]
    sites: pd.DataFrame
    shown: pd.DataFrame
    off: tuple[tuple[str, str], ...]
    given_away: tuple[str, ...] = ()
    rebases: Rebases = field(default_factory=Rebases)
    groups: pd.DataFrame = field(default_factory=pd.DataFrame, compare=False, repr=False)
    arrivals: pd.DataFrame = field(default_factory=pd.DataFrame, compare=False, repr=False)
    name_peers: bool = True
    looked: dict = field(default_factory=dict, compare=False, repr=False)

    def row(
        self, measure: str, window: Period | None, *, site: str = STATEWIDE, stratum: str = "all"
    ) -> pd.Series | None:
        """One figure, or None where the study, the place or the window has none."""
        if window is None:
            return None
        at = self._places.get((measure, stratum, site, window.name))
        return None if at is None else self.shown.iloc[at]

    def over_time(self, measure: str, site: str) -> pd.DataFrame:
        """Every window of one measure at one place, by the name of the window; none where the study or the place has none."""
        names = {window.name for window in self.windows.all}
        keys = ((measure, "all", site, name) for name in names)
        found = sorted(self._places[key] for key in keys if key in self._places)
        return self.shown.iloc[found].set_index("period")

    @cached_property
    def _places(self) -> dict[tuple[str, str, str, str], int]:
        """The position of each figure: a page asks for some hundred, and looking through every row for each took most of its time."""
        keys = zip(*(self.shown[name] for name in ("measure", "stratum", "site_id", "period")), strict=True)
        return {key: at for at, key in enumerate(keys)}

    @property
    def pages(self) -> pd.DataFrame:
        """The sites that have a page of their own, by name (site_id, name, opened_on, closed_on)."""
        return self.sites[self.sites["has_scorecard"]].sort_values(["name", "site_id"]).reset_index(drop=True)


def windows(study: Study, now: Period, covers: tuple[pd.Timestamp, pd.Timestamp]) -> Windows:
    """The windows of a period, cut to the months for which the records are whole.

    Raises ParamsError where the extract holds no day of the period.

    >>> covers = pd.Timestamp("2024-08-18"), pd.Timestamp("2025-12-17")
    >>> cut = windows(params.study("lane_county"), params.study("lane_county").period("2025-11"), covers)
    >>> cut.before.name, cut.year.name, cut.partial.name, cut.complete, cut.blocks[-1].name
    ('2025-01_2025-10', '2025-01_2025-09', '2025-12', True, '2025-07_2025-09')
    """
    first_on, last_on = covers
    if now.to_on < first_on or now.from_on > last_on:
        raise ParamsError(
            f"The extract of {study.name} holds {first_on:%Y-%m-%d} to {last_on:%Y-%m-%d}, nothing of {now.words}. "
            "Name a PERIOD inside it."
        )
    start = first_complete_month(first_on)
    if study.complete_from is not None:
        start = max(start, first_complete_month(study.complete_from.day))
    start = min(start, now.last)
    months = pd.period_range(max(start, now.last - study.history_months + 1), now.last, freq="M")
    whole = quarters(start, now.last, fiscal_year_starts=study.fiscal_year_starts)
    year = whole[-YEAR_QUARTERS:] or [span(start, now.last)]
    baseline = now.before(study.baseline_months)
    first_before = max(baseline.first, start)
    whole_before = (baseline.last - first_before).n + 1 if first_before <= baseline.last else 0
    after = now.last + 1
    return Windows(
        now=now,
        before=span(first_before, baseline.last) if whole_before >= FEWEST_BASELINE_MONTHS else None,
        year=span(year[0].first, year[-1].last),
        months=tuple(span(month, month) for month in months),
        blocks=tuple(quarter for quarter in whole if quarter.first >= months[0]),
        partial=span(after, after) if after.start_time <= last_on < after.end_time.normalize() else None,
        complete=now.to_on <= last_on,
    )


def decided_rebases(study: Study, cards: Cards, sites: pd.DataFrame, root: Path) -> Rebases:
    """The dated decisions of the study on limits set anew."""
    return read_rebases(study, measures=list(cards.cards), sites=sites["site_id"].tolist(), root=root)


def count_numbers(study: Study, now: Period, *, root: Path = ROOT) -> Numbers:
    """Work the numbers out from the tables of the study."""
    folder = root / "data" / "processed" / study.name
    tables = {
        name: pd.read_parquet(folder / f"{name}.parquet") for name in RECEIVED if (folder / f"{name}.parquet").exists()
    }
    cards = read_cards(study, root=root)
    covers = covered_days(study, root=root)
    cut = windows(study, now, covers)
    ledger = read_ledger(study, root=root)
    places = {"site_counties": tables.get("site_counties"), "population": tables.get("population"), "tables": tables}
    counted = by_measure_place_period(
        tables["episodes"], tables["sites"], [*cut.all, *months_before(cut, ledger)], study=study, cards=cards, covers=covers,
        **places,
    )  # fmt: skip
    off = switched_off(cards, tables["episodes"], study=study, **places)
    shown, given_away = hidden_beside(counted, cards, cut, study, rule=params.disclosure(root=root), ledger=ledger)
    decided = decided_rebases(study, cards, tables["sites"], root)
    smallest = params.disclosure(root=root).smallest_shown
    groups = by_measure_group(
        tables["episodes"],
        tables["sites"],
        cut.year,
        study=study,
        cards=cards,
        covers=covers,
        smallest_shown=smallest,
        **places,
    )
    curves = arrival_curves(
        tables["episodes"],
        tables["sites"].loc[tables["sites"]["has_scorecard"].astype(bool), "site_id"],
        [cut.year.before(len(cut.year.months)), cut.year],
        next((card.clocks for card in cards.cards.values() if card.clocks), ()),
        fewest=smallest,
    )
    return Numbers(
        study,
        cards,
        cut,
        covers,
        tables["sites"],
        shown,
        tuple(off),
        given_away,
        decided,
        groups=groups,
        arrivals=curves,
    )


def months_before(cut: Windows, ledger: Collection[Release]) -> list[Period]:
    """The months of earlier releases, and of the year beside them, that are no window of this one: counted, never shown."""
    if not ledger:
        return []
    windows = [cut.year, *(window for release in ledger for window in release.windows.values())]
    months = {month for window in windows for month in window.months}
    names = {window.name for window in cut.all}
    return [span(month, month) for month in sorted(months) if str(month) not in names]


def covered_days(study: Study, *, root: Path = ROOT) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The first and last day that the extract covers, as source.yml says."""
    covers = read_source(study.name, root=root).covers
    return pd.Timestamp(covers.from_on), pd.Timestamp(covers.to_on)


def hidden(counted: pd.DataFrame, cards: Cards, cut: Windows, study: Study, *, rule: Disclosure) -> pd.DataFrame:
    """The rows that any page shows where nothing was released before."""
    return hidden_beside(counted, cards, cut, study, rule=rule)[0]


def hidden_beside(
    counted: pd.DataFrame,
    cards: Cards,
    cut: Windows,
    study: Study,
    *,
    rule: Disclosure,
    ledger: Collection[Release] = (),
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows that any page shows, small counts hidden: single figures by the grain of their place, mixes over the year.

    Takes the rows of `by_measure_place_period` for all windows, and for the months of earlier releases. Sites have no row for spans that
    only the statewide brief shows. What is hidden of the number of episodes is hidden of every other measure too, since several
    have the same episodes behind them; a place whose year is hidden has no mix. With it come sentences on hidden counts that the
    releases of the ledger fix by themselves: nothing that is hidden now can help.

    A period that was released is hidden beside what it was hidden beside then; its own release and later ones join only where
    that gives something else. So a brief that is built again is the brief that was released.
    """
    mixes = [name for name, card in cards.cards.items() if card.unit == "mix"]
    is_mix = counted["measure"].isin(mixes)
    by_measure = dict(list(counted[~is_mix].groupby("measure", sort=False)))
    of_all, single, lost = None, [], []
    for measure in sorted(by_measure, key=lambda name: name != EVERY_EPISODE):
        rows, card = by_measure[measure], cards.cards[measure]
        if card.hide == "none":  # of staff, events and hours nothing counts children
            at = rows["period"].isin([window.name for grain in cut.grains for window in grain])
            single.append(
                rows[(rows["site_id"].eq(STATEWIDE) | at) & rows["period"].isin([each.name for each in cut.all])]
            )
            continue
        figures, grains = _figures_beside(rows, card, cut, rule, of_all, ledger)
        of_all = grains if measure == EVERY_EPISODE else of_all
        single.append(figures)
        lost += [(measure, *where) for where in grains.given_away]
    mixed = hide_small(
        counted[is_mix & counted["period"].eq(cut.year.name)],
        hide={name: card.hide for name, card in cards.cards.items()},
        units={name: card.unit for name, card in cards.cards.items()},
        rule=rule,
        fiscal_year_starts=study.fiscal_year_starts,
    )
    nowhere = _hidden_all_year(of_all, cut) if of_all is not None else set()
    mixed = hide_rows(mixed, mixed["hidden"] | mixed["site_id"].isin(nowhere))
    for measure, rows in mixed.groupby("measure", sort=False) if ledger else ():
        months = counted[counted["measure"].eq(measure) & counted["period"].str.fullmatch(r"\d{4}-\d{2}")]
        gone, alone = _mix_beside(rows, months, cut, rule, ledger)
        mixed = hide_rows(mixed, gone.reindex(mixed.index, fill_value=False))
        lost += [(measure, *where) for where in sorted(alone)]
    return pd.concat([*single, mixed], ignore_index=True), tuple(_given_away_words(*each) for each in lost)


def _given_away_words(measure: str, place: str, window: str) -> str:
    return (
        f"{measure}: earlier releases laid side by side give a hidden count of {place} away ({window}). Hiding more now cannot help: "
        "withdraw one of them."
    )


def _beside(ledger: Collection[Release], now: Period) -> tuple[list[Release], list[list[Release]]]:
    """The releases of this period, the last one first, and of each those that it was hidden beside."""
    by_name = {release.name: release for release in ledger}
    own = sorted((release for release in ledger if release.period == now), key=lambda release: -release.number)
    return own, [[by_name[name] for name in release.beside if name in by_name] for release in own]


def _figures_beside(rows, card: Card, cut: Windows, rule: Disclosure, of_all, ledger) -> tuple[pd.DataFrame, Grains]:
    """The single figures of a measure, and their grains."""
    measure = rows["measure"].iloc[0]

    def tried(releases: Collection[Release]) -> tuple[pd.DataFrame, Grains]:
        never = cut_short(releases, rows, measure, rule.smallest_shown)
        grains = _grains(rows, card, cut, rule, of_all, told_before(releases, measure, never))
        return _single_figures(rows[rows["period"].isin(_names(cut))], card, cut, grains, rule), grains

    for own, releases in zip(*_beside(ledger, cut.now), strict=True):
        figures, grains = tried(releases)
        if _cells(figures) == own.cells(measure):
            return figures, grains
    return tried(ledger)


def _mix_beside(rows, months, cut: Windows, rule: Disclosure, ledger) -> tuple[pd.Series, set[tuple[str, str]]]:
    """The rows of a mix that are hidden, and what the ledger alone gives away."""
    for own, releases in zip(*_beside(ledger, cut.now), strict=True):
        gone, alone = hide_beside_releases(rows, months, cut.year, releases, rule.smallest_shown)
        if _cells(rows[~gone]) == own.cells(rows["measure"].iloc[0]):
            return gone, alone
    return hide_beside_releases(rows, months, cut.year, ledger, rule.smallest_shown)


def _names(cut: Windows) -> set[str]:
    return {window.name for window in cut.all}


def _cells(rows: pd.DataFrame) -> frozenset[tuple[str, str, str]]:
    given = rows[~rows["hidden"].astype(bool)]
    return frozenset(zip(given["stratum"], given["site_id"], given["period"], strict=True))


def _hidden_all_year(grains: Grains, cut: Windows) -> set[str]:
    """The places whose year is hidden."""
    sites = set(grains.finest.index[grains.finest.ge(len(cut.grains))])
    return sites | ({STATEWIDE} if cut.year.name in grains.hidden_state else set())


def _grains(
    rows, card: Card, cut: Windows, rule: Disclosure, no_finer_than: Grains | None, released: Released
) -> Grains:
    return choose_grains(
        rows, cut.grains, extra=cut.extra, hide=card.hide, unit=card.unit, smallest=rule.smallest_shown,
        adds_up=card.adds_up, no_finer_than=no_finer_than, released=released,
    )  # fmt: skip


def _single_figures(rows: pd.DataFrame, card: Card, cut: Windows, chosen: Grains, rule: Disclosure) -> pd.DataFrame:
    at = rows["period"].map({window.name: here for here, grain in enumerate(cut.grains) for window in grain})
    statewide = rows["site_id"].eq(STATEWIDE)
    asked = rows[statewide | at.notna()]
    too_fine = asked["site_id"].map(chosen.finest).gt(at[asked.index])
    state = statewide[asked.index] & asked["period"].isin(chosen.hidden_state)
    shown = hide_rows(asked, (too_fine | state).astype(bool))
    # One of them alone could be worked out from the longer spans, so all go.
    if card.hide == "all" and shown["not_measurable"].between(1, rule.smallest_shown - 1).any():
        shown = shown.assign(not_measurable=pd.Series(pd.NA, index=shown.index, dtype="Int64"))
    return shown


def hide_rows(shown: pd.DataFrame, rows: pd.Series) -> pd.DataFrame:
    """The table with those rows hidden: every number of theirs missing."""
    numbers = [
        "numerator",
        "denominator",
        "value",
        "low",
        "high",
        "not_measurable",
        "low_for_change",
        "high_for_change",
    ]
    blanked = {name: shown[name].mask(rows) for name in numbers if name in shown}
    return shown.assign(**blanked, hidden=shown["hidden"] | rows)
