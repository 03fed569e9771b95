"""Hand-written SQL of planning: which deliveries an issue owes, set-wise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from wayhome.delivery.sending_sql import MAY_HAVE_GOT
from wayhome.delivery.types import DeliveryKey
from wayhome.travellers.sql import HOSTILE, serving, serving_parameters
from wayhome.work.db import Parameter

_INSERT = "INSERT INTO delivery (issue_id, letter_id, contact_point_id, channel, state, tries)"
_CHANNEL = "CASE kind WHEN 'mail' THEN 'mail' ELSE 'sms' END"
_ADDED = "ON CONFLICT DO NOTHING RETURNING issue_id, letter_id, contact_point_id, channel"


def add_for_audience(
    issue_id: int, first: int, last: int, now: datetime, *, verified_only: bool
) -> list[DeliveryKey]:
    """Add a delivery for each contact point that serves travellers ``first`` to ``last`` of the
    audience; returns those added, none that stood already."""
    condition = (
        "g.traveller_id IN (SELECT a.traveller_id FROM audience a WHERE a.issue_id = %s"
        " AND a.traveller_id BETWEEN %s AND %s)"
    )
    if verified_only:
        condition += " AND r.verified_at IS NOT NULL"
    return _add(
        f"{_INSERT} SELECT DISTINCT %s, 0, contact_point_id, {_CHANNEL}, 'owed', 0"
        f" FROM ({serving(condition)}) s WHERE true ORDER BY 3, 4 {_ADDED}",
        [issue_id, *serving_parameters([issue_id, first, last], now)],
    )


def add_as_before(
    issue_id: int, earlier: Sequence[int], after: int, last: int
) -> list[DeliveryKey]:
    """Add a delivery for each contact point (``after``, ``last``] that may have got an earlier
    issue, unless it is in hostile hands or suppressed; returns those added."""
    marks = ", ".join(["%s"] * len(earlier))
    return _add(
        f"{_INSERT} SELECT DISTINCT %s, 0, d.contact_point_id, d.channel, 'owed', 0"
        " FROM delivery d JOIN contact_point c ON c.id = d.contact_point_id"
        f" WHERE d.issue_id IN ({marks})"
        f" AND {MAY_HAVE_GOT.format('d')}"
        " AND d.contact_point_id > %s AND d.contact_point_id <= %s"
        f" AND c.suppressed_at IS NULL AND NOT {HOSTILE} ORDER BY 3, 4 {_ADDED}",
        [issue_id, *earlier, after, last],
    )


def add_one_by_one(keys: Sequence[DeliveryKey]) -> list[DeliveryKey]:
    """Add these deliveries (letters, canaries); returns those that did not stand already."""
    added: list[DeliveryKey] = []
    for key in sorted(keys):
        added += _add(f"{_INSERT} VALUES (%s, %s, %s, %s, 'owed', 0) {_ADDED}", list(key))
    return added


@dataclass(frozen=True)
class Closed:
    """A delivery that ended without reaching anyone; ``detail``: of the attempt that ended it."""

    key: DeliveryKey
    state: str
    domain: str
    detail: str


# Withdrawn by a policy that allows it now, or refused by an address that was mended since (and not
# handed over all the same, by a worker that was overtaken, unless that bounced and was lifted); or
# sent, bounced, and the bounce was lifted since.
_NOT_REACHED = """
((d.state = 'withdrawn' OR d.state = 'refused'
  AND EXISTS (SELECT 1 FROM attempt r
              JOIN suppression l ON l.contact_point_id = r.contact_point_id
                AND l.did = 'lifted' AND l.at >= r.at
              WHERE r.issue_id = d.issue_id AND r.letter_id = d.letter_id
              AND r.contact_point_id = d.contact_point_id AND r.channel = d.channel
              AND r.outcome = 'refused'
              AND r.n = (SELECT MAX(z.n) FROM attempt z WHERE z.issue_id = d.issue_id
                         AND z.letter_id = d.letter_id
                         AND z.contact_point_id = d.contact_point_id
                         AND z.channel = d.channel AND z.outcome = 'refused')))
 AND NOT EXISTS (SELECT 1 FROM attempt s WHERE s.issue_id = d.issue_id
                 AND s.letter_id = d.letter_id AND s.contact_point_id = d.contact_point_id
                 AND s.channel = d.channel AND s.outcome = 'sent' AND NOT (
                   EXISTS (SELECT 1 FROM receipt b WHERE b.issue_id = d.issue_id
                           AND b.letter_id = d.letter_id
                           AND b.contact_point_id = d.contact_point_id
                           AND b.channel = d.channel AND b.word = 'bounced')
                   AND EXISTS (SELECT 1 FROM suppression f
                               WHERE f.contact_point_id = d.contact_point_id
                               AND f.did = 'lifted' AND f.at >= s.at)))
 OR d.state = 'sent'
 AND EXISTS (SELECT 1 FROM receipt r WHERE r.issue_id = d.issue_id AND r.letter_id = d.letter_id
             AND r.contact_point_id = d.contact_point_id AND r.channel = d.channel
             AND r.word = 'bounced')
 AND EXISTS (SELECT 1 FROM suppression l WHERE l.contact_point_id = d.contact_point_id
             AND l.did = 'lifted' AND l.at >= d.sent_at))
"""


def closed_without_reaching(
    issue_id: int, travellers: Sequence[int], now: datetime
) -> list[Closed]:
    """Deliveries of an issue that did not reach these travellers and could now."""
    condition = f"g.traveller_id IN ({', '.join(['%s'] * len(travellers))})"
    return _closed(
        issue_id,
        f"d.contact_point_id IN (SELECT contact_point_id FROM ({serving(condition)}) s)",
        serving_parameters(travellers, now),
    )


def closed_at(issue_id: int, contact_point_id: int) -> list[Closed]:
    """Deliveries of an issue to one address that did not reach it and could now."""
    return _closed(
        issue_id,
        f"d.contact_point_id = %s AND c.suppressed_at IS NULL AND NOT {HOSTILE}",
        [contact_point_id],
    )


def _closed(issue_id: int, condition: str, parameters: Sequence[Parameter]) -> list[Closed]:
    return _read_closed(
        f"d.issue_id = %s AND {_NOT_REACHED} AND {condition}", [issue_id, *parameters]
    )


def _read_closed(condition: str, parameters: Sequence[Parameter]) -> list[Closed]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.issue_id, d.letter_id, d.contact_point_id, d.channel, d.state, c.domain,"
            " COALESCE((SELECT a.detail FROM attempt a WHERE a.issue_id = d.issue_id"
            " AND a.letter_id = d.letter_id AND a.contact_point_id = d.contact_point_id"
            " AND a.channel = d.channel AND a.outcome = d.state ORDER BY a.n DESC LIMIT 1), '')"
            " FROM delivery d JOIN contact_point c ON c.id = d.contact_point_id"
            f" WHERE {condition} ORDER BY 1, 2, 3, 4",
            parameters,
        )
        rows = cursor.fetchall()
    return [Closed(DeliveryKey(*row[:4]), *row[4:]) for row in rows]


def withdrawn(keys: Sequence[DeliveryKey]) -> list[Closed]:
    """Those of these deliveries that ended so, and that nobody handed over all the same."""
    found: list[Closed] = []
    for key in keys:
        found += _read_closed(
            "d.issue_id = %s AND d.letter_id = %s AND d.contact_point_id = %s"
            f" AND d.channel = %s AND d.state = 'withdrawn' AND {_NOT_REACHED}",
            [*key],
        )
    return found


def threads_followed_up(contact_point_id: int) -> list[int]:
    """The newest issues, updates and cancels, of the threads of which an address was owed any."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT n.id FROM delivery d JOIN issue i ON i.id = d.issue_id"
            " JOIN bulletin b ON b.id = i.bulletin_id JOIN issue n ON n.id = b.newest_issue_id"
            " WHERE d.contact_point_id = %s AND d.letter_id = 0 AND n.issue_kind <> 'first'"
            " ORDER BY 1",
            [contact_point_id],
        )
        return [row[0] for row in cursor.fetchall()]


def open_again(closed: Sequence[Closed]) -> list[Closed]:
    """They are owed once more; their attempts stay. Returns those that no other worker was first
    with: only these are to be counted and cut."""
    opened = []
    with connection.cursor() as cursor:
        for each in sorted(closed, key=lambda one: one.key):
            cursor.execute(
                "UPDATE delivery SET state = 'owed', sent_at = NULL WHERE issue_id = %s"
                " AND letter_id = %s AND contact_point_id = %s AND channel = %s AND state = %s",
                [*each.key, each.state],
            )
            if cursor.rowcount:
                opened.append(each)
    return opened


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


def put_in_slice(slice_id: int, keys: Sequence[DeliveryKey]) -> None:
    """Unfinished deliveries carry the slice that owes them."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE delivery SET slice_id = %s WHERE issue_id = %s AND letter_id = %s"
            " AND contact_point_id = %s AND channel = %s AND state = 'owed'",
            [(slice_id, *key) for key in keys],
        )


def _add(statement: str, parameters: Sequence[Parameter]) -> list[DeliveryKey]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return sorted(DeliveryKey(*row) for row in cursor.fetchall())
