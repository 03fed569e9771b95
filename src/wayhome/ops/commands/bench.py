"""``wayhome bench``: today's speeds, beside a baseline of the same run."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from wayhome.ops import ready
from wayhome.ops.ready import as_json, show


@click.group()
def bench() -> None:
    """Measure, in a scratch database that is dropped afterwards."""


@bench.command()
@click.option("--stays", default=100_000, show_default=True, type=click.IntRange(1000, 20_000_000))
@as_json
def audience(stays: int, as_json: bool) -> None:
    """Finding an audience among STAYS stays, beside a scan of them all."""
    with _scratch() as database:
        from wayhome.ops.benches import audience as bench_audience

        rows, lines = bench_audience.run(stays)
    value = {
        "database": database,
        "stays": stays,
        "rows": rows,
        "regions": [
            {**asdict(line), "times_faster_than_scan": round(line.times_faster, 1)}
            for line in lines
        ],
    }
    table = [
        f"{database}: {stays:,} stays, {rows:,} rows; medians in ms",
        f"{'region':34} {'found':>9} {'keyed':>9} {'scan':>10} {'memory':>9} {'scan/keyed':>11}",
        *(
            f"{line.region:34} {line.found:>9,} {line.keyed_ms:>9.1f} {line.scan_ms:>10.1f}"
            f" {line.memory_ms:>9.1f} {line.times_faster:>10.1f}x"
            for line in lines
        ),
    ]
    show(value, as_json, table)


@bench.command()
@click.option("--messages", default=5_000, show_default=True, type=click.IntRange(100, 1_000_000))
@click.option("--kills", default=3, show_default=True, help="Times the worker is killed.")
@click.option("--into", metavar="HOST:PORT", help="A relay on this host; without it, a sink.")
@click.option(
    "--tools",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder into which Postfix was unpacked, for its smtp-source.",
)
@as_json
def dispatch(
    messages: int, kills: int, into: str | None, tools: Path | None, as_json: bool
) -> None:
    """Handing MESSAGES messages over, beside peers that keep no books."""
    if into and not into.startswith(("127.0.0.1:", "localhost:", "[::1]:")):
        raise click.BadParameter("is another host; measure on this one", param_hint="into")
    with _scratch() as database:
        from wayhome.ops.benches import dispatch as bench_dispatch

        lines = bench_dispatch.run(messages, kills, into, tools)
    own = lines[0].per_second
    ways = [{**asdict(line), "wayhome_ratio": round(own / line.per_second, 2)} for line in lines]
    value = {
        "database": database,
        "messages": messages,
        "into": into or "sink",
        "ways": ways,
    }
    table = [f"{database}: {messages:,} messages into {into or 'a sink'}; medians"]
    table += [
        f"{line.name:24} {line.per_second:>10,.0f}/s   Wayhome is {own / line.per_second:>6.2f}x"
        + (f"   {line.kills} kills, {line.doubles} doubles" if line.kills else "")
        for line in lines
    ]
    show(value, as_json, table)


@bench.command()
@click.option("--people", default=100_000, show_default=True, type=click.IntRange(1000, 20_000_000))
@as_json
def search(people: int, as_json: bool) -> None:
    """Finding people among PEOPLE by fragments in many scripts, beside Django admin's search."""
    with _scratch() as database:
        from wayhome.ops.benches import search as bench_search

        result = bench_search.run(people, lambda line: click.echo(line, err=True))
    value = {"database": database, "people": people, **asdict(result)}
    table = [
        f"{database}: {people:,} people, indexed in {result.index_seconds:.0f} s; milliseconds",
        f"{'':24} {'questions':>9} {'p50':>9} {'p99':>9} {'worst':>9}",
        *(
            f"{line.name:24} {line.questions:>9,} {line.p50_ms:>9.1f} {line.p99_ms:>9.1f}"
            f" {line.worst_ms:>9.1f}"
            for line in result.lines
        ),
    ]
    show(value, as_json, table)


@bench.command("import")
@click.option("--rows", default=100_000, show_default=True, type=click.IntRange(1000, 5_000_000))
@click.option("--peer", is_flag=True, help="Also django-import-export, which is fetched.")
@as_json
def import_(rows: int, peer: bool, as_json: bool) -> None:
    """Importing a list of ROWS people, beside the bare writing of the same rows."""
    with _scratch() as database:
        from wayhome.ops.benches import importing as bench_import

        lines, memory = bench_import.run(rows, peer)
    own = lines[0].per_second
    ways = [
        {**asdict(line), "per_second": line.per_second, "wayhome_ratio": own / line.per_second}
        for line in lines
    ]
    value = {"database": database, "rows": rows, "memory_mb": memory, "ways": ways}
    table = [f"{database}: {rows:,} rows; the import took {memory} MB more than before"]
    table += [
        f"{line.name:34} {line.per_second:>10,.0f} rows/s   Wayhome is"
        f" {own / line.per_second:>6.2f}x"
        for line in lines
    ]
    show(value, as_json, table)


@bench.command()
@click.option("--enrolments", default=4_000, show_default=True, type=click.IntRange(100, 1_000_000))
@click.option("--rate", default=200, show_default=True, help="How many a second come in a surge.")
@click.option("--processes", default=2, show_default=True, help="Of the pages' server.")
@as_json
def enrol(enrolments: int, rate: int, processes: int, as_json: bool) -> None:
    """Enrolling through the real page, beside a bare page that keeps one row."""
    with _scratch() as database:
        from wayhome.ops.benches import enrolling as bench_enrolling

        lines = bench_enrolling.run(enrolments, rate, processes)
    value = {"database": database, "processes": processes, "ways": [asdict(each) for each in lines]}
    table = [
        f"{database}: {enrolments:,} enrolments each, {processes} processes; medians, milliseconds",
        f"{'':28} {'a second':>9} {'p50':>9} {'p99':>9} {'worst':>9}",
        *(
            f"{line.name:28} {line.per_second:>9.0f} {line.p50_ms:>9.1f} {line.p99_ms:>9.1f}"
            f" {line.worst_ms:>9.1f}"
            for line in lines
        ),
    ]
    show(value, as_json, table)


@contextmanager
def _scratch() -> Iterator[str]:
    """A database of the bench's own beside the configured one; yields which kind it is."""
    url = os.environ.get("WAYHOME_DATABASE_URL", "")
    with tempfile.TemporaryDirectory(prefix="wayhome-bench-") as folder:
        os.environ["WAYHOME_DATA_DIR"] = folder
        if not url:
            ready.migrate()
            yield "SQLite"
            return
        import psycopg
        from psycopg import sql

        name = f"wayhome_bench_{os.getpid()}"
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        os.environ["WAYHOME_DATABASE_URL"] = f"{url.rpartition('/')[0]}/{name}"
        try:
            ready.migrate()
            yield "PostgreSQL"
        finally:
            from django.db import connections

            connections.close_all()
            with psycopg.connect(url, autocommit=True) as server:
                server.execute(
                    sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
                )
