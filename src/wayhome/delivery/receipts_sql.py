"""Hand-written SQL of receipts; each statement names the whole key of what it touches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from wayhome.delivery.types import DeliveryKey
from wayhome.delivery.weighing import status_in
from wayhome.work.db import read_moment, stored

_OF_KEY = "issue_id = %s AND letter_id = %s AND contact_point_id = %s AND channel = %s"
MOST_BOUNCES_READ = 200


@dataclass(frozen=True)
class Standing:
    """What is known of one delivery; ``words``: how many receipts say each."""

    domain: str
    address: str
    sent_at: datetime | None
    words: dict[str, int]


def lock(key: DeliveryKey) -> Standing | None:
    """The delivery, its row locked where the database has locks: two receipts about one delivery
    are written one after the other. None where there is none."""
    lock = " FOR UPDATE OF d" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.domain, c.address, d.sent_at FROM delivery d"
            " JOIN contact_point c ON c.id = d.contact_point_id WHERE d.issue_id = %s"
            f" AND d.letter_id = %s AND d.contact_point_id = %s AND d.channel = %s{lock}",
            list(key),
        )
        row: tuple[str, str, str | datetime | None] | None = cursor.fetchone()
        if row is None:
            return None
        domain, address, sent_at = row
        cursor.execute(
            f"SELECT word, count(*) FROM receipt WHERE {_OF_KEY} GROUP BY word", list(key)
        )
        words: dict[str, int] = dict(cursor.fetchall())
    return Standing(domain, address, read_moment(sent_at) if sent_at else None, words)


def add(
    key: DeliveryKey,
    reference: str,
    word: str,
    provider: str,
    status: str,
    detail: str,
    at: datetime,
) -> bool:
    """Append one receipt; False where this one is kept already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO receipt (issue_id, letter_id, contact_point_id, channel, reference, word,"
            " provider, status, detail, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [*key, reference, word, provider, status, detail, stored(at)],
        )
        return bool(cursor.rowcount == 1)


def count_of_domain(issue_id: int, channel: str, domain: str) -> list[tuple[str, str, int]]:
    """(fact, cause, n) of what was sent to one domain, refused at hand-off, or bounced there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fact, cause, n FROM delivery_total WHERE issue_id = %s AND channel = %s"
            " AND domain = %s AND fact IN ('sent', 'refused', 'bounced')",
            [issue_id, channel, domain],
        )
        rows: list[tuple[str, str, int]] = cursor.fetchall()
    return rows


def count_of_issue(issue_id: int, channel: str) -> list[tuple[str, str, int]]:
    """The same, over all domains."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT fact, cause, CAST(SUM(n) AS BIGINT) FROM delivery_total WHERE issue_id = %s"
            " AND channel = %s AND fact IN ('sent', 'refused', 'bounced') GROUP BY fact, cause",
            [issue_id, channel],
        )
        rows: list[tuple[str, str, int]] = cursor.fetchall()
    return rows


@dataclass(frozen=True)
class Bounce:
    """A delivery that bounced, and the server's words."""

    key: DeliveryKey
    status: str
    detail: str
    at: datetime


_RECEIPTS_OF_POINT = (
    # By the index on deliveries of a contact point; receipts are led by their issue.
    "FROM delivery d JOIN receipt r ON r.issue_id = d.issue_id"
    " AND r.letter_id = d.letter_id AND r.contact_point_id = d.contact_point_id"
    " AND r.channel = d.channel WHERE d.contact_point_id = %s AND r.at > %s"
)


def bounces_of(contact_point_id: int, since: datetime) -> list[Bounce]:
    """Bounces of one contact point after ``since``, the newest first, back to the last receipt
    that said *delivered*."""
    after = _last_proven(contact_point_id, since)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.issue_id, d.letter_id, d.contact_point_id, d.channel, r.status, r.detail,"
            f" r.at {_RECEIPTS_OF_POINT} AND r.word = 'bounced' ORDER BY r.at DESC LIMIT %s",
            [contact_point_id, stored(after), MOST_BOUNCES_READ],
        )
        rows = cursor.fetchall()
    return [
        Bounce(DeliveryKey(*row[:4]), status=row[4], detail=row[5], at=read_moment(row[6]))
        for row in rows
    ]


def refusals_of(contact_point_id: int, since: datetime) -> list[Bounce]:
    """What was refused for good when it was handed over, the same way."""
    after = _last_proven(contact_point_id, since)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.issue_id, d.letter_id, d.contact_point_id, d.channel, a.detail, a.at"
            " FROM delivery d JOIN attempt a ON a.issue_id = d.issue_id"
            " AND a.letter_id = d.letter_id AND a.contact_point_id = d.contact_point_id"
            " AND a.channel = d.channel WHERE d.contact_point_id = %s AND a.at > %s"
            " AND a.outcome = 'refused' ORDER BY a.at DESC LIMIT %s",
            [contact_point_id, stored(after), MOST_BOUNCES_READ],
        )
        rows = cursor.fetchall()
    return [
        Bounce(DeliveryKey(*row[:4]), status_in(row[4]), row[4], read_moment(row[5]))
        for row in rows
    ]


def _last_proven(contact_point_id: int, since: datetime) -> datetime:
    """When a receipt last said *delivered*, or ``since`` where that was later."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT max(r.at) {_RECEIPTS_OF_POINT} AND r.word = 'delivered'",
            [contact_point_id, stored(since)],
        )
        found = cursor.fetchone()[0]
    return max(since, read_moment(found)) if found else since


def last_bounces(contact_point_ids: Sequence[int]) -> dict[int, Bounce]:
    """The newest bounce of each contact point that has one."""
    if not contact_point_ids:
        return {}
    marks = ", ".join(["%s"] * len(contact_point_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT issue_id, letter_id, contact_point_id, channel, status, detail, at FROM"
            " (SELECT r.*, row_number() OVER (PARTITION BY r.contact_point_id"
            " ORDER BY r.at DESC, r.issue_id DESC, r.letter_id DESC) AS n"
            " FROM delivery d JOIN receipt r ON r.issue_id = d.issue_id"
            " AND r.letter_id = d.letter_id AND r.contact_point_id = d.contact_point_id"
            f" AND r.channel = d.channel WHERE d.contact_point_id IN ({marks})"
            " AND r.word = 'bounced') b WHERE n = 1",
            list(contact_point_ids),
        )
        rows = cursor.fetchall()
    return {
        row[2]: Bounce(DeliveryKey(*row[:4]), status=row[4], detail=row[5], at=read_moment(row[6]))
        for row in rows
    }
