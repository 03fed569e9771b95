"""A worker's life inside a test's own process: what it hands over, and how it dies.

``Relay`` stands behind the real sending code and does what it is told; ``Deaths`` ends the worker
at the n-th commit, journal line or message, before or after it: what a SIGKILL leaves is left. Or
it lets the n-th commit fail, as a full disk does.
"""

from __future__ import annotations

import errno
import os
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management.color import no_style
from django.db import OperationalError, connection

from tests.support.tables import forget_names, table_names
from wayhome.delivery import journal, recording, relays, sending
from wayhome.delivery.rendering import message_id
from wayhome.delivery.types import Outcome, Outgoing, RouteDown
from wayhome.officers import audit_sql
from wayhome.work import clock
from wayhome.work.instance import ensure

ANSWERS = ("sent", "sent", "sent", "later", "refused", "lost", "down", "broken")
POINTS = ("failing", "commit", "committed", "line", "written", "wiping", "wiped", "taking", "taken")


class Killed(BaseException):
    """The worker is no more."""


@dataclass
class Relay:
    """Takes messages; ``answers`` for the next ones, then *sent*."""

    deaths: Deaths
    answers: deque[str] = field(default_factory=deque)
    taken: dict[str, list[Outgoing]] = field(default_factory=lambda: defaultdict(list))
    # Taken, and nobody lived or was connected to hear of it.
    unheard: Counter[str] = field(default_factory=Counter)
    refused: set[tuple[str, str]] = field(default_factory=set)  # (folder, address)
    meanwhile: Callable[[], None] | None = None  # happens once, with a message in flight
    silent: frozenset[str] = frozenset()  # folders of which nothing may come any more
    too_late: list[Outgoing] = field(default_factory=list)

    def send(
        self, messages: Iterable[Outgoing], still_goes: Callable[[], bool]
    ) -> Iterator[Outcome]:
        for message in messages:
            if not still_goes():
                continue
            if self.meanwhile is not None:
                happens, self.meanwhile = self.meanwhile, None
                happens()
            yield self._answer(message)

    def close(self) -> None:
        """Nothing is kept open."""

    def _answer(self, message: Outgoing) -> Outcome:
        if message.folder in self.silent:
            self.too_late.append(message)
        answer = self.answers.popleft() if self.answers else "sent"
        self.deaths.pass_by("taking")
        if answer == "down":
            raise RouteDown("the relay is down")
        if answer == "broken":
            raise RuntimeError("a fault of the channel")
        if answer == "refused":
            self.refused.add((message.folder, message.address))
            return Outcome("refused", "550 no such mailbox", "5.1.1")
        if answer == "later":
            return Outcome("later", "451 try again", "4.2.1")
        self.taken[message.message_id].append(message)
        if answer == "lost":
            self.unheard[message.message_id] += 1
            return Outcome("later", "connection lost: no answer")
        self.deaths.in_flight = message.message_id
        self.deaths.pass_by("taken")
        return Outcome("sent", "250 taken")


class Deaths:
    """Counts what goes by and kills at the chosen one."""

    def __init__(self) -> None:
        self._point = ""
        self._left = 0
        self._fails = False
        self.struck = False
        self.in_flight = ""  # taken, and in no file and no database yet
        self.disk_is_full = False  # for the journal

    def plan(self, point: str, after: int) -> None:
        self._fails, self.struck = point == "failing", False
        self._point, self._left = "commit" if self._fails else point, after

    def forget(self) -> None:
        self._point = ""

    def pass_by(self, point: str) -> None:
        if point != self._point:
            return
        self._left -= 1
        if self._left <= 0:
            self.forget()
            self.struck = True
            raise OperationalError("the disk is full") if self._fails else Killed(point)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        commit, add, wipe = connection.commit, journal.Journal.add, journal.Journal.wipe

        def die_about_commit() -> None:
            try:
                self.pass_by("commit")
            except (Killed, OperationalError):
                connection.rollback()  # as the database does
                raise
            commit()
            self.in_flight = ""  # without a journal it is recorded by itself
            self.pass_by("committed")

        def die_about_line(own: journal.Journal, tried: Any) -> bool:
            self.pass_by("line")
            with _full_disk() if self.disk_is_full else nullcontext():
                kept = add(own, tried)
            self.in_flight = ""  # in the file, or in the memory of a sender that lives
            self.pass_by("written")
            return kept

        def die_about_wiping(own: journal.Journal) -> None:
            self.pass_by("wiping")
            wipe(own)
            self.pass_by("wiped")

        patch.setattr(connection, "commit", die_about_commit)
        patch.setattr(journal.Journal, "add", die_about_line)
        patch.setattr(journal.Journal, "wipe", die_about_wiping)

    def bury(self, relay: Relay) -> None:
        """The process is gone: its locks and its memory with it, its files stay."""
        self.lose_hold(relay)
        for tried in recording.unrecorded(sending._sender.journal._unwritten):
            relay.unheard[message_id(*tried.key)] += 1
        leave_worker()

    def lose_hold(self, relay: Relay) -> None:
        """Whatever was taken and is in no file is in nobody's memory either."""
        if self.in_flight:
            relay.unheard[self.in_flight] += 1
        self.in_flight = ""


@contextmanager
def _full_disk() -> Iterator[None]:
    """No file takes another byte."""

    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", refuse)
        yield


def leave_worker() -> None:
    """This thread goes on as another worker; the old one's journal is as its death left it."""
    file = sending._sender.journal._file
    if file >= 0:
        os.close(file)
    sending._sender = sending._Sender()


class another_worker:
    """Inside, this thread works as a second worker while the first one stands still."""

    def __enter__(self) -> None:
        self._first = sending._sender
        sending._sender = sending._Sender()

    def __exit__(self, *_: object) -> None:
        sending._sender.rest()
        sending._sender = self._first


def fresh_database(folder: Path) -> None:
    """An empty instance for one schedule, with a data folder of its own."""
    settings.WAYHOME_DATA_DIR = folder
    kept = {"django_migrations", "django_content_type", "auth_permission"}
    tables = [name for name in table_names() if name not in kept]
    statements = connection.ops.sql_flush(
        no_style(), tables, reset_sequences=True, allow_cascade=True
    )
    with audit_sql.unguarded():
        connection.ops.execute_sql_flush(statements)
    forget_names()
    clock.forget_offset()
    ensure()


def send_by(relay: Relay, patch: pytest.MonkeyPatch) -> None:
    """Every message goes to this relay, in small slices and batches."""
    patch.setattr(settings, "WAYHOME_SMTP_URL", "smtp://scripted")
    patch.setattr(settings, "WAYHOME_MAIL_RATE", 3)
    patch.setattr(relays, "ways", lambda route: [relays.Way("scripted", lambda _: relay)])
    patch.setattr(sending, "BATCH_MESSAGES", 2)
    patch.setattr(sending, "BATCH_SECONDS", 3600.0)  # no timing decides a test
