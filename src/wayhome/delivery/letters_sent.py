"""Letters to one person and how they fare, for an officer's page."""

from dataclasses import dataclass
from datetime import datetime

from wayhome.delivery.models import Attempt, Delivery, DeliveryState, Receipt
from wayhome.letters.models import Letter
from wayhome.officers.access import Access
from wayhome.travellers.models import ContactPoint, Registration, Traveller
from wayhome.travellers.queries import guardians_of
from wayhome.travellers.seeing import seen, seen_by

MOST_LETTERS = 20


@dataclass(frozen=True)
class LetterLine:
    """One letter; ``why``: what the last try said, where it was not simply sent."""

    letter: Letter
    address: str
    state: str
    sent_at: datetime | None
    arrived: bool
    why: str


def letters_to(access: Access, view: str, traveller_id: int) -> list[LetterLine]:
    """The newest letters to a person, or to a minor's guardian; the look is recorded."""
    access.record(view, seen(access, [traveller_id]))
    person = Traveller.objects.get(pk=traveller_id)
    speakers = [person.pk, *guardians_of(person)]
    registrations = Registration.objects.filter(seen_by(access), traveller_id__in=speakers)
    letters = list(
        Letter.objects.filter(
            registration_id__in=list(registrations.values_list("pk", flat=True))
        ).order_by("-made_at", "-pk")[:MOST_LETTERS]
    )
    mine = {"issue_id": 0, "letter_id__in": [letter.pk for letter in letters]}
    deliveries = {row.letter_id: row for row in Delivery.objects.filter(**mine)}
    last = {row.letter_id: row for row in Attempt.objects.filter(**mine).order_by("n")}
    arrived = set(
        Receipt.objects.filter(word=Receipt.Word.DELIVERED, **mine).values_list(
            "letter_id", flat=True
        )
    )
    points = ContactPoint.objects.in_bulk([letter.contact_point_id for letter in letters])
    lines = []
    for letter in letters:
        delivery, attempt = deliveries.get(letter.pk), last.get(letter.pk)
        tried = attempt is not None and attempt.outcome != Attempt.Outcome.SENT
        lines.append(
            LetterLine(
                letter=letter,
                address=points[letter.contact_point_id].address,
                state=delivery.state if delivery else DeliveryState.OWED.value,
                sent_at=delivery.sent_at if delivery else None,
                arrived=letter.pk in arrived,
                why=attempt.detail if attempt is not None and tried else "",
            )
        )
    return lines
