"""How one wants to be reached: hours, language, wording, and that nothing more comes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from wayhome.musters.claims import own_reach, stop_by
from wayhome.problems import Problem, Problems
from wayhome.travellers import queries as travellers
from wayhome.travellers.contact_policy import By, resume, set_policy
from wayhome.travellers.models import Reach, Registration
from wayhome.travellers.zones import zone_of_country
from wayhome.trips import queries as trips
from wayhome.web.forms import faults_of
from wayhome.web.portal.forms import PolicyForm
from wayhome.web.portal.links import LinkDoesNotHold, by_link, masked, open_trips


@by_link("GET", "HEAD", "POST")
def terms(request: HttpRequest, token: str, reach_id: int) -> HttpResponse:
    """Set hours, language and wording of one address."""
    registration = open_trips(token)
    reach = _own(registration, reach_id)
    if request.method != "POST":
        return _page(request, token, reach, PolicyForm.of(reach, _zone_there(registration)))
    form = PolicyForm(request.POST, reach=reach)
    if form.is_valid():
        try:
            set_policy(reach.pk, form.said(), By(registration_id=registration.pk))
        except Problems as error:
            for problem in error.problems:
                form.show(problem.field, problem)
        except Problem as problem:
            form.show(problem.field, problem)
        else:
            return _back(token, "reach")
    return _page(request, token, reach, form)


@by_link("POST")
def stop(request: HttpRequest, token: str, reach_id: int) -> HttpResponse:
    """Send nothing more there, or send there again. Kept as said while a muster covers them."""
    registration = open_trips(token)
    reach = _own(registration, reach_id)
    if request.POST.get("do") == "resume":
        resume(reach.pk, By(registration_id=registration.pk))
        return _back(token, "resumed")
    if request.POST.get("sure") != "yes":
        form = PolicyForm.of(reach, _zone_there(registration))
        unsure = Problem("stop", "is not ticked", "tick that nothing more shall come there")
        return _page(request, token, reach, form, unsure)
    stopped = stop_by(registration, reach.pk)
    return _back(token, "stopped" if stopped.stopped_at else "asked")


def _own(registration: Registration, reach_id: int) -> Reach:
    try:
        return own_reach(registration, reach_id)
    except Problem as error:
        raise LinkDoesNotHold from error


def _back(token: str, note: str) -> HttpResponse:
    return redirect(f"{reverse('portal:my-trips', args=[token])}?note={note}#reaches")


def _zone_there(registration: Registration) -> str:
    """The time zone of the first country where they are or will be, if it has but one."""
    stays = trips.own_stays([each.pk for each in travellers.spoken_for(registration)])
    codes = [str(code)[:2] for stay in stays for code, _ in stay.areas[:1]]
    return zone_of_country(codes[0]) if codes else ""


def _page(
    request: HttpRequest,
    token: str,
    reach: Reach,
    form: PolicyForm,
    problem: Problem | None = None,
) -> HttpResponse:
    context = {
        "token": token,
        "reach": reach,
        "address": masked(reach),
        "form": form,
        "faults": faults_of([form]) if form.is_bound else [],
        "problem": problem,
    }
    bad = form.is_bound or problem is not None
    return render(request, "portal/reach.html", context, status=422 if bad else 200)
