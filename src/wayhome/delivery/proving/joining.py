"""Late joiners: whoever an issue in force concerns is in its audience, by the match itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from wayhome.audience import services as audience
from wayhome.audience.affects import Window
from wayhome.audience.models import AudienceRow
from wayhome.bulletins.models import Issue, IssueKind
from wayhome.delivery.proving.covering import joins_owed
from wayhome.delivery.proving.reading import PEOPLE, rows
from wayhome.delivery.proving.report import Rule
from wayhome.delivery.proving.threads import Published
from wayhome.places.region import parse
from wayhome.places.resolve import Resolved, resolve


@dataclass(frozen=True)
class _Asked:
    """An issue in force: where, and when it was last planned and now."""

    pk: int
    region: Resolved
    then: Window
    now: Window


def prove_joined(issues: Sequence[Published], now: datetime) -> Rule:
    """Match everyone anew, some travellers at a time.

    Who was concerned when the issue was last planned and is so still was concerned at every
    moment between: they were planned, or joined when they came.
    """
    rule = Rule("10 late joiners", "everyone whom an issue in force concerns is in its audience")
    asked = list(_asked(issues, now))
    if not asked:
        return rule
    for chunk in _travellers():
        rule.rows += len(chunk)
        for issue in asked:
            _look(rule, issue, chunk)
    return rule


def _look(rule: Rule, issue: _Asked, chunk: Sequence[int]) -> None:
    found = _concerned(issue.region, issue.then, chunk)
    if not found:
        return
    rows_of = AudienceRow.objects.filter(
        issue_id=issue.pk, traveller_id__gte=chunk[0], traveller_id__lte=chunk[-1]
    )
    missing = found - set(rows_of.values_list("traveller_id", flat=True))
    if missing:
        missing &= _concerned(issue.region, issue.now, sorted(missing))
    owed = joins_owed(sorted(missing))
    for traveller_id in sorted(missing):
        if traveller_id in owed:
            rule.counts("being joined")
        else:
            rule.breaks(f"issue {issue.pk} traveller {traveller_id}", "is not in its audience")


def _concerned(region: Resolved, window: Window, chunk: Sequence[int]) -> set[int]:
    return {int(each) for each in audience.find(region, window, chunk).traveller}


def _asked(issues: Sequence[Published], now: datetime) -> Iterator[_Asked]:
    for each in issues:
        if not each.holds(now) or each.planned_at is None or each.kind == IssueKind.CANCEL:
            continue
        issue = Issue.objects.get(pk=each.pk)
        window = audience.window_of(issue)
        start = max(issue.effective_at or each.planned_at, each.planned_at)
        then = replace(window, start=start, end=start)
        yield _Asked(issue.pk, resolve(parse(issue.region)), then, window)


def _travellers() -> Iterator[list[int]]:
    after = 0
    while True:
        found = rows("SELECT id FROM traveller WHERE id > %s ORDER BY id LIMIT %s", [after, PEOPLE])
        if not found:
            return
        yield [row[0] for row in found]
        after = found[-1][0]
