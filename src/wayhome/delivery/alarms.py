"""Alarms: an issue that is not planned, of which nothing was handed over, or that no canary has.

What stands is asked of the facts themselves, in one query, wherever it is shown: an alarm must
not wait for the worker that may be what is wrong. A worker notes when one began and logs it.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from wayhome.bulletins.models import Issue
from wayhome.delivery.canaries import canary_points
from wayhome.delivery.models import (
    Attempt,
    Delivery,
    Dispatch,
    Receipt,
    Slice,
    SliceState,
    Total,
)
from wayhome.work import clock
from wayhome.work.db import writes

log = logging.getLogger(__name__)

# An alarm about what nobody has seen to in a day is history.
_LOOKED_BACK = timedelta(days=1)

NOT_PLANNED = "See that a worker runs (wayhome worker), and what `wayhome owed` says."
NOT_HANDED_OVER = (
    "See that a worker runs, and how the relays fare (below, on the issue's page). Until mail "
    "moves, reach people by other ways."
)
NO_CANARY = (
    "The relay took messages, and none has come to our own address: look into that mailbox, its "
    "spam folder, whether receipts are read, and the relay's queue."
)


@dataclass(frozen=True)
class Alarm:
    """What is wrong with one issue, and what to do about it."""

    issue_id: int
    wrong: str
    to_do: str
    since: datetime | None  # as far as a worker has noted it


def standing(issue_id: int | None = None) -> list[Alarm]:
    """Alarms of issues in force of the last day (or of one issue), the newest issue first."""
    rows = _looked_at(clock.now())
    if issue_id is not None:
        rows = rows.filter(pk=issue_id)
    found = []
    for row in rows.order_by("-published_at", "-pk").values(
        "pk", "since", "stopped_at", *_FACTS, "planned_at", "first_sent_at"
    ):
        wrong, to_do = _wrong_with(row)
        if wrong:
            found.append(Alarm(row["pk"], wrong, to_do, row["since"]))
    return found


def look() -> None:
    """Note and log what began, clear what is over; also of issues that a newer one replaced."""
    found = {alarm.issue_id: alarm.wrong for alarm in standing()}
    raised = dict(Dispatch.objects.exclude(alarm="").values_list("pk", "alarm"))
    for number in sorted(found.keys() | raised.keys()):
        if found.get(number, "") != raised.get(number, ""):
            _set(number, found.get(number, ""))


_FACTS = ("planned", "open", "overdue", "put_off", "has_canaries", "canary_arrived")


def _looked_at(now: datetime) -> "QuerySet[Issue]":
    """Issues in force of the last day that are older than an alarm allows, with the facts."""
    mine = OuterRef("pk")
    dispatch = Dispatch.objects.filter(pk=mine)
    totals = Total.objects.filter(issue_id=mine)
    slices = Slice.objects.filter(issue_id=mine, state=SliceState.OPEN)
    canaries = canary_points()
    to_canaries = Delivery.objects.filter(issue_id=mine, contact_point_id__in=canaries)
    arrived = Receipt.objects.filter(
        issue_id=mine, contact_point_id__in=canaries, word=Receipt.Word.DELIVERED
    )
    allowed = timedelta(minutes=settings.WAYHOME_ALARM_MINUTES)
    late = now - allowed
    return Issue.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        newest_of__isnull=False,
        published_at__lte=late,
        published_at__gt=now - _LOOKED_BACK,
    ).annotate(
        planned_at=Subquery(dispatch.values("planned_at")[:1]),
        first_sent_at=Subquery(dispatch.values("first_sent_at")[:1]),
        stopped_at=Subquery(dispatch.values("stopped_at")[:1]),
        since=Subquery(dispatch.exclude(alarm="").values("alarm_at")[:1]),
        planned=Exists(totals.filter(fact="planned")),
        open=Exists(slices),
        overdue=Exists(slices.filter(due_at__lte=clock.database_now() - allowed)),
        put_off=Exists(totals.filter(fact=Attempt.Outcome.LATER)),
        has_canaries=Exists(to_canaries),
        canary_arrived=Exists(arrived),
    )


def _wrong_with(facts: dict[str, Any]) -> tuple[str, str]:
    """What is wrong by these facts, and what to do; nothing where an officer stopped it."""
    minutes = settings.WAYHOME_ALARM_MINUTES
    if facts["stopped_at"] is not None:
        return "", ""
    if facts["planned_at"] is None:
        how = "planned only in part" if facts["planned"] else "not planned"
        return f"{how} within {minutes} minutes", NOT_PLANNED
    if facts["planned"] and facts["first_sent_at"] is None and not _waits(facts):
        return f"nothing handed over within {minutes} minutes", NOT_HANDED_OVER
    if facts["has_canaries"] and not facts["canary_arrived"]:
        return f"no canary has it after {minutes} minutes", NO_CANARY
    return "", ""


def _waits(facts: dict[str, Any]) -> bool:
    """Whether all of it waits as it should, for the end of quiet hours or for its turn since it
    was planned just now (a late joiner's): something is open, nothing has been due for long, and
    no relay put it off."""
    return bool(facts["open"]) and not facts["overdue"] and not facts["put_off"]


@writes
def _set(issue_id: int, alarm: str) -> None:
    dispatch, _ = Dispatch.objects.get_or_create(issue_id=issue_id)
    if dispatch.alarm == alarm:
        return
    if alarm:
        log.critical("issue %s: %s", issue_id, alarm)
    dispatch.alarm = alarm
    dispatch.alarm_at = clock.now() if alarm else None
    dispatch.save(update_fields=["alarm", "alarm_at"])
