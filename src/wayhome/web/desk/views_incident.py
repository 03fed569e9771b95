"""Record what is reported to have happened."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wayhome.ledger.services import record_incident
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.web.desk.forms import IncidentForm
from wayhome.web.desk.gate import desk
from wayhome.web.forms import faults_of


@desk(Verb.MUSTER, "GET", "HEAD", "POST")
def new(request: HttpRequest, officer: Officer) -> HttpResponse:
    form = IncidentForm(request.POST if request.method == "POST" else None)
    if form.is_bound and _record(officer, form):
        messages.success(request, "Recorded. A muster can cite it now.")
        return redirect("desk:new-muster")
    faults = faults_of([form]) if form.is_bound else []
    context = {"form": form, "faults": faults}
    return render(request, "desk/incident.html", context, status=422 if faults else 200)


def _record(officer: Officer, form: IncidentForm) -> bool:
    readable = form.is_valid()
    region = form.read_region()
    day = form.cleaned_data.get("happened_on")
    if day is None:
        form.show("happened_on", Problem("day", "is empty", "say on which day it happened"))
    if not readable or region is None or day is None:
        return False
    try:
        record_incident(officer, **(form.cleaned_data | {"region": region}))
    except Problem as problem:
        form.show(problem.field, problem)
        return False
    return True
