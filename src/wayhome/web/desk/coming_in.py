"""Between the first proof and the last: who waits to be let in, for what, and what happens then.

Nobody is signed in before everything is shown: until then the session holds a number and a time.
"""

from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme

from wayhome.officers import notices, recovery_codes, totp
from wayhome.officers.models import Officer
from wayhome.officers.sealing import seal, unseal
from wayhome.officers.sessions import Way
from wayhome.web.desk import kept, known_browser
from wayhome.web.sessions import WAY
from wayhome.work.clock import database_now

FACTOR, SET_UP = "factor", "set up"
QUESTION = "passkey_question"  # in the session: what a device was asked
NOTICES = "notices"  # in the session: the officer has news of their account to read
_WAITING, _SECRET = "coming_in", "totp_secret"
# What a browser that nobody has signed in with yet is remembered for, in seconds.
_UNTIL_IN = 1800
_LIFE = {FACTOR: timedelta(minutes=10), SET_UP: timedelta(minutes=30)}
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def wait_for(request: HttpRequest, officer: Officer, stage: str) -> None:
    """The password was right: what is still needed is the second factor, or to set one up."""
    request.session.cycle_key()
    keep_shortly(request)
    request.session[_WAITING] = {
        "officer": officer.pk,
        "stage": stage,
        "until": (database_now() + _LIFE[stage]).isoformat(),
        "proof": officer.get_session_auth_hash(),  # another password ends it
    }
    if stage == SET_UP:
        new_secret(request)


def keep_shortly(request: HttpRequest) -> None:
    """A session of somebody who is not in yet is soon forgotten: strangers can make any number."""
    if not isinstance(request.user, Officer):
        request.session.set_expiry(_UNTIL_IN)


def who_waits(request: HttpRequest, stage: str) -> Officer | None:
    """Whose password was right in this browser a short while ago."""
    held = request.session.get(_WAITING)
    if not isinstance(held, dict) or held.get("stage") != stage:
        return None
    officer = Officer.objects.filter(pk=held["officer"], is_active=True).first()
    if officer is None or database_now() > datetime.fromisoformat(held["until"]):
        return None
    mine = officer.get_session_auth_hash()
    return officer if constant_time_compare(str(held["proof"]), mine) else None


def new_secret(request: HttpRequest) -> None:
    """Begin to set up a code app: its secret waits, sealed, in the session."""
    request.session[_SECRET] = seal(totp.new_secret()).decode()


def secret_of(request: HttpRequest) -> str | None:
    """The secret that waits to be confirmed."""
    held = request.session.get(_SECRET)
    return unseal(held.encode()) if isinstance(held, str) else None


def forget_secret(request: HttpRequest) -> None:
    request.session.pop(_SECRET, None)


def let_in(request: HttpRequest, officer: Officer, way: str) -> None:
    """Sign the officer in; the session gets another key."""
    for key in (_WAITING, _SECRET):
        request.session.pop(key, None)
    setattr(request, WAY, way)
    request.session.set_expiry(None)  # from now on as settings say
    login(request, officer, backend=_BACKEND)
    request.session[NOTICES] = bool(notices.unread(officer))
    if way == Way.RECOVERY:
        left = recovery_codes.left(officer)
        messages.warning(
            request,
            f"You came in with a recovery code; {left} are left. Set up what you lost under your"
            " name above, and make new codes.",
        )


def onward(request: HttpRequest, officer: Officer) -> HttpResponse:
    """To what was typed before, or to the page that was asked for."""
    answer = kept.resume_page(request, officer) or redirect(next_page(request))
    known_browser.remember(request, answer, officer.email)
    return answer


def show_codes(request: HttpRequest, officer: Officer, codes: list[str]) -> HttpResponse:
    """The recovery codes, this once, and the way on."""
    context = {"codes": codes, "next": next_page(request)} | kept.along(request)
    answer = render(request, "desk/account/codes.html", context)
    known_browser.remember(request, answer, officer.email)
    return answer


def next_page(request: HttpRequest) -> str:
    """The page of this site that signing in leads to."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else reverse("desk:home")
