"""A browser in which an officer has signed in before keeps a mark, so that somebody else's wrong
guesses, from whatever network, make nobody wait there. The mark opens nothing.
"""

from secrets import token_urlsafe

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from wayhome.officers.guard import Place
from wayhome.web.network import network_of

_SALT = "wayhome.known_browser"
_DAYS = 180
_MOST_ACCOUNTS = 8  # of one shared computer


def place_of(request: HttpRequest, email: str) -> Place:
    """Where a try to sign in comes from."""
    name, accounts = _read(request)
    return Place(network_of(request), name if mark_of(email) in accounts else "")


def newest(request: HttpRequest) -> str:
    """The mark of the account that signed in last in this browser; empty where none is known."""
    _, accounts = _read(request)
    return accounts[0] if accounts else ""


def remember(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Let this browser be known to this account."""
    name, accounts = _read(request)
    mine = mark_of(email)
    accounts = [mine, *(each for each in accounts if each != mine)][:_MOST_ACCOUNTS]
    response.set_cookie(
        _cookie(),
        signing.Signer(salt=_SALT).sign_object([name or token_urlsafe(12), accounts]),
        max_age=_DAYS * 86_400,
        path="/desk/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        value = signing.Signer(salt=_SALT).unsign_object(request.COOKIES.get(_cookie(), ""))
    except signing.BadSignature:
        return "", []
    return str(value[0]), [str(each) for each in value[1]]


def mark_of(email: str) -> str:
    """What stands for an account where its address must not be read."""
    return salted_hmac(_SALT, email.strip().casefold(), algorithm="sha256").hexdigest()[:16]


def _cookie() -> str:
    return f"{settings.SESSION_COOKIE_NAME}-browser"
