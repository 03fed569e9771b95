"""Officers as administrators see and change them: invite, change, close, recover."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wayhome.officers import accounts, invitations, recovery
from wayhome.officers.invitations import Invited
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role, Verb
from wayhome.problems import Problem
from wayhome.web.desk.gate import desk
from wayhome.web.forms import PlainForm, faults_of

_AUTO = {"dir": "auto"}
_ROLES = [(role.value, role.value) for role in Role]


class ChangeForm(PlainForm):
    role = forms.ChoiceField(label="Role", choices=_ROLES)
    office = forms.CharField(
        label="Office", required=False, max_length=200, widget=forms.TextInput(attrs=_AUTO)
    )


class InviteForm(ChangeForm):
    email = forms.CharField(
        label="Mail address", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    name = forms.CharField(label="Name", max_length=200, widget=forms.TextInput(attrs=_AUTO))
    field_order = ["email", "name", "office", "role"]


class WhyForm(PlainForm):
    why = forms.CharField(
        label="How do you know that it is they who ask?",
        max_length=300,
        widget=forms.TextInput(attrs=_AUTO),
    )


@desk(Verb.MANAGE_OFFICERS)
def officers(request: HttpRequest, officer: Officer) -> HttpResponse:
    context = {
        "lines": accounts.lines(officer),
        "waiting": invitations.waiting(officer),
        "form": InviteForm(initial={"role": Role.VIEWER.value}),
    }
    return render(request, "desk/account/officers.html", context)


@desk(Verb.MANAGE_OFFICERS, "POST")
def invite(request: HttpRequest, officer: Officer) -> HttpResponse:
    """The link is on this page and on no other."""
    form = InviteForm(request.POST)
    if form.is_valid():
        try:
            made = invitations.invite(
                officer,
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                office=form.cleaned_data["office"],
                role=form.cleaned_data["role"],
            )
        except Problem as problem:
            form.show(problem.field, problem)
        else:
            return _link_page(request, made)
    context = {
        "lines": accounts.lines(officer),
        "waiting": invitations.waiting(officer),
        "form": form,
        "faults": faults_of([form]),
    }
    return render(request, "desk/account/officers.html", context)


@desk(Verb.MANAGE_OFFICERS, "POST")
def revoke(request: HttpRequest, officer: Officer, invitation_id: int) -> HttpResponse:
    invitations.revoke(officer, invitation_id)
    messages.success(request, "That link opens nothing any more.")
    return redirect("desk:officers")


@desk(Verb.MANAGE_OFFICERS)
def one(request: HttpRequest, officer: Officer, officer_id: int) -> HttpResponse:
    return _page(request, officer, officer_id)


@desk(Verb.MANAGE_OFFICERS, "POST")
def change(request: HttpRequest, officer: Officer, officer_id: int) -> HttpResponse:
    form = ChangeForm(request.POST)
    if not form.is_valid():
        return _page(request, officer, officer_id, form=form)
    said = form.cleaned_data
    return _do(
        request,
        officer,
        officer_id,
        lambda: accounts.change(officer, officer_id, role=said["role"], office=said["office"]),
        "Changed.",
    )


@desk(Verb.MANAGE_OFFICERS, "POST")
def deactivate(request: HttpRequest, officer: Officer, officer_id: int) -> HttpResponse:
    return _do(
        request,
        officer,
        officer_id,
        lambda: accounts.deactivate(officer, officer_id),
        "The account is closed, and signed out everywhere.",
    )


@desk(Verb.MANAGE_OFFICERS, "POST")
def reactivate(request: HttpRequest, officer: Officer, officer_id: int) -> HttpResponse:
    return _do(
        request,
        officer,
        officer_id,
        lambda: accounts.reactivate(officer, officer_id),
        "The account is open again.",
    )


@desk(Verb.MANAGE_OFFICERS, "POST")
def end_sessions(request: HttpRequest, officer: Officer, officer_id: int) -> HttpResponse:
    return _do(
        request,
        officer,
        officer_id,
        lambda: accounts.end_sessions(officer, officer_id),
        "Signed out everywhere.",
    )


@desk(Verb.MANAGE_OFFICERS, "POST")
def ask_recovery(request: HttpRequest, officer: Officer, officer_id: int) -> HttpResponse:
    form = WhyForm(request.POST)
    if not form.is_valid():
        return _page(request, officer, officer_id, why=form)
    return _do(
        request,
        officer,
        officer_id,
        lambda: recovery.ask(officer, officer_id, form.cleaned_data["why"]),
        "Asked. Another administrator must confirm it here.",
    )


@desk(Verb.MANAGE_OFFICERS, "POST")
def confirm_recovery(request: HttpRequest, officer: Officer, recovery_id: int) -> HttpResponse:
    """The link back is on this page and on no other."""
    try:
        return _link_page(request, recovery.confirm(officer, recovery_id))
    except Problem as problem:
        messages.error(request, f"{problem.field.capitalize()} {problem.problem}: {problem.fix}.")
        return redirect("desk:officers")


@desk(Verb.MANAGE_OFFICERS, "POST")
def withdraw_recovery(request: HttpRequest, officer: Officer, recovery_id: int) -> HttpResponse:
    try:
        recovery.withdraw(officer, recovery_id)
        messages.success(request, "Withdrawn.")
    except Problem as problem:
        messages.error(request, f"{problem.field.capitalize()} {problem.problem}: {problem.fix}.")
    return redirect("desk:officers")


def _do(
    request: HttpRequest,
    officer: Officer,
    officer_id: int,
    action: Callable[[], object],
    done: str,
) -> HttpResponse:
    try:
        action()
    except Problem as problem:
        return _page(request, officer, officer_id, problem)
    messages.success(request, done)
    return redirect("desk:officer", officer_id)


def _page(
    request: HttpRequest,
    officer: Officer,
    officer_id: int,
    problem: Problem | None = None,
    form: ChangeForm | None = None,
    why: WhyForm | None = None,
) -> HttpResponse:
    try:
        line, signed_in = accounts.line(officer, officer_id)
    except Officer.DoesNotExist as error:
        raise Http404 from error
    of = line.officer
    form = form or ChangeForm(initial={"role": of.role, "office": of.office})
    why = why or WhyForm()
    context = {
        "problem": problem,
        "line": line,
        "sessions": signed_in,
        "form": form,
        "why": why,
        "faults": faults_of([form, why]),
        "is_self": of.pk == officer.pk,
    }
    return render(request, "desk/account/officer.html", context)


def _link_page(request: HttpRequest, made: Invited) -> HttpResponse:
    context = {"invitation": made.invitation, "link": made.link, "hours": 72}
    return render(request, "desk/account/link.html", context)
