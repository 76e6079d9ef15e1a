"""Random draws that the whole made-up state shares."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.demo.companions.parts import BySite, TimesBySite

MINUTE = pd.Timedelta(minutes=1)
DAY = pd.Timedelta(days=1)


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


def at_sites(parts: BySite | TimesBySite, site_id: pd.Series) -> np.ndarray:
    """The value of each row's site: its own, or the ordinary one.

    >>> at_sites(BySite(ordinary=0.9, by_site={"site-03": 0.6}), pd.Series(["site-01", "site-03"])).tolist()
    [0.9, 0.6]
    """
    return site_id.map(parts.by_site).astype(float).fillna(parts.ordinary).to_numpy()


def blank_some(values: pd.Series, chance: np.ndarray, rng: np.random.Generator) -> pd.Series:
    """The values with some missing, each by its row's chance.

    >>> blank_some(pd.Series(["a", "b"]), np.array([1.0, 0.0]), np.random.default_rng(1)).tolist()
    [nan, 'b']
    """
    return values.mask(rng.random(len(values)) < chance)


def day_text(days: pd.Series, form: str) -> pd.Series:
    """Days as text, "" where missing; each different day is written once, which is what makes long tables quick.

    >>> day_text(pd.Series(pd.to_datetime(["2025-03-01", None])), "%m/%d/%Y").tolist()
    ['03/01/2025', '']
    """
    number, different = pd.factorize(days)
    return pd.Series([*different.strftime(form), ""], dtype=object).take(number).set_axis(days.index)
