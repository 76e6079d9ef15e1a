"""How many states and tables the slow tests draw."""

import os


def many(usual: int) -> int:
    """The usual number, times what the environment variable MANY says: MANY=3 make test-all draws three times as many."""
    return usual * int(os.environ.get("MANY", "1"))
