"""Whom one travels with: leaving them silently, and who takes care of a child."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from wayhome import links
from wayhome.problems import Problem
from wayhome.travellers import parties
from wayhome.travellers import queries as travellers
from wayhome.web.portal.links import LinkDoesNotHold, by_link, masked, numbers, open_trips
from wayhome.web.portal.views_mine import back


@by_link("GET", "HEAD", "POST")
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Leave the others. They are not told, and nothing on their pages changes."""
    registration = open_trips(token)
    if not parties.in_party(registration):
        raise LinkDoesNotHold
    plain, shared = parties.ways_after_leaving(registration)
    problem = None
    if request.method == "POST":
        chosen = numbers([request.POST.get("keep", "")])
        try:
            left = parties.leave(registration, chosen[0] if chosen else None)
        except Problem as error:
            problem = error
        else:
            fresh = links.trips_token(links.TripsLink(left.pk, left.link_epoch))
            return redirect(f"{reverse('portal:my-trips', args=[fresh])}?note=left")
    context = {
        "token": token,
        "plain": [masked(reach) for reach in plain],
        "shared": [(reach, masked(reach)) for reach in shared],
        "problem": problem,
    }
    return render(request, "portal/leave.html", context, status=422 if problem else 200)


@by_link("GET", "HEAD", "POST")
def guardian(request: HttpRequest, token: str, registration_id: int) -> HttpResponse:
    """Ask another adult of the party to take a child into their care."""
    registration = open_trips(token)
    minors = travellers.spoken_for(registration)[1:]
    child = next((each for each in minors if each.pk == registration_id), None)
    adults = parties.possible_guardians(registration)
    if child is None or not adults:
        raise LinkDoesNotHold
    problem = None
    if request.method == "POST":
        chosen = numbers([request.POST.get("adult", "")])
        try:
            parties.ask_guardian(registration, child.pk, chosen[0] if chosen else 0)
        except Problem as error:
            problem = error
        else:
            return back(token, "guardian")
    context = {"token": token, "child": child, "adults": adults, "problem": problem}
    return render(request, "portal/guardian.html", context, status=422 if problem else 200)


@by_link("POST")
def answer_wish(request: HttpRequest, token: str, wish_id: int) -> HttpResponse:
    """The adult who was asked agrees, or does not."""
    registration = open_trips(token)
    try:
        parties.answer_wish(registration, wish_id, accept=request.POST.get("do") == "accept")
    except Problem:
        return back(token, "gone")
    return back(token, "wish")
