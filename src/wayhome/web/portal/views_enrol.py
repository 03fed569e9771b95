"""Enrol: one form, one page that says what was kept."""

import re
import secrets

from django.core import signing
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from wayhome import links
from wayhome.problems import Problems
from wayhome.travellers import queries as travellers
from wayhome.travellers.models import Door, Registration
from wayhome.trips import queries as trips
from wayhome.trips.enrolment import EnrolmentSaid
from wayhome.trips.services import enrol as write
from wayhome.web.portal.forms import EnrolPage
from wayhome.web.portal.links import no_link, without_cookies
from wayhome.work import clock

_SALT = "wayhome.web.enrolled"
_SHOWN_SECONDS = 3600  # the page holds links: it is not shown again from a browser's history
_PRESS = re.compile(r"[0-9a-f]{32}")


@without_cookies
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form(request, EnrolPage(), secrets.token_hex(16))
    press = request.POST.get("press", "")
    if not _PRESS.fullmatch(press):
        press = secrets.token_hex(16)
    if more := request.POST.get("more"):
        return _form(request, EnrolPage(request.POST, more=more), press)
    page = EnrolPage(request.POST)
    try:
        registrations = _enrol_once(page.read(clock.today(), press))
    except Problems:
        return _form(request, page, press, status=422)
    token = signing.dumps([registration.pk for registration in registrations], salt=_SALT)
    return redirect("portal:enrolled", token)


@require_safe
def done(request: HttpRequest, token: str) -> HttpResponse:
    """What was kept, why, who may see it; a link for each adult."""
    try:
        ids = signing.loads(token, salt=_SALT, max_age=_SHOWN_SECONDS)
    except signing.BadSignature:
        ids = []
    registrations = travellers.own_registrations(ids)
    if not registrations:
        return no_link(request)
    adults = [
        (
            registration.traveller.name,
            links.trips_url(links.TripsLink(registration.pk, registration.link_epoch)),
        )
        for registration in registrations
        if not registration.traveller.is_minor
    ]
    first = registrations[0]
    return render(
        request,
        "portal/enrolled.html",
        {
            "adults": adults,
            "registrations": registrations,
            "stays": trips.own_stays([first.pk]),
            "said": first.original,
        },
    )


def _enrol_once(said: EnrolmentSaid) -> list[Registration]:
    """Enrol, or find what the same press enrolled before."""
    references = [person.reference for person in said.people]
    before = travellers.by_references(Door.SELF, references)
    if before:
        return before
    try:
        return write(said, door=Door.SELF).registrations
    except IntegrityError:  # the same press reached another process this instant
        before = travellers.by_references(Door.SELF, references)
        if not before:
            raise
        return before


def _form(request: HttpRequest, page: EnrolPage, press: str, status: int = 200) -> HttpResponse:
    return render(request, "portal/enrol.html", {"page": page, "press": press}, status=status)
