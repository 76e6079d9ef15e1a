"""How far apart two groups are in what was known before: standardized differences, as they are or under weights."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

# From here on a difference is taken to matter: Austin 2009, Statistics in Medicine 28:3083-3107, section 3; the same in
# Normand et al. 2001, Journal of Clinical Epidemiology 54:387-398. A convention, not a test.
NOTEWORTHY = 0.10
DECIMALS = 2  # of a printed difference
NOT_KNOWN = "not known"  # a missing category is a category: who is not known can differ between the groups, too


def standardized_difference(values: pd.Series, first: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """The difference of two groups in one characteristic, in units of its spread: the first group less the second.

    `values` holds one value per child; `first` is True for the children of the first group. Which formula depends on the type:

    - true or false: (p1 - p2) / sqrt((p1 (1 - p1) + p2 (1 - p2)) / 2), and
    - a number: (m1 - m2) / sqrt((s1^2 + s2^2) / 2), with n - 1 in each variance. Austin 2009, Statistics in Medicine 28:3083-3107,
      section 2. A missing value is left out.
    - several categories (text): sqrt(d' S^-1 d), d the differences of the shares of all categories but one and S the mean of the two
      multinomial covariances; never negative, the same whichever category is left out. Yang and Dalton 2012, A unified approach to
      measuring the effect size between two groups using SAS, SAS Global Forum, paper 335. A missing value is a category.

    Under `weights` (one per child, none negative) shares and means are weighted and the variance is sum w / ((sum w)^2 - sum w^2)
    times sum w (x - m)^2: Austin and Stuart 2015, Statistics in Medicine 34:3661-3679. Only their ratios matter, not their sum.

    Infinite where the two differ and neither varies (all of one group, none of the other); missing where a group has nobody, or for
    a number only one value.

    >>> values = pd.Series([2.0, 4.0, 6.0, 1.0, 2.0, 3.0])
    >>> round(standardized_difference(values, [True] * 3 + [False] * 3), 4)       # (4 - 2) / sqrt((4 + 1) / 2)
    1.2649
    >>> round(standardized_difference(pd.Series([True, True, False, False, True, False, False, False]), [True] * 4 + [False] * 4), 4)
    0.5345
    """
    first = np.asarray(first, dtype=bool)
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=float)
    if not len(values) == len(first) == len(weights):
        raise ValueError(
            f"{len(values)} values, {len(first)} groups and {len(weights)} weights: give one of each a child."
        )
    if (weights < 0).any() or np.isnan(weights).any():
        raise ValueError("A weight is negative or missing. Give each child a weight of 0 or more.")
    kind = _kind(values)
    if kind == "category":
        return _of_categories(values.astype(object).fillna(NOT_KNOWN).astype(str), first, weights)
    known = values.notna().to_numpy() & (weights > 0)
    numbers, first, weights = values[known].astype(float).to_numpy(), first[known], weights[known]
    parts = [(numbers[group], weights[group]) for group in (first, ~first)]
    least = 1 if kind == "flag" else 2  # values that a variance takes
    if any(len(part) < least for part, _ in parts):
        return np.nan
    one, other = (np.average(part, weights=part_weights) for part, part_weights in parts)
    spreads = [_variance(part, part_weights, flag=kind == "flag") for part, part_weights in parts]
    return _over(one - other, np.sqrt(np.mean(spreads)))


def is_noteworthy(difference: float) -> bool:
    """True from NOTEWORTHY on, either way, as the difference is printed: 0.0999 is printed as 0.10.

    >>> is_noteworthy(-0.09996), is_noteworthy(0.0949), is_noteworthy(float("inf")), is_noteworthy(float("nan"))
    (True, False, True, False)
    """
    return float(f"{abs(difference):.{DECIMALS}f}") >= NOTEWORTHY


def _kind(values: pd.Series) -> str:
    """Flag, number or category, by type; a column of objects that holds nothing but true, false and missing is a flag.

    >>> _kind(pd.Series([True, None], dtype=object)), _kind(pd.Series([1, 2])), _kind(pd.Series(["a", None]))
    ('flag', 'number', 'category')
    """
    if pd.api.types.is_bool_dtype(values) or (
        values.dtype == object
        and len(known := values.dropna())
        and known.map(lambda value: isinstance(value, bool)).all()
    ):
        return "flag"
    return "number" if pd.api.types.is_numeric_dtype(values) else "category"


def _variance(numbers: np.ndarray, weights: np.ndarray, *, flag: bool) -> float:
    mean = np.average(numbers, weights=weights)
    if flag:
        return mean * (1 - mean)
    total = weights.sum()
    return total / (total**2 - (weights**2).sum()) * (weights * (numbers - mean) ** 2).sum()


def _over(difference: float, spread: float) -> float:
    if spread > 0:
        return float(difference / spread)
    return 0.0 if difference == 0 else float(np.copysign(np.inf, difference))


def _of_categories(values: pd.Series, first: np.ndarray, weights: np.ndarray) -> float:
    groups = (first & (weights > 0), ~first & (weights > 0))
    if not all(group.any() for group in groups):
        return np.nan
    names = sorted(values[groups[0] | groups[1]].unique())[1:]
    if not names:
        return 0.0
    is_in = np.column_stack([values.eq(name).to_numpy(dtype=float) for name in names])
    one, other = (np.average(is_in[group], axis=0, weights=weights[group]) for group in groups)
    spread = np.mean([np.diag(shares) - np.outer(shares, shares) for shares in (one, other)], axis=0)
    difference = one - other
    solved = np.linalg.pinv(spread) @ difference
    if not np.allclose(spread @ solved, difference, atol=1e-12):  # they differ where neither group varies
        return np.inf
    return float(np.sqrt(max(difference @ solved, 0.0)))


def balance(
    children: pd.DataFrame, names: Sequence[str], first: ArrayLike, *, weights: ArrayLike | None = None
) -> pd.Series:
    """The standardized difference of each named column, by name. Takes one row per child.

    >>> children = pd.DataFrame({"age": [10.0, 12.0, 11.0, 13.0], "girl": [True, False, True, False]})
    >>> balance(children, ["age", "girl"], [True, True, False, False]).round(2).to_dict()
    {'age': -0.71, 'girl': 0.0}
    """
    found = {name: standardized_difference(children[name], first, weights=weights) for name in names}
    return pd.Series(found, dtype=float)
