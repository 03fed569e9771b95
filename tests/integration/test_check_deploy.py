"""``wayhome check --deploy``: each fault of what DNS says of our mail is found, its fix named."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from tests.support.dns_server import name_server, texts
from wayhome.delivery.channels.dkim_signing import DkimKey
from wayhome.ops.deploy import mail_dns, spf
from wayhome.ops.deploy.dns import Dns, DnsFailed
from wayhome.ops.deploy.findings import Finding, txt_record
from wayhome.problems import Problem

pytestmark = pytest.mark.integration

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEY = DkimKey("example.org", "wh2026", RSA)
GOOD: dict[str, dict[str, list[str]]] = {
    "example.org": {"TXT": texts("verification=1", "v=spf1 mx -all")},
    "bounces.example.org": {
        "TXT": texts("v=spf1 a:relay.example.org -all"),
        "MX": ["20 b.mx.example.org.", "10 a.mx.example.org."],
    },
    "relay.example.org": {"A": ["192.0.2.25"], "AAAA": ["2001:db8::25"]},
    "a.mx.example.org": {"A": ["192.0.2.1"]},
    "b.mx.example.org": {"AAAA": ["2001:db8::1"]},
    "wh2026._domainkey.example.org": {"TXT": texts(KEY.record)},
    "_dmarc.example.org": {"TXT": texts("v=DMARC1; p=reject; rua=mailto:dmarc@example.org")},
}
Zone = dict[str, dict[str, list[str]]]


@pytest.fixture
def zone() -> Zone:
    return copy.deepcopy(GOOD)


@pytest.fixture
def dns(zone: Zone) -> Iterator[Dns]:
    with name_server(zone) as address:
        yield Dns(address)


@pytest.fixture(autouse=True)
def _as_it_should_be(settings: Any) -> None:
    settings.WAYHOME_MAIL_FROM = "alerts@example.org"
    settings.WAYHOME_BOUNCE_ADDRESS = "b@bounces.example.org"
    settings.WAYHOME_BOUNCE_LMTP = "127.0.0.1:2400"
    settings.WAYHOME_DKIM_SELECTOR = "wh2026"
    settings.WAYHOME_DKIM_KEY = KEY.pem().decode()
    settings.WAYHOME_SMTP_URL = "smtp+tls://u:p@relay.example.org"


def faults(found: Iterator[Finding]) -> dict[str, Finding]:
    """Those not ok, by the first word of what they are about."""
    return {finding.what.split()[0]: finding for finding in found if finding.ok is not True}


def test_nothing_is_wrong_where_all_is_published(dns: Dns) -> None:
    found = list(mail_dns.findings(dns))
    assert [finding.what.split()[0] for finding in found] == [
        *("sender", "SPF", "DKIM", "DMARC", "MX", "bounces")
    ]
    assert all(finding.ok for finding in found), found


def test_nothing_is_right_where_nothing_is_published(dns: Dns, zone: Zone) -> None:
    zone.clear()
    found = faults(mail_dns.findings(dns))
    assert {what: finding.ok for what, finding in found.items()} == dict.fromkeys(
        ("SPF", "DKIM", "DMARC", "MX"), False
    )
    record = 'bounces.example.org. TXT "v=spf1 a:relay.example.org -all"'
    assert record in found["SPF"].fix
    assert txt_record(KEY.name, KEY.record) in found["DKIM"].fix
    assert '_dmarc.example.org. TXT "v=DMARC1; p=quarantine;' in found["DMARC"].fix
    assert "bounces.example.org. MX 10 " in found["MX"].fix


@pytest.mark.parametrize(
    ("record", "ok", "said"),
    [
        ("v=spf1 a:relay.example.org -all", True, "names every relay"),
        ("v=spf1 ip4:192.0.2.0/24 ~all", True, "names every relay"),
        ("v=spf1 ip6:2001:db8::/32 -all", True, "names every relay"),
        ("v=spf1 a:relay.example.org/28//64 -all", True, "names every relay"),
        ("v=spf1 include:provider.example.net -all", True, "names every relay"),
        ("v=spf1 redirect=provider.example.net", True, "names every relay"),
        ("V=SPF1 A:relay.example.org -ALL", True, "names every relay"),
        ("v=spf1 mx -all", None, "see that it names the addresses"),
        ("v=spf1 -ip4:192.0.2.25 -all", None, "see that it names the addresses"),
        ("v=spf1 a:relay.example.org", False, "lets anybody send"),
        ("v=spf1 a:relay.example.org ?all", False, "lets anybody send"),
        ("v=spf1 +all", False, "lets anybody send"),
        ("v=spf1 include:nothing.example.net -all", False, "refers to nothing.example.net"),
        ("v=spf1 ip4:192.0.2.999 -all", False, "is no network"),
        ("v=spf1 relay.example.org -all", False, "is no part of SPF"),
        ("v=spf1 include:loop.example.net -all", False, "more than 10 look-ups"),
        ("v=spf1 " + "a:x.example.net " * 11 + "-all", False, "more than 10 look-ups"),
        ("v=spf10 a:relay.example.org -all", False, "there is no record"),
    ],
)
def test_spf(dns: Dns, zone: Zone, record: str, ok: bool | None, said: str) -> None:
    zone["provider.example.net"] = {"TXT": texts("v=spf1 ip4:192.0.2.25 -all")}
    zone["loop.example.net"] = {"TXT": texts("v=spf1 include:loop.example.net -all")}
    zone["bounces.example.org"]["TXT"] = texts(record)
    found = next(f for f in mail_dns.findings(dns) if f.what.startswith("SPF"))
    assert (found.ok, said in found.said) == (ok, True), found
    assert bool(found.fix) is (ok is False)


def test_two_spf_records_are_none(dns: Dns, zone: Zone) -> None:
    zone["bounces.example.org"]["TXT"] += texts("v=spf1 mx -all")
    assert "2 records" in faults(mail_dns.findings(dns))["SPF"].said
    assert spf.read(dns, "example.org").lookups == 1


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([KEY.record.replace("p=", "p=A")], "another key"),
        ([KEY.record.partition("p=")[0] + "p="], "revokes"),
        ([KEY.record + "; t=y"], "test"),
        ([KEY.record + "; h=sha1"], "sha256"),
        ([KEY.record + "; s=tlsrpt"], "not for mail"),
        ([KEY.record.replace("k=rsa", "k=ed25519")], "k=ed25519"),
        ([KEY.record, KEY.record + ";"], "2 records"),
        (["v=DKIM2; p=x"], "no DKIM key"),
        (["hello"], "no DKIM key"),
    ],
)
def test_dkim(dns: Dns, zone: Zone, records: list[str], said: str) -> None:
    zone[KEY.name]["TXT"] = texts(*records)
    found = faults(mail_dns.findings(dns))["DKIM"]
    assert found.ok is False
    assert said in found.said
    assert KEY.public[:200] in found.fix


@pytest.mark.parametrize(
    "record",
    [KEY.record, f"k=rsa; p={KEY.public}", f"p={KEY.public}", KEY.record + "; s=email;h=sha256"],
)
def test_dkim_records_that_hold(dns: Dns, zone: Zone, record: str) -> None:
    zone[KEY.name]["TXT"] = texts(record)
    assert "DKIM" not in faults(mail_dns.findings(dns))


def test_dkim_of_other_kinds(dns: Dns, zone: Zone, settings: Any) -> None:
    other = DkimKey("example.org", "wh2026", ed25519.Ed25519PrivateKey.generate())
    settings.WAYHOME_DKIM_KEY = other.pem().decode()
    assert faults(mail_dns.findings(dns))["DKIM"].said.endswith("the key that signs is ed25519")
    zone[KEY.name]["TXT"] = texts(other.record)
    assert "DKIM" not in faults(mail_dns.findings(dns))
    small = DkimKey("example.org", "wh2026", rsa.generate_private_key(65537, 1024))
    settings.WAYHOME_DKIM_KEY = small.pem().decode()
    zone[KEY.name]["TXT"] = texts(small.record)
    assert "1024 bits" in faults(mail_dns.findings(dns))["DKIM"].said


def test_the_relay_signs(dns: Dns, settings: Any) -> None:
    settings.WAYHOME_DKIM_SELECTOR = settings.WAYHOME_DKIM_KEY = ""
    found = faults(mail_dns.findings(dns))["DKIM"]
    assert found.ok is None
    assert "the relay signs" in found.said
    settings.WAYHOME_DKIM_SELECTOR = "wh2026"
    found = faults(mail_dns.findings(dns))["DKIM"]
    assert (found.ok, "WAYHOME_DKIM_KEY" in found.said) == (False, True)


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (["v=DMARC1; p=none"], "'none'"),
        (["v=DMARC1; rua=mailto:x@example.org"], "'missing'"),
        (["v=DMARC1; p=reject", "v=DMARC1; p=none"], "2 records"),
        (["v=DMARC11; p=reject"], "there is no record"),
        (["v=DMARC1; p=reject; aspf=s"], "not aligned"),
    ],
)
def test_dmarc(dns: Dns, zone: Zone, records: list[str], said: str) -> None:
    zone["_dmarc.example.org"]["TXT"] = texts(*records)
    found = faults(mail_dns.findings(dns))["DMARC"]
    assert found.ok is False
    assert said in found.said
    assert found.fix


def test_dmarc_of_a_domain_above(dns: Dns, zone: Zone, settings: Any) -> None:
    settings.WAYHOME_MAIL_FROM = "alerts@mail.example.org"
    found = faults(mail_dns.findings(dns))
    assert "DMARC" not in found  # both are below example.org, whose policy holds
    zone["_dmarc.example.org"]["TXT"] = texts("v=DMARC1; p=reject; sp=none")
    assert "'none'" in faults(mail_dns.findings(dns))["DMARC"].said
    settings.WAYHOME_BOUNCE_ADDRESS = "b@bounces.example.net"
    zone["_dmarc.example.org"]["TXT"] = texts("v=DMARC1; p=reject")
    assert (
        "bounces.example.net, which is not aligned" in faults(mail_dns.findings(dns))["DMARC"].said
    )


@pytest.mark.parametrize(
    ("records", "said"),
    [([], "no record"), (["0 ."], "takes no mail"), (["10 nowhere.example.org."], "no address")],
)
def test_mx(dns: Dns, zone: Zone, records: list[str], said: str) -> None:
    zone["bounces.example.org"]["MX"] = records
    found = faults(mail_dns.findings(dns))["MX"]
    assert (found.ok, said in found.said, bool(found.fix)) == (False, True, True)


def test_bounces(dns: Dns, settings: Any) -> None:
    settings.WAYHOME_BOUNCE_ADDRESS = f"{'b' * 60}@bounces.example.org"
    found_one = faults(mail_dns.findings(dns))["bounces"]
    assert (found_one.ok, "too long" in found_one.said) == (False, True)
    settings.WAYHOME_BOUNCE_ADDRESS = "b@bounces.example.org"
    settings.WAYHOME_BOUNCE_LMTP = ""
    found_one = faults(mail_dns.findings(dns))["bounces"]
    assert (found_one.ok, "no worker takes them" in found_one.said) == (None, True)
    settings.WAYHOME_BOUNCE_ADDRESS = ""
    found = list(mail_dns.findings(dns))
    assert found[-1].ok is False
    assert "alerts@example.org" in found[-1].said
    assert found[1].what == "SPF of example.org"


def test_dns_that_fails_is_no_finding_about_the_record(dns: Dns, zone: Zone) -> None:
    zone[KEY.name]["SERVFAIL"] = []
    found = faults(mail_dns.findings(dns))
    assert set(found) == {"DKIM"}
    assert "DNS does not answer" in found["DKIM"].said
    with pytest.raises(DnsFailed):
        dns.txt(KEY.name)


@pytest.mark.parametrize("sender", ["wayhome@localhost", "", "ämt@example.org"])
def test_a_sender_that_nobody_can_answer(dns: Dns, settings: Any, sender: str) -> None:
    settings.WAYHOME_MAIL_FROM = sender
    (found,) = mail_dns.findings(dns)
    assert (found.what, found.ok) == ("sender", False)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("127.0.0.1", True),
        ("127.0.0.1:5353", True),
        ("::1", True),
        ("[::1]:5353", True),
        ("localhost:53", False),
        ("127.0.0.1:x", False),
    ],
)
def test_the_resolver_s_address(text: str, good: bool) -> None:
    if good:
        Dns(text)
        return
    with pytest.raises(Problem, match="resolver"):
        Dns(text)


def test_long_records_are_split() -> None:
    assert txt_record("a.example", "x" * 300) == f'a.example. TXT ( "{"x" * 255}" "{"x" * 45}" )'
    assert txt_record("a.example", "x") == 'a.example. TXT "x"'
