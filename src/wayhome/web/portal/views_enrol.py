"""Enrol, oneself or somebody else: one form, kept while it is typed; one page of what was kept."""

import re
import secrets
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from wayhome import links
from wayhome.problems import Problem, Problems
from wayhome.travellers import codes
from wayhome.travellers import queries as travellers
from wayhome.travellers.marks import mark
from wayhome.travellers.models import Door
from wayhome.travellers.references import Kept
from wayhome.trips import queries as trips
from wayhome.trips.doors import At, enter, reaches_to_verify
from wayhome.web.network import counted_network_of
from wayhome.web.portal import drafts
from wayhome.web.portal.enrol_page import EnrolPage, PageSaid
from wayhome.web.portal.links import masked, no_link, numbers, without_cookies
from wayhome.work import clock

_SALT = "wayhome.web.enrolled"
_SHOWN_SECONDS = 3600  # the page holds links: it is not shown again from a browser's history
_PRESS = re.compile(r"[0-9a-f]{32}")
_SELF, _SOMEONE = "enrol", "enrol-someone"


@without_cookies
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    return _door(request, _SELF)


@without_cookies
@require_http_methods(["GET", "HEAD", "POST"])
def enrol_someone(request: HttpRequest) -> HttpResponse:
    return _door(request, _SOMEONE)


@without_cookies
@require_http_methods(["GET", "HEAD"])
def kept(request: HttpRequest, token: str) -> HttpResponse:
    """A form that was left, as it was: whatever is typed is in the page's own address."""
    for door in (_SELF, _SOMEONE):
        sent = drafts.open_draft(token, door)
        if sent is not None:
            page = EnrolPage(sent, bound=False, for_someone=door == _SOMEONE)
            until = clock.today() + drafts.LIFE
            return _form(request, door, page, press_of(sent), kept_until=until)
    return no_link(request)


def _door(request: HttpRequest, door: str) -> HttpResponse:
    for_someone = door == _SOMEONE
    if request.method != "POST":
        return _form(request, door, EnrolPage(for_someone=for_someone), secrets.token_hex(16))
    sent = request.POST
    press = press_of(sent)
    if more := sent.get("more"):
        return _form(request, door, EnrolPage(sent, more=more, for_someone=for_someone), press)
    if sent.get("keep"):
        return _keep(request, door, press)
    page = EnrolPage(sent, for_someone=for_someone)
    try:
        kept = _enter(request, page.read(clock.today(), press))
    except Problems:
        return _form(request, door, page, press, status=422)
    return redirect("portal:enrolled", done_token(kept))


def _enter(request: HttpRequest, said: PageSaid) -> list[Kept]:
    door = Door.SELF
    if said.informant is not None:
        door = Door.RELATIVE
    elif said.organisation is not None:
        door = Door.ORGANISATION
    at = At(
        door=door,
        network=counted_network_of(request),
        organisation=said.organisation,
        informant=said.informant,
    )
    return enter(said.enrolment, at)


def _keep(request: HttpRequest, door: str, press: str) -> HttpResponse:
    sent = request.POST.copy()
    sent["press"] = press
    try:
        return redirect("portal:kept", drafts.seal(sent, door))
    except Problem as problem:
        page = EnrolPage(sent, bound=False, for_someone=door == _SOMEONE)
        return _form(request, door, page, press, status=422, problem=problem)


def done_token(kept: list[Kept]) -> str:
    """The page of what was kept, for an hour: it shows links while they are the ones made here."""
    pairs = [(each.registration, each.link_epoch) for each in kept]
    return signing.dumps(pairs, salt=_SALT)


@without_cookies
@require_http_methods(["GET", "HEAD", "POST"])
def done(request: HttpRequest, token: str) -> HttpResponse:
    """What was kept, why, who may see it; a link for each adult, and where to enter a code. Of
    somebody else it shows no link: their page is theirs."""
    try:
        pairs = dict(signing.loads(token, salt=_SALT, max_age=_SHOWN_SECONDS))
    except (signing.BadSignature, ValueError, TypeError):
        pairs = {}
    registrations = [
        each for each in travellers.own_registrations(pairs) if each.link_epoch == pairs[each.pk]
    ]
    if not registrations:
        return no_link(request)
    if registrations[0].door == Door.RELATIVE:
        return render(request, "portal/enrolled_someone.html", {"registrations": registrations})
    reaches = reaches_to_verify([each.pk for each in registrations])
    problem = None
    if request.method == "POST":
        chosen = [
            reach for reach in reaches if reach.pk in numbers([request.POST.get("reach", "")])
        ]
        if request.POST.get("again"):
            codes.ask_again(chosen, mark("network", counted_network_of(request)))
            return redirect(f"{reverse('portal:enrolled', args=[token])}?note=sent#codes")
        if chosen and codes.enter(chosen[0].pk, request.POST.get("code", "")):
            return redirect(f"{reverse('portal:enrolled', args=[token])}?note=verified#codes")
        problem = codes.does_not_hold()
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
            "token": token,
            "adults": adults,
            "registrations": registrations,
            "stays": trips.own_stays([first.pk]),
            "legs": trips.own_legs([first.pk]),
            "said": first.original,
            "reaches": [(reach, masked(reach)) for reach in reaches],
            "note": request.GET.get("note", ""),
            "problem": problem,
        },
        status=422 if problem else 200,
    )


def press_of(sent: QueryDict) -> str:
    press = sent.get("press", "")
    return press if _PRESS.fullmatch(press) else secrets.token_hex(16)


def _form(
    request: HttpRequest, door: str, page: EnrolPage, press: str, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "page": page,
        "press": press,
        "action": reverse(f"portal:{door}"),
        "for_someone": door == _SOMEONE,
        **more,
    }
    return render(request, "portal/enrol.html", context, status=status)
