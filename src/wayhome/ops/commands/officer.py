"""``wayhome officer``: who may sign in."""

import secrets
from typing import TextIO

import click

from wayhome.ops.ready import as_json, ready, show


@click.group()
def officer() -> None:
    """Make and invite officers, clear them for compartments, let them back in."""


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
    """Make an officer; without --password-file a password is made and printed once.

    For the first administrator: whoever comes later is better invited. A live instance asks for a
    second factor at the first sign-in.
    """
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
@click.option("--name", required=True)
@click.option("--office", default="")
@click.option("--role", default="officer", show_default=True)
@as_json
def invite(email: str, name: str, office: str, role: str, as_json: bool) -> None:
    """Print a link, good once and for three days, by which somebody becomes an officer.

    Hand it over by a way on which you know who takes it. It is mailed to nobody.
    """
    ready()
    from wayhome.officers import invitations

    made = invitations.invite(None, email=email, name=name, office=office, role=role)
    value = {
        "email": made.invitation.email,
        "role": made.invitation.role,
        "link": made.link,
        "until": made.invitation.expires_at,
    }
    show(value, as_json, [f"{key}: {word}" for key, word in value.items()])


@officer.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List officers: role, office, state, second factor."""
    ready()
    from wayhome.officers import accounts

    value = [
        {
            "email": line.officer.email,
            "name": line.officer.name,
            "office": line.officer.office,
            "role": line.officer.role,
            "active": line.officer.is_active,
            "clearances": list(line.clearances),
            "factors": list(line.factors),
        }
        for line in accounts.all_lines()
    ]
    lines = [
        f"{each['email']}  {each['role']}  {'open' if each['active'] else 'closed'}"
        f"  {', '.join(each['factors']) or 'no second factor'}"  # type: ignore[arg-type]
        for each in value
    ]
    show(value, as_json, lines or ["There is no officer."])


@officer.command()
@click.argument("email")
@click.option("--why", required=True, help="Why, and how you know that it is they who ask.")
@as_json
def recover(email: str, why: str, as_json: bool) -> None:
    """The last resort: reset an officer's password and factors, and print a link back in.

    Two administrators can do this on the pages; here nobody is asked. The officer is told, and it
    is written to the audit trail with the reason.
    """
    ready()
    from wayhome.officers import recovery
    from wayhome.ops.ready import officer_of

    made = recovery.from_server(officer_of(email), why)
    value = {"email": email, "link": made.link, "until": made.invitation.expires_at}
    show(value, as_json, [f"{key}: {word}" for key, word in value.items()])


@officer.command("end-sessions")
@click.argument("email")
def end_sessions(email: str) -> None:
    """Sign an officer out everywhere, at once."""
    ready()
    from wayhome.officers import sessions
    from wayhome.ops.ready import officer_of

    ended = sessions.end_by_host(officer_of(email))
    click.echo(f"{email}: {ended} sessions ended.")


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


@officer.command()
@click.argument("email")
@click.argument("compartment")
def unclear(email: str, compartment: str) -> None:
    """Take a clearance back."""
    ready()
    from wayhome.officers.services import unclear as take_back
    from wayhome.ops.ready import officer_of

    take_back(officer_of(email), compartment)
    click.echo(f"{email} is not cleared for {compartment} any more.")


@officer.command("role")
@click.argument("email")
@click.argument("role")
@click.option("--why", required=True, help="Kept in the audit trail.")
def role_(email: str, role: str, why: str) -> None:
    """Give an officer another role."""
    ready()
    from wayhome.officers.accounts import change_by_host
    from wayhome.ops.ready import officer_of

    change_by_host(officer_of(email), role, why)
    click.echo(f"{email} is {role}.")


@officer.command()
@click.argument("email")
@click.argument("organisation")
def bind(email: str, organisation: str) -> None:
    """Let an officer of role organisation see what ORGANISATION (a code) registered."""
    ready()
    from wayhome.ops.ready import officer_of
    from wayhome.travellers.organisations import bind_officer

    bind_officer(officer_of(email), organisation)
    click.echo(f"{email} sees what {organisation} registered, and nothing else.")
