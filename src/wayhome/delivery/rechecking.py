"""Look once more at what was withdrawn: it may have been allowed again between the moment when that
was decided and the one when it was recorded, and whoever allowed it found nothing to open then.
"""

from collections import defaultdict
from collections.abc import Iterable

from wayhome.delivery import planning, planning_sql, sending_sql
from wayhome.delivery.mailing import mailing_of
from wayhome.delivery.policy import Withdrawn
from wayhome.work import clock
from wayhome.work.db import writes


def recheck(keys: Iterable[str]) -> None:
    """``keys``: issue/contact point, of what was withdrawn a moment ago."""
    points: dict[int, list[int]] = defaultdict(list)
    for key in keys:
        issue_id, point = map(int, key.split("/"))
        points[issue_id].append(point)
    for issue_id, of_issue in points.items():
        _recheck(issue_id, of_issue)


@writes
def _recheck(issue_id: int, contact_points: list[int]) -> None:
    issue = planning.newest(issue_id)
    if issue is None:
        return
    withdrawn = sending_sql.withdrawn(issue_id, contact_points)
    mailing, now = mailing_of(issue_id, planning.lane_of(issue), withdrawn), clock.now()
    allowed = [
        each.key
        for each in withdrawn
        if not mailing.is_too_old(each, now)
        and not isinstance(mailing.verdict(each, now), Withdrawn)
    ]
    planning.open_again(issue, planning_sql.withdrawn(allowed))
