"""Care before the crises that no rule of assignment looks at: outpatient visits, other ED visits, office visits."""

from dataclasses import dataclass

import numpy as np

from analysis.demo.linked.crises import Crises, draw_past_care
from analysis.demo.linked.settings import Linked
from analysis.demo.linked.shocks import APART, draw_plain


@dataclass(frozen=True, eq=False)
class Past:
    """What claims show of the time before each crisis beside its own `past`: outpatient visits and other care."""

    care: dict[str, np.ndarray]
    plain: dict[str, np.ndarray]


def draw_past(crises: Crises, linked: Linked, rng: np.random.Generator, *, days: int) -> Past:
    """Care before the crises that no rule of assignment looks at, for so many days back or to the first day of claims."""
    care = draw_past_care(crises, linked, rng)
    past = crises.past
    near = {"child": past["child"], "day": days - past["days_before"]}
    near = {name: np.concatenate([near[name], own]) for name, own in (("child", np.arange(len(crises))), ("day", np.full(len(crises), days)))}  # fmt: skip
    plain = draw_plain(len(crises), 0, days - APART, near, linked, rng)
    ago = days - plain["day"]
    kept = ago <= crises.day[plain["child"]]
    plain = {name: values[kept] for name, values in (plain | {"days_before": ago}).items() if name != "day"}
    return Past(care, plain)
