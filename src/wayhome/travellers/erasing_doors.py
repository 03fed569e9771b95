"""What an erasure leaves of what the doors keep beside a registration."""

from django.db.models import Q

from wayhome.travellers.door_models import (
    AssuranceStep,
    GuardianWish,
    Informant,
    NameChange,
    Quarantine,
    ReachCode,
)
from wayhome.travellers.models import Reach, ReachStep
from wayhome.work.db import writes


@writes
def forget_doors(registrations: list[int]) -> dict[str, int]:
    """Who entered them, their former names, wishes about children, on what it was known that it was
    they; that and how sure it became stays by number. Rows erased by table."""
    wishes = GuardianWish.objects.filter(
        Q(minor__in=registrations) | Q(asked_by__in=registrations) | Q(asked_of__in=registrations)
    )
    steps = AssuranceStep.objects.filter(registration__in=registrations)
    bursts = Quarantine.objects.filter(registration__in=registrations)
    counts = {
        "informant": Informant.objects.filter(registration__in=registrations).delete()[0],
        "name_change": NameChange.objects.filter(registration__in=registrations).delete()[0],
        "guardian_wish": wishes.delete()[0],
        "assurance_step": steps.update(document="", office="", why=""),
    }
    # Of nobody there is nothing left to decide; what was decided stays, without words and mark.
    counts["quarantine"] = bursts.filter(decision="").delete()[0]
    counts["quarantine"] += bursts.update(burst="", reason="")
    return counts


@writes
def delete_reaches(reaches: list[int]) -> int:
    """Ways to be reached with what hangs on them; how many."""
    forget_steps(reaches)
    return Reach.objects.filter(pk__in=reaches).delete()[0]


@writes
def forget_steps(reaches: list[int]) -> None:
    """What was decided about these ways to be reached, and codes that were sent for them."""
    ReachStep.objects.filter(reach__in=reaches).delete()
    ReachCode.objects.filter(reach__in=reaches).delete()
