"""The musters that one person is on."""

from wayhome.musters.models import CASE_STATES, RollEntry
from wayhome.officers.access import Access
from wayhome.travellers.seeing import seen

MOST = 50


def entries_of(access: Access, view: str, traveller_id: int) -> list[RollEntry]:
    """Entries of one traveller, those of open musters first, the newest first; those in the case
    compartment are there for cleared officers alone. The look is recorded."""
    there = seen(access, [traveller_id])
    access.record(view, there)
    rows = RollEntry.objects.filter(traveller_id__in=there).select_related("muster")
    if not access.sees_cases:
        rows = rows.exclude(state__in=CASE_STATES)
    found = sorted(rows.order_by("-pk")[:MOST], key=lambda each: each.muster.closed_at is not None)
    return found
