"""Prove again who one is, break glass, take a roll out in a file, and an organisation's page."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from wayhome.musters import exporting, queries
from wayhome.musters.models import CASE_STATES, Muster, RollState
from wayhome.officers import glass, guard
from wayhome.officers.access import Access, access_for, organisation_access_for
from wayhome.officers.models import Officer
from wayhome.officers.queries import CASE_PURPOSE
from wayhome.officers.roles import Verb
from wayhome.officers.services import record_proved
from wayhome.problems import Problem
from wayhome.travellers.organisations import of_compartment, registrations_of
from wayhome.trips.queries import stays_of_registrations
from wayhome.web.desk import coming_in, kept, reauth
from wayhome.web.desk.gate import desk
from wayhome.web.desk.views_account_sign_in import sign_in_page, too_soon

ON_A_PAGE = 50
_OWN = "people of the organisation"


@desk(None, "GET", "HEAD", "POST")
def prove(request: HttpRequest, officer: Officer) -> HttpResponse:
    """Prove again who you are; then what was typed is sent by the press of a button."""
    if request.method != "POST":
        return reauth.ask(request, officer, status=200)
    try:
        is_proved = reauth.is_proved(request, officer)
    except guard.Wait as wait:
        return too_soon(wait, lambda words: reauth.ask(request, officer, wrong=words, status=429))
    if is_proved:
        record_proved(officer)
        return kept.resume_page(request, officer) or redirect(coming_in.next_page(request))
    if request.session.is_empty():
        words = "That did not prove it, several times: you are signed out."
        return sign_in_page(request, words, status=401)
    wrong = "That does not prove it. After several wrong tries you are signed out."
    return reauth.ask(request, officer, wrong=wrong)


@desk(Verb.BREAK_GLASS, "GET", "HEAD", "POST")
def break_glass(request: HttpRequest, officer: Officer) -> HttpResponse:
    """Open a closed compartment for an hour, with a reason."""
    problem = None
    if request.method == "POST":
        try:
            broken = glass.break_glass(
                officer, request.POST.get("compartment", ""), request.POST.get("why", "")
            )
        except Problem as error:
            problem = error
        else:
            until = f"{broken.until:%H:%M} UTC"
            messages.success(request, f"Open to you until {until}. Auditors have been told.")
            return redirect("desk:break-glass")
    context = {
        "closed": glass.closed_to(officer),
        "open": glass.open_to(officer),
        "chosen": request.POST.get("compartment", ""),
        "why": request.POST.get("why", ""),
        "why_length": glass.WHY_LENGTH,
        "problem": problem,
    }
    return render(request, "desk/break_glass.html", context, status=422 if problem else 200)


@desk(Verb.EXPORT, "GET", "HEAD", "POST")
def export_roll(request: HttpRequest, officer: Officer, muster_id: int) -> HttpResponseBase:
    """What a file would hold; and, once its purpose is said, the file."""
    muster = queries.find(muster_id)
    if muster is None:
        raise Http404
    asked = request.POST if request.method == "POST" else request.GET
    state = asked.get("state", "")
    state = state if state in RollState.values else ""
    area = asked.get("area", "").replace("\0", "?")[:10]
    purpose = request.POST.get("purpose", "")
    problem = None
    access = _access(officer, muster, purpose, is_case=state in CASE_STATES)
    if state in CASE_STATES and not access.sees_cases:
        raise Http404
    if request.method == "POST":
        try:
            made = exporting.export_roll(
                officer, access, muster_id, state=state, area=area, purpose=purpose
            )
        except Problem as error:
            problem = error
        else:
            return StreamingHttpResponse(
                made.pieces,
                content_type="text/csv; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="{made.mark.file_name}"'},
            )
    context = {
        "muster": muster,
        "state": state,
        "area": area,
        "rows": exporting.count_rows(access, muster_id, state=state, area=area),
        "columns": exporting.COLUMNS,
        "purpose": purpose,
        "purpose_length": exporting.PURPOSE_LENGTH,
        "problem": problem,
    }
    return render(request, "desk/export_roll.html", context, status=422 if problem else 200)


@desk(Verb.SEE_OWN_PEOPLE)
def organisation(request: HttpRequest, officer: Officer) -> HttpResponse:
    """What an organisation registered, for its own officer; every name shown is a recorded look."""
    access = organisation_access_for(officer, _OWN)
    after = request.GET.get("after", "")
    page = registrations_of(
        access,
        _OWN,
        after=int(after) if after.isdecimal() and len(after) < 19 else 0,
        limit=ON_A_PAGE,
    )
    stays: dict[int, list[object]] = {each.pk: [] for each in page}
    for stay in stays_of_registrations(access, _OWN, list(stays)):
        stays[stay.trip.registration_id].append(stay)
    context = {
        "organisation": of_compartment(access.compartment_id),
        "lines": [(each, stays[each.pk]) for each in page],
        "next": page[-1].pk if len(page) == ON_A_PAGE else None,
        "purpose": _OWN,
    }
    return render(request, "desk/organisation.html", context)


def _access(officer: Officer, muster: Muster, purpose: str, *, is_case: bool) -> Access:
    said = " ".join(purpose.split())[: exporting.PURPOSE_LENGTH]
    words = f"export of the roll of {muster.name[:50]}: {said}"
    return access_for(officer, f"{CASE_PURPOSE}{words}" if is_case else words)
