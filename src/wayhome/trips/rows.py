"""What an enrolment is as rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from wayhome.places.placing import Placed
from wayhome.travellers.models import ContactPoint, Reach
from wayhome.trips.enrolment import EnrolmentSaid, PersonSaid


@dataclass(frozen=True)
class AddressSaid:
    """One address as it was given: by which person, and whether for the whole party."""

    person: int
    for_party: bool
    purpose: str
    kind: str
    text: str
    verified_at: datetime | None


def addresses_said(said: EnrolmentSaid) -> Iterator[AddressSaid]:
    """Addresses in the order in which they are written; those for all are the first adult's."""
    speaker = next(index for index, person in enumerate(said.people) if not person.minor)
    mail, phone = ContactPoint.Kind.MAIL, ContactPoint.Kind.PHONE
    own, emergency = Reach.Purpose.OWN, Reach.Purpose.EMERGENCY
    given = [
        AddressSaid(speaker, True, own, mail, said.mail, said.verified_at),
        AddressSaid(speaker, True, own, phone, said.phone, said.verified_at),
        AddressSaid(speaker, True, emergency, mail, said.emergency_mail, None),
        AddressSaid(speaker, True, emergency, phone, said.emergency_phone, None),
    ]
    for index, person in enumerate(said.people):
        at = said.verified(person)
        given.append(AddressSaid(index, False, own, mail, person.mail, at))
        given.append(AddressSaid(index, False, own, phone, person.phone, at))
    return (address for address in given if address.text)


def place_fields(placed: Placed) -> dict[str, object]:
    return {
        "words": placed.words[:200],
        "precision": placed.precision,
        "lon": placed.lon,
        "lat": placed.lat,
        "radius_m": placed.radius_m,
        "areas": [list(pair) for pair in placed.areas],
    }


def original_of(said: EnrolmentSaid, person: PersonSaid) -> dict[str, Any]:
    """The values as they came, of this person and of what the party said together."""
    values: dict[str, Any] = json.loads(original_text(said, person))
    return values


def original_text(said: EnrolmentSaid, person: PersonSaid) -> str:
    """The same as JSON."""
    together = vars(said) | {
        "people": [vars(person)],
        "stays": [vars(stay) for stay in said.stays],
        "legs": [vars(leg) for leg in said.legs],
    }
    text = _ENCODER.encode(together)
    if "\\u0000" in text or "\\ud" in text:
        text = json.dumps(_storable(json.loads(text)))
    return text


_ENCODER = DjangoJSONEncoder()


@lru_cache(maxsize=4096)
def place_values(placed: Placed) -> tuple[str, str, float | None, float | None, int, str]:
    """Words, precision, lon, lat, radius and areas (JSON) of a place, as columns hold them."""
    fields = place_fields(placed)
    areas = json.dumps(fields["areas"])
    return str(fields["words"]), placed.precision, placed.lon, placed.lat, placed.radius_m, areas


def _storable(value: Any) -> Any:
    """The same without what PostgreSQL's JSON cannot hold: NUL and halves of characters."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16", "replace").decode("utf-16")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {name: _storable(item) for name, item in value.items()}
    return value
