"""What could hurt a person most: documents seen, medical needs, address line, case notes. Sealed.

Set by officers or the person, read by officers with an ``Access``, and each look is recorded.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime

from wayhome.officers import audit
from wayhome.officers.access import Access, acting, require
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers.models import Registration
from wayhome.travellers.privacy_models import TravellerPrivate
from wayhome.travellers.sealing import Sealed, seal, unseal_many
from wayhome.travellers.seeing import seen as those_seen
from wayhome.travellers.seeing import seen_by
from wayhome.travellers.services import clean_words
from wayhome.work import clock
from wayhome.work.db import writes

Kind = TravellerPrivate.Kind
PLACE = "traveller_private.sealed"
VIEW = "private facts"
NUMBER_LENGTH = 40
WORDS_LENGTH = 2000
DOCUMENTS = ("passport", "identity card", "emergency document", "other")


@dataclass(frozen=True)
class DocumentSeen:
    """A document as an officer saw it. ``country``: ISO 3166-1, who issued it."""

    kind: str
    number: str
    country: str = ""
    expires_on: date | None = None


@dataclass(frozen=True)
class PrivateFact:
    """One sealed fact, opened. ``words``: the number of a document, or the text of the others."""

    id: int
    registration_id: int
    kind: str
    words: str
    document_kind: str
    country: str
    expires_on: date | None
    officer_id: int | None
    at: datetime


@writes
def add_document(officer: Officer, registration: Registration, seen: DocumentSeen) -> int:
    """Keep a document that was seen; its number is sealed and stands nowhere else. Returns the
    fact's number."""
    require(officer, Verb.ENROL)
    _ask_to_see(officer, registration)
    number = clean_words(seen.number)
    if not number or len(number) > NUMBER_LENGTH:
        raise Problem("number", "is empty or too long", f"use at most {NUMBER_LENGTH} characters")
    if seen.kind not in DOCUMENTS:
        raise Problem("kind", f"{seen.kind[:20]!r} is none", f"use one of {', '.join(DOCUMENTS)}")
    said = {"number": number, "country": clean_words(seen.country)[:10]}
    return _keep(
        registration,
        Kind.DOCUMENT,
        said,
        officer,
        document_kind=seen.kind,
        expires_on=seen.expires_on,
    )


@writes
def set_words(
    registration: Registration, kind: str, text: str, officer: Officer | None = None
) -> int | None:
    """Set medical needs or the address line in words, or add a case note; returns the fact's
    number. Empty words take the former ones away. Without an officer the person says it."""
    if kind not in (Kind.MEDICAL, Kind.ADDRESS, Kind.CASE_NOTE):
        raise Problem("kind", f"{kind[:20]!r} is none", "use medical, address or case note")
    if officer is None and kind == Kind.CASE_NOTE:
        raise Problem("kind", "is for officers", "use medical or address")
    if officer is not None:
        require(officer, Verb.MUSTER if kind == Kind.CASE_NOTE else Verb.ENROL)
        _ask_to_see(officer, registration)
    text = "".join(c for c in text if c == "\n" or c.isprintable()).strip()
    if len(text) > WORDS_LENGTH:
        raise Problem("text", f"has {len(text)} characters", f"use at most {WORDS_LENGTH}")
    if kind != Kind.CASE_NOTE:
        TravellerPrivate.objects.filter(registration=registration, kind=kind).delete()
    return _keep(registration, kind, {"text": text}, officer) if text else None


@writes
def remove(officer: Officer, fact_id: int) -> None:
    """Take one fact away: it was wrong, or is needed no more."""
    require(officer, Verb.ENROL)
    access = acting(officer)
    facts = TravellerPrivate.objects.filter(seen_by(access, "registration"), pk=fact_id)
    if not access.sees_cases:
        facts = facts.exclude(kind=Kind.CASE_NOTE)
    if not facts.delete()[0]:
        raise Problem("fact", f"{fact_id} is unknown", "reload the page")
    audit.record(officer, Deed.PRIVATE_REMOVED, "private fact", fact_id)


def facts_of(access: Access, traveller_id: int) -> list[PrivateFact]:
    """What is sealed about one traveller, the newest first; the look is recorded. Case notes only
    for officers who are cleared for cases."""
    access.record(VIEW, those_seen(access, [traveller_id]))
    rows = TravellerPrivate.objects.filter(
        seen_by(access, "registration"), registration__traveller_id=traveller_id
    )
    if not access.sees_cases:
        rows = rows.exclude(kind=Kind.CASE_NOTE)
    return _opened(list(rows.order_by("-at", "-pk")[:200]))


def own_facts(registration_ids: list[int]) -> list[PrivateFact]:
    """The same for the people themselves, without case notes."""
    rows = TravellerPrivate.objects.filter(registration__in=registration_ids)
    return _opened(list(rows.exclude(kind=Kind.CASE_NOTE).order_by("-at", "-pk")[:200]))


def _ask_to_see(officer: Officer, registration: Registration) -> None:
    """What an officer may not see is as unknown to them as what is not there."""
    mine = Registration.objects.filter(seen_by(acting(officer)), pk=registration.pk)
    if not mine.exists():
        raise Problem("registration", "is unknown", "reload the page")


def _keep(
    registration: Registration,
    kind: str,
    said: dict[str, str],
    officer: Officer | None,
    *,
    document_kind: str = "",
    expires_on: date | None = None,
) -> int:
    made = TravellerPrivate.objects.create(
        registration=registration,
        kind=kind,
        document_kind=document_kind,
        expires_on=expires_on,
        key_id=0,
        sealed=b"",
        officer_id=officer.pk if officer else None,
        at=clock.now(),
    )
    # Sealed to the row's own number, which there is only now.
    made.key_id, made.sealed = seal(
        registration.traveller, json.dumps(said, ensure_ascii=False), place=PLACE, row=made.pk
    )
    made.save(update_fields=["key_id", "sealed"])
    if officer is not None:
        audit.record(officer, Deed.PRIVATE_SET, "private fact", made.pk)
    return made.pk


def _opened(rows: list[TravellerPrivate]) -> list[PrivateFact]:
    texts = unseal_many(Sealed(row.key_id, bytes(row.sealed), PLACE, row.pk) for row in rows)
    facts = []
    for row, text in zip(rows, texts, strict=True):
        said = json.loads(text) if text.startswith("{") else {"text": text}
        facts.append(
            PrivateFact(
                id=row.pk,
                registration_id=row.registration_id,
                kind=row.kind,
                words=said.get("number") or said.get("text", ""),
                document_kind=row.document_kind,
                country=said.get("country", ""),
                expires_on=row.expires_on,
                officer_id=row.officer_id,
                at=row.at,
            )
        )
    return facts
