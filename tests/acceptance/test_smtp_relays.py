"""The SMTP client against Debian's Postfix, OpenSMTPD and Exim, each in a root of its own.

``scripts/fetch_relays.sh`` unpacks them into ``.relays``, or wherever ``WAYHOME_TEST_RELAYS``
says; ``tests.support.real_relays`` runs a copy of each, which takes root.
"""

from __future__ import annotations

import re
import shutil
from base64 import b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.certificates import Authority
from tests.support.instance import Instance, wait_for
from tests.support.real_relays import BOXES, DOMAIN, KINDS, LIMIT, PASSWORD, USER, Exim
from tests.support.relay_roots import Relay, running
from tests.support.smtp_batch import FROM, SENDER, content, hand, message, plain_build
from wayhome.delivery.channels.smtp import open_session, read_relays, session, transaction
from wayhome.delivery.channels.smtp.opening import Link
from wayhome.delivery.types import Outgoing, Session

pytestmark = [pytest.mark.acceptance, pytest.mark.once]


@pytest.fixture(params=sorted(KINDS), scope="module")
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Relay]:
    with running(KINDS[request.param], tmp_path_factory.mktemp(request.param)) as made:
        yield made


@pytest.fixture
def relay(started: Relay) -> Relay:
    for box in (started.root / "mail").iterdir():
        shutil.rmtree(box)
    return started


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Link]:
    """Every connection that the client opens in a test."""
    opened: list[Link] = []
    open_link = session.open_link

    def counted(*arguments: Any) -> Link:
        opened.append(link := open_link(*arguments))
        return link

    monkeypatch.setattr(session, "open_link", counted)
    monkeypatch.setattr(session, "build", plain_build)
    return opened


def session_at(
    relay: Relay, door: str, trusts: Path | None = None, password: str = ""
) -> AbstractContextManager[Session]:
    (read,) = read_relays(url(relay, door, trusts, password))
    return closing(open_session(read, SENDER, FROM, timeout_seconds=60, answer_seconds=60))


def url(relay: Relay, door: str, trusts: Path | None, password: str) -> str:
    """As an operator would write it. ``trusts``: the file of a CA."""
    who = f"{USER}:{quote(password, safe='')}@" if password else ""
    trusted = f"?ca={trusts}" if trusts else ""
    return f"{door.split()[0]}://{who}localhost:{relay.ports[door]}{trusted}"


@pytest.fixture
def client(relay: Relay) -> Iterator[Session]:
    with session_at(relay, "smtp") as opened:
        yield opened


def to_box(number: int, text: str = "Go east.\n") -> Outgoing:
    return message(number, text, address=f"p{number}@{DOMAIN}")


def all_arrived(relay: Relay, mails: list[Outgoing]) -> None:
    """Each once, byte for byte below what the relay put on top, and nothing besides."""
    wait_for(relay.has_delivered_all, "the relay has delivered what it took")
    kept = relay.kept()
    assert {box: len(files) for box, files in kept.items()} == {
        mail.address.partition("@")[0]: 1 for mail in mails
    }
    for mail in mails:
        (file,) = kept[mail.address.partition("@")[0]]
        assert file.endswith(b"\n" + content(mail).replace(b"\r\n", b"\n"))


def came_by(relay: Relay) -> set[str]:
    """How the relay says that the kept ones came (RFC 3848): esmtp, with s for TLS, a for AUTH."""
    heads = (file.partition(b"\nFrom: ")[0] for files in relay.kept().values() for file in files)
    return {
        way.decode().lower()
        for head in heads
        for way in re.findall(rb"\bwith (e?smtps?a?)\b", head, re.I)
    }


ODD = [
    ".", "..", ".\n.\n", "\n.\n..\n...x\n", "From here on\n.", "no end", "\n\n\n", " ",
    "Größe: 5 m, بغداد، 東京\n", "\udcff\udc80 bytes that are no text\n", "x" * 998 + "\n",
    "." * 997 + "\n.\n", "QUIT\nRSET\n.\nMAIL FROM:<a@b.example>\n", "\tTab\x0b\x0c\n",
    ("." * 50 + "\n") * 2000,
]  # fmt: skip


def test_each_arrives_once_as_it_was(
    relay: Relay, client: Session, connections: list[Link]
) -> None:
    mails = [to_box(n, ODD[n % len(ODD)]) for n in range(BOXES)]
    handed = hand(client, mails[:40])
    more = hand(client, mails[40:])
    assert handed.letters + more.letters == "S" * BOXES
    (link,) = connections  # kept from slice to slice
    assert link.pipelining is relay.offers_pipelining
    all_arrived(relay, mails)


def test_refused_in_the_middle(relay: Relay, client: Session, connections: list[Link]) -> None:
    mails = [to_box(n) for n in range(6)]
    unknown = [message(90 + n, address=f"nobody{n}@{DOMAIN}") for n in range(3)]
    handed = hand(client, [mails[0], unknown[0], *mails[1:4], *unknown[1:], *mails[4:]])
    assert handed.letters == "SRSSSRRSS"
    assert handed.outcomes[1].detail.startswith("5")
    assert len(connections) == 1
    all_arrived(relay, mails)


def test_relaying_is_denied(relay: Relay, client: Session) -> None:
    """Where it says so, the route is down, and nothing is held against the address."""
    elsewhere = message(80, address="ann@elsewhere.example")
    handed = hand(client, [elsewhere, to_box(0)])
    assert handed.letters == ("D" if relay.denies_by_name else "RS")
    after_mail = hand(client, [to_box(1), elsewhere, to_box(2)])
    assert after_mail.letters == ("SLS" if relay.denies_by_name else "SRS")
    all_arrived(relay, [to_box(n) for n in ([1, 2] if relay.denies_by_name else [0, 1, 2])])


@pytest.mark.parametrize("is_known", [True, False])
def test_too_large(
    relay: Relay, client: Session, is_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the size that the relay offered, or by its own word."""
    if not is_known:
        monkeypatch.setattr(transaction, "unfit", lambda *_: None)
    handed = hand(client, [to_box(0), to_box(1, "x" * 70 + "\n" * LIMIT), to_box(2)])
    assert handed.letters == "SRS"
    all_arrived(relay, [to_box(0), to_box(2)])


def test_restarted_between_slices(relay: Relay, client: Session, connections: list[Link]) -> None:
    first = hand(client, [to_box(0), to_box(1)])
    wait_for(relay.has_delivered_all, "the relay has delivered what it took")
    relay.stop()
    relay.start()
    second = hand(client, [to_box(2), to_box(3)])
    assert (first.letters, second.letters) == ("SS", "SS")
    assert len(connections) == 2
    all_arrived(relay, [to_box(n) for n in range(4)])


def test_stopped_early(relay: Relay, client: Session) -> None:
    """The one in flight when the consumer stops is untouched."""
    outcomes = client.send([to_box(n) for n in range(5)], lambda: True)
    assert [next(outcomes).result for _ in range(2)] == ["sent", "sent"]
    outcomes.close()  # type: ignore[attr-defined]
    assert hand(client, [to_box(7)]).letters == "S"
    all_arrived(relay, [to_box(n) for n in (0, 1, 7)])


ENCRYPTED = pytest.mark.parametrize("door", ["smtp+tls", "smtps"])


@ENCRYPTED
def test_through_tls(relay: Relay, door: str, connections: list[Link]) -> None:
    mails = [to_box(n, text) for n, text in enumerate(ODD)]
    with session_at(relay, door, relay.authority.path) as client:
        handed = hand(client, mails[:8])
        more = hand(client, mails[8:])
    assert handed.letters + more.letters == "S" * len(ODD)
    (link,) = connections
    assert link.pipelining is relay.offers_pipelining
    all_arrived(relay, mails)
    assert came_by(relay) == {"esmtps"}


def is_down_untouched(relay: Relay, client: Session, door: str) -> str:
    """What the route says. Nothing came through it, whereas the one after it did."""
    handed = hand(client, [to_box(1), to_box(2)])
    assert (handed.letters, handed.taken) == ("D", 1)
    with session_at(relay, "smtp") as other:
        assert hand(other, [to_box(3)]).letters == "S"
    all_arrived(relay, [to_box(3)])
    address = f"localhost:{relay.ports[door]}: "
    assert handed.down.startswith(address)
    return handed.down.removeprefix(address)


@ENCRYPTED
@pytest.mark.parametrize("is_other_ca", [True, False])
def test_a_certificate_that_is_not_trusted(
    relay: Relay, door: str, is_other_ca: bool, tmp_path: Path
) -> None:
    """Neither by a file that holds another CA of the same name, nor by what this host trusts."""
    trusts = Authority(tmp_path).path if is_other_ca else None
    with session_at(relay, door, trusts, PASSWORD) as client:
        said = is_down_untouched(relay, client, door)
    assert said.startswith("its certificate is not valid: ")


@ENCRYPTED
def test_a_certificate_for_another_host(relay: Relay, door: str) -> None:
    door = f"{door} as other"
    with session_at(relay, door, relay.authority.path, PASSWORD) as client:
        said = is_down_untouched(relay, client, door)
    assert said.startswith("its certificate is not valid: Hostname mismatch")


@ENCRYPTED
def test_signed_in(relay: Relay, door: str) -> None:
    mails = [to_box(n) for n in range(3)]
    with session_at(relay, door, relay.authority.path, PASSWORD) as client:
        assert hand(client, mails).letters == "SSS"
    all_arrived(relay, mails)
    assert came_by(relay) == {"esmtpsa"}


WRONG = "k7!gate/@#? not"


@ENCRYPTED
def test_a_wrong_password(relay: Relay, door: str) -> None:
    with session_at(relay, door, relay.authority.path, WRONG) as client:
        said = is_down_untouched(relay, client, door)
    assert re.match(r"sign-in failed: 535 \S", said)
    assert not any(secret in said for secret in as_sent(WRONG))


def as_sent(password: str) -> list[str]:
    """A password as it is written anywhere: plain, in the setting, by PLAIN and by LOGIN."""
    both = f"\0{USER}\0{password}"
    coded = [b64encode(text.encode()).decode() for text in (password, both)]
    return [password, quote(password, safe=""), *coded]


def test_no_sign_in_is_offered_in_the_clear(relay: Relay) -> None:
    with session_at(relay, "smtp", None, PASSWORD) as client:
        said = is_down_untouched(relay, client, "smtp")
    assert said == "it offers no AUTH, but a user is set for it"


def test_a_worker_with_a_wrong_password(tmp_path: Path) -> None:
    """The route rests; its row and the log say why, and hold no password."""
    with running(Exim, tmp_path) as relay, Instance(tmp_path) as instance:
        instance.play("publish", "2")
        setting = url(relay, "smtp+tls", relay.authority.path, WRONG)
        worker = instance.worker(WAYHOME_SMTP_URL=setting)
        down: list[tuple[str, str]] = []

        def is_down() -> bool:
            down[:] = instance.rows("SELECT name, last_error FROM relay WHERE failures > 0")
            return bool(down)

        wait_for(is_down, "down")
        instance.stop(worker)
        ((name, error),) = down
        assert error.startswith(f"{name}: sign-in failed: 535 ")
        assert f"relay {name} is down: {error}" in instance.worker_log()
        for secret in as_sent(WRONG):
            assert secret not in error + instance.worker_log()
        assert instance.rows("SELECT DISTINCT state, tries FROM delivery") == [("owed", 0)]
