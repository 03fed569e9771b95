"""The short way to a plain mail address comes to what the long way comes to."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wayhome.problems import Problem
from wayhome.travellers.addresses import _whole_mail, normalise_mail

pytestmark = pytest.mark.unit

LOCALS = st.text('aZ0.+-_ é"', max_size=4) | st.integers(60, 66).map("x".__mul__)
DOMAINS = st.sampled_from(
    ["example.org", "EXAMPLE.org", "bücher.example", "xn--bcher-kva.example", "a..b", "",
     "[1.2.3.4]", "localhost", "example.org.", " example.org", "a@example.org", "ex_ample.org",
     "-a.org",
     ".".join(["d" * 60] * 4), ".".join(["d" * 47] * 5), "test", "日本.example", "example.123"]
)  # fmt: skip


@given(st.builds("{}@{}".format, LOCALS, DOMAINS) | st.text(max_size=12))
@example("x" * 64 + "@" + ".".join(["d" * 47] * 4))
@example("a@" + ".".join(["d" * 62] * 4))
def test_both_ways_agree(text: str) -> None:
    def said(way: object) -> str:
        try:
            return str(way(text))  # type: ignore[operator]
        except Problem as problem:
            return f"refused: {problem}"

    assert said(normalise_mail) == said(_whole_mail)
