"""Quarantine: what comes in a burst is taken in and counts as possible until it is proven.

Nothing is refused: behind one address may be an embassy, and a surge may be a war. Whoever is in
quarantine gets every public warning. Proof of an address releases, unless many are alike.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.conf import settings
from django.db.models import Count, Exists, Max, Min, OuterRef, QuerySet
from numpy.typing import NDArray

from wayhome.officers import audit
from wayhome.officers.access import require
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers.door_models import Quarantine
from wayhome.travellers.marks import Limit, came, crowded, mark, often
from wayhome.travellers.models import Registration
from wayhome.travellers.services import clean_words
from wayhome.work import clock
from wayhome.work.db import writes

WITHIN = timedelta(minutes=10)
ALIKE_WITHIN = timedelta(hours=1)
SAME_NAMES = 5  # enrolments of the same people in an hour
SAME_TRIP = 40  # of the same stays by addresses of one domain, in an hour
IN_CHUNK = 1000
REASON_LENGTH = 300
EVERYWHERE = "everywhere"


@dataclass(frozen=True)
class Arriving:
    """How an enrolment came: ``network`` as ``web.network`` names it (empty: not to be counted),
    the names said, and what its stays and domain are, for likeness."""

    network: str = ""
    names: str = ""
    trip: str = ""
    counted: bool = True


@dataclass(frozen=True)
class Suspicion:
    why: str
    burst: str


def weigh(arriving: Arriving) -> Suspicion | None:
    """Count this arrival, in the enrolment's transaction; why it goes to quarantine, or None."""
    if not arriving.counted:
        return None
    network = mark("network", arriving.network)
    names, trip = mark("names", arriving.names), mark("trip", arriving.trip)
    everywhere = mark("enrolled", EVERYWHERE)
    same_names, same_trip, same_network = often(
        Limit(names, ALIKE_WITHIN, SAME_NAMES),
        Limit(trip, ALIKE_WITHIN, SAME_TRIP),
        Limit(network, WITHIN, settings.WAYHOME_ENROL_PER_NETWORK),
    )
    found = None
    if same_names:
        found = Suspicion(Quarantine.Why.LIKENESS, names)
    elif same_trip:
        found = Suspicion(Quarantine.Why.LIKENESS, trip)
    elif same_network:
        found = Suspicion(Quarantine.Why.NETWORK, network)
    elif crowded(Limit(everywhere, WITHIN, settings.WAYHOME_ENROL_OVERALL)):
        found = Suspicion(Quarantine.Why.SURGE, everywhere)
    came((network, names, trip, everywhere))
    return found


def put_in(registration_ids: Iterable[int], suspicion: Suspicion) -> None:
    """These registrations came in a burst."""
    now = clock.now()
    Quarantine.objects.bulk_create(
        [
            Quarantine(registration_id=each, why=suspicion.why, burst=suspicion.burst, made_at=now)
            for each in registration_ids
        ]
    )


def proven(registration_ids: Sequence[int]) -> None:
    """An address of these registrations was proven. Whose burst was of likeness stays: one who
    owns a domain can prove every address of it."""
    free = Quarantine.objects.filter(registration__in=registration_ids, decision="")
    free.exclude(why=Quarantine.Why.LIKENESS).update(
        decision=Quarantine.Decision.PROVEN, decided_at=clock.now()
    )


def vouched_for(officer: Officer, registration_id: int) -> None:
    """An officer says that it is them: whatever burst they came in, and however that was decided,
    they are out of it. Strangers can draw anybody's name into a burst."""
    _standing().filter(registration=registration_id).update(
        decision=Quarantine.Decision.RELEASED,
        decided_at=clock.now(),
        officer_id=officer.pk,
        reason="an officer vouched for them",
    )


def is_declined(registration_id: int) -> bool:
    """Whether an officer declined the burst that a registration came in."""
    declined = Quarantine.Decision.DECLINED
    return Quarantine.objects.filter(registration=registration_id, decision=declined).exists()


def doubtful(traveller_ids: Sequence[int] | None = None) -> NDArray[np.int64]:
    """Travellers all of whose registrations are in quarantine or declined, in order; with
    ``traveller_ids``, only among those."""
    rows = _standing()
    if not rows.exists():
        return np.zeros(0, dtype=np.int64)
    other = Registration.objects.filter(traveller=OuterRef("registration__traveller")).exclude(
        pk__in=_standing().values("registration")
    )
    rows = rows.filter(~Exists(other))
    if traveller_ids is not None:
        rows = rows.filter(registration__traveller__in=list(traveller_ids))
    found: list[int] = []
    after = 0
    while page := list(
        rows.filter(pk__gt=after)
        .order_by("pk")
        .values_list("pk", "registration__traveller_id")[:IN_CHUNK]
    ):
        found += [traveller for _, traveller in page]
        after = page[-1][0]
    return np.unique(np.array(found, dtype=np.int64))


@dataclass(frozen=True)
class Burst:
    """One burst as an officer decides on it; nobody is named."""

    burst: str
    why: str
    people: int
    first: datetime
    last: datetime
    doors: dict[str, int]


def bursts(limit: int = 50) -> list[Burst]:
    """Bursts that wait for a decision, the largest first."""
    rows = (
        Quarantine.objects.filter(decision="")
        .values("burst", "why")
        .annotate(n=Count("pk"), first=Min("made_at"), last=Max("made_at"))
        .order_by("-n", "burst")[:limit]
    )
    return [
        Burst(
            burst=row["burst"],
            why=Quarantine.Why(row["why"]).label,
            people=row["n"],
            first=row["first"],
            last=row["last"],
            doors=dict(
                Counter(
                    Quarantine.objects.filter(burst=row["burst"], decision="").values_list(
                        "registration__door", flat=True
                    )[:IN_CHUNK]
                )
            ),
        )
        for row in rows
    ]


def decide(officer: Officer, burst: str, *, release: bool, reason: str) -> int:
    """Release a burst, or decline it (its people still get public warnings and are certain of
    nothing); how many registrations were decided."""
    require(officer, Verb.ENROL)
    reason = clean_words(reason)
    if not reason:
        raise Problem("reason", "is empty", "say what you found, for those who come after you")
    if len(reason) > REASON_LENGTH:
        raise Problem("reason", f"has {len(reason)} characters", f"use at most {REASON_LENGTH}")
    decided = 0
    while some := _decide_some(officer, burst, release, reason):
        decided += some
    if not decided:
        raise Problem("burst", "waits for nothing", "reload the page")
    return decided


@writes
def _decide_some(officer: Officer, burst: str, release: bool, reason: str) -> int:
    waiting = Quarantine.objects.filter(burst=burst, decision="").order_by("pk")
    decision = Quarantine.Decision.RELEASED if release else Quarantine.Decision.DECLINED
    numbers = list(waiting.values_list("pk", flat=True)[:IN_CHUNK])
    decided = Quarantine.objects.filter(pk__in=numbers, decision="").update(
        decision=decision, decided_at=clock.now(), officer_id=officer.pk, reason=reason
    )
    if decided:  # the reason stands in the rows
        deed = Deed.BURST_RELEASED if release else Deed.BURST_DECLINED
        audit.record(officer, deed, "quarantine", numbers[0], f"{decided} registrations")
    return decided


def _standing() -> "QuerySet[Quarantine]":
    return Quarantine.objects.filter(decision__in=("", Quarantine.Decision.DECLINED))
