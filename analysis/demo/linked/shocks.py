"""What befalls a child after the index crisis, drawn once and common to both arms: an arm keeps the part that its rates allow."""

from dataclasses import dataclass

import numpy as np

from analysis.demo.linked.conditions import draw_conditions
from analysis.demo.linked.crises import AGE_CENTER, QUARTER, YEAR, Crises, draw_tiers, log_rate, walk
from analysis.demo.linked.frame import Frame
from analysis.demo.linked.settings import GROUPS, PLACED_IN, Linked

BLOCK = 30  # days of a month of follow-up
HORIZON = 548  # days of follow-up: 18 months, as in Fendrich et al. 2019
RISK_SCALE_DAYS = 365  # the cumulative hazard after the index day is that of a constant rate at this day
APART = 3  # days from the end of a visit or stay to the next: nearer ones would be one once claims are merged
VISIT, DIRECT, INDEX = 0, 1, 2
EVENTS = ("child", "day", "kind", "keep", "admits", "boards", "nights", "long", "bill", "tier")


@dataclass(frozen=True, eq=False)
class Shocks:
    """Common shocks of some crises. `events` are visits and admissions, `removals` and `bookings` the like, `care` outpatient visits, `plain` care that no arm can move: ED visits for other conditions, and office visits.

    Each event has a uniform `keep`: it happens in the mobile-first arm where `keep` lies below the arm's rate over the larger
    of the two, and likewise in the ED-first arm. So an arm has a Poisson process of its own rate, and where the rates are
    equal the two arms have the same events.
    """

    size: int
    days: int
    events: dict[str, np.ndarray]
    removals: dict[str, np.ndarray]
    bookings: dict[str, np.ndarray]
    care: dict[str, np.ndarray]
    plain: dict[str, np.ndarray]
    index: dict[str, np.ndarray]
    severity: np.ndarray


def log_ratio(
    crises: Crises, child: np.ndarray, day: np.ndarray, full: float, frame: Frame, linked: Linked
) -> np.ndarray:
    """Log-ratio of the arms' rates for these children on these days: full at first, then fading, by wave and age."""
    own = full + linked.effect.by_age * (crises.age[child] - AGE_CENTER) * (full != 0)
    faded = np.exp(-np.maximum(day - linked.effect.full_days, 0) / linked.effect.fade_days)
    return own * faded * wave_factor(crises, frame, linked)[child]


def wave_factor(crises: Crises, frame: Frame, linked: Linked) -> np.ndarray:
    """Factor of the effect at each crisis: by its site's wave of opening and the months since."""
    parts = linked.rollout
    late = frame.opened_late[crises.site] & (crises.site >= 0)
    wave = np.where(late, parts.late, parts.early)
    if not parts.grows_over_months:
        return wave
    open_days = np.clip(crises.day - crises.live_from, 0, None)
    return wave * np.minimum(open_days / 30.4375 / parts.grows_over_months, 1) * (crises.site >= 0)


def ceiling(full: float, linked: Linked) -> float:
    """The largest log-ratio that an effect takes at any age and wave, 0 at least: what common events are drawn at."""
    if not full:
        return 0.0
    reach = abs(linked.effect.by_age) * AGE_CENTER
    return max(full + reach, 0.0) * max(linked.rollout.early, linked.rollout.late)


def draw_shocks(
    crises: Crises, days: int, frame: Frame, linked: Linked, rng: np.random.Generator, *, levels: np.ndarray | None = None
) -> Shocks:  # fmt: skip
    """The common shocks of these crises for so many days after the index day.

    `levels` are log-rates of the sites (no site in the last place) in place of the scenario's own.
    """
    size, blocks = len(crises), -(-days // BLOCK)
    severity = walk(crises.severity, -(-days // QUARTER) + 1, linked.severity.persistence, rng)
    start = np.arange(blocks) * BLOCK
    level = severity[:, start // QUARTER]
    levels = site_levels(frame, linked, linked.stream("sites")) if levels is None else levels
    own = log_rate(_as_drawn(crises), linked) + levels[crises.site]
    own += np.log(crises.frailty)
    visits, stays = linked.visits, linked.stays
    hazard = np.diff(((np.arange(blocks + 1) * BLOCK) / RISK_SCALE_DAYS) ** visits.decline) * RISK_SCALE_DAYS
    seen = _times(
        visits.after * np.exp(own[:, None] + visits.by_severity * level) * hazard,
        visits.decline,
        ceiling(linked.effect.visits, linked),
        rng,
    )
    direct = _times(
        stays.direct * np.exp(stays.by_severity * level) * BLOCK, 1.0, ceiling(linked.effect.stays, linked), rng
    )
    foster = crises.group == list(GROUPS).index("foster")
    away = linked.removals.per_day * np.exp(linked.removals.by_severity * level) * BLOCK
    removed = _times(
        away * np.exp(linked.removals.foster * foster)[:, None], 1.0, ceiling(linked.effect.removals, linked), rng
    )
    held = linked.bookings.per_day * np.exp(linked.bookings.by_severity * level) * BLOCK
    booked = _times(
        held * (crises.age >= linked.bookings.youngest)[:, None], 1.0, ceiling(linked.effect.bookings, linked), rng
    )
    index = _at_index(size, linked, rng)
    dies = index["dies"]
    seen, direct, removed, booked = (_before_death(times, dies) for times in (seen, direct, removed, booked))
    events = _visits_and_admissions(size, seen, direct, linked, rng)
    return Shocks(
        size, days, events, _removals(removed, linked, rng), _bookings(booked, linked, rng),
        _care(level, blocks, linked, rng), draw_plain(size, 1, days, events, linked, rng), index, severity,
    )  # fmt: skip


def _before_death(times: tuple[np.ndarray, np.ndarray], dies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The times up to the day of death, which is the same in both arms."""
    alive = times[1] <= dies[times[0]]
    return times[0][alive], times[1][alive]


def site_levels(frame: Frame, linked: Linked, rng: np.random.Generator) -> np.ndarray:
    """Log-rates of the sites, and of no site in the last place."""
    drawn = linked.visits.site_spread * rng.standard_normal(len(frame.sites))
    return np.append(drawn, 0.0)


def _as_drawn(crises: Crises) -> dict[str, np.ndarray]:
    return {name: getattr(crises, name) for name in ("family", "sex", "group", "age")}


def _times(expected: np.ndarray, shape: float, above: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Positions and days of a Poisson process with these means by block of days, at the larger of the two arms' rates.

    Within a block the cumulative hazard grows as the day to the power of `shape`.
    """
    number = rng.poisson(expected * np.exp(above))
    child, block = np.nonzero(number)
    times = number[child, block]
    child, block = np.repeat(child, times), np.repeat(block, times)
    low, high = (block * BLOCK) ** shape, ((block + 1) * BLOCK) ** shape
    return child, np.ceil((low + rng.random(len(child)) * (high - low)) ** (1 / shape)).astype(int)


def _lengths(parts, size: int, rng: np.random.Generator) -> np.ndarray:
    return np.ceil(rng.lognormal(np.log(parts.middle), parts.spread, size)).astype(int)


def _visits_and_admissions(size: int, seen: tuple, direct: tuple, linked: Linked, rng: np.random.Generator) -> dict:
    """The index crisis on day 0, then visits and admissions without one, ordered by child and day."""
    parts = linked.stays
    child = np.concatenate([np.arange(size), seen[0], direct[0]])
    day = np.concatenate([np.zeros(size, dtype=int), seen[1], direct[1]])
    kind = np.repeat([INDEX, VISIT, DIRECT], [size, len(seen[0]), len(direct[0])])
    rows = len(child)
    long = (kind == DIRECT) & (rng.random(rows) < parts.residential)
    hospital = _lengths(parts.hospital_nights, rows, rng)
    drawn = {
        "child": child,
        "day": day,
        "kind": kind,
        "keep": rng.random(rows),
        "admits": rng.random(rows),
        "boards": np.where(
            rng.random(rows) < parts.boards,
            rng.integers(int(parts.boarding_nights.low), int(parts.boarding_nights.high), rows),
            0,
        ),
        "nights": np.where(long, _lengths(parts.residential_nights, rows, rng), hospital),
        "long": long,
        "bill": _bills(linked.prices.ed_visit, rows, linked, rng),
        "tier": draw_tiers(rows, linked, rng),
    }
    order = np.lexsort((drawn["keep"], day, child))
    return {name: values[order] for name, values in drawn.items()}


def _removals(removed: tuple, linked: Linked, rng: np.random.Generator) -> dict[str, np.ndarray]:
    parts, rows = linked.removals, len(removed[0])
    below = np.cumsum([parts.first_setting[setting] for setting in PLACED_IN])[:-1]
    hold = rng.random(rows) < parts.short_hold
    drawn = {
        "child": removed[0],
        "day": removed[1],
        "keep": rng.random(rows),
        "hold": hold,
        "nights": np.where(hold, 2, np.maximum(_lengths(parts.nights, rows, rng), 6)),
        "first": np.searchsorted(below, rng.random(rows), side="right"),
        "moves": ~hold & (rng.random(rows) < parts.moves),
        "then": np.searchsorted(below, rng.random(rows), side="right"),
    }
    order = np.lexsort((drawn["keep"], drawn["day"], drawn["child"]))
    return {name: values[order] for name, values in drawn.items()}


def _bookings(booked: tuple, linked: Linked, rng: np.random.Generator) -> dict[str, np.ndarray]:
    rows = len(booked[0])
    drawn = {
        "child": booked[0],
        "day": booked[1],
        "keep": rng.random(rows),
        "nights": _lengths(linked.bookings.nights, rows, rng),
    }
    order = np.lexsort((drawn["keep"], drawn["day"], drawn["child"]))
    return {name: values[order] for name, values in drawn.items()}


def _care(level: np.ndarray, blocks: int, linked: Linked, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Outpatient visits: child, day and keep, at the larger of the arms' rates."""
    parts = linked.outpatient
    after = parts.after_crisis * np.exp(-np.arange(blocks) / 3)
    expected = parts.per_month * np.exp(parts.by_severity * level + after[None, :])
    child, day = _times(expected, 1.0, ceiling(linked.effect.outpatient, linked), rng)
    return {"child": child, "day": day, "keep": rng.random(len(child))}


def draw_plain(
    size: int, first: int, last: int, near: dict[str, np.ndarray], linked: Linked, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Care from day `first` to the day before `last` that has nothing to do with a crisis: child, day, condition, usd.

    `condition` is -1 for an office visit. An ED visit within APART days of one of the events `near` is left out, whatever the
    arm: claims could not tell the two apart.
    """
    years = (last - first) / YEAR
    ed = rng.poisson(linked.injuries.per_1000 / 1000 * years, size)
    office = rng.poisson(linked.ordinary.visits_a_year * years, size)
    child = np.concatenate([np.repeat(np.arange(size), ed), np.repeat(np.arange(size), office)])
    day = rng.integers(first, last, len(child))
    number = int(ed.sum())
    condition = np.concatenate([draw_conditions(number, rng), np.full(len(child) - number, -1)])
    usd = np.where(condition >= 0, _bills(linked.prices.ed_visit, len(child), linked, rng), linked.prices.office_visit)
    order = np.lexsort((condition, day, child))
    plain = {"child": child[order], "day": day[order], "condition": condition[order], "usd": usd[order]}
    is_ed = plain["condition"] >= 0
    kept = ~is_ed | ~(_is_near(plain, near) | _follows(plain, is_ed))
    return {name: values[kept] for name, values in plain.items()}


def _is_near(plain: dict[str, np.ndarray], near: dict[str, np.ndarray]) -> np.ndarray:
    """True where one of the events `near`, ordered by child and day, lies within APART days of the row's day, on either side."""
    width = 10**6
    at, other = plain["child"] * width + plain["day"], np.sort(near["child"] * width + near["day"])
    before = np.searchsorted(other, at - APART - 10, side="left")
    return np.searchsorted(other, at + APART, side="right") > before


def _follows(plain: dict[str, np.ndarray], is_ed: np.ndarray) -> np.ndarray:
    """True for an ED visit within APART days of the child's last one among these."""
    which = np.flatnonzero(is_ed)
    child, day = plain["child"][which], plain["day"][which]
    close = np.concatenate([[False], (child[1:] == child[:-1]) & (day[1:] - day[:-1] <= APART)])[: len(which)]
    follows = np.zeros(len(is_ed), dtype=bool)
    follows[which[close]] = True
    return follows


def _at_index(size: int, linked: Linked, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """What only one arm's first contact needs: shocks of its bill, of an admission by the ED, and of stabilization."""
    parts = linked.stabilization
    return {
        "scale": _bills(1.0, size, linked, rng, rounded=False),
        "ed_admits": rng.random(size),
        "ed_boards": rng.random(size),
        "stabilized": rng.random(size) < parts.share,
        "stabilized_from": rng.integers(1, parts.within_days + 1, size),
        "stabilized_days": rng.integers(int(parts.last_days.low), int(parts.last_days.high) + 1, size),
        "dies": np.ceil(rng.exponential(1 / max(linked.enrollment.dies, 1e-12), size)),
    }


def _bills(price: float, size: int, linked: Linked, rng: np.random.Generator, *, rounded: bool = True) -> np.ndarray:
    """Bills around a price, with it as their mean; whole cents."""
    spread = linked.prices.spread
    drawn = price * np.exp(spread * rng.standard_normal(size) - spread**2 / 2)
    return np.round(drawn, 2) if rounded else drawn
