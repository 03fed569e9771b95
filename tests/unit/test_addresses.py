"""One address, however it was typed; and never somebody else's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wayhome.problems import Problem
from wayhome.travellers.addresses import normalise_mail

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ann@EXAMPLE.org ", "ann@example.org"),
        ("ann@straße.example", "ann@straße.example"),
        ("ann@φίλος.example", "ann@φίλος.example"),
        ("straße@example.org", "straße@example.org"),
        ("ann@xn--strae-oqa.example", "ann@straße.example"),
        ("a=?b@example.org", "a=?b@example.org"),
    ],
)
def test_addresses(typed: str, kept: str) -> None:
    assert normalise_mail(typed) == kept


@pytest.mark.parametrize("typed", ["=?utf-8?q?a?=@example.org", "ann", "ann@", "a b@example.org"])
def test_no_address(typed: str) -> None:
    with pytest.raises(Problem):
        normalise_mail(typed)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12), st.text(max_size=8))
def test_twice_is_once(local: str, domain: str) -> None:
    try:
        once = normalise_mail(f"{local}@{domain}.example")
    except Problem:
        return
    assert normalise_mail(once) == once
