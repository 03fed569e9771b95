"""Send me my link again: the same words and work whether or not the address is known."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from wayhome.delivery import linking
from wayhome.problems import Problem
from wayhome.travellers.addresses import normalise_mail
from wayhome.travellers.budgets import HOUR, PER_NETWORK_AN_HOUR
from wayhome.travellers.marks import Limit, came, mark, often
from wayhome.web.forms import faults_of
from wayhome.web.network import counted_network_of
from wayhome.web.portal.forms import AddressForm
from wayhome.web.portal.links import without_cookies


@without_cookies
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            _ask(request, form.cleaned_data["mail"])
        except Problem as problem:  # no mail address at all
            form.show(problem.field, problem)
        else:
            return redirect("portal:link-asked")
    context = {"form": form, "faults": faults_of([form]) if form.is_bound else []}
    return render(request, "portal/ask_link.html", context, status=422 if form.is_bound else 200)


def _ask(request: HttpRequest, address: str) -> None:
    """One network may ask so often in an hour; beyond that nothing is owed, and nothing else
    changes, so that whoever asks learns nothing. Problem only where it is no mail address."""
    network = mark("asks for links", counted_network_of(request))
    if any(often(Limit(network, HOUR, PER_NETWORK_AN_HOUR))):
        normalise_mail(address)
        return
    linking.ask(address)
    came([network])


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/link_asked.html")
