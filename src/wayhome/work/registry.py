"""Which jobs exist, what facts they follow from, and what a worker sends besides."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

Handler = Callable[[str], None]
BatchHandler = Callable[[list[str]], None]


@dataclass(frozen=True)
class Job:
    """An idempotent function of its key, or of up to ``batch`` keys that are owed together.

    ``on``: facts told by lower rooms that make it owed with the same key.
    ``every``: seconds between runs of a scheduled job (its key is empty).
    ``reconcile``: yields keys that ought to be owed, from small tables or partial indexes.
    """

    name: str
    run: BatchHandler
    batch: int = 1
    on: tuple[str, ...] = ()
    every: float | None = None
    reconcile: Callable[[], Iterable[str]] | None = None


@dataclass(frozen=True)
class Source:
    """Leased work with a table of its own; ``run_one`` does one piece, or returns False.

    A worker runs it in so many threads at once as ``threads`` says when the worker starts;
    ``rest`` is called in each of them when it ends.
    """

    name: str
    run_one: Callable[[], bool]
    threads: Callable[[], int]
    rest: Callable[[], None]


_jobs: dict[str, Job] = {}
_sources: dict[str, Source] = {}


def job(
    name: str,
    *,
    on: tuple[str, ...] = (),
    every: float | None = None,
    reconcile: Callable[[], Iterable[str]] | None = None,
) -> Callable[[Handler], Handler]:
    """Register the decorated function as the job ``name``."""

    def register(run: Handler) -> Handler:
        _add(Job(name, lambda keys: run(keys[0]), 1, on, every, reconcile))
        return run

    return register


def batch_job(
    name: str, *, batch: int, on: tuple[str, ...] = ()
) -> Callable[[BatchHandler], BatchHandler]:
    """Register the decorated function of several keys as the job ``name``.

    A batch that fails is tried again key by key, so that one bad key holds up no other.
    """

    def register(run: BatchHandler) -> BatchHandler:
        _add(Job(name, run, batch, on))
        return run

    return register


def _add(job: Job) -> None:
    if job.name in _jobs:
        raise ValueError(f"job {job.name} is registered twice")
    _jobs[job.name] = job


def source(
    name: str, *, threads: Callable[[], int] = lambda: 1, rest: Callable[[], None] = lambda: None
) -> Callable[[Callable[[], bool]], Callable[[], bool]]:
    """Register the decorated function as a source of leased work."""

    def register(run_one: Callable[[], bool]) -> Callable[[], bool]:
        if name in _sources:
            raise ValueError(f"source {name} is registered twice")
        _sources[name] = Source(name, run_one, threads, rest)
        return run_one

    return register


def get(name: str) -> Job:
    return _jobs[name]


def jobs() -> tuple[Job, ...]:
    return tuple(_jobs.values())


def sources() -> tuple[Source, ...]:
    return tuple(_sources.values())


def following(fact: str) -> tuple[Job, ...]:
    """The jobs that follow from ``fact``."""
    return tuple(job for job in _jobs.values() if fact in job.on)


Serve = Callable[[threading.Event], None]


@dataclass(frozen=True)
class Service:
    """What a worker runs beside its work for as long as it lives: ``run`` returns when the event
    is set, or at once where its settings ask for nothing."""

    name: str
    run: Serve


_services: dict[str, Service] = {}


def service(name: str) -> Callable[[Serve], Serve]:
    """Register the decorated function as a service."""

    def register(run: Serve) -> Serve:
        if name in _services:
            raise ValueError(f"service {name} is registered twice")
        _services[name] = Service(name, run)
        return run

    return register


def services() -> tuple[Service, ...]:
    return tuple(_services.values())


SetRight = Callable[[datetime], str]
_sets_right: list[SetRight] = []


def set_right(right: SetRight) -> SetRight:
    """Register the decorated function as one that makes due what a clock that was ahead put off:
    given the database's clock, it says what it changed, or nothing."""
    _sets_right.append(right)
    return right


def sets_right() -> tuple[SetRight, ...]:
    return tuple(_sets_right)
