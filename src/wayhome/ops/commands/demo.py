"""``wayhome demo``: the June 2014 crisis on invented travellers, in an exercise of its own."""

import json
import os
import shutil
import sys
from pathlib import Path

import click

from wayhome.ops import ready
from wayhome.ops.ready import as_json


@click.command()
@click.option("--once", is_flag=True, help="Run the crisis and print its counts; serve nothing.")
@click.option("--people", default=5000, show_default=True, type=click.IntRange(50, 200_000))
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@as_json
def demo(once: bool, people: int, port: int, as_json: bool) -> None:
    """Retell June 2014 in Iraq with invented travellers, then serve the pages on loopback.

    The demo is an exercise with a database of its own, made anew each time: a folder "demo" in
    the data folder, or the server that WAYHOME_DATABASE_URL names if that is empty or an exercise.
    """
    _own_instance(port)
    ready.ready(checked=False)
    _empty_database()
    ready.migrate()
    from wayhome.demo import report, story

    passwords = {"officer@demo.example": "", "approver@demo.example": ""}
    passwords = {email: f"demo-{email.split('@')[0]}-2014" for email in passwords}
    cast = story.tell(people, passwords, lambda line: click.echo(line, err=True))
    value = report.counts(cast)
    if as_json:
        click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
    else:
        for key, item in value.items():
            click.echo(f"{key:>12}: {item}")
    if once:
        return
    _say_where(port, passwords, cast)
    from wayhome.ops.serving import serve

    sys.exit(serve(port))


def _own_instance(port: int) -> None:
    """Set this process up as an exercise in a folder of its own, before settings are read."""
    data_dir = Path(os.environ.get("WAYHOME_DATA_DIR", "wayhome-data")) / "demo"
    os.environ["WAYHOME_DATA_DIR"] = str(data_dir)
    os.environ["WAYHOME_EXERCISE"] = "true"
    os.environ["WAYHOME_SMTP_URL"] = ""  # an exercise never meets a live relay
    os.environ["WAYHOME_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    os.environ["WAYHOME_SENDER_NAME"] = "Wayhome demo"
    if data_dir.exists():
        for leftover in ("wayhome.sqlite3", "wayhome.sqlite3-wal", "wayhome.sqlite3-shm"):
            (data_dir / leftover).unlink(missing_ok=True)
        shutil.rmtree(data_dir / "outbox", ignore_errors=True)


def _empty_database() -> None:
    """On a server: refuse a live instance, empty an exercise."""
    from django.core.management import call_command
    from django.db import connection

    if connection.vendor == "sqlite":
        return
    tables = set(connection.introspection.table_names())
    if "instance" not in tables:
        if tables:
            raise click.UsageError("WAYHOME_DATABASE_URL: holds other tables; name an empty one")
        return
    from wayhome.officers import audit_sql
    from wayhome.work.models import Instance

    if Instance.objects.filter(kind=Instance.Kind.LIVE).exists():
        raise click.UsageError("WAYHOME_DATABASE_URL: is a live instance; the demo never uses one")
    call_command("migrate", verbosity=0)
    with audit_sql.unguarded():
        call_command("flush", verbosity=0, interactive=False)


def _say_where(port: int, passwords: dict[str, str], cast: object) -> None:
    from wayhome.demo.story import Cast
    from wayhome.links import TripsLink, trips_url
    from wayhome.travellers.models import Traveller

    assert isinstance(cast, Cast)
    late = Traveller.objects.get(name="Lena Lindqvist").registrations.get()
    click.echo(f"""
The pages are at http://127.0.0.1:{port}/
This is an exercise: its clock runs on from 16 June 2014.
  A traveller's own page: {trips_url(TripsLink(late.pk, late.link_epoch))}
  Officers sign in at     http://127.0.0.1:{port}/desk/""")
    for email, password in passwords.items():
        click.echo(f"    {email}  {password}")
    if cast.muster is not None:
        click.echo(f"  The muster: http://127.0.0.1:{port}/desk/musters/{cast.muster.pk}/")
    click.echo(f"  Delivered messages are files in {os.environ['WAYHOME_DATA_DIR']}/outbox")
    click.echo("Ctrl-C stops it.")
