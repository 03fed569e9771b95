"""What rolls say of a person, for that person: never the states of the case compartment."""

from collections.abc import Iterable

from wayhome.musters.models import CASE_STATES, RollChange
from wayhome.trips.exporting import Asked, Fact, own_part

_SHOWN = (RollChange.Why.JOINED, RollChange.Why.REPLY, RollChange.Why.SAFE_EXPIRED)


@own_part("roll calls")
def roll_calls(asked: Asked) -> Iterable[Fact]:
    """Each step of their entries that follows from their own words and the time; what officers
    found is theirs to tell."""
    if not asked.whole:
        return
    rows = RollChange.objects.filter(entry__traveller__in=asked.people, why__in=_SHOWN)
    for each in rows.exclude(state__in=CASE_STATES).select_related("entry").order_by("at", "pk"):
        yield {
            "roll_call": each.entry.muster_id,
            "area": each.entry.area,
            "state": each.state,
            "why": each.get_why_display(),
            "at": each.at,
        }
