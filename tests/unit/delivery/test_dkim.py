"""Signatures hold for dkimpy's own verifier, and stop holding when anything signed is changed."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from wayhome.delivery.channels.dkim_signing import DkimKey, key_in_use, signed
from wayhome.delivery.channels.mail import build
from wayhome.delivery.types import Outgoing, RouteDown
from wayhome.problems import Problem
from wayhome.work import clock

pytestmark = pytest.mark.unit

SENDER = "Wayhome <alerts@example.org>"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()
MESSAGE = Outgoing(
    message_id="wh-1@example.org",
    folder="issue-1",
    address="ann@example.net",
    language="ar",
    subject="غادروا الموصل – now",
    text="Leave.  \n\n.\nغادروا\n\n\n",
    html="<p>Leave.</p>",
    headers={
        "In-Reply-To": "<wh-0@example.org>",
        "References": "<wh-0@example.org>",
        "List-Unsubscribe": "<https://wayhome.example.org/w/x/>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
)


def pem(key: Any, password: bytes | None = None) -> str:
    kept = serialization.BestAvailableEncryption(password) if password else None
    raw: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        kept or serialization.NoEncryption(),
    )
    return raw.decode()


@pytest.fixture(autouse=True)
def _fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 10, tzinfo=UTC))


@pytest.fixture(params=[RSA, ED25519], ids=["rsa", "ed25519"])
def key(request: pytest.FixtureRequest, settings: Any) -> DkimKey:
    settings.WAYHOME_MAIL_FROM = "alerts@example.org"
    settings.WAYHOME_DKIM_SELECTOR = "wh2026"
    settings.WAYHOME_DKIM_KEY = pem(request.param)
    found = key_in_use()
    assert found is not None
    return found


def verified(content: bytes, key: DkimKey) -> bool:
    def dns(name: bytes, timeout: int = 5) -> bytes | None:
        return key.record.encode() if name == f"{key.name}.".encode() else None

    return bool(dkim.verify(content, dnsfunc=dns))


def test_the_published_record_verifies_what_is_signed(key: DkimKey) -> None:
    content = build(MESSAGE, SENDER)
    assert verified(content, key)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert key.name == "wh2026._domainkey.example.org"
    assert f"a={key.kind}-sha256" in content.decode()


def test_every_part_that_matters_is_signed_and_from_twice(key: DkimKey) -> None:
    content = build(MESSAGE, SENDER)
    header = content[: content.index(b"\r\nFrom:")].decode()
    (listed,) = re.findall(r"\sh=([^;]*);", header)
    names = re.sub(r"\s", "", listed).split(":")
    assert names.count("from") == 2
    wanted = "to subject date message-id content-type mime-version auto-submitted references"
    wanted += " in-reply-to list-unsubscribe list-unsubscribe-post"
    assert set(wanted.split()) <= set(names)
    # None is named that is not there: a relay may add its own.
    plain = Outgoing("wh-2@example.org", "issue-1", "ann@example.net", "en", "Leave", "Leave.\n")
    assert "list-unsubscribe" not in build(plain, SENDER).decode().partition("From:")[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"To: ann@", b"To: eve@"),
        (b"Subject: ", b"Subject: x"),
        (b"Date: ", b"Date: x"),
        (b"Auto-Submitted: auto-generated", b"Auto-Submitted: no"),
        (b"<https://wayhome", b"<https://evil"),
        (b"List-Unsubscribe-Post: List", b"List-Unsubscribe-Post: X"),
        (b"References: <wh-0", b"References: <wh-9"),
        (b"multipart/alternative", b"multipart/mixed"),
        (b"\r\n\r\n--", b"\r\n\r\nread this first\r\n--"),
        (b"\r\nFrom: ", b"\r\nFrom: eve@example.com\r\nFrom: "),
        (b"\r\nTo: ", b"\r\nFrom: eve@example.com\r\nTo: "),
    ],
)
def test_what_is_changed_on_the_way_no_longer_verifies(
    key: DkimKey, before: bytes, after: bytes
) -> None:
    content = build(MESSAGE, SENDER)
    assert before in content
    assert not verified(content.replace(before, after, 1), key)


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_words_verify(subject: str, text: str) -> None:
    key = DkimKey("example.org", "wh2026", ED25519)
    message = Outgoing("wh-1@example.org", "issue-1", "a@example.net", "en", subject, text)
    assert verified(signed(build(message, SENDER), key), key)


def test_the_record_is_as_rfc_8463_has_it() -> None:
    """Its appendix A.2: the key of selector brisbane."""
    seed = base64.b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    key = DkimKey(
        "football.example.com", "brisbane", ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    )
    assert key.record == "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def test_nothing_is_signed_where_the_relay_signs() -> None:
    assert key_in_use() is None
    assert build(MESSAGE, SENDER).startswith(b"From: ")


@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"WAYHOME_DKIM_KEY": "no key"}, "WAYHOME_DKIM_KEY"),
        ({"WAYHOME_DKIM_KEY": ""}, "WAYHOME_DKIM_KEY"),
        ({"WAYHOME_DKIM_KEY": pem(ED25519)[:60]}, "WAYHOME_DKIM_KEY"),
        ({"WAYHOME_DKIM_KEY": pem(ED25519, b"secret")}, "WAYHOME_DKIM_KEY"),
        ({"WAYHOME_DKIM_KEY": pem(ec.generate_private_key(ec.SECP256R1()))}, "WAYHOME_DKIM_KEY"),
        ({"WAYHOME_DKIM_SELECTOR": ""}, "WAYHOME_DKIM_SELECTOR"),
        ({"WAYHOME_DKIM_SELECTOR": "a b"}, "WAYHOME_DKIM_SELECTOR"),
        ({"WAYHOME_MAIL_FROM": "wayhome@localhost"}, "WAYHOME_MAIL_FROM"),
    ],
)
def test_a_wrong_setting_is_named_and_no_address_is_blamed(
    settings: Any, changes: dict[str, str], setting: str
) -> None:
    values = {
        "WAYHOME_MAIL_FROM": "alerts@example.org",
        "WAYHOME_DKIM_SELECTOR": "wh2026",
        "WAYHOME_DKIM_KEY": pem(ED25519),
    }
    for name, value in (values | changes).items():
        setattr(settings, name, value)
    with pytest.raises(Problem) as raised:
        key_in_use()
    assert raised.value.field == setting
    assert raised.value.fix
    assert "PRIVATE" not in str(raised.value)
    with pytest.raises(RouteDown, match=setting):
        build(MESSAGE, SENDER)


def test_a_key_too_short_is_refused(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wayhome.delivery.channels.dkim_signing.LEAST_RSA_BITS", 4096)
    settings.WAYHOME_MAIL_FROM = "alerts@example.org"
    settings.WAYHOME_DKIM_SELECTOR = "short"
    settings.WAYHOME_DKIM_KEY = pem(RSA)
    with pytest.raises(Problem, match="WAYHOME_DKIM_KEY: has only 2048 bits"):
        key_in_use()
