"""ED visits for what a crisis service cannot change: negative-control conditions, how often each is seen, and their codes."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Condition:
    """One condition: its ICD-10-CM code, its part of these ED visits (they add up to 100) and whether it is an injury."""

    code: str
    percent: int
    injury: bool = False


# The parts are illustrative. No well visit, vision or dental visit is among them: the service links children to such care.
CONDITIONS = {
    "fracture_arm": Condition("S52.501A", 7, True),
    "fracture_leg": Condition("S82.201A", 3, True),
    "open_wound_head": Condition("S01.81XA", 8, True),
    "open_wound_limb": Condition("S61.411A", 7, True),
    "sprain_ankle": Condition("S93.401A", 8, True),
    "sprain_wrist": Condition("S63.501A", 4, True),
    "burn": Condition("T23.201A", 2, True),
    "otitis_media": Condition("H66.90", 9),
    "otitis_externa": Condition("H60.90", 3),
    "appendicitis": Condition("K35.80", 2),
    "asthma": Condition("J45.901", 8),
    "pharyngitis": Condition("J02.9", 9),
    "upper_respiratory": Condition("J06.9", 9),
    "influenza": Condition("J11.1", 3),
    "pneumonia": Condition("J18.9", 2),
    "gastroenteritis": Condition("A09", 5),
    "urinary_infection": Condition("N39.0", 3),
    "skin_infection": Condition("L03.90", 3),
    "foreign_body": Condition("T17.9XXA", 2),
    "allergy": Condition("L50.9", 3),
}
CODES = np.array([one.code for one in CONDITIONS.values()], dtype=object)
IS_INJURY = np.array([one.injury for one in CONDITIONS.values()])


def draw_conditions(size: int, rng: np.random.Generator) -> np.ndarray:
    """Numbers of conditions, each as often as its part says.

    >>> sum(one.percent for one in CONDITIONS.values()), len(CONDITIONS) >= 15
    (100, True)
    """
    below = np.cumsum([one.percent for one in CONDITIONS.values()]) / 100
    return np.searchsorted(below[:-1], rng.random(size), side="right")
