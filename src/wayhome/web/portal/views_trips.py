"""My trips: stays, what concerns me, what I said, who looked. Claims only, nothing is taken off."""

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from wayhome.audience import queries as audience
from wayhome.bulletins.models import Ask, Distribution, Issue
from wayhome.musters.claims import change_stay_by
from wayhome.officers import queries as officers
from wayhome.problems import Problem, Problems
from wayhome.replies import queries as replies
from wayhome.replies import services
from wayhome.travellers import queries as travellers
from wayhome.travellers.models import Assurance, Door, Registration, Traveller
from wayhome.travellers.parties import in_party, wishes_for
from wayhome.travellers.zones import zone_near
from wayhome.trips import queries as trips
from wayhome.trips.enrolment import check_days, check_stay
from wayhome.trips.models import Stay
from wayhome.web.forms import faults_of
from wayhome.web.portal.enrol_forms import StayForm
from wayhome.web.portal.links import (
    LinkDoesNotHold,
    by_link,
    device_of,
    masked,
    numbers,
    open_trips,
    trips_link,
)
from wayhome.work import clock

# What the page says after a change, by the word in its address.
_NOTES = {
    "answered": _("Your answer is recorded. You can change it at any time."),
    "changed": _("Your stay is changed."),
    "claimed": _(
        "What you said is kept. A roll call covers you now: until it ends, both places count, so"
        " that you hear what concerns either."
    ),
    "reach": _("How you want to be reached is kept. It holds from now on."),
    "resumed": _("Messages go to that address again."),
    "stopped": _("Nothing more goes to that address."),
    "asked": _(
        "Your wish is kept as you said it. A roll call covers you now: until it ends, or an officer"
        " has spoken to you, messages still go there."
    ),
    "added": _("It is written down."),
    "said": _(
        "What you said is kept. If a roll call covers you, an officer confirms it before you are"
        " taken off."
    ),
    "gone": _("That stay was changed meanwhile: look at it below."),
    "name": _("The name is corrected."),
    "address": _("The address is kept. A message with a code is on its way there."),
    "removed": _("That address is used no more."),
    "sent": _("If a code may be sent there now, it is on its way. It can take a minute."),
    "verified": _("Your address is confirmed."),
    "code": _(
        "That code does not hold. Wait a minute and look at it again, have a new one sent, or use"
        " the link in the message."
    ),
    "left": _(
        "You have left. The others are not told. Keep this page's new address: the old one"
        " opens nothing any more."
    ),
    "guardian": _("They are asked on their own page. Until they agree nothing changes."),
    "wish": _("Your answer is kept."),
}


@by_link()
def my_trips(request: HttpRequest, token: str) -> HttpResponse:
    return _page(request, token, open_trips(token))


@by_link("POST")
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Safe, needs help, not there, departed: to an issue or to none. Kept as said."""
    link = trips_link(token)
    registration = open_trips(token)
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
    registration = open_trips(token)
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
            "legs": trips.own_legs([each.pk for each in registrations]),
            "watches": trips.own_watches(registration),
            "zone": zone_there(stays),
            "today": clock.today(),
            "registrations": registrations,
            "by_another": registration.door != Door.SELF,
            "in_party": in_party(registration),
            "wishes": wishes_for(registration),
            "looks": officers.own_looks(ids) if travellers.sees_looks(registration) else [],
            "press": secrets.token_hex(16),
            "words_length": services.WORDS_LENGTH,
            "kept": request.POST,
            "note": _NOTES.get(note, ""),
            "note_is_fault": note == "code",
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


def zone_there(stays: list[Stay]) -> str:
    """The time zone of where they are, or will be next."""
    today = clock.today()
    ahead = [stay for stay in stays if stay.depart is None or stay.depart >= today] or stays
    if not ahead or not ahead[0].areas:
        return ""
    first = ahead[0]
    return zone_near(str(first.areas[0][0])[:2], first.lon, first.lat)


def _may_read(registration: Registration, issue: Issue) -> bool:
    """Whoever enrolled here has proven no address: what is for verified persons stays closed."""
    if issue.distribution == Distribution.VERIFIED:
        return registration.assurance >= Assurance.REACHABLE
    return issue.distribution != Distribution.OFFICERS
