"""``wayhome mail take``: one message that came back, for a relay that pipes it to a command."""

import sys

import click

from wayhome.ops.ready import ready

# sysexits.h, as relays understand it: an address that is not ours, and "keep it and come again".
EX_NOUSER, EX_TEMPFAIL = 67, 75


@click.group()
def mail() -> None:
    """Take mail that comes back: bounces, complaints, canaries."""


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
