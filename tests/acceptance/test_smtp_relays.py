"""The SMTP client against Debian's Postfix, OpenSMTPD and Exim, each in a root of its own.

``scripts/fetch_relays.sh`` unpacks them into ``.relays``, or wherever ``WAYHOME_TEST_RELAYS``
says. Each test copies one, adds users, configuration and spool, and chroots into it: as packages
the three exclude each other, and their paths and users are compiled in. That takes root. All is
on loopback and delivered to files; no relay here may send mail onwards.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.database import REQUIRE
from tests.support.instance import ROOT, wait_for
from tests.support.smtp_batch import FROM, SENDER, content, hand, message, plain_build
from wayhome.delivery.channels.smtp import open_session, read_relays, session, transaction
from wayhome.delivery.types import Outgoing, Session

pytestmark = pytest.mark.acceptance

RELAYS = Path(os.environ.get("WAYHOME_TEST_RELAYS", ROOT / ".relays"))
DOMAIN = "box.example"
BOXES = 60
LIMIT = 200_000

# Numbers of no one on this host; names that the programs were built to look for.
USERS = {"root": 0, "mail": 8, "nobody": 65534, "postfix": 60101, "opensmtpd": 60102,
         "opensmtpq": 60103, "Debian-exim": 60104, "keeper": 60105}  # fmt: skip
GROUPS = {**USERS, "postdrop": 60106, "nogroup": 65534}
DEVICES = {"null": (1, 3), "zero": (1, 5), "random": (1, 8), "urandom": (1, 9)}


class Relay:
    """One of the three, running in ``root``."""

    command: Sequence[str]
    queue: Sequence[str]  # where it keeps what it took and has not delivered
    denies_by_name = True  # whether it tells "no relaying" from "no such mailbox"

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.port = root, port
        self.process: subprocess.Popen[bytes] | None = None

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def folder(self, path: str, user: str = "root", group: str = "root", mode: int = 0o755) -> None:
        folder = self.root / path
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, USERS[user], GROUPS[group])
        folder.chmod(mode)

    def prepare(self) -> None:
        users = (f"{name}:x:{n}:{GROUPS[name]}::/:/bin/false\n" for name, n in USERS.items())
        self.write("etc/passwd", "".join(users))
        self.write("etc/group", "".join(f"{name}:x:{n}:\n" for name, n in GROUPS.items()))
        self.write("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
        self.write("etc/services", "smtp 25/tcp\n")
        self.write("etc/hosts", "127.0.0.1 localhost relay.example\n")
        self.write("etc/resolv.conf", "")  # nobody is asked for anybody's address
        self.folder("tmp", mode=0o1777)
        self.folder("dev")
        for name, (major, minor) in DEVICES.items():
            device = self.root / "dev" / name
            os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(major, minor))
            device.chmod(0o666)
        self.folder("mail", "keeper", "keeper")
        self.configure()

    def configure(self) -> None:
        raise NotImplementedError

    def start(self) -> None:
        with (self.root / "said").open("wb") as said:
            self.process = subprocess.Popen(
                ["chroot", str(self.root), *self.command],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, cwd="/",
            )  # fmt: skip
        wait_for(self._answers, f"{self.command[0]} takes connections")

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.root / "said").read_text(errors="replace")
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=30) as probe:
                return probe.recv(3) == b"220"
        except OSError:
            return False

    def stop(self) -> None:
        """The whole process group: it is this test's own."""
        if self.process is not None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def has_delivered_all(self) -> bool:
        queues = (self.root / queue for queue in self.queue)
        return not any(file.is_file() for queue in queues for file in queue.rglob("*"))

    def kept(self) -> dict[str, list[bytes]]:
        """What lies in each box, as it was written there."""
        boxes: dict[str, list[bytes]] = {}
        for file in sorted((self.root / "mail").glob("*/new/*")):
            boxes.setdefault(file.parent.parent.name, []).append(file.read_bytes())
        return boxes


class Postfix(Relay):
    command = ("/usr/lib/postfix/sbin/master", "-c", "/etc/postfix", "-d")
    queue = [f"var/spool/postfix/{part}" for part in ("incoming", "active", "deferred")]

    def configure(self) -> None:
        boxes = "".join(f"p{n}@{DOMAIN} p{n}/\n" for n in range(BOXES))
        self.write("etc/postfix/boxes", boxes)
        self.write(
            "etc/postfix/main.cf",
            f"""
compatibility_level = 3.6
myhostname = relay.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
message_size_limit = {LIMIT}
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {DOMAIN}
virtual_mailbox_maps = texthash:/etc/postfix/boxes
virtual_mailbox_base = /mail
virtual_uid_maps = static:{USERS["keeper"]}
virtual_gid_maps = static:{USERS["keeper"]}
default_transport = error:no mail leaves this relay
smtpd_relay_restrictions = reject_unauth_destination
maillog_file = /var/log/postfix.log
import_environment = LD_LIBRARY_PATH=/usr/lib/postfix
export_environment = LD_LIBRARY_PATH=/usr/lib/postfix
""",
        )
        services = [f"127.0.0.1:{self.port} inet n - n - - smtpd"]
        for name, program, private, unprivileged in [
            ("cleanup", "cleanup", "n", "-"), ("qmgr", "qmgr", "n", "-"),
            ("rewrite", "trivial-rewrite", "-", "-"), ("bounce", "bounce", "-", "-"),
            ("defer", "bounce", "-", "-"), ("trace", "bounce", "-", "-"),
            ("verify", "verify", "-", "-"), ("proxymap", "proxymap", "-", "-"),
            ("error", "error", "-", "-"), ("retry", "error", "-", "-"),
            ("anvil", "anvil", "-", "-"), ("virtual", "virtual", "-", "n"),
        ]:  # fmt: skip
            most = {"cleanup": "0", "bounce": "0", "defer": "0", "trace": "0", "qmgr": "1",
                    "verify": "1", "anvil": "1"}.get(name, "-")  # fmt: skip
            services.append(f"{name} unix {private} {unprivileged} n - {most} {program}")
        services.append("postlog unix-dgram n - n - 1 postlogd")
        self.write("etc/postfix/master.cf", "\n".join(services) + "\n")
        spool = "var/spool/postfix"
        self.folder(spool)
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold",
                     "incoming", "private", "saved", "trace"):  # fmt: skip
            self.folder(f"{spool}/{name}", "postfix", "root", 0o700)
        self.folder(f"{spool}/maildrop", "postfix", "postdrop", 0o730)
        self.folder(f"{spool}/public", "postfix", "postdrop", 0o710)
        self.folder(f"{spool}/pid")
        self.folder("var/lib/postfix", "postfix", "postfix", 0o700)
        self.folder("var/log")


class Exim(Relay):
    command = ("/usr/sbin/exim4", "-bdf", "-q1h")
    queue = ("var/spool/exim4/input",)

    def configure(self) -> None:
        self.command = (*self.command, "-oX", f"127.0.0.1.{self.port}", "-oP", "/tmp/exim.pid")
        self.write(
            "var/lib/exim4/config.autogenerated",
            f"""
primary_hostname = relay.example
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4/%slog
domainlist boxes = {DOMAIN}
acl_smtp_rcpt = check_rcpt
message_size_limit = {LIMIT}
host_lookup =
rfc1413_hosts =
never_users = root
smtp_accept_queue_per_connection = 0
keep_environment =
begin acl
check_rcpt:
  accept domains = +boxes
         verify = recipient
  deny   domains = +boxes
         message = Unknown user
  deny   message = relay not permitted
begin routers
boxes:
  driver = accept
  domains = +boxes
  condition = ${{if match{{$local_part}}{{\\N^p[0-9]+$\\N}}}}
  transport = box
begin transports
box:
  driver = appendfile
  maildir_format
  directory = /mail/${{lookup{{$local_part}}lsearch{{/etc/boxes}}}}
  user = keeper
  group = keeper
  create_directory
begin retry
begin rewrite
begin authenticators
""",
        )
        self.write("etc/boxes", "".join(f"p{n}: p{n}\n" for n in range(BOXES)))
        for folder in ("var/spool/exim4", "var/log/exim4"):
            self.folder(folder, "Debian-exim", "Debian-exim", 0o750)


class OpenSmtpd(Relay):
    command = ("/usr/sbin/smtpd", "-d", "-f", "/etc/smtpd.conf")
    queue = ("var/spool/smtpd/queue", "var/spool/smtpd/incoming")
    denies_by_name = False

    def configure(self) -> None:
        self.write(
            "etc/smtpd.conf",
            f"""
smtp max-message-size {LIMIT}
table boxes file:/etc/boxes
listen on 127.0.0.1 port {self.port} hostname relay.example
action keep maildir "/mail/%{{dest.user}}" virtual <boxes>
match from local for domain {DOMAIN} action keep
match from local for any reject
""",
        )
        self.write("etc/boxes", "".join(f"p{n}@{DOMAIN} keeper\n" for n in range(BOXES)))
        spool = "var/spool/smtpd"
        self.folder(spool, mode=0o711)
        self.folder("var/lib/opensmtpd/empty", mode=0o711)
        self.folder("var/empty", mode=0o711)
        for queue in ("purge", "queue", "incoming", "corrupt"):
            self.folder(f"{spool}/{queue}", "opensmtpq", "root", 0o700)
        self.folder(f"{spool}/offline", "root", "opensmtpq", 0o770)
        self.folder("run")
        self.folder("var/run")
        self.folder("etc/ssl")


KINDS: dict[str, type[Relay]] = {"postfix": Postfix, "exim": Exim, "opensmtpd": OpenSmtpd}


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
        running.prepare()
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every connection that the client opens in a test."""
    opened: list[object] = []
    open_link = session.open_link

    def counted(*arguments: object) -> object:
        opened.append(link := open_link(*arguments))  # type: ignore[arg-type]
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
    relay: Relay, client: Session, connections: list[object]
) -> None:
    mails = [to_box(n, ODD[n % len(ODD)]) for n in range(BOXES)]
    handed = hand(client, mails[:40])
    more = hand(client, mails[40:])
    assert handed.letters + more.letters == "S" * BOXES
    assert len(connections) == 1  # kept from slice to slice
    all_arrived(relay, mails)


def test_refused_in_the_middle(relay: Relay, client: Session, connections: list[object]) -> None:
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


def test_restarted_between_slices(relay: Relay, client: Session, connections: list[object]) -> None:
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
