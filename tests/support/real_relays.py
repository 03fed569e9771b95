"""Debian's Postfix, Exim and OpenSMTPD, each in a root folder of its own, on loopback.

Their paths and users are compiled in, and as packages they exclude each other: so each is
unpacked (``scripts/fetch_relays.sh``), given users, configuration and spool, and chrooted into.
All that they take they deliver to files; no mail leaves them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.support.instance import wait_for

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
    offers_pipelining = True
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
    offers_pipelining = False
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
