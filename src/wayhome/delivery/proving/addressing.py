"""One addressee each, nobody who is not concerned, and no Message-ID for two."""

from collections.abc import Sequence

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from wayhome.bulletins.models import Distribution, IssueKind
from wayhome.delivery.proving.reading import Span, marks, rows
from wayhome.delivery.proving.report import Rule, key_words
from wayhome.delivery.proving.threads import Published
from wayhome.delivery.rendering import message_id
from wayhome.delivery.types import DeliveryKey

_APART = (",", ";", " ", "<", ">", "\n", "\r", "\t")
_ADDRESSES = f"""
SELECT d.letter_id, d.contact_point_id, d.channel FROM delivery d
JOIN contact_point c ON c.id = d.contact_point_id
WHERE {{in_d}} AND c.erased_at IS NULL AND (c.address = '' OR c.address LIKE '%%@%%@%%'
  OR {" OR ".join("c.address LIKE %s" for _ in _APART)}{{nul}})
ORDER BY 1, 2, 3
"""
_LIKE = [f"%{apart}%" for apart in _APART]
# SQLite compares text no farther than a NUL; PostgreSQL keeps none.
_NUL = " OR instr(c.address, char(0)) > 0"

# Whoever an address serves or has served: by an own reach, of theirs or of their party, under a
# registration that is or was theirs.
_SERVES = """
EXISTS (SELECT 1 FROM reach r JOIN registration g ON g.id = r.registration_id
  JOIN audience a ON a.issue_id = d.issue_id AND a.traveller_id = g.traveller_id
  WHERE r.contact_point_id = d.contact_point_id AND r.purpose = 'own'{verified})
OR EXISTS (SELECT 1 FROM reach r JOIN party_member m ON m.party_id = r.party_id
  JOIN registration g ON g.id = m.registration_id
  JOIN audience a ON a.issue_id = d.issue_id AND a.traveller_id = g.traveller_id
  WHERE r.contact_point_id = d.contact_point_id AND r.purpose = 'own'{verified})
OR EXISTS (SELECT 1 FROM reach r
  LEFT JOIN party_member m ON m.party_id = r.party_id
  JOIN repointing p ON p.registration_id = r.registration_id
    OR p.registration_id = m.registration_id
  JOIN audience a ON a.issue_id = d.issue_id AND a.traveller_id = p.from_traveller_id
  WHERE r.contact_point_id = d.contact_point_id AND r.purpose = 'own'{verified})
"""
_BEFORE = """
OR EXISTS (SELECT 1 FROM delivery e WHERE e.issue_id IN ({earlier}) AND e.letter_id = 0
  AND e.contact_point_id = d.contact_point_id AND e.channel = d.channel)
"""
_UNCALLED = """
SELECT d.letter_id, d.contact_point_id, d.channel,
  EXISTS (SELECT 1 FROM reach r WHERE r.contact_point_id = d.contact_point_id),
  EXISTS (SELECT 1 FROM audience a JOIN traveller t ON t.id = a.traveller_id
    WHERE a.issue_id = d.issue_id AND t.erased_at IS NOT NULL)
FROM delivery d WHERE {in_d} AND NOT ({serves} {before}) ORDER BY 1, 2, 3
"""
_OTHER_LETTERS = """
SELECT d.letter_id, d.contact_point_id, d.channel, 1, 0 FROM delivery d
LEFT JOIN letter l ON l.id = d.letter_id AND l.contact_point_id = d.contact_point_id
WHERE {in_d} AND l.id IS NULL ORDER BY 1, 2, 3
"""


class Addressing:
    """Looks at one span after another; ``rules`` at the end."""

    def __init__(self, canaries: frozenset[int]) -> None:
        self._canaries = canaries
        self._one = Rule("1 one addressee", "each delivery has one address, and it is only one")
        self._called = Rule("1 nobody else", "each address serves someone of the audience")
        self._ids = Rule("1 message ids", "no two deliveries have one Message-ID")
        self._short: list[NDArray[np.uint64]] = []

    def rules(self) -> list[Rule]:
        self._compare_ids()
        return [self._one, self._called, self._ids]

    def look(self, issue: Published | None, found: Sequence[Span]) -> None:
        """``issue`` None: letters."""
        for span in found:
            nul = _NUL if connection.vendor == "sqlite" else ""
            for row in rows(_ADDRESSES.format(in_d=span.of("d"), nul=nul), _LIKE):
                self._one.breaks(key_words(span.key(row)), "its address is none, or more than one")
            self._look_who(issue, span)
            keys = [
                span.key(row)
                for row in rows(
                    "SELECT d.letter_id, d.contact_point_id, d.channel FROM delivery d"
                    f" WHERE {span.of('d')} ORDER BY 1, 2, 3"
                )
            ]
            for rule in (self._one, self._called, self._ids):
                rule.rows += len(keys)
            self._note_ids(keys)

    def _look_who(self, issue: Published | None, span: Span) -> None:
        earlier: Sequence[int] = ()
        if issue is None:
            statement = _OTHER_LETTERS.format(in_d=span.of("d"))
        else:
            earlier = issue.earlier
            shown = issue.distribution == Distribution.VERIFIED and issue.kind == IssueKind.FIRST
            verified = " AND r.verified_at IS NOT NULL" if shown else ""
            statement = _UNCALLED.format(
                in_d=span.of("d"),
                serves=_SERVES.format(verified=verified),
                before=_BEFORE.format(earlier=marks(earlier)) if earlier else "",
            )
        for row in rows(statement, earlier):
            key = span.key(row)
            if issue is not None and key.contact_point_id in self._canaries:
                self._called.counts("canaries")
            elif issue is not None and not row[3]:
                # Nobody is or was reached there: a canary of other settings.
                self._called.counts("to addresses that serve nobody")
            elif row[4]:
                # Shared with somebody of the audience who was erased since, for all that is known.
                self._called.counts("perhaps to somebody who was erased since")
            else:
                self._called.breaks(key_words(key), "its address serves nobody of the audience")

    def _note_ids(self, keys: Sequence[DeliveryKey]) -> None:
        """Eight bytes of each: few enough to keep for tens of millions."""
        short = [_short(message_id(*key)) for key in keys]
        self._short.append(np.array(short, dtype=np.uint64))

    def _compare_ids(self) -> None:
        found = np.sort(np.concatenate(self._short)) if self._short else np.zeros(0)
        self._short = []
        doubled = int((found[1:] == found[:-1]).sum())
        if doubled:
            self._ids.breaks("all issues", f"{doubled} deliveries share a Message-ID with another")


def _short(identifier: str) -> int:
    return int(identifier.partition("@")[0].rpartition("-")[2][:16], 16)
