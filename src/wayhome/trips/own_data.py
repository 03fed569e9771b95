"""What is kept beside a person's trips and names, for that person.

Left out: officers' words on how they knew that it was they, and who another person was that entered
them; of what kind, the registration says.
"""

from collections.abc import Iterable

from wayhome.travellers.door_models import AssuranceStep, NameChange
from wayhome.travellers.models import Assurance
from wayhome.travellers.private import own_facts
from wayhome.trips.exporting import Asked, Fact, own_part
from wayhome.trips.freshness_models import Confirmation


@own_part("private facts")
def private_facts(asked: Asked) -> Iterable[Fact]:
    for each in own_facts(asked.ids):
        yield {
            "registration": each.registration_id,
            "kind": each.kind,
            "words": each.words,
            "document": each.document_kind,
            "country": each.country,
            "expires_on": each.expires_on,
            "said_by_yourself": each.officer_id is None,
            "at": each.at,
        }


@own_part("former names")
def former_names(asked: Asked) -> Iterable[Fact]:
    for each in NameChange.objects.filter(registration__in=asked.ids).order_by("at", "pk"):
        yield {"registration": each.registration_id, "name": each.was, "until": each.at}


@own_part("how sure")
def how_sure(asked: Asked) -> Iterable[Fact]:
    for each in AssuranceStep.objects.filter(registration__in=asked.ids).order_by("at", "pk"):
        yield {
            "registration": each.registration_id,
            "was": Assurance(each.was).label,
            "now": Assurance(each.now).label,
            "document": each.document,
            "at": each.at,
        }


@own_part("confirmations")
def confirmations(asked: Asked) -> Iterable[Fact]:
    rows = Confirmation.objects.filter(stay__trip__registration__in=asked.ids)
    for each in rows.select_related("stay__trip").order_by("at", "pk"):
        yield {
            "registration": each.stay.trip.registration_id,
            "stay": each.stay.line,
            "version": each.stay.version,
            "answer": each.answer,
            "at": each.at,
        }
