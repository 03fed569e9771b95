"""Import a list: count it, then check and write party by party, some hundred people at a time."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.db import IntegrityError

from wayhome.places.errors import PlaceError
from wayhome.places.placing import Placed, place_stay
from wayhome.problems import Problem, Problems
from wayhome.travellers.models import Door, Organisation, Registration
from wayhome.trips.enrolment import Checked, check
from wayhome.trips.imports.faultsfile import FaultsFile
from wayhome.trips.imports.gathering import Counted, Held, Rows, count, gather
from wayhome.trips.imports.mapping import Mapping, Reader, bind
from wayhome.trips.imports.reading import Header, header, rows
from wayhome.trips.imports.understanding import (
    Fault,
    PartyLines,
    faults_of,
    party_lines,
    said,
)
from wayhome.trips.imports.updating import Update
from wayhome.trips.writing import enrol_many
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell_many

PEOPLE_IN_TRANSACTION = 200  # other writers wait some hundredths of a second
MOST_FAULTS_KEPT = 10_000  # in memory; a file of faults has them all
_PLACES_REMEMBERED = 20_000
_TRIES = 3

Progress = Callable[[int, int], None]
Covered = Callable[[Iterable[int]], set[int]]


@dataclass
class Imported:
    """How an import went, in people; ``refused`` are those of parties with a fault.

    With ``update``: of those known, ``changed`` have something new, ``conflicts`` were left as
    they are in something, because they or an officer have changed it since.
    """

    enrolled: int = 0
    known: int = 0
    refused: int = 0
    faults: list[Fault] = field(default_factory=list)
    changed: int = 0
    conflicts: int = 0
    more_faults: int = 0  # that are not in ``faults``


class Places:
    """``place_stay`` with a memory: lists name few places very often."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str | None], Placed | PlaceError] = OrderedDict()

    def __call__(self, text: str, country: str | None) -> Placed:
        key = (text, country)
        found = self._known.get(key)
        if found is None:
            try:
                found = place_stay(text, country)
            except PlaceError as error:
                found = error
            self._known[key] = found
            if len(self._known) > _PLACES_REMEMBERED:
                self._known.popitem(last=False)
        if isinstance(found, PlaceError):
            raise found
        return found


@dataclass
class Run:
    """One import on its way."""

    reader: Reader
    counted: Counted
    door: str
    organisation: Organisation | None
    dry_run: bool
    update: Update | None
    faults_file: FaultsFile | None
    result: Imported = field(default_factory=Imported)
    places: Places = field(default_factory=Places)

    def batch(self, batch: list[PartyLines]) -> None:
        """Check these parties and write the good ones, in one transaction."""
        known = self._known(batch)
        good: list[tuple[PartyLines, Checked]] = []
        for party in batch:
            if known & party.references:
                self._again(party, known)
                continue
            try:
                self._refuse_several(party)
                checked = check(said(party, self.reader.mapping), clock.today(), self.places)
            except (Problem, Problems) as error:
                self._refuse(party, faults_of(party, error), len(party.people))
            else:
                good.append((party, checked))
        if not self.dry_run:
            good = self._write(good)
        self.result.enrolled += sum(len(party.people) for party, _ in good)

    def _write(self, good: list[tuple[PartyLines, Checked]]) -> list[tuple[PartyLines, Checked]]:
        """Written together; those that another import has brought in meanwhile are known."""
        for _ in range(_TRIES):
            try:
                self._enrol([checked for _, checked in good])
                return good
            except IntegrityError:
                known = self._known([party for party, _ in good])
                if not known:
                    raise
                for party, _ in good:
                    if known & party.references:
                        self._again(party, known)
                good = [pair for pair in good if not known & pair[0].references]
        raise Problem("file", "is being imported by somebody else", "wait and import it again")

    @writes
    def _enrol(self, checked: list[Checked]) -> None:
        made = enrol_many(checked, door=self.door, organisation=self.organisation)
        # They did not enrol themselves: they are told at the first safe contact.
        tell_many(
            "travellers.entered_by_other", (number for one in made for number in one.registrations)
        )

    def _known(self, batch: list[PartyLines]) -> set[str]:
        # What cannot be shown is refused later; the database could not even look for it.
        names = [name for party in batch for name in party.references if name.isprintable()]
        rows = Registration.objects.filter(
            door=self.door, organisation=self.organisation, reference__in=names
        )
        return set(rows.values_list("reference", flat=True))

    def _again(self, party: PartyLines, known: set[str]) -> None:
        """A party that is known: whoever of it has a name of their own and is not, is new."""
        by_name = any(person.given and person.reference in known for person in party.people)
        new = [
            person
            for person in party.people
            if person.reference not in known and (person.given or not by_name)
        ]
        self.result.known += len(party.people) - len(new)
        if new:
            self._refuse(party, [_is_new(person.lines[0][0]) for person in new], len(new))
        elif self.update is not None:
            self._update(party)

    def _update(self, party: PartyLines) -> None:
        assert self.update is not None
        try:
            self._refuse_several(party)
            checked = check(said(party, self.reader.mapping), clock.today(), self.places)
            changed, conflicts = self.update.apply(party, checked)
        except (Problem, Problems) as error:
            self._fault(party, faults_of(party, error))
            self.result.conflicts += 1
            return
        self.result.changed += changed
        self.result.conflicts += len({fault.line for fault in conflicts})
        if conflicts:
            self._fault(party, conflicts)

    def _refuse_several(self, party: PartyLines) -> None:
        for person in party.people:
            if person.given and hash(person.reference) in self.counted.several:
                raise Problem(
                    f"line {person.lines[0][0]}",
                    f"reference {person.reference[:40]!r} stands in several parties",
                    "write the same party, or none, in all its lines",
                )

    def _refuse(self, party: PartyLines, faults: list[Fault], people: int) -> None:
        self.result.refused += people
        self._fault(party, faults)

    def _fault(self, party: PartyLines, faults: list[Fault]) -> None:
        room = MOST_FAULTS_KEPT - len(self.result.faults)
        self.result.faults += faults[:room]
        self.result.more_faults += max(0, len(faults) - room)
        if self.faults_file:
            self.faults_file.write(party.held.rows, faults)


def _is_new(line: int) -> Fault:
    what = "is new in a party that is known"
    fix = "give whoever is new a party of their own"
    return Fault(line, f"reference: {what}; {fix}", "reference", what, fix)


def import_csv(
    path: str | Path,
    *,
    organisation_code: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    mapping: Mapping | None = None,
    update: bool = False,
    faults_to: Path | None = None,
    covered: Covered | None = None,
) -> Imported:
    """Import a file. Problem where it cannot be read as a whole; then nothing was written.

    A party with a fault in any line is refused whole; every other party is written whole. Killed
    half-way, what was written is whole, and importing the file again brings in the rest.
    ``update``: what changed in lines that are known is taken over, but never what the people
    themselves or an officer have changed since, nor of anyone whom ``covered`` says a muster
    covers. ``progress`` is told parties done and of how many.
    """
    mapping = mapping or Mapping()
    organisation = organisation_called(organisation_code)
    door = Door.ORGANISATION if organisation else Door.LIST
    path = Path(path)
    columns = header(path, mapping.layout)
    reader = bind(mapping, columns.names)
    read: Rows = partial(rows, path, mapping.layout, columns)
    counted = count(read, reader)
    file = _faults_file(faults_to, path, columns, mapping)
    updater = Update(door, organisation, dry_run, covered) if update else None
    run = Run(reader, counted, door, organisation, dry_run, updater, file)
    try:
        done = 0
        for batch in _batches(gather(read, reader, counted), reader):
            run.batch(batch)
            done += len(batch)
            if progress:
                progress(done, counted.parties)
    finally:
        if file:
            file.close()
    run.result.faults.sort(key=lambda fault: fault.line)
    return run.result


def _faults_file(
    to: Path | None, path: Path, columns: Header, mapping: Mapping
) -> FaultsFile | None:
    if to is None:
        return None
    if to.exists():
        raise Problem("faults", f"{to.name} exists", "name a file that does not")
    return FaultsFile(to, columns.names, mapping.layout)


def _batches(parties: Iterator[Held], reader: Reader) -> Iterator[list[PartyLines]]:
    batch: list[PartyLines] = []
    people = 0
    for held in parties:
        party = party_lines(held, reader)
        batch.append(party)
        people += len(party.people)
        if people >= PEOPLE_IN_TRANSACTION:
            yield batch
            batch, people = [], 0
    if batch:
        yield batch


def organisation_called(code: str | None) -> Organisation | None:
    """The organisation with this code; Problem where there is none."""
    if code is None:
        return None
    organisation = Organisation.objects.filter(code=code).first()
    if organisation is None:
        raise Problem("organisation", f"{code[:40]!r} is unknown", "make it first")
    return organisation
