"""The database restarts, and disks are full: of the journal, of the database, of both."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.chaos import (
    IN_FLIGHT,
    LONG,
    ON_POSTGRES,
    kill,
    not_to_be_had,
    settled,
    size,
    taken,
    wait_until_sent,
)
from tests.support.instance import Instance, wait_for
from tests.support.private_postgres import PrivatePostgres
from tests.support.small_disk import SmallDisk

pytestmark = [pytest.mark.acceptance, pytest.mark.chaos]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def mounted(stack: ExitStack, folder: Path, megabytes: int) -> SmallDisk:
    try:
        return stack.enter_context(SmallDisk(folder, megabytes))
    except PermissionError as error:
        not_to_be_had(f"a disk to fill ({error})")


def private_server(stack: ExitStack, folder: Path | None = None) -> PrivatePostgres:
    try:
        return stack.enter_context(PrivatePostgres(folder))
    except FileNotFoundError as error:
        not_to_be_had(str(error))


@pytest.mark.skipif(not ON_POSTGRES, reason="an embedded database does not restart")
@pytest.mark.parametrize("mode", ["fast", "immediate"] if LONG else ["immediate"])
def test_a_database_that_restarts_is_waited_for(
    stack: ExitStack, tmp_path: Path, mode: str
) -> None:
    people, times = size(150, 1200), size(2, 6)
    server = private_server(stack)
    instance = stack.enter_context(Instance(tmp_path, server.url))
    instance.play("publish", str(people))
    instance.slow_down(size(10, 60))
    workers = [instance.worker() for _ in range(2)]
    for _ in range(times):
        instance.wait_until_taken(instance.relay.count() + 15)
        server.stop(mode)
        server.start()
    wait_until_sent(instance)
    for worker in workers:
        instance.stop(worker)
    # Every worker lived, so everything that was taken is known; what was on its way when the
    # database went is sent once more.
    assert settled(instance, people) <= times * len(workers) * IN_FLIGHT


def test_the_journals_disk_is_full(stack: ExitStack, tmp_path: Path) -> None:
    people = size(120, 1000)
    instance = stack.enter_context(Instance(tmp_path))
    disk = mounted(stack, instance.data / "journal", 1)
    instance.play("publish", str(people))
    instance.slow_down(size(10, 80))
    disk.fill()
    first = instance.worker()
    instance.wait_until_taken(people // 4)
    assert "No space left on device" in instance.worker_log()
    kill(first)
    second = instance.worker()
    instance.wait_until_taken(people // 2)
    disk.make_room()
    wait_until_sent(instance)
    instance.stop(second)
    # Without a journal each message is recorded by itself: a kill costs no more than with one.
    assert settled(instance, people, unheard=IN_FLIGHT) <= IN_FLIGHT


def test_the_databases_disk_is_full(stack: ExitStack, tmp_path: Path) -> None:
    """And, where the database is embedded, the journal's with it."""
    people, times = size(200, 1200), size(1, 4)
    if ON_POSTGRES:
        # The server runs as another user, who may not look into a test's own folder.
        folder = Path(tempfile.mkdtemp(prefix="wayhome-test-disk-"))
        stack.callback(folder.rmdir)
        disk = mounted(stack, folder, 250)
        server = private_server(stack, _made(folder / "server"))
        instance = stack.enter_context(Instance(tmp_path, server.url))
    else:
        disk = mounted(stack, tmp_path / "data", 250)
        instance = stack.enter_context(Instance(tmp_path))
        server = None
    instance.play("publish", str(people))
    instance.slow_down(size(10, 80))
    worker = instance.worker()
    for _ in range(times):
        instance.wait_until_taken(instance.relay.count() + 20)
        disk.fill()
        seen = instance.worker_log().count("full") + instance.worker_log().count("No space left")
        wait_for(
            lambda seen=seen: _complaints(instance) > seen,  # type: ignore[misc]
            "the worker meets the full disk",
        )
        disk.make_room()
        if server is not None and not server.is_running():
            server.start()  # a server that cannot write its log gives up, and is restarted
    wait_until_sent(instance)
    instance.stop(worker)
    doubles = settled(instance, people)
    assert doubles <= times * IN_FLIGHT
    # However long the disk is full, nobody gets it again and again.
    assert max(taken(instance).values()) <= 1 + times


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _complaints(instance: Instance) -> int:
    log = instance.worker_log()
    return log.count("full") + log.count("No space left") + log.count("terminat")
