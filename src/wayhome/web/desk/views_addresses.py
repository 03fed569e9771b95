"""Addresses that bounce: which nothing is sent to any more, why, and lifting that."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wayhome.bulletins import queries as bulletins
from wayhome.bulletins.models import Issue
from wayhome.delivery.receipts_sql import Bounce, last_bounces
from wayhome.officers.access import access_for
from wayhome.officers.models import Officer
from wayhome.officers.queries import officer_names
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers import queries, services
from wayhome.travellers.queries import Address
from wayhome.web.desk.forms import LiftForm
from wayhome.web.desk.gate import desk
from wayhome.web.forms import faults_of, moment

ON_A_PAGE = 50
_VIEW = "addresses that bounce"


@dataclass(frozen=True)
class Line:
    """An address as the page shows it; ``issue``: of the delivery that bounced last."""

    address: Address
    bounce: Bounce | None
    issue: Issue | None
    form: LiftForm


@desk(Verb.SEE_PEOPLE)
def addresses(request: HttpRequest, officer: Officer) -> HttpResponse:
    """A page of those that nothing is sent to, then those that still are written to."""
    return _page(request, officer)


@desk(Verb.ENROL, "POST")
def lift(request: HttpRequest, officer: Officer, contact_point_id: int) -> HttpResponse:
    """Write to it again, with a reason."""
    if not queries.is_contact_point(access_for(officer, _VIEW), contact_point_id):
        raise Http404
    form = LiftForm(contact_point_id, request.POST)
    if form.is_valid():
        try:
            services.lift(officer, contact_point_id, form.cleaned_data["reason"])
        except Problem as problem:
            form.show(problem.field, problem)
        else:
            messages.success(
                request,
                "It is written to again: whoever it serves is warned of what is in force, except"
                " by what had gone there before.",
            )
            return redirect("desk:addresses")
    return _page(request, officer, form, contact_point_id)


def _page(
    request: HttpRequest, officer: Officer, bound: LiftForm | None = None, of: int = 0
) -> HttpResponse:
    access = access_for(officer, _VIEW)
    at, _, number = request.GET.get("after", "").rpartition("/")
    since = moment(at)
    after = (since, int(number)) if since and number.isdecimal() and len(number) < 19 else None
    suppressed = queries.suppressed_addresses(access, _VIEW, after=after, limit=ON_A_PAGE)
    bouncing = [] if after else queries.bouncing_addresses(access, _VIEW, limit=ON_A_PAGE)
    bounces = last_bounces([each.contact_point_id for each in (*suppressed, *bouncing)])
    issues = bulletins.issues_by_number(bounce.key.issue_id for bounce in bounces.values())
    steps = [step for each in (*suppressed, *bouncing) for step in each.history]

    def lines(found: Iterable[Address]) -> list[Line]:
        shown = []
        for each in found:
            bounce = bounces.get(each.contact_point_id)
            form = bound if bound and each.contact_point_id == of else None
            shown.append(
                Line(
                    each,
                    bounce,
                    issues.get(bounce.key.issue_id) if bounce else None,
                    form or LiftForm(each.contact_point_id),
                )
            )
        return shown

    last = suppressed[-1] if len(suppressed) == ON_A_PAGE else None
    context = {
        "suppressed": lines(suppressed),
        "bouncing": lines(bouncing),
        "officers": officer_names(step.officer_id for step in steps),
        "faults": faults_of([bound]) if bound else [],
        "next": f"{last.suppressed_at.isoformat()}/{last.contact_point_id}"
        if last and last.suppressed_at
        else "",
    }
    return render(request, "desk/addresses.html", context, status=422 if bound else 200)
