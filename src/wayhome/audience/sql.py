"""Hand-written SQL of the audience: candidates by key and code, and the wide table's writes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection

from wayhome.trips.models import LONG_BUCKETS, LONG_DAYS, NO_END, OPEN_BUCKET, SHORT_DAYS
from wayhome.work.db import Parameter, stored

Row = tuple[object, ...]
Range = tuple[int, int]

STAY_COLUMNS = (
    "m.id, m.stay_id, m.traveller_id, m.area, m.certainty, m.lon, m.lat, m.radius_m,"
    " m.arrive, m.depart, m.departed"
)
LEG_COLUMNS = (
    "m.id, m.leg_end_id, m.traveller_id, m.area, m.certainty, m.lon, m.lat, m.radius_m, m.at"
)

# SQLite's planner keeps the order of a CROSS JOIN; PostgreSQL finds it itself.
_BY_KEY = """
WITH bucket(n) AS (VALUES {buckets}), range(lo, hi) AS (VALUES {ranges})
SELECT {columns} FROM bucket CROSS JOIN range CROSS JOIN stay_match m
WHERE m.bucket = bucket.n AND m.key BETWEEN range.lo AND range.hi
  AND m.arrive <= %s AND m.depart >= %s
"""
_BY_AREA = """
WITH bucket(n) AS (VALUES {buckets}), wanted(area) AS (VALUES {areas})
SELECT {columns} FROM bucket CROSS JOIN wanted CROSS JOIN stay_match m
WHERE m.bucket = bucket.n AND m.area = wanted.area {coarse}
  AND m.arrive <= %s AND m.depart >= %s
"""


def stay_rows(
    codes: Sequence[str], coarse_codes: Sequence[str], ranges: Sequence[Range], days: Range
) -> list[Row]:
    """Rows of ``stay_match`` that any part of a region may concern: a superset, without doubles.

    ``codes``: rows recorded there; ``coarse_codes``: rows there that have no point; ``ranges``:
    inclusive key ranges; ``days``: first and last day number, lead and grace included.
    """
    first, last = days
    buckets = _values([(bucket,) for bucket in _buckets(first, last)])
    tail: list[Parameter] = [last, first]
    found: dict[object, Row] = {}
    queries: list[tuple[str, list[Parameter]]] = []
    if ranges:
        sql = _BY_KEY.format(columns=STAY_COLUMNS, buckets=buckets, ranges=_values(ranges))
        queries.append((sql, []))
    for wanted, coarse in ((codes, ""), (coarse_codes, "AND m.key IS NULL")):
        if wanted:
            marks = ", ".join(["(%s)"] * len(wanted))
            sql = _BY_AREA.format(columns=STAY_COLUMNS, buckets=buckets, areas=marks, coarse=coarse)
            queries.append((sql, list(wanted)))
    with connection.cursor() as cursor:
        for sql, parameters in queries:
            cursor.execute(sql, [*parameters, *tail])
            found.update((row[0], row) for row in cursor.fetchall())
    return list(found.values())


def stay_rows_of(travellers: Sequence[int], days: Range) -> list[Row]:
    """All rows of these travellers in these days, wherever they are."""
    marks = ", ".join(["%s"] * len(travellers))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {STAY_COLUMNS} FROM stay_match m WHERE m.traveller_id IN ({marks})"
            " AND m.arrive <= %s AND m.depart >= %s",
            [*travellers, days[1], days[0]],
        )
        rows: list[Row] = cursor.fetchall()
    return rows


def leg_rows(start: datetime, end: datetime, travellers: Sequence[int] | None) -> list[Row]:
    """Ends of legs between two moments (few: legs are matched to the hour)."""
    sql = f"SELECT {LEG_COLUMNS} FROM leg_match m WHERE m.at BETWEEN %s AND %s"
    parameters: list[Parameter] = [stored(start), stored(end)]
    if travellers is not None:
        sql += f" AND m.traveller_id IN ({', '.join(['%s'] * len(travellers))})"
        parameters += travellers
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[Row] = cursor.fetchall()
    return rows


def add(rows: Iterable[Sequence[Parameter]]) -> None:
    """Add (issue, traveller, certainty, reason, stay, area, at); those there already stay."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO audience"
            " (issue_id, traveller_id, certainty, reason, stay_id, area, at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
            list(rows),
        )


def add_warned_before(
    issue_id: int, earlier: Sequence[int], after: int, last: int, reason: int, at: datetime
) -> int:
    """Add the travellers (``after``, ``last``] of earlier issues of the thread; rows added."""
    marks = ", ".join(["%s"] * len(earlier))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audience"
            " (issue_id, traveller_id, certainty, reason, stay_id, area, at)"
            " SELECT %s, traveller_id, MAX(certainty), %s, CAST(NULL AS bigint), MAX(area), %s"
            f" FROM audience WHERE issue_id IN ({marks})"
            " AND traveller_id > %s AND traveller_id <= %s"
            " GROUP BY traveller_id ORDER BY traveller_id ON CONFLICT DO NOTHING",
            [issue_id, int(reason), stored(at), *earlier, after, last],
        )
        added: int = cursor.rowcount
    return added


def _buckets(first: int, last: int) -> list[int]:
    short = range((first - SHORT_DAYS) // SHORT_DAYS, last // SHORT_DAYS + 1)
    long = range((first - LONG_DAYS) // LONG_DAYS, last // LONG_DAYS + 1)
    return [*short, *(LONG_BUCKETS + n for n in long), OPEN_BUCKET]


def _values(rows: Iterable[Sequence[int]]) -> str:
    """Numbers of our own making as a VALUES list (too many for parameters)."""
    return ", ".join(f"({', '.join(str(int(number)) for number in row)})" for row in rows)


assert NO_END > 1_000_000, "a stay without end must end after every window"
