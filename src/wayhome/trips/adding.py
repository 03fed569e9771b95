"""One more trip of people who are enrolled, as they write it on their own page."""

from collections.abc import Iterable

from wayhome.travellers.models import Registration
from wayhome.trips.enrolment import Checked, EnrolmentSaid, check
from wayhome.trips.models import Leg, Stay
from wayhome.trips.writing_trips import TripOf, write_trips
from wayhome.work import clock
from wayhome.work.db import writes


def add_trips(registrations: Iterable[Registration], said: EnrolmentSaid) -> None:
    """One more trip of people who are enrolled: the stays, legs and watches of what is said. What
    is written of somebody already, by the same press that came twice, is not written again."""
    _add_trips(list(registrations), check(said, clock.today()))


@writes
def _add_trips(registrations: list[Registration], checked: Checked) -> None:
    numbers = sorted(each.pk for each in registrations)
    # The same press by another process waits here, and finds what this one wrote.
    list(Registration.objects.select_for_update().filter(pk__in=numbers).order_by("pk"))
    write_trips(
        TripOf(each.pk, each.traveller_id, each.door, checked)
        for each in registrations
        if not _is_written(each, checked)
    )


def _is_written(registration: Registration, checked: Checked) -> bool:
    """Whether each of these stays and legs stands so in a trip of theirs."""
    stays = Stay.objects.filter(trip__registration=registration, is_current=True)
    legs = Leg.objects.filter(trip__registration=registration)
    pairs = zip(checked.said.stays, checked.stays, strict=True)
    return all(
        stays.filter(arrive=said.arrive, depart=said.depart, words=placed.words[:200]).exists()
        for said, placed in pairs
    ) and all(
        legs.filter(mode=leg.mode, departs_at=leg.departs_at, arrives_at=leg.arrives_at).exists()
        for leg in checked.said.legs
    )
