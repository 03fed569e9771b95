"""Read stays: for the person whose they are, and for an officer who says why."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from wayhome.officers.access import Access
from wayhome.travellers.models import Registration
from wayhome.trips.models import Stay, Watch


def own_stays(registration_ids: Iterable[int]) -> list[Stay]:
    """Current stays of these registrations, for the people themselves, in order of arrival."""
    return list(_current().filter(trip__registration_id__in=list(registration_ids)))


def own_watches(registration: Registration) -> list[str]:
    """Codes of the areas that an adult and the minors in their care watch, for themselves."""
    return sorted(set(open_watches(registration).values_list("area", flat=True)))


def open_watches(registration: Registration) -> "QuerySet[Watch]":
    """Watches of the registration's adult and of the minors in their care."""
    adult = registration.traveller_id
    return Watch.objects.filter(
        Q(registration__traveller_id=adult) | Q(registration__traveller__guardian_id=adult),
        until=None,
    )


def stays_of(access: Access, view: str, traveller_id: int) -> list[Stay]:
    """Current stays of one traveller for an officer; the look is recorded."""
    access.record(view, [traveller_id])
    return list(_current().filter(trip__registration__traveller_id=traveller_id))


def _current() -> "QuerySet[Stay]":
    stays = Stay.objects.filter(is_current=True).select_related("trip__registration__traveller")
    return stays.order_by("arrive", "pk")
