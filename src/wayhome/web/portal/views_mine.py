"""What people change on their own page: trips, names, addresses, watches, the link itself."""

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from wayhome.musters.claims import remove_by
from wayhome.places.choosing import the_one
from wayhome.places.errors import PlaceError
from wayhome.places.finding import few_guesses
from wayhome.problems import Problem, Problems
from wayhome.travellers import codes, own_details
from wayhome.travellers import queries as travellers
from wayhome.travellers.marks import mark
from wayhome.travellers.models import Reach, Registration
from wayhome.trips import queries as trips
from wayhome.trips.adding import add_trips
from wayhome.trips.enrolment import MOST_GUESSES, EnrolmentSaid, PersonSaid, check
from wayhome.trips.services import end_watches, watch
from wayhome.web.forms import PlainForm, faults_of
from wayhome.web.network import counted_network_of
from wayhome.web.portal.enrol_forms import LegForm, StayForm
from wayhome.web.portal.forms import AddAddressForm, NameForm, WatchForm
from wayhome.web.portal.links import (
    LinkDoesNotHold,
    by_link,
    masked,
    numbers,
    open_trips,
    trips_link,
)
from wayhome.web.portal.views_still import own_stays, say
from wayhome.work import clock


def back(token: str, note: str, where: str = "") -> HttpResponse:
    """To one's own page, which says what was done."""
    return redirect(f"{reverse('portal:my-trips', args=[token])}?note={note}{where}")


@by_link("GET", "HEAD", "POST")
def add(request: HttpRequest, token: str, what: str) -> HttpResponse:
    """One more stay, or one more leg, for this adult and whoever they choose of their children."""
    registration = open_trips(token)
    own = travellers.spoken_for(registration)
    data = request.POST if request.method == "POST" else None
    form: StayForm | LegForm = StayForm(data) if what == "stay" else LegForm(data)
    if data is not None and _add(form, own, numbers(data.getlist("people"))):
        return back(token, "added")
    context = {
        "token": token,
        "what": what,
        "form": form,
        "people": own,
        "faults": faults_of([form]) if form.is_bound else [],
    }
    return render(request, "portal/add.html", context, status=422 if form.is_bound else 200)


def _add(form: StayForm | LegForm, own: list[Registration], chosen: list[int]) -> bool:
    """Write it for those chosen (all, where none is), or show the faults."""
    faults: list[Problem] = []
    with few_guesses(MOST_GUESSES):
        readable = form.is_valid()
        said = EnrolmentSaid(
            people=(PersonSaid(own[0].traveller.name),),
            stays=(form.read(1, faults),) if isinstance(form, StayForm) else (),
            legs=(form.read(1, faults),) if isinstance(form, LegForm) else (),
            without_address=True,
        )
        mentioned = {fault.field for fault in faults}
        try:
            check(said, clock.today())
        except Problems as error:
            faults += [each for each in error.problems if each.field not in mentioned]
    if not readable or faults:
        for fault in faults:
            words = fault.field.removesuffix(" 1").removeprefix("leg 1 ")
            form.show({"from": "departs_from", "to": "arrives_in"}.get(words, words), fault)
        return False
    add_trips([each for each in own if each.pk in chosen] or own, said)
    return True


@by_link("POST")
def ended(request: HttpRequest, token: str, stay_id: int) -> HttpResponse:
    """I have left, or I am not going; or it is still as written."""
    registration = open_trips(token)
    stays = [stay for stay in own_stays(registration) if stay.pk == stay_id]
    if not stays:
        return back(token, "gone")
    answer = {"left": "left", "not": "not going"}.get(request.POST.get("do", ""), "holds")
    say(request, registration, trips_link(token), stays, answer, None)
    return back(token, "said")


@by_link("GET", "HEAD", "POST")
def names(request: HttpRequest, token: str, registration_id: int) -> HttpResponse:
    """Correct a name: one's own or a child's."""
    registration = open_trips(token)
    whose = [e for e in travellers.spoken_for(registration) if e.pk == registration_id]
    if not whose:
        raise LinkDoesNotHold
    form = NameForm(request.POST or None, initial={"name": whose[0].traveller.name})
    if form.is_bound and form.is_valid():
        try:
            own_details.correct_name(registration, registration_id, form.cleaned_data["name"])
        except Problem as problem:
            form.show(problem.field, problem)
        else:
            return back(token, "name")
    return _simple(request, token, "portal/name.html", form, of=registration_id)


@by_link("GET", "HEAD", "POST")
def add_address(request: HttpRequest, token: str) -> HttpResponse:
    """One more address; whether others use it too, nobody learns."""
    registration = open_trips(token)
    form = AddAddressForm(request.POST or None)
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        kind = "mail" if values["mail"] else "phone"
        try:
            if not values["mail"] and not values["phone"]:
                raise Problem("mail", "is empty", "give a mail address or a telephone")
            language = str(registration.original.get("language") or "en")
            network = mark("network", counted_network_of(request))
            own_details.add_address(registration, kind, values[kind], language, network)
        except Problem as problem:
            form.show(problem.field, problem)
        else:
            return back(token, "address", "#reaches")
    return _simple(request, token, "portal/add_address.html", form)


@by_link("GET", "HEAD", "POST")
def remove_address(request: HttpRequest, token: str, reach_id: int) -> HttpResponse:
    """Use an address no more; the last confirmed one is asked about."""
    registration = open_trips(token)
    reach = _own(registration, reach_id)
    problem = None
    if request.method == "POST":
        try:
            sure = request.POST.get("sure") == "yes"
            gone = remove_by(registration, reach_id, sure=sure)
        except Problem as error:
            problem = error
        else:
            return back(token, "removed" if gone.ended_at else "asked", "#reaches")
    context = {
        "token": token,
        "reach": reach,
        "address": masked(reach),
        "is_last": own_details.is_last_verified(registration, reach),
        "problem": problem,
    }
    return render(request, "portal/remove.html", context, status=422 if problem else 200)


@by_link("POST")
def code(request: HttpRequest, token: str, reach_id: int) -> HttpResponse:
    """Enter the code that was sent to an address, or have another sent."""
    registration = open_trips(token)
    reach = _own(registration, reach_id)
    if request.POST.get("again"):
        codes.ask_again([reach], mark("network", counted_network_of(request)))
        return back(token, "sent", "#reaches")
    held = codes.enter(reach.pk, request.POST.get("code", ""))
    return back(token, "verified" if held else "code", "#reaches")


@by_link("GET", "HEAD", "POST")
def watches(request: HttpRequest, token: str) -> HttpResponse:
    """Areas that one hears about without being there."""
    registration = open_trips(token)
    form = WatchForm(request.POST if request.POST.get("area") is not None else None)
    if request.method == "POST" and request.POST.get("end"):
        end_watches(registration, [request.POST["end"]])
        return redirect("portal:my-watches", token)
    if form.is_bound and form.is_valid():
        try:
            with few_guesses(MOST_GUESSES):
                found = the_one(form.cleaned_data["area"], kinds=("country", "subdivision"))
            watch(registration, found.code or found.country)
        except (PlaceError, Problem) as problem:
            form.show("area", Problem("area", problem.problem, problem.fix))
        else:
            return redirect("portal:my-watches", token)
    return _simple(
        request, token, "portal/watches.html", form, areas=trips.own_watches(registration)
    )


@by_link("GET", "HEAD", "POST")
def revoke(request: HttpRequest, token: str) -> HttpResponse:
    """No link so far opens the page any more; a new one goes to one's confirmed addresses."""
    registration = open_trips(token)
    problem = None
    if request.method == "POST":
        try:
            own_details.revoke_links(registration, secrets.token_hex(8))
        except Problem as error:
            problem = error
        else:
            return redirect("portal:revoked")
    context = {"token": token, "problem": problem}
    return render(request, "portal/revoke.html", context, status=422 if problem else 200)


def revoked(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/revoked.html")


def _own(registration: Registration, reach_id: int) -> Reach:
    own = travellers.own_reaches(travellers.spoken_for(registration))
    found = [reach for reach in own if reach.pk == reach_id]
    if not found:
        raise LinkDoesNotHold
    return found[0]


def _simple(
    request: HttpRequest, token: str, template: str, form: PlainForm, **more: object
) -> HttpResponse:
    context = {
        "token": token,
        "form": form,
        "faults": faults_of([form]) if form.is_bound else [],
        **more,
    }
    return render(request, template, context, status=422 if form.is_bound else 200)
