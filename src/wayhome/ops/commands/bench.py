"""``wayhome bench``: today's speeds, beside a baseline of the same run."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

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
