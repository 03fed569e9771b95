"""Write people into a file that another instance can take in, whole, signed, best sealed."""

import hashlib
import json
import os
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from django.core.serializers.json import DjangoJSONEncoder
from numpy.typing import NDArray

from wayhome.officers.access import Access, access_for, require
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers.models import (
    PartyMember,
    Registration,
    Repointing,
    Traveller,
)
from wayhome.travellers.seeing import seen_by
from wayhome.trips.moves.keys import ExchangeKey, own_key, signing_key
from wayhome.trips.moves.sealed import seal
from wayhome.trips.moves.shape import FORMAT, VERSION
from wayhome.trips.moves.units import Units
from wayhome.work import clock

_CHUNK = 500  # registrations read together
VIEW = "moving"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Left:
    """What was written; ``mark`` stands in the file and in its name of record."""

    units: int
    registrations: int
    mark: str
    sealed: bool


class _Line(json.JSONEncoder):
    """Moments to the microsecond, which Django's own encoder cuts off."""

    def default(self, value: object) -> Any:
        if hasattr(value, "isoformat"):
            return value.isoformat()
        return DjangoJSONEncoder().default(value)


def leave(
    officer: Officer,
    purpose: str,
    path: Path,
    *,
    to: ExchangeKey | None = None,
    organisation: str | None = None,
    days: int = 30,
    progress: Progress | None = None,
) -> Left:
    """Everyone, or whom an organisation registered with whoever belongs to them, into ``path``.

    For officers who may take data out; a look is recorded for each person. Without ``to`` the file
    is open to whoever holds it. It is made anew, for its owner alone, and takes its name only when
    it is whole. Refused, or Problem for the field that does not serve.
    """
    require(officer, Verb.EXPORT)
    access = access_for(officer, purpose)
    if path.exists():
        raise Problem("file", f"{path.name} exists", "name a file that does not")
    units = _together(organisation)
    if not units:
        raise Problem("organisation", "has registered nobody", "look at its code")
    _ask_to_see(officer, access, units)
    mark = secrets.token_hex(16)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": clock.now(),
        "expires_at": clock.now() + timedelta(days=days),
        "purpose": access.purpose,
        "by": officer.office or officer.name,
        "of": own_key().name,
        "mark": mark,
    }
    count = sum(len(unit) for unit in units)
    draft = path.with_name(f".{path.name}.{mark[:8]}")
    lines = _signed(header, units, count, access, progress)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            if to is None:
                file.writelines(lines)
            else:
                seal(lines, to.opens, file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    return Left(len(units), count, mark, to is not None)


def _ask_to_see(officer: Officer, access: Access, units: list[list[int]]) -> None:
    """Problem unless all who would leave are there for this officer: a file without the others
    would leave them behind unseen, and one with them would show them."""
    seen = set(Registration.objects.filter(seen_by(access)).values_list("pk", flat=True))
    if not all(seen.issuperset(unit) for unit in units):
        raise Problem("officer", f"{officer.name} may not see everybody", "ask one who is cleared")


def _signed(
    header: dict[str, Any],
    units: list[list[int]],
    count: int,
    access: Access,
    progress: Progress | None,
) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for done, line in enumerate(_lines(header, units, access)):  # the header is none
        digest.update(line)
        yield line
        if progress and (done % 100 == 0 or done == len(units)):
            progress(done, len(units))
    end = {
        "units": len(units),
        "registrations": count,
        "signed_by": str(own_key()),
        "signature": signing_key().sign(digest.digest()).hex(),
    }
    yield as_line(end)


def _lines(header: dict[str, Any], units: list[list[int]], access: Access) -> Iterator[bytes]:
    yield as_line(header)
    sender = own_key().name
    for chunk in _chunks(units):
        known = Units(sender, [number for unit in chunk for number in unit])
        access.record(VIEW, known.people)
        for unit in chunk:
            yield as_line(known.unit(unit))


def as_line(value: dict[str, Any]) -> bytes:
    """One line of the file; keys in one order, so that equal content is equal octets."""
    text = json.dumps(value, cls=_Line, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return f"{text}\n".encode()


def _chunks(units: list[list[int]]) -> Iterator[list[list[int]]]:
    chunk: list[list[int]] = []
    size = 0
    for unit in units:
        chunk.append(unit)
        size += len(unit)
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _together(organisation: str | None) -> list[list[int]]:
    """Registrations (numbers) that belong together by traveller, care, party or joins, each set in
    order, the sets by their first."""
    rows = np.array(
        list(Registration.objects.order_by("pk").values_list("pk", "traveller_id")), dtype=np.int64
    ).reshape(-1, 2)
    numbers, travellers = rows[:, 0], rows[:, 1]
    people = np.unique(
        np.fromiter(Traveller.objects.order_by("pk").values_list("pk", flat=True), np.int64)
    )
    # Nodes: travellers, then registrations, then parties.
    parties = np.unique(
        np.fromiter(PartyMember.objects.values_list("party_id", flat=True), np.int64)
    )
    at_registration, at_party = len(people), len(people) + len(numbers)
    edges = [
        (at_registration + np.arange(len(numbers)), np.searchsorted(people, travellers)),
        _edges(
            Traveller.objects.filter(guardian__isnull=False).values_list("pk", "guardian_id"),
            (people, 0),
            (people, 0),
        ),
        _edges(
            PartyMember.objects.values_list("registration_id", "party_id"),
            (numbers, at_registration),
            (parties, at_party),
        ),
    ]
    for end in ("from_traveller_id", "to_traveller_id"):
        joins = Repointing.objects.values_list("registration_id", end)
        edges.append(_edges(joins, (numbers, at_registration), (people, 0)))
    label = _components(at_party + len(parties), edges)[at_registration:at_party]
    wanted = None if organisation is None else _of(organisation)
    found: dict[int, list[int]] = defaultdict(list)
    for number, component in zip(numbers.tolist(), label.tolist(), strict=True):
        found[component].append(number)
    if wanted is None:
        return list(found.values())
    return [unit for unit in found.values() if wanted & set(unit)]


def _edges(
    pairs: Iterable[tuple[int, ...]],
    first: tuple[NDArray[np.int64], int],
    second: tuple[NDArray[np.int64], int],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rows = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
    return (
        np.searchsorted(first[0], rows[:, 0]) + first[1],
        np.searchsorted(second[0], rows[:, 1]) + second[1],
    )


def _components(
    nodes: int, edges: list[tuple[NDArray[np.int64], NDArray[np.int64]]]
) -> NDArray[np.int64]:
    """A label for each node, the same for those that hang together."""
    a = np.concatenate([first for first, _ in edges])
    b = np.concatenate([second for _, second in edges])
    label = np.arange(nodes)
    while True:
        before = label.copy()
        np.minimum.at(label, a, before[b])
        np.minimum.at(label, b, label[a])
        label = label[label]  # labels of labels: long chains end in few rounds
        if (label == before).all():
            return label


def _of(organisation: str) -> set[int]:
    rows = Registration.objects.filter(organisation__code=organisation)
    return set(rows.values_list("pk", flat=True))
