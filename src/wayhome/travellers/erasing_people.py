"""What an erasure leaves of finding people, comparing them, and joining their records."""

from django.db.models import Q

from wayhome.travellers import comparing, searching
from wayhome.travellers.models import (
    Compared,
    Joining,
    Likeness,
    NameSound,
    Registration,
    Repointing,
)
from wayhome.work.db import writes


@writes
def forget_findings(people: list[int], registrations: list[int]) -> dict[str, int]:
    """Nobody is found by what was erased, or held to be like somebody; that records were joined and
    parted stays by number, without its reasons. Call it when names and originals are erased.

    Records that stay, and lost a name with one of ``registrations``, are indexed and compared anew.
    """
    of_both = Q(older__in=people) | Q(newer__in=people)
    moved = Q(from_traveller__in=people) | Q(to_traveller__in=people)
    counts = {
        "joining": Joining.objects.filter(of_both).update(why="", parted_why=""),
        "repointing": Repointing.objects.filter(moved | Q(registration__in=registrations)).update(
            why=""
        ),
        "likeness": Likeness.objects.filter(Q(a__in=people) | Q(b__in=people)).delete()[0],
    }
    Compared.objects.filter(traveller__in=people).delete()
    held = Registration.objects.filter(pk__in=registrations).values_list("traveller_id", flat=True)
    staying = set(held) - set(people)
    counts["name_key"] = searching.index({*people, *staying})
    NameSound.objects.filter(traveller__in=[*people, *staying]).delete()
    comparing.ask(staying)  # which writes how the names sound that are left
    return counts
