"""Send one slice: lease it, hand its messages over outside any transaction, record the results.

Results are written every quarter second or fifty messages, under the lease's token: a worker
that was overtaken finds its token gone and stops. A killed worker leaves at most the messages of
one batch unrecorded; they go again with the same Message-ID.
"""

import logging
import secrets
import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings

from wayhome.bulletins.models import Issue
from wayhome.delivery import planning, rendering, routes, sql
from wayhome.delivery.models import Slice, SliceState
from wayhome.delivery.types import Outcome, RouteDown, Session
from wayhome.work import clock
from wayhome.work.clock import database_now
from wayhome.work.db import writes
from wayhome.work.registry import source

log = logging.getLogger(__name__)

BATCH_MESSAGES = 50
BATCH_SECONDS = 0.25
_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=15)


class Overtaken(Exception):
    """The slice is no longer this worker's, or its issue is held: stop at once."""


@dataclass(frozen=True)
class _Sent:
    delivery: sql.OwedDelivery
    outcome: Outcome


@source("delivery.send")
def send_one_slice() -> bool:
    """Send the slice due first; False where none is due."""
    leased = _lease()
    if leased is None:
        return False
    try:
        _send(leased)
    except Overtaken as reason:
        log.warning("%s: %s", leased, reason)
        _release(leased)
    except RouteDown as error:
        log.warning("%s: route %s is down: %s", leased, leased.route, error)
        _put_off(leased, str(error))
    return True


def _send(leased: Slice) -> None:
    issue = Issue.objects.prefetch_related("texts").get(pk=leased.issue_id)
    deliveries = sql.deliveries_of(leased.pk, leased.issue_id)
    served = rendering.group(sql.served_by(leased.pk, leased.issue_id, clock.now()))
    render = rendering.Renderer(issue)
    batch: list[_Sent] = []
    later: list[sql.OwedDelivery] = []
    with closing(routes.open_route(leased.route)) as session:
        batch_ends = time.monotonic() + BATCH_SECONDS
        try:
            for delivery in deliveries:
                people = served.get(delivery.contact_point_id, [])
                batch.append(_Sent(delivery, _hand_over(session, render, delivery, people)))
                if len(batch) >= BATCH_MESSAGES or time.monotonic() >= batch_ends:
                    later += _record(leased, batch)
                    batch, batch_ends = [], time.monotonic() + BATCH_SECONDS
                    _check_held(leased)
        except RouteDown:
            later += _record(leased, batch)
            _put_later(leased, later)
            raise
        later += _record(leased, batch)
    _put_later(leased, later)
    _close(leased)


def _hand_over(
    session: Session,
    render: rendering.Renderer,
    delivery: sql.OwedDelivery,
    people: list[sql.Served],
) -> Outcome:
    if delivery.withdrawn:
        return Outcome("refused", "not to be written to any more")
    try:
        return session.send(render(delivery, people))
    except RouteDown:
        raise
    except Exception as error:
        # A fault of ours with one message must neither stop nor repeat the others.
        log.exception("contact point %s", delivery.contact_point_id)
        return Outcome("later", f"fault: {type(error).__name__}: {error}")


@writes
def _lease() -> Slice | None:
    now = database_now()
    slice_id = sql.next_slice(now, clock.now())
    if slice_id is None:
        return None
    leased = Slice.objects.get(pk=slice_id)
    leased.token = secrets.token_hex(16)
    leased.lease_until = now + timedelta(seconds=settings.WAYHOME_LEASE_SECONDS)
    leased.save(update_fields=["token", "lease_until"])
    return leased


@writes
def _record(leased: Slice, batch: list[_Sent]) -> list[sql.OwedDelivery]:
    """Write a batch's results and renew the lease; returns what must be tried later."""
    if not batch:
        return []
    until = database_now() + timedelta(seconds=settings.WAYHOME_LEASE_SECONDS)
    mine = Slice.objects.filter(pk=leased.pk, token=leased.token, state=SliceState.OPEN)
    if not mine.update(lease_until=until):
        raise Overtaken("another worker has taken it over")
    now = clock.now()
    sql.record(
        leased.issue_id,
        leased.pk,
        leased.route,
        [
            sql.Result(
                contact_point_id=sent.delivery.contact_point_id,
                channel=sent.delivery.channel,
                n=sent.delivery.tries + 1,
                outcome=sent.outcome.result,
                detail=sent.outcome.detail,
                at=now,
                # Until the end of the run what must go later stays in this slice.
                slice_id=leased.pk if sent.outcome.result == "later" else None,
            )
            for sent in batch
        ],
    )
    return [
        replace(sent.delivery, tries=sent.delivery.tries + 1)
        for sent in batch
        if sent.outcome.result == "later"
    ]


def _check_held(leased: Slice) -> None:
    if not sql.still_sendable(leased.pk, clock.now()):
        raise Overtaken("its issue is held: a newer one speaks, or it has expired")


@writes
def _put_later(leased: Slice, later: list[sql.OwedDelivery]) -> None:
    """Passing failures go into new slices, each due after a pause that grows with the tries."""
    mine = Slice.objects.filter(pk=leased.pk, token=leased.token, state=SliceState.OPEN)
    if not later or not mine.exists():
        return
    now = database_now()
    for tries in sorted({delivery.tries for delivery in later}):
        keys = [(d.contact_point_id, d.channel) for d in later if d.tries == tries]
        planning.cut(
            leased.issue_id, leased.channel, leased.route, leased.lane, keys, now + _pause(tries)
        )


@writes
def _close(leased: Slice) -> None:
    owed = sql.count_in_slice(leased.pk)
    if owed:
        raise RuntimeError(f"{leased} would be closed while it owes {owed} deliveries")
    Slice.objects.filter(pk=leased.pk, token=leased.token).update(
        state=SliceState.DONE, lease_until=None, token=""
    )


@writes
def _release(leased: Slice) -> None:
    Slice.objects.filter(pk=leased.pk, token=leased.token).update(lease_until=None, token="")


@writes
def _put_off(leased: Slice, error: str) -> None:
    Slice.objects.filter(pk=leased.pk, token=leased.token).update(
        lease_until=None,
        token="",
        tries=leased.tries + 1,
        last_error=error[:300],
        due_at=database_now() + _pause(leased.tries + 1),
    )


def _pause(tries: int) -> timedelta:
    doublings: int = 2 ** min(tries - 1, 10)
    return min(_FIRST_PAUSE * doublings, _LONGEST_PAUSE)
