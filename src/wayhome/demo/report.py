"""The counts of a finished demo."""

from typing import Any

from wayhome.audience.models import AudienceRow, Reason
from wayhome.delivery import queries as delivery
from wayhome.demo.story import Cast
from wayhome.musters.queries import board
from wayhome.replies.queries import answered_by_kind
from wayhome.travellers.models import Traveller
from wayhome.work.queries import count_owed


def counts(cast: Cast) -> dict[str, Any]:
    """What `wayhome demo --once --json` prints; the same at every run."""
    issues = {}
    totals = {"deliveries": 0, "sent": 0}
    for name, issue in cast.issues.items():
        progress = delivery.progress(issue)
        totals["deliveries"] += progress.planned
        totals["sent"] += progress.sent
        issues[name] = {
            "audience": progress.audience,
            "certain": progress.certain,
            "possible": progress.possible,
            "watching": progress.watching,
            "deliveries": progress.planned,
            "sent": progress.sent,
            "held": progress.held,
        }
    pks = [issue.pk for issue in cast.issues.values()]
    people = AudienceRow.objects.filter(issue_id__in=pks).exclude(reason=Reason.WATCHING)
    assert cast.muster is not None
    roll = board(cast.muster.pk)
    return {
        "enrolled": Traveller.objects.count(),
        "audience": people.values("traveller_id").distinct().count(),
        **totals,
        "answered": answered_by_kind(pks),
        "silent": roll.by_state["silent"],
        "doubles": delivery.doubles(),
        "owed": count_owed() + delivery.count_owed(),
        "issues": issues,
        "muster": {"total": roll.total} | {str(state): n for state, n in roll.by_state.items()},
    }
