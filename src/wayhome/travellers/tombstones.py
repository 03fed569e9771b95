"""The list of who was erased, outside of the database: so that a restored backup can be erased
again. One JSON line each: numbers and times, nothing that names anybody. Appended, never changed.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from wayhome.problems import Problem


@dataclass(frozen=True)
class Tombstone:
    """One erasure. ``registrations``: each with the moment when it was entered (ISO 8601), which
    tells the person from whoever gets that number after a restore."""

    ask: int
    registrations: tuple[tuple[int, str], ...]
    whole: bool
    said_by: str
    at: str


def path() -> Path:
    """This host's list."""
    named = settings.WAYHOME_TOMBSTONES
    return Path(named) if named else Path(settings.WAYHOME_DATA_DIR) / "tombstones.jsonl"


def append(stones: Iterable[Tombstone]) -> int:
    """Add those that the list lacks, synced to disk before it returns; how many."""
    wanted = list(stones)
    if not wanted:
        return 0
    path().parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path(), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        text = file.read()
        whole = text[: text.rfind("\n") + 1]
        if whole != text:  # a line that a power cut left unfinished
            file.truncate(len(whole.encode()))
        known = set(_lines(whole, path()))
        fresh = [stone for stone in wanted if stone not in known]
        file.writelines(json.dumps(asdict(stone)) + "\n" for stone in fresh)
        file.flush()
        os.fsync(file.fileno())
    return len(fresh)


def read(files: Iterable[Path]) -> list[Tombstone]:
    """Every tombstone of these lists once, in order of their making; Problem where one is none."""
    found: dict[Tombstone, None] = {}
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            raise Problem("file", f"{file} cannot be read: {error.strerror}") from error
        found |= dict.fromkeys(_lines(text, file))
    return sorted(found, key=lambda stone: (stone.at, stone.ask))


def _lines(text: str, file: Path) -> Iterator[Tombstone]:
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            said = json.loads(line)
            pairs = tuple((int(entry), str(made)) for entry, made in said.pop("registrations"))
            yield Tombstone(registrations=pairs, **said)
        except (ValueError, TypeError, KeyError) as error:
            if number == len(lines):
                return  # never finished; what it stood for is still owed in the database
            raise Problem(
                "file", f"{file}, line {number} is no tombstone", "restore the list"
            ) from error
