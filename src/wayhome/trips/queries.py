"""Read stays: for the person whose they are, and for an officer who says why."""

from collections.abc import Iterable

from django.db.models import Prefetch, Q, QuerySet

from wayhome.officers.access import Access, OrganisationAccess
from wayhome.travellers.models import Registration
from wayhome.travellers.queries import in_care
from wayhome.travellers.seeing import own_people, seen, seen_by
from wayhome.travellers.zones import zone_near
from wayhome.trips.models import Leg, LegEnd, Stay, Watch
from wayhome.work import clock


def own_stays(registration_ids: Iterable[int]) -> list[Stay]:
    """Current stays of these registrations, for the people themselves, in order of arrival."""
    return list(_current().filter(trip__registration_id__in=list(registration_ids)))


def own_legs(registration_ids: Iterable[int]) -> list[Leg]:
    """Legs of these registrations with their ends, for the people themselves;
    ``zone`` of an end: its time zone, where it is known."""
    rows = Leg.objects.filter(trip__registration_id__in=list(registration_ids))
    legs = list(
        rows.select_related("trip__registration__traveller")
        .prefetch_related(Prefetch("ends", LegEnd.objects.order_by("pk")))
        .order_by("departs_at", "pk")
    )
    for leg in legs:
        for end in leg.ends.all():
            code = str(end.areas[0][0])[:2] if end.areas else ""
            end.zone = zone_near(code, end.lon, end.lat)  # type: ignore[attr-defined]
    return legs


def own_watches(registration: Registration) -> list[str]:
    """Codes of the areas that an adult and the minors in their care watch, for themselves."""
    return sorted(set(open_watches(registration).values_list("area", flat=True)))


def open_watches(registration: Registration) -> "QuerySet[Watch]":
    """Watches of the registration's adult and of the minors in their care."""
    adult = registration.traveller
    return Watch.objects.filter(registration__traveller__in=[adult, *in_care(adult)], until=None)


def stays_of(access: Access, view: str, traveller_id: int) -> list[Stay]:
    """Current stays of one traveller for an officer; the look is recorded."""
    access.record(view, seen(access, [traveller_id]))
    stays = _current().filter(trip__registration__traveller_id=traveller_id)
    return list(stays.filter(seen_by(access, "trip__registration")))


def stays_of_registrations(
    access: OrganisationAccess, view: str, registration_ids: Iterable[int]
) -> list[Stay]:
    """Current stays of what an organisation registered, for its own officer; looks are recorded.
    Registrations of others are left out."""
    own = own_people(access.compartment_id).filter(pk__in=list(registration_ids))
    access.record(view, own.values_list("traveller_id", flat=True))
    return list(_current().filter(trip__registration__in=own.values("pk")))


def _current() -> "QuerySet[Stay]":
    stays = Stay.objects.filter(is_current=True).select_related("trip__registration__traveller")
    return stays.order_by("arrive", "pk")


def places_now(access: Access, view: str, traveller_ids: Iterable[int]) -> dict[int, list[str]]:
    """Where each of these people says to be today, in their words; the looks are recorded."""
    ids = seen(access, traveller_ids)
    access.record(view, ids)
    today = clock.today()
    rows = _current().filter(
        seen_by(access, "trip__registration"),
        Q(depart=None) | Q(depart__gte=today),
        trip__registration__traveller_id__in=ids,
        arrive__lte=today,
    )
    found: dict[int, list[str]] = {}
    for number, words in rows.values_list("trip__registration__traveller_id", "words"):
        places = found.setdefault(number, [])
        if words not in places:
            places.append(words)
    return found
