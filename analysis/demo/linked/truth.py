"""The true value of every estimand: potential outcomes of the children in the study, and their weighted means."""

import numpy as np
import pandas as pd

from analysis.demo.linked.outcomes import FIRST, HORIZONS, by_month, first_days, visits_by
from analysis.demo.linked.paths import COSTS, Paths
from analysis.demo.linked.shocks import BLOCK
from analysis.demo.linked.state import LinkedState

NIGHT_SUMS = ("nights_away", "inpatient_nights", "residential_nights", "boarding_nights", "placement_nights", "detention_nights")  # fmt: skip
ARMS = {"mobile_first": True, "ed_first": False}


def make_potential(state: LinkedState) -> pd.DataFrame:
    """One row per child of the common band whom a covered county's crisis could bring in: index day, arm, chance of a mobile
    response, in_study (the study takes the child), and outcomes in both arms.

    Columns of outcomes end in _mobile_first and _ed_first. Risks and counts are of days 0 to the horizon, nights and dollars of days 0 to the day before it.
    """
    index = state.index
    inside = np.flatnonzero(index.live & index.band)
    crises = index.crises
    table = pd.DataFrame(
        {
            "child_id": state.child_id[inside],
            "site_id": np.array(state.frame.sites, dtype=object)[crises.site[inside]],
            "county_fips": np.array(state.frame.counties, dtype=object)[crises.county[inside]],
            "index_day": crises.day[inside],
            "mobile_first": index.mobile[inside],
            "chance_of_mobile": 1 / (1 + np.exp(-index.log_odds[inside])),
            "severity": crises.severity[inside],
            "in_study": state.inside[inside],
        }
    )
    both = {
        f"{name}_{arm}": values[inside]
        for arm, mobile in ARMS.items()
        for name, values in potential_outcomes(state.in_arm(mobile)).items()
    }
    return pd.concat([table, pd.DataFrame(both)], axis=1)


def potential_outcomes(paths: Paths) -> dict[str, np.ndarray]:
    """Each child's outcomes in one arm: <outcome>_<horizon>, and the first days of events."""
    first, months = first_days(paths), by_month(paths)
    outcomes = {f"first_{name}_day": first[name] for name in FIRST}
    for horizon in HORIZONS:
        outcomes |= {f"any_{name}_{horizon}": first[name] <= horizon for name in FIRST}
        outcomes[f"bh_ed_visits_{horizon}"] = visits_by(paths, horizon)
        blocks = -(-horizon // BLOCK)
        sums = (*NIGHT_SUMS, *(f"{part}_cost_usd" for part in COSTS), "cost_usd")
        outcomes |= {f"{name}_{horizon}": np.round(months[name][:, :blocks].sum(axis=1), 2) for name in sums}
    return outcomes


def summarize(potential: pd.DataFrame) -> dict:
    """The true estimands of the children in the study: by estimand (att, ato), horizon and outcome.

    `att` is the mean over the mobile-first children; `ato` weights every child by p (1 - p), p the chance of a mobile response (Li,
    Morgan and Zaslavsky 2018, JASA 113:390). A risk has both values, their difference, ratio and odds ratio; a count or sum
    both means, their difference and ratio. Differences are mobile first less ED first.
    """
    potential = potential[potential["in_study"]]
    chance = potential["chance_of_mobile"].to_numpy()
    weights = {"att": potential["mobile_first"].to_numpy().astype(float), "ato": chance * (1 - chance)}
    return {
        estimand: {str(horizon): _at(potential, weight / weight.sum(), horizon) for horizon in HORIZONS}
        for estimand, weight in weights.items()
    }


def _at(potential: pd.DataFrame, weight: np.ndarray, horizon: int) -> dict:
    names = [
        name.removesuffix(f"_{horizon}_mobile_first") for name in potential if name.endswith(f"_{horizon}_mobile_first")
    ]
    values = {}
    for name in names:
        treated, comparison = (float(weight @ potential[f"{name}_{horizon}_{arm}"].to_numpy(float)) for arm in ARMS)
        values[name] = _contrast(treated, comparison, risk=name.startswith("any_"))
    return values


def _contrast(treated: float, comparison: float, *, risk: bool) -> dict[str, float | None]:
    """Both values and what lies between them; ratios are None where the comparison is 0.

    >>> _contrast(0.333, 0.4, risk=True)["odds_ratio"]   # 0.333 / 0.667 over 0.4 / 0.6
    0.748876
    """
    said = {"mobile_first": treated, "ed_first": comparison, "difference": treated - comparison}
    said["ratio"] = treated / comparison if comparison else None
    if risk:
        whole = 0 < comparison < 1 and treated < 1
        said["odds_ratio"] = treated / (1 - treated) / (comparison / (1 - comparison)) if whole else None
    return {name: None if value is None else round(value, 6) for name, value in said.items()}
