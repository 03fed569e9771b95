"""``wayhome mail``: the key that signs it, and mail that comes back."""

import os
import sys
from pathlib import Path

import click

from wayhome.ops.ready import as_json, ready, show

# sysexits.h, as relays understand it: an address that is not ours, and "keep it and come again".
EX_NOUSER, EX_TEMPFAIL = 67, 75


@click.group()
def mail() -> None:
    """Set up mail, and take what comes back."""


@mail.command()
@click.option("--to", "to", required=True, metavar="ADDRESS", help="The envelope's recipient.")
def take(to: str) -> None:
    """Take one message from standard input.

    Exit 0 when what it says has been written; 67 where ADDRESS is not for Wayhome; 75 where it
    could not be written now, and the relay should come again.
    """
    try:
        code = _take(to)
    except Exception as error:  # noqa: BLE001  (any other code would lose the message)
        click.echo(f"mail: {str(error).strip() or type(error).__name__}", err=True)
        code = EX_TEMPFAIL
    click.get_current_context().exit(code)


def _take(to: str) -> int:
    ready()
    from wayhome.delivery.bounces import doors, intake

    if not intake.is_ours(to):
        click.echo("to: is no return path, bounce address or canary of this instance", err=True)
        return EX_NOUSER
    taken = doors.receive_or_keep(sys.stdin.buffer.read(doors.MOST_OCTETS), to)
    click.echo(f"{taken.how}: {taken.note}" if taken.note else taken.how)
    return 0


@mail.command(name="dkim-key")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--domain", required=True, help="Domain of WAYHOME_MAIL_FROM.")
@click.option("--selector", required=True, help="Name of the key; a new key gets a new one.")
@click.option(
    "--kind",
    default="rsa",
    show_default=True,
    type=click.Choice(["rsa", "ed25519"]),
    help="Not every receiver verifies Ed25519.",
)
@as_json
def dkim_key(file: Path, domain: str, selector: str, kind: str, as_json: bool) -> None:
    """Make a DKIM key: write the private half to FILE, print the record to publish.

    A file that is there already is left as it is, and is an error.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    from wayhome.delivery.channels.dkim_signing import NAME, DkimKey
    from wayhome.ops.deploy.findings import txt_record
    from wayhome.problems import Problem

    domain = domain.strip(".").lower()
    for field, name in (("selector", selector), ("domain", domain)):
        if not NAME.fullmatch(name) or (field == "domain" and "." not in name):
            raise Problem(field, f"{name!r} is none", "use letters, digits and hyphens")
    private = (
        generate_private_key(public_exponent=65537, key_size=2048)
        if kind == "rsa"
        else Ed25519PrivateKey.generate()
    )
    key = DkimKey(domain, selector, private)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Problem("file", f"{file} is there already", "name another, or move it") from error
    except OSError as error:
        raise Problem("file", f"{file} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as written:
        written.write(key.pem())
    record = txt_record(key.name, key.record)
    show(
        {"file": str(file), "name": key.name, "record": key.record, "selector": selector},
        as_json,
        [
            f"The private key is in {file}; only its owner reads it.",
            "Publish:",
            record,
            "Set, once it is published:",
            f"WAYHOME_DKIM_SELECTOR={selector}",
            f"WAYHOME_DKIM_KEY_FILE={file.absolute()}",
        ],
    )
