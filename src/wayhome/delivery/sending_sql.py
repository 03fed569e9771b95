"""Hand-written SQL of sending: which slice is next, and what it owes to whom."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from django.db import connection

from wayhome.audience.models import Reason
from wayhome.delivery.types import DeliveryKey
from wayhome.travellers.queries import joined_to
from wayhome.travellers.sql import HOSTILE, serving, serving_parameters
from wayhome.work.db import Parameter, read_moment, stored

# However it ended: of more than one try, one may have been taken and its answer lost.
MAY_HAVE_GOT = "({0}.state = 'sent' OR {0}.slice_id IS NOT NULL OR {0}.tries > 1)"

# A slice may be sent while its issue is the newest of its thread and no officer has stopped it:
# so publishing an update or a cancel holds, in its own transaction, all that older issues owe.
_SENDABLE = """
FROM slice s LEFT JOIN bulletin b ON b.newest_issue_id = s.issue_id
LEFT JOIN dispatch x ON x.issue_id = s.issue_id
WHERE s.state = 'open' AND x.stopped_at IS NULL AND (s.issue_id = 0 OR b.id IS NOT NULL)
"""


def next_slice(
    now: datetime, absurd: datetime, full_routes: Collection[str]
) -> tuple[int, str] | None:
    """(slice, its route) to lease next, by lane and age; on PostgreSQL its row is locked.

    A lease that ends after ``absurd`` was written by a clock that has since been set back: it
    holds nothing. ``full_routes`` have no relay to spare.
    """
    lock = " FOR UPDATE OF s SKIP LOCKED" if connection.features.has_select_for_update else ""
    return _next_slice(now, absurd, full_routes, lock)


def is_any_due(now: datetime, absurd: datetime) -> bool:
    """Whether there is a slice to lease, asked without any lock."""
    return _next_slice(now, absurd, (), "") is not None


def _next_slice(
    now: datetime, absurd: datetime, full_routes: Collection[str], lock: str
) -> tuple[int, str] | None:
    parameters: list[Parameter] = [stored(now), stored(now), stored(absurd), *full_routes]
    skipped = f" AND s.route NOT IN ({_marks(full_routes)})" if full_routes else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.id, s.route {_SENDABLE} AND s.due_at <= %s"
            " AND (s.lease_until IS NULL OR s.lease_until < %s OR s.lease_until > %s)"
            f"{skipped} ORDER BY s.lane, s.due_at, s.id LIMIT 1{lock}",
            parameters,
        )
        row: tuple[int, str] | None = cursor.fetchone()
    return row


def still_sendable(slice_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 {_SENDABLE} AND s.id = %s", [slice_id])
        return cursor.fetchone() is not None


@dataclass(frozen=True)
class OwedDelivery:
    """One delivery of a slice with what is needed to address it.

    ``withheld``: why nothing may go to this contact point at all any more, or empty.
    ``was_neutral``: somebody whom it serves or served asked for neutral words.
    """

    key: DeliveryKey
    tries: int
    address: str
    language: str
    link_epoch: int
    withheld: str
    was_neutral: bool = False

    @property
    def letter_id(self) -> int:
        return self.key.letter_id

    @property
    def contact_point_id(self) -> int:
        return self.key.contact_point_id

    @property
    def channel(self) -> str:
        return self.key.channel


_OWED = (
    "SELECT d.issue_id, d.letter_id, d.contact_point_id, d.channel, d.tries, c.address,"
    " c.language, c.link_epoch, CASE WHEN c.suppressed_at IS NOT NULL THEN 'suppressed'"
    f" WHEN {HOSTILE} THEN 'in hostile hands' ELSE '' END,"
    " EXISTS (SELECT 1 FROM reach n WHERE n.contact_point_id = c.id AND n.wording = 'neutral')"
    " FROM delivery d JOIN contact_point c ON c.id = d.contact_point_id"
)


def deliveries_of(slice_id: int) -> list[OwedDelivery]:
    """What a slice still owes, in the order of its keys."""
    return _deliveries("d.slice_id = %s", [slice_id])


def withdrawn(issue_id: int, contact_points: Sequence[int]) -> list[OwedDelivery]:
    """What was withdrawn of an issue at these contact points, as they are now."""
    condition = f"d.contact_point_id IN ({_marks(contact_points)}) AND d.state = 'withdrawn'"
    return _deliveries(f"d.issue_id = %s AND {condition}", [issue_id, *contact_points])


def _deliveries(condition: str, parameters: Sequence[Parameter]) -> list[OwedDelivery]:
    with connection.cursor() as cursor:
        cursor.execute(f"{_OWED} WHERE {condition} ORDER BY 1, 2, 3, 4", parameters)
        rows = cursor.fetchall()
    return [OwedDelivery(DeliveryKey(*row[:4]), *row[4:]) for row in rows]


def may_have_got(contact_points: Sequence[int], issues: Sequence[int]) -> set[int]:
    """Those of the contact points that may have got one of these issues."""
    if not contact_points:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT e.contact_point_id FROM delivery e WHERE e.letter_id = 0"
            f" AND e.issue_id IN ({_marks(issues)})"
            f" AND e.contact_point_id IN ({_marks(contact_points)})"
            f" AND {MAY_HAVE_GOT.format('e')}",
            [*issues, *contact_points],
        )
        return {row[0] for row in cursor.fetchall()}


@dataclass(frozen=True)
class Served:
    """A traveller of the audience whom a contact point serves, by one reach."""

    contact_point_id: int
    traveller_id: int
    registration_id: int
    name: str
    guardian_id: int | None
    party_id: int
    verified: bool
    neutral: bool
    watching: bool
    language: str
    quiet_from: time | None = None
    quiet_until: time | None = None
    time_zone: str = "UTC"


_SERVED = (
    "SELECT DISTINCT s.contact_point_id, s.traveller_id, s.registration_id, t.name,"
    " t.guardian_id, s.party_id, s.verified_at IS NOT NULL, s.wording = 'neutral',"
    " {watching}, s.language, s.quiet_from, s.quiet_until, s.time_zone"
    " FROM ({serving}) s JOIN traveller t ON t.id = s.traveller_id {audience} ORDER BY 1, 6, 2, 3"
)


def served_by(
    contact_points: Sequence[int], now: datetime, issue_id: int | None = None
) -> list[Served]:
    """Whom these contact points serve; with ``issue_id``: of its audience."""
    if not contact_points:
        return []
    condition = f"r.contact_point_id IN ({_marks(contact_points)})"
    parameters = serving_parameters(list(contact_points), now)
    if issue_id is None:
        return _served(
            _SERVED.format(watching="1 = 0", serving=serving(condition), audience=""), parameters
        )
    return _served(
        _SERVED.format(
            watching=f"a.reason = {int(Reason.WATCHING)}",
            serving=serving(condition),
            # CROSS keeps SQLite from beginning with the issue's whole audience for each slice.
            audience=f"{'CROSS ' if connection.vendor == 'sqlite' else ''}JOIN audience a"
            " ON a.traveller_id = s.traveller_id AND a.issue_id = %s",
        ),
        [*parameters, issue_id],
    )


def keys_of(slice_id: int) -> list[DeliveryKey]:
    """What a slice still owes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT issue_id, letter_id, contact_point_id, channel FROM delivery"
            " WHERE slice_id = %s ORDER BY 1, 2, 3, 4",
            [slice_id],
        )
        return [DeliveryKey(*row) for row in cursor.fetchall()]


def count_in_slice(slice_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM delivery WHERE slice_id = %s", [slice_id])
        found: int = cursor.fetchone()[0]
    return found


def first_tried(key: DeliveryKey) -> datetime:
    """When a delivery that is put off was first tried, since it was last opened again."""
    of_key = (
        "FROM attempt WHERE issue_id = %s AND letter_id = %s"
        " AND contact_point_id = %s AND channel = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT MIN(at) {of_key} AND n >"
            f" COALESCE((SELECT MAX(n) {of_key} AND outcome <> 'later'), 0)",
            [*key, *key],
        )
        return read_moment(cursor.fetchone()[0])


def _served(statement: str, parameters: Sequence[Parameter]) -> list[Served]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    served = [
        Served(
            contact_point_id=row[0],
            traveller_id=row[1],
            registration_id=row[2],
            name=row[3],
            guardian_id=row[4],
            party_id=row[5],
            verified=bool(row[6]),
            neutral=bool(row[7]),
            watching=bool(row[8]),
            language=row[9],
            quiet_from=_time(row[10]),
            quiet_until=_time(row[11]),
            time_zone=row[12],
        )
        for row in rows
    ]
    return _with_guardians_now(served)


def _with_guardians_now(served: list[Served]) -> list[Served]:
    """A guardian whose record was joined to another's is that one."""
    people = {row.traveller_id for row in served}
    gone = {row.guardian_id for row in served if row.guardian_id is not None} - people
    now = {was: who & people for was, who in joined_to(gone).items()} if gone else {}
    return [
        replace(row, guardian_id=min(now[row.guardian_id]))
        if row.guardian_id is not None and now.get(row.guardian_id)
        else row
        for row in served
    ]


def _time(value: str | time | None) -> time | None:
    """Hand-written SQL returns text on SQLite."""
    return time.fromisoformat(value) if isinstance(value, str) else value


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))
