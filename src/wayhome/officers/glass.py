"""Break glass: an officer opens a compartment for an hour, and everyone who must know, knows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from wayhome.officers import audit
from wayhome.officers.access import compartments_of, require
from wayhome.officers.audit import Deed
from wayhome.officers.models import BrokenGlass, Compartment, Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.work import clock
from wayhome.work.db import writes

OPEN_FOR = timedelta(hours=1)
WHY_LENGTH = 300
MOST_SHOWN = 100


@dataclass(frozen=True)
class Glass:
    """Broken glass as those who must know of it see it."""

    number: int
    officer_id: int
    officer: str
    compartment: str
    why: str
    at: datetime
    until: datetime
    is_open: bool
    acknowledged_by: str
    acknowledged_at: datetime | None


@writes
def break_glass(officer: Officer, compartment: str, why: str) -> BrokenGlass:
    """Open a closed compartment to this officer for an hour, which ends by itself.

    Problem where there is no such compartment, it is open to them already, or no reason is given.
    """
    require(officer, Verb.BREAK_GLASS)
    Officer.objects.select_for_update().get(pk=officer.pk)  # two presses are one after the other
    why = " ".join(why.split())
    if len(why) < 10:
        raise Problem("why", "is too short", "say in a sentence what happens otherwise")
    if len(why) > WHY_LENGTH:
        raise Problem("why", f"has {len(why)} characters", f"use at most {WHY_LENGTH}")
    found = Compartment.objects.filter(name=compartment, closed=True).first()
    if found is None:
        raise Problem("compartment", "is none that is closed", "choose one of the list")
    if found.name in compartments_of(officer):
        raise Problem("compartment", "is open to you already", "go on")
    now = clock.database_now()
    glass = BrokenGlass.objects.create(
        officer=officer, compartment=found, why=why, at=now, until=now + OPEN_FOR
    )
    # Its row keeps the reason, which may speak of a person.
    audit.record(officer, Deed.GLASS_BROKEN, "broken glass", glass.pk, found.name)
    return glass


@writes
def acknowledge(officer: Officer, number: int) -> BrokenGlass:
    """An auditor has seen it and asked what there was to ask. Nobody acknowledges their own."""
    require(officer, Verb.AUDIT)
    glass = BrokenGlass.objects.select_for_update().filter(pk=number).first()
    if glass is None:
        raise Problem("glass", f"{number} is unknown", "reload the page")
    if glass.officer_id == officer.pk:
        raise Problem("glass", "is your own", "another auditor must acknowledge it")
    if glass.acknowledged_at is not None:
        raise Problem("glass", "is acknowledged already", "reload the page")
    glass.acknowledged_by = officer
    glass.acknowledged_at = clock.database_now()
    glass.save(update_fields=["acknowledged_by", "acknowledged_at"])
    audit.record(officer, Deed.GLASS_ACKNOWLEDGED, "broken glass", glass.pk)
    return glass


def standing() -> list[Glass]:
    """What is open, or not acknowledged yet: the newest first."""
    now = clock.database_now()
    rows = BrokenGlass.objects.filter(Q(acknowledged_at=None) | Q(until__gt=now))
    return _shown(rows.order_by("-at", "-pk"), now)


def settled() -> list[Glass]:
    """What is over and acknowledged, the newest first."""
    now = clock.database_now()
    rows = BrokenGlass.objects.filter(acknowledged_at__isnull=False, until__lte=now)
    return _shown(rows.order_by("-at", "-pk"), now)


def open_to(officer: Officer) -> list[Glass]:
    """What this officer holds open now."""
    now = clock.database_now()
    return _shown(BrokenGlass.objects.filter(officer=officer, until__gt=now).order_by("until"), now)


def closed_to(officer: Officer) -> list[str]:
    """Names of the compartments that an officer would have to break glass for."""
    closed = Compartment.objects.filter(closed=True).exclude(name__in=compartments_of(officer))
    return list(closed.order_by("name").values_list("name", flat=True))


def _shown(rows: "QuerySet[BrokenGlass]", now: datetime) -> list[Glass]:
    return [
        Glass(
            number=row.pk,
            officer_id=row.officer_id,
            officer=row.officer.name,
            compartment=row.compartment.name,
            why=row.why,
            at=row.at,
            until=row.until,
            is_open=row.until > now,
            acknowledged_by=row.acknowledged_by.name if row.acknowledged_by else "",
            acknowledged_at=row.acknowledged_at,
        )
        for row in rows.select_related("officer", "compartment", "acknowledged_by")[:MOST_SHOWN]
    ]
