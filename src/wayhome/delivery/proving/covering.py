"""Nobody is missing: the audience has its deliveries, and a thread follows whom it has reached."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from wayhome.bulletins.models import Distribution, IssueKind
from wayhome.delivery.proving.reading import CHUNK, PEOPLE, rows, spans
from wayhome.delivery.proving.report import Rule, key_words
from wayhome.delivery.proving.threads import Published
from wayhome.travellers.sql import HOSTILE, serving, serving_parameters
from wayhome.work.db import Parameter, stored
from wayhome.work.models import Owed

_CONDITION = (
    "g.traveller_id IN (SELECT a.traveller_id FROM audience a WHERE a.issue_id = %s"
    " AND a.traveller_id > %s AND a.traveller_id <= %s)"
)
_AS_WHEN_PUBLISHED = """
AND r.made_at <= %s
AND NOT EXISTS (SELECT 1 FROM reach_step p JOIN reach q ON q.id = p.reach_id
  WHERE q.contact_point_id = r.contact_point_id AND p.at > %s)
AND NOT EXISTS (SELECT 1 FROM suppression l
  WHERE l.contact_point_id = r.contact_point_id AND l.at > %s)
"""
_MISSING = """
SELECT DISTINCT s.traveller_id, s.contact_point_id FROM ({serving}) s
LEFT JOIN delivery d ON d.issue_id = %s AND d.letter_id = 0
  AND d.contact_point_id = s.contact_point_id
  AND d.channel = CASE s.kind WHEN 'mail' THEN 'mail' ELSE 'sms' END
WHERE d.issue_id IS NULL ORDER BY 1, 2
"""
# May have got it: taken; tried without an answer to end it; or leased at some time, whatever a
# worker that died then has handed over.
_UNFOLLOWED = f"""
SELECT d.letter_id, d.contact_point_id, d.channel FROM delivery d
JOIN contact_point c ON c.id = d.contact_point_id
LEFT JOIN slice s ON s.id = d.slice_id
LEFT JOIN delivery f ON f.issue_id = %s AND f.letter_id = 0
  AND f.contact_point_id = d.contact_point_id AND f.channel = d.channel
WHERE {{in_d}} AND f.issue_id IS NULL
  AND (d.state = 'sent' OR d.tries > 1
    OR (d.slice_id IS NOT NULL AND (d.tries > 0 OR s.relay <> '')))
  AND c.suppressed_at IS NULL AND NOT {HOSTILE}
ORDER BY 1, 2, 3
"""
_UNFOLLOWED_PEOPLE = """
SELECT DISTINCT a.traveller_id FROM audience a
LEFT JOIN audience f ON f.issue_id = %s AND f.traveller_id = a.traveller_id
WHERE a.issue_id = %s AND a.traveller_id > %s AND a.traveller_id <= %s
  AND f.issue_id IS NULL AND a.at < %s ORDER BY 1
"""


def prove_covered(issues: Sequence[Published], now: datetime) -> Rule:
    """Everyone of the audience of what holds, on each address of theirs that serves."""
    rule = Rule(
        "2, 3, 10 nobody is missing",
        "each person of the audience has a delivery on each address that serves them",
    )
    for issue in issues:
        if not issue.holds(now) or issue.planned_at is None:
            continue
        if issue.distribution == Distribution.OFFICERS:
            continue
        condition = _CONDITION
        if issue.distribution == Distribution.VERIFIED:
            condition += " AND r.verified_at IS NOT NULL"
        late: list[Parameter] = []
        if issue.kind == IssueKind.CANCEL:
            # A cancel is planned once: it goes where its readers could be reached then, on the
            # terms of then.
            condition += _AS_WHEN_PUBLISHED
            late = [stored(issue.published_at)] * 3
        for after, last, people in _audience(issue.pk):
            of_chunk = [issue.pk, after, last, *late]
            rule.rows += people
            _look(rule, issue.pk, condition, of_chunk, people, now)
    return rule


def _look(
    rule: Rule,
    issue_id: int,
    condition: str,
    of_chunk: Sequence[Parameter],
    people: int,
    now: datetime,
) -> None:
    parameters = serving_parameters(of_chunk, now)
    inner = serving(condition)
    reached = rows(f"SELECT COUNT(DISTINCT s.traveller_id) FROM ({inner}) s", parameters)[0][0]
    if people > reached:
        rule.counts("people with no address that serves", people - reached)
    missing = rows(_MISSING.format(serving=inner), [*parameters, issue_id])
    owed = joins_owed([row[0] for row in missing])
    for traveller_id, point in missing:
        if traveller_id in owed:
            rule.counts("being joined")
        else:
            rule.breaks(f"issue {issue_id} contact point {point}", "has no delivery")


def prove_followed(issues: Sequence[Published]) -> Rule:
    """An update or cancel goes to every address that may have got an earlier issue."""
    rule = Rule("4 threads", "updates and cancels follow everyone who may have got what they mend")
    for issue in issues:
        if not issue.is_newest or not issue.earlier or issue.planned_at is None:
            continue
        for earlier in issue.earlier:
            for span in spans(earlier):
                rule.rows += rows(f"SELECT COUNT(*) FROM delivery d WHERE {span.of('d')}")[0][0]
                unfollowed = rows(_UNFOLLOWED.format(in_d=span.of("d")), [issue.pk])
                owed = _keys_owed("delivery.follow", [row[1] for row in unfollowed])
                for row in unfollowed:
                    if row[1] in owed:
                        rule.counts("being followed")
                        continue
                    why = f"may have got it and has no delivery of issue {issue.pk}"
                    rule.breaks(key_words(span.key(row)), why)
            for after, last, _ in _audience(earlier):
                parameters = [issue.pk, earlier, after, last, stored(issue.published_at)]
                for (traveller_id,) in rows(_UNFOLLOWED_PEOPLE, parameters):
                    why = f"was warned and is not in the audience of issue {issue.pk}"
                    rule.breaks(f"issue {earlier} traveller {traveller_id}", why)
    return rule


def joins_owed(travellers: Sequence[int]) -> set[int]:
    """Those for whom a row owes that they be joined to what is in force."""
    return _keys_owed("delivery.join", travellers)


def _keys_owed(job: str, numbers: Sequence[int]) -> set[int]:
    """Those of these numbers that are keys of a job that is owed."""
    found: set[int] = set()
    for start in range(0, len(numbers), PEOPLE):
        keys = [str(each) for each in numbers[start : start + PEOPLE]]
        owed = Owed.objects.filter(job=job, key__in=keys)
        found |= {int(key) for key in owed.values_list("key", flat=True)}
    return found


def _audience(issue_id: int) -> Iterator[tuple[int, int, int]]:
    """(after, last, people) of pieces of an audience."""
    after = -1
    while True:
        end, people = rows(
            "SELECT MAX(traveller_id), COUNT(*) FROM (SELECT traveller_id FROM audience"
            " WHERE issue_id = %s AND traveller_id > %s ORDER BY traveller_id LIMIT %s) t",
            [issue_id, after, CHUNK],
        )[0]
        if not people:
            return
        yield after, end, people
        after = end
