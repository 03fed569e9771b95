"""Legal hold: somebody's data must stay for now. Erasure and retention wait, nothing else."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet

from wayhome.officers import audit
from wayhome.officers.access import Access, acting, require
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers.models import Traveller
from wayhome.travellers.privacy_models import ErasureAsk, LegalHold
from wayhome.travellers.seeing import people_seen_by
from wayhome.travellers.services import clean_words
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell

REASON_LENGTH = 300
VIEW = "legal hold"


@writes
def place(
    officer: Officer, traveller_id: int, *, reason: str, until: date | None = None
) -> LegalHold:
    """Keep a person's data until ``until`` (that day included) or until it is lifted; several
    holds on one person each stand for themselves."""
    require(officer, Verb.PRIVACY)
    reason = _words("reason", reason)
    if until is not None and until < clock.today():
        raise Problem("until", f"{until} is past", "name a later day, or none")
    person = Traveller.objects.filter(people_seen_by(acting(officer)), pk=traveller_id)
    if not person.exists():
        raise Problem("traveller", f"{traveller_id} is unknown", "search again")
    if person.filter(erased_at__isnull=False).exists():
        raise Problem("traveller", f"{traveller_id} was erased", "there is nothing left to hold")
    if ErasureAsk.objects.filter(traveller_id=traveller_id, done_at=None).exclude(begun_at=None):
        raise Problem("traveller", f"{traveller_id} is being erased", "it cannot be held up now")
    made = LegalHold.objects.create(
        traveller_id=traveller_id,
        reason=reason,
        until=until,
        placed_by=officer.pk,
        placed_at=clock.now(),
    )
    audit.record(officer, Deed.HOLD_PLACED, "legal hold", made.pk)
    return made


@writes
def lift(officer: Officer, hold_id: int, why: str) -> LegalHold:
    """Lift a hold; what waited for it is carried out unless another one stands."""
    require(officer, Verb.PRIVACY)
    why = _words("why", why)
    there = people_seen_by(acting(officer), "traveller_id")
    hold = LegalHold.objects.select_for_update().filter(there, pk=hold_id).first()
    if hold is None:
        raise Problem("hold", f"{hold_id} is unknown", "list them with `wayhome privacy holds`")
    if hold.lifted_at is not None:
        raise Problem("hold", f"{hold_id} is lifted already", "reload the list")
    hold.lifted_by, hold.lifted_at, hold.lifted_why = officer.pk, clock.now(), why
    hold.save()
    audit.record(officer, Deed.HOLD_LIFTED, "legal hold", hold.pk)
    tell("travellers.hold_lifted", hold.pk)
    return hold


def held(traveller_ids: Iterable[int]) -> set[int]:
    """Those of these people on whom a hold is in force."""
    rows = in_force().filter(traveller_id__in=list(traveller_ids))
    return set(rows.values_list("traveller_id", flat=True))


def in_force() -> "QuerySet[LegalHold]":
    today = clock.today()
    return LegalHold.objects.filter(Q(until__isnull=True) | Q(until__gte=today), lifted_at=None)


def holds(access: Access, *, limit: int = 200) -> list[LegalHold]:
    """Holds and how they ended, the latest first; the look is recorded."""
    found = LegalHold.objects.filter(people_seen_by(access, "traveller_id"))
    rows = list(found.order_by("-placed_at", "-pk")[:limit])
    access.record(VIEW, [row.traveller_id for row in rows])
    return rows


def _words(field: str, text: str) -> str:
    words = clean_words(text)
    if not words:
        raise Problem(field, "is empty", "say why, for those who come after you")
    if len(words) > REASON_LENGTH:
        raise Problem(field, f"has {len(words)} characters", f"use at most {REASON_LENGTH}")
    return words
