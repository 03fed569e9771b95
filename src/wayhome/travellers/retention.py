"""Retention: each room's rules delete on time, in bounded chunks, and say how much.

Who must stay (``erasers.kept``: a hold, an open muster, a call for help that nobody has answered)
is left as they are.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import F

from wayhome.officers import audit
from wayhome.officers.audit import Deed
from wayhome.travellers.erasers import ROOMS, kept
from wayhome.travellers.models import Registration, Traveller
from wayhome.travellers.privacy_models import Deleted, RuleMark
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import keep_lease

CHUNK = 200
# (before, after, dry): deletes one chunk of what was due before that moment, from after that number
# on; with ``dry`` it only counts.
Step = Callable[[datetime, int, bool], "Chunk"]


@dataclass(frozen=True)
class Chunk:
    """``n``: rows deleted, or due where it was only counted; ``after``: where the next one begins,
    None at the end."""

    n: int
    after: int | None


@dataclass(frozen=True)
class Rule:
    """``setting``: of the days; ``words``: what is deleted when, for people to read."""

    name: str
    room: str
    setting: str
    words: str
    step: Step

    @property
    def days(self) -> int:
        days: int = getattr(settings, self.setting)
        return days


_rules: dict[str, Rule] = {}


def rule(name: str, room: str, setting: str, words: str) -> Callable[[Step], Step]:
    """Register the decorated step as the retention rule ``name``."""

    def register(step: Step) -> Step:
        if name in _rules or room not in ROOMS:
            raise ValueError(f"rule {name} is there already, or {room} is no room")
        _rules[name] = Rule(name, room, setting, words, step)
        return step

    return register


def rules() -> list[Rule]:
    """Every rule, from the top room down, as they run."""
    return sorted(_rules.values(), key=lambda each: ROOMS.index(each.room))


def run(*, dry: bool = False) -> dict[str, int]:
    """Delete whatever is due by every rule; how many rows by rule. ``dry``: only count.

    A rule whose days are 0 or less deletes nothing.
    """
    done = {}
    for each in rules():
        done[each.name] = _run(each, dry) if each.days > 0 else 0
    return done


def _run(each: Rule, dry: bool) -> int:
    before = clock.now() - timedelta(days=each.days)
    n = 0
    after: int | None = 0
    while after is not None:
        keep_lease()
        chunk = each.step(before, after, dry)
        n += chunk.n
        after = chunk.after
        if chunk.n and not dry:
            _count(each.name, chunk.n)
    return n


@writes
def _count(name: str, n: int) -> None:
    line, made = Deleted.objects.get_or_create(rule=name, day=clock.today(), defaults={"n": n})
    if not made:
        Deleted.objects.filter(pk=line.pk).update(n=F("n") + n)
    audit.record(None, Deed.DELETED_BY_RULE, "retention count", line.pk, f"{name}: {n} rows")


def deleted(limit: int = 400) -> list[tuple[date, str, int]]:
    """(day, rule, rows) of what was deleted, the latest day first."""
    rows = Deleted.objects.order_by("-day", "rule").values_list("day", "rule", "n")
    return list(rows[:limit])


def free_registrations(registration_ids: Iterable[int]) -> set[int]:
    """Those of these registrations whose people need not stay: neither they nor a minor in their
    care."""
    pairs = list(
        Registration.objects.filter(pk__in=list(registration_ids)).values_list("pk", "traveller_id")
    )
    held = held_people(traveller for _, traveller in pairs)
    return {number for number, traveller in pairs if traveller not in held}


def held_people(traveller_ids: Iterable[int]) -> set[int]:
    """Those of these people who must stay, themselves or for a minor in their care."""
    wanted = set(traveller_ids)
    rows = Traveller.objects.filter(guardian__in=wanted).values_list("pk", "guardian_id")
    minors = {minor: guardian for minor, guardian in rows if guardian is not None}
    staying = kept(wanted | minors.keys()).keys()
    return (staying & wanted) | {minors[number] for number in staying & minors.keys()}


def page(ids: Sequence[int]) -> int | None:
    """Where the next chunk begins after one that read ``ids``; None where it was the last."""
    return ids[-1] if len(ids) == CHUNK else None


def mark(name: str) -> int:
    """How far a rule that goes through rising numbers has come."""
    return RuleMark.objects.filter(rule=name).values_list("upto", flat=True).first() or 0


def start_again() -> None:
    """Somebody need not stay any more: rules with a mark look again at what they passed over."""
    RuleMark.objects.all().delete()


def set_mark(name: str, upto: int) -> None:
    RuleMark.objects.update_or_create(rule=name, defaults={"upto": upto})


DueSoon = Callable[[timedelta, int, int], list[tuple[int, date]]]
_due_soon: list[DueSoon] = []


def knows_due_soon(function: DueSoon) -> DueSoon:
    """Register the room that knows stays as the one that answers ``due_soon``."""
    _due_soon.append(function)
    return function


def due_soon(within: timedelta, *, after: int = 0, limit: int = CHUNK) -> list[tuple[int, date]]:
    """(registration, day) of people whose last stay will be deleted within this time, and they
    with it, in order of registrations from ``after`` on: whom to tell beforehand."""
    return [line for answer in _due_soon for line in answer(within, after, limit)]
