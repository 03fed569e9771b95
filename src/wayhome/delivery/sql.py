"""Hand-written SQL of the wide tables; each statement names the whole key of what it touches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from wayhome.travellers.sql import serving, serving_parameters
from wayhome.work.db import stored

Key = tuple[int, str]  # contact point, channel: the rest of a delivery's key is its issue


def add_for_audience(
    issue_id: int, first: int, last: int, now: datetime, *, verified_only: bool
) -> list[Key]:
    """Add a delivery for each contact point that serves travellers ``first`` to ``last`` of the
    audience; returns those added, none that stood already."""
    condition = (
        "g.traveller_id IN (SELECT a.traveller_id FROM audience a WHERE a.issue_id = %s"
        " AND a.traveller_id BETWEEN %s AND %s)"
    )
    if verified_only:
        condition += " AND r.verified_at IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO delivery (issue_id, contact_point_id, channel, state, tries)"
            " SELECT DISTINCT %s, contact_point_id,"
            " CASE kind WHEN 'mail' THEN 'mail' ELSE 'sms' END, 'owed', 0"
            f" FROM ({serving(condition)}) s WHERE true"
            " ORDER BY 2, 3 ON CONFLICT DO NOTHING RETURNING contact_point_id, channel",
            [issue_id, *serving_parameters([issue_id, first, last], now)],
        )
        return sorted(cursor.fetchall())


def add_as_before(issue_id: int, earlier: Sequence[int], after: int, last: int) -> list[Key]:
    """Add a delivery for each contact point (``after``, ``last``] that may have got an earlier
    issue, unless it is in hostile hands or suppressed; returns those added."""
    marks = ", ".join(["%s"] * len(earlier))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO delivery (issue_id, contact_point_id, channel, state, tries)"
            " SELECT DISTINCT %s, d.contact_point_id, d.channel, 'owed', 0"
            " FROM delivery d JOIN contact_point c ON c.id = d.contact_point_id"
            f" WHERE d.issue_id IN ({marks}) AND (d.state = 'sent' OR d.slice_id IS NOT NULL)"
            " AND d.contact_point_id > %s AND d.contact_point_id <= %s"
            " AND c.suppressed_at IS NULL AND NOT EXISTS (SELECT 1 FROM reach h"
            " WHERE h.contact_point_id = c.id AND h.hostile_since IS NOT NULL)"
            " ORDER BY 2, 3 ON CONFLICT DO NOTHING RETURNING contact_point_id, channel",
            [issue_id, *earlier, after, last],
        )
        return sorted(cursor.fetchall())


def last_contact_point(earlier: Sequence[int], after: int, limit: int) -> int | None:
    """The end of the next chunk of contact points of earlier issues; None where none is left."""
    marks = ", ".join(["%s"] * len(earlier))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT MAX(contact_point_id) FROM (SELECT DISTINCT contact_point_id FROM delivery"
            f" WHERE issue_id IN ({marks}) AND contact_point_id > %s"
            " ORDER BY contact_point_id LIMIT %s) t",
            [*earlier, after, limit],
        )
        found: int | None = cursor.fetchone()[0]
    return found


def put_in_slice(slice_id: int, issue_id: int, keys: Sequence[Key]) -> None:
    """Unfinished deliveries carry the slice that owes them."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE delivery SET slice_id = %s"
            " WHERE issue_id = %s AND contact_point_id = %s AND channel = %s AND state = 'owed'",
            [(slice_id, issue_id, point, channel) for point, channel in keys],
        )


# A slice may be sent while its issue is the newest of its thread and has not expired: so
# publishing an update or a cancel holds, in its own transaction, all that older issues owe.
_SENDABLE = """
FROM slice s JOIN issue i ON i.id = s.issue_id JOIN bulletin b ON b.newest_issue_id = i.id
WHERE s.state = 'open' AND (i.expires_at IS NULL OR i.expires_at > %s)
"""


def next_slice(now: datetime, instance_now: datetime) -> int | None:
    """The slice to lease next, by lane and age; on PostgreSQL its row is locked."""
    lock = " FOR UPDATE OF s SKIP LOCKED" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.id {_SENDABLE} AND s.due_at <= %s"
            " AND (s.lease_until IS NULL OR s.lease_until < %s)"
            f" ORDER BY s.lane, s.due_at, s.id LIMIT 1{lock}",
            [stored(instance_now), stored(now), stored(now)],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def still_sendable(slice_id: int, instance_now: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 {_SENDABLE} AND s.id = %s", [stored(instance_now), slice_id])
        return cursor.fetchone() is not None


@dataclass(frozen=True)
class OwedDelivery:
    """One delivery of a slice with what is needed to address it."""

    contact_point_id: int
    channel: str
    tries: int
    address: str
    language: str
    link_epoch: int
    withdrawn: bool  # suppressed or in hostile hands since it was planned


def deliveries_of(slice_id: int, issue_id: int) -> list[OwedDelivery]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.contact_point_id, d.channel, d.tries, c.address, c.language, c.link_epoch,"
            " (c.suppressed_at IS NOT NULL OR EXISTS (SELECT 1 FROM reach h"
            "  WHERE h.contact_point_id = c.id AND h.hostile_since IS NOT NULL))"
            " FROM delivery d JOIN contact_point c ON c.id = d.contact_point_id"
            " WHERE d.slice_id = %s AND d.issue_id = %s ORDER BY d.contact_point_id, d.channel",
            [slice_id, issue_id],
        )
        rows: list[tuple[int, str, int, str, str, int, object]] = cursor.fetchall()
    return [OwedDelivery(*row[:6], bool(row[6])) for row in rows]


@dataclass(frozen=True)
class Served:
    """A traveller of the audience whom a contact point serves."""

    contact_point_id: int
    traveller_id: int
    registration_id: int
    name: str
    guardian_id: int | None
    party_id: int
    verified: bool
    neutral: bool


def served_by(slice_id: int, issue_id: int, now: datetime) -> list[Served]:
    """Who of the issue's audience is served by the contact points of a slice."""
    condition = "r.contact_point_id IN (SELECT contact_point_id FROM delivery WHERE slice_id = %s)"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT s.contact_point_id, s.traveller_id, s.registration_id, t.name,"
            " t.guardian_id,"
            " s.party_id, s.verified_at IS NOT NULL, s.wording = 'neutral'"
            f" FROM ({serving(condition)}) s JOIN traveller t ON t.id = s.traveller_id"
            " JOIN audience a ON a.traveller_id = s.traveller_id AND a.issue_id = %s"
            " ORDER BY 1, 6, 2, 3",
            [*serving_parameters([slice_id], now), issue_id],
        )
        rows: list[tuple[int, int, int, str, int | None, int, object, object]] = cursor.fetchall()
    return [Served(*row[:6], bool(row[6]), bool(row[7])) for row in rows]


@dataclass(frozen=True)
class Result:
    """How one try went; ``slice_id``: where the delivery is owed next, if it is."""

    contact_point_id: int
    channel: str
    n: int
    outcome: str
    detail: str
    at: datetime
    slice_id: int | None = None


def record(issue_id: int, slice_id: int, route: str, results: Sequence[Result]) -> None:
    """Append the attempts and bring their deliveries up to date.

    The row must still be in ``slice_id``: what another worker finished meanwhile stays finished.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO attempt"
            " (issue_id, contact_point_id, channel, n, outcome, route, detail, at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [
                (
                    issue_id,
                    r.contact_point_id,
                    r.channel,
                    r.n,
                    r.outcome,
                    route,
                    r.detail[:300],
                    stored(r.at),
                )
                for r in results
            ],
        )
        cursor.executemany(
            "UPDATE delivery SET state = %s, tries = %s, slice_id = %s, sent_at = %s"
            " WHERE issue_id = %s AND contact_point_id = %s AND channel = %s AND slice_id = %s",
            [
                (
                    "owed" if r.outcome == "later" else r.outcome,
                    r.n,
                    r.slice_id,
                    stored(r.at) if r.outcome == "sent" else None,
                    issue_id,
                    r.contact_point_id,
                    r.channel,
                    slice_id,
                )
                for r in results
            ],
        )


def count_in_slice(slice_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM delivery WHERE slice_id = %s", [slice_id])
        found: int = cursor.fetchone()[0]
    return found
