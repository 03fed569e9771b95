"""My trips: stays, what concerns me, what I said, who looked. Claims only, nothing is taken off."""

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from wayhome.audience import queries as audience
from wayhome.bulletins.models import Ask, Distribution, Issue
from wayhome.links import TripsLink
from wayhome.musters.claims import change_stay_by
from wayhome.officers import queries as officers
from wayhome.problems import Problem, Problems
from wayhome.replies import queries as replies
from wayhome.replies import services
from wayhome.travellers import queries as travellers
from wayhome.travellers.models import Assurance, Registration, Traveller
from wayhome.trips import queries as trips
from wayhome.trips.enrolment import check_days, check_stay
from wayhome.trips.models import Stay
from wayhome.web.forms import faults_of
from wayhome.web.portal.forms import StayForm
from wayhome.web.portal.links import (
    LinkDoesNotHold,
    by_link,
    device_of,
    numbers,
    trips_link,
)
from wayhome.web.portal.views_reach import masked
from wayhome.work import clock

# What the page says after a change, by the word in its address.
_NOTES = ("answered", "changed", "claimed", "reach", "resumed", "stopped", "asked")


@by_link()
def my_trips(request: HttpRequest, token: str) -> HttpResponse:
    return _page(request, token, _open(trips_link(token)))


@by_link("POST")
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Safe, needs help, not there, departed: to an issue or to none. Kept as said."""
    link = trips_link(token)
    registration = _open(link)
    issue = numbers([request.POST.get("issue", "")])
    try:
        services.reply_by_trips(
            link,
            request.POST.get("answer", ""),
            numbers(request.POST.getlist("people")),
            issue_id=issue[0] if issue else None,
            words=request.POST.get("words", ""),
            device=device_of(request),
            press=request.POST.get("press", "")[:64],
        )
    except Problem as problem:
        return _page(request, token, registration, problem=problem)
    return redirect(f"{reverse('portal:my-trips', args=[token])}?note=answered#answers")


@by_link("GET", "HEAD", "POST")
def stay(request: HttpRequest, token: str, stay_id: int) -> HttpResponse:
    """Change one stay: its last day, or place and days. The old version is kept."""
    registration = _open(trips_link(token))
    own = {s.pk: s for s in _stays(travellers.spoken_for(registration))}
    found = own.get(stay_id)
    if found is None:
        if request.method == "POST":  # changed from another page meanwhile, or not theirs
            changed = Problem("stay", "was changed meanwhile", "look at it below, change it again")
            return _page(request, token, registration, problem=changed)
        raise LinkDoesNotHold
    if request.method != "POST":
        form = StayForm(
            initial={
                "place": found.words,
                "arrive": found.arrive,
                "depart": found.depart,
                "resident": found.depart is None,
            }
        )
    else:
        form = StayForm(request.POST)
        kept = _change(found, form)
        if kept is not None:
            note = "changed" if kept.instead_of is None else "claimed"
            return redirect(f"{reverse('portal:my-trips', args=[token])}?note={note}")
    return render(
        request,
        "portal/stay.html",
        {
            "token": token,
            "stay": found,
            "form": form,
            "faults": faults_of([form]) if form.is_bound else [],
        },
        status=422 if form.is_bound else 200,
    )


def _change(stay: Stay, form: StayForm) -> Stay | None:
    """Write the change, or show its faults beside their fields."""
    faults: list[Problem] = []
    readable = form.is_valid()
    said = form.read(1, faults)
    try:
        if readable and not faults:
            return change_stay_by(stay, said)
        # For their faults alone.
        if said.place.strip() == stay.words:
            check_days(said, clock.today())
        else:
            check_stay(said, clock.today())
    except Problems as error:
        said_before = {fault.field for fault in faults}
        faults += [fault for fault in error.problems if fault.field not in said_before]
    except Problem as problem:
        faults.append(problem)
    for fault in faults:
        form.show(fault.field.removesuffix(" 1"), fault)
    return None


def _open(link: TripsLink) -> Registration:
    try:
        return services.open_trips_link(link)
    except Problem as error:
        raise LinkDoesNotHold from error


def _stays(registrations: list[Registration]) -> list[Stay]:
    return trips.own_stays([registration.pk for registration in registrations])


def _page(
    request: HttpRequest, token: str, registration: Registration, problem: Problem | None = None
) -> HttpResponse:
    people = services.people_of(registration)
    ids = [person.pk for person in people]
    registrations = travellers.spoken_for(registration)
    whole = travellers.opens_all(registration)
    stays = _stays(registrations)
    reaches = [(reach, masked(reach)) for reach in travellers.own_reaches(registrations)]
    said = replies.own_replies(
        registration.traveller_id if whole else None, [each.pk for each in registrations]
    )
    if not whole:
        shown: list[Registration] = [each.trip.registration for each in stays]
        shown += [reach.registration for reach, _ in reaches]
        shown += [reply.registration for reply in said]
        _name_as_entered(people, [*registrations, *shown])
    note = request.GET.get("note", "")
    return render(
        request,
        "portal/my_trips.html",
        {
            "token": token,
            "language": str(registration.original.get("language", "en")),
            "adult": people[0],
            "people": people,
            "stays": stays,
            "issues": [
                issue
                for issue in audience.own_issues(registration, ids)
                if _may_read(registration, issue)
            ],
            "reaches": reaches,
            "answers": services.ANSWERS[Ask.SAFETY],
            "replies": said,
            "looks": officers.own_looks(ids) if whole else [],
            "press": secrets.token_hex(16),
            "words_length": services.WORDS_LENGTH,
            "kept": request.POST,
            "note": note if note in _NOTES else "",
            "problem": problem,
        },
        status=422 if problem else 200,
    )


def _name_as_entered(people: list[Traveller], registrations: list[Registration]) -> None:
    """For this page alone: the names that came with these registrations, not those of the records
    that they were joined to."""
    names = {each.traveller_id: travellers.name_entered(each) for each in registrations}
    for person in [*people, *(each.traveller for each in registrations)]:
        person.name = names[person.pk]


def _may_read(registration: Registration, issue: Issue) -> bool:
    """Whoever enrolled here has proven no address: what is for verified persons stays closed."""
    if issue.distribution == Distribution.VERIFIED:
        return registration.assurance >= Assurance.REACHABLE
    return issue.distribution != Distribution.OFFICERS
