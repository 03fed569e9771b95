"""How long finding people takes, beside Django admin's search and ``icontains`` over the same rows.

Questions are drawn from the names themselves: whole names, words in another order, beginnings,
fragments of two to five characters, single characters of scripts in which they are words, and
fragments that nobody has. A sample is held against the definition (``searching.rank``).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from statistics import median, quantiles

from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.sites import AdminSite
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest

from wayhome.officers.access import access_for
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.ops.benches import people as world
from wayhome.travellers import searching
from wayhome.travellers.models import NameKey, Traveller

QUESTIONS = 1_000
OF_PEERS = 24  # a peer takes a second or more for each
CHECKED = 12


@dataclass(frozen=True)
class Line:
    """One way of searching; milliseconds."""

    name: str
    questions: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    worst: str


@dataclass(frozen=True)
class Result:
    fill_seconds: float
    index_seconds: float
    lines: list[Line]


def run(people: int, say: Callable[[str], None]) -> Result:
    """Fill the empty database with ``people`` people, index them and measure."""
    begun = time.monotonic()
    world.fill(people)
    filled = time.monotonic()
    say(f"{people:,} people are written; indexing them")
    searching.rebuild()
    indexed = time.monotonic()
    _settle()
    say(f"indexed in {indexed - filled:.0f} s; asking")
    asked = questions(people)
    _check(asked)
    ways = {"Wayhome": (_wayhome(), asked)}
    few = asked[:: max(1, len(asked) // OF_PEERS)][:OF_PEERS]
    ways["Django admin's search"] = (_admin, few)
    ways["icontains"] = (_icontains, few)
    lines = [_measure(name, way, of) for name, (way, of) in ways.items()]
    if _trigram_peer():
        lines.append(_measure("icontains with pg_trgm", _icontains, few))
    return Result(filled - begun, indexed - filled, lines)


def questions(people: int, seed: int = 2) -> list[str]:
    """Seeded, of every kind in turn."""
    random = Random(seed)
    names = Random(1)
    pool = [world.name(names) for _ in range(min(people, 5_000))]
    asked = []
    for turn in range(QUESTIONS):
        name = random.choice(pool)
        words = name.split()
        word = random.choice(words)
        start = random.randrange(max(1, len(word) - 1))
        kinds = (
            name,
            " ".join(reversed(words)),
            word,
            word[:3],
            word[start : start + random.choice([2, 3, 4, 5])],
            f"{words[-1][:4]} {words[0][:2]}",
            word if word.isascii() else word[start : start + 1],
            word[:2] + random.choice(["qx", "ثظ", "龘", "щъ"]),
        )
        asked.append(kinds[turn % len(kinds)])
    return asked


def _wayhome() -> Callable[[str], object]:
    officer = Officer.objects.create(
        email="bench@example.org", name="Bench", role=Role.VIEWER, password="!"
    )
    access = access_for(officer, "measuring")
    return lambda text: searching.search(access, "bench", text)


class _Admin(ModelAdmin):  # type: ignore[type-arg]
    search_fields = ("name", "registrations__reference")


def _admin(text: str) -> object:
    """What a change list asks: how many there are, and the first hundred."""
    admin = _Admin(Traveller, AdminSite())
    found, _ = admin.get_search_results(HttpRequest(), Traveller.objects.order_by("-pk"), text)
    return found.count(), list(found[:100])


def _icontains(text: str) -> object:
    return list(Traveller.objects.filter(name__icontains=text).order_by("pk")[: searching.SHOWN])


def _measure(name: str, way: Callable[[str], object], asked: list[str]) -> Line:
    for text in asked[:: max(1, len(asked) // 5)]:
        way(text)  # warm
    times = []
    for text in asked:
        begun = time.perf_counter()
        way(text)
        times.append((1000 * (time.perf_counter() - begun), text))
    worst = max(times)
    values = [each for each, _ in times]
    return Line(
        name, len(asked), median(values), quantiles(values, n=100, method="inclusive")[98], *worst
    )


def _check(asked: list[str]) -> None:
    """A sample finds exactly what the definition says, or the bench is worth nothing."""
    texts = list(NameKey.objects.values_list("traveller_id", "text"))
    for text in asked[:: max(1, len(asked) // CHECKED)][:CHECKED]:
        words = searching.question(text)
        told = [found for _, found in searching.by_name(words, searching.SHOWN)[0]]
        ranks = (searching.rank(words, each) for _, each in texts)
        best = sorted(found for found in ranks if found is not None)[: searching.SHOWN]
        if told != best:
            raise AssertionError(f"{text!r} finds ranks {told}, and ought to find {best}")


def _settle() -> None:
    """As after a night: statistics are known, and what was written at once is in order."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE name_key")
        else:
            cursor.execute("ANALYZE name_key")


def _trigram_peer() -> bool:
    """The index that makes ``icontains`` fast on PostgreSQL, where this role may make it."""
    if connection.vendor != "postgresql":
        return False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute("CREATE INDEX ON traveller USING gin (UPPER(name) gin_trgm_ops)")
    except DatabaseError:
        return False
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE traveller")
    return True
