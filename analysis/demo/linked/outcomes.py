"""Outcomes of paths: first days, counts and nights by month of follow-up, bills by part."""

import numpy as np

from analysis.demo.linked.paths import COSTS, Paths
from analysis.demo.linked.settings import COUNTED, PLACED_IN
from analysis.demo.linked.shocks import BLOCK, HORIZON
from analysis.tables import LIVING_SITUATIONS

NEVER_DAY = 10**6
MONTHS = -(-HORIZON // BLOCK)
HORIZONS = (30, 90, 180, HORIZON)
# Kinds of a night away from home, the last painted wins: a night in two of them counts once, for the kind that is named later.
NIGHTS = ("hold", "foster", "congregate", "boarding", "detention", "residential", "inpatient")
CONGREGATE = np.array([setting in ("group_home", "residential") for setting in PLACED_IN])
FIRST = ("bh_ed", "inpatient", "residential", "placement", "stricter", "detention")
STRICTNESS = np.array([list(LIVING_SITUATIONS).index(setting) for setting in PLACED_IN])


def first_days(paths: Paths) -> dict[str, np.ndarray]:
    """Each child's first day of each kind of event, NEVER_DAY where there is none.

    An ED visit that ends a mobile response on the index day is one on day 0; the visit in which an ED-first child came is none.
    """
    visits, stays, placements = paths.visits, paths.stays, paths.placements
    counted = (visits["tier"] < COUNTED) & ~visits["index"]
    new = (placements["removed"] >= 0) & ~placements["hold"]
    return {
        "bh_ed": _first(paths.size, visits["child"][counted], visits["day"][counted]),
        "inpatient": _first(paths.size, stays["child"][~stays["long"]], stays["from"][~stays["long"]]),
        "residential": _first(paths.size, stays["child"][stays["long"]], stays["from"][stays["long"]]),
        "placement": _first(paths.size, placements["child"][new], placements["removed"][new]),
        "stricter": _first_stricter(paths),
        "detention": _first(paths.size, paths.detentions["child"], paths.detentions["from"]),
    }


def _first_stricter(paths: Paths) -> np.ndarray:
    """First move within a removal to a setting that is more restrictive than the one before."""
    spans = paths.placements
    same = (spans["child"][1:] == spans["child"][:-1]) & (spans["removed"][1:] == spans["removed"][:-1])
    level = STRICTNESS[spans["setting"]]
    stricter = np.flatnonzero(same & (level[1:] > level[:-1]) & (spans["from"][1:] >= 0)) + 1
    return _first(paths.size, spans["child"][stricter], spans["from"][stricter])


def visits_by(paths: Paths, day: int, *, tier: int = COUNTED) -> np.ndarray:
    """BH-ED visits of each child on days 0 to `day`, the index visit left out; `tier` is the first that does not count."""
    visits = paths.visits
    counted = (visits["tier"] < tier) & ~visits["index"] & (visits["day"] <= day)
    return np.bincount(visits["child"][counted], minlength=paths.size)


def by_month(
    paths: Paths, watched: np.ndarray | None = None, nights_until: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Counts, nights and dollars by child and month of 30 days, of days 0 to the day before the horizon.

    `watched` is each child's first day that is not seen: what happens on it or later is left out. `nights_until`, where it comes
    earlier, does the same for nights and what they cost.
    """
    end = np.minimum(HORIZON, np.full(paths.size, HORIZON) if watched is None else watched)
    visits = paths.visits
    seen = (visits["day"] < end[visits["child"]]) & ~visits["index"]
    counted = seen & (visits["tier"] < COUNTED)
    months = {
        "bh_ed_visits": _count(paths.size, visits["child"][counted], visits["day"][counted]),
        "bh_ed_visits_without_stay": _count(
            paths.size,
            visits["child"][counted & ~visits["becomes_stay"]],
            visits["day"][counted & ~visits["becomes_stay"]],
        ),
    }
    others = paths.plain["condition"] >= 0
    plain = others & (paths.plain["day"] < end[paths.plain["child"]])
    months["ed_visits"] = _count(paths.size, visits["child"][seen], visits["day"][seen]) + _count(
        paths.size, paths.plain["child"][plain], paths.plain["day"][plain]
    )
    nights_end = end if nights_until is None else np.minimum(end, nights_until)
    months |= nights_by_month(paths, nights_end)
    bills = paths.bills
    by_night = bills["part"] == COSTS.index("placement")
    kept = bills["day"] < np.where(by_night, nights_end[bills["child"]], end[bills["child"]])
    cell = (bills["child"] * len(COSTS) + bills["part"])[kept] * MONTHS + bills["day"][kept] // BLOCK
    cents = np.bincount(cell, np.rint(bills["usd"][kept] * 100), paths.size * len(COSTS) * MONTHS)
    by_part = cents.reshape(paths.size, len(COSTS), MONTHS) / 100
    months |= {f"{part}_cost_usd": by_part[:, number] for number, part in enumerate(COSTS)}
    return months | {"cost_usd": np.round(by_part.sum(axis=1), 2)}


def nights_by_month(paths: Paths, end: np.ndarray) -> dict[str, np.ndarray]:
    """Nights away from home by kind, child and month: the night of a day is that after it, and counts once."""
    stays, placements, visits = paths.stays, paths.placements, paths.visits
    congregate = CONGREGATE[placements["setting"]] & ~placements["hold"]
    foster = ~CONGREGATE[placements["setting"]] & ~placements["hold"]
    spans = {
        "hold": _pick(placements, placements["hold"]),
        "foster": _pick(placements, foster),
        "congregate": _pick(placements, congregate),
        "boarding": (visits["child"], visits["day"], visits["to"]),
        "detention": (paths.detentions["child"], paths.detentions["from"], paths.detentions["to"]),
        "residential": _pick(stays, stays["long"]),
        "inpatient": _pick(stays, ~stays["long"]),
    }
    # Most children have no night away: only the others get a calendar.
    own = np.unique(np.concatenate([child[to > np.maximum(start, 0)] for child, start, to in spans.values()]))
    place = np.zeros(paths.size, dtype=int)
    place[own] = np.arange(len(own))
    calendar = np.zeros((len(own), MONTHS * BLOCK + 1), dtype=np.int8)
    for number, kind in enumerate(NIGHTS, start=1):
        calendar[_painted(calendar.shape, place, *spans[kind])] = number
    calendar = calendar[:, :-1]
    calendar[np.arange(MONTHS * BLOCK)[None, :] >= end[own][:, None]] = 0
    blocks = calendar.reshape(len(own), MONTHS, BLOCK)
    months = {}
    for number, kind in enumerate(NIGHTS, start=1):
        counted = np.zeros((paths.size, MONTHS), dtype=int)
        counted[own] = (blocks == number).sum(axis=2)
        months[f"{kind}_nights"] = counted
    months["placement_nights"] = months["congregate_nights"] + months.pop("foster_nights")
    months["nights_away"] = sum(
        months[f"{kind}_nights"] for kind in ("hold", "placement", "boarding", "detention", "residential", "inpatient")
    )
    return months


def _painted(
    shape: tuple[int, int], place: np.ndarray, child: np.ndarray, start: np.ndarray, to: np.ndarray
) -> np.ndarray:
    """True on the nights of the spans, one row a child with any."""
    start, to = np.clip(start, 0, shape[1] - 1), np.clip(to, 0, shape[1] - 1)
    kept = to > start
    steps = np.zeros(shape, dtype=np.int16)
    np.add.at(steps, (place[child[kept]], start[kept]), 1)
    np.add.at(steps, (place[child[kept]], to[kept]), -1)
    return np.cumsum(steps, axis=1) > 0


def _pick(spans: dict[str, np.ndarray], which: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return spans["child"][which], spans["from"][which], spans["to"][which]


def _first(size: int, child: np.ndarray, day: np.ndarray) -> np.ndarray:
    first = np.full(size, NEVER_DAY)
    np.minimum.at(first, child, day)
    return first


def _count(size: int, child: np.ndarray, day: np.ndarray) -> np.ndarray:
    return np.bincount(child * MONTHS + day // BLOCK, minlength=size * MONTHS).reshape(size, MONTHS)
