"""Leaving a party without a word to the others; another adult as a child's guardian."""

from dataclasses import dataclass

from django.db.models import F, Q

from wayhome.problems import Problem
from wayhome.travellers.door_models import GuardianWish
from wayhome.travellers.models import PartyMember, Reach, Registration, Traveller
from wayhome.travellers.queries import spoken_for
from wayhome.travellers.services import add_reach, make_party
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell


def in_party(registration: Registration) -> bool:
    """Whether this adult came with other adults, and has not left them."""
    mine = PartyMember.objects.filter(registration=registration, until=None)
    others = PartyMember.objects.filter(
        party__in=mine.values("party"), registration__traveller__guardian=None
    )
    return others.exclude(registration=registration).exists()


def ways_after_leaving(registration: Registration) -> tuple[list[Reach], list[Reach]]:
    """(verified addresses that are this adult's alone, verified ones that they gave for all)."""
    own = Reach.objects.filter(
        registration=registration,
        purpose=Reach.Purpose.OWN,
        verified_at__isnull=False,
        stopped_at=None,
        ended_at=None,
        hostile_since=None,
    ).select_related("contact_point")
    return (
        list(own.filter(party=None).order_by("pk")),
        list(own.exclude(party=None).order_by("pk")),
    )


@writes
def leave(registration: Registration, keep: int | None = None) -> Registration:
    """One adult, with the minors in their care, leaves their parties. The others' rows and pages
    stay as they are; messages to the shared address name the one who left no more, and links that
    were sent there open nothing of theirs.

    ``keep``: a reach that they gave for all and read alone; it becomes their own as well. Problem
    where no verified address would be left to them.
    """
    plain, shared = ways_after_leaving(registration)
    kept = [reach for reach in shared if reach.pk == keep]
    if not plain and not kept:
        raise Problem(
            "address",
            "there is none that you alone read",
            "add an address of your own and confirm it first",
        )
    if not in_party(registration):
        raise Problem("party", "you travel with nobody", "reload the page")
    going = spoken_for(registration)
    PartyMember.objects.filter(registration__in=going, until=None).update(until=clock.now())
    # Their children come along, and what is theirs alone serves these too.
    own = make_party(going) if len(going) > 1 else None
    if own is not None:
        Reach.objects.filter(pk__in=[reach.pk for reach in plain]).update(party=own)
    for reach in kept:
        add_reach(
            registration,
            reach.contact_point,
            party=own,
            verified_at=reach.verified_at,
            wording=reach.wording,
            language=reach.language,
        )
    Registration.objects.filter(pk__in=[each.pk for each in going]).update(
        link_epoch=F("link_epoch") + 1
    )
    for traveller_id in sorted({each.traveller_id for each in going}):
        tell("travellers.reach_added", traveller_id)
    registration.refresh_from_db()
    return registration


def left_behind(registration_id: int, contact_point_id: int) -> bool:
    """Whether an address served this registration through a party that it has left, and serves it
    no more: what was sent there before must not open anything of theirs."""
    reaches = Reach.objects.filter(contact_point=contact_point_id, purpose=Reach.Purpose.OWN)
    ended = PartyMember.objects.filter(registration=registration_id).exclude(until=None)
    if not reaches.filter(party__in=ended.values("party")).exists():
        return False
    still = PartyMember.objects.filter(registration=registration_id, until=None)
    serves = Q(registration=registration_id, party=None) | Q(party__in=still.values("party"))
    return not reaches.filter(serves, ended_at=None).exists()


@dataclass(frozen=True)
class Wish:
    """Somebody asks this adult to take a child into their care."""

    pk: int
    child: str
    asked_by: str


def possible_guardians(registration: Registration) -> list[Registration]:
    """Adults who were named on one form with this one, whether they still travel together or not:
    the list must not tell who has left."""
    parties = PartyMember.objects.filter(registration=registration).values("party")
    members = PartyMember.objects.filter(party__in=parties).exclude(registration=registration)
    rows = Registration.objects.filter(
        pk__in=members.values("registration"), traveller__guardian=None
    )
    return list(rows.select_related("traveller").order_by("pk"))


@writes
def ask_guardian(registration: Registration, minor_id: int, adult_id: int) -> GuardianWish:
    """A guardian asks another adult of the form to take a child into their care. Nothing changes
    until that adult agrees on their own page."""
    minors = {each.pk: each for each in spoken_for(registration)[1:]}
    adults = {each.pk: each for each in possible_guardians(registration)}
    if minor_id not in minors:
        raise Problem("child", "is not in your care", "reload the page")
    if adult_id not in adults:
        raise Problem("guardian", "is no adult of your party", "choose one of the list")
    wish, _ = GuardianWish.objects.get_or_create(
        minor=minors[minor_id],
        asked_of=adults[adult_id],
        answered_at=None,
        defaults={"asked_by": registration, "asked_at": clock.now()},
    )
    return wish


def wishes_for(registration: Registration) -> list[Wish]:
    """What waits for this adult's answer; nothing of a party that they have left."""
    rows = GuardianWish.objects.filter(asked_of=registration, answered_at=None).select_related(
        "minor__traveller", "asked_by__traveller"
    )
    return [
        Wish(each.pk, each.minor.traveller.name, each.asked_by.traveller.name)
        for each in rows.order_by("pk")[:20]
        if _travel_together(each)
    ]


@writes
def answer_wish(registration: Registration, wish_id: int, *, accept: bool) -> None:
    """The adult who was asked agrees, by their own link, or does not."""
    wish = (
        GuardianWish.objects.select_for_update()
        .filter(pk=wish_id, asked_of=registration, answered_at=None)
        .first()
    )
    if wish is None or not _travel_together(wish):
        raise Problem("wish", "does not stand any more", "reload the page")
    minor = Traveller.objects.select_for_update().get(pk=wish.minor.traveller_id)
    if minor.guardian_id != wish.asked_by.traveller_id:
        raise Problem("wish", "does not stand any more", "reload the page")
    if accept:
        minor.guardian_id = registration.traveller_id
        minor.save(update_fields=["guardian"])
        tell("travellers.reach_added", minor.pk)
    wish.answered_at, wish.accepted = clock.now(), accept
    wish.save(update_fields=["answered_at", "accepted"])


def _travel_together(wish: GuardianWish) -> bool:
    """Whether child and adult are still in one party."""
    of_child = PartyMember.objects.filter(registration=wish.minor_id, until=None)
    of_adult = PartyMember.objects.filter(
        registration=wish.asked_of_id, until=None, party__in=of_child.values("party")
    )
    return of_adult.exists()
