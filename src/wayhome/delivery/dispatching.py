"""Officers stop the sending of an issue, and resume it. What has gone has gone."""

from wayhome.bulletins.models import Issue
from wayhome.delivery.models import Dispatch, DispatchStep
from wayhome.officers import audit
from wayhome.officers.access import require
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.work import clock
from wayhome.work.db import writes

WHY_LENGTH = 300


@writes
def stop(officer: Officer, issue_id: int, why: str) -> Dispatch:
    """Hold what the issue still owes, from this moment, until someone resumes it.

    A stop is no correction: whoever has got the issue keeps it until an update or a cancel.
    """
    return _turn(officer, issue_id, why, DispatchStep.Did.STOPPED)


@writes
def resume(officer: Officer, issue_id: int, why: str) -> Dispatch:
    """Send what was held by a stop."""
    return _turn(officer, issue_id, why, DispatchStep.Did.RESUMED)


def steps_of(issue_id: int) -> list[DispatchStep]:
    """Who stopped and resumed it, in order."""
    return list(DispatchStep.objects.filter(issue_id=issue_id).order_by("pk"))


def _turn(officer: Officer, issue_id: int, why: str, did: DispatchStep.Did) -> Dispatch:
    require(officer, Verb.PUBLISH)
    issue = Issue.objects.select_related("bulletin").filter(pk=issue_id).first()
    if issue is None:
        raise Problem("issue", f"{issue_id} is unknown", "list the bulletins")
    newest = issue.bulletin.newest_issue_id
    if newest != issue_id:
        # What it still owed is held for good: a stop would add nothing, and a resume would lie.
        raise Problem(
            "issue",
            f"{issue_id} was replaced, nothing of it is sent any more: issue {newest} speaks now",
            f"stop or resume issue {newest}",
        )
    if not why.strip():
        raise Problem("why", "is empty", "say why, for those who come after you")
    Dispatch.objects.get_or_create(issue_id=issue_id)
    dispatch = Dispatch.objects.select_for_update().get(pk=issue_id)
    stops = did == DispatchStep.Did.STOPPED
    if stops == (dispatch.stopped_at is not None):
        raise Problem("issue", f"is {did} already", "reload the page")
    dispatch.stopped_at = clock.now() if stops else None
    dispatch.save(update_fields=["stopped_at"])
    DispatchStep.objects.create(
        issue_id=issue_id,
        did=did,
        officer_id=officer.pk,
        why=why.strip()[:WHY_LENGTH],
        at=clock.now(),
    )
    deed = Deed.SENDING_STOPPED if stops else Deed.SENDING_RESUMED
    audit.record(officer, deed, "issue", issue_id, why)
    return dispatch
