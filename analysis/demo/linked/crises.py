"""Index crises: who they happen to, what had happened to these children before, and whether a mobile team came first."""

from dataclasses import dataclass, fields

import numpy as np

from analysis.demo.linked.families import KINDS
from analysis.demo.linked.frame import FIRST_LIVE_DAYS, NEVER, Frame
from analysis.demo.linked.settings import COUNTED, GROUPS, TIERS, Linked
from analysis.tables import SEXES

QUARTER = 91  # days over which severity keeps its level
YEAR = 365
AGE_CENTER = 13
WINDOWS = (30, 180, 365)  # days of the look-back
ALWAYS = 50.0  # log-odds
# Kinds of events of the look-back: an ED visit (with or without an admission), and stays without one.
VISIT, HOSPITAL, RESIDENTIAL, DETAINED = range(4)
FAR = 2**20  # days; farther than any two events of a child
APART_DAYS = 3  # from the end of a stay to the next event, and to the crisis
CARE_DAYS = 8 * QUARTER  # days of outpatient care before a crisis that are drawn
IN_CARE_SINCE_DAYS, IN_CARE_UNTIL_DAYS = 300, 400  # means, of children in foster care at the crisis; illustrative


@dataclass(frozen=True, eq=False)
class Crises:
    """Index crises as arrays, one entry a crisis (a child's only one here); days count from the first day of claims.

    `past` has the look-back events of all of them: arrays child (position here), days_before, kind (VISIT ... DETAINED), nights
    (0 for a visit without an admission) and tier. Children in care were removed `care_from` days before the crisis and
    return `care_until` days after. `log_odds` is that of a mobile response, without the cell's own share.
    """

    site: np.ndarray
    county: np.ndarray
    day: np.ndarray
    live_from: np.ndarray
    age: np.ndarray
    sex: np.ndarray
    race: np.ndarray
    group: np.ndarray
    family: np.ndarray
    night: np.ndarray
    distance_km: np.ndarray
    in_ed: np.ndarray
    admitted: np.ndarray
    can: np.ndarray
    row: np.ndarray
    severity: np.ndarray
    before: np.ndarray
    frailty: np.ndarray
    care_from: np.ndarray
    care_until: np.ndarray
    log_odds: np.ndarray
    prior: dict[str, np.ndarray]
    past: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.day)

    def take(self, which: np.ndarray, *, past: bool = True) -> "Crises":
        """The crises at these positions, in this order; a position may come twice. Without `past` their events stay behind."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        told = own.pop("prior"), own.pop("past")
        return Crises(
            **{name: values[which] for name, values in own.items()},
            prior={name: values[which] for name, values in told[0].items()},
            past=_past_of(told[1], which, len(self)) if past else {},
        )


def draw_candidates(frame: Frame, linked: Linked, which: np.ndarray, rng: np.random.Generator) -> Crises:
    """One crisis for each of these rows of the frame: the row's own child and day, with a past drawn anew."""
    rows = {name: frame.rows[name].to_numpy()[which] for name in frame.rows.columns if name != "child_id"}
    own, size = linked.severity, len(which)
    severity = own.at_crisis + rng.standard_normal(size)
    quarters = int(np.ceil(linked.last_day / QUARTER)) + 1
    before = walk(severity, quarters, own.persistence, rng)
    frailty = rng.gamma(linked.visits.frailty, 1 / linked.visits.frailty, size)
    drawn = rows | {"row": which, "severity": severity, "before": before, "frailty": frailty}
    in_care = rows["group"] == list(GROUPS).index("foster")
    since, until = (
        np.ceil(rng.exponential(days, size)).astype(int) for days in (IN_CARE_SINCE_DAYS, IN_CARE_UNTIL_DAYS)
    )
    drawn["care_from"] = np.where(in_care, np.minimum(since + 7, np.maximum(rows["day"] - 1, 1)), 0)
    drawn["care_until"] = np.where(in_care, until, 0)
    past = draw_past(drawn, linked, rng)
    prior = count_past(past, size)
    return Crises(**drawn, prior=prior, past=past, log_odds=log_odds_mobile(drawn, prior, linked))


def walk(start: np.ndarray, quarters: int, persistence: float, rng: np.random.Generator) -> np.ndarray:
    """Severity in the quarters that lie next to the crisis, the nearest first: an AR(1), the same in both directions of time."""
    noise = np.sqrt(1 - persistence**2) * rng.standard_normal((quarters, len(start)))
    path = np.empty((quarters, len(start)))
    level = start
    for quarter in range(quarters):
        path[quarter] = level
        level = persistence * level + noise[quarter]
    return path.T


def log_rate(drawn: dict, linked: Linked) -> np.ndarray:
    """What moves a child's log-rate of BH-ED visits besides severity and frailty."""
    parts, kind = linked.visits, np.array(KINDS)[drawn["family"]]
    return (
        parts.girls * (drawn["sex"] == list(SEXES).index("female"))
        + parts.severe * (kind == "severe")
        + parts.social * (kind == "social")
        + parts.foster * (drawn["group"] == list(GROUPS).index("foster"))
        + parts.per_year_of_age * (drawn["age"] - AGE_CENTER)
    )


def draw_past(drawn: dict, linked: Linked, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """BH-ED visits, admissions and detention before the crisis, back to the first day of claims: child, days_before, kind, nights.

    Nothing of a child begins within APART_DAYS of the end of a stay, and every stay has ended so long before the crisis: a child who
    is in one has no crisis at home.
    """
    visits, stays, held = linked.visits, linked.stays, linked.bookings
    per_day = visits.before * np.exp(log_rate(drawn, linked))[:, None] * np.exp(visits.by_severity * drawn["before"])
    seen = _events(per_day * drawn["frailty"][:, None], rng)
    direct = _events(stays.direct * np.exp(stays.by_severity * drawn["before"]), rng)
    booked = _events(held.per_day * np.exp(held.by_severity * drawn["before"]), rng)
    old_enough = drawn["age"][booked[0]] - booked[1] / YEAR >= held.youngest
    booked = tuple(values[old_enough] for values in booked)
    child, ago = (np.concatenate(parts) for parts in zip(seen, direct, booked, strict=True))
    long = rng.random(len(direct[0])) < stays.residential
    kind = np.concatenate(
        [np.repeat(VISIT, len(seen[0])), np.where(long, RESIDENTIAL, HOSPITAL), np.repeat(DETAINED, len(booked[0]))]
    )
    chance = stays.from_visit * np.exp(stays.by_severity * drawn["before"][child, ago // QUARTER])
    lengths = (stays.hospital_nights, stays.hospital_nights, stays.residential_nights, held.nights)
    middle, spread = (np.array([getattr(one, name) for one in lengths])[kind] for name in ("middle", "spread"))
    length = np.ceil(rng.lognormal(np.log(middle), spread)).astype(int)
    stayed = (kind != VISIT) | (rng.random(len(child)) < chance)
    nights = np.where(stayed, length, 0)
    tier = draw_tiers(len(child), linked, rng)
    kept = (ago >= 1) & (ago <= drawn["day"][child]) & ((nights == 0) | (nights <= ago - APART_DAYS))
    order = np.lexsort((kind, -ago, child))
    order = order[kept[order]]
    # One day holds one of them: a second would be the same visit once claims are merged.
    child, ago, kind, nights, tier = child[order], ago[order], kind[order], nights[order], tier[order]
    free = np.maximum.accumulate(child * FAR + nights - ago + APART_DAYS)  # the first day on which the next may begin
    again = np.concatenate([[False], child[1:] * FAR - ago[1:] < free[:-1]])[: len(child)]
    events = {"child": child, "days_before": ago, "kind": kind, "nights": nights, "tier": tier}
    return {name: values[~again] for name, values in events.items()}


def draw_past_care(crises: Crises, linked: Linked, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Outpatient visits in the CARE_DAYS before each crisis: child and days_before, ordered by both; none before the claims begin."""
    parts, quarters = linked.outpatient, CARE_DAYS // QUARTER
    per_day = parts.per_month / 30 * np.exp(parts.by_severity * crises.before[:, :quarters])
    child, ago = _events(per_day, rng)
    kept = (ago >= 1) & (ago <= crises.day[child])
    order = np.lexsort((ago, child))
    order = order[kept[order]]
    return {"child": child[order], "days_before": ago[order]}


def draw_tiers(size: int, linked: Linked, rng: np.random.Generator) -> np.ndarray:
    """The number in TIERS of the first definition of a behavioral ED visit that each visit meets."""
    below = np.cumsum([linked.visits.tiers[tier] for tier in TIERS])
    return np.searchsorted(below[:-1], rng.random(size), side="right")


def residential_before(past: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The residential stays of a look-back as stays of paths: child, from and to (days from the crisis, below 0), long."""
    which = past["kind"] == RESIDENTIAL
    start = -past["days_before"][which]
    return {"child": past["child"][which], "from": start, "to": start + past["nights"][which], "long": np.ones(which.sum(), dtype=bool)}  # fmt: skip


def count_past(past: dict[str, np.ndarray], size: int) -> dict[str, np.ndarray]:
    """Look-back counts by window: ed_30 ... ed_365, of the study's tier, and stay_30 ... stay_365 (admissions)."""
    counts, admitted = {}, (past["nights"] > 0) & (past["kind"] != DETAINED)
    for days in WINDOWS:
        within = past["days_before"] <= days
        for name, own in (("ed", (past["kind"] == VISIT) & (past["tier"] < COUNTED)), ("stay", admitted)):
            counts[f"{name}_{days}"] = np.bincount(past["child"][within & own], minlength=size)
    return counts


def log_odds_mobile(drawn: dict, prior: dict[str, np.ndarray], linked: Linked) -> np.ndarray:
    """Log-odds that a mobile team comes first, in an ordinary month of a county that has one."""
    parts, kind = linked.assignment, np.array(KINDS)[drawn["family"]]
    log_odds = (
        parts.level
        + parts.night * drawn["night"]
        + parts.distance * drawn["distance_km"] / 100
        + parts.age * (drawn["age"] - AGE_CENTER)
        + parts.girls * (drawn["sex"] == list(SEXES).index("female"))
        + parts.foster * (drawn["group"] == list(GROUPS).index("foster"))
        + parts.prior_ed * np.minimum(prior["ed_365"], 3)
        + parts.prior_stay * (prior["stay_365"] > 0)
        + parts.severe * (kind == "severe")
        + parts.severity * drawn["severity"]
    )
    # EDs do not see what is social alone.
    return np.where(kind == "social", ALWAYS, log_odds)


def can_be_first(crises: Crises, linked: Linked) -> np.ndarray:
    """True where no earlier BH-ED visit would itself be the index crisis, and none lies within the wash-out."""
    ago, child = crises.past["days_before"], crises.past["child"]
    live = np.where(crises.live_from < NEVER, crises.live_from + FIRST_LIVE_DAYS, NEVER)[child]
    # A crisis that is none of the study's own can have had others before it.
    live = np.where(crises.day[child] >= live, live, NEVER)
    spoils = (ago <= linked.visits.washout_days) | (crises.day[child] - ago >= live)
    return np.bincount(child[spoils & (crises.past["kind"] == VISIT)], minlength=len(crises)) == 0


def _events(per_day: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Positions and days before the crisis of a Poisson process whose daily rate holds a quarter; columns are quarters."""
    number = rng.poisson(per_day * QUARTER)
    child, quarter = np.nonzero(number)
    times = number[child, quarter]
    child, quarter = np.repeat(child, times), np.repeat(quarter, times)
    return child, quarter * QUARTER + rng.integers(1, QUARTER, len(child))


def _past_of(past: dict[str, np.ndarray], which: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """The events of the children at these positions, renumbered; events lie ordered by child."""
    number = np.bincount(past["child"], minlength=size)
    start = np.concatenate([[0], np.cumsum(number)[:-1]])
    times = number[which]
    child = np.repeat(np.arange(len(which)), times)
    within = np.arange(len(child)) - np.repeat(np.cumsum(times) - times, times)
    at = start[which][child] + within
    return {"child": child, **{name: values[at] for name, values in past.items() if name != "child"}}
