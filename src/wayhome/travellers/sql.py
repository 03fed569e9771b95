"""The one definition of which contact points may be written to for whom."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from wayhome.work.db import Parameter, stored

# In hostile hands for anyone who uses contact point ``c``: then for everyone.
HOSTILE = (
    "EXISTS (SELECT 1 FROM reach h WHERE h.contact_point_id = c.id AND h.hostile_since IS NOT NULL)"
)

# Purpose *own* only; nothing ended, stopped, out of date, suppressed, in hostile hands anywhere,
# or by a channel that the person does not want.
_BRANCH = f"""
SELECT r.contact_point_id, c.kind, COALESCE(NULLIF(r.language, ''), c.language) AS language,
       g.traveller_id, g.id AS registration_id, r.verified_at, r.wording,
       COALESCE(r.party_id, 0) AS party_id, r.quiet_from, r.quiet_until, r.time_zone
FROM registration g
{{join}}
JOIN contact_point c ON c.id = r.contact_point_id
WHERE {{condition}}
  AND r.purpose = 'own' AND r.ended_at IS NULL AND r.stopped_at IS NULL
  AND (r.channels = '' OR r.channels LIKE
       CASE c.kind WHEN 'mail' THEN '%%,mail,%%' ELSE '%%,sms,%%' END)
  AND c.suppressed_at IS NULL
  AND (r.valid_until IS NULL OR r.valid_until > %s)
  AND NOT {HOSTILE}
"""
_OWN = "JOIN reach r ON r.registration_id = g.id AND {plain}r.party_id IS NULL"
_PARTY = (
    "JOIN party_member m ON m.registration_id = g.id AND m.until IS NULL"
    " JOIN reach r ON r.party_id = m.party_id"
)


def serving(condition: str) -> str:
    """A SELECT of (contact_point_id, kind, language, traveller_id, registration_id, verified_at,
    wording, party_id, quiet_from, quiet_until, time_zone): who is served by which contact point,
    one row a reach.

    ``condition`` narrows registration ``g`` or reach ``r``; ``serving_parameters`` makes the
    parameters that go with it.
    """
    # A plus keeps SQLite from beginning with every reach that has no party, which are most.
    plain = "+" if connection.vendor == "sqlite" else ""
    return " UNION ALL ".join(
        _BRANCH.format(join=join.format(plain=plain), condition=condition)
        for join in (_OWN, _PARTY)
    )


def serving_parameters(condition_parameters: Sequence[Parameter], now: datetime) -> list[Parameter]:
    return [*condition_parameters, stored(now)] * 2


def channels_of(
    travellers: list[int], now: datetime, *, verified_only: bool
) -> list[tuple[int, str, str, int]]:
    """Distinct (contact point, kind, language, traveller) for these travellers."""
    if not travellers:
        return []
    condition = f"g.traveller_id IN ({', '.join(['%s'] * len(travellers))})"
    if verified_only:
        condition += " AND r.verified_at IS NOT NULL"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT contact_point_id, kind, language, traveller_id FROM"
            f" ({serving(condition)}) s",
            serving_parameters(travellers, now),
        )
        rows: list[tuple[int, str, str, int]] = cursor.fetchall()
    return rows


def verified_ways(travellers: Sequence[int], now: datetime) -> list[tuple[int, int, str, bool]]:
    """Distinct (contact point, registration, language, neutral) of verified reaches of these
    travellers; neutral where any of its reaches is."""
    condition = (
        f"g.traveller_id IN ({', '.join(['%s'] * len(travellers))}) AND r.verified_at IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contact_point_id, registration_id, MIN(language),"
            " MAX(CASE wording WHEN 'neutral' THEN 1 ELSE 0 END)"
            f" FROM ({serving(condition)}) s GROUP BY contact_point_id, registration_id"
            " ORDER BY contact_point_id, registration_id",
            serving_parameters(travellers, now),
        )
        rows = cursor.fetchall()
    return [(row[0], row[1], row[2], bool(row[3])) for row in rows]
