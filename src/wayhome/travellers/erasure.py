"""Erasure: asked for, kept as said while the person must stay, carried out in every room.

The row of the ask is what is owed and, once done, the tombstone. What was begun is finished,
however often the worker is killed: numbers are fixed at the beginning, and every step may be
repeated.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from wayhome.officers import audit
from wayhome.officers.access import acting, require
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers import key_store, tombstones
from wayhome.travellers.erasers import Subject, erasers, kept
from wayhome.travellers.models import PartyMember, Reach, Registration, Repointing, Traveller
from wayhome.travellers.privacy_models import ErasureAsk
from wayhome.travellers.queries import in_care, opens_all, spoken_for
from wayhome.travellers.seeing import seen_by
from wayhome.travellers.services import clean_words
from wayhome.travellers.tombstones import Tombstone
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import keep_lease, owe

Ask = ErasureAsk
JOB = "travellers.erase"
WHY_LENGTH = 300
_OPEN = Q(done_at=None, taken_back_at=None)


@writes
def ask(registration: Registration, said_by: str) -> Ask:
    """Whoever a registration speaks for wants to be forgotten, with the minors in their care.

    ``said_by``: one of ``Ask.SaidBy``. Owed to a worker; where ``Ask.is_kept``, it is kept as said
    and carried out when nothing holds it up any more. Asking again is the same ask.
    """
    return _ask(registration, said_by)


@writes
def ask_by(officer: Officer, registration_id: int, why: str) -> Ask:
    """An officer enters what somebody asked for by letter or at the desk."""
    require(officer, Verb.PRIVACY)
    why = clean_words(why)
    if not why:
        raise Problem("why", "is empty", "say how you know that it was they who asked")
    registration = Registration.objects.filter(
        seen_by(acting(officer)), pk=registration_id, traveller__erased_at=None
    )
    found = registration.select_related("traveller").first()
    if found is None:
        raise Problem("registration", f"{registration_id} is unknown", "search again")
    return _ask(found, Ask.SaidBy.OFFICER, officer.pk, why[:WHY_LENGTH])


@writes
def take_back(registration: Registration) -> bool:
    """They want to stay after all; False where nothing was asked, or it has begun."""
    open_ask = Ask.objects.filter(_OPEN, registration_id=registration.pk, begun_at=None)
    return bool(open_ask.update(taken_back_at=clock.now()))


def asked(registration: Registration) -> Ask | None:
    """What is asked and not done about this registration, for the person's own page."""
    return Ask.objects.filter(_OPEN, registration_id=registration.pk).first()


def _ask(
    registration: Registration, said_by: str, officer_id: int | None = None, why: str = ""
) -> Ask:
    if said_by not in Ask.SaidBy.values:
        raise Problem("said_by", f"{said_by[:20]!r} is nobody", f"use {', '.join(Ask.SaidBy)}")
    known = asked(registration)
    if known is not None:
        return known
    whole = said_by in (Ask.SaidBy.OFFICER, Ask.SaidBy.RULE) or opens_all(registration)
    try:
        with transaction.atomic():
            made = Ask.objects.create(
                registration_id=registration.pk,
                traveller_id=registration.traveller_id,
                whole=whole,
                said_by=said_by,
                officer_id=officer_id,
                why=why,
                asked_at=clock.now(),
            )
    except IntegrityError:  # asked by another process this instant
        return Ask.objects.get(_OPEN, registration_id=registration.pk)
    made.kept_because = _kept_because(registration, whole)
    made.save(update_fields=["kept_because"])
    if officer_id is not None:
        audit.record(officer_id, Deed.ERASURE_ENTERED, "erasure ask", made.pk)
    owe(JOB, made.pk)
    return made


def carry_out(ask_id: int) -> bool:
    """Erase in every room what an ask covers; False where it is kept, taken back or unknown."""
    begun = _begin(ask_id)
    if begun is None:
        return False
    if begun.done_at is not None:
        return True
    tombstones.append([stone_of(begun)])
    covers: dict[str, list[int]] = begun.covers or {}
    key_store.destroy(covers["travellers"])
    counts: dict[str, int] = {}
    for _, erase in erasers():
        keep_lease()
        counts |= erase(_subject(covers))
    _finish(begun, counts)
    return True


@writes
def _begin(ask_id: int) -> Ask | None:
    """From here on nothing holds it up, and what it covers is fixed."""
    found = Ask.objects.select_for_update().filter(pk=ask_id, taken_back_at=None).first()
    if found is None or found.begun_at is not None:
        return found
    registration = Registration.objects.select_related("traveller").get(pk=found.registration_id)
    because = _kept_because(registration, found.whole)
    if because:
        Ask.objects.filter(pk=found.pk).update(kept_because=because)
        return None
    _fix(found, registration)
    return found


def _fix(found: Ask, registration: Registration) -> None:
    found.begun_at = clock.now()
    found.traveller_id = registration.traveller_id
    found.kept_because = ""
    found.covers = _covered(registration, found.whole)
    found.save()


@writes
def _finish(begun: Ask, counts: dict[str, int]) -> None:
    covers = begun.covers or {}
    numbers = {name: covers[name] for name in ("travellers", "registrations")}
    said_by = f"said by {begun.said_by}"
    audit.record(begun.officer_id, Deed.ERASED, "erasure ask", begun.pk, said_by)
    Ask.objects.filter(registration_id__in=covers["registrations"]).update(why="")
    Ask.objects.filter(pk=begun.pk).update(
        done_at=clock.now(), counts=counts, covers=numbers, why=""
    )
    # What others of the same people were asking is done with this.
    Ask.objects.filter(_OPEN, registration_id__in=covers["registrations"], begun_at=None).update(
        taken_back_at=clock.now()
    )


def retry_kept() -> int:
    """Owe again what was kept as said: whatever held it up may be over. Returns how many."""
    found = Ask.objects.filter(_OPEN).values_list("pk", flat=True)
    for ask_id in found:
        owe(JOB, ask_id)
    return len(found)


def reapply(stones: Iterable[Tombstone]) -> list[int]:
    """Erase again, in a database restored from a backup, those whom these tombstones name and who
    are in it again; numbers of the registrations. What holds others up holds them up no more."""
    again = []
    for stone in stones:
        for number, made in stone.registrations:
            found = Registration.objects.filter(pk=number, traveller__erased_at=None)
            registration = found.select_related("traveller").first()
            if registration is None or registration.made_at.isoformat() != made:
                continue
            if not stone.whole and not registration.original:
                continue  # of a joined record: what it brought is gone already
            carry_out(_begin_again(registration, stone))
            again.append(number)
    return again


@writes
def _begin_again(registration: Registration, stone: Tombstone) -> int:
    open_ask = asked(registration) or Ask(
        registration_id=registration.pk,
        traveller_id=registration.traveller_id,
        said_by=stone.said_by,
        asked_at=clock.now(),
    )
    open_ask.whole = stone.whole
    if open_ask.begun_at is None:
        _fix(open_ask, registration)
    return open_ask.pk


def stone_of(begun: Ask) -> Tombstone:
    """The tombstone of an erasure that has begun."""
    numbers = (begun.covers or {})["registrations"]
    rows = Registration.objects.filter(pk__in=numbers).order_by("pk").values_list("pk", "made_at")
    return Tombstone(
        ask=begun.pk,
        registrations=tuple((number, made.isoformat()) for number, made in rows),
        whole=begun.whole,
        said_by=begun.said_by,
        at=begun.begun_at.isoformat() if begun.begun_at else "",
    )


def begun_in_parts(size: int = 200) -> Iterator[list[Ask]]:
    """Every erasure that has begun, in parts, in order of their numbers."""
    after = 0
    rows = Ask.objects.filter(begun_at__isnull=False)
    while part := list(rows.filter(pk__gt=after).order_by("pk")[:size]):
        yield part
        after = part[-1].pk


def _kept_because(registration: Registration, whole: bool) -> str:
    covered = set(_covered(registration, whole)["travellers"]) | {registration.traveller_id}
    reasons = kept(covered)
    return min(reasons.values()) if reasons else ""


def _covered(registration: Registration, whole: bool) -> dict[str, list[int]]:
    """Whole: the person with all records joined to them, and the minors in their care. Else: what
    came with this registration."""
    if whole:
        people = {registration.traveller_id}
        people |= {minor.pk for minor in in_care(registration.traveller)}
        registrations = set(
            Registration.objects.filter(traveller__in=people).values_list("pk", flat=True)
        )
    else:
        people = set()
        registrations = {each.pk for each in spoken_for(registration)}
    people |= _emptied(registrations)
    reaches = Reach.objects.filter(registration__in=registrations)
    return {
        "travellers": sorted(people),
        "registrations": sorted(registrations),
        "points": sorted(set(reaches.values_list("contact_point_id", flat=True))),
    }


def _emptied(registrations: set[int]) -> set[int]:
    """Records that these registrations came from and that nothing is left of but their name."""
    steps = Repointing.objects.filter(registration__in=registrations)
    came_from = steps.filter(from_traveller__registrations__isnull=True)
    return set(came_from.values_list("from_traveller_id", flat=True))


def _subject(covers: dict[str, Any]) -> Subject:
    points = frozenset(covers["points"])
    return Subject(
        frozenset(covers["travellers"]),
        frozenset(covers["registrations"]),
        points,
        points - _used_by_others(points, covers["registrations"]),
    )


def _used_by_others(points: frozenset[int], registrations: list[int]) -> frozenset[int]:
    """Contact points that somebody else uses too, by a reach of theirs or of a common party."""
    theirs = PartyMember.objects.filter(until=None, registration__traveller__guardian=None).exclude(
        registration__in=registrations
    )
    used = Reach.objects.filter(contact_point__in=points, ended_at=None).filter(
        ~Q(registration__in=registrations)
        | Q(party__isnull=False, stopped_at=None, party__in=theirs.values("party_id"))
    )
    return frozenset(used.values_list("contact_point_id", flat=True))


def open_asks(limit: int = 500) -> list[Ask]:
    """What is asked and not done, by number, the oldest first."""
    return list(Ask.objects.filter(_OPEN).order_by("asked_at", "pk")[:limit])


def is_erased(traveller_id: int) -> bool:
    return Traveller.objects.filter(pk=traveller_id, erased_at__isnull=False).exists()
