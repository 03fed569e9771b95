"""What places and days say of two records that may be one person."""

from collections import defaultdict
from collections.abc import Sequence

from wayhome.travellers.likeness import Pair, Reason, evidence
from wayhome.trips.models import StayMatch

FINE = 3  # a country alone is too many people; a code such as IQ-NI is longer


@evidence
def same_place(pairs: Sequence[Pair]) -> dict[Pair, Reason]:
    """Pairs who are in one part of a country on days in common."""
    stays: dict[int, list[tuple[str, int, int]]] = defaultdict(list)
    rows = StayMatch.objects.filter(traveller_id__in={number for pair in pairs for number in pair})
    for number, area, arrive, depart in rows.values_list(
        "traveller_id", "area", "arrive", "depart"
    ):
        if len(area) > FINE:
            stays[number].append((area, arrive, depart))
    reason = Reason("place", "in one place on the same days")
    return {
        pair: reason
        for pair in pairs
        if any(
            mine[0] == theirs[0] and mine[1] <= theirs[2] and theirs[1] <= mine[2]
            for mine in stays[pair[0]]
            for theirs in stays[pair[1]]
        )
    }
