"""The gate before every page of the desk: signed in, and of a role that may."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from wayhome.officers.access import Refused, require
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.web.desk import kept
from wayhome.web.htmx import is_fragment

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Officer, P], HttpResponse]
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]

# Which verb each page asks for, None where every officer may; by the name of its address.
VERBS: dict[str, Verb | None] = {}


def desk(verb: Verb | None, *methods: str) -> Callable[[View[P]], Page[P]]:
    """A page of the desk; ``verb`` None: for every officer. Refused becomes a page in words."""

    def decorate(view: View[P]) -> Page[P]:
        VERBS[f"{view.__module__}.{view.__name__}"] = verb

        @require_http_methods(methods or ("GET", "HEAD"))
        @wraps(view)
        def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            officer = request.user
            if not isinstance(officer, Officer):
                if is_fragment(request):  # a page that outlived its session: load it again
                    return HttpResponse(status=204, headers={"HX-Refresh": "true"})
                if kept.fields(request):
                    return kept.sign_in_page(request)
                # An address that only takes forms cannot be gone back to.
                again = request.method in ("GET", "HEAD")
                return redirect_to_login(request.get_full_path() if again else reverse("desk:home"))
            try:
                if verb is not None:
                    require(officer, verb)
                return view(request, officer, *args, **kwargs)
            except Refused as refused:
                return render(request, "desk/refused.html", {"refused": refused}, status=403)

        return page

    return decorate
