"""What the three ROI briefs have in common: the episodes of the accrual span, the grade, the table of effects."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from analysis import params
from analysis.brief import panels
from analysis.brief.markup import Html
from analysis.brief.numbers import covered_days
from analysis.brief.small_counts.shareable import write_table
from analysis.effect.index_crisis import Diversion, read_diversion
from analysis.params import ROOT, ParamsError, Study, disclosure
from analysis.periods import Period
from analysis.quality.cards import Cards, read_cards
from analysis.tables import CLAIMS, DETENTIONS, EFFECTS_TABLE, ENROLLMENT, PLACEMENTS, STATEWIDE, Table

ASKED = (CLAIMS, ENROLLMENT, PLACEMENTS, DETENTIONS)  # in the order in which they would narrow the answer
CANNOT_TELL, SUGGESTIVE = "can't tell yet", "suggestive"


@dataclass(frozen=True)
class Accrual:
    """The episodes that an ROI brief counts: those of the span, and `all_episodes` for what came after them."""

    study: Study
    cards: Cards
    rules: Diversion
    period: Period
    covers: tuple[pd.Timestamp, pd.Timestamp]
    episodes: pd.DataFrame
    all_episodes: pd.DataFrame
    sites: pd.DataFrame


def open_accrual(study: str, period: str) -> Accrual:
    """The episodes of the span; a sentence (ParamsError) where the extract holds none of them."""
    chosen = params.study(study)
    span, covers = chosen.period(period), covered_days(chosen)
    folder = ROOT / "data" / "processed" / study
    episodes = pd.read_parquet(folder / "episodes.parquet")
    inside = episodes[episodes["counted_on"].between(span.from_on, span.to_on)]
    if inside.empty:
        raise ParamsError(
            f"The extract of {study} holds {covers[0]:%Y-%m-%d} to {covers[1]:%Y-%m-%d}, no episode of {span.words}. "
            "Name a PERIOD inside it."
        )
    sites = pd.read_parquet(folder / "sites.parquet")
    return Accrual(
        chosen, read_cards(chosen), read_diversion(), span, covers, inside.reset_index(drop=True), episodes, sites
    )


def on_hand(study: str, *, root: Path = ROOT) -> tuple[str, ...]:
    """The tables of other agencies that are among the study's records: of those that the data request asks for, in its order."""
    folder = root / "data" / "processed" / study
    files = {table.name: folder / f"{table.name}.parquet" for table in ASKED}
    return tuple(name for name, file in files.items() if file.exists() and pq.ParquetFile(file).metadata.num_rows)


def here_for(words: str) -> str:
    """That records are on hand, what for, and that this page leaves them alone.

    >>> here_for("Medicaid claims")
    'Medicaid claims are on hand, for the linked study (“Who is in the study, and who is not”). This page does not use them yet.'
    """
    return f"{words} are on hand, for the linked study (“Who is in the study, and who is not”). This page does not use them yet."


def grade(low: float, high: float) -> str:
    """The grade of bounds from episodes alone: never more than suggestive.

    >>> grade(-10, 40), grade(3, 40), grade(-40, -3)
    ("can't tell yet", 'suggestive', 'suggestive')
    """
    return CANNOT_TELL if low <= 0 <= high else SUGGESTIVE


def title(accrual: Accrual, what: str) -> Html:
    """The page's heading."""
    under = f"{accrual.study.title}. {accrual.study.service}. From episode records alone, {accrual.period.words}."
    return panels.title(accrual.study, what, under)


def stage(accrual: Accrual, rows: pd.DataFrame, table: Table, *, notebook: str) -> None:
    """Write a shareable table among the notebook's staged ones; the run moves it to tables/ if it ends well."""
    folder = ROOT / "outputs" / accrual.study.name / "runs" / accrual.period.name / STATEWIDE / f"{notebook}.tables"
    write_table(rows[table.names], folder / f"{table.name}.csv", table=table, rule=disclosure())


def effects(rows: list[dict]) -> pd.DataFrame:
    """Estimates in the contract's form; columns that do not apply are missing."""
    return pd.DataFrame(rows).reindex(columns=EFFECTS_TABLE.names)
