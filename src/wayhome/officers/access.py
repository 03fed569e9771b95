"""``Access``: who looks, with which clearances, for what purpose. No people without one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from wayhome.officers import law
from wayhome.officers.models import BrokenGlass, Compartment, Look, Officer
from wayhome.officers.roles import Verb
from wayhome.work import clock
from wayhome.work.db import writes

CASES = "cases"  # the compartment of hospital, detention and death
# Before publishing, signing and exporting an officer has proved for so long who they are.
RECENT = timedelta(minutes=15)


class Refused(Exception):
    """The officer may not do this."""


class NotRecent(Refused):
    """The officer may, once they have proved again who they are."""


@dataclass(frozen=True)
class _Looking:
    """An officer who looks at people for a purpose."""

    officer_id: int

    @writes
    def record(self, view: str, traveller_ids: Iterable[int]) -> None:
        """Record that these people's data were shown in ``view`` this hour."""
        hour = clock.now().replace(minute=0, second=0, microsecond=0)
        Look.objects.bulk_create(
            [
                Look(
                    officer_id=self.officer_id,
                    traveller_id=traveller,
                    view=view,
                    hour=hour,
                    purpose=self._purpose,
                )
                for traveller in sorted(set(traveller_ids))
            ],
            ignore_conflicts=True,
            batch_size=500,
        )

    @property
    def _purpose(self) -> str:
        raise NotImplementedError


@dataclass(frozen=True)
class Access(_Looking):
    """Made by ``access_for``; every query that returns people takes one and records looks.

    ``compartments``: names of those that this officer is cleared for, or opened by breaking glass.
    """

    compartments: frozenset[str]
    purpose: str

    @property
    def sees_cases(self) -> bool:
        return CASES in self.compartments

    def closed_to(self) -> list[int]:
        """Numbers of the compartments in which there is nothing for this officer to see."""
        closed = Compartment.objects.filter(closed=True).exclude(name__in=self.compartments)
        return list(closed.values_list("pk", flat=True))

    @property
    def _purpose(self) -> str:
        return self.purpose


@dataclass(frozen=True)
class OrganisationAccess(_Looking):
    """Made by ``organisation_access_for``: sees what is in one compartment, and nothing else.

    It is no ``Access``: no query of other people's data can be called with it.
    """

    compartment_id: int
    purpose: str

    @property
    def _purpose(self) -> str:
        return self.purpose


def access_for(officer: Officer, purpose: str) -> Access:
    """The access of ``officer`` for ``purpose``; Refused where the role sees no people."""
    require(officer, Verb.SEE_PEOPLE)
    return Access(officer.pk, compartments_of(officer), _said(purpose))


def acting(officer: Officer) -> Access:
    """What is there for an officer who acts on a row by its number. Nothing is shown by it, so that
    it has no purpose; the verb is asked for apart."""
    return Access(officer.pk, compartments_of(officer), "")


def organisation_access_for(officer: Officer, purpose: str) -> OrganisationAccess:
    """The access of an organisation's officer; Refused where they belong to none."""
    require(officer, Verb.SEE_OWN_PEOPLE)
    binding = getattr(officer, "binding", None)
    if binding is None:
        raise Refused(f"officer: {officer.name} belongs to no organisation yet")
    return OrganisationAccess(officer.pk, binding.compartment_id, _said(purpose))


def compartments_of(officer: Officer) -> frozenset[str]:
    """Names of the compartments that are open to an officer now: cleared for, or glass broken."""
    cleared = officer.clearances.values_list("compartment__name", flat=True)
    broken = BrokenGlass.objects.filter(officer=officer, until__gt=clock.database_now())
    return frozenset(cleared) | frozenset(broken.values_list("compartment__name", flat=True))


def require(officer: Officer, verb: Verb) -> None:
    """Raise Refused unless the officer's role has ``verb``."""
    if not officer.may(verb):
        raise Refused(f"officer: {officer.name} ({officer.role}) may not {verb.value}")


def require_view(officer: Officer, name: str, view: law.View | None) -> None:
    """Raise Refused unless the law lets this officer have the view that ``name`` names."""
    if view is None:
        raise Refused(f"view: {name} is not in the table of access, so nobody may")
    if isinstance(view.asks, Verb):
        require(officer, view.asks)
    elif view.asks == law.Open.EVERY_OFFICER and not officer.is_active:
        raise Refused(f"officer: {officer.name} is closed")


def require_recent(proved_at: datetime | None, now: datetime) -> None:
    """Raise NotRecent unless who the officer is was proved in the last minutes (``RECENT``)."""
    if proved_at is None or not timedelta(0) <= now - proved_at <= RECENT:
        raise NotRecent("sign-in: it is some time ago; prove again who you are")


def _said(purpose: str) -> str:
    if not purpose.strip():
        raise Refused("purpose: say why you look at people's data")
    return purpose.strip()[:200]
