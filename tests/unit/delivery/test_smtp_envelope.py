"""What stands in an envelope: sizes, forms, addresses; and no address becomes a command."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.support.smtp_batch import (
    FROM,
    check,
    content,
    hand,
    message,
    plain_build,
    session_with,
)
from tests.support.smtp_script import LOCKSTEP, PIPELINING, Say, ScriptedRelay
from wayhome.delivery.channels.smtp import session

pytestmark = pytest.mark.unit

MODES = pytest.mark.parametrize("offers", [PIPELINING, LOCKSTEP], ids=["pipelining", "lockstep"])


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "build", plain_build)


@MODES
def test_size(offers: Sequence[str]) -> None:
    limits = [offer if "SIZE" not in offer else "SIZE 70000" for offer in offers]
    with ScriptedRelay(offers=limits) as relay:
        client = session_with(relay)
        mails = [message(0), message(1, f"{'x' * 69}\n" * 1001), message(2)]
        handed = hand(client, mails)
        client.close()
        check(relay, handed)
    assert handed.letters == "SRS"
    assert handed.outcomes[1].status == "5.3.4"
    assert "the relay takes 70000" in handed.outcomes[1].detail
    sizes = [mail.mail.partition("SIZE=")[2] for mail in relay.accepted]
    assert sizes == [str(len(content(mails[0]))), str(len(content(mails[2])))]


@MODES
def test_eight_bit(offers: Sequence[str]) -> None:
    with ScriptedRelay(offers=offers) as relay:
        client = session_with(relay)
        handed = hand(client, [message(0, "ASCII"), message(1, "Größe، بغداد")])
        client.close()
        check(relay, handed)
    assert [mail.mail.endswith(" BODY=8BITMIME") for mail in relay.accepted] == [False, True]
    with ScriptedRelay(offers=[o for o in offers if o != "8BITMIME"]) as relay:
        client = session_with(relay)
        handed = hand(client, [message(1, "Größe، بغداد")])
        client.close()
        check(relay, handed)
    assert (handed.letters, "BODY" in relay.accepted[0].mail) == ("S", False)


@MODES
def test_addresses_outside_ascii(offers: Sequence[str]) -> None:
    mails = [
        message(0),
        message(1, address="زينب@example.org"),
        message(2, address="a@bücher.example"),
    ]
    with ScriptedRelay(offers=[*offers, "SMTPUTF8"]) as relay:
        client = session_with(relay)
        assert hand(client, mails).letters == "SSS"
        client.close()
    assert [mail.addressees[0] for mail in relay.accepted] == [
        "p0@example.org", "زينب@example.org", "a@xn--bcher-kva.example",
    ]  # fmt: skip
    assert [mail.mail.endswith(" SMTPUTF8") for mail in relay.accepted] == [False, True, False]
    with ScriptedRelay(offers=offers) as relay:
        client = session_with(relay)
        handed = hand(client, mails)
        client.close()
    assert handed.letters == "SRS"
    assert handed.outcomes[1].detail == "the relay takes no address outside ASCII (SMTPUTF8)"
    assert relay.accepted[1].addressees == ("a@xn--bcher-kva.example",)


EVIL = [
    "a@b.example\r\nRCPT TO:<c@d.example>", "a\n@b.example", "a\r@b.example", "a\0@b.example",
    "a b@c.example", "<a@b.example", "a@b.example>", "a@b.example> X", "a@b.example,c@d.example",
    "a@b.example;c@d.example", "\ta@b.example", "a\x7f@b.example", "a\u2028@b.example",
    "a@b\u2028.example", "", "a", "a@", "@b.example", "@x.example:a@b.example",
    "a@\ufe64b.example",
    "a\u202e@b.example", "\ud800@b.example", "a@" + "b" * 250 + ".example", "a@-\u00fc-.example",
]  # fmt: skip


@MODES
@pytest.mark.parametrize("evil", EVIL)
def test_no_address_becomes_a_command(offers: Sequence[str], evil: str) -> None:
    mails = [message(0), message(1, address=evil), message(2)]
    with ScriptedRelay(offers=[*offers, "SMTPUTF8"]) as relay:
        client = session_with(relay)
        handed = hand(client, mails)
        if evil:  # an empty return path is the route's own
            by_path = hand(client, [message(5, return_path=evil), message(6)])
            assert by_path.letters == "RS"
            assert by_path.outcomes[0].detail.startswith("return path: ")
        client.close()
    assert handed.letters == "SRS"
    rcpts = [command for command in relay.commands if command.startswith("RCPT")]
    assert set(rcpts) <= {f"RCPT TO:<p{n}@example.org>" for n in (0, 2, 6)}
    assert handed.outcomes[1].detail.startswith("address: ")
    assert "\n" not in handed.outcomes[1].detail


def test_nothing_is_written_for_a_bad_address() -> None:
    with ScriptedRelay() as relay:
        client = session_with(relay)
        assert hand(client, [message(0, address="a b@c.example")]).letters == "R"
        client.close()
    assert relay.connections == 0


def test_each_return_path_is_its_message_s_own() -> None:
    with ScriptedRelay() as relay:
        client = session_with(relay)
        hand(client, [message(0, return_path="b+0@bounce.example"), message(1)])
        client.close()
    assert [mail.sender for mail in relay.accepted] == ["b+0@bounce.example", FROM]


@MODES
def test_status_and_words(offers: Sequence[str]) -> None:
    script: dict[str, list[str | Say | None]] = {
        "RCPT": [
            "550-5.1.1 No such\r\n550 5.1.1 mailbox", "550 4.1.1 does not fit", "550 no code",
            "550 sorry, no mailbox here by that name (#5.1.1)", "450 4.2.1 \x1b[31mred\x07",
            "550 5.1.10x no",
        ]
    }  # fmt: skip
    with ScriptedRelay(script, offers=offers) as relay:
        client = session_with(relay)
        handed = hand(client, [message(n) for n in range(6)])
        client.close()
    assert [outcome.status for outcome in handed.outcomes] == [
        "5.1.1", "", "", "5.1.1", "4.2.1", "5.1.10",
    ]  # fmt: skip
    assert handed.outcomes[0].detail == "550 5.1.1 No such 5.1.1 mailbox"
    assert handed.outcomes[4].detail == "450 4.2.1 ?[31mred?"
