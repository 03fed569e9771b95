"""How fast deliveries leave, and when the rest will have left: observed, never assumed.

Once a minute the running totals of every issue that still owes something are sampled; the pace is
what ended since the oldest sample of the last minutes. So the hand-off itself writes nothing for
it, and asking costs one small read. In its first minutes an issue is compared with the moment of
its first message.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from wayhome.delivery.recording import ENDS
from wayhome.work import clock
from wayhome.work.db import read_moment, stored, writes

WINDOW = timedelta(minutes=5)
_KEPT = timedelta(minutes=15)
_ENDED = (
    f"SUM(CASE WHEN fact IN ({', '.join(repr(fact) for fact in sorted(ENDS))}) THEN n ELSE 0 END)"
)
MOST_DOMAINS = 10

# channel and receiving domain
Place = tuple[str, str]


@dataclass(frozen=True)
class Pace:
    """What had ended by ``since``, by channel and domain; a domain that is missing is unknown."""

    since: datetime
    ended: dict[Place, int]
    from_nothing: bool = False  # since the first message: nothing had ended anywhere

    def seconds_left(self, place: Place, ended: int, owed: int, now: datetime) -> int | None:
        """Until what is owed there has left at the pace observed; None where none is."""
        before = 0 if self.from_nothing else self.ended.get(place)
        if before is None or ended <= before or now <= self.since:
            return None
        return max(1, round(owed * (now - self.since).total_seconds() / (ended - before)))


@dataclass(frozen=True)
class Owing:
    """Deliveries of an issue that are owed to one receiving domain, and that have ended."""

    channel: str
    domain: str
    owed: int
    ended: int

    @property
    def place(self) -> Place:
        return self.channel, self.domain


@writes
def sample() -> None:
    """Append what has ended by now of every issue that owes something; forget old samples."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO pace_sample (issue_id, at, channel, domain, ended)"
            f" SELECT issue_id, %s, channel, domain, {_ENDED} FROM delivery_total"
            " WHERE issue_id IN (SELECT issue_id FROM slice WHERE state = 'open' AND issue_id <> 0)"
            " GROUP BY issue_id, channel, domain ON CONFLICT DO NOTHING",
            [stored(now)],
        )
        # An exercise's clock may have been set back: what lies ahead of it says nothing.
        cursor.execute(
            "DELETE FROM pace_sample WHERE at < %s OR at > %s", [stored(now - _KEPT), stored(now)]
        )


def observed(issue_id: int, first_sent_at: datetime | None, now: datetime) -> Pace | None:
    """The pace of the last minutes; None where nothing is known of them."""
    since = now - WINDOW
    if first_sent_at is not None and since <= first_sent_at < now:
        return Pace(first_sent_at, {}, from_nothing=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT channel, domain, ended, at FROM pace_sample WHERE issue_id = %s AND at ="
            " (SELECT MIN(at) FROM pace_sample WHERE issue_id = %s AND at >= %s AND at < %s)",
            [issue_id, issue_id, stored(since), stored(now)],
        )
        rows = cursor.fetchall()
    if not rows:
        return None
    return Pace(read_moment(rows[0][3]), {(row[0], row[1]): int(row[2]) for row in rows})


def owing(issue_id: int) -> tuple[list[Owing], int]:
    """The domains to which most is owed, and how many more there are to which something is."""
    owed = f"SUM(CASE WHEN fact = 'planned' THEN n ELSE 0 END) - {_ENDED}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT channel, domain, {owed} AS owed, {_ENDED}, COUNT(*) OVER ()"
            f" FROM delivery_total WHERE issue_id = %s GROUP BY channel, domain HAVING {owed} > 0"
            " ORDER BY owed DESC, channel, domain LIMIT %s",
            [issue_id, MOST_DOMAINS],
        )
        rows = cursor.fetchall()
    found = [Owing(row[0], row[1], int(row[2]), int(row[3])) for row in rows]
    return found, int(rows[0][4]) - len(found) if rows else 0
