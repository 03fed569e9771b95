"""Which issues concern a person: for that person's own page."""

from collections.abc import Sequence

from wayhome.audience.models import AudienceRow
from wayhome.bulletins.models import Issue
from wayhome.bulletins.queries import issues_in_force
from wayhome.travellers.models import Registration
from wayhome.travellers.queries import opens_all, spoken_for
from wayhome.trips.models import Stay


def own_issues(registration: Registration, traveller_ids: Sequence[int]) -> list[Issue]:
    """Issues in force that these people of a registration's own page are in the audience of, the
    latest first; where it opens only what came with it, those that concern its own stays."""
    issues = issues_in_force()
    rows = AudienceRow.objects.filter(
        issue_id__in=[issue.pk for issue in issues], traveller_id__in=list(traveller_ids)
    )
    if not opens_all(registration):
        own = [each.pk for each in spoken_for(registration)]
        rows = rows.filter(
            stay_id__in=Stay.objects.filter(trip__registration_id__in=own).values("pk")
        )
    concerned = set(rows.values_list("issue_id", flat=True))
    return [issue for issue in issues if issue.pk in concerned]
