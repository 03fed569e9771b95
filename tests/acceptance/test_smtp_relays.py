"""The SMTP client against Debian's Postfix, OpenSMTPD and Exim, each in a root of its own.

``scripts/fetch_relays.sh`` unpacks them into ``.relays``, or wherever ``WAYHOME_TEST_RELAYS``
says; ``tests.support.real_relays`` runs a copy of each, which takes root.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.database import REQUIRE
from tests.support.instance import ROOT, wait_for
from tests.support.real_relays import BOXES, DOMAIN, KINDS, LIMIT, Relay
from tests.support.smtp_batch import FROM, SENDER, content, hand, message, plain_build
from wayhome.delivery.channels.smtp import open_session, read_relays, session, transaction
from wayhome.delivery.channels.smtp.opening import Link
from wayhome.delivery.types import Outgoing, Session

pytestmark = pytest.mark.acceptance

RELAYS = Path(os.environ.get("WAYHOME_TEST_RELAYS", ROOT / ".relays"))


def unavailable(why: str) -> None:
    if REQUIRE:
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(params=sorted(KINDS), scope="module")
def relay(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Relay]:
    name = request.param
    if os.geteuid() != 0:
        unavailable(f"{name} needs root: it is run in a root folder of its own")
    if not (RELAYS / name / ".complete").exists():
        unavailable(f"{name} is not in {RELAYS}: scripts/fetch_relays.sh brings it")
    root = tmp_path_factory.mktemp(name) / "root"
    shutil.copytree(RELAYS / name, root, symlinks=True)
    root.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = KINDS[name](root, port)
    try:
        try:
            running.prepare()
        except PermissionError as error:
            unavailable(f"{name} needs to make users' folders and devices: {error}")
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(root, ignore_errors=True)


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


@pytest.fixture
def client(relay: Relay) -> Iterator[Session]:
    for box in (relay.root / "mail").iterdir():
        shutil.rmtree(box)
    (read,) = read_relays(f"smtp://127.0.0.1:{relay.port}")
    opened = open_session(read, SENDER, FROM, timeout_seconds=60)
    yield opened
    opened.close()


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
    outcomes = client.send([to_box(n) for n in range(5)])
    assert [next(outcomes).result for _ in range(2)] == ["sent", "sent"]
    outcomes.close()  # type: ignore[attr-defined]
    assert hand(client, [to_box(7)]).letters == "S"
    all_arrived(relay, [to_box(n) for n in (0, 1, 7)])
