"""What the pages around a meeting are made from: the period's numbers, the promises, and the records for what numbers cannot say."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis import params
from analysis.brief.kept import open_numbers
from analysis.brief.meeting.promises import Collaborative, read_collaborative, site_words
from analysis.brief.numbers import Numbers
from analysis.brief.small_counts.ledger import Release, read_ledger
from analysis.params import ROOT
from analysis.quality.utilization.expected import cannot_classify, site_months
from analysis.quality.utilization.parameters import read_low_use
from analysis.tables import STATEWIDE


@dataclass(frozen=True)
class Meeting:
    """One meeting: the period that it looks at, what was promised before it, one row per episode, the ratings if there are any, and
    every release of the study; and the crises that are to be expected of each site in a month, where its children are known."""

    numbers: Numbers
    rules: Collaborative
    episodes: pd.DataFrame
    scales: pd.DataFrame | None = None
    ledger: tuple[Release, ...] = ()
    a_month: pd.Series | None = None

    @property
    def as_of(self) -> pd.Timestamp:
        """The last day that the records cover."""
        return self.numbers.covers[1]

    def called(self, site: str, *, reader: str = STATEWIDE) -> str:
        """A site as the reader may read it."""
        return site_words(self.rules, dict(self.numbers.sites[["site_id", "name"]].to_numpy()), site, reader=reader)


def open_meeting(study: str, period: str) -> Meeting:
    """The meeting that looks at the period; a sentence (ParamsError) where collaborative.yml does not fit the study."""
    chosen = params.study(study)
    numbers = open_numbers(chosen, chosen.period(period))
    rules = read_collaborative(study, numbers.sites["site_id"].tolist())
    episodes, scales = open_table(study, "episodes"), open_table(study, "scales")
    return Meeting(numbers, rules, episodes, scales, read_ledger(chosen), expected_a_month(numbers, episodes))


def expected_a_month(numbers: Numbers, episodes: pd.DataFrame) -> pd.Series | None:
    """Crises that are to be expected of each site in a month, by site_id: the mean of the year's months in which it was open.

    As the support plans expect them, of all other sites in the same months. None where the study cannot say.
    """
    study = numbers.study
    sites, counties, population = (open_table(study.name, name) for name in ("sites", "site_counties", "population"))
    if sites is None or cannot_classify(study, counties, population):
        return None
    use = site_months(
        episodes, sites, counties, population, numbers.windows.year.months, study=study, covers=numbers.covers, rule=read_low_use()
    )  # fmt: skip
    there = use.table[use.table["expected"].gt(0)]
    return there.groupby("site_id")["expected"].mean()


def open_table(study: str, name: str, *, root: Path = ROOT) -> pd.DataFrame | None:
    """A table of the study as intake wrote it; None where the study has none."""
    path = root / "data" / "processed" / study / f"{name}.parquet"
    return pd.read_parquet(path) if path.exists() else None
