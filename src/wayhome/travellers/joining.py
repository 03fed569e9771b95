"""Join two records of one person, and part them again.

Only an officer does, or whoever proves to read a verified address of the older record. An open
``Joining`` lets the newer record count with the older one; every registration belongs to the
record at the head of the one that it came with (its *home*). So the order in which records are
joined and parted does not matter, and when all are parted everything is where it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from wayhome.links import ReplyLink, WatchLink, invalid
from wayhome.officers.access import acting, require
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers.models import (
    Door,
    Joining,
    PartyMember,
    Reach,
    Registration,
    Repointing,
    Traveller,
)
from wayhome.travellers.seeing import seen
from wayhome.travellers.services import clean_words, repoint
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell

REASON_LENGTH = 300
_LOCK = 4_106_530  # of joins, on PostgreSQL; an arbitrary number that nothing else here uses
_DEEPEST = 1000  # records joined one to the next


@dataclass(frozen=True)
class Proof:
    """Somebody opened what was sent to a verified address of one registration of a record."""

    contact_point_id: int
    registration_id: int
    epoch: int


def proof_of(link: ReplyLink | WatchLink) -> Proof:
    """These links leave by messages alone: whoever holds one reads the address. A link to one's
    own page is shown on the page after enrolling too, and proves nothing."""
    return Proof(link.contact_point_id, link.registration_id, link.epoch)


@writes
def join(officer: Officer, one_id: int, other_id: int, why: str) -> Joining:
    """One person has two records: from now on the newer counts with the older. Joined already:
    so be it. Problem where it would take somebody out of the care of an adult, or into it."""
    require(officer, Verb.ENROL)
    why = reason(why)
    _ask_to_see(officer, [one_id, other_id])
    _one_at_a_time()
    older, newer = _by_age(head(one_id), head(other_id))
    if older == newer:
        return _between(one_id, other_id)
    if refusal := why_not(older, newer):
        raise Problem("traveller", refusal, "mend the wrong one first, or leave them apart")
    return _join(older, newer, why, officer_id=officer.pk, proven_at=None)


@writes
def join_by_proof(registration: Registration, proof: Proof) -> Joining:
    """Somebody who proved to read an address of an older record joins their own new enrolment.

    ``registration``: as their own page opened it. Whatever does not hold gets the one answer that
    every wrong link gets, so that nothing is learnt of who is known.
    """
    _one_at_a_time()
    proven = _proven(proof)
    mine = Registration.objects.select_related("traveller").filter(pk=registration.pk).first()
    if proven is None or mine is None or mine.door != Door.SELF:
        raise invalid()
    older, newer = head(proven.traveller_id), mine.traveller_id
    if older == newer:
        return _between(older, home(mine)) if home(mine) != older else _none()
    alone = Registration.objects.filter(traveller_id=newer).count() == 1
    if not alone or _by_age(older, newer)[0] != older or why_not(older, newer):
        raise invalid()
    words = "proven at an address of the older record"
    return _join(older, newer, words, officer_id=None, proven_at=proof.contact_point_id)


@writes
def part(officer: Officer, joining_id: int, why: str) -> Joining:
    """They are two people after all, or it was the wrong record. Parted already: so be it."""
    require(officer, Verb.ENROL)
    why = reason(why)
    _one_at_a_time()
    joining = Joining.objects.filter(pk=joining_id).first()
    if joining is None:
        raise Problem("joining", "is unknown", "reload the page")
    _ask_to_see(officer, [joining.older_id, joining.newer_id])
    if joining.parted_at is None:
        _part(joining, why, officer.pk)
    return joining


@writes
def part_proven_at(officer: Officer, contact_point_ids: Iterable[int], why: str) -> int:
    """An address is in hostile hands: what was joined by reading it is parted. Returns how many."""
    _one_at_a_time()
    proven = Joining.objects.filter(proven_at_id__in=list(contact_point_ids), parted_at=None)
    joinings = list(proven.order_by("-pk"))
    for joining in joinings:
        _part(joining, why, officer.pk)
    return len(joinings)


def _ask_to_see(officer: Officer, traveller_ids: list[int]) -> None:
    """Whom an officer may not see is as unknown to them as nobody."""
    if seen(acting(officer), traveller_ids) != set(traveller_ids):
        raise Problem("traveller", "is unknown", "reload the page")


def head(traveller_id: int) -> int:
    """The record that a record counts with: itself, where it was joined to none."""
    for _ in range(_DEEPEST):
        rows = Joining.objects.filter(newer_id=traveller_id, parted_at=None)
        older = rows.values_list("older_id", flat=True).first()
        if older is None:
            return traveller_id
        traveller_id = older
    raise AssertionError(f"joined in a ring: traveller {traveller_id}")


def home(registration: Registration) -> int:
    """The record that a registration came with, or was last given to alone."""
    steps = Repointing.objects.filter(registration=registration)
    given = steps.filter(joining=None).order_by("-pk").values_list("to_traveller_id", flat=True)
    came = steps.order_by("pk").values_list("from_traveller_id", flat=True)
    return given.first() or came.first() or registration.traveller_id


def astray() -> list[int]:
    """Registrations that ever moved and are not at the head of their home; none, if all is well."""
    moved = Registration.objects.filter(repointings__isnull=False).distinct().order_by("pk")
    return [each.pk for each in moved.iterator() if head(home(each)) != each.traveller_id]


def why_not(one_id: int, other_id: int) -> str:
    """Why these records cannot be joined, in words; empty where they can."""
    people = Traveller.objects.in_bulk([one_id, other_id])
    if len(people) < 2:
        return "is not there any more"
    one, other = people[one_id], people[other_id]
    cares = [head(each.guardian_id) if each.guardian_id else None for each in (one, other)]
    if cares[0] == other_id or cares[1] == one_id:
        return "is a child in the care of the other"
    if one.is_minor != other.is_minor:
        return "is a child in somebody's care, the other is an adult"
    if cares[0] != cares[1]:
        return "is a child in the care of another adult"
    return ""


def reason(why: str) -> str:
    """The words of an officer, for those who come after; Problem where there are none."""
    why = clean_words(why)
    if not why:
        raise Problem("why", "is empty", "say how you know, for those who come after you")
    if len(why) > REASON_LENGTH:
        raise Problem("why", f"has {len(why)} characters", f"use at most {REASON_LENGTH}")
    return why


def _join(
    older: int, newer: int, why: str, *, officer_id: int | None, proven_at: int | None
) -> Joining:
    joining = Joining.objects.create(
        older_id=older,
        newer_id=newer,
        by_officer_id=officer_id,
        proven_at_id=proven_at,
        why=why,
        at=clock.now(),
    )
    _settle(joining, newer, why, officer_id)
    tell("travellers.joined", joining.pk)
    return joining


def _part(joining: Joining, why: str, officer_id: int) -> None:
    joining.parted_at, joining.parted_by_id, joining.parted_why = clock.now(), officer_id, why
    joining.save(update_fields=["parted_at", "parted_by_id", "parted_why"])
    _settle(joining, joining.newer_id, why, officer_id)
    tell("travellers.parted", joining.pk)


def _settle(joining: Joining, under: int, why: str, officer_id: int | None) -> None:
    """Give every registration whose home is at or under a record to that record's head."""
    target = Traveller.objects.get(pk=head(under))
    homes = _at_or_under(under)
    moved = Repointing.objects.filter(from_traveller__in=homes).values("registration")
    rows = Registration.objects.filter(Q(traveller__in=homes) | Q(pk__in=moved)).order_by("pk")
    for registration in rows.select_related("traveller"):
        if registration.traveller_id != target.pk and home(registration) in homes:
            repoint(registration, target, why=why, by_officer=officer_id, joining=joining)


def _at_or_under(traveller_id: int) -> set[int]:
    """A record and all that count with it."""
    found = {traveller_id}
    newest = {traveller_id}
    while newest:
        rows = Joining.objects.filter(older__in=newest, parted_at=None)
        newest = set(rows.values_list("newer_id", flat=True)) - found
        found |= newest
    return found


def _by_age(one_id: int, other_id: int) -> tuple[int, int]:
    """(older, newer) by when the records were made."""
    made = dict(Traveller.objects.filter(pk__in=[one_id, other_id]).values_list("pk", "made_at"))
    if len(made) < len({one_id, other_id}):
        raise Problem("traveller", "is unknown", "reload the page")
    older, newer = sorted([one_id, other_id], key=lambda each: (made[each], each))
    return older, newer


def _between(one_id: int, other_id: int) -> Joining:
    """The join by which two records count as one: of the two, or the newest on their way."""
    under = set()
    for number in (one_id, other_id):
        while (of := Joining.objects.filter(newer_id=number, parted_at=None).first()) is not None:
            under.add(of.pk)
            number = of.older_id
    rows = Joining.objects.filter(pk__in=under)
    direct = rows.filter(
        Q(older_id=one_id, newer_id=other_id) | Q(older_id=other_id, newer_id=one_id)
    )
    return direct.first() or rows.order_by("-pk").first() or _none()


def _none() -> Joining:
    raise Problem("traveller", "is one record already", "choose two")


def _proven(proof: Proof) -> Registration | None:
    """The adult's registration whose verified address was read, if that still holds."""
    parties = PartyMember.objects.filter(registration_id=proof.registration_id, until=None)
    reaches = Reach.objects.filter(
        Q(registration_id=proof.registration_id) | Q(party__in=parties.values("party")),
        contact_point_id=proof.contact_point_id,
        contact_point__link_epoch=proof.epoch,
        purpose=Reach.Purpose.OWN,
        verified_at__isnull=False,
        ended_at=None,
    )
    now = clock.now()
    in_force = reaches.filter(Q(valid_until=None) | Q(valid_until__gt=now))
    hostile = Reach.objects.filter(
        contact_point_id=proof.contact_point_id, hostile_since__isnull=False
    )
    if not in_force.exists() or hostile.exists():
        return None
    rows = Registration.objects.filter(pk=proof.registration_id, traveller__guardian=None)
    return rows.first()


def _one_at_a_time() -> None:
    """Two officers at once: the second waits, and finds what the first did."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
