"""``wayhome check --deploy``: what is wrong with the site, its officers and its relays."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.factories import make_officer
from wayhome.officers.account_models import Totp
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.ops.deploy import relays, site
from wayhome.ops.deploy.findings import Finding
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _as_it_should_be(settings: Any) -> None:
    settings.WAYHOME_PUBLIC_URL = "https://wayhome.example.org"
    settings.ALLOWED_HOSTS = ["wayhome.example.org"]
    settings.SESSION_COOKIE_SECURE = True
    settings.WAYHOME_SECOND_FACTOR = "required"


def faults(found: Iterator[Finding]) -> dict[str, Finding]:
    """Those not ok, by the first word of what they are about."""
    return {finding.what.split()[0]: finding for finding in found if finding.ok is not True}


def with_a_factor(name: str, role: Role) -> None:
    Totp.objects.create(
        officer=make_officer(name, role), sealed=b"sealed", used_step=0, made_at=clock.now()
    )


def test_site(settings: Any) -> None:
    assert set(faults(site.findings())) == {"officers"}
    with_a_factor("ines", Role.OFFICER)
    found = faults(site.findings())["officers"]
    assert found.fix.endswith("--role approver")
    with_a_factor("jonas", Role.APPROVER)
    with_a_factor("ada", Role.ADMINISTRATOR)
    assert faults(site.findings()) == {}
    Officer.objects.filter(name="Ines").update(is_active=False)
    assert faults(site.findings())["officers"].fix.endswith("--role officer")


def test_who_has_a_password_alone(settings: Any) -> None:
    for name, role in (("ines", Role.OFFICER), ("jonas", Role.APPROVER)):
        with_a_factor(name, role)
    make_officer("ada", Role.ADMINISTRATOR)
    found = faults(site.findings())
    assert set(found) == {"second"}
    assert (found["second"].ok, found["second"].said[:2]) == (None, "1 ")
    settings.WAYHOME_SECOND_FACTOR = "optional"
    assert faults(site.findings())["second"].ok is False


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"WAYHOME_PUBLIC_URL": "http://wayhome.example.org"}, "public"),
        ({"WAYHOME_PUBLIC_URL": "https://wayhöme.example.org"}, "public"),
        ({"ALLOWED_HOSTS": ["localhost"]}, "host"),
        ({"ALLOWED_HOSTS": [".example.com"]}, "host"),
        ({"SESSION_COOKIE_SECURE": False}, "cookies"),
    ],
)
def test_site_faults(settings: Any, changes: dict[str, Any], what: str) -> None:
    before = faults(site.findings())
    assert what not in before
    for name, value in changes.items():
        setattr(settings, name, value)
    found = faults(site.findings())
    assert found[what].ok is False
    assert found[what].fix


# Relays, over real sockets.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that signs itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay of a test")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "relay.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def relay(certificate: Path) -> Iterator[Callable[..., int]]:
    """Start a relay; with TLS where asked."""
    started: list[Controller] = []

    def start(*, tls: bool = False) -> int:
        def sign_in(_server: Any, _session: Any, _envelope: Any, _mechanism: Any, data: Any) -> Any:
            return AuthResult(success=data.password == b"right", handled=False)

        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
        controller = Controller(
            object(),
            hostname="127.0.0.1",
            port=free_port(),
            tls_context=context,
            authenticator=sign_in,
            auth_require_tls=True,
        )
        controller.start()
        started.append(controller)
        return controller.port

    yield start
    for controller in started:
        controller.stop()


def only(found: Iterator[Finding]) -> Finding:
    (finding,) = found
    return finding


def test_a_relay_on_this_host(relay: Callable[..., int], settings: Any) -> None:
    settings.WAYHOME_SMTP_URL = f"smtp://127.0.0.1:{relay()}?weight=2&rate=50"
    found = only(relays.findings())
    assert (found.ok, found.said) == (True, "reached on this host")


def test_tls_and_signing_in(
    relay: Callable[..., int], certificate: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = relay(tls=True)
    settings.WAYHOME_SMTP_URL = f"smtp+tls://u:right@127.0.0.1:{port}"
    found = only(relays.findings())
    assert (found.ok, "certificate does not hold" in found.said) == (False, True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    found = only(relays.findings())
    assert (found.ok, found.said) == (True, "reached over TLSv1.3, signed in")
    settings.WAYHOME_SMTP_URL = f"smtp+tls://u:wrong@127.0.0.1:{port}"
    found = only(relays.findings())
    assert (found.ok, found.said) == (False, "does not let us in: 535")
    assert "wrong" not in found.said + found.fix


def test_a_relay_without_starttls_or_sign_in(relay: Callable[..., int], settings: Any) -> None:
    port = relay()
    for url in (f"smtp+tls://127.0.0.1:{port}", f"smtp://u:right@127.0.0.1:{port}"):
        settings.WAYHOME_SMTP_URL = url
        found = only(relays.findings())
        assert found.ok is False
        assert "not supported" in found.said


def test_a_relay_that_is_not_there(settings: Any) -> None:
    settings.WAYHOME_SMTP_URL = f"smtp://127.0.0.1:{free_port()}"
    found = only(relays.findings())
    assert (found.ok, "cannot be reached" in found.said) == (False, True)


def test_elsewhere_without_tls(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "_connect", lambda relay: "")
    settings.WAYHOME_SMTP_URL = "smtp://relay.example.org"
    found = only(relays.findings())
    assert (found.ok, found.fix) == (False, "use smtp+tls://relay.example.org")


@pytest.mark.parametrize("host", ["relay.example.org", "192.0.2.25", "[2001:db8::25]"])
def test_a_password_in_the_clear_is_warned_about_and_not_sent(settings: Any, host: str) -> None:
    settings.WAYHOME_SMTP_URL = f"smtp://u:hunter2@{host}"
    found = only(relays.findings())
    assert (found.ok, "in the clear" in found.said) == (False, True)
    assert f"smtp+tls://USER:PASSWORD@{host}" in found.fix
    assert f"smtps://USER:PASSWORD@{host}" in found.fix
    assert "hunter2" not in found.what + found.said + found.fix


def test_a_password_in_the_clear_on_this_host_is_none_of_it(
    relay: Callable[..., int], settings: Any
) -> None:
    settings.WAYHOME_SMTP_URL = f"smtp://u:right@127.0.0.1:{relay()}"
    assert "in the clear" not in only(relays.findings()).said


def test_the_certificates_that_the_setting_names_are_trusted(
    relay: Callable[..., int], certificate: Path, settings: Any
) -> None:
    settings.WAYHOME_SMTP_URL = f"smtp+tls://u:right@127.0.0.1:{relay(tls=True)}?ca={certificate}"
    found = only(relays.findings())
    assert (found.ok, found.said) == (True, "reached over TLSv1.3, signed in")


def test_no_relay_is_said(settings: Any) -> None:
    settings.WAYHOME_SMTP_URL = ""
    found = only(relays.findings())
    assert (found.ok, "goes to a file" in found.said) == (False, True)
    settings.WAYHOME_EXERCISE = True
    assert only(relays.findings()).ok is True


def test_several_relays(relay: Callable[..., int], settings: Any) -> None:
    settings.WAYHOME_SMTP_URL = f"smtp://127.0.0.1:{relay()} smtp://127.0.0.1:{free_port()}"
    assert [finding.ok for finding in relays.findings()] == [True, False]


def test_an_address_that_is_none(settings: Any) -> None:
    settings.WAYHOME_SMTP_URL = "http://relay.example.org"
    found = only(relays.findings())
    assert (found.ok, "WAYHOME_SMTP_URL" in found.said, bool(found.fix)) == (False, True, True)
    assert relays.configured() == ()
