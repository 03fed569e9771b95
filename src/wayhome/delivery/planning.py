"""Plan an issue: audience, deliveries and slices, chunk by chunk.

Every chunk is one transaction and every insert keeps what stands, so planning may be killed,
repeated and run twice at once: the keys allow one row each. The first slice can be sent when the
first chunk has committed.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from wayhome.audience import services as audience
from wayhome.audience import sql as audience_sql
from wayhome.audience.matching import Matched
from wayhome.audience.models import AudienceRow, Reason
from wayhome.bulletins.models import Distribution, Issue, Kind
from wayhome.delivery import routes, sql
from wayhome.delivery.models import Lane, Slice
from wayhome.places.region import parse
from wayhome.places.resolve import resolve
from wayhome.work import clock
from wayhome.work.clock import database_now
from wayhome.work.db import writes
from wayhome.work.services import keep_lease

CHUNK = 2000  # travellers, or contact points, in one transaction


def plan(issue_id: int, travellers: Sequence[int] | None = None) -> None:
    """Bring audience, deliveries and slices of an issue up to what storage says now.

    With ``travellers`` only those are looked at (late joiners). An issue that is no longer the
    newest of its thread is left alone: a newer one speaks for it.
    """
    issue = Issue.objects.select_related("bulletin").get(pk=issue_id)
    if issue.bulletin.newest_issue_id != issue.pk:
        return
    region = resolve(parse(issue.region))
    found = audience.find(region, audience.window_of(issue), travellers)
    size = CHUNK if travellers is None else 1  # late joiners are few, and far apart by number
    for start in range(0, len(found), size):
        _plan_chunk(issue, found, start, min(start + size, len(found)))
        keep_lease()
    earlier = audience.earlier_issues(issue)
    if earlier and travellers is None:
        _plan_warned_before(issue, earlier)


@writes
def _plan_chunk(issue: Issue, found: Matched, start: int, end: int) -> None:
    audience.add(issue, found, start, end)
    _deliver_to(issue, int(found.traveller[start]), int(found.traveller[end - 1]))


def _plan_warned_before(issue: Issue, earlier: list[int]) -> None:
    """Everyone who may have got an earlier issue, there and where they can be reached now."""
    rows = AudienceRow.objects.filter(issue_id__in=earlier).order_by("traveller_id")
    after = 0
    while True:
        ids = list(
            rows.filter(traveller_id__gt=after)
            .values_list("traveller_id", flat=True)
            .distinct()[:CHUNK]
        )
        if not ids:
            break
        _add_warned_before(issue, earlier, after, ids[-1])
        after = ids[-1]
        keep_lease()
    point = 0
    while (last := sql.last_contact_point(earlier, point, CHUNK)) is not None:
        _deliver_as_before(issue, earlier, point, last)
        point = last
        keep_lease()


@writes
def _add_warned_before(issue: Issue, earlier: list[int], after: int, last: int) -> None:
    audience_sql.add_warned_before(issue.pk, earlier, after, last, Reason.WAS_WARNED, clock.now())
    _deliver_to(issue, after + 1, last)


@writes
def _deliver_as_before(issue: Issue, earlier: list[int], after: int, last: int) -> None:
    _cut(issue, sql.add_as_before(issue.pk, earlier, after, last))


def _deliver_to(issue: Issue, first: int, last: int) -> None:
    if issue.distribution == Distribution.OFFICERS:
        return
    verified_only = issue.distribution == Distribution.VERIFIED
    _cut(
        issue,
        sql.add_for_audience(issue.pk, first, last, clock.now(), verified_only=verified_only),
    )


def _cut(issue: Issue, keys: list[sql.Key]) -> None:
    """Cut new deliveries into slices, all due now."""
    lane = Lane.WARNING if issue.kind == Kind.WARNING else Lane.ADVISORY
    now = database_now()
    for channel, group in groupby(sorted(keys, key=lambda key: key[1]), key=lambda key: key[1]):
        of_channel = list(group)
        route = routes.route_of(channel)
        size = routes.slice_size(route)
        for start in range(0, len(of_channel), size):
            cut(issue.pk, channel, route, lane, of_channel[start : start + size], now)


def cut(
    issue_id: int, channel: str, route: str, lane: int, keys: Sequence[sql.Key], due_at: datetime
) -> Slice:
    """One new slice that owes these deliveries from ``due_at`` on; inside a transaction."""
    made = Slice.objects.create(
        issue_id=issue_id, channel=channel, route=route, lane=lane, size=len(keys), due_at=due_at
    )
    sql.put_in_slice(made.pk, issue_id, keys)
    return made
