"""By an invitation, or a link back, to a password of one's own; a second factor follows."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wayhome.officers import invitations, second_factor
from wayhome.officers.account_models import Invitation
from wayhome.problems import Problem
from wayhome.web.desk import coming_in
from wayhome.web.desk.coming_in import SET_UP
from wayhome.web.desk.views_account_sign_in import get_or_post
from wayhome.web.forms import PlainForm, faults_of

_KEY = "invitation"


class PasswordForm(PlainForm):
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Twelve characters or more. A few words in a row are easy to keep and hard to"
        " guess.",
    )
    again = forms.CharField(
        label="The same again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def both(self) -> str | None:
        """The password, typed the same twice; None with the fault shown."""
        if not self.is_valid():
            return None
        if self.cleaned_data["password"] != self.cleaned_data["again"]:
            self.show("again", Problem("again", "is another one", "type the same twice"))
            return None
        password: str = self.cleaned_data["password"]
        return password


@get_or_post
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """The link itself. Looking at it changes nothing: programs that look at mail do that too."""
    try:
        invitation = invitations.read(token)
    except Problem as problem:
        return _no_link(request, problem)
    if request.method != "POST":
        context = {"invitation": invitation}
        return render(request, "desk/account/invited.html", context)
    request.session.cycle_key()
    coming_in.keep_shortly(request)
    request.session[_KEY] = invitation.pk
    return redirect("desk:accept")  # to an address without the key in it


@get_or_post
def accept(request: HttpRequest) -> HttpResponse:
    """Choose a password, then a second factor."""
    invitation = _held(request)
    if invitation is None:
        return _no_link(request, invitations.invalid())
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and (password := form.both()) is not None:
        try:
            officer = invitations.accept(invitation.pk, password)
        except Problem as problem:
            if problem.field == "link":
                return _no_link(request, problem)
            form.show(problem.field, problem)
        else:
            request.session.pop(_KEY, None)
            if second_factor.has_any(officer):  # none are left after a recovery
                return redirect("desk:sign-in")
            coming_in.wait_for(request, officer, SET_UP)
            return redirect("desk:set-up")
    context = {"form": form, "faults": faults_of([form]), "invitation": invitation}
    return render(request, "desk/account/accept.html", context)


def _held(request: HttpRequest) -> Invitation | None:
    number = request.session.get(_KEY)
    if not isinstance(number, int):
        return None
    try:
        return invitations.still_open(number)
    except Problem:
        return None


def _no_link(request: HttpRequest, problem: Problem) -> HttpResponse:
    return render(request, "desk/account/no_link.html", {"problem": problem}, status=410)
