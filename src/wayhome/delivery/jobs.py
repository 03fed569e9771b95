"""Jobs of this room: plan what was published, warn late joiners, deliver letters, let time pass."""

import logging
from collections.abc import Iterable

from django.db import DatabaseError

from wayhome.audience import services as audience
from wayhome.delivery import (  # noqa: F401  (sending registers its source)
    alarms,
    linking,
    officer_notices,
    pace,
    passing,
    sending,
)
from wayhome.delivery.letters import deliver_letters
from wayhome.delivery.planning import Step, follow, plan_step
from wayhome.delivery.planning import plan as plan_issue
from wayhome.delivery.rechecking import recheck
from wayhome.delivery.recording import RECHECK
from wayhome.work.registry import batch_job, job
from wayhome.work.services import owe

log = logging.getLogger(__name__)

MINUTE = 60


def _not_planned() -> Iterable[str]:
    return (str(issue_id) for issue_id in passing.to_plan())


@job("delivery.plan", on=("bulletins.published",), reconcile=_not_planned)
def plan(key: str) -> None:
    """Plan one step; what is left is owed again, behind whatever is due by then.

    ``key``: an issue, or where its planning goes on (issue/phase/after).
    """
    issue_id, *rest = key.split("/")
    step = Step(rest[0], int(rest[1])) if rest else Step("there")
    left = plan_step(int(issue_id), step)
    if left is not None:
        owe("delivery.plan", f"{issue_id}/{left.phase}/{left.after}")


@batch_job("delivery.join", batch=100, on=("trips.placed", "travellers.reach_added"))
def join(keys: list[str]) -> None:
    """People's places or addresses changed: warn them at once of what is in force there."""
    failed = []
    for issue in audience.in_force():
        try:
            plan_issue(issue.pk, [int(key) for key in keys])
        except DatabaseError:
            raise
        except Exception as error:  # must keep nobody from the others
            log.exception("issue %s", issue.pk)
            failed.append(error)
    if failed:
        raise failed[0]


@batch_job("delivery.follow", batch=100, on=("travellers.address_mended",))
def follow_up(keys: list[str]) -> None:
    """Addresses can be written to again: updates and cancels follow what had gone there."""
    follow([int(key) for key in keys])


@batch_job(RECHECK, batch=100)
def look_again(keys: list[str]) -> None:
    recheck(keys)


@batch_job("delivery.letters", batch=100, on=("letters.owed",))
def letters(keys: list[str]) -> None:
    deliver_letters([int(key) for key in keys])


@job("delivery.officer_notices", on=("officers.notified",))
def mail_notice(key: str) -> None:
    officer_notices.mail(int(key))


@batch_job(linking.JOB, batch=100)
def send_links(keys: list[str]) -> None:
    """Links were asked for by address; many at once, so that a flood of them delays nothing."""
    linking.answer(keys)


@job("delivery.pass_time", every=MINUTE)
def pass_time(_key: str) -> None:
    """Stays enter the lead, issues take effect, what was never handed over raises an alarm."""
    for issue_id in passing.to_plan():
        owe("delivery.plan", issue_id)
    alarms.look()


@job("delivery.pace", every=MINUTE)
def sample_pace(_key: str) -> None:
    """What has ended by now, so that progress can say when the rest will."""
    pace.sample()
