"""``Access``: who looks, with which clearances, for what purpose. No people without one."""

from collections.abc import Iterable
from dataclasses import dataclass

from wayhome.officers.models import Look, Officer
from wayhome.officers.roles import Verb
from wayhome.work import clock
from wayhome.work.db import writes

CASES = "cases"  # the compartment of hospital, detention and death


class Refused(Exception):
    """The officer may not do this."""


@dataclass(frozen=True)
class Access:
    """Made by ``access_for``; every query that returns people takes one and records looks."""

    officer_id: int
    compartments: frozenset[str]
    purpose: str

    @property
    def sees_cases(self) -> bool:
        return CASES in self.compartments

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
                    purpose=self.purpose,
                )
                for traveller in sorted(set(traveller_ids))
            ],
            ignore_conflicts=True,
            batch_size=500,
        )


def access_for(officer: Officer, purpose: str) -> Access:
    """The access of ``officer`` for ``purpose``; Refused where the role sees no people."""
    require(officer, Verb.SEE_PEOPLE)
    if not purpose.strip():
        raise Refused("purpose: say why you look at people's data")
    names = officer.clearances.values_list("compartment__name", flat=True)
    return Access(officer.pk, frozenset(names), purpose.strip()[:200])


def require(officer: Officer, verb: Verb) -> None:
    """Raise Refused unless the officer's role has ``verb``."""
    if not officer.may(verb):
        raise Refused(f"officer: {officer.name} ({officer.role}) may not {verb.value}")
