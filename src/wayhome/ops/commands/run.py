"""``wayhome run`` (web and worker in one process tree) and ``wayhome worker``."""

import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

import click

from wayhome.ops import ready

STOP_SECONDS = 20


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64))
def run(port: int, host: str, threads: int) -> None:
    """Serve the pages and do the work, until interrupted."""
    prepare()
    click.echo(f"Wayhome at http://{host}:{port}/ (officers: /desk/). Ctrl-C stops it.")
    sys.exit(serve(port, host, threads))


def prepare() -> None:
    """Upgrade an embedded database; refuse a server whose upgrade is for its operator to run."""
    from django.conf import settings

    from wayhome.problems import Problem

    ready.ready(checked=False)
    pending = ready.pending_migrations()
    if not pending:
        ready.ready()
    elif "sqlite" in str(settings.DATABASES["default"]["ENGINE"]):
        ready.migrate()
    else:
        raise Problem("database", f"lacks {len(pending)} upgrades", "run `wayhome migrate` first")


def serve(port: int, host: str = "127.0.0.1", threads: int = 8) -> int:
    """Run both children until a signal, or until one of them ends; its exit code."""
    web = [
        *(sys.executable, "-m", "gunicorn", "wayhome.wsgi:application"),
        *("--bind", f"{host}:{port}", "--workers", "1", "--threads", str(threads)),
        *("--log-level", "warning", "--graceful-timeout", "10"),
    ]
    work = [sys.executable, "-m", "wayhome.ops.cli", "worker"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "wayhome.settings"}
    children = [subprocess.Popen(command, env=environment) for command in (web, work)]
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopping.is_set() and all(child.poll() is None for child in children):
        stopping.wait(0.3)
    ended = [child.poll() for child in children if child.poll() is not None]
    _end(children)
    return 0 if stopping.is_set() else (ended[0] or 1)


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()  # what it had leased is taken over by the next worker


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now, then end.")
def worker(once: bool) -> None:
    """Do owed work: plan, send, take replies. Any number may run, on any number of hosts."""
    ready.ready()
    from wayhome.work import services
    from wayhome.work import worker as workers

    if once:
        services.reconcile()
        workers.run_until_idle()
        return
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    workers.run(stop)
