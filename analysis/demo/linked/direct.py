"""The derived tables of the linked study, drawn without claims: cohort, follow_up, follow_up_months."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.demo.linked.crises import DETAINED, HOSPITAL, VISIT, YEAR, Crises, residential_before
from analysis.demo.linked.enrollment import BEFORE_DAYS, came_on, left_on
from analysis.demo.linked.families import FAMILIES
from analysis.demo.linked.frame import Frame, date_of, month_of, month_starts
from analysis.demo.linked.outcomes import MONTHS, by_month, first_days
from analysis.demo.linked.past import Past
from analysis.demo.linked.paths import COSTS, Paths, interim_bills
from analysis.demo.linked.settings import COUNTED, GROUPS, Linked
from analysis.demo.linked.shocks import BLOCK, HORIZON
from analysis.tables import RACES, SEXES

DATA_CUT_MONTHS = 4  # at the end of the claims, in which they are not whole
LOOK_BACK_MONTHS = 24
UNTIL_AGE = 21
OUTPATIENT_DAYS = 180
LATER_FROM_DAYS = 91  # before the last whole day: who comes in later could hardly be followed


def data_cut(linked: Linked) -> int:
    """The last day on which claims are whole: the last of a month."""
    return int(month_starts(linked)[-1 - DATA_CUT_MONTHS] - 1)


def last_index(linked: Linked) -> int:
    """The last day on which a crisis brings a child into the study."""
    return data_cut(linked) - LATER_FROM_DAYS


def born_on(crises: Crises) -> np.ndarray:
    """Days of birth, counted from the first day of claims (so below 0)."""
    return crises.day - np.ceil(crises.age * 365.25).astype(int)


def is_eligible(crises: Crises, live: np.ndarray, enrolled: np.ndarray, linked: Linked) -> np.ndarray:
    """True for the crises that bring a child into the study; enrollment is the rule that a made-up crisis can fail, and its day."""
    old_enough = crises.day - came_on(enrolled, crises, linked) >= BEFORE_DAYS
    return live & old_enough & (crises.day <= last_index(linked))


def followed(crises: Crises, enrolled: np.ndarray, dies: np.ndarray, linked: Linked) -> tuple[np.ndarray, np.ndarray]:
    """The last day each child is watched, counted from the index day, and why no longer; of two on one day the first named here."""
    birth = np.datetime64(linked.first_day) + born_on(crises).astype("timedelta64[D]")
    months = birth.astype("datetime64[M]")
    day = (birth - months.astype("datetime64[D]")).astype(int)
    turned = (months + 12 * UNTIL_AGE).astype("datetime64[D]") + day
    turned = (turned - np.datetime64(linked.first_day)).astype(int)
    ends = np.stack(
        [
            crises.day + np.minimum(dies, 10**6).astype(int),
            turned - 1,
            np.full(len(crises), data_cut(linked)),
            left_on(enrolled, crises, linked),
        ]
    )
    which = ends.argmin(axis=0)
    return ends.min(axis=0) - crises.day, np.array(["death", "age", "data_cut", "disenrolled"], dtype=object)[which]


def observed(paths: Paths, crises: Crises, enrolled: np.ndarray, linked: Linked) -> Paths:
    """The paths without what no claim shows: events that begin in a month without Medicaid, or after the last day of claims."""
    starts = month_starts(linked)

    def seen(child: np.ndarray, day: np.ndarray) -> np.ndarray:
        on = crises.day[child] + day
        month = np.searchsorted(starts, np.minimum(on, linked.last_day), side="right") - 1
        return (on <= linked.last_day) & enrolled[child, month]

    kept = {}
    for name, first in (
        ("visits", "day"),
        ("stays", "from"),
        ("care", "day"),
        ("plain", "day"),
        ("stabilization", "day"),
    ):
        events = getattr(paths, name)
        which = seen(events["child"], events[first])
        kept[name] = {column: values[which] for column, values in events.items()}
    bills = paths.bills
    which = seen(bills["child"], bills["day"]) | (bills["part"] == COSTS.index("placement"))
    return replace(paths, **kept, bills={column: values[which] for column, values in bills.items()})


def make_cohort(
    child_id: np.ndarray, crises: Crises, mobile: np.ndarray, past: Past, enrolled: np.ndarray, frame: Frame, linked: Linked
) -> pd.DataFrame:  # fmt: skip
    """One row per child in the study, the columns of the contract's `cohort`, in the order given."""
    month = month_of(linked, crises.day)
    before = np.arange(enrolled.shape[1])[None, :] - month[:, None]
    earlier = enrolled & (before < 0) & (before >= -LOOK_BACK_MONTHS)
    families = np.array(list(FAMILIES), dtype=object)[crises.family]
    return pd.DataFrame(
        {
            "child_id": child_id,
            "index_on": date_of(linked, crises.day),
            "arm": np.where(mobile, "mobile_first", "ed_first"),
            "site_id": np.array(frame.sites, dtype=object)[crises.site],
            "county_fips": np.array(frame.counties, dtype=object)[crises.county],
            "age_years": _completed_years(crises, linked),
            "sex": np.array(list(SEXES), dtype=object)[crises.sex],
            "race_ethnicity": np.array([*RACES, None], dtype=object)[crises.race],
            "eligibility_group": np.array(list(GROUPS), dtype=object)[crises.group],
            "months_enrolled_before": earlier.sum(axis=1),
            "diagnosis_family": families,
            "in_common_band": families != "social",
            **_prior(crises, past, enrolled, linked),
            "in_foster_care": crises.care_from > 0,
        }
    )


def _prior(crises: Crises, past: Past, enrolled: np.ndarray, linked: Linked) -> dict[str, np.ndarray]:
    size, starts = len(crises), month_starts(linked)

    def seen(child: np.ndarray, ago: np.ndarray) -> np.ndarray:
        return enrolled[child, np.searchsorted(starts, crises.day[child] - ago, side="right") - 1]

    events = crises.past
    billed = np.isin(events["kind"], (VISIT, HOSPITAL)) & seen(events["child"], events["days_before"])
    own, held = (
        {name: values[which] for name, values in events.items()} for which in (billed, events["kind"] == DETAINED)
    )
    bills = interim_bills(residential_before(events))
    bills = {"child": bills["child"], "days_before": -bills["day"], "nights": bills["nights"]}
    bills = {name: values[seen(bills["child"], bills["days_before"])] for name, values in bills.items()}
    care = {name: values[seen(past.care["child"], past.care["days_before"])] for name, values in past.care.items()}
    plain = {name: values[seen(past.plain["child"], past.plain["days_before"])] for name, values in past.plain.items()}
    visit, other = own["kind"] == VISIT, plain["condition"] >= 0
    priors = {}
    for days in (30, 180, 365):
        priors[f"prior_ed_{days}"] = np.bincount(
            np.concatenate([own["child"][visit & (own["days_before"] <= days)], plain["child"][other & (plain["days_before"] <= days)]]),
            minlength=size,
        )  # fmt: skip
    for days in (30, 180, 365):
        counted = visit & (own["tier"] < COUNTED) & (own["days_before"] <= days)
        priors[f"prior_bh_ed_{days}"] = np.bincount(own["child"][counted], minlength=size)
    # A night in a hospital, in residential treatment or in detention is that, of a child in care too.
    year, reach = np.full(size, YEAR), np.minimum(crises.care_from, YEAR)
    in_care = reach - sum(_nights(stays, reach) for stays in (own, bills, held))
    priors["prior_inpatient_nights_365"] = _nights(own, year)
    priors["prior_residential_nights_365"] = _nights(bills, year)
    priors["prior_placement_nights_365"] = in_care
    priors["prior_detention_nights_365"] = _nights(held, year)
    near = care["days_before"] <= OUTPATIENT_DAYS
    visit_days = np.unique(care["child"][near] * 1000 + care["days_before"][near])
    priors["prior_outpatient_180"] = np.bincount(visit_days // 1000, minlength=size)
    prices = linked.prices
    usd = np.bincount(own["child"], (visit * prices.ed_visit + own["nights"] * prices.hospital_night) * (own["days_before"] <= YEAR), size)  # fmt: skip
    usd += np.bincount(
        bills["child"], prices.residential_night * bills["nights"] * (bills["days_before"] <= YEAR), size
    )
    usd += np.bincount(care["child"], prices.outpatient_visit * (care["days_before"] <= YEAR), size)
    usd += np.bincount(plain["child"], plain["usd"] * (plain["days_before"] <= YEAR), size)
    priors["prior_cost_365_usd"] = np.round(usd, 2)
    return priors


def _nights(stays: dict[str, np.ndarray], reach: np.ndarray) -> np.ndarray:
    """Nights of each child's stays in the last `reach` days before its crisis; `stays` has child, days_before and nights."""
    child, ago = stays["child"], stays["days_before"]
    nights = np.minimum(ago, reach[child]) - np.minimum(ago - stays["nights"], reach[child])
    return np.bincount(child, nights, len(reach)).astype(int)


def make_follow_up(
    child_id: np.ndarray, crises: Crises, paths: Paths, enrolled: np.ndarray, dies: np.ndarray, linked: Linked
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The contract's follow_up and follow_up_months. Takes the observed paths of these children."""
    last, why = followed(crises, enrolled, dies, linked)
    first = first_days(paths)

    def day_or_empty(days: np.ndarray) -> pd.Series:
        return pd.Series(days).where(days <= last).astype("Int64")

    follow_up = pd.DataFrame(
        {
            "child_id": child_id,
            "followed_days": last,
            "ended_by": why,
            "first_bh_ed_day": day_or_empty(first["bh_ed"]),
            "first_inpatient_day": day_or_empty(first["inpatient"]),
            "first_residential_day": day_or_empty(first["residential"]),
            "first_placement_day": day_or_empty(first["placement"]),
            "first_stricter_day": day_or_empty(first["stricter"]),
            "first_detention_day": day_or_empty(first["detention"]),
            "death_day": pd.Series(last).where(why == "death").astype("Int64"),
        }
    )
    return follow_up, _months(child_id, crises, paths, enrolled, last, linked)


def _months(
    child_id: np.ndarray, crises: Crises, paths: Paths, enrolled: np.ndarray, last: np.ndarray, linked: Linked
) -> pd.DataFrame:
    starts = np.arange(MONTHS) * BLOCK
    days = np.minimum(np.minimum(starts + BLOCK, HORIZON)[None, :], last[:, None] + 1) - starts[None, :]
    watched = days.clip(0)
    child, month = np.nonzero(watched)
    counted = by_month(paths, last + 1, data_cut(linked) - crises.day)
    table = {"child_id": child_id[child], "month": month, "watched_days": watched[child, month]}
    table["enrolled_days"] = _enrolled_days(crises, enrolled, starts, watched, linked)[child, month]
    names = [
        "bh_ed_visits", "bh_ed_visits_without_stay", "ed_visits", "inpatient_nights", "residential_nights", "boarding_nights",
        "placement_nights", "congregate_nights", "detention_nights", "hold_nights", "nights_away",
        *(f"{part}_cost_usd" for part in COSTS), "cost_usd",
    ]  # fmt: skip
    return pd.DataFrame(table | {name: counted[name][child, month] for name in names})


def _enrolled_days(
    crises: Crises, enrolled: np.ndarray, starts: np.ndarray, watched: np.ndarray, linked: Linked
) -> np.ndarray:
    """Days on Medicaid of each watched month of follow-up."""
    edges = month_starts(linked)
    until = np.concatenate([np.zeros((len(crises), 1), dtype=int), np.cumsum(enrolled * np.diff(edges)[None, :], axis=1)], axis=1)  # fmt: skip

    def days_before(day: np.ndarray) -> np.ndarray:
        day = np.minimum(day, linked.last_day)
        month = np.searchsorted(edges, day, side="right") - 1
        row = np.arange(len(crises))[:, None]
        return until[row, month] + enrolled[row, month] * (day - edges[month])

    first = crises.day[:, None] + starts[None, :]
    return np.where(watched > 0, days_before(first + watched) - days_before(first), 0)


def _completed_years(crises: Crises, linked: Linked) -> np.ndarray:
    """Completed years on the index day, by the calendar."""
    birth = np.datetime64(linked.first_day) + born_on(crises).astype("timedelta64[D]")
    today = np.datetime64(linked.first_day) + crises.day.astype("timedelta64[D]")
    months = (today.astype("datetime64[M]") - birth.astype("datetime64[M]")).astype(int)
    in_month = today - today.astype("datetime64[M]").astype("datetime64[D]")
    born_in_month = birth - birth.astype("datetime64[M]").astype("datetime64[D]")
    return ((months - (in_month < born_in_month)) // 12).astype(float)


def only(
    inside: np.ndarray, cohort: pd.DataFrame, follow_up: pd.DataFrame, months: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The tables of the children at these positions, ordered by child_id."""
    ids = cohort["child_id"].iloc[inside]
    kept = [table[table["child_id"].isin(ids)] for table in (cohort, follow_up, months)]
    keys = ["child_id"], ["child_id"], ["child_id", "month"]
    return tuple(table.sort_values(key, ignore_index=True) for table, key in zip(kept, keys, strict=True))
