"""``wayhome migrate`` and the door to Django's own commands."""

import click

from wayhome.ops import ready


@click.command()
def migrate() -> None:
    """Create or upgrade the database."""
    ready.migrate()
    click.echo("The database is up to date.")


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def django(arguments: tuple[str, ...]) -> None:
    """Run a command of Django itself (for developers)."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(["wayhome django", *arguments])
