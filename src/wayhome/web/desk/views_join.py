"""Likely same people: the list, two records beside each other, and the decision."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from wayhome.officers.access import Access
from wayhome.officers.models import Officer
from wayhome.officers.queries import officer_names
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers import likeness as likenesses
from wayhome.travellers.folding import fold
from wayhome.travellers.joining import join, why_not
from wayhome.travellers.models import Likeness
from wayhome.travellers.person import (
    Record,
    counts_with,
    likeness_between,
    likeness_steps,
    open_likenesses,
    record,
)
from wayhome.travellers.queries import ways_to_reach
from wayhome.trips.queries import stays_of
from wayhome.web.desk.gate import desk
from wayhome.web.desk.purpose import with_access

_VIEW = "likely same people"
ON_A_PAGE = 30


@dataclass(frozen=True)
class Row:
    """One line of the comparison: what it is about, and each side's values."""

    what: str
    one: list[str]
    other: list[str]

    @property
    def sides(self) -> tuple[list[str], list[str]]:
        return self.one, self.other

    @property
    def differs(self) -> bool:
        return {fold(each) for each in self.one} != {fold(each) for each in self.other}


@desk(Verb.SEE_PEOPLE)
@with_access
def likely(request: HttpRequest, officer: Officer, access: Access) -> HttpResponse:
    """Pairs that nobody has decided, the likeliest first."""
    score, _, number = request.GET.get("after", "").partition("-")
    is_number = score.isdecimal() and number.isdecimal() and len(score + number) < 19
    after = (int(score), int(number)) if is_number else None
    rows = open_likenesses(access, _VIEW, after=after, limit=ON_A_PAGE)
    last = rows[-1] if len(rows) == ON_A_PAGE else None
    context = {
        "likely": rows,
        "purpose": access.purpose,
        "next": f"{last.score}-{last.pk}" if last else "",
    }
    return render(request, "desk/likely.html", context)


@desk(Verb.SEE_PEOPLE)
@with_access
def beside(
    request: HttpRequest, officer: Officer, access: Access, one_id: int, other_id: int
) -> HttpResponse:
    one, other = counts_with(access, one_id), counts_with(access, other_id)
    if one == other:
        return redirect("desk:person", one)
    if (one, other) != (one_id, other_id):
        return redirect("desk:beside", one, other)
    return _page(request, access, one, other)


@desk(Verb.ENROL, "POST")
@with_access
def decide(
    request: HttpRequest, officer: Officer, access: Access, one_id: int, other_id: int
) -> HttpResponse:
    """One person, or two: with a reason."""
    _both(access, one_id, other_id)
    do, why = request.POST.get("do", ""), request.POST.get("why", "")
    try:
        if do == "join":
            joining = join(officer, one_id, other_id, why)
            messages.success(request, "Joined: they count as one from now on.")
            return redirect("desk:person", counts_with(access, joining.older_id))
        if do != "decline":
            raise Http404
        found = likeness_between(access, _VIEW, one_id, other_id)
        if found is None:
            raise Http404
        likenesses.decline(officer, found.pk, why)
    except Problem as problem:
        return _page(request, access, one_id, other_id, problem)
    messages.success(request, "Kept: they are two people.")
    return redirect("desk:likely")


def _page(
    request: HttpRequest,
    access: Access,
    one_id: int,
    other_id: int,
    problem: Problem | None = None,
) -> HttpResponse:
    one, other = _both(access, one_id, other_id)
    found = likeness_between(access, _VIEW, one_id, other_id)
    steps = likeness_steps(found) if found else []
    context = {
        "one": one,
        "other": other,
        "rows": _rows(access, one, other),
        "likeness": found,
        "is_open": found is not None and found.state == Likeness.State.OPEN,
        "steps": steps,
        "names": officer_names(step.officer_id for step in steps),
        "refusal": why_not(one_id, other_id),
        "purpose": access.purpose,
        "kept_why": request.POST.get("why", ""),
        "problem": problem,
    }
    return render(request, "desk/beside.html", context, status=422 if problem else 200)


def _both(access: Access, one_id: int, other_id: int) -> tuple[Record, Record]:
    one, other = record(access, _VIEW, one_id), record(access, _VIEW, other_id)
    if one is None or other is None or one_id == other_id:
        raise Http404
    return one, other


def _rows(access: Access, one: Record, other: Record) -> list[Row]:
    sides = [_facts(access, each) for each in (one, other)]
    return [Row(what, sides[0][what], sides[1][what]) for what in sides[0]]


def _facts(access: Access, found: Record) -> dict[str, list[str]]:
    """What tells two people apart, or shows that they are one."""
    number = found.traveller.pk
    ways = ways_to_reach(access, _VIEW, number)
    return {
        "Name": [found.name],
        "Other names": found.other_names,
        "Record": [f"made {found.traveller.made_at:%Y-%m-%d %H:%M} UTC"],
        "Doors": [
            f"{each.registration.get_door_display()}, {each.registration.get_assurance_display()}"
            for each in found.entries
        ],
        "References": list(filter(None, (each.registration.reference for each in found.entries))),
        "Ways to reach": [
            f"{way.contact_point.address} ({way.purpose}"
            f"{', verified' if way.verified_at else ', not verified'})"
            for way in ways
        ],
        "Stays": [
            f"{stay.words}, {stay.arrive:%Y-%m-%d} to"
            f" {f'{stay.depart:%Y-%m-%d}' if stay.depart else 'no last day'}"
            for stay in stays_of(access, _VIEW, number)
        ],
        "Travels with": [
            each.name for group in found.parties if not group.until for each in group.others
        ],
        "In the care of": [found.guardian.name] if found.guardian else [],
        "Children": [each.name for each in found.minors],
    }
