"""``wayhome enrol``: people from another register as CSV, to and from other instances."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from wayhome.ops.ready import as_json, as_officer, officer_of, ready, show

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def enrol() -> None:
    """Enrol people."""


@enrol.command("import")
@click.argument("file", type=_FILE)
@click.option("--organisation", help="Code of the organisation whose list this is.")
@click.option("--mapping", type=_FILE, help="Which column is which field (TOML).")
@click.option("--suggest-mapping", is_flag=True, help="Print a mapping for FILE, import nothing.")
@click.option("--update", is_flag=True, help="Take over what changed in lines that are known.")
@click.option("--faults", type=click.Path(path_type=Path), help="Write refused lines to this file.")
@click.option("--dry-run", is_flag=True, help="Check every row, write nothing.")
@click.option("--from", "sender", metavar="KEY", help="Of a file of `enrol export`: its sender's.")
@click.option("--cap", default="self-declared", show_default=True, help="Highest assurance taken.")
@click.option("--trust-verification", is_flag=True, help="Addresses verified there are so here.")
@as_json
def import_(
    file: Path,
    organisation: str | None,
    mapping: Path | None,
    suggest_mapping: bool,
    update: bool,
    faults: Path | None,
    dry_run: bool,
    sender: str | None,
    cap: str,
    trust_verification: bool,
    as_json: bool,
) -> None:
    """Import FILE: a list (see docs/howto/import.md), or people of another instance
    (docs/howto/move.md). Good rows are kept; bad ones are named, exit 2."""
    ready()
    from wayhome.problems import Problem
    from wayhome.trips.moving import is_move

    if is_move(file):
        if mapping or update or faults or suggest_mapping:
            raise Problem("file", "is of people who move", "they need no mapping, update or faults")
        _arrive(file, sender, organisation, cap, trust_verification, dry_run, as_json)
        return
    if sender or trust_verification:
        raise Problem("from", "is for files of `wayhome enrol export`", "leave it out")
    if suggest_mapping:
        from wayhome.trips.imports.suggesting import suggest

        click.echo(suggest(file), nl=False)
        return
    from wayhome.musters.claims import covered
    from wayhome.trips.importing import import_csv, read_mapping

    result = import_csv(
        file,
        organisation_code=organisation,
        dry_run=dry_run,
        progress=None if as_json else _progress(),
        mapping=read_mapping(mapping) if mapping else None,
        update=update,
        faults_to=faults,
        covered=covered,
    )
    if not as_json:
        click.echo("", err=True)
    named = [f"line {fault.line}: {fault.problem}" for fault in result.faults]
    for line in named:
        click.echo(line, err=True)
    if result.more_faults:
        click.echo(f"and {result.more_faults} more faults", err=True)
    words = "would be enrolled" if dry_run else "enrolled"
    lines = [
        f"{result.enrolled} people {words}, {result.known} known already, {result.refused} refused"
    ]
    if update:
        lines.append(
            f"of those known {result.known - result.changed - result.conflicts} unchanged,"
            f" {result.changed} changed, {result.conflicts} with something left as it is"
        )
    value = {
        "enrolled": result.enrolled,
        "known": result.known,
        "refused": result.refused,
        "changed": result.changed,
        "conflicts": result.conflicts,
        "faults": named,
        "more_faults": result.more_faults,
    }
    show(value, as_json, lines)
    if result.faults:
        click.get_current_context().exit(2)


def _arrive(
    file: Path,
    sender: str | None,
    organisation: str | None,
    cap: str,
    trust_verification: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    from wayhome.problems import Problem
    from wayhome.trips.importing import organisation_called
    from wayhome.trips.moving import arrive, assurance_called, read_key

    if sender is None:
        raise Problem("from", "is missing", "give the exchange key of the instance that sent it")
    result = arrive(
        file,
        read_key(sender, "from"),
        organisation=organisation_called(organisation),
        cap=assurance_called(cap),
        trust_verification=trust_verification,
        dry_run=dry_run,
        progress=None if as_json else _progress(),
    )
    if not as_json:
        click.echo("", err=True)
    named = [f"line {fault.line}: {fault.problem}" for fault in result.faults]
    for line in named:
        click.echo(line, err=True)
    words = "would be enrolled" if dry_run else "enrolled"
    value = {
        "enrolled": result.enrolled,
        "known": result.known,
        "refused": result.refused,
        "purpose": result.purpose,
        "mark": result.mark,
        "faults": named,
    }
    lines = [
        f"sent for: {result.purpose} (mark {result.mark})",
        f"{result.enrolled} people {words}, {result.known} known already, {result.refused} refused",
    ]
    show(value, as_json, lines)
    if result.faults:
        click.get_current_context().exit(2)


@enrol.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--purpose", required=True, help="Why people's data leave; stands in the file.")
@as_officer
@click.option("--to", metavar="KEY", help="Exchange key of the instance that it is for: seals it.")
@click.option("--open", "in_the_open", is_flag=True, help="Seal it for nobody: readable by all.")
@click.option("--organisation", help="Only whom this organisation registered, and theirs.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 365))
@as_json
def export(
    file: Path,
    purpose: str,
    email: str,
    to: str | None,
    in_the_open: bool,
    organisation: str | None,
    days: int,
    as_json: bool,
) -> None:
    """Write people into FILE for another instance (see docs/howto/move.md)."""
    ready()
    from wayhome.problems import Problem
    from wayhome.trips.moving import leave, read_key

    if (to is None) != in_the_open:
        raise Problem(
            "to", "is needed, or --open", "give the receiver's exchange key to seal the file"
        )
    left = leave(
        officer_of(email),
        purpose,
        file,
        to=read_key(to, "to") if to else None,
        organisation=organisation,
        days=days,
        progress=None if as_json else _progress(),
    )
    if not as_json:
        click.echo("", err=True)
    value = {"registrations": left.registrations, "units": left.units, "mark": left.mark}
    sealed = "sealed" if left.sealed else "NOT sealed: whoever holds it reads it"
    show(
        value | {"sealed": left.sealed},
        as_json,
        [f"{left.registrations} registrations written, {sealed}; mark {left.mark}"],
    )


@enrol.command("exchange-key")
@as_json
def exchange_key(as_json: bool) -> None:
    """Print this instance's exchange key: others seal with it, and know by it who sent a file."""
    ready()
    from wayhome.trips.moving import own_key

    key = own_key()
    show({"key": str(key), "name": key.name}, as_json, [str(key)])


def _progress() -> Callable[[int, int], None]:
    """Shows parties done, how many, how fast and how long still; on a terminal in one line."""
    began = time.monotonic()
    end = "" if sys.stderr.isatty() else "\n"
    last = 0.0

    def told(done: int, of: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < (0.2 if not end else 5) and done < of:
            return
        last = now
        rate = done / max(now - began, 0.001)
        left = (of - done) / max(rate, 0.001)
        start = "\r" if not end else ""
        words = f"{start}{done} of {of}, {rate:,.0f} a second, {left:,.0f} s left  {end}"
        click.echo(words, err=True, nl=False)

    return told
