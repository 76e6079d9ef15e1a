"""The numbers of one period: every measure in the windows that the briefs show, small counts hidden, worked out once."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from analysis import params
from analysis.brief.hiding import hidden_beside
from analysis.brief.small_counts.ledger import Release, read_ledger
from analysis.brief.windows import Windows, windows
from analysis.intake.source import read_source
from analysis.params import ROOT, Study
from analysis.periods import Period, span
from analysis.quality import late_records
from analysis.quality.arrivals import arrival_curves
from analysis.quality.cards import Cards, read_cards, switched_off
from analysis.quality.counts import by_measure_place_period
from analysis.quality.equity import by_measure_group
from analysis.quality.pools import hubs
from analysis.quality.rebases import Rebases, read_rebases
from analysis.quality.received import read_received
from analysis.tables import STATEWIDE

# What is shown of a hub with its sites taken together: how many, and what teams do at a visit.
POOLED = ("episodes", "in_person_share", "safety_plan_share")


@dataclass(frozen=True)
class Numbers:
    """What the briefs of one study and period are made from.

    `shown` has one row per measure, stratum, place and window (the contract's `measures` and the working columns of
    analysis.quality.counts), small counts hidden. `off` names the measures that the study cannot have, with the reason; `looked` keeps
    the charts that were worked out (analysis.brief.signals); `name_peers` says whether sites may be named to each other; `young` the share of
    its records that has usually come, of each month that is still filling up (analysis.quality.late_records), by the month's name.
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
    young: dict[str, float] = field(default_factory=dict)
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


def decided_rebases(study: Study, cards: Cards, sites: pd.DataFrame, root: Path) -> Rebases:
    """The dated decisions of the study on limits set anew."""
    return read_rebases(study, measures=list(cards.cards), sites=sites["site_id"].tolist(), root=root)


def count_numbers(study: Study, now: Period, *, root: Path = ROOT) -> Numbers:
    """Work the numbers out from the tables of the study."""
    folder = root / "data" / "processed" / study.name
    tables = read_received(folder)
    cards = read_cards(study, root=root)
    covers = covered_days(study, root=root)
    cut = windows(study, now, covers)
    ledger = read_ledger(study, root=root)
    places = {"site_counties": tables.get("site_counties"), "population": tables.get("population"), "tables": tables}
    pools = hubs(tables["sites"])
    counted = by_measure_place_period(
        tables["episodes"], tables["sites"], [*cut.all, *months_before(cut, ledger)], study=study, cards=cards, covers=covers,
        pools=pools, pooled_measures=POOLED, **places,
    )  # fmt: skip
    off = switched_off(cards, tables["episodes"], study=study, **places)
    shown, given_away = hidden_beside(
        counted, cards, cut, study, rule=params.disclosure(root=root), ledger=ledger, pools=pools
    )
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
        young=late_records.young_months(tables["episodes"], cut.months, covers[1]),
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
