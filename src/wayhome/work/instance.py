"""Live or exercise: a database says which, and a process that disagrees does not start."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from wayhome.work import clock
from wayhome.work.models import Instance


class WrongInstance(Exception):
    """This process and its database disagree about being an exercise."""


def ensure() -> Instance:
    """Mark a new database as what the settings say; refuse one that says otherwise."""
    kind = Instance.Kind.EXERCISE if settings.WAYHOME_EXERCISE else Instance.Kind.LIVE
    instance, _ = Instance.objects.get_or_create(
        id=1,
        defaults={"kind": kind, "made_at": clock.database_now()},
    )
    if instance.kind != kind:
        raise WrongInstance(
            f"WAYHOME_EXERCISE: the database is {instance.kind!r}, this process is {kind.value!r};"
            " point one of them elsewhere"
        )
    return instance


def stamp() -> str:
    """What tells this database from every other, or an empty string while it is not marked."""
    made = Instance.objects.values_list("made_at", flat=True).first()
    return made.isoformat() if made else ""


def set_exercise_clock(moment: datetime) -> None:
    """Let the exercise's clock read ``moment`` from now on. Refused on a live instance."""
    if ensure().kind != Instance.Kind.EXERCISE:
        raise WrongInstance("clock: only an exercise has a clock of its own")
    real = timezone.now()  # noqa: TID251  (the offset is against real time)
    Instance.objects.filter(id=1).update(clock_offset=moment - real)
    clock.forget_offset()
