"""A letter's words for its one contact point."""

from django.conf import settings

from wayhome.delivery.composing import document, heading, prose
from wayhome.delivery.models import Channel
from wayhome.delivery.phrases import phrases
from wayhome.delivery.rendering import in_exercise, marked_subject, message_id, signed
from wayhome.delivery.return_path import return_path
from wayhome.delivery.safe_text import one_line
from wayhome.delivery.sending_sql import OwedDelivery
from wayhome.delivery.types import Outgoing
from wayhome.letters.models import Letter


def render_letter(letter: Letter, delivery: OwedDelivery) -> Outgoing:
    """Subject and text as they were owed, in the letter's own language."""
    words = phrases(letter.language)
    subject = marked_subject(one_line(letter.subject), words)
    said = prose(letter.text, letter.language, linked=settings.WAYHOME_PUBLIC_URL)
    mail = delivery.channel == Channel.MAIL
    head = [heading(letter.subject, letter.language)] if mail else []  # an SMS is charged by length
    pieces = in_exercise([*head, said, signed(words)], words)
    text, html = document(pieces, title=subject, language=letter.language)
    return Outgoing(
        message_id=message_id(*delivery.key),
        folder="letters",
        address=delivery.address,
        language=letter.language,
        subject=subject,
        text=text,
        html=html if mail else "",
        return_path=return_path(*delivery.key) if mail else "",
    )
