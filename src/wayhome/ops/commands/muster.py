"""``wayhome muster``: open a roll call and show its counts."""

from datetime import datetime

import click

from wayhome.ops.ready import as_json, as_officer, officer_of, ready, show


@click.group()
def muster() -> None:
    """Roll calls."""


@muster.command("list")
@as_json
def list_(as_json: bool) -> None:
    """Musters, the newest first."""
    ready()
    from wayhome.musters.models import Muster

    rows = [
        {"id": row.pk, "name": row.name, "opened_at": row.opened_at, "closed_at": row.closed_at}
        for row in Muster.objects.order_by("-pk")[:100]
    ]
    lines = [f"{row['id']}  {row['name']}{' (closed)' if row['closed_at'] else ''}" for row in rows]
    show(rows, as_json, lines or ["There is no muster."])


@muster.command("open")
@click.argument("name")
@click.option("--region", required=True, help="In words.")
@click.option("--since", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]))
@click.option("--thread", "threads", multiple=True, type=int, help="Bulletin whose replies count.")
@as_officer
@as_json
def open_(
    name: str,
    region: str,
    since: datetime | None,
    threads: tuple[int, ...],
    email: str,
    as_json: bool,
) -> None:
    """Open a muster over a region, from --since (or now) on."""
    ready()
    from wayhome.bulletins.models import Bulletin
    from wayhome.musters.services import open_muster
    from wayhome.places.reading import read
    from wayhome.problems import Problem
    from wayhome.work import clock

    bulletins = list(Bulletin.objects.filter(pk__in=threads))
    if len(bulletins) != len(set(threads)):
        raise Problem("thread", "one of them is unknown", "list them with `wayhome bulletin list`")
    made = open_muster(
        officer_of(email),
        name=name,
        region=read(region),
        starts_at=since or clock.now(),
        threads=bulletins,
    )
    show({"id": made.pk, "name": made.name}, as_json, [f"Muster {made.pk} is open: {made.name}"])


@muster.command("show")
@click.argument("muster_id", type=int)
@as_json
def show_(muster_id: int, as_json: bool) -> None:
    """Counts of one muster by state and area; nobody is named."""
    ready()
    from wayhome.musters.models import Muster
    from wayhome.musters.queries import board
    from wayhome.problems import Problem

    if not Muster.objects.filter(pk=muster_id).exists():
        raise Problem(
            "muster_id", f"{muster_id} is unknown", "list them with `wayhome muster list`"
        )
    counts = board(muster_id)
    value = {
        "id": muster_id,
        "name": counts.muster.name,
        "total": counts.total,
        "closed": counts.closed,
        "by_state": counts.by_state,
        "by_area": counts.by_area,
        "by_certainty": counts.by_certainty,
        "later_claims": counts.later_claims,
    }
    lines = [f"{counts.muster.name}: {counts.total} people on the roll"]
    lines += [f"  {state}: {n}" for state, n in counts.by_state.items()]
    show(value, as_json, lines)
