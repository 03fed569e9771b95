"""Slices: what is done owes nothing, what is held has been replaced, none is put off for ever."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from wayhome.delivery.proving.reading import CHUNK, rows
from wayhome.delivery.proving.report import Rule
from wayhome.work.db import stored

# Quiet hours put off by a day at most, a relay's failures by minutes.
_FARTHEST = timedelta(days=2)

_LOOK = """
SELECT s.id, s.state, s.size, s.lease_until, s.token, s.due_at > %s, i.id, b.newest_issue_id,
  COUNT(d.slice_id)
FROM slice s
LEFT JOIN issue i ON i.id = s.issue_id
LEFT JOIN bulletin b ON b.id = i.bulletin_id
LEFT JOIN delivery d ON d.slice_id = s.id
WHERE s.id > %s AND s.id <= %s
GROUP BY s.id, s.state, s.size, s.lease_until, s.token, s.due_at, s.issue_id, i.id,
  b.newest_issue_id
ORDER BY s.id
"""


def prove_slices(now: datetime) -> Rule:
    """``now`` by the database's clock."""
    rule = Rule("3 slices", "done slices own nothing, held ones are of issues that were replaced")
    for after, last in _chunks():
        for row in rows(_LOOK, [stored(now + _FARTHEST), after, last]):
            rule.rows += 1
            number, state, size, lease_until, token, far, issue_id, newest, owned = row
            key = f"slice {number}"
            if state == "done" and (owned or lease_until is not None or token):
                rule.breaks(key, f"is done and owns {owned} deliveries, or is leased")
            if state == "held" and (issue_id is None or issue_id == newest):
                rule.breaks(key, "is held though no newer issue speaks")
            if state not in ("open", "held", "done"):
                rule.breaks(key, "is in no known state")
            if owned > size:
                rule.breaks(key, f"owns {owned} deliveries, more than its {size}")
            if state == "open" and owned and far:
                rule.breaks(key, "is put off for days")
            if state == "open" and owned and (issue_id is None or issue_id == newest):
                rule.counts("open, of what is in force", owned)
            elif owned:
                rule.counts("held: owed by issues that were replaced", owned)
    return rule


def _chunks() -> Iterator[tuple[int, int]]:
    after = 0
    while True:
        found = rows(
            "SELECT id FROM slice WHERE id > %s ORDER BY id LIMIT 1 OFFSET %s", [after, CHUNK - 1]
        )
        last = int(found[0][0]) if found else 2**63 - 1
        yield after, last
        if not found:
            return
        after = last
