"""WAYHOME_SMTP_URL: what it may hold, and what is said where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wayhome.delivery.channels.smtp import Relay, read_relays
from wayhome.problems import Problem

pytestmark = pytest.mark.unit


def test_nothing_is_no_relay() -> None:
    assert read_relays("") == read_relays("  \n ") == ()


def test_the_least_and_the_most() -> None:
    least, most, six = read_relays(
        " smtp://Relay.example\n"
        "smtps://desk%40x:p%3A%2F%20%25@relay.example:2465?weight=3&rate=50&connections=4"
        "  smtp+tls://[2001:db8::1] "
    )
    assert least == Relay("smtp", "relay.example", 25)
    assert (least.weight, least.rate, least.connections, least.ca) == (1, None, None, "")
    assert most == Relay(
        "smtps", "relay.example", 2465, "desk@x", "p:/ %", weight=3, rate=50, connections=4
    )
    assert (six.host, six.port) == ("2001:db8::1", 587)
    assert [relay.name for relay in (least, most, six)] == [
        "relay.example:25", "relay.example:2465", "[2001:db8::1]:587",
    ]  # fmt: skip


def test_a_host_outside_ascii() -> None:
    assert read_relays("smtp://bücher.example")[0].host == "xn--bcher-kva.example"


SECRET = "hUsh"
BAD = [
    ("relay.example", "unknown scheme"), ("relay.example:25", "unknown scheme"),
    ("http://relay.example", "unknown scheme"), ("smtp:relay.example", "unknown scheme"),
    ("user:hUsh@relay.example", "unknown scheme"), ("starttls://relay.example", "unknown scheme"),
    ("smtp://", "no readable host"), ("smtp://:25", "no readable host"),
    ("smtp://a_b-.example-", "no readable host"), ("smtp://[::1", "no readable host"),
    ("smtp://[zz]:25", "no readable host"), ("smtp://" + "a" * 300, "no readable host"),
    ("smtp://relay:none", "no readable host and port"), ("smtp://relay:-1", "no readable host"),
    ("smtp://relay:65536", "no readable host and port"), ("smtp://relay:0", "port 0"),
    ("smtp://relay/path", "between host and options"), ("smtp://relay#x", "between host"),
    ("smtp://user:hUsh#x@relay", "no readable host and port"),
    ("smtp://user:hUsh/x@relay", "no readable host and port"),
    ("smtp://user:25/hUsh@relay", "between host and options"),
    ("smtp://user:25?hUsh@relay", "unreadable options"),
    ("smtp://user:25?hUsh=1@relay", "unknown option"),
    ("smtp://user@relay", "user or a password without"), ("smtp://:hUsh@relay", "without the"),
    ("smtp://user:hUsh%C3%A9@relay", "outside ASCII"), ("smtp://user:hUsh%00@relay", "outside"),
    ("smtp://relay?weight=0", "weight that is no whole number above 0"),
    ("smtp://relay?weight=-1", "weight that is no"), ("smtp://relay?weight=1.5", "weight that"),
    ("smtp://relay?weight=", "weight that is no"), ("smtp://relay?weight=%2B1", "weight that"),
    ("smtp://relay?weight=1_0", "weight that is no"), ("smtp://relay?rate=0", "rate that is no"),
    ("smtp://relay?rate=fast", "rate that is no"), ("smtp://relay?connections=0", "connections"),
    ("smtp://relay?connections=9999999", "connections that is no"),
    ("smtp://relay?speed=1", "unknown option"), ("smtp://relay?weight=1&weight=2", "option twice"),
    ("smtp://relay?weight", "unreadable options"), ("smtp://relay?Weight=1", "unknown option"),
    ("smtp://relay?ca=/etc/hosts", "ca but no TLS"),
    ("smtps://relay?ca=/nowhere.pem", "ca that cannot be read"),
    ("smtps://relay?ca=/etc/hosts", "ca that cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "words"), BAD)
def test_what_is_wrong_is_said(url: str, words: str) -> None:
    with pytest.raises(Problem) as caught:
        read_relays(f"smtp://good.example {url}")
    said = str(caught.value)
    assert said.startswith("WAYHOME_SMTP_URL: relay 2 has ")
    assert words in said
    assert caught.value.fix
    assert SECRET.lower() not in said.lower()
    assert caught.value.__cause__ is None  # nor does what lies behind it


def test_the_same_host_and_port_twice() -> None:
    with pytest.raises(Problem, match="relays 1 and 3 have the same host and port"):
        read_relays("smtp://a.example smtp://b.example smtps://A.example:25")


def test_a_ca_is_read(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="cannot be read"):
        read_relays(f"smtps://relay?ca={tmp_path}")


def test_the_password_is_not_shown() -> None:
    (relay,) = read_relays(f"smtp://user:{SECRET}@relay")
    assert relay.password == SECRET
    assert SECRET not in f"{relay} {relay!r} {relay.name}"


@given(st.text(alphabet="smtp:/@?&=#%[]. hUs25\u00fc\0", max_size=40))
def test_any_text_is_relays_or_a_problem(text: str) -> None:
    try:
        relays = read_relays(f"smtp://{text}")
    except Problem:
        return
    assert all(relay.host and 0 < relay.port < 65536 for relay in relays)
