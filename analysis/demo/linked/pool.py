"""Mobile-first and ED-first index crises of one assignment rule, from which raw files and replicates draw alike."""

from dataclasses import dataclass

import numpy as np

from analysis.demo.linked.crises import Crises, can_be_first, draw_candidates
from analysis.demo.linked.frame import Frame
from analysis.demo.linked.settings import Linked

TRIES = 24  # draws of a past for each mobile-first child: all but 1 in 10,000 find one that a team answers


@dataclass(frozen=True, eq=False)
class Pool:
    """Crises that a team answered (`mobile`, with the frame's row of each) and crises that began in an ED (`ed`)."""

    frame: Frame
    mobile: Crises
    ed: Crises


def draw_pool(frame: Frame, linked: Linked, rng: np.random.Generator) -> Pool:
    """One mobile-first crisis for each row of the frame, and every crisis like it that went to the ED instead.

    A past is drawn again and again for each row until a team answers. Those refused on the way went to the ED: their share
    at each past is 1 - p where p is the chance of a mobile response, so the odds of the two arms are those of the rule.
    A row for which no draw was answered (1 in 10,000) keeps its last one.
    """
    rows = np.arange(len(frame.rows))
    waiting, mobile, ed = rows, [], []
    for number in range(TRIES):
        drawn = draw_candidates(frame, linked, waiting, rng)
        drawn = drawn.take(np.flatnonzero(can_be_first(drawn, linked)))
        answered = rng.random(len(drawn)) < 1 / (1 + np.exp(-drawn.log_odds))
        if number == TRIES - 1:
            answered[:] = True
        mobile.append(drawn.take(np.flatnonzero(answered)))
        ed.append(drawn.take(np.flatnonzero(~answered)))
        waiting = np.setdiff1d(waiting, mobile[-1].row)
        if not len(waiting):
            break
    found = join(mobile)
    return Pool(frame, found.take(np.argsort(found.row, kind="stable")), join(ed))


def join(several: list[Crises]) -> Crises:
    """Crises one after the other, their events renumbered."""
    starts = np.cumsum([0, *[len(one) for one in several]])
    plain = [name for name in several[0].__dataclass_fields__ if name not in ("prior", "past")]
    past = {name: np.concatenate([one.past[name] for one in several]) for name in several[0].past}
    if past:
        past["child"] = np.concatenate([one.past["child"] + start for one, start in zip(several, starts, strict=False)])
    return Crises(
        **{name: np.concatenate([getattr(one, name) for one in several]) for name in plain},
        prior={name: np.concatenate([one.prior[name] for one in several]) for name in several[0].prior},
        past=past,
    )
