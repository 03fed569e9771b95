"""This room's eraser and retention rules: stays, journeys, watches, and who has none left."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from wayhome.travellers import erasure
from wayhome.travellers.erasers import Subject, eraser
from wayhome.travellers.models import Registration, Traveller
from wayhome.travellers.retention import (
    CHUNK,
    Chunk,
    free_registrations,
    held_people,
    knows_due_soon,
    page,
    rule,
)
from wayhome.trips.freshness_models import Confirmation, StayAsk
from wayhome.trips.models import Leg, LegEnd, LegMatch, Stay, StayMatch, Trip, Watch
from wayhome.work import clock
from wayhome.work.db import writes

# What is kept of the values as they came, once a stay of theirs was deleted on time.
_LANGUAGE = "language"
_READ = 400  # people in one look; with their minors within SQLite's limit on old builds


@eraser("trips")
@writes
def erase(subject: Subject) -> dict[str, int]:
    registrations = list(subject.registrations)
    stays = Stay.objects.filter(trip__registration__in=registrations)
    legs = Leg.objects.filter(trip__registration__in=registrations)
    counts = {"stay": _delete_stays(stays), "leg": _delete_legs(legs)}
    StayAsk.objects.filter(trip__registration__in=registrations).delete()
    # What they said of others' stays, such as a child's that is in other care now.
    said = Confirmation.objects.filter(said_by_id__in=registrations)
    counts["confirmation"] = said.update(contact_point_id=None)
    counts["watch"] = Watch.objects.filter(registration__in=registrations).delete()[0]
    Trip.objects.filter(registration__in=registrations).delete()
    return counts


def _delete_stays(stays: "QuerySet[Stay]") -> int:
    rows = list(stays.values_list("pk", "trip_id"))
    numbers = [number for number, _ in rows]
    Confirmation.objects.filter(stay__in=numbers).delete()
    StayMatch.objects.filter(stay_id__in=numbers).delete()
    n = Stay.objects.filter(pk__in=numbers).delete()[0]
    _delete_asks({trip for _, trip in rows})
    return n


def _delete_asks(trips: set[int]) -> None:
    """Questions about lines of which nothing is left."""
    left = Stay.objects.filter(trip=OuterRef("trip"), line=OuterRef("line"))
    StayAsk.objects.filter(~Exists(left), trip__in=trips).delete()


def _delete_legs(legs: "QuerySet[Leg]") -> int:
    numbers = list(legs.values_list("pk", flat=True))
    ends = list(LegEnd.objects.filter(leg__in=numbers).values_list("pk", flat=True))
    LegMatch.objects.filter(leg_end_id__in=ends).delete()
    LegEnd.objects.filter(pk__in=ends).delete()
    return Leg.objects.filter(pk__in=numbers).delete()[0]


def _over(before: datetime) -> Q:
    """Stays that ended before, and those without end that nobody said again for too long."""
    unsaid = clock.now() - timedelta(days=settings.WAYHOME_RETAIN_OPEN_DAYS)
    open_too_long = Q(depart__isnull=True, said_at__lt=unsaid)
    if settings.WAYHOME_RETAIN_OPEN_DAYS <= 0:
        return Q(depart__lt=before.date())
    return Q(depart__lt=before.date()) | open_too_long


@rule(
    "stays",
    "trips",
    "WAYHOME_RETAIN_STAY_DAYS",
    "stays after their last day, with what was said of them before",
)
@writes
def old_stays(before: datetime, after: int, dry: bool) -> Chunk:
    """A line goes with all its versions and with what was said instead of it, and the values as
    they came with it."""
    over = Stay.objects.filter(_over(before), pk__gt=after, is_current=True, instead_of=None)
    lines = list(
        over.order_by("pk").values_list("pk", "trip_id", "line", "trip__registration_id")[:CHUNK]
    )
    free = free_registrations({registration for *_, registration in lines})
    gone = [each for each in lines if each[3] in free]
    wanted = {(trip, line) for _, trip, line, _ in gone}
    versions = Stay.objects.filter(trip__in={trip for trip, _ in wanted})
    numbers = [
        number
        for number, trip, line, instead_of in versions.values_list(
            "pk", "trip_id", "line", "instead_of"
        )
        if (trip, instead_of or line) in wanted
    ]
    if not dry:
        _delete_stays(Stay.objects.filter(pk__in=numbers))
        _strip_originals({registration for *_, registration in gone})
    return Chunk(len(numbers), page([number for number, *_ in lines]))


@rule(
    "earlier versions",
    "trips",
    "WAYHOME_RETAIN_STAY_DAYS",
    "what was said of a stay before it was changed",
)
@writes
def old_versions(before: datetime, after: int, dry: bool) -> Chunk:
    rows = Stay.objects.filter(pk__gt=after, is_current=False, said_at__lt=before)
    pairs = list(rows.order_by("pk").values_list("pk", "trip__registration_id")[:CHUNK])
    free = free_registrations({registration for _, registration in pairs})
    gone = [number for number, registration in pairs if registration in free]
    if not dry:
        _delete_stays(Stay.objects.filter(pk__in=gone))
    return Chunk(len(gone), page([number for number, _ in pairs]))


@rule("journeys", "trips", "WAYHOME_RETAIN_STAY_DAYS", "journeys after their arrival")
@writes
def old_legs(before: datetime, after: int, dry: bool) -> Chunk:
    rows = Leg.objects.filter(pk__gt=after, arrives_at__lt=before)
    pairs = list(rows.order_by("pk").values_list("pk", "trip__registration_id")[:CHUNK])
    free = free_registrations({registration for _, registration in pairs})
    gone = [(number, registration) for number, registration in pairs if registration in free]
    if not dry:
        _delete_legs(Leg.objects.filter(pk__in=[number for number, _ in gone]))
        _strip_originals({registration for _, registration in gone})
    return Chunk(len(gone), page([number for number, _ in pairs]))


@rule(
    "watches",
    "trips",
    "WAYHOME_RETAIN_STAY_DAYS",
    "watches after they ended, or that nobody said again for too long",
)
@writes
def old_watches(before: datetime, after: int, dry: bool) -> Chunk:
    over = Q(until__lt=before)
    if settings.WAYHOME_RETAIN_OPEN_DAYS > 0:
        unsaid = clock.now() - timedelta(days=settings.WAYHOME_RETAIN_OPEN_DAYS)
        over |= Q(until__isnull=True, since__lt=unsaid)
    rows = Watch.objects.filter(over, pk__gt=after).order_by("pk")
    pairs = list(rows.values_list("pk", "registration_id")[:CHUNK])
    free = free_registrations({registration for _, registration in pairs})
    gone = [number for number, registration in pairs if registration in free]
    if not dry:
        Watch.objects.filter(pk__in=gone).delete()
    return Chunk(len(gone), page([number for number, _ in pairs]))


def _strip_originals(registrations: Iterable[int]) -> None:
    """The values as they came name every stay: of them the name and the language are left."""
    rows = list(Registration.objects.select_related("traveller").filter(pk__in=list(registrations)))
    for row in rows:
        people = row.original.get("people") or [{}]
        name = str(people[0].get("name") or row.traveller.name)
        language = row.original.get(_LANGUAGE, "en")
        row.original = {"people": [{"name": name}], _LANGUAGE: language}
    Registration.objects.bulk_update(rows, ["original"])


@rule(
    "people",
    "trips",
    "WAYHOME_RETAIN_PERSON_DAYS",
    "people of whom no stay, journey or watch is left: all that is known of them",
)
def people_with_nothing_left(before: datetime, after: int, dry: bool) -> Chunk:
    """By the same path as those who ask to be forgotten; a guardian stays while a child has a
    stay."""
    rows = Traveller.objects.filter(pk__gt=after, erased_at=None).order_by("pk")
    read = list(rows.values_list("pk", flat=True)[:_READ])
    ends = read[-1] if len(read) == _READ else None
    empty = _emptied(read, before)
    gone = sorted(empty - held_people(empty))
    if len(gone) > CHUNK:
        ends = gone[CHUNK - 1]
        del gone[CHUNK:]
    if dry:
        return Chunk(len(gone), ends)
    n = 0
    for traveller_id in gone:
        first = Registration.objects.filter(traveller_id=traveller_id).order_by("pk").first()
        if first is not None:
            n += erasure.carry_out(erasure.ask(first, erasure.Ask.SaidBy.RULE).pk)
    return Chunk(n, ends)


def _emptied(traveller_ids: list[int], before: datetime) -> set[int]:
    """Those of these travellers who registered before then, and of whom, or of the minors in their
    care, nothing is left. It reads what is of these and no more: among very many people a database
    looks for whom nothing points to by reading everyone for each of them."""
    minors = dict(
        Traveller.objects.filter(guardian__in=traveller_ids).values_list("pk", "guardian_id")
    )
    everyone = [*traveller_ids, *minors]
    made = Registration.objects.filter(traveller__in=everyone)
    registered = dict(made.values_list("traveller_id").annotate(Max("made_at")))
    at_trip = "trip__registration__traveller"
    busy = {number for number, last in registered.items() if last >= before}
    for left, at in ((Stay, at_trip), (Leg, at_trip), (Watch, "registration__traveller")):
        of = left.objects.filter(**{f"{at}__in": everyone})
        busy.update(of.values_list(f"{at}_id", flat=True).distinct())
    busy |= {guardian for minor, guardian in minors.items() if minor in busy}
    return {each for each in traveller_ids if each in registered and each not in busy}


@knows_due_soon
def due_soon(within: timedelta, after: int, limit: int) -> list[tuple[int, date]]:
    """(registration, last day of its last stay) of those whose stays are all deleted within this
    time; those with a stay without end, a journey to come or an open watch are not among them."""
    kept_days = timedelta(days=settings.WAYHOME_RETAIN_STAY_DAYS)
    today = clock.today()
    rows = (
        Registration.objects.filter(pk__gt=after, traveller__erased_at=None)
        .filter(
            ~Exists(
                Stay.objects.filter(
                    trip__registration=OuterRef("pk"), is_current=True, depart__isnull=True
                )
            ),
            ~Exists(Watch.objects.filter(registration=OuterRef("pk"), until=None)),
            Exists(Stay.objects.filter(trip__registration=OuterRef("pk"), is_current=True)),
            ~Exists(
                Stay.objects.filter(
                    trip__registration=OuterRef("pk"),
                    is_current=True,
                    depart__gt=today + within - kept_days,
                )
            ),
            ~Exists(
                Leg.objects.filter(trip__registration=OuterRef("pk"), arrives_at__gt=clock.now())
            ),
        )
        .order_by("pk")
        .values_list("pk", flat=True)[:limit]
    )
    numbers = list(rows)
    ends = dict(
        Stay.objects.filter(trip__registration__in=numbers, is_current=True)
        .values("trip__registration_id")
        .annotate(last=Max("depart"))
        .values_list("trip__registration_id", "last")
    )
    return [(number, ends[number]) for number in numbers]
