"""Jobs of this room: plan what was published, warn late joiners, let days pass."""

from collections.abc import Iterable

from wayhome.audience import services as audience
from wayhome.bulletins.models import Issue
from wayhome.delivery import sending  # noqa: F401  (registers the source that sends)
from wayhome.delivery.models import Slice
from wayhome.delivery.planning import plan as plan_issue
from wayhome.work.registry import batch_job, job

DAY = 24 * 3600


def _never_planned() -> Iterable[str]:
    """Newest issues without any slice (an issue that concerns nobody is planned again: cheap)."""
    planned = Slice.objects.values("issue_id")
    newest = Issue.objects.filter(newest_of__isnull=False).exclude(pk__in=planned)
    return (str(pk) for pk in newest.values_list("pk", flat=True))


@job("delivery.plan", on=("bulletins.published",), reconcile=_never_planned)
def plan(key: str) -> None:
    plan_issue(int(key))


@batch_job("delivery.join", batch=100, on=("trips.placed", "travellers.reach_added"))
def join(keys: list[str]) -> None:
    """People's places or addresses changed: warn them at once of what is in force there."""
    for issue in audience.in_force():
        plan_issue(issue.pk, [int(key) for key in keys])


@job("delivery.day", every=DAY)
def day(_key: str) -> None:
    """Stays enter the lead of what is in force as days pass."""
    for issue in audience.in_force():
        plan_issue(issue.pk)
