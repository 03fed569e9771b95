"""A letter's words as a message."""

from wayhome.delivery.rendering import message_id
from wayhome.delivery.sending_sql import OwedDelivery
from wayhome.delivery.types import Outgoing
from wayhome.letters.models import Letter


def render_letter(letter: Letter, delivery: OwedDelivery) -> Outgoing:
    return Outgoing(
        message_id=message_id(*delivery.key),
        folder="letters",
        address=delivery.address,
        language=letter.language,
        subject=letter.subject,
        text=letter.text + "\n",
    )
