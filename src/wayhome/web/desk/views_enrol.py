"""An officer enrols somebody who stands at the desk; bursts that came by the public doors."""

import secrets

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from wayhome.officers.access import access_for
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem, Problems
from wayhome.travellers import codes, quarantine
from wayhome.travellers import queries as travellers
from wayhome.travellers.assurance import raise_to
from wayhome.travellers.models import Assurance, Door, Registration
from wayhome.trips.doors import At, enter, reaches_to_verify
from wayhome.web.desk.gate import desk
from wayhome.web.portal.enrol_page import EnrolPage
from wayhome.web.portal.links import numbers
from wayhome.web.portal.views_enrol import press_of
from wayhome.work import clock

_SALT = "wayhome.web.enrolled_at_desk"
_SHOWN_SECONDS = 3600
_VIEW = "enrolled at the desk"


@desk(Verb.ENROL, "GET", "HEAD", "POST")
def enrol(request: HttpRequest, officer: Officer) -> HttpResponse:
    """The same form as on the public page; the person stands there, and a code is optional."""
    if request.method != "POST":
        return _form(request, EnrolPage(at_desk=True), secrets.token_hex(16))
    press = press_of(request.POST)
    if more := request.POST.get("more"):
        return _form(request, EnrolPage(request.POST, more=more, at_desk=True), press)
    page = EnrolPage(request.POST, at_desk=True)
    at = At(
        door=Door.OFFICER, entered_by=officer.pk, codes=request.POST.get("without_code") != "yes"
    )
    try:
        kept = enter(page.read(clock.today(), press).enrolment, at)
    except Problems:
        return _form(request, page, press, status=422)
    numbers_made = [each.registration for each in kept]
    if request.POST.get("document_seen") == "yes":
        for each in travellers.own_registrations(numbers_made):
            raise_to(each, Assurance.DOCUMENT_SEEN, "document seen", officer_id=officer.pk)
    return redirect("desk:enrolled", token_of(officer.pk, numbers_made))


@desk(Verb.ENROL, "GET", "HEAD", "POST")
def enrolled(request: HttpRequest, officer: Officer, token: str) -> HttpResponse:
    """What was kept, for an hour and for this officer; where the person reads out their code."""
    registrations = _made(officer, token)
    access_for(officer, _VIEW).record(_VIEW, [each.traveller_id for each in registrations])
    reaches = reaches_to_verify([each.pk for each in registrations])
    problem = None
    if request.method == "POST":
        chosen = [each for each in reaches if each.pk in numbers([request.POST.get("reach", "")])]
        if chosen and request.POST.get("again"):
            codes.ask_again(chosen)
            messages.info(request, "If a code may be sent there now, it is on its way.")
            return redirect("desk:enrolled", token)
        if chosen and codes.enter(chosen[0].pk, request.POST.get("code", "")):
            messages.success(request, "The address is confirmed.")
            return redirect("desk:enrolled", token)
        problem = codes.does_not_hold()
    context = {
        "token": token,
        "registrations": registrations,
        "reaches": reaches,
        "problem": problem,
    }
    return render(request, "desk/enrolled.html", context, status=422 if problem else 200)


@desk(Verb.ENROL, "GET", "HEAD", "POST")
def bursts(request: HttpRequest, officer: Officer) -> HttpResponse:
    """What came by the public doors in a flood: release it, or decline it. Nobody is named."""
    problem = None
    if request.method == "POST":
        release = request.POST.get("do") == "release"
        burst, reason = request.POST.get("burst", ""), request.POST.get("reason", "")
        try:
            decided = quarantine.decide(officer, burst, release=release, reason=reason)
        except Problem as error:
            problem = error
        else:
            done = "released" if release else "declined"
            messages.success(request, f"{decided} entries {done}.")
            return redirect(reverse("desk:bursts"))
    context = {
        "bursts": quarantine.bursts(),
        "problem": problem,
        "kept": request.POST,
        "reason_length": quarantine.REASON_LENGTH,
    }
    return render(request, "desk/bursts.html", context, status=422 if problem else 200)


def token_of(officer_id: int, registration_ids: list[int]) -> str:
    """What an officer's page of those they just enrolled has in its address."""
    return signing.dumps([officer_id, registration_ids], salt=_SALT)


def _made(officer: Officer, token: str) -> list[Registration]:
    try:
        of, made = signing.loads(token, salt=_SALT, max_age=_SHOWN_SECONDS)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise Http404 from error
    if of != officer.pk:
        raise Http404
    return travellers.own_registrations(made)


def _form(request: HttpRequest, page: EnrolPage, press: str, status: int = 200) -> HttpResponse:
    context = {"page": page, "press": press, "sent": request.POST}
    return render(request, "desk/enrol.html", context, status=status)
