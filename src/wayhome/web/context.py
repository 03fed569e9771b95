"""What every page says about this instance and its reader."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from wayhome.delivery import alarms
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
        # One query, and only where a page of the desk asks.
        "alarms": SimpleLazyObject(alarms.standing),
    }


def _may(request: HttpRequest) -> dict[str, bool]:
    officer = getattr(request, "user", None)
    if not isinstance(officer, Officer):
        return {}
    return {verb.name.lower(): officer.may(verb) for verb in Verb}
