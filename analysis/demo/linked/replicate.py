"""A replicate of the linked study for calibration: its derived tables in milliseconds, without raw files."""

from functools import lru_cache

import numpy as np
import pandas as pd

from analysis.demo.linked.crises import Crises
from analysis.demo.linked.direct import is_eligible, last_index, make_cohort, make_follow_up, observed, only
from analysis.demo.linked.enrollment import draw_enrolled
from analysis.demo.linked.frame import Frame, make_frame
from analysis.demo.linked.index import Index, draw_ed_first, index_of
from analysis.demo.linked.past import draw_past
from analysis.demo.linked.paths import follow
from analysis.demo.linked.pool import draw_pool, join
from analysis.demo.linked.settings import Linked
from analysis.demo.linked.shocks import draw_shocks, site_levels
from analysis.demo.linked.state import FOLLOWED

COPIES = 8  # pools of crises from which replicates draw
SPARE = 1.2  # drawn beyond the number wanted: some prove not to be eligible
LOOK_BACK_DAYS = 370


def draw_replicate(
    linked: Linked, seed: int, *, children: int = 3000, same_sites: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """cohort, follow_up and follow_up_months of so many children, drawn anew for each seed; child_id counts from 1.

    The crises come from a pool of the same law as those behind the raw files, their severity and past with them; all that follows
    is drawn anew, the levels of the sites too unless `same_sites`: an interval that allows for sites must cover over sites. The
    first call of a scenario makes the pool (seconds).
    """
    frame, crises, mobile = study_pool(linked)
    rng = np.random.default_rng([linked.seed, seed])
    which = rng.integers(0, len(mobile), int(children * SPARE))
    own, arm = crises.take(which), mobile[which]
    levels = None if same_sites else site_levels(frame, linked, rng)
    shocks = draw_shocks(own, FOLLOWED, frame, linked, rng, levels=levels)
    paths = follow(own, shocks, arm, frame, linked)
    enrolled = draw_enrolled(own, arm, paths, linked, rng)
    inside = np.flatnonzero(is_eligible(own, np.ones(len(arm), dtype=bool), enrolled, linked))[:children]
    past = draw_past(own, linked, rng, days=LOOK_BACK_DAYS)
    seen = observed(paths, own, enrolled, linked)
    number = np.arange(1, len(arm) + 1)
    cohort = make_cohort(number, own, arm, past, enrolled, frame, linked)
    follow_up, months = make_follow_up(number, own, seen, enrolled, shocks.index["dies"], linked)
    return only(inside, cohort, follow_up, months)


def study_pool(linked: Linked) -> tuple[Frame, Crises, np.ndarray]:
    """Crises in counties that had been covered for a month, and their arms, in the proportions of the state."""
    return _study_pool(linked.model_dump_json(by_alias=True))


@lru_cache(maxsize=4)
def _study_pool(settings: str) -> tuple[Frame, Crises, np.ndarray]:
    linked = Linked.model_validate_json(settings)
    frame, rng = make_frame(linked), linked.stream("replicates")
    several: list[Index] = []
    for _ in range(COPIES):
        pool = draw_pool(frame, linked, rng)
        several.append(index_of(frame, pool, pool.mobile, draw_ed_first(pool, pool.mobile, linked, rng), linked))
    crises, mobile = join([one.crises for one in several]), np.concatenate([one.mobile for one in several])
    live = np.flatnonzero(np.concatenate([one.live for one in several]) & (crises.day <= last_index(linked)))
    return frame, crises.take(live), mobile[live]
