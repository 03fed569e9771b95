"""Letters on their way: deliveries and slices of their own, in the lanes of what they are."""

from collections import defaultdict

from wayhome.delivery import planning
from wayhome.delivery import planning_sql as sql
from wayhome.delivery.models import Channel, Lane
from wayhome.delivery.types import DeliveryKey
from wayhome.letters.models import Letter
from wayhome.travellers.models import ContactPoint
from wayhome.work.db import writes

LANE_OF = {
    Letter.Kind.CODE: Lane.CODES,
    Letter.Kind.LINK: Lane.CODES,
    Letter.Kind.REQUEST: Lane.CODES,  # an officer waits for the answer
    Letter.Kind.NOTICE: Lane.CODES,
    Letter.Kind.PROMPT: Lane.DIGEST,
}


@writes
def deliver_letters(letter_ids: list[int]) -> None:
    """Owe the delivery of these letters; those that have one already keep it."""
    letters = Letter.objects.in_bulk(letter_ids)
    points = ContactPoint.objects.in_bulk(
        sorted({letter.contact_point_id for letter in letters.values()})
    )
    of_lane: dict[Lane, list[DeliveryKey]] = defaultdict(list)
    for letter in letters.values():
        point = points[letter.contact_point_id]
        channel = Channel.MAIL if point.kind == ContactPoint.Kind.MAIL else Channel.SMS
        of_lane[LANE_OF[Letter.Kind(letter.kind)]].append(
            DeliveryKey(0, letter.pk, point.pk, channel)
        )
    for lane, keys in sorted(of_lane.items()):
        planning.cut_new(sql.add_one_by_one(keys), lane)
