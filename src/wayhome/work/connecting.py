"""What a server is told on each connection that is opened to it.

Who stands still in the middle of a write is cut off. A process that is stopped, swapped out or on a
host that has vanished keeps the rows it had locked. The lease of its work runs out, but whoever
takes that over would wait for those rows: for as long as the process stands still, or until TCP
gives its host up (two hours, as systems come).

Statements are not compiled (JIT): what is asked here is short, and a plan that is believed to be
dear, among very many people, would be compiled for a tenth of a second each time.
"""

from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

LEAST_SECONDS = 10  # longer than an honest transaction ever computes between two statements


def told(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Said on the connection and not at its start: poolers refuse parameters there. SQLite has no
    server to be told."""
    if connection.vendor == "postgresql":
        seconds = max(LEAST_SECONDS, settings.WAYHOME_LEASE_SECONDS)
        with connection.cursor() as cursor:
            cursor.execute(f"SET idle_in_transaction_session_timeout = '{seconds}s'")
            cursor.execute("SET jit = off")


def watch() -> None:
    connection_created.connect(told, dispatch_uid="wayhome.work.connecting")
