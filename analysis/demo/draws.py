"""Random draws that the whole made-up state shares."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

MINUTE = pd.Timedelta(minutes=1)


def draw_codes(weights: np.ndarray, codes: list[str], rng: np.random.Generator) -> np.ndarray:
    """One code a row, each with the chance that its weight has among the row's weights.

    Takes an array of shape (rows, codes); weights need not add up to 1. One uniform number a row is used.

    >>> draw_codes(np.array([[1, 0], [0, 3]]), ["mobile", "phone"], np.random.default_rng(1)).tolist()
    ['mobile', 'phone']
    """
    below = np.cumsum(weights, axis=1)
    drawn = rng.random(len(weights)) * below[:, -1]
    return np.array(codes, dtype=object)[(drawn[:, None] >= below).sum(axis=1)]


def draw_mix(shares: Mapping[str, float], rows: int, rng: np.random.Generator) -> np.ndarray:
    """One code a row, all rows with the same shares.

    >>> draw_mix({"mobile": 1.0, "phone": 0.0}, 2, np.random.default_rng(1)).tolist()
    ['mobile', 'mobile']
    """
    return draw_codes(np.tile(list(shares.values()), (rows, 1)), list(shares), rng)


def minutes(lengths: np.ndarray) -> pd.TimedeltaIndex:
    """Whole minutes, rounded up, as lengths of time: a wait of 59.2 minutes is 60 on the clock.

    >>> [str(length) for length in minutes(np.array([59.2]))]
    ['0 days 01:00:00']
    """
    return pd.to_timedelta(np.ceil(lengths).astype("int64"), unit="min")
