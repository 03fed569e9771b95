"""An officer says how sure it is that a registration is who it says: who, when, on what.

The kind of a document is kept here, for all officers to read; its number is among what hurts
most, and whoever keeps it seals it (``travellers.sealing``) after ``document_seen``.
"""

from wayhome.officers.access import Access, acting, require
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers import quarantine
from wayhome.travellers.assurance import set_to
from wayhome.travellers.door_models import AssuranceStep
from wayhome.travellers.joining import reason
from wayhome.travellers.models import Assurance, Registration
from wayhome.travellers.seeing import seen, seen_by
from wayhome.travellers.services import clean_words
from wayhome.work.db import writes

DOCUMENT_LENGTH = 60


@writes
def document_seen(officer: Officer, registration_id: int, kind: str, why: str = "") -> Registration:
    """A document was shown to this officer; ``kind`` as in ``"Iraqi passport"``. Surer already:
    it stays so, and the document is noted all the same."""
    kind = clean_words(kind)
    if not kind:
        raise Problem("document", "is empty", "say which kind, such as passport")
    if len(kind) > DOCUMENT_LENGTH:
        raise Problem("document", f"has {len(kind)} characters", f"use at most {DOCUMENT_LENGTH}")
    if any(character.isdigit() for character in kind):
        raise Problem("document", "has digits", "name its kind alone; its number is kept sealed")
    registration = _of(officer, registration_id)
    quarantine.vouched_for(officer, registration_id)
    now = max(registration.assurance, Assurance.DOCUMENT_SEEN)
    return _step(officer, registration, now, clean_words(why)[:300] or "document shown", kind)


@writes
def confirm(officer: Officer, registration_id: int, why: str) -> Registration:
    """This officer knows that it is them, and says how."""
    why = reason(why)
    registration = _of(officer, registration_id)
    quarantine.vouched_for(officer, registration_id)
    return _step(officer, registration, Assurance.CONFIRMED, why)


@writes
def lower(officer: Officer, registration_id: int, to: int, why: str) -> Registration:
    """It is less sure than it was held to be, with a reason."""
    why = reason(why)
    registration = _of(officer, registration_id)
    if to not in Assurance.values or to >= registration.assurance:
        raise Problem("assurance", "is not lower than it is", "choose a lower one")
    return _step(officer, registration, to, why)


def steps(access: Access, view: str, traveller_id: int) -> list[AssuranceStep]:
    """Who raised or lowered what, the newest first; the look is recorded."""
    access.record(view, seen(access, [traveller_id]))
    rows = AssuranceStep.objects.filter(
        seen_by(access, "registration"), registration__traveller_id=traveller_id
    )
    return list(rows.order_by("-at", "-pk")[:100])


def _of(officer: Officer, registration_id: int) -> Registration:
    require(officer, Verb.ENROL)
    rows = Registration.objects.select_for_update().filter(
        seen_by(acting(officer)), pk=registration_id
    )
    registration = rows.first()
    if registration is None:
        raise Problem("registration", "is unknown", "reload the page")
    return registration


def _step(
    officer: Officer, registration: Registration, now: int, why: str, document: str = ""
) -> Registration:
    set_to(registration, now, why, officer_id=officer.pk, document=document, office=officer.office)
    return registration
