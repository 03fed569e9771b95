"""Take in people whom another instance sent: the file is proven first, then written."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from wayhome.problems import Problem
from wayhome.travellers.models import Assurance, Organisation
from wayhome.trips.imports.understanding import Fault
from wayhome.trips.moves import sealed
from wayhome.trips.moves.keys import ExchangeKey, opening_key, own_key
from wayhome.trips.moves.settling import Settler, known_of
from wayhome.trips.moves.shape import End, Header, Unit
from wayhome.work import clock

MOST_OCTETS = 50_000_000  # of one line: a unit of very many people
_AT_ONCE = 100  # registrations written together
Progress = Callable[[int, int], None]


@dataclass
class Arrived:
    """How it went, in registrations; ``refused`` are those of units with a fault."""

    enrolled: int = 0
    known: int = 0
    refused: int = 0
    purpose: str = ""
    mark: str = ""
    faults: list[Fault] = field(default_factory=list)


def arrive(
    path: Path,
    sender: ExchangeKey,
    *,
    organisation: Organisation | None = None,
    cap: Assurance = Assurance.SELF_DECLARED,
    trust_verification: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Arrived:
    """Import a file that ``leave`` wrote at ``sender``.

    Problem where it is not whole, not signed by the sender, not for this instance, or too old; then
    nothing was written. A unit with a fault is refused whole, every other written whole; what is
    known (or came from here) is left as it is. No assurance is higher than ``cap``; addresses are
    verified only where ``trust_verification`` says that the sender's word is enough.
    """
    header, end = prove(path, sender)
    result = Arrived(purpose=header.purpose, mark=header.mark)
    settler = Settler(header, sender, organisation, cap, trust_verification)
    batch: list[tuple[int, Unit]] = []
    done = 0
    for number, line in enumerate(_lines(path), 1):
        if 1 < number <= end.units + 1:
            unit = _unit(number, line, result)
            if unit is not None:
                batch.append((number, unit))
            done += 1
        if batch and (
            sum(len(unit.registrations) for _, unit in batch) >= _AT_ONCE or number > end.units
        ):
            _settle(batch, settler, result, dry_run)
            batch = []
            if progress:
                progress(done, end.units)
    return result


def prove(path: Path, sender: ExchangeKey) -> tuple[Header, End]:
    """What the first and the last line say, where everything between is as the sender signed it."""
    digest = hashlib.sha256()
    header: Header | None = None
    count, last = 0, b""
    for line in _lines(path):
        if count == 0:
            header = _header(line)
        if last:
            digest.update(last)
        count, last = count + 1, line
    if header is None or count < 2:
        raise Problem("file", "is not whole", "ask for it to be sent again")
    try:
        end = End.model_validate_json(last, strict=True)
    except ValidationError as error:
        raise Problem("file", "is not whole", "ask for it to be sent again") from error
    signed = sender.verify(bytes.fromhex(end.signature), digest.digest())
    if not signed or end.signed_by != str(sender) or header.of != sender.name:
        raise Problem(
            "from", "did not sign this file as it is", "check the sender's key and the file"
        )
    if end.units != count - 2:
        raise Problem("file", "is not whole", "ask for it to be sent again")
    if header.expires_at < clock.now():
        raise Problem("file", f"was to be used until {header.expires_at.date()}", "ask for another")
    return header, end


def _header(line: bytes) -> Header:
    try:
        value = json.loads(line)
        named = isinstance(value, dict) and value.get("format") == "wayhome move"
    except ValueError:
        named = False
    if not named:
        raise Problem("file", "is no list of people who move", "look at what it is")
    if value.get("version") != 1:
        raise Problem(
            "file", f"is of version {str(value.get('version'))[:10]}", "bring Wayhome up to date"
        )
    return _valid(Header, line, "line 1")


def _valid(shape: type[Header], line: bytes, where: str) -> Header:
    try:
        return shape.model_validate_json(line)
    except ValidationError as error:
        raise Problem(where, _first(error), "ask the sender") from error


def _unit(number: int, line: bytes, result: Arrived) -> Unit | None:
    """The unit of a line, or its fault recorded."""
    try:
        return Unit.model_validate_json(line)
    except ValidationError as error:
        people = line.count(b'"id":"') or 1
        result.refused += people
        words = _first(error)
        result.faults.append(
            Fault(number, f"{words}; ask the sender", what=words, fix="ask the sender")
        )
    return None


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where or 'unit'}: {first['msg']}"


def _settle(
    batch: list[tuple[int, Unit]], settler: Settler, result: Arrived, dry_run: bool
) -> None:
    known = known_of([unit for _, unit in batch], own_key().name)
    fresh: list[Unit] = []
    for number, unit in batch:
        new = [each for each in unit.registrations if each.id not in known]
        result.known += len(unit.registrations) - len(new)
        try:
            settler.check(unit)
        except Problem as problem:
            result.refused += len(new)
            result.faults.append(
                Fault(number, str(problem), problem.field, problem.problem, problem.fix)
            )
            continue
        result.enrolled += len(new)
        if new:
            fresh.append(unit)
    if fresh and not dry_run:
        settler.settle(fresh)


def _lines(path: Path) -> Iterator[bytes]:
    """The plain lines of a file, sealed or open."""
    with path.open("rb") as file:
        start = file.read(len(sealed.MAGIC))
        if start == sealed.MAGIC:
            yield from _split(sealed.opened(file, opening_key()))
        else:
            file.seek(0)
            yield from _split(iter(lambda: file.read(65_536), b""))


def _split(pieces: Iterator[bytes]) -> Iterator[bytes]:
    pending = bytearray()
    for piece in pieces:
        pending += piece
        if b"\n" in piece:
            *whole, rest = bytes(pending).split(b"\n")
            for line in whole:
                yield line + b"\n"
            pending = bytearray(rest)
        elif len(pending) > MOST_OCTETS:
            raise Problem("file", "is no list of people who move", "look at what it is")
    if pending:
        yield bytes(pending)


def is_move(path: Path) -> bool:
    """Whether a file looks like one of ``leave``, by its beginning."""
    with path.open("rb") as file:
        start = file.read(2_000)
    return start.startswith(sealed.MAGIC) or (
        start.startswith(b"{") and b'"format":"wayhome move"' in start
    )
