"""An officer's own account: passkeys, code app, recovery codes, password, sessions."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from wayhome.officers import (
    guard,
    notices,
    passkeys,
    passwords,
    recovery_codes,
    second_factor,
    sessions,
    totp,
)
from wayhome.officers.account_models import Passkey, Totp
from wayhome.officers.models import Officer
from wayhome.problems import Problem
from wayhome.web import sessions as web_sessions
from wayhome.web.desk import coming_in
from wayhome.web.desk.gate import desk
from wayhome.web.desk.known_browser import place_of
from wayhome.web.desk.views_account_invited import PasswordForm
from wayhome.web.forms import faults_of


class ChangePasswordForm(PasswordForm):
    now = forms.CharField(
        label="Password now",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


@desk(None)
def account(request: HttpRequest, officer: Officer) -> HttpResponse:
    return _page(request, officer)


@desk(None, "POST")
def read_notices(request: HttpRequest, officer: Officer) -> HttpResponse:
    """The officer has read what they were told about their account."""
    notices.mark_read(officer)
    request.session[coming_in.NOTICES] = False
    return redirect("desk:account")


@desk(None, "POST")
def new_passkey_question(request: HttpRequest, officer: Officer) -> HttpResponse:
    """What a device is asked in order to make a passkey, for the script of the page."""
    question = passkeys.ask_to_make(officer)
    request.session[coming_in.QUESTION] = question.state
    return JsonResponse(question.options)


@desk(None, "POST")
def new_passkey(request: HttpRequest, officer: Officer) -> HttpResponse:
    before = second_factor.has_any(officer)
    state = request.session.pop(coming_in.QUESTION, None)
    try:
        passkeys.make(
            officer, state, request.POST.get("credential", ""), request.POST.get("name", "")
        )
    except Problem as problem:
        return _page(request, officer, problem)
    return _factor_added(request, officer, "passkey", first=not before)


@desk(None, "POST")
def remove_passkey(request: HttpRequest, officer: Officer, passkey_id: int) -> HttpResponse:
    try:
        second_factor.remove_passkey(officer, passkey_id)
    except Problem as problem:
        return _page(request, officer, problem)
    return _changed(request, officer, "passkey removed", "The passkey is removed.")


@desk(None, "POST")
def begin_app(request: HttpRequest, officer: Officer) -> HttpResponse:
    """Begin to set up a code app; the one before holds until the new one is confirmed."""
    coming_in.new_secret(request)
    return redirect("desk:code-app")


@desk(None, "GET", "HEAD", "POST")
def code_app(request: HttpRequest, officer: Officer) -> HttpResponse:
    """Show the secret to the app, and the app's code to us."""
    secret = coming_in.secret_of(request)
    if secret is None:
        return redirect("desk:account")
    problem = None
    if request.method == "POST":
        before = second_factor.has_any(officer)
        try:
            totp.confirm(officer, secret, request.POST.get("code", ""))
        except Problem as fault:
            problem = fault
        else:
            coming_in.forget_secret(request)
            return _factor_added(request, officer, "code app", first=not before)
    picture = totp.picture(totp.address(officer, secret))
    context = {"problem": problem, "secret": secret, "picture": picture}
    return render(request, "desk/account/code_app.html", context)


@desk(None, "POST")
def remove_app(request: HttpRequest, officer: Officer) -> HttpResponse:
    try:
        second_factor.remove_totp(officer)
    except Problem as problem:
        return _page(request, officer, problem)
    return _changed(request, officer, "code app removed", "The code app is removed.")


@desk(None, "POST")
def new_codes(request: HttpRequest, officer: Officer) -> HttpResponse:
    """Ten new recovery codes; the older ones hold no more."""
    if not second_factor.has_any(officer):
        fault = Problem("codes", "stand in for a second factor", "set one up first")
        return _page(request, officer, fault)
    codes = recovery_codes.make(officer)
    _others_end(request, officer, "recovery codes made")
    return coming_in.show_codes(request, officer, codes)


@desk(None, "POST")
def change_password(request: HttpRequest, officer: Officer) -> HttpResponse:
    form = ChangePasswordForm(request.POST)
    password = form.both()
    if password is None:
        return _page(request, officer, form=form)
    try:
        tried = guard.attempt(officer.email, place_of(request, officer.email))
    except guard.Wait as wait:
        form.show("now", Problem("now", "came too often", f"try again in {wait.seconds} seconds"))
        return _page(request, officer, form=form)
    if passwords.officer_by(request, officer.email, form.cleaned_data["now"]) is None:
        form.show("now", Problem("now", "is not right", "type the one you signed in with"))
        return _page(request, officer, form=form)
    guard.take_back(tried)
    try:
        passwords.set_password(officer, password, keep_session=web_sessions.current(request))
    except Problem as problem:
        form.show(problem.field, problem)
        return _page(request, officer, form=form)
    web_sessions.keep(request, officer)
    messages.success(request, "Your password is changed. Every other session of yours has ended.")
    return redirect("desk:account")


@desk(None, "POST")
def end_session(request: HttpRequest, officer: Officer, session_id: int) -> HttpResponse:
    """End one other session of one's own; this one ends by signing out."""
    if session_id != web_sessions.current(request) and sessions.end_own(officer, session_id):
        messages.success(request, "That session has ended.")
    return redirect("desk:account")


@desk(None, "POST")
def end_others(request: HttpRequest, officer: Officer) -> HttpResponse:
    sessions.end_others(officer, but=web_sessions.current(request))
    messages.success(request, "Every other session of yours has ended.")
    return redirect("desk:account")


def _page(
    request: HttpRequest,
    officer: Officer,
    problem: Problem | None = None,
    form: ChangePasswordForm | None = None,
) -> HttpResponse:
    form = form or ChangePasswordForm()
    context = {
        "problem": problem,
        "passkeys": Passkey.objects.filter(officer=officer).order_by("pk"),
        "can_passkeys": passkeys.are_possible(),
        "app": Totp.objects.filter(officer=officer).first(),
        "codes_left": recovery_codes.left(officer),
        "required": second_factor.is_required(),
        "sessions": sessions.open_sessions(officer),
        "this_session": web_sessions.current(request),
        "form": form,
        "faults": faults_of([form]),
    }
    return render(request, "desk/account/account.html", context)


def _factor_added(
    request: HttpRequest, officer: Officer, what: str, *, first: bool
) -> HttpResponse:
    """With an officer's first factor come the recovery codes."""
    if not first:
        return _changed(request, officer, f"{what} added", f"The {what} is added.")
    codes = recovery_codes.make(officer)
    _others_end(request, officer, f"{what} added")
    return coming_in.show_codes(request, officer, codes)


def _changed(request: HttpRequest, officer: Officer, what: str, words: str) -> HttpResponse:
    _others_end(request, officer, what)
    messages.success(request, f"{words} Every other session of yours has ended.")
    return redirect("desk:account")


def _others_end(request: HttpRequest, officer: Officer, what: str) -> None:
    sessions.end_all(officer, what, but=web_sessions.current(request))
