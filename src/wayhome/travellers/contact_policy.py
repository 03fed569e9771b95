"""The contact policy of a reach: its terms, a stop, hostile hands. Each step keeps who, when, why.

What is decided here takes effect on what is queued already: every delivery asks again at hand-off.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time

from django.db.models import F, Q, QuerySet

from wayhome.officers import audit
from wayhome.officers.access import acting, require
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem, Problems
from wayhome.travellers.joining import part_proven_at
from wayhome.travellers.models import (
    ContactPoint,
    PartyMember,
    Reach,
    ReachStep,
    Registration,
    Traveller,
)
from wayhome.travellers.queries import in_care
from wayhome.travellers.seeing import seen_by
from wayhome.travellers.services import clean_words
from wayhome.travellers.zones import LANGUAGES, is_zone
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell

WHY_LENGTH = 300
# By which channels each kind of address can be reached.
CHANNELS: dict[str, tuple[str, ...]] = {
    ContactPoint.Kind.MAIL: ("mail",),
    ContactPoint.Kind.PHONE: ("sms",),
}


_DEEDS: dict[str, Deed] = {
    ReachStep.Did.CHANGED: Deed.REACH_CHANGED,
    ReachStep.Did.STOPPED: Deed.REACH_STOPPED,
    ReachStep.Did.RESUMED: Deed.REACH_RESUMED,
    ReachStep.Did.HOSTILE: Deed.ADDRESS_HOSTILE,
    ReachStep.Did.SAFE_AGAIN: Deed.ADDRESS_SAFE,
    ReachStep.Did.ASKED_TO_STOP: Deed.REACH_STOP_ASKED,
}


@dataclass(frozen=True)
class PolicySaid:
    """The terms of one reach as someone wants them. No ``channels``: by any."""

    quiet_from: time | None = None
    quiet_until: time | None = None
    time_zone: str = ""
    language: str = ""  # empty: the address's
    neutral: bool = False
    channels: tuple[str, ...] = ()


@dataclass(frozen=True)
class By:
    """Who decides: an officer, or the registration whose own page it is said on."""

    officer: Officer | None = None
    registration_id: int | None = None


@writes
def set_policy(reach_id: int, said: PolicySaid, by: By, why: str = "") -> Reach:
    """Set the terms; Problems with every fault, and nothing is changed."""
    _may(by)
    reach = _locked(reach_id, by)
    _check(reach, said)
    quiet = said.quiet_from is not None
    before = _terms(reach)
    reach.quiet_from, reach.quiet_until = said.quiet_from, said.quiet_until
    reach.time_zone = said.time_zone if quiet else "UTC"
    reach.language = "" if said.language == reach.contact_point.language else said.language
    reach.wording = Reach.Wording.NEUTRAL if said.neutral else Reach.Wording.FULL
    reach.channels = f",{','.join(said.channels)}," if said.channels else ""
    after = _terms(reach)
    changed = [f"{name}: {value}" for name, value in after.items() if before[name] != value]
    if not changed:
        return reach
    reach.save()
    _note(reach, ReachStep.Did.CHANGED, by, why, "; ".join(changed))
    if before["channels"] != after["channels"]:
        _tell(reach)  # there may be a way more
    return reach


@writes
def stop(reach_id: int, by: By, why: str = "") -> Reach:
    """Nothing more comes there, warnings included, until it is resumed. Stopped already: so be it.

    Whoever asks for a person must first know that no muster covers them (``ask_to_stop``).
    """
    _may(by)
    reach = _locked(reach_id, by)
    if reach.stopped_at is None:
        reach.stopped_at = clock.now()
        reach.save(update_fields=["stopped_at"])
        _note(reach, ReachStep.Did.STOPPED, by, why)
    return reach


@writes
def ask_to_stop(reach_id: int, by: By) -> Reach:
    """Keep as said that nothing more shall come, and carry out nothing: a muster covers them."""
    reach = _locked(reach_id, by)
    if reach.stopped_at is None and reach.stop_asked_at is None:
        reach.stop_asked_at = clock.now()
        reach.save(update_fields=["stop_asked_at"])
        _note(reach, ReachStep.Did.ASKED_TO_STOP, by, "")
    return reach


@writes
def resume(reach_id: int, by: By, why: str = "") -> Reach:
    """Take back a stop, carried out or only asked for; what is in force is sent there."""
    _may(by)
    reach = _locked(reach_id, by)
    if reach.stopped_at is not None or reach.stop_asked_at is not None:
        reach.stopped_at = reach.stop_asked_at = None
        reach.save(update_fields=["stopped_at", "stop_asked_at"])
        _note(reach, ReachStep.Did.RESUMED, by, why)
        _tell(reach)
    return reach


@writes
def mark_hostile(officer: Officer, reach_id: int, why: str) -> Reach:
    """An address is in hostile hands: nothing goes there for anyone any more, from this moment,
    and the links that were sent there open nothing any more."""
    require(officer, Verb.MUSTER)
    reach = _locked(reach_id, By(officer))
    why = _reason(why)
    if reach.hostile_since is not None:
        raise Problem("reach", "is marked already", "reload the page")
    reach.hostile_since = clock.now()
    reach.save(update_fields=["hostile_since"])
    ContactPoint.objects.filter(pk=reach.contact_point_id).update(link_epoch=F("link_epoch") + 1)
    _registrations(reach).update(link_epoch=F("link_epoch") + 1)
    part_proven_at(officer, [reach.contact_point_id], why)
    _note(reach, ReachStep.Did.HOSTILE, By(officer), why)
    return reach


@writes
def lift_hostile(officer: Officer, reach_id: int, why: str) -> Reach:
    """It is theirs again. Where it is marked for another person too, nothing goes there still."""
    require(officer, Verb.MUSTER)
    reach = _locked(reach_id, By(officer))
    why = _reason(why)
    if reach.hostile_since is None:
        raise Problem("reach", "is not marked", "reload the page")
    reach.hostile_since = None
    reach.save(update_fields=["hostile_since"])
    _note(reach, ReachStep.Did.SAFE_AGAIN, By(officer), why)
    _tell(reach)
    tell("travellers.address_mended", reach.contact_point_id)
    return reach


def served_by(reach: Reach) -> set[int]:
    """Travellers whom a reach serves, and the minors in the care of its own."""
    served = set(_registrations(reach).values_list("traveller_id", flat=True))
    adults = Traveller.objects.filter(pk__in=served, guardian=None)
    return served | {minor.pk for adult in adults for minor in in_care(adult)}


def stops_asked() -> Iterator[Reach]:
    """Stops that were asked for and are not carried out, in order of their numbers."""
    rows = Reach.objects.filter(stop_asked_at__isnull=False, stopped_at=None, ended_at=None)
    after = 0
    while page := list(rows.filter(pk__gt=after).order_by("pk")[:500]):
        yield from page
        after = page[-1].pk


def _registrations(reach: Reach) -> "QuerySet[Registration]":
    """Those whom a reach serves: its own, and its party's."""
    own = Q(pk=reach.registration_id)
    if reach.party_id is None:
        return Registration.objects.filter(own)
    members = PartyMember.objects.filter(party_id=reach.party_id, until=None)
    return Registration.objects.filter(own | Q(pk__in=members.values("registration_id")))


def _may(by: By) -> None:
    if by.officer is not None:
        require(by.officer, Verb.MUSTER)
    elif by.registration_id is None:
        raise ValueError("nobody decides")


def _locked(reach_id: int, by: By) -> Reach:
    there = seen_by(acting(by.officer), "registration") if by.officer else Q()
    reach = (
        Reach.objects.select_for_update(of=("self",))
        .select_related("contact_point", "registration")
        .filter(there, pk=reach_id, ended_at=None)
        .first()
    )
    if reach is None:
        raise Problem("address", "is not used any more", "reload the page")
    return reach


def _check(reach: Reach, said: PolicySaid) -> None:
    faults = []
    if (said.quiet_from is None) != (said.quiet_until is None):
        missing = "quiet_from" if said.quiet_from is None else "quiet_until"
        faults.append(Problem(missing, "is empty", "give both hours, or neither"))
    elif said.quiet_from is not None and said.quiet_from == said.quiet_until:
        faults.append(Problem("quiet_until", "is the hour they begin", "give another, or neither"))
    if said.quiet_from is not None and not is_zone(said.time_zone):
        said_zone = f"{said.time_zone[:40]!r} is no time zone" if said.time_zone else "is empty"
        faults.append(Problem("time_zone", said_zone, "choose one, such as Asia/Baghdad"))
    if said.language and said.language not in LANGUAGES:
        faults.append(Problem("language", "is not offered", f"use one of {', '.join(LANGUAGES)}"))
    offered = CHANNELS[reach.contact_point.kind]
    if set(said.channels) - set(offered):
        faults.append(Problem("channels", "cannot be used here", f"use {', '.join(offered)}"))
    if faults:
        raise Problems(faults)


def _terms(reach: Reach) -> dict[str, str]:
    """The terms in words, for the history."""
    quiet = "none"
    if reach.quiet_from is not None and reach.quiet_until is not None:
        quiet = f"{reach.quiet_from:%H:%M} to {reach.quiet_until:%H:%M} {reach.time_zone}"
    return {
        "quiet hours": quiet,
        "language": reach.language or "the address's",
        "wording": str(reach.wording),
        "channels": reach.channels.strip(",") or "any",
    }


def _reason(why: str) -> str:
    why = clean_words(why)
    if not why:
        raise Problem("why", "is empty", "say how you know, for those who come after you")
    if len(why) > WHY_LENGTH:
        raise Problem("why", f"has {len(why)} characters", f"use at most {WHY_LENGTH}")
    return why


def _note(reach: Reach, did: str, by: By, why: str, what: str = "") -> None:
    step = ReachStep.objects.create(
        reach=reach,
        did=did,
        what=what[:300],
        officer_id=by.officer.pk if by.officer else None,
        said_by_id=by.registration_id,
        why=clean_words(why)[:WHY_LENGTH],
        at=clock.now(),
    )
    if by.officer is not None:
        audit.record(by.officer, _DEEDS[did], "reach step", step.pk)


def _tell(reach: Reach) -> None:
    """There is a way more: whom it serves is warned of what is in force, as late joiners are."""
    for traveller_id in sorted(set(_registrations(reach).values_list("traveller_id", flat=True))):
        tell("travellers.reach_added", traveller_id)
