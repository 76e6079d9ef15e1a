"""The made-up state's population: real under-18 counts of 33 counties, with made-up ages and poverty."""

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.demo.scenario import Scenario
from analysis.tables import AGE_BANDS, POPULATION

COUNTIES = Path(__file__).parent / "counties.csv"


def read_counties() -> pd.DataFrame:
    """The real under-18 counts: one row a county (county_fips, county_name, under_18, source), ordered by county_fips.

    >>> int(read_counties()["under_18"].sum())   # the state's 473,478 children
    473478
    """
    counties = pd.read_csv(COUNTIES, dtype={"county_fips": str, "county_name": str, "under_18": "int64", "source": str})
    return counties.sort_values("county_fips", ignore_index=True)


def add_up_exactly(shares: list[float], totals: np.ndarray) -> np.ndarray:
    """Whole numbers in the given shares that add up to each total (largest remainder; ties go to the earlier share).

    Takes shares that add up to 1 and an array of totals; gives an array of shape (totals, shares).
    Method: Hamilton's apportionment, Balinski and Young, Fair Representation (2001), chapter 2.

    >>> add_up_exactly([0.255, 0.385, 0.36], np.array([142, 10])).tolist()   # 36.21, 54.67, 51.12: the middle gets the rest
    [[36, 55, 51], [2, 4, 4]]
    """
    exact = np.outer(totals, shares)
    # A product such as 0.29 * 100 lands just under the whole number that it stands for.
    whole = np.floor(exact + 1e-9).astype("int64")
    rank = np.argsort(np.argsort(-(exact - whole).round(9), axis=1, kind="stable"), axis=1, kind="stable")
    return whole + (rank < (totals - whole.sum(axis=1))[:, None])


def make_population(scenario: Scenario) -> pd.DataFrame:
    """The population table of the contract: one row per county, year and age band, the same figures every year.

    The three bands under 18 add up to the county's real count exactly; the 18-20 band is a fixed share of it. `source` says
    in each row what is real.
    """
    parts, counties = scenario.population, read_counties()
    under_18 = counties["under_18"].to_numpy()
    bands = dict(
        zip(parts.age_shares, add_up_exactly(list(parts.age_shares.values()), under_18).T, strict=True)
    ) | {"18-20": np.rint(under_18 * parts.young_adults).astype("int64")}  # fmt: skip
    poor = scenario.stream("poverty").uniform(parts.poverty_shares.low, parts.poverty_shares.high, len(counties))
    one_band = [
        counties.assign(age_band=band, children=children, children_in_poverty=np.rint(children * poor).astype("int64"))
        for band, children in bands.items()
    ]
    by_band = pd.concat(one_band, ignore_index=True)
    by_band["source"] = np.where(
        by_band["age_band"].eq("18-20"),
        "Made up from the county's real under-18 count ("
        + by_band["source"]
        + "); poverty made up; same figures every year",
        "County total under 18 real ("
        + by_band["source"]
        + "); split by age and poverty made up; same figures every year",
    )
    by_year = by_band.merge(pd.DataFrame({"year": parts.years}), how="cross")
    order = by_year["age_band"].map(list(AGE_BANDS).index)
    return by_year.assign(order=order).sort_values(["county_fips", "year", "order"], ignore_index=True)[
        POPULATION.names
    ]
