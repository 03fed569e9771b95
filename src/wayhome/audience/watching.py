"""Those who watch an area without being there: who they are, and how one of them stops."""

from collections.abc import Iterable, Sequence

from wayhome.bulletins.models import Issue
from wayhome.links import WatchLink, invalid
from wayhome.places.affects import StayPlace, place_certainty
from wayhome.places.region import parse
from wayhome.places.resolve import Resolved, resolve
from wayhome.travellers.models import ContactPoint, Registration
from wayhome.trips import queries as trips
from wayhome.trips.models import Watch
from wayhome.trips.services import end_watches
from wayhome.work.db import writes


def watchers(region: Resolved, travellers: Sequence[int] | None) -> list[int]:
    """Travellers who watch an area of the region; with ``travellers``, only among those."""
    watches = Watch.objects.filter(until=None)
    if travellers is not None:
        watches = watches.filter(registration__traveller_id__in=travellers)
    areas = met(region, watches.values_list("area", flat=True).distinct())
    ids = watches.filter(area__in=areas).values_list("registration__traveller_id", flat=True)
    return sorted(set(ids))


def met(region: Resolved, areas: Iterable[str]) -> list[str]:
    """Those of the areas that the region concerns."""
    return [
        area for area in areas if place_certainty(StayPlace(((area, 2),), None, None, 0), region)
    ]


def open_watch_link(link: WatchLink) -> tuple[Registration, list[str]]:
    """The adult whose link it is, and the areas that they or minors in their care still watch and
    its issue concerned; Problem where it was revoked. Changes nothing."""
    point = ContactPoint.objects.filter(pk=link.contact_point_id, link_epoch=link.epoch)
    issue = Issue.objects.filter(pk=link.issue_id).first()
    registration = (
        Registration.objects.select_related("traveller").filter(pk=link.registration_id).first()
    )
    if issue is None or registration is None or not point.exists():
        raise invalid()
    return registration, met(resolve(parse(issue.region)), trips.own_watches(registration))


@writes
def stop_watching(link: WatchLink) -> list[str]:
    """End these watches and nothing else: whoever is there is still warned. Returns the areas;
    none where they were ended before."""
    registration, areas = open_watch_link(link)
    end_watches(registration, areas)
    return areas
