"""Bring the lines of a party together, however far apart they stand, within bounded memory.

The file is read twice. First it is only counted: a number for each party, how many lines it has,
which lines are alike. Then parties are handed on when their last line has come. Where very many
stand open at once (a list sorted by age), those that begin later are left for another reading.
"""

import hashlib
import hmac
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from wayhome.problems import Problem
from wayhome.trips.enrolment import MOST_PEOPLE, MOST_STAYS
from wayhome.trips.imports.mapping import Reader
from wayhome.trips.imports.reading import Row

MOST_LINES = 20_000_000
MOST_OF_PARTY = 2 * MOST_PEOPLE * MOST_STAYS
MOST_HELD = 40_000  # lines of parties that are not complete yet

Rows = Callable[[], Iterator[Row]]
Key = tuple[str, str]


@dataclass
class Held:
    """The lines of one party so far; ``alike``: of each line, how many before it are the same."""

    key: Key
    rows: list[Row] = field(default_factory=list)
    alike: list[int] = field(default_factory=list)


@dataclass
class Counted:
    """What the first reading found."""

    party: NDArray[np.int64]  # of each line, numbered as they appear
    lines: NDArray[np.int64]  # how many each party has
    several: frozenset[int]  # hashes of references that stand in more than one party
    alike: dict[int, int]  # line: how many before it are the same, where there are any

    @property
    def parties(self) -> int:
        return len(self.lines)


def key_of(reader: Reader, row: Row) -> Key:
    """Lines of one party go together, else those of one reference, else each alone."""
    if party := reader.value(row.cells, "party"):
        return "party", party
    if reference := reader.value(row.cells, "reference"):
        return "reference", reference
    return "line", str(row.line)


def count(rows: Rows, reader: Reader) -> Counted:
    """Read all; Problem where the file cannot be read as a whole. Holds some bytes a line."""
    keys, references, bare = array("q"), array("q"), array("q")
    for number, row in enumerate(rows()):
        if number >= MOST_LINES:
            raise Problem("file", f"has over {MOST_LINES:,} lines", "split it")
        reference = reader.value(row.cells, "reference")
        keys.append(hash(key_of(reader, row)))
        references.append(hash(reference) if reference else 0)
        bare.append(0 if reference else hash(reader.identity(row.cells)))
    hashes = np.frombuffer(keys, dtype=np.int64) if keys else np.zeros(0, np.int64)
    _, first, inverse, lines = np.unique(
        hashes, return_index=True, return_inverse=True, return_counts=True
    )
    if len(lines) and lines.max() > MOST_OF_PARTY:
        raise Problem(
            "party", f"one has {lines.max():,} lines", "look whether the right column is mapped"
        )
    order = np.argsort(first)  # parties are numbered as they appear
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    party = rank[inverse]
    return Counted(party, lines[order], _several(party, references), _alike(bare))


def _several(party: NDArray[np.int64], references: "array[int]") -> frozenset[int]:
    if not references:
        return frozenset()
    own = np.frombuffer(references, dtype=np.int64)
    pairs = np.unique(np.stack([own[own != 0], party[own != 0]]), axis=1)
    found, times = np.unique(pairs[0], return_counts=True)
    return frozenset(int(value) for value in found[times > 1])


def _alike(bare: "array[int]") -> dict[int, int]:
    if not bare:
        return {}
    own = np.frombuffer(bare, dtype=np.int64)
    _, inverse, times = np.unique(own, return_inverse=True, return_counts=True)
    repeated = np.flatnonzero((times[inverse] > 1) & (own != 0))
    seen: dict[int, int] = {}
    alike = {}
    for line in repeated:
        value = int(own[line])
        if before := seen.get(value, 0):
            alike[int(line)] = before
        seen[value] = before + 1
    return alike


def gather(rows: Rows, reader: Reader, counted: Counted) -> Iterator[Held]:
    """The parties, each when its last line has been read."""
    done = np.zeros(counted.parties, dtype=bool)
    begin: int | None = 0  # the line with which this reading begins
    while begin is not None and not done.all():
        held: dict[int, Held] = {}
        left = counted.lines.copy()
        count_held, put_off = 0, None
        for number, row in enumerate(rows()):
            if number < begin:
                continue
            party = int(counted.party[number])
            if done[party]:
                continue
            one = held.get(party)
            if one is None:
                if count_held >= MOST_HELD or put_off is not None:
                    put_off = number if put_off is None else put_off
                    continue
                one = held[party] = Held(key_of(reader, row))
            elif one.key != key_of(reader, row):
                # Two names with one 64-bit hash: not in the life of the universe, and not silently.
                raise Problem(f"line {row.line}", "could not be told apart", "import it again")
            one.rows.append(row)
            one.alike.append(counted.alike.get(number, 0))
            count_held += 1
            left[party] -= 1
            if left[party] == 0:
                done[party] = True
                count_held -= len(one.rows)
                del held[party]
                yield one
        begin = put_off


def line_key(identity: tuple[str, ...], alike: int) -> str:
    """The reference of a record that came without: the same line is the same person when a list,
    or the mended rest of it, is imported again."""
    key = hashlib.sha256(b"wayhome.import.line" + settings.SECRET_KEY.encode()).digest()
    text = "\x1f".join((*identity, str(alike)))
    return f"line {hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]}"
