"""The lines of a party become one enrolment, or Problems that name line, field and fix."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from wayhome.places import pack
from wayhome.places.errors import PlaceError
from wayhome.places.names import the_one
from wayhome.problems import Problem, Problems
from wayhome.trips.enrolment import EnrolmentSaid, PersonSaid, StaySaid
from wayhome.trips.imports.gathering import Held, line_key
from wayhome.trips.imports.iso3 import ISO3
from wayhome.trips.imports.mapping import (
    Mapping,
    Reader,
    Values,
    how_days_are_written,
    read_day,
)
from wayhome.work import clock

LONGEST_VALUE = 500

Line = tuple[int, Values]
_countries: dict[str, str] = {}


@dataclass(frozen=True)
class Fault:
    """What is wrong in which line (the header is line 1); ``problem`` is the whole sentence."""

    line: int
    problem: str
    name: str = field(default="", compare=False)  # of the field
    what: str = field(default="", compare=False)
    fix: str = field(default="", compare=False)


@dataclass(frozen=True)
class PersonLines:
    """One person of a party: their lines, and the name under which they are known."""

    reference: str
    given: bool  # by the other register; otherwise made of the line itself
    lines: list[Line]
    came_as: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PartyLines:
    people: list[PersonLines]
    held: Held

    @property
    def references(self) -> set[str]:
        return {person.reference for person in self.people}


def party_lines(held: Held, reader: Reader) -> PartyLines:
    """The people of a party in order of appearance, each with their lines."""
    people: dict[str, PersonLines] = {}
    for row, alike in zip(held.rows, held.alike, strict=True):
        given = reader.value(row.cells, "reference")
        name = given or line_key(reader.identity(row.cells), alike)
        lines = [(row.line, values) for values in reader.stays(row.cells)]
        person = people.setdefault(
            name, PersonLines(name, bool(given), [], reader.came_as(row.cells))
        )
        person.lines.extend(lines)
    return PartyLines(list(people.values()), held)


def said(party: PartyLines, mapping: Mapping) -> EnrolmentSaid:
    """One enrolment of a party: everyone shares the stays, as the lines of its first adult say."""
    _check_lengths(party)
    people = [person.lines for person in party.people]
    stays = [_stays(lines, mapping) for lines in people]
    odd = next((i for i, own in enumerate(stays) if own != stays[0]), None)
    if odd is not None:
        raise Problem(
            f"line {people[odd][0][0]}",
            "this person's stays differ from the party's",
            "give people who go different ways different parties",
        )
    first = people[0][0][1]
    together = len(people) > 1
    return EnrolmentSaid(
        people=tuple(_person(person, mapping) for person in party.people),
        stays=stays[0],
        language=first["language"].lower() or "en",
        verified_at=_verified(people[0][0], mapping),  # of the addresses that serve the party
        # A lone person's address is their own; a party's first address serves the party.
        mail=first["mail"] if together else "",
        phone=first["phone"] if together else "",
        emergency_mail=first["emergency_mail"],
        emergency_phone=first["emergency_phone"],
    )


def _check_lengths(party: PartyLines) -> None:
    for person in party.people:
        for number, values in person.lines:
            for name, value in values.items():
                if len(value) > LONGEST_VALUE:
                    raise Problem(
                        f"line {number}",
                        f"{name}: has over {LONGEST_VALUE} characters",
                        "shorten it",
                    )


def _person(person: PersonLines, mapping: Mapping) -> PersonSaid:
    number, values = person.lines[0]
    if any(own["name"] != values["name"] for _, own in person.lines):
        raise Problem(f"line {number}", "one reference has two names", "give each its own")
    return PersonSaid(
        name=values["name"],
        minor=_yes(number, "minor", values["minor"], mapping),
        mail=values["mail"],
        phone=values["phone"],
        reference=person.reference,
        came_as=person.came_as,
        verified_at=_verified(person.lines[0], mapping),
    )


def _stays(lines: list[Line], mapping: Mapping) -> tuple[StaySaid, ...]:
    return tuple(
        StaySaid(
            place=country_code(values["place"]) or values["place"]
            if values["place"] == values["country"]
            else values["place"],
            country=_country(number, values["country"]),
            arrive=_day(number, "arrive", values["arrive"], mapping),
            depart=_day(number, "depart", values["depart"], mapping) if values["depart"] else None,
        )
        for number, values in lines
    )


def _country(number: int, text: str) -> str | None:
    if not text:
        return None
    code = country_code(text)
    if code is None:
        raise Problem(
            f"line {number}", f"country {text[:40]!r} is unknown", "use its name or ISO 3166 code"
        )
    return code


def country_code(text: str) -> str | None:
    """ISO 3166-1 alpha-2 of a country by its code (two or three letters) or name; None: unknown."""
    found = _countries.get(text)
    if found is None:
        if len(_countries) > 5_000:
            _countries.clear()
        found = _countries[text] = _read_country(text)
    return found or None


def _read_country(text: str) -> str:
    code = text.upper()
    if len(text) == 2 and pack.code_of(code):
        return code
    if code in ISO3:
        return ISO3[code]
    try:
        return the_one(text, kinds=("country",)).country
    except PlaceError:
        return ""


def _day(number: int, name: str, text: str, mapping: Mapping) -> date:
    day = read_day(mapping, text)
    if day is None:
        raise Problem(
            f"line {number}", f"{name} {text[:20]!r} is no day", how_days_are_written(mapping)
        )
    return day


def _yes(number: int, name: str, text: str, mapping: Mapping) -> bool:
    word = text.lower()
    if word in mapping.yes:
        return True
    if word in mapping.no:
        return False
    raise Problem(f"line {number}", f"{name} is {text[:20]!r}", "write yes or no")


def _verified(line: Line, mapping: Mapping) -> datetime | None:
    """The day on which the other register verified the addresses, if it did."""
    number, values = line
    if not values["verified"]:
        return None
    day = _day(number, "verified", values["verified"], mapping)
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if moment > clock.now():
        raise Problem(f"line {number}", f"verified {day} is in the future", "mend the day")
    return moment


def faults_of(party: PartyLines, error: Problem | Problems) -> list[Fault]:
    """What is wrong in which line of a party."""
    problems = error.problems if isinstance(error, Problems) else [error]
    return [_fault(party, problem) for problem in problems]


def _fault(party: PartyLines, problem: Problem) -> Fault:
    named = problem.field.startswith("line ")
    words = f"{problem.problem}; {problem.fix}" if named else str(problem)
    name = problem.problem.split(" ", 1)[0].rstrip(":") if named else problem.field
    return Fault(_line_of(party, problem), words, name, problem.problem, problem.fix)


def _line_of(party: PartyLines, problem: Problem) -> int:
    """The line that a fault belongs to: the one it names, or the party's first."""
    people = [person.lines for person in party.people]
    words = problem.field.split()
    if words[0] == "line" and len(words) == 2:
        return int(words[1])
    if words[-1].isdigit():
        index = int(words[-1]) - 1
        lines = people[0] if words[0] in ("place", "arrive", "depart") else [p[0] for p in people]
        if index < len(lines):
            return lines[index][0]
    return people[0][0][0]
