"""Read stays: for the person whose they are, and for an officer who says why."""

from collections.abc import Iterable

from django.db.models import QuerySet

from wayhome.officers.access import Access
from wayhome.trips.models import Stay


def own_stays(registration_ids: Iterable[int]) -> list[Stay]:
    """Current stays of these registrations, for the people themselves, in order of arrival."""
    return list(_current().filter(trip__registration_id__in=list(registration_ids)))


def stays_of(access: Access, view: str, traveller_id: int) -> list[Stay]:
    """Current stays of one traveller for an officer; the look is recorded."""
    access.record(view, [traveller_id])
    return list(_current().filter(trip__registration__traveller_id=traveller_id))


def _current() -> "QuerySet[Stay]":
    stays = Stay.objects.filter(is_current=True).select_related("trip__registration__traveller")
    return stays.order_by("arrive", "pk")
