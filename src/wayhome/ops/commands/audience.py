"""``wayhome audience``: who a region and days would concern, counted."""

from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta

import click

from wayhome.ops.ready import as_json, ready, show


@click.command()
@click.option("--region", required=True, help="In words, or as JSON.")
@click.option("--from", "first", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--to", "last", required=True, type=click.DateTime(["%Y-%m-%d"]))
@click.option("--lead", default=7, show_default=True, type=click.IntRange(0, 60))
@click.option("--grace", default=7, show_default=True, type=click.IntRange(0, 60))
@as_json
def audience(
    region: str, first: datetime, last: datetime, lead: int, grace: int, as_json: bool
) -> None:
    """Count the people of a region and days (UTC, both included); nobody is named."""
    ready()
    from wayhome.audience.affects import Window
    from wayhome.audience.services import count
    from wayhome.places.reading import read
    from wayhome.places.region import parse
    from wayhome.places.resolve import resolve
    from wayhome.places.words import in_words
    from wayhome.problems import Problem

    if last < first:
        raise Problem("to", f"{last:%Y-%m-%d} is before --from", "swap the days")
    expression = parse(region) if region.lstrip().startswith("{") else read(region)
    window = Window(
        first.replace(tzinfo=UTC),
        datetime.combine(last, time.max, UTC) - timedelta(seconds=1),
        lead,
        grace,
    )
    counts = count(resolve(expression), window)
    value = {"region": in_words(expression), **asdict(counts)}
    lines = [f"{key}: {item}" for key, item in value.items() if item not in ({}, "")]
    show(value, as_json, lines)
