"""What was sent to a person, for that person."""

from collections.abc import Iterable

from wayhome.audience.models import AudienceRow
from wayhome.bulletins.queries import issues_by_number, text_for
from wayhome.delivery.models import Delivery
from wayhome.travellers.models import Reach
from wayhome.trips.exporting import Asked, Fact, own_part
from wayhome.trips.models import Stay


@own_part("messages")
def messages(asked: Asked) -> Iterable[Fact]:
    """Issues that concerned these people, by the addresses of theirs that they went to."""
    addresses = dict(
        Reach.objects.filter(registration__in=asked.ids).values_list(
            "contact_point_id", "contact_point__address"
        )
    )
    rows = AudienceRow.objects.filter(traveller_id__in=asked.people)
    if not asked.whole:
        own = Stay.objects.filter(trip__registration__in=asked.ids)
        rows = rows.filter(stay_id__in=own.values("pk"))
    issues = issues_by_number(rows.values_list("issue_id", flat=True))
    sent = Delivery.objects.filter(issue_id__in=list(issues), contact_point_id__in=list(addresses))
    for each in sent.order_by("issue_id", "contact_point_id", "channel"):
        text = text_for(issues[each.issue_id].texts.all())
        yield {
            "issue": each.issue_id,
            "headline": text.headline if text else "",
            "channel": each.channel,
            "to": addresses[each.contact_point_id],
            "state": each.state,
            "sent_at": each.sent_at,
        }
