"""``wayhome officer``: who may sign in."""

import secrets
from typing import TextIO

import click

from wayhome.ops.ready import as_json, ready, show


@click.group()
def officer() -> None:
    """Make officers and clear them for compartments."""


@officer.command()
@click.argument("email")
@click.option("--name", required=True)
@click.option("--office", default="")
@click.option("--role", default="officer", show_default=True)
@click.option("--password-file", type=click.File(), help="First line is the password.")
@as_json
def add(
    email: str,
    name: str,
    office: str,
    role: str,
    password_file: TextIO | None,
    as_json: bool,
) -> None:
    """Make an officer; without --password-file a password is made and printed once."""
    ready()
    from wayhome.officers.services import make_officer

    given = password_file.readline().rstrip("\n") if password_file else ""
    password = given or secrets.token_urlsafe(15)
    made = make_officer(email=email, name=name, office=office, role=role, password=password)
    value = {"email": made.email, "role": made.role}
    if not given:
        value["password"] = password
    show(value, as_json, [f"{key}: {word}" for key, word in value.items()])


@officer.command()
@click.argument("email")
@click.argument("compartment")
def clear(email: str, compartment: str) -> None:
    """Let an officer see a compartment, for example: cases."""
    ready()
    from wayhome.officers.services import clear as clear_officer
    from wayhome.ops.ready import officer_of

    clear_officer(officer_of(email), compartment)
    click.echo(f"{email} is cleared for {compartment}.")
