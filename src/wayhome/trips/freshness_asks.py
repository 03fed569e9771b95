"""When people are asked about their stays, and what they answer.

A row for each line of a trip says when it is asked about next: it follows what is said
(``trips.placed``), and whoever asks takes what is due in bounded chunks, once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from wayhome.travellers.models import Registration
from wayhome.travellers.queries import spoken_for
from wayhome.trips.freshness import Occasion, freshness, next_ask
from wayhome.trips.freshness_models import Confirmation, StayAsk
from wayhome.trips.models import Stay, Trip
from wayhome.work import clock
from wayhome.work.db import writes

IN_CHUNK = 900


@writes
def plan(traveller_ids: Iterable[int]) -> None:
    """When these people are asked next about each stay of theirs."""
    trips = Trip.objects.filter(registration__traveller__in=list(traveller_ids))
    numbers = list(trips.values_list("pk", flat=True))
    known = {(ask.trip_id, ask.line): ask for ask in StayAsk.objects.filter(trip__in=numbers)}
    current = Stay.objects.filter(trip__in=numbers, is_current=True)
    for stay in current.order_by("trip_id", "line"):
        ask = known.pop((stay.trip_id, stay.line), None)
        if ask is None:
            ask = StayAsk(trip_id=stay.trip_id, line=stay.line)
        _set_next(ask, stay)
    StayAsk.objects.filter(pk__in=[ask.pk for ask in known.values()]).delete()


def _set_next(ask: StayAsk, stay: Stay) -> None:
    found = next_ask(
        stay.arrive,
        stay.depart,
        (stay.confirmed_at or stay.said_at).date(),
        ask.asked_on,
        departed=stay.departure_confirmed,
    )
    due, occasion = (found.due, found.occasion.value) if found else (None, "")
    if ask.pk is None or (ask.due_on, ask.occasion) != (due, occasion):
        ask.due_on, ask.occasion = due, occasion
        ask.save()


@dataclass(frozen=True)
class DueAsk:
    """One question that is due: about which stay, of whom, on which occasion."""

    ask_id: int
    stay: Stay
    registration: Registration
    occasion: Occasion
    due: date


def is_any_due() -> bool:
    return StayAsk.objects.filter(due_on__lte=clock.today()).exists()


@writes
def due(limit: int) -> list[DueAsk]:
    """Questions due by today, the longest due first. Those whose stay was replaced by another line
    are deleted: the other has its own."""
    rows = StayAsk.objects.filter(due_on__lte=clock.today()).order_by("due_on", "id")
    asks = list(rows[:limit])
    lines = Q(pk=None)
    for ask in asks:
        lines |= Q(trip_id=ask.trip_id, line=ask.line)
    stays = {
        (stay.trip_id, stay.line): stay
        for stay in Stay.objects.filter(lines, is_current=True).select_related(
            "trip__registration__traveller"
        )
    }
    found = []
    gone = [ask.pk for ask in asks if (ask.trip_id, ask.line) not in stays]
    StayAsk.objects.filter(pk__in=gone).delete()
    for ask in asks:
        stay = stays.get((ask.trip_id, ask.line))
        if stay is None or ask.due_on is None:
            continue
        registration = stay.trip.registration
        found.append(DueAsk(ask.pk, stay, registration, Occasion(ask.occasion), ask.due_on))
    return found


@writes
def asked(done: Sequence[DueAsk]) -> None:
    """These were put (or need not be): each occasion is past, and the next one is set."""
    asks = StayAsk.objects.in_bulk([each.ask_id for each in done])
    for each in done:
        ask = asks.get(each.ask_id)
        if ask is not None and ask.due_on == each.due:
            ask.asked_on = max(each.due, clock.today())
            _set_next(ask, each.stay)
            ask.save(update_fields=["asked_on"])


@writes
def put_off(done: Sequence[DueAsk], until: date) -> None:
    """These are asked about later: a muster asks their people now."""
    StayAsk.objects.filter(pk__in=[each.ask_id for each in done]).update(due_on=until)


@writes
def confirm(
    registration: Registration,
    stay_ids: Sequence[int],
    contact_point_id: int | None = None,
    answer: str = Confirmation.Answer.HOLDS,
) -> list[Stay]:
    """Somebody says of stays of theirs, or of minors in their care, that they hold. What is not
    theirs or was changed meanwhile is left out; returns those confirmed."""
    own = [each.pk for each in spoken_for(registration)]
    stays = list(
        Stay.objects.select_for_update(of=("self",))
        .filter(pk__in=list(stay_ids), is_current=True, trip__registration__in=own)
        .order_by("pk")
    )
    now = clock.now()
    Confirmation.objects.bulk_create(
        [
            Confirmation(
                stay=stay,
                answer=answer,
                said_by_id=registration.pk,
                contact_point_id=contact_point_id,
                at=now,
            )
            for stay in stays
        ]
    )
    Stay.objects.filter(pk__in=[stay.pk for stay in stays]).update(confirmed_at=now)
    for stay in stays:
        stay.confirmed_at = now
        for ask in StayAsk.objects.filter(trip_id=stay.trip_id, line=stay.line):
            _set_next(ask, stay)
    return stays


def by_freshness(stay_ids: Sequence[int]) -> Counter[str]:
    """How many of these stays are fresh, ageing and stale."""
    counted: Counter[str] = Counter()
    for _, word in words_of(stay_ids):
        counted[word] += 1
    return counted


def words_of(stay_ids: Sequence[int]) -> list[tuple[int, str]]:
    """(stay, how fresh it is) of these stays."""
    today = clock.today()
    found: list[tuple[int, str]] = []
    for start in range(0, len(stay_ids), IN_CHUNK):
        rows = Stay.objects.filter(pk__in=list(stay_ids[start : start + IN_CHUNK]))
        found += [
            (pk, freshness(said.date(), depart, today).value)
            for pk, said, depart in rows.values_list(
                "pk", Coalesce(F("confirmed_at"), F("said_at")), "depart"
            )
        ]
    return found
