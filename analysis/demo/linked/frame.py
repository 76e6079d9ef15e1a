"""Who the mobile-first children are, and how many ED-first crises each county has a month."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from analysis.demo.counties import read_counties
from analysis.demo.crises import IN_ED
from analysis.demo.episodes import add_expected
from analysis.demo.linked.families import FAMILIES, FAMILY_OF_PROBLEM, KINDS, OTHERWISE
from analysis.demo.linked.settings import GROUPS, Linked
from analysis.demo.sites import DAYS_A_YEAR, count_children_in_care
from analysis.demo.state import State, make_state
from analysis.tables import IN_PERSON_MODES, RACES, SEXES

NIGHT = (20, 8)  # from eight in the evening to eight in the morning
IN_CARE = ("foster", "treatment_foster", "group_home", "residential")
DISTANCE_KM = (15.0, 140.0)  # distances of counties that are not a site's first one; illustrative
NEVER = 10**6  # a day after every extract
FIRST_LIVE_DAYS = 30  # a county's first month of service is left out of the study
LEAP_DAYS = pd.Timedelta(days=2)
YOUNGEST = 3  # years on the index day


@dataclass(frozen=True, eq=False)
class Frame:
    """The mobile-first children of a state, one a row, and the counts of ED-first crises.

    `rows` has child_id, site, county (numbers), day (from the first day of claims), live_from, age, sex, race, group, family,
    night, distance_km, in_ed (the response ended there), admitted and can (this crisis may bring the child into the study). `expected_ed` and `expected_mobile` are means by county
    and month. `site_on` and `live_since` are by county and day: the site with the largest share of the county that day (-1 for
    none), and the day since which a site has covered it (NEVER for none). `live_from` is each county's first covered day.
    """

    rows: pd.DataFrame
    sites: tuple[str, ...]
    counties: tuple[str, ...]
    site_on: np.ndarray
    live_since: np.ndarray
    live_from: np.ndarray
    children: np.ndarray
    expected_ed: np.ndarray
    expected_mobile: np.ndarray
    expected_crises: np.ndarray
    opened_late: np.ndarray
    state: State


def make_frame(linked: Linked) -> Frame:
    """The frame of a scenario: the same for the raw files and for every replicate."""
    return _frame(linked.model_dump_json(by_alias=True))


@lru_cache(maxsize=4)
def _frame(settings: str) -> Frame:
    linked = Linked.model_validate_json(settings)
    state = make_state(linked.dispatch_scenario())
    counties = tuple(read_counties()["county_fips"])
    sites = tuple(state.sites["site_id"])
    site_on, live_since = cover(state, linked, sites, counties)
    live_from = live_since.min(axis=1)
    rows = make_rows(state, linked, sites, counties, live_since, site_on)
    children = _medicaid_children(state, linked, counties)
    crises = expect_crises(children, linked)
    mobile = expect_mobile(state, rows, linked, counties)
    left = np.maximum(crises - linked.crises.displaced * mobile, linked.crises.fewest_left * crises)
    ed = np.where(mobile > 0, left, crises)
    opened = state.sites["opened_on"].to_numpy()
    late = opened > np.sort(opened)[len(opened) // 2]
    return Frame(rows, sites, counties, site_on, live_since, live_from, children, ed, mobile, crises, late, state)


def cover(
    state: State, linked: Linked, sites: tuple[str, ...], counties: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """By county and day: the site with the largest share of the county, -1 for none, and the day since which one has covered it."""
    days = linked.last_day + 1
    site_on, best = np.full((len(counties), days), -1), np.zeros((len(counties), days))
    live = np.full((len(counties), days), NEVER)
    spans = state.site_counties.sort_values("site_id")
    first = _day(linked, spans["from_on"])
    last = np.where(spans["to_on"].isna(), days - 1, _day(linked, spans["to_on"].fillna(spans["from_on"])))
    for span, start, end in zip(spans.itertuples(), first, last, strict=True):
        here, held = counties.index(span.county_fips), slice(start, end + 1)
        larger = span.share > best[here, held]
        site_on[here, held] = np.where(larger, sites.index(span.site_id), site_on[here, held])
        best[here, held] = np.maximum(best[here, held], span.share)
        live[here, held] = np.minimum(live[here, held], start)
    return site_on, live


def make_rows(
    state: State, linked: Linked, sites: tuple[str, ...], counties: tuple[str, ...], live_since: np.ndarray, site_on: np.ndarray
) -> pd.DataFrame:  # fmt: skip
    """Every child with Medicaid whom a team went to, by the crisis that brings it into the study: one row a child, by child_id.

    A child whose crises all come before its county had been covered for a month has its first one. Not among them are children
    whom a team only ever met in an ED, and those under three.
    """
    known = state.episodes.merge(state.outcomes[["episode_id", "ed_with"]], on="episode_id")
    first = choose_contacts(known, linked, counties, live_since)
    rng, rows = linked.stream("mobile"), len(first)
    hour, day, county = first["requested_at"].dt.hour, first["day"].to_numpy(), first["county"].to_numpy()
    group = rng.choice(len(GROUPS), rows, p=_groups_of_others(linked))
    group = np.where(first["living_at_start"].isin(IN_CARE), list(GROUPS).index("foster"), group)
    of_these = known[known["child_id"].isin(first["child_id"])]
    born = draw_births(of_these, rng).loc[first["child_id"]].reset_index(drop=True)
    family = first["presenting_problem"].map(FAMILY_OF_PROBLEM).fillna(OTHERWISE)
    distances = _distances(state, linked)
    return pd.DataFrame(
        {
            "child_id": first["child_id"],
            "site": site_on[county, day],
            "county": county,
            "day": day,
            "live_from": live_since[county, day],
            "age": (day - _day(linked, born) - 0.5) / DAYS_A_YEAR,  # in the middle of the day
            "sex": first["sex"].map({code: number for number, code in enumerate(SEXES)}).fillna(1).astype(int),
            "race": first["race_ethnicity"].map({code: number for number, code in enumerate(RACES)}).fillna(-1).astype(int),
            "group": group,
            "family": family.map(list(FAMILIES).index),
            "night": (hour >= NIGHT[0]) | (hour < NIGHT[1]),
            "distance_km": [distances[one] for one in zip(first["site_id"], first["county_fips"], strict=True)],
            "in_ed": first["ed_with"] & (rng.random(rows) < linked.ends_in_ed) & family.ne(OTHERWISE),
            "can": first["can"],
            "admitted": first["disposition"].eq("inpatient") & family.ne(OTHERWISE),
        }
    )  # fmt: skip


def choose_contacts(
    episodes: pd.DataFrame, linked: Linked, counties: tuple[str, ...], live_since: np.ndarray
) -> pd.DataFrame:
    """The contact of each child with a team that can bring it into the study, or else its first one outside an ED.

    It can where the county had been covered for FIRST_LIVE_DAYS and no other contact lies in the wash-out. Adds day and county.
    """
    insured = episodes.groupby("child_id")["insurance"].first().eq("medicaid")
    went = episodes[was_sent(episodes) & episodes["child_id"].map(insured) & episodes["age_years"].ge(YOUNGEST)]
    on = went["dispatched_at"].fillna(went["requested_at"]).dt.normalize()
    went = went.assign(day=_day(linked, on), county=went["county_fips"].map(counties.index))
    went = went[went["day"].le(linked.last_day)].sort_values(["child_id", "day", "episode_id"])
    calm = went.groupby("child_id")["day"].diff().fillna(NEVER)
    lived = went["day"].to_numpy() - live_since[went["county"].to_numpy(), went["day"].to_numpy()]
    in_ed = went["referral_source"].eq(IN_ED) | went["response_location"].eq(IN_ED)
    can = (lived >= FIRST_LIVE_DAYS) & calm.gt(linked.visits.washout_days)
    outside = went.assign(can=can)[~in_ed]
    # A day's first contact is the one that counts; the first that can stands before those that cannot.
    ranked = outside.sort_values(["child_id", "can", "day", "episode_id"], ascending=[True, False, True, True])
    return ranked.drop_duplicates("child_id").sort_values("child_id", ignore_index=True)


def draw_births(episodes: pd.DataFrame, rng: np.random.Generator) -> pd.Series:
    """A day of birth for each child, by child_id, that agrees with all of its completed ages on record.

    >>> ages = pd.DataFrame({"age_years": [9, 10], "requested_at": pd.to_datetime(["2025-01-01", "2025-06-01"])}).assign(child_id="C1")
    >>> born = draw_births(ages, np.random.default_rng(1))["C1"]   # turned 10 between the two
    >>> pd.Timestamp("2015-01-01") < born < pd.Timestamp("2015-06-02")
    True
    """
    years = pd.to_timedelta(episodes["age_years"].astype(float) * DAYS_A_YEAR, unit="D")
    windows = pd.DataFrame({"child_id": episodes["child_id"], "last": episodes["requested_at"] - years})
    windows["first"] = windows["last"] - pd.Timedelta(days=DAYS_A_YEAR)
    born = windows.groupby("child_id").agg({"first": "max", "last": "min"})
    # Off the edges, where a leap day decides; of a window narrower than that the middle.
    width = born["last"] - born["first"]
    edge = (width / 2).clip(upper=LEAP_DAYS)
    return (born["first"] + edge + (width - 2 * edge) * rng.random(len(born))).dt.normalize()


def was_sent(episodes: pd.DataFrame) -> pd.Series:
    """True for the episodes in which a team went, or was on its way."""
    return episodes["response_mode"].isin(IN_PERSON_MODES) | episodes["dispatched_at"].notna()


def expect_crises(children: np.ndarray, linked: Linked) -> np.ndarray:
    """Mean crises of the kind that an ED sees, whoever comes first, by county and month."""
    season = np.array(linked.dispatch_scenario().use.by_month)
    own = np.exp(linked.crises.county_spread * linked.stream("counties").standard_normal(len(children)))
    months = pd.date_range(linked.first_day, linked.claims.to_on, freq="MS")
    rate = linked.crises.per_1000 / 1000 * (months.days_in_month.to_numpy() / DAYS_A_YEAR)
    return (children * own)[:, None] * (rate * season[months.month - 1])[None, :]


def expect_mobile(state: State, rows: pd.DataFrame, linked: Linked, counties: tuple[str, ...]) -> np.ndarray:
    """Mean mobile-first crises that an ED would see, by county and month: a site's own number, spread as its requests are."""
    scenario = linked.dispatch_scenario()
    expected = count_children_in_care(state.site_counties, state.population, scenario).pipe(add_expected, scenario)
    month = (expected["day"].dt.year - linked.first_day.year) * 12 + expected["day"].dt.month - linked.first_day.month
    county = expected["county_fips"].map(counties.index)
    social = np.array(KINDS)[rows["family"]] == "social"
    own = rows.loc[~social, "site"].map(dict(enumerate(state.sites["site_id"]))).value_counts()
    share = expected["expected"] / expected.groupby("site_id")["expected"].transform("sum")
    cells = np.zeros((len(counties), len(_months(linked))))
    np.add.at(cells, (county.to_numpy(), month.to_numpy()), (share * expected["site_id"].map(own).fillna(0)).to_numpy())
    return cells


def month_of(linked: Linked, day: np.ndarray) -> np.ndarray:
    """The number of a day's calendar month, from 0 in the month of the first day of claims.

    >>> from analysis.demo.linked.settings import read_linked
    >>> month_of(read_linked("default"), np.array([0, 30, 31])).tolist()   # from 2020-07-01
    [0, 0, 1]
    """
    dates = np.datetime64(linked.first_day) + np.asarray(day).astype("timedelta64[D]")
    first = np.datetime64(linked.first_day, "M")
    return (dates.astype("datetime64[M]") - first).astype(int)


def month_starts(linked: Linked) -> np.ndarray:
    """The day on which each month begins, and the one after the last, counted from the first day of claims."""
    first = np.datetime64(linked.first_day, "M")
    starts = (first + np.arange(len(_months(linked)) + 1)).astype("datetime64[D]")
    return (starts - np.datetime64(linked.first_day)).astype(int)


def date_of(linked: Linked, day: np.ndarray) -> np.ndarray:
    """Days counted from the first day of claims as dates."""
    return (np.datetime64(linked.first_day) + np.asarray(day).astype("timedelta64[D]")).astype("datetime64[ns]")


def _months(linked: Linked) -> np.ndarray:
    return np.arange(len(pd.date_range(linked.first_day, linked.claims.to_on, freq="MS")))


def _day(linked: Linked, dates: pd.Series) -> np.ndarray:
    return (dates.to_numpy().astype("datetime64[D]") - np.datetime64(linked.first_day)).astype(int)


def _groups_of_others(linked: Linked) -> np.ndarray:
    """Shares of the groups of those who do not live in care at the call: the same mix without foster care."""
    shares = np.array([linked.population.groups[group] for group in GROUPS])
    shares[list(GROUPS).index("foster")] = 0
    return shares / shares.sum()


def _medicaid_children(state: State, linked: Linked, counties: tuple[str, ...]) -> np.ndarray:
    of_one_year = state.population[state.population["year"].eq(state.population["year"].max())]
    children = of_one_year.groupby("county_fips")["children"].sum().reindex(list(counties)).to_numpy()
    return np.rint(children * linked.population.medicaid * linked.size)


def _distances(state: State, linked: Linked) -> dict[tuple[str, str], float]:
    """Kilometers from a site's town to each of its counties: near in its first, drawn for the others."""
    rng, near, far = linked.stream("distances"), *DISTANCE_KM
    own = {site.site_id: site.counties[0].fips for site in linked.dispatch_scenario().sites}
    places = sorted(set(zip(state.site_counties["site_id"], state.site_counties["county_fips"], strict=True)))
    return {place: near if own[place[0]] == place[1] else float(rng.uniform(near, far)) for place in places}
