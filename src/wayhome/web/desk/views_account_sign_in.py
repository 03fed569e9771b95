"""Signing in: a passkey, or a password and a code. Every refusal reads alike."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from wayhome.officers import guard, passkeys, passwords, recovery_codes, second_factor, totp
from wayhome.officers.models import Officer
from wayhome.officers.sessions import Way
from wayhome.problems import Problem
from wayhome.web.desk import coming_in, kept
from wayhome.web.desk.coming_in import FACTOR, QUESTION, SET_UP
from wayhome.web.desk.known_browser import place_of

_WRONG = "Mail address and password do not belong together, or the account is closed."
_LATE = "That took too long. Sign in again."

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def sign_in_page(
    request: HttpRequest, wrong: str = "", email: str = "", *, status: int = 200
) -> HttpResponse:
    """The form, with what was typed before a session ended."""
    context = {
        "wrong": wrong,
        "email": email,
        "next": coming_in.next_page(request),
        "action": reverse("desk:sign-in"),
        "passkeys": passkeys.are_possible(),
    } | kept.along(request)
    return render(request, "desk/sign_in.html", context, status=status)


@get_or_post
def sign_in(request: HttpRequest) -> HttpResponse:
    """Mail address and password; what is still needed comes on the next page."""
    if isinstance(request.user, Officer):
        return coming_in.onward(request, request.user)
    if request.method != "POST":
        return sign_in_page(request)
    email, password = request.POST.get("username", ""), request.POST.get("password", "")
    try:
        tried = guard.attempt(email, place_of(request, email))
    except guard.Wait as wait:
        return too_soon(wait, lambda words: sign_in_page(request, words, email, status=429))
    officer = passwords.officer_by(request, email, password)
    if officer is None:
        return sign_in_page(request, _WRONG, email)
    if second_factor.has_any(officer):
        guard.take_back(tried)
        coming_in.wait_for(request, officer, FACTOR)
        return _factor_page(request)
    if second_factor.is_required():
        guard.take_back(tried)
        coming_in.wait_for(request, officer, SET_UP)
        return _set_up_page(request, officer)
    guard.succeeded(tried)
    coming_in.let_in(request, officer, Way.PASSWORD)
    return coming_in.onward(request, officer)


@get_or_post
def factor(request: HttpRequest) -> HttpResponse:
    """A code of the app, or a recovery code."""
    officer = coming_in.who_waits(request, FACTOR)
    if officer is None:
        return sign_in_page(request, _LATE if request.method == "POST" else "")
    if request.method != "POST":
        return _factor_page(request)
    try:
        tried = guard.attempt(officer.email, place_of(request, officer.email))
    except guard.Wait as wait:
        return too_soon(wait, lambda words: _factor_page(request, words, status=429))
    way = second_factor.use_code(officer, request.POST.get("code", ""))
    if way is None:
        return _factor_page(request, "That code is not right, or was used already.")
    guard.succeeded(tried)
    coming_in.let_in(request, officer, way)
    return coming_in.onward(request, officer)


@require_POST
def passkey_question(request: HttpRequest) -> HttpResponse:
    """What a device is asked, for the script of the page; the same for everybody."""
    question = passkeys.ask_to_sign_in()
    coming_in.keep_shortly(request)
    request.session[QUESTION] = question.state
    return JsonResponse(question.options)


@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """What the device answered. A passkey alone is enough: the device has verified its owner."""
    try:
        row = passkeys.use(request.session.pop(QUESTION, None), request.POST.get("credential", ""))
    except Problem as problem:
        return sign_in_page(request, f"The passkey {problem.problem}: {problem.fix}.")
    coming_in.let_in(request, row.officer, Way.PASSKEY)
    return coming_in.onward(request, row.officer)


@get_or_post
def set_up(request: HttpRequest) -> HttpResponse:
    """The password was right, and there is no second factor yet: choose one now."""
    officer = coming_in.who_waits(request, SET_UP)
    if officer is None:
        return sign_in_page(request, _LATE if request.method == "POST" else "")
    if request.method != "POST":
        return _set_up_page(request, officer)
    if request.POST.get("do") == "later" and not second_factor.is_required():
        coming_in.let_in(request, officer, Way.PASSWORD)
        return coming_in.onward(request, officer)
    try:
        way = _make_factor(request, officer)
    except Problem as problem:
        return _set_up_page(request, officer, problem)
    codes = recovery_codes.make(officer)
    coming_in.let_in(request, officer, way)
    return coming_in.show_codes(request, officer, codes)


@require_POST
def set_up_question(request: HttpRequest) -> HttpResponse:
    """What a device is asked in order to make a passkey, for the script of the page."""
    officer = coming_in.who_waits(request, SET_UP)
    if officer is None:
        return JsonResponse({"wrong": _LATE}, status=403)
    question = passkeys.ask_to_make(officer)
    request.session[QUESTION] = question.state
    return JsonResponse(question.options)


@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """On from the recovery codes."""
    if not isinstance(request.user, Officer):
        return sign_in_page(request)
    return coming_in.onward(request, request.user)


def _make_factor(request: HttpRequest, officer: Officer) -> Way:
    if request.POST.get("credential"):
        state = request.session.pop(QUESTION, None)
        passkeys.make(officer, state, request.POST["credential"], request.POST.get("name", ""))
        return Way.PASSKEY
    secret = coming_in.secret_of(request)
    if secret is None:
        raise Problem("code", "came too late", "begin again")
    totp.confirm(officer, secret, request.POST.get("code", ""))
    return Way.TOTP


def _factor_page(request: HttpRequest, wrong: str = "", *, status: int = 200) -> HttpResponse:
    context = {
        "wrong": wrong,
        "next": coming_in.next_page(request),
        "passkeys": passkeys.are_possible(),
    } | kept.along(request)
    return render(request, "desk/account/factor.html", context, status=status)


def _set_up_page(
    request: HttpRequest, officer: Officer, problem: Problem | None = None
) -> HttpResponse:
    secret = coming_in.secret_of(request)
    if secret is None:
        return redirect("desk:sign-in")
    context = {
        "problem": problem,
        "next": coming_in.next_page(request),
        "passkeys": passkeys.are_possible(),
        "required": second_factor.is_required(),
        "secret": secret,
        "picture": totp.picture(totp.address(officer, secret)),
    } | kept.along(request)
    return render(request, "desk/account/set_up.html", context)


def too_soon(wait: guard.Wait, page: Callable[[str], HttpResponse]) -> HttpResponse:
    """A page with words that say how long to wait."""
    minutes = -(-wait.seconds // 60)
    when = f"{wait.seconds} seconds" if wait.seconds < 120 else f"{minutes} minutes"
    answer = page(f"Too many tries that were not right. Try again in {when}.")
    answer.headers["Retry-After"] = str(wait.seconds)
    return answer
