"""The real ``wayhome check --deploy`` with a key it made, a name server and a relay on loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import Instance, fresh_instance
from tests.support.dns_server import name_server, texts

pytestmark = [pytest.mark.acceptance, pytest.mark.once]

Zone = dict[str, dict[str, list[str]]]


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[int]:
    """A relay that takes everything; its port."""
    command = [sys.executable, "-m", "tests.support.smtp_server", str(tmp_path / "relay.log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.terminate()


def as_set(folder: Path, relay: int) -> dict[str, str]:
    return {
        "WAYHOME_MAIL_FROM": "alerts@example.org",
        "WAYHOME_BOUNCE_ADDRESS": "b@bounces.example.org",
        "WAYHOME_BOUNCE_MAILDIR": str(folder / "bounces"),
        "WAYHOME_PUBLIC_URL": "https://wayhome.example.org",
        "WAYHOME_HOSTS": "wayhome.example.org",
        "WAYHOME_SECURE_COOKIES": "true",
        "WAYHOME_SMTP_URL": f"smtp://127.0.0.1:{relay}",
        "WAYHOME_DKIM_SELECTOR": "wh2026",
        "WAYHOME_DKIM_KEY_FILE": str(folder / "dkim.pem"),
    }


def deployed(instance: Instance, resolver: str) -> subprocess.CompletedProcess[str]:
    return instance.run_cold("check", "--deploy", "--resolver", resolver)


def test_from_nothing_to_all_is_well(tmp_path: Path, relay: int) -> None:
    zone: Zone = {}
    with (
        fresh_instance(tmp_path / "data") as bare,
        name_server(zone) as resolver,
    ):
        assert bare.run("migrate").returncode == 0
        first = deployed(bare, resolver)
        assert first.returncode == 1
        assert "every message goes to a file" in first.stdout

        made = bare.json(
            *("mail", "dkim-key", str(tmp_path / "dkim.pem")),
            *("--domain", "example.org", "--selector", "wh2026"),
        )
        again = bare.run(
            *("mail", "dkim-key", str(tmp_path / "dkim.pem")),
            *("--domain", "example.org", "--selector", "wh2027"),
        )
        assert (again.returncode, "is there already" in again.stderr) == (2, True)

        instance = Instance({**bare.environment, **as_set(tmp_path, relay)})
        for name, role in (("ines", "officer"), ("jonas", "approver")):
            added = instance.run(
                "officer", "add", f"{name}@example.org", "--name", name, "--role", role
            )
            assert added.returncode == 0, added.stderr

        nothing = deployed(instance, resolver)
        assert nothing.returncode == 1
        bad = [line for line in nothing.stdout.splitlines() if line.startswith("NOT OK")]
        assert [line.split()[2] for line in bad] == ["SPF", "DKIM", "DMARC", "MX"]

        zone["bounces.example.org"] = {
            "TXT": texts("v=spf1 ip4:192.0.2.1 -all"),
            "MX": ["10 relay.example.org."],
        }
        zone["relay.example.org"] = {"A": ["192.0.2.1"]}
        zone[made["name"]] = {"TXT": texts(made["record"])}
        zone["_dmarc.example.org"] = {"TXT": texts("v=DMARC1; p=reject")}
        last = deployed(instance, resolver)
        assert last.returncode == 0, last.stdout + last.stderr
        assert "All is well" in last.stdout
        assert "NOT OK" not in last.stdout

        # A key that is not the published one is found.
        (tmp_path / "dkim.pem").unlink()
        bare.json(
            *("mail", "dkim-key", str(tmp_path / "dkim.pem"), "--kind", "ed25519"),
            *("--domain", "example.org", "--selector", "wh2026"),
        )
        other = deployed(instance, resolver)
        assert other.returncode == 1
        assert "the record is for k=rsa, the key that signs is ed25519" in other.stdout


def test_bad_input_is_said_in_a_line(tmp_path: Path) -> None:
    with fresh_instance(tmp_path / "data") as instance:
        assert instance.run("migrate").returncode == 0
        done = deployed(instance, "nowhere")
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert done.stderr.startswith("resolver: ")
        done = instance.run(
            *("mail", "dkim-key", str(tmp_path / "x.pem"), "--domain", "localhost"),
            *("--selector", "a"),
        )
        assert (done.returncode, done.stderr.split(":")[0]) == (2, "domain")
        assert not (tmp_path / "x.pem").exists()
