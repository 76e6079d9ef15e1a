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
from analysis.tables import STATEWIDE


@dataclass(frozen=True)
class Meeting:
    """One meeting: the period that it looks at, what was promised before it, one row per episode, the ratings if there are any, and
    every release of the study."""

    numbers: Numbers
    rules: Collaborative
    episodes: pd.DataFrame
    scales: pd.DataFrame | None = None
    ledger: tuple[Release, ...] = ()

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
    return Meeting(numbers, rules, open_table(study, "episodes"), open_table(study, "scales"), read_ledger(chosen))


def open_table(study: str, name: str, *, root: Path = ROOT) -> pd.DataFrame | None:
    """A table of the study as intake wrote it; None where the study has none."""
    path = root / "data" / "processed" / study / f"{name}.parquet"
    return pd.read_parquet(path) if path.exists() else None
