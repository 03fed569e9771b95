"""``wayhome bulletin``: draft, submit, sign, publish, update, cancel; progress, stop, resume."""

import json
from pathlib import Path
from typing import Any

import click

from wayhome.ops.ready import as_json, as_officer, officer_of, ready, show

expect_count = click.option(
    "--expect-count", type=int, help="Repeat the counted people where the count is unusual."
)
file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
number = click.argument("bulletin_id", type=int)


@click.group()
def bulletin() -> None:
    """Bulletins: what officers say. FILE is JSON as docs/howto/publish.md shows."""


@bulletin.command("list")
@as_json
def list_(as_json: bool) -> None:
    """Bulletins, the newest first."""
    ready()
    from wayhome.bulletins.models import Bulletin

    rows = [
        {
            "id": row.pk,
            "kind": row.kind,
            "state": row.state,
            "hazard": row.hazard,
            "newest_issue": row.newest_issue_id,
        }
        for row in Bulletin.objects.order_by("-pk")[:100]
    ]
    lines = [f"{row['id']}  {row['kind']}  {row['state']}  {row['hazard']}" for row in rows]
    show(rows, as_json, lines or ["There is no bulletin."])


@bulletin.command()
@file
@as_officer
@as_json
def draft(file: Path, email: str, as_json: bool) -> None:
    """Draft a bulletin from FILE."""
    ready()
    from wayhome.bulletins import services
    from wayhome.bulletins.reading import read_said

    _tell(services.draft(officer_of(email), read_said(_load(file))), as_json)


@bulletin.command()
@number
@as_officer
@as_json
def submit(bulletin_id: int, email: str, as_json: bool) -> None:
    """Submit a draft; a worker then reads it back."""
    ready()
    from wayhome.bulletins import services

    _tell(services.submit(officer_of(email), bulletin_id), as_json)


@bulletin.command()
@number
@as_json
def readback(bulletin_id: int, as_json: bool) -> None:
    """Show what storage holds of a submitted bulletin: read it, then sign it."""
    ready()
    from wayhome.bulletins.models import Readback
    from wayhome.problems import Problem

    row = Readback.objects.filter(bulletin_id=bulletin_id).order_by("-pk").first()
    if row is None:
        raise Problem("readback", "there is none yet", "run a worker, then ask again")
    value = {
        "readback": row.pk,
        "version": row.version,
        "region": row.region_words,
        "usual": row.usual,
        **row.counts,
    }
    show(value, as_json, [f"{key}: {item}" for key, item in value.items()])


@bulletin.command()
@number
@click.option("--readback", "readback_id", type=int, required=True, help="The one you have read.")
@expect_count
@as_officer
@as_json
def sign(
    bulletin_id: int, readback_id: int, expect_count: int | None, email: str, as_json: bool
) -> None:
    """Sign what was read back; another officer than those who wrote it."""
    ready()
    from wayhome.bulletins import services

    _tell(services.sign(officer_of(email), bulletin_id, readback_id, expect_count), as_json)


@bulletin.command()
@number
@expect_count
@as_officer
@as_json
def publish(bulletin_id: int, expect_count: int | None, email: str, as_json: bool) -> None:
    """Publish what is signed; a worker then reaches its audience."""
    ready()
    from wayhome.bulletins import services

    issue = services.publish(officer_of(email), bulletin_id, expect_count)
    value = {"bulletin": bulletin_id, "issue": issue.pk, "n": issue.n, "kind": issue.issue_kind}
    show(value, as_json, [f"Issue {issue.pk} ({issue.issue_kind}) is published."])


@bulletin.command()
@number
@file
@as_officer
@as_json
def update(bulletin_id: int, file: Path, email: str, as_json: bool) -> None:
    """Draft an update of what is in force from FILE; then submit, sign, publish."""
    ready()
    from wayhome.bulletins import services
    from wayhome.bulletins.reading import read_said

    _tell(services.begin_update(officer_of(email), bulletin_id, read_said(_load(file))), as_json)


@bulletin.command()
@number
@as_officer
@as_json
def cancel(bulletin_id: int, email: str, as_json: bool) -> None:
    """Draft the cancel of what is in force, with the correction written beforehand; then
    submit, sign, publish."""
    ready()
    from wayhome.bulletins import services

    _tell(services.begin_cancel(officer_of(email), bulletin_id), as_json)


issue_number = click.argument("issue_id", type=int)
why = click.option("--why", required=True, metavar="WORDS", help="For those who come after you.")


@bulletin.command()
@issue_number
@as_json
def progress(issue_id: int, as_json: bool) -> None:
    """How far the sending of an issue is."""
    ready()
    _tell_progress(issue_id, as_json)


@bulletin.command()
@issue_number
@why
@as_officer
@as_json
def stop(issue_id: int, why: str, email: str, as_json: bool) -> None:
    """Hold what an issue still owes. It is no correction: those who got it keep it until an
    update or a cancel."""
    ready()
    from wayhome.delivery import dispatching

    dispatching.stop(officer_of(email), issue_id, why)
    _tell_progress(issue_id, as_json)


@bulletin.command()
@issue_number
@why
@as_officer
@as_json
def resume(issue_id: int, why: str, email: str, as_json: bool) -> None:
    """Send what was held by a stop."""
    ready()
    from wayhome.delivery import dispatching

    dispatching.resume(officer_of(email), issue_id, why)
    _tell_progress(issue_id, as_json)


def _tell_progress(issue_id: int, as_json: bool) -> None:
    from dataclasses import asdict

    from wayhome.bulletins.queries import find_issue
    from wayhome.delivery.dispatching import steps_of
    from wayhome.delivery.queries import progress as progress_of
    from wayhome.problems import Problem
    from wayhome.replies.queries import answered_people

    issue = find_issue(issue_id)
    if issue is None:
        raise Problem("issue_id", f"{issue_id} is unknown", "see `wayhome bulletin list`")
    numbers = progress_of(issue)
    value = asdict(numbers) | {"answered": answered_people([issue_id])}
    steps = steps_of(issue_id)
    lines = [f"{key}: {item}" for key, item in value.items() if not isinstance(item, list | dict)]
    lines += [
        f"{channel}: " + ", ".join(f"{n} {fact}" for fact, n in facts.items())
        for channel, facts in numbers.by_channel.items()
    ]
    lines += [
        f"{c.n} {c.fact} by {c.channel}: {c.cause or 'no cause given'}" for c in numbers.causes
    ]
    lines += [f"{w.owed} owed to {w.domain or w.channel}: {w.words}" for w in numbers.waiting]
    lines += [
        f"relay {relay.name}: {relay.words} {relay.last_error}".strip() for relay in numbers.relays
    ]
    lines += [f"{step.did} {step.at:%Y-%m-%d %H:%M} UTC: {step.why}" for step in steps]
    show(value, as_json, lines)


def _load(path: Path) -> Any:
    from wayhome.problems import Problem

    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Problem("file", f"{path.name} is no JSON: {error}", "mend it") from error


def _tell(row: Any, as_json: bool) -> None:
    value = {"bulletin": row.pk, "state": row.state, "version": row.version}
    show(value, as_json, [f"Bulletin {row.pk} is {row.state}."])
