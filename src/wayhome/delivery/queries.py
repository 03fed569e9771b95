"""How far the sending of an issue is: sent, delivered and answered are three facts."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q

from wayhome.audience.models import AudienceRow, Certainty, Reason
from wayhome.bulletins.models import Issue
from wayhome.delivery.models import Attempt, Delivery, DeliveryState, Dispatch, Slice, SliceState


@dataclass(frozen=True)
class Progress:
    """One issue's numbers; ``held``: owed by an issue that a newer one has replaced."""

    issue_id: int
    audience: int
    certain: int
    possible: int
    watching: int
    planned: int
    sent: int
    refused: int
    owed: int
    held: int
    by_channel: dict[str, dict[str, int]]
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    last_error: str


def progress(issue: Issue) -> Progress:
    """Counts of one issue, read from the rows themselves."""
    certainty = dict(
        AudienceRow.objects.filter(issue_id=issue.pk)
        .exclude(reason=Reason.WATCHING)
        .values("certainty")
        .annotate(n=Count("traveller_id"))
        .values_list("certainty", "n")
    )
    watching = AudienceRow.objects.filter(issue_id=issue.pk, reason=Reason.WATCHING).count()
    by_channel: dict[str, dict[str, int]] = {}
    states = dict.fromkeys(DeliveryState.values, 0)
    rows = (
        Delivery.objects.filter(issue_id=issue.pk)
        .values("channel", "state")
        .annotate(n=Count("contact_point_id"))
        .order_by("channel", "state")
    )
    for row in rows:
        by_channel.setdefault(row["channel"], {})[row["state"]] = row["n"]
        states[row["state"]] += row["n"]
    times = Delivery.objects.filter(issue_id=issue.pk, state=DeliveryState.SENT).aggregate(
        first=Min("sent_at"), last=Max("sent_at")
    )
    is_newest = issue.bulletin.newest_issue_id == issue.pk
    is_newest = (
        is_newest and not Dispatch.objects.filter(pk=issue.pk, stopped_at__isnull=False).exists()
    )
    troubled = (
        Slice.objects.filter(issue_id=issue.pk, state=SliceState.OPEN)
        .exclude(last_error="")
        .order_by("-due_at")
        .first()
    )
    owed = states[DeliveryState.OWED]
    return Progress(
        issue_id=issue.pk,
        audience=sum(certainty.values()) + watching,
        certain=certainty.get(Certainty.CERTAIN, 0),
        possible=certainty.get(Certainty.POSSIBLE, 0),
        watching=watching,
        planned=sum(states.values()),
        sent=states[DeliveryState.SENT],
        refused=states[DeliveryState.REFUSED],
        owed=owed if is_newest else 0,
        held=0 if is_newest else owed,
        by_channel=by_channel,
        first_sent_at=times["first"],
        last_sent_at=times["last"],
        last_error=troubled.last_error if troubled else "",
    )


def doubles() -> int:
    """Deliveries that a relay took more than once, over the whole history."""
    rows = (
        Attempt.objects.filter(outcome=Attempt.Outcome.SENT)
        .values("issue_id", "letter_id", "contact_point_id", "channel")
        .annotate(n=Count("n"))
        .filter(n__gt=1)
    )
    return rows.count()


def count_owed() -> int:
    """Deliveries that are still to be sent by issues in force."""
    newest = Issue.objects.filter(newest_of__isnull=False).values("pk")
    rows = Delivery.objects.filter(Q(issue_id__in=newest) | Q(issue_id=0))
    return rows.filter(state=DeliveryState.OWED).count()
