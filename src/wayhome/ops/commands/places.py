"""``wayhome places``: find places and read regions. Needs no database."""

import click

from wayhome.ops.ready import as_json, show


@click.group()
def places() -> None:
    """Find places by name; read a region and say what it covers."""


@places.command()
@click.argument("text")
@click.option("--country", help="ISO 3166-1 code of the country in question.")
@click.option("--limit", default=8, show_default=True, type=click.IntRange(1, 50))
@as_json
def find(text: str, country: str | None, limit: int, as_json: bool) -> None:
    """Places of this name, the likeliest first, each with how sure it is."""
    from dataclasses import asdict

    from wayhome.places.names import find as find_names
    from wayhome.problems import Problem

    matches = find_names(text, country, limit=limit)
    if not matches:
        raise Problem("text", f"no place is named {text[:60]!r}", "check the spelling")
    lines = [f"{m.code or m.city_id}  {m.name} ({m.kind}, {m.sureness})" for m in matches]
    show([asdict(match) for match in matches], as_json, lines)


@places.command()
@click.argument("text")
@as_json
def region(text: str, as_json: bool) -> None:
    """What a region in words covers: codes, and the expression as JSON."""
    from wayhome.places.fingerprint import fingerprint
    from wayhome.places.reading import read
    from wayhome.places.region import dump
    from wayhome.places.resolve import resolve
    from wayhome.places.words import in_words

    expression = read(text)
    resolved = resolve(expression)
    value = {
        "words": in_words(expression),
        "codes": sorted(resolved.codes),
        "fingerprint": fingerprint(expression),
        **dump(expression),
    }
    show(value, as_json, [str(value["words"]), *sorted(resolved.codes)])
