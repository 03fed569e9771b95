"""Real inputs to test against, read where they lie: they are no part of the project."""

import os
from pathlib import Path

import pytest

FOLDER = Path(
    os.environ.get("WAYHOME_TEST_CASES") or Path(__file__).parents[3] / "shared" / "cases"
)


def case(*path: str) -> Path:
    """A file of the cases; the test is skipped where it is not there."""
    found = FOLDER.joinpath(*path)
    if not found.exists():
        pytest.skip("the real inputs are not here: WAYHOME_TEST_CASES names their folder")
    return found
