"""Prove again who you are, before a step that the law marks ``recent``. What was typed goes along.

This is the one seam for other ways to prove it: a way is a function in ``WAYS`` that says whether
what the form brought proves this officer, or None where it brought nothing of its kind. It asks
for what signing in asks for, under the same limits on guessing.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from wayhome.officers import guard, passkeys, passwords, second_factor
from wayhome.officers.access import RECENT, require_recent
from wayhome.officers.models import Officer
from wayhome.problems import Problem
from wayhome.web import sessions
from wayhome.web.desk import coming_in, kept
from wayhome.web.desk.known_browser import place_of

_PROVED, _WRONG = "proved_at", "proved_wrong"
MOST_WRONG = 3  # and the session is over; more would have to wait

Way = Callable[[HttpRequest, Officer], bool | None]


def by_password(request: HttpRequest, officer: Officer) -> bool | None:
    """The password and, of an officer who has a second factor, a code as well.

    guard.Wait where tries come too soon.
    """
    given = request.POST.get("password", "")
    if not given:
        return None
    tried = guard.attempt(officer.email, place_of(request, officer.email))
    if passwords.officer_by(request, officer.email, given) != officer:
        return False
    if second_factor.has_any(officer) and not second_factor.use_code(
        officer, request.POST.get("code", "")
    ):
        return False
    guard.succeeded(tried)
    return True


def by_passkey(request: HttpRequest, officer: Officer) -> bool | None:
    """A passkey of this officer, which is enough alone."""
    given = request.POST.get("credential", "")
    if not given:
        return None
    state = request.session.pop(coming_in.QUESTION, None)
    try:
        return passkeys.use(state, given).officer_id == officer.pk
    except Problem:
        return False


WAYS: list[Way] = [by_password, by_passkey]


def proved(request: HttpRequest) -> None:
    """Keep in the session that its officer has proved just now who they are."""
    request.session[_PROVED] = datetime.now(UTC).timestamp()
    request.session.pop(_WRONG, None)


def proved_at(request: HttpRequest) -> datetime | None:
    value = request.session.get(_PROVED)
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else None


def require(request: HttpRequest) -> None:
    """NotRecent where that is too long ago. By this host's clock: a drill's does not hold here."""
    require_recent(proved_at(request), datetime.now(UTC))


def is_proved(request: HttpRequest, officer: Officer) -> bool:
    """Whether the form proves the officer by any way; the last of several wrong tries ends the
    session, for whoever found it open. guard.Wait where tries come too soon."""
    said = [answer for way in WAYS if (answer := way(request, officer)) is not None]
    if said and all(said):
        proved(request)
        return True
    wrong = int(request.session.get(_WRONG, 0)) + 1
    request.session[_WRONG] = wrong
    if wrong >= MOST_WRONG:
        sessions.end_current(request, officer, "nobody proved who it was")
    return False


def ask(
    request: HttpRequest, officer: Officer, *, wrong: str = "", status: int = 401
) -> HttpResponse:
    """The page that asks, with all that was typed. Passwords and codes do not go along: after
    those pages one goes on at the account."""
    secret = kept.brings_secrets(request) and request.path != reverse("desk:prove")
    context: dict[str, Any] = {
        "action": reverse("desk:prove"),
        "minutes": int(RECENT.total_seconds() // 60),
        "wrong": wrong,
        "has_factor": second_factor.has_any(officer),
        "passkeys": passkeys.are_possible() and officer.passkeys.exists(),
        "next": reverse("desk:account") if secret else coming_in.next_page(request),
    }
    is_answer = request.path == reverse("desk:prove")
    carried = {} if secret else kept.along(request) if is_answer else kept.take(request)
    return render(request, "desk/prove.html", context | carried, status=status)


def on_sign_in(request: HttpRequest | None, **_: Any) -> None:
    """Who has just signed in has proved it."""
    if request is not None and hasattr(request, "session"):
        proved(request)
