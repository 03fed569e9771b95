"""``wayhome places``: find places and read regions. Needs no database."""

from typing import TextIO

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
@click.option("--country", help="ISO 3166-1 code of the country that its places are in.")
@click.option("--language", default="en", show_default=True, help="Language of the words.")
@click.option("--svg", "picture", type=click.Path(dir_okay=False), help="Draw it into this file.")
@click.option(
    "--geojson",
    "outline",
    type=click.Path(dir_okay=False),
    help="Write it as GeoJSON to it.",
)
@as_json
def region(
    text: str,
    country: str | None,
    language: str,
    picture: str | None,
    outline: str | None,
    as_json: bool,
) -> None:
    """What a region in words covers: its words, codes, size and doubts."""
    import json
    from pathlib import Path

    from wayhome.places.doubts import doubts
    from wayhome.places.drawing import svg
    from wayhome.places.fingerprint import fingerprint
    from wayhome.places.geodesy import square_km
    from wayhome.places.geojson import geojson
    from wayhome.places.reading import read
    from wayhome.places.region import dump
    from wayhome.places.resolve import resolve
    from wayhome.places.words import in_words

    expression = read(text, country)
    resolved = resolve(expression)
    words, unsure = in_words(expression, language), doubts(expression)
    size = round(square_km(resolved.geometry()))
    if picture:
        Path(picture).write_text(svg(expression), encoding="utf-8")
    if outline:
        Path(outline).write_text(json.dumps(geojson(expression)), encoding="utf-8")
    value = {
        "words": words,
        "codes": sorted(resolved.codes),
        "km2": size,
        "doubts": unsure,
        "fingerprint": fingerprint(expression),
        **dump(expression),
    }
    lines = [words, *sorted(resolved.codes), f"{size:,} km²", *(f"? {each}" for each in unsure)]
    show(value, as_json, lines)


@places.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--country", required=True, help="ISO 3166-1 code of the country they are about.")
@as_json
def levels(file: TextIO, country: str, as_json: bool) -> None:
    """Check an advisory of lines such as "4: Anbar except Ramadi city": what has no level, what
    has two, and what "the rest of" comes to. Ends with 1 where some of the country is left."""
    from dataclasses import asdict

    from wayhome.places import levels as advisory
    from wayhome.places import pack
    from wayhome.places.words import in_words

    code = pack.area(country).code
    parts = advisory.read_lines(file, code)
    checked = advisory.check(parts, code)
    bound = advisory.bound(parts)
    said = [{"level": part.level, "words": in_words(part.region)} for part in bound]
    lines = [
        f"{number}. level {each['level']}: {each['words']}" for number, each in enumerate(said, 1)
    ]
    lines += [
        f"left: {pack.area(gap.code).label}, {gap.share:.0%} of it, {gap.km2:,.0f} km²"
        for gap in checked.gaps
    ]
    lines += [f"left: {pack.area(code).label}, all of it" for code in checked.undrawn]
    lines += [
        f"twice: parts {each.first + 1} and {each.second + 1}, {each.km2:,.0f} km²; the higher"
        " level holds"
        for each in checked.overlaps
    ]
    show({"parts": said, **asdict(checked), "whole": checked.is_whole}, as_json, lines)
    if not checked.is_whole:
        raise SystemExit(1)
