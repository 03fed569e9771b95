"""The command line. Errors are one line each on stderr, naming the field and the fix.

Exit 0: done; 1: failed; 2: bad input. Each group of commands has a file of its own, imported
when Django is ready.
"""

import os
import sys

import click

from wayhome import __version__

BAD_INPUT = 2
FAILED = 1

# command -> (module, function): a command's file is imported only when it is called.
COMMANDS = {
    "audience": ("audience", "audience"),
    "bench": ("bench", "bench"),
    "bulletin": ("bulletin", "bulletin"),
    "check": ("check", "check"),
    "demo": ("demo", "demo"),
    "django": ("setup", "django"),
    "enrol": ("enrol", "enrol"),
    "keys": ("keys", "keys"),
    "mail": ("mail", "mail"),
    "migrate": ("setup", "migrate"),
    "muster": ("muster", "muster"),
    "officer": ("officer", "officer"),
    "organisation": ("organisation", "organisation"),
    "owed": ("check", "owed"),
    "places": ("places", "places"),
    "privacy": ("privacy", "privacy"),
    "run": ("run", "run"),
    "worker": ("run", "worker"),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"wayhome.ops.commands.{module}"), name)
        return command


@click.group(cls=_Lazy)
@click.version_option(__version__)
def cli() -> None:
    """Look after people abroad: enrol, warn, reach, muster, bring home."""


def main() -> None:
    """The command ``wayhome``."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wayhome.settings")
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"{_field(error)}{error.format_message()}", err=True)
        sys.exit(BAD_INPUT)
    except click.Abort:
        sys.exit(FAILED)
    except Exception as error:  # noqa: BLE001  (one line for every fault, see _explain)
        sys.exit(_explain(error))
    sys.exit(code if isinstance(code, int) else 0)


def _field(error: click.ClickException) -> str:
    parameter = getattr(error, "param", None)
    return f"{parameter.opts[-1].lstrip('-')}: " if parameter is not None else ""


def _explain(error: Exception) -> int:
    """Print what is wrong; the exit code that goes with it."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError

    from wayhome.problems import Problem, Problems

    if isinstance(error, Problem | Problems):
        click.echo(str(error), err=True)
        return BAD_INPUT
    kind = type(error)
    if kind.__module__.startswith("wayhome."):  # Refused, WrongInstance: said in full words
        click.echo(str(error), err=True)
        return FAILED
    if isinstance(error, DatabaseError | ImproperlyConfigured):
        line = str(error).strip().splitlines()[0] if str(error).strip() else kind.__name__
        fix = (
            "; run `wayhome migrate`" if "no such table" in line or "does not exist" in line else ""
        )
        click.echo(f"database: {line}{fix}", err=True)
        return FAILED
    if os.environ.get("WAYHOME_TRACEBACK"):
        raise error
    click.echo(
        f"{kind.__name__}: {error} (a fault of Wayhome's: set WAYHOME_TRACEBACK=1 and report it)",
        err=True,
    )
    return FAILED


if __name__ == "__main__":
    main()
