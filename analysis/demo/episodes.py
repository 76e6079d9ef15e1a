"""How many crises a site has on a day, at what hour, and which child's they are."""

import numpy as np
import pandas as pd

from analysis.demo.draws import MINUTE
from analysis.demo.parts import School
from analysis.demo.scenario import Scenario
from analysis.demo.sites import DAYS_A_YEAR
from analysis.tables import AGE_BANDS

DAYS_A_MONTH = DAYS_A_YEAR / 12
BETWEEN_GROUPS = 10**9  # minutes: longer than any extract, so that one group's times never reach the next group's


def add_expected(in_care: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """The true mean number of requests of each row, before the month's shock; rows as `count_children_in_care` gives them.

    Children x rate of the age band x month x weekday x growth since opening x the site's rate ratio.
    """
    use, day = scenario.use, in_care["day"]
    opened = pd.to_datetime(in_care["site_id"].map(scenario.of_sites("opened_on")))
    months_open = (day - opened).dt.days / DAYS_A_MONTH
    growth = 1 - (1 - use.at_opening) * np.exp(-months_open / use.growth_months)
    season = np.array(use.by_month)[day.dt.month - 1] * np.array(use.by_weekday)[day.dt.dayofweek]
    rate = in_care["age_band"].map(use.by_age) / 1000
    ratio = in_care["site_id"].map(scenario.of_sites("rate_ratio"))
    return in_care.assign(expected=in_care["child_years"] * rate * season * growth * ratio)


def draw_requests(expected: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """One row per request: site_id, county_fips, age_band, requested_at (whole minutes), born_at, age_years.

    Takes one row per site, county, day and age band. Counts are Poisson around the mean times a gamma shock that a site's
    month has as a whole, so a site's monthly counts are negative binomial.
    """
    rng = scenario.stream("requests")
    month = expected["day"].dt.year * 12 + expected["day"].dt.month
    which = expected.groupby(["site_id", month]).ngroup().to_numpy()
    shocks = rng.gamma(scenario.use.shock_size, 1 / scenario.use.shock_size, which.max() + 1)
    number = rng.poisson(expected["expected"].to_numpy() * shocks[which])
    requests = expected.loc[expected.index.repeat(number)].reset_index(drop=True)
    hour = _draw_hours(requests["day"], scenario, rng)
    requests["requested_at"] = (
        requests["day"] + pd.to_timedelta(hour, unit="h") + rng.integers(0, 60, len(hour)) * MINUTE
    )
    youngest, oldest = np.array([AGE_BANDS[band] for band in requests["age_band"]]).T
    age = rng.uniform(youngest, oldest + 1)
    requests["born_at"] = requests["requested_at"] - pd.to_timedelta(age * DAYS_A_YEAR, unit="D")
    requests["age_years"] = _age(requests["requested_at"], requests["born_at"].to_numpy())
    return requests[["site_id", "county_fips", "age_band", "requested_at", "born_at", "age_years"]]


def is_school_day(day: pd.Series, school: School) -> pd.Series:
    """True on weekdays outside the breaks; both ends of a break are without school.

    >>> school = School(a_county=6, breaks=[{"from": "12-20", "to": "01-04"}], opens_hour=8, closes_hour=16, ages={"youngest": 5, "oldest": 18})
    >>> is_school_day(pd.Series(pd.to_datetime(["2025-01-03", "2025-01-06", "2025-01-11"])), school).tolist()
    [False, True, False]
    """
    month_day = day.dt.month * 100 + day.dt.day
    open_days = day.dt.dayofweek < 5
    for off in school.breaks:
        after, before = month_day >= _month_day(off.from_day), month_day <= _month_day(off.to_day)
        over_new_year = off.from_day > off.to_day
        open_days &= ~((after | before) if over_new_year else (after & before))
    return open_days


def add_children(episodes: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Whose crisis it is: adds child (a number), renews age_years; rows come back ordered by request.

    A share of episodes become the next crisis of a child of the same site, county and age band whose earlier request lies
    about an exponential wait back. Numbers of episodes are untouched, so the sites' true rates hold whatever the share.
    Boundary: a child keeps its birthday and is never over the oldest age, and a child's requests keep their distance;
    episodes that would break either belong to a new child.
    """
    use, rng = scenario.use, scenario.stream("children")
    group = ["site_id", "county_fips", "age_band"]
    episodes = episodes.sort_values([*group, "requested_at", "born_at"], ignore_index=True)
    at = ((episodes["requested_at"] - episodes["requested_at"].min()) // MINUTE).to_numpy()
    start = episodes.groupby(group).ngroup().to_numpy() * BETWEEN_GROUPS
    back = (use.repeat_after_days + rng.exponential(use.repeat_gap_days, len(at))) * (pd.Timedelta(days=1) // MINUTE)
    earlier = np.searchsorted(start + at, start + at - back, side="right") - 1
    known = (rng.random(len(at)) < use.repeat_share) & (earlier >= 0) & (start[earlier] == start)
    child = _first_of_chain(np.where(known, earlier, np.arange(len(at))))
    child = _part_where_impossible(child, episodes, use.repeat_after_days)
    born = episodes["born_at"].to_numpy()[child]
    episodes = episodes.assign(child=child, age_years=_age(episodes["requested_at"], born))
    episodes = episodes.sort_values(["requested_at", *group, "child"], ignore_index=True)
    return episodes.assign(child=pd.factorize(episodes["child"])[0])


def _month_day(text: str) -> int:
    """12-20 as 1220."""
    return int(text.replace("-", ""))


def _draw_hours(day: pd.Series, scenario: Scenario, rng: np.random.Generator) -> np.ndarray:
    school_day = is_school_day(day, scenario.school).to_numpy()
    drawn = rng.random(len(day))
    hours = np.zeros(len(day), dtype="int64")
    for which, weights in ((school_day, scenario.use.school_day_hours), (~school_day, scenario.use.other_day_hours)):
        below = np.cumsum(weights) / np.sum(weights)
        hours[which] = np.searchsorted(below, drawn[which], side="right")
    return hours


def _first_of_chain(earlier: np.ndarray) -> np.ndarray:
    """The first episode of each one's chain of earlier episodes; a chain's start names itself."""
    while not np.array_equal(earlier, earlier[earlier]):
        earlier = earlier[earlier]
    return earlier


def _age(requested_at: pd.Series, born_at: np.ndarray) -> np.ndarray:
    days = (requested_at.to_numpy() - born_at) / pd.Timedelta(days=1)
    return np.floor(days / DAYS_A_YEAR).astype("int64")


def _part_where_impossible(child: np.ndarray, episodes: pd.DataFrame, days_apart: float) -> np.ndarray:
    """`child`, with a new child where the known one would be too old or had a request less than `days_apart` before."""
    number = np.arange(len(child))
    oldest = max(oldest for _, oldest in AGE_BANDS.values())
    too_old = _age(episodes["requested_at"], episodes["born_at"].to_numpy()[child]) > oldest
    child = np.where(too_old, number, child)
    by_child = episodes.assign(child=child, number=number).sort_values(["child", "requested_at", "number"])
    wait = by_child.groupby("child")["requested_at"].diff()
    too_soon = by_child.loc[wait < pd.Timedelta(days=days_apart), "number"].to_numpy()
    child = child.copy()
    child[too_soon] = too_soon
    return child
