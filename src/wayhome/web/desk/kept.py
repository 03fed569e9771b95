"""A form that came when its officer's session had ended: what was typed goes along through signing
in, and is sent by a press of a button after it. Nothing of it is stored.

It travels sealed, with whose it is, so that nobody else who signs in at the same browser is shown
it, and no other site can put words into it.
"""

import json
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.csrf import csrf_failure

from wayhome.officers import passkeys
from wayhome.officers.models import Officer
from wayhome.officers.sealing import seal, unseal
from wayhome.web.desk import known_browser
from wayhome.web.sessions import ended_officer

FIELD = "kept"
Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Typed:
    """A form for ``path`` of the desk; ``whose``: the mark of its officer (``known_browser``)."""

    whose: str
    path: str
    fields: Fields


def fields(request: HttpRequest) -> Fields:
    """What a form brought besides its token; of forms that bring a password or a code, nothing."""
    if brings_secrets(request):
        return []
    return [
        (name, str(value))
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]


def brings_secrets(request: HttpRequest) -> bool:
    """Whether this form may hold a password or a code."""
    names = set(request.POST) - {"csrfmiddlewaretoken"}
    pages = (reverse("desk:account"), reverse("desk:prove"), reverse("desk:sign-in"))
    return bool(names) and request.path.startswith(pages)


def along(request: HttpRequest) -> dict[str, str]:
    """What a form carries for later, for templates; nothing where it is not ours."""
    return {FIELD: request.POST[FIELD]} if _typed(request) else {}


def take(request: HttpRequest) -> dict[str, str]:
    """The same of a form that came too late, sealed now; nothing where it is not known whose it is:
    then it would be shown to whoever signs in."""
    if carried := along(request):
        return carried
    whose = _whose(request)
    if not whose or request.method != "POST":
        return {}
    said = json.dumps([whose, request.get_full_path(), fields(request)])
    return {FIELD: seal(said).decode()}


def sign_in_page(request: HttpRequest) -> HttpResponse | None:
    """Sign in, and lose nothing; None where nothing was typed that can be kept."""
    if not along(request) and not fields(request):
        return None
    carried = take(request)
    return _sign_in(request, carried) if carried else None


def resume_page(request: HttpRequest, officer: Officer) -> HttpResponse | None:
    """Signed in: what was typed, to be sent now by the press of a button; None where nothing was,
    or by another officer, who is not named."""
    typed = _typed(request)
    if typed is None:
        return None
    if typed.whose != known_browser.mark_of(officer.email):
        messages.warning(
            request,
            "What was typed in this browser before you signed in is another officer's. It was not"
            " sent, and is not shown.",
        )
        return None
    return render(request, "desk/resume.html", {"path": typed.path, "sent": typed.fields})


def too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token holds no more (Django's ``CSRF_FAILURE_VIEW``). Somebody signed in in
    another tab, say: what this one carries is not lost. It was sealed by this site, so that no
    other site can have us show it; and nothing is done but showing it."""
    carried = along(request)
    if not carried:
        return csrf_failure(request, reason)
    if isinstance(request.user, Officer):
        page = resume_page(request, request.user)
        return page or render(request, "desk/resume.html", {"path": "", "sent": []})
    return _sign_in(request, carried)


def is_of_desk(path: str) -> bool:
    if not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return False
    try:
        return resolve(path.partition("?")[0]).namespace == "desk"
    except Resolver404:
        return False


def _sign_in(request: HttpRequest, carried: dict[str, str]) -> HttpResponse:
    context = {
        "next": reverse("desk:home"),
        "action": reverse("desk:sign-in"),
        "passkeys": passkeys.are_possible(),
    }
    return render(request, "desk/sign_in.html", context | carried, status=401)


def _typed(request: HttpRequest) -> Typed | None:
    """What this form carries; None where that is nothing, or was not sealed here."""
    sealed = request.POST.get(FIELD, "")
    said = unseal(sealed.encode()) if sealed else None
    if said is None:
        return None
    try:
        whose, path, sent = json.loads(said)
        typed = Typed(str(whose), str(path), [(str(name), str(value)) for name, value in sent])
    except (ValueError, TypeError):
        return None  # sealed here, for something else
    return typed if typed.whose and is_of_desk(typed.path) else None


def _whose(request: HttpRequest) -> str:
    """The mark of the officer who typed this: whose session it is, or was when this request came.

    Where that is forgotten, who signed in last in this browser: every sign-in makes the tokens of
    forms anew, so that a form which came this far was opened after that.
    """
    officer = request.user if isinstance(request.user, Officer) else ended_officer(request)
    return known_browser.mark_of(officer.email) if officer else known_browser.newest(request)
