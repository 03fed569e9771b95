"""The gate before every page of the desk: signed in, of a role that may by the law
(``officers.law``), and, where it asks for that, sure of late who it is."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from wayhome.officers import law
from wayhome.officers.access import NotRecent, Refused, require_view
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.web.desk import kept, reauth
from wayhome.web.htmx import is_fragment

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Officer, P], HttpResponseBase]
Page = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

# Which verb each page says that it asks for, None where its line in the law is not of one verb; by
# the name of the function. A test holds it against the law, which alone decides.
VERBS: dict[str, Verb | None] = {}


def desk(verb: Verb | None, *methods: str) -> Callable[[View[P]], Page[P]]:
    """A page of the desk. ``verb``: what its line in the law asks for, said again for the reader;
    None where that is every officer, or another verb for each step. Refused becomes a page in
    words."""

    def decorate(view: View[P]) -> Page[P]:
        VERBS[f"{view.__module__}.{view.__name__}"] = verb

        @require_http_methods(methods or ("GET", "HEAD"))
        @wraps(view)
        def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            officer = request.user
            if not isinstance(officer, Officer):
                if is_fragment(request):  # a page that outlived its session: load it again
                    return HttpResponse(status=204, headers={"HX-Refresh": "true"})
                if (page := kept.sign_in_page(request)) is not None:
                    return page
                # An address that only takes forms cannot be gone back to.
                again = request.method in ("GET", "HEAD")
                return redirect_to_login(request.get_full_path() if again else reverse("desk:home"))
            try:
                _ask_the_law(request, officer, str(kwargs.get("step", "")))
                return view(request, officer, *args, **kwargs)
            except NotRecent:
                return reauth.ask(request, officer)
            except Refused as refused:
                return render(request, "desk/refused.html", {"refused": refused}, status=403)

        return page

    return decorate


def _ask_the_law(request: HttpRequest, officer: Officer, step: str) -> None:
    """Refused where the law gives this route, or this step of it, not to this officer's role."""
    match = request.resolver_match
    route = match.view_name if match else ""
    found = law.page(route, step)
    if found is None and step and law.steps(route):
        raise Http404  # a step that there is none of
    require_view(officer, route, found)
    if found is not None and found.recent and request.method == "POST":
        reauth.require(request)
