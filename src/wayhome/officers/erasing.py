"""Looks when somebody is erased, or after their time: who looked at which number stays, or goes."""

from collections.abc import Iterable
from datetime import datetime

from wayhome.officers.models import Look
from wayhome.work.db import writes


@writes
def forget_purposes(traveller_ids: Iterable[int]) -> int:
    """Purposes are officers' words and may name the person; numbers and hours stay."""
    looks = Look.objects.filter(traveller_id__in=list(traveller_ids))
    return looks.exclude(purpose="").update(purpose="")


def old_looks(before: datetime, after: int, limit: int) -> list[tuple[int, int]]:
    """(look, traveller) of looks before this moment, in order of their numbers."""
    rows = Look.objects.filter(pk__gt=after, hour__lt=before).order_by("pk")
    return list(rows.values_list("pk", "traveller_id")[:limit])


def delete_looks(look_ids: list[int]) -> int:
    return Look.objects.filter(pk__in=look_ids).delete()[0]
