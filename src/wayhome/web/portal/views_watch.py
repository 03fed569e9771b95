"""Stop watching an area: the button on the page, or the mail program's own (RFC 8058).

A mail program posts ``List-Unsubscribe=One-Click`` to the address in the header, without cookies
and without having opened the page; ``by_link`` says why that needs no CSRF check. It is answered
at once, not redirected. A GET, by whatever scans links, changes nothing.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from wayhome.audience import watching
from wayhome.problems import Problem
from wayhome.web.portal.links import LinkDoesNotHold, by_link, watch_link


@by_link("GET", "HEAD", "POST")
def watch(request: HttpRequest, token: str) -> HttpResponse:
    link = watch_link(token)
    pressed = request.method == "POST" and request.POST.get("List-Unsubscribe") == "One-Click"
    try:
        if pressed:
            areas = watching.stop_watching(link)
        else:
            _, areas = watching.open_watch_link(link)
    except Problem as error:
        raise LinkDoesNotHold from error
    context = {"token": token, "areas": areas, "stopped": pressed}
    return render(request, "portal/watch.html", context)
