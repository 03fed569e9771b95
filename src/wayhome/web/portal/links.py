"""What every page behind a signed link shares."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from wayhome import links
from wayhome.problems import Problem
from wayhome.replies import services
from wayhome.travellers.models import ContactPoint, Reach, Registration

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


# Exempt from the CSRF check: what it guards against is another site using the rights that a browser
# sends along by itself (cookies). The portal's pages use none: their right is the token in the
# address, which another site does not know, or they give none at all. So people can enrol and
# answer from browsers that keep no cookies.
without_cookies = csrf_exempt


class LinkDoesNotHold(Exception):
    """Raised by a page whose link opens nothing."""


def by_link(*methods: str) -> Callable[[View[P]], View[P]]:
    """A page opened by a token in its address; every link that does not hold reads alike."""

    def decorate(view: View[P]) -> View[P]:
        @without_cookies
        @require_http_methods(methods or ("GET", "HEAD"))
        @wraps(view)
        def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except LinkDoesNotHold:
                return no_link(request)

        return page

    return decorate


def no_link(request: HttpRequest) -> HttpResponse:
    """The one answer to every link that does not hold."""
    return render(request, "portal/no_link.html", {"problem": links.invalid()}, status=404)


def reply_link(token: str) -> links.ReplyLink:
    try:
        return links.read_reply(token)
    except Problem as error:
        raise LinkDoesNotHold from error


def trips_link(token: str) -> links.TripsLink:
    try:
        return links.read_trips(token)
    except Problem as error:
        raise LinkDoesNotHold from error


def open_trips(token: str) -> Registration:
    """The registration whose own page a token opens."""
    try:
        return services.open_trips_link(trips_link(token))
    except Problem as error:
        raise LinkDoesNotHold from error


def masked(reach: Reach) -> str:
    """Enough for its owner to know it, little for whoever found the link."""
    address = reach.contact_point.address
    if reach.contact_point.kind == ContactPoint.Kind.MAIL:
        local, _, domain = address.rpartition("@")
        return f"{local[:1]}…@{domain}"
    return f"{address[:4]}…{address[-2:]}"


def watch_link(token: str) -> links.WatchLink:
    try:
        return links.read_watch(token)
    except Problem as error:
        raise LinkDoesNotHold from error


def device_of(request: HttpRequest) -> str:
    """What the browser says it is; kept with an answer so that odd ones can be told apart."""
    return request.headers.get("User-Agent", "")


def numbers(values: list[str]) -> list[int]:
    """Whole numbers of a form; anything else is left out, so that it chooses nobody."""
    return [int(value) for value in values if value.isdecimal() and len(value) < 19]


def initials(name: str) -> str:
    """ "A. B." of "Ada Byron": enough for the person, little for whoever found the link."""
    return " ".join(f"{part[0]}." for part in name.split()[:3])


def first_name(name: str) -> str:
    """ "Ada B." of "Ada Byron": enough to tell children apart."""
    first, *rest = name.split()[:2] or [name]
    return " ".join([first[:40], *(f"{part[0]}." for part in rest)])
