"""Codes by which members of an organisation enrol under it. Only a keyed hash is kept."""

import hashlib
import hmac
import secrets
import unicodedata

from django.conf import settings

from wayhome.travellers.door_models import OrganisationCode
from wayhome.travellers.models import Organisation
from wayhome.work import clock
from wayhome.work.db import writes

# No letter that is taken for a digit; 12 of 30 are 58 bits: not to be guessed at any door.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ346789"
LENGTH = 12


@writes
def new_door_code(organisation: Organisation) -> str:
    """A new code for its members, shown this once; those before hold no longer."""
    text = "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))
    now = clock.now()
    OrganisationCode.objects.filter(organisation=organisation, ended_at=None).update(ended_at=now)
    OrganisationCode.objects.create(organisation=organisation, code_hash=_hash(text), made_at=now)
    return "-".join(text[n : n + 4] for n in range(0, LENGTH, 4))


def organisation_of(text: str) -> Organisation | None:
    """Whose members write this code, however they space it; None for no code that holds."""
    code = OrganisationCode.objects.select_related("organisation").filter(
        code_hash=_hash(text), ended_at=None
    )
    found = code.first()
    return found.organisation if found else None


def _hash(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text[:100]).upper()
    plain = "".join(character for character in folded if character.isalnum())
    key = hashlib.sha256(b"wayhome.organisation_code" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, plain.encode(), hashlib.sha256).hexdigest()
