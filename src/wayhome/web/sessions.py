"""Who is signed in, asked of the database at each request that wants to know."""

from typing import Any

from django.contrib.auth import SESSION_KEY, get_user, update_session_auth_hash
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from wayhome.officers import sessions
from wayhome.officers.models import Officer
from wayhome.web.htmx import is_fragment
from wayhome.web.network import device_of, network_of

KEY = "officer_session"
WAY = "wayhome_way"  # attribute of a request that signs somebody in: how
_WAS = "wayhome_was"  # attribute of a request whose session has ended: the number of its officer


class OfficerMiddleware(AuthenticationMiddleware):
    """``request.user`` is an Officer while their session is open, and nobody otherwise. It is
    looked up when a page first asks: pages that do not ask read no session."""

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: _officer(request))  # type: ignore[assignment]


def current(request: HttpRequest) -> int | None:
    """The number of the session that this request belongs to."""
    number = request.session.get(KEY)
    return number if isinstance(number, int) else None


def ended_officer(request: HttpRequest) -> Officer | None:
    """Whose session it was that ended before this request, where that could still be read."""
    bool(request.user)  # looked up when first asked
    number = getattr(request, _WAS, None)
    return Officer.objects.filter(pk=number).first() if number else None


def _officer(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    number = request.session.get(SESSION_KEY)  # both below forget a session that has ended
    setattr(request, _WAS, int(number) if number and str(number).isdecimal() else None)
    officer = get_user(request)
    if not isinstance(officer, Officer):
        return AnonymousUser()
    # A page that keeps itself fresh is nobody at the desk.
    used = not (is_fragment(request) and request.method == "GET")
    if sessions.is_open(request.session.get(KEY), officer, used=used):
        return officer
    request.session.flush()
    return AnonymousUser()


def _began(sender: object, request: HttpRequest, user: object, **_: Any) -> None:
    if isinstance(user, Officer):
        way = getattr(request, WAY, sessions.Way.PASSWORD)
        row = sessions.begin(user, way, device=device_of(request), network=network_of(request))
        request.session[KEY] = row.pk


def _ended(sender: object, request: HttpRequest, user: object, **_: Any) -> None:
    number = current(request)
    if isinstance(user, Officer) and number is not None:
        sessions.end(number, user, "signed out")


def end_current(request: HttpRequest, officer: Officer, why: str) -> None:
    """This session is over, for this browser and for whoever copied it."""
    number = current(request)
    if number is not None:
        sessions.end(number, officer, why)
    request.session.flush()


def follow_sessions() -> None:
    """Keep the list of sessions from now on (called once, when Django is ready)."""
    user_logged_in.connect(_began, dispatch_uid="wayhome.sessions.began")
    user_logged_out.connect(_ended, dispatch_uid="wayhome.sessions.ended")


def keep(request: HttpRequest, officer: Officer) -> None:
    """The officer's password has changed: this session goes on, under another key."""
    update_session_auth_hash(request, officer)
