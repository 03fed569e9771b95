"""Read officers' names, looks and the audit trail, and looks for those who were looked at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Count, Q

from wayhome.officers.access import CASES
from wayhome.officers.models import AuditRow, Look, Officer
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


@dataclass(frozen=True)
class LooksOfDay:
    """How many people one officer looked at on one day for one purpose, and how often."""

    day: date
    officer_id: int
    officer: str
    office: str
    role: str
    purpose: str
    people: int
    looks: int

    @property
    def key(self) -> tuple[date, int, str]:
        """Its place in the order of the list."""
        return self.day, self.officer_id, self.purpose


def looks(
    *,
    officer_id: int | None = None,
    until: date | None = None,
    purpose: str = "",
    after: tuple[date, int, str] | None = None,
    limit: int = 50,
) -> list[LooksOfDay]:
    """Looks by day (the latest first), officer and purpose, for an auditor: numbers of people.

    ``until``: from this day back. ``purpose``: words that it has in it. ``after``: the key of the
    last line of the page before.
    """
    rows = Look.objects.all()
    if officer_id is not None:
        rows = rows.filter(officer_id=officer_id)
    if purpose:
        rows = rows.filter(purpose__icontains=purpose)
    found: list[tuple[date, int, str, int, int]] = []
    end = _day_after(after[0]) if after else _day_after(until) if until else None
    continued = after
    while len(found) < limit:
        of_before = rows.filter(hour__lt=end) if end else rows
        newest = of_before.order_by("-hour").values_list("hour", flat=True).first()
        if newest is None:
            break
        day = newest.astimezone(UTC).date()
        start = _day_after(day) - timedelta(days=1)
        of_day = rows.filter(hour__gte=start, hour__lt=_day_after(day))
        if continued and continued[0] == day:
            _, of, words = continued
            of_day = of_day.filter(Q(officer_id__gt=of) | Q(officer_id=of, purpose__gt=words))
        lines = (
            of_day.values("officer_id", "purpose")
            .annotate(people=Count("traveller_id", distinct=True), n=Count("pk"))
            .order_by("officer_id", "purpose")
            .values_list("officer_id", "purpose", "people", "n")
        )
        found += [(day, *line) for line in lines[: limit - len(found)]]
        end, continued = start, None
    officers = Officer.objects.in_bulk({line[1] for line in found})
    return [
        LooksOfDay(
            day,
            of,
            officers[of].name if of in officers else "",
            officers[of].office if of in officers else "",
            officers[of].role if of in officers else "",
            words,
            people,
            n,
        )
        for day, of, words, people, n in found
    ]


@dataclass(frozen=True)
class Done:
    """A deed of the audit trail; ``officer`` empty: whoever runs the host, by a command."""

    number: int
    at: datetime
    officer: str
    deed: str
    kind: str
    object_number: int | None
    why: str


def deeds(
    *, officer_id: int | None = None, deed: str = "", before: int | None = None, limit: int = 50
) -> list[Done]:
    """The audit trail, the newest first; ``before``: the number of the last one of the page."""
    rows = AuditRow.objects.order_by("-pk")
    if officer_id is not None:
        rows = rows.filter(officer_id=officer_id)
    if deed:
        rows = rows.filter(deed=deed)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows[:limit])
    names = officer_names(row.officer_id for row in page)
    return [
        Done(
            row.pk,
            row.at,
            names.get(row.officer_id or 0, ""),
            row.deed,
            row.kind,
            row.number,
            row.why,
        )
        for row in page
    ]


def everyone(limit: int = 1000) -> list[tuple[int, str]]:
    """Numbers and names of officers by name, closed accounts among them."""
    return list(Officer.objects.order_by("name", "pk").values_list("pk", "name")[:limit])


def _day_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), UTC)


def count_looks(traveller_ids: Iterable[int]) -> tuple[int, int]:
    """(looks, officers) that these records ever had; nobody is named."""
    looks = Look.objects.filter(traveller_id__in=list(traveller_ids))
    return looks.count(), looks.values("officer_id").distinct().count()
