"""The Postfix settings that the docs show, run by Debian's Postfix as they stand.

Of the pages' lines only the port where a worker listens is changed.
Every bounce is Postfix's own: it hands mail on to a relay that refuses some addressees.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.support.instance import ROOT, Instance, wait_for
from tests.support.real_relays import Postfix
from tests.support.relay_roots import free_ports, running

pytestmark = pytest.mark.acceptance

HOWTO = ROOT / "docs" / "howto"
ADDRESS = "b@bounces.example.org"
DOOR = "127.0.0.1:2400"
PEOPLE = 12


def block(page: str, holds: str) -> str:
    """The one example of a page that holds these words."""
    text = (HOWTO / page).read_text(encoding="utf-8")
    (found,) = (each for each in re.findall(r"```ini\n(.*?)```", text, re.DOTALL) if holds in each)
    return str(found)


def main_cf(page: str) -> str:
    return block(page, "virtual_transport")


def as_settings(lines: str) -> dict[str, str]:
    rows = (line.partition("=") for line in lines.splitlines() if line and line[0] != "#")
    return {name.strip(): value.strip() for name, _, value in rows}


def test_the_pages_agree() -> None:
    whole, of_bounces = as_settings(main_cf("mail.md")), as_settings(main_cf("bounces.md"))
    assert of_bounces
    assert of_bounces.items() <= whole.items()
    for page in ("mail.md", "bounces.md"):
        text = (HOWTO / page).read_text(encoding="utf-8")
        assert f"WAYHOME_BOUNCE_ADDRESS={ADDRESS}\n" in text
        assert f"WAYHOME_BOUNCE_LMTP={DOOR}\n" in text


@pytest.fixture(params=["mail.md", "bounces.md"])
def page(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """Its relay is the world that Postfix hands mail on to: it knows every second address."""
    with Instance(tmp_path) as made:
        made.relay.stop()
        made.relay.start(odd=["refuse:2"])
        (port,) = free_ports(1)
        made.environment |= {
            "WAYHOME_LEASE_SECONDS": "60",  # Postfix may let a message wait for a second
            "WAYHOME_BOUNCE_ADDRESS": ADDRESS,
            "WAYHOME_BOUNCE_LMTP": f"127.0.0.1:{port}",
        }
        yield made


@pytest.fixture
def postfix(page: str, instance: Instance, tmp_path: Path) -> Iterator[Postfix]:
    shown = main_cf(page)
    assert DOOR in shown

    class AsShown(Postfix):
        def settings(self) -> str:
            world = f"default_transport = smtp:[127.0.0.1]:{instance.relay.port}\n"
            # bounces.md is for a Postfix that sends already.
            already = "" if "myhostname" in shown else "myhostname = relay.example.org\n"
            there = instance.environment["WAYHOME_BOUNCE_LMTP"]
            return world + already + shown.replace(DOOR, there)

    with running(AsShown, tmp_path) as made:
        yield made
        print(log_of(made))  # seen where a test has failed


def log_of(postfix: Postfix) -> str:
    return (postfix.root / "var/log/postfix.log").read_text()


def test_bounces_become_receipts(postfix: Postfix, instance: Instance) -> None:
    instance.play("publish", str(PEOPLE))
    text = (HOWTO / "mail.md").read_text(encoding="utf-8")
    (setting,) = re.findall(r'WAYHOME_SMTP_URL="(smtp://127\.0\.0\.1:25\b.*)"', text)
    worker = instance.worker(
        WAYHOME_SMTP_URL=setting.replace("127.0.0.1:25", f"127.0.0.1:{postfix.port}")
    )
    refused = {f"p{number}@example.org" for number in range(0, PEOPLE, 2)}
    # A bounce may come before the worker writes down that it sent.
    wait_for(
        lambda: instance.one("SELECT count(*) FROM delivery WHERE state = 'sent'") == PEOPLE,
        "all sent",
    )
    wait_for(
        lambda: instance.one("SELECT count(*) FROM receipt") >= len(refused), "bounces come back"
    )
    wait_for(postfix.has_delivered_all, "nothing waits in Postfix")
    assert instance.rows("SELECT DISTINCT word, provider, status FROM receipt") == [
        ("bounced", "dsn", "5.1.1")
    ]
    bounced = instance.rows(
        "SELECT address FROM receipt JOIN contact_point ON contact_point.id = contact_point_id"
    )
    assert sorted(bounced) == sorted((address,) for address in refused)
    arrived = [address for mail in instance.relay.taken() for address in mail["rcpts"]]
    assert sorted(arrived) == sorted(f"p{number}@example.org" for number in range(1, PEOPLE, 2))
    assert instance.rows("SELECT state, count(*) FROM delivery GROUP BY state") == [
        ("sent", PEOPLE)
    ]
    other_mail_for_that_domain(postfix, instance)
    instance.stop(worker)
    assert not re.findall(r".*(?:warning|error|fatal|panic):.*", log_of(postfix))


def other_mail_for_that_domain(postfix: Postfix, instance: Instance) -> None:
    """Unknown names are refused by Postfix; two of ours in one mail are both taken at once."""
    ours = sorted(set(re.findall(r"from=<(b\+[a-z2-7]+@bounces\.example\.org)>", log_of(postfix))))
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Where is the road?", "ann@elsewhere.example"
    mail.set_content("I need help")
    unknown = ["c@bounces.example.org", "c+x@bounces.example.org"]
    with smtplib.SMTP("127.0.0.1", postfix.port, local_hostname="elsewhere.example") as client:
        refused = client.sendmail("ann@elsewhere.example", [*ours[:2], *unknown], mail.as_bytes())
    assert {to: code for to, (code, _) in refused.items()} == dict.fromkeys(unknown, 550)
    wait_for(postfix.has_delivered_all, "none was put off")
    kept = list((instance.data / "mail-kept" / "new").iterdir())
    assert kept
    assert all(b"I need help" in file.read_bytes() for file in kept)
