"""One's own data: what is kept and why, all of it as a file, and having it forgotten."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from wayhome.travellers import erasure
from wayhome.travellers.models import Door
from wayhome.trips.exporting import as_csv, as_json, own_data
from wayhome.web.portal.links import by_link, open_trips


@by_link()
def what_is_kept(request: HttpRequest, token: str) -> HttpResponse:
    """What, why, until when, who may see it; in plain words."""
    registration = open_trips(token)
    context = {
        "token": token,
        "registration": registration,
        "by_another": registration.door != Door.SELF,
    }
    return render(request, "portal/what_is_kept.html", context)


@by_link()
def download(request: HttpRequest, token: str, form: str) -> HttpResponse:
    """Everything, as JSON or as a ZIP of one CSV a list."""
    values = own_data(open_trips(token))
    if form == "json":
        answer = HttpResponse(as_json(values), content_type="application/json")
    else:
        answer = HttpResponse(as_csv(values), content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="wayhome-own-data.{form}"'
    return answer


@by_link("GET", "HEAD", "POST")
def forget(request: HttpRequest, token: str) -> HttpResponse:
    """Asked once more on a page of its own; while a muster covers them it is kept as said."""
    registration = open_trips(token)
    unsure = request.method == "POST" and request.POST.get("sure") != "yes"
    if request.method == "POST" and not unsure:
        erasure.ask(registration, erasure.Ask.SaidBy.SELF)
        return redirect(reverse("portal:forgotten"))
    context = {"token": token, "unsure": unsure}
    return render(request, "portal/forget.html", context, status=422 if unsure else 200)


def forgotten(request: HttpRequest) -> HttpResponse:
    """The same page whatever was carried out and whatever is kept as said."""
    return render(request, "portal/forgotten.html")
