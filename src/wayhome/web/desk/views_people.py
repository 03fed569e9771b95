"""Search people, as one types or by a button; a question is sent in a body, never in an address,
so that no name stands in a log or a history."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wayhome.officers.access import access_for
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers.searching import LONGEST, Found, Person, search
from wayhome.trips.queries import places_now
from wayhome.web.desk import purpose
from wayhome.web.desk.gate import desk
from wayhome.web.htmx import is_fragment

_VIEW = "people search"
_TYPED = 3  # letters from which a search begins by itself; a character of Chinese is a word


@dataclass(frozen=True)
class Line:
    person: Person
    places: list[str]


@desk(Verb.SEE_PEOPLE, "GET", "HEAD", "POST")
def people(request: HttpRequest, officer: Officer) -> HttpResponse:
    """The empty question, or what it found: whole, or as a part of the page while one types."""
    context: dict[str, object] = {"longest": LONGEST, "purpose_length": purpose.LENGTH}
    status = 200
    if request.method == "POST":
        why = purpose.keep(request, request.POST.get("purpose", ""))
        text = request.POST.get("q", "")
        context |= {"q": text[:LONGEST]}
        as_typed = is_fragment(request)
        try:
            if not why:
                raise Problem("purpose", "is empty", "say why you look for people")
            if not as_typed or len(text.strip()) >= _TYPED or not text.isascii():
                context |= _found(officer, why, text)
        except Problem as problem:
            context |= {"problem": problem}
            status = 200 if as_typed else 422
        if as_typed:
            return render(request, "desk/people_found.html", context)
    context["purpose"] = purpose.of(request)
    return render(request, "desk/people.html", context, status=status)


def _found(officer: Officer, why: str, text: str) -> dict[str, object]:
    access = access_for(officer, why)
    found: Found = search(access, _VIEW, text)
    places = places_now(access, _VIEW, [each.traveller_id for each in found.people])
    return {
        "searched": True,
        "found": [Line(each, places.get(each.traveller_id, [])) for each in found.people],
        "more": found.more,
    }
