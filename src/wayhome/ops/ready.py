"""Get ready: Django, migrations, and what kind of instance the database is."""

import json
from collections.abc import Iterable
from typing import Any

import click
import django
from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder


def ready(*, checked: bool = True) -> None:
    """Load Django; with ``checked`` make sure that process and database agree what they are."""
    if not apps.ready:
        django.setup()
    if checked:
        from wayhome.work.instance import ensure

        ensure()


def migrate() -> None:
    """Bring the database up to this version and mark what kind of instance it is."""
    ready(checked=False)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    ready()


def pending_migrations() -> list[str]:
    """Names of migrations that this database has not seen."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def show(value: object, as_json: bool, lines: Iterable[str]) -> None:
    """Print ``value`` as JSON, or the same facts as lines."""
    if as_json:
        click.echo(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
    else:
        for line in lines:
            click.echo(line)


def officer_of(email: str) -> Any:
    """The officer with this mail address; Problem where there is none, Refused where the law does
    not give the command that is running to an officer of that role."""
    from wayhome.officers import law
    from wayhome.officers.access import require_view
    from wayhome.officers.models import Officer
    from wayhome.problems import Problem

    officer = Officer.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if officer is None:
        raise Problem("as", f"{email!r} is no officer", "make one with `wayhome officer add`")
    if (command := _command()) is not None:
        require_view(officer, f"wayhome {command}", law.COMMANDS.get(command))
    return officer


def _command() -> str | None:
    """The command that is running, in the words after ``wayhome``; None where none is."""
    context = click.get_current_context(silent=True)
    words: list[str] = []
    while context is not None and context.parent is not None:
        words.insert(0, context.info_name or "")
        context = context.parent
    return " ".join(words) or None


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
as_officer = click.option("--as", "email", required=True, metavar="MAIL", help="Officer who acts.")
