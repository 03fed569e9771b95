"""Hand-written SQL of what an erasure and the passing of time leave of the wide tables."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from wayhome.delivery import totals
from wayhome.delivery.types import DeliveryKey
from wayhome.work.db import stored

_KEY = "issue_id = %s AND letter_id = %s AND contact_point_id = %s AND channel = %s"


def keys_of(contact_point_id: int) -> list[DeliveryKey]:
    """Every delivery to a contact point, of issues and letters."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT issue_id, letter_id, contact_point_id, channel FROM delivery"
            " WHERE contact_point_id = %s ORDER BY 1, 2, 3, 4",
            [contact_point_id],
        )
        return [DeliveryKey(*row) for row in cursor.fetchall()]


def forget_details(keys: Sequence[DeliveryKey]) -> int:
    """Empty what relays and providers said about these deliveries: it quotes addresses."""
    done = 0
    with connection.cursor() as cursor:
        for table in ("attempt", "receipt"):
            for key in keys:
                cursor.execute(
                    f"UPDATE {table} SET detail = '' WHERE {_KEY} AND detail <> ''", list(key)
                )
                done += cursor.rowcount
    return done


def old_details(
    issue_id: int, after: int, limit: int, letters_until: int
) -> tuple[list[int], int | None]:
    """Contact points (letters, of ``issue_id`` 0) with attempts or receipts of an issue, from after
    that number on, and where the next chunk begins, None at the end."""
    column = "contact_point_id" if issue_id else "letter_id"
    until = "" if issue_id else " AND letter_id <= %s"
    parameters = [issue_id, after] + ([] if issue_id else [letters_until])
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT {column} FROM delivery WHERE issue_id = %s AND {column} > %s{until}"
            f" ORDER BY 1 LIMIT {int(limit)}",
            parameters,
        )
        found = [int(row[0]) for row in cursor.fetchall()]
    return found, found[-1] if len(found) == limit else None


def count_details(issue_id: int, numbers: Sequence[int]) -> int:
    return sum(_details(issue_id, numbers, "SELECT COUNT(*) FROM {table} WHERE {which}"))


def empty_details(issue_id: int, numbers: Sequence[int]) -> int:
    """The same as ``forget_details``, of whole contact points (letters) of one issue (0)."""
    return sum(_details(issue_id, numbers, "UPDATE {table} SET detail = '' WHERE {which}"))


def _details(issue_id: int, numbers: Sequence[int], statement: str) -> list[int]:
    if not numbers:
        return []
    column = "contact_point_id" if issue_id else "letter_id"
    letters = " AND letter_id = 0" if issue_id else ""
    marks = ", ".join(["%s"] * len(numbers))
    which = f"issue_id = %s{letters} AND {column} IN ({marks}) AND detail <> ''"
    found = []
    with connection.cursor() as cursor:
        for table in ("attempt", "receipt"):
            cursor.execute(statement.format(table=table, which=which), [issue_id, *numbers])
            found.append(cursor.fetchone()[0] if cursor.description else cursor.rowcount)
    return found


def fold_domains(domains: Collection[str]) -> None:
    """Count under no domain what was counted under these, in the caller's transaction."""
    if not domains:
        return
    marks = ", ".join(["%s"] * len(domains))
    changes: dict[totals.TotalKey, int] = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT issue_id, channel, fact, cause, n FROM delivery_total"
            f" WHERE domain IN ({marks})",
            list(domains),
        )
        for issue_id, channel, fact, cause, n in cursor.fetchall():
            changes[(issue_id, channel, "", fact, cause)] += n
        cursor.execute(f"DELETE FROM delivery_total WHERE domain IN ({marks})", list(domains))
        cursor.execute(f"DELETE FROM pace_sample WHERE domain IN ({marks})", list(domains))
    totals.add(changes)


def stray_domains(limit: int) -> list[str]:
    """Domains that totals are kept of and that no contact point has any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT t.domain FROM delivery_total t WHERE t.domain <> '' AND NOT EXISTS"
            f" (SELECT 1 FROM contact_point c WHERE c.domain = t.domain) LIMIT {int(limit)}"
        )
        return [str(row[0]) for row in cursor.fetchall()]


def newest_letter(before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(MAX(id), 0) FROM letter WHERE made_at < %s", [stored(before)]
        )
        return int(cursor.fetchone()[0])
