"""``wayhome enrol import``: people from another register, as CSV."""

import click

from wayhome.ops.ready import as_json, ready, show


@click.group()
def enrol() -> None:
    """Enrol people."""


@enrol.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--organisation", help="Code of the organisation whose list this is.")
@click.option("--dry-run", is_flag=True, help="Check every row, write nothing.")
@as_json
def import_(file: str, organisation: str | None, dry_run: bool, as_json: bool) -> None:
    """Import FILE (see docs/howto/import.md). Good rows are kept; bad ones are named, exit 2."""
    ready()
    from dataclasses import asdict

    from wayhome.trips.importing import import_csv

    result = import_csv(
        file,
        organisation_code=organisation,
        dry_run=dry_run,
        progress=lambda done, of: (
            click.echo(f"\r{done} of {of}", err=True, nl=False) if not as_json else None
        ),
    )
    if not as_json:
        click.echo("", err=True)
    for fault in result.faults:
        click.echo(f"line {fault.line}: {fault.problem}", err=True)
    value = {
        **{k: v for k, v in asdict(result).items() if k != "faults"},
        "faults": [f"line {fault.line}: {fault.problem}" for fault in result.faults],
    }
    words = "would be enrolled" if dry_run else "enrolled"
    show(
        value,
        as_json,
        [
            f"{result.enrolled} people {words}, {result.known} known already,"
            f" {result.refused} refused"
        ],
    )
    if result.faults:
        click.get_current_context().exit(2)
