"""A mail relay in a root folder of its own, on loopback; ``real_relays`` has the three kinds.

Their paths and users are compiled in, and as packages they exclude each other: so each is
unpacked (``scripts/fetch_relays.sh``), given users, configuration and spool, and chrooted into.
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
from typing import NoReturn, TypeVar

import pytest

from tests.database import REQUIRE
from tests.support.certificates import Authority
from tests.support.instance import ROOT, wait_for

RELAYS = Path(os.environ.get("WAYHOME_TEST_RELAYS", ROOT / ".relays"))

# The certificate of the last two is for another host.
DOORS = ("smtp", "smtp+tls", "smtps", "smtp+tls as other", "smtps as other")

# Numbers of no one on this host; names that the programs were built to look for.
USERS = {"root": 0, "mail": 8, "nobody": 65534, "postfix": 60101, "opensmtpd": 60102,
         "opensmtpq": 60103, "Debian-exim": 60104, "keeper": 60105}  # fmt: skip
GROUPS = {**USERS, "postdrop": 60106, "nogroup": 65534}
DEVICES = {"null": (1, 3), "zero": (1, 5), "random": (1, 8), "urandom": (1, 9)}


def unavailable(why: str) -> NoReturn:
    if REQUIRE:
        pytest.fail(why)
    pytest.skip(why)


def free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as held:
        # All are held until all are known, so that none is found twice.
        found = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [each.getsockname()[1] for each in found]


class Relay:
    """One, running in ``root``."""

    name: str  # of the folder where it was unpacked
    command: Sequence[str]
    runs_as = "root"
    queue: Sequence[str]  # where it keeps what it took and has not delivered
    offers_pipelining = True
    denies_by_name = True  # whether it tells "no relaying" from "no such mailbox"

    def __init__(self, root: Path, authority: Authority) -> None:
        self.root, self.authority = root, authority
        self.ports = dict(zip(DOORS, free_ports(len(DOORS)), strict=True))
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        return self.ports["smtp"]

    def write(self, path: str, text: str, mode: int = 0o644, owner: str = "root") -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        os.chown(file, USERS[owner], GROUPS[owner])

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
        for name, host in (("relay", "localhost"), ("other", "other.example")):
            key, certificate = self.authority.issue(host)
            self.write(f"etc/tls/{name}.key", key, 0o600, self.runs_as)
            self.write(f"etc/tls/{name}.crt", certificate)
            self.write(f"etc/tls/{name}.pem", key + certificate, 0o600, self.runs_as)
        self.configure()

    def inside(self, *command: str, told: str = "") -> str:
        """What a program in its root prints; ``told``: what the program reads."""
        done = subprocess.run(
            ["chroot", str(self.root), *command],
            input=told, capture_output=True, text=True, check=True, cwd="/",
        )  # fmt: skip
        return done.stdout.strip()

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
        # os.walk bears with folders that go away under it, as OpenSMTPD's do.
        walks = (os.walk(self.root / queue) for queue in self.queue)
        return not any(files for walk in walks for _, _, files in walk)

    def kept(self) -> dict[str, list[bytes]]:
        """What lies in each box, as it was written there."""
        boxes: dict[str, list[bytes]] = {}
        for file in sorted((self.root / "mail").glob("*/new/*")):
            boxes.setdefault(file.parent.parent.name, []).append(file.read_bytes())
        return boxes


Kind = TypeVar("Kind", bound=Relay)


@contextlib.contextmanager
def running(kind: type[Kind], folder: Path) -> Iterator[Kind]:
    """One of this kind, in a copy of what was unpacked, in ``folder``."""
    name = kind.name
    if os.geteuid() != 0:
        unavailable(f"{name} needs root: it is run in a root folder of its own")
    complete = RELAYS / name / ".complete"
    if not complete.exists() or not complete.read_text():  # empty: without what TLS and AUTH take
        unavailable(f"{name} is not whole in {RELAYS}: scripts/fetch_relays.sh brings it")
    root = folder / "root"
    shutil.copytree(RELAYS / name, root, symlinks=True)
    root.chmod(0o755)
    relay = kind(root, Authority(folder))
    try:
        try:
            relay.prepare()
        except PermissionError as error:
            unavailable(f"{name} needs to make users' folders and devices: {error}")
        relay.start()
        yield relay
    finally:
        relay.stop()
        shutil.rmtree(root, ignore_errors=True)
