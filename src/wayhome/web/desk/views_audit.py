"""For auditors: who looked at how many people, and what was done. Nobody looked after is named."""

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wayhome.officers import audit_chain, glass, queries
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.web.desk.gate import desk

ON_A_PAGE = 50
_MOST = 19  # digits of a number that a database takes


@desk(Verb.AUDIT)
def looks(request: HttpRequest, officer: Officer) -> HttpResponse:
    """Looks by day, officer and purpose."""
    of, purpose = _number(request, "officer"), _words(request, "purpose")
    until = _day(request.GET.get("until", ""))
    lines = queries.looks(
        officer_id=of, until=until, purpose=purpose, after=_after(request), limit=ON_A_PAGE
    )
    context = {
        "lines": lines,
        "next": "/".join(map(str, lines[-1].key)) if len(lines) == ON_A_PAGE else "",
        "officers": queries.everyone(),
        "of": of,
        "purpose": purpose,
        "until": until.isoformat() if until else "",
    }
    return render(request, "desk/looks.html", context)


@desk(Verb.AUDIT)
def audit(request: HttpRequest, officer: Officer) -> HttpResponse:
    """The audit trail, the newest first, and how far it is closed."""
    of, deed = _number(request, "officer"), _words(request, "deed")
    lines = queries.deeds(
        officer_id=of, deed=deed, before=_number(request, "before"), limit=ON_A_PAGE
    )
    context = {
        "lines": lines,
        "next": lines[-1].number if len(lines) == ON_A_PAGE else "",
        "officers": queries.everyone(),
        "deeds": sorted(Deed),
        "of": of,
        "deed": deed,
        "newest": audit_chain.newest(),
    }
    return render(request, "desk/audit.html", context)


@desk(Verb.SEE_GLASS)
def broken(request: HttpRequest, officer: Officer) -> HttpResponse:
    """Who broke glass, until when it is open, and who has asked them about it."""
    return _broken(request, officer)


@desk(Verb.AUDIT, "POST")
def acknowledge(request: HttpRequest, officer: Officer, number: int) -> HttpResponse:
    """An auditor has asked what there was to ask."""
    try:
        glass.acknowledge(officer, number)
    except Problem as problem:
        return _broken(request, officer, problem)
    messages.success(request, "Acknowledged, with your name.")
    return redirect("desk:glass")


def _broken(request: HttpRequest, officer: Officer, problem: Problem | None = None) -> HttpResponse:
    context = {
        "standing": glass.standing(),
        "settled": glass.settled(),
        "may_acknowledge": officer.may(Verb.AUDIT),
        # A reason may speak of the people it was about: for those who see people, and who ask.
        "shows_why": officer.may(Verb.AUDIT) or officer.may(Verb.SEE_PEOPLE),
        "problem": problem,
    }
    return render(request, "desk/glass.html", context, status=422 if problem else 200)


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < _MOST else None


def _words(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "?").strip()[:200]


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1900 < day.year < 2200 else None


def _after(request: HttpRequest) -> tuple[date, int, str] | None:
    day, _, rest = _text(request, "after").partition("/")
    of, _, purpose = rest.partition("/")
    at = _day(day)
    if at is None or not of.isdecimal() or len(of) >= _MOST:
        return None
    return at, int(of), purpose


def _text(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "?")[:300]  # its blanks count
