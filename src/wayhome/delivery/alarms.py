"""Alarms: an issue of which nothing has been handed over, or that no canary has heard of."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db.models import Q

from wayhome.bulletins.models import Issue
from wayhome.delivery.canaries import canary_points
from wayhome.delivery.models import Dispatch, Receipt, Total
from wayhome.work import clock
from wayhome.work.db import writes

log = logging.getLogger(__name__)

# An alarm about what nobody has seen to in a day is history.
_LOOKED_BACK = timedelta(days=1)


def look() -> None:
    """Raise or clear the alarm of each issue in force of the last day."""
    now = clock.now()
    late = now - timedelta(minutes=settings.WAYHOME_ALARM_MINUTES)
    recent = Issue.objects.filter(
        newest_of__isnull=False, published_at__lte=late, published_at__gt=now - _LOOKED_BACK
    )
    for issue in recent.order_by("pk"):
        _set(issue.pk, _wrong_with(issue))


def raised() -> list[Dispatch]:
    """Dispatches with an alarm, the newest first."""
    return list(Dispatch.objects.exclude(alarm="").order_by("-alarm_at")[:50])


def _wrong_with(issue: Issue) -> str:
    """What is wrong with the delivery of an issue that is older than the alarm allows, or ''."""
    minutes = settings.WAYHOME_ALARM_MINUTES
    dispatch = Dispatch.objects.filter(pk=issue.pk).first()
    if dispatch is None:
        return f"not planned within {minutes} minutes"
    if dispatch.stopped_at is not None:
        return ""
    planned = Total.objects.filter(issue_id=issue.pk, fact="planned").exists()
    if planned and dispatch.first_sent_at is None:
        return f"nothing handed over within {minutes} minutes"
    canaries = canary_points()
    arrived = Receipt.objects.filter(
        Q(issue_id=issue.pk, contact_point_id__in=canaries, word=Receipt.Word.DELIVERED)
    )
    if canaries and not arrived.exists():
        return f"no canary has it after {minutes} minutes"
    return ""


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
