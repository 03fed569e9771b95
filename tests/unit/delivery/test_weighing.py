"""Only a word about the address may silence it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wayhome.delivery.weighing import Weight, weigh

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("status", ["5.1.1", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
def test_the_address_is_dead(status: str) -> None:
    for words in (
        "",
        f"550 {status} <…@there.example>: User unknown in virtual mailbox table",
        f"550-{status} The account does not exist. See https://corporate.example/?p=NoSuchUser",
    ):
        assert weigh(status, words) is Weight.ADDRESS


@pytest.mark.parametrize("status", ["", "5.0.0", "5.1.0", "5.1.2", "5.1.4", "5.2.0", "5.5.0"])
def test_it_may_be_something_else(status: str) -> None:
    assert weigh(status, "delivery error: this account is gone") is Weight.UNCLEAR


@pytest.mark.parametrize(
    "status",
    ["5.1.7", "5.1.8", "5.2.2", "5.2.3", "5.3.0", "5.3.4", "5.4.1", "5.4.4", "5.4.6", "5.5.2",
     "5.6.0", "5.6.7", "5.7.0", "5.7.1", "5.7.26", "5.7.509", "4.1.1", "4.2.2", "4.4.7", "2.1.5"],
)  # fmt: skip
def test_it_says_nothing_of_the_address(status: str) -> None:
    assert weigh(status, "no such user") is Weight.OTHER


@pytest.mark.parametrize(
    "words",
    [
        "550 5.1.1 host [192.0.2.1] is listed in our block list",
        "550 5.1.1 rejected by policy",
        "550 5.2.1 the user is receiving mail at a rate that prevents more",
        "550 5.1.1 mailbox full", "550 5.1.1 over quota", "550 5.1.1 try again later",
        "550 5.1.1 sender verification failed", "550 5.1.1 relay access denied",
        "550 5.1.1 message looks like SPAM", "550 5.1.1 DMARC failure", "550 5.2.1 temporarily off",
    ],
)  # fmt: skip
def test_words_of_policy_or_passing_trouble_outweigh_any_code(words: str) -> None:
    assert weigh("5.1.1", words) is Weight.OTHER
    assert weigh("", words) is Weight.OTHER


@given(st.from_regex(r"\A[24]\.\d{1,3}\.\d{1,3}\Z"), st.text())
def test_what_is_not_for_good_never_counts(status: str, words: str) -> None:
    assert weigh(status, words) is Weight.OTHER


@given(st.text(max_size=12), st.text())
def test_words_never_make_it_heavier(status: str, words: str) -> None:
    assert weigh(status, words) in (weigh(status), Weight.OTHER)
