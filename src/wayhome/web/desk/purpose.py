"""Why an officer looks for people: asked once, kept for the session, written with every look."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from wayhome.officers.access import Access, access_for
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.web.desk import kept
from wayhome.web.desk.gate import desk

_KEY = "people_purpose"
LENGTH = 120
P = ParamSpec("P")


def of(request: HttpRequest) -> str:
    """The purpose of this session; empty where none was given."""
    return str(request.session.get(_KEY, ""))


def keep(request: HttpRequest, said: str) -> str:
    """Keep what was said as the purpose of this session, if anything was; what holds now."""
    said = " ".join("".join(c if c.isprintable() else " " for c in said).split())[:LENGTH]
    if said:
        request.session[_KEY] = said
    return said or of(request)


def with_access(
    view: Callable[Concatenate[HttpRequest, Officer, Access, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Officer, P], HttpResponse]:
    """A view that shows people: it gets an ``Access``, or the page that asks for the purpose is
    shown first."""

    def ask(
        request: HttpRequest, officer: Officer, /, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponse:
        purpose = of(request)
        if not purpose:
            return render(request, "desk/purpose.html", {"path": request.path, "length": LENGTH})
        return view(request, officer, access_for(officer, purpose), *args, **kwargs)

    ask.__module__, ask.__name__ = view.__module__, view.__name__
    return ask


@desk(Verb.SEE_PEOPLE, "POST")
def set_purpose(request: HttpRequest, officer: Officer) -> HttpResponse:
    """Say why, and go on to where one was going."""
    path = request.POST.get("path", "")
    if not kept.is_of_desk(path):
        path = reverse("desk:people")
    keep(request, request.POST.get("purpose", ""))
    return redirect(path)
