"""``wayhome organisation``: organisations, closed to others or not, and their members' codes."""

import click

from wayhome.ops.ready import as_json, ready, show


@click.group()
def organisation() -> None:
    """Organisations and their compartments."""


@organisation.command()
@click.argument("code")
@click.option("--name", required=True)
@click.option("--closed", is_flag=True, help="Only cleared officers see whom it registers.")
@as_json
def add(code: str, name: str, closed: bool, as_json: bool) -> None:
    """Make an organisation, by whose CODE its lists are imported."""
    ready()
    from wayhome.travellers.organisations import make_organisation

    made = make_organisation(code, name, closed=closed)
    value = {"code": made.code, "name": made.name, "closed": closed}
    show(value, as_json, [f"{made.code}: {made.name}{' (closed)' if closed else ''}"])


@organisation.command()
@click.argument("code")
@click.option("--yes/--no", "shall", default=True, help="Close it (the default), or open it.")
def closed(code: str, shall: bool) -> None:
    """Close what an organisation registered to whoever is not cleared for it."""
    ready()
    from wayhome.travellers.organisations import set_organisation_closed

    done = set_organisation_closed(code, shall)
    compartment = done.compartment.name if done.compartment else ""
    click.echo(f"{code} is {'closed' if shall else 'open'}; its compartment is: {compartment}")


@organisation.command("list")
@as_json
def list_(as_json: bool) -> None:
    """Organisations by code."""
    ready()
    from wayhome.travellers.organisations import every_organisation

    rows = [
        {
            "code": each.code,
            "name": each.name,
            "compartment": each.compartment.name if each.compartment else "",
            "closed": bool(each.compartment and each.compartment.closed),
        }
        for each in every_organisation()
    ]
    lines = [f"{row['code']}: {row['name']}{' (closed)' if row['closed'] else ''}" for row in rows]
    show(rows, as_json, lines or ["There is no organisation."])


@organisation.command("new-code")
@click.argument("code")
@as_json
def new_code(code: str, as_json: bool) -> None:
    """A new enrolment code for members of organisation CODE; those before hold no longer."""
    ready()
    from wayhome.problems import Problem
    from wayhome.travellers.models import Organisation
    from wayhome.travellers.organisation_codes import new_door_code

    found = Organisation.objects.filter(code=code).first()
    if found is None:
        raise Problem("organisation", f"{code[:40]!r} is unknown", "make it first")
    text = new_door_code(found)
    show({"code": text}, as_json, [f"{text} (shown this once: give it to the members)"])
