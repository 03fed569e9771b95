"""``wayhome keys``: the master keys that wrap each person's own."""

from dataclasses import asdict

import click

from wayhome.ops.ready import as_json, ready, show


@click.group()
def keys() -> None:
    """Master keys: look, add, rotate, drop. They are in no database; keep a copy apart from it."""


@keys.command()
@as_json
def status(as_json: bool) -> None:
    """Each master key: how many people's keys it wraps, and whether it may be dropped."""
    ready()
    from wayhome.travellers.rekeying import masters

    lines = masters()
    rows = [{**asdict(line), "may_be_dropped": line.may_go} for line in lines]
    words = []
    for line in lines:
        notes = ["wraps new ones"] if line.in_use else []
        notes += [] if line.held else ["NOT HELD HERE"]
        notes += ["may be dropped"] if line.may_go else []
        words.append(f"{line.name}: wraps {line.wraps} keys{''.join(f', {n}' for n in notes)}")
    show(rows, as_json, words)


@keys.command()
@as_json
def add(as_json: bool) -> None:
    """Add a master key to the file. It wraps nothing before `wayhome keys rotate`: until then give
    the file to every host."""
    ready()
    from wayhome.travellers import master_keys

    name = master_keys.add()
    file = str(master_keys.file())
    show({"name": name, "file": file}, as_json, [f"{name} was added to {file}."])


@keys.command()
@as_json
def rotate(as_json: bool) -> None:
    """Wrap every person's key by the newest master key, in chunks, while all else goes on.

    Stopped half-way, run it again: it goes on where it was.
    """
    ready()
    from wayhome.travellers import rekeying

    done = rekeying.rotate(lambda n: click.echo(f"{n} keys", err=True))
    name = next(line.name for line in rekeying.masters() if line.in_use)
    show({"wrapped": done, "by": name}, as_json, [f"{done} keys are wrapped by {name} now."])


@keys.command()
@click.argument("name")
@as_json
def drop(name: str, as_json: bool) -> None:
    """Take a master key that wraps nothing out of the file. Backups of the key store that it
    wrapped do not open any more."""
    ready()
    from wayhome.travellers import rekeying

    rekeying.drop(name)
    show({"dropped": name}, as_json, [f"{name} was dropped."])
