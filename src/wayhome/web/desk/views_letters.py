"""Write to one person on a roll, and decide about their addresses: hostile hands, an asked stop."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from wayhome.musters.claims import carry_out_stop
from wayhome.musters.writing import VIEW, send_link, write_to
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers.contact_policy import lift_hostile, mark_hostile
from wayhome.travellers.models import Reach
from wayhome.travellers.queries import own_ways, ways_to_reach
from wayhome.web.desk.forms import LinkForm, WriteForm
from wayhome.web.desk.gate import desk
from wayhome.web.desk.views_roll import entry_page, find_line


@desk(Verb.MUSTER, "POST")
def write(request: HttpRequest, officer: Officer, muster_id: int, entry_id: int) -> HttpResponse:
    """A letter in this officer's words. A double click is one letter."""
    access, line = find_line(officer, muster_id, entry_id)
    form = WriteForm(request.POST, ways=own_ways(access, VIEW, line.traveller_id))
    if form.is_valid():
        try:
            write_to(
                officer,
                access,
                entry_id,
                way=form.cleaned_data["way"],
                language=form.cleaned_data["language"],
                text=form.cleaned_data["text"],
                press=request.POST.get("press", ""),
            )
        except Problem as problem:
            form.show(problem.field, problem)
        else:
            messages.success(request, "The letter is owed. Below you see when it is sent.")
            return redirect("desk:entry", muster_id, entry_id)
    return entry_page(request, officer, muster_id, entry_id, write_form=form)


@desk(Verb.MUSTER, "POST")
def link(request: HttpRequest, officer: Officer, muster_id: int, entry_id: int) -> HttpResponse:
    """Send the person their own link again."""
    access, line = find_line(officer, muster_id, entry_id)
    form = LinkForm(request.POST, ways=own_ways(access, VIEW, line.traveller_id))
    if form.is_valid():
        try:
            send_link(
                officer,
                access,
                entry_id,
                way=form.cleaned_data["way"],
                press=request.POST.get("press", ""),
            )
        except Problem as problem:
            form.show(problem.field, problem)
        else:
            messages.success(request, "The letter with their link is owed.")
            return redirect("desk:entry", muster_id, entry_id)
    return entry_page(request, officer, muster_id, entry_id, link_form=form)


# What an officer may decide about an address, and what the page says then.
_STEPS: dict[str, tuple[Callable[[Officer, int, str], Reach], str]] = {
    "hostile": (mark_hostile, "Marked. Nothing goes there any more, what was queued included."),
    "lift": (lift_hostile, "Lifted, with your name and reason."),
    "stop": (carry_out_stop, "Stopped. Nothing more goes there."),
}


@desk(Verb.MUSTER, "POST")
def address(request: HttpRequest, officer: Officer, muster_id: int, entry_id: int) -> HttpResponse:
    """Mark an address as in hostile hands, lift that, or carry out a stop that was asked for."""
    access, line = find_line(officer, muster_id, entry_id)
    reaches = {str(reach.pk) for reach in ways_to_reach(access, VIEW, line.traveller_id)}
    number = request.POST.get("reach", "")
    take, said = _STEPS.get(request.POST.get("do", ""), (None, ""))
    if number not in reaches or take is None:
        raise Http404
    try:
        take(officer, int(number), request.POST.get("why", ""))
    except Problem as problem:
        return entry_page(request, officer, muster_id, entry_id, problem=problem)
    messages.success(request, said)
    return redirect("desk:entry", muster_id, entry_id)
