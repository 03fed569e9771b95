"""``wayhome privacy``: erase, hold, delete on time, and the register of personal fields."""

from datetime import datetime
from pathlib import Path

import click

from wayhome.ops.ready import as_json, as_officer, officer_of, ready, show

_why = click.option("--why", required=True, help="In words; they are kept with the deed.")


@click.group()
def privacy() -> None:
    """What is kept of people, for how long, and how it goes."""


@privacy.command()
@as_json
def fields(as_json: bool) -> None:
    """The register of personal fields, as docs/reference/fields.md has it."""
    ready()
    from wayhome.travellers import fields_page

    show(fields_page.as_rows(), as_json, [fields_page.page()])


@privacy.command()
@click.option("--dry-run", is_flag=True, help="Count what is due, delete nothing.")
@as_json
def retention(dry_run: bool, as_json: bool) -> None:
    """Delete now what is due by the rules (a worker does so four times a day); say how much."""
    ready()
    from wayhome.travellers import retention as rules

    counts = rules.run(dry=dry_run)
    rows = [
        {"rule": each.name, "days": each.days, "what": each.words, "rows": counts[each.name]}
        for each in rules.rules()
    ]
    done = "due" if dry_run else "deleted"
    lines = [f"{row['rule']} ({row['days']} days): {row['rows']} {done}" for row in rows]
    show({"dry_run": dry_run, "rules": rows}, as_json, lines)


@privacy.command()
@as_json
def deleted(as_json: bool) -> None:
    """How many rows each rule deleted on which day, the latest first."""
    ready()
    from wayhome.travellers import retention as rules

    rows = [{"day": day, "rule": name, "rows": n} for day, name, n in rules.deleted()]
    lines = [f"{row['day']}  {row['rule']}: {row['rows']}" for row in rows]
    show(rows, as_json, lines or ["Nothing was deleted yet."])


@privacy.command()
@click.argument("registration", type=int)
@_why
@as_officer
@as_json
def erase(registration: int, why: str, email: str, as_json: bool) -> None:
    """Enter that the person of REGISTRATION asked to be forgotten; a worker carries it out."""
    ready()
    from wayhome.travellers import erasure

    _tell(erasure.ask_by(officer_of(email), registration, why), as_json)


@privacy.command()
@as_json
def asks(as_json: bool) -> None:
    """Who asked to be forgotten and is not yet, by number, and what it waits for."""
    ready()
    from wayhome.travellers.erasure import open_asks

    rows = [
        {
            "ask": each.pk,
            "registration": each.registration_id,
            "said_by": each.said_by,
            "asked_at": each.asked_at,
            "waits_for": each.kept_because if each.is_kept else "a worker",
        }
        for each in open_asks()
    ]
    lines = [
        f"{row['ask']}  registration {row['registration']}, said by {row['said_by']}"
        f" on {row['asked_at']:%Y-%m-%d}: waits for {row['waits_for']}"
        for row in rows
    ]
    show(rows, as_json, lines or ["Nobody waits."])


@privacy.command()
@click.argument("traveller", type=int)
@click.option("--reason", required=True)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day; without it, no end.")
@as_officer
@as_json
def hold(traveller: int, reason: str, until: datetime | None, email: str, as_json: bool) -> None:
    """Place a legal hold on TRAVELLER: erasure and retention wait."""
    ready()
    from wayhome.travellers import legal_hold

    day = until.date() if until else None
    made = legal_hold.place(officer_of(email), traveller, reason=reason, until=day)
    show({"hold": made.pk}, as_json, [f"Hold {made.pk} on traveller {traveller} is placed."])


@privacy.command()
@click.argument("hold_id", metavar="HOLD", type=int)
@_why
@as_officer
@as_json
def lift(hold_id: int, why: str, email: str, as_json: bool) -> None:
    """Lift a hold; what waited for it is carried out."""
    ready()
    from wayhome.travellers import legal_hold

    legal_hold.lift(officer_of(email), hold_id, why)
    show({"lifted": hold_id}, as_json, [f"Hold {hold_id} is lifted."])


@privacy.command()
@click.option("--purpose", required=True, help="Why you look; it is recorded.")
@as_officer
@as_json
def holds(purpose: str, email: str, as_json: bool) -> None:
    """Holds and how they ended, the latest first."""
    ready()
    from wayhome.officers.access import access_for
    from wayhome.travellers import legal_hold

    rows = [
        {
            "hold": each.pk,
            "traveller": each.traveller_id,
            "reason": each.reason,
            "until": each.until,
            "placed_at": each.placed_at,
            "lifted_at": each.lifted_at,
        }
        for each in legal_hold.holds(access_for(officer_of(email), purpose))
    ]
    lines = [
        f"{row['hold']}  traveller {row['traveller']}: {row['reason']}"
        f"{' (lifted)' if row['lifted_at'] else ''}"
        for row in rows
    ]
    show(rows, as_json, lines or ["There is no hold."])


@privacy.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def reapply(files: tuple[Path, ...], as_json: bool) -> None:
    """After a restore: erase again whoever the tombstones name. FILES: the lists of other hosts;
    without any, this host's."""
    ready()
    from wayhome.travellers import erasure, tombstones

    chosen = files or tuple(path for path in [tombstones.path()] if path.exists())
    stones = tombstones.read(chosen)
    again = erasure.reapply(stones)
    show(
        {"tombstones": len(stones), "erased_again": again},
        as_json,
        [f"{len(stones)} tombstones; {len(again)} registrations were erased again."],
    )


@privacy.command()
def compact() -> None:
    """Give back the space of deleted rows: nothing of them stays in the database files."""
    ready()
    from django.db import connection

    from wayhome.travellers import searching

    searching.forget_deleted()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    click.echo("Done.")


def _tell(ask: object, as_json: bool) -> None:
    from wayhome.travellers.erasure import Ask

    assert isinstance(ask, Ask)
    value = {"ask": ask.pk, "kept_because": ask.kept_because}
    line = f"Ask {ask.pk} is kept as said; it waits for {ask.kept_because}."
    show(value, as_json, [line if ask.is_kept else f"Ask {ask.pk}: a worker carries it out."])
