"""The linked state's children with a crisis: mobile-first ones of the dispatch records, ED-first ones beside them."""

from dataclasses import dataclass, replace

import numpy as np

from analysis.demo.linked.crises import VISIT, Crises, can_be_first, count_past
from analysis.demo.linked.families import KINDS
from analysis.demo.linked.frame import FIRST_LIVE_DAYS, NEVER, Frame, make_frame, month_of, month_starts
from analysis.demo.linked.pool import TRIES, Pool, draw_pool, join
from analysis.demo.linked.settings import COUNTED, Linked

POOLS = 4  # from which the ED-first children are drawn, so that few of them are alike
LATER_VISITS = (
    0.5  # that follow a crisis, about: an earlier visit of a child in the study stands for a crisis and these
)


@dataclass(frozen=True, eq=False)
class Index:
    """Every index crisis of the linked state: mobile-first ones first, in the order of the frame's rows.

    `mobile` is the arm, `log_odds` that of a mobile response in its county and month (-inf where no team was), `band` true
    for what an ED sees, and `live` true where its county had been covered for a month.
    """

    crises: Crises
    mobile: np.ndarray
    log_odds: np.ndarray
    band: np.ndarray
    live: np.ndarray

    def __len__(self) -> int:
        return len(self.mobile)


def draw_index(linked: Linked) -> Index:
    """The index crises behind the raw files: every mobile-first child of the dispatch records, and the ED-first children."""
    frame, rng = make_frame(linked), linked.stream("index")
    several = [draw_pool(frame, linked, rng) for _ in range(POOLS)]
    pool = Pool(frame, join([one.mobile for one in several]), join([one.ed for one in several]))
    mobile = several[0].mobile
    return index_of(frame, pool, mobile, draw_ed_first(pool, mobile, linked, rng), linked)


def index_of(frame: Frame, pool: Pool, mobile: Crises, ed: Crises, linked: Linked) -> Index:
    """These crises with their arms, and the log-odds of a mobile response that each had."""
    crises = join([mobile, ed])
    answered = np.arange(len(crises)) < len(mobile)
    live = crises.can & (crises.live_from < NEVER) & (crises.day >= crises.live_from + FIRST_LIVE_DAYS)
    band = np.array(KINDS)[crises.family] != "social"
    shift = cell_log_odds(frame, pool, linked)[crises.county, month_of(linked, crises.day)]
    return Index(crises, answered, np.where(live, crises.log_odds + shift, -np.inf), band, live)


def cell_log_odds(frame: Frame, pool: Pool, linked: Linked) -> np.ndarray:
    """What a county and month adds to the log-odds of the rule: its mobile-first over ED-first children, against the pool's.

    Cells in which no mobile crisis is expected have -inf.
    """
    social = np.array(KINDS)[pool.mobile.family] == "social"
    counties = len(frame.counties)
    teams = np.bincount(pool.mobile.county[~social], minlength=counties) + 0.5
    eds = np.bincount(pool.ed.county, minlength=counties) + 0.5
    with np.errstate(divide="ignore"):
        return np.log(frame.expected_mobile / frame.expected_ed) - np.log(teams / eds)[:, None]


def draw_ed_first(pool: Pool, mobile: Crises, linked: Linked, rng: np.random.Generator) -> Crises:
    """ED-first children of all counties and months: Poisson numbers, with the pasts that the ED's part of the rule leaves them.

    Where a team covers the county they are drawn from the pool's ED crises of that county, elsewhere from all crises that an ED
    sees. Those of the months before a county had a team are fewer by the earlier visits of its children in the study, which are such
    crises too; `mobile` are its mobile-first ones.
    """
    expected, covered = pool.frame.expected_ed, pool.frame.expected_mobile > 0
    with_team = _draw(pool, rng.poisson(np.where(covered, expected, 0)), linked, rng)
    left = _less_past(expected, [mobile, with_team], pool.frame, linked)
    without = _draw(pool, rng.poisson(np.where(covered, 0, left)), linked, rng)
    drawn = join([with_team, without])
    return drawn.take(np.lexsort((drawn.severity, drawn.county, drawn.day)))


def _draw(pool: Pool, number: np.ndarray, linked: Linked, rng: np.random.Generator) -> Crises:
    """So many ED-first crises by county and month."""
    frame = pool.frame
    county, month = np.nonzero(number)
    times = number[county, month]
    county, month = np.repeat(county, times), np.repeat(month, times)
    starts = month_starts(linked)
    day = starts[month] + rng.integers(0, 31, len(month)) % (starts[month + 1] - starts[month])
    live = frame.site_on[county, day] >= 0
    seen_by_ed = np.flatnonzero(np.array(KINDS)[pool.mobile.family] != "social")
    everyone = join([pool.mobile.take(seen_by_ed), pool.ed])
    offset, waiting = len(everyone) - len(pool.ed), np.arange(len(day))
    found: list[Crises] = []
    for _ in range(TRIES):
        which = rng.integers(0, len(everyone), len(waiting))
        for place in np.unique(county[waiting][live[waiting]]):
            own, here = np.flatnonzero(pool.ed.county == place), live[waiting] & (county[waiting] == place)
            if len(own):
                which[here] = offset + rng.choice(own, here.sum())
        moved = _moved(everyone.take(which), county[waiting], day[waiting], frame)
        can = can_be_first(moved, linked)
        found.append(moved.take(np.flatnonzero(can)))
        waiting = waiting[~can]
        if not len(waiting):
            break
    return join(found)


def _moved(crises: Crises, county: np.ndarray, day: np.ndarray, frame: Frame) -> Crises:
    """The same crises in other counties, on other days; what would lie before the first day of claims is cut off."""
    site, since = frame.site_on[county, day], frame.live_since[county, day]
    moved = replace(crises, county=county, day=day, live_from=since, site=site, can=np.ones(len(day), dtype=bool))
    child, ago = moved.past["child"], moved.past["days_before"]
    # Where no team is, the visit that is drawn here is the child's first: county counts are those of these crises.
    kept = (ago <= day[child]) & ((site[child] >= 0) | (moved.past["kind"] != VISIT))
    moved = replace(moved, past={name: values[kept] for name, values in moved.past.items()})
    return replace(moved, prior=count_past(moved.past, len(moved)))


def _less_past(expected: np.ndarray, known: list[Crises], frame: Frame, linked: Linked) -> np.ndarray:
    """Expected crises less, before a county had a team, the earlier visits of these children, spread evenly over those months.

    Evenly, because the visits of a small county lie in few months by chance.
    """
    counties, months = expected.shape
    visits = sum(_past_visits(crises, counties) for crises in known)
    before = np.arange(months)[None, :] < month_of(linked, np.minimum(frame.live_from, linked.last_day))[:, None]
    before &= (frame.live_from < NEVER)[:, None]
    spread = visits[:, None] * before / np.maximum(before.sum(axis=1, keepdims=True), 1) / (1 + LATER_VISITS)
    return np.maximum(expected - spread, linked.crises.fewest_left * expected)


def _past_visits(crises: Crises, counties: int) -> np.ndarray:
    past = crises.past
    seen = (past["kind"] == VISIT) & (past["tier"] < COUNTED)
    return np.bincount(crises.county[past["child"][seen]], minlength=counties)
