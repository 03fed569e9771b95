"""Plan an issue: audience, deliveries and slices, chunk by chunk.

Every chunk is one transaction and every insert keeps what stands, so planning may be killed,
repeated and run twice at once: the keys allow one row each. The first slice can be sent when the
first chunk has committed. Planning a large issue goes in steps, and other work comes between
them: a warning never waits for an advisory to a million.
"""

import threading
import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from wayhome.audience import services as audience
from wayhome.audience import sql as audience_sql
from wayhome.audience.matching import Matched
from wayhome.audience.models import AudienceRow, Certainty, Reason
from wayhome.bulletins.models import Distribution, Issue, Kind
from wayhome.delivery import planning_sql as sql
from wayhome.delivery import recording, relays, totals
from wayhome.delivery.canaries import canary_keys
from wayhome.delivery.models import Dispatch, Lane, Slice, SliceState
from wayhome.delivery.types import DeliveryKey
from wayhome.delivery.weighing import status_in
from wayhome.places.region import parse
from wayhome.places.resolve import resolve
from wayhome.travellers.models import ContactPoint
from wayhome.travellers.queries import emptied_into, joined_to
from wayhome.work import clock
from wayhome.work.clock import database_now
from wayhome.work.db import know_tables, stored, writes
from wayhome.work.services import keep_lease

CHUNK = 2000  # travellers, or contact points, in one transaction
CHUNKS_IN_STEP = 10
MATCH_HOLDS_SECONDS = 60


@dataclass(frozen=True)
class Step:
    """Where planning goes on: a phase, and the last traveller or contact point that is done."""

    phase: str
    after: int = 0


THERE, WARNED, AS_BEFORE = "there", "warned", "as-before"
FIRST = Step(THERE)


def plan(issue_id: int, travellers: Sequence[int] | None = None) -> None:
    """Bring audience, deliveries and slices of an issue up to what storage says now.

    With ``travellers`` only those are looked at (late joiners). An issue that is no longer the
    newest of its thread is left alone: a newer one speaks for it.
    """
    issue = newest(issue_id)
    if issue is None:
        return
    if travellers is not None:
        found = _match(issue, travellers)
        _plan_chunks(issue, found, size=1)  # few, and far apart by number
        _reach_anew(issue, set(travellers) - {int(each) for each in found.traveller})
        _reach_after_all(issue, travellers)
        return
    step: Step | None = FIRST
    while step is not None:
        step = plan_step(issue_id, step)


def follow(contact_points: Sequence[int]) -> None:
    """Addresses that were mended: where they may have got an issue that was replaced, or what
    replaced it could not go there, it goes now, whoever they serve."""
    for point in contact_points:
        for issue_id in sql.threads_followed_up(point):
            issue = newest(issue_id)
            if issue is not None:
                _follow(issue, audience.earlier_issues(issue), point)


def plan_step(issue_id: int, step: Step) -> Step | None:
    """Do some chunks of planning; returns where to go on, None at the end."""
    issue = newest(issue_id)
    if issue is None:
        return None
    know_tables()
    if step == FIRST:
        _begin(issue)
    if step.phase == THERE:
        found = _match_all(issue, anew=step == FIRST)
        start = int(found.traveller.searchsorted(step.after, side="right"))
        end = min(len(found), start + CHUNK * CHUNKS_IN_STEP)
        _plan_chunks(issue, found, CHUNK, start, end)
        if end < len(found):
            return Step(THERE, int(found.traveller[end - 1]))
        _kept.of = None
        del _kept.found  # it may be large
        step = Step(WARNED)
    earlier = audience.earlier_issues(issue)
    if earlier and step.phase == WARNED:
        after = _plan_warned_before(issue, earlier, step.after)
        if after is not None:
            return Step(WARNED, after)
        step = Step(AS_BEFORE)
    if earlier:
        after = _plan_as_before(issue, earlier, step.after)
        if after is not None:
            return Step(AS_BEFORE, after)
    _finish(issue)
    return None


def newest(issue_id: int) -> Issue | None:
    """The issue, unless a newer one of its thread has replaced it."""
    issue = Issue.objects.select_related("bulletin").get(pk=issue_id)
    return issue if issue.bulletin.newest_issue_id == issue.pk else None


def _match(issue: Issue, travellers: Sequence[int] | None) -> Matched:
    return audience.find(resolve(parse(issue.region)), audience.window_of(issue), travellers)


class _Kept(threading.local):
    """What was matched for the issue that is being planned in this thread."""

    of: tuple[int, datetime] | None = None
    found: Matched
    until: float = 0


_kept = _Kept()


def _match_all(issue: Issue, *, anew: bool) -> Matched:
    """Everyone affected, matched once for the steps of a minute: matching a million for each of
    them took most of the time. Whoever is placed meanwhile comes as a late joiner."""
    of = (issue.pk, issue.published_at)
    if anew or _kept.of != of or time.monotonic() >= _kept.until:
        _kept.found = _match(issue, None)
        _kept.of, _kept.until = of, time.monotonic() + MATCH_HOLDS_SECONDS
    return _kept.found


@writes
def _begin(issue: Issue) -> None:
    """Canaries go first, and what older issues of the thread still owe is held for good."""
    Dispatch.objects.get_or_create(issue_id=issue.pk)
    if issue.distribution != Distribution.OFFICERS:
        _cut(issue, sql.add_one_by_one(canary_keys(issue.pk)))
    Slice.objects.filter(issue_id__in=audience.earlier_issues(issue), state=SliceState.OPEN).update(
        state=SliceState.HELD
    )


@writes
def _finish(issue: Issue) -> None:
    Dispatch.objects.filter(pk=issue.pk).update(planned_at=clock.now())


def _plan_chunks(
    issue: Issue, found: Matched, size: int, start: int = 0, end: int | None = None
) -> None:
    end = len(found) if end is None else end
    for first in range(start, end, size):
        _plan_chunk(issue, found, first, min(first + size, end))
        keep_lease()


@writes
def _plan_chunk(issue: Issue, found: Matched, start: int, end: int) -> None:
    audience.add(issue, found, start, end)
    _deliver_to(issue, int(found.traveller[start]), int(found.traveller[end - 1]))


def _plan_warned_before(issue: Issue, earlier: list[int], after: int) -> int | None:
    """Everyone who may have got an earlier issue, there and where they can be reached now."""
    rows = AudienceRow.objects.filter(issue_id__in=earlier).order_by("traveller_id")
    for _ in range(CHUNKS_IN_STEP):
        of_chunk = rows.filter(traveller_id__gt=after).values_list("traveller_id", flat=True)
        ids = list(of_chunk.distinct()[:CHUNK])
        if not ids:
            return None
        _add_warned_before(issue, earlier, after, ids[-1])
        after = ids[-1]
        keep_lease()
    return after


def _plan_as_before(issue: Issue, earlier: list[int], after: int) -> int | None:
    """Every contact point that may have got an earlier issue, whoever it serves now."""
    for _ in range(CHUNKS_IN_STEP):
        last = sql.last_contact_point(earlier, after, CHUNK)
        if last is None:
            return None
        _deliver_as_before(issue, earlier, after, last)
        after = last
        keep_lease()
    return after


@writes
def _add_warned_before(issue: Issue, earlier: list[int], after: int, last: int) -> None:
    audience_sql.add_warned_before(issue.pk, earlier, after, last, Reason.WAS_WARNED, clock.now())
    _deliver_to(issue, after + 1, last)
    rows = AudienceRow.objects.filter(
        issue_id=issue.pk, traveller_id__gt=after, traveller_id__lte=last
    )
    joined = joined_to(rows.values_list("traveller_id", flat=True))
    for traveller_id in sorted(set().union(*joined.values())):
        _deliver_to_joined(issue, traveller_id)


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


def _reach_anew(issue: Issue, travellers: Collection[int]) -> None:
    """Those who were warned and are no longer matched hear of it at a new address too, whichever
    of the records that were joined into theirs was warned."""
    before = emptied_into(travellers)
    warned = set(
        AudienceRow.objects.filter(
            issue_id=issue.pk, traveller_id__in=set(travellers).union(*before.values())
        ).values_list("traveller_id", flat=True)
    )
    for traveller_id in sorted(travellers):
        if traveller_id in warned:
            _deliver_to_one(issue, traveller_id)
        elif before.get(traveller_id, set()) & warned:
            _deliver_to_joined(issue, traveller_id)
        keep_lease()


@writes
def _deliver_to_joined(issue: Issue, traveller_id: int) -> None:
    """Somebody who was warned under a record that was joined into theirs since."""
    audience_sql.add(
        [
            (
                issue.pk,
                traveller_id,
                int(Certainty.POSSIBLE),
                int(Reason.WAS_WARNED),
                None,
                "",
                stored(clock.now()),
            )
        ]
    )
    _deliver_to(issue, traveller_id, traveller_id)


@writes
def _deliver_to_one(issue: Issue, traveller_id: int) -> None:
    _deliver_to(issue, traveller_id, traveller_id)


@writes
def _reach_after_all(issue: Issue, travellers: Sequence[int]) -> None:
    """What could not reach them and now could, since an address was mended, goes (again)."""
    open_again(issue, sql.closed_without_reaching(issue.pk, travellers, clock.now()))


@writes
def _follow(issue: Issue, earlier: Sequence[int], point: int) -> None:
    open_again(issue, sql.closed_at(issue.pk, point))
    _cut(issue, sql.add_as_before(issue.pk, earlier, point - 1, point))


def open_again(issue: Issue, closed: Sequence[sql.Closed]) -> None:
    """What ended without reaching anyone is owed once more, due now; inside a transaction."""
    closed = sql.open_again(closed)
    if not closed:
        return
    taken_back = Counter[totals.TotalKey]()
    for each in closed:
        cause = recording.cause_of(each.state, status_in(each.detail), each.detail)
        taken_back[(each.key.issue_id, each.key.channel, each.domain, each.state, cause)] -= 1
    totals.add(taken_back)
    by_channel = groupby(sorted((each.key for each in closed), key=_channel), key=_channel)
    for channel, keys in by_channel:
        cut(list(keys), relays.route_of(channel), lane_of(issue), database_now())


def _cut(issue: Issue, keys: list[DeliveryKey]) -> None:
    """Cut new deliveries into slices, all due now."""
    cut_new(keys, lane_of(issue))


def lane_of(issue: Issue) -> Lane:
    return Lane.WARNING if issue.kind == Kind.WARNING else Lane.ADVISORY


def cut_new(keys: Sequence[DeliveryKey], lane: int) -> None:
    """Count new deliveries and cut them into slices by channel; inside a transaction."""
    if not keys:
        return
    _count_planned(keys)
    now = database_now()
    for channel, group in groupby(sorted(keys, key=_channel), key=_channel):
        of_channel = list(group)
        route = relays.route_of(channel)
        size = relays.slice_size(route)
        for start in range(0, len(of_channel), size):
            cut(of_channel[start : start + size], route, lane, now)


def cut(
    keys: Sequence[DeliveryKey],
    route: str,
    lane: int,
    due_at: datetime,
    *,
    tries: int = 0,
    last_error: str = "",
) -> Slice:
    """One new slice that owes these deliveries of one issue (or letters) and channel from
    ``due_at`` on; inside a transaction. ``tries``: how often the route was down at them."""
    made = Slice.objects.create(
        issue_id=keys[0].issue_id,
        channel=keys[0].channel,
        route=route,
        lane=lane,
        size=len(keys),
        cut_at=database_now(),
        due_at=due_at,
        tries=tries,
        last_error=last_error[:300],
    )
    sql.put_in_slice(made.pk, keys)
    return made


def _count_planned(keys: Sequence[DeliveryKey]) -> None:
    domains: dict[int, str] = {}
    for chunk in audience.chunks(sorted({key.contact_point_id for key in keys})):
        domains |= dict(ContactPoint.objects.filter(pk__in=chunk).values_list("pk", "domain"))
    totals.add(
        Counter(
            (key.issue_id, key.channel, domains[key.contact_point_id], "planned", "")
            for key in keys
        )
    )


def _channel(key: DeliveryKey) -> str:
    return key.channel
