"""What an enrolment says, checked whole before anything is written."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from wayhome.places import pack
from wayhome.places.errors import PlaceError
from wayhome.places.finding import few_guesses
from wayhome.places.placing import Placed, place_stay
from wayhome.problems import Problem, Problems
from wayhome.travellers.addresses import normalise_mail, normalise_phone
from wayhome.travellers.services import clean_name
from wayhome.travellers.zones import LANGUAGES as LANGUAGES
from wayhome.trips.models import Leg

MOST_PEOPLE = 40
MOST_STAYS = 40
MOST_LEGS = 40
MOST_GUESSES = 8  # spellings of places compared with all there are, for one enrolment
REFERENCE_LENGTH = 120
EARLIEST = date(1900, 1, 1)
LATEST_AHEAD = timedelta(days=366 * 5)


@dataclass(frozen=True)
class StaySaid:
    """A place in words or code, in a country, and local days; no ``depart``: residence."""

    place: str
    arrive: date
    depart: date | None = None
    country: str | None = None


@dataclass(frozen=True)
class LegSaid:
    mode: str
    departs_from: str
    departs_at: datetime
    arrives_in: str
    arrives_at: datetime
    carrier: str = ""
    number: str = ""


@dataclass(frozen=True)
class PersonSaid:
    name: str
    minor: bool = False
    mail: str = ""
    phone: str = ""
    reference: str = ""
    # The values of another register as they came, by its own columns.
    came_as: tuple[tuple[str, str], ...] = ()
    # When their own addresses were verified.
    verified_at: datetime | Literal["with the party"] | None = "with the party"
    # Of a minor: which of these people, counted from 1, is the guardian; 0: the first adult.
    guardian: int = 0


@dataclass(frozen=True)
class EnrolmentSaid:
    """One party: adults and minors, where they will be, and the addresses given for them all.

    ``verified_at``: when the register that this comes from verified the addresses.
    """

    people: tuple[PersonSaid, ...]
    stays: tuple[StaySaid, ...]
    legs: tuple[LegSaid, ...] = ()
    mail: str = ""
    phone: str = ""
    language: str = "en"
    emergency_mail: str = ""
    emergency_phone: str = ""
    watches: tuple[str, ...] = ()
    verified_at: datetime | None = None
    # Entered by somebody who knows no address of theirs.
    without_address: bool = False

    def verified(self, person: PersonSaid) -> datetime | None:
        """When the addresses of one person of it were verified."""
        at = person.verified_at
        return self.verified_at if at == "with the party" else at


@dataclass
class Checked:
    """The same, with places resolved; what ``services.enrol`` writes."""

    said: EnrolmentSaid
    stays: list[Placed] = field(default_factory=list)
    legs: list[tuple[Placed, Placed]] = field(default_factory=list)
    # Normalised addresses by the text they were given as.
    addresses: dict[str, str] = field(default_factory=dict)


Place = Callable[[str, str | None], Placed]


def check(said: EnrolmentSaid, today: date, place: Place = place_stay) -> Checked:
    """Resolve every place and check every field; Problems names all faults at once.

    ``place`` is ``place_stay``, or the same with a memory.
    """
    with few_guesses(MOST_GUESSES):
        return _check(said, today, place)


def _check(said: EnrolmentSaid, today: date, place: Place) -> Checked:
    faults: list[Problem] = []
    checked = Checked(said)

    def attempt(field_name: str, step: object, *args: object) -> object:
        try:
            return step(*args)  # type: ignore[operator]
        except Problem as error:
            faults.append(Problem(field_name, error.problem, error.fix))
        return None

    if not said.people or all(person.minor for person in said.people):
        faults.append(Problem("people", "no adult is named", "name at least one adult"))
    if len(said.people) > MOST_PEOPLE:
        faults.append(Problem("people", f"are {len(said.people)}", f"split above {MOST_PEOPLE}"))
    if not said.stays and not said.legs and not said.watches:
        faults.append(Problem("stays", "none is given", "say where you will be and when"))
    if len(said.stays) > MOST_STAYS:
        faults.append(Problem("stays", f"are {len(said.stays)}", f"split above {MOST_STAYS}"))
    if said.language not in LANGUAGES:
        faults.append(
            Problem(
                "language", f"{said.language[:20]!r} is not offered", f"use {', '.join(LANGUAGES)}"
            )
        )
    addresses = [(said.mail, normalise_mail, "mail"), (said.phone, normalise_phone, "phone")]
    addresses += [
        (said.emergency_mail, normalise_mail, "emergency mail"),
        (said.emergency_phone, normalise_phone, "emergency phone"),
    ]
    for number, person in enumerate(said.people, 1):
        attempt(f"name {number}", clean_name, person.name)
        attempt(f"reference {number}", _check_reference, person.reference)
        attempt(f"guardian {number}", _check_guardian, person, said.people)
        addresses.append((person.mail, normalise_mail, f"mail {number}"))
        addresses.append((person.phone, normalise_phone, f"phone {number}"))
    for text, step, name in addresses:
        if text and (normalised := attempt(name, step, text)):
            checked.addresses[text] = str(normalised)
    given = any(text for text, _, name in addresses if not name.startswith("emergency"))
    if not given and not said.without_address:
        faults.append(
            Problem("mail", "no way to reach anyone is given", "give a mail address or a phone")
        )

    for number, stay in enumerate(said.stays[:MOST_STAYS], 1):
        placed = attempt(f"place {number}", place, stay.place, stay.country)
        if isinstance(placed, Placed):
            checked.stays.append(placed)
        faults.extend(_day_faults(stay, number, today))
    if len(said.legs) > MOST_LEGS:
        faults.append(Problem("legs", f"are {len(said.legs)}", f"split above {MOST_LEGS}"))
    for number, leg in enumerate(said.legs[:MOST_LEGS], 1):
        faults.extend(_leg_faults(leg, number))
        ends = [
            attempt(f"leg {number} from", place, leg.departs_from, None),
            attempt(f"leg {number} to", place, leg.arrives_in, None),
        ]
        if isinstance(ends[0], Placed) and isinstance(ends[1], Placed):
            checked.legs.append((ends[0], ends[1]))
    for number, code in enumerate(said.watches, 1):
        attempt(f"watch {number}", pack.area, code)
    if faults:
        raise Problems(faults)
    return checked


def check_stay(said: StaySaid, today: date) -> Placed:
    """Resolve and check one stay; Problems where it cannot be."""
    faults = _day_faults(said, 1, today)
    try:
        placed = place_stay(said.place, said.country)
    except PlaceError as error:
        raise Problems([Problem("place 1", error.problem, error.fix), *faults]) from error
    if faults:
        raise Problems(faults)
    return placed


def check_days(said: StaySaid, today: date) -> None:
    """Problems where the days of one stay cannot be."""
    if faults := _day_faults(said, 1, today):
        raise Problems(faults)


def _check_guardian(person: PersonSaid, people: tuple[PersonSaid, ...]) -> None:
    number = person.guardian
    if number and not (person.minor and 0 < number <= len(people) and not people[number - 1].minor):
        raise Problem("guardian", "is no adult of these", "choose an adult who is named here")


def _check_reference(reference: str) -> None:
    if len(reference) > REFERENCE_LENGTH:
        raise Problem(
            "reference", f"has {len(reference)} characters", f"use at most {REFERENCE_LENGTH}"
        )
    if not reference.isprintable():
        raise Problem("reference", "has characters that cannot be shown", "take them out")


def _day_faults(stay: StaySaid, number: int, today: date) -> list[Problem]:
    faults = []
    if not EARLIEST <= stay.arrive <= today + LATEST_AHEAD:
        faults.append(
            Problem(f"arrive {number}", f"{stay.arrive} is out of range", "check the year")
        )
    if stay.depart is not None:
        if stay.depart < stay.arrive:
            faults.append(
                Problem(
                    f"depart {number}",
                    f"{stay.depart} is before the arrival {stay.arrive}",
                    "swap or mend the days",
                )
            )
        elif stay.depart > today + LATEST_AHEAD:
            faults.append(
                Problem(
                    f"depart {number}",
                    f"{stay.depart} is more than five years ahead",
                    "leave it empty for residence",
                )
            )
    return faults


def _leg_faults(leg: LegSaid, number: int) -> list[Problem]:
    faults = []
    if leg.mode not in Leg.Mode.values:
        faults.append(
            Problem(
                f"leg {number} mode", f"{leg.mode[:20]!r} is none", "use air, rail, road or sea"
            )
        )
    for name, moment in (("departs", leg.departs_at), ("arrives", leg.arrives_at)):
        if moment.tzinfo is None:
            faults.append(
                Problem(f"leg {number} {name}", "has no time zone", "add it, for example +03:00")
            )
    if not faults and leg.arrives_at < leg.departs_at:
        faults.append(Problem(f"leg {number} arrives", "is before it departs", "mend the times"))
    return faults
