"""Take over what another register has changed since, never what the people changed themselves.

What the register said last stands in ``original`` (``restated``, appended); only where it says
something else now is anything done. What cannot be done without overruling somebody is reported,
each time, until it is settled by hand.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from wayhome.travellers import services as travellers
from wayhome.travellers.addresses import normalise
from wayhome.travellers.models import Assurance, ContactPoint, Organisation, Reach, Registration
from wayhome.trips import services
from wayhome.trips.enrolment import Checked, StaySaid
from wayhome.trips.imports.understanding import Fault, PartyLines, PersonLines
from wayhome.trips.models import Stay, Trip
from wayhome.trips.rows import AddressSaid, addresses_said, original_of
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell

Covered = Callable[[Iterable[int]], set[int]]
Said = dict[str, Any]
_ADDRESSES = ("mail", "phone", "emergency_mail", "emergency_phone")


@dataclass
class Update:
    """Known lines of one register against what it said before."""

    door: str
    organisation: Organisation | None
    dry_run: bool
    covered: Covered | None

    @writes
    def apply(self, party: PartyLines, checked: Checked) -> tuple[int, list[Fault]]:
        """How many people have something new now, and what was left as it is and why."""
        rows = Registration.objects.filter(
            door=self.door, organisation=self.organisation, reference__in=party.references
        )
        registrations = {row.reference: row for row in rows.select_related("traveller")}
        changed, conflicts = 0, []
        for index, person in enumerate(party.people):
            registration = registrations.get(person.reference)
            if registration is None:
                continue  # a member without a reference of their own, whose line is another now
            now = original_of(checked.said, checked.said.people[index])
            before = _last_said(registration)
            if _compared(now) == _compared(before):
                continue
            if self.covered and self.covered([registration.traveller_id]):
                what = "a muster covers this person, and a list changes nothing of theirs"
                conflicts.append(_conflict(person, "stay", what, "let an officer decide"))
                continue
            one = _Person(self.door, registration, person, checked, index, before, now)
            with transaction.atomic():
                changed += one.apply()
                if self.dry_run:
                    transaction.set_rollback(True)
            conflicts += one.conflicts
        return changed, conflicts


def _last_said(registration: Registration) -> Said:
    restated = registration.original.get("restated") or [registration.original]
    return deepcopy(dict(restated[-1]))


def _compared(said: Said) -> Said:
    """What of it a change is a change of."""
    person = {
        name: value
        for name, value in said["people"][0].items()
        if name not in ("came_as", "reference")
    }
    names = ("stays", "language", "verified_at", *_ADDRESSES)
    return {name: said.get(name) for name in names} | {"person": person}


def _conflict(person: PersonLines, name: str, what: str, fix: str, at: int = 0) -> Fault:
    line = person.lines[min(at, len(person.lines) - 1)][0]
    return Fault(line, f"{name}: {what}; {fix}", name, what, fix)


@dataclass
class _Person:
    """One person whose line says something else than before."""

    door: str
    registration: Registration
    lines: PersonLines
    checked: Checked
    index: int
    before: Said
    now: Said
    conflicts: list[Fault] = field(default_factory=list)
    done: int = 0

    def apply(self) -> int:
        """1 where anything was taken over; what was is what the register said last from now on."""
        merged = deepcopy(self.before)
        merged.pop("restated", None)
        self._stays(merged)
        self._name(merged)
        self._addresses(merged)
        self._verified(merged)
        self._language(merged)
        if self.now["people"][0]["minor"] != self.before["people"][0]["minor"]:
            self._leave("minor", "is another now", "let an officer settle who cares for whom")
        if self.done:
            merged["people"][0]["came_as"] = self.now["people"][0]["came_as"]
            merged["at"] = clock.now().isoformat()
            original = self.registration.original
            original["restated"] = [*original.get("restated", []), merged]
            self.registration.save(update_fields=["original"])
        return int(self.done > 0)

    def _leave(self, name: str, what: str, fix: str, at: int = 0) -> None:
        self.conflicts.append(_conflict(self.lines, name, what, fix, at))

    def _stays(self, merged: Said) -> None:
        trip = Trip.objects.filter(registration=self.registration).order_by("pk").first()
        if trip is None:
            return
        lines: list[int] = merged.get("lines") or [n + 1 for n in range(len(merged["stays"]))]
        current = {stay.line: stay for stay in Stay.objects.filter(trip=trip, is_current=True)}
        claimed = {stay.instead_of for stay in current.values()}
        for n, fresh in enumerate(self.now["stays"]):
            said = self.checked.said.stays[n]
            if n >= len(lines):
                lines.append(services.add_stay(trip, said, self.door).line)
                merged["stays"].append(fresh)
                self.done += 1
            elif fresh != merged["stays"][n]:
                stay = current.get(lines[n])
                if stay is None or stay.source != self.door or stay.line in claimed:
                    by = stay.source if stay else "another hand"
                    what = f"has changed in the list, and was changed since by {by}"
                    self._leave(f"stay {n + 1}", what, "ask them, or let an officer change it", n)
                    continue
                self._change(stay, said)
                merged["stays"][n] = fresh
                self.done += 1
        merged["lines"] = lines
        for n in range(len(self.now["stays"]), len(lines)):
            what = "is in the list no more, and is kept"
            self._leave(f"stay {n + 1}", what, "end it by hand where they will not be there")

    def _change(self, stay: Stay, said: StaySaid) -> None:
        services.change_stay(stay.pk, said=said, source=self.door)

    def _name(self, merged: Said) -> None:
        name = self.checked.said.people[self.index].name
        was = str(self.before["people"][0]["name"])
        if name == was:
            return
        traveller = self.registration.traveller
        others = Registration.objects.filter(traveller=traveller).exclude(pk=self.registration.pk)
        if traveller.name != travellers.clean_name(was) or others.exists():
            self._leave("name", "has changed in the list", "let an officer mend the name")
            return
        travellers.rename(traveller, name)
        merged["people"][0]["name"] = name
        self.done += 1

    def _addresses(self, merged: Said) -> None:
        own = [each for each in addresses_said(self.checked.said) if each.person == self.index]
        given = {_place_of(each): each for each in own}
        for kind in ("mail", "phone"):
            for for_party, purpose, place in (
                (True, Reach.Purpose.OWN, kind),
                (True, Reach.Purpose.EMERGENCY, f"emergency_{kind}"),
                (False, Reach.Purpose.OWN, f"own {kind}"),
            ):
                was = self._text(self.before, place)
                text = self._text(self.now, place)
                if was == text:
                    continue
                address = given.get(place)
                if for_party and self.index != self._speaker():
                    self._set(merged, place, text)  # the first adult's line speaks for it
                elif not text:
                    self._leave(kind, "is in the list no more, and is kept", "end it by hand")
                elif address is not None:
                    self._replace(kind, purpose, was, address)
                    self._set(merged, place, text)
                    self.done += 1

    def _speaker(self) -> int:
        people = self.checked.said.people
        return next(index for index, person in enumerate(people) if not person.minor)

    @staticmethod
    def _text(said: Said, place: str) -> str:
        if place.startswith("own "):
            return str(said["people"][0].get(place[4:]) or "")
        return str(said.get(place) or "")

    @staticmethod
    def _set(said: Said, place: str, text: str) -> None:
        if place.startswith("own "):
            said["people"][0][place[4:]] = text
        else:
            said[place] = text

    def _replace(self, kind: str, purpose: str, was: str, address: AddressSaid) -> None:
        """The new address, and the end of the old one unless somebody has taken a hand in it."""
        membership = self.registration.memberships.filter(until=None).first()
        party = membership.party if membership and address.for_party else None
        travellers.add_reach(
            self.registration,
            travellers.contact_point(kind, address.text, self.checked.said.language),
            party=party,
            purpose=purpose,
            verified_at=address.verified_at,
            language=self.checked.said.language,
        )
        if not was:
            return
        old = self._open(purpose).filter(contact_point__address=normalise(kind, was)).first()
        if old is None:
            return
        if self._is_untouched(old):
            old.ended_at = clock.now()
            old.save(update_fields=["ended_at"])
        else:
            what = "is another in the list; the one before was proven or changed since, and is kept"
            self._leave(kind, what, "end it by hand where it is theirs no more")

    def _open(self, purpose: str) -> Any:
        return Reach.objects.filter(registration=self.registration, purpose=purpose, ended_at=None)

    def _is_untouched(self, reach: Reach) -> bool:
        listed = self._verified_before()
        return (
            reach.hostile_since is None
            and reach.stopped_at is None
            and reach.stop_asked_at is None
            and reach.verified_at in (None, listed)
            and not reach.steps.exists()
        )

    def _verified_before(self) -> datetime | None:
        at = self.before["people"][0].get("verified_at")
        at = self.before.get("verified_at") if at == "with the party" else at
        return datetime.fromisoformat(at) if at else None

    def _verified(self, merged: Said) -> None:
        person = self.checked.said.people[self.index]
        at = self.checked.said.verified(person)
        if at == self._verified_before():
            return
        if at is None:
            self._leave("verified", "is in the list no more", "let an officer look at the address")
            return
        listed = [
            normalise(kind, text)
            for kind, text in (("mail", person.mail), ("phone", person.phone))
            if text
        ]
        reaches = self._open(Reach.Purpose.OWN).filter(
            contact_point__address__in=listed, verified_at=None, hostile_since=None
        )
        if reaches.update(verified_at=at):
            tell("travellers.reach_added", self.registration.traveller_id)
        if self.registration.assurance < Assurance.REACHABLE and listed:
            self.registration.assurance = Assurance.REACHABLE
            self.registration.save(update_fields=["assurance"])
        merged["people"][0]["verified_at"] = self.now["people"][0]["verified_at"]
        merged["verified_at"] = self.now["verified_at"]
        self.done += 1

    def _language(self, merged: Said) -> None:
        language = self.checked.said.language
        if language == self.before["language"]:
            return
        for reach in (
            self._open(Reach.Purpose.OWN).filter(steps=None).select_related("contact_point")
        ):
            same = language == reach.contact_point.language
            reach.language = "" if same else language
            reach.save(update_fields=["language"])
        merged["language"] = language
        self.done += 1


def _place_of(address: AddressSaid) -> str:
    """Where in what was said an address stands."""
    if not address.for_party:
        return f"own {address.kind}"
    emergency = address.purpose == Reach.Purpose.EMERGENCY
    return f"emergency_{address.kind}" if emergency else str(ContactPoint.Kind(address.kind))
