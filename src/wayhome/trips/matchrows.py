"""The narrow rows that matching reads, written only when a place or its days change."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from wayhome.places.keys import morton
from wayhome.places.placing import Placed
from wayhome.trips.models import NO_END, LegEnd, LegMatch, PlacedFields, Stay, StayMatch

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since 1970-01-01, the unit of the matching tables."""
    return (day - EPOCH).days


def write_stay(stay: Stay, traveller_id: int) -> None:
    """Replace the rows of this stay's line: one for each candidate area, none where it is old."""
    lines = Stay.objects.filter(trip_id=stay.trip_id, line=stay.line).values("pk")
    StayMatch.objects.filter(stay_id__in=lines).delete()
    StayMatch.objects.bulk_create(rows_of_stay(stay, traveller_id))


def rows_of_stay(stay: Stay, traveller_id: int) -> list[StayMatch]:
    """The rows of a current stay, not yet written."""
    return [
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


def remove(stay_ids: list[int]) -> None:
    """These stays count no longer."""
    StayMatch.objects.filter(stay_id__in=stay_ids).delete()


def rows_of_leg_ends(ends: Iterable[LegEnd], traveller_id: int) -> list[LegMatch]:
    """The rows of these ends, not yet written."""
    return [
        LegMatch(
            **_place(end, area, certainty),
            leg_end_id=end.pk,
            traveller_id=traveller_id,
            at=end.at,
        )
        for end in ends
        for area, certainty in _candidates(end)
    ]


def repoint(stay_ids: list[int], leg_end_ids: list[int], traveller_id: int) -> None:
    """Give rows to the traveller whom the registration belongs to now."""
    StayMatch.objects.filter(stay_id__in=stay_ids).update(traveller_id=traveller_id)
    LegMatch.objects.filter(leg_end_id__in=leg_end_ids).update(traveller_id=traveller_id)


@lru_cache(maxsize=4096)
def match_values(
    placed: Placed,
) -> tuple[tuple[int | None, str, int, float | None, float | None, int], ...]:
    """Key, area, certainty, lon, lat and radius of each row of a place, as columns hold them."""
    return tuple(
        tuple(_place(placed, area, certainty).values())  # type: ignore[misc]
        for area, certainty in _candidates(placed)
    )


def _candidates(placed: PlacedFields | Placed) -> list[tuple[str, int]]:
    """Candidate areas; out at sea there is none, and the point alone must still be found."""
    return [(area, certainty) for area, certainty in placed.areas] or [("", 0)]


def _place(placed: PlacedFields | Placed, area: str, certainty: int) -> dict[str, object]:
    lon, lat = placed.lon, placed.lat
    return {
        "key": None if lon is None or lat is None else morton(lon, lat),
        "area": area,
        "certainty": certainty,
        "lon": placed.lon,
        "lat": placed.lat,
        "radius_m": placed.radius_m,
    }
