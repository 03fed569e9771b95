"""The one writer of enrolments, of a single one as of thousands: sets of rows, table by table.

Everything of a call is one transaction, and what is owed to late joiners is told in it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from wayhome.travellers import comparing, searching
from wayhome.travellers.addresses import address_hash
from wayhome.travellers.models import (
    Assurance,
    ContactPoint,
    Organisation,
    Party,
    PartyMember,
    Reach,
    Registration,
    Traveller,
)
from wayhome.travellers.services import clean_name
from wayhome.trips.enrolment import Checked, EnrolmentSaid, PersonSaid
from wayhome.trips.rows import AddressSaid, addresses_said, original_text
from wayhome.trips.writing_trips import TripOf, rows_of_trips, write_trip_rows
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.rows import Reserved, Value, insert
from wayhome.work.services import tell_all

PointKey = tuple[str, str]  # kind, keyed hash
Row = tuple[Value, ...]


@dataclass
class Written:
    """One enrolment that was written: numbers of its registrations, in the order in which the
    people were named, and of the reaches by mail of their own that nobody has proven yet."""

    registrations: list[int]
    to_verify: list[int] = field(default_factory=list)


@dataclass
class _Person:
    """One person of one enrolment: numbers are given when they are written."""

    said: PersonSaid
    original: str
    traveller: int = 0
    registration: int = 0


@dataclass
class _One:
    """One enrolment on its way, made ready before the transaction so that nobody waits for it."""

    checked: Checked
    people: list[_Person]
    addresses: list[tuple[AddressSaid, str, PointKey]]
    party: int | None = None
    to_verify: list[int] = field(default_factory=list)

    @property
    def said(self) -> EnrolmentSaid:
        return self.checked.said


def enrol_many(
    checked: Sequence[Checked],
    *,
    door: str,
    entered_by: int | None = None,
    organisation: Organisation | None = None,
) -> list[Written]:
    """Write these enrolments whole, or raise and write nothing."""
    if not checked:
        return []
    ones = [_made_ready(each) for each in checked]
    return _write(ones, door, entered_by, organisation)


def _made_ready(checked: Checked) -> _One:
    said = checked.said
    addresses = []
    for given in addresses_said(said):
        address = checked.addresses[given.text]
        addresses.append((given, address, (given.kind, address_hash(given.kind, address))))
    people = [_Person(person, original_text(said, person)) for person in said.people]
    return _One(checked, people, addresses)


@writes
def _write(
    ones: list[_One], door: str, entered_by: int | None, organisation: Organisation | None
) -> list[Written]:
    now = clock.now()
    for one in ones:
        one.to_verify.clear()  # of an attempt that was locked out
    people = [person for one in ones for person in one.people]
    trips = [(person, one.checked) for one in ones for person in one.people]
    free = Reserved(
        {
            Traveller: len(people),
            Registration: len(people),
            Party: sum(len(one.people) > 1 for one in ones),
            ContactPoint: len({key for one in ones for _, _, key in one.addresses}),
            Reach: sum(len(one.addresses) for one in ones),
            **rows_of_trips([each for _, each in trips]),
        }
    )
    _write_travellers(ones, free, now)
    for person in people:
        person.registration = free.take(Registration)
    insert(
        Registration,
        ("id", "traveller_id", "door", "assurance", "entered_by_id", "organisation_id",
         "reference", "original", "made_at"),
        (
            (person.registration, person.traveller, str(door), _assurance(one, person), entered_by,
             organisation.pk if organisation else None, person.said.reference, person.original, now)
            for one in ones
            for person in one.people
        ),
    )  # fmt: skip
    _write_parties(ones, free, now)
    reached = _write_reaches(ones, free, now)
    placed = write_trip_rows(
        [TripOf(person.registration, person.traveller, str(door), each) for person, each in trips],
        free,
        now,
    )
    searching.index_new(
        {each.traveller: (clean_name(each.said.name), each.said.name) for each in people}
    )
    comparing.ask(each.traveller for each in people)
    tell_all({"travellers.reach_added": reached, "trips.placed": placed})
    return [Written([person.registration for person in one.people], one.to_verify) for one in ones]


def _assurance(one: _One, person: _Person) -> int:
    is_reachable = one.said.verified_at or one.said.verified(person.said)
    return int(Assurance.REACHABLE if is_reachable else Assurance.SELF_DECLARED)


def _write_travellers(ones: list[_One], free: Reserved, now: datetime) -> None:
    """The people of each enrolment; minors in the care of the adult who is named, or the first."""
    adults: list[Row] = []
    minors: list[Row] = []
    for one in ones:
        for person in one.people:
            person.traveller = free.take(Traveller)
        first = next(each for each in one.people if not each.said.minor)
        for person in one.people:
            name = clean_name(person.said.name)
            if person.said.minor:
                named = person.said.guardian
                guardian = one.people[named - 1] if named else first
                minors.append((person.traveller, name, guardian.traveller, now))
            else:
                adults.append((person.traveller, name, None, now))
    insert(Traveller, ("id", "name", "guardian_id", "made_at"), [*adults, *minors])


def _write_parties(ones: list[_One], free: Reserved, now: datetime) -> None:
    together = [one for one in ones if len(one.people) > 1]
    for one in together:
        one.party = free.take(Party)
    insert(Party, ("id", "made_at"), ((one.party, now) for one in together))
    insert(
        PartyMember,
        ("party_id", "registration_id", "since"),
        ((one.party, person.registration, now) for one in together for person in one.people),
    )


def _write_reaches(ones: list[_One], free: Reserved, now: datetime) -> set[int]:
    """Reaches and the contact points they need; the travellers who are served by a new one."""
    wanted: dict[PointKey, tuple[str, str]] = {}  # address and language, as first named
    for one in ones:
        for _, address, key in one.addresses:
            wanted.setdefault(key, (address, one.said.language))
    points = contact_points(wanted, free, now)
    rows: dict[tuple[int, int, str, int | None], Row] = {}
    served: set[int] = set()
    for one in ones:
        for given, _, key in one.addresses:
            person = one.people[given.person]
            party = one.party if given.for_party else None
            once = (person.registration, points[key], str(given.purpose), party)
            if once in rows:
                continue
            number = free.take(Reach)
            language = one.said.language
            rows[once] = (number, *once, given.verified_at, now, now, language)
            is_own_mail = given.purpose == Reach.Purpose.OWN and given.kind == "mail"
            if is_own_mail and given.verified_at is None:
                one.to_verify.append(number)
            served.add(person.traveller)
            if party:
                served |= {each.traveller for each in one.people}
    insert(
        Reach,
        ("id", "registration_id", "contact_point_id", "purpose", "party_id", "verified_at",
         "consent_at", "made_at", "language"),
        rows.values(),
    )  # fmt: skip
    return served


def contact_points(
    wanted: dict[PointKey, tuple[str, str]], free: Reserved, now: datetime
) -> dict[PointKey, int]:
    """Numbers of these contact points (address, language); those that are new are made, the
    others left as they are. As many are reserved as are wanted.

    The same is asked of the database whether or not an address is known, so that the time it takes
    tells nobody which.
    """
    # In one order, so that two writers of the same addresses do not wait for each other for ever.
    keys = sorted(wanted)
    _make_points(keys, wanted, free, now)
    known = _numbers_of_points(keys)
    while missing := [key for key in keys if key not in known]:  # erased this moment
        _make_points(missing, wanted, Reserved({ContactPoint: len(missing)}), now)
        known |= _numbers_of_points(missing)
    return known


def _make_points(
    keys: list[PointKey], wanted: dict[PointKey, tuple[str, str]], free: Reserved, now: datetime
) -> None:
    insert(
        ContactPoint,
        ("id", "kind", "address", "address_hash", "domain", "language", "made_at"),
        (
            (free.take(ContactPoint), str(kind), wanted[kind, hashed][0], hashed,
             wanted[kind, hashed][0].rpartition("@")[2] if kind == "mail" else "",
             wanted[kind, hashed][1], now)
            for kind, hashed in keys
        ),
        ignore_known=True,
    )  # fmt: skip


def _numbers_of_points(keys: Iterable[PointKey]) -> dict[PointKey, int]:
    """Held until the transaction ends: what serves nobody may be erased at any moment."""
    hold = " FOR KEY SHARE" if connection.vendor == "postgresql" else ""
    hashes: dict[str, list[str]] = defaultdict(list)
    for kind, hashed in keys:
        hashes[str(kind)].append(hashed)
    known: dict[PointKey, int] = {}
    for kind, of_kind in hashes.items():
        for start in range(0, len(of_kind), 500):
            chunk = of_kind[start : start + 500]
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT address_hash, id FROM contact_point"
                    f" WHERE kind = %s AND address_hash IN ({', '.join(['%s'] * len(chunk))})"
                    f" ORDER BY id{hold}",
                    [kind, *chunk],
                )
                known |= {(kind, hashed): number for hashed, number in cursor.fetchall()}
    return known
