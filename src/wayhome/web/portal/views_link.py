"""Send me my link again: the same words and work whether or not the address is known."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from wayhome.delivery import linking
from wayhome.problems import Problem
from wayhome.web.forms import faults_of
from wayhome.web.portal.forms import AddressForm
from wayhome.web.portal.links import without_cookies


@without_cookies
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = AddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            linking.ask(form.cleaned_data["mail"])
        except Problem as problem:  # no mail address at all
            form.show(problem.field, problem)
        else:
            return redirect("portal:link-asked")
    context = {"form": form, "faults": faults_of([form]) if form.is_bound else []}
    return render(request, "portal/ask_link.html", context, status=422 if form.is_bound else 200)


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/link_asked.html")
