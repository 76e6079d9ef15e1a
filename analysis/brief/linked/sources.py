"""What the brief on the linked study reads: the derived tables, the service's own children, and why there is none where there is none."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis import params
from analysis.brief.linked.border import read_border_counties
from analysis.cohort.build import NEEDED
from analysis.intake.source import read_source
from analysis.params import ROOT, ParamsError, Study
from analysis.tables import ARMS

WOULD_ADD = (
    "These records hold no {lacking}, so nobody can say what became of children after the team left. With them, later emergency department visits, "
    "nights away from home and dollars could be set beside those of children whom an emergency department met first."
)
NO_WINDOWS = (
    "The records hold claims, but nobody has said yet which days the study covers (cohort: in the study’s settings)."
)
TABLE_WORDS = {
    "episodes": "responses",
    "claims": "Medicaid claims", "enrollment": "Medicaid enrollment", "children": "dates of birth", "site_counties": "counties of the sites",
}  # fmt: skip
ARM_WORDS = {"mobile_first": "A team first", "ed_first": "An emergency department first"}
VISIT_COLUMNS = ["child_id", "from_on", "tier_a", "tier_b", "tier_c", "tier_d", "becomes_stay", "midnights_boarded"]
EPISODE_COLUMNS = ["episode_id", "child_id", "site_id", "counted_on", "dispatched_at", "response_mode", "insurance"]


@dataclass(frozen=True)
class Tables:
    """The tables of a linked study.

    Attributes
    ----------
    children : pandas.DataFrame
        One row per child in the study: COHORT with followed_days and ended_by. No column of what became of the child is read.
    attrition, visits, sites, site_counties : pandas.DataFrame
        ATTRITION; one row per ED visit of any child; SITES; SITE_COUNTIES.
    episodes : pandas.DataFrame
        The service's own records, with `found`: the child is in Medicaid's claims or enrollment.
    counties, border
        County names by FIPS code, and the codes of the border counties that the study names.
    served_from, served_to, claims_to : pandas.Timestamp
        The days that the service's records cover, and the last day of the claims.
    """

    children: pd.DataFrame
    attrition: pd.DataFrame
    visits: pd.DataFrame
    sites: pd.DataFrame
    site_counties: pd.DataFrame
    episodes: pd.DataFrame
    counties: dict[str, str]
    border: tuple[str, ...]
    served_from: pd.Timestamp
    served_to: pd.Timestamp
    claims_to: pd.Timestamp


@dataclass(frozen=True)
class Linked:
    """A study and its linked tables; where there are none, `absent` says in a sentence why, and what they would add."""

    study: Study
    tables: Tables | None
    absent: str = ""

    @property
    def sizes(self) -> dict[str, int]:
        """Children in the study by arm."""
        return {arm: int(self.tables.children["arm"].eq(arm).sum()) for arm in ARMS}


def open_linked(study: str, *, root: Path = ROOT) -> Linked:
    """The study with its linked tables. Its days are those of study.yml, whatever the period of the page."""
    chosen = params.study(study, root=root)
    folder = root / "data" / "processed" / study
    lacking = [name for name in NEEDED if not (folder / f"{name}.parquet").exists()]
    if lacking:
        words = [TABLE_WORDS[name] for name in lacking]
        return Linked(
            chosen,
            None,
            WOULD_ADD.format(lacking=" or ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)),
        )
    if chosen.cohort is None:
        return Linked(chosen, None, NO_WINDOWS)
    if not (folder / "cohort.parquet").exists():
        raise ParamsError(f"The tables of the linked study are not made yet. Run make data STUDY={study}.")
    return Linked(chosen, _tables(study, folder, root))


def _tables(study: str, folder: Path, root: Path) -> Tables:
    follow_up = pd.read_parquet(folder / "follow_up.parquet", columns=["child_id", "followed_days", "ended_by"])
    children = pd.read_parquet(folder / "cohort.parquet").merge(follow_up, on="child_id", validate="one_to_one")
    visits = pd.read_parquet(folder / "ed_visits.parquet", columns=VISIT_COLUMNS)
    episodes = pd.read_parquet(folder / "episodes.parquet", columns=EPISODE_COLUMNS)
    source = read_source(study, root=root)
    covers = source.covers
    claims_to = source.tables["claims"].covers or covers
    return Tables(
        children=children,
        attrition=pd.read_parquet(folder / "attrition.parquet").sort_values("step", ignore_index=True),
        visits=visits,
        sites=pd.read_parquet(folder / "sites.parquet"),
        site_counties=pd.read_parquet(folder / "site_counties.parquet"),
        episodes=episodes.assign(found=episodes["child_id"].isin(_known_to_medicaid(folder))),
        counties=_county_names(folder),
        border=read_border_counties(study, root=root),
        served_from=pd.Timestamp(covers.from_on),
        served_to=pd.Timestamp(covers.to_on),
        claims_to=pd.Timestamp(claims_to.to_on),
    )


def _known_to_medicaid(folder: Path) -> set[int]:
    """The children with a claim or a month of enrollment."""
    found: set[int] = set()
    for name in ("claims", "enrollment"):
        column = pq.read_table(folder / f"{name}.parquet", columns=["child_id"])["child_id"]
        found |= set(pc.unique(column).to_pylist())
    return found


def _county_names(folder: Path) -> dict[str, str]:
    if not (folder / "population.parquet").exists():
        return {}
    named = pd.read_parquet(folder / "population.parquet", columns=["county_fips", "county_name"]).dropna()
    return dict(zip(named["county_fips"], named["county_name"], strict=True))
