"""What every page says about this instance and its reader."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from wayhome.delivery import alarms
from wayhome.officers import glass, notices
from wayhome.officers.account_models import OfficerNotice
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.work import clock


def instance(request: HttpRequest) -> dict[str, object]:
    """Whose site this is, whether it is a drill, where mail goes, what the officer may do.

    The officer is ``user``; neither that nor ``may`` is read from the session by a page that
    does not ask.
    """
    return {
        "sender": settings.WAYHOME_SENDER_NAME,
        "exercise": settings.WAYHOME_EXERCISE,
        # An exercise may play another day.
        "instance_now": clock.now if settings.WAYHOME_EXERCISE else None,
        "mail_to_files": not settings.WAYHOME_SMTP_URL,
        "may": SimpleLazyObject(lambda: _may(request)),
        # What an officer must read of their account; asked only in sessions that have some.
        "account_notices": SimpleLazyObject(lambda: _notices(request)),
        # One query, and only where a page of the desk asks.
        "alarms": SimpleLazyObject(alarms.standing),
        "broken_glass": SimpleLazyObject(lambda: _broken_glass(request)),
    }


def _broken_glass(request: HttpRequest) -> list[glass.Glass]:
    """What is open or not acknowledged, for those who must know of it."""
    officer = getattr(request, "user", None)
    is_told = isinstance(officer, Officer) and officer.may(Verb.SEE_GLASS)
    return glass.standing() if is_told else []


def _notices(request: HttpRequest) -> list[OfficerNotice]:
    officer = getattr(request, "user", None)
    if not isinstance(officer, Officer) or not request.session.get("notices"):
        return []
    return notices.unread(officer)


def _may(request: HttpRequest) -> dict[str, bool]:
    officer = getattr(request, "user", None)
    if not isinstance(officer, Officer):
        return {}
    return {verb.name.lower(): officer.may(verb) for verb in Verb}
