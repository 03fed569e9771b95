"""Read officers' names for the desk, and looks for the people who were looked at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from wayhome.officers.access import CASES
from wayhome.officers.models import Look, Officer
from wayhome.work import clock

# A person learns of a look when whoever looked can no longer be waited for at the desk.
LOOKS_AFTER = timedelta(hours=24)
# Looks made for a case start their purpose like this; they are withheld while under review.
CASE_PURPOSE = f"{CASES}: "


@dataclass(frozen=True)
class LookShown:
    """A look as the person who was looked at reads it: no name of the officer."""

    day: date
    office: str
    role: str
    purpose: str


def officer_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Names of these officers by number."""
    wanted = {number for number in ids if number is not None}
    return dict(Officer.objects.filter(pk__in=wanted).values_list("pk", "name"))


def own_looks(traveller_ids: Iterable[int], limit: int = 50) -> list[LookShown]:
    """Who looked at these people's records, the latest first, one line a day and purpose."""
    looks = list(
        Look.objects.filter(
            traveller_id__in=list(traveller_ids), hour__lte=clock.now() - LOOKS_AFTER
        )
        .exclude(purpose__startswith=CASE_PURPOSE)
        .order_by("-hour")
        .values_list("hour", "officer_id", "purpose")[: limit * 4]
    )
    officers = Officer.objects.in_bulk({officer for _, officer, _ in looks})
    shown: dict[LookShown, None] = {}
    for hour, officer_id, purpose in looks:
        officer = officers.get(officer_id)
        office, role = (officer.office, officer.role) if officer else ("", "")
        shown[LookShown(hour.date(), office, role, purpose)] = None
    return list(shown)[:limit]
