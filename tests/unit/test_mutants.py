"""Every fault that is planted on purpose still has its place in the sources."""

from __future__ import annotations

import pytest

from tests.mutants import MUTANTS, ROOT, Mutant

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_its_line_is_there(mutant: Mutant) -> None:
    source = (ROOT / "src/wayhome" / mutant.file).read_text(encoding="utf-8")
    assert mutant.right in source
