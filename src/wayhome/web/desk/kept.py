"""A form that came when its officer's session had ended: what was typed goes along through signing
in, and is sent by a press of a button after it. Nothing of it is stored.
"""

from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme

Fields = list[tuple[str, str]]
_PREFIX, _PATH = "kept-", "kept_path"


def fields(request: HttpRequest) -> Fields:
    """What a form brought besides its token."""
    return [
        (name, str(value))
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]


def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Sign in, and lose nothing."""
    context = {
        "form": AuthenticationForm(),
        "next": reverse("desk:home"),
        "action": reverse("desk:sign-in"),
        "kept_path": request.get_full_path(),
        "kept": [(f"{_PREFIX}{name}", value) for name, value in fields(request)],
    }
    return render(request, "desk/sign_in.html", context, status=401)


def along(request: HttpRequest) -> dict[str, object]:
    """What a sign-in form carries for later, for a sign-in that has to be tried again."""
    path = request.POST.get(_PATH, "")
    if not path:
        return {}
    brought = [(name, value) for name, value in fields(request) if name.startswith(_PREFIX)]
    return {"kept_path": path, "kept": brought}


def resume_page(request: HttpRequest) -> HttpResponse | None:
    """Signed in: what was typed, to be sent now by the press of a button; None where nothing was,
    or it was for no page of the desk."""
    brought = along(request)
    path = str(brought.get("kept_path", ""))
    if not path or not _is_of_desk(path):
        return None
    sent = [
        (name.removeprefix(_PREFIX), value)
        for name, value in fields(request)
        if name.startswith(_PREFIX)
    ]
    return render(request, "desk/resume.html", {"path": path, "sent": sent})


def _is_of_desk(path: str) -> bool:
    if not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return False
    try:
        return resolve(path.partition("?")[0]).namespace == "desk"
    except Resolver404:
        return False
