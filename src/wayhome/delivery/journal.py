"""What relays have taken and the database does not know yet, in a file beside the worker.

Every acceptance is written here before anything else happens, and wiped when it is recorded. A
worker that starts, and one that finds the file of a killed one, settles it: so a kill doubles at
most what was in flight. A line is one write, which outlives the process (not a power cut: the
file is not synced for each message). Whether a file's owner lives is asked by a lock (flock).
"""

import fcntl
import json
import logging
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings

from wayhome.delivery import recording
from wayhome.delivery.recording import Tried
from wayhome.delivery.types import DeliveryKey
from wayhome.work.db import writes
from wayhome.work.instance import stamp

log = logging.getLogger(__name__)

_SETTLED_AT_ONCE = 50
_DOOR_SECONDS = 5.0


class Journal:
    """One sender's file; opened at the first acceptance."""

    def __init__(self) -> None:
        self._file = -1
        self._path = Path()
        self._stamp = ""
        self._unwritten: list[Tried] = []
        self.is_empty = True

    def add(self, tried: Tried) -> bool:
        """Keep one acceptance; False where the file cannot take it (a full disk) and only memory
        holds it: until it is recorded this sender must send nothing else."""
        self.is_empty = False
        self._unwritten.append(tried)  # whatever goes wrong now
        if self._is_written(tried):
            self._unwritten.pop()
            return True
        return False

    def _is_written(self, tried: Tried) -> bool:
        try:
            self._open()
            line = [self._stamp, *tried.key, tried.relay, tried.detail, tried.status]
            data = json.dumps([*line, tried.at.isoformat()]).encode() + b"\n"
            size = os.fstat(self._file).st_size
            if os.write(self._file, data) == len(data):
                return True
            os.ftruncate(self._file, size)  # half a line would spoil the next one
        except OSError as error:
            log.error("journal: %s: %s", self._path, error.strerror)
        return False

    def wipe(self) -> None:
        """All that it holds is recorded."""
        if self._file >= 0 and not self.is_empty:
            os.ftruncate(self._file, 0)
        self._unwritten = []
        self.is_empty = True

    def settle(self) -> None:
        """Record what an interrupted batch left here."""
        if not self.is_empty:
            settle([*(_read(self._path) if self._file >= 0 else ()), *self._unwritten])
            self.wipe()

    def close(self) -> None:
        """Leave nothing behind but what is not recorded."""
        if self._file >= 0:
            if self.is_empty:
                self._path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        folder = _folder()
        if self._file >= 0 and self._path.parent == folder:
            return
        self.close()
        folder.mkdir(parents=True, exist_ok=True)
        self._stamp = stamp()
        self._path = folder / f"{os.getpid()}-{secrets.token_hex(6)}.jsonl"
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.fstat(file).st_nlink:
                    break
            except OSError:
                os.close(file)
                raise
            os.close(file)  # another took it for a dead worker's before it was locked
        self._file = file


def settle_orphans() -> None:
    """Record what killed workers on this host left behind, and remove their files.

    Whoever comes while another settles waits for it: only then may a dead worker's slice go on.
    A worker that stands still in there is not waited for longer than some seconds.
    """
    folder = _folder()
    if not any(folder.glob("*.jsonl")):
        return
    door = os.open(folder, os.O_RDONLY)  # a file of its own could not be made on a full disk
    try:
        _wait_at(door)
        _settle_orphans(folder)
    finally:
        os.close(door)


def _wait_at(door: int) -> None:
    ends = time.monotonic() + _DOOR_SECONDS
    while time.monotonic() < ends:
        try:
            return fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)


def _settle_orphans(folder: Path) -> None:
    for path in sorted(folder.glob("*.jsonl")):
        try:
            file = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue  # another worker was first
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            settle(_read(path))
            path.unlink(missing_ok=True)
        except BlockingIOError:
            continue  # its owner lives
        finally:
            os.close(file)


def settle(tried: Sequence[Tried]) -> None:
    """Record acceptances that may or may not be recorded already by another worker."""
    for start in range(0, len(tried), _SETTLED_AT_ONCE):
        _apply(tried[start : start + _SETTLED_AT_ONCE])


@writes
def _apply(tried: Sequence[Tried]) -> None:
    recording.apply(recording.unrecorded(tried))


def _read(path: Path) -> list[Tried]:
    return list(_lines(path.read_bytes(), stamp()))


def _lines(data: bytes, own: str) -> Iterator[Tried]:
    for line in data.split(b"\n")[:-1]:  # what follows the last line end was never finished
        try:
            of, issue, letter, point, channel, relay, detail, status, at = json.loads(line)
            key = DeliveryKey(int(issue), int(letter), int(point), str(channel))
            tried = Tried(key, "sent", detail, status, relay, datetime.fromisoformat(at))
        except (ValueError, TypeError):
            log.error("journal: a line cannot be read: %r", line[:200])
            continue
        if of == own:  # a folder may have served another database before
            yield tried


def _folder() -> Path:
    return Path(settings.WAYHOME_DATA_DIR) / "journal"
