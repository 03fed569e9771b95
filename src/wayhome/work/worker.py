"""The worker: a thread for what follows from facts, one for what is done by the clock, and those of
each source, polling by index."""

import logging
import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from wayhome.work import clock, registry, services
from wayhome.work.instance import ensure

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25
_DATABASE_AWAY_SECONDS = 1.0
_JOIN_SECONDS = 0.5

_stopping = threading.Event()


def is_stopping() -> bool:
    """Whether this worker was asked to end: whoever is in a long piece of work stops soon."""
    return _stopping.is_set()


def run(stop: threading.Event) -> None:
    """Work until ``stop`` is set; a database that goes away is waited for."""
    global _stopping
    _stopping = stop
    clock.follow_database()
    _guarded(lambda: bool(ensure()) and bool(services.reconcile()), stop)
    owed = [
        registry.Source(name, run_one, lambda: 1, lambda: None)
        for name, run_one in (
            ("owed", services.run_one_following),
            ("scheduled", services.run_one_scheduled),
        )
    ]
    sources = [source for source in (*owed, *registry.sources()) for _ in range(source.threads())]
    threads = [
        threading.Thread(target=_poll, args=(source, stop), name=f"{source.name}-{number}")
        for number, source in enumerate(sources)
    ]
    threads += [
        threading.Thread(target=_serve, args=(service.run, stop), name=service.name)
        for service in registry.services()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            # A signal may reach another thread: its handler runs when this one wakes next.
            thread.join(_JOIN_SECONDS)


def run_until_idle(deadline_seconds: float = 600) -> None:
    """Do, in this thread, everything that is due now (for commands and tests)."""
    ends = time.monotonic() + deadline_seconds
    steps = [services.run_one_due, *(source.run_one for source in registry.sources())]
    while True:
        did = [step() for step in steps]
        if not any(did):
            return
        if time.monotonic() > ends:
            raise TimeoutError(f"work was still due after {deadline_seconds:.0f} s")


def _poll(source: registry.Source, stop: threading.Event) -> None:
    try:
        while not stop.is_set():
            if not _guarded(source.run_one, stop):
                stop.wait(POLL_SECONDS)
        source.rest()
    finally:
        connection.close()


def _serve(run: Callable[[threading.Event], None], stop: threading.Event) -> None:
    """A service that fails is said and begun again; the work beside it goes on."""
    ended = False
    while not ended and not stop.is_set():

        def step() -> bool:
            run(stop)
            return True

        ended = _guarded(step, stop)


def _guarded(step: Callable[[], bool], stop: threading.Event) -> bool:
    try:
        close_old_connections()
        return step()
    except (DatabaseError, InterfaceError) as error:
        # Nothing is lost: what was owed is still a row. Say so and come back.
        log.error("database: %s", str(error).strip())
        connection.close()
        stop.wait(_DATABASE_AWAY_SECONDS)
        return False
    except Exception:
        log.exception("%s", getattr(step, "__qualname__", step))
        stop.wait(_DATABASE_AWAY_SECONDS)
        return False
