"""The passing of time: which issues in force must be planned again."""

from wayhome.audience import services as audience
from wayhome.delivery.models import Dispatch
from wayhome.work import clock
from wayhome.work.models import Owed


def _in_work() -> set[int]:
    """Issues whose planning is owed already, at whatever step it is."""
    keys = Owed.objects.filter(job="delivery.plan").values_list("key", flat=True)
    return {int(key.split("/")[0]) for key in keys}


def to_plan() -> list[int]:
    """Issues in force that have not been planned to the end, or not today, or not since they
    took effect: with each day stays enter the lead, begin, and grow late."""
    issues = audience.in_force(cancels=True)
    planned = dict(
        Dispatch.objects.filter(pk__in=[issue.pk for issue in issues]).values_list(
            "pk", "planned_at"
        )
    )
    now = clock.now()
    in_work = _in_work()
    due = []
    for issue in issues:
        if issue.pk in in_work:
            continue
        at = planned.get(issue.pk)
        if at is None:
            due.append(issue.pk)
        elif issue.issue_kind == "cancel":
            continue  # it has reached whom it concerns; nobody new needs to hear of it
        elif at.date() < now.date() or (issue.effective_at and at < issue.effective_at <= now):
            due.append(issue.pk)
    return due
