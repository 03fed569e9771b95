"""Musters: the list, the board of numbers, opening and closing one. Nobody is named here."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wayhome.bulletins import queries as bulletins
from wayhome.ledger import queries as ledger
from wayhome.musters import queries, services
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.places.region import parse
from wayhome.places.words import in_words
from wayhome.problems import Problem
from wayhome.web.desk.drawing import HEIGHT, WIDTH, chart, map_of
from wayhome.web.desk.forms import MusterForm
from wayhome.web.desk.gate import desk
from wayhome.web.forms import faults_of
from wayhome.web.htmx import is_fragment


@desk(Verb.SEE_NUMBERS)
def musters(request: HttpRequest, officer: Officer) -> HttpResponse:
    context = {"musters": queries.states_of_open(), "closed": queries.closed()}
    return render(request, "desk/musters.html", context)


@desk(Verb.SEE_NUMBERS)
def board(request: HttpRequest, officer: Officer, muster_id: int) -> HttpResponse:
    """Numbers by state, area and time, the silent first."""
    muster = queries.find(muster_id)
    if muster is None:
        raise Http404
    counted = queries.board(muster_id)
    context = {
        "muster": muster,
        "board": counted,
        "states": list(counted.by_state.items()),
        "areas": [
            (code, states, sum(states.values()))
            for code, states in sorted(
                counted.by_area.items(), key=lambda each: -each[1].get("silent", 0)
            )
        ],
        "chart": chart(queries.over_time(muster_id)),
        "width": WIDTH,
        "height": HEIGHT,
    }
    if is_fragment(request):
        return render(request, "desk/board_part.html", context)
    region = parse(muster.region)
    context |= {
        "region_words": in_words(region),
        "map": map_of(region),
        "threads": list(muster.threads.prefetch_related("newest_issue__texts").order_by("pk")),
        "incidents": list(muster.incidents.order_by("happened_on", "pk")),
    }
    return render(request, "desk/board.html", context)


@desk(Verb.MUSTER, "GET", "HEAD", "POST")
def new(request: HttpRequest, officer: Officer) -> HttpResponse:
    threads = bulletins.threads()
    incidents = ledger.newest()
    form = MusterForm(request.POST if request.method == "POST" else None)
    form.offer(threads, incidents)
    if form.is_bound:
        readable = form.is_valid()
        region = form.read_region()
        values = form.cleaned_data
        if values.get("starts_at") is None:
            form.show("starts_at", Problem("begins", "is empty", "say from when people count"))
            readable = False
        if readable and region is not None:
            chosen = {
                "threads": [each for each in threads if each.pk in values["threads"]],
                "incidents": [each for each in incidents if each.pk in values["incidents"]],
            }
            try:
                muster = services.open_muster(officer, **(values | chosen | {"region": region}))
            except Problem as problem:
                form.show(_FIELDS.get(problem.field, problem.field), problem)
            else:
                messages.success(request, "Opened. The roll is being filled.")
                return redirect("desk:muster", muster.pk)
    faults = faults_of([form]) if form.is_bound else []
    context = {"form": form, "faults": faults}
    return render(request, "desk/new_muster.html", context, status=422 if faults else 200)


_FIELDS = {"starts": "starts_at", "ends": "ends_at", "safe-hours": "safe_hours"}


@desk(Verb.CLOSE, "POST")
def close(request: HttpRequest, officer: Officer, muster_id: int) -> HttpResponse:
    if queries.find(muster_id) is None:
        raise Http404
    if request.POST.get("sure") != "yes":
        messages.warning(request, "Not closed: tick that it shall be closed.")
    else:
        services.close_muster(officer, muster_id)
        messages.success(request, "Closed. Its roll and history stay.")
    return redirect("desk:muster", muster_id)
