"""Which issues concern a person: for that person's own page."""

from collections.abc import Sequence

from wayhome.audience.models import AudienceRow
from wayhome.bulletins.models import Issue
from wayhome.bulletins.queries import issues_in_force


def own_issues(traveller_ids: Sequence[int]) -> list[Issue]:
    """Issues in force that these people are in the audience of, the latest first."""
    issues = issues_in_force()
    rows = AudienceRow.objects.filter(
        issue_id__in=[issue.pk for issue in issues], traveller_id__in=list(traveller_ids)
    )
    concerned = set(rows.values_list("issue_id", flat=True))
    return [issue for issue in issues if issue.pk in concerned]
