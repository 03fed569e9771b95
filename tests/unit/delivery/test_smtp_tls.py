"""Encryption and sign-in: verified, or not used at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.certificates import Authority
from tests.support.smtp_batch import (
    FROM,
    SENDER,
    Handed,
    check,
    hand,
    message,
    plain_build,
)
from tests.support.smtp_script import LOCKSTEP, PIPELINING, Say, ScriptedRelay
from wayhome.delivery.channels.smtp import open_session, read_relays, session

pytestmark = pytest.mark.unit

STARTTLS = (*PIPELINING, "STARTTLS")
AUTH = (*STARTTLS, "AUTH PLAIN LOGIN")
SECRET = "k7!gate/@#?"


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "build", plain_build)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def run(relay: ScriptedRelay, scheme: str, ca: Path | None, user: str = "") -> Handed:
    query = f"?ca={ca}" if ca else ""
    (read,) = read_relays(f"{scheme}://{user}localhost:{relay.port}{query}")
    client = open_session(read, SENDER, FROM, timeout_seconds=30, answer_seconds=30)
    first = hand(client, [message(0), message(1), message(2)])
    second = hand(client, [message(3)]) if not first.down else first
    client.close()
    check(relay, first, second)
    assert not first.down or first.down.startswith(f"localhost:{relay.port}: ")
    return first


SCHEMES = pytest.mark.parametrize("scheme", ["smtp+tls", "smtps"])


@SCHEMES
@pytest.mark.parametrize("offers", [STARTTLS, (*LOCKSTEP, "STARTTLS")])
def test_a_good_certificate(scheme: str, offers: tuple[str, ...], authority: Authority) -> None:
    with ScriptedRelay(
        tls=authority.context(), offers=offers, is_tls_from_start=scheme == "smtps"
    ) as relay:
        handed = run(relay, scheme, authority.path)
    assert handed.letters == "SSS"
    assert relay.connections == 1
    greeted = [command.split(" ")[0] for command in relay.commands[:4]]
    assert greeted[:3] == (
        ["ehlo", "STARTTLS", "ehlo"] if scheme == "smtp+tls" else ["ehlo", "MAIL", "RCPT"]
    )


@SCHEMES
@pytest.mark.parametrize("size", [1, 16383, 16384, 16385, 900_000])
def test_content_of_many_records(scheme: str, size: int, authority: Authority) -> None:
    with ScriptedRelay(
        tls=authority.context(), offers=STARTTLS, is_tls_from_start=scheme == "smtps"
    ) as relay:
        (read,) = read_relays(f"{scheme}://localhost:{relay.port}?ca={authority.path}")
        client = open_session(read, SENDER, FROM, timeout_seconds=30, answer_seconds=30)
        handed = hand(client, [message(0, "." * size), message(1)])
        client.close()
        check(relay, handed)
    assert handed.letters == "SS"


@SCHEMES
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ({"host": "other.example"}, "Hostname mismatch"),
        ({"days": -30}, "certificate has expired"),
        ({"is_self_signed": True}, "self-signed certificate"),
    ],
)
def test_a_bad_certificate(
    scheme: str, kind: dict[str, object], words: str, authority: Authority
) -> None:
    context = authority.context(**kind)  # type: ignore[arg-type]
    with ScriptedRelay(tls=context, offers=STARTTLS, is_tls_from_start=scheme == "smtps") as relay:
        handed = run(relay, scheme, authority.path)
    assert handed.letters == "D"
    assert "its certificate is not valid: " in handed.down
    assert words in handed.down
    assert not any("MAIL" in command for command in relay.commands)


@SCHEMES
def test_a_private_ca_is_trusted_by_its_name_only(scheme: str, authority: Authority) -> None:
    with ScriptedRelay(
        tls=authority.context(), offers=STARTTLS, is_tls_from_start=scheme == "smtps"
    ) as relay:
        handed = run(relay, scheme, None)
    assert handed.letters == "D"
    assert "its certificate is not valid: " in handed.down


def test_starttls_is_stripped() -> None:
    with ScriptedRelay(offers=PIPELINING) as relay:
        handed = run(relay, "smtp+tls", None)
    assert handed.letters == "D"
    assert "it offers no STARTTLS" in handed.down
    assert relay.groups == [relay.groups[0]]  # nothing after EHLO


@pytest.mark.parametrize("answer", ["454 4.7.0 no TLS now", "502 what", "421 bye", "nonsense"])
def test_starttls_is_refused(answer: str, authority: Authority) -> None:
    with ScriptedRelay({"STARTTLS": [answer]}, offers=STARTTLS, tls=authority.context()) as relay:
        handed = run(relay, "smtp+tls", authority.path)
    assert handed.letters == "D"
    assert not any("MAIL" in command for command in relay.commands)


def test_answers_slipped_in_before_tls(authority: Authority) -> None:
    """What came in the clear is not taken for having come through TLS."""
    slipped = "220 go\r\n250-localhost\r\n250 AUTH PLAIN"
    with ScriptedRelay({"STARTTLS": [slipped]}, offers=STARTTLS, tls=authority.context()) as relay:
        handed = run(relay, "smtp+tls", authority.path)
    assert handed.letters == "D"
    assert "more than its answer to STARTTLS" in handed.down


def test_what_was_offered_in_the_clear_is_forgotten(authority: Authority) -> None:
    script: dict[str, list[str | Say | None]] = {"EHLO": [None, "250 localhost"]}
    with ScriptedRelay(script, offers=STARTTLS, tls=authority.context()) as relay:
        handed = run(relay, "smtp+tls", authority.path)
    assert handed.letters == "SSS"
    assert all("SIZE" not in mail.mail for mail in relay.accepted)


def test_no_tls_where_tls_is_expected(authority: Authority) -> None:
    in_the_clear = Say("220 script.example", is_silence=True)
    with ScriptedRelay({"greeting": [in_the_clear]}) as relay:
        handed = run(relay, "smtps", authority.path)
    assert handed.letters == "D"
    assert "TLS failed: " in handed.down


USER = "desk:k7%21gate%2F%40%23%3F@"


def test_sign_in(authority: Authority) -> None:
    with ScriptedRelay(offers=AUTH, tls=authority.context(), password=SECRET) as relay:
        handed = run(relay, "smtp+tls", authority.path, USER)
    assert handed.letters == "SSS"


@pytest.mark.parametrize(
    "answer", [None, "454 4.7.0 try later", "421 4.7.0 bye", "334 bm9uc2Vuc2U=", "334 ?", "x"]
)
def test_sign_in_fails(answer: str | None, authority: Authority) -> None:
    """The scripted relay repeats the password that it was given; we do not."""
    password = SECRET if answer else "another"
    with ScriptedRelay(
        {"AUTH": [answer] * 3}, offers=(*STARTTLS, "AUTH PLAIN"), tls=authority.context(),
        password=password,
    ) as relay:  # fmt: skip
        handed = run(relay, "smtp+tls", authority.path, USER)
    assert handed.letters == "D"
    assert SECRET not in handed.down
    if answer is None:
        assert handed.down.endswith("sign-in failed: 535 5.7.8 wrong: (secret)")
    assert not any("MAIL" in command for command in relay.commands)


def test_no_sign_in_offered(authority: Authority) -> None:
    with ScriptedRelay(offers=STARTTLS, tls=authority.context()) as relay:
        handed = run(relay, "smtp+tls", authority.path, USER)
    assert "it offers no AUTH" in handed.down
    assert not any("AUTH" in command for command in relay.commands)


@SCHEMES
@pytest.mark.parametrize("cut", range(0, 700, 11))
def test_cut_through_tls(scheme: str, cut: int, authority: Authority) -> None:
    """Cut at a byte of the plain stream: the same promises."""
    with ScriptedRelay(
        tls=authority.context(),
        offers=STARTTLS,
        is_tls_from_start=scheme == "smtps",
        read_cuts=[cut],
    ) as relay:
        handed = run(relay, scheme, authority.path)
    assert handed.letters.count("L") <= 1
    assert "R" not in handed.letters
