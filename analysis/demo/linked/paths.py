"""What happens to each child in one arm: visits, stays, placements, detentions and bills after the index crisis."""

from dataclasses import dataclass

import numpy as np

from analysis.demo.linked.crises import Crises
from analysis.demo.linked.frame import Frame
from analysis.demo.linked.settings import PLACED_IN, Linked
from analysis.demo.linked.shocks import APART, DIRECT, INDEX, Shocks, ceiling, log_ratio

HOSPITAL_SHARE = 0.9  # of a hospital bill; the rest is a physician's claim, which is paid under "other"
INTERIM_DAYS = 30  # residential treatment is billed by months
COSTS = ("ed", "inpatient", "residential", "crisis", "other", "placement")
NONE, INPATIENT, RESIDENTIAL = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Paths:
    """One arm's events as arrays, ordered by child and day; days count from the index day.

    `visits`: child, day, to (the last day in the ED), boarded, tier, becomes_stay, usd, index (an ED-first child's own), first (on
    the index day). `stays`: child, from, to, long, direct. `placements`: child, removed, from, to, setting (a number in PLACED_IN), hold. `detentions`: child, from, to. `bills`:
    child, day, part (a number in COSTS), usd, of everything. `stabilization`: child, day.
    """

    size: int
    days: int
    visits: dict[str, np.ndarray]
    stays: dict[str, np.ndarray]
    placements: dict[str, np.ndarray]
    detentions: dict[str, np.ndarray]
    care: dict[str, np.ndarray]
    plain: dict[str, np.ndarray]
    stabilization: dict[str, np.ndarray]
    bills: dict[str, np.ndarray]
    response_usd: np.ndarray


def follow(crises: Crises, shocks: Shocks, mobile: bool | np.ndarray, frame: Frame, linked: Linked) -> Paths:
    """What happens where these children are answered by a mobile team first (True) or begin in an ED; an array is an arm for each."""
    mobile = np.broadcast_to(np.asarray(mobile), shocks.size)
    visits, stays = _visits_and_stays(crises, shocks, mobile, frame, linked)
    placements = _placements(crises, shocks, mobile, frame, linked)
    detentions = _detentions(crises, shocks, mobile, frame, linked)
    kept = _kept(shocks.care, crises, mobile, linked.effect.outpatient, frame, linked)
    care = {name: shocks.care[name][kept] for name in ("child", "day")}
    stabilization = _stabilization(shocks, mobile, visits, linked)
    prices, scale = linked.prices, shocks.index["scale"] * linked.prices.first_contact
    usd = np.where(visits["index"], np.round(prices.ed_visit * scale, 2)[visits["child"]], visits["bill"])
    visits["usd"] = usd + visits["boarded"] * prices.boarding_night
    response = np.where(mobile, np.round(prices.mobile_response * scale, 2), 0.0)
    plain = shocks.plain
    bills = _bills(visits, stays, placements, care, plain, stabilization, response, shocks.days, linked)
    return Paths(
        shocks.size, shocks.days, visits, stays, placements, detentions, care, plain, stabilization, bills, response
    )


def _kept(events: dict, crises: Crises, mobile: np.ndarray, full: float, frame: Frame, linked: Linked) -> np.ndarray:
    """True where an event happens in its child's arm: the arm's rate over the larger of the two, above the event's `keep`."""
    child = events["child"]
    ratio = log_ratio(crises, child, events["day"], full, frame, linked)
    of_arm = np.where(mobile[child], ratio, 0.0)
    return events["keep"] < np.exp(of_arm - ceiling(full, linked))


def _visits_and_stays(
    crises: Crises, shocks: Shocks, mobile: np.ndarray, frame: Frame, linked: Linked
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    events, parts = shocks.events, linked.stays
    child, day, kind = events["child"], events["day"], events["kind"]
    kept = np.where(
        kind == DIRECT,
        _kept(events, crises, mobile, linked.effect.stays, frame, linked),
        _kept(events, crises, mobile, linked.effect.visits, frame, linked),
    )
    index = kind == INDEX
    first = np.flatnonzero(index)  # one a child, in order
    in_ed = np.where(index, ~mobile[child] | crises.in_ed[child], kind != DIRECT)
    level = shocks.severity[child, np.minimum(day // 91, shocks.severity.shape[1] - 1)]
    admitted = events["admits"] < parts.from_visit * np.exp(parts.by_severity * level)
    by_ed = (shocks.index["ed_admits"] < parts.index_stay * linked.effect.index_stay) & ~mobile
    admitted[first] = crises.admitted | by_ed
    admitted |= kind == DIRECT
    boards = np.where(in_ed, events["boards"], 0)
    kept_waiting = crises.in_ed | (~mobile & (shocks.index["ed_boards"] < linked.effect.index_boarding))
    boards[first] = np.where(kept_waiting, boards[first], 0)
    until = day + boards
    end = np.where(admitted, until + events["nights"], until)
    real = np.flatnonzero(kept | index)
    happened = real[_one_after_another(child[real], day[real], end[real])]
    pick = {name: values[happened] for name, values in events.items()}
    to, there, stays_on = until[happened], in_ed[happened], admitted[happened]
    visits = {
        "child": pick["child"], "day": pick["day"], "to": to, "boarded": boards[happened], "tier": np.where(index[happened], 0, pick["tier"]),
        "becomes_stay": stays_on, "bill": pick["bill"], "index": index[happened] & ~mobile[pick["child"]],
        "first": index[happened],
    }  # fmt: skip
    visits = {name: values[there] for name, values in visits.items()}
    stays = {
        "child": pick["child"], "from": to, "to": end[happened], "long": pick["long"], "direct": ~there,
    }  # fmt: skip
    return visits, {name: values[stays_on] for name, values in stays.items()}


def _one_after_another(
    child: np.ndarray, day: np.ndarray, end: np.ndarray, not_before: np.ndarray | None = None
) -> np.ndarray:
    """Positions of the events that begin at least APART days after the end of the child's last one; ordered by child and day.

    `not_before` holds each child's first day on which anything can happen.

    >>> _one_after_another(np.array([0, 0, 0, 1]), np.array([0, 2, 9, 1]), np.array([5, 3, 9, 1])).tolist()
    [0, 2, 3]
    """
    if not len(child):
        return np.array([], dtype=int)
    start = np.flatnonzero(np.concatenate([[True], child[1:] != child[:-1]]))
    number = np.diff(np.append(start, len(child)))
    free = np.full(len(start), -1) if not_before is None else not_before[child[start]]
    happens = np.zeros(len(child), dtype=bool)
    for rank in range(number.max()):
        own = np.flatnonzero(number > rank)
        at = start[own] + rank
        can = day[at] >= free[own]
        happens[at] = can
        free[own[can]] = end[at[can]] + APART
    return np.flatnonzero(happens)


def _placements(
    crises: Crises, shocks: Shocks, mobile: np.ndarray, frame: Frame, linked: Linked
) -> dict[str, np.ndarray]:
    """Living arrangements after a removal, a second row where the child moves half-way; those in care at the crisis first."""
    events = shocks.removals
    kept = np.flatnonzero(_kept(events, crises, mobile, linked.effect.removals, frame, linked))
    pick = {name: values[kept] for name, values in events.items()}
    in_care = np.flatnonzero(crises.care_until > 0)
    free = np.where(crises.care_until > 0, crises.care_until + APART, -1)
    happened = _one_after_another(pick["child"], pick["day"], pick["day"] + pick["nights"], free)
    pick = {name: values[happened] for name, values in pick.items()}
    out, back = pick["day"], pick["day"] + pick["nights"]
    moves = pick["moves"] & (pick["then"] != pick["first"])
    middle = np.where(moves, out + pick["nights"] // 2, back)
    since, home = -crises.care_from[in_care], PLACED_IN.index("foster")
    rows = {
        "child": np.concatenate([in_care, pick["child"], pick["child"][moves]]),
        "removed": np.concatenate([since, out, out[moves]]),
        "from": np.concatenate([since, out, middle[moves]]),
        "to": np.concatenate([crises.care_until[in_care], middle, back[moves]]),
        "setting": np.concatenate([np.full(len(in_care), home), pick["first"], pick["then"][moves]]),
        "hold": np.concatenate([np.zeros(len(in_care), dtype=bool), pick["hold"], pick["hold"][moves]]),
    }
    order = np.lexsort((rows["from"], rows["child"]))
    return {name: values[order] for name, values in rows.items()}


def _detentions(
    crises: Crises, shocks: Shocks, mobile: np.ndarray, frame: Frame, linked: Linked
) -> dict[str, np.ndarray]:
    events = shocks.bookings
    kept = np.flatnonzero(_kept(events, crises, mobile, linked.effect.bookings, frame, linked))
    child, day, nights = (events[name][kept] for name in ("child", "day", "nights"))
    happened = _one_after_another(child, day, day + nights)
    return {"child": child[happened], "from": day[happened], "to": (day + nights)[happened]}


def _stabilization(shocks: Shocks, mobile: np.ndarray, visits: dict, linked: Linked) -> dict[str, np.ndarray]:
    """Days of stabilization of mobile-first children."""
    parts, index = linked.stabilization, shocks.index
    gets = mobile & index["stabilized"]
    if parts.stops_at_visit:
        first = np.full(shocks.size, shocks.days + 1)
        np.minimum.at(first, visits["child"], visits["day"])
        gets &= index["stabilized_from"] < first
    child = np.flatnonzero(gets)
    times = 1 + (index["stabilized_days"][child] - index["stabilized_from"][child]).clip(0) // parts.every_days
    day = np.repeat(index["stabilized_from"][child], times)
    within = np.arange(len(day)) - np.repeat(np.cumsum(times) - times, times)
    return {"child": np.repeat(child, times), "day": day + within * parts.every_days}


def _bills(
    visits: dict, stays: dict, placements: dict, care: dict, plain: dict, stabilization: dict, response: np.ndarray, days: int, linked: Linked
) -> dict[str, np.ndarray]:  # fmt: skip
    """Every bill: child, day, part (a number in COSTS) and usd."""
    prices, nights = linked.prices, stays["to"] - stays["from"]
    ed_part = np.where(visits["becomes_stay"], COSTS.index("inpatient"), COSTS.index("ed"))
    sent, hospital, interim = np.flatnonzero(response), ~stays["long"], interim_bills(stays)
    whole = nights[hospital] * prices.hospital_night
    facility = np.round(whole * HOSPITAL_SHARE, 2)
    by_night = np.array([prices.placement_night[setting] for setting in PLACED_IN])[placements["setting"]]
    placed = _by_night(placements, by_night, days)
    kept = [
        (visits["child"], visits["day"], ed_part, visits["usd"]),
        (stays["child"][hospital], stays["from"][hospital], COSTS.index("inpatient"), facility),
        (stays["child"][hospital], stays["from"][hospital], COSTS.index("other"), whole - facility),
        (interim["child"], interim["day"], COSTS.index("residential"), interim["nights"] * prices.residential_night),
        (sent, 0, COSTS.index("crisis"), response[sent]),
        (stabilization["child"], stabilization["day"], COSTS.index("crisis"), prices.stabilization_day),
        (care["child"], care["day"], COSTS.index("other"), prices.outpatient_visit),
        (plain["child"], plain["day"], np.where(plain["condition"] >= 0, COSTS.index("ed"), COSTS.index("other")), plain["usd"]),
        (placed["child"], placed["day"], COSTS.index("placement"), placed["usd"]),
    ]  # fmt: skip
    rows = [np.concatenate([np.broadcast_to(one[number], len(one[0])) for one in kept]) for number in range(4)]
    return dict(zip(("child", "day", "part", "usd"), rows, strict=True))


def interim_bills(stays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Residential stays as bills of up to INTERIM_DAYS nights: child, day, nights, stay (position)."""
    which = np.flatnonzero(stays["long"])
    nights = (stays["to"] - stays["from"])[which]
    times = -(-nights // INTERIM_DAYS)
    stay = np.repeat(which, times)
    within = np.arange(len(stay)) - np.repeat(np.cumsum(times) - times, times)
    left = np.repeat(nights, times) - within * INTERIM_DAYS
    return {
        "child": stays["child"][stay],
        "day": stays["from"][stay] + within * INTERIM_DAYS,
        "nights": np.minimum(left, INTERIM_DAYS),
        "stay": stay,
    }


def _by_night(spans: dict[str, np.ndarray], usd: np.ndarray, days: int) -> dict[str, np.ndarray]:
    """The nights of spans one by one, to the last day that is followed, each with its price."""
    start = np.maximum(spans["from"], 0)
    nights = (np.minimum(spans["to"], days) - start).clip(0)
    day = np.repeat(start, nights) + np.arange(nights.sum()) - np.repeat(np.cumsum(nights) - nights, nights)
    return {"child": np.repeat(spans["child"], nights), "day": day, "usd": np.repeat(usd, nights)}
