"""One person: doors and how sure, stays, ways to reach, parties, musters, joins."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wayhome.musters.of_person import entries_of
from wayhome.officers.access import Access
from wayhome.officers.models import Officer
from wayhome.officers.queries import count_looks, officer_names
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers import vouching
from wayhome.travellers.contact_policy import WHY_LENGTH, lift_hostile, mark_hostile
from wayhome.travellers.joining import part
from wayhome.travellers.models import Assurance, Reach
from wayhome.travellers.person import Record, counts_with, record
from wayhome.travellers.queries import reach_steps, ways_to_reach
from wayhome.trips.models import Precision, Stay
from wayhome.trips.queries import stays_of
from wayhome.web.desk.gate import desk
from wayhome.web.desk.purpose import with_access
from wayhome.work import clock

VIEW = "person"


@dataclass(frozen=True)
class StayLine:
    """A stay and what is not sure about it."""

    stay: Stay
    doubts: list[str]


@desk(Verb.SEE_PEOPLE)
@with_access
def person(
    request: HttpRequest, officer: Officer, access: Access, traveller_id: int
) -> HttpResponse:
    if (kept_with := counts_with(access, traveller_id)) != traveller_id:
        return redirect("desk:person", kept_with)
    return person_page(request, access, traveller_id)


@desk(Verb.ENROL, "POST")
@with_access
def vouch(
    request: HttpRequest, officer: Officer, access: Access, traveller_id: int
) -> HttpResponse:
    """A document was shown, somebody is known, or less sure than was held."""
    found = _record(access, traveller_id)
    number = request.POST.get("registration", "")
    if number not in {str(each.registration.pk) for each in found.entries}:
        raise Http404
    do, why = request.POST.get("do", ""), request.POST.get("why", "")
    try:
        if do == "document":
            vouching.document_seen(officer, int(number), request.POST.get("document", ""), why)
        elif do == "confirm":
            vouching.confirm(officer, int(number), why)
        elif do == "lower":
            to = request.POST.get("to", "")
            vouching.lower(officer, int(number), int(to) if to in _NUMBERS else 0, why)
        else:
            raise Http404
    except Problem as problem:
        return person_page(request, access, traveller_id, problem)
    messages.success(request, "Recorded, with your name and office.")
    return redirect("desk:person", traveller_id)


_NUMBERS = {str(value) for value in Assurance.values}
_STEPS: dict[str, tuple[Callable[[Officer, int, str], Reach], str]] = {
    "hostile": (mark_hostile, "Marked. Nothing goes there any more, what was queued included."),
    "lift": (lift_hostile, "Lifted, with your name and reason."),
}


@desk(Verb.MUSTER, "POST")
@with_access
def address(
    request: HttpRequest, officer: Officer, access: Access, traveller_id: int
) -> HttpResponse:
    """Mark an address of theirs as in hostile hands, or lift that."""
    _record(access, traveller_id)
    reaches = {str(reach.pk) for reach in ways_to_reach(access, VIEW, traveller_id)}
    number = request.POST.get("reach", "")
    take, said = _STEPS.get(request.POST.get("do", ""), (None, ""))
    if number not in reaches or take is None:
        raise Http404
    try:
        take(officer, int(number), request.POST.get("why", ""))
    except Problem as problem:
        return person_page(request, access, traveller_id, problem)
    messages.success(request, said)
    return redirect("desk:person", traveller_id)


@desk(Verb.ENROL, "POST")
@with_access
def part_again(
    request: HttpRequest, officer: Officer, access: Access, traveller_id: int
) -> HttpResponse:
    """They are two people after all."""
    found = _record(access, traveller_id)
    number = request.POST.get("joining", "")
    if number not in {str(joining.pk) for joining, _ in found.joinings}:
        raise Http404
    try:
        part(officer, int(number), request.POST.get("why", ""))
    except Problem as problem:
        return person_page(request, access, traveller_id, problem)
    messages.success(request, "Parted. Each entry is with the record that it came with.")
    return redirect("desk:person", traveller_id)


def person_page(
    request: HttpRequest, access: Access, traveller_id: int, problem: Problem | None = None
) -> HttpResponse:
    found = _record(access, traveller_id)
    reaches = ways_to_reach(access, VIEW, traveller_id)
    steps = reach_steps(access, VIEW, traveller_id, reaches)
    past, now, to_come = _by_time(stays_of(access, VIEW, traveller_id))
    looks, officers = count_looks([traveller_id, *(o.traveller_id for _, o in found.joinings)])
    names = officer_names(
        [
            *(each.registration.entered_by_id for each in found.entries),
            *(step.officer_id for each in found.entries for step in each.steps),
            *(step.officer_id for step in steps),
            *(joining.by_officer_id for joining, _ in found.joinings),
            *(joining.parted_by_id for joining, _ in found.joinings),
        ]
    )
    context = {
        "record": found,
        "person": found.traveller,
        "purpose": access.purpose,
        "ways": reaches,
        "steps": steps,
        "stays": [("Now", now), ("To come", to_come), ("Past", past)],
        "entries": entries_of(access, VIEW, traveller_id),
        "looks": looks,
        "officers": officers,
        "names": names,
        "assurances": Assurance.choices,
        "why_length": WHY_LENGTH,
        "kept_why": request.POST.get("why", ""),
        "kept_of": request.POST.get("registration", "") + request.POST.get("reach", ""),
        "kept_document": request.POST.get("document", ""),
        "problem": problem,
    }
    return render(request, "desk/person.html", context, status=422 if problem else 200)


def _record(access: Access, traveller_id: int) -> Record:
    found = record(access, VIEW, traveller_id)
    if found is None:
        raise Http404
    return found


def _by_time(stays: list[Stay]) -> tuple[list[StayLine], list[StayLine], list[StayLine]]:
    """Past, now, to come. Who is due to have left, and did not say so, counts as there still."""
    today = clock.today()
    past, now, to_come = [], [], []
    for stay in stays:
        line = StayLine(stay, _doubts(stay))
        if stay.arrive > today:
            to_come.append(line)
        elif stay.depart is not None and stay.depart < today:
            past.append(line)
        else:
            now.append(line)
    return past[::-1], now, to_come


def _doubts(stay: Stay) -> list[str]:
    doubts = []
    if stay.depart and stay.depart < clock.today() and not stay.departure_confirmed:
        doubts.append("due to have left; nobody confirmed it")
    if stay.precision in (Precision.COUNTRY, Precision.SUBDIVISION):
        doubts.append(f"known no closer than the {stay.precision}")
    if len(stay.areas) > 1:
        doubts.append("near a border: may be on the other side")
    if stay.instead_of is not None:
        doubts.append("said while a muster covers them, and kept beside what they had said before")
    return doubts
