"""What several tests share: the reference files beside the project."""

from collections.abc import Callable
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_file() -> Callable[[str], Path]:
    """Gives the path of a reference file by its name below `SHARED`; the test is skipped, saying so, where it is not there."""

    def path_of(name: str) -> Path:
        path = SHARED / name
        if not path.is_file():
            pytest.skip(f"{name} is not beside the project: what is tested on it is skipped.")
        return path

    return path_of
