"""Show that an address is one's own: the link in a letter, and a button. A GET changes nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from wayhome import links
from wayhome.musters.claims import not_mine_by
from wayhome.problems import Problem
from wayhome.travellers import codes
from wayhome.web.portal.links import LinkDoesNotHold, by_link


@by_link("GET", "HEAD", "POST")
def press(request: HttpRequest, token: str) -> HttpResponse:
    """Whoever reads the mailbox may open what was said with this address, as by asking for its
    link; whoever opened the page by a scanner's hand has pressed nothing."""
    try:
        link = links.read_code(token)
    except Problem as error:
        raise LinkDoesNotHold from error
    if request.method != "POST":
        code = codes.pressing(link)
        if code is None:
            raise LinkDoesNotHold
        other = codes.by_another(code.reach.registration)
        return render(request, "portal/verify.html", {"token": token, "by_another": other})
    if request.POST.get("do") == "not me":
        not_mine_by(link)
        return render(request, "portal/not_mine.html")
    registration = codes.press(link)
    if registration is None:
        raise LinkDoesNotHold
    mine = links.trips_token(links.TripsLink(registration.pk, registration.link_epoch))
    return redirect(f"{reverse('portal:my-trips', args=[mine])}?note=verified#reaches")
