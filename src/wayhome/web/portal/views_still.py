"""Does it still hold? One tap from a letter; a GET changes nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from wayhome import links
from wayhome.musters.claims import end_stay_by
from wayhome.problems import Problem
from wayhome.replies import services
from wayhome.replies.models import Answer
from wayhome.travellers import codes
from wayhome.travellers import queries as travellers
from wayhome.travellers.models import ContactPoint, Registration
from wayhome.travellers.sql import verified_ways
from wayhome.trips import freshness_asks
from wayhome.trips import queries as trips
from wayhome.trips.freshness_models import Confirmation
from wayhome.trips.models import Stay
from wayhome.web.portal.links import LinkDoesNotHold, by_link, device_of, numbers
from wayhome.work import clock


@by_link("GET", "HEAD", "POST")
def still(request: HttpRequest, token: str) -> HttpResponse:
    """Stays as they are written, with large buttons: as written, I have left, change it."""
    link, registration = _open(token)
    mine = links.TripsLink(registration.pk, registration.link_epoch)
    stays = own_stays(registration)
    if request.method == "POST":
        chosen = [stay for stay in stays if stay.pk in numbers(request.POST.getlist("stay"))]
        answer = request.POST.get("answer", "")
        if chosen and answer in Confirmation.Answer.values:
            say(request, registration, mine, chosen, answer, link.contact_point_id)
            codes.read_again(registration, link.contact_point_id)
            return redirect(f"{reverse('portal:still', args=[token])}?note={answer.split()[0]}")
    note = request.GET.get("note", "")
    context = {
        "token": token,
        "mine": links.trips_token(mine),
        "stays": stays,
        "today": clock.today(),
        "note": note if note in ("holds", "left", "not") else "",
    }
    return render(request, "portal/still.html", context)


def say(
    request: HttpRequest,
    registration: Registration,
    mine: links.TripsLink,
    stays: list[Stay],
    answer: str,
    contact_point_id: int | None,
) -> None:
    """Keep what somebody says of stays. Who is looked for is taken off nothing by it: it is an
    answer then, kept as said."""
    freshness_asks.confirm(registration, [each.pk for each in stays], contact_point_id, answer)
    if answer == Confirmation.Answer.HOLDS:
        return
    covered = [stay for stay in stays if not end_stay_by(stay)]
    people = sorted({stay.trip.registration.traveller_id for stay in covered})
    if people:
        left = answer == Confirmation.Answer.LEFT
        services.reply_by_trips(
            mine,
            Answer.DEPARTED if left else Answer.NOT_THERE,
            people,
            device=device_of(request),
        )


def own_stays(registration: Registration) -> list[Stay]:
    return trips.own_stays([each.pk for each in travellers.spoken_for(registration)])


def _open(token: str) -> tuple[links.StillLink, Registration]:
    """Of an address that is verified for this person still, while its epoch lasts."""
    try:
        link = links.read_still(token)
    except Problem as error:
        raise LinkDoesNotHold from error
    points = ContactPoint.objects.filter(pk=link.contact_point_id, link_epoch=link.epoch)
    found = travellers.own_registrations([link.registration_id])
    if not found or not points.exists():
        raise LinkDoesNotHold
    ways = verified_ways([found[0].traveller_id], clock.now())
    if (link.contact_point_id, link.registration_id) not in {way[:2] for way in ways}:
        raise LinkDoesNotHold
    return link, found[0]
