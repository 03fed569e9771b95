"""Import enrolments from CSV: one line a person and stay; good parties kept, bad ones named.

Lines of one ``party`` travel together; lines of one ``reference`` are one person's several stays.
A reference that is known already is left as it is, so that importing a file again is harmless.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from wayhome.problems import Problem, Problems
from wayhome.travellers.models import Door, Organisation, Registration
from wayhome.trips.enrolment import EnrolmentSaid, PersonSaid, StaySaid, check
from wayhome.trips.services import enrol
from wayhome.work import clock
from wayhome.work.db import writes

REQUIRED = ("name", "place", "arrive")
OPTIONAL = (
    "reference",
    "party",
    "minor",
    "mail",
    "phone",
    "language",
    "country",
    "depart",
    "verified",
)
LARGEST_BYTES = 200_000_000
LONGEST_VALUE = 500
PARTIES_IN_TRANSACTION = 50

Line = tuple[int, dict[str, str]]


@dataclass(frozen=True)
class Fault:
    """What is wrong in which line (the header is line 1)."""

    line: int
    problem: str


@dataclass
class Imported:
    """How an import went, in people; ``refused`` are those of parties with a fault."""

    enrolled: int = 0
    known: int = 0
    refused: int = 0
    faults: list[Fault] = field(default_factory=list)


def import_csv(
    path: str | Path,
    *,
    organisation_code: str | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Import a file, UTF-8 with a header. Problem where it cannot be read as a whole.

    A party with a fault in any line is refused whole; every other party is written whole.
    """
    organisation = _organisation(organisation_code)
    door = Door.ORGANISATION if organisation else Door.LIST
    result = Imported()
    parties = list(_parties(_lines(Path(path)), result))
    several = _in_several(parties)
    done = 0
    for start in range(0, len(parties), PARTIES_IN_TRANSACTION):
        batch = parties[start : start + PARTIES_IN_TRANSACTION]
        _import_batch(batch, door, organisation, dry_run, result, several)
        done += len(batch)
        if progress:
            progress(done, len(parties))
    result.faults.sort(key=lambda fault: fault.line)
    return result


def _import_batch(
    batch: list[list[Line]],
    door: str,
    organisation: Organisation | None,
    dry_run: bool,
    result: Imported,
    several: set[str],
) -> None:
    references = {values["reference"] for party in batch for _, values in party} - {""}
    known = set(
        Registration.objects.filter(
            door=door,
            organisation=organisation,
            # What cannot be shown is refused below; the database could not even look for it.
            reference__in=[each for each in references if each.isprintable()],
        ).values_list("reference", flat=True)
    )
    good: list[EnrolmentSaid] = []
    for party in batch:
        people = len(_people(party))
        if any(values["reference"] in known for _, values in party):
            newcomers = _newcomers(party, known)
            result.known += people - len(newcomers)
            result.refused += len(newcomers)
            result.faults += newcomers
            continue
        try:
            _check_whole(party, several)
            said = _said(party)
            check(said, clock.today())
        except Problems as problems:
            result.refused += people
            result.faults += [_fault(party, problem) for problem in problems.problems]
        except Problem as problem:
            result.refused += people
            result.faults.append(_fault(party, problem))
        else:
            result.enrolled += people
            good.append(said)
    if not dry_run:
        _write(good, door, organisation)


@writes
def _write(good: list[EnrolmentSaid], door: str, organisation: Organisation | None) -> None:
    for said in good:
        enrol(said, door=door, organisation=organisation)


def _lines(path: Path) -> Iterator[Line]:
    if path.stat().st_size > LARGEST_BYTES:
        raise Problem("file", "is larger than 200 MB", "split it")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Problem("file", f"is not UTF-8 (byte {error.start})", "save it as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(header)
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                raise Problem(
                    f"line {reader.line_num}",
                    f"has {len(row)} values, the header names {len(header)}",
                    "quote values that hold commas",
                )
            values = dict.fromkeys((*REQUIRED, *OPTIONAL), "")
            values |= dict(zip(header, (cell.strip() for cell in row), strict=True))
            yield reader.line_num, values
    except csv.Error as error:
        raise Problem(f"line {reader.line_num}", f"is no CSV: {error}", "mend the file") from error


def _check_header(header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in (*REQUIRED, *OPTIONAL)]
    if missing or unknown or len(set(header)) != len(header):
        raise Problem(
            "header",
            f"lacks {', '.join(missing)}"
            if missing
            else f"has unknown or repeated columns: {', '.join(unknown or header)[:200]}",
            f"use {', '.join((*REQUIRED, *OPTIONAL))}",
        )


def _parties(lines: Iterator[Line], result: Imported) -> Iterator[list[Line]]:
    """Lines gathered by party, else by reference, else each alone; in order of appearance."""
    gathered: dict[tuple[str, str], list[Line]] = {}
    for number, values in lines:
        too_long = [name for name, value in values.items() if len(value) > LONGEST_VALUE]
        if too_long:
            result.refused += 1
            result.faults.append(
                Fault(number, f"{too_long[0]}: has over {LONGEST_VALUE} characters; shorten it")
            )
            continue
        if values["party"]:
            key = ("party", values["party"])
        elif values["reference"]:
            key = ("reference", values["reference"])
        else:
            key = ("line", str(number))
        gathered.setdefault(key, []).append((number, values))
    yield from gathered.values()


def _in_several(parties: list[list[Line]]) -> set[str]:
    """References that stand in more than one party."""
    seen: set[str] = set()
    several: set[str] = set()
    for party in parties:
        own = {values["reference"] for _, values in party} - {""}
        several |= own & seen
        seen |= own
    return several


def _newcomers(party: list[Line], known: set[str]) -> list[Fault]:
    """A fault for each person of a known party whose own reference is not known."""
    words = "reference: is new in a party that is known; give whoever is new a party of their own"
    people = {values["reference"]: line for line, values in reversed(party)}
    return [Fault(line, words) for name, line in people.items() if name and name not in known]


def _check_whole(party: list[Line], several: set[str]) -> None:
    for number, values in party:
        if values["reference"] in several:
            raise Problem(
                f"line {number}",
                f"reference {values['reference'][:40]!r} stands in several parties",
                "write the same party, or none, in all its lines",
            )


def _people(party: list[Line]) -> list[list[Line]]:
    """The lines of each person of a party."""
    people: dict[str, list[Line]] = {}
    for number, values in party:
        people.setdefault(values["reference"] or f"line {number}", []).append((number, values))
    return list(people.values())


def _said(party: list[Line]) -> EnrolmentSaid:
    """One enrolment of a party: everyone shares the stays, as the lines of its first adult say."""
    people = _people(party)
    stays = [_stays(lines) for lines in people]
    odd = next((i for i, own in enumerate(stays) if own != stays[0]), None)
    if odd is not None:
        raise Problem(
            f"line {people[odd][0][0]}",
            "this person's stays differ from the party's",
            "give people who go different ways different parties",
        )
    first = people[0][0][1]
    return EnrolmentSaid(
        people=tuple(_person(lines) for lines in people),
        stays=stays[0],
        language=first["language"].lower() or "en",
        verified_at=_verified(people[0][0]),  # of the addresses that serve the party
        # A lone person's address is their own; a party's first address serves the party.
        mail=first["mail"] if len(people) > 1 else "",
        phone=first["phone"] if len(people) > 1 else "",
    )


def _person(lines: list[Line]) -> PersonSaid:
    number, values = lines[0]
    if any(own["name"] != values["name"] for _, own in lines):
        raise Problem(f"line {number}", "one reference has two names", "give each its own")
    return PersonSaid(
        name=values["name"],
        minor=_yes(number, "minor", values["minor"]),
        mail=values["mail"],
        phone=values["phone"],
        reference=values["reference"],
        verified_at=_verified(lines[0]),
    )


def _stays(lines: list[Line]) -> tuple[StaySaid, ...]:
    return tuple(
        StaySaid(
            place=values["place"],
            country=values["country"] or None,
            arrive=_day(number, "arrive", values["arrive"]),
            depart=_day(number, "depart", values["depart"]) if values["depart"] else None,
        )
        for number, values in lines
    )


def _day(number: int, name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Problem(
            f"line {number}", f"{name} {text[:20]!r} is no day", "write it as 2026-06-15"
        ) from error


def _yes(number: int, name: str, text: str) -> bool:
    word = text.lower()
    if word in ("", "no", "false", "0"):
        return False
    if word in ("yes", "true", "1"):
        return True
    raise Problem(f"line {number}", f"{name} is {text[:20]!r}", "write yes or no")


def _verified(line: Line) -> datetime | None:
    """The day on which the other register verified the addresses, if it did."""
    number, values = line
    if not values["verified"]:
        return None
    day = _day(number, "verified", values["verified"])
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if moment > clock.now():
        raise Problem(f"line {number}", f"verified {day} is in the future", "mend the day")
    return moment


def _fault(party: list[Line], problem: Problem) -> Fault:
    named = problem.field.startswith("line ")
    words = f"{problem.problem}; {problem.fix}" if named else str(problem)
    return Fault(_line_of(party, problem), words)


def _line_of(party: list[Line], problem: Problem) -> int:
    """The line that a fault belongs to: the one it names, or the party's first."""
    words = problem.field.split()
    if words[0] == "line" and len(words) == 2:
        return int(words[1])
    if words[-1].isdigit():
        index = int(words[-1]) - 1
        people = _people(party)
        lines = people[0] if words[0] in ("place", "arrive", "depart") else [p[0] for p in people]
        if index < len(lines):
            return lines[index][0]
    return party[0][0]


def _organisation(code: str | None) -> Organisation | None:
    if code is None:
        return None
    organisation = Organisation.objects.filter(code=code).first()
    if organisation is None:
        raise Problem("organisation", f"{code[:40]!r} is unknown", "make it first")
    return organisation
