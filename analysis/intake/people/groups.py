"""Which of many things belong together, when some pairs of them do."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def together(pairs: np.ndarray, count: int) -> np.ndarray:
    """The group of each of `count` things: linked pairs, and pairs of pairs, share one.

    >>> together(np.array([[0, 2], [2, 3]]), 4).tolist()
    [0, 1, 0, 0]
    """
    links = coo_array((np.ones(len(pairs), dtype=bool), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return connected_components(links, directed=False)[1]
