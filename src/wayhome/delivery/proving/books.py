"""The books: each delivery's state is what its attempts say, and the totals are their sums."""

from collections import Counter

from django.db import connection

from wayhome.delivery.proving.reading import Span, issues_in, one, rows, spans
from wayhome.delivery.proving.report import Rule, key_words
from wayhome.delivery.recording import ENDS
from wayhome.delivery.types import DeliveryKey

_ENDS = ", ".join(f"'{state}'" for state in sorted(ENDS))
_COLUMN = {state: state.replace(" ", "_") for state in sorted(ENDS)}
_ALIKE = " ".join(f"WHEN '{state}' THEN {column}" for state, column in _COLUMN.items())
_BY_OUTCOME = ", ".join(
    f"SUM(CASE WHEN outcome = '{state}' THEN 1 ELSE 0 END) AS {column}"
    for state, column in _COLUMN.items()
)

# One row a delivery, with sums of its attempts: the first thing that is wrong of each kind, and how
# often it was taken. A union instead of a join: no database can plan it badly.
_LOOK = f"""
SELECT * FROM (
SELECT letter_id, contact_point_id, channel,
  of_key,
  CASE
    WHEN state IS NULL THEN NULL
    WHEN state NOT IN ('owed', {_ENDS}) THEN 'is in no known state'
    WHEN state = 'owed' AND (too_old > 0
      OR refused > 0 AND (lifted_at IS NULL OR lifted_at < last_refused))
      THEN 'is owed though an attempt ended it'
    WHEN state = 'owed' AND sent > 0 AND bounced = 0 THEN 'is owed though it was sent'
    WHEN state = 'sent' AND sent = 0 THEN 'is sent without an attempt sent'
    WHEN state <> 'owed' AND CASE state {_ALIKE} END = 0
      THEN 'ended without an attempt that says so'
    WHEN (state = 'sent') <> (sent_at IS NOT NULL) THEN 'has a wrong moment of sending'
    WHEN state = 'sent' AND (sent_at < first_sent OR sent_at > last_sent)
      THEN 'was sent at another moment than its attempts'
  END AS of_state,
  CASE
    WHEN state IS NULL THEN 'has attempts and is no delivery'
    WHEN tries <> attempts THEN 'says another number of tries than it has attempts'
    WHEN attempts > 0 AND (first_n <> 1 OR last_n <> attempts) THEN 'has attempts with a gap'
    WHEN strange > 0 THEN 'has an attempt of no known outcome'
  END AS of_attempts,
  of_slice, sent AS taken, state, bounced
FROM (
  SELECT letter_id, contact_point_id, channel, MAX(of_key) AS of_key, MAX(of_slice) AS of_slice,
    MAX(state) AS state, MAX(tries) AS tries, MAX(sent_at) AS sent_at,
    MAX(bounced) AS bounced, MAX(lifted_at) AS lifted_at,
    COUNT(n) AS attempts, MIN(n) AS first_n, MAX(n) AS last_n, {_BY_OUTCOME},
    SUM(CASE WHEN outcome NOT IN ('later', {_ENDS}) THEN 1 ELSE 0 END) AS strange,
    MAX(CASE WHEN outcome = 'refused' THEN at END) AS last_refused,
    MIN(CASE WHEN outcome = 'sent' THEN at END) AS first_sent,
    MAX(CASE WHEN outcome = 'sent' THEN at END) AS last_sent
  FROM (
    SELECT d.letter_id, d.contact_point_id, d.channel, d.state, d.tries, d.sent_at,
      CASE
        WHEN c.id IS NULL THEN 'has no contact point'
        WHEN (d.issue_id = 0) = (d.letter_id = 0) THEN 'is of no issue or letter, or of both'
        WHEN d.channel <> CASE c.kind WHEN 'mail' THEN 'mail' ELSE 'sms' END
          THEN 'is by a channel that its contact point has not'
      END AS of_key,
      CASE
        WHEN d.state <> 'owed' AND d.slice_id IS NOT NULL THEN 'is finished and in a slice'
        WHEN d.state = 'owed' AND d.slice_id IS NULL THEN 'is owed by no slice'
        WHEN d.state = 'owed' AND s.id IS NULL THEN 'is owed by a slice that there is not'
        WHEN d.state = 'owed' AND s.state NOT IN ('open', 'held')
          THEN 'is owed by a slice that is done'
        WHEN d.state = 'owed' AND (s.issue_id <> d.issue_id OR s.channel <> d.channel)
          THEN 'is owed by a slice of another issue or channel'
      END AS of_slice,
      NULL AS n, NULL AS outcome, {{no_moment}} AS at,
      CASE WHEN EXISTS (SELECT 1 FROM receipt r WHERE r.issue_id = d.issue_id
          AND r.letter_id = d.letter_id AND r.contact_point_id = d.contact_point_id
          AND r.channel = d.channel AND r.word = 'bounced')
        THEN 1 ELSE 0 END AS bounced,
      -- Since when an address that was refused may be written to again.
      CASE WHEN d.state = 'owed' THEN (SELECT MAX(l.at) FROM suppression l
        WHERE l.contact_point_id = d.contact_point_id AND l.did = 'lifted') END AS lifted_at
    FROM delivery d
    LEFT JOIN contact_point c ON c.id = d.contact_point_id
    LEFT JOIN slice s ON s.id = d.slice_id
    WHERE {{in_d}}
    UNION ALL
    SELECT x.letter_id, x.contact_point_id, x.channel, NULL, NULL, {{no_moment}}, NULL, NULL,
      x.n, x.outcome, x.at, 0, {{no_moment}}
    FROM attempt x WHERE {{in_x}}
  ) b GROUP BY letter_id, contact_point_id, channel
) e
) looked
WHERE of_key IS NOT NULL OR of_state IS NOT NULL OR of_attempts IS NOT NULL
  OR of_slice IS NOT NULL OR taken > 1 OR (taken > 0 AND state <> 'sent')
ORDER BY letter_id, contact_point_id, channel
"""
_STATES = """
SELECT d.channel, COALESCE(c.domain, ''), d.state, COUNT(*) FROM delivery d
LEFT JOIN contact_point c ON c.id = d.contact_point_id WHERE {in_d} GROUP BY 1, 2, 3
"""
_LATER = """
SELECT x.channel, COALESCE(c.domain, ''), COUNT(*) FROM attempt x
LEFT JOIN contact_point c ON c.id = x.contact_point_id
WHERE {in_x} AND x.outcome = 'later' GROUP BY 1, 2
"""
# A word about a delivery counts once, however often it is said.
_WORDS = """
SELECT r.channel, COALESCE(c.domain, ''), r.word, COUNT(*) FROM (
  SELECT DISTINCT x.letter_id, x.contact_point_id, x.channel, x.word FROM receipt x WHERE {in_x}
) r LEFT JOIN contact_point c ON c.id = r.contact_point_id GROUP BY 1, 2, 3
"""
_TOTALS = """
SELECT channel, domain, fact, SUM(n) FROM delivery_total WHERE issue_id = %s GROUP BY 1, 2, 3
"""

_Sum = tuple[str, str, str]  # channel, receiving domain, fact


class Books:
    """Looks at one span after another; ``rules`` at the end."""

    def __init__(self) -> None:
        self._key = Rule("2 exactly one", "one delivery for each issue, contact point and channel")
        self._state = Rule("3 explained", "the state of each delivery is what its attempts say")
        self._attempts = Rule("3 attempts", "attempts are numbered without gaps, tries counts them")
        self._slice = Rule("3 owed by a slice", "what is owed is in an open or held slice")
        self._totals = Rule("totals", "the running totals are the sums of the rows")
        self._doubles = Rule("doubles", "taken more than once: listed, each with its attempts")

    def rules(self) -> list[Rule]:
        return [
            self._key,
            self._state,
            self._attempts,
            self._slice,
            self._totals,
            self._doubles,
        ]

    def look(self, issue_id: int) -> None:
        sums: Counter[_Sum] = Counter()
        for span in spans(issue_id):
            self._look(span)
            sums += self._sum(span)
        if issue_id:
            for table in ("delivery", "attempt", "receipt"):
                astray = one(
                    f"SELECT COUNT(*) FROM {table} WHERE issue_id = %s AND letter_id > 0",
                    [issue_id],
                )
                if astray:
                    why = f"{astray} rows of {table} are of a letter too"
                    self._key.breaks(f"issue {issue_id}", why)
        self._compare(issue_id, sums)

    def look_for_strays(self, known: set[int]) -> None:
        """Rows of issues that there are not."""
        for table in ("delivery", "attempt", "receipt", "audience", "delivery_total"):
            for issue_id in set(issues_in(table)) - known:
                self._key.breaks(f"issue {issue_id}", f"is in {table} and was never published")

    def _look(self, span: Span) -> None:
        moment = "CAST(NULL AS timestamptz)" if connection.vendor == "postgresql" else "NULL"
        statement = _LOOK.format(no_moment=moment, in_x=span.of("x"), in_d=span.of("d"))
        for row in rows(statement):
            key = key_words(DeliveryKey(span.issue_id, *row[:3]))
            of_each = (self._key, self._state, self._attempts, self._slice)
            for rule, why in zip(of_each, row[3:7], strict=True):
                if why:
                    rule.breaks(key, why)
            taken, state, bounced = row[7:]
            if taken > 1 and bounced:
                # An address that was mended gets again what had come back.
                self._doubles.names("sent again after a bounce", key)
            elif taken > 1:
                self._doubles.counts("messages too many", taken - 1)
                self._doubles.names("deliveries taken more than once", key)
            if taken and state != "sent":
                # Another worker's word ended it first; what was handed over is told all the same.
                self._doubles.names("taken though ended otherwise", key)

    def _sum(self, span: Span) -> Counter[_Sum]:
        sums: Counter[_Sum] = Counter()
        for channel, domain, state, n in rows(_STATES.format(in_d=span.of("d"))):
            sums[(channel, domain, "planned")] += n
            if state in ENDS:
                sums[(channel, domain, state)] += n
            for rule in (self._key, self._state, self._slice, self._doubles):
                rule.rows += n
        for channel, domain, n in rows(_LATER.format(in_x=span.of("x"))):
            sums[(channel, domain, "later")] += n
        for channel, domain, word, n in rows(_WORDS.format(in_x=span.of("x"))):
            sums[(channel, domain, word)] += n
        self._attempts.rows += one(f"SELECT COUNT(*) FROM attempt x WHERE {span.of('x')}")
        return sums

    def _compare(self, issue_id: int, sums: Counter[_Sum]) -> None:
        kept = {(row[0], row[1], row[2]): int(row[3]) for row in rows(_TOTALS, [issue_id])}
        for total in sorted(set(kept) | set(sums)):
            self._totals.rows += 1
            if kept.get(total, 0) != sums[total]:
                channel, _, fact = total  # a domain may name a person
                self._totals.breaks(
                    f"issue {issue_id} {channel} {fact}",
                    f"the total of a domain is {kept.get(total, 0)}, the rows are {sums[total]}",
                )
