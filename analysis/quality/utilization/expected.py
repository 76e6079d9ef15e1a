"""Episodes expected of each site and month: its children by age, times what all other sites have for children of that age.

Adjusted for what a site cannot change, its children's ages and the days on which it was open; not for what a plan should
change. A site is never its own reference. The reference is relative: where a whole state is low no site is, so what a program
means to reach (`utilization_target` of study.yml) stands beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.params import Ages, ParamsError, Study, did_you_mean
from analysis.periods import span
from analysis.quality.exposure import Days, child_years
from analysis.quality.utilization.parameters import LowUse
from analysis.tables import AGE_BANDS

MONTHS_A_YEAR = 12
QUIET_FROM = 3.0  # crises expected: a time without a single record is then no chance (exp(-3) is 1 in 20)


@dataclass(frozen=True)
class SiteMonths:
    """What was seen and expected.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per site with a scorecard and month, in this order: site_id, month (a pandas.Period), child_months, observed,
        expected, expected_at_target, expected_low, expected_high. Expected is missing where a site's children are not known; at
        target where no target holds; low and high where the number of children is not called uncertain.
    missing : dict
        For each site whose children are not known, why.
    unknown_age : int
        Episodes counted without an age.
    unknown_site : int
        Episodes left out, of a place that is no site with known children.
    not_open : int
        Episodes left out, of a month in which the site was not open or covered no county.
    outside_ages : int
        Episodes left out, of an age that the service is not for.
    """

    table: pd.DataFrame
    missing: dict[str, str]
    unknown_age: int = 0
    unknown_site: int = 0
    not_open: int = 0
    outside_ages: int = 0

    @property
    def sites(self) -> list[str]:
        """The sites, in order."""
        return self.table["site_id"].drop_duplicates().tolist()

    @property
    def months(self) -> list[pd.Period]:
        """The months, in order."""
        return self.table["month"].drop_duplicates().tolist()

    def by_site(self, column: str) -> np.ndarray:
        """A column with one row per site and one column per month."""
        return self.table[column].to_numpy(dtype=float).reshape(len(self.sites), -1)


def cannot_classify(study: Study, site_counties: pd.DataFrame | None, population: pd.DataFrame | None) -> str | None:
    """Why no site of the study can be said to reach few children; None where its tables are there.

    >>> from analysis import params
    >>> print(cannot_classify(params.study("lane_county"), None, None))
    Whether a place reaches few people cannot be said here: the records say where each response took place, but no table says how many people are in the care of each place (site_counties and population). Ask for both.
    """
    lacking = [
        name for name, table in (("site_counties", site_counties), ("population", population)) if table is None or table.empty
    ]  # fmt: skip
    place = study.place
    if lacking:
        named = f"{' and '.join(lacking)}). Ask for {'both' if len(lacking) > 1 else 'it'}."
        return (
            f"Whether a {place} reaches few {study.people} cannot be said here: the records say where each response took "
            f"place, but no table says how many {study.people} are in the care of each {place} ({named}"
        )
    if study.ages is None:
        return (
            f"Whether a {place} reaches few {study.people} cannot be said here: params/{study.name}/study.yml names no ages that the "
            "service is for. Add ages."
        )
    return None


def site_months(
    episodes: pd.DataFrame,
    sites: pd.DataFrame,
    site_counties: pd.DataFrame | None,
    population: pd.DataFrame | None,
    months: Sequence[pd.Period],
    *,
    study: Study,
    covers: Days,
    rule: LowUse,
) -> SiteMonths:
    """Episodes, children and what was expected, by site and month.

    Takes the tables of the contract and whole months in order. An episode counts in the month and at the site that the card of
    crisis episodes counts it in. Children are those of the service's ages in the site's counties, its share of each, on the days on
    which site, county span and extract all hold; a child-month is a twelfth of a child-year of 365.25 days.

    Expected of a site in a month is, over the age bands, its child-months times the episodes per child-month of all other
    sites in the same month. Episodes without an age are in both counts: the reference is raised by the part of the others'
    episodes that has no age. Missing where no other site was open.

    Raises ParamsError where `uncertain_exposure` names no site.
    """
    _known_sites(study, sites)
    shown = sorted(sites.loc[sites["has_scorecard"].fillna(False).astype(bool), "site_id"])
    why = cannot_classify(study, site_counties, population)
    if why:
        return SiteMonths(_empty(shown, months), dict.fromkeys(shown, why))
    children = _child_months(sites, site_counties, population, months, ages=study.ages, covers=covers)
    places = children[0].index.tolist()
    exposure = np.stack([each.to_numpy(dtype=float) for each in children], axis=-1)  # site, month, band
    known = ~np.isnan(exposure).any(axis=(1, 2))
    exposure = np.where(known[:, None, None], exposure, 0.0)
    counts, told = _counts(episodes, places, months, study.ages, exposure.sum(axis=-1) > 0, known)
    expected = _from_the_others(counts, exposure)
    expected[~known] = np.nan
    table = _table(places, months, exposure, counts, expected, known)
    table = _beside(table, study, rule)
    table = table[table["site_id"].isin(shown)].reset_index(drop=True)
    missing = {site: _why_unknown(site, site_counties, study) for site in shown if not known[places.index(site)]}
    return SiteMonths(table, missing, **told)


def _known_sites(study: Study, sites: pd.DataFrame) -> None:
    names = sites["site_id"].tolist()
    for each in study.uncertain_exposure:
        if each not in names:
            raise ParamsError(
                f'params/{study.name}/study.yml: uncertain_exposure: "{each}" is not a site{did_you_mean(each, names)}. '
                "Write a site_id of the sites table."
            )


def _empty(sites: list[str], months: Sequence[pd.Period]) -> pd.DataFrame:
    table = pd.DataFrame({"site_id": np.repeat(sites, len(months)), "month": list(months) * len(sites)})
    figures = ("child_months", "observed", "expected", "expected_at_target", "expected_low", "expected_high")
    return table.assign(**dict.fromkeys(figures, np.nan))


def _child_months(
    sites: pd.DataFrame, site_counties: pd.DataFrame, population: pd.DataFrame, months: Sequence[pd.Period],
    *, ages: Ages, covers: Days,
) -> list[pd.DataFrame]:  # fmt: skip
    """For each age band one frame of child-months, one row per site and one column per month; a band outside the ages is 0."""
    periods = [span(month, month) for month in months]
    found = []
    for first, last in AGE_BANDS.values():
        youngest, oldest = max(first, ages.youngest), min(last, ages.oldest)
        within = Ages(youngest=min(youngest, oldest), oldest=oldest)
        years = child_years(sites, site_counties, population, periods, ages=within, covers=covers)
        years = years.reindex(sorted({*sites["site_id"]}))
        found.append(years * (MONTHS_A_YEAR if youngest <= oldest else 0))
    return found


def _counts(
    episodes: pd.DataFrame, places: list[str], months: Sequence[pd.Period], ages: Ages, is_open: np.ndarray, known: np.ndarray
) -> tuple[np.ndarray, dict[str, int]]:  # fmt: skip
    """Episodes by site, month and age band, the last band those without an age; and how many were not counted, by why."""
    month = (episodes["counted_on"].dt.year * MONTHS_A_YEAR + episodes["counted_on"].dt.month).to_numpy()
    at_month = pd.Index([each.year * MONTHS_A_YEAR + each.month for each in months]).get_indexer(month)
    within = at_month >= 0
    age = episodes["age_years"].to_numpy(dtype=float, na_value=np.nan)
    outside = (age < ages.youngest) | (age >= ages.oldest + 1)
    at_site = pd.Index(places).get_indexer(episodes["site_id"].to_numpy(dtype=object))
    has_children = (at_site >= 0) & known[at_site]
    belongs = within & ~outside & has_children
    there = belongs & is_open[at_site, at_month]
    first_ages = [first for first, _ in AGE_BANDS.values()]
    band = np.where(np.isnan(age), len(AGE_BANDS), np.searchsorted(first_ages, age, side="right") - 1)
    counts = np.zeros((len(places), len(months), len(AGE_BANDS) + 1))
    np.add.at(counts, (at_site[there], at_month[there], band[there]), 1)
    return counts, {
        "unknown_age": int((there & np.isnan(age)).sum()),
        "unknown_site": int((within & ~outside & ~has_children).sum()),
        "not_open": int((belongs & ~there).sum()),
        "outside_ages": int((within & outside).sum()),
    }


def _from_the_others(counts: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    """What is expected of each site (a row) in each month, from all other sites' rates of the month by age."""
    others = counts.sum(axis=0) - counts
    children = exposure.sum(axis=0) - exposure
    with_age = others[..., :-1]
    episodes, placed = others.sum(axis=-1), with_age.sum(axis=-1)
    nobody = (exposure > 0) & (children <= 0)
    rate = np.divide(with_age, children, out=np.zeros_like(children), where=children > 0)
    by_age = (exposure * rate).sum(axis=-1) * np.divide(episodes, placed, out=np.ones_like(placed), where=placed > 0)
    # Where no episode of the others has an age, all ages share one rate.
    overall = np.divide(episodes, children.sum(axis=-1), out=np.zeros_like(episodes), where=children.sum(axis=-1) > 0)
    expected = np.where(placed > 0, by_age, exposure.sum(axis=-1) * overall)
    return np.where(nobody.any(axis=-1), np.nan, expected)


def _table(
    places: list[str], months: Sequence[pd.Period], exposure: np.ndarray, counts: np.ndarray, expected: np.ndarray, known: np.ndarray
) -> pd.DataFrame:  # fmt: skip
    table = pd.DataFrame({"site_id": np.repeat(places, len(months)), "month": list(months) * len(places)})
    lines = np.repeat(known, len(months))
    table["child_months"] = np.where(lines, exposure.sum(axis=-1).ravel(), np.nan)
    table["observed"] = np.where(lines, counts.sum(axis=-1).ravel(), np.nan)
    table["expected"] = expected.ravel()
    return table


def _beside(table: pd.DataFrame, study: Study, rule: LowUse) -> pd.DataFrame:
    """With what the target would give, and what is expected where an uncertain number of children is off either way."""
    rates = {
        month: next((e.episodes_per_1000 for e in study.utilization_target if e.holds_on(month.start_time.date())), np.nan)
        for month in table["month"].unique()
    }  # fmt: skip
    at_target = table["child_months"] * table["month"].map(rates) / 1000 / MONTHS_A_YEAR
    unsure = table["expected"].where(table["site_id"].isin(study.uncertain_exposure))
    part = rule.exposure_band.part
    return table.assign(
        expected_at_target=at_target.astype(float), expected_low=unsure * (1 - part), expected_high=unsure * (1 + part)
    )


def _why_unknown(site: str, site_counties: pd.DataFrame, study: Study) -> str:
    if not site_counties["site_id"].eq(site).any():
        return f"no county is named for this {study.place}, so the number of {study.people} in its care is not known"
    return f"the number of {study.people} in one of its counties is not known"
