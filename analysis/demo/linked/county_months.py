"""Counties by month: what an agency would send for the study of the rollout, and the true effect on it."""

from functools import lru_cache

import numpy as np
import pandas as pd

from analysis.demo.linked.conditions import CONDITIONS
from analysis.demo.linked.crises import VISIT
from analysis.demo.linked.families import KINDS
from analysis.demo.linked.frame import Frame, date_of, make_frame, month_of, month_starts
from analysis.demo.linked.paths import Paths, follow
from analysis.demo.linked.replicate import study_pool
from analysis.demo.linked.settings import COUNTED, Linked
from analysis.demo.linked.shocks import draw_shocks
from analysis.demo.linked.state import FOLLOWED, LinkedState
from analysis.demo.sites import DAYS_A_YEAR

CURVE_CHILDREN = 40_000  # whose mean number of later visits by month is taken for the true one
WARM_UP_MONTHS = (
    18  # at the start of the claims, before which no crisis is known whose later visits would be among these
)
INJURY_SHARE = sum(one.percent for one in CONDITIONS.values() if one.injury) / 100
SINCE_OPENING = ((0, 5), (6, 11), (12, 17), (18, 999))  # months, both included


def draw_county_months(linked: Linked, seed: int) -> pd.DataFrame:
    """The contract's county_months of a whole state, drawn anew for each seed, one row a county and month.

    Crises are Poisson; later visits follow the true mean curves of the arms, with a gamma shock for what children have of their own.
    """
    frame, rng = make_frame(linked), np.random.default_rng([linked.seed, seed, 1])
    ed = rng.poisson(frame.expected_ed).astype(float)
    mobile = rng.poisson(frame.expected_mobile).astype(float)
    there, later = expect_visits(ed, mobile, frame, linked)
    shape = linked.visits.frailty * np.maximum(ed + mobile, 1)
    later = rng.poisson(later * rng.gamma(shape, 1 / shape))
    return _table(ed.astype(int) + rng.poisson(there) + later, frame, linked, rng)


def make_county_months(state: LinkedState) -> pd.DataFrame:
    """The contract's county_months of the linked state itself, as an agency would send it: BH-ED visits are its children's own."""
    crises, frame, linked = state.index.crises, state.frame, state.linked
    visits, past = state.paths.visits, crises.past
    counted = visits["tier"] < COUNTED
    before = (past["kind"] == VISIT) & (past["tier"] < COUNTED)
    child = np.concatenate([visits["child"][counted], past["child"][before]])
    day = crises.day[child] + np.concatenate([visits["day"][counted], -past["days_before"][before]])
    seen = (day >= 0) & (day <= linked.last_day)
    cells = np.zeros((len(frame.counties), len(month_starts(linked)) - 1), dtype=int)
    np.add.at(cells, (crises.county[child[seen]], month_of(linked, day[seen])), 1)
    return _table(cells, frame, linked, linked.stream("county months"))


def expect_visits(ed: np.ndarray, mobile: np.ndarray, frame: Frame, linked: Linked) -> tuple[np.ndarray, np.ndarray]:
    """Visits on the index day of mobile-first children, and later visits of all, by county and month.

    Takes the index crises of both arms by county and month; mobile ones are those that an ED would see.
    """
    curves = later_curves(linked)
    all_mobile = mobile * curves["all_over_band"]
    there = mobile * curves["there"]
    later = _spread(ed + all_mobile, curves["ed"]) + _spread(all_mobile * in_force(frame, linked), curves["mobile"] - curves["ed"])  # fmt: skip
    return there, later


def in_force(frame: Frame, linked: Linked) -> np.ndarray:
    """How much of the full effect a crisis of each county and month has: 1 where the scenario says nothing of waves."""
    parts, starts = linked.rollout, month_starts(linked)[:-1]
    site = frame.site_on[:, starts]
    wave = np.where(frame.opened_late[site] & (site >= 0), parts.late, parts.early)
    if parts.grows_over_months:
        open_days = np.clip(starts[None, :] - frame.live_from[:, None], 0, None)
        wave = wave * np.minimum(open_days / 30.4375 / parts.grows_over_months, 1)
    full = linked.effect.visits
    return (1 - np.exp(full * wave)) / (1 - np.exp(full)) if full else np.zeros_like(wave, dtype=float)


def later_curves(linked: Linked) -> dict[str, np.ndarray]:
    """Mean later BH-ED visits by calendar months since the crisis, by arm at the full effect; shares of mobile-first children."""
    return _later_curves(linked.model_dump_json(by_alias=True))


@lru_cache(maxsize=4)
def _later_curves(settings: str) -> dict[str, np.ndarray]:
    linked = Linked.model_validate_json(settings)
    whole = linked.model_copy(update={"rollout": linked.rollout.model_copy(update={"early": 1.0, "late": 1.0, "grows_over_months": 0.0})})  # fmt: skip
    frame, crises, mobile = study_pool(linked)
    rng = linked.stream("curves")
    own = crises.take(rng.integers(0, len(mobile), CURVE_CHILDREN), past=False)
    shocks = draw_shocks(own, FOLLOWED, frame, whole, rng)
    curves = {name: _curve(follow(own, shocks, arm, frame, whole)) for name, arm in (("mobile", True), ("ed", False))}
    band = np.array(KINDS)[frame.rows["family"]] != "social"
    curves["there"] = np.float64(frame.rows.loc[band, "in_ed"].mean())
    curves["all_over_band"] = np.float64(len(band) / band.sum())
    return curves


def rollout_truth(linked: Linked) -> dict:
    """The true effect of the rollout on BH-ED visits in covered county-months, and by months since a county was first covered.

    `with_service` and `without` are expected visits; `per_1000` is their difference per 1,000 enrolled children and month. A crisis that
    the service takes over would have come to the ED with the chance `displaced`.
    """
    frame = make_frame(linked)
    ed, mobile = frame.expected_ed, frame.expected_mobile
    there, later = expect_visits(ed, mobile, frame, linked)
    curves = later_curves(linked)
    everyone = ed + mobile * curves["all_over_band"]
    having = ed + there + later
    lacking = ed + linked.crises.displaced * mobile + _spread(everyone, curves["ed"])
    starts = month_starts(linked)[:-1]
    open_months = np.floor((starts[None, :] - frame.live_from[:, None]) / 30.4375)
    covered = frame.site_on[:, starts] >= 0
    spans = {"all": (0, 999), **{f"{first}-{last}": (first, last) for first, last in SINCE_OPENING}}
    return {
        name: _effect(having, lacking, frame, covered & (open_months >= first) & (open_months <= last))
        for name, (first, last) in spans.items()
    }


def _effect(having: np.ndarray, lacking: np.ndarray, frame: Frame, cells: np.ndarray) -> dict:
    months = float((frame.children[:, None] * cells).sum())
    one, other = float(having[cells].sum()), float(lacking[cells].sum())
    return {
        "child_months": round(months),
        "with_service": round(one, 2),
        "without": round(other, 2),
        "difference": round(one - other, 2),
        "ratio": round(one / other, 6) if other else None,
        "per_1000": round((one - other) / months * 1000, 6) if months else None,
    }


def _spread(crises: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Later visits of crises: each month's crises with their curve over the months from then on."""
    months = crises.shape[1]
    later = np.zeros_like(crises, dtype=float)
    for since, visits in enumerate(curve[:months]):
        later[:, since:] += crises[:, : months - since] * visits
    return later


def _curve(paths: Paths) -> np.ndarray:
    """Mean later visits a child by calendar month since the month of the crisis; the crisis may come on any day of its month."""
    visits = paths.visits
    later = (visits["tier"] < COUNTED) & (visits["day"] > 0)
    days = np.bincount(visits["day"][later], minlength=FOLLOWED + 1) / paths.size
    length = DAYS_A_YEAR / 12
    curve = np.zeros(int(FOLLOWED // length) + 2)
    # A visit `day` days after the crisis falls in the month `since` or the next, by where in its month the crisis lay.
    since, part = np.divmod(np.arange(len(days)) / length, 1)
    np.add.at(curve, since.astype(int), days * (1 - part))
    np.add.at(curve, since.astype(int) + 1, days * part)
    return curve


def _table(bh_ed: np.ndarray, frame: Frame, linked: Linked, rng: np.random.Generator) -> pd.DataFrame:
    starts = month_starts(linked)
    length, months = np.diff(starts), len(starts) - 1
    children = np.repeat(frame.children[:, None], months, axis=1).astype(int)
    years = children * length[None, :] / DAYS_A_YEAR
    covered = np.add.reduceat(frame.site_on >= 0, starts[:-1], axis=1)
    parts = linked.counties
    table = pd.DataFrame(
        {
            "county_fips": np.repeat(np.array(frame.counties, dtype=object), months),
            "month_on": np.tile(date_of(linked, starts[:-1]), len(frame.counties)),
            "children": children.ravel(),
            "bh_ed_visits": bh_ed.ravel(),
            "injury_ed_visits": rng.poisson(years * linked.injuries.per_1000 / 1000 * INJURY_SHARE).ravel(),
            "removals": rng.poisson(years * parts.removals_per_1000 / 1000).ravel(),
            "bookings": rng.poisson(years * parts.bookings_per_1000 / 1000).ravel(),
            "site_live_days": covered.ravel(),
        }
    )
    return table[table["month_on"].ge(date_of(linked, starts[WARM_UP_MONTHS]))].reset_index(drop=True)
