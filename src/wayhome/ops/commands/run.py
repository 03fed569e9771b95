"""``wayhome run`` (web and worker in one process tree) and ``wayhome worker``."""

import os
import signal
import sys
import threading

import click

from wayhome.ops import ready
from wayhome.ops.serving import serve

MOST_PROCESSES = 4  # unless more are asked for


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--processes",
    default=min(MOST_PROCESSES, os.cpu_count() or 1),
    show_default="one for each core, at most 4",
    type=click.IntRange(1, 64),
    help="Of the pages' server.",
)
@click.option(
    "--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="Of each of them."
)
def run(port: int, host: str, processes: int, threads: int) -> None:
    """Serve the pages and do the work, until interrupted."""
    prepare()
    click.echo(f"Wayhome at http://{host}:{port}/ (officers: /desk/). Ctrl-C stops it.")
    sys.exit(serve(port, host, processes, threads))


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
