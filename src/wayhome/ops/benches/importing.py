"""How fast a list comes in: rows a second, beside the same tables written without any rule."""

import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import django
from django.db import connection, transaction
from django.db.models import Model

from wayhome.travellers.models import ContactPoint, Reach, Registration, Traveller
from wayhome.trips.importing import import_csv
from wayhome.trips.models import Stay, StayMatch, Trip
from wayhome.work import clock
from wayhome.work.models import Owed

_PLACES = ("Mosul", "Baghdad, Iraq", "Erbil, Iraq", "Basra, Iraq", "Paris, France", "Lagos",
           "Tokyo", "Berlin, Germany", "IQ-AN", "33.3, 44.4", "Cairo, Egypt", "Lima")  # fmt: skip
# What one line makes, in the order in which it must be written.
_TABLES: tuple[type[Model], ...] = (
    *(Traveller, Registration, ContactPoint, Reach),
    *(Trip, Stay, StayMatch, Owed),
)
_EMPTIED = (
    *("owed", "stay_match", "stay", "trip", "name_key", "name_sound", "compared"),
    *("reach", "contact_point", "registration", "traveller"),
)
_CHUNK = 200


@dataclass(frozen=True)
class Line:
    """One way of writing so many rows of a list."""

    name: str
    rows: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.rows / self.seconds


def run(rows: int, peer: bool) -> tuple[list[Line], int]:
    """The ways, Wayhome's first; and the memory that its import took at most, in megabytes."""
    with tempfile.TemporaryDirectory(prefix="wayhome-bench-") as folder:
        path = Path(folder) / "people.csv"
        write_list(path, rows)
        import_csv(path, dry_run=True)  # the places pack is read once
        before = _peak_mb()
        lines = [_timed("Wayhome: enrol import", rows, lambda: _import(path, rows))]
        memory = _peak_mb() - before
        lines.append(_timed("Wayhome: the same file again", rows, lambda: _again(path, rows)))
        lines.append(_limit(rows))
        lines.append(_one_by_one(path, folder, min(rows, 1_000)))
        if peer:
            lines += _peer(path, Path(folder), min(rows, 2_000))
    return lines, memory


def write_list(path: Path, rows: int, seed: int = 1) -> None:
    """A list of invented people: each with a mail address, half with a phone; one stay each."""
    chance = random.Random(seed)
    today = clock.today()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("reference", "name", "mail", "phone", "language", "place", "arrive", "depart")
        )
        for n in range(rows):
            arrive = today + timedelta(days=chance.randrange(-20, 60))
            depart = arrive + timedelta(days=chance.randrange(1, 90))
            phone = f"+96479{n:08d}" if n % 2 else ""
            writer.writerow(
                (f"r{n}", f"Person {n}", f"p{n}@example{n % 97}.org", phone, "en",
                 chance.choice(_PLACES), arrive, depart)
            )  # fmt: skip


def _timed(name: str, rows: int, work: Callable[[], None]) -> Line:
    start = time.perf_counter()
    work()
    return Line(name, rows, time.perf_counter() - start)


def _import(path: Path, rows: int) -> None:
    result = import_csv(path)
    if (result.enrolled, result.refused) != (rows, 0):
        raise RuntimeError(f"not all came in: {result}")


def _again(path: Path, rows: int) -> None:
    result = import_csv(path)
    if (result.known, result.enrolled) != (rows, 0):
        raise RuntimeError(f"it doubled: {result}")


def _limit(rows: int) -> Line:
    """``bulk_create`` of the very rows that were written, by chunks as large, checked by nobody."""
    kept = {model: list(model._default_manager.order_by("pk")) for model in _TABLES}
    empty()
    people = len(kept[Traveller])
    start = time.perf_counter()
    for first in range(0, people, _CHUNK):
        share = slice(first, first + _CHUNK)
        with transaction.atomic():
            for model, made in kept.items():
                each = len(made) / people
                model._default_manager.bulk_create(
                    made[share]
                    if len(made) == people
                    else made[int(first * each) : int(min(first + _CHUNK, people) * each)]
                )
    seconds = time.perf_counter() - start
    empty()
    return Line("bulk_create of the same rows", rows, seconds)


def _one_by_one(path: Path, folder: str, rows: int) -> Line:
    """``trips.services.enrol`` for each line, fifty to a transaction: as it was done before."""
    from wayhome.trips.enrolment import EnrolmentSaid, PersonSaid, StaySaid
    from wayhome.trips.services import enrol

    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))[:rows]
    from datetime import date

    start = time.perf_counter()
    for first in range(0, rows, 50):
        with transaction.atomic():
            for line in lines[first : first + 50]:
                stay = StaySaid(
                    line["place"],
                    date.fromisoformat(line["arrive"]),
                    date.fromisoformat(line["depart"]),
                )
                person = PersonSaid(
                    line["name"],
                    mail=line["mail"],
                    phone=line["phone"],
                    reference=line["reference"],
                )
                enrol(EnrolmentSaid((person,), (stay,)), door="list")
    seconds = time.perf_counter() - start
    empty()
    return Line("Wayhome: enrolled one by one", rows, seconds)


def _peer(path: Path, folder: Path, rows: int) -> list[Line]:
    """django-import-export as its documentation shows it, in a process and packages of its own."""
    short = folder / "short.csv"
    with path.open(encoding="utf-8") as file:
        short.write_text("".join(next(file) for _ in range(rows + 1)), encoding="utf-8")
    python = folder / "peer" / "bin" / "python"
    _run([sys.executable, "-m", "venv", str(folder / "peer")], {})
    wanted = ["django-import-export>=4,<5", f"django=={django.__version__}", "psycopg[binary]>=3"]
    _run([str(python), "-m", "pip", "install", "-q", *wanted], {})
    own = connection.settings_dict
    database = {name: own[name] for name in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")}
    if connection.vendor == "sqlite":
        database["NAME"] = str(folder / "peer.sqlite3")
    script = Path(__file__).with_name("peer_import_export.py")
    took = _run([str(python), str(script), str(short)], {"PEER_DATABASE": json.dumps(database)})
    return [Line("django-import-export, row by row", rows, float(took))]


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | environment
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-400:])
    return done.stdout


def empty() -> None:
    """Take everything away again."""
    with connection.cursor() as cursor:
        for table in _EMPTIED:
            cursor.execute(f"DELETE FROM {table}")


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
