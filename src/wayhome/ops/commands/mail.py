"""``wayhome mail``: what an operator sets up once for mail."""

import os
from pathlib import Path

import click

from wayhome.ops.ready import as_json, show


@click.group()
def mail() -> None:
    """Set up mail: the key that signs it."""


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
