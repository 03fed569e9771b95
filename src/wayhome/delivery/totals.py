"""Running totals: what progress reads, written in the transaction of what it counts."""

from collections.abc import Mapping

from django.db import connection

# issue (0: letters), channel, receiving domain, fact, cause
TotalKey = tuple[int, str, str, str, str]


def add(changes: Mapping[TotalKey, int]) -> None:
    """Add to totals, inside the caller's transaction; in the order of their keys, so that two
    writers do not wait for each other in a ring."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO delivery_total (issue_id, channel, domain, fact, cause, n)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (issue_id, channel, domain, fact, cause)"
            " DO UPDATE SET n = delivery_total.n + excluded.n",
            [(*key, n) for key, n in sorted(changes.items()) if n],
        )
