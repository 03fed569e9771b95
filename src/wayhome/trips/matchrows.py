"""The narrow rows that matching reads, written only when a place or its days change."""

from collections.abc import Iterable
from datetime import date

from wayhome.places.keys import morton
from wayhome.trips.models import NO_END, LegEnd, LegMatch, PlacedFields, Stay, StayMatch

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since 1970-01-01, the unit of the matching tables."""
    return (day - EPOCH).days


def write_stay(stay: Stay, traveller_id: int) -> None:
    """Replace the rows of this stay's line: one for each candidate area, none where it is old."""
    lines = Stay.objects.filter(trip_id=stay.trip_id, line=stay.line).values("pk")
    StayMatch.objects.filter(stay_id__in=lines).delete()
    StayMatch.objects.bulk_create(
        [
            StayMatch(
                **_place(stay, area, certainty),
                stay_id=stay.pk,
                traveller_id=traveller_id,
                arrive=day_number(stay.arrive),
                depart=NO_END if stay.depart is None else day_number(stay.depart),
                departed=stay.departure_confirmed,
            )
            for area, certainty in _candidates(stay)
        ]
    )


def remove(stay_ids: list[int]) -> None:
    """These stays count no longer."""
    StayMatch.objects.filter(stay_id__in=stay_ids).delete()


def write_leg_ends(ends: Iterable[LegEnd], traveller_id: int) -> None:
    """Replace the rows of these ends of one traveller's legs."""
    ends = list(ends)
    LegMatch.objects.filter(leg_end_id__in=[end.pk for end in ends]).delete()
    LegMatch.objects.bulk_create(
        [
            LegMatch(
                **_place(end, area, certainty),
                leg_end_id=end.pk,
                traveller_id=traveller_id,
                at=end.at,
            )
            for end in ends
            for area, certainty in _candidates(end)
        ]
    )


def repoint(stay_ids: list[int], leg_end_ids: list[int], traveller_id: int) -> None:
    """Give rows to the traveller whom the registration belongs to now."""
    StayMatch.objects.filter(stay_id__in=stay_ids).update(traveller_id=traveller_id)
    LegMatch.objects.filter(leg_end_id__in=leg_end_ids).update(traveller_id=traveller_id)


def _candidates(placed: PlacedFields) -> list[tuple[str, int]]:
    """Candidate areas; out at sea there is none, and the point alone must still be found."""
    return placed.areas or [("", 0)]


def _place(placed: PlacedFields, area: str, certainty: int) -> dict[str, object]:
    lon, lat = placed.lon, placed.lat
    return {
        "key": None if lon is None or lat is None else morton(lon, lat),
        "area": area,
        "certainty": certainty,
        "lon": placed.lon,
        "lat": placed.lat,
        "radius_m": placed.radius_m,
    }
